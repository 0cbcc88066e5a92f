"""Words, log, figures, pump and colours: the parts without a window."""

from __future__ import annotations

import queue

import pytest

from migrator import ending_words, phrases, reasons
from migrator.gui.figures import Meter, time_left
from migrator.gui.log import SHOWN_LINES, Log
from migrator.gui.pump import MAX_EVENTS, Pump
from migrator.gui.status import TABLE, Status
from migrator.model.events import Event, ObjectCopied
from migrator.model.ledger import Outcome
from migrator.words import Line
from tests.gui import canned


def test_every_outcome_has_an_ending() -> None:
    for outcome in Outcome:
        end = ending_words.ending(canned.summary(outcome))
        assert end.headline
        assert ("successful" in end.headline) == (outcome is Outcome.COMPLETED)


def test_nothing_to_copy_is_said_plainly() -> None:
    nothing = canned.summary(ledger={"planned": 0, "copied": 0, "verified": 0, "same": 61, "filtered": 20})
    assert ending_words.ending(nothing) == ("Nothing to copy.", "61 already there, 20 left out by filters.")


def test_size_only_is_never_called_successful() -> None:
    end = ending_words.ending(canned.summary(ledger={"assurance": {"size": 12}}))
    assert end.headline == "Copied 218/218; 12 could be checked by size only."


def test_every_status_has_a_row() -> None:
    assert set(TABLE) == set(Status)


def test_unknown_reasons_are_shown_as_they_are() -> None:
    assert phrases.reason(reasons.CONFLICTS, "new-reason") == "New reason"


def test_log_is_bounded_and_folds_many_successes() -> None:
    log = Log()
    for n in range(1000):
        log.add("14:00:00", Line("info", "copy", f"k{n}"))
    log.flush_before("14:00:01")
    assert log.total == 51
    assert log.lines[-1].text == "950 more objects in the same second"
    for n in range(SHOWN_LINES + 10):
        log.add("14:00:02", Line("warn", "aws", f"slow {n}"))
    assert len(log.lines) == SHOWN_LINES
    assert log.lines[-1].text == f"slow {SHOWN_LINES + 9}"
    assert "last 5,000 shown" in log.note


def test_meter_tells_speed_now_and_time_left_late() -> None:
    meter = Meter()
    for second in range(61):
        meter.add(float(second), second * 10_000_000, second * 10)
        if second == 20:
            assert meter.seconds_left(10**9, 1000) is None
    assert meter.bytes_per_s == pytest.approx(10_000_000)
    assert meter.objects_per_s == pytest.approx(10)
    # Objects are the slower of the two: 6,000 at ten a second.
    assert meter.seconds_left(10**9, 6000) == pytest.approx((600, 600))
    assert meter.silent_s(90.0) == pytest.approx(30)


@pytest.mark.parametrize(
    ("seconds", "final", "text"),
    [
        (None, True, "–"),
        ((40.0, 45.0), True, "45 s"),
        ((100.0, 110.0), True, "1–2 min"),
        ((600.0, 900.0), True, "10–15 min"),
        ((25_000.0, 36_000.0), True, "7–10 h"),
        ((11_400.0, 99_999.0), False, "≥ 3 h"),
    ],
)
def test_time_left_in_words(seconds: tuple[float, float] | None, final: bool, text: str) -> None:
    assert time_left(seconds, is_final=final) == text


def test_pump_takes_bounded_batches_in_order() -> None:
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    sent = [ObjectCopied(str(n), 1, "digest") for n in range(1000)]
    for event in sent:
        events.put(event)
    seen: list[Event] = []
    pump = Pump(events, seen.extend, clock=lambda: 0.0)
    assert pump.tick() == MAX_EVENTS
    while not pump.is_idle:
        assert pump.tick() <= MAX_EVENTS
    assert seen == sent


def test_pump_stops_when_its_time_is_over() -> None:
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    for n in range(100):
        events.put(ObjectCopied(str(n), 1, "digest"))
    ticks = iter(n * 0.003 for n in range(1000))
    pump = Pump(events, lambda batch: None, clock=lambda: next(ticks))
    assert pump.tick() == 3
    assert not pump.is_idle
