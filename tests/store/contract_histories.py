"""The contract: whole histories, page by page, and what makes them."""

from __future__ import annotations

import pytest

from migrator.errors import NotFound, NotS3
from migrator.model.objects import ObjectVersion
from migrator.store.base import ObjectStore, Versioning
from tests.store import abilities
from tests.store.contract_help import PLAIN_XML, needs, read_all
from tests.store.keepers import Keeper, put


def all_versions(store: ObjectStore, bucket: str, prefix: str = "", limit: int = 1000) -> list[ObjectVersion]:
    found: list[ObjectVersion] = []
    following: tuple[str, str] | None = ("", "")
    for _ in range(100):
        if following is None:
            return found
        page = store.list_versions_page(
            bucket, prefix, key_marker=following[0], version_marker=following[1], limit=limit
        )
        assert len(page.objects) <= limit
        found += page.objects
        following = page.following
    raise AssertionError("the listing does not end")


class TestHistories:
    """`list_versions_page`, `lay_marker`, `enable_versioning`."""

    def test_nothing(self, store: ObjectStore, bucket: str, versioned: str) -> None:
        for home in (bucket, versioned):
            page = store.list_versions_page(home, "")
            assert (page.objects, page.following) == ((), None)

    def test_markers_and_versions_of_one_second_keep_their_order(
        self, store: ObjectStore, versioned: str
    ) -> None:
        put(store, versioned, "key", b"1")
        first = store.lay_marker(versioned, "key")
        put(store, versioned, "key", b"22")
        second = store.lay_marker(versioned, "key")
        put(store, versioned, "key", b"333")
        found = all_versions(store, versioned)
        assert [each.size_bytes for each in found] == [3, 0, 2, 0, 1]
        assert [each.is_marker for each in found] == [False, True, False, True, False]
        assert [each.version_id for each in found if each.is_marker] == [second, first]
        assert [each.is_latest for each in found] == [True, *[False] * 4]
        assert found[0].version_id == store.head(versioned, "key").version_id
        assert found[0].etag == store.head(versioned, "key").etag

    def test_small_pages_lose_nothing(self, store: ObjectStore, versioned: str) -> None:
        for key in ("a", "a/b", "b"):
            for body in (b"1", b"22"):
                put(store, versioned, key, body)
            store.lay_marker(versioned, key)
        whole = all_versions(store, versioned)
        assert [each.key for each in whole] == [*["a"] * 3, *["a/b"] * 3, *["b"] * 3]
        assert all_versions(store, versioned, limit=2) == whole
        assert all_versions(store, versioned, limit=1) == whole
        assert all_versions(store, versioned, "a/") == whole[3:6]

    def test_without_versions_the_id_is_null(self, store: ObjectStore, bucket: str) -> None:
        put(store, bucket, "key", b"x")
        [found] = all_versions(store, bucket)
        assert (found.version_id, found.is_latest, found.is_marker) == ("null", True, False)

    @pytest.mark.parametrize("key", PLAIN_XML.values(), ids=PLAIN_XML)
    def test_hostile_keys(self, store: ObjectStore, versioned: str, key: str) -> None:
        put(store, versioned, key, b"ours")
        marker = store.lay_marker(versioned, key)
        found = all_versions(store, versioned, key)
        assert [(each.key, each.is_marker) for each in found] == [(key, True), (key, False)]
        assert found[0].version_id == marker
        first = store.list_versions_page(versioned, "", limit=1)
        assert first.following is not None
        rest = store.list_versions_page(
            versioned, "", key_marker=first.following[0], version_marker=first.following[1]
        )
        assert rest.objects == tuple(found[1:])

    def test_a_marker_goes_by_its_id(self, store: ObjectStore, versioned: str) -> None:
        put(store, versioned, "key", b"below")
        marker = store.lay_marker(versioned, "key")
        with pytest.raises(NotFound):
            store.head(versioned, "key")
        store.delete(versioned, "key", version_id=marker)
        assert read_all(store, versioned, "key") == b"below"

    @needs(abilities.SECOND_MARKERS)
    def test_a_marker_hides_another_one(self, store: ObjectStore, versioned: str) -> None:
        markers = [store.lay_marker(versioned, "key") for _ in range(2)]
        assert [each.version_id for each in all_versions(store, versioned)] == markers[::-1]

    @needs(abilities.LONE_MARKERS)
    def test_a_marker_hides_nothing_too(self, store: ObjectStore, versioned: str) -> None:
        marker = store.lay_marker(versioned, "nothing")
        [found] = all_versions(store, versioned)
        assert (found.version_id, found.is_marker) == (marker, True)

    def test_no_marker_without_versions(self, store: ObjectStore, bucket: str) -> None:
        with pytest.raises(NotS3):
            store.lay_marker(bucket, "key")

    def test_versioning_is_switched_on(self, store: ObjectStore, bucket: str) -> None:
        store.enable_versioning(bucket)
        store.enable_versioning(bucket)
        assert store.versioning(bucket) is Versioning.ENABLED

    def test_a_null_version_among_others(self, keeper: Keeper, store: ObjectStore) -> None:
        home = keeper.new_bucket(Versioning.SUSPENDED)
        put(store, home, "key", b"null")
        store.enable_versioning(home)
        put(store, home, "key", b"on top")
        found = all_versions(store, home)
        assert [(each.version_id == "null", each.size_bytes) for each in found] == [(False, 6), (True, 4)]
        assert read_all(store, home, "key", version_id="null") == b"null"

    def test_a_missing_bucket_is_not_found(self, store: ObjectStore) -> None:
        with pytest.raises(NotFound):
            store.list_versions_page("no-such-bucket", "")
