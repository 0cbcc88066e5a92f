"""How the command line shows events: JSON lines, a live bar, or a line every ten seconds."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Protocol

from migrator import ending_words, phrases, words
from migrator.estimate_words import estimate_lines
from migrator.model.events import (
    Event,
    LimitChanged,
    ObjectCopied,
    ObjectUndone,
    PaceChanged,
    Phase,
    PhaseChanged,
    Retrying,
    RollbackProgress,
    RunRelies,
    RunStarted,
    Summary,
    as_json,
)
from migrator.model.ledger import Outcome
from migrator.model.objects import visible
from migrator.model.run_state import RunState
from migrator.model.sizes import show_duration, show_size
from migrator.reasons import TITLES
from migrator.redacting import redacted

LINE_EVERY_S = 10.0
BAR_EVERY_S = 0.1
BAR_CELLS = 24
_WITHOUT_NUMBERS = (Phase.CONNECTING, Phase.RECOVERING, Phase.CHECKING, Phase.VERIFYING)

#: One for each object: told with --verbose only, except what went wrong.
_PER_OBJECT = (ObjectCopied, ObjectUndone, Retrying)
#: Few, and each of its own: all of them are shown.
_RARE = (RunStarted, PhaseChanged, PaceChanged, LimitChanged)
#: Lines of one kind shown on a terminal before they are only counted; the log file has them all.
MOST_LINES = 20


#: Ends of which it matters how well the copies were checked.
_TELLS_HOW_SURE = frozenset({Outcome.COMPLETED, Outcome.FAILED, Outcome.STOPPED, Outcome.PAUSED})


class Face(Protocol):
    """Somebody who is told every event."""

    def show(self, event: Event) -> None: ...


class JsonLines:
    """One JSON object a line on stdout, nothing else."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out

    def show(self, event: Event) -> None:
        print(json_line(event), file=self._out, flush=True)


class LogFile:
    """`--log-file`: the same lines, appended to a file; a new one is its owner's alone."""

    def __init__(self, path: Path) -> None:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._file = os.fdopen(handle, "a", encoding="utf-8")

    def show(self, event: Event) -> None:
        print(redacted(json_line(event)), file=self._file, flush=True)


class Text:
    """For people: progress and events on stderr, the result on stdout."""

    def __init__(
        self,
        out: IO[str] = sys.stdout,
        err: IO[str] = sys.stderr,
        *,
        quiet: bool = False,
        verbose: bool = False,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._out = out
        self._err = err
        self._quiet = quiet
        self._verbose = verbose
        self._now = now
        self._has_bar = err.isatty() and not quiet
        self._bar_is_up = False
        self._state = RunState()
        self._began = self._last = now()
        self._copying_since = self._began
        self._shown: dict[type, int] = {}
        self._copies = self._copied_bytes = 0  # not in the state yet

    def show(self, event: Event) -> None:
        if isinstance(event, ObjectCopied) and not self._verbose:
            # The one event that comes with every object: told in sums, when something is shown.
            self._copies += 1
            self._copied_bytes += event.size_bytes
            self._show_progress()
            return
        self._add_up()
        self._state = self._state.apply(event)
        if isinstance(event, RunStarted):
            self._began = self._now()
        if isinstance(event, PhaseChanged) and event.phase is Phase.COPYING:
            self._copying_since = self._now()
        if isinstance(event, Summary):
            self._show_end(event)
            return
        self._show_line(event)
        self._show_progress()

    def _add_up(self) -> None:
        if self._copies:
            self._state = self._state.with_copies(self._copies, self._copied_bytes)
            self._copies = self._copied_bytes = 0

    # -- lines ----------------------------------------------------------------------------------

    def _show_line(self, event: Event) -> None:
        line = words.sentence(event)
        if line is None or (self._quiet and line.level != "error"):
            return
        if isinstance(event, _PER_OBJECT) and line.level == "info" and not self._verbose:
            return
        shown = self._shown[type(event)] = self._shown.get(type(event), 0) + 1
        if not self._verbose and shown > MOST_LINES and not isinstance(event, _RARE):
            if shown == MOST_LINES + 1:
                self._print("  … more of these are in the report (and with --verbose)")
            return
        sign = {"error": "✖ ", "warn": "! "}.get(line.level, "  ")
        self._print(f"{sign}{line.text}")

    def _print(self, text: str) -> None:
        self._take_bar_down()
        print(text, file=self._err, flush=True)

    # -- progress -------------------------------------------------------------------------------

    def _show_progress(self) -> None:
        if self._quiet or not self._state.is_running:
            return
        now = self._now()
        if now - self._last < (BAR_EVERY_S if self._has_bar else LINE_EVERY_S):
            return
        self._last = now
        self._add_up()
        text = self._progress_text(now)
        if self._has_bar:
            width = shutil.get_terminal_size().columns - 1
            self._err.write("\r\x1b[2K" + text[:width])
            self._err.flush()
            self._bar_is_up = True
        else:
            print(text, file=self._err, flush=True)

    def _progress_text(self, now: float) -> str:
        state = self._state
        if state.phase is Phase.ROLLING_BACK:
            return f"undoing {state.undo_done:,} of {state.undo_total:,}"
        if state.phase in _WITHOUT_NUMBERS:
            return f"{state.phase} …"
        if not state.totals_are_final:
            return f"listing: {state.listed:,} objects so far, {show_size(state.bytes_listed)}"
        seconds = max(now - self._copying_since, 0.001)
        speed = state.bytes_moved / seconds
        share = state.bytes_copied / state.bytes_planned if state.bytes_planned else 1.0
        filled = round(share * BAR_CELLS)
        bar = "█" * filled + "░" * (BAR_CELLS - filled)
        parts = [
            f"{bar} {share:4.0%}",
            f"{state.settled:,}/{state.planned:,}",
            f"{show_size(state.bytes_copied)} of {show_size(state.bytes_planned)}",
            f"{show_size(speed)}/s",
        ]
        if state.failed:
            parts.append(f"{state.failed:,} failed")
        left = state.bytes_planned - state.bytes_copied
        if speed and seconds > 3 and left > 0:
            parts.append(f"{show_duration(left / speed)} left")
        return "  ".join(parts)

    def _take_bar_down(self) -> None:
        if self._bar_is_up:
            self._err.write("\r\x1b[2K")
            self._bar_is_up = False

    # -- the end --------------------------------------------------------------------------------

    def _show_end(self, summary: Summary) -> None:
        self._take_bar_down()
        self._err.flush()
        ending = ending_words.ending(summary)
        is_bad = summary.exit_code not in (0, 130, 143)
        print(f"{'✖' if is_bad else '✔'} {ending.headline}", file=self._out)
        if ending.detail:
            print(f"  {ending.detail}", file=self._out)
        sure = ending_words.how_sure(summary.ledger)
        if sure and summary.outcome in _TELLS_HOW_SURE and summary.removed is None:
            print(f"  how sure: {sure}", file=self._out)
        if summary.outcome is Outcome.PLANNED and self._state.estimate:
            for line in estimate_lines(self._state.estimate):
                print(f"  {line}", file=self._out)
        for group in self._state.failures[:10]:
            print(
                f"  {group.count:,} × {visible(f'{group.message} {group.advice}'.rstrip())}", file=self._out
            )
        if summary.run and (summary.exit_code in {1, 5, 130, 143} or summary.cause == "unfinished-run"):
            print(
                f"  go on: migrator resume {summary.run}    undo: migrator rollback {summary.run}",
                file=self._out,
            )
        self._out.flush()


class Foreseen:
    """Hears a dry run of a roll back, and makes of it what the user is asked about.

    `faces` hear its end where it was no dry run's: refused, stopped.
    """

    def __init__(self, err: IO[str], faces: Sequence[Face], *, quiet: bool = False) -> None:
        self._err = err
        self._faces = faces
        self._is_quiet = quiet
        self._has_bar = err.isatty() and not quiet
        self._reasons: Counter[str] = Counter()
        self._relying: list[RunRelies] = []
        self._where = self._run = ""
        self._end: Summary | None = None

    def show(self, event: Event) -> None:
        match event:
            case RunStarted():
                self._run, self._where = event.run, event.destination
                if not self._is_quiet:
                    print("Finding out what rolling back would do; nothing is changed.", file=self._err)
            case RollbackProgress() if self._has_bar:
                self._err.write(f"\r\x1b[2K{event.done:,} of {event.total:,} looked at")
                self._err.flush()
            case ObjectUndone(action="left"):
                self._reasons[event.reason] += 1
            case RunRelies():
                self._relying.append(event)
            case Summary():
                if self._has_bar:
                    self._err.write("\r\x1b[2K")
                self._end = event
                if event.cause != "dry-run":
                    for face in self._faces:
                        face.show(event)

    @property
    def text(self) -> str:
        """The counts, why something would stay, and which later runs rely on this one."""
        end = self._end
        removed, restored, left = (
            (end.removed or 0, end.restored or 0, end.left_in_place or 0) if end else (0, 0, 0)
        )
        lines = [
            f"Rolling back run {self._run} would change {visible(self._where)}:",
            f"  {removed:,} removed, {restored:,} restored, {left:,} left in place.",
        ]
        lines += [f"  {n:,} × {phrases.reason(TITLES, reason)}" for reason, n in self._reasons.most_common()]
        lines += [f"  {line.text}" for event in self._relying if (line := words.sentence(event))]
        return "\n".join(lines)


def json_line(event: Event) -> str:
    """One event as a line of JSON with its name and the time (UTC)."""
    data = as_json(event)
    stamp = datetime.now(UTC).isoformat(timespec="milliseconds")
    return json.dumps({"event": data.pop("event"), "time": stamp, **data})
