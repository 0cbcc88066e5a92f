"""Keys that an end cannot hold: shapes by table, pairs against the slow way to find them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.model.key_limits import OpenPrefixes, Shape, parents, shapes_of, suspects

LC1 = "https://s3.us-east-1.lyvecloud.seagate.com"
LC2 = "https://s3.us-east-1.global.lyve.seagate.com"


@pytest.mark.parametrize(
    ("key", "size_bytes", "shapes"),
    [
        ("a", 1, []),
        ("a/b/c", 0, []),
        ("dir/", 0, []),
        ("dir/", 1, [Shape.FOLDER_BODY]),
        ("/a", 1, [Shape.EMPTY_SEGMENT]),
        ("a//b", 1, [Shape.EMPTY_SEGMENT]),
        ("a//", 0, [Shape.EMPTY_SEGMENT]),
        ("/", 1, [Shape.EMPTY_SEGMENT, Shape.FOLDER_BODY]),
        ("//", 0, [Shape.EMPTY_SEGMENT]),
        (".", 1, []),
        ("a/../b", 1, []),
        ("x" * 255 + "/y", 1, []),
        ("x" * 256, 1, [Shape.LONG_SEGMENT]),
        ("é" * 128, 1, [Shape.LONG_SEGMENT]),  # bytes, not characters
        ("é" * 127 + "x", 1, []),
        ("\udcff" * 255, 1, []),  # bytes that are not UTF-8
        ("d/" + "x" * 256 + "//", 5, [Shape.LONG_SEGMENT, Shape.EMPTY_SEGMENT, Shape.FOLDER_BODY]),
    ],
)
def test_what_is_unusual_about_a_key(key: str, size_bytes: int, shapes: list[Shape]) -> None:
    assert list(shapes_of(key, size_bytes)) == shapes


def test_each_end_has_limits_of_its_own() -> None:
    assert suspects("aws", "") == suspects("s3", LC1) == {}
    assert suspects("lyve", LC1)[Shape.LONG_SEGMENT]
    assert suspects("lyve", LC1)[Shape.BESIDE]
    assert Shape.LONG_SEGMENT not in suspects("lyve", LC2)
    assert suspects("lyve", LC2)[Shape.FOLDER_BODY]
    assert not suspects("lyve", LC2)[Shape.BESIDE]
    assert suspects("lyve", "http://127.0.0.1:9000") == suspects("lyve", LC2)


@pytest.mark.parametrize(
    ("key", "found"),
    [("a", []), ("a/b", ["a"]), ("a/b/c", ["a", "a/b"]), ("/a", []), ("a//b", ["a", "a/"]), ("a/", ["a"])],
)
def test_the_keys_above(key: str, found: list[str]) -> None:
    assert list(parents(key)) == found


@pytest.mark.parametrize(
    ("keys", "beside"),
    [
        (["a", "a/b"], ["a/b"]),
        (["a", "a!", "a!x/y", "a-", "a-b/c", "a.txt", "a/b", "a/c"], ["a/b", "a/c"]),
        (["a", "a-", "a-/x", "a/b"], ["a-/x", "a/b"]),
        (["a", "a/b", "a/b/c"], ["a/b", "a/b/c"]),
        (["a", "a0", "b/c"], []),
        (["a-", "a/b"], []),
        (["a/", "a/b"], []),
    ],
)
def test_keys_below_others_are_noticed(keys: list[str], beside: list[str]) -> None:
    watched = OpenPrefixes()
    assert keys == sorted(keys)
    assert [key for key in keys if watched.add(key, is_ours=True)] == beside


def test_what_is_there_already_can_be_held() -> None:
    watched = OpenPrefixes()
    added = [
        watched.add("a", is_ours=False),
        watched.add("a/b", is_ours=False),
        watched.add("a/c", is_ours=True),
        watched.add("d", is_ours=True),
        watched.add("d/e", is_ours=False),
    ]
    assert added == [False, False, True, False, True]


KEYS = st.sets(st.text(alphabet="a!/0-", min_size=1, max_size=6), max_size=40)


@given(KEYS)
def test_in_order_nothing_is_missed(keys: set[str]) -> None:
    watched = OpenPrefixes()
    found = {key for key in sorted(keys) if watched.add(key, is_ours=True)}
    assert found == {key for key in keys if any(key.startswith(f"{other}/") for other in keys)}


@given(KEYS)
def test_what_is_remembered_does_not_grow(keys: set[str]) -> None:
    watched = OpenPrefixes()
    for key in sorted(keys):
        watched.add(key, is_ours=True)
        assert len(watched) <= len(key)
