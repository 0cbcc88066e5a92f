"""The keepers of the contract that the suite is run on, and what each of them is known not to do."""

from __future__ import annotations

import itertools
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import md5

import boto3
from botocore.client import BaseClient
from botocore.config import Config

from migrator.demo.s3server import S3Server
from migrator.model.objects import Properties
from migrator.model.parts import KIB
from migrator.store.base import ObjectStore, Versioning
from migrator.store.memory import AWS, CEPH, LYVE, MemoryCloud, MemoryStore, Quirks
from migrator.store.retrying import RetryingStore
from migrator.store.s3 import Connection, S3Store

ACCESS_KEY = "AKTESTTESTTESTTEST00"
SECRET = "secret/of+the=tests"
#: Parts of the suite: so small that nobody waits for them.
PART_BYTES = 8 * KIB

#: How often `wait_until` looks.
POLL_S = 0.02

#: Everything a keeper may be unable to do. A test names what it `needs`; on a keeper without it the test
#: is expected to fail, and passing is an error: a keeper that learns something is noticed.
IF_ABSENT = "honours If-None-Match on writes"
AWS_MULTIPART_ETAG = "makes multipart ETags as AWS does"
UPLOAD_TAGS = "keeps the tags given when an upload is opened"
PART_SIZE = "refuses small parts"
PART_ORDER = "refuses parts out of order"
LIMITS = "refuses keys and metadata beyond S3's limits"
TAGS_GO = "forgets the tags of an object that is overwritten"
UPLOADS_END = "forgets an upload once it is completed"
XML_KEYS = "lists uploads also under keys that XML cannot hold"
COPY_CONDITION = "honours If-Match on the original of a copy"
PART_COPY_CONDITION = "honours If-Match on the original of a copied part"
DELETE_CONDITION = "honours If-Match on deletes"
NOTHING_TO_MATCH = "refuses a conditional delete where there is nothing"
MARKERS_BY_ID = "refuses to show a delete marker as an object"
VERSIONS_XML_KEYS = "lists versions also of keys that XML cannot hold"
HIDES_LOCKED = "lays a delete marker over a locked object"
OWN_BUCKET = "refuses to make a bucket that is there"
KEPT_BUCKET = "refuses to remove a bucket that has only hidden versions"
REDIRECTS = "keeps website redirects"
STORAGE_CLASSES = "knows storage classes"
ENCRYPTION = "encrypts as it is told"
LOCKS = "locks versions as it is told"
UPLOAD_LOCKS = "locks what is made of parts"
VERSION_LOCKS = "locks one version, not its key"
NO_LOCKS = "refuses locks where the bucket has none"
GRANTS = "tells of grants to others"
EVERYTHING = frozenset(
    {
        IF_ABSENT,
        AWS_MULTIPART_ETAG,
        UPLOAD_TAGS,
        PART_SIZE,
        PART_ORDER,
        LIMITS,
        TAGS_GO,
        UPLOADS_END,
        XML_KEYS,
        COPY_CONDITION,
        PART_COPY_CONDITION,
        DELETE_CONDITION,
        NOTHING_TO_MATCH,
        MARKERS_BY_ID,
        VERSIONS_XML_KEYS,
        HIDES_LOCKED,
        OWN_BUCKET,
        KEPT_BUCKET,
        REDIRECTS,
        STORAGE_CLASSES,
        ENCRYPTION,
        LOCKS,
        UPLOAD_LOCKS,
        VERSION_LOCKS,
        NO_LOCKS,
        GRANTS,
    }
)
#: What the quirks of a cloud in memory take away.
LACKS = {
    AWS: frozenset[str](),
    LYVE: frozenset({IF_ABSENT, AWS_MULTIPART_ETAG}),
    CEPH: frozenset({COPY_CONDITION, DELETE_CONDITION}),
}
#: How they are told apart in the names of tests.
NAMES = {AWS: "", LYVE: " (Lyve Cloud)", CEPH: " (Ceph)"}

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
    caps: frozenset[str] = EVERYTHING

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


def store_of(url: str, *, end: str = "AWS", access_key: str = ACCESS_KEY, secret: str = SECRET) -> S3Store:
    """The product's own store, pointed at a server of the tests."""
    return S3Store(Connection(end, is_aws=False, endpoint_url=url, keys=(access_key, secret, "")))


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
def s3server_keeper(quirks: Quirks = AWS) -> Iterator[Keeper]:
    """The S3 store over HTTP against the server of the demo."""
    cloud = MemoryCloud(quirks=quirks, min_part_bytes=PART_BYTES)
    with S3Server(cloud, {ACCESS_KEY: SECRET}) as server:
        store = store_of(server.url)
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
        caps=EVERYTHING - LACKS[cloud.quirks],
    )


@contextmanager
def ministack_keeper() -> Iterator[Keeper]:
    """The S3 store against a server that others wrote."""
    with ministack_url() as url:
        store, client = store_of(url), client_of(url)

        def create_bucket(bucket: str, versioning: Versioning) -> None:
            client.create_bucket(Bucket=bucket)
            if versioning is not Versioning.OFF:
                set_versioning(bucket, versioning)

        def set_versioning(bucket: str, versioning: Versioning) -> None:
            status = {"Status": versioning.value.capitalize()}
            client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=status)

        def fill(bucket: str, keys: Iterable[str]) -> None:
            for key in keys:
                client.put_object(Bucket=bucket, Key=key, Body=b"x")

        def create_locked_bucket(bucket: str, days: int) -> None:
            client.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
            if days:
                rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": days}}
                lock = {"ObjectLockEnabled": "Enabled", "Rule": rule}
                client.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=lock)

        def hold(bucket: str, key: str, version_id: str) -> None:
            status = {"Status": "ON"}
            client.put_object_legal_hold(Bucket=bucket, Key=key, VersionId=version_id, LegalHold=status)

        lacks = {UPLOAD_TAGS, PART_SIZE, PART_ORDER, LIMITS, TAGS_GO, UPLOADS_END, XML_KEYS}
        lacks |= {PART_COPY_CONDITION, NOTHING_TO_MATCH, MARKERS_BY_ID, VERSIONS_XML_KEYS, HIDES_LOCKED}
        lacks |= {OWN_BUCKET, KEPT_BUCKET, UPLOAD_LOCKS, NO_LOCKS, VERSION_LOCKS}
        yield Keeper(
            "ministack",
            store,
            create_bucket,
            fill,
            create_locked_bucket,
            hold,
            suspend=lambda bucket: set_versioning(bucket, Versioning.SUSPENDED),
            grant=lambda bucket, key: client.put_object_acl(Bucket=bucket, Key=key, ACL="public-read"),
            caps=EVERYTHING - lacks,
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
