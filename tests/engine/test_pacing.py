"""How many transfers a run has under way: by itself, by hand, and what is told of it."""

from __future__ import annotations

import queue
import threading
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from migrator.config import job_from
from migrator.engine.copying import MOST_FREE, Buffers
from migrator.engine.pacing import BODIES_BYTES, Pacer
from migrator.engine.ports import Ports, Stop, Threads
from migrator.engine.service import EngineService
from migrator.engine.wishes import Wish
from migrator.errors import JobFileError, Throttled, UsageError
from migrator.model.events import (
    Event,
    LimitChanged,
    ObjectCopied,
    PaceChanged,
    RunStarted,
    Summary,
    TransferProgress,
)
from migrator.model.ledger import Outcome
from migrator.model.pace import MOST, START
from tests.support.faulty import Faulty, fails
from tests.support.world import JOB, World

SLOW_DOWN = Throttled("slow down", code="SlowDown", status=503)


def filled(world: World, count: int = 60) -> World:
    for number in range(count):
        world.seed(f"{number:04}", f"body {number}".encode())
    return world


# -- in the job file -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "threads", "adjusts"), [("auto", 16, True), (1, 1, False), (512, 512, False)]
)
def test_the_number_is_fixed_or_adjusts_itself(written: object, threads: int, adjusts: bool) -> None:
    transfer = job_from({**JOB, "transfer": {"threads": written}}).transfer
    assert (transfer.threads, transfer.adjusts_threads) == (threads, adjusts)


@pytest.mark.parametrize("written", [0, 513, -1, True, "16", "Auto", 1.5])
def test_a_number_that_is_none_is_named(written: object) -> None:
    with pytest.raises(JobFileError, match=r"transfer.threads.*1 and 512, or \"auto\""):
        job_from({**JOB, "transfer": {"threads": written}})


# -- a whole run ---------------------------------------------------------------------------------


def test_where_it_adjusts_itself_an_end_that_asks_for_less_gets_half(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migrator.engine.transfer.TICK_S", 0.0)
    filled(world).set("transfer", threads="auto")
    world.destination = Faulty(world.destination, fails("PutObject", SLOW_DOWN, nth=5))
    world.run()
    first = world.of(PaceChanged)[0]
    assert (first.before, first.after, first.cause, first.end) == (16, 8, "throttled", "Lyve Cloud")
    assert first.adjusts
    assert world.of(RunStarted)[0].adjusts
    assert world.of(Summary)[0].outcome is Outcome.COMPLETED
    assert world.there == world.here
    assert world.state.threads == world.of(PaceChanged)[-1].after


def test_a_fixed_number_stays_exactly_what_it_is(world: World) -> None:
    filled(world).set("transfer", threads=7)
    world.destination = Faulty(world.destination, fails("PutObject", SLOW_DOWN, nth=5, times=3))
    sizes: list[int] = []

    class Watched(Threads):
        def resize(self, count: int) -> None:
            sizes.append(count)
            super().resize(count)

    world.executor = Watched
    world.run()
    assert sizes == []
    assert world.of(PaceChanged) == []
    assert not world.of(RunStarted)[0].adjusts
    assert world.of(Summary)[0].outcome is Outcome.COMPLETED


def test_bodies_in_memory_fit_into_a_fixed_room_where_the_number_adjusts_itself(
    world: World, small_parts: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole objects and parts together; the largest may come on top."""
    monkeypatch.setattr("migrator.engine.pacing.BODIES_BYTES", 4 * 1024)
    monkeypatch.setattr("migrator.engine.transfer.SMALL_BYTES", 100)
    for number in range(40):
        world.seed(f"{number:02}", bytes(900))
        world.seed(f"{number:02}-large", bytes(2_500))
    world.set("transfer", threads="auto")
    lock, held = threading.Lock(), Counter[str]()
    inner = world.source

    class Watched:
        def __getattr__(self, name: str) -> Any:
            return getattr(inner, name)

        def read(self, bucket: str, key: str, into: bytearray, **how: Any) -> Any:
            with lock:
                held["now"] += len(into)
                held["most"] = max(held["most"], held["now"])
            try:
                return inner.read(bucket, key, into, **how)
            finally:
                with lock:
                    held["now"] -= len(into)

    world.source = Watched()
    assert world.run().outcome is Outcome.COMPLETED
    assert 0 < held["most"] <= 5 * 1024


def test_buffers_of_parts_belong_to_no_thread_and_are_used_again() -> None:
    """With hundreds of threads, one kept by each would be gigabytes."""
    buffers = Buffers()
    first, second = buffers.take(1000), buffers.take(1000)
    assert first is not second
    buffers.give_back(first)
    assert buffers.take(1000) is first
    buffers.give_back(first)
    assert len(buffers.take(300)) == 300
    for _ in range(100):
        buffers.give_back(bytearray(1000))
    assert len(buffers._free) == MOST_FREE


# -- by hand -------------------------------------------------------------------------------------


def _at_first(world: World, kind: type[Event], wish: Wish) -> World:
    """Somebody wishes something when the first such event is told."""
    waiting = [wish]

    def hear(event: Event) -> None:
        if isinstance(event, kind) and waiting:
            world.ports.wishes.put(waiting.pop())

    world.on_event = hear
    return world


@pytest.mark.usefixtures("inline")
@pytest.mark.parametrize("kind", [RunStarted, TransferProgress])
def test_a_number_wished_for_is_taken_at_once_and_told(
    world: World, kind: type[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migrator.engine.transfer.TICK_S", 0.0)
    _at_first(filled(world), kind, Wish(threads=40, bandwidth_bytes_s=1_000_000)).run()
    assert world.of(PaceChanged) == [PaceChanged(3, 40, "hand")]
    assert world.of(LimitChanged) == [LimitChanged(0, 1_000_000)]
    assert (world.state.threads, world.state.bandwidth_bytes_s) == (40, 1_000_000)
    assert world.of(Summary)[0].outcome is Outcome.COMPLETED


@pytest.mark.usefixtures("inline")
def test_adjusting_itself_can_be_switched_on_and_off_by_hand(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migrator.engine.transfer.TICK_S", 0.0)
    _at_first(filled(world), RunStarted, Wish(threads="auto")).run()
    assert world.of(PaceChanged)[0] == PaceChanged(3, 3, "hand", adjusts=True)
    assert world.state.adjusts
    world.events.clear()
    filled(world, 90).set("transfer", threads="auto")
    _at_first(world, RunStarted, Wish(threads=16)).run()
    assert world.of(PaceChanged) == [PaceChanged(16, 16, "hand")]
    assert not world.state.adjusts


@pytest.mark.usefixtures("inline")
def test_a_wish_for_what_is_there_already_is_not_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("migrator.engine.transfer.TICK_S", 0.0)
    _at_first(filled(world), RunStarted, Wish(threads=3, bandwidth_bytes_s=0)).run()
    assert world.of(PaceChanged) == []
    assert world.of(LimitChanged) == []


def test_a_running_service_takes_wishes_and_refuses_impossible_ones(world: World) -> None:
    filled(world, 20)
    gate = threading.Event()
    inner = world.destination

    class Held:
        """Writes wait until the wish was granted."""

        def __getattr__(self, name: str) -> Any:
            return getattr(inner, name)

        def put(self, bucket: str, key: str, *args: Any, **how: Any) -> Any:
            if not key.startswith(".migrator/"):
                assert gate.wait(60)
            return inner.put(bucket, key, *args, **how)

    world.destination = Held()
    service = EngineService(world.root, world._open)
    for wrong in ({"threads": 0}, {"threads": 513}, {"bandwidth_bytes_s": -1}):
        with pytest.raises(UsageError):
            service.change(**wrong)  # type: ignore[arg-type]
    service.start(world.table, {})
    told: list[Event] = []

    def until(kind: type[Event]) -> Event:
        while True:
            try:
                told.append(service.events.get(timeout=60))
            except queue.Empty:
                raise AssertionError(f"no {kind.__name__} after {told[-3:]}") from None
            if isinstance(told[-1], kind):
                return told[-1]

    until(TransferProgress)
    service.change(threads=12, bandwidth_bytes_s=5_000_000)
    assert until(PaceChanged) == PaceChanged(3, 12, "hand")
    assert until(LimitChanged) == LimitChanged(0, 5_000_000)
    gate.set()
    end = until(Summary)
    assert isinstance(end, Summary)
    assert end.outcome is Outcome.COMPLETED
    assert sum(isinstance(each, ObjectCopied) for each in told) == 20
    assert service.close(60)


# -- threads -------------------------------------------------------------------------------------


class Crowd:
    """Tasks that wait in the threads until they are let go, and how many are there at a time."""

    def __init__(self, executor: Threads) -> None:
        self.executor = executor
        self._lock = threading.Lock()
        self._inside = 0
        self.arrived = threading.Semaphore(0)
        self._go = threading.Semaphore(0)
        self.started = 0

    def task(self) -> None:
        with self._lock:
            self._inside += 1
        self.arrived.release()
        assert self._go.acquire(timeout=60)
        with self._lock:
            self._inside -= 1

    def fill(self, count: int) -> None:
        for _ in range(count):
            self.executor.start(self.started, self.task)
            self.started += 1

    def wait_for(self, count: int) -> None:
        for _ in range(count):
            assert self.arrived.acquire(timeout=60)

    def let_go(self, count: int) -> None:
        for _ in range(count):
            self._go.release()
        left = count
        while left:
            left -= len(self.executor.finished(60))

    @property
    def inside(self) -> int:
        with self._lock:
            return self._inside


def test_threads_become_more_while_they_are_busy() -> None:
    executor = Threads(2)
    crowd = Crowd(executor)
    crowd.fill(20)
    crowd.wait_for(2)
    assert crowd.inside == 2
    executor.resize(6)
    crowd.fill(4)
    crowd.wait_for(4)
    assert crowd.inside == 6
    crowd.let_go(24)
    executor.close()


def test_threads_become_fewer_as_their_tasks_end_and_more_again() -> None:
    executor = Threads(8)
    crowd = Crowd(executor)
    crowd.fill(30)
    crowd.wait_for(8)
    executor.resize(3)
    crowd.let_go(8)
    crowd.wait_for(3)
    assert crowd.inside == 3
    assert not crowd.arrived.acquire(blocking=False)
    executor.resize(5)
    crowd.fill(2)
    crowd.wait_for(2)
    assert crowd.inside == 5
    crowd.let_go(24)
    executor.close()


def test_idle_threads_leave_too_and_small_tasks_are_not_lost() -> None:
    executor = Threads(8)
    for number in range(40):
        executor.start(number, lambda: None, is_small=True)
    seen = set()
    while len(seen) < 40:
        seen |= {done.tag for done in executor.finished(60)}
    executor.resize(1)
    for number in range(40, 80):
        executor.start(number, lambda: None, is_small=True)
    while len(seen) < 80:
        seen |= {done.tag for done in executor.finished(60)}
    executor.close()
    assert seen == set(range(80))


def test_a_group_of_small_tasks_is_left_to_others_by_a_thread_that_leaves() -> None:
    executor = Threads(2)
    crowd = Crowd(executor)
    for number in range(16):
        executor.start(number, crowd.task, is_small=True)
    assert executor.finished(0.0) == []
    crowd.wait_for(2)
    executor.resize(1)
    crowd.let_go(16)
    executor.close()
    assert crowd.inside == 0


def sizes_of_groups(executor: Threads) -> list[int]:
    """How many tasks were handed over together; it grows with each time."""
    sizes: list[int] = []
    hand_over = executor._hand_over

    def remember(tasks: list[Any]) -> None:
        sizes.append(len(tasks))
        hand_over(tasks)

    executor._hand_over = remember  # type: ignore[method-assign]
    return sizes


def test_small_tasks_that_come_while_all_are_busy_go_in_one_group() -> None:
    """Handed over one by one, or to two, they would wake threads that have enough to do."""
    executor = Threads(2)
    crowd = Crowd(executor)
    crowd.fill(4)
    crowd.wait_for(2)  # two are busy, and as many tasks wait for them
    sizes = sizes_of_groups(executor)
    for number in range(8):
        executor.start(number, lambda: None, is_small=True)
    assert executor.finished(0) == []
    assert sizes == []
    crowd.let_go(1)
    crowd.wait_for(1)
    executor.finished(0)  # there is room for one group now
    assert sizes == [8]
    crowd._go.release(3)
    left = 11
    while left:
        left -= len(executor.finished(60))
    executor.close()


@pytest.mark.parametrize(("task_s", "together"), [(0.0, 8), (0.001, 8), (0.01, 5), (0.05, 1), (10.0, 1)])
def test_tasks_that_take_long_go_one_by_one(task_s: float, together: int) -> None:
    """None is left with several when others have none: as over a slow network."""
    executor = Threads(4)
    executor._task_s = task_s
    sizes = sizes_of_groups(executor)
    for number in range(32):
        executor.start(number, lambda: None, is_small=True)
    executor.finished(0)
    assert sizes[:4] == [together] * 4
    executor.close()


def test_closing_waits_for_what_is_under_way_and_forgets_the_rest() -> None:
    executor = Threads(2)
    crowd = Crowd(executor)
    crowd.fill(10)
    crowd.wait_for(2)
    closing = threading.Thread(target=executor.close)
    closing.start()
    crowd._go.release(2)
    closing.join(60)
    assert not closing.is_alive()
    assert crowd.inside == 0
    assert not crowd.arrived.acquire(blocking=False)


# -- what it looks at ----------------------------------------------------------------------------


class Hand:
    """A clock and a processor that are moved by hand, and an executor that only remembers."""

    def __init__(self, threads: object = "auto") -> None:
        self.now_s, self.used_s = 0.0, 0.0
        self.sizes: list[int] = []
        self.told: list[Event] = []
        hand = self

        class Moved(Ports):
            def now(self) -> float:
                return hand.now_s

            def cpu_s(self) -> float:
                return hand.used_s

        class Nowhere:
            source = destination = None

        self.ports = Moved(stop=Stop())
        how = job_from({**JOB, "transfer": {"threads": threads}}).transfer
        self.meter: Any = type("Still", (), {"has_waited": False, "limit_bytes_s": 0})()
        self.pacer = Pacer(how, Nowhere(), self, self.meter, self.ports, self.told.append)  # type: ignore[arg-type]

    def resize(self, count: int) -> None:
        self.sizes.append(count)

    def go_on(self, seconds: float, *, latency_s: float = 0.1, cpu: float = 0.1, **held: bool) -> None:
        end = self.now_s + seconds
        owed = 0.0
        while self.now_s < end:
            self.now_s += 0.1
            self.used_s += 0.1 * cpu
            owed += self.pacer.threads / latency_s * 0.1
            while owed >= 1:
                self.pacer.done(4096)
                owed -= 1
            for name, value in held.items():
                setattr(self.meter if name == "has_waited" else self.pacer, name, value)
            self.pacer.tick()


def test_far_from_both_ends_it_soon_has_hundreds_under_way() -> None:
    hand = Hand()
    hand.go_on(8)
    assert hand.sizes == [32, 64, 128, 256] == [each.after for each in hand.told]  # type: ignore[union-attr]
    assert hand.pacer.memory_bytes == BODIES_BYTES


@pytest.mark.parametrize(
    "bound", [{"cpu": 0.95}, {"was_full": True}, {"was_short": True}, {"has_waited": True}]
)
def test_where_something_else_is_the_limit_nothing_is_tried(bound: dict[str, Any]) -> None:
    hand = Hand()
    hand.go_on(60, **bound)
    assert hand.told == []
    hand.go_on(20)
    assert hand.pacer.threads > START


def test_a_fixed_number_looks_at_nothing() -> None:
    hand = Hand(20)
    hand.go_on(30)
    assert (hand.sizes, hand.told, hand.pacer.threads) == ([], [], 20)


def test_files_that_the_system_allows_bound_the_number(monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource", reason="only where the system counts files")
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 364))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: asked.append(limits))
    hand = Hand()
    hand.go_on(20)
    assert asked == [(364, 364)]
    assert hand.pacer.threads == (364 - 64) // 3 < MOST


def test_the_connections_kept_are_enough_for_any_number() -> None:
    job = job_from({**JOB, "transfer": {"threads": "auto"}})
    opened: list[Any] = []

    def open_store(connection: Any, **_: Any) -> Any:
        opened.append(connection)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("migrator.store.opening.open_store", open_store)
        from migrator.credentials import Keys
        from migrator.engine.ends import open_s3

        open_s3(job.source, Keys("AKIATEST", "secret"), replace(job.transfer, threads=1))
    assert opened[0].threads >= MOST
