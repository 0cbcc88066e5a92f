"""Questions go over the wire as the SDK sends them."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit
from xml.etree import ElementTree

import pytest

from migrator.model.objects import Properties, UploadedPart
from migrator.store.base import IF_ABSENT, Condition, ObjectStore
from tests.store.fast.asking import MARKER, QUESTIONS, SUITS_ALL, Open, Serve, locks
from tests.support.scripted import Reply, Request, reply

RICH = Properties(
    content_type="text/plain",
    cache_control="no-cache",
    expires="0",
    metadata={"a": "1", "b-c": "d e"},
    tags={"k": "a/b c+d"},
    storage_class="STANDARD_IA",
    encryption="aws:kms:arn:aws:kms:us-east-1:1:key/1",
)
HOSTILE = "a b/ö\u2028?&=+%\udcff"
PARTS = [UploadedPart(number, f'e"<&{number}', 5) for number in (1, 2, 10_000)]
CHECKED = [UploadedPart(number, "e", 5, "y/Q5Jg==") for number in (1, 2)]
CALLS: dict[str, Callable[[ObjectStore], object]] = {
    **QUESTIONS,
    "GetObjectLockConfiguration": locks,
    "tags of the current version": lambda store: store.tags("bucket", HOSTILE[:-1]),
    "an upload with properties": lambda store: store.create_upload("bucket", "a/b", RICH),
    "complete, unless there": lambda store: store.complete_upload(
        "bucket", "key", "i+d/=", PARTS, condition=IF_ABSENT
    ),
    "complete, if there": lambda store: store.complete_upload(
        "bucket", "key", "id", PARTS, condition=Condition(etag="e")
    ),
    "an upload with checksums": lambda store: store.create_upload("bucket", "a/b", RICH, has_crc32=True),
    "complete with checksums": lambda store: store.complete_upload("bucket", "key", "id", CHECKED),
    "complete nothing": lambda store: store.complete_upload("bucket", "key", "id", []),
    "delete, if there": lambda store: store.delete("bucket", HOSTILE[:-1], if_match="e"),
    "uploads below a prefix": lambda store: store.list_uploads("bucket", "a b/ö?&=+%"),
}
#: What is of its own in each request, or says only who asks.
OWN = {
    *("authorization", "x-amz-date", "x-amz-content-sha256", "user-agent", "accept-encoding"),
    *("amz-sdk-invocation-id", "amz-sdk-request"),
}


def said(request: Request) -> tuple[object, ...]:
    url = urlsplit(request.target)
    headers = {name: value for name, value in request.headers.items() if name not in OWN}
    if headers.get("content-length") == "0" and request.method == "DELETE":
        del headers["content-length"]
    body: object = ElementTree.canonicalize(request.body) if request.body else b""
    headers.pop("content-length", None)
    return request.method, url.path, sorted(parse_qsl(url.query, keep_blank_values=True)), headers, body


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("payer", [False, True])
def test_both_ask_the_same(serve: Serve, open_fast: Open, name: str, payer: bool) -> None:
    server = serve(lambda request: reply(request, 200, SUITS_ALL, **MARKER))
    store = open_fast(server.url, requester_pays=payer)
    CALLS[name](store)
    CALLS[name](store.reference)
    ours, theirs = map(said, server.requests)
    if payer:
        # Of settings the SDK does not know that they can be paid for. To services it is all the same.
        theirs[3].setdefault("x-amz-request-payer", "requester")  # type: ignore[attr-defined]
    assert ours == theirs


@pytest.mark.parametrize(
    "call",
    [
        lambda store: store.tags("bucket", HOSTILE),
        lambda store: store.delete("bucket", HOSTILE),
        lambda store: store.list_parts("bucket", HOSTILE, "id"),
    ],
)
def test_bytes_that_are_no_utf_8_are_asked_for_as_they_are(
    serve: Serve, open_fast: Open, call: Callable[[ObjectStore], object]
) -> None:
    server = serve(lambda request: reply(request, 200, SUITS_ALL))
    call(open_fast(server.url))
    path = urlsplit(server.requests[0].target).path
    assert path == "/bucket/a%20b/%C3%B6%E2%80%A8%3F%26%3D%2B%25%FF"


@pytest.mark.parametrize(
    "call",
    [
        QUESTIONS["CreateMultipartUpload"],
        QUESTIONS["CompleteMultipartUpload"],
        QUESTIONS["AbortMultipartUpload"],
        QUESTIONS["DeleteObject, a marker"],
    ],
)
def test_what_changes_something_is_sent_once(
    serve: Serve, open_fast: Open, call: Callable[[ObjectStore], object]
) -> None:
    """Also where a kept connection breaks: nobody knows whether it was carried out."""

    def drops(request: Request) -> Reply:
        if request.number > 1:
            return Reply(closes=True)
        return reply(request, 200, SUITS_ALL, **MARKER)

    server = serve(drops)
    store = open_fast(server.url)
    call(store)
    with pytest.raises(Exception, match="was lost"):
        call(store)
    assert len(server.requests) == 2
