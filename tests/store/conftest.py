"""Keepers for the contract suite: each is started once in a session, every test gets buckets of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from functools import cache

import botocore.session
import pytest

from migrator.store.fast.store import FastStore
from migrator.store.memory import CEPH, LYVE
from tests.store import keepers
from tests.store.contract_fixtures import bucket, expect_failure, part_bytes, rich, store, versioned
from tests.store.keepers import Keeper

__all__ = ["bucket", "part_bytes", "rich", "store", "versioned"]

KEEPERS: dict[str, Callable[[], AbstractContextManager[Keeper]]] = {
    "memory": keepers.memory_keeper,
    "memory-lyve": lambda: keepers.memory_keeper(LYVE),
    "memory-ceph": lambda: keepers.memory_keeper(CEPH),
    "retrying": keepers.retrying_keeper,
    "s3server": keepers.s3server_keeper,
    "s3server-lyve": lambda: keepers.s3server_keeper(LYVE),
    "s3server-ceph": lambda: keepers.s3server_keeper(CEPH),
    "fast": lambda: keepers.s3server_keeper(kind=FastStore),
    "fast-lyve": lambda: keepers.s3server_keeper(LYVE, FastStore),
    "fast-ceph": lambda: keepers.s3server_keeper(CEPH, FastStore),
    "ministack": keepers.ministack_keeper,
}


@pytest.fixture(scope="session", autouse=True)
def quick_clients() -> Iterator[None]:
    """The SDK reads its descriptions of services once, not for every store."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", cache(botocore.session.create_loader))
        yield


@pytest.fixture(scope="session")
def open_keepers() -> Iterator[Callable[[str], Keeper]]:
    """Starts a keeper when it is first asked for, and ends all of them with the session."""
    with ExitStack() as stack:
        started: dict[str, Keeper] = {}

        def keeper_named(name: str) -> Keeper:
            if name not in started:
                started[name] = stack.enter_context(KEEPERS[name]())
            return started[name]

        yield keeper_named


@pytest.fixture(params=KEEPERS)
def keeper(request: pytest.FixtureRequest, open_keepers: Callable[[str], Keeper]) -> Keeper:
    found = open_keepers(request.param)
    expect_failure(request, found)
    return found
