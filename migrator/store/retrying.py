"""Patience around a store: the same contract, with transient failures tried again (see `patience`)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from migrator.errors import DigestMismatch, StoreError
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
from migrator.model.settings import LifecycleRule, ReplicationRule
from migrator.store.base import ALWAYS, PLAIN, Body, BucketLock, Condition, ObjectStore, OnBytes, Versioning
from migrator.store.patience import Patient


class RetryingStore(Patient):
    """An `ObjectStore` that asks again. Safe for writes too: the engine settles doubtful ones by token."""

    def list_buckets(self) -> list[str]:
        return self._try("ListBuckets", self.inner.list_buckets)

    def check_bucket(self, bucket: str) -> str:
        return self._try("HeadBucket", lambda: self.inner.check_bucket(bucket))

    def versioning(self, bucket: str) -> Versioning:
        return self._try("GetBucketVersioning", lambda: self.inner.versioning(bucket))

    def lock_of(self, bucket: str) -> BucketLock:
        return self._try("GetObjectLockConfiguration", lambda: self.inner.lock_of(bucket))

    def create_bucket(self, bucket: str, region: str) -> None:
        self._try("CreateBucket", lambda: self.inner.create_bucket(bucket, region))

    def enable_versioning(self, bucket: str) -> None:
        self._try("PutBucketVersioning", lambda: self.inner.enable_versioning(bucket))

    def delete_bucket(self, bucket: str) -> None:
        self._try("DeleteBucket", lambda: self.inner.delete_bucket(bucket))

    def list_page(self, bucket: str, prefix: str, *, start_after: str = "", token: str | None = None) -> Page:
        return self._try(
            "ListObjectsV2",
            lambda: self.inner.list_page(bucket, prefix, start_after=start_after, token=token),
        )

    def list_versions_page(
        self,
        bucket: str,
        prefix: str,
        *,
        key_marker: str = "",
        version_marker: str = "",
        limit: int = 1000,
    ) -> VersionPage:
        return self._try(
            "ListObjectVersions",
            lambda: self.inner.list_versions_page(
                bucket, prefix, key_marker=key_marker, version_marker=version_marker, limit=limit
            ),
        )

    def head(self, bucket: str, key: str, *, version_id: str | None = None) -> ObjectHead:
        return self._try("HeadObject", lambda: self.inner.head(bucket, key, version_id=version_id))

    def tags(self, bucket: str, key: str, *, version_id: str | None = None) -> dict[str, str]:
        return self._try("GetObjectTagging", lambda: self.inner.tags(bucket, key, version_id=version_id))

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
        return self._try(
            "GetObject",
            lambda: self.inner.read(
                bucket, key, into, offset=offset, if_match=if_match, version_id=version_id, on_bytes=on_bytes
            ),
        )

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
        def put() -> Written:
            try:
                return self.inner.put(bucket, key, body, properties, md5=md5, condition=condition)
            except DigestMismatch as cause:
                # Bytes that never were what the digest says are not sent again.
                cause.is_transient = hashlib.md5(body, usedforsecurity=False).digest() == md5
                raise

        return self._try("PutObject", put)

    def create_upload(self, bucket: str, key: str, properties: Properties, *, has_crc32: bool = False) -> str:
        return self._try(
            "CreateMultipartUpload",
            lambda: self.inner.create_upload(bucket, key, properties, has_crc32=has_crc32),
        )

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
        return self._try(
            "UploadPart",
            lambda: self.inner.upload_part(bucket, key, upload_id, number, body, md5=md5, crc32=crc32),
        )

    def complete_upload(
        self,
        bucket: str,
        key: str,
        upload_id: str,
        parts: Sequence[UploadedPart],
        *,
        condition: Condition = ALWAYS,
    ) -> Written:
        return self._try(
            "CompleteMultipartUpload",
            lambda: self.inner.complete_upload(bucket, key, upload_id, parts, condition=condition),
        )

    def abort_upload(self, bucket: str, key: str, upload_id: str) -> None:
        self._try("AbortMultipartUpload", lambda: self.inner.abort_upload(bucket, key, upload_id))

    def list_parts(self, bucket: str, key: str, upload_id: str) -> list[UploadedPart]:
        return self._try("ListParts", lambda: self.inner.list_parts(bucket, key, upload_id))

    def list_uploads(self, bucket: str, prefix: str) -> list[OpenUpload]:
        return self._try("ListMultipartUploads", lambda: self.inner.list_uploads(bucket, prefix))

    def versions(self, bucket: str, key: str) -> list[KeptVersion]:
        return self._try("ListObjectVersions", lambda: self.inner.versions(bucket, key))

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
        return self._try(
            "CopyObject",
            lambda: self.inner.copy(
                bucket, key, to_key, if_match=if_match, version_id=version_id, keeping=keeping
            ),
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
        return self._try(
            "UploadPartCopy",
            lambda: self.inner.copy_part(
                bucket,
                key,
                to_key,
                upload_id,
                number,
                offset,
                length,
                if_match=if_match,
                version_id=version_id,
            ),
        )

    def delete(self, bucket: str, key: str, *, version_id: str | None = None, if_match: str = "") -> None:
        self._try(
            "DeleteObject",
            lambda: self.inner.delete(bucket, key, version_id=version_id, if_match=if_match),
        )

    def lay_marker(self, bucket: str, key: str) -> str:
        """Once: only an end that says it did nothing is asked again."""
        return self._try_once("DeleteObject", lambda: self.inner.lay_marker(bucket, key))

    def delete_versions(
        self, bucket: str, versions: Sequence[tuple[str, str]]
    ) -> dict[tuple[str, str], StoreError]:
        return self._try("DeleteObjects", lambda: self.inner.delete_versions(bucket, versions))

    def put_tags(
        self, bucket: str, key: str, tags: Mapping[str, str], *, version_id: str | None = None
    ) -> None:
        self._try("PutObjectTagging", lambda: self.inner.put_tags(bucket, key, tags, version_id=version_id))

    def lock_on(self, bucket: str, key: str, *, version_id: str | None = None) -> Lock:
        return self._try("GetObjectRetention", lambda: self.inner.lock_on(bucket, key, version_id=version_id))

    def set_lock(self, bucket: str, key: str, lock: Lock, *, version_id: str | None = None) -> None:
        self._try("PutObjectRetention", lambda: self.inner.set_lock(bucket, key, lock, version_id=version_id))

    def has_grants(self, bucket: str, key: str) -> bool:
        return self._try("GetObjectAcl", lambda: self.inner.has_grants(bucket, key))

    def lifecycle(self, bucket: str) -> tuple[LifecycleRule, ...]:
        return self._try("GetBucketLifecycleConfiguration", lambda: self.inner.lifecycle(bucket))

    def replication(self, bucket: str) -> tuple[ReplicationRule, ...]:
        return self._try("GetBucketReplication", lambda: self.inner.replication(bucket))

    def notifications(self, bucket: str) -> tuple[str, ...]:
        return self._try("GetBucketNotificationConfiguration", lambda: self.inner.notifications(bucket))

    def default_encryption(self, bucket: str) -> str:
        return self._try("GetBucketEncryption", lambda: self.inner.default_encryption(bucket))

    def server_time(self, bucket: str) -> datetime | None:
        return self._try("HeadBucket", lambda: self.inner.server_time(bucket))

    def close(self) -> None:
        self.inner.close()


def without_patience(store: ObjectStore) -> ObjectStore:
    """The store that sends each request once: for probes that are meant to be refused, and for leaving."""
    return store.inner if isinstance(store, RetryingStore) else store
