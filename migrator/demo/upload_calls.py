"""Operations on multipart uploads."""

from __future__ import annotations

import re
from dataclasses import replace

from migrator.demo import object_calls
from migrator.demo.bucket_calls import encoding_of, number_param, refuse_delimiter
from migrator.demo.object_calls import (
    condition_of,
    crc32_of,
    md5_of,
    properties_of,
    version_headers,
)
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
from migrator.model.objects import bare_etag
from migrator.model.parts import MAX_PARTS
from migrator.store.memory_cloud import MemoryCloud
from migrator.store.memory_rules import refused
from migrator.store.memory_uploads import Chosen

MAX_PAGE = 1000
_COPY_RANGE = re.compile(r"bytes=(\d+)-(\d+)")


def create(cloud: MemoryCloud, head: Head) -> Answer:
    algorithm = head.header("x-amz-checksum-algorithm").upper()
    if algorithm not in {"", "CRC32"}:
        raise refused("InvalidRequest", "Checksum algorithm provided is unsupported.")
    upload_id = cloud.create_upload(head.bucket, head.key, properties_of(head), has_crc32=bool(algorithm))
    return xml_answer(
        "InitiateMultipartUploadResult",
        [element("Bucket", head.bucket), element("Key", head.key), element("UploadId", upload_id)],
    )


def upload_part(cloud: MemoryCloud, head: Head, body: bytes) -> Answer:
    part = cloud.upload_part(
        head.bucket,
        head.key,
        head.param("uploadId"),
        _part_number(head),
        body,
        md5=md5_of(head),
        crc32=crc32_of(head),
    )
    told = {"x-amz-checksum-crc32": part.crc32} if part.crc32 else {}
    return Answer(200, {"ETag": quoted(part.etag), **told})


def _part_number(head: Head) -> int:
    number = head.param("partNumber")
    if not (number.isascii() and number.isdigit()):
        raise refused("InvalidArgument", f"Part number must be an integer between 1 and {MAX_PARTS}.")
    return int(number)


def copy_part(cloud: MemoryCloud, head: Head) -> Answer:
    """A range of an object as a part; within one bucket, which is all that is needed here."""
    bucket, key, version_id = object_calls.copy_source(head)
    match = _COPY_RANGE.fullmatch(head.header("x-amz-copy-source-range"))
    if match is None or bucket != head.bucket:
        raise refused("NotImplemented", "Only ranges of objects in the same bucket.", 501)
    first, last = int(match[1]), int(match[2])
    part = cloud.copy_part(
        head.bucket,
        key,
        head.key,
        head.param("uploadId"),
        _part_number(head),
        first,
        last - first + 1,
        if_match=bare_etag(head.header("x-amz-copy-source-if-match")),
        version_id=version_id,
    )
    modified = element("LastModified", listing_time(cloud.time()))
    return xml_answer("CopyPartResult", [modified, element("ETag", quoted(part.etag))])


def complete(cloud: MemoryCloud, head: Head, body: bytes) -> Answer:
    tree = parsed(body, "CompleteMultipartUpload")
    try:
        named = [
            Chosen(
                int(child_text(part, "PartNumber")),
                bare_etag(child_text(part, "ETag")),
                part.findtext("ChecksumCRC32", ""),
            )
            for part in tree.findall("Part")
        ]
    except ValueError:
        raise malformed() from None
    written = cloud.complete_upload(
        head.bucket, head.key, head.param("uploadId"), named, condition=condition_of(head)
    )
    answer = xml_answer(
        "CompleteMultipartUploadResult",
        [
            element("Location", f"/{head.bucket}"),
            element("Bucket", head.bucket),
            element("Key", head.key),
            element("ETag", quoted(written.etag)),
        ],
    )
    return replace(answer, headers={**answer.headers, **version_headers(written.version_id)})


def abort(cloud: MemoryCloud, head: Head) -> Answer:
    cloud.abort_upload(head.bucket, head.key, head.param("uploadId"))
    return Answer(204)


def list_parts(cloud: MemoryCloud, head: Head) -> Answer:
    encoding = encoding_of(head)
    most = min(number_param(head, "max-parts", MAX_PAGE), cloud.quirks.page_size)
    after = number_param(head, "part-number-marker", MAX_PARTS) if head.param("part-number-marker") else 0
    parts = cloud.list_parts(head.bucket, head.key, head.param("uploadId"))
    rest = [part for part in parts if part.number > after]
    page = rest[:most]
    lines = [
        element("Bucket", head.bucket),
        key_element("Key", head.key, encoding),
        element("UploadId", head.param("uploadId")),
        element("PartNumberMarker", after),
        element("NextPartNumberMarker", page[-1].number if page else 0),
        element("MaxParts", most),
        element("IsTruncated", bool(page) and len(rest) > len(page)),
    ]
    lines += (
        group(
            "Part",
            [
                element("PartNumber", part.number),
                element("ETag", quoted(part.etag)),
                element("Size", part.size_bytes),
                element("ChecksumCRC32", part.crc32) if part.crc32 else "",
            ],
        )
        for part in page
    )
    return xml_answer("ListPartsResult", lines)


def list_uploads(cloud: MemoryCloud, head: Head) -> Answer:
    refuse_delimiter(head)
    encoding = encoding_of(head)
    most = min(number_param(head, "max-uploads", MAX_PAGE), cloud.quirks.page_size)
    prefix, marker, id_marker = (head.param(n) for n in ("prefix", "key-marker", "upload-id-marker"))
    uploads = cloud.list_uploads(head.bucket, prefix)
    ids = [upload.upload_id for upload in uploads if upload.key == marker]
    seen = set(ids[: ids.index(id_marker) + 1]) if id_marker in ids else set(ids)
    rest = [upload for upload in uploads if upload.key >= marker and upload.upload_id not in seen]
    page = rest[:most]
    is_truncated = bool(page) and len(rest) > len(page)
    lines = [
        element("Bucket", head.bucket),
        key_element("Prefix", prefix, encoding),
        key_element("KeyMarker", marker, encoding),
        element("UploadIdMarker", id_marker),
        element("MaxUploads", most),
        element("EncodingType", encoding) if encoding else "",
        element("IsTruncated", is_truncated),
    ]
    if is_truncated:
        lines.append(key_element("NextKeyMarker", page[-1].key, encoding))
        lines.append(element("NextUploadIdMarker", page[-1].upload_id))
    lines += (
        group(
            "Upload",
            [
                key_element("Key", upload.key, encoding),
                element("UploadId", upload.upload_id),
                element("Initiated", listing_time(upload.initiated)),
            ],
        )
        for upload in page
    )
    return xml_answer("ListMultipartUploadsResult", lines)
