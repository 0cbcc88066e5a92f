"""The keepers of the contract that the suite is run on. What each of them cannot do is in `abilities`."""

from __future__ import annotations

import itertools
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import md5

import boto3
from botocore.client import BaseClient
from botocore.config import Config

from migrator.demo.s3server import S3Server
from migrator.model.objects import Properties
from migrator.model.parts import KIB, MIB
from migrator.store.base import ObjectStore, Versioning
from migrator.store.fast.store import FastStore
from migrator.store.memory import AWS, CEPH, LYVE, MemoryCloud, MemoryStore, Quirks
from migrator.store.retrying import RetryingStore
from migrator.store.s3 import Connection, S3Store
from tests.store.abilities import LACKS

ACCESS_KEY = "AKTESTTESTTESTTEST00"
SECRET = "secret/of+the=tests"
#: Parts of the suite: so small that nobody waits for them.
PART_BYTES = 8 * KIB

#: How many requests at a time fill a bucket: as many connections as a plain client keeps.
FILLERS = 10

#: How often `wait_until` looks.
POLL_S = 0.02

#: The quirks of a cloud in memory, by the name that `abilities.LACKS` has for them.
QUIRKS = {AWS: "ours as AWS", LYVE: "ours as Lyve Cloud", CEPH: "ours as Ceph"}
#: How they are told apart in the names of tests.
NAMES = {AWS: "", LYVE: " (Lyve Cloud)", CEPH: " (Ceph)"}

#: The product's own stores of services.
Kind = type[S3Store] | type[FastStore]

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Keeper:
    """A store, a way to make buckets for it, and a quick way to fill them."""

    name: str
    store: ObjectStore
    create_bucket: Callable[[str, Versioning], None]
    fill: Callable[[str, Iterable[str]], None]
    #: A versioned bucket with Object Lock, and so many days of default retention.
    create_locked_bucket: Callable[[str, int], None]
    #: A legal hold on (bucket, key, version id).
    hold: Callable[[str, str, str], None]
    suspend: Callable[[str], None]
    #: Everybody may read (bucket, key).
    grant: Callable[[str, str], None]
    lacks: frozenset[str]
    part_bytes: int = PART_BYTES  #: the least that a part may have which is not the last

    def new_name(self) -> str:
        return f"bucket-{next(_numbers)}-{os.getpid()}"

    def new_bucket(self, versioning: Versioning = Versioning.OFF) -> str:
        name = self.new_name()
        self.create_bucket(name, versioning)
        return name

    def new_locked_bucket(self, days: int = 0) -> str:
        """With Object Lock; every new object is locked for so many days."""
        name = self.new_name()
        self.create_locked_bucket(name, days)
        return name


def client_of(
    url: str, access_key: str = ACCESS_KEY, secret: str = SECRET, *, read_timeout_s: float = 30
) -> BaseClient:
    """A plain SDK client that sends every request once and adds nothing to it."""
    return boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=access_key,
        aws_secret_access_key=secret,
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            retries={"total_max_attempts": 1},
            connect_timeout=5,
            read_timeout=read_timeout_s,
        ),
    )


def store_of(
    url: str,
    kind: Kind = S3Store,
    *,
    end: str = "AWS",
    access_key: str = ACCESS_KEY,
    secret: str = SECRET,
) -> S3Store | FastStore:
    """The product's own store, pointed at a server of the tests."""
    return kind(Connection(end, is_aws=False, endpoint_url=url, keys=(access_key, secret, "")))


@contextmanager
def memory_keeper(quirks: Quirks = AWS) -> Iterator[Keeper]:
    cloud = MemoryCloud(quirks=quirks, min_part_bytes=PART_BYTES)
    yield _of_cloud("memory", MemoryStore(cloud), cloud)


@contextmanager
def retrying_keeper() -> Iterator[Keeper]:
    """Patience changes nothing but the number of tries."""
    cloud = MemoryCloud(min_part_bytes=PART_BYTES)
    yield _of_cloud("retrying", RetryingStore(MemoryStore(cloud), NoPatience()), cloud)


class NoPatience:
    """Tries again at once: what fails here fails every time."""

    def now(self) -> float:
        return 0.0

    def jitter(self) -> float:
        return 0.0

    def wait(self, seconds: float) -> bool:
        return False


@contextmanager
def s3server_keeper(quirks: Quirks = AWS, kind: Kind = S3Store) -> Iterator[Keeper]:
    """The S3 store over HTTP against the server of the demo."""
    cloud = MemoryCloud(quirks=quirks, min_part_bytes=PART_BYTES)
    with S3Server(cloud, {ACCESS_KEY: SECRET}) as server:
        store = store_of(server.url, kind)
        yield _of_cloud("s3server", store, cloud)
        store.close()


def _of_cloud(name: str, store: ObjectStore, cloud: MemoryCloud) -> Keeper:
    def create_bucket(bucket: str, versioning: Versioning) -> None:
        cloud.create_bucket(bucket, versioning=versioning)

    def fill(bucket: str, keys: Iterable[str]) -> None:
        for key in keys:
            cloud.seed(bucket, key, b"x")

    def create_locked_bucket(bucket: str, days: int) -> None:
        cloud.create_bucket(bucket, versioning=Versioning.ENABLED)
        cloud.set_lock(bucket, mode="COMPLIANCE", days=days)

    return Keeper(
        name + NAMES[cloud.quirks],
        store,
        create_bucket,
        fill,
        create_locked_bucket,
        hold=lambda bucket, key, version_id: cloud.hold(bucket, key, version_id=version_id),
        suspend=lambda bucket: cloud.set_versioning(bucket, Versioning.SUSPENDED),
        grant=cloud.grant,
        lacks=LACKS[QUIRKS[cloud.quirks]],
    )


@contextmanager
def ministack_keeper() -> Iterator[Keeper]:
    """The S3 store against a server that others wrote."""
    with ministack_url() as url, server_keeper("ministack", url, part_bytes=PART_BYTES) as keeper:
        yield keeper


@contextmanager
def server_keeper(
    name: str,
    url: str,
    access_key: str = ACCESS_KEY,
    secret: str = SECRET,
    *,
    part_bytes: int = 5 * MIB,
    kind: Kind = S3Store,
) -> Iterator[Keeper]:
    """The S3 store against any server; `name` as in `abilities.LACKS`."""
    store = store_of(url, kind, access_key=access_key, secret=secret)
    client = client_of(url, access_key, secret)

    def create_bucket(bucket: str, versioning: Versioning) -> None:
        client.create_bucket(Bucket=bucket)
        if versioning is not Versioning.OFF:
            set_versioning(bucket, versioning)

    def set_versioning(bucket: str, versioning: Versioning) -> None:
        status = {"Status": versioning.value.capitalize()}
        client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=status)

    def fill(bucket: str, keys: Iterable[str]) -> None:
        with ThreadPoolExecutor(FILLERS) as pool:
            list(pool.map(lambda key: client.put_object(Bucket=bucket, Key=key, Body=b"x"), keys))

    def create_locked_bucket(bucket: str, days: int) -> None:
        client.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
        if days:
            rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": days}}
            lock = {"ObjectLockEnabled": "Enabled", "Rule": rule}
            client.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=lock)

    def hold(bucket: str, key: str, version_id: str) -> None:
        status = {"Status": "ON"}
        client.put_object_legal_hold(Bucket=bucket, Key=key, VersionId=version_id, LegalHold=status)

    yield Keeper(
        name,
        store,
        create_bucket,
        fill,
        create_locked_bucket,
        hold,
        suspend=lambda bucket: set_versioning(bucket, Versioning.SUSPENDED),
        grant=lambda bucket, key: client.put_object_acl(Bucket=bucket, Key=key, ACL="public-read"),
        lacks=LACKS[name],
        part_bytes=part_bytes,
    )
    store.close()
    client.close()


@contextmanager
def ministack_url(patience_s: float = 60.0) -> Iterator[str]:
    """A ministack of our own on a free port, ended with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {"GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "S3_PERSIST": "0"}
    command = [sys.executable, "-m", "ministack"]
    with subprocess.Popen(
        command,
        env={**os.environ, **settings},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            wait_for_port(process, port, patience_s)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def wait_for_port(process: subprocess.Popen[bytes], port: int, patience_s: float) -> None:
    """Until the process listens; an error where it ends instead."""

    def is_listening() -> bool:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        with socket.socket() as probe:
            probe.settimeout(0.2)
            return probe.connect_ex(("127.0.0.1", port)) == 0

    wait_until(is_listening, patience_s)


def wait_until(is_so: Callable[[], bool], patience_s: float = 10.0) -> None:
    """Poll until it is so; an error where it never is."""
    deadline = time.monotonic() + patience_s
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {patience_s} s")
        time.sleep(POLL_S)


def put(store: ObjectStore, bucket: str, key: str, body: bytes = b"x", **properties: object) -> str:
    """Store an object with its right digest; returns its ETag."""
    given = Properties(**properties)  # type: ignore[arg-type]
    return store.put(bucket, key, body, given, md5=md5(body).digest()).etag
