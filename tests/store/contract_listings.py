"""The contract: listings and versions."""

from __future__ import annotations

from hashlib import md5

import pytest

from migrator.errors import NotFound
from migrator.store.base import ObjectStore, Versioning
from tests.store.contract_help import PLAIN, keys_of, read_all, upload
from tests.store.keepers import Keeper, put


class TestListings:
    def test_nothing(self, store: ObjectStore, bucket: str) -> None:
        page = store.list_page(bucket, "")
        assert (page.objects, page.next_token) == ((), None)

    def test_pages_lose_nothing_and_keep_the_order(
        self, keeper: Keeper, store: ObjectStore, bucket: str
    ) -> None:
        """The order of UTF-8 bytes: not UTF-16's (which has emoji before U+FFFD), not a language's."""
        keys = [f"many/{number}" for number in range(998)]
        keys += ["many/ümlaut", "many/\U0001f600", "many", "manz", "a", "Z", "é", "\ufffd", "\U0001f600"]
        keeper.fill(bucket, keys)
        first = store.list_page(bucket, "")
        assert len(first.objects) == 1000
        assert first.next_token is not None
        assert keys_of(store, bucket) == sorted(keys, key=str.encode)
        inside = sorted((key for key in keys if key.startswith("many/")), key=str.encode)
        assert keys_of(store, bucket, "many/") == inside
        whole = store.list_page(bucket, "many/")
        assert (len(whole.objects), whole.next_token) == (1000, None)  # exactly one full page
        rest = store.list_page(bucket, "many/", start_after=inside[600])
        assert [line.key for line in rest.objects] == inside[601:]
        assert rest.next_token is None

    def test_start_after_need_not_exist(self, keeper: Keeper, store: ObjectStore, bucket: str) -> None:
        keeper.fill(bucket, ["a/1", "a/2", "b/1", "b/2", "c/1"])

        def after(prefix: str, start_after: str) -> list[str]:
            return [line.key for line in store.list_page(bucket, prefix, start_after=start_after).objects]

        assert after("", "a/15") == ["a/2", "b/1", "b/2", "c/1"]
        assert after("", "a/2") == ["b/1", "b/2", "c/1"]
        assert after("b/", "a") == ["b/1", "b/2"]
        assert after("b/", "b/1") == ["b/2"]
        assert after("b/", "c") == []

    def test_prefixes_are_plain_text(self, keeper: Keeper, store: ObjectStore, bucket: str) -> None:
        keeper.fill(bucket, ["a+b/1", "a b/1", "a%2Fb/1", "a/b", "a&b/1"])
        for prefix in ["a+b", "a b", "a%2F", "a/", "a&"]:
            assert [key[: len(prefix)] for key in keys_of(store, bucket, prefix)] == [prefix]


class TestVersions:
    def test_every_write_has_its_own(self, store: ObjectStore, versioned: str) -> None:
        first = store.put(versioned, "key", b"first", PLAIN, md5=md5(b"first").digest())
        second = upload(store, versioned, "key", [b"second"])
        assert first.version_id
        assert second.version_id
        assert first.version_id != second.version_id
        assert store.head(versioned, "key").version_id == second.version_id
        assert read_all(store, versioned, "key", version_id=first.version_id) == b"first"
        assert read_all(store, versioned, "key", version_id=second.version_id) == b"second"

    def test_deleting_hides_and_loses_nothing(self, store: ObjectStore, versioned: str) -> None:
        written = store.put(versioned, "key", b"first", PLAIN, md5=md5(b"first").digest())
        store.delete(versioned, "key")
        with pytest.raises(NotFound) as caught:
            store.head(versioned, "key")
        assert caught.value.code == "NoSuchKey"
        assert keys_of(store, versioned) == []
        assert written.version_id
        assert read_all(store, versioned, "key", version_id=written.version_id) == b"first"

    def test_deleting_a_version_uncovers_the_one_below(self, store: ObjectStore, versioned: str) -> None:
        put(store, versioned, "key", b"theirs")
        ours = store.put(versioned, "key", b"ours", PLAIN, md5=md5(b"ours").digest())
        for _ in range(2):  # the second time there is nothing to delete, and that is no error
            store.delete(versioned, "key", version_id=ours.version_id)
            assert read_all(store, versioned, "key") == b"theirs"

    def test_deleting_a_version_below_changes_nothing_above(self, store: ObjectStore, versioned: str) -> None:
        ours = store.put(versioned, "key", b"ours", PLAIN, md5=md5(b"ours").digest())
        put(store, versioned, "key", b"theirs")
        store.delete(versioned, "key", version_id=ours.version_id)
        assert read_all(store, versioned, "key") == b"theirs"
        with pytest.raises(NotFound):
            store.head(versioned, "key", version_id=ours.version_id)

    def test_without_versions_there_is_no_id(self, store: ObjectStore, bucket: str) -> None:
        written = store.put(bucket, "key", b"x", PLAIN, md5=md5(b"x").digest())
        assert written.version_id is None
        assert store.head(bucket, "key").version_id is None

    def test_suspended_keeps_the_old_and_replaces_its_own(self, keeper: Keeper, store: ObjectStore) -> None:
        suspended = keeper.new_bucket(Versioning.SUSPENDED)
        for body in (b"first", b"second"):
            written = store.put(suspended, "key", body, PLAIN, md5=md5(body).digest())
            assert written.version_id in (None, "null")
        assert read_all(store, suspended, "key") == b"second"
        assert read_all(store, suspended, "key", version_id="null") == b"second"
