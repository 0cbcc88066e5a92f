"""Everything the engine takes from the outside world besides stores and journal: time, chance, threads.

The control thread reaches them only through these, so that a test (and later a simulator) can replace them.
"""

from __future__ import annotations

import queue
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Stop:
    """The one stop flag of a run. Once asked: no new request begins. Asked twice: requests break off."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._now = threading.Event()
        self.signal = 0  #: the signal that asked, for the exit code; 0 for a button

    def ask(self, signal: int = 0) -> None:
        if self._asked.is_set():
            self._now.set()
        self.signal = self.signal or signal
        self._asked.set()

    @property
    def is_asked(self) -> bool:
        return self._asked.is_set()

    @property
    def is_urgent(self) -> bool:
        return self._now.is_set()

    def wait(self, seconds: float) -> bool:
        """Sleep at most `seconds`; True where somebody asked to stop."""
        return self._asked.wait(seconds) if seconds > 0 else self._asked.is_set()


class Clock(Protocol):
    def wall(self) -> datetime:
        """Now, aware, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...


class SystemClock:
    def wall(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


@dataclass(frozen=True, slots=True)
class Done:
    """A task that ended: `tag` as given to `start`, and either a result or an error."""

    tag: Any
    result: Any = None
    error: BaseException | None = None


#: Pages that are fetched at a time.
LISTERS = 8
#: Small tasks that one thread is given at once.
MOST_TOGETHER = 8


class Executor(Protocol):
    """Runs tasks; their ends come back to the control thread, which alone decides what they mean."""

    def start(self, tag: Any, task: Callable[[], Any], *, is_small: bool = False) -> None:
        """Begin a task, at the latest when `finished` is called next. Small ones may share a thread: one
        after the other, their ends heard of together."""
        ...

    def finished(self, timeout_s: float) -> list[Done]:
        """Every task that has ended by now; waits up to `timeout_s` for the first."""
        ...

    def ahead(self, task: Callable[[], T]) -> Callable[[], T]:
        """Begin a task; calling what is returned waits for its result, or raises what it raised."""
        ...

    def close(self) -> None:
        """Wait for every thread to end."""
        ...


class Threads:
    """The executor of real runs: a fixed pool, joined by `close`.

    Small tasks are handed over in groups: waking a thread costs as much as half a small object.
    """

    def __init__(self, count: int, name: str = "worker") -> None:
        self._count = count
        self._small: list[tuple[Any, Callable[[], Any]]] = []  # not handed over yet
        self._pool = ThreadPoolExecutor(count, thread_name_prefix=name)
        # Listings run beside transfers: two ends, one page ahead each; or one end in ranges.
        self._listers = ThreadPoolExecutor(LISTERS, thread_name_prefix="lister")
        self._done: queue.SimpleQueue[list[Done]] = queue.SimpleQueue()

    def start(self, tag: Any, task: Callable[[], Any], *, is_small: bool = False) -> None:
        if is_small:
            self._small.append((tag, task))
        else:
            self._pool.submit(self._carry_out, [(tag, task)])

    def _carry_out(self, tasks: list[tuple[Any, Callable[[], Any]]]) -> None:
        ended = []
        for tag, task in tasks:
            try:
                ended.append(Done(tag, result=task()))
            except BaseException as error:  # the control thread must hear of every end
                ended.append(Done(tag, error=error))
        self._done.put(ended)

    def finished(self, timeout_s: float) -> list[Done]:
        self._hand_over()
        ended: list[Done] = []
        try:
            ended.extend(self._done.get(timeout=timeout_s))
            while True:
                ended.extend(self._done.get_nowait())
        except queue.Empty:
            return ended

    def _hand_over(self) -> None:
        """Share the small tasks out, so that no thread idles while another has several."""
        small, self._small = self._small, []
        size = max(1, min(MOST_TOGETHER, len(small) // self._count))
        for start in range(0, len(small), size):
            self._pool.submit(self._carry_out, small[start : start + size])

    def ahead(self, task: Callable[[], T]) -> Callable[[], T]:
        future: Future[T] = self._listers.submit(task)
        return future.result

    def close(self) -> None:
        self._listers.shutdown(wait=True, cancel_futures=True)
        self._pool.shutdown(wait=True, cancel_futures=True)


@dataclass
class Ports:
    """The outside world of one run."""

    stop: Stop = field(default_factory=Stop)
    clock: Clock = field(default_factory=SystemClock)
    random: random.Random = field(default_factory=random.Random)
    executor: Callable[[int], Executor] = Threads

    def now(self) -> float:
        return self.clock.monotonic()

    def jitter(self) -> float:
        return self.random.random()

    def wait(self, seconds: float) -> bool:
        return self.stop.wait(seconds)

    def new_run_id(self) -> str:
        """Sorts by time (milliseconds, UTC), safe as a file name, unique."""
        now = self.clock.wall()
        return f"{now:%Y%m%dT%H%M%S}{now.microsecond // 1000:03}Z-{self.random.getrandbits(24):06x}"
