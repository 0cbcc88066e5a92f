"""The contract: how an object is kept (class, encryption, lock), where it leads, who else may read it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import md5

import pytest

from migrator.errors import NotSupported, Rejected
from migrator.model.objects import UNLOCKED, Lock, Properties
from migrator.store.base import ObjectStore
from tests.store import abilities
from tests.store.contract_help import BODY, PLAIN, needs, upload
from tests.store.keepers import Keeper, put

KEY_ARN = "aws:kms:arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
TOMORROW = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)
REDIRECT = Properties(website_redirect="/somewhere/else.html")
INFREQUENT = Properties(storage_class="STANDARD_IA")
ENCRYPTED = Properties(encryption="AES256")
UNDER_KMS = Properties(encryption=KEY_ARN)
BOTH_WAYS = pytest.mark.parametrize("in_parts", [False, True], ids=["whole", "in parts"])


def send(store: ObjectStore, bucket: str, properties: Properties, *, in_parts: bool) -> None:
    if in_parts:
        upload(store, bucket, "key", [BODY], properties)  # one part: as small as it likes
    else:
        store.put(bucket, "key", BODY, properties, md5=md5(BODY).digest())


class TestKept:
    @needs(abilities.REDIRECTS)
    @BOTH_WAYS
    def test_a_website_redirect(self, store: ObjectStore, bucket: str, in_parts: bool) -> None:
        send(store, bucket, REDIRECT, in_parts=in_parts)
        assert store.head(bucket, "key").properties.website_redirect == "/somewhere/else.html"
        store.copy(bucket, "key", "copy", keeping=REDIRECT)
        assert store.head(bucket, "copy").lacks(REDIRECT) == ()

    @needs(abilities.STORAGE_CLASSES)
    @BOTH_WAYS
    def test_a_storage_class(self, store: ObjectStore, bucket: str, in_parts: bool) -> None:
        send(store, bucket, INFREQUENT, in_parts=in_parts)
        assert store.head(bucket, "key").storage_class == "STANDARD_IA"
        [listed] = store.list_page(bucket, "").objects
        assert listed.storage_class == "STANDARD_IA"
        store.copy(bucket, "key", "copy", keeping=INFREQUENT)
        assert store.head(bucket, "copy").lacks(INFREQUENT) == ()

    @needs(abilities.STORAGE_CLASSES)
    def test_an_unknown_storage_class_is_refused(self, store: ObjectStore, bucket: str) -> None:
        with pytest.raises((Rejected, NotSupported)):
            send(store, bucket, Properties(storage_class="NO_SUCH_CLASS"), in_parts=False)

    def test_the_usual_class_is_standard(self, store: ObjectStore, bucket: str) -> None:
        put(store, bucket, "key")
        assert store.head(bucket, "key").storage_class == "STANDARD"

    @needs(abilities.ENCRYPTION)
    @pytest.mark.parametrize("asked", [ENCRYPTED, UNDER_KMS], ids=["AES256", "KMS"])
    @BOTH_WAYS
    def test_encryption(self, store: ObjectStore, bucket: str, asked: Properties, in_parts: bool) -> None:
        send(store, bucket, asked, in_parts=in_parts)
        assert store.head(bucket, "key").lacks(asked) == ()
        store.copy(bucket, "key", "copy", keeping=asked)
        assert store.head(bucket, "copy").lacks(asked) == ()


class TestLocking:
    @needs(abilities.LOCKS)
    def test_a_write_can_lock(self, keeper: Keeper, store: ObjectStore) -> None:
        self._locks(keeper.new_locked_bucket(), store, in_parts=False)

    @needs(abilities.UPLOAD_LOCKS)
    def test_an_upload_can_lock(self, keeper: Keeper, store: ObjectStore) -> None:
        self._locks(keeper.new_locked_bucket(), store, in_parts=True)

    def _locks(self, home: str, store: ObjectStore, *, in_parts: bool) -> None:
        lock = Lock("GOVERNANCE", TOMORROW, hold=True)
        send(store, home, Properties(lock=lock), in_parts=in_parts)
        head = store.head(home, "key")
        assert head.lock == lock
        assert store.lock_on(home, "key") == lock
        assert head.lacks(Properties(lock=lock)) == ()
        assert head.lacks(Properties(lock=replace(lock, mode="COMPLIANCE"))) == ("lock",)

    @needs(abilities.VERSION_LOCKS)
    @pytest.mark.parametrize(
        "lock",
        [Lock("GOVERNANCE", TOMORROW), Lock("COMPLIANCE", TOMORROW), Lock(hold=True)],
        ids=["governance", "compliance", "hold"],
    )
    def test_a_version_can_be_locked_later(self, keeper: Keeper, store: ObjectStore, lock: Lock) -> None:
        home = keeper.new_locked_bucket()
        below = store.put(home, "key", b"below", PLAIN, md5=md5(b"below").digest()).version_id
        put(store, home, "key", b"above")
        store.set_lock(home, "key", lock, version_id=below)
        assert store.lock_on(home, "key", version_id=below) == lock
        assert store.head(home, "key", version_id=below).lock == lock
        assert store.lock_on(home, "key") == UNLOCKED

    @needs(abilities.LOCKS)
    def test_what_is_not_locked_says_so(self, keeper: Keeper, store: ObjectStore) -> None:
        home = keeper.new_locked_bucket()
        put(store, home, "key")
        assert store.lock_on(home, "key") == UNLOCKED

    @needs(abilities.NO_LOCKS)
    def test_a_bucket_without_locks_refuses_them(self, store: ObjectStore, bucket: str) -> None:
        with pytest.raises((Rejected, NotSupported)):
            send(store, bucket, Properties(lock=Lock("GOVERNANCE", TOMORROW)), in_parts=False)


class TestGrants:
    def test_the_owner_alone_is_no_grant(self, store: ObjectStore, bucket: str) -> None:
        put(store, bucket, "key")
        assert not store.has_grants(bucket, "key")

    @needs(abilities.GRANTS)
    def test_others_are_grants(self, keeper: Keeper, store: ObjectStore, bucket: str) -> None:
        store.put(bucket, "key", b"x", PLAIN, md5=md5(b"x").digest())
        keeper.grant(bucket, "key")
        assert store.has_grants(bucket, "key")
