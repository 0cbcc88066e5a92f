"""The contract: what lies under a key, and what locks it there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import md5

import pytest

from migrator.errors import AccessDenied, NotFound
from migrator.model.objects import UNLOCKED, Lock
from migrator.store.base import BucketLock, ObjectStore, Versioning
from tests.store import abilities
from tests.store.contract_help import HOSTILE_KEYS, NOT_XML, PLAIN, PLAIN_XML, keys_of, needs, read_all
from tests.store.keepers import Keeper, put


class TestStacks:
    """`versions`."""

    def test_every_version_newest_first(self, store: ObjectStore, versioned: str) -> None:
        bodies = [b"1", b"22", b"333"]
        written = [store.put(versioned, "key", body, PLAIN, md5=md5(body).digest()) for body in bodies]
        found = store.versions(versioned, "key")
        assert [(each.version_id, each.etag, each.size_bytes) for each in found] == [
            (each.version_id, each.etag, len(body))
            for each, body in zip(written[::-1], bodies[::-1], strict=True)
        ]
        assert [each.is_latest for each in found] == [True, False, False]
        assert not any(each.is_marker for each in found)
        now = datetime.now(UTC)
        assert all(abs(now - each.last_modified) < timedelta(minutes=5) for each in found)
        assert all(each.last_modified.utcoffset() == timedelta(0) for each in found)

    def test_the_current_one_is_first(self, store: ObjectStore, versioned: str) -> None:
        """Markers come apart from versions over the wire, with whole seconds to sort them by."""
        put(store, versioned, "key", b"first")
        store.delete(versioned, "key")
        marker, below = store.versions(versioned, "key")
        assert (marker.is_latest, marker.is_marker, marker.etag, marker.size_bytes) == (True, True, "", 0)
        assert (below.is_latest, below.is_marker, below.size_bytes) == (False, False, 5)
        put(store, versioned, "key", b"second")
        stack = store.versions(versioned, "key")
        assert (stack[0].is_latest, stack[0].is_marker, stack[0].size_bytes) == (True, False, 6)
        assert {each.version_id for each in stack[1:]} == {marker.version_id, below.version_id}
        assert not any(each.is_latest for each in stack[1:])

    def test_only_of_exactly_this_key(self, store: ObjectStore, versioned: str) -> None:
        for key in ("ke", "key", "key/", "key2", "Key"):
            put(store, versioned, key, key.encode())
        [found] = store.versions(versioned, "key")
        assert found.etag == md5(b"key").hexdigest()
        assert store.versions(versioned, "k") == []

    def test_without_versions_there_is_one_or_none(self, store: ObjectStore, bucket: str) -> None:
        assert store.versions(bucket, "key") == []
        for body in (b"first", b"second"):
            etag = put(store, bucket, "key", body)
        [found] = store.versions(bucket, "key")
        assert (found.version_id, found.is_latest, found.is_marker) == ("null", True, False)
        assert (found.etag, found.size_bytes) == (etag, 6)
        store.delete(bucket, "key")
        assert store.versions(bucket, "key") == []

    def test_suspended_keeps_one_null_version(self, keeper: Keeper, store: ObjectStore) -> None:
        home = keeper.new_bucket(Versioning.ENABLED)
        kept = store.put(home, "key", b"kept", PLAIN, md5=md5(b"kept").digest())
        keeper.suspend(home)
        for body in (b"null one", b"null two"):
            put(store, home, "key", body)
        top, below = store.versions(home, "key")
        assert (top.version_id, top.is_latest, top.etag) == ("null", True, md5(b"null two").hexdigest())
        assert (below.version_id, below.is_latest) == (kept.version_id, False)
        store.delete(home, "key")
        marker, below = store.versions(home, "key")
        assert (marker.version_id, marker.is_latest, marker.is_marker) == ("null", True, True)
        assert below.version_id == kept.version_id
        store.delete(home, "key", version_id="null")
        assert read_all(store, home, "key") == b"kept"

    @pytest.mark.parametrize("key", PLAIN_XML.values(), ids=PLAIN_XML)
    def test_hostile_keys(self, store: ObjectStore, versioned: str, key: str) -> None:
        self._expect_found(store, versioned, key)

    @needs(abilities.VERSIONS_XML_KEYS)
    @pytest.mark.parametrize("key", NOT_XML.values(), ids=NOT_XML)
    def test_keys_that_xml_cannot_hold(self, store: ObjectStore, versioned: str, key: str) -> None:
        self._expect_found(store, versioned, key)

    @staticmethod
    def _expect_found(store: ObjectStore, versioned: str, key: str) -> None:
        for neighbour in HOSTILE_KEYS.values():
            put(store, versioned, neighbour, b"neighbour")
        written = store.put(versioned, key, b"ours", PLAIN, md5=md5(b"ours").digest())
        stack = store.versions(versioned, key)
        assert [each.size_bytes for each in stack] == [4, 9]
        assert stack[0].version_id == written.version_id

    def test_a_missing_bucket_is_not_found(self, store: ObjectStore) -> None:
        with pytest.raises(NotFound):
            store.versions("no-such-bucket", "key")

    @needs(abilities.MARKERS_BY_ID)
    def test_a_marker_is_never_an_object(self, store: ObjectStore, versioned: str) -> None:
        put(store, versioned, "key")
        store.delete(versioned, "key")
        marker = store.versions(versioned, "key")[0].version_id
        with pytest.raises(NotFound):
            store.head(versioned, "key", version_id=marker)
        with pytest.raises(NotFound):
            store.read(versioned, "key", bytearray(1), version_id=marker)
        with pytest.raises(NotFound):
            store.tags(versioned, "key", version_id=marker)


class TestLocks:
    def test_a_bucket_without_locks(self, store: ObjectStore, bucket: str, versioned: str) -> None:
        assert store.lock_of(bucket) is BucketLock.NONE
        assert store.lock_of(versioned) is BucketLock.NONE
        put(store, versioned, "key")
        head = store.head(versioned, "key")
        assert head.lock == UNLOCKED
        assert not head.is_locked(datetime.now(UTC))

    def test_a_bucket_that_can_lock_and_one_that_does(self, keeper: Keeper, store: ObjectStore) -> None:
        assert store.lock_of(keeper.new_locked_bucket()) is BucketLock.ENABLED
        assert store.lock_of(keeper.new_locked_bucket(days=1)) is BucketLock.DEFAULT

    def test_a_missing_bucket_is_not_found(self, store: ObjectStore) -> None:
        with pytest.raises(NotFound) as caught:
            store.lock_of("no-such-bucket")
        assert caught.value.code == "NoSuchBucket"

    def test_a_default_locks_every_new_object(self, keeper: Keeper, store: ObjectStore) -> None:
        home = keeper.new_locked_bucket(days=2)
        written = store.put(home, "key", b"x", PLAIN, md5=md5(b"x").digest())
        store.copy(home, "key", "copy")
        for key in ("key", "copy"):
            head, now = store.head(home, key), datetime.now(UTC)
            assert head.lock.mode == "COMPLIANCE"
            assert head.lock.until is not None
            assert abs(head.lock.until - now - timedelta(days=2)) < timedelta(minutes=5)
            assert head.lock.until.utcoffset() == timedelta(0)
            assert head.is_locked(now)
            assert not head.is_locked(now + timedelta(days=3))
        assert store.read(home, "key", bytearray(1)).lock.mode == "COMPLIANCE"
        self._expect_kept(store, home, written.version_id)

    def test_a_legal_hold_locks_until_it_is_lifted(self, keeper: Keeper, store: ObjectStore) -> None:
        home = keeper.new_locked_bucket()
        written = store.put(home, "key", b"x", PLAIN, md5=md5(b"x").digest())
        keeper.hold(home, "key", written.version_id or "")
        head = store.head(home, "key")
        assert head.lock == Lock(hold=True)
        assert head.is_locked(datetime.now(UTC) + timedelta(days=9999))
        self._expect_kept(store, home, written.version_id)

    @staticmethod
    def _expect_kept(store: ObjectStore, home: str, version_id: str | None) -> None:
        with pytest.raises(AccessDenied) as caught:
            store.delete(home, "key", version_id=version_id)
        assert caught.value.code == "ObjectLocked"
        assert read_all(store, home, "key") == b"x"

    @needs(abilities.HIDES_LOCKED)
    def test_a_locked_object_can_be_hidden(self, keeper: Keeper, store: ObjectStore) -> None:
        home = keeper.new_locked_bucket(days=1)
        written = store.put(home, "key", b"x", PLAIN, md5=md5(b"x").digest())
        store.delete(home, "key")
        assert keys_of(store, home) == []
        assert read_all(store, home, "key", version_id=written.version_id or "") == b"x"
