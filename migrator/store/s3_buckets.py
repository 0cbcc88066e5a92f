"""What the S3 store asks about a service and its buckets: settings, and every kind of listing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from migrator.errors import NotS3, NotSupported, StoreError
from migrator.model.objects import (
    KeptVersion,
    ObjectVersion,
    OpenUpload,
    Page,
    UploadedPart,
    VersionPage,
    bare_etag,
    xml_can_hold,
)
from migrator.store import s3_wire
from migrator.store.answers import Where, believable, endless, not_s3
from migrator.store.base import BucketLock, Versioning
from migrator.store.connection import Connection
from migrator.store.s3_client import make_client
from migrator.store.s3_errors import CONNECT, translated

#: An upload that does not say when it was opened is older than anything of ours.
_UNKNOWN = datetime(1970, 1, 1, tzinfo=UTC)


class S3Buckets:
    """A client of one service. `S3Store` adds the objects."""

    def __init__(self, connection: Connection) -> None:
        self._end = connection.end
        self._payer: dict[str, Any] = {"RequestPayer": "requester"} if connection.requester_pays else {}
        with translated(Where(CONNECT, connection.end, connection.endpoint_url or "AWS")):
            self._client = make_client(connection)
        self._host = urlsplit(self._client.meta.endpoint_url).netloc

    @property
    def end(self) -> str:
        return self._end

    @property
    def region(self) -> str:
        """The region that requests are signed for."""
        return str(self._client.meta.region_name)

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
            answer = self._client.get_bucket_versioning(Bucket=bucket)
        return s3_wire.versioning_of(str(answer.get("Status")))

    def lock_of(self, bucket: str) -> BucketLock:
        try:
            with self._call("GetObjectLockConfiguration", bucket):
                answer = self._client.get_object_lock_configuration(Bucket=bucket)
        except StoreError as cause:
            return s3_wire.bucket_lock_of_refusal(cause)
        found = answer.get("ObjectLockConfiguration", {})
        has_default = bool(found.get("Rule", {}).get("DefaultRetention"))
        return s3_wire.bucket_lock_of(str(found.get("ObjectLockEnabled")), has_default=has_default)

    def create_bucket(self, bucket: str, region: str) -> None:
        where: dict[str, Any] = {}
        if region not in ("", "us-east-1"):
            where["CreateBucketConfiguration"] = {"LocationConstraint": region}
        with self._call("CreateBucket", bucket):
            self._client.create_bucket(Bucket=bucket, **where)

    def enable_versioning(self, bucket: str) -> None:
        with self._call("PutBucketVersioning", bucket):
            self._client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})

    def delete_bucket(self, bucket: str) -> None:
        with self._call("DeleteBucket", bucket):
            self._client.delete_bucket(Bucket=bucket)

    # -- listings -------------------------------------------------------------------------------

    def list_page(self, bucket: str, prefix: str, *, start_after: str = "", token: str | None = None) -> Page:
        params: dict[str, Any] = {"Bucket": bucket, "Prefix": prefix, **self._payer}
        if token is not None:
            params["ContinuationToken"] = token
        elif start_after:
            params["StartAfter"] = start_after
        with self._call("ListObjectsV2", bucket):
            answer = self._client.list_objects_v2(**params)
            objects = tuple(
                ObjectVersion(
                    key=entry["Key"],
                    size_bytes=entry["Size"],
                    etag=bare_etag(entry.get("ETag", "")),
                    last_modified=utc(entry["LastModified"]),
                    storage_class=entry.get("StorageClass", "STANDARD"),
                )
                for entry in answer.get("Contents", [])
            )
        # A captive portal's web page parses as an empty answer: a listing names its bucket and prefix.
        is_ours = answer.get("Name") == bucket and s3_wire.is_echo(answer.get("Prefix", ""), prefix)
        if not is_ours or not believable(objects):
            raise self._not_s3("ListObjectsV2", bucket)
        next_token = answer.get("NextContinuationToken")
        if answer.get("IsTruncated") and not next_token:
            raise endless(self._where("ListObjectsV2", bucket))
        return Page(objects, next_token if answer.get("IsTruncated") else None)

    def list_versions_page(
        self,
        bucket: str,
        prefix: str,
        *,
        key_marker: str = "",
        version_marker: str = "",
        limit: int = 1000,
    ) -> VersionPage:
        markers = {"KeyMarker": key_marker, "VersionIdMarker": version_marker}
        params = {name: value for name, value in markers.items() if value}
        with self._call("ListObjectVersions", bucket):
            answer = self._client.list_object_versions(
                Bucket=bucket, Prefix=prefix, MaxKeys=limit, EncodingType="url", **params, **self._payer
            )
            page = s3_wire.listed_versions(answer)
        named = answer.get("Prefix", "")
        # Ceph repeats the prefix as it is in an answer that is otherwise encoded.
        if answer.get("Name") != bucket or prefix not in {named, s3_wire.decoded_key(answer, named)}:
            raise self._not_s3("ListObjectVersions", bucket)
        if page is None or not believable(page):
            raise self._not_s3("ListObjectVersions", bucket)
        if not answer.get("IsTruncated"):
            return VersionPage(page, None)
        following = (
            s3_wire.decoded_key(answer, answer.get("NextKeyMarker", "")),
            str(answer.get("NextVersionIdMarker", "")),
        )
        if not following[0]:
            raise NotS3(
                f"{self._end} says that the listing of versions of {bucket} goes on, but not where.",
                code="TruncatedWithoutMarker",
                **self._where("ListObjectVersions", bucket).fields(),
            )
        if page:
            # The last line says where the page ends. Swift does not encode the marker as it encodes keys.
            following = page[-1].key, page[-1].version_id
        while len(page) > 1 and page[-1].is_marker and page[-1].version_id == "null":
            # After a null marker Ceph (16.2) goes on with the next key: what lies below would be lost.
            page = page[:-1]
            following = page[-1].key, page[-1].version_id
        return VersionPage(page, following)

    def versions(self, bucket: str, key: str) -> list[KeptVersion]:
        found: list[KeptVersion] = []
        params: dict[str, Any] = {}
        while True:
            with self._call("ListObjectVersions", bucket, key):
                answer = self._client.list_object_versions(
                    Bucket=bucket, Prefix=key, EncodingType="url", **params, **self._payer
                )
                page = s3_wire.versions_of(answer, key)
            if answer.get("Name") != bucket:
                raise self._not_s3("ListObjectVersions", bucket, key)
            if answer.get("EncodingType") != "url" and not xml_can_hold(key):
                raise NotSupported(
                    f"{self._end} cannot name this key in a listing of versions.",
                    code="KeyNotXML",
                    **self._where("ListObjectVersions", bucket, key).fields(),
                )
            found.extend(page)
            following = {
                "KeyMarker": s3_wire.decoded_key(answer, answer.get("NextKeyMarker", "")),
                "VersionIdMarker": answer.get("NextVersionIdMarker", ""),
            }
            # Keys that only begin with this one come after it.
            if not answer.get("IsTruncated") or following == params or following["KeyMarker"] != key:
                return sorted(found, key=lambda each: not each.is_latest)
            params = following

    def list_parts(self, bucket: str, key: str, upload_id: str) -> list[UploadedPart]:
        found: list[UploadedPart] = []
        marker = 0
        while True:
            with self._call("ListParts", bucket, key):
                answer = self._client.list_parts(
                    Bucket=bucket, Key=key, UploadId=upload_id, PartNumberMarker=marker, **self._payer
                )
            found.extend(
                UploadedPart(
                    part["PartNumber"], bare_etag(part["ETag"]), part["Size"], part.get("ChecksumCRC32", "")
                )
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
                key = s3_wire.upload_key(answer, upload["Key"], prefix)
                found.append(OpenUpload(key, upload["UploadId"], utc(upload.get("Initiated", _UNKNOWN))))
            following = {
                "KeyMarker": s3_wire.upload_key(answer, answer.get("NextKeyMarker", ""), prefix),
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

    def _not_s3(self, operation: str, bucket: str = "", key: str | None = None) -> NotS3:
        return not_s3(self._where(operation, bucket, key))


def utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
