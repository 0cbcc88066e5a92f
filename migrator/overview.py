"""Commands that only look at runs: `runs`, `status`, `why`, and a line about one that broke off."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from migrator.engine.home import find_run, home
from migrator.engine.ports import Stop, SystemClock
from migrator.engine.runs import RunInfo, list_runs, run_info, waiting_runs
from migrator.model.objects import visible
from migrator.model.sizes import show_duration, show_size
from migrator.phrases import count, number

_PLACE_CHARS = 60
#: How often `status --follow` looks.
FOLLOW_EVERY_S = 1.0


def show_runs(*, as_json: bool) -> int:
    """The command `runs`; returns the exit code."""
    runs = list_runs(home(), SystemClock())
    if as_json:
        for info in runs:
            print(as_line(info, "run"))
    else:
        print(runs_table(runs))
    return 0


def show_status(run: str, *, follow: bool, as_json: bool) -> int:
    """The command `status`; with `follow`, until no process works on the run. Returns the exit code.

    Raises:
        UnknownRun: there is no such run.
    """
    stop = Stop()
    info = _info(run)
    _show(info, as_json=as_json)
    if not (follow and info.is_busy):
        return 0
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda asked, _: stop.ask(asked))
    while info.is_busy:
        if stop.wait(FOLLOW_EVERY_S):
            return 128 + stop.signal
        before, info = info, _info(info.run)
        if info != before and as_json:
            _show(info, as_json=True)
        elif info != before and info.is_busy:
            print(f"  {status_line(info)}", flush=True)
    if not as_json:
        _show(info, as_json=False)
    return 0


def show_why(run: str, key: str, *, as_json: bool) -> int:
    """The command `why`; returns the exit code: 0, also where the answer is that the key was never listed.

    Raises:
        UnknownRun: there is no such run.
        JournalError, JobFileError: its records cannot be read.
    """
    from migrator.engine.why import why
    from migrator.why_words import why_text

    answer = why(find_run(home(), run), key, SystemClock())
    if not as_json:
        print(why_text(answer))
        return 0
    stamp = datetime.now(UTC).isoformat(timespec="milliseconds")
    told = {name: value for name, value in asdict(answer).items() if value not in ("", None, ())}
    if answer.history:
        told["history"] = [{"at": at, "state": state} for at, state in answer.history]
    print(json.dumps({"event": "why", "time": stamp, **told}))
    return 0


def tell_of_a_broken_off_run(named: str) -> None:
    """One line on stderr about the newest run that nobody has decided on, unless it is the one that is named.

    Raises:
        UnknownRun: there is no run of that name.
    """
    about = find_run(home(), named).run if named else ""
    found = [info for info in waiting_runs(home(), SystemClock()) if info.is_broken_off and info.run != about]
    if found:
        print(broken_off_line(found[0], len(found) - 1), file=sys.stderr)


def _show(info: RunInfo, *, as_json: bool) -> None:
    print(as_line(info, "status") if as_json else status_text(info, datetime.now(UTC)), flush=True)


def _info(run: str) -> RunInfo:
    return run_info(find_run(home(), run), SystemClock())


def as_line(info: RunInfo, event: str) -> str:
    """A run as one line of JSON; `event` is `run` or `status`."""
    stamp = datetime.now(UTC).isoformat(timespec="milliseconds")
    return json.dumps({"event": event, "time": stamp, **asdict(info), "ledger": info.ledger.as_dict()})


def runs_table(runs: Sequence[RunInfo]) -> str:
    """Every run a row, for people."""
    if not runs:
        return "No runs yet. Try one: migrator demo"
    rows = [("RUN", "STATE", "UNDO", "COPIED", "BYTES", "KEPT FOR UNDO", "OPEN UPLOADS", "FROM → TO")]
    rows += [
        (
            info.run,
            info.state,
            undo_state(info),
            f"{info.ledger.copied:,}/{info.ledger.planned:,}",
            show_size(info.ledger.bytes_copied),
            show_size(info.bytes_kept) if info.kept else "-",
            number(info.open_uploads),
            _places(info),
        )
        for info in runs
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def undo_state(info: RunInfo) -> str:
    """`possible`, `under way`, `broken off`, `rolled-back`, `incomplete`, `accepted`; `-`: nothing to do."""
    if info.undo == "started":
        return "under way" if info.is_busy else "broken off"
    return info.undo or ("possible" if info.ledger.copied or info.open_uploads else "-")


def how_far(info: RunInfo) -> str:
    """`1,204 of 2,000 objects copied`."""
    books = info.ledger
    return f"{number(books.copied)} of {count(books.planned, 'object')} copied"


def doing(info: RunInfo) -> str:
    """The state in words, with what is being done just now: `running, copying`; `completed, at work`."""
    if not info.is_busy:
        return info.state
    return f"{info.state}, {info.phase or 'at work'}"


def status_line(info: RunInfo) -> str:
    """What changes while a process works on the run, in one line."""
    if info.undo == "started":
        return f"{doing(info)}: {number(info.ledger.copied)} objects were copied"
    return f"{doing(info)}: {how_far(info)}, {number(info.ledger.left)} left"


def status_text(info: RunInfo, now: datetime) -> str:
    """A run on a few lines: state, books, undo, last change, and what can be done about it."""
    lines = [f"Run {info.run}: {doing(info)}"]
    if info.state == "unreadable":
        return "\n".join(
            [*lines, "  Its journal cannot be read. Restore the file from a backup if you have one."]
        )
    books = info.ledger
    lines.append(f"  {_places(info)}")
    lines.append(
        f"  {how_far(info)} ({show_size(books.bytes_copied)} of {show_size(books.bytes_planned)}), "
        f"{number(books.verified)} verified"
    )
    rest = (
        (books.left, "left to copy"),
        (books.failed, "failed"),
        (books.conflicts, "in conflict"),
        (books.unsupported, "cannot be carried over"),
        (books.same, "already there"),
        (books.filtered, "left out by filters"),
    )
    so_far = " so far" if info.phase == "listing" else ""
    told = [f"{number(books.listed)} listed{so_far}", *(f"{number(n)} {what}" for n, what in rest if n)]
    lines.append(f"  {', '.join(told)}")
    kept = (
        f", {count(info.kept, 'saved copy', 'saved copies')} ({show_size(info.bytes_kept)})"
        if info.kept
        else ""
    )
    uploads = f", {count(info.open_uploads, 'open upload')}" if info.open_uploads else ""
    lines.append(f"  undo: {undo_state(info)}{kept}{uploads}")
    if info.changed:
        ago_s = max(0.0, (now - datetime.fromisoformat(info.changed)).total_seconds())
        lines.append(f"  last change: {info.changed} ({show_duration(ago_s)} ago)")
    if info.waits_for_a_person:
        lines.append(f"  {_ways_on(info)}")
    return "\n".join(lines)


def broken_off_line(info: RunInfo, others: int) -> str:
    """One line about a run that nobody has decided on; `others`: how many more there are."""
    what = "A roll back that broke off" if info.is_undo_broken_off else "An unfinished run"
    more = f" ({number(others)} more: migrator runs)" if others else ""
    return (
        f"{what} was found: {info.run}, {_places(info)}, {how_far(info)}. {_ways_on(info)}    "
        f"look: migrator status {info.run}{more}"
    )


def _ways_on(info: RunInfo) -> str:
    undo = f"undo: migrator rollback {info.run}"
    return undo if info.is_undo_broken_off else f"go on: migrator resume {info.run}    {undo}"


def _places(info: RunInfo) -> str:
    return f"{visible(info.source, _PLACE_CHARS)} → {visible(info.destination, _PLACE_CHARS)}"
