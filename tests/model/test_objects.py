"""Keys, their visible form, and what travels with the bytes."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.model.objects import (
    MTIME_KEY,
    SYSTEM_HEADERS,
    TOKEN_KEY,
    Lock,
    ObjectHead,
    Properties,
    bare_etag,
    is_plain_md5,
    key_bytes,
    key_text,
    metadata_bytes,
    users_metadata,
    visible,
    xml_can_hold,
)

NOON = datetime(2024, 5, 6, 12, tzinfo=UTC)


@given(st.binary(max_size=64))
def test_any_bytes_travel_as_a_key(raw: bytes) -> None:
    assert key_bytes(key_text(raw)) == raw


@given(st.lists(st.text(max_size=6), max_size=8))
def test_keys_sort_like_their_bytes(keys: list[str]) -> None:
    """What lets listings be compared without encoding them."""
    assert sorted(keys) == sorted(keys, key=str.encode)


@given(st.text(st.characters() | st.sampled_from("\x00\x01\t\n\r\x1f\x7f\ud800\udfff\ufffd\ufffe\uffff<&>")))
def test_xml_can_hold_what_comes_back_from_a_parser(key: str) -> None:
    try:
        back = ElementTree.fromstring(f"<Key>{escape(key)}</Key>".encode()).text or ""
    except (ElementTree.ParseError, UnicodeEncodeError):
        back = None
    assert xml_can_hold(key) is (back == key)


@pytest.mark.parametrize(
    ("until", "hold", "is_locked"),
    [
        (None, False, False),
        (NOON, False, False),
        (NOON + timedelta(seconds=1), False, True),
        (None, True, True),
        (NOON - timedelta(days=1), True, True),
    ],
)
def test_a_lock_holds_until_its_end_and_a_hold_for_ever(
    until: datetime | None, hold: bool, is_locked: bool
) -> None:
    head = ObjectHead(1, "etag", NOON, lock=Lock("GOVERNANCE" if until else "", until, hold))
    assert head.is_locked(NOON) is is_locked


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain/key ü 猫.jpg", "plain/key ü 猫.jpg"),
        ("new\nline\ttab", "new\\u{a}line\\u{9}tab"),
        ("\x1b[31mred", "\\u{1b}[31mred"),
        ("\x00\x7f\x85\x9b", "\\u{0}\\u{7f}\\u{85}\\u{9b}"),
        ("exe.\u202egpj", "exe.\\u{202e}gpj"),
        ("\u2066iso\u2069", "\\u{2066}iso\\u{2069}"),
        ("\u200bzero\u200d\ufeff", "\\u{200b}zero\\u{200d}\\u{feff}"),
        ("\u2028\u2029", "\\u{2028}\\u{2029}"),
        ("\udc80\ud800", "\\u{dc80}\\u{d800}"),
        ("soft\u00adhyphen", "soft\\u{ad}hyphen"),
    ],
)
def test_what_would_hide_or_act_is_made_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text(st.characters()) | st.text("\u202e\x1b\udc80a", max_size=9))
def test_what_is_shown_is_safe_to_print(text: str) -> None:
    shown = visible(text)
    shown.encode()
    assert not [char for char in shown if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}]
    assert not [
        char for char in shown if unicodedata.bidirectional(char) in {"RLO", "LRO", "RLE", "LRE", "PDF"}
    ]
    assert not [char for char in shown if unicodedata.bidirectional(char) in {"RLI", "LRI", "FSI", "PDI"}]


@given(st.text("abc\n", max_size=80), st.integers(3, 30))
def test_a_limit_cuts_the_middle_out(text: str, limit: int) -> None:
    whole, cut = visible(text), visible(text, limit)
    assert len(cut) <= limit
    if len(whole) <= limit:
        assert cut == whole
    else:
        head, tail = cut.split("…")
        assert whole.startswith(head)
        assert whole.endswith(tail)


@pytest.mark.parametrize(
    ("etag", "bare"), [('"abc"', "abc"), ("abc", "abc"), ('W/"abc"', "abc"), (' "abc-2" ', "abc-2"), ("", "")]
)
def test_etags_are_kept_without_their_quotes(etag: str, bare: str) -> None:
    assert bare_etag(etag) == bare


@pytest.mark.parametrize(
    ("etag", "is_one"),
    [("d" * 32, True), ("d" * 32 + "-2", False), ("D" * 32, False), ("d" * 31, False), ("", False)],
)
def test_the_form_of_an_md5(etag: str, is_one: bool) -> None:
    assert is_plain_md5(etag) is is_one


# -- properties -----------------------------------------------------------------------------------

FULL = Properties(
    **{name: f"value of {name}" for name in SYSTEM_HEADERS}, metadata={"colour": "blue"}, tags={"a": "b"}
)


def test_equal_properties_do_not_differ() -> None:
    assert FULL.differences(FULL) == ()
    assert Properties().differences(FULL) == ("metadata",)
    assert FULL.differences(replace(FULL, tags={})) == ()


@pytest.mark.parametrize("name", SYSTEM_HEADERS)
def test_a_lost_or_changed_header_is_a_difference(name: str) -> None:
    for value in ("", "something else"):
        assert FULL.differences(replace(FULL, **{name: value})) == (name,)


def test_a_header_the_end_filled_in_is_none() -> None:
    assert Properties().differences(Properties(content_type="binary/octet-stream")) == ()


@pytest.mark.parametrize("metadata", [{}, {"colour": "red"}, {"colour": "blue", "size": "xl"}])
def test_changed_metadata_is_a_difference(metadata: dict[str, str]) -> None:
    assert FULL.differences(replace(FULL, metadata=metadata)) == ("metadata",)


def test_our_own_metadata_is_outside_every_comparison() -> None:
    ours = {"colour": "blue", TOKEN_KEY: "t", MTIME_KEY: "1"}
    assert FULL.differences(replace(FULL, metadata=ours)) == ()
    assert users_metadata(ours) == {"colour": "blue"}


def test_metadata_is_counted_in_bytes_of_names_and_values() -> None:
    assert metadata_bytes({}) == 0
    assert metadata_bytes({"ab": "cde", "é": "ü"}) == 5 + 4
