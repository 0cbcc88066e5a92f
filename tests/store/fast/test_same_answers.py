"""Whatever a service answers, both stores say the same of it, word for word."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress

import pytest

from migrator.errors import (
    AccessDenied,
    BadCredentials,
    ClockSkew,
    DigestMismatch,
    ExpiredCredentials,
    MigratorError,
    NotFound,
    NotS3,
    NotSupported,
    PreconditionFailed,
    Rejected,
    StoreError,
    Throttled,
    Transient,
    WrongRegion,
)
from migrator.store.base import BucketLock, ObjectStore
from migrator.store.s3 import S3Store
from tests.store.fast.asking import (
    BODY,
    LISTING,
    MARKER,
    OBJECT,
    QUESTIONS,
    SUITS_ALL,
    Open,
    Serve,
    connection_to,
    get,
    head,
    listed,
    locks,
    ok,
    part,
    put,
)
from tests.support.scripted import Reply, Request, reply

CALLS: dict[str, Callable[[ObjectStore], object]] = {
    "GetObject": get,
    "HeadObject": head,
    "PutObject": put,
    "UploadPart": part,
    "ListObjectsV2": listed,
    **QUESTIONS,
}
HTML = b"<html><body><p>Log in</p></body></html>"


def document(code: str, more: str = "", said: str = "Because.") -> bytes:
    text = f"<Error><Code>{code}</Code><Message>{said}</Message>{more}<RequestId>R1</RequestId></Error>"
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + text.encode()


#: As the documents have it.
ID = {"x_amz_request_id": "R1"}
Outcome = tuple[object, ...]


def outcomes(
    serve: Serve, open_fast: Open, answer: Callable[[Request], Reply], operations: Iterable[str]
) -> dict[str, Outcome]:
    """What the data plane makes of an answer, after a look that the reference store makes the same of it."""
    server = serve(answer)
    fast, reference = open_fast(server.url), S3Store(connection_to(server.url))
    ours: dict[str, Outcome] = {}
    theirs: dict[str, Outcome] = {}
    for operation in operations:
        call = locks if operation == "GetObjectLockConfiguration" else CALLS[operation]
        ours[operation] = outcome(fast, call)
        theirs[operation] = outcome(reference, call)
        if ours[operation][0] is WrongRegion:  # it has become the reference store
            fast = open_fast(server.url)
    reference.close()
    assert ours == theirs
    return ours


def outcome(store: ObjectStore, call: Callable[[ObjectStore], object]) -> Outcome:
    try:
        return None, call(store)
    except MigratorError as cause:
        return type(cause), str(cause), vars(cause)


Kind = type[StoreError]
#: Status, document, headers, the error, and the error where there is no document (HEAD).
ERRORS: dict[str, tuple[int, bytes, dict[str, str], Kind, Kind]] = {
    "denied": (403, document("AccessDenied"), {}, AccessDenied, AccessDenied),
    "denied without a word": (403, b"", {}, AccessDenied, AccessDenied),
    "denied by a page": (403, HTML, {}, AccessDenied, AccessDenied),
    "denied in an unknown encoding": (
        403,
        b'<?xml version="1.0" encoding="none"?><Error/>',
        {},
        AccessDenied,
        AccessDenied,
    ),
    "locked": (403, document("AccessDenied", said="WORM protected."), {}, AccessDenied, AccessDenied),
    "archived": (403, document("InvalidObjectState"), {}, Rejected, AccessDenied),
    "unknown key": (403, document("InvalidAccessKeyId"), {}, BadCredentials, AccessDenied),
    "wrong secret": (403, document("SignatureDoesNotMatch"), {}, BadCredentials, AccessDenied),
    "wrong clock": (403, document("RequestTimeTooSkewed"), {}, ClockSkew, AccessDenied),
    "expired": (400, document("ExpiredToken"), {}, ExpiredCredentials, Rejected),
    "bad digest": (400, document("BadDigest"), {}, DigestMismatch, Rejected),
    "late, by their clock": (400, document("RequestTimeout"), {}, Transient, Rejected),
    "bad request without a word": (400, b"", {}, Rejected, Rejected),
    "no key": (404, document("NoSuchKey"), {}, NotFound, NotFound),
    "no bucket": (404, document("NoSuchBucket"), {}, NotFound, NotFound),
    "not found without a word": (404, b"", {}, NotFound, NotFound),
    "not found by a page": (404, HTML, {}, NotFound, NotFound),
    "a marker": (405, b"", {"x_amz_delete_marker": "true"}, NotFound, NotFound),
    "not allowed": (405, document("MethodNotAllowed"), {}, NotSupported, NotSupported),
    "conflict": (409, document("ConditionalRequestConflict"), {}, PreconditionFailed, Rejected),
    "condition": (412, document("PreconditionFailed"), {}, PreconditionFailed, PreconditionFailed),
    "range": (416, document("InvalidRange"), {}, Rejected, Rejected),
    "not modified": (304, b"", {}, Rejected, Rejected),
    "unknown": (418, document("Teapot", said="Zoë &amp; I"), {}, Rejected, Rejected),
    "too many": (429, b"", {"retry_after": "3"}, Throttled, Throttled),
    "internal": (500, document("InternalError"), {}, Transient, Transient),
    "broken page": (500, HTML, {}, Transient, Transient),
    "unknown to them": (501, document("NotImplemented"), {}, NotSupported, NotSupported),
    "bad gateway": (502, HTML, {}, Transient, Transient),
    "slow down": (503, document("SlowDown"), {"retry_after": "7"}, Throttled, Throttled),
    "slow down some time": (503, document("SlowDown"), {"retry_after": "soon"}, Throttled, Throttled),
    "unavailable": (503, HTML, {}, Throttled, Throttled),
    "late": (504, b"", {}, Transient, Transient),
    "elsewhere": (
        301,
        document("PermanentRedirect"),
        {"x_amz_bucket_region": "eu-north-1"},
        WrongRegion,
        WrongRegion,
    ),
    "signed for elsewhere": (
        400,
        document("AuthorizationHeaderMalformed", "<Region>eu-north-1</Region>"),
        {},
        WrongRegion,
        Rejected,
    ),
}


@pytest.mark.parametrize(("status", "body", "headers", "kind", "of_head"), ERRORS.values(), ids=ERRORS)
def test_errors(
    serve: Serve,
    open_fast: Open,
    status: int,
    body: bytes,
    headers: dict[str, str],
    kind: Kind,
    of_head: Kind,
) -> None:
    found = outcomes(serve, open_fast, lambda request: reply(request, status, body, **ID, **headers), CALLS)
    assert found.pop("HeadObject")[0] is of_head
    assert {each[0] for each in found.values()} == {kind}


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("InternalError", Transient),
        ("SlowDown", Throttled),
        ("AccessDenied", AccessDenied),
        ("Odd", Transient),
    ],
)
def test_errors_that_come_as_a_success(serve: Serve, open_fast: Open, code: str, kind: Kind) -> None:
    operations = ("PutObject", "UploadPart", "ListObjectsV2", *QUESTIONS)
    answer = document(code)
    found = outcomes(
        serve, open_fast, lambda request: reply(request, 200, answer, **ID, **OBJECT), operations
    )
    assert {each[0] for each in found.values()} == {kind}


@pytest.mark.parametrize(
    ("status", "body", "headers", "expected"),
    [
        (403, document("AccessDenied"), {}, "R1"),
        (403, document("AccessDenied"), {"x_amz_request_id": "R0"}, "R0"),
        (403, b"", {"x_amz_request_id": "R0"}, "R0"),
        (403, b"", {}, ""),
    ],
)
def test_the_id_that_support_asks_for(
    serve: Serve, open_fast: Open, status: int, body: bytes, headers: dict[str, str], expected: str
) -> None:
    """The header's, as for the reference store; else the document's."""
    store = open_fast(serve(lambda request: reply(request, status, body, **headers)).url)
    with pytest.raises(AccessDenied) as caught:
        get(store)
    assert caught.value.request_id == expected


@pytest.mark.parametrize(("status", "body", "headers", "kind", "_"), ERRORS.values(), ids=ERRORS)
def test_what_a_refusal_says_about_locks(
    serve: Serve, open_fast: Open, status: int, body: bytes, headers: dict[str, str], kind: Kind, _: Kind
) -> None:
    operation = "GetObjectLockConfiguration"
    answer = outcomes(
        serve, open_fast, lambda request: reply(request, status, body, **ID, **headers), [operation]
    )
    found = answer[operation]
    if kind in {AccessDenied, Rejected}:
        assert found == (None, BucketLock.UNKNOWN)
    elif kind is NotSupported or (kind is NotFound and b"NoSuchKey" in body):
        assert found == (None, BucketLock.NONE)
    else:
        assert found[0] is kind


#: Bodies of a success that say nothing, something else, or nothing that can be read.
POOR = {
    "nothing": b"",
    "a page": HTML,
    "text": b"hello",
    "a part of one": SUITS_ALL[:-5],
    "another document": LISTING,
    "an empty element": b"<Answer/>",
}


@pytest.mark.parametrize("body", [SUITS_ALL, *POOR.values()], ids=["all", *POOR])
@pytest.mark.parametrize("headers", [{}, MARKER], ids=["", "marker"])
def test_small_documents(serve: Serve, open_fast: Open, body: bytes, headers: dict[str, str]) -> None:
    calls = {**QUESTIONS, "GetObjectLockConfiguration": locks}
    found = outcomes(serve, open_fast, lambda request: reply(request, 200, body, **headers), calls)
    if body == SUITS_ALL:
        assert [each for each, (kind, *_) in found.items() if kind is not None] == (
            [] if headers else ["DeleteObject, a marker"]
        )


@pytest.mark.parametrize("headers", [{}, MARKER], ids=["", "marker"])
def test_deletes_have_no_document(serve: Serve, open_fast: Open, headers: dict[str, str]) -> None:
    calls = ("AbortMultipartUpload", "DeleteObject", "DeleteObject, a marker")
    outcomes(serve, open_fast, lambda _: no_content(headers), calls)


def no_content(headers: dict[str, str]) -> Reply:
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return Reply(f"HTTP/1.1 204 No Content\r\n{lines}\r\n".encode())


NO_DATE = {"etag": OBJECT["etag"]}
NO_ETAG = {"last_modified": OBJECT["last_modified"]}
SUCCESSES: dict[str, tuple[str, bytes, dict[str, str], Kind | None]] = {
    "an object": ("GetObject", BODY, OBJECT, None),
    "a longer one": ("GetObject", BODY + b"!", OBJECT, DigestMismatch),
    "a shorter one": ("GetObject", b"!", OBJECT, DigestMismatch),
    "without ETag": ("GetObject", BODY, NO_ETAG, NotS3),
    "with an empty one": ("GetObject", BODY, {**OBJECT, "etag": ""}, NotS3),
    "without date": ("GetObject", BODY, NO_DATE, NotS3),
    "a page": ("GetObject", HTML, {}, DigestMismatch),
    "nothing": ("GetObject", b"", {}, DigestMismatch),
    "a head": ("HeadObject", BODY, OBJECT, None),
    "a head without ETag": ("HeadObject", BODY, NO_ETAG, NotS3),
    "a head without date": ("HeadObject", BODY, NO_DATE, NotS3),
    "a head of nothing": ("HeadObject", b"", {}, NotS3),
    "written": ("PutObject", b"", OBJECT, None),
    "written without ETag": ("PutObject", b"", {}, None),
    "written, with a document": ("PutObject", b"<Result/>", OBJECT, None),
    "a part": ("UploadPart", b"", OBJECT, None),
    "a part without ETag": ("UploadPart", b"", {}, NotS3),
    "a part with an empty one": ("UploadPart", b"", {"etag": ""}, NotS3),
    "a part, by a page": ("UploadPart", HTML, {}, NotS3),
    "a listing": ("ListObjectsV2", LISTING, {}, None),
    "of another bucket": ("ListObjectsV2", LISTING.replace(b"bucket", b"other"), {}, NotS3),
    "of another prefix": ("ListObjectsV2", LISTING.replace(b"<Prefix/>", b"<Prefix>a</Prefix>"), {}, NotS3),
    "without an end": ("ListObjectsV2", LISTING.replace(b"false", b"true"), {}, NotS3),
    "a page for a listing": ("ListObjectsV2", HTML, {}, NotS3),
    "nothing for a listing": ("ListObjectsV2", b"", {}, NotS3),
}


@pytest.mark.parametrize(("operation", "body", "headers", "kind"), SUCCESSES.values(), ids=SUCCESSES)
def test_successes(
    serve: Serve, open_fast: Open, operation: str, body: bytes, headers: dict[str, str], kind: Kind | None
) -> None:
    found = outcomes(serve, open_fast, lambda request: reply(request, 200, body, **headers), [operation])
    assert found[operation][0] is kind


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        (LISTING[:-5], DigestMismatch, "BrokenListing"),
        (b"hello", NotS3, "NotS3"),
        (b"<html><p>unclosed</html>", NotS3, "NotS3"),
        (b'<?xml version="1.0" encoding="shift_jis"?><html/>', NotS3, "NotS3"),
    ],
)
def test_what_is_no_document_is_told_more_exactly(
    serve: Serve, open_fast: Open, body: bytes, kind: Kind, code: str
) -> None:
    """To the reference store all of this is a failure of the service."""
    store = open_fast(serve(lambda request: reply(request, 200, body)).url)
    with pytest.raises(kind) as caught:
        listed(store)
    assert caught.value.code == code


HEADS = {
    "least": "",
    "all of them": (
        "content-type: text/plain\r\ncache-control: no-cache\r\ncontent-disposition: inline\r\n"
        "content-encoding: gzip\r\ncontent-language: de, en\r\nexpires: -1\r\n"
        "x-amz-website-redirect-location: /x\r\nx-amz-version-id: v\r\nx-amz-tagging-count: 2\r\n"
        "x-amz-missing-meta: 1\r\nx-amz-storage-class: GLACIER\r\nx-amz-server-side-encryption: aws:kms\r\n"
        "x-amz-server-side-encryption-aws-kms-key-id: arn:aws:kms:x\r\n"
        "x-amz-object-lock-mode: COMPLIANCE\r\nx-amz-object-lock-legal-hold: ON\r\n"
        "x-amz-object-lock-retain-until-date: 2030-01-01T00:00:00.123Z\r\n"
    ),
    "metadata": "X-Amz-Meta-Upper: A\r\nx-amz-meta-empty:\r\nx-amz-meta-a:b\r\nx-amz-meta-c: d: e, f  g\r\n",
    "twice": "x-amz-meta-a: 1\r\nX-Amz-Meta-A: 2\r\n",
    "not ASCII": "x-amz-meta-a: Gr\xf6\xdfe\r\ncontent-disposition: \xc3\xa9\r\n",
    "encoded": "x-amz-meta-a: =?UTF-8?B?w6k=?=\r\n",
    "a date of 1994": "expires: Sunday, 06-Nov-94 08:49:37 GMT\r\n",
}


@pytest.mark.parametrize("lines", HEADS.values(), ids=HEADS)
def test_heads(serve: Serve, open_fast: Open, lines: str) -> None:
    raw = f'HTTP/1.1 200 OK\r\nETag: "e"\r\nLast-Modified: {OBJECT["last_modified"]}\r\n{lines}'
    answer = Reply((raw + "Content-Length: 7\r\n\r\n").encode("latin-1"))
    store = open_fast(serve(lambda _: answer).url)
    ours = store.head("bucket", "key")
    assert ours == store.reference.head("bucket", "key")
    assert ours.size_bytes == 7


# -- other regions ----------------------------------------------------------------------------------


def is_sdk(request: Request) -> bool:
    return "Boto3" in request.headers["user-agent"]


@pytest.mark.parametrize("call", [get, put, part, listed, head, *QUESTIONS.values(), locks])
@pytest.mark.parametrize("status", [301, 307])
def test_where_the_bucket_is_elsewhere_the_sdk_takes_over(
    serve: Serve, open_fast: Open, call: Callable[[ObjectStore], object], status: int
) -> None:
    """It knows how to follow; and from then on it is asked at once."""

    def answer(request: Request) -> Reply:
        if not is_sdk(request):
            return reply(request, status, document("PermanentRedirect"), x_amz_bucket_region="eu-north-1")
        if "list-type" in request.target:
            return reply(request, 200, LISTING)
        if "?" in request.target or request.method == "DELETE":
            return reply(request, 200, SUITS_ALL, **OBJECT, **MARKER)
        return ok(request)

    server = serve(answer)
    store = open_fast(server.url)
    call(store)
    call(store)
    assert [is_sdk(each) for each in server.requests] == [False, True, True]


def test_a_head_that_is_refused_without_a_word_is_the_sdks_to_explain(serve: Serve, open_fast: Open) -> None:
    """So AWS answers HEAD where the bucket is elsewhere. Other requests go on as before."""
    server = serve(lambda request: ok(request) if is_sdk(request) else reply(request, 400))
    assert head(open_fast(server.url)) == "e"
    assert [is_sdk(each) for each in server.requests] == [False, True]


@pytest.mark.parametrize("status", [302, 303, 307, 308])
def test_nobody_is_followed_to_another_host(serve: Serve, open_fast: Open, status: int) -> None:
    """Whose words would be taken for the end's."""
    other = serve(ok)
    server = serve(lambda request: reply(request, status, location=f"{other.url}{request.target}"))
    store = open_fast(server.url)
    for call in CALLS.values():
        with pytest.raises(StoreError):
            call(store)
    with suppress(StoreError):
        locks(store)
    assert other.connections == 0
