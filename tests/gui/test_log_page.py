"""The log pane: what is new while somebody reads, and the whole log as a file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from migrator.gui import labels
from migrator.gui.log import SUCCESSES_A_SECOND
from migrator.gui.status import Tone
from migrator.model.events import LogSaved, Phase, PhaseChanged, Warned
from tests.gui import canned
from tests.gui.conftest import Driver
from tests.gui.test_presenter import Desk


def test_there_is_nothing_to_export_before_the_first_run() -> None:
    desk = Desk()
    desk.connect()
    assert not desk.see().log.can_export
    desk.view.file = "/r/run.log"
    desk.presenter.log_page.export_log()
    assert desk.view.asked_for == ""
    assert not [each for each in desk.service.asked if each[0] == "save_log"]


def test_the_whole_log_is_written_where_somebody_says_and_said_beside_the_lines() -> None:
    desk = Desk()
    desk.run(*canned.copied(3))
    desk.view.file = "/r/run.log"
    desk.presenter.log_page.export_log()
    assert desk.view.asked_for == f"log-{canned.RUN}"
    assert desk.service.asked[-1] == ("save_log", canned.RUN, "/r/run.log")
    assert not desk.see().log.can_export  # one at a time
    screen = desk.hear(LogSaved(canned.RUN, "/r/run.log", 48_212))
    assert screen.log.said == "The complete log, 48,212 lines, was saved: /r/run.log"
    assert screen.log.said_tone is Tone.OK
    assert screen.log.can_export
    assert screen.log.lines[-1].part == "log"


def test_a_choice_that_was_cancelled_writes_nothing() -> None:
    desk = Desk()
    desk.run()
    desk.presenter.log_page.export_log()
    assert desk.service.asked[-1][0] != "save_log"
    assert desk.see().log.can_export


def test_why_it_could_not_be_written_is_said_there_and_the_run_goes_on() -> None:
    desk = Desk()
    desk.run()
    desk.view.file = "/full/run.log"
    desk.presenter.log_page.export_log()
    screen = desk.hear(Warned("log", "The log was not saved. /full: No space left on device."))
    assert "No space left" in screen.log.said
    assert screen.log.said_tone is Tone.PROBLEM
    assert screen.log.can_export
    assert screen.status.value == "listing"


def test_the_log_of_a_finished_run_can_still_be_exported() -> None:
    desk = Desk()
    desk.run(canned.summary())
    desk.presenter.run.new_migration()
    assert desk.see().log.can_export


def test_what_came_while_somebody_reads_is_counted_as_it_is_shown() -> None:
    desk = Desk()
    desk.run(*canned.copied(5))
    log = desk.presenter.log_page
    log.follow_log(follow=False)
    assert desk.see().log.newer == 0
    assert desk.hear(*canned.copied(7, 5), canned.throttled()).log.newer == 8
    log.filter_log(level="warn")
    assert desk.see().log.newer == 1
    log.follow_log(follow=True)
    assert desk.see().log.newer == 0


def test_what_was_only_counted_stands_before_the_end_of_the_run() -> None:
    """Also where hundreds were copied in the run's last second."""
    desk = Desk()
    lines = desk.run(*canned.copied(SUCCESSES_A_SECOND + 30), canned.summary()).log.lines
    assert [line.text.split(".")[0] for line in lines[-2:]] == [
        "30 more objects in the same second",
        "Transfer successful! 218/218",
    ]


def test_what_was_only_counted_is_drawn_when_its_second_is_over() -> None:
    desk = Desk()
    moments = iter(datetime(2026, 11, 22, 14, 31, 3 + n, tzinfo=UTC) for n in range(9))
    desk.run(*canned.copied(SUCCESSES_A_SECOND + 30))
    desk.presenter.draw()
    desk.presenter._wall = lambda: next(moments)
    desk.presenter.tick()
    assert "30 more objects" in desk.view.screens[-1].log.lines[-1].text


def test_counting_goes_on_after_a_word_in_between() -> None:
    desk = Desk()
    desk.run(*canned.copied(SUCCESSES_A_SECOND + 30), PhaseChanged(Phase.CHECKING))
    lines = desk.hear(*canned.copied(40, 80)).log.lines
    assert len([line for line in lines if line.part == "copy"]) == SUCCESSES_A_SECOND + 1


# -- the widgets ----------------------------------------------------------------------------------


@pytest.mark.window
def test_export_is_a_button_that_the_keyboard_reaches_and_presses(
    driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str]] = []

    def choose(name: str, _kinds: object, title: str) -> str:
        asked.append((name, title))
        return str(tmp_path / "run.log")

    monkeypatch.setattr(driver.window, "ask_for_file", choose)
    pane = driver.window.run.log
    driver.presenter.show("run")
    driver.pump()
    assert pane.export.instate(["disabled"])
    driver.service.say(*canned.started(), *canned.copied(3))
    driver.pump()
    reached, widget = [], pane.level
    while widget != pane.text:
        widget = widget.tk_focusNext()
        reached.append(widget)
    assert {pane.search, pane.follow, pane.export, pane.copy} <= set(reached)
    driver.key("<space>", pane.export)
    assert asked == [(f"log-{canned.RUN}", labels.EXPORT_LOG)]
    driver.service.say(LogSaved(canned.RUN, "/r/run.log", 12))
    driver.pump()
    assert "12 lines" in str(pane.said.cget("text"))
    assert pane.said.winfo_viewable()


@pytest.mark.window
def test_what_is_new_is_a_button_back_to_the_end(driver: Driver) -> None:
    driver.presenter.show("run")
    driver.service.say(*canned.started(), *canned.copied(40))
    driver.pump()
    pane = driver.window.run.log
    pane.text.yview_moveto(0)
    pane.follow.invoke()
    driver.service.say(*canned.copied(6, 40))
    driver.pump()
    assert str(pane.newer.cget("text")) == "↓ 6 new"
    assert pane.newer.winfo_viewable()
    pane.newer.invoke()
    driver.pump()
    assert pane.text.yview()[1] == 1.0
    assert not pane.newer.winfo_viewable()
