"""Two ways to read a listing say the same, and the SDK too; what is none is told from one that breaks off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from functools import cache
from typing import Any

import botocore.session
import pytest
from botocore.handlers import decode_list_object_v2
from botocore.parsers import create_parser
from hypothesis import example, given, settings
from hypothesis import strategies as st

from migrator.model.objects import ObjectVersion, bare_etag
from migrator.store.fast.documents import (
    BreaksOff,
    ErrorDocument,
    Listing,
    NotOne,
    _by_parser,
    _by_pattern,
    http_date,
    read_error,
    read_listing,
    xml_date,
)
from tests.store.fast.listings import PROLOG, listings

ENTRY = (
    b"<Contents><Key>a b</Key><LastModified>2024-02-29T12:00:00.000Z</LastModified><ETag>&quot;e&quot;</ETag>"
    b"<Size>5</Size><StorageClass>STANDARD</StorageClass></Contents>"
)
WHOLE = (
    PROLOG.encode()
    + b"<ListBucketResult><Name>bucket</Name><Prefix>a</Prefix><IsTruncated>true</IsTruncated>"
    b"<NextContinuationToken>next</NextContinuationToken>" + ENTRY + b"</ListBucketResult>"
)
LEAP = datetime(2024, 2, 29, 12, tzinfo=UTC)
READ = Listing("bucket", "a", (ObjectVersion("a b", 5, "e", LEAP),), True, "next")


@cache
def sdk() -> tuple[Any, Any]:
    model = botocore.session.get_session().get_service_model("s3").operation_model("ListObjectsV2")
    return create_parser("rest-xml"), model.output_shape


def by_sdk(body: bytes) -> Listing:
    parser, shape = sdk()
    answer = parser.parse({"status_code": 200, "headers": {}, "body": body}, shape)
    decode_list_object_v2(answer, {"encoding_type_auto_set": True})
    return Listing(
        answer.get("Name", ""),
        answer.get("Prefix", ""),
        tuple(
            ObjectVersion(
                each["Key"],
                each["Size"],
                bare_etag(each["ETag"]),
                each["LastModified"].astimezone(UTC),
                each.get("StorageClass", "STANDARD"),
            )
            for each in answer.get("Contents", [])
        ),
        answer["IsTruncated"],
        answer.get("NextContinuationToken", ""),
    )


def test_a_listing() -> None:
    assert _by_pattern(WHOLE) == _by_parser(WHOLE) == read_listing(WHOLE) == by_sdk(WHOLE) == READ


@given(listings())
def test_every_way_to_read_a_listing_says_the_same(made: tuple[bytes, Listing]) -> None:
    body, listing = made
    assert _by_pattern(body) == listing
    assert _by_parser(body) == listing
    assert by_sdk(body) == listing


PIECES = st.sampled_from(
    [
        *[b"<Prefix>b</Prefix>", b"<IsTruncated>false</IsTruncated>", b"<EncodingType>url</EncodingType>"],
        *[
            b"<X><Name>n</Name></X>",
            b"<CommonPrefixes><Prefix>a/</Prefix></CommonPrefixes>",
            b"<Contents/>",
            ENTRY,
        ],
        *[
            b"<!-- c -->",
            b"<![CDATA[<]]>",
            b"<?a b?>",
            b"&amp;",
            b"&",
            b"&x;",
            b"&#1114112;",
            b"&#xd800;",
            b"]]>",
        ],
        *[
            b" ",
            b"\n",
            b"\r",
            b"\f",
            b"\0",
            b"\x01",
            b"\xff",
            b"\xe9",
            b"<",
            b">",
            b'"',
            b"+",
            b"%",
            b"%41",
            b"1",
            b"-",
        ],
        *[
            b"</Contents>",
            b"<Contents>",
            b"</ListBucketResult>",
            b"<Key>k</Key>",
            b"<Size>7</Size>",
            b"<Owner/>",
        ],
    ]
)


def changed(body: bytes, changes: list[tuple[float, int, bytes]]) -> bytes:
    for where, gone, new in changes:
        at = int(where * len(body))
        body = body[:at] + new + body[at + gone :]
    return body


@settings(max_examples=200)
@given(
    st.one_of(st.just(WHOLE), listings().map(lambda made: made[0])),
    st.lists(st.tuples(st.floats(0, 1), st.sampled_from([0, 0, 1, 3, 9]), PIECES), min_size=1, max_size=3),
)
def test_what_is_damaged_is_refused_or_read_as_a_parser_would(
    body: bytes, changes: list[tuple[float, int, bytes]]
) -> None:
    body = changed(body, changes)
    try:
        found = read_listing(body)
    except NotOne:
        return
    assert all(each.size_bytes >= 0 for each in found.objects)
    if has_only_what_xml_holds(body):
        assert _by_parser(body) == found


def has_only_what_xml_holds(body: bytes) -> bool:
    """Keys that a document cannot hold are read all the same, where it does hold them."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return not any(char in body for char in (b"\0", b"\x01", b"\f", b"]]>", b"\r"))


@given(st.one_of(st.binary(max_size=100), st.text(alphabet="<>/&;!?[]- aListBucketResult").map(str.encode)))
@example(b'<?xml version="1.0" encoding="none"?><a/>')
@example(b'<?xml version="1.0" encoding="shift_jis"?><a/>')
@example(b'<?xml version="1.0" encoding="utf-16"?><a/>')
@example(b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>")
def test_other_documents_are_none(body: bytes) -> None:
    with pytest.raises(NotOne):
        read_listing(body)
    assert read_error(body) is None


@pytest.mark.parametrize("damage", [b"", b"</Contents>", b"\0", b"<"])
def test_a_listing_that_ends_anywhere_breaks_off(damage: bytes) -> None:
    begins = WHOLE.index(b"<ListBucketResult>")
    for end in range(len(WHOLE)):
        with pytest.raises(NotOne) as caught:
            read_listing(WHOLE[:end] + damage)
        assert (caught.type is BreaksOff) is (end >= begins + len(b"<ListBucketResult"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<IsTruncated>true</IsTruncated>", b"<IsTruncated>true</IsTruncatad>"),
        (b"<IsTruncated>", b"<IsTruncated"),
        (b"</Name>", b"</Nam>"),
        (b"<Name>", b"<Name>&"),
        (b"<Prefix>a</Prefix>", b"<Prefix>a<Prefix>"),
        (ENTRY, ENTRY + b"</Contents>"),
        (ENTRY, b"<Contents/>" + ENTRY),
        (b"</StorageClass>", b"</StorageClass><Owner><ID>a</DisplayName></Owner>"),
        (b"<Size>", b"<ChecksumType>a</ChecksumAlgorithm><Size>"),
        (ENTRY, ENTRY[:40] + ENTRY),
        (b"</ListBucketResult>", b"</ListBucketResult></ListBucketResult>"),
    ],
)
def test_damage_beside_the_lines_is_seen(old: bytes, new: bytes) -> None:
    """The end of a listing must not be taken from one that lost the mark that there is more."""
    assert WHOLE.count(old) == 1
    with pytest.raises(NotOne):
        read_listing(WHOLE.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<Size>5<", b"<Size>-5<"),
        (b"<Size>5<", b"<Size>1_0<"),
        (b"<Size>5<", b"<Size>+5<"),
        (b"<Size>5<", b"<Size><"),
        (b"<Size>5<", b"<Size>5.0<"),
        (b"<Size>5<", b"<Size>" + b"5" * 5000 + b"<"),
        (b"<Size>5</Size>", b""),
        (b"<Key>a b</Key>", b""),
        (b"2024-02-29T", b"2023-02-29T"),
        (b"2024-02-29T12:00:00.000Z", b"9999-12-31T23:59:59-23:59"),
        (b"2024-02-29T12:00:00.000Z", b"yesterday"),
        (b"<LastModified>2024-02-29T12:00:00.000Z</LastModified>", b""),
    ],
)
def test_lines_without_meaning_are_refused(old: bytes, new: bytes) -> None:
    assert WHOLE.count(old) == 1
    for root in (b"ListBucketResult", b"s3:ListBucketResult"):  # by pattern, by parser
        body = WHOLE.replace(old, new).replace(b"ListBucketResult", root)
        body = body.replace(b"<s3:ListBucketResult", b'<s3:ListBucketResult xmlns:s3="a"')
        with pytest.raises(NotOne):
            read_listing(body)


@pytest.mark.parametrize(
    "body",
    [
        WHOLE.replace(b"UTF-8", b"ISO-8859-1").replace(b"a b", b"\xe9"),
        WHOLE.replace(PROLOG.encode(), b"").decode().replace("a b", "é").encode("utf-16"),
        b"\xef\xbb\xbf" + WHOLE.replace(b"a b", "é".encode()),
        WHOLE.replace(b"a b", b"<![CDATA[\xc3\xa9]]>"),
        WHOLE.replace(b"a b", b"<!-- a b -->\xc3\xa9"),
    ],
    ids=["ISO 8859-1", "UTF-16", "byte order mark", "CDATA", "comment"],
)
def test_unusual_spellings_are_the_parsers(body: bytes) -> None:
    assert _by_pattern(body) is None
    assert [each.key for each in read_listing(body).objects] == ["é"]


def test_a_carriage_return_is_what_parsers_make_of_it() -> None:
    """Raw it is a line feed to all of them, written as a reference it is itself."""
    for raw, key in ((b"a\rb", "a\nb"), (b"a&#13;b", "a\rb"), (b"a&#xD;b", "a\rb")):
        body = WHOLE.replace(b"a b", raw)
        assert read_listing(body).objects[0].key == _by_parser(body).objects[0].key == key


def test_keys_that_xml_cannot_hold_are_read_where_they_come() -> None:
    """By the pattern only; a parser refuses the whole listing."""
    for raw, key in ((b"a\x01", "a\x01"), (b"a\xff", "a\udcff"), (b"&#1;", "\x01")):
        assert read_listing(WHOLE.replace(b"a b", raw)).objects[0].key == key
    encoded = WHOLE.replace(b"<Prefix>a<", b"<EncodingType>url</EncodingType><Prefix>%ff<")
    listing = read_listing(encoded.replace(b"a b", b"a+b%2Bc%01%0d%FF"))
    assert listing.objects[0].key == "a b+c\x01\r\udcff"
    assert listing.prefix == "\udcff"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"<Error/>", ErrorDocument()),
        (
            b"<?xml version='1.0'?>\n<Error><Code>SlowDown</Code><Message>a &amp; b</Message>%s</Error>"
            % b"<Region>eu</Region><RequestId>r</RequestId><HostId/>",
            ErrorDocument("SlowDown", "a & b", "eu", "r"),
        ),
        (b'<Error xmlns="http://s3.amazonaws.com/"><Code>X</Code></Error>', ErrorDocument("X")),
        (b"<Error><Code/></Error>", ErrorDocument()),
        (b"", None),
        (b"<Error>", None),
        (b"<Errors/>", None),
        (b"<html><body><Error/></body></html>", None),
    ],
)
def test_errors(body: bytes, expected: ErrorDocument | None) -> None:
    assert read_error(body) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Thu, 29 Feb 2024 12:00:00 GMT", LEAP),
        ("Thursday, 29-Feb-24 12:00:00 GMT", LEAP),
        ("Thu Feb 29 12:00:00 2024", LEAP),
        ("Thu, 29 Feb 2024 13:00:00 +0100", LEAP),
        ("2024-02-29T12:00:00Z", None),
        ("Thu, 30 Feb 2024 12:00:00 GMT", None),
        ("Thu, 29 Abc 2024 12:00:00 GMT", None),
        ("Thu, 29 eb  2024 12:00:00 GMT", None),
        ("Thu, 29 Feb 2024 25:00:00 GMT", None),
        ("Thu, 29 Feb 2024 12:xx:00 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 -2359", None),
        ("", None),
    ],
)
def test_dates_of_headers(text: str, expected: datetime | None) -> None:
    assert date_or_none(http_date, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-02-29T12:00:00Z", LEAP),
        ("2024-02-29T12:00:00.000Z", LEAP),
        ("2024-02-29T12:00:00.5Z", LEAP + timedelta(milliseconds=500)),
        ("2024-02-29T12:00:00.123456789Z", LEAP + timedelta(microseconds=123456)),
        ("2024-02-29T13:00:00+01:00", LEAP),
        ("2024-02-29T12:00:00", LEAP),
        ("2024-02-30T12:00:00Z", None),
        ("2024-02-29T24:00:01Z", None),
        ("9999-12-31T23:59:59-23:59", None),
        ("0000-01-01T00:00:00Z", None),
        ("Thu, 29 Feb 2024 12:00:00 GMT", None),
        ("", None),
    ],
)
def test_dates_of_listings(text: str, expected: datetime | None) -> None:
    assert date_or_none(xml_date, text) == expected


def date_or_none(read: Callable[[str], datetime], text: str) -> datetime | None:
    try:
        found = read(text)
    except ValueError:
        return None
    assert found.tzinfo is UTC
    return found


@given(st.datetimes(datetime(1000, 1, 2), datetime(9999, 12, 30)), st.integers(-1439, 1439))  # noqa: DTZ001
def test_every_date(naive: datetime, minutes: int) -> None:
    there = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert xml_date(there.isoformat()) == there
    assert xml_date(f"{naive.isoformat()}Z") == naive.replace(tzinfo=UTC)
    whole = there.replace(microsecond=0)
    assert http_date(format_datetime(whole)) == whole
    assert http_date(format_datetime(whole.astimezone(UTC), usegmt=True)) == whole


@given(st.one_of(st.text(), st.text(alphabet="0123456789-:+TZ GMTJan,.", max_size=40)))
def test_whatever_is_said_is_a_date_or_none(text: str) -> None:
    for read in (http_date, xml_date):
        date_or_none(read, text)
