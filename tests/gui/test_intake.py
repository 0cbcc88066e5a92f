"""Which page an event is for, whether the log has it, and a service that says nothing any more."""

from __future__ import annotations

from typing import Any

import pytest

from migrator.gui import labels
from migrator.gui.intake import SILENT_TICKS, Intake, Pages
from migrator.gui.log import SUCCESSES_A_SECOND
from migrator.gui.status import Intent, Status, Tone
from migrator.model.events import EndChecked, ObjectCopied, Reported, RunForgotten, Summary, Warned
from migrator.model.ledger import Outcome
from migrator.words import Line
from tests.gui import canned
from tests.gui.test_presenter import Desk


class FakeWindow:
    """A window that only listens."""

    def __init__(self) -> None:
        self.service: Any = canned.FakeService()
        self.lines: list[Line] = []
        self.is_changed = self.folds = False

    def write(self, line: Line) -> None:
        self.lines.append(line)

    def fold(self) -> bool:
        return self.folds

    def changed(self) -> None:
        self.is_changed = True


def intake() -> tuple[Intake, Desk, FakeWindow]:
    """The pages of a real presenter behind an intake of their own."""
    desk, window = Desk(), FakeWindow()
    presenter = desk.presenter
    pages = Pages(
        *(presenter.set_up, presenter.config, presenter.plan, presenter.run, presenter.history),
        *(presenter.log_page, presenter.keys, presenter.help),
    )
    return Intake(pages, window), desk, window


def test_the_result_of_an_end_goes_to_set_up_and_into_the_log() -> None:
    taking, desk, window = intake()
    taking.take(EndChecked("source", ok=True, buckets=("a", "b"), millis=21))
    assert "2 buckets" in desk.see().setup.cards["aws"].result
    assert [line.part for line in window.lines] == ["check"]


def test_an_end_while_both_sides_are_checked_is_that_of_the_check_and_not_of_the_newest_run() -> None:
    taking, desk, window = intake()
    desk.connect()
    desk.run(canned.summary())
    desk.presenter.set_up.connection.begin()
    taking.take(Summary("", Outcome.REFUSED, 0.0, {}, message="The disk is full.", exit_code=2))
    assert desk.see().setup.generated == "The disk is full."
    assert desk.see().status is Status.FINISHED
    assert window.lines == [Line("error", "check", "The disk is full.")]


def test_a_plan_that_leaves_nothing_open_is_told_before_the_run_that_follows() -> None:
    taking, desk, window = intake()
    desk.connect()
    desk.presenter.do(Intent.MIGRATE)
    for event in canned.planned():
        taking.take(event)
    assert desk.service.asked[-1][0] == "start"
    assert any("to copy" in line.text for line in window.lines)


@pytest.mark.parametrize(("folds", "lines"), [(False, 1), (True, 0)])
def test_a_copy_is_counted_even_where_the_log_only_counts_it(folds: bool, lines: int) -> None:
    taking, desk, window = intake()
    desk.run()
    window.folds = folds
    taking.take(ObjectCopied("a", 10, "digest"))
    assert desk.presenter.run.state.copied == 1
    assert len(window.lines) == lines


def test_the_log_of_a_window_folds_what_comes_too_fast_for_eyes() -> None:
    desk = Desk()
    desk.run(*canned.copied(SUCCESSES_A_SECOND + 30))
    assert desk.presenter.run.state.copied == SUCCESSES_A_SECOND + 30
    written = [line for line in desk.presenter.log.lines if line.part == "copy"]
    assert len(written) == SUCCESSES_A_SECOND


def test_progress_is_never_a_line() -> None:
    taking, desk, window = intake()
    desk.run()
    taking.take(canned.transfers())
    assert desk.presenter.run.state.active
    assert window.lines == []


def test_a_report_asked_for_on_history_is_answered_there_and_any_other_on_run() -> None:
    taking, desk, _ = intake()
    desk.run(canned.summary())
    desk.view.file = "/r/report.html"
    desk.presenter.do(Intent.SAVE_REPORT)
    taking.take(Reported("html", "/r/report.html", "00"))
    banner = desk.see().run.banner
    assert banner is not None
    assert "/r/report.html" in banner.detail


def test_what_went_wrong_with_a_report_does_not_end_the_run_on_screen() -> None:
    taking, desk, window = intake()
    desk.run()
    taking.take(Warned("report", "The report could not be written: disk full"))
    assert desk.see().status is Status.LISTING
    assert window.lines[0].level == "warn"


def test_a_forgotten_run_takes_its_buttons_with_it() -> None:
    taking, desk, _ = intake()
    desk.run(canned.summary())
    assert Intent.ROLL_BACK in desk.see().allowed
    taking.take(RunForgotten(canned.RUN))
    assert Intent.ROLL_BACK not in desk.see().allowed


@pytest.mark.parametrize("waits_for", ["a check", "a plan", "a run", "nothing"])
def test_who_waits_for_a_service_that_has_ended_gives_up_after_a_few_ticks(waits_for: str) -> None:
    taking, desk, window = intake()
    if waits_for == "a check":
        desk.presenter.generate()
    elif waits_for != "nothing":
        desk.connect()
        desk.presenter.do(Intent.PREVIEW_PLAN if waits_for == "a plan" else Intent.MIGRATE)
    if waits_for == "a run":
        desk.hear(*canned.planned())
    before = desk.see().status
    for _ in range(SILENT_TICKS - 1):
        taking.watch(idle=True)
    assert desk.see().status is before
    assert not window.is_changed
    taking.watch(idle=True)
    assert window.is_changed == (waits_for != "nothing")
    assert desk.see().status not in {Status.CONNECTING, Status.PLANNING, Status.LISTING}


def test_a_busy_service_or_a_new_question_begins_the_count_again() -> None:
    taking, desk, window = intake()
    desk.presenter.generate()
    for nudge in (taking.asked, lambda: taking.watch(idle=False)):
        for _ in range(SILENT_TICKS - 1):
            taking.watch(idle=True)
        nudge()
    window.service.is_busy = True
    for _ in range(SILENT_TICKS * 2):
        taking.watch(idle=True)
    assert desk.see().status is Status.CONNECTING


@pytest.mark.parametrize("code", ["log", "report", "not-copied"])
def test_what_went_wrong_beside_a_check_is_not_said_of_the_check(code: str) -> None:
    desk = Desk()
    desk.run(*canned.failures(), canned.failed_summary())
    desk.view.file = "/r/run.log"
    desk.presenter.log_page.export_log()
    desk.presenter.generate()
    screen = desk.hear(Warned(code, "The disk is full."))
    assert screen.setup.generated == labels.CHECKING_BOTH
    assert screen.log.lines[-1].text == "The disk is full."
    assert (screen.log.said, screen.log.can_export) == (
        ("The disk is full.", True) if code == "log" else (labels.LOG_SAVING, False)
    )


def test_what_is_found_about_the_environment_is_said_of_the_check() -> None:
    desk = Desk()
    desk.presenter.generate()
    screen = desk.hear(Warned("environment", "A proxy is set."))
    assert (screen.setup.generated, screen.setup.generated_tone) == ("A proxy is set.", Tone.WARN)
