"""What services write in ways of their own, read as what they mean."""

from __future__ import annotations

import pytest

from migrator.store.s3_wire import is_echo, upload_key

ENCODED = {"EncodingType": "url"}


@pytest.mark.parametrize(
    ("answer", "listed", "prefix", "key"),
    [
        (ENCODED, "a%2Bb", "a+b", "a+b"),
        (ENCODED, "a+b", "a b", "a b"),
        ({}, "a+b", "a+b", "a+b"),
        ({}, "100%", "100%", "100%"),
        ({}, "a%2Fb", "a%2Fb", "a%2Fb"),
        # Ceph: encoded, and nothing says so.
        ({}, "a%2Bb", "a+b", "a+b"),
        ({}, "100%25", "100%", "100%"),
        ({}, "a%252Fb", "a%2Fb", "a%2Fb"),
        ({}, "%C3%A9/1", "é/", "é/1"),
        # A key of its own below the prefix, not an encoded one.
        ({}, "a%20b", "a", "a%20b"),
        ({}, "100%25", "100", "100%25"),
    ],
)
def test_uploads_are_found_under_their_keys(
    answer: dict[str, str], listed: str, prefix: str, key: str
) -> None:
    assert upload_key(answer, listed, prefix) == key


@pytest.mark.parametrize(
    ("given", "sent", "is_it"),
    [
        ("", "", True),
        ("a+b", "a+b", True),
        ("a b", "a+b", True),  # Ceph's raw prefix, decoded by the SDK
        ("a/b", "a%2Fb", True),
        ("", "a", False),
        ("b", "a", False),
        ("a%2Bb", "a+b", False),
    ],
)
def test_a_listing_names_its_prefix(given: str, sent: str, is_it: bool) -> None:
    assert is_echo(given, sent) is is_it
