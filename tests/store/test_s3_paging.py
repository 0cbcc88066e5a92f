"""The S3 stores follow every kind of listing to its end, also where pages are much smaller than usual."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import md5

import pytest

from migrator.demo.s3server import S3Server
from migrator.model.objects import Properties
from migrator.store.base import ObjectStore, Versioning
from migrator.store.fast.store import FastStore
from migrator.store.memory import MemoryCloud, Quirks
from migrator.store.s3 import S3Store
from tests.store.contract_help import keys_of
from tests.store.keepers import ACCESS_KEY, SECRET, store_of

BUCKET = "bucket"
PAGE = 3


@pytest.fixture
def cloud() -> MemoryCloud:
    cloud = MemoryCloud(quirks=Quirks(page_size=PAGE))
    cloud.create_bucket(BUCKET)
    return cloud


@pytest.fixture
def server(cloud: MemoryCloud) -> Iterator[S3Server]:
    with S3Server(cloud, {ACCESS_KEY: SECRET}) as server:
        yield server


@pytest.fixture(params=[S3Store, FastStore])
def store(server: S3Server, request: pytest.FixtureRequest) -> Iterator[ObjectStore]:
    store = store_of(server.url, request.param)
    yield store
    store.close()


@pytest.mark.parametrize("count", [0, 1, PAGE, PAGE + 1, 2 * PAGE, 2 * PAGE + 1])
def test_parts(store: ObjectStore, server: S3Server, count: int) -> None:
    upload_id = store.create_upload(BUCKET, "key", Properties())
    digest = md5(b"x").digest()
    sent = [store.upload_part(BUCKET, "key", upload_id, 2 * n, b"x", md5=digest) for n in range(1, count + 1)]
    assert store.list_parts(BUCKET, "key", upload_id) == sent
    assert server.operations().count("ListParts") == max(1, -(-count // PAGE))


@pytest.mark.parametrize("count", [0, PAGE, PAGE + 1, 2 * PAGE + 1])
def test_uploads_of_one_key_and_of_many(store: ObjectStore, count: int) -> None:
    keys = ["same"] * count + [f"other/{n} +%&" for n in range(count)]
    opened = {store.create_upload(BUCKET, key, Properties()) for key in keys}
    found = store.list_uploads(BUCKET, "")
    assert len(found) == len(keys)
    assert {upload.upload_id for upload in found} == opened


def test_keys(store: ObjectStore, cloud: MemoryCloud) -> None:
    keys = sorted([f"{n} +%&😀" for n in range(2 * PAGE + 1)], key=str.encode)
    for key in keys:
        cloud.seed(BUCKET, key)
    assert keys_of(store, BUCKET) == keys


@pytest.mark.parametrize("key", ["key", "a b+c %&/😀", "é\x01"])
@pytest.mark.parametrize("count", [1, PAGE, PAGE + 1, 3 * PAGE + 1])
def test_versions_and_markers_of_one_key(
    store: ObjectStore, cloud: MemoryCloud, server: S3Server, key: str, count: int
) -> None:
    cloud.set_versioning(BUCKET, Versioning.ENABLED)
    for neighbour in (key[:1] + "!", key + "/1", key + "2"):
        for _ in range(PAGE + 1):
            cloud.seed(BUCKET, neighbour)
    expected = []
    for number in range(count):
        when = datetime(2024, 5, 6, tzinfo=UTC) + timedelta(seconds=number)
        expected.append(cloud.seed(BUCKET, key, b"x" * number, last_modified=when).version_id)
    expected.append(cloud.delete(BUCKET, key).version_id)
    stack = store.versions(BUCKET, key)
    assert [each.version_id for each in stack] == expected[::-1]
    assert [each.is_marker for each in stack] == [True] + [False] * count
    assert [each.is_latest for each in stack] == [True] + [False] * count
    # The neighbours' pages are not asked for.
    assert server.operations().count("ListObjectVersions") <= (count + 1) // PAGE + 1


@pytest.mark.parametrize("count", [PAGE, 2 * PAGE + 1])
def test_uploads_of_one_hostile_key(store: ObjectStore, count: int) -> None:
    """Where a page ends is told in the encoding of the keys."""
    opened = {store.create_upload(BUCKET, "a b+c %&/😀", Properties()) for _ in range(count)}
    assert {upload.upload_id for upload in store.list_uploads(BUCKET, "a b")} == opened


def test_no_page_of_versions_ends_with_a_null_marker(store: ObjectStore, cloud: MemoryCloud) -> None:
    """Ceph 16.2 goes on with the next key after it, and everything below would be missing."""
    cloud.set_versioning(BUCKET, Versioning.ENABLED)
    for key in ("a", "b", "b", "c"):
        cloud.seed(BUCKET, key)
    cloud.set_versioning(BUCKET, Versioning.SUSPENDED)
    cloud.delete(BUCKET, "b")
    page = store.list_versions_page(BUCKET, "", limit=2)
    assert [each.key for each in page.objects] == ["a"]
    assert page.following == ("a", page.objects[0].version_id)
    rest = store.list_versions_page(
        BUCKET, "", key_marker="a", version_marker=page.objects[0].version_id, limit=PAGE
    )
    assert [(each.key, each.is_marker) for each in rest.objects] == [("b", True), ("b", False), ("b", False)]
