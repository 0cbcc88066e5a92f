"""Real threads on a clock of their own: one runs at a time, waiting costs nothing, all is reproducible."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from migrator.engine.ports import Ports


class TurnsClock:
    """Moved by `TakingTurns` only."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def wall(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.now_s


class TakingTurns(Ports):
    """Ports whose `wait` gives the turn to whoever wakes first."""

    def __init__(self) -> None:
        self.time = TurnsClock()
        super().__init__(clock=self.time)
        self._waiting: list[tuple[float, int, threading.Semaphore]] = []
        self._number = 0
        self._own = threading.local()
        self._is_over = threading.Semaphore(0)
        self.problems: list[BaseException] = []

    @property
    def elapsed_s(self) -> float:
        return self.time.now_s - 100.0

    def run(self, works: Sequence[Callable[[], None]]) -> None:
        """Until every one of `works` has returned, each in a thread of its own."""
        threads = [threading.Thread(target=self._live, args=(work,), daemon=True) for work in works]
        for thread in threads:
            thread.start()
            self._is_over.acquire()  # it waits for its turn
        self._next()
        for thread in threads:
            thread.join()
        if self.problems:
            raise self.problems[0]

    def wait(self, seconds: float) -> bool:
        if seconds > 0:
            self._sleep(self.time.now_s + seconds)
        return self.stop.is_asked

    def _live(self, work: Callable[[], None]) -> None:
        self._own.turn = threading.Semaphore(0)
        self._push(self.time.now_s)
        self._is_over.release()
        self._own.turn.acquire()
        try:
            work()
        except BaseException as problem:  # told by `run`
            self.problems.append(problem)
        self._next()

    def _sleep(self, until_s: float) -> None:
        self._push(until_s)
        self._next()
        self._own.turn.acquire()

    def _push(self, until_s: float) -> None:
        self._number += 1
        heapq.heappush(self._waiting, (until_s, self._number, self._own.turn))

    def _next(self) -> None:
        if self._waiting:
            at, _, turn = heapq.heappop(self._waiting)
            self.time.now_s = max(self.time.now_s, at)
            turn.release()
