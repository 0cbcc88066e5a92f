"""Answers that were made to do harm, on both data planes: an error of ours that says whose answer it was.

Never another exception, never a success, never without an end: what is read has a bound.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from migrator.errors import StoreError, Throttled
from migrator.store.answers import LONGEST_WISH_S
from migrator.store.base import ObjectStore
from migrator.store.fast.store import FastStore
from migrator.store.s3 import S3Store
from tests.store.fast.asking import connection_to, get, head, listed, put
from tests.support.scripted import Reply, Request, Scripted, reply

pytestmark = [
    pytest.mark.hostile,
    # The SDK leaves it to the collector to close connections whose answer it could not read.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

Make = Callable[[str], ObjectStore]
PLANES = {"ours": FastStore, "sdk": S3Store}


@pytest.fixture(params=PLANES)
def open_store(request: pytest.FixtureRequest) -> Iterator[Make]:
    with ExitStack() as stack:

        def opened(url: str) -> ObjectStore:
            store: ObjectStore = PLANES[request.param](connection_to(url))
            stack.callback(store.close)
            return store

        yield opened


def page(inside: str, name: str = "bucket", prefix: str = "") -> bytes:
    head_of = f"<Name>{name}</Name><Prefix>{prefix}</Prefix><IsTruncated>false</IsTruncated>"
    return f"<ListBucketResult>{head_of}{inside}</ListBucketResult>".encode()


def line(key: str = "k", size: str = "1", date: str = "2024-05-17T12:30:15.000Z") -> str:
    found = f"<Key>{key}</Key><Size>{size}</Size><LastModified>{date}</LastModified>"
    return f'<Contents>{found}<ETag>"e"</ETag></Contents>'


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    + "]><ListBucketResult><Name>&i;</Name></ListBucketResult>"
).encode()
FILE = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    b"<ListBucketResult><Name>&f;</Name></ListBucketResult>"
)

#: Bodies of an answer to a listing that begins well.
LISTINGS: dict[str, bytes] = {
    "nothing": b"",
    "a web page": b"<html><body>Welcome</body></html>",
    "JSON": b'{"Contents": []}',
    "half a document": page(line())[:-30],
    "two documents": page(line()) * 2,
    "not UTF-8": page(line()).replace(b"<Key>k", b"<Key>\xff\xfe"),
    "another document": b"<ListAllMyBucketsResult/>",
    "an error": b"<Error><Code>Odd</Code><Message>no</Message></Error>",
    "another bucket": page(line(), name="other"),
    "another prefix": page(line(), prefix="other/"),
    "no name": b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>",
    "a date that is none": page(line(date="tomorrow")),
    "a size that is none": page(line(size="big")),
    "a size below nothing": page(line(size="-1")),
    "a size that no journal can hold": page(line(size=str(2**63))),
    "a size without end": page(line(size="9" * 5000)),
    "a date before all time": page(line(date="0001-01-01T00:00:00+14:00")),
    "an object without a name": page(line().replace("<Key>k</Key>", "")),
    "an object with an empty name": page(line(key="")),
    "an object without a date": page(re.sub("<LastModified>.*?</LastModified>", "", line())),
    "very deep": b"<ListBucketResult>" + b"<a>" * 1_000_000,
    "very many attributes": b"<ListBucketResult %b/>" % b" ".join(b'a%d="x"' % n for n in range(200_000)),
    "a page that goes on to nowhere": page(line()).replace(b">false<", b">true<"),
    "a bomb of entities": BOMB,
    "a file of this computer": FILE,
    "controls": page(line()).replace(b"<Key>k", b"<Key>\x00\x01"),
}


@pytest.mark.parametrize("name", LISTINGS)
def test_a_listing(open_store: Make, name: str) -> None:
    with Scripted(lambda request: reply(request, 200, LISTINGS[name])) as server:
        must_fail(lambda: listed(open_store(server.url)))


#: Raw answers to whatever is asked.
RAW: dict[str, bytes] = {
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "an old HTTP": b"HTTP/0.9 200 OK\r\n\r\n",
    "a status that is none": b"HTTP/1.1 OK 200\r\n\r\n",
    "a status of four digits": b"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
    "nothing at all": b"",
    "no end of the head": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 3_000_000,
    "very many headers": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 300_000 + b"\r\n",
    "a length below nothing": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    "a length that is none": b"HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nhello",
    "a length without end": b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 40 + b"\r\n\r\nhello",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    "a chunk of no size": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
    "a chunk below nothing": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n",
    "a chunk without end": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nhello",
    "an end of chunks without end": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: "
    + b"x" * 3_000_000,
    "a size of a chunk without end": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;"
    + b"x" * 3_000_000,
    "interim answers with headers without end": b"HTTP/1.1 100 Continue\r\n" + b"X: y\r\n" * 300_000,
    "a body that stops": b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhello",
}


@pytest.mark.parametrize("name", RAW)
def test_what_is_no_answer_to_a_listing(open_store: Make, name: str) -> None:
    with Scripted(lambda _: Reply(RAW[name], closes=True)) as server:
        must_fail(lambda: listed(open_store(server.url)))


@pytest.mark.parametrize("name", RAW)
def test_what_is_no_object(open_store: Make, name: str) -> None:
    with Scripted(lambda _: Reply(RAW[name], closes=True)) as server:
        must_fail(lambda: get(open_store(server.url)))


ESC, RTL = "\x9b31m", "\u202e"
#: Errors: status, code, message -> what the error says; the code may say anything.
ERRORS: dict[str, tuple[int, str, str, str]] = {
    "a code nobody knows": (400, "Odd", "no", "Odd"),
    "no code": (400, "", "no", "answered"),
    "a code that moves the cursor": (400, f"Odd{ESC}", "no", "Odd\\u{9b}31m"),
    "a code without end": (400, "X" * 50_000, "no", "XXXX"),
    "a message that hides what it is": (400, "Odd", f"a{RTL}b", "a\\u{202e}b"),
    "a message without end": (400, "Odd", "x" * 200_000, "xxxx"),
    "a code of digits": (400, "200", "no", "answered"),
    "a status that is a teapot": (418, "Teapot", "no", "Teapot"),
    "a status above all": (999, "", "", ""),
}


@pytest.mark.parametrize("name", ERRORS)
def test_an_error(open_store: Make, name: str) -> None:
    status, code, said, says = ERRORS[name]
    text = f"<Error><Code>{code}</Code><Message>{said}</Message></Error>" if code else ""
    with Scripted(lambda request: reply(request, status, text.encode())) as server:
        for call in (get, listed, put):
            error = must_fail(lambda call=call: call(open_store(server.url)))  # type: ignore[misc]
            assert says in error.message
            assert len(error.message) < 2_000
            assert len(error.code) <= 200


@pytest.mark.parametrize("body", [b"hello", b"hello and more", b"hell"])
def test_an_object_in_chunks_is_taken_where_it_is_as_long_as_it_should_be(
    open_store: Make, body: bytes
) -> None:
    head = b'HTTP/1.1 200 OK\r\nETag: "e"\r\nLast-Modified: Thu, 29 Feb 2024 12:00:00 GMT\r\n'
    raw = head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    with Scripted(lambda _: Reply(raw, closes=True)) as server:
        if body == b"hello":
            assert get(open_store(server.url)) == body
        else:
            must_fail(lambda: get(open_store(server.url)))


OF_AN_OBJECT = 'HTTP/1.1 {} OK\r\nETag: "e"\r\nLast-Modified: Thu, 29 Feb 2024 12:00:00 GMT\r\n'


@pytest.mark.parametrize(
    ("status", "header", "is_right"),
    [
        (206, "Content-Range: bytes 5-9/20", True),
        (206, "Content-Range: bytes 5-9/*", True),
        (206, "Content-Range: bytes 0-4/20", False),
        (206, "Content-Range: bytes 6-10/20", False),
        (206, "Content-Range: bytes 5-8/20", False),
        (206, "Content-Range: bytes 5-9", False),
        (206, "Content-Range: items 5-9/20", False),
        (206, "Content-Range: bytes 5-9/20, bytes 5-9/20", False),
        (206, "Content-Range: " + "9" * 5000, False),
        (206, "X: y", False),
        (200, "X: y", False),
        (200, "Content-Range: bytes 5-9/20", False),
    ],
)
def test_a_part_is_the_part_that_was_asked_for(
    open_store: Make, status: int, header: str, is_right: bool
) -> None:
    """A cache between may have kept another one of the same length."""
    raw = f"{OF_AN_OBJECT.format(status)}{header}\r\nContent-Length: 5\r\n\r\nhello".encode()
    into = bytearray(5)
    with Scripted(lambda _: Reply(raw, closes=True)) as server:
        store = open_store(server.url)
        if is_right:
            store.read("bucket", "key", into, offset=5)
            assert into == b"hello"
        else:
            error = must_fail(lambda: store.read("bucket", "key", into, offset=5))
            assert "other bytes than were asked for" in error.message


def test_a_part_is_no_whole_object(open_store: Make) -> None:
    raw = f"{OF_AN_OBJECT.format(206)}Content-Range: bytes 0-4/20\r\nContent-Length: 5\r\n\r\nhello".encode()
    with Scripted(lambda _: Reply(raw, closes=True)) as server:
        must_fail(lambda: get(open_store(server.url)))


def test_the_whole_object_will_do_for_its_first_part(open_store: Make) -> None:
    raw = f"{OF_AN_OBJECT.format(200)}Content-Length: 5\r\n\r\nhello".encode()
    into = bytearray(5)
    with Scripted(lambda _: Reply(raw, closes=True)) as server:
        open_store(server.url).read("bucket", "key", into, offset=0)
    assert into == b"hello"


@pytest.mark.parametrize("wish", ["-1", "1e400", "NaN", "inf", "soon", "9" * 50, ""])
def test_a_wish_to_be_asked_later_that_is_none(open_store: Make, wish: str) -> None:
    text = b"<Error><Code>SlowDown</Code></Error>"
    with Scripted(lambda request: reply(request, 503, text, retry_after=wish)) as server:
        error = must_fail(lambda: listed(open_store(server.url)))
    assert isinstance(error, Throttled)
    assert error.retry_after_s is None or 0 <= error.retry_after_s <= LONGEST_WISH_S


@pytest.mark.parametrize(
    "headers",
    [
        {"content_length": "7"},
        {"content_length": "0"},
        {"etag": '"' + "e" * 100_000 + '"'},
        {"last_modified": "yesterday"},
        {"x_amz_missing_meta": "nonsense"},
        {"content_range": "bytes 9-1/x"},
        {"x_amz_object_lock_retain_until_date": "never"},
        {"x_amz_tagging_count": "many"},
    ],
    ids=str,
)
@pytest.mark.parametrize("how", ["GET", "HEAD"])
def test_headers_of_an_object_that_are_none(open_store: Make, headers: dict[str, str], how: str) -> None:
    """An error of ours, or an object whose odd header does not matter: nothing else."""

    def answer(request: Request) -> Reply:
        usual = {"etag": '"e"', "last_modified": "Thu, 29 Feb 2024 12:00:00 GMT"}
        return reply(request, 200, b"hello", **{**usual, **headers})

    with Scripted(lambda request: Reply(answer(request).raw, closes=True)) as server:
        try:
            (get if how == "GET" else head)(open_store(server.url))
        except StoreError as error:
            tell = error.message
        else:
            tell = "taken"
    assert tell


def must_fail(call: Callable[[], object]) -> StoreError:
    with pytest.raises(StoreError) as caught:
        call()
    error = caught.value
    assert error.end == "AWS" or "127.0.0.1" in error.message
    assert error.message.strip()
    assert error.message.isprintable(), "a terminal would act on it"
    return error
