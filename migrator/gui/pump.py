"""Moves events from the service's queue to the presenter in small batches, so that a burst never freezes
the window. No tkinter: whoever owns the timer calls `tick` and asks `next_ms` when to come back.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterable

from migrator.model.events import Event

TICK_MS = 50
#: Where a batch ended with more waiting; the rest of the time belongs to the window.
BUSY_MS = 10
MAX_EVENTS = 200
MAX_S = 0.008


class Pump:
    """Bounded draining: at most 200 events or 8 ms a tick."""

    def __init__(
        self,
        events: queue.SimpleQueue[Event],
        take: Callable[[Iterable[Event]], None],
        *,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._events, self._take, self._clock = events, take, clock
        self._last_tick: float | None = None
        self.longest_gap_s = 0.0  #: between two ticks: what a person would feel as a stall
        self.longest_batch = 0
        self.longest_batch_s = 0.0
        self.is_idle = True

    def tick(self) -> int:
        """Take one batch; returns how many events it had."""
        start = self._clock()
        if self._last_tick is not None:
            self.longest_gap_s = max(self.longest_gap_s, start - self._last_tick)
        self._last_tick = start
        taken = 0
        self.is_idle = False
        while taken < MAX_EVENTS:
            try:
                event = self._events.get_nowait()
            except queue.Empty:
                self.is_idle = True
                break
            self._take((event,))
            taken += 1
            if self._clock() - start >= MAX_S:
                break
        self.longest_batch = max(self.longest_batch, taken)
        self.longest_batch_s = max(self.longest_batch_s, self._clock() - start)
        return taken

    @property
    def next_ms(self) -> int:
        """When the next tick is due."""
        return TICK_MS if self.is_idle else BUSY_MS
