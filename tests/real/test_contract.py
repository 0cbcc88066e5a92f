"""The contract of stores on servers that others wrote. What these answer differently is in `abilities`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from migrator.store.fast.store import FastStore
from migrator.store.s3 import S3Store
from tests.store import keepers
from tests.store.contract import *  # noqa: F403 - the tests
from tests.store.contract_fixtures import bucket, expect_failure, part_bytes, rich, store, versioned
from tests.store.keepers import Keeper

__all__ = ["bucket", "part_bytes", "rich", "store", "versioned"]

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]


@pytest.fixture(scope="module", params=["Ceph", "Swift", "Ceph-fast", "Swift-fast"])
def server(request: pytest.FixtureRequest) -> Iterator[Keeper]:
    name, _, lane = request.param.partition("-")
    with ExitStack() as stack:
        if name == "Ceph":
            found = request.getfixturevalue("ceph")
            url, keys = found["CLOUD_A_ENDPOINT"], (found["CLOUD_A_AK1"], found["CLOUD_A_SK1"])
        else:
            found = request.getfixturevalue("swift")
            url, keys = found["SWIFT_ENDPOINT"], (found["SWIFT_AK1"], found["SWIFT_SK1"])
        kind = FastStore if lane else S3Store
        yield stack.enter_context(keepers.server_keeper(name, url, *keys, kind=kind))


@pytest.fixture
def keeper(request: pytest.FixtureRequest, server: Keeper) -> Keeper:
    expect_failure(request, server)
    return server
