"""Stores and servers for the tests of the data plane."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from hypothesis import settings

from migrator.store.fast.store import FastStore
from tests.store.fast.asking import Open, Serve, connection_to
from tests.support.scripted import Scripted

# No deadline for single examples: the machine may be busy.
settings.register_profile("fast", deadline=None)
settings.load_profile("fast")


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts servers, and ends them after the stores."""
    with ExitStack() as stack:
        yield lambda answer: stack.enter_context(Scripted(answer))


@pytest.fixture
def open_fast(serve: Serve) -> Iterator[Open]:
    opened: list[FastStore] = []

    def open_fast(url: str, **more: str) -> FastStore:
        opened.append(FastStore(connection_to(url, **more)))
        return opened[-1]

    yield open_fast
    for each in opened:
        each.close()
