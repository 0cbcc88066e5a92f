"""Corrections on the wire, below what the SDK's parameters can express."""

from __future__ import annotations

import base64
import hashlib
import heapq
import re
import threading
from datetime import UTC
from types import TracebackType
from typing import Any
from urllib.parse import unquote_plus, urlsplit
from xml.etree import ElementTree

from migrator.errors import AccessDenied, NotFound, NotSupported, Rejected, StoreError
from migrator.model.objects import KeptVersion, Lock, ObjectVersion, bare_etag
from migrator.store.base import BucketLock, Versioning

_WRITES_HEADERS = ("PutObject", "CreateMultipartUpload")
#: For these the SDK sends a CRC32 and never the older header.
_INSIST_ON_MD5 = ("DeleteObjects", "PutObjectTagging", "PutObjectRetention", "PutObjectLegalHold")
_ECHOES_THE_KEY = (
    "CreateMultipartUpload",
    "CompleteMultipartUpload",
    "ListParts",
    "ListMultipartUploads",
    "ListObjectVersions",
)
#: Answers whose document has to be the right one: the SDK does not look.
_KNOWN_BY_ROOT = (
    "DeleteObjects",
    "GetBucketLifecycleConfiguration",
    "GetBucketReplication",
    "GetBucketNotificationConfiguration",
    "GetBucketEncryption",
)
#: Not a header of any service: carries the name of an answer's document past the SDK, which does not look.
_ROOT = "migrator-root"
#: Likewise: which lines of a listing of versions are versions (V) and which are markers (M), in order.
_LINES = "migrator-lines"
#: Characters that XML 1.0 cannot hold, raw or as references: answers that echo such a key do not parse.
_NOT_XML = re.compile(
    rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|&#(?:x0*(?:[0-8bce-f]|1[0-9a-f])|0*(?:[0-8]|1[124-9]|2\d|3[01]));", re.I
)


class RawExpires:
    """While entered, uploads of this thread carry `Expires` exactly as given.

    The SDK takes a date only; S3 stores any text, and objects with `0` or `-1` exist.
    """

    def __init__(self, store: threading.local, value: str) -> None:
        self._store = store
        self._value = value

    def __enter__(self) -> None:
        self._store.value = self._value

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._store.value = ""


def install(client: Any, expires: threading.local) -> None:
    """Register the corrections on a client."""

    def send_raw_expires(params: dict[str, Any], **_: Any) -> None:
        value = getattr(expires, "value", "")
        if value:
            params["headers"]["Expires"] = value

    def drop_what_xml_cannot_hold(response_dict: dict[str, Any], **_: Any) -> None:
        # Without this the answer to CreateMultipartUpload is lost, and with it the upload's id. The SDK has
        # looked at the body by now and made a 500 of an answer that it could not parse.
        body = response_dict.get("body")
        if not isinstance(body, bytes):
            return
        clean = readable(body)
        if clean != body and response_dict["status_code"] == 500 and b"<Error" not in clean:
            response_dict["status_code"] = 200
        response_dict["body"] = clean

    def add_md5(params: dict[str, Any], **_: Any) -> None:
        # The SDK sends a CRC32 only, and services exist that insist on the older header.
        body = params["body"]
        raw = body if isinstance(body, bytes) else str(body).encode()
        params["headers"]["Content-MD5"] = base64_text(hashlib.md5(raw, usedforsecurity=False).digest())

    def note_the_root(response_dict: dict[str, Any], **_: Any) -> None:
        response_dict["headers"][_ROOT] = _root_name(response_dict.get("body"))

    def note_the_order(response_dict: dict[str, Any], **_: Any) -> None:
        response_dict["headers"][_LINES] = _order_of_lines(response_dict.get("body"))

    for operation in _INSIST_ON_MD5:
        client.meta.events.register(f"before-call.s3.{operation}", add_md5)
    for operation in _KNOWN_BY_ROOT:
        client.meta.events.register(f"before-parse.s3.{operation}", note_the_root)
    for operation in _WRITES_HEADERS:
        client.meta.events.register(f"before-call.s3.{operation}", send_raw_expires)
    for operation in _ECHOES_THE_KEY:
        client.meta.events.register(f"before-parse.s3.{operation}", drop_what_xml_cannot_hold)
    client.meta.events.register("before-parse.s3.ListObjectVersions", note_the_order)


def readable(body: bytes) -> bytes:
    """A document without what XML cannot hold. Ceph cuts long keys in the middle of a character."""
    return _NOT_XML.sub(b"", body).decode("utf-8", "ignore").encode()


def root_of(answer: Any) -> str:
    """The name of the document's outermost element, where `install` notes it; empty without a document."""
    return str(answer["ResponseMetadata"]["HTTPHeaders"].get(_ROOT, ""))


def _root_name(body: object) -> str:
    try:
        tag = ElementTree.fromstring(body).tag if isinstance(body, bytes) else ""  # noqa: S314 - the SDK reads it too
    except ElementTree.ParseError:
        return ""
    return tag.rpartition("}")[2]


def decoded_key(answer: Any, key: str) -> str:
    """A key out of a listing with `encoding-type=url`, if the service honoured it. A space comes as `+`."""
    return unquote_plus(key, errors="surrogateescape") if answer.get("EncodingType") == "url" else key


def upload_key(answer: Any, key: str, prefix: str) -> str:
    """A key out of a listing of uploads under `prefix`. Ceph encodes it without saying so, and is believed
    where only the decoded key is the prefix, or begins with it."""
    if answer.get("EncodingType") == "url" or key == prefix:
        return decoded_key(answer, key)
    decoded = unquote_plus(key, errors="surrogateescape")
    is_encoded = decoded == prefix or (decoded.startswith(prefix) and not key.startswith(prefix))
    return decoded if is_encoded else key


def is_echo(given: str, sent: str) -> bool:
    """Whether a listing names the prefix it was asked for. Ceph repeats it as it is in an answer that is
    otherwise encoded, and the SDK decodes it all the same."""
    return given in {sent, unquote_plus(sent)}


def versions_of(answer: Any, key: str) -> list[KeptVersion]:
    """Versions and markers of exactly one key out of a page of ListObjectVersions, newest first.

    The SDK sorts them into two lists, each in the service's order; merging them has only seconds to go by.
    """
    versions, markers = (
        [
            KeptVersion(
                each.get("VersionId") or "null",
                bool(each.get("IsLatest")),
                is_marker,
                bare_etag(each.get("ETag", "")),
                each.get("Size", 0),
                each["LastModified"].astimezone(UTC),
            )
            for each in answer.get(name, [])
            if decoded_key(answer, each["Key"]) == key
        ]
        for name, is_marker in (("Versions", False), ("DeleteMarkers", True))
    )
    return list(heapq.merge(versions, markers, key=lambda each: each.last_modified, reverse=True))


def _order_of_lines(body: object) -> str:
    try:
        root = ElementTree.fromstring(body) if isinstance(body, bytes) else None  # noqa: S314 - as above
    except ElementTree.ParseError:
        return ""
    names = [each.tag.rpartition("}")[2] for each in root] if root is not None else []
    return "".join({"Version": "V", "DeleteMarker": "M"}.get(name, "") for name in names)


def listed_versions(answer: Any) -> tuple[ObjectVersion, ...] | None:
    """Versions and markers of a page of ListObjectVersions, in the order in which the service wrote them.

    The SDK sorts them into two lists; `install` notes the order, because dates have whole seconds only.
    None where it is not known.
    """
    lists = {
        "V": [_listed(answer, each) for each in answer.get("Versions", [])],
        "M": [_listed(answer, each, is_marker=True) for each in answer.get("DeleteMarkers", [])],
    }
    order = str(answer["ResponseMetadata"]["HTTPHeaders"].get(_LINES, ""))
    if any(order.count(kind) != len(lines) for kind, lines in lists.items()):
        return None
    following = {kind: iter(lines) for kind, lines in lists.items()}
    return tuple(next(following[kind]) for kind in order)


def _listed(answer: Any, each: Any, *, is_marker: bool = False) -> ObjectVersion:
    return ObjectVersion(
        key=decoded_key(answer, each["Key"]),
        size_bytes=each.get("Size", 0),
        etag=bare_etag(each.get("ETag", "")),
        last_modified=each["LastModified"].astimezone(UTC),
        storage_class=each.get("StorageClass", "STANDARD"),
        version_id=each.get("VersionId") or "null",
        is_marker=is_marker,
        is_latest=bool(each.get("IsLatest")),
    )


def tag_count(answer: Any) -> int | None:
    """The number of tags an answer tells of; None where the service does not say.

    AWS leaves the header out where there are no tags, and where the keys may not read them; so absence
    proves nothing.
    """
    count = answer.get("TagCount")
    return None if count is None else int(count)


def version(version_id: str | None) -> dict[str, Any]:
    """The SDK's parameter for one version, where one is meant."""
    return {} if version_id is None else {"VersionId": version_id}


def encryption_of(answer: Any) -> str:
    """As `ObjectHead.encryption`: `AES256`, `aws:kms:ARN`; empty where the end does not say."""
    kind, key_id = str(answer.get("ServerSideEncryption", "")), str(answer.get("SSEKMSKeyId", ""))
    return f"{kind}:{key_id}" if kind and key_id else kind


def versioning_of(status: str) -> Versioning:
    """By what S3 calls it; OFF where it says nothing."""
    return {"Enabled": Versioning.ENABLED, "Suspended": Versioning.SUSPENDED}.get(status, Versioning.OFF)


def bucket_lock_of(enabled: str, *, has_default: bool) -> BucketLock:
    """Ends that do not know the question may answer with a listing: that is NONE."""
    if enabled != "Enabled":
        return BucketLock.NONE
    return BucketLock.DEFAULT if has_default else BucketLock.ENABLED


def bucket_lock_of_refusal(cause: StoreError) -> BucketLock:
    """Ends that do not know the question, or have nothing set, refuse it: that is NONE. Any other refusal
    says nothing about locks; what is no refusal is raised again."""
    match cause:
        case AccessDenied() | Rejected():
            return BucketLock.UNKNOWN
        case NotSupported():
            return BucketLock.NONE
        case NotFound() if cause.code != "NoSuchBucket":
            return BucketLock.NONE
        case _:
            raise cause


def lock_of(answer: Any) -> Lock:
    """Retention and legal hold as HEAD tells them, which takes rights of their own (S3 API, HeadObject)."""
    until = answer.get("ObjectLockRetainUntilDate")
    return Lock(
        str(answer.get("ObjectLockMode", "")),
        None if until is None else until.astimezone(UTC),
        answer.get("ObjectLockLegalHoldStatus") == "ON",
    )


def lock_of_retention(answer: Any) -> Lock:
    kept = answer.get("Retention", {})
    until = kept.get("RetainUntilDate")
    return Lock(str(kept.get("Mode", "")), None if until is None else until.astimezone(UTC))


def lock_of_hold(answer: Any) -> Lock:
    return Lock(hold=answer.get("LegalHold", {}).get("Status") == "ON")


#: Ends in time whatever stands there.
_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,19})-([0-9]{1,19})/(?:[0-9]{1,19}|\*)")


def is_answer_to(status: int, content_range: str, offset: int | None, length: int) -> bool:
    """Whether the body of an answer to a read is what was asked for: `length` bytes from `offset` on, or all.

    An answer that says nothing of a part is the whole object, which will do for a first part of its length.
    """
    if offset is None or (status == 200 and offset == 0 and not content_range):
        return status == 200
    found = _CONTENT_RANGE.fullmatch(content_range.strip())
    wanted = offset, offset + length - 1
    return status == 206 and found is not None and (int(found[1]), int(found[2])) == wanted


def total_size(content_range: str, fallback: int) -> int:
    """The whole object's size out of `bytes 0-9/123`."""
    _, _, total = content_range.rpartition("/")
    return int(total) if total.isdigit() else fallback


def base64_text(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def is_loopback_url(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host in {"localhost", "::1"} or re.fullmatch(r"127(\.\d{1,3}){3}", host) is not None
