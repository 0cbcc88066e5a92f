"""Which S3 operation a request is, and what carries it out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from migrator.demo import bucket_calls, lock_calls, object_calls, upload_calls
from migrator.demo.wire import Answer, Head
from migrator.errors import NotSupported
from migrator.store.memory_cloud import MemoryCloud

Call = Callable[[MemoryCloud, Head], Answer]
CallWithBody = Callable[[MemoryCloud, Head, bytes], Answer]

#: Parameters of an operation. Any other name in the query is a sub-resource, and makes another operation.
_PARAMETERS = frozenset(
    {
        "prefix",
        "delimiter",
        "encoding-type",
        "max-keys",
        "start-after",
        "continuation-token",
        "fetch-owner",
        "key-marker",
        "version-id-marker",
        "upload-id-marker",
        "max-uploads",
        "max-parts",
        "part-number-marker",
        "versionId",
        "x-id",
    }
)

#: (method, what the path names, sub-resources) -> operation.
_OPERATIONS: Mapping[tuple[str, str, tuple[str, ...]], str] = {
    ("GET", "service", ()): "ListBuckets",
    ("PUT", "bucket", ()): "CreateBucket",
    ("DELETE", "bucket", ()): "DeleteBucket",
    ("HEAD", "bucket", ()): "HeadBucket",
    ("GET", "bucket", ("location",)): "GetBucketLocation",
    ("GET", "bucket", ("versioning",)): "GetBucketVersioning",
    ("PUT", "bucket", ("versioning",)): "PutBucketVersioning",
    ("GET", "bucket", ("object-lock",)): "GetObjectLockConfiguration",
    ("GET", "bucket", ("lifecycle",)): "GetBucketLifecycleConfiguration",
    ("GET", "bucket", ("replication",)): "GetBucketReplication",
    ("GET", "bucket", ("notification",)): "GetBucketNotificationConfiguration",
    ("GET", "bucket", ("encryption",)): "GetBucketEncryption",
    ("GET", "bucket", ("list-type",)): "ListObjectsV2",
    ("GET", "bucket", ("versions",)): "ListObjectVersions",
    ("GET", "bucket", ("uploads",)): "ListMultipartUploads",
    ("POST", "bucket", ("delete",)): "DeleteObjects",
    ("GET", "object", ()): "GetObject",
    ("HEAD", "object", ()): "HeadObject",
    ("PUT", "object", ()): "PutObject",
    ("DELETE", "object", ()): "DeleteObject",
    ("GET", "object", ("tagging",)): "GetObjectTagging",
    ("PUT", "object", ("tagging",)): "PutObjectTagging",
    ("DELETE", "object", ("tagging",)): "DeleteObjectTagging",
    ("GET", "object", ("retention",)): "GetObjectRetention",
    ("PUT", "object", ("retention",)): "PutObjectRetention",
    ("GET", "object", ("legal-hold",)): "GetObjectLegalHold",
    ("PUT", "object", ("legal-hold",)): "PutObjectLegalHold",
    ("GET", "object", ("acl",)): "GetObjectAcl",
    ("POST", "object", ("uploads",)): "CreateMultipartUpload",
    ("PUT", "object", ("partNumber", "uploadId")): "UploadPart",
    ("POST", "object", ("uploadId",)): "CompleteMultipartUpload",
    ("DELETE", "object", ("uploadId",)): "AbortMultipartUpload",
    ("GET", "object", ("uploadId",)): "ListParts",
}
#: The header that makes a copy of a write.
_COPIES = {"PutObject": "CopyObject", "UploadPart": "UploadPartCopy"}

_CALLS: Mapping[str, Call] = {
    "ListBuckets": bucket_calls.list_buckets,
    "DeleteBucket": bucket_calls.delete_bucket,
    "HeadBucket": bucket_calls.head_bucket,
    "GetBucketLocation": bucket_calls.get_location,
    "GetBucketVersioning": bucket_calls.get_versioning,
    "GetObjectLockConfiguration": bucket_calls.get_lock,
    "GetBucketLifecycleConfiguration": bucket_calls.get_lifecycle,
    "GetBucketReplication": bucket_calls.get_replication,
    "GetBucketNotificationConfiguration": bucket_calls.get_notifications,
    "GetBucketEncryption": bucket_calls.get_encryption,
    "ListObjectsV2": bucket_calls.list_objects,
    "ListObjectVersions": bucket_calls.list_versions,
    "GetObject": object_calls.get_object,
    "HeadObject": object_calls.head_object,
    "CopyObject": object_calls.copy_object,
    "UploadPartCopy": upload_calls.copy_part,
    "DeleteObject": object_calls.delete_object,
    "GetObjectTagging": object_calls.get_tagging,
    "DeleteObjectTagging": object_calls.delete_tagging,
    "GetObjectRetention": lock_calls.get_retention,
    "GetObjectLegalHold": lock_calls.get_hold,
    "GetObjectAcl": lock_calls.get_acl,
    "CreateMultipartUpload": upload_calls.create,
    "AbortMultipartUpload": upload_calls.abort,
    "ListParts": upload_calls.list_parts,
    "ListMultipartUploads": upload_calls.list_uploads,
}
_CALLS_WITH_BODY: Mapping[str, CallWithBody] = {
    "CreateBucket": bucket_calls.create_bucket,
    "PutBucketVersioning": bucket_calls.put_versioning,
    "DeleteObjects": bucket_calls.delete_objects,
    "PutObject": object_calls.put_object,
    "PutObjectTagging": object_calls.put_tagging,
    "PutObjectRetention": lock_calls.put_retention,
    "PutObjectLegalHold": lock_calls.put_hold,
    "UploadPart": upload_calls.upload_part,
    "CompleteMultipartUpload": upload_calls.complete,
}

#: What the log calls a request that is none of S3's, or none that is offered here.
UNKNOWN = "Unknown"


def operation_of(head: Head) -> str:
    """S3's name for the request, or `UNKNOWN`."""
    level = "object" if head.key else "bucket" if head.bucket else "service"
    names = tuple(sorted({name for name, _ in head.query if name not in _PARAMETERS}))
    operation = _OPERATIONS.get((head.method, level, names), UNKNOWN)
    if "x-amz-copy-source" in head.headers:
        return _COPIES.get(operation, operation)
    return operation


def carry_out(operation: str, cloud: MemoryCloud, head: Head, body: bytes) -> Answer:
    """Do what the request asks.

    Raises:
        StoreError: S3's refusal.
    """
    if operation in _CALLS:
        return _CALLS[operation](cloud, head)
    if operation in _CALLS_WITH_BODY:
        return _CALLS_WITH_BODY[operation](cloud, head, body)
    message = "A header or query you provided implies functionality that is not implemented."
    raise NotSupported(message, code="NotImplemented", status=501)
