"""The reference store: every operation of the contract on boto3.

With `s3_client`, `s3_errors` and `s3_wire` the only place that knows the SDK.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from migrator.errors import (
    AccessDenied,
    DigestMismatch,
    NotFound,
    NotS3,
    NotSupported,
    Rejected,
    StoreError,
)
from migrator.model.objects import (
    KeptVersion,
    ObjectHead,
    ObjectVersion,
    OpenUpload,
    Page,
    Properties,
    UploadedPart,
    Written,
    bare_etag,
)
from migrator.store import s3_wire
from migrator.store.base import ALWAYS, Body, BucketLock, Condition, OnBytes, Versioning
from migrator.store.s3_client import Connection, make_client
from migrator.store.s3_errors import Where, of_code, translated

__all__ = ["Connection", "S3Store"]

#: Large enough to be cheap, small enough that stopping and progress feel immediate.
CHUNK_BYTES = 1024 * 1024


class S3Store:
    """An S3 service behind the `ObjectStore` contract."""

    def __init__(self, connection: Connection) -> None:
        self._end = connection.end
        self._payer: dict[str, Any] = {"RequestPayer": "requester"} if connection.requester_pays else {}
        self._expires = threading.local()
        with translated(Where("Connect", connection.end, connection.endpoint_url or "AWS")):
            self._client = make_client(connection)
        self._host = urlsplit(self._client.meta.endpoint_url).netloc
        s3_wire.install(self._client, self._expires)

    @property
    def end(self) -> str:
        return self._end

    def close(self) -> None:
        self._client.close()

    # -- buckets --------------------------------------------------------------------------------

    def list_buckets(self) -> list[str]:
        with self._call("ListBuckets"):
            answer = self._client.list_buckets()
            if "Owner" not in answer and "Buckets" not in answer:
                raise self._not_s3("ListBuckets")
            return sorted(bucket["Name"] for bucket in answer.get("Buckets", []))

    def check_bucket(self, bucket: str) -> str:
        with self._call("HeadBucket", bucket):
            return str(self._client.head_bucket(Bucket=bucket).get("BucketRegion", ""))

    def versioning(self, bucket: str) -> Versioning:
        with self._call("GetBucketVersioning", bucket):
            status = self._client.get_bucket_versioning(Bucket=bucket).get("Status")
        return {"Enabled": Versioning.ENABLED, "Suspended": Versioning.SUSPENDED}.get(
            str(status), Versioning.OFF
        )

    def lock_of(self, bucket: str) -> BucketLock:
        """Ends that do not know the question ignore it, and answer with a listing: that is none."""
        try:
            with self._call("GetObjectLockConfiguration", bucket):
                answer = self._client.get_object_lock_configuration(Bucket=bucket)
        except AccessDenied:
            return BucketLock.UNKNOWN
        except NotFound as cause:
            if cause.code == "NoSuchBucket":
                raise
            return BucketLock.NONE
        except (NotSupported, Rejected):
            return BucketLock.NONE
        found = answer.get("ObjectLockConfiguration", {})
        if found.get("ObjectLockEnabled") != "Enabled":
            return BucketLock.NONE
        has_default = bool(found.get("Rule", {}).get("DefaultRetention"))
        return BucketLock.DEFAULT if has_default else BucketLock.ENABLED

    def create_bucket(self, bucket: str, region: str) -> None:
        where: dict[str, Any] = {}
        if region not in ("", "us-east-1"):
            where["CreateBucketConfiguration"] = {"LocationConstraint": region}
        with self._call("CreateBucket", bucket):
            self._client.create_bucket(Bucket=bucket, **where)

    def delete_bucket(self, bucket: str) -> None:
        with self._call("DeleteBucket", bucket):
            self._client.delete_bucket(Bucket=bucket)

    def list_page(self, bucket: str, prefix: str, *, start_after: str = "", token: str | None = None) -> Page:
        params: dict[str, Any] = {"Bucket": bucket, "Prefix": prefix, **self._payer}
        if token is not None:
            params["ContinuationToken"] = token
        elif start_after:
            params["StartAfter"] = start_after
        with self._call("ListObjectsV2", bucket):
            answer = self._client.list_objects_v2(**params)
        # A captive portal's web page parses as an empty answer: a listing names its bucket and prefix.
        if answer.get("Name") != bucket or answer.get("Prefix", "") != prefix:
            raise self._not_s3("ListObjectsV2", bucket)
        next_token = answer.get("NextContinuationToken")
        if answer.get("IsTruncated") and not next_token:
            raise NotS3(
                f"{self._end} says that the listing of {bucket} goes on, but not where.",
                code="TruncatedWithoutToken",
                **self._where("ListObjectsV2", bucket).fields(),
            )
        objects = tuple(
            ObjectVersion(
                key=entry["Key"],
                size_bytes=entry["Size"],
                etag=bare_etag(entry.get("ETag", "")),
                last_modified=_utc(entry["LastModified"]),
                storage_class=entry.get("StorageClass", "STANDARD"),
            )
            for entry in answer.get("Contents", [])
        )
        return Page(objects, next_token if answer.get("IsTruncated") else None)

    # -- objects --------------------------------------------------------------------------------

    def head(self, bucket: str, key: str, *, version_id: str | None = None) -> ObjectHead:
        with self._call("HeadObject", bucket, key):
            answer = self._client.head_object(Bucket=bucket, Key=key, **_version(version_id), **self._payer)
            return self._head_of(answer, answer["ContentLength"], "HeadObject", bucket, key)

    def tags(self, bucket: str, key: str, *, version_id: str | None = None) -> dict[str, str]:
        with self._call("GetObjectTagging", bucket, key):
            answer = self._client.get_object_tagging(
                Bucket=bucket, Key=key, **_version(version_id), **self._payer
            )
            return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}

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
        params: dict[str, Any] = {"Bucket": bucket, "Key": key, **_version(version_id), **self._payer}
        if offset is not None:
            params["Range"] = f"bytes={offset}-{offset + len(into) - 1}"
        if if_match:
            params["IfMatch"] = f'"{if_match}"'
        with self._call("GetObject", bucket, key):
            answer = self._client.get_object(**params)
            with answer["Body"] as body:
                size = answer["ContentLength"]
                if offset is not None:
                    size = s3_wire.total_size(answer.get("ContentRange", ""), size)
                if answer["ContentLength"] != len(into):
                    raise self._wrong_length(answer["ContentLength"], len(into), bucket, key)
                _fill(into, body, on_bytes)
            return self._head_of(answer, size, "GetObject", bucket, key)

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
        with self._call("PutObject", bucket, key), self._raw_expires(properties):
            answer = self._client.put_object(
                Bucket=bucket,
                Key=key,
                Body=body,
                ContentMD5=s3_wire.base64_text(md5),
                **_condition(condition),
                **_properties(properties),
                **self._payer,
            )
            return Written(bare_etag(answer.get("ETag", "")), answer.get("VersionId"))

    def versions(self, bucket: str, key: str) -> list[KeptVersion]:
        found: list[KeptVersion] = []
        params: dict[str, Any] = {}
        while True:
            with self._call("ListObjectVersions", bucket, key):
                answer = self._client.list_object_versions(
                    Bucket=bucket, Prefix=key, EncodingType="url", **params, **self._payer
                )
            if answer.get("Name") != bucket:
                raise self._not_s3("ListObjectVersions", bucket, key)
            page = s3_wire.versions_of(answer, key)
            found.extend(page)
            following = {
                "KeyMarker": answer.get("NextKeyMarker", ""),
                "VersionIdMarker": answer.get("NextVersionIdMarker", ""),
            }
            # Keys that only begin with this one come after it.
            is_over = not answer.get("IsTruncated") or following == params
            if is_over or s3_wire.decoded_key(answer, following["KeyMarker"]) != key:
                return sorted(found, key=lambda each: not each.is_latest)
            params = following

    def copy(
        self,
        bucket: str,
        key: str,
        to_key: str,
        *,
        if_match: str = "",
        storage_class: str = "STANDARD",
    ) -> Written:
        with self._call("CopyObject", bucket, to_key):
            answer = self._client.copy_object(
                Bucket=bucket,
                Key=to_key,
                CopySource={"Bucket": bucket, "Key": key},
                **_if_source(if_match),
                **({"StorageClass": storage_class} if storage_class != "STANDARD" else {}),
                **self._payer,
            )
            etag = answer.get("CopyObjectResult", {}).get("ETag")
            if not etag:
                raise self._not_s3("CopyObject", bucket, to_key)
            return Written(bare_etag(etag), answer.get("VersionId"))

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
    ) -> UploadedPart:
        with self._call("UploadPartCopy", bucket, to_key):
            answer = self._client.upload_part_copy(
                Bucket=bucket,
                Key=to_key,
                UploadId=upload_id,
                PartNumber=number,
                CopySource={"Bucket": bucket, "Key": key},
                CopySourceRange=f"bytes={offset}-{offset + length - 1}",
                **_if_source(if_match),
                **self._payer,
            )
            etag = answer.get("CopyPartResult", {}).get("ETag")
            if not etag:
                raise self._not_s3("UploadPartCopy", bucket, to_key)
            return UploadedPart(number, bare_etag(etag), length)

    def delete(self, bucket: str, key: str, *, version_id: str | None = None, if_match: str = "") -> None:
        condition = {"IfMatch": f'"{if_match}"'} if if_match else {}
        with self._call("DeleteObject", bucket, key):
            self._client.delete_object(
                Bucket=bucket, Key=key, **_version(version_id), **condition, **self._payer
            )

    def delete_versions(
        self, bucket: str, versions: Sequence[tuple[str, str]]
    ) -> dict[tuple[str, str], StoreError]:
        wanted: list[Any] = [{"Key": key, "VersionId": version_id} for key, version_id in versions]
        with self._call("DeleteObjects", bucket):
            answer = self._client.delete_objects(
                Bucket=bucket, Delete={"Objects": wanted, "Quiet": True}, **self._payer
            )
        failures: dict[tuple[str, str], StoreError] = {}
        for error in answer.get("Errors", []):
            key, version_id = error.get("Key", ""), error.get("VersionId", "")
            code, message = error.get("Code", ""), error.get("Message", "")
            if code not in {"NoSuchVersion", "NoSuchKey"}:
                where = self._where("DeleteObjects", bucket, key)
                failures[key, version_id] = of_code(code, message, where)
        return failures

    def put_tags(
        self, bucket: str, key: str, tags: Mapping[str, str], *, version_id: str | None = None
    ) -> None:
        tag_set: list[Any] = [{"Key": name, "Value": value} for name, value in tags.items()]
        with self._call("PutObjectTagging", bucket, key):
            self._client.put_object_tagging(
                Bucket=bucket, Key=key, Tagging={"TagSet": tag_set}, **_version(version_id), **self._payer
            )

    # -- multipart ------------------------------------------------------------------------------

    def create_upload(self, bucket: str, key: str, properties: Properties) -> str:
        with self._call("CreateMultipartUpload", bucket, key), self._raw_expires(properties):
            answer = self._client.create_multipart_upload(
                Bucket=bucket, Key=key, **_properties(properties), **self._payer
            )
            if not answer.get("UploadId"):
                raise self._not_s3("CreateMultipartUpload", bucket, key)
            return str(answer["UploadId"])

    def upload_part(
        self, bucket: str, key: str, upload_id: str, number: int, body: Body, *, md5: bytes
    ) -> UploadedPart:
        with self._call("UploadPart", bucket, key):
            answer = self._client.upload_part(
                Bucket=bucket,
                Key=key,
                UploadId=upload_id,
                PartNumber=number,
                Body=body,
                ContentMD5=s3_wire.base64_text(md5),
                **self._payer,
            )
            if not answer.get("ETag"):
                raise self._not_s3("UploadPart", bucket, key)
            return UploadedPart(number, bare_etag(answer["ETag"]), len(body))

    def complete_upload(
        self,
        bucket: str,
        key: str,
        upload_id: str,
        parts: Sequence[UploadedPart],
        *,
        condition: Condition = ALWAYS,
    ) -> Written:
        listed: list[Any] = [{"PartNumber": part.number, "ETag": f'"{part.etag}"'} for part in parts]
        with self._call("CompleteMultipartUpload", bucket, key):
            answer = self._client.complete_multipart_upload(
                Bucket=bucket,
                Key=key,
                UploadId=upload_id,
                MultipartUpload={"Parts": listed},
                **_condition(condition),
                **self._payer,
            )
            return Written(bare_etag(answer.get("ETag", "")), answer.get("VersionId"))

    def abort_upload(self, bucket: str, key: str, upload_id: str) -> None:
        with self._call("AbortMultipartUpload", bucket, key):
            self._client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload_id, **self._payer)

    def list_parts(self, bucket: str, key: str, upload_id: str) -> list[UploadedPart]:
        found: list[UploadedPart] = []
        marker = 0
        while True:
            with self._call("ListParts", bucket, key):
                answer = self._client.list_parts(
                    Bucket=bucket, Key=key, UploadId=upload_id, PartNumberMarker=marker, **self._payer
                )
            found.extend(
                UploadedPart(part["PartNumber"], bare_etag(part["ETag"]), part["Size"])
                for part in answer.get("Parts", [])
            )
            following = int(answer.get("NextPartNumberMarker") or 0)
            if not answer.get("IsTruncated") or following <= marker:
                return found
            marker = following

    def list_uploads(self, bucket: str, prefix: str) -> list[OpenUpload]:
        found: list[OpenUpload] = []
        params: dict[str, Any] = {}
        while True:
            with self._call("ListMultipartUploads", bucket):
                answer = self._client.list_multipart_uploads(
                    Bucket=bucket, Prefix=prefix, EncodingType="url", **params, **self._payer
                )
            for upload in answer.get("Uploads", []):
                key = s3_wire.decoded_key(answer, upload["Key"])
                found.append(OpenUpload(key, upload["UploadId"], _utc(upload.get("Initiated", _UNKNOWN))))
            following = {
                "KeyMarker": answer.get("NextKeyMarker", ""),
                "UploadIdMarker": answer.get("NextUploadIdMarker", ""),
            }
            if not answer.get("IsTruncated") or following == params:
                return found
            params = following

    # -- helpers --------------------------------------------------------------------------------

    def _where(self, operation: str, bucket: str = "", key: str | None = None) -> Where:
        return Where(operation, self._end, self._host, bucket, key)

    def _call(self, operation: str, bucket: str = "", key: str | None = None) -> Any:
        return translated(self._where(operation, bucket, key))

    def _raw_expires(self, properties: Properties) -> s3_wire.RawExpires:
        return s3_wire.RawExpires(self._expires, properties.expires)

    def _not_s3(self, operation: str, bucket: str = "", key: str | None = None) -> NotS3:
        return NotS3(
            f"{self._host} answered, but not as an S3 service.",
            code="NotS3",
            advice="Check the endpoint URL (the console's address is not it), and proxies in between.",
            **self._where(operation, bucket, key).fields(),
        )

    def _wrong_length(self, got: int, wanted: int, bucket: str, key: str) -> DigestMismatch:
        return DigestMismatch(
            f"{self._end} announced {got} bytes where {wanted} were expected.",
            code="WrongLength",
            **self._where("GetObject", bucket, key).fields(),
        )

    def _head_of(self, answer: Any, size: int, operation: str, bucket: str, key: str) -> ObjectHead:
        if not answer.get("ETag") or "LastModified" not in answer:
            raise self._not_s3(operation, bucket, key)
        return ObjectHead(
            size_bytes=size,
            etag=bare_etag(answer["ETag"]),
            last_modified=_utc(answer["LastModified"]),
            version_id=answer.get("VersionId"),
            properties=Properties(
                content_type=answer.get("ContentType", ""),
                cache_control=answer.get("CacheControl", ""),
                content_disposition=answer.get("ContentDisposition", ""),
                content_encoding=answer.get("ContentEncoding", ""),
                content_language=answer.get("ContentLanguage", ""),
                expires=answer.get("ExpiresString", ""),
                metadata={name.lower(): value for name, value in answer.get("Metadata", {}).items()},
            ),
            tag_count=s3_wire.tag_count(answer),
            missing_meta=answer.get("MissingMeta", 0),
            storage_class=answer.get("StorageClass", "STANDARD"),
            lock_mode=answer.get("ObjectLockMode", ""),
            locked_until=answer.get("ObjectLockRetainUntilDate"),
            legal_hold=answer.get("ObjectLockLegalHoldStatus") == "ON",
        )


#: An upload that does not say when it was opened is older than anything of ours.
_UNKNOWN = datetime(1970, 1, 1, tzinfo=UTC)


def _fill(into: bytearray, body: Any, on_bytes: OnBytes | None) -> None:
    """Read exactly `len(into)` bytes. One `readinto` may be short without an error, so loop to the end."""
    done = 0
    with memoryview(into) as view:
        while done < len(view):
            got = body.readinto(view[done : done + CHUNK_BYTES])
            if not got:
                raise DigestMismatch(f"the body ended after {done} of {len(view)} bytes", code="ShortBody")
            done += got
            if on_bytes:
                on_bytes(got)


def _properties(properties: Properties) -> dict[str, Any]:
    """The SDK's parameters for what travels with the bytes; absent ones are not sent. See `RawExpires`."""
    given = {
        "ContentType": properties.content_type,
        "CacheControl": properties.cache_control,
        "ContentDisposition": properties.content_disposition,
        "ContentEncoding": properties.content_encoding,
        "ContentLanguage": properties.content_language,
        "Metadata": dict(properties.metadata),
        # %20, not "+": Ceph keeps a literal plus.
        "Tagging": urlencode(properties.tags, quote_via=quote, safe=""),
    }
    return {name: value for name, value in given.items() if value}


def _condition(condition: Condition) -> dict[str, str]:
    if condition.absent:
        return {"IfNoneMatch": "*"}
    return {"IfMatch": f'"{condition.etag}"'} if condition.etag else {}


def _if_source(etag: str) -> dict[str, Any]:
    return {"CopySourceIfMatch": f'"{etag}"'} if etag else {}


def _version(version_id: str | None) -> dict[str, Any]:
    return {} if version_id is None else {"VersionId": version_id}


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
