"""Runs that were found unfinished when the window opened, and the look ahead before a roll back."""

from __future__ import annotations

import pytest

from migrator import words
from migrator.gui.found import Found
from migrator.gui.status import Intent, Status
from migrator.model.events import Phase, PhaseChanged
from migrator.model.ledger import Outcome
from migrator.phrases import together
from tests.gui import canned
from tests.gui.conftest import Driver
from tests.gui.test_presenter import Desk, reach

OLDER = "20261121T105002000Z-7f3a00"


# -- the offer ------------------------------------------------------------------------------------


def test_the_offer_says_which_job_when_and_how_far() -> None:
    bar = Desk().hear(canned.found()).bar
    assert bar.sentence == "A run broke off: 1,204 of 2,000 objects copied"
    for word in ("videos", canned.SOURCE, canned.DESTINATION, "begun 22 Nov 2026"):
        assert word in bar.help


def test_a_crash_a_stop_and_a_pause_are_told_apart() -> None:
    said = {state: words.found(canned.found(state=state)) for state in ("crashed", "stopped", "paused")}
    assert len(set(said.values())) == 3
    undone = words.found(canned.found(state="completed", undo="started"))
    assert undone == "A roll back broke off; 1,204 objects were copied"


def test_a_damaged_moment_is_shown_as_it_is() -> None:
    assert words.moment("\x1byesterday") == "\\u{1b}yesterday"


def test_an_offer_blocks_nothing_on_the_form() -> None:
    desk = Desk()
    screen = desk.hear(canned.found())
    assert screen.page == "setup"
    assert screen.setup.is_open
    assert screen.setup.can_generate
    screen = desk.connect()
    assert screen.status is Status.FOUND
    assert all(card.result.startswith("Connected") for card in screen.setup.cards.values())


def test_resume_goes_on_with_the_found_run() -> None:
    desk = reach(Status.FOUND)
    desk.presenter.do(Intent.RESUME)
    assert desk.service.asked == [("resume", canned.RUN)]
    assert desk.see().page == "run"


def test_look_shows_the_books_of_the_found_run_and_takes_no_choice_away() -> None:
    desk = reach(Status.FOUND)
    desk.presenter.do(Intent.LOOK)
    screen = desk.see()
    assert screen.page == "run"
    assert screen.run.ledger is not None
    assert screen.run.ledger.balances
    assert {term.caption: term.value for term in screen.run.ledger.terms} == {
        "copied and verified": "1,204",
        "left out by filters": "26",
        "left to do": "796",
    }
    assert screen.allowed == {Intent.RESUME, Intent.ROLL_BACK, Intent.NOT_NOW, Intent.START_DEMO}


def test_not_now_offers_the_next_one_and_then_leaves_the_window_to_new_work() -> None:
    desk = Desk()
    assert (
        together("1 more after this one")
        in desk.hear(canned.found(), canned.found(OLDER, state="stopped")).bar.help
    )
    desk.presenter.do(Intent.NOT_NOW)
    screen = desk.see()
    assert screen.bar.sentence.startswith("A run was stopped")
    assert "more after" not in screen.bar.help
    desk.presenter.do(Intent.RESUME)
    assert desk.service.asked[-1] == ("resume", OLDER)


def test_after_the_last_not_now_nothing_of_the_found_run_is_left() -> None:
    desk = reach(Status.FOUND)
    desk.presenter.do(Intent.NOT_NOW)
    screen = desk.see()
    assert screen.status is Status.EMPTY
    assert Intent.ROLL_BACK not in screen.allowed
    assert screen.run.ledger is None
    assert desk.connect().status is Status.CONNECTED


def test_an_offer_that_comes_late_waits_for_the_run_on_screen() -> None:
    desk = reach(Status.RUNNING)
    assert desk.hear(canned.found(OLDER)).status is Status.RUNNING
    assert desk.hear(canned.summary()).status is Status.FINISHED
    desk.presenter.do(Intent.NEW_MIGRATION)
    assert desk.see().status is Status.FOUND


def test_a_run_that_is_being_resumed_is_not_offered_again() -> None:
    desk = Desk()
    desk.hear(canned.found(), canned.found(OLDER), canned.found())
    desk.presenter.do(Intent.RESUME)
    desk.hear(*canned.started("resume"), canned.summary())
    desk.presenter.do(Intent.NEW_MIGRATION)
    desk.presenter.do(Intent.RESUME)
    assert desk.service.asked[-1] == ("resume", OLDER)


def test_a_roll_back_that_broke_off_can_be_gone_on_with_and_not_resumed() -> None:
    allowed = reach(Status.FOUND_IN_UNDO).see().allowed
    assert Intent.ROLL_BACK in allowed
    assert Intent.RESUME not in allowed


def test_a_run_that_copied_nothing_yet_can_be_rolled_back_too() -> None:
    """A write may have been under way: only looking at the destination tells."""
    assert Intent.ROLL_BACK in Desk().hear(canned.found(copied=0)).allowed


def test_missing_keys_are_told_with_what_to_do_and_new_ones_leave_try_again_in_place() -> None:
    desk = reach(Status.FOUND)
    desk.presenter.do(Intent.RESUME)
    message, advice = (
        'No keys are stored under the name "lyve".',
        "Enter them and press Generate Config File.",
    )
    none = canned.summary(Outcome.REFUSED, message=message, advice=advice, ledger={"copied": 1204})
    screen = desk.hear(*canned.started("resume")[:1], none)
    assert message in screen.bar.help
    assert advice in screen.bar.help
    desk.presenter.set_up.edit("lyve.secret_access_key", "fresh")
    assert desk.connect().status is Status.REFUSED
    desk.presenter.do(Intent.TRY_AGAIN)
    assert desk.service.asked[-1] == ("resume", canned.RUN)


def test_nothing_found_is_no_offer() -> None:
    assert Found().next() is None


# -- the look ahead -------------------------------------------------------------------------------


def test_roll_back_finds_out_first_and_changes_nothing_until_it_is_answered() -> None:
    desk = reach(Status.FOUND)
    desk.presenter.do(Intent.ROLL_BACK)
    assert desk.service.asked == [("preview_rollback", canned.RUN)]
    assert desk.see().status is Status.PREVIEWING
    screen = desk.hear(*canned.looked_ahead(5, relying=1))
    question = screen.bar.question
    assert question is not None
    assert question.yes == "Roll Back 213 Objects"
    assert "213 would be removed, 0 restored, 5 left in place" in question.text
    assert "3 changed by someone else since; 2 only here now: kept" in question.text
    assert "1 later run relies on this one and would be incomplete" in question.text
    assert screen.run.groups_title == "Left in place"
    assert screen.run.ledger is not None
    assert screen.run.ledger.title == "What rolling back would do"
    assert desk.service.asked == [("preview_rollback", canned.RUN)]
    desk.presenter.answer(yes=True)
    assert desk.service.asked[-1] == ("rollback", canned.RUN)


@pytest.mark.parametrize("status", [Status.FOUND, Status.FINISHED, Status.STOPPED])
def test_keep_everything_puts_the_screen_back(status: Status) -> None:
    desk = reach(status)
    before = desk.see()
    desk.presenter.do(Intent.ROLL_BACK)
    desk.hear(*canned.looked_ahead(5))
    desk.presenter.answer(yes=False)
    after = desk.see()
    assert (after.status, after.page, after.run) == (before.status, before.page, before.run)
    assert (after.bar, after.allowed) == (before.bar, before.allowed)


def test_a_look_ahead_that_is_cancelled_asks_nothing() -> None:
    desk = reach(Status.FINISHED)
    desk.presenter.do(Intent.ROLL_BACK)
    desk.hear(*canned.looked_ahead()[:2])
    desk.presenter.do(Intent.CANCEL)
    assert desk.see().status is Status.CANCELLING
    counts = {"removed": 9, "restored": 0, "left_in_place": 0}
    screen = desk.hear(canned.summary(Outcome.STOPPED, **counts))
    assert screen.bar.question is None
    assert screen.status is Status.FINISHED


def test_a_look_ahead_that_ends_while_quitting_is_asked_about_never_turns_the_answer_into_a_roll_back() -> (
    None
):
    desk = reach(Status.PREVIEWING)
    desk.hear(PhaseChanged(Phase.ROLLING_BACK))
    desk.presenter.quit()
    question = desk.hear(*canned.looked_ahead()).bar.question
    assert question is not None
    assert question.yes == "Stop and Quit"
    desk.presenter.answer(yes=True)
    assert ("rollback", canned.RUN) not in desk.service.asked


def test_a_look_ahead_that_is_refused_says_why_and_can_be_repeated() -> None:
    desk = reach(Status.PREVIEWING)
    screen = desk.hear(*canned.started("rollback"), canned.summary(Outcome.REFUSED, message="No answer."))
    assert screen.status is Status.REFUSED
    assert "No answer." in screen.bar.help
    desk.presenter.do(Intent.TRY_AGAIN)
    assert desk.service.asked[-1] == ("preview_rollback", canned.RUN)


def test_a_look_ahead_that_cannot_be_made_says_that_nothing_was_changed() -> None:
    """Missing keys pause a command that has a journal; a look ahead has nothing to go on with."""
    desk = reach(Status.PREVIEWING)
    paused = canned.summary(Outcome.PAUSED, message="No keys are stored.", advice="Enter them.")
    screen = desk.hear(*canned.started("rollback")[:1], paused)
    assert screen.status is Status.REFUSED
    assert screen.bar.sentence == "Not started. Nothing was written."
    assert "No keys are stored. Enter them." in screen.bar.help


def test_a_roll_back_that_paused_says_why() -> None:
    desk = reach(Status.ROLLING_BACK)
    counts = {"removed": 9, "restored": 0, "left_in_place": 209}
    end = canned.summary(Outcome.PAUSED, message="The keys have expired.", advice="Enter new ones.", **counts)
    assert "The keys have expired. Enter new ones." in desk.hear(*canned.started("rollback"), end).bar.help


def test_keep_everything_leaves_a_dismissed_run_dismissed() -> None:
    desk = reach(Status.FINISHED)
    desk.presenter.do(Intent.NEW_MIGRATION)
    desk.presenter.do(Intent.ROLL_BACK)
    desk.hear(*canned.looked_ahead())
    desk.presenter.answer(yes=False)
    assert desk.see().status is Status.CONNECTED


def test_try_again_of_a_resume_never_starts_the_forms_migration() -> None:
    """The run's own job file may be unreadable: then the service ends before the run begins."""
    desk = reach(Status.FOUND)
    desk.presenter.do(Intent.RESUME)
    desk.hear(canned.summary(Outcome.REFUSED, ledger={"copied": 0}))
    desk.presenter.do(Intent.TRY_AGAIN)
    assert desk.service.asked == [("resume", canned.RUN), ("resume", canned.RUN)]


def test_what_would_be_removed_is_not_logged_as_removed() -> None:
    desk = reach(Status.PREVIEWING)
    before = len(desk.see().log.lines)
    new = desk.hear(*canned.looked_ahead(5)).log.lines[before:]
    assert [line.text for line in new] == [
        "Dry run: nothing was changed. Rolling back would do this: 213 removed, 0 restored, 5 left in place."
    ]


# -- with real widgets ----------------------------------------------------------------------------


@pytest.mark.window
def test_the_window_looks_for_unfinished_runs_when_it_opens_and_draws_the_offer(driver: Driver) -> None:
    driver.window.start()
    assert ("find_unfinished",) in driver.service.asked
    driver.service.say(canned.found(), canned.found(OLDER))
    driver.pump(lambda: driver.screen.status is Status.FOUND)
    assert list(driver.window.bar.buttons) == ["roll_back", "look", "not_now", "resume"]
    assert driver.window.bar.sentence.cget("text") == "A run broke off: 1,204 of 2,000 objects copied"
    driver.press("look")
    assert driver.window.run.banner.headline.cget("text").startswith("A run broke off")
    driver.press("not_now")
    assert driver.screen.page == "setup"
    driver.press("resume")
    assert driver.service.asked[-1] == ("resume", OLDER)


@pytest.mark.window
def test_the_offer_leaves_the_cursor_where_it_is_and_is_reached_with_keys(driver: Driver) -> None:
    field = driver.window.setup.fields["aws.access_key_id"].control
    field.focus_force()
    driver.service.say(canned.found())
    driver.pump()
    assert driver.root.focus_get() == field
    driver.key("<Return>", field)
    assert driver.service.asked[-1][0] == "generate"
    driver.service.say(*canned.connected())
    driver.pump()
    reached, widget = [], driver.window.setup.fields["verify"].control
    for _ in range(4):
        widget = widget.tk_focusNext()
        reached.append(str(widget.cget("text")))
    assert reached == ["Roll Back…", "Show Details", "Not Now", "Resume"]
    driver.key("<Return>", driver.window.bar.buttons["look"])
    driver.pump(until=lambda: driver.screen.page == "run")


@pytest.mark.window
def test_the_offer_fits_into_the_smallest_window(driver: Driver) -> None:
    driver.root.geometry("1000x600")
    driver.service.say(canned.found(), canned.found(OLDER))
    driver.pump(until=lambda: driver.root.winfo_width() == 1000)
    bar = driver.window.bar
    assert all(each.winfo_width() >= each.winfo_reqwidth() for each in bar.buttons.values())
    assert bar.winfo_height() >= bar.winfo_reqheight()
    assert bar.winfo_rooty() + bar.winfo_height() <= driver.root.winfo_rooty() + driver.root.winfo_height()
