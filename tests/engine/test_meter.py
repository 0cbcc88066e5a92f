"""The bandwidth limit, kept by many threads, to the byte and on a clock that only waiting moves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from migrator.engine.meter import Meter
from migrator.errors import Cancelled
from migrator.model.allowance import CARRY_S, piece_bytes
from migrator.store.memory import MemoryCloud, MemoryStore
from tests.support.taking_turns import TakingTurns

KIB, MIB = 1 << 10, 1 << 20
WINDOW_S = 10.0


class Line:
    """Threads that read bodies one after the other over a line that is faster than any limit, and what came
    when."""

    def __init__(self, limit_bytes_s: int) -> None:
        self.ports = TakingTurns()
        self.meter = Meter(self.ports, limit_bytes_s)
        self.came: list[tuple[float, int]] = []
        self.ended: list[float] = []

    def read(
        self, seq: int, size_bytes: int, store_chunk: int, call_s: float, until_s: float = float("inf")
    ) -> None:
        """As a store does: in pieces of at most what it is allowed, of `call_s` each."""
        with self.meter.flow(seq, size_bytes) as flow:
            self.ports.wait(call_s)
            allowed, left = flow(0), size_bytes
            while left and self.ports.elapsed_s < until_s:
                count = min(left, store_chunk, allowed or store_chunk)
                self.ports.wait(call_s)
                self.came.append((self.ports.elapsed_s, count))
                left -= count
                allowed = flow(count)
            self.ended.append(self.ports.elapsed_s)

    def reader(self, seq: int, until_s: float, size: int, chunk: int, call_s: float) -> Callable[[], None]:
        def work() -> None:
            while self.ports.elapsed_s < until_s:
                self.read(seq, size, chunk, call_s, until_s)

        return work

    def between(self, begin_s: float, end_s: float) -> int:
        return sum(count for at, count in self.came if begin_s <= at < end_s)


@settings(deadline=None, max_examples=20)
@given(
    threads=st.sampled_from([1, 2, 7, 16, 64]),
    limit=st.sampled_from([10_000, 100_000, 1_000_000, 12_345_678]),
    size=st.sampled_from([4 * KIB, 200 * KIB, MIB + 1, 8 * MIB]),
    chunk=st.sampled_from([16 * KIB, 256 * KIB, MIB]),
)
@example(threads=16, limit=10_000, size=8 * MIB, chunk=MIB)
@example(threads=120, limit=100_000, size=8 * MIB, chunk=256 * KIB)
def test_a_limit_is_exact_within_5_percent_over_any_10_seconds(
    threads: int, limit: int, size: int, chunk: int
) -> None:
    # Fast enough for the limit to be what limits: half a piece's time for each call, all threads together.
    moved_at_once = min(size, chunk, piece_bytes(limit))
    call_s = moved_at_once / limit * min(threads, 4) / 8
    line = Line(limit)
    # Small pieces at a high limit are many: then a shorter time is looked at, and as exactly.
    until = min(22.0, 8_000 * moved_at_once / limit)
    window = min(WINDOW_S, until / 2)
    line.ports.run([line.reader(n, until, size, chunk, call_s) for n in range(threads)])
    for begin in (0.0, until / 4, until - window):
        moved = line.between(begin, begin + window)
        carried = CARRY_S * limit if window < WINDOW_S else 0
        assert 0.95 * limit * window - carried <= moved <= 1.05 * limit * window + carried


@pytest.mark.parametrize("threads", [1, 16, 64])
@pytest.mark.parametrize(
    ("before", "after"), [(50_000_000, 100_000), (100_000, 5_000_000), (1_000_000, 0), (0, 1_000_000)]
)
def test_a_limit_changed_meanwhile_is_exact_from_then_on(threads: int, before: int, after: int) -> None:
    line = Line(before)

    def change() -> None:
        line.ports.wait(5.0)
        line.meter.change(after)

    # Without a limit the line itself carries this much in each thread.
    line_bytes_s = 20e6 if threads == 1 else 2e6
    call_s = 256 * KIB / line_bytes_s
    works = [line.reader(n, 15.0, 8 * MIB, 256 * KIB, call_s) for n in range(threads)]
    line.ports.run([*works, change])
    moved = line.between(5.0, 5.0 + WINDOW_S)
    if after:
        # What was on its way in each thread when the limit came cannot be called back.
        under_way = threads * 256 * KIB
        reachable = min(after, threads * piece_bytes(after) / call_s)
        assert 0.95 * reachable * WINDOW_S <= moved <= 1.05 * after * WINDOW_S + under_way
    else:
        assert moved > 0.9 * (WINDOW_S - 0.3) * threads * line_bytes_s


def test_what_a_pause_left_over_is_not_caught_up_at_once() -> None:
    line = Line(1_000_000)

    def work() -> None:
        line.read(1, 1_000_000, MIB, 0.0)
        line.ports.wait(60.0)
        line.reader(1, line.ports.elapsed_s + 10.0, MIB, MIB, 0.0)()

    line.ports.run([work])
    assert line.between(61.0, 71.0) <= 1_000_000 * (WINDOW_S + CARRY_S)


def test_no_thread_waits_so_long_that_its_connection_would_be_given_up() -> None:
    """A request of which nothing was heard for a minute is broken off."""
    line = Line(0)
    gaps: list[float] = []

    def read() -> None:
        with line.meter.flow(1, MIB) as flow:
            flow(0)
            line.ports.wait(1.0)
            while line.ports.elapsed_s < 60.0:
                before = line.ports.elapsed_s
                flow(500)
                gaps.append(line.ports.elapsed_s - before)

    def limit() -> None:
        line.ports.wait(0.5)
        line.meter.change(10_000)

    line.ports.run([*[read] * 512, limit])
    assert 20 < max(gaps) < 55, "all of them had begun when the limit came"


@pytest.mark.parametrize("threads", [4, 16, 100])
def test_large_bodies_end_one_after_the_other_so_that_they_are_not_all_written_at_once(threads: int) -> None:
    line = Line(2_000_000)
    line.ports.run([line.reader(n, 60.0, 4 * MIB, 256 * KIB, 0.001) for n in range(threads)])
    each_s = 4 * MIB / 2_000_000
    ended = [at for at in line.ended if at < 59]
    assert len(ended) >= 25
    gaps = [after - before for before, after in pairwise(ended)]
    assert min(gaps) > each_s * 0.8
    assert max(gaps) < each_s * 1.2
    assert line.between(10, 50) == pytest.approx(2_000_000 * 40, rel=0.02)


def test_small_objects_do_not_keep_large_ones_out() -> None:
    line = Line(1_000_000)
    small = [line.reader(n, 30.0, 20 * KIB, 256 * KIB, 0.001) for n in range(15)]
    large = Counter[str]()

    def read_large() -> None:
        while line.ports.elapsed_s < 30.0:
            line.read(99, 300 * KIB, 256 * KIB, 0.001)
            large["read"] += 1

    line.ports.run([*small, read_large])
    assert large["read"] >= 10
    assert line.between(5, 25) == pytest.approx(20_000_000, rel=0.02)


def test_a_store_keeps_to_the_pieces_that_it_is_allowed() -> None:
    """Through a real store: a body of 3 MiB at 1 MiB a second takes three seconds, evenly."""
    cloud = MemoryCloud()
    cloud.create_bucket("bucket")
    cloud.seed("bucket", "key", bytes(3 * MIB))
    store, ports = MemoryStore(cloud), TakingTurns()
    meter = Meter(ports, MIB)
    seen: list[tuple[float, int]] = []

    def work() -> None:
        into = bytearray(3 * MIB)
        with meter.flow(1, len(into)) as flow:

            def on_bytes(count: int) -> int | None:
                seen.append((ports.elapsed_s, count))
                return flow(count)

            store.read("bucket", "key", into, on_bytes=on_bytes)

    ports.run([work])
    assert ports.elapsed_s == pytest.approx(3.0, rel=0.01)
    assert meter.snapshot() == (3 * MIB, {1: 3 * MIB})
    moved = 0
    for at, count in seen:
        moved += count
        assert moved <= MIB * at + piece_bytes(MIB)


def test_a_body_that_is_read_again_pays_again() -> None:
    ports = TakingTurns()
    meter = Meter(ports, 1_000_000)

    def work() -> None:
        with meter.flow(1, 500_000) as flow:
            for _ in range(2):
                allowed, left = flow(0), 500_000
                while left:
                    count = min(left, allowed or left)
                    left -= count
                    allowed = flow(count)

    ports.run([work])
    assert ports.elapsed_s == pytest.approx(1.0, rel=0.02)


def test_a_run_that_stops_finishes_what_is_under_way_and_breaks_off_when_told_twice() -> None:
    ports = TakingTurns()
    meter = Meter(ports, 1000)
    ports.stop.ask()
    ports.run([lambda: meter.pay(1_000_000)])
    assert ports.elapsed_s <= 1
    ports.stop.ask()
    with pytest.raises(Cancelled):
        ports.run([lambda: meter.pay(1_000_000)])
    with pytest.raises(Cancelled):
        meter.moved(1, 10)


def test_without_a_limit_nobody_waits() -> None:
    line = Line(0)
    line.read(1, 10 * MIB, 256 * KIB, 0.0)
    assert line.ports.elapsed_s == 0
    assert line.meter.snapshot()[0] == 10 * MIB
