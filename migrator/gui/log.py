"""The log behind the pane: a bounded ring, and the newest lines of it that match level and search.

The whole log is in the run's directory; this one is for eyes. Many successes in one second become one line.
A key that stands in its line as it is, is not kept beside it: 50,000 keys of 1,024 bytes would be 50 MB more.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from dataclasses import dataclass
from operator import attrgetter

from migrator.gui import run_words
from migrator.words import Level, Line

RING_LINES = 50_000
SHOWN_LINES = 5_000
MAX_CHARS = 2_000
#: More successes than this in one second are counted instead of written out.
SUCCESSES_A_SECOND = 50

_RANK: dict[str, int] = {"info": 0, "warn": 1, "error": 2}


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line, numbered from 1 so that a view can tell what it has drawn already.

    `work`: the plan or run under way then. The key of the one object that a line is about is its first
    `key_chars` characters, or `odd_key`, where it is shown in another way than it is.
    """

    seq: int
    time: str
    level: Level
    part: str
    text: str
    work: str = ""
    key_chars: int = 0
    odd_key: str = ""

    @property
    def key(self) -> str:
        """Of the one object that the line is about, as it is; empty where it is about none."""
        return self.odd_key or self.text[: self.key_chars]


class Log:
    """Lines in order, and the window onto them."""

    def __init__(self) -> None:
        self.level: str = "info"
        self.search = ""
        self.generation = 0
        self.total = 0
        self.work = ""  #: what the lines that come are about: see `LogLine`
        self._ring: deque[LogLine] = deque(maxlen=RING_LINES)
        self._shown: deque[LogLine] = deque(maxlen=SHOWN_LINES)
        self._snapshot: tuple[LogLine, ...] | None = ()
        self._second = ""
        self._written = 0
        self._folded = 0

    def add(self, time: str, line: Line) -> None:
        """Append one line. `time` has whole seconds."""
        self.flush_before(time)
        is_success = line.level == "info" and line.part in {"copy", "undo"}
        if is_success and self.fold(time):
            return
        if line.part == "run":
            self.flush()  # what was counted so far came before this word on the whole run
        self._written += is_success
        self._append(time, line)

    def fold(self, time: str) -> bool:
        """Whether one more success is only counted now; spares making a sentence that nobody would see."""
        self.flush_before(time)
        if self._written < SUCCESSES_A_SECOND:
            return False
        self._folded += 1
        return True

    def flush_before(self, time: str) -> bool:
        """Write out what was counted in an earlier second; whether there was anything."""
        if time == self._second:
            return False
        found = self.flush()
        self._second, self._written = time, 0
        return found

    def flush(self) -> bool:
        """Write out what was counted so far; whether there was anything."""
        folded, self._folded = self._folded, 0
        if folded:
            self._append(self._second, Line("info", "copy", run_words.folded(folded)))
        return folded > 0

    def filter(self, level: str | None = None, search: str | None = None) -> None:
        """Change what is shown: the window is rebuilt from the ring."""
        self.level = self.level if level is None else level
        self.search = self.search if search is None else search
        self.generation += 1
        self._shown = deque((line for line in self._ring if self._matches(line)), SHOWN_LINES)
        self._snapshot = None

    @property
    def lines(self) -> tuple[LogLine, ...]:
        """What is shown, oldest first. The same tuple as long as nothing changed."""
        if self._snapshot is None:
            self._snapshot = tuple(self._shown)
        return self._snapshot

    def line(self, seq: int) -> LogLine | None:
        """The line of that number, if it is shown still."""
        at = bisect_left(self.lines, seq, key=attrgetter("seq"))
        return self.lines[at] if at < len(self.lines) and self.lines[at].seq == seq else None

    @property
    def text(self) -> str:
        """What is shown, as text to paste."""
        return "".join(f"{x.time}  {x.level:<5}  {x.part:<8}  {x.text}\n" for x in self.lines)

    @property
    def note(self) -> str:
        """How much of it all is on screen."""
        is_filtered = bool(self.search) or self.level != "info"
        return run_words.lines_told(len(self._shown), self.total, is_filtered=is_filtered)

    def _append(self, time: str, line: Line) -> None:
        self.total += 1
        text, key = line.text[:MAX_CHARS], line.key
        chars = len(key) if text.startswith(key) else 0
        odd = "" if chars else key
        entry = LogLine(self.total, time, line.level, line.part, text, self.work, chars, odd)
        self._ring.append(entry)
        if self._matches(entry):
            self._shown.append(entry)
            self._snapshot = None

    def _matches(self, line: LogLine) -> bool:
        if _RANK[line.level] < _RANK[self.level]:
            return False
        wanted = self.search.casefold()
        return not wanted or wanted in line.text.casefold() or wanted in line.part
