"""The S3 stores believe no answer that does not say what was done, and ask nothing that an end cannot do."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from hashlib import md5
from typing import Any

import pytest

from migrator.demo import bucket_calls, routes
from migrator.demo.faults import ALWAYS, Fault, Kind
from migrator.demo.s3server import S3Server
from migrator.demo.wire import Answer, Head
from migrator.errors import AccessDenied, NotFound, NotS3, NotSupported, StoreError, Transient
from migrator.model.objects import Properties
from migrator.store.base import BucketLock, ObjectStore, Versioning
from migrator.store.fast.store import FastStore
from migrator.store.memory import MemoryCloud, Quirks
from migrator.store.memory_rules import missing, refused
from migrator.store.s3 import S3Store
from tests.store.keepers import ACCESS_KEY, SECRET, store_of

BUCKET = "bucket"
PLAIN = Properties()


@pytest.fixture
def cloud() -> MemoryCloud:
    cloud = MemoryCloud()
    cloud.create_bucket(BUCKET, versioning=Versioning.ENABLED)
    cloud.seed(BUCKET, "key", b"bytes")
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


def calls_of(store: ObjectStore, cloud: MemoryCloud) -> dict[str, Callable[[], object]]:
    """The calls that undo rests on, by operation."""
    upload_id = cloud.create_upload(BUCKET, "copy", PLAIN)
    return {
        "CopyObject": lambda: store.copy(BUCKET, "key", "copy"),
        "UploadPartCopy": lambda: store.copy_part(BUCKET, "key", "copy", upload_id, 1, 0, 5),
        "DeleteObjects": lambda: store.delete_versions(BUCKET, [("other", "null")]),
        "ListObjectVersions": lambda: store.versions(BUCKET, "key"),
    }


@pytest.mark.parametrize("operation", ["CopyObject", "UploadPartCopy", "DeleteObjects", "ListObjectVersions"])
@pytest.mark.parametrize(
    ("kind", "error"), [("empty-200", NotS3), ("error-in-200", Transient), ("html", StoreError)]
)
def test_a_200_alone_is_no_success(
    store: ObjectStore,
    cloud: MemoryCloud,
    server: S3Server,
    operation: str,
    kind: Kind,
    error: type[StoreError],
) -> None:
    server.faults.add(Fault(operation, kind=kind))
    call = calls_of(store, cloud)[operation]
    with pytest.raises(error) as caught:
        call()
    assert caught.value.operation == operation
    assert server.faults.fired
    call()  # and the same call is fine where the answer is


@pytest.mark.parametrize("root", ["html", "ListBucketResult"])
def test_another_document_says_nothing_about_deletes(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch, root: str
) -> None:
    answer_with(monkeypatch, "DeleteObjects", f"<{root}><body/></{root}>")
    with pytest.raises(NotS3):
        store.delete_versions(BUCKET, [("key", "null")])


@pytest.mark.parametrize("operation", ["CopyObject", "UploadPartCopy", "DeleteObjects", "ListObjectVersions"])
def test_a_missing_right_is_told_from_everything_else(
    store: ObjectStore, cloud: MemoryCloud, server: S3Server, operation: str
) -> None:
    server.denied_operations.add(operation)
    with pytest.raises(AccessDenied) as caught:
        calls_of(store, cloud)[operation]()
    assert caught.value.code == "AccessDenied"


@pytest.mark.parametrize(
    ("quirks", "operations"),
    [
        (Quirks(refuses_copy=True), ["CopyObject", "UploadPartCopy"]),
        (Quirks(refuses_batch_delete=True), ["DeleteObjects"]),
    ],
)
def test_what_an_end_does_not_offer(
    store: ObjectStore, cloud: MemoryCloud, quirks: Quirks, operations: list[str]
) -> None:
    calls = calls_of(store, cloud)
    cloud.quirks = quirks
    for operation in operations:
        with pytest.raises(NotSupported):
            calls[operation]()
    assert set(cloud.contents(BUCKET)) == {"key"}


def test_batches_carry_a_content_md5(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Services exist that refuse them without."""
    seen: list[str] = []
    carry_out = bucket_calls.delete_objects

    def look(cloud: MemoryCloud, head: Head, body: bytes) -> Answer:
        assert head.header("content-md5") == base64.b64encode(md5(body).digest()).decode()
        assert b"<Quiet>true</Quiet>" in body
        seen.append(head.header("content-md5"))
        return carry_out(cloud, head, body)

    monkeypatch.setitem(routes._CALLS_WITH_BODY, "DeleteObjects", look)  # type: ignore[arg-type]
    assert store.delete_versions(BUCKET, [("key", "null")]) == {}
    assert len(seen) == 1


class TestLockAnswers:
    """NONE only where the end says so, or does not know the question."""

    def test_who_may_not_ask_does_not_know(self, store: ObjectStore, server: S3Server) -> None:
        server.denied_operations.add("GetObjectLockConfiguration")
        assert store.lock_of(BUCKET) is BucketLock.UNKNOWN

    def test_a_refusal_for_other_reasons_says_nothing(
        self, store: ObjectStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        refuse_with(monkeypatch, refused("InvalidRequest", "Not like this."))
        assert store.lock_of(BUCKET) is BucketLock.UNKNOWN

    @pytest.mark.parametrize(
        "error",
        [
            NotSupported("Not here.", code="NotImplemented", status=501),
            NotSupported("Not here.", code="MethodNotAllowed", status=405),
            missing("ObjectLockConfigurationNotFoundError", "There is none."),
        ],
    )
    def test_none(self, store: ObjectStore, monkeypatch: pytest.MonkeyPatch, error: StoreError) -> None:
        refuse_with(monkeypatch, error)
        assert store.lock_of(BUCKET) is BucketLock.NONE

    def test_a_listing_instead_is_none(self, store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
        """Services that ignore the parameter answer as if it were not there."""
        monkeypatch.setitem(routes._CALLS, "GetObjectLockConfiguration", bucket_calls.list_objects)  # type: ignore[arg-type]
        assert store.lock_of(BUCKET) is BucketLock.NONE

    def test_an_end_in_trouble_is_asked_again(self, store: ObjectStore, server: S3Server) -> None:
        server.faults.add(Fault("GetObjectLockConfiguration", kind="503", times=ALWAYS))
        with pytest.raises(Transient):
            store.lock_of(BUCKET)


def test_a_key_that_xml_cannot_hold_is_not_taken_for_absent(
    store: ObjectStore, cloud: MemoryCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Services exist that ignore `encoding-type`: what they say about such a key is garbled."""
    monkeypatch.setattr(bucket_calls, "encoding_of", lambda _: "")
    for key in ("a\x01b", "a\rb"):
        cloud.seed(BUCKET, key)
        with pytest.raises(NotSupported):
            store.versions(BUCKET, key)
    assert len(store.versions(BUCKET, "key")) == 1


def test_an_archived_original_is_refused_and_no_right_is_missing(
    store: ObjectStore, cloud: MemoryCloud
) -> None:
    cloud.seed(BUCKET, "cold", b"x", storage_class="GLACIER")
    for call in (
        lambda: store.read(BUCKET, "cold", bytearray(1)),
        lambda: store.copy(BUCKET, "cold", "copy"),
    ):
        with pytest.raises(StoreError) as caught:
            call()
        assert caught.value.code == "InvalidObjectState"
        assert not isinstance(caught.value, AccessDenied)


def test_a_head_of_a_marker_by_its_id_is_not_found(store: ObjectStore, cloud: MemoryCloud) -> None:
    """AWS answers 405 without a body; only a header tells why."""
    marker = cloud.delete(BUCKET, "key").version_id
    with pytest.raises(NotFound):
        store.head(BUCKET, "key", version_id=marker)


def refuse_with(monkeypatch: pytest.MonkeyPatch, error: StoreError) -> None:
    def refuse(*_: Any) -> Answer:
        raise error

    monkeypatch.setitem(routes._CALLS, "GetObjectLockConfiguration", refuse)  # type: ignore[arg-type]


def answer_with(monkeypatch: pytest.MonkeyPatch, operation: str, document: str) -> None:
    def answer(*_: Any) -> Answer:
        return Answer(200, {"Content-Type": "application/xml"}, document.encode())

    monkeypatch.delitem(routes._CALLS, operation, raising=False)
    monkeypatch.setitem(routes._CALLS_WITH_BODY, operation, answer)  # type: ignore[arg-type]


class TestTags:
    def test_an_empty_answer_is_none(self, store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
        """Ceph says nothing at all where an object was made of parts and never given tags."""
        answer_with(monkeypatch, "GetObjectTagging", "")
        assert store.tags(BUCKET, "key") == {}

    @pytest.mark.parametrize("root", ["html", "Error"])
    def test_another_document_is_not(
        self, store: ObjectStore, monkeypatch: pytest.MonkeyPatch, root: str
    ) -> None:
        answer_with(monkeypatch, "GetObjectTagging", f"<{root}><body/></{root}>")
        with pytest.raises(StoreError):
            store.tags(BUCKET, "key")


@pytest.mark.parametrize(
    ("take_out", "code"),
    [
        ("<Name>bucket</Name>", "NotS3"),
        ("<Prefix>k</Prefix>", "NotS3"),
        ("<NextKeyMarker>key</NextKeyMarker>", "TruncatedWithoutMarker"),
    ],
)
def test_a_page_of_versions_says_whose_it_is_and_where_it_goes_on(
    store: ObjectStore, cloud: MemoryCloud, monkeypatch: pytest.MonkeyPatch, take_out: str, code: str
) -> None:
    cloud.seed(BUCKET, "key", b"newer")
    assert store.list_versions_page(BUCKET, "k", limit=1).following is not None
    whole = bucket_calls.list_versions

    def poorer(there: MemoryCloud, head: Head) -> Answer:
        answer = whole(there, head)
        body = bytes(answer.body)
        assert take_out.encode() in body
        return Answer(answer.status, answer.headers, body.replace(take_out.encode(), b""))

    monkeypatch.setitem(routes._CALLS, "ListObjectVersions", poorer)  # type: ignore[arg-type]
    with pytest.raises(NotS3) as caught:
        store.list_versions_page(BUCKET, "k", limit=1)
    assert caught.value.code == code
