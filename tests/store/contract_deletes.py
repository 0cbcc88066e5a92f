"""The contract: what undo removes by condition, and many versions at once."""

from __future__ import annotations

from hashlib import md5

import pytest

from migrator.errors import AccessDenied, NotFound, PreconditionFailed
from migrator.model.objects import xml_can_hold
from migrator.store.base import ObjectStore
from tests.store import abilities
from tests.store.contract_help import HOSTILE_KEYS, PLAIN, keys_of, needs, read_all
from tests.store.keepers import Keeper, put

OTHER_ETAG = md5(b"something else").hexdigest()


def written_version(store: ObjectStore, bucket: str, key: str, body: bytes = b"x") -> tuple[str, str]:
    """Write, and name the version as `delete_versions` wants it."""
    version_id = store.put(bucket, key, body, PLAIN, md5=md5(body).digest()).version_id
    assert version_id
    return key, version_id


class TestConditionalDeletes:
    def test_what_is_expected_goes(self, store: ObjectStore, bucket: str) -> None:
        etag = put(store, bucket, "key", b"ours")
        put(store, bucket, "neighbour", b"ours")
        store.delete(bucket, "key", if_match=etag)
        assert keys_of(store, bucket) == ["neighbour"]

    @needs(abilities.DELETE_CONDITION)
    def test_anything_else_stays(self, store: ObjectStore, bucket: str, versioned: str) -> None:
        for home in (bucket, versioned):
            etag = put(store, home, "key", b"ours")
            put(store, home, "key", b"theirs")
            with pytest.raises(PreconditionFailed):
                store.delete(home, "key", if_match=etag)
            assert read_all(store, home, "key") == b"theirs"

    @needs(abilities.DELETE_CONDITION, abilities.NOTHING_TO_MATCH)
    def test_nothing_matches_no_condition(self, store: ObjectStore, bucket: str, versioned: str) -> None:
        """AWS says 404, not 412; under a marker as well."""
        etag = put(store, versioned, "hidden")
        store.delete(versioned, "hidden")
        for home, key in [(bucket, "nothing"), (versioned, "nothing"), (versioned, "hidden")]:
            with pytest.raises(NotFound):
                store.delete(home, key, if_match=etag)
        assert len(store.versions(versioned, "hidden")) == 2
        assert store.versions(versioned, "nothing") == []

    def test_with_versions_it_hides_and_loses_nothing(self, store: ObjectStore, versioned: str) -> None:
        written = store.put(versioned, "key", b"ours", PLAIN, md5=md5(b"ours").digest())
        store.delete(versioned, "key", if_match=written.etag)
        assert keys_of(store, versioned) == []
        assert read_all(store, versioned, "key", version_id=written.version_id or "") == b"ours"

    @pytest.mark.parametrize("key", HOSTILE_KEYS.values(), ids=HOSTILE_KEYS)
    def test_hostile_keys(self, store: ObjectStore, bucket: str, key: str) -> None:
        store.delete(bucket, key, if_match=put(store, bucket, key))
        assert keys_of(store, bucket) == []


class TestBatchDeletes:
    def test_exactly_the_named_versions_go(self, store: ObjectStore, versioned: str) -> None:
        put(store, versioned, "both", b"below")
        ours = [written_version(store, versioned, key) for key in ("both", "only", "covered")]
        put(store, versioned, "covered", b"above")
        put(store, versioned, "neighbour", b"theirs")
        assert store.delete_versions(versioned, ours) == {}
        assert keys_of(store, versioned) == ["both", "covered", "neighbour"]
        assert read_all(store, versioned, "both") == b"below"
        assert read_all(store, versioned, "covered") == b"above"
        for key, version_id in ours:
            with pytest.raises(NotFound):
                store.head(versioned, key, version_id=version_id)

    def test_a_marker_is_a_version_too(self, store: ObjectStore, versioned: str) -> None:
        put(store, versioned, "key", b"hidden")
        store.delete(versioned, "key")
        marker = store.versions(versioned, "key")[0]
        assert store.delete_versions(versioned, [("key", marker.version_id)]) == {}
        assert read_all(store, versioned, "key") == b"hidden"

    def test_what_is_not_there_has_not_failed(self, store: ObjectStore, versioned: str) -> None:
        gone = written_version(store, versioned, "key")
        store.delete(versioned, *gone[:1], version_id=gone[1])
        here = written_version(store, versioned, "other")
        assert store.delete_versions(versioned, [gone, here, ("never", here[1])]) == {}
        assert keys_of(store, versioned) == []

    def test_without_versions_the_id_is_null(self, store: ObjectStore, bucket: str) -> None:
        for key in ("a", "b", "c"):
            put(store, bucket, key)
        assert store.delete_versions(bucket, [("a", "null"), ("c", "null")]) == {}
        assert keys_of(store, bucket) == ["b"]

    def test_a_thousand_at_once(self, keeper: Keeper, store: ObjectStore, bucket: str) -> None:
        keys = [f"{number:04}" for number in range(1001)]
        keeper.fill(bucket, keys)
        assert store.delete_versions(bucket, [(key, "null") for key in keys[:1000]]) == {}
        assert keys_of(store, bucket) == keys[1000:]

    def test_hostile_keys_go_together(self, store: ObjectStore, versioned: str) -> None:
        keys = [key for key in HOSTILE_KEYS.values() if xml_can_hold(key)]
        assert len(keys) > 20
        for key in keys:
            put(store, versioned, key, b"below")
        ours = [written_version(store, versioned, key, b"ours") for key in keys]
        assert store.delete_versions(versioned, ours) == {}
        assert {key: read_all(store, versioned, key) for key in keys} == dict.fromkeys(keys, b"below")

    def test_each_fails_by_itself(self, keeper: Keeper, store: ObjectStore) -> None:
        home = keeper.new_locked_bucket()
        first, held, last = (written_version(store, home, key) for key in ("a", "held", "z"))
        keeper.hold(home, *held)
        failures = store.delete_versions(home, [first, held, last])
        assert list(failures) == [held]
        error = failures[held]
        assert isinstance(error, AccessDenied)
        assert error.code == "ObjectLocked"
        assert keys_of(store, home) == ["held"]

    def test_a_missing_bucket_is_not_found(self, store: ObjectStore) -> None:
        with pytest.raises(NotFound):
            store.delete_versions("no-such-bucket", [("key", "null")])
