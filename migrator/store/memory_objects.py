"""Objects of one S3 cloud in memory: written, read, copied, listed and deleted. See `memory_cloud`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice

from migrator.errors import OBJECT_LOCKED, AccessDenied, StoreError
from migrator.model.objects import (
    KMS,
    UNLOCKED,
    ObjectHead,
    Page,
    Properties,
    Written,
)
from migrator.store.base import ALWAYS, PLAIN, Body, BucketLock, Condition, Versioning
from migrator.store.memory_bucket import NULL_VERSION, Bucket, ListedVersion, StoredVersion, check_condition
from migrator.store.memory_rules import (
    DEFAULT_CONTENT_TYPE,
    FROZEN_CLASSES,
    MAX_BATCH,
    Quirks,
    check_key,
    check_properties,
    check_supported,
    check_tags,
    checked_md5,
    failed_condition,
    key_of_token,
    lock_missing,
    missing,
    not_implemented,
    refused,
    token_of_key,
)
from migrator.store.memory_settings import Buckets, Clock
from migrator.store.memory_uploads import (
    opaque_etag,
)


@dataclass(frozen=True, slots=True)
class Deleted:
    """The answer to a delete: the version that went, or the marker that came."""

    version_id: str | None
    is_marker: bool


class Objects(Buckets):
    """Buckets and the objects in them, with their versions. `MemoryCloud` adds uploads in parts."""

    def __init__(self, *, quirks: Quirks, now: Clock, max_put_bytes: int) -> None:
        super().__init__(now)
        self.quirks = quirks
        self._max_put_bytes = max_put_bytes

    # Objects

    def put(
        self,
        bucket: str,
        key: str,
        body: Body,
        properties: Properties,
        *,
        md5: bytes | None = None,
        condition: Condition = ALWAYS,
    ) -> Written:
        check_key(key)
        check_properties(properties)
        check_supported(self.quirks, properties)
        if len(body) > self._max_put_bytes:
            raise refused("EntityTooLarge", "Your proposed upload exceeds the maximum allowed object size.")
        kept = bytes(body)
        etag = checked_md5(kept, md5).hex()
        with self._lock:
            home = self._bucket(bucket)
            check_condition(self.quirks, home.versioning, home.existing(key), condition)
            return self._store(home, key, kept, etag, properties)

    def seed(
        self,
        bucket: str,
        key: str,
        body: Body = b"",
        properties: Properties = PLAIN,
        *,
        last_modified: datetime | None = None,
        storage_class: str = "STANDARD",
    ) -> Written:
        """Put an object there as if it had been written at `last_modified`."""
        check_key(key)
        check_properties(properties)
        etag = checked_md5(bytes(body), None).hex()
        with self._lock:
            home = self._bucket(bucket)
            properties = replace(properties, storage_class=storage_class)
            return self._store(home, key, bytes(body), etag, properties, last_modified)

    def head(self, bucket: str, key: str, *, version_id: str | None = None, if_match: str = "") -> ObjectHead:
        with self._lock:
            home = self._bucket(bucket)
            version = self._readable(home, key, version_id, if_match)
            return home.head_of(version)

    def read(
        self, bucket: str, key: str, *, version_id: str | None = None, if_match: str = ""
    ) -> tuple[ObjectHead, bytes]:
        """The whole body, shared: callers slice it through a `memoryview`."""
        with self._lock:
            home = self._bucket(bucket)
            version = self._readable(home, key, version_id, if_match)
            if version.storage_class in FROZEN_CLASSES:
                message = "The operation is not valid for the object's storage class"
                raise refused("InvalidObjectState", message, 403)
            return home.head_of(version), version.body

    def copy(
        self,
        bucket: str,
        key: str,
        to_key: str,
        *,
        if_match: str = "",
        version_id: str | None = None,
        keeping: Properties = PLAIN,
    ) -> Written:
        """Within one bucket, with everything that belongs to the object. The copy's ETag is its MD5.

        A copy of a key onto itself is allowed.
        """
        check_key(to_key)
        with self._lock:
            original = self._original(bucket, key, version_id, if_match)
            if len(original.body) > self._max_put_bytes:
                message = "The specified copy source is larger than the maximum allowable size."
                raise refused("InvalidRequest", message)
            etag = checked_md5(original.body, None).hex()
            home = self._bucket(bucket)
            properties = replace(
                original.properties,
                website_redirect=keeping.website_redirect,
                storage_class=keeping.storage_class,
                encryption=keeping.encryption,
            )
            return self._store(home, to_key, original.body, etag, properties)

    def _original(self, bucket: str, key: str, version_id: str | None, if_match: str) -> StoredVersion:
        """What a copy is made of."""
        if self.quirks.refuses_copy:
            raise not_implemented()
        original = self._found(self._bucket(bucket), key, version_id)
        if if_match and original.etag != if_match and not self.quirks.ignores_copy_conditions:
            raise failed_condition()
        if original.storage_class in FROZEN_CLASSES:
            raise refused("InvalidObjectState", "The object is archived.", 403)
        return original

    def delete_versions(
        self, bucket: str, versions: Sequence[tuple[str, str]]
    ) -> dict[tuple[str, str], StoreError]:
        """Many versions at once; each fails by itself."""
        if self.quirks.refuses_batch_delete:
            raise not_implemented()
        if not 1 <= len(versions) <= MAX_BATCH:
            raise refused("MalformedXML", f"1 to {MAX_BATCH} versions.")
        self._bucket(bucket)
        failures: dict[tuple[str, str], StoreError] = {}
        for key, version_id in versions:
            try:
                self.delete(bucket, key, version_id=version_id)
            except StoreError as error:
                failures[key, version_id] = error
        return failures

    def delete(self, bucket: str, key: str, *, version_id: str | None = None, if_match: str = "") -> Deleted:
        """Missing keys and versions are no error. Without an id, versioned buckets get a marker."""
        check_key(key)
        with self._lock:
            home = self._bucket(bucket)
            if version_id is not None:
                if if_match:
                    raise not_implemented()
                there = home.version(key, version_id)
                if there is not None and there.is_locked(self._now()):
                    message = "Access Denied because object protected by object lock."
                    raise AccessDenied(message, code=OBJECT_LOCKED, status=403)
                gone = home.remove(key, version_id)
                return Deleted(version_id, gone is not None and gone.is_marker)
            if if_match and not self.quirks.ignores_delete_conditions:
                current = home.existing(key)
                if current is None:
                    raise missing("NoSuchKey", "The specified key does not exist.")
                if current.etag != if_match:
                    raise failed_condition()
            if home.versioning is Versioning.OFF:
                home.remove(key, NULL_VERSION)
                return Deleted(None, is_marker=False)
            marker = StoredVersion(key, home.next_version_id(), self.time(), is_marker=True)
            home.add(marker)
            return Deleted(marker.version_id, is_marker=True)

    def tags(self, bucket: str, key: str, *, version_id: str | None = None) -> dict[str, str]:
        with self._lock:
            return dict(self._found(self._bucket(bucket), key, version_id).properties.tags)

    def set_tags(
        self, bucket: str, key: str, tags: Mapping[str, str], *, version_id: str | None = None
    ) -> None:
        check_tags(tags)
        with self._lock:
            home = self._bucket(bucket)
            version = self._found(home, key, version_id)
            home.swap(version, replace(version, properties=replace(version.properties, tags=dict(tags))))

    def contents(self, bucket: str) -> dict[str, bytes]:
        """Every current object, in order: for comparisons in tests."""
        with self._lock:
            return {each.key: each.body for each in self._bucket(bucket).objects_from("", "")}

    # Listings

    def list_page(
        self,
        bucket: str,
        prefix: str = "",
        *,
        start_after: str = "",
        token: str | None = None,
        max_keys: int = 1000,
    ) -> Page:
        with self._lock:
            after = start_after if token is None else key_of_token(token)
            found = self._bucket(bucket).objects_from(prefix, after)
            size = min(max_keys, self.quirks.page_size)
            page = [version.line() for version in islice(found, size)]
            more = bool(page) and next(found, None) is not None
            return Page(tuple(page), token_of_key(page[-1].key) if more else None)

    def list_versions(
        self,
        bucket: str,
        prefix: str = "",
        *,
        after_key: str = "",
        after_version: str = "",
        most: int | None = None,
    ) -> list[ListedVersion]:
        """Every version and marker after the given one, or the first `most`; newest first within a key."""
        with self._lock:
            found = self._bucket(bucket).versions_from(prefix, after_key, after_version)
            return list(islice(found, most))

    # Under the lock

    def _readable(self, home: Bucket, key: str, version_id: str | None, if_match: str) -> StoredVersion:
        version = self._found(home, key, version_id)
        if if_match and if_match not in ("*", version.etag):
            raise failed_condition()
        return version

    def _store(
        self,
        home: Bucket,
        key: str,
        body: bytes,
        etag: str,
        properties: Properties,
        last_modified: datetime | None = None,
    ) -> Written:
        lock = properties.lock
        if lock != UNLOCKED and home.lock is BucketLock.NONE:
            raise lock_missing()
        if lock.until is None and home.lock_days:
            until = (self._now() + timedelta(days=home.lock_days)).replace(microsecond=0)
            lock = replace(lock, mode=home.lock_mode, until=until)
        if properties.encryption.startswith(KMS):
            etag = opaque_etag(etag)
        version = StoredVersion(
            key,
            home.next_version_id(),
            (last_modified or self.time()).replace(microsecond=0),
            body,
            etag,
            replace(
                properties,
                content_type=properties.content_type or DEFAULT_CONTENT_TYPE,
                metadata=dict(properties.metadata),
                tags=dict(properties.tags),
                storage_class="",
                encryption="",
                lock=UNLOCKED,
            ),
            properties.storage_class or "STANDARD",
            encryption=properties.encryption,
            lock=lock,
        )
        home.add(version)
        return Written(etag, home.shown_id(version.version_id))
