"""Sizes as people write them, and objects cut into parts."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.model.parts import (
    DEFAULT_PART_BYTES,
    GIB,
    MAX_OBJECT_BYTES,
    MAX_PART_BYTES,
    MAX_PARTS,
    MIB,
    MIN_PART_BYTES,
    TIB,
    count_of_parts,
    is_single_put,
    part_size_for,
    parts_of,
)
from migrator.model.sizes import parse_duration, parse_size, show_duration, show_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("500", 500),
        ("7B", 7),
        ("5 GB", 5 * 10**9),
        ("5GB", 5 * 10**9),
        ("  5 gb ", 5 * 10**9),
        ("1.5 GiB", 3 * 2**29),
        ("0.1 KB", 100),
        ("1.9999 B", 1),
        ("5 TiB", 5 * 2**40),
        ("2 MB", 2_000_000),
        ("2 MiB", 2 * MIB),
        ("9007199254740993", 2**53 + 1),
        ("9007199254740.993 KB", 2**53 + 1),
    ],
)
def test_sizes_are_read_exactly(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "GB", "-1", "1,5 GB", "5 G", "5 GBit", "1e3", "0x10", "1.", ".5", "5 GB x", "1 2", "nan"]
)
def test_junk_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="not a size"):
        parse_size(text)


@given(st.integers(0, 5 * 2**40))
def test_what_is_shown_is_close_to_what_it_was(size: int) -> None:
    shown = show_size(size)
    assert abs(parse_size(shown) - size) <= size * 0.051
    assert len(shown) <= len("1000.0 KB")


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 KB"),
        (4249, "4.2 KB"),
        (64 * 10**6, "64.0 MB"),
        (10**15, "1000 TB"),
    ],
)
def test_sizes_are_shown_short(size: int, shown: str) -> None:
    assert show_size(size) == shown


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("15m", 900), ("24h", 86400), ("2d", 172800), ("1.5 H", 5400), ("0s", 0)],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "h", "-1h", "1w", "1h30m", "soon"])
def test_junk_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0 s"), (8.4, "8 s"), (59.6, "1 min 00 s"), (200, "3 min 20 s"), (7500, "2 h 05 min")],
)
def test_durations_are_shown_short(seconds: float, shown: str) -> None:
    assert show_duration(seconds) == shown


# -- parts ----------------------------------------------------------------------------------------

#: Where the part size has to grow, and the ends of the range.
CORNERS = [
    DEFAULT_PART_BYTES + 1,
    DEFAULT_PART_BYTES * MAX_PARTS,
    DEFAULT_PART_BYTES * MAX_PARTS + 1,
    MAX_OBJECT_BYTES - 1,
    MAX_OBJECT_BYTES,
    5 * GIB,
    16 * MIB,
    16 * MIB + 1,
    16 * MIB - 1,
]


@given(st.integers(1, MAX_OBJECT_BYTES) | st.sampled_from(CORNERS) | st.integers(1, 100 * MIB))
def test_parts_cover_the_object_without_gap_or_overlap(size: int) -> None:
    part_size = part_size_for(size)
    parts = parts_of(size, part_size)
    assert MIN_PART_BYTES <= part_size <= MAX_PART_BYTES
    assert 1 <= len(parts) <= MAX_PARTS
    assert [parts[0].number, parts[-1].number] == [1, len(parts)]
    assert parts[0].offset == 0
    assert all(one.offset + one.length == other.offset for one, other in pairwise(parts))
    assert all(one.number + 1 == other.number for one, other in pairwise(parts))
    assert all(part.length == part_size for part in parts[:-1])
    assert 1 <= parts[-1].length <= part_size
    assert parts[-1].offset + parts[-1].length == size


@given(st.integers(8 * MIB + 1, 1 * TIB), st.sampled_from([5, 8, 10, 15, 16, 20, 25, 32, 50, 64]))
def test_an_object_of_parts_is_cut_into_as_many(size: int, mib: int) -> None:
    count = -(-size // (mib * MIB))
    if count > MAX_PARTS:
        return
    assert len(parts_of(size, part_size_for(size, like=f"{'0' * 32}-{count}"))) == count


@pytest.mark.parametrize(
    ("size", "count", "mib"),
    [
        (64 * MIB, 8, 8),
        (64 * MIB, 13, 5),
        (64 * MIB, 4, 16),
        (64 * MIB, 7, 10),
        (64 * MIB, 2, 32),
        (64 * MIB, 1, 64),
        (100 * MIB, 2, 50),
        (100 * MIB, 1, 8),  # nobody uses parts of 100 MiB, and they would fill memory
        (64 * MIB, 64, 8),
        (64 * MIB, 99_999, 8),
    ],
)
def test_the_size_of_the_parts_is_that_of_the_source(size: int, count: int, mib: int) -> None:
    assert part_size_for(size, like=f"{'a' * 32}-{count}") == mib * MIB


@pytest.mark.parametrize("etag", ["", "a" * 32, "a-2", f"{'a' * 32}-0", f"{'A' * 32}-2", f"{'a' * 32}-2x"])
def test_other_etags_say_nothing_of_parts(etag: str) -> None:
    assert count_of_parts(etag) == 0
    assert part_size_for(100 * MIB, like=etag) == DEFAULT_PART_BYTES


def test_an_object_too_large_for_ten_thousand_parts_is_refused() -> None:
    assert part_size_for(MAX_PARTS * MAX_PART_BYTES) == MAX_PART_BYTES
    with pytest.raises(ValueError, match="does not fit"):
        part_size_for(MAX_PARTS * MAX_PART_BYTES + 1)


def test_multipart_begins_above_the_usual_part() -> None:
    assert is_single_put(0)
    assert is_single_put(8 * MIB)
    assert not is_single_put(8 * MIB + 1)
