"""History: what can be done about each run, what the engine is asked for, and what the page says after."""

from __future__ import annotations

from typing import Any

import pytest

from migrator.gui import labels
from migrator.gui.run_actions import Act, acts
from migrator.gui.status import Status, Tone
from migrator.model.events import ObjectChecked, Reported, RunForgotten, RunStarted, Summary, Warned
from migrator.model.ledger import Outcome
from migrator.model.past_runs import PastRun, RunsListed
from tests.gui import canned
from tests.gui.conftest import Driver
from tests.gui.test_presenter import Desk

NOT_COPIED = {"listed": 9, "planned": 9, "copied": 0, "left": 9}
FAILED = {"listed": 9, "planned": 9, "copied": 6, "failed": 3}

#: How a run stands -> what can be done besides opening its folder.
TABLE: list[tuple[dict[str, Any], str]] = [
    ({}, "roll_back accept verify save_report run_again"),
    ({"state": "failed", "ledger": FAILED}, "retry roll_back accept verify save_report run_again"),
    ({"state": "crashed", "waits": True}, "resume roll_back accept save_report run_again"),
    (
        {"state": "crashed", "waits": True, "ledger": NOT_COPIED},
        "resume roll_back accept save_report run_again",
    ),
    ({"state": "running", "is_busy": True}, "save_report run_again"),
    ({"state": "refused", "ledger": NOT_COPIED}, "accept save_report run_again"),
    ({"state": "completed", "ledger": NOT_COPIED, "kept": 1}, "roll_back accept save_report run_again"),
    ({"undo": "rolled-back"}, "save_report forget run_again"),
    ({"undo": "rolled-back", "kept": 2}, "roll_back accept save_report run_again"),
    ({"undo": "incomplete"}, "roll_back accept save_report run_again"),
    ({"undo": "started", "waits": True}, "roll_back accept save_report run_again"),
    ({"undo": "accepted"}, "verify save_report forget run_again"),
    ({"state": "unreadable", "ledger": {}}, ""),
    ({"is_demo": True}, "accept save_report"),
    ({"is_demo": True, "kept": 1}, "save_report"),
    ({"is_demo": True, "undo": "accepted"}, "save_report forget"),
]


@pytest.mark.parametrize(("fields", "wanted"), TABLE, ids=lambda value: str(value)[:60])
def test_what_can_be_done_follows_from_how_a_run_stands(fields: dict[str, Any], wanted: str) -> None:
    assert acts(canned.past_run(**fields)) == {Act(name) for name in wanted.split()} | {Act.OPEN_FOLDER}


class HistoryDesk(Desk):
    """With these runs, the newest chosen."""

    def __init__(self, *runs: PastRun) -> None:
        super().__init__()
        self.page = self.presenter.history
        self.hear(RunsListed(runs or canned.history().runs, len(runs) or 7))
        self.presenter.show("history")

    @property
    def detail(self) -> Any:
        return self.see().history.detail

    def enabled(self) -> set[Act]:
        return {each.act for each in self.detail.buttons if each.is_enabled}

    def end(self, command: str, **fields: Any) -> None:
        summary = {"outcome": Outcome.COMPLETED, "seconds": 2.0, "ledger": {"copied": 5, "verified": 5}}
        self.hear(
            RunStarted(canned.RUN, command, canned.SOURCE, canned.DESTINATION, 16),
            Summary(canned.RUN, **(summary | fields)),
        )


def test_the_newest_run_is_chosen_first_and_another_stays_chosen() -> None:
    desk = HistoryDesk()
    assert desk.see().history.chosen == canned.past_run(0).run
    desk.page.choose(canned.past_run(2).run)
    desk.hear(canned.history())
    assert desk.see().history.chosen == canned.past_run(2).run
    assert desk.detail.title.startswith("Run of 20 Nov 2026")


def test_a_run_shows_its_books_what_is_kept_and_why_it_ended() -> None:
    detail = HistoryDesk(
        canned.past_run(1, state="failed", ledger=FAILED, kept=3, bytes_kept=10**9, why="Access denied.")
    ).detail
    assert [(each.value, each.caption, each.tone) for each in detail.figures] == [
        ("6", "copied", Tone.QUIET),
        ("3", "failed", Tone.PROBLEM),
    ]
    assert "3 saved copies (1.0 GB) kept at the destination." in detail.undo
    assert detail.why == "Access denied."
    assert detail.buttons[0].text == "Retry 3 Failed"


def test_an_unreadable_journal_is_shown_honestly() -> None:
    desk = HistoryDesk(
        canned.past_run(6, state="unreadable", source="", destination="", created="", ledger={}, seconds=0.0)
    )
    row = desk.see().history.rows[0]
    assert row.started.startswith("16 Nov 2026")
    assert (row.result, row.objects, row.size, row.undo) == (
        "Its journal cannot be read",
        "–",
        "–",
        "unknown",
    )
    assert desk.enabled() == {Act.OPEN_FOLDER}
    assert "Restore the file from a backup" in desk.detail.undo
    assert desk.detail.figures == ()


def test_going_on_with_a_run_shows_it_on_the_run_page() -> None:
    desk = HistoryDesk(canned.past_run(0, state="crashed", waits=True))
    desk.page.do(Act.RESUME)
    assert desk.service.asked[-1] == ("resume", canned.past_run(0).run)
    assert desk.see().page == "run"
    assert desk.see().status is Status.LISTING


def test_a_roll_back_is_previewed_and_nothing_happens_where_it_is_declined() -> None:
    desk = HistoryDesk()
    desk.page.choose(canned.past_run(2).run)
    desk.page.do(Act.ROLL_BACK)
    assert desk.service.asked[-1] == ("preview_rollback", canned.past_run(2).run)
    screen = desk.hear(*canned.looked_ahead(5))
    assert screen.bar.question.yes == "Roll Back 213 Objects"  # type: ignore[union-attr]
    assert "2 only here now: kept" in screen.bar.question.text  # type: ignore[union-attr]
    desk.presenter.answer(yes=False)
    assert desk.see().page == "history"
    assert desk.see().status is Status.EMPTY
    assert desk.presenter.run.last_run == ""
    assert desk.service.asked[-1][0] == "preview_rollback"


def test_a_roll_back_that_is_wanted_is_about_the_chosen_run() -> None:
    desk = HistoryDesk()
    desk.page.choose(canned.past_run(2).run)
    desk.page.do(Act.ROLL_BACK)
    events = canned.looked_ahead()
    desk.hear(*events)
    desk.presenter.answer(yes=True)
    assert desk.service.asked[-1] == ("rollback", canned.RUN)  # the run that the preview was of


def test_accepting_asks_first_and_says_what_goes() -> None:
    desk = HistoryDesk(canned.past_run(2, kept=3, bytes_kept=10**9))
    desk.page.do(Act.ACCEPT)
    question = desk.see().bar.question
    assert question is not None
    assert question.is_destructive
    assert "3 saved copies (1.0 GB) will be removed there." in question.text
    assert [what for what, *_ in desk.service.asked] == []
    desk.presenter.answer(yes=True)
    assert desk.service.asked == [("accept", canned.past_run(2).run)]
    assert desk.see().status is Status.ACCEPTING
    desk.end("accept")
    assert desk.see().status is Status.EMPTY
    assert (desk.detail.said, desk.detail.said_tone) == (
        "Accepted. Undo has ended, and what was copied stays.",
        Tone.OK,
    )


def test_a_run_that_was_accepted_cannot_be_rolled_back_from_the_run_page_any_more() -> None:
    desk = HistoryDesk(canned.past_run(0, run=canned.RUN))
    desk.run(canned.summary())
    assert desk.presenter.run.can_undo == 218
    desk.page.do(Act.ACCEPT)
    desk.presenter.answer(yes=True)
    desk.end("accept")
    assert desk.presenter.run.can_undo == 0
    assert desk.see().status is Status.CONNECTED


def test_an_accept_that_fails_says_why_and_ends_nothing() -> None:
    desk = HistoryDesk(canned.past_run(0, run=canned.RUN))
    desk.run(canned.summary())
    desk.page.do(Act.ACCEPT)
    desk.presenter.answer(yes=True)
    desk.end("accept", outcome=Outcome.REFUSED, message="No answer.", exit_code=3)
    assert "No answer." in desk.detail.said
    assert desk.detail.said_tone is Tone.PROBLEM
    assert desk.presenter.run.can_undo == 218


def test_comparing_says_beside_the_run_whether_both_sides_agree() -> None:
    desk = HistoryDesk(canned.past_run(2))
    desk.page.do(Act.VERIFY)
    assert desk.see().status is Status.COMPARING
    assert desk.enabled() == {Act.SAVE_REPORT, Act.OPEN_FOLDER}
    desk.end("verify", outcome=Outcome.VERIFIED)
    assert desk.detail.said.startswith("Both sides agree.")
    assert desk.see().run.empty


def test_copies_that_changed_are_a_problem_and_named_in_the_log() -> None:
    desk = HistoryDesk(canned.past_run(2))
    desk.page.do(Act.VERIFY)
    desk.hear(ObjectChecked("a.jpg", "copy-changed"))
    desk.end("verify", outcome=Outcome.FAILED, message="1 of 5 copies are not as the run left them.")
    assert desk.detail.said_tone is Tone.PROBLEM
    assert "1 of 5 copies" in desk.detail.said
    assert any("a.jpg" in line.text for line in desk.see().log.lines)


def test_comparing_can_be_cancelled_and_a_silent_end_leaves_nobody_waiting() -> None:
    desk = HistoryDesk(canned.past_run(2))
    desk.page.do(Act.VERIFY)
    desk.presenter.do(desk.see().bar.secondary[0].intent)
    assert desk.service.asked[-1] == ("cancel",)
    assert desk.see().status is Status.CANCELLING
    desk.service.is_busy = False
    for _ in range(3):
        desk.presenter.tick(idle=True)
    assert desk.see().status is Status.EMPTY


def test_deleting_asks_first_and_the_row_is_gone_at_once() -> None:
    desk = HistoryDesk(canned.past_run(3), canned.past_run(4, undo="rolled-back"), canned.past_run(5))
    desk.page.choose(canned.past_run(4).run)
    desk.page.do(Act.FORGET)
    assert desk.service.asked == []
    desk.presenter.answer(yes=True)
    assert desk.service.asked == [("forget", canned.past_run(4).run)]
    screen = desk.hear(RunForgotten(canned.past_run(4).run))
    assert [row.run for row in screen.history.rows] == [canned.past_run(3).run, canned.past_run(5).run]
    assert screen.history.chosen == canned.past_run(5).run
    assert screen.rail[3].state == "2 runs"


def test_what_cannot_be_deleted_says_so_beside_the_run() -> None:
    desk = HistoryDesk(canned.past_run(4, undo="rolled-back"))
    desk.page.do(Act.FORGET)
    desk.presenter.answer(yes=True)
    desk.hear(Warned("forget", "The records could not be removed: read-only"))
    assert "read-only" in desk.detail.said


def test_what_is_deleted_meanwhile_is_not_the_run_that_was_accepted() -> None:
    desk = HistoryDesk(canned.past_run(0, run=canned.RUN), canned.past_run(4, undo="rolled-back"))
    desk.run(canned.summary())
    desk.presenter.show("history")
    desk.page.choose(canned.RUN)
    desk.page.do(Act.ACCEPT)
    desk.presenter.answer(yes=True)
    desk.page.choose(canned.past_run(4).run)
    desk.page.do(Act.FORGET)
    desk.presenter.answer(yes=True)
    desk.hear(Warned("forget", "The records could not be removed: read-only"))
    assert "read-only" in desk.detail.said
    desk.end("accept")
    desk.page.choose(canned.RUN)
    assert desk.detail.said == labels.ACCEPTED
    assert desk.presenter.run.can_undo == 0


def test_a_report_is_saved_where_somebody_says_and_is_said_beside_its_run() -> None:
    desk = HistoryDesk(canned.past_run(2))
    desk.page.do(Act.SAVE_REPORT)
    assert desk.service.asked == []  # no place was chosen
    desk.view.file = "/tmp/r.csv"
    desk.page.do(Act.SAVE_REPORT)
    assert desk.service.asked == [("save_report", canned.past_run(2).run, "csv", "/tmp/r.csv")]
    desk.hear(Reported("csv", "/tmp/r.csv", "abc"))
    assert desk.detail.said == "The report was saved: /tmp/r.csv"


def test_a_folder_that_cannot_be_opened_is_named() -> None:
    desk = HistoryDesk(canned.past_run(2))
    desk.system.refusal = "no such program"
    desk.page.do(Act.OPEN_FOLDER)
    assert desk.system.opened == ["/var/runs/one"]
    assert "/var/runs/one could not be opened: no such program" in desk.detail.said


def test_while_something_is_under_way_only_looking_is_possible() -> None:
    desk = HistoryDesk(canned.past_run(2))
    desk.service.is_busy = True
    assert desk.enabled() == {Act.SAVE_REPORT, Act.OPEN_FOLDER}
    assert "under way" in desk.detail.undo
    desk.page.do(Act.ROLL_BACK)
    assert desk.service.asked == []


def test_a_run_that_goes_on_is_looked_at_again_while_the_page_is_in_sight() -> None:
    desk = HistoryDesk(canned.past_run(0, state="running", is_busy=True))
    desk.service.is_busy = True
    listed = desk.service.listed
    desk.presenter.tick()
    assert desk.service.listed == listed
    desk.now += 6
    desk.presenter.tick()
    desk.presenter.tick()
    assert desk.service.listed == listed + 1


# -- with real widgets ----------------------------------------------------------------------------


@pytest.mark.window
def test_every_button_of_the_page_is_pressed(driver: Driver) -> None:
    driver.service.say(canned.history())
    driver.presenter.show("history")
    driver.pump()
    view = driver.window.history
    view.tree.selection_set(canned.past_run(2).run)
    driver.pump()
    assert driver.screen.history.chosen == canned.past_run(2).run
    for act, asked in ((Act.VERIFY, "verify"), (Act.ROLL_BACK, "preview_rollback")):
        view.detail.buttons[act].invoke()
        driver.pump()
        assert driver.service.asked[-1] == (asked, canned.past_run(2).run)
        driver.service.say(canned.summary(Outcome.STOPPED))
        driver.pump()
        driver.presenter.show("history")
    view.tree.selection_set(canned.past_run(0).run)
    driver.pump()
    view.detail.buttons[Act.RESUME].invoke()
    driver.pump()
    assert driver.service.asked[-1] == ("resume", canned.past_run(0).run)


@pytest.mark.window
def test_the_page_is_used_with_the_keyboard_alone(driver: Driver) -> None:
    driver.service.say(canned.history())
    driver.presenter.show("history")
    driver.pump()
    tree = driver.window.history.tree
    for _ in range(4):
        driver.key("<Down>", tree)
    assert driver.screen.history.chosen == canned.past_run(4).run
    driver.key("<Delete>", tree)
    assert driver.screen.bar.question is not None
    driver.key("<Escape>")
    assert driver.screen.bar.question is None
    driver.key("<Return>", tree)
    driver.root.update()
    assert driver.root.focus_get() is driver.window.history.detail.buttons[Act.SAVE_REPORT]


@pytest.mark.window
def test_five_hundred_runs_are_drawn_and_the_chosen_one_is_in_sight(driver: Driver) -> None:
    runs = tuple(canned.past_run(0, run=f"20261122T{n:09}Z-7f3a00") for n in range(500))
    driver.service.say(RunsListed(runs, 812))
    driver.presenter.show("history")
    driver.presenter.history.choose(runs[400].run)
    driver.pump()
    tree = driver.window.history.tree
    assert len(tree.get_children()) == 500
    assert tree.bbox(runs[400].run)
    assert "The newest 500 of 812 runs." in str(driver.window.history.header.context.cget("text"))
