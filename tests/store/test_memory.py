"""The in-memory cloud is stricter than S3, and it is right: checked against S3's limits and a plain dict."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import md5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.errors import (
    AccessDenied,
    DigestMismatch,
    NotFound,
    NotSupported,
    PreconditionFailed,
    Rejected,
    StoreError,
)
from migrator.model.objects import Properties
from migrator.model.parts import MIB
from migrator.store.base import IF_ABSENT, Condition, Versioning
from migrator.store.memory import CEPH, LYVE, MemoryCloud, MemoryStore, Quirks
from migrator.store.memory_uploads import Chosen

BUCKET = "bucket"
PLAIN = Properties()
NOON = datetime(2024, 5, 6, 12, 0, 0, 250_000, tzinfo=UTC)


def cloud_with(quirks: Quirks | None = None, versioning: Versioning = Versioning.OFF) -> MemoryCloud:
    cloud = MemoryCloud(quirks=quirks or Quirks(), now=lambda: NOON, min_part_bytes=4, max_put_bytes=100)
    cloud.create_bucket(BUCKET, versioning=versioning)
    return cloud


@pytest.fixture
def cloud() -> MemoryCloud:
    return cloud_with()


class TestLimits:
    @pytest.mark.parametrize("key", ["", "é" * 513, "lone \udc80 surrogate"])
    def test_keys(self, cloud: MemoryCloud, key: str) -> None:
        with pytest.raises(Rejected):
            cloud.put(BUCKET, key, b"", PLAIN)
        with pytest.raises(Rejected):
            cloud.create_upload(BUCKET, key, PLAIN)

    @pytest.mark.parametrize("name", ["ab", "a" * 64, "Capital", "under_score", "-a-", "a..b", "a/b"])
    def test_bucket_names(self, cloud: MemoryCloud, name: str) -> None:
        with pytest.raises(Rejected) as caught:
            cloud.create_bucket(name)
        assert caught.value.code == "InvalidBucketName"

    @pytest.mark.parametrize(
        ("properties", "code"),
        [
            (Properties(metadata={"a": "v" * 2048}), "MetadataTooLarge"),
            (Properties(metadata={"Upper": "v"}), "InvalidArgument"),
            (Properties(metadata={"sp ace": "v"}), "InvalidArgument"),
            (Properties(metadata={"": "v"}), "InvalidArgument"),
            (Properties(metadata={"a": "ümlaut"}), "InvalidArgument"),
            (Properties(metadata={"a": "new\nline"}), "InvalidArgument"),
            (Properties(metadata={"a": " outer space"}), "InvalidArgument"),
            (Properties(content_disposition="größe.txt"), "InvalidArgument"),
            (Properties(tags={str(n): "" for n in range(11)}), "BadRequest"),
            (Properties(tags={"k" * 129: ""}), "InvalidTag"),
            (Properties(tags={"": "v"}), "InvalidTag"),
            (Properties(tags={"k": "v" * 257}), "InvalidTag"),
            (Properties(tags={"aws:k": "v"}), "InvalidTag"),
        ],
    )
    def test_properties(self, cloud: MemoryCloud, properties: Properties, code: str) -> None:
        for write in (
            lambda: cloud.put(BUCKET, "key", b"", properties),
            lambda: cloud.create_upload(BUCKET, "key", properties),
        ):
            with pytest.raises(Rejected) as caught:
                write()
            assert caught.value.code == code
        assert cloud.contents(BUCKET) == {}

    def test_the_largest_of_everything(self, cloud: MemoryCloud) -> None:
        tags = {f"{n}" + "k" * 127: "ü" * 256 for n in range(10)}
        properties = Properties(metadata={"a": "v" * 2047}, tags=tags)
        cloud.put(BUCKET, "é" * 512, b"x" * 100, properties)
        assert cloud.tags(BUCKET, "é" * 512) == tags

    def test_bodies(self, cloud: MemoryCloud) -> None:
        upload_id = cloud.create_upload(BUCKET, "key", PLAIN)
        for write in (
            lambda: cloud.put(BUCKET, "key", bytes(101), PLAIN),
            lambda: cloud.upload_part(BUCKET, "key", upload_id, 1, bytes(101)),
        ):
            with pytest.raises(Rejected) as caught:
                write()
            assert caught.value.code == "EntityTooLarge"

    @pytest.mark.parametrize("number", [-1, 0, 10_001])
    def test_part_numbers(self, cloud: MemoryCloud, number: int) -> None:
        upload_id = cloud.create_upload(BUCKET, "key", PLAIN)
        with pytest.raises(Rejected) as caught:
            cloud.upload_part(BUCKET, "key", upload_id, number, b"x")
        assert caught.value.code == "InvalidArgument"

    def test_an_upload_belongs_to_its_key(self, cloud: MemoryCloud) -> None:
        upload_id = cloud.create_upload(BUCKET, "key", PLAIN)
        with pytest.raises(NotFound) as caught:
            cloud.upload_part(BUCKET, "other", upload_id, 1, b"x")
        assert caught.value.code == "NoSuchUpload"

    def test_an_upload_needs_a_part(self, cloud: MemoryCloud) -> None:
        upload_id = cloud.create_upload(BUCKET, "key", PLAIN)
        with pytest.raises(Rejected) as caught:
            cloud.complete_upload(BUCKET, "key", upload_id, [])
        assert caught.value.code == "MalformedXML"

    def test_tokens_are_opaque(self, cloud: MemoryCloud) -> None:
        for token in ("key", "", "a2V5", "\xff"):
            with pytest.raises(Rejected):
                cloud.list_page(BUCKET, token=token)

    def test_versions_are_never_switched_off(self, cloud: MemoryCloud) -> None:
        for state in (Versioning.OFF, Versioning.UNKNOWN):
            with pytest.raises(Rejected):
                cloud.set_versioning(BUCKET, state)


class TestAnswers:
    def test_a_wrong_md5_stores_nothing(self, cloud: MemoryCloud) -> None:
        with pytest.raises(DigestMismatch) as caught:
            cloud.put(BUCKET, "key", b"x", PLAIN, md5=md5(b"y").digest())
        assert caught.value.code == "BadDigest"
        assert cloud.contents(BUCKET) == {}

    @pytest.mark.parametrize("storage_class", ["GLACIER", "DEEP_ARCHIVE"])
    def test_archived_objects_have_a_head_and_no_body(self, cloud: MemoryCloud, storage_class: str) -> None:
        cloud.seed(BUCKET, "key", b"x", storage_class=storage_class)
        assert cloud.head(BUCKET, "key").storage_class == storage_class
        assert cloud.list_page(BUCKET).objects[0].storage_class == storage_class
        with pytest.raises(Rejected) as caught:
            cloud.read(BUCKET, "key")
        assert caught.value.code == "InvalidObjectState"

    def test_dates_have_whole_seconds(self, cloud: MemoryCloud) -> None:
        cloud.put(BUCKET, "now", b"", PLAIN)
        cloud.seed(BUCKET, "then", last_modified=NOON - timedelta(days=900))
        assert cloud.head(BUCKET, "now").last_modified == NOON.replace(microsecond=0)
        assert cloud.head(BUCKET, "then").last_modified == (NOON - timedelta(days=900)).replace(microsecond=0)

    def test_if_match_on_nothing_is_not_found(self, cloud: MemoryCloud) -> None:
        with pytest.raises(NotFound):
            cloud.put(BUCKET, "key", b"", PLAIN, condition=Condition(etag="0" * 32))

    def test_nothing_of_a_refused_upload_is_lost(self, cloud: MemoryCloud) -> None:
        upload_id = cloud.create_upload(BUCKET, "key", PLAIN)
        small = cloud.upload_part(BUCKET, "key", upload_id, 1, b"abc")
        last = cloud.upload_part(BUCKET, "key", upload_id, 2, b"d")
        with pytest.raises(Rejected) as caught:
            cloud.complete_upload(BUCKET, "key", upload_id, [Chosen(1, small.etag), Chosen(2, last.etag)])
        assert caught.value.code == "EntityTooSmall"
        assert cloud.list_parts(BUCKET, "key", upload_id) == [small, last]


class TestVersionStates:
    def test_a_write_while_suspended_destroys_the_null_version_only(self) -> None:
        cloud = cloud_with()
        cloud.put(BUCKET, "key", b"null one", PLAIN)
        cloud.set_versioning(BUCKET, Versioning.ENABLED)
        kept = cloud.put(BUCKET, "key", b"kept", PLAIN)
        cloud.set_versioning(BUCKET, Versioning.SUSPENDED)
        cloud.put(BUCKET, "key", b"null two", PLAIN)
        bodies = [line.version.body for line in cloud.list_versions(BUCKET)]
        assert bodies == [b"null two", b"kept"]
        assert cloud.read(BUCKET, "key", version_id="null")[1] == b"null two"
        cloud.delete(BUCKET, "key", version_id="null")
        assert cloud.head(BUCKET, "key").version_id == kept.version_id

    def test_a_delete_while_suspended_leaves_a_null_marker(self) -> None:
        cloud = cloud_with(versioning=Versioning.SUSPENDED)
        cloud.put(BUCKET, "key", b"x", PLAIN)
        deleted = cloud.delete(BUCKET, "key")
        assert (deleted.version_id, deleted.is_marker) == ("null", True)
        [line] = cloud.list_versions(BUCKET)
        assert line.version.is_marker
        assert cloud.contents(BUCKET) == {}

    def test_deleting_a_marker_brings_the_object_back(self) -> None:
        cloud = cloud_with(versioning=Versioning.ENABLED)
        cloud.put(BUCKET, "key", b"x", PLAIN)
        marker = cloud.delete(BUCKET, "key")
        cloud.delete(BUCKET, "key", version_id=marker.version_id)
        assert cloud.contents(BUCKET) == {"key": b"x"}

    def test_a_marker_is_absent_for_conditions(self) -> None:
        cloud = cloud_with(versioning=Versioning.ENABLED)
        cloud.put(BUCKET, "key", b"x", PLAIN)
        cloud.delete(BUCKET, "key")
        cloud.put(BUCKET, "key", b"y", PLAIN, condition=IF_ABSENT)
        with pytest.raises(PreconditionFailed):
            cloud.put(BUCKET, "key", b"z", PLAIN, condition=IF_ABSENT)


class TestLocks:
    def test_need_versions(self, cloud: MemoryCloud) -> None:
        with pytest.raises(Rejected) as caught:
            cloud.set_lock(BUCKET)
        assert caught.value.code == "InvalidBucketState"
        for lock in (lambda: cloud.hold(BUCKET, "key"), lambda: cloud.retain(BUCKET, "key", NOON)):
            with pytest.raises(Rejected) as caught:
                lock()
            assert caught.value.code == "InvalidRequest"

    def test_versions_cannot_be_suspended_under_a_lock(self) -> None:
        cloud = cloud_with(versioning=Versioning.ENABLED)
        cloud.set_lock(BUCKET)
        with pytest.raises(Rejected) as caught:
            cloud.set_versioning(BUCKET, Versioning.SUSPENDED)
        assert caught.value.code == "InvalidBucketState"
        assert cloud.versioning(BUCKET) is Versioning.ENABLED

    def test_a_lock_ends(self) -> None:
        now = NOON
        cloud = MemoryCloud(now=lambda: now)
        cloud.create_bucket(BUCKET, versioning=Versioning.ENABLED)
        cloud.set_lock(BUCKET)
        below = cloud.put(BUCKET, "key", b"below", PLAIN).version_id
        cloud.put(BUCKET, "key", b"above", PLAIN)
        cloud.retain(BUCKET, "key", NOON + timedelta(days=1), mode="GOVERNANCE", version_id=below)
        assert not cloud.head(BUCKET, "key").is_locked(now)
        assert cloud.head(BUCKET, "key", version_id=below).lock.mode == "GOVERNANCE"
        with pytest.raises(AccessDenied):
            cloud.delete(BUCKET, "key", version_id=below)
        now += timedelta(days=1)
        assert not cloud.head(BUCKET, "key", version_id=below).is_locked(now)
        cloud.delete(BUCKET, "key", version_id=below)
        assert cloud.contents(BUCKET) == {"key": b"above"}
        assert len(cloud.list_versions(BUCKET)) == 1

    def test_a_hold_is_lifted(self) -> None:
        cloud = cloud_with(versioning=Versioning.ENABLED)
        cloud.set_lock(BUCKET)
        written = cloud.put(BUCKET, "key", b"x", PLAIN)
        cloud.hold(BUCKET, "key")
        failures = cloud.delete_versions(BUCKET, [("key", written.version_id or "")])
        assert [error.code for error in failures.values()] == ["ObjectLocked"]
        cloud.hold(BUCKET, "key", is_on=False)
        assert cloud.delete_versions(BUCKET, [("key", written.version_id or "")]) == {}
        assert cloud.contents(BUCKET) == {}


class TestCopies:
    def test_end_where_one_put_ends(self, cloud: MemoryCloud) -> None:
        upload_id = cloud.create_upload(BUCKET, "large", PLAIN)
        parts = [cloud.upload_part(BUCKET, "large", upload_id, n, bytes(60)) for n in (1, 2)]
        cloud.complete_upload(BUCKET, "large", upload_id, [Chosen(part.number, part.etag) for part in parts])
        with pytest.raises(Rejected) as caught:
            cloud.copy(BUCKET, "large", "copy")
        assert caught.value.code == "InvalidRequest"
        upload_id = cloud.create_upload(BUCKET, "copy", PLAIN)
        part = cloud.copy_part(BUCKET, "large", "copy", upload_id, 1, 20, 100)
        assert part.size_bytes == 100
        assert list(cloud.contents(BUCKET)) == ["large"]

    @pytest.mark.parametrize(("offset", "length"), [(-1, 2), (0, 0), (2, 0), (0, 4), (3, 1)])
    def test_parts_lie_inside(self, cloud: MemoryCloud, offset: int, length: int) -> None:
        cloud.put(BUCKET, "key", b"abc", PLAIN)
        upload_id = cloud.create_upload(BUCKET, "copy", PLAIN)
        with pytest.raises(Rejected):
            cloud.copy_part(BUCKET, "key", "copy", upload_id, 1, offset, length)

    def test_a_copy_while_suspended_replaces_the_null_version_only(self) -> None:
        cloud = cloud_with(versioning=Versioning.ENABLED)
        kept = cloud.put(BUCKET, "key", b"kept", PLAIN)
        cloud.set_versioning(BUCKET, Versioning.SUSPENDED)
        cloud.put(BUCKET, "key", b"null one", PLAIN)
        cloud.put(BUCKET, "other", b"null two", PLAIN)
        assert cloud.copy(BUCKET, "other", "key").version_id == "null"
        lines = cloud.list_versions(BUCKET, "key")
        assert [line.version.body for line in lines] == [b"null two", b"kept"]
        assert lines[1].version.version_id == kept.version_id

    def test_onto_itself_it_comes_on_top(self) -> None:
        cloud = cloud_with(versioning=Versioning.ENABLED)
        first = cloud.put(BUCKET, "key", b"first", Properties(tags={"a": "1"}))
        cloud.put(BUCKET, "key", b"second", PLAIN)
        cloud.copy(BUCKET, "key", "key", version_id=first.version_id)
        assert [line.version.body for line in cloud.list_versions(BUCKET)] == [b"first", b"second", b"first"]
        assert cloud.tags(BUCKET, "key") == {"a": "1"}


class TestDeletes:
    def test_a_version_and_a_condition_together_are_not_known(self) -> None:
        cloud = cloud_with(versioning=Versioning.ENABLED)
        written = cloud.put(BUCKET, "key", b"x", PLAIN)
        with pytest.raises(NotSupported):
            cloud.delete(BUCKET, "key", version_id=written.version_id, if_match=written.etag)
        assert cloud.contents(BUCKET) == {"key": b"x"}

    @pytest.mark.parametrize("count", [0, 1001])
    def test_a_batch_has_a_size(self, cloud: MemoryCloud, count: int) -> None:
        with pytest.raises(Rejected) as caught:
            cloud.delete_versions(BUCKET, [("key", "null")] * count)
        assert caught.value.code == "MalformedXML"


class TestQuirks:
    @pytest.mark.parametrize("versioning", [Versioning.ENABLED, Versioning.SUSPENDED])
    def test_ceph_overwrites_in_versioned_buckets_in_spite_of_the_condition(
        self, versioning: Versioning
    ) -> None:
        cloud = cloud_with(CEPH, versioning)
        for body in (b"first", b"second"):
            cloud.put(BUCKET, "key", body, PLAIN, condition=IF_ABSENT)
        assert cloud.contents(BUCKET) == {"key": b"second"}
        plain = cloud_with(CEPH)
        plain.put(BUCKET, "key", b"first", PLAIN, condition=IF_ABSENT)
        with pytest.raises(PreconditionFailed):
            plain.put(BUCKET, "key", b"second", PLAIN, condition=IF_ABSENT)

    @pytest.mark.parametrize("etag", ["0" * 32, md5(b"x").hexdigest()])
    def test_ceph_deletes_and_copies_in_spite_of_the_condition(self, etag: str) -> None:
        cloud = cloud_with(CEPH)
        cloud.put(BUCKET, "key", b"x", PLAIN)
        cloud.copy(BUCKET, "key", "copy", if_match=etag)
        cloud.delete(BUCKET, "key", if_match=etag)
        cloud.delete(BUCKET, "nothing", if_match=etag)
        assert cloud.contents(BUCKET) == {"copy": b"x"}

    def test_writes_can_ignore_if_match_alone(self) -> None:
        cloud = cloud_with(Quirks(ignores_if_match=True))
        cloud.put(BUCKET, "key", b"first", PLAIN, condition=Condition(etag="0" * 32))
        cloud.put(BUCKET, "key", b"second", PLAIN, condition=Condition(etag="0" * 32))
        with pytest.raises(PreconditionFailed):
            cloud.put(BUCKET, "key", b"third", PLAIN, condition=IF_ABSENT)
        assert cloud.contents(BUCKET) == {"key": b"second"}

    def test_lyve_overwrites_in_spite_of_the_condition(self) -> None:
        cloud = cloud_with(LYVE)
        for body in (b"first", b"second"):
            cloud.put(BUCKET, "key", body, PLAIN, condition=IF_ABSENT)
        assert cloud.contents(BUCKET) == {"key": b"second"}

    def test_foreign_etags_look_like_an_md5_and_are_none(self) -> None:
        cloud = cloud_with(LYVE)
        upload_id = cloud.create_upload(BUCKET, "key", PLAIN)
        part = cloud.upload_part(BUCKET, "key", upload_id, 1, b"bytes")
        etag = cloud.complete_upload(BUCKET, "key", upload_id, [Chosen(1, part.etag)]).etag
        assert len(etag) == 32
        assert etag != md5(b"bytes").hexdigest()

    def test_tags_of_uploads_can_be_dropped(self) -> None:
        cloud = cloud_with(Quirks(drops_tags_of_uploads=True))
        upload_id = cloud.create_upload(BUCKET, "key", Properties(tags={"a": "1"}))
        part = cloud.upload_part(BUCKET, "key", upload_id, 1, b"bytes")
        cloud.complete_upload(BUCKET, "key", upload_id, [Chosen(1, part.etag)])
        assert cloud.tags(BUCKET, "key") == {}

    def test_pages_can_be_small(self) -> None:
        cloud = cloud_with(Quirks(page_size=2))
        for key in "abcde":
            cloud.seed(BUCKET, key)
        assert [line.key for line in cloud.list_page(BUCKET).objects] == ["a", "b"]


class TestStore:
    def test_calls_are_remembered(self, cloud: MemoryCloud) -> None:
        store = MemoryStore(cloud)
        store.put(BUCKET, "key", b"x", PLAIN, md5=md5(b"x").digest())
        store.head(BUCKET, "key")
        store.list_page(BUCKET, "")
        assert store.calls == [
            ("PutObject", BUCKET, "key"),
            ("HeadObject", BUCKET, "key"),
            ("ListObjectsV2", BUCKET, ""),
        ]

    def test_errors_say_where(self, cloud: MemoryCloud) -> None:
        with pytest.raises(StoreError) as caught:
            MemoryStore(cloud, "Lyve Cloud").head(BUCKET, "key")
        error = caught.value
        assert (error.operation, error.end, error.bucket, error.key) == (
            "HeadObject",
            "Lyve Cloud",
            BUCKET,
            "key",
        )

    def test_progress_comes_in_pieces(self) -> None:
        cloud = MemoryCloud()
        cloud.create_bucket(BUCKET)
        cloud.seed(BUCKET, "key", bytes(2 * MIB + 1))
        steps: list[int] = []
        MemoryStore(cloud).read(BUCKET, "key", bytearray(2 * MIB + 1), on_bytes=steps.append)
        assert steps == [0, MIB, MIB, 1]


KEYS = st.text(st.sampled_from("ab/é\ufffd😀 "), min_size=1, max_size=3)
WRITES = st.tuples(st.just("put"), KEYS, st.binary(max_size=4))
DELETES = st.tuples(st.just("delete"), KEYS, st.just(b""))


@given(
    steps=st.lists(st.one_of(WRITES, DELETES), max_size=40),
    page_size=st.integers(1, 7),
    prefix=st.text(st.sampled_from("ab/é"), max_size=2),
    versioning=st.sampled_from([Versioning.OFF, Versioning.ENABLED, Versioning.SUSPENDED]),
)
def test_a_bucket_is_a_sorted_dict(
    steps: list[tuple[str, str, bytes]], page_size: int, prefix: str, versioning: Versioning
) -> None:
    """Whatever is written and deleted, and with whatever pages it is listed."""
    cloud = cloud_with(Quirks(page_size=page_size), versioning)
    model: dict[str, bytes] = {}
    for what, key, body in steps:
        if what == "put":
            cloud.put(BUCKET, key, body, PLAIN)
            model[key] = body
        else:
            cloud.delete(BUCKET, key)
            model.pop(key, None)
    in_order = sorted(model, key=str.encode)
    assert cloud.contents(BUCKET) == model
    assert list(cloud.contents(BUCKET)) == in_order

    expected = [key for key in in_order if key.startswith(prefix)]
    listed: list[str] = []
    token: str | None = None
    while True:
        page = cloud.list_page(BUCKET, prefix, token=token)
        assert len(page.objects) <= page_size
        listed += (line.key for line in page.objects)
        token = page.next_token
        if token is None:
            break
        assert page.objects
    assert listed == expected
    for index, key in enumerate(expected):
        after = cloud.list_page(BUCKET, prefix, start_after=key)
        assert [line.key for line in after.objects] == expected[index + 1 : index + 1 + page_size]
