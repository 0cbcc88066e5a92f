"""Answers of HTTP/1.1: what is plain is read exactly, else it is refused; wherever the network cuts them."""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Callable, Iterable
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.store.fast.http1 import HEAD_LIMIT_BYTES, BadAnswer, Head, Wire, parse_head

LIMIT = 1024 * 1024
OK = b"HTTP/1.1 200 OK\r\n"


class Pieces:
    """What a connection brings, a piece to a read, and then its end."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = deque(piece for piece in pieces if piece)

    def recv_into(self, into: memoryview) -> int:
        if not self._pieces:
            return 0
        piece = self._pieces.popleft()
        count = min(len(piece), len(into))
        into[:count] = piece[:count]
        if piece[count:]:
            self._pieces.appendleft(piece[count:])
        return count


def cut(raw: bytes, sizes: list[int]) -> list[bytes]:
    """In pieces of these sizes, over and over."""
    pieces, at, turn = [], 0, 0
    while at < len(raw):
        size = sizes[turn % len(sizes)]
        pieces.append(raw[at : at + size])
        at, turn = at + size, turn + 1
    return pieces


def wire_of(raw: bytes, sizes: list[int] | None = None) -> Wire:
    return Wire(cast(socket.socket, Pieces(cut(raw, sizes or [len(raw) or 1]))))


SIZES = st.lists(st.one_of(st.integers(1, 5), st.integers(50, 40_000)), min_size=1, max_size=4)

# -- heads ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "method", "expected"),
    [
        (["200 OK", "Content-Length: 5"], "GET", Head(200, {"content-length": "5"}, 5)),
        (["200 OK", "content-length:5"], "GET", Head(200, {"content-length": "5"}, 5)),
        (["200 OK", "Content-Length: \t 5 \t"], "GET", Head(200, {"content-length": "5"}, 5)),
        (
            ["200 OK", "Content-Length: 5", "content-length: 5"],
            "GET",
            Head(200, {"content-length": "5, 5"}, 5),
        ),
        (["200 OK", "Content-Length: 5"], "HEAD", Head(200, {"content-length": "5"}, 0)),
        (["200 OK"], "HEAD", Head(200, {}, 0)),
        (["204 No Content"], "PUT", Head(204, {}, 0)),
        (["304 Not Modified", "Content-Length: 9"], "GET", Head(304, {"content-length": "9"}, 0)),
        (["100 Continue"], "PUT", Head(100, {}, 0)),
        (
            ["200 OK", "Transfer-Encoding: Chunked"],
            "GET",
            Head(200, {"transfer-encoding": "Chunked"}, None, is_chunked=True),
        ),
        (["200 OK"], "GET", Head(200, {}, None, keeps_open=False)),
        (["200", "Content-Length: 0"], "GET", Head(200, {"content-length": "0"}, 0)),
        (["200 ", "Content-Length: 0"], "GET", Head(200, {"content-length": "0"}, 0)),
        (["404 größe", "Content-Length: 0"], "GET", Head(404, {"content-length": "0"}, 0)),
        (
            ["200 OK", "x-amz-meta-a: b:c", "X-Amz-Meta-A:", "content-length: 0"],
            "GET",
            Head(200, {"x-amz-meta-a": "b:c, ", "content-length": "0"}, 0),
        ),
    ],
)
def test_heads_that_are_plain(lines: list[str], method: str, expected: Head) -> None:
    assert parse_head(("HTTP/1.1 " + "\r\n".join(lines)).encode(), method) == expected


def test_values_are_read_as_iso_8859_1() -> None:
    assert parse_head(OK + "X-Name: größe".encode("latin-1"), "HEAD").headers == {"x-name": "größe"}


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.0 200 OK",
        b"HTTP/1.1 200 OK\r\nConnection: Close",
        b"HTTP/1.1 200 OK\r\nConnection: x\r\nConnection: close",
    ],
)
def test_the_connection_may_end_with_the_answer(raw: bytes) -> None:
    assert not parse_head(raw + b"\r\nContent-Length: 0", "GET").keeps_open


PLAIN = b"Content-Length: 5"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"HTTP/1.1",
        b"HTTP/2 200 OK\r\n" + PLAIN,
        b"HTTP/1.2 200 OK\r\n" + PLAIN,
        b"HTTP/1.1 2000 OK\r\n" + PLAIN,
        b"HTTP/1.1 020 OK\r\n" + PLAIN,
        b"HTTP/1.1 600 OK\r\n" + PLAIN,
        b"HTTP/1.1  200 OK\r\n" + PLAIN,
        b"HTTP/1.1 200OK\r\n" + PLAIN,
        b" HTTP/1.1 200 OK\r\n" + PLAIN,
        b"http/1.1 200 OK\r\n" + PLAIN,
        b"HTTP/1.1 200 OK\n" + PLAIN,
        b"HTTP/1.1 200 O\rK\r\n" + PLAIN,
        b"<html></html>",
    ],
)
def test_what_does_not_begin_as_http_is_refused(raw: bytes) -> None:
    with pytest.raises(BadAnswer, match="begin as HTTP"):
        parse_head(raw, "GET")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "line",
    [
        b"no colon",
        b"",
        b": no name",
        b"name : space before the colon",
        b"na me: space",
        b" folded: header",
        b"\tfolded",
        b"name\0: zero",
        b"name: ze\0ro",
        b"name: bare\nline: feed",
        b"name: bare\rreturn",
        b"name: return at the end\r",
        b"n\xc3\xa4me: not ASCII",
        b"n(a)me: brackets",
    ],
)
def test_lines_that_are_no_headers_are_refused(line: bytes, method: str) -> None:
    for raw in (OK + PLAIN + b"\r\n" + line, OK + line + b"\r\n" + PLAIN):
        with pytest.raises(BadAnswer, match="header"):
            parse_head(raw, method)


AMBIGUOUS = {
    "two lengths": b"Content-Length: 5\r\nContent-Length: 6",
    "two in one": b"Content-Length: 5, 6",
    "one and none": b"Content-Length: 5, ",
    "spelt differently": b"Content-Length: 5, 05",
    "empty": b"Content-Length:",
    "negative": b"Content-Length: -5",
    "signed": b"Content-Length: +5",
    "underscore": b"Content-Length: 1_0",
    "hexadecimal": b"Content-Length: 0x5",
    "fraction": b"Content-Length: 5.0",
    "huge": b"Content-Length: " + b"9" * 19,
    "very huge": b"Content-Length: " + b"9" * 5000,
    "not a space": b"Content-Length: 5\xa0",
    "vertical tab": b"Content-Length: \x0b5",
    "not a digit": b"Content-Length: \xb2",
}
CODINGS = {
    "length and chunked": b"Content-Length: 5\r\nTransfer-Encoding: chunked",
    "gzip": b"Transfer-Encoding: gzip",
    "gzip in chunks": b"Transfer-Encoding: gzip, chunked",
    "chunked twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    "identity": b"Transfer-Encoding: identity",
    "no coding": b"Transfer-Encoding:",
    "not a space before": b"Transfer-Encoding: \x0bchunked",
}


@pytest.mark.parametrize("lines", [*AMBIGUOUS.values(), *CODINGS.values()], ids=[*AMBIGUOUS, *CODINGS])
def test_what_could_be_of_two_lengths_is_refused(lines: bytes) -> None:
    with pytest.raises(BadAnswer, match="how long"):
        parse_head(OK + lines, "GET")


@pytest.mark.parametrize("lines", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_a_head_says_plainly_how_long_the_object_is(lines: bytes) -> None:
    """It is the object's size that HEAD asks for."""
    with pytest.raises(BadAnswer, match="how long"):
        parse_head(OK + lines, "HEAD")


NAMES = st.sampled_from(["Content-Length", "Transfer-Encoding", "Connection", "x-amz-meta-a", " x", "x ", ""])
VALUES = st.one_of(
    st.sampled_from(["0", "5", "-1", "5, 5", "chunked", "close", "ü", "\r", "\n", "\0"]), st.text()
)
LINES = st.lists(st.tuples(NAMES, st.sampled_from([":", ": ", "", " :"]), VALUES).map("".join), max_size=5)
HEADS = st.builds(
    lambda first, lines, end: (first + end + end.join(lines) + end * 2).encode("utf-8", "replace"),
    st.sampled_from(["HTTP/1.1 200 OK", "HTTP/1.0 404", "HTTP/1.1 100 Continue", "HTTP/1.1 204 x", "HTTP"]),
    LINES,
    st.sampled_from(["\r\n", "\r\n", "\n"]),
)
BODIES = st.one_of(
    st.binary(max_size=60),
    st.sampled_from([b"5\r\nhello\r\n0\r\n\r\n", b"5;a=b\r\nhello\r\n0\r\nx: y\r\n\r\n"]),
)


@given(
    st.one_of(
        st.binary(max_size=200), st.builds(lambda *parts: b"".join(parts), HEADS, BODIES, HEADS, BODIES)
    ),
    SIZES,
    st.sampled_from(["GET", "HEAD", "PUT"]),
)
def test_whatever_comes_is_an_answer_or_refused(raw: bytes, sizes: list[int], method: str) -> None:
    wire = wire_of(raw, sizes)
    for _ in range(2):
        try:
            head = wire.answer(method)
            body = wire.read_all(LIMIT)
        except BadAnswer:
            assert wire.is_broken
            return
        assert 200 <= head.status <= 599
        assert wire.is_at_end
        assert head.length in {None, len(body)}
        assert head.keeps_open is not wire.is_broken
        if wire.is_broken:
            return


# -- bodies -----------------------------------------------------------------------------------------


def chunked(body: bytes, sizes: list[int], extension: bytes = b"", trailers: bytes = b"") -> bytes:
    parts = [b"%x%s\r\n%s\r\n" % (len(each), extension, each) for each in cut(body, sizes)]
    return b"".join(parts) + b"0%s\r\n%s\r\n" % (extension, trailers)


Frame = Callable[[bytes], bytes]
BODY = st.one_of(st.binary(max_size=50), st.sampled_from([300, 16_500, 70_000]).map(bytes))
EXTENSION = st.sampled_from([b"", b";a", b"; name=value", b' ;a="b c"', b"\t;"])
TRAILERS = st.sampled_from([b"", b"x-amz-checksum: a\r\n", b"a: b\r\nc: d\r\n"])
FRAMES = st.one_of(
    st.just(lambda body: b"Content-Length: %d\r\n\r\n%s" % (len(body), body)),
    st.builds(
        lambda *how: lambda body: b"Transfer-Encoding: chunked\r\n\r\n" + chunked(body, *how),
        SIZES,
        EXTENSION,
        TRAILERS,
    ),
)
BEFORE = st.sampled_from(
    [b"", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early\r\nLink: a\r\n\r\n" * 2]
)


@settings(max_examples=40)
@given(st.lists(st.tuples(BODY, FRAMES, BEFORE), min_size=1, max_size=3), SIZES, st.data())
def test_answers_are_read_exactly_however_they_are_cut(
    answers: list[tuple[bytes, Frame, bytes]], sizes: list[int], data: st.DataObject
) -> None:
    """One after another on one connection: nothing is taken from the next, nothing is left of the last."""
    raw = b"".join(before + OK + frame(body) for body, frame, before in answers)
    wire = wire_of(raw, sizes)
    for body, _, _ in answers:
        assert wire.answer("GET").status == 200
        assert read(wire, body, data.draw(st.sampled_from(["all", "into", "part"]))) == body
        assert wire.is_at_end
    assert not wire.is_broken
    with pytest.raises(BadAnswer) as caught:
        wire.answer("GET")
    assert not caught.value.has_begun


def read(wire: Wire, body: bytes, how: str) -> bytes:
    if how == "all":
        return wire.read_all(len(body))
    size = len(body) if how == "into" else len(body) // 2
    into = bytearray(size)
    told: list[int] = []
    assert wire.read_into(memoryview(into), told.append) == size
    assert sum(told) == size
    return bytes(into) + wire.read_all(LIMIT)


@given(BODY, SIZES)
def test_a_body_may_end_with_the_connection(body: bytes, sizes: list[int]) -> None:
    wire = wire_of(OK + b"\r\n" + body, sizes)
    assert wire.answer("GET").length is None
    into = bytearray(len(body) + 1)
    assert wire.read_into(memoryview(into)) == len(body)
    assert into[:-1] == body
    assert wire.is_at_end
    assert wire.is_broken


@given(st.binary(min_size=1, max_size=60), FRAMES, SIZES, st.data())
def test_an_answer_that_is_cut_short_is_refused(
    body: bytes, frame: Frame, sizes: list[int], data: st.DataObject
) -> None:
    raw = OK + frame(body)
    count = data.draw(st.integers(0, len(raw) - 1))
    wire = wire_of(raw[:count], sizes)
    with pytest.raises(BadAnswer) as caught:
        answered(wire)
    assert wire.is_broken
    assert caught.value.has_begun is (count > 0)


def answered(wire: Wire) -> bytes:
    wire.answer("GET")
    return wire.read_all(LIMIT)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\r\n",
        b"x\r\n",
        b"-1\r\n",
        b"+5\r\nhello\r\n0\r\n\r\n",
        b"0x5\r\nhello\r\n0\r\n\r\n",
        b" 5\r\nhello\r\n0\r\n\r\n",
        b"5 5\r\nhello\r\n0\r\n\r\n",
        b"5\nhello\n0\n\n\r\n",
        b"5;a\nb\r\nhello\r\n0\r\n\r\n",
        b"4\r\nhello\r\n0\r\n\r\n",
        b"6\r\nhello\r\n0\r\n\r\n",
        b"5\r\nhello0\r\n\r\n",
        b"f" * 16 + b"\r\nhello",
        b"5\r\nhello\r\n0\r\nx: y\r\n",
    ],
)
@pytest.mark.parametrize("size", [3, 100_000])
def test_chunks_that_are_none_are_refused(body: bytes, size: int) -> None:
    wire = wire_of(OK + b"Transfer-Encoding: chunked\r\n\r\n" + body, [size])
    wire.answer("GET")
    with pytest.raises(BadAnswer):
        wire.read_all(LIMIT)
    assert wire.is_broken


def test_lines_of_chunks_have_a_limit() -> None:
    extension = b";" + b"a" * (HEAD_LIMIT_BYTES + 20_000)
    wire = wire_of(OK + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(b"hello", [5], extension))
    with pytest.raises(BadAnswer, match="line"):
        answered(wire)


@pytest.mark.parametrize("over", [0, 1, 5000, 200_000])
@pytest.mark.parametrize("size", [1000, 16_384, 1_000_000])
def test_heads_have_a_limit(over: int, size: int) -> None:
    """The same, however it is cut."""
    length = HEAD_LIMIT_BYTES + over - len(OK) - len(b"Content-Length: 0\r\nx: ")
    wire = wire_of(OK + b"Content-Length: 0\r\nx: " + b"a" * length + b"\r\n\r\n", [size])
    if over:
        with pytest.raises(BadAnswer, match="does not end"):
            wire.answer("GET")
        assert wire.is_broken
    else:
        assert wire.answer("GET").length == 0


def test_no_end_of_interim_answers_is_waited_for() -> None:
    wire = wire_of(b"HTTP/1.1 102 Processing\r\n\r\n" * 1000 + OK + PLAIN + b"\r\n\r\nhello")
    with pytest.raises(BadAnswer, match="interim"):
        wire.answer("GET")


@pytest.mark.parametrize(
    "frame", [b"Content-Length: 10\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\na\r\n", b"\r\n"]
)
def test_no_more_is_read_than_was_allowed(frame: bytes) -> None:
    for limit, is_enough in ((10, True), (9, False), (0, False)):
        wire = wire_of(OK + frame + b"0123456789" + (b"\r\n0\r\n\r\n" if b"chunked" in frame else b""))
        wire.answer("GET")
        if is_enough:
            assert wire.read_all(limit) == b"0123456789"
        else:
            with pytest.raises(BadAnswer, match="longer than"):
                wire.read_all(limit)
            assert wire.is_broken
