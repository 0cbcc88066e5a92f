"""Staying awake while something goes on, a word at its end, and closing the window meanwhile."""

from __future__ import annotations

import pytest

from migrator.gui.presenter import QUIT_S
from migrator.gui.status import Intent, Status
from migrator.model.events import Phase, PhaseChanged
from migrator.model.ledger import Outcome
from tests.gui import canned
from tests.gui.test_presenter import Desk, reach


def draw(desk: Desk) -> Desk:
    desk.presenter.draw()
    return desk


def running(*, in_front: bool = False) -> Desk:
    desk = Desk()
    desk.view.is_in_front = in_front
    desk.run(PhaseChanged(Phase.COPYING))
    return draw(desk)


@pytest.mark.parametrize(
    ("status", "awake"),
    [
        (Status.EMPTY, False),
        (Status.CONNECTED, False),
        (Status.PLANNING, True),
        (Status.PLANNED, False),
        (Status.LISTING, True),
        (Status.RUNNING, True),
        (Status.CANCELLING, True),
        (Status.PAUSED, False),
        (Status.FINISHED, False),
        (Status.PREVIEWING, True),
        (Status.ROLLING_BACK, True),
        (Status.COMPARING, True),
    ],
)
def test_the_computer_is_kept_awake_exactly_while_something_goes_on(status: Status, awake: bool) -> None:
    assert draw(reach(status)).system.is_awake is awake


def test_the_computer_may_sleep_where_settings_say_so() -> None:
    desk = running()
    desk.presenter.settings.switch("keep_awake", on=False)
    assert not draw(desk).system.is_awake
    desk.presenter.settings.switch("keep_awake", on=True)
    assert draw(desk).system.is_awake


@pytest.mark.parametrize(
    ("outcome", "word"),
    [
        (Outcome.COMPLETED, "Transfer successful!"),
        (Outcome.PAUSED, "Paused."),
        (Outcome.FAILED, "not copied"),
    ],
)
def test_whoever_looks_elsewhere_is_told_once_how_it_ended(outcome: Outcome, word: str) -> None:
    desk = running()
    books = {"copied": 9, "planned": 218, "failed": 209} if outcome is Outcome.FAILED else {}
    desk.hear(canned.summary(outcome, ledger=books))
    draw(draw(desk))
    assert len(desk.system.told) == 1
    assert word in desk.system.told[0][0]


def test_whoever_sees_the_window_or_wants_no_notices_is_not_told() -> None:
    desk = running(in_front=True)
    desk.hear(canned.summary())
    assert draw(desk).system.told == []
    desk = running()
    desk.presenter.settings.switch("notify", on=False)
    desk.hear(canned.summary())
    assert draw(desk).system.told == []


def test_a_pause_that_was_asked_for_is_no_news() -> None:
    desk = running()
    desk.presenter.do(Intent.PAUSE)
    draw(desk)
    desk.hear(canned.summary(Outcome.STOPPED, ledger={"copied": 9, "left": 209}))
    assert draw(desk).system.told == []


def test_closing_during_a_run_asks_pauses_and_closes_when_the_run_has_ended() -> None:
    desk = running()
    desk.presenter.quit()
    question = desk.see().bar.question
    assert question is not None
    assert (question.headline, question.yes) == ("Pause the run and quit?", "Pause and Quit")
    assert not desk.view.closed
    desk.presenter.answer(yes=True)
    assert desk.service.asked[-1] == ("cancel",)
    desk.presenter.tick()
    assert not desk.view.closed
    desk.hear(canned.summary(Outcome.STOPPED, ledger={"copied": 9, "left": 209}))
    desk.presenter.tick()
    assert desk.view.closed
    assert desk.system.told == []


def test_keeping_a_run_running_is_what_escape_and_return_do() -> None:
    desk = running()
    desk.presenter.quit()
    desk.presenter.answer(yes=False)
    assert desk.see().status is Status.RUNNING
    assert ("cancel",) not in desk.service.asked


def test_a_run_that_does_not_stop_does_not_hold_the_window_for_ever() -> None:
    desk = running()
    desk.presenter.quit()
    desk.presenter.answer(yes=True)
    desk.now += QUIT_S + 1
    desk.presenter.tick()
    assert desk.view.closed


def test_closing_while_looking_ahead_stops_without_speaking_of_a_run() -> None:
    desk = reach(Status.PREVIEWING)
    desk.presenter.quit()
    question = desk.see().bar.question
    assert question is not None
    assert question.headline == "Stop and quit?"
