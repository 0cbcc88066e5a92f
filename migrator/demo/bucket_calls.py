"""Operations on the service and on buckets: listings and batch deletes included."""

from __future__ import annotations

from collections.abc import Iterator

from migrator.demo import object_calls
from migrator.demo.wire import Answer, Head
from migrator.demo.xmlout import (
    child_text,
    element,
    group,
    key_element,
    listing_time,
    malformed,
    parsed,
    quoted,
    xml_answer,
)
from migrator.errors import OBJECT_LOCKED, NotFound, NotSupported, StoreError
from migrator.model.settings import LifecycleRule
from migrator.store.base import BucketLock, Versioning
from migrator.store.memory_bucket import ListedVersion
from migrator.store.memory_cloud import MemoryCloud
from migrator.store.memory_rules import MAX_BATCH, missing, not_implemented, refused

_DEFAULT_REGION = "us-east-1"
_OWNER = group("Owner", [element("ID", "owner")])


def list_buckets(cloud: MemoryCloud, _head: Head) -> Answer:
    lines = (
        group("Bucket", [element("Name", name), element("CreationDate", listing_time(created))])
        for name, created in cloud.buckets()
    )
    return xml_answer("ListAllMyBucketsResult", [_OWNER, group("Buckets", lines)])


def create_bucket(cloud: MemoryCloud, head: Head, body: bytes) -> Answer:
    region = _DEFAULT_REGION
    if body:
        region = parsed(body, "CreateBucketConfiguration").findtext("LocationConstraint") or region
    cloud.create_bucket(head.bucket, region=region)
    return Answer(200, {"Location": f"/{head.bucket}"})


def delete_bucket(cloud: MemoryCloud, head: Head) -> Answer:
    cloud.delete_bucket(head.bucket)
    return Answer(204)


def head_bucket(cloud: MemoryCloud, head: Head) -> Answer:
    return Answer(200, {"x-amz-bucket-region": cloud.region(head.bucket)})


def get_location(cloud: MemoryCloud, head: Head) -> Answer:
    """S3 answers with nothing for us-east-1."""
    region = cloud.region(head.bucket)
    return xml_answer("LocationConstraint", content="" if region == _DEFAULT_REGION else region)


def get_versioning(cloud: MemoryCloud, head: Head) -> Answer:
    versioning = cloud.versioning(head.bucket)
    status = "" if versioning is Versioning.OFF else element("Status", versioning.value.capitalize())
    return xml_answer("VersioningConfiguration", content=status)


def get_lock(cloud: MemoryCloud, head: Head) -> Answer:
    lock = cloud.lock_of(head.bucket)
    if lock is BucketLock.NONE:
        message = "Object Lock configuration does not exist for this bucket"
        raise NotFound(message, code="ObjectLockConfigurationNotFoundError", status=404)
    parts = [element("ObjectLockEnabled", "Enabled")]
    if lock is BucketLock.DEFAULT:
        mode, days = cloud.default_retention(head.bucket)
        kept = group("DefaultRetention", [element("Mode", mode), element("Days", days)])
        parts.append(group("Rule", [kept]))
    return xml_answer("ObjectLockConfiguration", parts)


def get_lifecycle(cloud: MemoryCloud, head: Head) -> Answer:
    rules = cloud.rules_of(head.bucket).lifecycle
    if not rules:
        raise missing("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist")
    return xml_answer("LifecycleConfiguration", (_lifecycle_rule(rule) for rule in rules))


def _lifecycle_rule(rule: LifecycleRule) -> str:
    days = [element("Days", 30)]
    moves = [*days, element("StorageClass", "GLACIER")]
    tag = group("Tag", [element("Key", "only"), element("Value", "these")])
    limits = [element("Prefix", rule.prefix), tag] if rule.is_narrowed else []
    old, aborted = element("NoncurrentDays", 30), element("DaysAfterInitiation", 30)
    parts = [
        element("ID", rule.name),
        group("Filter", [group("And", limits) if limits else element("Prefix", rule.prefix)]),
        element("Status", "Enabled"),
        group("Expiration", days) if rule.expires else "",
        group("NoncurrentVersionExpiration", [old]) if rule.expires_old else "",
        group("AbortIncompleteMultipartUpload", [aborted]) if rule.aborts else "",
        group("Transition", moves) if rule.archives else "",
    ]
    return group("Rule", parts)


def get_replication(cloud: MemoryCloud, head: Head) -> Answer:
    rules = cloud.rules_of(head.bucket).replication
    if not rules:
        message = "The replication configuration was not found"
        raise missing("ReplicationConfigurationNotFoundError", message)
    lines = (
        group(
            "Rule",
            [
                element("ID", rule.name),
                element("Status", "Enabled"),
                group("Filter", [element("Prefix", rule.prefix)]),
            ],
        )
        for rule in rules
    )
    return xml_answer("ReplicationConfiguration", lines)


def get_notifications(cloud: MemoryCloud, head: Head) -> Answer:
    names = {"SNS": "Topic", "SQS": "Queue", "Lambda": "CloudFunction"}
    told = [names[kind] for kind in cloud.rules_of(head.bucket).notifications]
    lines = (
        group(f"{name}Configuration", [element(name, "arn"), element("Event", "s3:ObjectCreated:*")])
        for name in told
    )
    return xml_answer("NotificationConfiguration", lines)


def get_encryption(cloud: MemoryCloud, head: Head) -> Answer:
    kind, _, key = cloud.rules_of(head.bucket).encryption.partition(":arn:")
    if not kind:
        message = "The server side encryption configuration was not found"
        raise missing("ServerSideEncryptionConfigurationNotFoundError", message)
    parts = [element("SSEAlgorithm", kind)] + [element("KMSMasterKeyID", f"arn:{key}")] * bool(key)
    default = group("ApplyServerSideEncryptionByDefault", parts)
    return xml_answer("ServerSideEncryptionConfiguration", [group("Rule", [default])])


def put_versioning(cloud: MemoryCloud, head: Head, body: bytes) -> Answer:
    status = child_text(parsed(body, "VersioningConfiguration"), "Status")
    known = {"Enabled": Versioning.ENABLED, "Suspended": Versioning.SUSPENDED}
    cloud.set_versioning(head.bucket, known.get(status, Versioning.UNKNOWN))
    return Answer(200)


def number_param(head: Head, name: str, most: int) -> int:
    """A page size: S3 silently lowers what is too large."""
    given = head.param(name) or str(most)
    if not (given.isascii() and given.isdigit()):
        raise refused("InvalidArgument", f"Provided {name} not an integer or within integer range")
    return min(int(given), most)


def refuse_delimiter(head: Head) -> None:
    """Folders are a view of keys that nothing here needs."""
    if head.param("delimiter"):
        raise NotSupported("delimiter is not implemented.", code="NotImplemented", status=501)


def encoding_of(head: Head) -> str:
    encoding = head.param("encoding-type")
    if encoding not in ("", "url"):
        raise refused("InvalidArgument", "Invalid Encoding Method specified in Request")
    return encoding


def list_objects(cloud: MemoryCloud, head: Head) -> Answer:
    refuse_delimiter(head)
    encoding = encoding_of(head)
    max_keys = number_param(head, "max-keys", 1000)
    prefix, start_after, token = (
        head.param("prefix"),
        head.param("start-after"),
        head.maybe("continuation-token"),
    )
    page = cloud.list_page(head.bucket, prefix, start_after=start_after, token=token, max_keys=max_keys)
    parts = [
        element("Name", head.bucket),
        key_element("Prefix", prefix, encoding),
        key_element("StartAfter", start_after, encoding) if start_after else "",
        element("ContinuationToken", token) if token else "",
        element("NextContinuationToken", page.next_token) if page.next_token else "",
        element("KeyCount", len(page.objects)),
        element("MaxKeys", max_keys),
        element("EncodingType", encoding) if encoding else "",
        element("IsTruncated", page.next_token is not None),
    ]
    parts += (
        group(
            "Contents",
            [
                key_element("Key", line.key, encoding),
                element("LastModified", listing_time(line.last_modified)),
                element("ETag", quoted(line.etag)),
                element("Size", line.size_bytes),
                element("StorageClass", line.storage_class),
            ],
        )
        for line in page.objects
    )
    return xml_answer("ListBucketResult", parts)


def list_versions(cloud: MemoryCloud, head: Head) -> Answer:
    refuse_delimiter(head)
    encoding = encoding_of(head)
    max_keys = min(number_param(head, "max-keys", 1000), cloud.quirks.page_size)
    prefix, marker, version_marker = (head.param(n) for n in ("prefix", "key-marker", "version-id-marker"))
    lines = cloud.list_versions(head.bucket, prefix, after_key=marker, after_version=version_marker)
    page, rest = lines[:max_keys], lines[max_keys:]
    is_truncated = bool(page and rest)
    parts = [
        element("Name", head.bucket),
        key_element("Prefix", prefix, encoding),
        key_element("KeyMarker", marker, encoding),
        element("VersionIdMarker", version_marker),
        element("MaxKeys", max_keys),
        element("EncodingType", encoding) if encoding else "",
        element("IsTruncated", is_truncated),
    ]
    if is_truncated:
        last = page[-1].version
        parts.append(key_element("NextKeyMarker", last.key, encoding))
        parts.append(element("NextVersionIdMarker", last.version_id))
    parts += (_version_line(line, encoding) for line in page)
    return xml_answer("ListVersionsResult", parts)


def _version_line(line: ListedVersion, encoding: str) -> str:
    version = line.version
    common = [
        key_element("Key", version.key, encoding),
        element("VersionId", version.version_id),
        element("IsLatest", line.is_latest),
        element("LastModified", listing_time(version.last_modified)),
        _OWNER,
    ]
    if version.is_marker:
        return group("DeleteMarker", common)
    common += (
        element("ETag", quoted(version.etag)),
        element("Size", len(version.body)),
        element("StorageClass", version.storage_class),
    )
    return group("Version", common)


def delete_objects(cloud: MemoryCloud, head: Head, body: bytes) -> Answer:
    if cloud.quirks.refuses_batch_delete:
        raise not_implemented()
    if not {"content-md5", "x-amz-checksum-crc32"} & set(head.headers):
        raise refused("InvalidRequest", "Missing required header for this request: Content-MD5")
    object_calls.check_digests(head, body)
    tree = parsed(body, "Delete")
    asked = tree.findall("Object")
    if not 1 <= len(asked) <= MAX_BATCH:
        raise malformed()
    cloud.region(head.bucket)
    is_quiet = (tree.findtext("Quiet") or "").lower() == "true"
    wanted = [(child_text(each, "Key"), each.findtext("VersionId") or None) for each in asked]
    return xml_answer("DeleteResult", _delete_each(cloud, head.bucket, wanted, is_quiet=is_quiet))


def _delete_each(
    cloud: MemoryCloud, bucket: str, wanted: list[tuple[str, str | None]], *, is_quiet: bool
) -> Iterator[str]:
    for key, version_id in wanted:
        line = [element("Key", key)]
        if version_id:
            line.append(element("VersionId", version_id))
        try:
            deleted = cloud.delete(bucket, key, version_id=version_id)
        except StoreError as error:
            code = "AccessDenied" if error.code == OBJECT_LOCKED else error.code
            yield group("Error", [*line, element("Code", code), element("Message", error.message)])
            continue
        if deleted.is_marker:
            line.append(element("DeleteMarker", True))
            line.append(element("DeleteMarkerVersionId", deleted.version_id))
        if not is_quiet:
            yield group("Deleted", line)
