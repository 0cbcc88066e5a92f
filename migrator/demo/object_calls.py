"""Operations on single objects."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from migrator.demo.wire import Answer, Head, decoded, http_date, parse_http_date
from migrator.demo.xmlout import (
    child_text,
    element,
    group,
    listing_time,
    malformed,
    parsed,
    quoted,
    xml_answer,
)
from migrator.model.objects import Lock, ObjectHead, Properties, bare_etag
from migrator.store.base import ALWAYS, IF_ABSENT, Condition
from migrator.store.memory_cloud import MemoryCloud
from migrator.store.memory_rules import checked_crc32, checked_md5, failed_condition, not_implemented, refused

META = "x-amz-meta-"
#: Property -> header.
SYSTEM = {
    "content_type": "content-type",
    "cache_control": "cache-control",
    "content_disposition": "content-disposition",
    "content_encoding": "content-encoding",
    "content_language": "content-language",
    "expires": "expires",
    "website_redirect": "x-amz-website-redirect-location",
}
_SSE = "x-amz-server-side-encryption"
_SSE_KEY = "x-amz-server-side-encryption-aws-kms-key-id"
_LOCK_MODE = "x-amz-object-lock-mode"
_LOCK_UNTIL = "x-amz-object-lock-retain-until-date"
_HOLD = "x-amz-object-lock-legal-hold"
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


# What requests say


def properties_of(head: Head) -> Properties:
    """Headers, metadata and tags of a write."""
    metadata = {
        name.removeprefix(META): value for name, value in head.headers.items() if name.startswith(META)
    }
    system = {name: head.header(header) for name, header in SYSTEM.items()}
    storage_class = head.header("x-amz-storage-class")
    return Properties(
        **system,
        metadata=metadata,
        tags=tags_of(head.header("x-amz-tagging")),
        storage_class="" if storage_class == "STANDARD" else storage_class,
        encryption=":".join(filter(None, (head.header(_SSE), head.header(_SSE_KEY)))),
        lock=_lock_of(head),
    )


def _lock_of(head: Head) -> Lock:
    until = head.header(_LOCK_UNTIL)
    try:
        moment = datetime.fromisoformat(until).astimezone(UTC) if until else None
    except ValueError:
        raise refused("InvalidArgument", "The retain until date is not a date.") from None
    return Lock(head.header(_LOCK_MODE), moment, head.header(_HOLD) == "ON")


def tags_of(header: str) -> dict[str, str]:
    """Tags as a query string."""
    pairs = parse_qsl(header, keep_blank_values=True)
    tags = dict(pairs)
    if len(tags) < len(pairs):
        raise refused("InvalidTag", "Cannot provide multiple Tags with the same key")
    return tags


def condition_of(head: Head) -> Condition:
    if_none, if_match = head.header("if-none-match"), head.header("if-match")
    if if_none and (if_match or if_none != "*"):
        raise not_implemented()
    if if_none:
        return IF_ABSENT
    return Condition(etag=bare_etag(if_match)) if if_match else ALWAYS


def md5_of(head: Head) -> bytes | None:
    return _digest(head, "content-md5", 16)


def _digest(head: Head, name: str, length: int) -> bytes | None:
    value = head.header(name)
    if not value:
        return None
    try:
        digest = base64.b64decode(value, validate=True)
    except binascii.Error:
        digest = b""
    if len(digest) != length:
        raise refused("InvalidDigest", f"The {name} you specified is not valid.")
    return digest


def crc32_of(head: Head) -> str:
    """The one checksum the SDK sends of its own accord, as S3 spells it; empty where there is none."""
    claimed = _digest(head, "x-amz-checksum-crc32", 4)
    return "" if claimed is None else base64.b64encode(claimed).decode()


def check_crc32(head: Head, body: bytes) -> None:
    """The same of bodies that are kept without it."""
    if claimed := crc32_of(head):
        checked_crc32(body, claimed)


def check_digests(head: Head, body: bytes) -> None:
    """Content-MD5 and CRC32, for bodies that are not stored."""
    checked_md5(body, md5_of(head))
    check_crc32(head, body)


def version_headers(version_id: str | None) -> dict[str, str]:
    return {} if version_id is None else {"x-amz-version-id": version_id}


# What answers say


def _headers_of(found: ObjectHead) -> dict[str, str]:
    properties = found.properties
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": quoted(found.etag),
        "Last-Modified": http_date(found.last_modified),
        **version_headers(found.version_id),
    }
    headers |= {
        header: getattr(properties, name) for name, header in SYSTEM.items() if getattr(properties, name)
    }
    headers |= {META + name: value for name, value in properties.metadata.items()}
    if found.tag_count:
        headers["x-amz-tagging-count"] = str(found.tag_count)
    if found.storage_class != "STANDARD":
        headers["x-amz-storage-class"] = found.storage_class
    if found.encryption:
        kind, _, key_id = found.encryption.partition(":arn:")
        headers[_SSE] = kind
        if key_id:
            headers[_SSE_KEY] = f"arn:{key_id}"
    if found.lock.until:
        headers[_LOCK_MODE] = found.lock.mode
        headers[_LOCK_UNTIL] = listing_time(found.lock.until)
    if found.lock.hold:
        headers[_HOLD] = "ON"
    return headers


def _range_of(header: str, size: int) -> tuple[int, int] | None:
    """First byte and the one after the last; None for the whole object, also where S3 ignores the header."""
    match = _RANGE.fullmatch(header)
    if match is None or match[0] == "bytes=-":
        return None
    first, last = match.groups()
    if not first:
        start, stop = max(size - int(last), 0), size
    else:
        start, stop = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
    if start >= size:
        raise refused("InvalidRange", "The requested range is not satisfiable", 416)
    return start, stop


def _is_unmodified(head: Head, found: ObjectHead) -> bool:
    """True where the reader has it already (304)."""
    if_none = head.header("if-none-match")
    if if_none:
        return if_none == "*" or bare_etag(if_none) == found.etag
    since = parse_http_date(head.header("if-modified-since")) if head.header("if-modified-since") else None
    return since is not None and found.last_modified <= since


def _answer_read(head: Head, found: ObjectHead, body: memoryview | None) -> Answer:
    headers = _headers_of(found)
    if _is_unmodified(head, found):
        return Answer(304, headers)
    span = _range_of(head.header("range"), found.size_bytes)
    start, stop = span or (0, found.size_bytes)
    if span is not None:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{found.size_bytes}"
    status = 206 if span is not None else 200
    return Answer(status, headers, b"" if body is None else body[start:stop], stop - start)


def get_object(cloud: MemoryCloud, head: Head) -> Answer:
    if_match = bare_etag(head.header("if-match"))
    found, stored = cloud.read(head.bucket, head.key, version_id=head.maybe("versionId"), if_match=if_match)
    return _answer_read(head, found, memoryview(stored))


def head_object(cloud: MemoryCloud, head: Head) -> Answer:
    if_match = bare_etag(head.header("if-match"))
    found = cloud.head(head.bucket, head.key, version_id=head.maybe("versionId"), if_match=if_match)
    return _answer_read(head, found, None)


# Writes


def put_object(cloud: MemoryCloud, head: Head, body: bytes) -> Answer:
    check_crc32(head, body)
    written = cloud.put(
        head.bucket,
        head.key,
        body,
        properties_of(head),
        md5=md5_of(head),
        condition=condition_of(head),
    )
    return Answer(200, {"ETag": quoted(written.etag), **version_headers(written.version_id)})


def copy_source(head: Head) -> tuple[str, str, str | None]:
    """Bucket, key and version that a copy is made of."""
    path, _, query = head.header("x-amz-copy-source").partition("?")
    bucket, _, key = decoded(path.removeprefix("/")).partition("/")
    return bucket, key, query.removeprefix("versionId=") or None


def copy_object(cloud: MemoryCloud, head: Head) -> Answer:
    """One object by the server itself: bytes, and headers and tags as the directives say."""
    if cloud.quirks.refuses_copy:
        raise not_implemented()
    bucket, key, version_id = copy_source(head)
    found, stored = cloud.read(bucket, key, version_id=version_id)
    expected = head.header("x-amz-copy-source-if-match")
    if expected and bare_etag(expected) != found.etag and not cloud.quirks.ignores_copy_conditions:
        raise failed_condition()
    replaces = head.header("x-amz-metadata-directive").upper() == "REPLACE"
    if (bucket, key) == (head.bucket, head.key) and not replaces and version_id is None:
        raise refused("InvalidRequest", "This copy request is illegal because it changes nothing.")
    given = properties_of(head)
    tags = given.tags
    if head.header("x-amz-tagging-directive").upper() != "REPLACE":
        tags = cloud.tags(bucket, key, version_id=version_id)
    properties = replace(
        given if replaces else found.properties,
        tags=tags,
        website_redirect=given.website_redirect,
        storage_class=given.storage_class,
        encryption=given.encryption,
        lock=given.lock,
    )
    written = cloud.put(head.bucket, head.key, stored, properties, condition=condition_of(head))
    now = cloud.head(head.bucket, head.key, version_id=written.version_id).last_modified
    parts = [element("LastModified", listing_time(now)), element("ETag", quoted(written.etag))]
    answer = xml_answer("CopyObjectResult", parts)
    return replace(answer, headers={**answer.headers, **version_headers(written.version_id)})


def delete_object(cloud: MemoryCloud, head: Head) -> Answer:
    deleted = cloud.delete(
        head.bucket,
        head.key,
        version_id=head.maybe("versionId"),
        if_match=bare_etag(head.header("if-match")),
    )
    headers = version_headers(deleted.version_id)
    if deleted.is_marker:
        headers["x-amz-delete-marker"] = "true"
    return Answer(204, headers)


# Tags


def get_tagging(cloud: MemoryCloud, head: Head) -> Answer:
    tags = cloud.tags(head.bucket, head.key, version_id=head.maybe("versionId"))
    lines = (group("Tag", [element("Key", name), element("Value", value)]) for name, value in tags.items())
    return xml_answer("Tagging", [group("TagSet", lines)])


def put_tagging(cloud: MemoryCloud, head: Head, body: bytes) -> Answer:
    check_digests(head, body)
    tag_set = parsed(body, "Tagging").find("TagSet")
    if tag_set is None:
        raise malformed()
    pairs = [(child_text(tag, "Key"), child_text(tag, "Value")) for tag in tag_set.findall("Tag")]
    tags = dict(pairs)
    if len(tags) < len(pairs):
        raise refused("InvalidTag", "Cannot provide multiple Tags with the same key")
    cloud.set_tags(head.bucket, head.key, tags, version_id=head.maybe("versionId"))
    return Answer(200)


def delete_tagging(cloud: MemoryCloud, head: Head) -> Answer:
    cloud.set_tags(head.bucket, head.key, {}, version_id=head.maybe("versionId"))
    return Answer(204)
