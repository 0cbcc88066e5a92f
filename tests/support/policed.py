"""A store that obeys an IAM policy, and the few rules of IAM that such policies use.

What each request needs is written down here a second time, from AWS's documentation of the operations, and
not taken from the program: a request that the program's own table forgot is denied here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from migrator.errors import AccessDenied, NotFound, StoreError
from migrator.model.objects import Lock, Properties, UploadedPart, Written
from migrator.store.base import ALWAYS, Body, Condition

#: action, ARN of the resource, the request's context (`s3:prefix` of listings) -> is it allowed
Allows = Callable[[str, str, Mapping[str, str]], bool]


def allowed_by(*documents: Mapping[str, Any], denied: Sequence[str] = ()) -> Allows:
    """Whether policies allow a request; `denied` actions are taken away again, everywhere."""

    def allows(action: str, resource: str, context: Mapping[str, str]) -> bool:
        if action in denied:
            return False
        return any(
            action in _list(statement["Action"])
            and any(_matches(pattern, resource) for pattern in _list(statement["Resource"]))
            and _holds(statement.get("Condition", {}), context)
            for document in documents
            for statement in document["Statement"]
        )

    return allows


def everything_but(*actions: str) -> Allows:
    return lambda action, resource, context: action not in actions


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _holds(condition: Mapping[str, Mapping[str, Any]], context: Mapping[str, str]) -> bool:
    for operator, tests in condition.items():
        assert operator == "StringLike", f"this judge does not know {operator}"
        for name, patterns in tests.items():
            if name not in context or not any(_matches(each, context[name]) for each in _list(patterns)):
                return False
    return True


def _matches(pattern: str, text: str) -> bool:
    """IAM's wildcards, and its way to write them literally: `${*}`."""
    parts = re.split(r"(\$\{[*?$]\}|\*|\?)", pattern)
    table = {"*": ".*", "?": "."}
    regex = "".join(
        re.escape(part[2]) if part.startswith("${") else table.get(part, re.escape(part)) for part in parts
    )
    return re.fullmatch(regex, text, re.DOTALL) is not None


class Policed:
    """An `ObjectStore` whose keys may do what `allows` says. `used` are the actions that requests needed."""

    def __init__(self, inner: Any, allows: Allows) -> None:
        self.inner = inner
        self.allows = allows
        self.used: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    # -- judging --------------------------------------------------------------------------------

    def _may(self, action: str, bucket: str, key: str | None = None, **context: str) -> bool:
        resource = f"arn:aws:s3:::{bucket}" + (f"/{key}" if key is not None else "")
        return self.allows(action, resource, context)

    def _need(self, operation: str, action: str, bucket: str, key: str | None = None, **context: str) -> None:
        self.used.add(action)
        if not self._may(action, bucket, key, **{name.replace("_", ":"): v for name, v in context.items()}):
            raise AccessDenied(
                f"{self.inner.end} denies {operation}.",
                operation=operation,
                end=self.inner.end,
                bucket=bucket,
                key=key,
                code="AccessDenied",
                status=403,
            )

    def _look_up(self, operation: str, bucket: str, key: str, look: Callable[[], Any]) -> Any:
        """Without the right to list, what is missing is denied."""
        try:
            return look()
        except NotFound as cause:
            if cause.code in {"NoSuchKey", "NoSuchVersion"}:
                self._need(operation, "s3:ListBucket", bucket)
            raise

    # -- buckets --------------------------------------------------------------------------------

    def list_buckets(self) -> Any:
        self._need("ListBuckets", "s3:ListAllMyBuckets", "")

    def check_bucket(self, bucket: str) -> Any:
        self._need("HeadBucket", "s3:ListBucket", bucket)
        return self.inner.check_bucket(bucket)

    def versioning(self, bucket: str) -> Any:
        self._need("GetBucketVersioning", "s3:GetBucketVersioning", bucket)
        return self.inner.versioning(bucket)

    def lock_of(self, bucket: str) -> Any:
        from migrator.store.base import BucketLock

        try:
            self._need("GetObjectLockConfiguration", "s3:GetBucketObjectLockConfiguration", bucket)
        except AccessDenied:
            return BucketLock.UNKNOWN
        return self.inner.lock_of(bucket)

    def create_bucket(self, bucket: str, region: str) -> None:
        self._need("CreateBucket", "s3:CreateBucket", bucket)
        self.inner.create_bucket(bucket, region)

    def delete_bucket(self, bucket: str) -> None:
        self._need("DeleteBucket", "s3:DeleteBucket", bucket)
        self.inner.delete_bucket(bucket)

    def lifecycle(self, bucket: str) -> Any:
        self._need("GetBucketLifecycleConfiguration", "s3:GetLifecycleConfiguration", bucket)
        return self.inner.lifecycle(bucket)

    def replication(self, bucket: str) -> Any:
        self._need("GetBucketReplication", "s3:GetReplicationConfiguration", bucket)
        return self.inner.replication(bucket)

    def notifications(self, bucket: str) -> Any:
        self._need("GetBucketNotificationConfiguration", "s3:GetBucketNotification", bucket)
        return self.inner.notifications(bucket)

    def default_encryption(self, bucket: str) -> Any:
        self._need("GetBucketEncryption", "s3:GetEncryptionConfiguration", bucket)
        return self.inner.default_encryption(bucket)

    def list_page(self, bucket: str, prefix: str, **how: Any) -> Any:
        self._need("ListObjectsV2", "s3:ListBucket", bucket, s3_prefix=prefix)
        return self.inner.list_page(bucket, prefix, **how)

    def versions(self, bucket: str, key: str) -> Any:
        self._need("ListObjectVersions", "s3:ListBucketVersions", bucket, s3_prefix=key)
        return self.inner.versions(bucket, key)

    def list_versions_page(self, bucket: str, prefix: str, **how: Any) -> Any:
        self._need("ListObjectVersions", "s3:ListBucketVersions", bucket, s3_prefix=prefix)
        return self.inner.list_versions_page(bucket, prefix, **how)

    def enable_versioning(self, bucket: str) -> None:
        self._need("PutBucketVersioning", "s3:PutBucketVersioning", bucket)
        self.inner.enable_versioning(bucket)

    def lay_marker(self, bucket: str, key: str) -> Any:
        self._need("DeleteObject", "s3:DeleteObject", bucket, key)
        return self.inner.lay_marker(bucket, key)

    def server_time(self, bucket: str) -> Any:
        """A refusal tells it too."""
        return self.inner.server_time(bucket)

    def close(self) -> None:
        self.inner.close()

    def list_uploads(self, bucket: str, prefix: str) -> Any:
        self._need("ListMultipartUploads", "s3:ListBucketMultipartUploads", bucket, s3_prefix=prefix)
        return self.inner.list_uploads(bucket, prefix)

    # -- objects --------------------------------------------------------------------------------

    def head(self, bucket: str, key: str, *, version_id: str | None = None) -> Any:
        self._need("HeadObject", _versioned("s3:GetObject", version_id), bucket, key)
        # HEAD leaves locks out where these are missing; nobody is denied.
        self.used |= {"s3:GetObjectRetention", "s3:GetObjectLegalHold"}
        return self._look_up(
            "HeadObject", bucket, key, lambda: self.inner.head(bucket, key, version_id=version_id)
        )

    def read(self, bucket: str, key: str, into: bytearray, **how: Any) -> Any:
        self._need("GetObject", _versioned("s3:GetObject", how.get("version_id")), bucket, key)
        return self._look_up("GetObject", bucket, key, lambda: self.inner.read(bucket, key, into, **how))

    def tags(self, bucket: str, key: str, *, version_id: str | None = None) -> Any:
        action = "s3:GetObjectTagging" if version_id is None else "s3:GetObjectVersionTagging"
        self._need("GetObjectTagging", action, bucket, key)
        return self._look_up(
            "GetObjectTagging", bucket, key, lambda: self.inner.tags(bucket, key, version_id=version_id)
        )

    def put_tags(
        self, bucket: str, key: str, tags: Mapping[str, str], *, version_id: str | None = None
    ) -> None:
        action = "s3:PutObjectTagging" if version_id is None else "s3:PutObjectVersionTagging"
        self._need("PutObjectTagging", action, bucket, key)
        self._look_up(
            "PutObjectTagging",
            bucket,
            key,
            lambda: self.inner.put_tags(bucket, key, tags, version_id=version_id),
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
    ) -> Any:
        self._need_to_write("PutObject", bucket, key, properties, condition)
        return self.inner.put(bucket, key, body, properties, md5=md5, condition=condition)

    def create_upload(self, bucket: str, key: str, properties: Properties, **how: Any) -> Any:
        self._need_to_write("CreateMultipartUpload", bucket, key, properties)
        return self.inner.create_upload(bucket, key, properties, **how)

    def upload_part(self, bucket: str, key: str, *which: Any, **how: Any) -> Any:
        self._need("UploadPart", "s3:PutObject", bucket, key)
        return self.inner.upload_part(bucket, key, *which, **how)

    def complete_upload(
        self,
        bucket: str,
        key: str,
        upload_id: str,
        parts: Sequence[UploadedPart],
        *,
        condition: Condition = ALWAYS,
    ) -> Written:
        self._need_to_write("CompleteMultipartUpload", bucket, key, Properties(), condition)
        return self.inner.complete_upload(bucket, key, upload_id, parts, condition=condition)  # type: ignore[no-any-return]

    def _need_to_write(
        self,
        operation: str,
        bucket: str,
        key: str,
        properties: Properties,
        condition: Condition = ALWAYS,
    ) -> None:
        self._need(operation, "s3:PutObject", bucket, key)
        if properties.tags:
            self._need(operation, "s3:PutObjectTagging", bucket, key)
        if properties.lock.until is not None:
            self._need(operation, "s3:PutObjectRetention", bucket, key)
        if properties.lock.hold:
            self._need(operation, "s3:PutObjectLegalHold", bucket, key)
        if condition.etag:
            self._need(operation, "s3:GetObject", bucket, key)

    def abort_upload(self, bucket: str, key: str, upload_id: str) -> None:
        self._need("AbortMultipartUpload", "s3:AbortMultipartUpload", bucket, key)
        self.inner.abort_upload(bucket, key, upload_id)

    def list_parts(self, bucket: str, key: str, upload_id: str) -> Any:
        self._need("ListParts", "s3:ListMultipartUploadParts", bucket, key)
        return self.inner.list_parts(bucket, key, upload_id)

    def copy(self, bucket: str, key: str, to_key: str, **how: Any) -> Any:
        version_id = how.get("version_id")
        self._need("CopyObject", _versioned("s3:GetObject", version_id), bucket, key)
        self._need("CopyObject", "s3:PutObject", bucket, to_key)
        if self.inner.tags(bucket, key, version_id=version_id):
            reads = "s3:GetObjectTagging" if version_id is None else "s3:GetObjectVersionTagging"
            self._need("CopyObject", reads, bucket, key)
            self._need("CopyObject", "s3:PutObjectTagging", bucket, to_key)
        return self.inner.copy(bucket, key, to_key, **how)

    def copy_part(self, bucket: str, key: str, to_key: str, *which: Any, **how: Any) -> Any:
        self._need("UploadPartCopy", _versioned("s3:GetObject", how.get("version_id")), bucket, key)
        self._need("UploadPartCopy", "s3:PutObject", bucket, to_key)
        return self.inner.copy_part(bucket, key, to_key, *which, **how)

    def delete(self, bucket: str, key: str, *, version_id: str | None = None, if_match: str = "") -> None:
        self._need("DeleteObject", _versioned("s3:DeleteObject", version_id), bucket, key)
        if if_match:
            self._need("DeleteObject", "s3:GetObject", bucket, key)
        self.inner.delete(bucket, key, version_id=version_id, if_match=if_match)

    def lock_on(self, bucket: str, key: str, *, version_id: str | None = None) -> Any:
        self._need("GetObjectRetention", "s3:GetObjectRetention", bucket, key)
        self._need("GetObjectLegalHold", "s3:GetObjectLegalHold", bucket, key)
        return self.inner.lock_on(bucket, key, version_id=version_id)

    def set_lock(self, bucket: str, key: str, lock: Lock, *, version_id: str | None = None) -> None:
        if lock.until is not None:
            self._need("PutObjectRetention", "s3:PutObjectRetention", bucket, key)
        if lock.hold:
            self._need("PutObjectLegalHold", "s3:PutObjectLegalHold", bucket, key)
        self.inner.set_lock(bucket, key, lock, version_id=version_id)

    def has_grants(self, bucket: str, key: str) -> Any:
        self._need("GetObjectAcl", "s3:GetObjectAcl", bucket, key)
        return self.inner.has_grants(bucket, key)

    def delete_versions(
        self, bucket: str, versions: Sequence[tuple[str, str]]
    ) -> dict[tuple[str, str], StoreError]:
        failed: dict[tuple[str, str], StoreError] = {}
        for key, version_id in versions:
            try:
                self._need("DeleteObjects", "s3:DeleteObjectVersion", bucket, key)
            except AccessDenied as cause:
                failed[key, version_id] = cause
        going = [pair for pair in versions if pair not in failed]
        return {**self.inner.delete_versions(bucket, going), **failed} if going else failed


def _versioned(action: str, version_id: str | None) -> str:
    return action if version_id is None else f"{action}Version"
