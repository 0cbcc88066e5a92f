"""Who waits for what among the workers, so that an object that does not move can say why.

A worker writes of itself only, and only when it has to wait anyway; the control thread reads ten times a
second. No lock: each thread has an entry of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from threading import get_ident
from typing import TypeVar

from migrator.model.active import Waiting, Why

T = TypeVar("T")


class _Worker:
    """The object that a thread is busy with, and what it waits for, if it does, until when."""

    __slots__ = ("end", "seq", "until", "why")

    def __init__(self, seq: int) -> None:
        self.seq = seq
        self.why: Why | None = None
        self.end = ""
        self.until = 0.0


class Waits:
    """Of one run. All methods but `of_objects` are called by workers."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._workers: dict[int, _Worker] = {}

    def during(self, seq: int, task: Callable[[], T]) -> T:
        """Carry out a task for object `seq`."""
        thread = get_ident()
        self._workers[thread] = _Worker(seq)
        try:
            return task()
        finally:
            self._workers.pop(thread, None)

    def begin(self, why: Why, end: str = "", seconds: float = inf) -> None:
        """The calling thread is about to wait, as far as it knows for so long. After that it tries again, and
        waits still until that is `over`. Threads without an object do not count."""
        worker = self._workers.get(get_ident())
        if worker is not None:
            # `why` comes last: with it the rest counts.
            worker.end, worker.until = end, self._now() + seconds
            worker.why = why

    def over(self) -> None:
        """It goes on."""
        worker = self._workers.get(get_ident())
        if worker is not None:
            worker.why = None

    def of_objects(self) -> dict[int, Waiting]:
        """By object, where none of the threads that are busy with it gets on: what the first one waits for
        that will try again."""
        now = self._now()
        moving: set[int] = set()
        first: dict[int, tuple[float, Waiting]] = {}
        for worker in self._workers.copy().values():  # copied in one step: threads come and go
            seq, until, why = worker.seq, worker.until, worker.why
            if why is None:
                moving.add(seq)
            elif seq not in first or until < first[seq][0]:
                seconds = 0.0 if until == inf else max(0.0, until - now)
                first[seq] = until, Waiting(why, worker.end, seconds)
        return {seq: waiting for seq, (_, waiting) in first.items() if seq not in moving}
