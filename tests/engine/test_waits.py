"""What an object waits for while it does not move: told of by the workers, seen by whoever looks at a run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from migrator.engine.meter import TOLD_S, Meter
from migrator.engine.waits import Waits
from migrator.errors import Cancelled, DigestMismatch, StoreError, Throttled, Transient, Unreachable
from migrator.model.active import ActiveTransfer, Waiting
from migrator.model.events import Event, ObjectCopied, TransferProgress
from migrator.store.patience import Policy
from migrator.store.retrying import RetryingStore
from tests.engine.test_retrying import GONE, FakePatience, Scripted
from tests.support.faulty import Faulty, fails
from tests.support.taking_turns import TakingTurns
from tests.support.world import StillPorts, World

SLOW = Throttled("slow", code="SlowDown", status=503)
REST = Throttled("slow", code="SlowDown", status=503, retry_after_s=30.0)
LOST = Transient("connection lost", code="ConnectionClosed")
BROKEN = Transient("try again", code="InternalError", status=500)
BAD = DigestMismatch("bad", status=200)


class Heard:
    """What a store said of the waits of its caller."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str] | str] = []
        self.seconds: list[float] = []

    def begin(self, why: str, end: str, seconds: float) -> None:
        self.said.append((why, end))
        self.seconds.append(seconds)

    def over(self) -> None:
        self.said.append("over")


def asked(*answers: object, **patience: Any) -> tuple[Heard, FakePatience, Callable[[], object]]:
    inner, waiting = Scripted(*answers, probe=GONE), FakePatience(**patience)
    store = RetryingStore(inner, waiting, Policy())  # type: ignore[arg-type]
    heard = store.waiting = Heard()
    return heard, waiting, lambda: store.versioning("b")


# -- who waits ------------------------------------------------------------------------------------


def test_an_object_waits_where_every_worker_that_is_busy_with_it_does() -> None:
    ports = TakingTurns()
    waits, seen = Waits(ports.now), []

    def part(seconds: float) -> Callable[[], None]:
        def task() -> None:
            ports.wait(1)
            waits.begin("slowed", "AWS", seconds)
            ports.wait(seconds)
            waits.over()
            ports.wait(10)

        return lambda: waits.during(7, task)

    def look() -> None:
        for until in (0.5, 2, 4.5):
            ports.wait(until - ports.elapsed_s)
            seen.append(waits.of_objects())

    ports.run([part(3), part(5), look])
    assert seen[0] == {}
    assert set(seen[1]) == {7}
    assert (seen[1][7].why, seen[1][7].end) == ("slowed", "AWS")
    assert seen[1][7].seconds == pytest.approx(2)  # that of the one that is tried again first
    assert seen[2] == {}  # one of them moves
    assert waits.of_objects() == {}


def test_what_is_tried_again_still_waits_until_it_got_on() -> None:
    now = [100.0]
    waits = Waits(lambda: now[0])

    def task() -> list[dict[int, Waiting]]:
        waits.begin("silent", "AWS", 8.0)
        seen = [waits.of_objects()]
        now[0] += 6.5
        seen.append(waits.of_objects())
        now[0] += 60
        seen.append(waits.of_objects())
        waits.over()
        return [*seen, waits.of_objects()]

    assert waits.during(1, task) == [
        {1: Waiting("silent", "AWS", 8.0)},
        {1: Waiting("silent", "AWS", 1.5)},
        {1: Waiting("silent", "AWS", 0.0)},
        {},
    ]


def test_what_a_task_waited_for_is_forgotten_with_it_however_it_ends() -> None:
    waits = Waits(lambda: 0.0)

    def task() -> None:
        waits.begin("failing", "AWS", 5.0)
        raise Cancelled

    with pytest.raises(Cancelled):
        waits.during(1, task)
    assert waits.of_objects() == {}
    assert waits.during(1, waits.of_objects) == {}


def test_a_thread_without_an_object_waits_for_none() -> None:
    """Listings are slowed down, too."""
    waits = Waits(lambda: 0.0)
    waits.begin("slowed", "AWS", 5.0)
    waits.over()
    assert waits.of_objects() == {}


# -- what a store says ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "why"),
    [
        *((SLOW, "slowed"), (REST, "slowed"), (LOST, "silent"), (GONE, "silent")),
        *((BROKEN, "failing"), (BAD, "failing")),
    ],
)
def test_the_reason_is_what_the_end_did(error: StoreError, why: str) -> None:
    heard, patience, call = asked("fine", error, error, "fine")
    call()
    assert heard.said == []  # nothing is told, and nothing done, where nobody waits
    call()
    assert [each for each in heard.said if each != "over"].count((why, "AWS")) >= 2
    assert heard.said[-1] == "over"
    assert heard.seconds == patience.waits


def test_one_that_gives_up_does_not_wait_any_more() -> None:
    heard, _, call = asked(BROKEN)
    with pytest.raises(Transient):
        call()
    assert len(heard.said) == Policy().tries
    assert heard.said[-1] == "over"


def test_whoever_waits_for_its_turn_at_an_end_that_asked_for_less_says_so() -> None:
    heard, patience, call = asked(REST, "fine")
    for _ in range(50):
        call()
    assert set(heard.said) == {("slowed", "AWS"), "over"}
    assert heard.said[-1] == "over"
    assert len(heard.seconds) > 10
    assert heard.seconds == patience.waits


def test_one_that_must_not_be_done_twice_says_so_too() -> None:
    class Lays:
        end = "AWS"

        def __init__(self) -> None:
            self.answers: list[Exception] = [SLOW]

        def lay_marker(self, bucket: str, key: str) -> str:
            if self.answers:
                raise self.answers.pop()
            return "marker"

    store = RetryingStore(Lays(), FakePatience())  # type: ignore[arg-type]
    heard = store.waiting = Heard()
    assert store.lay_marker("b", "k") == "marker"
    assert heard.said[0] == ("slowed", "AWS")
    assert heard.said[-1] == "over"


# -- the limit ------------------------------------------------------------------------------------


def test_a_body_that_has_no_room_under_the_limit_waits_for_it_and_the_one_that_moves_does_not() -> None:
    ports = TakingTurns()
    meter, seen = Meter(ports, 1_000_000), []

    def body(seq: int, wait_s: float) -> Callable[[], None]:
        def task() -> None:
            with meter.flow(seq, 3_000_000) as flow:
                allowed, left = flow(0), 3_000_000
                while left:
                    count = min(left, allowed or left)
                    left -= count
                    allowed = flow(count)

        def work() -> None:
            ports.wait(wait_s)
            meter.waits.during(seq, task)

        return work

    def look() -> None:
        for at in (1.5, 4.5, 7.0):
            ports.wait(at - ports.elapsed_s)
            seen.append(meter.waits.of_objects())

    ports.run([body(1, 0), body(2, 1), look])
    assert seen == [{2: Waiting("limit")}, {}, {}]


@pytest.mark.parametrize(("seconds", "told"), [(TOLD_S * 0.9, {}), (TOLD_S * 1.1, {1: Waiting("limit")})])
def test_only_a_long_wait_between_two_pieces_is_told(seconds: float, told: dict[int, Waiting]) -> None:
    ports = TakingTurns()
    meter, seen = Meter(ports, 1_000_000), []

    def look() -> None:
        ports.wait(0.1)
        seen.append(meter.waits.of_objects())
        ports.wait(seconds)
        seen.append(meter.waits.of_objects())

    def task() -> None:
        meter.pay(int(seconds * 1_000_000))
        ports.wait(1)

    ports.run([lambda: meter.waits.during(1, task), look])
    assert seen == [told, {}]


# -- a whole run ----------------------------------------------------------------------------------


def test_a_run_tells_which_object_waits_for_which_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker sleeps until that was told: no earlier, and not for ever."""
    told = threading.Event()
    rows: list[ActiveTransfer] = []

    def hear(event: Event) -> None:
        if isinstance(event, TransferProgress):
            rows.extend(each for each in event.active if each.waiting is not None)
            if rows:
                told.set()

    def wait(ports: StillPorts, seconds: float) -> bool:
        if seconds > 0 and threading.current_thread().name.startswith("worker"):
            assert told.wait(60), "nobody was told"
        return still(ports, seconds)

    still = StillPorts.wait
    monkeypatch.setattr(StillPorts, "wait", wait)
    world.seed("a", b"body")
    world.destination = Faulty(world.destination, fails("PutObject", REST))
    world.on_event = hear
    world.run()
    assert {each.key for each in rows} == {"a"}
    waiting = rows[0].waiting
    assert waiting is not None
    assert (waiting.why, waiting.end) == ("slowed", "Lyve Cloud")
    assert 0 < waiting.seconds <= 30
    assert [each.key for each in world.of(ObjectCopied)] == ["a"]


class AwayOnce:
    """A source that is gone for the first read, and is read again only when that was told."""

    def __init__(self, inner: Any, told: threading.Event) -> None:
        self._inner, self._told = inner, told
        self.reads = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def read(self, *given: Any, **named: Any) -> Any:
        self.reads += 1
        if self.reads == 1:
            raise Unreachable("gone", code="Unreachable")
        assert self._told.wait(60), "nobody was told"
        return self._inner.read(*given, **named)


def test_an_end_that_is_gone_is_told_of_while_it_is_asked_again(world: World) -> None:
    told = threading.Event()
    waits: list[Waiting] = []

    def hear(event: Event) -> None:
        if isinstance(event, TransferProgress):
            waits.extend(each.waiting for each in event.active if each.waiting)
            if waits:
                told.set()

    world.seed("a", b"body")
    world.source = AwayOnce(world.source, told)
    world.on_event = hear
    world.run()
    assert world.source.reads == 2
    assert (waits[0].why, waits[0].end) == ("silent", "AWS")
    assert [each.key for each in world.of(ObjectCopied)] == ["a"]
