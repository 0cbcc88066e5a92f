"""Cancel while both sides are tried: an address that does not answer must not hold anybody up."""

from __future__ import annotations

from migrator.gui import labels, state_words
from migrator.gui.status import Intent, Status, Tone
from migrator.model.events import EndChecked, Summary
from migrator.model.ledger import Outcome
from tests.gui import canned
from tests.gui.test_presenter import Desk

STOPPED = "Stopped. The config file was not written."


def stopped() -> Summary:
    return Summary("", Outcome.REFUSED, 0.0, {}, message=STOPPED, exit_code=2)


def test_cancel_asks_the_service_to_stop_and_waits_for_its_word() -> None:
    desk = Desk()
    desk.presenter.generate()
    assert [button.intent for button in desk.see().bar.secondary] == [Intent.CANCEL]
    desk.presenter.do(Intent.CANCEL)
    assert desk.service.asked[-1] == ("cancel",)
    screen = desk.see()
    assert screen.setup.generated == labels.CHECK_STOPPING
    assert screen.status is Status.CONNECTING
    assert screen.bar.sentence == state_words.STOPPING  # on every page
    assert not screen.setup.is_open


def test_a_check_that_was_stopped_is_no_problem_and_can_be_done_again() -> None:
    desk = Desk()
    desk.presenter.generate()
    desk.presenter.do(Intent.CANCEL)
    screen = desk.hear(EndChecked("source", ok=True, buckets=(), millis=3), stopped())
    assert (screen.setup.generated, screen.setup.generated_tone) == (STOPPED, Tone.QUIET)
    assert screen.status is Status.HALF_CONNECTED
    assert screen.bar.help == labels.TRY_BOTH  # no field is marked
    assert screen.log.lines[-1].level == "info"
    screen = desk.connect()
    assert screen.status is Status.CONNECTED


def test_the_run_on_screen_is_not_touched_by_it() -> None:
    desk = Desk()
    desk.run(canned.summary(Outcome.STOPPED))
    desk.presenter.generate()
    desk.presenter.do(Intent.CANCEL)
    screen = desk.hear(stopped())
    assert screen.status is Status.STOPPED
    assert Intent.RESUME in screen.allowed


def test_a_check_that_was_cancelled_too_late_is_one_that_ended() -> None:
    desk = Desk()
    desk.presenter.generate()
    desk.presenter.do(Intent.CANCEL)
    screen = desk.hear(*canned.connected())
    assert screen.status is Status.CONNECTED
    assert screen.setup.generated.startswith(labels.GENERATED)
    assert not desk.presenter.set_up.connection.is_stopping
