"""Small documents are read as the reference store reads them, and what is none never looks like one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

import pytest
from botocore.awsrequest import AWSResponse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migrator.errors import StoreError
from migrator.model.objects import OpenUpload, UploadedPart
from migrator.store.base import BucketLock, ObjectStore, Versioning
from migrator.store.fast.answered import (
    has_grants_in,
    lock_in,
    parts_in,
    read_document,
    tags_in,
    uploads_in,
    versioning_in,
)
from migrator.store.fast.documents import NotOne
from migrator.store.s3 import S3Store
from tests.store.fast.asking import QUESTIONS, SUITS_ALL, Open, Serve, connection_to, locks
from tests.store.fast.test_documents import changed
from tests.store.fast.test_same_answers import outcome
from tests.support.scripted import reply

CALLS: dict[str, Callable[[ObjectStore], object]] = {**QUESTIONS, "GetObjectLockConfiguration": locks}

# -- as the reference store reads them ----------------------------------------------------------------

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=12)
NAMESPACE = st.sampled_from(["", ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'])
SPACE = st.sampled_from(["", "\n", "  "])
DATES = st.integers(0, 4_000_000_000).map(
    lambda second: time.strftime("%Y-%m-%dT%H:%M:%S.007Z", time.gmtime(second))
)


def element(name: str, inside: str) -> str:
    return f"<{name}>{inside}</{name}>"


def leaf(name: str, text: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return text.map(lambda value: element(name, escape(value)))


def maybe(part: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(st.just(""), part)


def parent(name: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """The parts in any order, with space between them."""
    shuffled = st.tuples(*parts).flatmap(st.permutations)
    return st.tuples(shuffled, SPACE).map(lambda made: element(name, made[1].join(made[0])))


def many(part: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(part, max_size=3).map("".join)


NUMBERS = st.integers(0, 10**13).map(str)
GRANTEE = st.tuples(maybe(leaf("ID", st.sampled_from(["o", "p"]))), st.sampled_from(["", ' a="b"'])).map(
    lambda made: f"<Grantee{made[1]}>{made[0]}</Grantee>"
)
DOCUMENTS: dict[str, st.SearchStrategy[str]] = {
    "GetBucketVersioning": parent(
        "VersioningConfiguration",
        maybe(leaf("Status", st.sampled_from(["Enabled", "Suspended", "enabled", ""]))),
        maybe(leaf("MfaDelete", TEXT)),
    ),
    "GetObjectLockConfiguration": parent(
        "ObjectLockConfiguration",
        maybe(leaf("ObjectLockEnabled", st.sampled_from(["Enabled", "Disabled"]))),
        maybe(parent("Rule", maybe(parent("DefaultRetention", maybe(leaf("Mode", TEXT)))))),
    ),
    "GetObjectTagging": parent(
        "Tagging", maybe(parent("TagSet", many(parent("Tag", leaf("Key", TEXT), leaf("Value", TEXT)))))
    ),
    "GetObjectAcl": parent(
        "AccessControlPolicy",
        maybe(
            parent("Owner", maybe(leaf("ID", st.sampled_from(["o", ""]))), maybe(leaf("DisplayName", TEXT)))
        ),
        maybe(parent("AccessControlList", many(parent("Grant", maybe(GRANTEE), leaf("Permission", TEXT))))),
    ),
    "ListParts": parent(
        "ListPartsResult",
        many(parent("Part", leaf("PartNumber", NUMBERS), leaf("ETag", TEXT), leaf("Size", NUMBERS))),
        maybe(leaf("IsTruncated", st.sampled_from(["false", "True", ""]))),
        maybe(leaf("NextPartNumberMarker", NUMBERS)),
    ),
    "ListMultipartUploads": parent(
        "ListMultipartUploadsResult",
        maybe(leaf("EncodingType", st.just("url"))),
        many(parent("Upload", leaf("Key", TEXT), leaf("UploadId", TEXT), maybe(leaf("Initiated", DATES)))),
        maybe(leaf("NextKeyMarker", TEXT)),
    ),
    "CreateMultipartUpload": parent(
        "InitiateMultipartUploadResult", maybe(leaf("UploadId", TEXT)), leaf("Key", TEXT)
    ),
    "CompleteMultipartUpload": parent(
        "CompleteMultipartUploadResult", maybe(leaf("ETag", TEXT)), leaf("Key", TEXT)
    ),
}


class Both:
    """The two stores, and the answer that either gets."""

    def __init__(self, fast: ObjectStore, reference: S3Store) -> None:
        self.fast, self.reference = fast, reference
        self.body = b""
        reference._client.meta.events.register("before-send.s3", self._answer)

    def _answer(self, request: Any, **_: Any) -> AWSResponse:
        return AWSResponse(request.url, 200, {"content-length": str(len(self.body))}, Raw(self.body))


class Raw:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> Iterator[bytes]:
        yield self._body


@pytest.fixture
def both(serve: Serve, open_fast: Open) -> Iterator[Both]:
    server = serve(lambda request: reply(request, 200, found.body))
    reference = S3Store(connection_to(server.url))
    found = Both(open_fast(server.url), reference)
    yield found
    reference.close()


SAME_SERVER = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("operation", DOCUMENTS)
@SAME_SERVER
@given(st.data())
def test_a_document_says_the_same_to_both(both: Both, operation: str, data: st.DataObject) -> None:
    text = data.draw(DOCUMENTS[operation])
    name, _, rest = text[1:].partition(">")
    prolog = data.draw(st.sampled_from(["", '<?xml version="1.0" encoding="UTF-8"?>\n']))
    both.body = f"{prolog}<{name}{data.draw(NAMESPACE)}>{rest}".encode()
    call = CALLS[operation]
    assert outcome(both.fast, call) == outcome(both.reference, call)


# -- what is damaged, and what is none ----------------------------------------------------------------

READERS: list[Callable[..., object]] = [
    versioning_in,
    lock_in,
    tags_in,
    has_grants_in,
    lambda document: uploads_in(document, "k"),
    parts_in,
]
PIECES = st.sampled_from(
    [
        b"<Tag/>",
        b"<Upload/>",
        b"<Part/>",
        b"<Grant/>",
        b"<ID/>",
        b"<",
        b">",
        b"&",
        b"&#1;",
        b"\xff",
        b"\0",
        b"-1",
    ]
)


@settings(max_examples=300)
@given(
    st.one_of(
        st.just(SUITS_ALL), *[each.map(str.encode) for each in DOCUMENTS.values()], st.binary(max_size=50)
    ),
    st.lists(st.tuples(st.floats(0, 1), st.sampled_from([0, 0, 1, 3, 9]), PIECES), max_size=3),
)
def test_what_is_damaged_is_read_or_refused(body: bytes, changes: list[tuple[float, int, bytes]]) -> None:
    """And nothing else is raised, which nobody would expect."""
    try:
        document = read_document(changed(body, changes))
    except NotOne:
        return
    for read in READERS:
        try:
            read(document)
        except (NotOne, ValueError):
            continue


@pytest.mark.parametrize(
    "call", [CALLS["ListParts"], CALLS["ListMultipartUploads"], CALLS["GetObjectTagging"]]
)
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<Key>k", b"<Ky>k"),
        (b"k</Key>", b"k</Ky>"),
        (b"<Key>key</Key><UploadId>id</UploadId>", b"<UploadId>id</UploadId>"),
        (b"<Key>key</Key><UploadId>id</UploadId>", b"<Key>key</Key>"),
        (b"2024-02-29", b"2023-02-29"),
        (b"<Size>5", b"<Size>five"),
        (b"<Size>5", "<Size>٥".encode()),
        (b"<PartNumber>1", b"<PartNumber>"),
        (b"<ETag>&quot;e&quot;</ETag><Size>", b"<Size>"),
        (b"<Key>k</Key>", b""),
        (b"<Value>v</Value>", b""),
    ],
)
def test_a_line_without_what_matters_is_an_error(
    serve: Serve, open_fast: Open, call: Callable[[ObjectStore], object], old: bytes, new: bytes
) -> None:
    """Never a line that is poorer than it was, and never one that is left out."""
    assert old in SUITS_ALL
    whole = open_fast(serve(lambda request: reply(request, 200, SUITS_ALL)).url)
    store = open_fast(serve(lambda request: reply(request, 200, SUITS_ALL.replace(old, new))).url)
    try:
        found = call(store)
    except StoreError:
        return
    assert found == call(whole)


def test_what_xml_cannot_hold_is_passed_over() -> None:
    """Answers repeat keys raw, and Ceph cuts them in the middle of a character."""
    body = b"<a><Key>x&#1;\x02y\xc3</Key><UploadId>id</UploadId></a>"
    assert read_document(body).text("UploadId") == "id"


def test_space_before_a_document_is_an_end_that_was_busy() -> None:
    """Completing a large upload takes minutes, and AWS sends spaces so that nobody hangs up."""
    body = b'  \n <?xml version="1.0"?>\n  <a><ETag>&quot;e&quot;</ETag></a>'
    assert read_document(body).text("ETag") == '"e"'


def test_what_the_answer_that_suits_all_says() -> None:
    document = read_document(SUITS_ALL)
    leap = datetime(2024, 2, 29, 12, tzinfo=UTC)
    assert versioning_in(document) is Versioning.ENABLED
    assert lock_in(document) is BucketLock.ENABLED
    assert tags_in(document) == {"k": "v"}
    assert uploads_in(document, "k") == ([OpenUpload("key", "id", leap)], {})
    assert parts_in(document) == ([UploadedPart(1, "e", 5)], 0)
    assert not has_grants_in(document)
