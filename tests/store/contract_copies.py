"""The contract: copies that the end makes by itself, whole or part by part."""

from __future__ import annotations

from dataclasses import replace
from hashlib import md5

import pytest

from migrator.errors import NotFound, PreconditionFailed, Rejected
from migrator.model.objects import Properties, UploadedPart, Written
from migrator.store.base import ObjectStore
from tests.store import abilities
from tests.store.contract_help import BODY, HOSTILE_KEYS, PLAIN, RICH, keys_of, needs, read_all, upload
from tests.store.keepers import put

OTHER_ETAG = md5(b"something else").hexdigest()


class TestCopies:
    def test_a_copy_has_everything(self, store: ObjectStore, bucket: str) -> None:
        original = store.put(bucket, "key", BODY, RICH, md5=md5(BODY).digest())
        assert store.copy(bucket, "key", "copy", if_match=original.etag) == Written(original.etag, None)
        for key in ("key", "copy"):
            assert read_all(store, bucket, key) == BODY
            assert store.head(bucket, key).properties == replace(RICH, tags={})
            assert store.tags(bucket, key) == RICH.tags
        assert store.head(bucket, "copy").token == "run.1.1"

    def test_a_copy_is_a_second_object(self, store: ObjectStore, bucket: str) -> None:
        put(store, bucket, "key", b"first", tags={"is": "first"})
        store.copy(bucket, "key", "copy")
        put(store, bucket, "key", b"second")
        store.put_tags(bucket, "key", {"is": "second"})
        assert read_all(store, bucket, "copy") == b"first"
        assert store.tags(bucket, "copy") == {"is": "first"}
        store.delete(bucket, "key")
        assert keys_of(store, bucket) == ["copy"]

    def test_an_empty_object(self, store: ObjectStore, bucket: str) -> None:
        put(store, bucket, "key", b"", metadata={"a": "1"})
        store.copy(bucket, "key", "copy")
        head = store.head(bucket, "copy")
        assert (head.size_bytes, head.properties.metadata) == (0, {"a": "1"})

    def test_an_object_of_parts(self, store: ObjectStore, bucket: str, part_bytes: int) -> None:
        parts = [b"a" * part_bytes, b"b"]
        upload(store, bucket, "key", parts, replace(RICH, tags={}))
        copied = store.copy(bucket, "key", "copy")
        head = store.head(bucket, "copy")
        assert (head.etag, head.size_bytes) == (copied.etag, part_bytes + 1)
        assert head.properties == replace(RICH, tags={})
        assert read_all(store, bucket, "copy") == b"".join(parts)

    def test_what_was_there_is_replaced_as_a_whole(self, store: ObjectStore, bucket: str) -> None:
        put(store, bucket, "key", b"new", metadata={"of": "new"})
        put(store, bucket, "taken", b"old", metadata={"of": "old", "more": "1"}, cache_control="no-cache")
        store.copy(bucket, "key", "taken")
        properties = store.head(bucket, "taken").properties
        assert (properties.metadata, properties.cache_control) == ({"of": "new"}, "")
        assert read_all(store, bucket, "taken") == b"new"

    @needs(abilities.COPY_CONDITION)
    def test_another_object_than_expected_is_not_copied(self, store: ObjectStore, bucket: str) -> None:
        put(store, bucket, "key", b"changed")
        put(store, bucket, "taken", b"stays")
        for to_key in ("copy", "taken"):
            with pytest.raises(PreconditionFailed):
                store.copy(bucket, "key", to_key, if_match=OTHER_ETAG)
        assert keys_of(store, bucket) == ["key", "taken"]
        assert read_all(store, bucket, "taken") == b"stays"

    def test_nothing_cannot_be_copied(self, store: ObjectStore, bucket: str, versioned: str) -> None:
        put(store, versioned, "hidden")
        store.delete(versioned, "hidden")
        for where, key in [(bucket, "nothing"), (versioned, "hidden"), ("no-such-bucket", "key")]:
            with pytest.raises(NotFound):
                store.copy(where, key, "copy")
        assert keys_of(store, bucket) == keys_of(store, versioned) == []

    def test_a_copy_is_a_version_of_its_own(self, store: ObjectStore, versioned: str) -> None:
        original = store.put(versioned, "key", b"ours", PLAIN, md5=md5(b"ours").digest())
        put(store, versioned, "taken", b"below")
        copied = store.copy(versioned, "key", "taken")
        assert copied.version_id
        assert copied.version_id != original.version_id
        assert store.head(versioned, "taken").version_id == copied.version_id
        store.delete(versioned, "taken", version_id=copied.version_id)
        assert read_all(store, versioned, "taken") == b"below"
        assert store.head(versioned, "key").version_id == original.version_id

    def test_an_older_version_can_be_copied(self, store: ObjectStore, versioned: str) -> None:
        tagged = Properties(metadata={"is": "first"}, tags={"is": "first"})
        first = store.put(versioned, "key", b"first", tagged, md5=md5(b"first").digest())
        put(store, versioned, "key", b"second")
        store.copy(versioned, "key", "copy", version_id=first.version_id, if_match=first.etag)
        assert read_all(store, versioned, "copy") == b"first"
        assert store.head(versioned, "copy").properties.metadata == {"is": "first"}
        assert store.tags(versioned, "copy") == {"is": "first"}

    @pytest.mark.parametrize("key", HOSTILE_KEYS.values(), ids=HOSTILE_KEYS)
    def test_hostile_keys_are_copied_from_and_to(
        self, store: ObjectStore, bucket: str, key: str, rich: Properties
    ) -> None:
        store.put(bucket, key, BODY, rich, md5=md5(BODY).digest())
        store.copy(bucket, key, "plain")
        store.delete(bucket, key)
        store.copy(bucket, "plain", key)
        assert keys_of(store, bucket) == sorted([key, "plain"], key=str.encode)
        assert read_all(store, bucket, key) == BODY
        assert store.tags(bucket, key) == rich.tags


class TestCopiedParts:
    def test_ranges_make_the_object(self, store: ObjectStore, bucket: str, part_bytes: int) -> None:
        body = b"a" * part_bytes + b"b" * part_bytes + b"tail"
        etag = put(store, bucket, "key", body)
        upload_id = store.create_upload(bucket, "copy", replace(RICH, tags={}))
        spans = [(0, 2 * part_bytes), (2 * part_bytes, 4)]
        parts = [
            store.copy_part(bucket, "key", "copy", upload_id, number, offset, length, if_match=etag)
            for number, (offset, length) in enumerate(spans, start=1)
        ]
        tail = UploadedPart(2, md5(b"tail").hexdigest(), 4)
        assert parts[1] == tail
        assert store.list_parts(bucket, "copy", upload_id) == parts
        store.complete_upload(bucket, "copy", upload_id, parts)
        assert read_all(store, bucket, "copy") == body
        assert store.head(bucket, "copy").properties == replace(RICH, tags={})

    @needs(abilities.COPY_CONDITION, abilities.PART_COPY_CONDITION)
    def test_another_object_than_expected_is_not_copied(self, store: ObjectStore, bucket: str) -> None:
        put(store, bucket, "key", b"changed")
        upload_id = store.create_upload(bucket, "copy", PLAIN)
        with pytest.raises(PreconditionFailed):
            store.copy_part(bucket, "key", "copy", upload_id, 1, 0, 7, if_match=OTHER_ETAG)
        assert store.list_parts(bucket, "copy", upload_id) == []

    def test_an_older_version_can_be_copied(self, store: ObjectStore, versioned: str) -> None:
        first = store.put(versioned, "key", b"first", PLAIN, md5=md5(b"first").digest())
        put(store, versioned, "key", b"other")
        upload_id = store.create_upload(versioned, "copy", PLAIN)
        part = store.copy_part(
            versioned, "key", "copy", upload_id, 1, 0, 5, version_id=first.version_id, if_match=first.etag
        )
        store.complete_upload(versioned, "copy", upload_id, [part])
        assert read_all(store, versioned, "copy") == b"first"

    def test_a_range_past_the_end_is_refused(self, store: ObjectStore, bucket: str) -> None:
        put(store, bucket, "key", b"12345")
        upload_id = store.create_upload(bucket, "copy", PLAIN)
        for offset, length in [(0, 6), (5, 1)]:
            with pytest.raises(Rejected):
                store.copy_part(bucket, "key", "copy", upload_id, 1, offset, length)
        assert store.list_parts(bucket, "copy", upload_id) == []

    def test_what_is_missing_is_not_found(self, store: ObjectStore, bucket: str) -> None:
        put(store, bucket, "key", b"12345")
        upload_id = store.create_upload(bucket, "copy", PLAIN)
        for key, asked, code in [("nothing", upload_id, "NoSuchKey"), ("key", "nothing", "NoSuchUpload")]:
            with pytest.raises(NotFound) as caught:
                store.copy_part(bucket, key, "copy", asked, 1, 0, 5)
            assert caught.value.code == code
        store.abort_upload(bucket, "copy", upload_id)
        with pytest.raises(NotFound):
            store.copy_part(bucket, "key", "copy", upload_id, 1, 0, 5)
        assert keys_of(store, bucket) == ["key"]
