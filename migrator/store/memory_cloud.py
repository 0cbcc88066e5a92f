"""One S3 cloud in memory: what the operations mean, without HTTP and without an SDK.

`memory.MemoryStore` offers it as an `ObjectStore`, `migrator.demo.s3server` serves it over HTTP. Every
method takes the one lock for as long as it looks at or changes anything, so each is atomic; digests of
bodies that are sent are made before the lock is taken, so that large bodies do not queue up.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice

from migrator.errors import OBJECT_LOCKED, AccessDenied, StoreError
from migrator.model.objects import (
    KMS,
    UNLOCKED,
    ObjectHead,
    OpenUpload,
    Page,
    Properties,
    UploadedPart,
    Written,
)
from migrator.model.parts import MAX_PARTS, MIN_PART_BYTES
from migrator.store.base import ALWAYS, PLAIN, Body, BucketLock, Condition, Versioning
from migrator.store.memory_bucket import NULL_VERSION, Bucket, ListedVersion, StoredVersion, check_condition
from migrator.store.memory_rules import (
    AWS,
    DEFAULT_CONTENT_TYPE,
    FROZEN_CLASSES,
    MAX_BATCH,
    MAX_PUT_BYTES,
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
from migrator.store.memory_settings import Buckets, Clock, wall_clock
from migrator.store.memory_uploads import (
    Chosen,
    StoredPart,
    Upload,
    check_crc32,
    chosen_parts,
    multipart_etag,
    opaque_etag,
)


@dataclass(frozen=True, slots=True)
class Deleted:
    """The answer to a delete: the version that went, or the marker that came."""

    version_id: str | None
    is_marker: bool


class MemoryCloud(Buckets):
    """Buckets and everything in them. Thread-safe.

    `min_part_bytes` is S3's 5 MiB; tests make it small. `now` decides LastModified, which has whole
    seconds as on S3.
    """

    def __init__(
        self,
        *,
        quirks: Quirks = AWS,
        now: Clock = wall_clock,
        min_part_bytes: int = MIN_PART_BYTES,
        max_put_bytes: int = MAX_PUT_BYTES,
    ) -> None:
        super().__init__(now)
        self.quirks = quirks
        self._min_part_bytes = min_part_bytes
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

    def copy_part(
        self,
        bucket: str,
        key: str,
        to_key: str,
        upload_id: str,
        number: int,
        offset: int,
        length: int,
        *,
        if_match: str = "",
        version_id: str | None = None,
    ) -> UploadedPart:
        with self._lock:
            original = self._original(bucket, key, version_id, if_match)
            if not 0 <= offset < offset + length <= len(original.body):
                raise refused("InvalidRange", "The requested range is not satisfiable", 416)
            body = original.body[offset : offset + length]
            return self.upload_part(bucket, to_key, upload_id, number, body)

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

    # Multipart uploads

    def create_upload(self, bucket: str, key: str, properties: Properties, *, has_crc32: bool = False) -> str:
        check_key(key)
        check_properties(properties)
        check_supported(self.quirks, properties)
        if self.quirks.drops_tags_of_uploads:
            properties = replace(properties, tags={})
        with self._lock:
            upload_id = uuid.uuid4().hex
            has_crc32 = has_crc32 and not self.quirks.ignores_checksums
            upload = Upload(upload_id, key, properties, self.time(), has_crc32)
            self._bucket(bucket).uploads[upload_id] = upload
            return upload_id

    def upload_part(
        self,
        bucket: str,
        key: str,
        upload_id: str,
        number: int,
        body: Body,
        *,
        md5: bytes | None = None,
        crc32: str = "",
    ) -> UploadedPart:
        if not 1 <= number <= MAX_PARTS:
            raise refused("InvalidArgument", f"Part number must be an integer between 1 and {MAX_PARTS}.")
        if len(body) > self._max_put_bytes:
            raise refused("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size.")
        kept = bytes(body)
        digest = checked_md5(kept, md5)
        with self._lock:
            upload = self._upload(bucket, key, upload_id)
            if not self.quirks.ignores_checksums:
                check_crc32(kept, crc32, is_expected=upload.has_crc32)
            part = StoredPart(kept, digest, self.time(), crc32 if upload.has_crc32 else "")
            upload.parts[number] = part
            return UploadedPart(number, part.etag, len(kept), part.crc32)

    def complete_upload(
        self,
        bucket: str,
        key: str,
        upload_id: str,
        parts: Sequence[Chosen],
        *,
        condition: Condition = ALWAYS,
    ) -> Written:
        """`parts` in order. A refused upload stays open."""
        with self._lock:
            home = self._bucket(bucket)
            upload = self._upload(bucket, key, upload_id)
            if self.quirks.ignores_checksums:
                parts = [replace(part, crc32="") for part in parts]
            chosen = chosen_parts(upload, parts, self._min_part_bytes)
            check_condition(self.quirks, home.versioning, home.existing(key), condition)
            etag = multipart_etag(chosen, is_foreign=self.quirks.foreign_multipart_etags)
            body = b"".join(part.body for part in chosen)
            del home.uploads[upload_id]
            return self._store(home, key, body, etag, upload.properties)

    def abort_upload(self, bucket: str, key: str, upload_id: str) -> None:
        with self._lock:
            del self._bucket(bucket).uploads[self._upload(bucket, key, upload_id).upload_id]

    def list_parts(self, bucket: str, key: str, upload_id: str) -> list[UploadedPart]:
        with self._lock:
            parts = self._upload(bucket, key, upload_id).parts
            return [UploadedPart(n, parts[n].etag, len(parts[n].body), parts[n].crc32) for n in sorted(parts)]

    def list_uploads(self, bucket: str, prefix: str = "") -> list[OpenUpload]:
        """By key, then in the order in which they were opened."""
        with self._lock:
            uploads = self._bucket(bucket).uploads.values()
            found = [
                OpenUpload(each.key, each.upload_id, each.initiated)
                for each in uploads
                if each.key.startswith(prefix)
            ]
            return sorted(found, key=lambda upload: upload.key)

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

    def _upload(self, bucket: str, key: str, upload_id: str) -> Upload:
        upload = self._bucket(bucket).uploads.get(upload_id)
        if upload is None or upload.key != key:
            raise missing(
                "NoSuchUpload", "The specified upload does not exist; it may be completed or aborted."
            )
        return upload
