"""Multipart uploads over the data plane: opened, filled, completed, aborted, and listed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from migrator.model.objects import OpenUpload, Properties, UploadedPart, Written, bare_etag
from migrator.store import s3_wire
from migrator.store.base import ALWAYS, Body, Condition
from migrator.store.fast import answered
from migrator.store.fast.heads import condition_of, headers_of, is_plain
from migrator.store.fast.http1 import Head, Wire
from migrator.store.fast.lane import Elsewhere
from migrator.store.fast.questions import Questions


class Uploads(Questions):
    """Objects in parts. `FastStore` adds whole ones."""

    def create_upload(self, bucket: str, key: str, properties: Properties, *, has_crc32: bool = False) -> str:
        headers = headers_of(properties)
        try:
            if headers is None:
                raise Elsewhere
            if has_crc32:
                headers["x-amz-checksum-algorithm"] = "CRC32"
            _, answer = self._told("CreateMultipartUpload", "POST", bucket, key, {"uploads": ""}, headers)
        except Elsewhere:
            return self.reference.create_upload(bucket, key, properties, has_crc32=has_crc32)
        upload_id = answer.text("UploadId")
        if not upload_id:
            raise self._not_s3("CreateMultipartUpload", bucket, key)
        return upload_id

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
        def uploaded(_: Wire, head: Head) -> UploadedPart:
            etag = bare_etag(head.headers.get("etag", ""))
            if not etag:
                raise self._not_s3("UploadPart", bucket, key)
            return UploadedPart(number, etag, len(body), crc32)

        query = {"partNumber": str(number), "uploadId": upload_id}
        headers = {"x-amz-checksum-crc32": crc32} if crc32 else {"content-md5": s3_wire.base64_text(md5)}
        try:
            return self._lane.send("UploadPart", "PUT", bucket, key, uploaded, headers, query, body)
        except Elsewhere:
            return self.reference.upload_part(bucket, key, upload_id, number, body, md5=md5, crc32=crc32)

    def complete_upload(
        self,
        bucket: str,
        key: str,
        upload_id: str,
        parts: Sequence[UploadedPart],
        *,
        condition: Condition = ALWAYS,
    ) -> Written:
        operation, query = "CompleteMultipartUpload", {"uploadId": upload_id}
        try:
            if condition.etag and not is_plain(condition.etag):
                raise Elsewhere
            headers = condition_of(condition)
            head, answer = self._told(operation, "POST", bucket, key, query, headers, _list_of(parts))
        except Elsewhere:
            return self.reference.complete_upload(bucket, key, upload_id, parts, condition=condition)
        return Written(bare_etag(answer.text("ETag")), head.headers.get("x-amz-version-id"))

    def abort_upload(self, bucket: str, key: str, upload_id: str) -> None:
        try:
            self._told("AbortMultipartUpload", "DELETE", bucket, key, {"uploadId": upload_id})
        except Elsewhere:
            self.reference.abort_upload(bucket, key, upload_id)

    def list_parts(self, bucket: str, key: str, upload_id: str) -> list[UploadedPart]:
        found: list[UploadedPart] = []
        marker = 0
        while True:
            query = {"uploadId": upload_id, "part-number-marker": str(marker)}
            try:
                answer = self._ask("ListParts", bucket, key, query)
            except Elsewhere:
                return self.reference.list_parts(bucket, key, upload_id)
            page, following = self._read(answered.parts_in, answer, "ListParts", bucket, key)
            found += page
            if following <= marker:
                return found
            marker = following

    def list_uploads(self, bucket: str, prefix: str) -> list[OpenUpload]:
        found: list[OpenUpload] = []
        markers: dict[str, str] = {}
        read = partial(answered.uploads_in, prefix=prefix)
        while True:
            query = {"uploads": "", "prefix": prefix, "encoding-type": "url", **markers}
            try:
                answer = self._ask("ListMultipartUploads", bucket, None, query)
            except Elsewhere:
                return self.reference.list_uploads(bucket, prefix)
            page, following = self._read(read, answer, "ListMultipartUploads", bucket, None)
            found += page
            if following in ({}, markers):
                return found
            markers = following


def _list_of(parts: Sequence[UploadedPart]) -> bytes:
    lines = "".join(
        f"<Part><PartNumber>{part.number}</PartNumber><ETag>&quot;{_escaped(part.etag)}&quot;</ETag>"
        + (f"<ChecksumCRC32>{part.crc32}</ChecksumCRC32>" if part.crc32 else "")
        + "</Part>"
        for part in parts
    )
    xmlns = "http://s3.amazonaws.com/doc/2006-03-01/"
    return f'<CompleteMultipartUpload xmlns="{xmlns}">{lines}</CompleteMultipartUpload>'.encode()


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
