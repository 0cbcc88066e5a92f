"""A connection as the network treats it: closed when idle, answered early, broken off by another thread."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from migrator.store.fast.http1 import CHUNK_BYTES, TOGETHER_BYTES, BadAnswer, Wire

OK = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s"
HELLO = OK % (5, b"hello")
WAITS_S = 10


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Our end, and the server's."""
    ours, theirs = socket.socketpair()
    for each in (ours, theirs):
        each.settimeout(WAITS_S)
    with ours, theirs:
        yield ours, theirs


@pytest.fixture
def wire(pair: tuple[socket.socket, socket.socket]) -> Wire:
    return Wire(pair[0])


@pytest.fixture
def server(pair: tuple[socket.socket, socket.socket]) -> socket.socket:
    return pair[1]


def received(server: socket.socket, count: int) -> bytes:
    got = bytearray()
    while len(got) < count:
        more = server.recv(count - len(got))
        assert more, "the client closed"
        got += more
    return bytes(got)


@pytest.mark.parametrize("size", [0, 1, TOGETHER_BYTES, TOGETHER_BYTES + 1, CHUNK_BYTES, 3 * CHUNK_BYTES + 7])
@pytest.mark.parametrize("kind", [bytes, bytearray])
def test_a_request_is_sent_whole(
    wire: Wire, server: socket.socket, size: int, kind: type[bytes] | type[bytearray]
) -> None:
    body = kind(bytes(range(251)) * (size // 251 + 1))[:size]
    with ThreadPoolExecutor(1) as pool:
        got = pool.submit(received, server, 4 + size)
        wire.send(b"head", body)
        assert got.result() == b"head" + body
    assert wire.uses == 1
    assert not wire.is_broken


def test_two_requests_on_one_connection(wire: Wire, server: socket.socket) -> None:
    for body in (b"first", b"second"):
        wire.send(b"request", b"")
        assert received(server, 7) == b"request"
        server.sendall(OK % (len(body), body))
        wire.answer("GET")
        assert wire.read_all(100) == body
        assert not wire.is_stale
    assert wire.uses == 2


def test_an_answer_in_single_bytes(wire: Wire, server: socket.socket) -> None:
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(lambda: [server.send(HELLO[at : at + 1]) for at in range(len(HELLO))])
        wire.answer("GET")
        assert wire.read_all(5) == b"hello"
        assert sent.result() == [1] * len(HELLO)


@pytest.mark.parametrize("more", [b"x", HELLO, b"HTTP/1.1 408 Request Timeout\r\n\r\n"])
@pytest.mark.parametrize("when", ["with the answer", "later"])
def test_what_nobody_asked_for_makes_it_stale(
    wire: Wire, server: socket.socket, more: bytes, when: str
) -> None:
    wire.send(b"request", b"")
    server.sendall(HELLO + (more if when == "with the answer" else b""))
    wire.answer("GET")
    assert wire.read_all(5) == b"hello"
    assert not wire.is_broken
    if when == "later":
        assert not wire.is_stale
        server.sendall(more)
    assert wire.is_stale


def test_a_close_makes_it_stale(wire: Wire, server: socket.socket) -> None:
    assert not wire.is_stale
    server.close()
    assert wire.is_stale


def test_a_closed_one_stays_closed(wire: Wire) -> None:
    wire.close()
    assert wire.is_stale
    wire.interrupt()  # which may come late


@pytest.mark.parametrize("size", [TOGETHER_BYTES, 64 * CHUNK_BYTES], ids=["small", "large"])
def test_an_early_answer_counts_though_nobody_reads_on(wire: Wire, server: socket.socket, size: int) -> None:
    """As servers do that refuse a body: they answer, and close."""
    server.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
    server.shutdown(socket.SHUT_RD)
    wire.send(b"head", bytes(size))
    assert wire.answer("PUT").status == 403
    assert wire.read_all(10) == b"no"
    assert wire.is_broken
    assert wire.is_stale


def test_without_an_answer_an_unsent_request_is_an_error(wire: Wire, server: socket.socket) -> None:
    server.close()
    wire.send(b"head", bytes(CHUNK_BYTES))
    with pytest.raises((BadAnswer, OSError)):
        wire.answer("PUT")
    assert wire.is_broken


@pytest.mark.parametrize(
    "said",
    [b"", b"HTTP/1.1 200", HELLO[:-2], b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5"],
    ids=["nothing", "a head", "a body", "a chunk"],
)
def test_another_thread_can_wake_who_waits(wire: Wire, server: socket.socket, said: bytes) -> None:
    """It waits for more than comes; `blocked` says that it has begun to."""
    blocked = threading.Event()

    def wait() -> None:
        wire.send(b"request", b"")
        blocked.set()
        wire.answer("GET")
        wire.read_all(100)

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wait)
        assert received(server, 7) == b"request"
        server.sendall(said)
        assert blocked.wait(WAITS_S)
        wire.interrupt()
        with pytest.raises((BadAnswer, OSError)) as caught:
            waiting.result(WAITS_S)
    assert not isinstance(caught.value, TimeoutError)
    assert wire.is_broken
    assert wire.was_interrupted


def test_patience_ends(pair: tuple[socket.socket, socket.socket]) -> None:
    pair[0].settimeout(0.01)
    wire = Wire(pair[0])
    with pytest.raises(TimeoutError):
        wire.answer("GET")
