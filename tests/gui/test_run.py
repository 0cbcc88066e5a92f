"""Run: phases, throughput, what waits and what is done, failures by cause, and the end."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from migrator.gui import labels
from migrator.gui.figures import Meter, ticks_of
from migrator.gui.lately import MOST_DONE, Lately
from migrator.gui.run_actions import Act
from migrator.gui.screen import Throughput
from migrator.gui.status import Intent, Status, Tone
from migrator.gui.widgets.plots import LinePlot
from migrator.model.events import ObjectFailed, Phase, PhaseChanged, Reported, Retrying
from migrator.model.ledger import Drift, Outcome
from migrator.model.not_copied import NotCopied
from migrator.model.past_runs import RunsListed
from tests.gui import canned
from tests.gui.conftest import Driver
from tests.gui.test_presenter import Desk, reach

# -- while it runs --------------------------------------------------------------------------------


def test_throughput_is_a_line_of_the_last_ten_minutes_with_what_happened_on_it() -> None:
    desk = reach(Status.RUNNING)
    assert desk.see().run.throughput is None
    canned.measure(desk.presenter)
    plot = desk.see().run.throughput
    assert plot is not None
    assert 590 <= len(plot.points) <= 600
    assert plot.points[0][0] > plot.points[-1][0]
    speeds = [speed for ago, speed in plot.points if ago < 100]
    assert 120e6 < sum(speeds) / len(speeds) < 220e6
    assert {words for _, words in plot.marks} == {"throttled", "24 → 16 threads"}
    assert plot.ticks[0] == (0.0, "0")
    assert plot.ticks[-1][1].endswith("MB/s")


def test_a_young_run_is_not_stretched_over_the_whole_plot() -> None:
    meter = Meter()
    for second in range(5):
        meter.add(float(second), second * 1000, second)
    assert len(meter.series(60.0)) == 4
    assert Meter().series(60.0) == ()


@pytest.mark.parametrize("most", [0.4, 1, 7, 99, 210e6, 350e6, 5.5e9])
def test_an_axis_has_few_round_ticks(most: float) -> None:
    ticks = ticks_of(most)
    assert 2 <= len(ticks) <= 4
    assert ticks[-1] <= most


def test_requests_that_wait_are_listed_until_their_time_has_come() -> None:
    desk = reach(Status.RUNNING)
    screen = desk.hear(Retrying("AWS", "GetObject", 2, 5.0, "SlowDown"), canned.throttled())
    assert [row.cells[:3] for row in screen.run.waiting] == [
        ("GetObject", "AWS", "0.8 s"),
        ("GetObject", "AWS", "5.0 s"),
    ]
    desk.now += 1
    assert desk.see().run.waiting_count == 1
    desk.now += 5
    assert desk.see().run.waiting == ()


def test_what_is_done_is_the_newest_first_and_bounded() -> None:
    screen = reach(Status.RUNNING).hear(*canned.copied(MOST_DONE + 50))
    assert len(screen.run.done) == MOST_DONE
    assert screen.run.done[0].cells[0].endswith(f"{MOST_DONE + 49:04}.mp4")
    assert screen.run.done_count == MOST_DONE + 50


def test_one_trouble_that_goes_on_is_one_mark() -> None:
    lately = Lately()
    for second in range(30):
        lately.retrying(canned.throttled(), float(second))
    assert len(lately.marks(30.0, 600.0)) == 2


def test_pausing_is_the_one_thing_to_press_while_it_runs() -> None:
    desk = reach(Status.RUNNING)
    bar = desk.see().bar
    assert bar.primary is not None
    assert (bar.primary.intent, bar.primary.text, bar.secondary) == (Intent.PAUSE, "Pause", ())
    desk.presenter.do(Intent.PAUSE)
    assert desk.service.asked[-1] == ("cancel",)
    assert desk.see().bar.sentence == "Pausing…"
    screen = desk.hear(canned.summary(Outcome.STOPPED, ledger={"copied": 9, "left": 209}))
    assert screen.bar.sentence == "Paused. Nothing is running: 9 objects copied, 209 left."
    assert screen.run.head.pills[0].text == "Paused"


# -- failures -------------------------------------------------------------------------------------


def test_failures_of_one_cause_are_retried_by_themselves() -> None:
    desk = Desk()
    screen = desk.run(ObjectFailed("a", 1, "AccessDenied", "No."), canned.failed_summary())
    (group,) = screen.run.groups
    assert (group.cause, group.code) == ("Access denied", "AccessDenied")
    assert screen.run.can_retry
    desk.presenter.run.retry_only(group.code)
    assert desk.service.asked[-1] == ("resume", canned.RUN, "AccessDenied")


def test_conflicts_are_no_failures_that_a_retry_would_help() -> None:
    screen = Desk().run(*canned.failures(), canned.failed_summary())
    assert {group.cause for group in screen.run.groups if not group.code} == {
        "Different object already there",
        "Archived, needs a restore",
    }


def test_nothing_is_retried_while_the_run_goes_on() -> None:
    desk = reach(Status.RUNNING)
    assert not desk.hear(*canned.failures()).run.can_retry
    before = list(desk.service.asked)
    desk.presenter.run.retry_only("AccessDenied")
    assert desk.service.asked == before


# -- paused by itself -----------------------------------------------------------------------------


def paused(cause: str, message: str) -> Desk:
    desk = Desk()
    desk.run(canned.summary(Outcome.PAUSED, cause=cause, message=message, ledger={"copied": 9, "left": 209}))
    return desk


@pytest.mark.parametrize(
    ("message", "field"),
    [("AWS: the session token expired.", "aws.access_key_id"), ("Lyve Cloud: no.", "lyve.access_key_id")],
)
def test_expired_keys_are_asked_for_where_they_are_typed(message: str, field: str) -> None:
    desk = paused("credentials", message)
    banner = desk.see().run.banner
    assert banner is not None
    assert [button.intent for button in banner.buttons] == [Intent.ENTER_KEYS]
    desk.presenter.do(Intent.ENTER_KEYS)
    assert (desk.see().page, desk.view.focused) == ("setup", field)
    assert desk.see().status is Status.PAUSED
    name, _, _ = field.partition(".")
    cards = desk.see().setup.cards
    assert cards[name].result == labels.NOT_ACCEPTED
    assert [each for each, card in cards.items() if card.tone is Tone.WARN] == [name]
    desk.presenter.set_up.edit(field, "AKIAIOSFODNN7EXAMPLE")
    assert desk.see().setup.cards[name].result == labels.CHANGED


def test_a_full_disk_asks_for_no_keys() -> None:
    banner = paused("disk-full", "The disk is full.").see().run.banner
    assert banner is not None
    assert banner.buttons == ()
    assert "The disk is full." in banner.detail


# -- the end --------------------------------------------------------------------------------------


def test_after_success_the_questions_that_everybody_has_are_answered() -> None:
    points = {point.title: point.text for point in reach(Status.FINISHED).see().run.end}
    assert "200 by a digest of the content, 18 by the digest of their parts" in points["What is proven"]
    assert "still billed" in points["The source is untouched"]
    assert "Compare Again in History" in points["Before you delete anything there"]
    assert "ends it for good" in points["Roll Back and Accept"]


def test_size_only_is_not_called_proven() -> None:
    points = reach(Status.FINISHED_WEAKLY).see().run.end
    assert "only the size is known" in points[0].text


def test_copies_of_which_only_the_size_is_known_are_no_verified_ones_in_the_books() -> None:
    ledger = reach(Status.FINISHED_WEAKLY).see().run.ledger
    assert ledger is not None
    assert [(term.value, term.caption) for term in ledger.terms] == [
        ("206", "copied and verified"),
        ("12", "copied, checked by size only"),
    ]
    every = Desk().run(canned.summary(ledger={"assurance": {"size": 218}})).run.ledger
    assert every is not None
    assert [term.value for term in every.terms] == ["218"]
    assert every.balances


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (Status.FINISHED, "took 12 min 34 s"),
        (Status.STOPPED, "after 12 min 34 s"),
        (Status.REFUSED, canned.DESTINATION),
        (Status.UNFINISHED_RUN, canned.DESTINATION),
    ],
)
def test_a_run_says_how_long_it_took_unless_it_was_not_started(status: Status, said: str) -> None:
    assert reach(status).see().run.head.context.endswith(said)


def test_a_source_that_changed_meanwhile_is_told_where_the_proof_is() -> None:
    screen = Desk().run(canned.summary(drift=Drift(3, 1, 0)))
    assert "3 added, 1 changed" in screen.run.end[0].text


@pytest.mark.parametrize(
    "status", [Status.FINISHED_WITH_FAILURES, Status.STOPPED, Status.ROLLED_BACK, Status.REFUSED]
)
def test_nothing_is_promised_where_something_is_missing(status: Status) -> None:
    assert reach(status).see().run.end == ()


@pytest.mark.parametrize(("path", "kind"), [("a/report.csv", "csv"), ("r.json", "json"), ("report", "html")])
def test_the_report_is_saved_where_a_person_says(path: str, kind: str) -> None:
    desk = reach(Status.FINISHED)
    desk.view.file = path
    desk.presenter.do(Intent.SAVE_REPORT)
    assert desk.service.asked[-1] == ("save_report", canned.RUN, kind, path)
    banner = desk.hear(Reported(kind, path, "ab" * 32)).run.banner
    assert banner is not None
    assert path in banner.detail
    assert "SHA-256" in desk.see().log.lines[-1].text


def test_a_report_that_comes_late_is_not_that_of_the_run_that_has_begun_since() -> None:
    desk = reach(Status.FINISHED)
    desk.view.file = "r.html"
    desk.presenter.do(Intent.SAVE_REPORT)
    desk.presenter.do(Intent.NEW_MIGRATION)
    desk.migrate()
    desk.hear(*canned.started(), Reported("html", "r.html", "ab" * 32), canned.summary())
    banner = desk.see().run.banner
    assert banner is not None
    assert "r.html" not in banner.detail


def test_failures_are_not_retried_beside_other_work() -> None:
    desk = reach(Status.FINISHED_WITH_FAILURES)
    assert desk.see().run.can_retry
    desk.hear(RunsListed((canned.past_run(2),), 1))
    desk.presenter.history.do(Act.VERIFY)
    assert not desk.see().run.can_retry
    desk.presenter.run.retry_only("Timeout")
    assert desk.service.asked[-1][0] == "verify"


def test_no_place_means_no_report() -> None:
    desk = reach(Status.FINISHED)
    before = list(desk.service.asked)
    desk.presenter.do(Intent.SAVE_REPORT)
    assert desk.view.asked_for == f"report-{canned.RUN}"
    assert desk.service.asked == before


# -- with real widgets ----------------------------------------------------------------------------


@pytest.mark.window
def test_tabs_fill_when_they_are_looked_at(driver: Driver) -> None:
    driver.connect()
    driver.migrate()
    driver.service.say(*canned.started(), canned.listing(218, final=True), PhaseChanged(Phase.COPYING))
    driver.service.say(canned.transfers(), *canned.copied(20), canned.throttled())
    driver.pump()
    view = driver.window.run
    titles = [view.tabs.tab(tab, "text") for tab in view.tabs.tabs()]
    assert titles == ["Transfers (16)", "Not copied", "Waiting (1)", "Done (20)"]
    view.tabs.select(view.done)
    driver.service.say(*canned.copied(1, 20))
    driver.pump()
    assert len(view.done.tree.get_children()) == 21
    assert view.tabs.select() == str(view.done)


@pytest.mark.window
def test_buttons_of_a_group_retry_it_and_copy_its_keys(driver: Driver) -> None:
    driver.connect()
    driver.migrate()
    driver.service.say(*canned.started(), *canned.failures(), canned.failed_summary())
    driver.pump()
    problems = driver.window.run.problems
    assert problems.retry.cget("text") == "Retry These 21"
    problems.copy.invoke()
    assert driver.service.asked[-1][0] == "find_not_copied"
    keys = tuple(f"video/2025/01/raw/k{n}.mov" for n in range(17, 38))
    driver.service.say(NotCopied(canned.RUN, "Access denied by a KMS key", keys))
    driver.pump()
    assert tuple(driver.root.clipboard_get().splitlines()) == keys
    last = problems.tree.get_children()[-1]
    problems.tree.selection_set(last)
    driver.pump()
    assert not problems.retry.winfo_manager()
    problems.tree.selection_set("g1")
    driver.pump()
    problems.retry.invoke()
    assert driver.service.asked[-1] == ("resume", canned.RUN, "Changed while it was being copied")


@pytest.mark.window
def test_the_plot_is_drawn_once_a_second_not_with_every_figure(driver: Driver) -> None:
    driver.connect()
    driver.migrate()
    driver.service.say(*canned.started(), canned.transfers())
    driver.pump()
    canned.measure(driver.presenter)
    one = driver.presenter.run.screen(Status.RUNNING).throughput
    driver.presenter.changed()
    driver.pump()
    assert one is not None
    assert driver.window.run.throughput.plot.find_all()
    assert len(driver.window.run.throughput.plot.find_all()) < 30


@pytest.mark.window
def test_the_banner_leads_to_the_keys(driver: Driver) -> None:
    driver.connect()
    driver.migrate()
    message = "AWS: the session token expired."
    driver.service.say(
        *canned.started(), canned.summary(Outcome.PAUSED, cause="credentials", message=message)
    )
    driver.pump()
    driver.window.run.banner.pressable["enter_keys"].invoke()
    driver.pump()
    assert driver.screen.page == "setup"
    field = driver.window.setup.fields["aws.access_key_id"].control
    assert driver.root.focus_get() == field


@pytest.mark.window
def test_save_report_asks_the_system_for_a_place(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    def ask(**options: Any) -> str:
        asked.append(options)
        return "out.csv"

    monkeypatch.setattr("migrator.gui.views.files.filedialog.asksaveasfilename", ask)
    driver.connect()
    driver.migrate()
    driver.service.say(*canned.started(), canned.summary())
    driver.pump()
    driver.press("save_report")
    assert driver.service.asked[-1] == ("save_report", canned.RUN, "csv", "out.csv")
    assert asked[0]["initialfile"] == f"report-{canned.RUN}"


def test_how_a_run_ended_keeps_its_colour_while_the_window_is_about_something_else() -> None:
    desk = Desk()
    desk.connect()
    desk.run(canned.failed_summary())
    desk.presenter.do(Intent.NEW_MIGRATION)
    screen = desk.see()
    assert screen.status is Status.CONNECTED
    assert screen.run.banner is not None
    assert screen.run.banner.tone is Tone.PROBLEM


def test_a_look_ahead_that_has_ended_waits_for_an_answer() -> None:
    desk = Desk()
    desk.connect()
    desk.run(canned.summary())
    desk.presenter.do(Intent.ROLL_BACK)
    desk.hear(*canned.looked_ahead(5))
    screen = desk.see()
    assert screen.run.banner is not None
    assert screen.run.banner.headline == "Nothing has been changed yet."
    assert [(pill.text, pill.tone) for pill in screen.run.head.pills] == [("Your decision", Tone.WARN)]


def test_where_no_keys_are_wanted_the_cause_of_a_pause_is_its_headline() -> None:
    desk = Desk()
    desk.connect()
    desk.run(canned.summary(Outcome.PAUSED, cause="disk", message="Only 40 MB are left. It has paused."))
    screen = desk.see()
    assert screen.run.banner is not None
    assert (screen.run.banner.headline, screen.run.banner.detail) == (
        "Only 40 MB are left.",
        "It has paused.",
    )
    assert screen.bar.primary is not None, "nothing else stands out"


@pytest.mark.window
def test_what_marks_of_a_plot_are_about_is_not_written_over_each_other(root: Any) -> None:
    """A run that adjusts itself has many: the newest are told, of the others there is a line."""
    plot = LinePlot(root)
    plot.place(x=0, y=0, width=330, height=96)
    points = tuple((600.0 - second, 180e6 if second % 7 else 40e6) for second in range(0, 600, 5))
    marks = tuple((60.0 * n, f"{16 + n} → {17 + n} threads") for n in range(9, -1, -1))
    plot.show(Throughput(points, ((0.0, "0"), (200e6, "200 MB/s")), 600.0, "10 min ago", marks))
    root.update()
    texts = {item: str(plot.itemcget(item, "text")) for item in plot.find_all() if plot.type(item) == "text"}
    told = [text for text in texts.values() if text.endswith(" threads")]
    areas = [plot.bbox(item) for item in texts if texts[item] in told]
    plot.destroy()
    assert "16 → 17 threads" in told
    assert 1 < len(told) < len(marks)
    for one, other in combinations(areas, 2):
        is_beside = one[2] <= other[0] or other[2] <= one[0]
        assert is_beside or one[3] <= other[1] or other[3] <= one[1]
