"""The reference store: every operation of the contract on boto3.

With `s3_buckets`, `s3_client`, `s3_errors` and `s3_wire` the only place that knows the SDK.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from migrator.errors import (
    StoreError,
)
from migrator.model.objects import (
    ObjectHead,
    Properties,
    UploadedPart,
    Written,
    bare_etag,
)
from migrator.store import s3_wire
from migrator.store.answers import of_code, wrong_length, wrong_range
from migrator.store.base import ALWAYS, PLAIN, Body, Condition, OnBytes
from migrator.store.connection import Connection
from migrator.store.s3_buckets import utc
from migrator.store.s3_locks import S3Locks

__all__ = ["Connection", "S3Store"]

#: Large enough to be cheap, small enough that stopping and progress feel immediate.
CHUNK_BYTES = 1024 * 1024


class S3Store(S3Locks):
    """An S3 service behind the `ObjectStore` contract."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._expires = threading.local()
        s3_wire.install(self._client, self._expires)

    # -- objects --------------------------------------------------------------------------------

    def head(self, bucket: str, key: str, *, version_id: str | None = None) -> ObjectHead:
        with self._call("HeadObject", bucket, key):
            answer = self._client.head_object(
                Bucket=bucket, Key=key, **s3_wire.version(version_id), **self._payer
            )
            return self._head_of(answer, answer["ContentLength"], "HeadObject", bucket, key)

    def tags(self, bucket: str, key: str, *, version_id: str | None = None) -> dict[str, str]:
        with self._call("GetObjectTagging", bucket, key):
            answer = self._client.get_object_tagging(
                Bucket=bucket, Key=key, **s3_wire.version(version_id), **self._payer
            )
            if "TagSet" not in answer and not _is_empty(answer):
                raise self._not_s3("GetObjectTagging", bucket, key)
            # Ceph answers nothing at all about an object that was made of parts and never given tags.
            return {tag["Key"]: tag["Value"] for tag in answer.get("TagSet", [])}

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
        params: dict[str, Any] = {"Bucket": bucket, "Key": key, **s3_wire.version(version_id), **self._payer}
        if offset is not None:
            params["Range"] = f"bytes={offset}-{offset + len(into) - 1}"
        if if_match:
            params["IfMatch"] = f'"{if_match}"'
        with self._call("GetObject", bucket, key):
            answer = self._client.get_object(**params)
            with answer["Body"] as body:
                where = self._where("GetObject", bucket, key)
                # An answer in chunks does not say how long it is: then it is what was asked for, or wrong.
                length = answer.get("ContentLength", len(into))
                size = length
                if length != len(into):
                    raise wrong_length(length, len(into), where)
                content_range = answer.get("ContentRange", "")
                status = answer["ResponseMetadata"]["HTTPStatusCode"]
                if not s3_wire.is_answer_to(status, content_range, offset, len(into)):
                    raise wrong_range(where)
                if offset is not None:
                    size = s3_wire.total_size(content_range, size)
                got = _fill(into, body, on_bytes)
                if got != len(into):
                    raise wrong_length(got, len(into), where)
                if "ContentLength" not in answer and body.read(1):
                    raise wrong_length(len(into) + 1, len(into), where)
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
            answer = self._client.copy_object(
                Bucket=bucket,
                Key=to_key,
                CopySource={"Bucket": bucket, "Key": key, **s3_wire.version(version_id)},
                **_if_source(if_match),
                **_instructions(keeping),
                **_redirect(keeping),
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
        version_id: str | None = None,
    ) -> UploadedPart:
        with self._call("UploadPartCopy", bucket, to_key):
            answer = self._client.upload_part_copy(
                Bucket=bucket,
                Key=to_key,
                UploadId=upload_id,
                PartNumber=number,
                CopySource={"Bucket": bucket, "Key": key, **s3_wire.version(version_id)},
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
                Bucket=bucket, Key=key, **s3_wire.version(version_id), **condition, **self._payer
            )

    def lay_marker(self, bucket: str, key: str) -> str:
        with self._call("DeleteObject", bucket, key):
            answer = self._client.delete_object(Bucket=bucket, Key=key, **self._payer)
            if not answer.get("DeleteMarker") or not answer.get("VersionId"):
                raise self._not_s3("DeleteObject", bucket, key)
            return str(answer["VersionId"])

    def delete_versions(
        self, bucket: str, versions: Sequence[tuple[str, str]]
    ) -> dict[tuple[str, str], StoreError]:
        wanted: list[Any] = [{"Key": key, "VersionId": version_id} for key, version_id in versions]
        with self._call("DeleteObjects", bucket):
            answer = self._client.delete_objects(
                Bucket=bucket, Delete={"Objects": wanted, "Quiet": True}, **self._payer
            )
        # An answer that names no failures is a success only where it is the right kind of answer.
        if s3_wire.root_of(answer) != "DeleteResult":
            raise self._not_s3("DeleteObjects", bucket)
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
                Bucket=bucket,
                Key=key,
                Tagging={"TagSet": tag_set},
                **s3_wire.version(version_id),
                **self._payer,
            )

    # -- multipart ------------------------------------------------------------------------------

    def create_upload(self, bucket: str, key: str, properties: Properties, *, has_crc32: bool = False) -> str:
        checksum: Any = {"ChecksumAlgorithm": "CRC32"} if has_crc32 else {}
        with self._call("CreateMultipartUpload", bucket, key), self._raw_expires(properties):
            answer = self._client.create_multipart_upload(
                Bucket=bucket, Key=key, **_properties(properties), **checksum, **self._payer
            )
            if not answer.get("UploadId"):
                raise self._not_s3("CreateMultipartUpload", bucket, key)
            return str(answer["UploadId"])

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
        digest: Any = {"ChecksumCRC32": crc32} if crc32 else {"ContentMD5": s3_wire.base64_text(md5)}
        with self._call("UploadPart", bucket, key):
            answer = self._client.upload_part(
                Bucket=bucket,
                Key=key,
                UploadId=upload_id,
                PartNumber=number,
                Body=body,
                **digest,
                **self._payer,
            )
            if not answer.get("ETag"):
                raise self._not_s3("UploadPart", bucket, key)
            return UploadedPart(number, bare_etag(answer["ETag"]), len(body), crc32)

    def complete_upload(
        self,
        bucket: str,
        key: str,
        upload_id: str,
        parts: Sequence[UploadedPart],
        *,
        condition: Condition = ALWAYS,
    ) -> Written:
        listed: list[Any] = [
            {
                "PartNumber": part.number,
                "ETag": f'"{part.etag}"',
                **({"ChecksumCRC32": part.crc32} if part.crc32 else {}),
            }
            for part in parts
        ]
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

    # -- helpers --------------------------------------------------------------------------------

    def _raw_expires(self, properties: Properties) -> s3_wire.RawExpires:
        return s3_wire.RawExpires(self._expires, properties.expires)

    def _head_of(self, answer: Any, size: int, operation: str, bucket: str, key: str) -> ObjectHead:
        if not answer.get("ETag") or "LastModified" not in answer:
            raise self._not_s3(operation, bucket, key)
        return ObjectHead(
            size_bytes=size,
            etag=bare_etag(answer["ETag"]),
            last_modified=utc(answer["LastModified"]),
            version_id=answer.get("VersionId"),
            properties=Properties(
                content_type=answer.get("ContentType", ""),
                cache_control=answer.get("CacheControl", ""),
                content_disposition=answer.get("ContentDisposition", ""),
                content_encoding=answer.get("ContentEncoding", ""),
                content_language=answer.get("ContentLanguage", ""),
                expires=answer.get("ExpiresString", ""),
                website_redirect=answer.get("WebsiteRedirectLocation", ""),
                metadata={name.lower(): value for name, value in answer.get("Metadata", {}).items()},
            ),
            tag_count=s3_wire.tag_count(answer),
            missing_meta=answer.get("MissingMeta", 0),
            storage_class=answer.get("StorageClass", "STANDARD"),
            encryption=s3_wire.encryption_of(answer),
            lock=s3_wire.lock_of(answer),
        )


def _fill(into: bytearray, body: Any, on_bytes: OnBytes | None) -> int:
    """Read `len(into)` bytes; how many came. A `readinto` may be short without an error: loop to the end."""
    done = 0
    with memoryview(into) as view:
        allowed = on_bytes(0) if on_bytes else None
        while done < len(view):
            got = body.readinto(view[done : done + min(CHUNK_BYTES, allowed or CHUNK_BYTES)])
            if not got:
                break
            done += got
            allowed = on_bytes(got) if on_bytes else None
    return done


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
    return {
        **{name: value for name, value in given.items() if value},
        **_redirect(properties),
        **_instructions(properties),
    }


def _redirect(properties: Properties) -> dict[str, str]:
    where = properties.website_redirect
    return {"WebsiteRedirectLocation": where} if where else {}


def _instructions(properties: Properties) -> dict[str, Any]:
    """How an object is to be kept."""
    kind, _, key_id = properties.encryption.partition(":arn:")
    lock = properties.lock
    given = {
        "StorageClass": properties.storage_class,
        "ServerSideEncryption": kind,
        "SSEKMSKeyId": f"arn:{key_id}" if key_id else "",
        "ObjectLockMode": lock.mode if lock.until else "",
        "ObjectLockRetainUntilDate": lock.until,
        "ObjectLockLegalHoldStatus": "ON" if lock.hold else "",
    }
    return {name: value for name, value in given.items() if value}


def _condition(condition: Condition) -> dict[str, str]:
    if condition.absent:
        return {"IfNoneMatch": "*"}
    return {"IfMatch": f'"{condition.etag}"'} if condition.etag else {}


def _if_source(etag: str) -> dict[str, Any]:
    return {"CopySourceIfMatch": f'"{etag}"'} if etag else {}


def _is_empty(answer: dict[str, Any]) -> bool:
    """Whether an answer had no body."""
    return bool(answer["ResponseMetadata"]["HTTPHeaders"].get("content-length") == "0")
