"""What headers say about objects, and what the SDK has to say because not everybody would read it alike."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.model.objects import Lock, ObjectHead, Properties
from migrator.store.base import ALWAYS, Condition
from migrator.store.fast.heads import condition_of, head_of, headers_of, is_plain
from tests.store.contract_help import RICH

MOMENT = datetime(2024, 2, 29, 12, tzinfo=UTC)
LEAST = {"etag": '"e"', "last-modified": "Thu, 29 Feb 2024 12:00:00 GMT"}
ARN = "arn:aws:kms:eu-central-1:1:key/2"


def head(**more: object) -> ObjectHead:
    return ObjectHead(5, "e", MOMENT, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, head()),
        ({"etag": 'W/"e"'}, head()),
        ({"x-amz-version-id": "v"}, head(version_id="v")),
        ({"x-amz-tagging-count": "3"}, head(tag_count=3)),
        ({"x-amz-tagging-count": "0"}, head(tag_count=0)),
        ({"x-amz-missing-meta": "2"}, head(missing_meta=2)),
        ({"x-amz-storage-class": "GLACIER"}, head(storage_class="GLACIER")),
        ({"x-amz-server-side-encryption": "AES256"}, head(encryption="AES256")),
        ({"x-amz-server-side-encryption": "aws:kms"}, head(encryption="aws:kms")),
        (
            {"x-amz-server-side-encryption": "aws:kms", "x-amz-server-side-encryption-aws-kms-key-id": ARN},
            head(encryption=f"aws:kms:{ARN}"),
        ),
        ({"x-amz-server-side-encryption-aws-kms-key-id": ARN}, head()),
        ({"x-amz-object-lock-legal-hold": "ON"}, head(lock=Lock(hold=True))),
        ({"x-amz-object-lock-legal-hold": "OFF"}, head()),
        (
            {
                "x-amz-object-lock-mode": "COMPLIANCE",
                "x-amz-object-lock-retain-until-date": "2024-02-29T12:00:00.000Z",
            },
            head(lock=Lock("COMPLIANCE", MOMENT)),
        ),
        (
            {
                "x-amz-object-lock-mode": "GOVERNANCE",
                "x-amz-object-lock-retain-until-date": "Thu, 29 Feb 2024 12:00:00 GMT",
            },
            head(lock=Lock("GOVERNANCE", MOMENT)),
        ),
        (
            {"expires": "-1", "content-type": "a/b", "x-amz-website-redirect-location": "/x"},
            head(properties=Properties(content_type="a/b", expires="-1", website_redirect="/x")),
        ),
        (
            {"x-amz-meta-a": "1", "x-amz-meta-": "2", "x-amz-metadata": "3", "x-amz-meta-b": ""},
            head(properties=Properties(metadata={"a": "1", "": "2", "b": ""})),
        ),
    ],
)
def test_heads(headers: dict[str, str], expected: ObjectHead) -> None:
    assert head_of({**LEAST, **headers}, 5) == expected


@pytest.mark.parametrize(
    "headers",
    [
        {"etag": LEAST["etag"]},
        {"last-modified": LEAST["last-modified"]},
        {**LEAST, "etag": ""},
        {**LEAST, "last-modified": "yesterday"},
        {**LEAST, "last-modified": "Fri, 31 Dec 9999 23:59:59 -2359"},
        {**LEAST, "x-amz-tagging-count": "many"},
        {**LEAST, "x-amz-missing-meta": "x"},
        {**LEAST, "x-amz-object-lock-mode": "COMPLIANCE", "x-amz-object-lock-retain-until-date": "never"},
        {
            **LEAST,
            "x-amz-object-lock-mode": "COMPLIANCE",
            "x-amz-object-lock-retain-until-date": "9999-12-31T23:59:59-23:59",
        },
    ],
)
def test_what_is_no_head_of_an_object(headers: dict[str, str]) -> None:
    with pytest.raises((KeyError, ValueError)):
        head_of(headers, 5)


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        (Properties(), {}),
        (
            Properties(
                "text/plain; charset=utf-8", "no-cache", 'inline; filename="a"', "gzip", "de, en", "0", "/x"
            ),
            {
                "content-type": "text/plain; charset=utf-8",
                "cache-control": "no-cache",
                "content-disposition": 'inline; filename="a"',
                "content-encoding": "gzip",
                "content-language": "de, en",
                "expires": "0",
                "x-amz-website-redirect-location": "/x",
            },
        ),
        (
            Properties(metadata={"migrator-op": "run.1.1", "a_b.c": "~!"}),
            {"x-amz-meta-migrator-op": "run.1.1", "x-amz-meta-a_b.c": "~!"},
        ),
        (
            Properties(tags={"a b+c": "é&=", "empty": ""}),
            {"x-amz-tagging": "a%20b%2Bc=%C3%A9%26%3D&empty="},
        ),
        (
            Properties(storage_class="GLACIER", encryption="AES256"),
            {"x-amz-storage-class": "GLACIER", "x-amz-server-side-encryption": "AES256"},
        ),
        (
            Properties(encryption=f"aws:kms:{ARN}"),
            {
                "x-amz-server-side-encryption": "aws:kms",
                "x-amz-server-side-encryption-aws-kms-key-id": ARN,
            },
        ),
        (Properties(encryption="aws:kms"), {"x-amz-server-side-encryption": "aws:kms"}),
    ],
)
def test_properties_as_headers(properties: Properties, expected: dict[str, str]) -> None:
    assert headers_of(properties) == expected


INJECTED = "a\r\nx-amz-acl: public-read"


@pytest.mark.parametrize(
    "properties",
    [
        RICH,
        Properties(lock=Lock(hold=True)),
        Properties(lock=Lock("GOVERNANCE", MOMENT)),
        Properties(content_type=INJECTED),
        Properties(cache_control="é"),
        Properties(content_disposition="two  spaces"),
        Properties(content_encoding=" gzip"),
        Properties(content_language="de "),
        Properties(expires="\t0"),
        Properties(website_redirect="/é"),
        Properties(storage_class=INJECTED),
        Properties(encryption=INJECTED),
        Properties(encryption=f"aws:kms:{ARN}\r\n"),
        Properties(metadata={"a": ""}),
        Properties(metadata={"a": " "}),
        Properties(metadata={"a": INJECTED}),
        Properties(metadata={"a": "b\n"}),
        Properties(metadata={"a": "b\0"}),
        Properties(metadata={"a": "b\x7f"}),
        Properties(metadata={"a": "größe"}),
        Properties(metadata={"": "b"}),
        Properties(metadata={"a b": "c"}),
        Properties(metadata={"a:": "c"}),
        Properties(metadata={"a\r\nx": "c"}),
        Properties(metadata={"a\n": "c"}),
        Properties(metadata={"größe": "c"}),
        Properties(metadata={"Upper": "c"}),
    ],
)
def test_what_the_sdk_has_to_say(properties: Properties) -> None:
    assert headers_of(properties) is None


@pytest.mark.parametrize(
    ("value", "is_it"),
    [("a", True), ("a b", True), ("~!", True), ("", False), (" ", False), ("a\n", False), ("a\tb", False)],
)
def test_plain_values(value: str, is_it: bool) -> None:
    assert is_plain(value) is is_it


@given(st.text(), st.dictionaries(st.text(), st.text(), max_size=3), st.dictionaries(st.text(), st.text()))
def test_no_header_ends_early(value: str, metadata: dict[str, str], tags: dict[str, str]) -> None:
    """Whatever a value holds: it stays one header, in ASCII, and comes back as it was."""
    sent = Properties(content_type=value, metadata=metadata, tags=tags)
    headers = headers_of(sent)
    if headers is not None:
        assert "".join([*headers, *headers.values()]).isascii()
        assert "".join([*headers, *headers.values()]).replace(" ", "x").isprintable()
        read = head_of({**headers, **LEAST}, 0).properties
        assert read == Properties(content_type=value, metadata=metadata)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (ALWAYS, {}),
        (Condition(absent=True), {"if-none-match": "*"}),
        (Condition(etag="e"), {"if-match": '"e"'}),
    ],
)
def test_conditions(condition: Condition, expected: dict[str, str]) -> None:
    assert condition_of(condition) == expected


def test_moments_are_of_one_zone() -> None:
    there = MOMENT.astimezone(timezone(timedelta(hours=2)))
    headers = {
        **LEAST,
        "x-amz-object-lock-mode": "COMPLIANCE",
        "x-amz-object-lock-retain-until-date": there.isoformat(),
    }
    assert head_of(headers, 0).lock.until == MOMENT
    assert head_of(headers, 0).last_modified.tzinfo is UTC
