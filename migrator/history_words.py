"""A past run in the words of a table: when, from where to where, how it ended, what undo would say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from migrator.ending_words import not_copied, weakly_checked
from migrator.model.objects import visible
from migrator.model.past_runs import PastRun
from migrator.model.sizes import show_duration, show_size
from migrator.phrases import count, in_books, number

_PLACE_CHARS = 60
_RESULTS: Mapping[str, str] = {
    "running": "Running",
    "crashed": "Broke off, can be resumed",
    "stopped": "Stopped, can be resumed",
    "paused": "Paused, can be resumed",
    "refused": "Not started",
    "unreadable": "Its journal cannot be read",
    "incomplete": "Incomplete: an earlier run was undone",
}
_UNDONE: Mapping[str, str] = {
    "rolled-back": "Rolled back",
    "incomplete": "Rolled back in part",
    "started": "Roll back broke off",
}


def started(run: PastRun) -> str:
    """`22 Nov 2026 10:50`, in this computer's time."""
    try:
        return f"{datetime.fromisoformat(run.created).astimezone():%d %b %Y %H:%M}".lstrip("0")
    except ValueError:
        return visible(run.run, _PLACE_CHARS)


def places(run: PastRun) -> str:
    """`AWS photos/ → Lyve Cloud photos-copy`."""
    if not run.source:
        return "–"
    return f"{visible(run.source, _PLACE_CHARS)} → {visible(run.destination, _PLACE_CHARS)}"


def result(run: PastRun) -> str:
    """How it ended, a roll back included."""
    if run.undo in _UNDONE:
        return "Rolling back" if run.undo == "started" and run.is_busy else _UNDONE[run.undo]
    if run.state == "failed":
        return f"Finished, {number(not_copied(run.ledger))} not copied"
    if run.state == "completed":
        weak = weakly_checked(run.ledger)
        return f"Finished, {number(weak)} checked by size only" if weak else "Finished and verified"
    return _RESULTS.get(run.state, visible(run.state, _PLACE_CHARS))


def tone(run: PastRun) -> str:
    """`ok`, `busy`, `warn`, `problem` or `quiet`: how the result is coloured."""
    if run.is_busy:
        return "busy"
    if run.undo in {"rolled-back", "incomplete", "started"}:
        return "quiet" if run.undo == "rolled-back" else "warn"
    if run.state == "completed":
        return "warn" if weakly_checked(run.ledger) else "ok"
    return "problem" if run.state in {"failed", "unreadable"} else "warn"


def objects(run: PastRun) -> str:
    """`1,204`: copied objects; of how many, where some are missing."""
    done, planned = in_books(run.ledger, "copied"), in_books(run.ledger, "planned")
    return number(done) if done == planned else f"{number(done)} of {number(planned)}"


def size(run: PastRun) -> str:
    return show_size(in_books(run.ledger, "bytes_copied"))


def took(run: PastRun) -> str:
    return show_duration(run.seconds) if run.seconds else "–"


def undo(run: PastRun) -> str:
    """What became of undo, or whether it is possible."""
    if run.is_demo:
        return "demo, gone"
    match run.undo:
        case "rolled-back":
            return "done"
        case "incomplete":
            return "some left"
        case "started":
            return "under way" if run.is_busy else "broke off"
        case "accepted":
            return "ended: accepted"
    return "possible" if in_books(run.ledger, "copied") or run.open_uploads else "nothing to undo"


def kept(run: PastRun) -> str:
    """What is kept aside for undo; empty where nothing is."""
    if not run.kept:
        return ""
    return f"{count(run.kept, 'saved copy', 'saved copies')} kept for undo ({show_size(run.bytes_kept)})"
