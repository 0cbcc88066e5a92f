"""Every sentence about a run that a person reads, shared by the window and the command line.

Events are data; here they become one log line each (`sentence`), and the end of a run becomes a headline
with a detail (`ending_words`). Keys are shown through `visible` only, so that none can move a cursor or hide.
The window's own labels are in `migrator.gui.labels`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple, assert_never

from migrator import config_words, pace_words, rights_words
from migrator.ending_words import ending
from migrator.estimate_words import estimate_sentence, is_dear
from migrator.model.drafts import ConfigRead, ConfigSaved, ConfigWritten
from migrator.model.events import (
    EndChecked,
    Event,
    LimitChanged,
    ListingProgress,
    LogSaved,
    ObjectChecked,
    ObjectConflict,
    ObjectCopied,
    ObjectFailed,
    ObjectUndone,
    ObjectUnsupported,
    PaceChanged,
    Phase,
    PhaseChanged,
    Reported,
    Retrying,
    RollbackProgress,
    RunForgotten,
    RunRelies,
    RunStarted,
    Summary,
    TransferProgress,
    UnfinishedFound,
    Warned,
)
from migrator.model.findings import CheckFound, Estimated, FidelityChecked, PropertyFound
from migrator.model.key_sets import KeysForgotten, KeysListed, KeysTested
from migrator.model.ledger import Outcome
from migrator.model.not_copied import NotCopied
from migrator.model.objects import visible
from migrator.model.past_runs import RunsListed
from migrator.model.planned import PlanMade, PlanRows
from migrator.model.sizes import show_size
from migrator.phrases import KEY_CHARS, at, count, in_books, number, objects_in, reason, shown_key
from migrator.reasons import ASSURANCES, CONFLICTS, FILTERS, PROPERTIES, UNDO_REASONS, UNSUPPORTED

Level = Literal["info", "warn", "error"]


class Line(NamedTuple):
    """One line of the log: how bad, which part of the program, the sentence, and the key of the one object
    that it is about."""

    level: Level
    part: str
    text: str
    key: str = ""


_PHASES: Mapping[Phase, str] = {
    Phase.CONNECTING: "Connecting to both sides.",
    Phase.LISTING: "Listing source and destination.",
    Phase.COPYING: "Copying.",
    Phase.RECOVERING: "Finding out what became of the objects that were under way.",
    Phase.CHECKING: "Listing the source once more, for what changed meanwhile.",
    Phase.VERIFYING: "Comparing both sides.",
    Phase.ROLLING_BACK: "Rolling back.",
    Phase.STOPPING: "Stopping after the parts in flight.",
}

_COMMANDS: Mapping[str, str] = {
    "run": "Migration",
    "resume": "Migration resumed",
    "rollback": "Roll back",
    "verify": "Comparison",
    "plan": "Plan",
    "accept": "Accepting",
    "report": "Report",
    "check": "Check",
}


#: How an unfinished run ended.
_FOUND: Mapping[str, str] = {
    "crashed": "broke off",
    "stopped": "was stopped",
    "paused": "was paused",
}


def sentence(event: Event) -> Line | None:
    """The log line for an event; None for those that only move a bar."""
    match event:
        case EndChecked():
            return _end(event)
        case ConfigWritten():
            generated = f"Config generated successfully! {config_words.kept_where(event)}"
            return Line("info", "check", generated.rstrip())
        case ConfigRead():
            return Line("info", "config", config_words.opened(event))
        case ConfigSaved():
            return Line("info", "config", config_words.saved(event))
        case UnfinishedFound():
            return Line("warn", "run", f"{found(event)}: run {event.run}, {found_where(event)}.")
        case RunStarted():
            what = _COMMANDS.get(event.command, event.command.capitalize())
            places = f"{visible(event.source)} to {visible(event.destination)}"
            threads = count(event.threads, "thread") + (" to begin with" if event.adjusts else "")
            return Line("info", "run", f"{what} {event.run}".rstrip() + f": {places}, {threads}.")
        case PhaseChanged():
            text = _PHASES.get(event.phase)
            return Line("info", "run", text) if text else None
        case ListingProgress():
            return _listed(event) if event.final else None
        case TransferProgress() | RollbackProgress():
            return None
        case RunsListed() | KeysListed() | NotCopied() | PlanMade() | PlanRows():
            return None
        case ObjectCopied():
            proof = ASSURANCES.get(event.assurance, event.assurance)
            return _about("info", "copy", event.key, f"{show_size(event.size_bytes)}  {proof}")
        case ObjectFailed():
            return _about("error", "copy", event.key, visible(event.message))
        case ObjectConflict():
            return _about("warn", "copy", event.key, reason(CONFLICTS, event.reason))
        case ObjectUnsupported():
            return _about("warn", "copy", event.key, reason(UNSUPPORTED, event.reason))
        case Estimated():
            return _estimate(event)
        case FidelityChecked():
            return _fidelity(event)
        case Retrying():
            return Line(
                "warn",
                event.end.split(" ")[0].lower() or "run",
                f"{event.operation}: {visible(event.cause)}. "
                f"Trying again in {event.delay_s:.1f} s (attempt {event.attempt}).",
            )
        case PaceChanged():
            return Line("info", "pace", pace_words.pace(event))
        case LimitChanged():
            return Line("info", "pace", pace_words.limit(event))
        case RunRelies():
            many = count(event.count, "object")
            return Line(
                "warn", "undo", f"Run {event.run} relies on {many} of this run: it will be incomplete."
            )
        case Warned():
            return Line("warn", "run", visible(event.message))
        case ObjectUndone():
            return _undone(event)
        case Reported():
            return Line("info", "report", reported(event.path, event.sha256))
        case LogSaved():
            return Line("info", "log", log_saved(event))
        case KeysTested():
            return Line("info" if event.ok else "error", "keys", visible(event.message))
        case KeysForgotten():
            return Line("warn" if event.problem else "info", "keys", visible(keys_forgotten(event)))
        case RunForgotten():
            return Line("info", "history", f"What was kept here of run {event.run} is removed.")
        case ObjectChecked():
            return _about("error", "check", event.key, reason({}, event.reason))
        case CheckFound():
            level: Level = "error" if event.verdict == "missing" else "info"
            return Line(level, "check", visible(rights_words.found(event)))
        case Summary():
            end = ending(event)
            stop = "" if end.headline.endswith((".", "!", "?")) else "."
            text = f"{end.headline}{stop} {end.detail}".strip()
            return Line(_level(event.outcome), "run", text)
        case _:
            assert_never(event)


def reported(path: str, sha256: str) -> str:
    """What was written and how to know it again: `sha256sum --check` reads the last two words."""
    return f"SHA-256 of the report: {sha256}  {visible(path) or '-'}"


def connected(event: EndChecked) -> str:
    """The result of a connection test that went well: `Connected · 14 buckets · 21 ms`."""
    buckets = (
        "may not list buckets, so type the name" if event.buckets is None else many_buckets(event.buckets)
    )
    new = " · the bucket will be created, private, when the run starts" if event.code == "will-create" else ""
    return f"Connected · {buckets} · {event.millis} ms{new}"


def keys_accepted(name: str, where: str, buckets: Sequence[str] | None) -> str:
    """What `keys test` found where they are accepted; `buckets` is None where they may not list them."""
    may = "they may not list buckets" if buckets is None else f"{many_buckets(buckets)} listed"
    return f"{visible(where)} accepts the keys {name}: {may}."


def log_saved(event: LogSaved) -> str:
    """Where the copy of a run's log is."""
    return f"The complete log, {count(event.lines, 'line')}, was saved: {visible(event.path)}"


def keys_forgotten(event: KeysForgotten) -> str:
    """Which keys are gone, and which are not."""
    names = ", ".join(event.names)
    gone = f"The keys {names} are forgotten: no key store has them." if names else ""
    return f"{gone} {event.problem}".strip()


def many_buckets(buckets: Sequence[str]) -> str:
    """`14 buckets`."""
    return count(len(buckets), "bucket")


def found(event: UnfinishedFound) -> str:
    """A run that was found unfinished: what kind of end it had, and how far it got."""
    if event.undo:
        return f"A roll back broke off; {objects_in(event.ledger, 'copied')} were copied"
    how = _FOUND.get(event.state, visible(event.state))
    done, of = number(in_books(event.ledger, "copied")), objects_in(event.ledger, "planned")
    return f"A run {how}: {done} of {of} copied"


def found_where(event: UnfinishedFound) -> str:
    """Which job it was and when it began, in this computer's time."""
    job = f"“{visible(event.name, 40)}”, " if event.name else ""
    places = f"{visible(event.source, 50)} to {visible(event.destination, 50)}"
    return f"{job}{places}, begun {moment(event.created)}"


def moment(iso: str) -> str:
    """A journal's moment in this computer's time, to the minute: `22 Nov 2026 14:31`."""
    try:
        return at(datetime.fromisoformat(iso))
    except ValueError:
        return visible(iso, KEY_CHARS)


def filtered_in_words(filtered_by: Mapping[str, int]) -> str:
    """`Max Date 19,870 …`: every rule that left something out, the busiest first."""
    busiest = sorted(filtered_by.items(), key=lambda item: -item[1])
    return " · ".join(f"{number(n)} {FILTERS.get(rule, rule)}" for rule, n in busiest if n)


def _about(level: Level, part: str, key: str, what: str) -> Line:
    """What became of one object; its key comes first."""
    return Line(level, part, f"{shown_key(key)}  {what}", key)


def _end(event: EndChecked) -> Line:
    side = "Source" if event.side == "source" else "Destination"
    if event.ok:
        return Line("info", "check", f"{side}: {connected(event)}")
    return Line("error", "check", f"{side}: {visible(f'{event.message} {event.advice}'.strip())}")


def _listed(event: ListingProgress) -> Line:
    rest = [
        f"{number(n)} {what}"
        for n, what in (
            (event.same, "already there"),
            (event.filtered, "left out by filters"),
            (event.conflicts, "in conflict"),
            (event.unsupported, "cannot be carried over"),
        )
        if n
    ]
    listed = f"{count(event.listed, 'object')} ({show_size(event.bytes_listed)}) listed"
    to_copy = f"{number(event.planned - event.conflicts)} to copy ({show_size(event.bytes_planned)})"
    return Line("info", "listing", ", ".join([listed, to_copy, *rest]) + ".")


def _estimate(event: Estimated) -> Line:
    return Line("warn" if is_dear(event) else "info", "plan", estimate_sentence(event))


def _fidelity(event: FidelityChecked) -> Line | None:
    if not event.planned:
        return None
    asked = "all" if event.is_exact else f"{number(event.looked_at)} of {number(event.planned)}"
    looked = f"Properties of {asked} objects were looked at"
    if not event.found:
        return Line("info", "plan", f"{looked}: copies will have them all.")
    level: Level = "warn" if event.open else "info"
    found = " ".join(property_found(each) for each in event.found)
    if event.open:
        names = ", ".join(f'"{each.name}"' for each in event.found if each.fate == "lost")
        found += f" A run is refused unless the job accepts that: accept = [{names}] under [carry]."
    return Line(level, "plan", f"{looked}. {found}")


def property_found(found: PropertyFound) -> str:
    """What becomes of one property: `Lost: storage class of 12 objects, e.g. a.jpg (accepted).`"""
    name = PROPERTIES.get(found.name, found.name)
    if found.fate == "unknown":
        return f"Unknown: {name}; these keys may not ask for it ({shown_key(found.example)})."
    least = "" if found.is_exact else "at least "
    accepted = " (accepted)" if found.accepted else ""
    return (
        f"Lost: {name} of {least}{count(found.objects, 'object')}, e.g. {shown_key(found.example)}{accepted}."
    )


def _undone(event: ObjectUndone) -> Line:
    if event.action == "left":
        return _about("warn", "undo", event.key, reason(UNDO_REASONS, event.reason))
    if event.action == "gone":
        return _about("info", "undo", event.key, UNDO_REASONS["gone"])
    return _about("info", "undo", event.key, event.action)


def _level(outcome: Outcome) -> Level:
    if outcome in {
        Outcome.COMPLETED,
        Outcome.PLANNED,
        Outcome.VERIFIED,
        Outcome.CHECKED,
        Outcome.ROLLED_BACK,
    }:
        return "info"
    return "error" if outcome in {Outcome.FAILED, Outcome.REFUSED} else "warn"
