"""2,000 objects on real servers, some replacing others; kill -9 at a random moment; then back, or on.

What somebody else writes between a run and its rollback stays, whatever became of the run.
"""

from __future__ import annotations

import os
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from migrator.model.parts import DEFAULT_PART_BYTES, is_single_put, parts_of
from tests.e2e.compare import listed
from tests.real.conftest import Clouds, new_migration
from tests.real.looking import RESERVED, THREADS, descriptions, differences, snapshot
from tests.real.moments import ENDS_WITHIN_S, InFlight, kill_run
from tests.store.keepers import wait_until
from tests.support.proxy import FaultProxy
from tests.support.proxy_faults import Passed

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]

SEED = int(os.environ.get("MIGRATOR_KILLS_SEED", "1"))
OBJECTS, EVERY_LARGE, EVERY_OLD = 2_000, 400, 8
#: More parts than `RUN_THREADS`, so that the bound on what is sent again means something.
LARGE_BYTES = 5 * DEFAULT_PART_BYTES + 1
RUN_THREADS = 4
#: How many objects are done at least when the kill comes. Large ones follow until the end.
EARLIEST, LATEST = 50, 1_500

either_bucket = pytest.mark.parametrize("versioning", ["", "Enabled"], ids=["unversioned", "versioned"])
any_bucket = pytest.mark.parametrize(
    "versioning", ["", "Enabled", "Suspended"], ids=["unversioned", "versioned", "suspended"]
)


@dataclass(frozen=True)
class Source:
    """The bucket to copy, and what a plain client sees behind each of its keys."""

    bucket: str
    objects: dict[str, Any]


@pytest.fixture(scope="module")
def source(clouds: Clouds) -> Source:
    client, bucket = clouds.aws.client, clouds.aws.new_bucket()

    def put(number: int) -> None:
        is_large = number % EVERY_LARGE == EVERY_LARGE // 2
        client.put_object(
            Bucket=bucket,
            Key=key_of(number),
            Body=os.urandom(LARGE_BYTES) if is_large else f"body {number} ".encode() * (1 + number % 500),
            ContentType=f"text/x-{number % 7}",
            Metadata={"number": str(number)},
            Tagging=f"n={number}" if number % 50 == 0 else "",
        )

    in_parallel(put, range(OBJECTS))
    keys = listed(client, bucket)
    assert len(keys) == OBJECTS
    return Source(bucket, descriptions(client, bucket, keys))


@pytest.fixture
def destination(clouds: Clouds, versioning: str) -> str:
    """A bucket with other content behind every eighth key, and an object that is nobody's business."""
    client, bucket = clouds.lyve.client, clouds.lyve.new_bucket(versioning)

    def put(number: int) -> None:
        client.put_object(
            Bucket=bucket,
            Key=key_of(number),
            Body=f"old {number} ".encode() * (number % 90),
            ContentType="text/old",
            Metadata={"was": "here"},
            Tagging="old=1" if number % 40 == 0 else "",
        )

    in_parallel(put, range(0, OBJECTS, EVERY_OLD))
    client.put_object(Bucket=bucket, Key="theirs", Body=b"was here before")
    return bucket


@pytest.fixture
def proxy(clouds: Clouds) -> Iterator[FaultProxy]:
    with FaultProxy(clouds.lyve.url) as proxy:
        yield proxy


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """Each test has moments of its own."""
    return random.Random(f"{SEED} {request.node.name}")


def key_of(number: int) -> str:
    return f"n/{number:04}"


def in_parallel(work: Callable[[int], None], numbers: range) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, numbers))


def in_the_middle(chance: random.Random) -> Callable[[InFlight], bool]:
    """A random moment at which a large object is half sent."""
    done = chance.randint(EARLIEST, LATEST)
    return lambda now: now.done >= done and bool(now.kept) and bool(now.sizes)


@either_bucket
def test_killed_and_rolled_back_is_as_before(
    clouds: Clouds, source: Source, destination: str, chance: random.Random, tmp_path: Path
) -> None:
    before = snapshot(clouds.lyve.client, destination)
    migration = new_migration(clouds, tmp_path, source.bucket, destination)
    kill_run(migration, migration.job(threads=RUN_THREADS), in_the_middle(chance))
    assert listed(clouds.lyve.client, destination) != before["keys"]

    result = migration.cli("rollback", "latest", "--yes", "--json", timeout_s=ENDS_WITHIN_S)

    assert result.code == 0, result.out[-2000:] + result.err
    after = snapshot(clouds.lyve.client, destination)
    assert after == before, differences(before, after)


@either_bucket
def test_killed_and_resumed_has_everything_once(
    clouds: Clouds,
    source: Source,
    destination: str,
    versioning: str,
    proxy: FaultProxy,
    chance: random.Random,
    tmp_path: Path,
) -> None:
    """And all of it can go back, the work of two processes in one run."""
    before = snapshot(clouds.lyve.client, destination)
    migration = new_migration(clouds, tmp_path, source.bucket, destination, proxy.url)
    in_flight = kill_run(migration, migration.job(threads=RUN_THREADS), in_the_middle(chance))
    # What the dead client had sent whole goes on to the server.
    name = f"proxy-{proxy.port}-client"
    wait_until(lambda: not any(thread.name == name for thread in threading.enumerate()))
    first = proxy.requests

    result = migration.cli("resume", "latest", "--json", timeout_s=ENDS_WITHIN_S)

    assert result.code == 0, result.out[-2000:] + result.err
    assert result.summary["copied"] == result.summary["planned"] == OBJECTS  # its books balance, too
    there = snapshot(clouds.lyve.client, destination)
    found = {key: seen for key, seen in there["objects"].items() if not key.startswith(RESERVED)}
    wrong = {key for key in source.objects if found.get(key) != source.objects[key]}
    assert wrong == set()
    assert found.keys() == {*source.objects, "theirs"}
    assert there["uploads"] == []
    assert_sent_once(source, destination, first, proxy.requests[len(first) :], in_flight)
    if versioning:
        versions = Counter(key for key, *_ in there["versions"])
        versions.subtract(key for key, *_ in before["versions"])
        assert {key: count for key, count in versions.items() if count} == dict.fromkeys(source.objects, 1)

    result = migration.cli("rollback", "latest", "--yes", "--json", timeout_s=ENDS_WITHIN_S)

    assert result.code == 0, result.out[-2000:] + result.err
    after = snapshot(clouds.lyve.client, destination)
    assert after == before, differences(before, after)


def bodies(bucket: str, requests: Iterable[Passed]) -> Iterator[tuple[tuple[str, int], Passed]]:
    """The requests that carried bytes of objects, with the key and the number of the part."""
    for each in requests:
        query = dict(pair.partition("=")[::2] for pair in each.query.split("&"))
        if each.method == "PUT" and each.path.startswith(f"/{bucket}/n/") and "tagging" not in query:
            key = each.path.removeprefix(f"/{bucket}/")
            yield (key, int(query.get("partNumber", "0"))), each


def assert_sent_once(
    source: Source, bucket: str, first: list[Passed], second: list[Passed], in_flight: InFlight
) -> None:
    """By what went over the wire. What is on record is not sent again, nor more than can be under way."""
    begun = {what for what, each in bodies(bucket, first) if each.body_bytes}
    again = {what: each.body_bytes for what, each in bodies(bucket, second) if what in begun}
    print(f"sent again: {sum(again.values()):,} bytes, {sorted(again)}, of {len(in_flight.sizes)} in flight")
    assert again.keys() <= in_flight.sizes.keys()
    assert sum(again.values()) <= RUN_THREADS * DEFAULT_PART_BYTES
    all_of_it = {
        (key, 0 if is_single_put(seen["size"]) else part.number)
        for key, seen in source.objects.items()
        for part in parts_of(seen["size"], DEFAULT_PART_BYTES)
    }
    # Ceph refuses conditions on an ETag, also those that hold: such a request comes once more without.
    before, after = (
        Counter(what for what, each in bodies(bucket, requests) if each.server_status == 200)
        for requests in (first, second)
    )
    assert before.keys() | after.keys() == all_of_it
    assert {*before.values(), *after.values()} == {1}
    assert before.keys() & after.keys() <= again.keys()


@pytest.mark.parametrize("is_killed", [True, False], ids=["killed", "finished"])
@any_bucket
def test_what_others_wrote_meanwhile_stays(
    clouds: Clouds, versioning: str, is_killed: bool, chance: random.Random, tmp_path: Path
) -> None:
    """Over copies, over what they replaced, with the very same bytes, beside them; and what they deleted."""
    aws, lyve = clouds.aws.client, clouds.lyve.client
    source, destination = clouds.aws.new_bucket(), clouds.lyve.new_bucket(versioning)
    keys = [key_of(number) for number in range(60)]
    replaced = keys[::6]
    for key in keys:
        aws.put_object(Bucket=source, Key=key, Body=f"new {key} ".encode() * 2000)
    for key in (*replaced, "theirs"):
        lyve.put_object(Bucket=destination, Key=key, Body=f"old {key}".encode(), Metadata={"was": "here"})
    before = snapshot(lyve, destination)
    migration = new_migration(clouds, tmp_path, source, destination)
    if is_killed:
        done = chance.randint(10, 40)
        slow = migration.job(bandwidth_limit="500 KB/s")  # else it may be over before anybody has looked
        kill_run(migration, slow, lambda now: now.done >= done and bool(now.sizes))
    else:
        assert migration.cli("run", migration.job()).code == 0

    copied = [key for key in listed(lyve, destination) if key in keys and key not in replaced]
    same_bytes, *deleted = chance.sample(copied, 4)
    written = dict.fromkeys((*chance.sample(keys, 9), *chance.sample(replaced, 3)), b"theirs")
    written[same_bytes] = lyve.get_object(Bucket=destination, Key=same_bytes)["Body"].read()
    written["n/beside"] = b"theirs"
    deleted = [key for key in deleted if key not in written]
    for key, body in written.items():
        lyve.put_object(Bucket=destination, Key=key, Body=body, Metadata={"by": "them"})
    for key in deleted:
        lyve.delete_object(Bucket=destination, Key=key)
    theirs = descriptions(lyve, destination, written)

    result = migration.cli("rollback", "latest", "--yes", "--json")

    assert result.code == 4, result.out[-2000:] + result.err
    after = snapshot(clouds.lyve.client, destination)
    found = {key: seen for key, seen in after["objects"].items() if not key.startswith(RESERVED)}
    assert found == before["objects"] | theirs
    assert after["uploads"] == []
    assert ours(lyve, destination, after) == []


def ours(client: Any, bucket: str, seen: dict[str, Any]) -> list[str]:
    """Versions that carry a run's mark, however deep they lie."""
    found = []
    for key, version_id, _, etag, _ in seen["versions"]:
        if etag != "marker" and not key.startswith(RESERVED):
            head = client.head_object(Bucket=bucket, Key=key, VersionId=version_id)
            found += [f"{key} {version_id}"] if "migrator-op" in head["Metadata"] else []
    return found
