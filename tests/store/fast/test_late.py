"""Requests of which nothing is heard: broken off by whoever watches."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from migrator.errors import Transient
from migrator.store.fast import http1, pool
from tests.store.fast.asking import BODY, Open, get, ok
from tests.support.scripted import Reply, Request, Scripted


def answer(request: Request) -> Reply:
    return Reply(hangs=True) if request.target.endswith("/hang") else ok(request)


@pytest.fixture
def server() -> Iterator[Scripted]:
    with Scripted(answer) as found:
        yield found


def test_what_hangs_for_too_long_is_broken_off_and_said_so(
    server: Scripted, open_fast: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_fast(server.url)
    store.watch()
    assert get(store) == BODY
    with ThreadPoolExecutor(1) as threads:
        reading = threads.submit(store.read, "bucket", "hang", bytearray(5))
        server.wait_until_hanging()
        store.break_off_late()
        assert not reading.done()
        monkeypatch.setattr(pool, "READ_TIMEOUT_S", -1)  # a minute later
        store.break_off_late()
        with pytest.raises(Transient, match="nothing came for a minute"):
            reading.result(10)
    assert len(server.requests) == 2  # and not sent again
    assert get(store) == BODY


def test_idle_connections_are_left_alone(
    server: Scripted, open_fast: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_fast(server.url)
    store.watch()
    assert get(store) == BODY
    monkeypatch.setattr(pool, "READ_TIMEOUT_S", -1)
    store.break_off_late()
    assert get(store) == BODY
    assert server.connections == 1


def test_a_slow_line_is_not_a_silent_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A little every half a minute: each piece counts, also within what is read at once."""
    now = [0.0]
    heard: list[float] = []

    class Slow:
        """A connection that brings ten bytes at a time."""

        def sendall(self, data: object, /) -> None: ...

        def close(self) -> None: ...

        def recv_into(self, into: memoryview, /) -> int:
            heard.append(wire.heard_at)
            now[0] += 30
            if len(heard) == 1:
                head = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
                into[: len(head)] = head
                return len(head)
            into[:10] = b"0123456789"
            return 10

    monkeypatch.setattr(http1, "time", SimpleNamespace(monotonic=lambda: now[0]))
    wire = http1.Wire(Slow())
    wire.answer("GET")
    assert wire.read_into(memoryview(bytearray(100))) == 100
    assert heard[2:] == [float(at) for at in range(60, 330, 30)]
