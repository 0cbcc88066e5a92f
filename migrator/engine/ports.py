"""Everything the engine takes from the outside world besides stores and journal: time, chance, threads.

The control thread reaches them only through these, so that a test (and later a simulator) can replace them.
"""

from __future__ import annotations

import queue
import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from migrator.engine.wishes import Wishes

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


#: Pages that are fetched, and questions that are asked, at a time.
LISTERS = 8
#: Small tasks that one thread is given at once, if they do not take longer than that together.
MOST_TOGETHER = 8
TOGETHER_S = 0.05


class Executor(Protocol):
    """Runs tasks; their ends come back to the control thread, which alone decides what they mean."""

    def start(self, tag: Any, task: Callable[[], Any], *, is_small: bool = False) -> None:
        """Begin a task, at the latest when `finished` is called next. Small ones may share a thread: one
        after the other, their ends heard of together."""
        ...

    def finished(self, timeout_s: float) -> list[Done]:
        """Every task that has ended by now; waits up to `timeout_s` for the first."""
        ...

    def resize(self, count: int) -> None:
        """So many tasks at a time from now on, as soon as those beyond have ended."""
        ...

    def ahead(self, task: Callable[[], T]) -> Callable[[], T]:
        """Begin a task; calling what is returned waits for its result, or raises what it raised."""
        ...

    def close(self) -> None:
        """Wait for every thread to end."""
        ...


def together(executor: Executor, tasks: Sequence[Callable[[], T]]) -> list[T]:
    """The results of tasks that are carried out at the same time. What the first one raised that raised
    anything is raised once none of them is under way any more."""
    ends = [executor.ahead(task) for task in tasks]
    results: list[T] = []
    error: Exception | None = None
    for end in ends:
        try:
            results.append(end())
        except Exception as raised:
            error = error or raised
    if error is not None:
        raise error
    return results


_Task = tuple[Any, Callable[[], Any]]


class Threads:
    """The executor of real runs: begins threads as there is work for them, at most as many as are asked for.
    Joined by `close`.

    Small tasks are handed over in groups: waking a thread costs as much as half a small object. So no more
    groups wait for a thread than there are threads, and what is admitted meanwhile makes the next ones
    larger. Where tasks wait for a network, they go one by one: then threads are cheap, and none should have
    several left when others have none. All methods are called by the control thread.
    """

    def __init__(self, count: int, name: str = "worker") -> None:
        self._most = count
        self._name = name
        self._small: list[_Task] = []  # not handed over yet
        self._work: queue.SimpleQueue[list[_Task] | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[tuple[list[Done], float]] = queue.SimpleQueue()
        self._task_s = 0.0  # how long a task of the groups that ended lately took
        self._under_way = 0  # tasks handed over and not heard of
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()  # guards what is below
        self._staying = 0  # threads that have not been told to leave
        self._leaving = 0  # of the others, those that do not know yet
        # Listings run beside transfers: two ends, one page ahead each; or one end in ranges.
        self._listers = ThreadPoolExecutor(LISTERS, thread_name_prefix="lister")

    def start(self, tag: Any, task: Callable[[], Any], *, is_small: bool = False) -> None:
        if is_small:
            self._small.append((tag, task))
        else:
            self._hand_over([(tag, task)])

    def finished(self, timeout_s: float) -> list[Done]:
        self._hand_over_small()
        ended: list[Done] = []
        try:
            group, took_s = self._done.get(timeout=timeout_s)
            while True:
                ended.extend(group)
                self._task_s += (took_s / len(group) - self._task_s) / 16
                group, took_s = self._done.get_nowait()
        except queue.Empty:
            self._under_way -= len(ended)
            return ended

    def resize(self, count: int) -> None:
        """Threads beyond `count` leave after the task that they have."""
        self._most = count
        with self._lock:
            surplus = max(0, self._staying - count)
            self._staying -= surplus
            self._leaving += surplus
        # Whoever waits for work has to be woken to leave; whoever is busy finds it out before these.
        for _ in range(surplus):
            self._work.put([])

    def ahead(self, task: Callable[[], T]) -> Callable[[], T]:
        future: Future[T] = self._listers.submit(task)
        return future.result

    def close(self) -> None:
        self._listers.shutdown(wait=True, cancel_futures=True)
        try:
            while True:
                self._work.get_nowait()
        except queue.Empty:
            for _ in self._threads:
                self._work.put(None)
        for thread in self._threads:
            thread.join()

    # -- handing over ---------------------------------------------------------------------------

    def _hand_over_small(self) -> None:
        """Share the small tasks out, so that no thread idles while another has several."""
        # Where nothing is under way, no end will be heard of that would make room.
        room = self._most - (self._work.qsize() if self._under_way else 0)
        if room <= 0 or not self._small:
            return
        most = int(TOGETHER_S / self._task_s) if self._task_s else MOST_TOGETHER
        size = max(1, min(MOST_TOGETHER, most, len(self._small) // room))
        for start in range(0, min(len(self._small), room * size), size):
            self._hand_over(self._small[start : start + size])
        del self._small[: room * size]

    def _hand_over(self, tasks: list[_Task]) -> None:
        self._under_way += len(tasks)
        self._work.put(tasks)
        if self._staying < self._most and self._staying < self._under_way:
            self._begin_thread()

    def _begin_thread(self) -> None:
        with self._lock:
            self._staying += 1
            if self._leaving:  # one that was to leave and has not yet may as well stay
                self._leaving -= 1
                return
        self._threads = [each for each in self._threads if each.is_alive()]
        thread = threading.Thread(target=self._run, name=f"{self._name}_{len(self._threads)}", daemon=True)
        self._threads.append(thread)
        thread.start()

    # -- in the threads -------------------------------------------------------------------------

    def _run(self) -> None:
        while (tasks := self._work.get()) is not None:
            ended: list[Done] = []
            began = time.monotonic()
            for number, (tag, task) in enumerate(tasks):
                if number and self._leaving:
                    self._work.put(tasks[number:])  # for whoever stays
                    break
                try:
                    ended.append(Done(tag, result=task()))
                except BaseException as error:  # the control thread must hear of every end
                    ended.append(Done(tag, error=error))
            if ended:
                self._done.put((ended, time.monotonic() - began))
            if self._leaving and self._may_leave():
                return

    def _may_leave(self) -> bool:
        with self._lock:
            if not self._leaving:
                return False
            self._leaving -= 1
            return True


@dataclass
class Ports:
    """The outside world of one run."""

    stop: Stop = field(default_factory=Stop)
    clock: Clock = field(default_factory=SystemClock)
    random: random.Random = field(default_factory=random.Random)
    executor: Callable[[int], Executor] = Threads
    wishes: Wishes = field(default_factory=Wishes)

    def now(self) -> float:
        return self.clock.monotonic()

    def cpu_s(self) -> float:
        """Seconds of processor time that this process has used."""
        return time.process_time()

    def jitter(self) -> float:
        return self.random.random()

    def wait(self, seconds: float) -> bool:
        return self.stop.wait(seconds)

    def new_run_id(self) -> str:
        """Sorts by time (milliseconds, UTC), safe as a file name, unique."""
        now = self.clock.wall()
        return f"{now:%Y%m%dT%H%M%S}{now.microsecond // 1000:03}Z-{self.random.getrandbits(24):06x}"
