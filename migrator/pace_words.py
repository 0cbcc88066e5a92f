"""Sentences about how many transfers go at a time, and how fast they may be."""

from __future__ import annotations

from migrator.model.events import LimitChanged, PaceChanged
from migrator.model.objects import visible
from migrator.model.pace import Cause
from migrator.model.sizes import show_size


def pace(event: PaceChanged) -> str:
    """`16 → 24 threads: no throttling for 20 s.`"""
    if event.cause == Cause.HAND and event.before == event.after:
        return f"{event.after} threads, {_adjusting(event)}: changed by hand."
    also = f", {_adjusting(event)}" if event.cause == Cause.HAND and event.adjusts else ""
    return f"{threads(event)}{also}: {_why(event)}."


def threads(event: PaceChanged) -> str:
    """`16 → 24 threads`"""
    return f"{event.before} → {event.after} threads"


def limit(event: LimitChanged) -> str:
    """`Speed limit 50 MB/s → none: changed by hand.`"""
    return f"Speed limit {speed(event.before_bytes_s)} → {speed(event.after_bytes_s)}: changed by hand."


def speed(bytes_s: int) -> str:
    return f"{show_size(bytes_s)}/s" if bytes_s else "none"


def _adjusting(event: PaceChanged) -> str:
    return "adjusting itself" if event.adjusts else "fixed"


def _why(event: PaceChanged) -> str:
    match event.cause:
        case Cause.TRYING:
            return "trying whether more are faster"
        case Cause.FASTER:
            return "more were faster"
        case Cause.QUIET:
            return f"no throttling for {event.quiet_s} s"
        case Cause.NO_GAIN:
            slower = f", {_slower(event)}" if event.slower else ""
            return f"more were not faster{slower}"
        case Cause.THROTTLED:
            return f"{visible(event.end)} asks to slow down"
        case Cause.HAND:
            return "changed by hand"
        case _:
            return visible(event.cause)


def _slower(event: PaceChanged) -> str:
    where = "reading from" if event.slower == "reading" else "writing to"
    return f"{where} {visible(event.end)} took {event.slower_times:.1f} times as long"
