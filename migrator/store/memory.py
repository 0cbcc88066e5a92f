"""An `ObjectStore` in memory: for tests, and the yardstick for every other keeper of the contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from migrator.errors import DigestMismatch, NotS3, StoreError
from migrator.model.objects import (
    KeptVersion,
    Lock,
    ObjectHead,
    OpenUpload,
    Page,
    Properties,
    UploadedPart,
    VersionPage,
    Written,
)
from migrator.model.parts import MIB
from migrator.model.settings import LifecycleRule, ReplicationRule
from migrator.store.base import ALWAYS, PLAIN, Body, BucketLock, Condition, OnBytes, Versioning
from migrator.store.memory_cloud import MemoryCloud
from migrator.store.memory_rules import AWS, CEPH, LYVE, Quirks, refused
from migrator.store.memory_uploads import Chosen

__all__ = ["AWS", "CEPH", "LYVE", "MemoryCloud", "MemoryStore", "Quirks"]

#: Bytes arrive in pieces of at most this size, so that `on_bytes` is called as often as with a network.
CHUNK_BYTES = MIB
#: The log of calls forgets its older half when it gets longer than this.
CALLS_KEPT = 100_000


class MemoryStore:
    """One end over a `MemoryCloud`. `calls` are (S3 operation, bucket, key), oldest first."""

    def __init__(self, cloud: MemoryCloud, end: str = "AWS") -> None:
        self.cloud = cloud
        self.calls: list[tuple[str, str, str]] = []
        self._end = end

    @property
    def end(self) -> str:
        return self._end

    def list_buckets(self) -> list[str]:
        with self._call("ListBuckets"):
            return [name for name, _ in self.cloud.buckets()]

    def check_bucket(self, bucket: str) -> str:
        with self._call("HeadBucket", bucket):
            return self.cloud.region(bucket)

    def versioning(self, bucket: str) -> Versioning:
        with self._call("GetBucketVersioning", bucket):
            return self.cloud.versioning(bucket)

    def lock_of(self, bucket: str) -> BucketLock:
        with self._call("GetObjectLockConfiguration", bucket):
            return self.cloud.lock_of(bucket)

    def create_bucket(self, bucket: str, region: str) -> None:
        with self._call("CreateBucket", bucket):
            self.cloud.create_bucket(bucket, region=region or "us-east-1")

    def enable_versioning(self, bucket: str) -> None:
        with self._call("PutBucketVersioning", bucket):
            self.cloud.set_versioning(bucket, Versioning.ENABLED)

    def delete_bucket(self, bucket: str) -> None:
        with self._call("DeleteBucket", bucket):
            self.cloud.delete_bucket(bucket)

    def list_page(self, bucket: str, prefix: str, *, start_after: str = "", token: str | None = None) -> Page:
        if start_after and token is not None:
            raise ValueError("start_after and token exclude each other")
        with self._call("ListObjectsV2", bucket):
            return self.cloud.list_page(bucket, prefix, start_after=start_after, token=token)

    def list_versions_page(
        self,
        bucket: str,
        prefix: str,
        *,
        key_marker: str = "",
        version_marker: str = "",
        limit: int = 1000,
    ) -> VersionPage:
        with self._call("ListObjectVersions", bucket):
            size = min(limit, self.cloud.quirks.page_size)
            found = self.cloud.list_versions(
                bucket, prefix, after_key=key_marker, after_version=version_marker, most=size + 1
            )
            page = tuple(line.listed() for line in found[:size])
            following = (page[-1].key, page[-1].version_id) if found[size:] else None
            return VersionPage(page, following)

    def head(self, bucket: str, key: str, *, version_id: str | None = None) -> ObjectHead:
        with self._call("HeadObject", bucket, key):
            return self.cloud.head(bucket, key, version_id=version_id)

    def tags(self, bucket: str, key: str, *, version_id: str | None = None) -> dict[str, str]:
        with self._call("GetObjectTagging", bucket, key):
            return self.cloud.tags(bucket, key, version_id=version_id)

    def read(
        self,
        bucket: str,
        key: str,
        into: bytearray,
        *,
        offset: int | None = None,
        if_match: str = "",
        version_id: str | None = None,
        on_bytes: OnBytes | None = None,
    ) -> ObjectHead:
        if offset is not None and not into:
            raise ValueError("a ranged read has at least one byte")
        with self._call("GetObject", bucket, key):
            head, body = self.cloud.read(bucket, key, version_id=version_id, if_match=if_match)
            if offset is not None and offset >= len(body):
                raise refused("InvalidRange", "The requested range is not satisfiable", 416)
            start = offset or 0
            found = memoryview(body)[start : None if offset is None else start + len(into)]
            if len(found) != len(into):
                message = f"Expected {len(into)} bytes, and {len(found)} came."
                raise DigestMismatch(message, code="IncompleteBody", status=200)
            done = 0
            allowed = on_bytes(0) if on_bytes is not None else None
            while done < len(found):
                piece = found[done : done + min(CHUNK_BYTES, allowed or CHUNK_BYTES)]
                into[done : done + len(piece)] = piece
                done += len(piece)
                allowed = on_bytes(len(piece)) if on_bytes is not None else None
            return head

    def put(
        self,
        bucket: str,
        key: str,
        body: Body,
        properties: Properties,
        *,
        md5: bytes,
        condition: Condition = ALWAYS,
    ) -> Written:
        with self._call("PutObject", bucket, key):
            return self.cloud.put(bucket, key, body, properties, md5=md5, condition=condition)

    def create_upload(self, bucket: str, key: str, properties: Properties, *, has_crc32: bool = False) -> str:
        with self._call("CreateMultipartUpload", bucket, key):
            return self.cloud.create_upload(bucket, key, properties, has_crc32=has_crc32)

    def upload_part(
        self,
        bucket: str,
        key: str,
        upload_id: str,
        number: int,
        body: Body,
        *,
        md5: bytes = b"",
        crc32: str = "",
    ) -> UploadedPart:
        with self._call("UploadPart", bucket, key):
            part = self.cloud.upload_part(bucket, key, upload_id, number, body, md5=md5 or None, crc32=crc32)
            return replace(part, crc32=crc32)

    def complete_upload(
        self,
        bucket: str,
        key: str,
        upload_id: str,
        parts: Sequence[UploadedPart],
        *,
        condition: Condition = ALWAYS,
    ) -> Written:
        with self._call("CompleteMultipartUpload", bucket, key):
            chosen = [Chosen(part.number, part.etag, part.crc32) for part in parts]
            return self.cloud.complete_upload(bucket, key, upload_id, chosen, condition=condition)

    def abort_upload(self, bucket: str, key: str, upload_id: str) -> None:
        with self._call("AbortMultipartUpload", bucket, key):
            self.cloud.abort_upload(bucket, key, upload_id)

    def list_parts(self, bucket: str, key: str, upload_id: str) -> list[UploadedPart]:
        with self._call("ListParts", bucket, key):
            return self.cloud.list_parts(bucket, key, upload_id)

    def list_uploads(self, bucket: str, prefix: str) -> list[OpenUpload]:
        with self._call("ListMultipartUploads", bucket):
            return self.cloud.list_uploads(bucket, prefix)

    def versions(self, bucket: str, key: str) -> list[KeptVersion]:
        with self._call("ListObjectVersions", bucket, key):
            return [line.kept() for line in self.cloud.list_versions(bucket, key) if line.version.key == key]

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
        with self._call("CopyObject", bucket, to_key):
            return self.cloud.copy(
                bucket, key, to_key, if_match=if_match, version_id=version_id, keeping=keeping
            )

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
        with self._call("UploadPartCopy", bucket, to_key):
            return self.cloud.copy_part(
                bucket,
                key,
                to_key,
                upload_id,
                number,
                offset,
                length,
                if_match=if_match,
                version_id=version_id,
            )

    def delete(self, bucket: str, key: str, *, version_id: str | None = None, if_match: str = "") -> None:
        with self._call("DeleteObject", bucket, key):
            self.cloud.delete(bucket, key, version_id=version_id, if_match=if_match)

    def lay_marker(self, bucket: str, key: str) -> str:
        with self._call("DeleteObject", bucket, key):
            deleted = self.cloud.delete(bucket, key)
            if not deleted.is_marker or deleted.version_id is None:
                raise NotS3("The bucket keeps no versions: there is no delete marker.", code="NoMarker")
            return deleted.version_id

    def delete_versions(
        self, bucket: str, versions: Sequence[tuple[str, str]]
    ) -> dict[tuple[str, str], StoreError]:
        with self._call("DeleteObjects", bucket):
            return self.cloud.delete_versions(bucket, versions)

    def put_tags(
        self, bucket: str, key: str, tags: Mapping[str, str], *, version_id: str | None = None
    ) -> None:
        with self._call("PutObjectTagging", bucket, key):
            self.cloud.set_tags(bucket, key, tags, version_id=version_id)

    def lock_on(self, bucket: str, key: str, *, version_id: str | None = None) -> Lock:
        with self._call("GetObjectRetention", bucket, key):
            return self.cloud.head(bucket, key, version_id=version_id).lock

    def set_lock(self, bucket: str, key: str, lock: Lock, *, version_id: str | None = None) -> None:
        with self._call("PutObjectRetention", bucket, key):
            if lock.until:
                self.cloud.retain(bucket, key, lock.until, mode=lock.mode, version_id=version_id)
            if lock.hold:
                self.cloud.hold(bucket, key, version_id=version_id)

    def has_grants(self, bucket: str, key: str) -> bool:
        with self._call("GetObjectAcl", bucket, key):
            return self.cloud.has_grants(bucket, key)

    def lifecycle(self, bucket: str) -> tuple[LifecycleRule, ...]:
        with self._call("GetBucketLifecycleConfiguration", bucket):
            return self.cloud.rules_of(bucket).lifecycle

    def replication(self, bucket: str) -> tuple[ReplicationRule, ...]:
        with self._call("GetBucketReplication", bucket):
            return self.cloud.rules_of(bucket).replication

    def notifications(self, bucket: str) -> tuple[str, ...]:
        with self._call("GetBucketNotificationConfiguration", bucket):
            return self.cloud.rules_of(bucket).notifications

    def default_encryption(self, bucket: str) -> str:
        with self._call("GetBucketEncryption", bucket):
            return self.cloud.rules_of(bucket).encryption

    def server_time(self, bucket: str) -> datetime | None:
        with self._call("HeadBucket", bucket):
            return self.cloud.time()

    def close(self) -> None:
        """Nothing to let go of."""

    @contextmanager
    def _call(self, operation: str, bucket: str = "", key: str = "") -> Iterator[None]:
        """Log the call, and tell an error where it happened."""
        self.calls.append((operation, bucket, key))
        if len(self.calls) > CALLS_KEPT:
            del self.calls[: CALLS_KEPT // 2]
        try:
            yield
        except StoreError as error:
            error.operation, error.end, error.bucket, error.key = operation, self.end, bucket, key or None
            raise
