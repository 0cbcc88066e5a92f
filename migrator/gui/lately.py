"""What a run did lately, in bounded memory: copies that are done, requests that wait, marks for the plot."""

from __future__ import annotations

from collections import deque

from migrator.gui import run_words
from migrator.gui.screen import Row
from migrator.gui.status import Tone
from migrator.model.events import ObjectCopied, Retrying
from migrator.model.objects import visible
from migrator.model.sizes import show_size
from migrator.phrases import shown_key
from migrator.reasons import ASSURANCES

MOST_DONE, MOST_WAITING, MOST_MARKS = 100, 64, 20
#: Moments closer together than this are one, in seconds.
APART_S = 15.0


class Lately:
    """Of one run; `at` is in seconds of the window's clock."""

    def __init__(self) -> None:
        self._done: deque[ObjectCopied] = deque(maxlen=MOST_DONE)
        self._waiting: deque[tuple[float, Retrying]] = deque(maxlen=MOST_WAITING)
        self._marks: deque[tuple[float, str]] = deque(maxlen=MOST_MARKS)

    def copied(self, event: ObjectCopied) -> None:
        self._done.append(event)

    def retrying(self, event: Retrying, at: float) -> None:
        """A request to an end is tried again in a while."""
        self._waiting.append((at + event.delay_s, event))
        is_slowed = any(word in event.cause.casefold() for word in run_words.ASKS_FOR_LESS)
        self.mark(run_words.THROTTLED if is_slowed else run_words.RETRYING, at)

    def mark(self, text: str, at: float) -> None:
        """Something to be seen in the plot; told once where it goes on."""
        last = next((mark for mark in reversed(self._marks) if mark[1] == text), None)
        if last is None or at - last[0] >= APART_S:
            self._marks.append((at, text))

    def marks(self, now: float, span_s: float) -> tuple[tuple[float, str], ...]:
        """Seconds ago, and what."""
        return tuple((now - at, text) for at, text in self._marks if now - at <= span_s)

    def waiting(self, now: float) -> tuple[Row, ...]:
        """Requests that wait for another try, the soonest first."""
        soonest = sorted(
            ((until, event) for until, event in self._waiting if until > now), key=lambda each: each[0]
        )
        return tuple(
            Row(
                (
                    event.operation,
                    event.end,
                    f"{until - now:.1f} s",
                    str(event.attempt),
                    visible(event.cause, 120),
                ),
                Tone.WARN,
            )
            for until, event in soonest
        )

    def row_of(self, key: str) -> int | None:
        """Where the newest copy of that key stands among `done`."""
        return next((n for n, event in enumerate(reversed(self._done)) if event.key == key), None)

    def done(self) -> tuple[Row, ...]:
        """The newest copies first."""
        return tuple(
            Row(
                (
                    shown_key(event.key),
                    show_size(event.size_bytes),
                    ASSURANCES.get(event.assurance, event.assurance),
                ),
                Tone.OK,
            )
            for event in reversed(self._done)
        )
