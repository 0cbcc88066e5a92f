"""Globs as rclone reads them: its documented examples (https://rclone.org/filtering/), and our refusals."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.model.globs import BadPattern, compile_glob


def matches(pattern: str, key: str) -> bool:
    return compile_glob(pattern).search(key) is not None


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("file.jpg", ["file.jpg", "directory/file.jpg"], ["afile.jpg", "file.jpg/x", "filexjpg", "FILE.jpg"]),
        ("/file.jpg", ["file.jpg"], ["afile.jpg", "directory/file.jpg"]),
        ("*.jpg", ["file.jpg", "directory/file.jpg", ".jpg"], ["file.jpg/anything", "file.jpeg"]),
        ("/*.jpg", ["file.jpg"], ["directory/file.jpg"]),
        ("/dir/*", ["dir/a", "dir/"], ["dir/a/b", "x/dir/a", "dir"]),
        ("dir/*", ["dir/a", "x/dir/a"], ["dir/a/b"]),
        ("dir/**", ["dir/a", "dir/a/b", "x/dir/a/b", "dir/"], ["dir", "adir/a"]),
        ("dir/", ["dir/a", "dir/a/b", "x/dir/a", "dir/"], ["dir", "adir/a"]),
        ("/dir/", ["dir/a", "dir/a/b"], ["x/dir/a"]),
        ("**.jpg", ["a.jpg", "x/y/a.jpg"], ["a.png"]),
        ("/**/x", ["a/x", "a/b/x"], ["x"]),
        ("*.{png,gif}", ["a.png", "b/a.gif"], ["a.jpg", "a.pngx", "a.png,gif"]),
        ("{one,two}/*.txt", ["one/a.txt", "x/two/b.txt"], ["three/a.txt"]),
        ("[a-c].txt", ["a.txt", "x/c.txt"], ["d.txt", "ab.txt", "-.txt"]),
        ("[ab-]x", ["ax", "bx", "-x"], ["cx"]),
        ("h[ae]llo", ["hello", "hallo"], ["hillo", "haello"]),
        ("[!a-c].txt", ["d.txt", "x/d.txt"], ["a.txt", "/.txt"]),
        ("[^a]", ["b"], ["a", "/"]),
        ("h?llo", ["hello", "x/hallo"], ["h/llo", "hllo"]),
        ("*.{{jpe?g}}", ["a.jpg", "x/a.jpeg"], ["a.jpeeg", "a.png"]),
        ("{{.*\\.(jpg|png)}}", ["x/a.jpg", "a.png"], ["a.gif"]),
        ("/{{a|b}}/c", ["a/c", "b/c"], ["x/a/c", "ab/c"]),
        (r"\*.jpg", ["*.jpg", "x/*.jpg"], ["a.jpg"]),
        (r"\\x", ["\\x"], ["x"]),
        (r"\{a,b\}", ["{a,b}"], ["a", "b"]),
        ("a.b+c(d)|e^f$", ["a.b+c(d)|e^f$"], ["axb+c(d)|e^f$"]),
        ("a,b", ["a,b"], ["a", "b"]),
        ("new*line", ["new\nline"], ["new/line"]),
        ("caf\u00e9", ["caf\u00e9"], ["cafe\u0301"]),
        ("potato**sausage", ["potatosausage", "potato/x/sausage"], ["potato"]),
    ],
)
def test_patterns_match_what_rclone_says(pattern: str, yes: list[str], no: list[str]) -> None:
    assert [key for key in yes if not matches(pattern, key)] == []
    assert [key for key in no if matches(pattern, key)] == []


@pytest.mark.parametrize(
    "pattern", ["", "[a", "a[", "[!", "{a", "a}", "{a,{b}}", "a\\", "{{a", "{{(}}", "[z-a]"]
)
def test_an_unfinished_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(BadPattern):
        compile_glob(pattern)


@given(st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"]), min_size=1))
def test_an_escaped_text_matches_itself_only(text: str) -> None:
    escaped = "".join(f"\\{char}" for char in text)
    assert matches(escaped, text)
    assert matches(escaped, f"dir/{text}")
    assert not matches(f"/{escaped}", f"dir/{text}")
    assert not matches(escaped, f"{text}x")


@given(st.text(max_size=12))
def test_any_text_is_a_pattern_or_is_refused(text: str) -> None:
    with suppress(BadPattern):
        compile_glob(text).search("some/key")


@given(st.text("ab/.", max_size=10))
def test_two_stars_match_everything_and_one_stays_inside_a_segment(key: str) -> None:
    assert matches("/**", key)
    assert matches("/*", key) == ("/" not in key)


#: A pattern's pieces, and what each takes of a key: characters, one of some, any number of some.
PIECES = ("a", "b", "/", "?", "*", "**", "[ab]", "[!a]", "[/b]", "{a,aab}", "{b,}", "{*,a/}", r"\a")


def taken(pieces: list[str], key: str) -> bool:
    """Whether pieces match a whole key, by trying everything."""
    if not pieces:
        return not key
    piece, *rest = pieces
    match piece:
        case "*":
            stretch = len(key.partition("/")[0])
            return any(taken(rest, key[length:]) for length in range(stretch + 1))
        case "**":
            return any(taken(rest, key[length:]) for length in range(len(key) + 1))
        case "?" | "[!a]":
            return key[:1] not in ("", "/", *("a" if piece == "[!a]" else ())) and taken(rest, key[1:])
        case "[/b]":
            return key[:1] in ("/", "b") and taken(rest, key[1:])
        case "[ab]":
            return key[:1] in ("a", "b") and taken(rest, key[1:])
        case "{a,aab}":
            return taken(["a", *rest], key) or taken([*"aab", *rest], key)
        case "{b,}":
            return taken(["b", *rest], key) or taken(rest, key)
        case "{*,a/}":
            return taken(["*", *rest], key) or taken(["a", "/", *rest], key)
        case _:
            return key[:1] == piece[-1] and taken(rest, key[1:])


@settings(max_examples=1500, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=7), st.text("ab/", max_size=9))
def test_a_pattern_matches_what_trying_everything_would(pieces: list[str], key: str) -> None:
    pattern = "".join(pieces)
    # As they are read: `***` is `**` and `*`, and a last "/" means all below.
    read = re.findall(r"\*\*|\[.*?\]|\{.*?\}|\\.|.", pattern.removeprefix("/"))
    if read and read[-1] == "/":
        read.append("**")
    starts = [0] if pattern.startswith("/") else [0, *(at + 1 for at, char in enumerate(key) if char == "/")]
    assert matches(pattern, key) == any(taken(read, key[at:]) for at in starts)


@pytest.mark.hostile
@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("pattern", "key"),
    [
        ("*a*a*a*a*a*a*a*ab", "a" * 1024),
        ("*a" * 25 + "b", "a" * 1024),
        ("**a" * 25 + "b", "a/" * 512),
        ("**a*a" * 12 + "b", "aa/" * 341),
        ("*" * 31 + "b", "a" * 1024),
        ("?*" * 20 + "b", "a" * 1024),
        ("*[a-z]" * 9 + "x", "q" * 1024),
        ("*{a,aa}" * 5 + "b", "a" * 1024),
    ],
)
def test_no_key_makes_matching_take_for_ever(pattern: str, key: str) -> None:
    assert not matches(pattern, key)


def test_a_set_with_a_slash_may_be_a_slash_after_another_place_where_it_fits() -> None:
    assert matches("/a*[b/]y*z", "aby/yz")
    assert matches("/a*[ -~]y*z", "aby/yz")
    assert matches("/a*{[+-9]y,q}*z", "a1y/yz")
    assert not matches("/a*[b-z]y*z", "aby/yz")


@pytest.mark.hostile
@pytest.mark.timeout(20)
@pytest.mark.parametrize("pattern", ["{a,b}" * 9 + "x" * 900_000, "x" * 900_000, "x" * 90_000 + "{a,b}" * 9])
def test_patterns_too_long_for_any_key_are_refused(pattern: str) -> None:
    with pytest.raises(BadPattern, match="too long"):
        compile_glob(pattern)


def test_braces_that_stand_for_too_many_patterns_are_refused() -> None:
    assert matches("{a,b}" * 9, "ab" * 4 + "a")
    with pytest.raises(BadPattern, match="more than 1000 patterns"):
        compile_glob("{a,b}" * 10)
