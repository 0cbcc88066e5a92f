"""The contract: buckets, whole objects, reads and their tags."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import md5

import pytest

from migrator.errors import Cancelled, DigestMismatch, NotFound, PreconditionFailed, Rejected
from migrator.model.objects import Properties, Written
from migrator.model.parts import MIB
from migrator.store.base import ObjectStore, Versioning
from tests.store import abilities
from tests.store.contract_help import BODY, HOSTILE_KEYS, PLAIN, RICH, keys_of, list_all, needs, read_all
from tests.store.keepers import Keeper, put


class TestBuckets:
    def test_names_are_listed_in_order(self, keeper: Keeper, store: ObjectStore) -> None:
        ours = [keeper.new_bucket(), keeper.new_bucket()]
        names = store.list_buckets()
        assert names == sorted(names)
        assert set(ours) <= set(names)

    def test_an_existing_bucket_can_be_checked(self, store: ObjectStore, bucket: str) -> None:
        assert store.check_bucket(bucket) in ("us-east-1", "")

    def test_a_missing_bucket_is_not_found(self, store: ObjectStore) -> None:
        body, name = b"x", "no-such-bucket"
        calls: list[Callable[[], object]] = [
            lambda: store.check_bucket(name),
            lambda: store.list_page(name, ""),
            lambda: store.head(name, "key"),
            lambda: store.read(name, "key", bytearray(1)),
            lambda: put(store, name, "key", body),
            lambda: store.create_upload(name, "key", PLAIN),
        ]
        for call in calls:
            with pytest.raises(NotFound):
                call()

    def test_a_listing_names_the_missing_bucket(self, store: ObjectStore) -> None:
        with pytest.raises(NotFound) as caught:
            store.list_page("no-such-bucket", "")
        assert caught.value.code == "NoSuchBucket"
        assert caught.value.operation == "ListObjectsV2"
        assert caught.value.end == store.end

    @pytest.mark.parametrize("state", [Versioning.OFF, Versioning.ENABLED, Versioning.SUSPENDED])
    def test_versioning_is_told(self, keeper: Keeper, store: ObjectStore, state: Versioning) -> None:
        assert store.versioning(keeper.new_bucket(state)) is state

    def test_buckets_come_and_go(self, keeper: Keeper, store: ObjectStore) -> None:
        name = keeper.new_name()
        store.create_bucket(name, "us-east-1")
        assert store.check_bucket(name) in ("us-east-1", "")
        assert store.versioning(name) is Versioning.OFF
        assert keys_of(store, name) == []
        put(store, name, "key")
        store.delete(name, "key")
        store.delete_bucket(name)
        for call in (store.check_bucket, store.delete_bucket):
            with pytest.raises(NotFound):
                call(name)

    @pytest.mark.parametrize("region", ["eu-west-1", ""])
    def test_a_bucket_is_made_where_it_is_wanted(
        self, keeper: Keeper, store: ObjectStore, region: str
    ) -> None:
        name = keeper.new_name()
        store.create_bucket(name, region)
        assert store.check_bucket(name) in (region or "us-east-1", "")

    @needs(abilities.OWN_BUCKET)
    def test_a_bucket_is_not_made_twice(self, store: ObjectStore, bucket: str) -> None:
        put(store, bucket, "key")
        with pytest.raises(Rejected) as caught:
            store.create_bucket(bucket, "us-east-1")
        assert caught.value.code in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists")
        assert keys_of(store, bucket) == ["key"]

    def test_a_bucket_with_objects_stays(self, store: ObjectStore, bucket: str) -> None:
        put(store, bucket, "key")
        with pytest.raises(Rejected) as caught:
            store.delete_bucket(bucket)
        assert caught.value.code == "BucketNotEmpty"
        assert keys_of(store, bucket) == ["key"]

    @needs(abilities.KEPT_BUCKET)
    def test_a_bucket_with_hidden_versions_stays(self, store: ObjectStore, versioned: str) -> None:
        put(store, versioned, "key")
        store.delete(versioned, "key")
        with pytest.raises(Rejected) as caught:
            store.delete_bucket(versioned)
        assert caught.value.code == "BucketNotEmpty"
        assert len(store.versions(versioned, "key")) == 2


class TestObjects:
    def test_everything_comes_back(self, store: ObjectStore, bucket: str) -> None:
        before = datetime.now(UTC) - timedelta(seconds=2)
        written = store.put(bucket, "key", BODY, RICH, md5=md5(BODY).digest())
        assert written == Written(md5(BODY).hexdigest(), None)

        head = store.head(bucket, "key")
        into = bytearray(len(BODY))
        assert replace(store.read(bucket, "key", into), tag_count=head.tag_count) == head
        assert bytes(into) == BODY
        assert (head.size_bytes, head.etag, head.version_id) == (len(BODY), written.etag, None)
        assert head.properties == replace(RICH, tags={})
        assert head.tag_count in (None, len(RICH.tags))
        assert head.token == "run.1.1"
        assert before <= head.last_modified <= datetime.now(UTC)
        assert head.last_modified.utcoffset() == timedelta(0)
        assert store.tags(bucket, "key") == RICH.tags

    def test_the_listing_agrees_with_the_head(self, store: ObjectStore, bucket: str) -> None:
        put(store, bucket, "key", BODY)
        head = store.head(bucket, "key")
        [line] = list_all(store, bucket)
        assert (line.key, line.size_bytes, line.etag) == ("key", head.size_bytes, head.etag)
        assert abs(line.last_modified - head.last_modified) < timedelta(seconds=1)
        assert line.storage_class == head.storage_class == "STANDARD"

    @pytest.mark.parametrize("expires", ["0", "-1", "never"])
    def test_expires_need_not_be_a_date(self, store: ObjectStore, bucket: str, expires: str) -> None:
        put(store, bucket, "key", b"x", expires=expires)
        assert store.head(bucket, "key").properties.expires == expires

    def test_an_empty_object(self, store: ObjectStore, bucket: str) -> None:
        assert put(store, bucket, "empty", b"") == md5(b"").hexdigest()
        assert store.head(bucket, "empty").size_bytes == 0
        assert store.read(bucket, "empty", bytearray()).size_bytes == 0

    def test_a_body_may_be_a_bytearray(self, store: ObjectStore, bucket: str) -> None:
        body = bytearray(BODY)
        store.put(bucket, "key", body, PLAIN, md5=md5(body).digest())
        body[:4] = b"\xff\xff\xff\xff"
        assert read_all(store, bucket, "key") == BODY

    def test_a_later_write_replaces_everything(self, store: ObjectStore, bucket: str) -> None:
        store.put(bucket, "key", BODY, RICH, md5=md5(BODY).digest())
        put(store, bucket, "key", b"second", metadata={"only": "this"})
        assert read_all(store, bucket, "key") == b"second"
        assert store.head(bucket, "key").properties.metadata == {"only": "this"}

    @needs(abilities.TAGS_GO)
    def test_a_later_write_drops_the_tags(self, store: ObjectStore, bucket: str) -> None:
        put(store, bucket, "key", tags=RICH.tags)
        put(store, bucket, "key")
        assert store.tags(bucket, "key") == {}

    def test_a_wrong_md5_is_refused(self, store: ObjectStore, bucket: str) -> None:
        with pytest.raises(DigestMismatch) as caught:
            store.put(bucket, "key", b"these bytes", PLAIN, md5=md5(b"other bytes").digest())
        assert caught.value.code == "BadDigest"
        assert keys_of(store, bucket) == []

    @pytest.mark.parametrize("key", HOSTILE_KEYS.values(), ids=HOSTILE_KEYS)
    def test_hostile_keys_survive(self, store: ObjectStore, bucket: str, key: str, rich: Properties) -> None:
        put(store, bucket, "an innocent neighbour")
        store.put(bucket, key, BODY, rich, md5=md5(BODY).digest())
        assert set(keys_of(store, bucket)) == {key, "an innocent neighbour"}
        assert keys_of(store, bucket, key) == [key]
        assert read_all(store, bucket, key) == BODY
        assert store.tags(bucket, key) == rich.tags
        assert store.list_page(bucket, "", start_after=key).objects == tuple(
            line for line in list_all(store, bucket) if line.key > key
        )
        store.delete(bucket, key)
        assert keys_of(store, bucket) == ["an innocent neighbour"]

    def test_twins_stay_apart(self, store: ObjectStore, bucket: str) -> None:
        """Keys that some service or file system would take for one."""
        twins = sorted([*HOSTILE_KEYS.values(), "a", "a/b", "A", "a ", "a/", "a b", "100%25", "a/b/../c"])
        for key in twins:
            put(store, bucket, key, key.encode())
        assert keys_of(store, bucket) == twins
        assert {key: read_all(store, bucket, key).decode() for key in twins} == {key: key for key in twins}

    @needs(abilities.LIMITS)
    @pytest.mark.parametrize("key", ["a" * 1025, "é" * 513], ids=["ascii", "two bytes each"])
    def test_keys_end_at_1024_bytes(self, store: ObjectStore, bucket: str, key: str) -> None:
        with pytest.raises(Rejected):
            put(store, bucket, key)

    @needs(abilities.LIMITS)
    def test_metadata_ends_at_2048_bytes(self, store: ObjectStore, bucket: str) -> None:
        put(store, bucket, "fits", b"", metadata={"name": "v" * 2044})
        with pytest.raises(Rejected) as caught:
            put(store, bucket, "large", b"", metadata={"name": "v" * 2045})
        assert caught.value.code == "MetadataTooLarge"


class TestMissingKeys:
    def test_heads_and_reads_are_not_found(self, store: ObjectStore, bucket: str) -> None:
        calls: list[Callable[[], object]] = [
            lambda: store.head(bucket, "nothing"),
            lambda: store.read(bucket, "nothing", bytearray(1)),
            lambda: store.read(bucket, "nothing", bytearray(1), offset=0),
            lambda: store.tags(bucket, "nothing"),
        ]
        for call in calls:
            with pytest.raises(NotFound) as caught:
                call()
            assert caught.value.code == "NoSuchKey"

    def test_deleting_twice_is_no_error(self, store: ObjectStore, bucket: str) -> None:
        put(store, bucket, "key")
        for _ in range(2):
            store.delete(bucket, "key")
            with pytest.raises(NotFound):
                store.head(bucket, "key")


class TestReads:
    def test_ranges(self, store: ObjectStore, bucket: str) -> None:
        put(store, bucket, "key", BODY)
        for offset, length in [(0, 1), (0, len(BODY)), (1, 100), (5000, 1024), (len(BODY) - 1, 1)]:
            into = bytearray(length)
            head = store.read(bucket, "key", into, offset=offset)
            assert bytes(into) == BODY[offset : offset + length]
            assert (head.size_bytes, head.etag) == (len(BODY), md5(BODY).hexdigest())

    def test_a_range_past_the_end_is_refused(self, store: ObjectStore, bucket: str) -> None:
        put(store, bucket, "key", BODY)
        put(store, bucket, "empty", b"")
        for key, offset in [("key", len(BODY)), ("empty", 0)]:
            with pytest.raises(Rejected) as caught:
                store.read(bucket, key, bytearray(1), offset=offset)
            assert caught.value.code == "InvalidRange"

    @pytest.mark.parametrize("expected", [len(BODY) - 1, len(BODY) + 1, 0])
    def test_another_length_than_expected(self, store: ObjectStore, bucket: str, expected: int) -> None:
        put(store, bucket, "key", BODY)
        with pytest.raises(DigestMismatch):
            store.read(bucket, "key", bytearray(expected))

    def test_a_range_over_the_end_comes_short(self, store: ObjectStore, bucket: str) -> None:
        put(store, bucket, "key", BODY)
        with pytest.raises(DigestMismatch):
            store.read(bucket, "key", bytearray(2), offset=len(BODY) - 1)

    @pytest.mark.parametrize("offset", [None, 0, 17])
    def test_a_changed_object_is_not_mixed_in(
        self, store: ObjectStore, bucket: str, offset: int | None
    ) -> None:
        etag = put(store, bucket, "key", BODY)
        into = bytearray(len(BODY) - (offset or 0))
        store.read(bucket, "key", into, offset=offset, if_match=etag)
        put(store, bucket, "key", BODY[::-1])
        with pytest.raises(PreconditionFailed):
            store.read(bucket, "key", into, offset=offset, if_match=etag)

    @pytest.mark.parametrize("offset", [None, 1])
    def test_progress_adds_up(self, store: ObjectStore, bucket: str, offset: int | None) -> None:
        body = bytes(2 * MIB + 12_345)
        put(store, bucket, "key", body)
        into, steps = bytearray(len(body) - (offset or 0)), list[int]()
        store.read(bucket, "key", into, offset=offset, on_bytes=steps.append)
        assert sum(steps) == len(into)
        assert 0 < max(steps) <= MIB

    def test_a_body_comes_in_pieces_as_small_as_allowed(self, store: ObjectStore, bucket: str) -> None:
        body = bytes(range(256)) * 400
        put(store, bucket, "key", body)
        into, steps = bytearray(len(body)), list[int]()

        def allow(count: int) -> int:
            steps.append(count)
            return 5_000

        store.read(bucket, "key", into, on_bytes=allow)
        assert bytes(into) == body
        assert sum(steps) == len(body)
        # The first may have come with the head.
        assert max(steps) <= 16 * 1024
        assert sorted(steps)[-2] <= 5_000

    def test_progress_can_break_off(self, store: ObjectStore, bucket: str) -> None:
        body = bytes(3 * MIB)
        put(store, bucket, "key", body)

        def stop(_: int) -> None:
            raise Cancelled

        with pytest.raises(Cancelled):
            store.read(bucket, "key", bytearray(len(body)), on_bytes=stop)
        assert read_all(store, bucket, "key") == body


class TestTags:
    def test_tags_are_replaced_as_a_whole(self, store: ObjectStore, bucket: str) -> None:
        etag = put(store, bucket, "key", b"x", tags={"old": "1"})
        store.put_tags(bucket, "key", RICH.tags)
        assert store.tags(bucket, "key") == RICH.tags
        assert store.head(bucket, "key").etag == etag
        store.put_tags(bucket, "key", {})
        assert store.tags(bucket, "key") == {}

    def test_no_tags_is_not_an_error(self, store: ObjectStore, bucket: str) -> None:
        put(store, bucket, "key")
        assert store.tags(bucket, "key") == {}
        assert store.head(bucket, "key").tag_count in (None, 0)

    def test_each_version_has_its_own(self, store: ObjectStore, versioned: str) -> None:
        digest = md5(b"x").digest()
        first = store.put(versioned, "key", b"x", Properties(tags={"is": "first"}), md5=digest)
        store.put(versioned, "key", b"x", Properties(tags={"is": "second"}), md5=digest)
        store.put_tags(versioned, "key", {"is": "changed"}, version_id=first.version_id)
        assert store.tags(versioned, "key", version_id=first.version_id) == {"is": "changed"}
        assert store.tags(versioned, "key") == {"is": "second"}
