"""A past run in words: when, from where to where, how it ended, what undo would say, what can be done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from migrator.config import PROVIDER_NAMES
from migrator.ending_words import not_copied, weakly_checked
from migrator.model.objects import visible
from migrator.model.past_runs import PastRun
from migrator.model.sizes import show_duration, show_size
from migrator.phrases import at, count, in_books, number

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
#: What is counted of a run, in this order; zeros are left out, but for the first.
_COUNTS: Mapping[str, str] = {
    "copied": "copied",
    "left": "left to copy",
    "failed": "failed",
    "conflicts": "in conflict",
    "unsupported": "cannot be carried over",
    "same": "already there",
    "filtered": "left out by filters",
}
#: Counts that somebody should look at.
_BAD = frozenset({"failed", "conflicts", "unsupported"})


def started(run: PastRun) -> str:
    """`22 Nov 2026 10:50`, in this computer's time; where the journal cannot be read, by the run's id."""
    try:
        began = datetime.fromisoformat(run.created or f"{run.run[:15]}Z")
        return at(began)
    except ValueError:
        return visible(run.run, _PLACE_CHARS)


def places(run: PastRun) -> str:
    """`AWS photos/ → Lyve Cloud photos-copy`."""
    if not run.source:
        return "–"
    return f"{visible(run.source, _PLACE_CHARS)} → {visible(run.destination, _PLACE_CHARS)}"


def short_places(run: PastRun) -> str:
    """`photos/ → photos-copy`, where there is little room."""
    source, _, destination = places(run).partition(" → ")
    return f"{_bucket(source)} → {_bucket(destination)}" if destination else source


def _bucket(place: str) -> str:
    """A bucket's name has no spaces; what stands before it is the provider's."""
    for provider in PROVIDER_NAMES.values():
        if place.startswith(f"{provider} "):
            return place.removeprefix(f"{provider} ")
    return place


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
    if run.state == "unreadable":
        return "–"
    done, planned = in_books(run.ledger, "copied"), in_books(run.ledger, "planned")
    return number(done) if done == planned else f"{number(done)} of {number(planned)}"


def size(run: PastRun) -> str:
    return "–" if run.state == "unreadable" else show_size(in_books(run.ledger, "bytes_copied"))


def took(run: PastRun) -> str:
    return show_duration(run.seconds) if run.seconds else "–"


def undo(run: PastRun) -> str:
    """What became of undo, or whether it is possible."""
    if run.is_demo:
        return "demo has ended"
    if run.state == "unreadable":
        return "unknown"
    match run.undo:
        case "rolled-back":
            return "done"
        case "incomplete":
            return "some left"
        case "started":
            return "under way" if run.is_busy else "broke off"
        case "accepted":
            return "accepted"
    return "possible" if in_books(run.ledger, "copied") or run.open_uploads else "nothing to undo"


def kept(run: PastRun) -> str:
    """Bytes kept aside for undo: `1.2 GB`."""
    return show_size(run.bytes_kept) if run.kept else "–"


def held(run: PastRun) -> str:
    """What is kept at the destination for undo, in a sentence; empty where nothing is."""
    parts = []
    if run.kept:
        parts.append(f"{count(run.kept, 'saved copy', 'saved copies')} ({show_size(run.bytes_kept)})")
    if run.open_uploads:
        parts.append(count(run.open_uploads, "unfinished upload"))
    return f"{' and '.join(parts)} kept at the destination." if parts else ""


def removed_by_accepting(run: PastRun) -> str:
    """What accepting takes away; empty where there is nothing."""
    what = held(run).removesuffix(" kept at the destination.")
    return f"{what} will be removed there." if what else ""


def title(run: PastRun) -> str:
    """`Run of 22 Nov 2026 10:50`."""
    return f"Run of {started(run)}"


def summed_up(run: PastRun) -> str:
    """From where to where, how much, how long, and the id that commands take."""
    parts = [places(run), size(run), took(run), visible(run.run, _PLACE_CHARS)]
    return "  ·  ".join(part for part in parts if part != "–")


def counts(run: PastRun) -> tuple[tuple[str, str, bool], ...]:
    """Its books for a row of figures: number, what of, whether somebody should look at it."""
    if run.state == "unreadable":
        return ()
    found = [(name, in_books(run.ledger, name), words) for name, words in _COUNTS.items()]
    return tuple((number(n), words, name in _BAD) for name, n, words in found if n or name == "copied")


def zone(moment: datetime) -> str:
    """The zone that moments are shown in: `CET`, `UTC+05:30`."""
    return moment.tzname() or f"{moment:%z}"


def undo_told(run: PastRun) -> str:
    """What undo would do, or why there is none."""
    if run.state == "unreadable":
        return (
            "Its journal cannot be read, so nothing can be done about this run from here. "
            "Restore the file from a backup if you have one."
        )
    if run.is_busy:
        return "It is being worked on just now."
    if run.is_demo:
        return "It was of a demo that has ended: both of its sides are gone."
    told = {
        "rolled-back": "It was rolled back: the destination is as it was before.",
        "incomplete": "Some objects had to stay. Roll Back looks at them again; Accept leaves them there.",
        "started": "Its roll back broke off. Roll Back goes on with it.",
        "accepted": "It was accepted: undo has ended, and what it copied stays.",
    }.get(run.undo)
    if told is None and (in_books(run.ledger, "copied") or run.waits):
        told = "Roll Back removes what it copied. That is possible until the run is accepted."
    return f"{told or 'It copied nothing, so there is nothing to undo.'} {held(run)}".strip()
