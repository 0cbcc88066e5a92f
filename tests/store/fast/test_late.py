"""Requests of which nothing is heard: broken off by whoever watches."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from migrator.errors import Transient
from migrator.store.fast import pool
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
