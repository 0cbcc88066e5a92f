"""One S3 cloud in memory: what the operations mean, without HTTP and without an SDK.

`memory.MemoryStore` offers it as an `ObjectStore`, `migrator.demo.s3server` serves it over HTTP. Every
method takes the one lock for as long as it looks at or changes anything, so each is atomic; digests of
bodies that are sent are made before the lock is taken, so that large bodies do not queue up.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace

from migrator.model.objects import OpenUpload, Properties, UploadedPart, Written
from migrator.model.parts import MAX_PARTS, MIN_PART_BYTES
from migrator.store.base import ALWAYS, Body, Condition
from migrator.store.memory_bucket import check_condition
from migrator.store.memory_objects import Objects
from migrator.store.memory_rules import (
    AWS,
    MAX_PUT_BYTES,
    Quirks,
    check_key,
    check_properties,
    check_supported,
    checked_md5,
    missing,
    refused,
)
from migrator.store.memory_settings import Clock, wall_clock
from migrator.store.memory_uploads import (
    Chosen,
    StoredPart,
    Upload,
    check_crc32,
    chosen_parts,
    multipart_etag,
)


class MemoryCloud(Objects):
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
        super().__init__(quirks=quirks, now=now, max_put_bytes=max_put_bytes)
        self._min_part_bytes = min_part_bytes

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

    def _upload(self, bucket: str, key: str, upload_id: str) -> Upload:
        upload = self._bucket(bucket).uploads.get(upload_id)
        if upload is None or upload.key != key:
            raise missing(
                "NoSuchUpload", "The specified upload does not exist; it may be completed or aborted."
            )
        return upload
