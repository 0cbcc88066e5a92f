"""One cloud with one bucket behind one server, and a plain SDK client that talks to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from migrator.demo.s3server import S3Server
from migrator.store.memory import MemoryCloud
from tests.store.keepers import ACCESS_KEY, PART_BYTES, SECRET, client_of

BUCKET = "photos"


@pytest.fixture
def cloud() -> MemoryCloud:
    cloud = MemoryCloud(min_part_bytes=PART_BYTES)
    cloud.create_bucket(BUCKET)
    return cloud


@pytest.fixture
def server(cloud: MemoryCloud) -> Iterator[S3Server]:
    with S3Server(cloud, {ACCESS_KEY: SECRET}) as server:
        yield server


@pytest.fixture
def client(server: S3Server) -> Iterator[Any]:
    client = client_of(server.url)
    yield client
    client.close()


def code_of(call: Callable[[], object]) -> tuple[str, int]:
    """Code and status of the refusal that the call must meet."""
    with pytest.raises(ClientError) as caught:
        call()
    answer = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]
