"""The short form of the soak, and that its gauges would notice a leak."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.soak.gauges import GAUGES, Sample, Slope, grown_types, least_squares, slopes, table
from tests.soak.scenes import Size

SHORT_S = 40.0
SHORT = Size(most_objects=200, most_large=1)

#: A process that holds on to nothing: memory goes up while it warms up, and down a little at times.
STEADY = [
    Sample(60.0 * n, n, 90.0 + 30 * min(n, 8) / 8 + n % 3, 140.0, 300_000 + n % 5 * 100, 9, 2)
    for n in range(1, 31)
]


def leaks(change: Callable[[Sample], Sample]) -> list[str]:
    return [slope.gauge.name for slope in slopes([change(sample) for sample in STEADY]) if slope.is_leak]


def test_what_happens_while_a_process_warms_up_is_no_leak() -> None:
    assert leaks(lambda sample: sample) == []


@pytest.mark.parametrize(
    ("what", "each_time", "name"),
    [
        ("rss_mib", 1, "resident memory"),
        ("blocks", 2_000, "memory blocks"),
        ("descriptors", 1, "file descriptors"),
        ("threads", 1, "threads"),
    ],
)
def test_what_grows_from_run_to_run_is_a_leak(what: str, each_time: int, name: str) -> None:
    assert leaks(lambda s: replace(s, **{what: getattr(s, what) + each_time * s.lives})) == [name]


def test_a_little_more_is_no_slope_and_neither_is_what_has_not_settled() -> None:
    memory = GAUGES[0]
    much = Slope(memory, per_hour=60.0, seconds=1200)
    assert much.is_leak
    assert not replace(much, seconds=memory.settles_s - 1).is_leak
    assert not replace(much, per_hour=memory.most_per_hour + 1, seconds=700).is_leak


def test_the_slope_is_that_of_the_nearest_line() -> None:
    assert least_squares([0, 1, 2, 3], [5, 7, 9, 11]) == pytest.approx(2)
    assert least_squares([0, 1, 2], [1, 3, 1]) == pytest.approx(0)


def test_too_few_samples_are_told_of() -> None:
    with pytest.raises(ValueError, match="too few"):
        slopes(STEADY[:1])
    with pytest.raises(ValueError, match="too few"):
        slopes([])


def test_types_of_which_there_are_more_are_named_the_most_first() -> None:
    end = replace(STEADY[-1], types=Counter({"some.Entry": 50, "dict": 9, "list": 2}))
    assert grown_types([*STEADY[:-1], end]) == "some.Entry +50, dict +9, list +2"
    assert grown_types(STEADY) == "none"


def test_a_long_soak_has_a_short_table_with_its_beginning_and_its_end() -> None:
    many = [Sample(float(n), n, 1.0, 1.0, 1, 1, 1) for n in range(1, 1001)]
    lines = table(many).splitlines()
    assert len(lines) < 50
    assert lines[1].split()[1] == "1"
    assert lines[-1].split()[1] == "1000"


@pytest.mark.long
@pytest.mark.timeout(400)
@pytest.mark.skipif(sys.platform == "win32", reason="signals, and counting file descriptors")
def test_a_short_soak_loses_nothing_and_leaks_nothing(tmp_path: Path) -> None:
    from tests.soak.__main__ import soak

    found, shared = soak(SHORT_S, seed=1, size=SHORT, root=tmp_path)
    assert shared.objects
    assert sum(shared.services.struck.values())
    assert [slope.text() for slope in found if slope.is_leak] == []
