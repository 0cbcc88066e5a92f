"""The speed of one object under way, as it can be read."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import pairwise
from typing import get_args

import pytest

from migrator.gui import run_words
from migrator.gui.speeds import LEAST_S, NO_SPEED, SILENT_S, STAYS_S, Speeds
from migrator.model.active import ActiveTransfer, Waiting, Why
from migrator.model.events import TransferProgress
from tests.gui import canned
from tests.gui.test_presenter import Desk

MB = 1_000_000


def moving(done: int, key: str = "a") -> tuple[ActiveTransfer, ...]:
    return (ActiveTransfer(key, 1000 * MB, done),)


def test_a_steady_object_has_its_speed_after_a_moment() -> None:
    speeds = Speeds()
    speeds.take(moving(0), 0.0)
    assert speeds.of("a", 0.0) == NO_SPEED
    for n in range(1, 5):
        speeds.take(moving(n * 5 * MB), n * 0.5)
    assert speeds.of("a", 2.0) == "10.0 MB/s"


def test_a_speed_that_is_told_stays_for_a_second_and_bursts_are_smoothed() -> None:
    """Parts end in bursts: 8 MB at once, then nothing for a while."""
    speeds, told = Speeds(), []
    for n in range(200):
        now = n * 0.1
        speeds.take(moving(n // 8 * 8 * MB), now)
        told.append(speeds.of("a", now))
    changes = sum(one != other for one, other in pairwise(told))
    assert changes <= 200 * 0.1 / STAYS_S + 1
    late = [float(each.split()[0]) for each in told[100:]]
    assert 7.0 < min(late) <= max(late) < 14.0  # 10 MB/s in the mean; unsmoothed it is 0 or 80


def test_an_object_that_stands_still_has_no_speed_and_goes_on_with_one() -> None:
    speeds = Speeds()
    for n in range(4):
        speeds.take(moving(n * MB), float(n))
    assert speeds.of("a", 3.0) != NO_SPEED
    speeds.take(moving(3 * MB), 3.0 + SILENT_S)
    assert speeds.of("a", 3.0 + SILENT_S) == NO_SPEED
    speeds.take(moving(5 * MB), 5.0 + SILENT_S)
    assert speeds.of("a", 5.0 + SILENT_S) != NO_SPEED


def test_what_is_begun_once_more_is_measured_from_there() -> None:
    speeds = Speeds()
    speeds.take(moving(0), 0.0)
    speeds.take(moving(50 * MB), 1.0)
    speeds.take(moving(0), 1.5)
    assert speeds.of("a", 1.5) == NO_SPEED
    speeds.take(moving(2 * MB), 2.5)
    assert speeds.of("a", 2.5) == "2.0 MB/s"


def test_only_what_is_under_way_is_remembered() -> None:
    speeds = Speeds()
    for n in range(10_000):
        speeds.take(moving(0, f"key-{n}"), float(n))
    assert len(speeds) == 1


def test_64_objects_at_ten_events_a_second_cost_next_to_nothing() -> None:
    """Well below the 8 ms that a batch of events may take."""
    speeds, best = Speeds(), float("inf")
    for n in range(200):
        rows = tuple(ActiveTransfer(f"k{k}", 1000 * MB, n * MB) for k in range(64))
        before = time.perf_counter()
        speeds.take(rows, n * LEAST_S)
        for row in rows:
            speeds.of(row.key, n * LEAST_S)
        best = min(best, time.perf_counter() - before)
    assert best < 0.004


def test_the_run_page_shows_it_beside_each_object() -> None:
    desk = Desk()
    desk.run()
    for n in range(4):
        desk.now += 1.0
        desk.hear(TransferProgress(n * 3 * MB, moving(n * 3 * MB, "video/a.mp4")))
    (row,) = desk.see().run.transfers
    assert (row.key, row.speed) == ("video/a.mp4", "3.0 MB/s")


def test_an_object_whose_bytes_are_all_there_has_no_speed_any_more() -> None:
    desk = Desk()
    desk.run()
    for done in (0, 5, 10):
        desk.now += 1.0
        desk.hear(TransferProgress(done, (ActiveTransfer("a", 10, done),)))
    (row,) = desk.see().run.transfers
    assert (row.state, row.speed) == ("writing and verifying", NO_SPEED)


@pytest.mark.parametrize(
    ("bytes_done", "part", "state"),
    [
        *((0, 0, "copying, part 1 of 3"), (20, 2, "copying, part 3 of 3")),
        *((30, 2, "copying, part 3 of 3"), (30, 3, "verifying")),  # read is not yet written
    ],
)
def test_an_object_in_parts_is_verified_once_all_of_them_are_written(
    bytes_done: int, part: int, state: str
) -> None:
    desk = Desk()
    desk.run()
    desk.hear(TransferProgress(1, (ActiveTransfer("a", 30, bytes_done, part, 3),)))
    (row,) = desk.see().run.transfers
    assert row.state == state


@pytest.mark.parametrize(
    ("waiting", "state"),
    [
        (Waiting("slowed", "AWS", 0.8), "waiting 1 s: slowed by AWS"),
        (Waiting("slowed", "Lyve Cloud", 28.3), "waiting 29 s: slowed by Lyve"),
        (Waiting("slowed", "Lyve Cloud", 301.0), "waiting 6 min: slowed by Lyve"),
        (Waiting("slowed", "AWS", 0.0), "trying again: slowed by AWS"),
        (Waiting("silent", "AWS", 3.0), "waiting 3 s: AWS is silent"),
        (Waiting("silent", "AWS"), "trying again: AWS is silent"),
        (Waiting("failing", "AWS", 2.1), "waiting 3 s: error at AWS"),
        (Waiting("failing", "AWS"), "trying again: error at AWS"),
        (Waiting("limit"), "waiting for the speed limit"),
    ],
)
@pytest.mark.parametrize(("done", "part"), [(0, 0), (10, 0), (10, 2), (20, 2)])
def test_what_waits_says_for_what_and_has_no_speed(
    waiting: Waiting, state: str, done: int, part: int
) -> None:
    desk = Desk()
    desk.run()
    for n in range(3):
        desk.now += 1.0
        row = ActiveTransfer("a", 20, max(0, done - 4 + 2 * n), part, 2 if part else 0)
        desk.hear(TransferProgress(n, (row,)))
    (shown,) = desk.hear(TransferProgress(3, (replace(row, waiting=waiting),))).run.transfers
    assert (shown.state, shown.speed) == (state, NO_SPEED)
    (goes_on,) = desk.hear(TransferProgress(4, (row,))).run.transfers
    assert goes_on.state != state


def test_there_are_words_for_every_wait_and_a_picture_of_each() -> None:
    assert set(get_args(Why)) == set(run_words.WAITS) == {each.why for each in canned.WAITS}


def test_the_next_run_begins_without_the_speeds_of_the_last() -> None:
    desk = Desk()
    desk.run()
    for n in range(3):
        desk.now += 1.0
        desk.hear(TransferProgress(n * MB, moving(n * MB)))
    desk.hear(canned.summary())
    desk.hear(*canned.started("resume"), TransferProgress(0, moving(2 * MB)))
    (row,) = desk.see().run.transfers
    assert row.speed == NO_SPEED
