"""What an S3 service refuses, as functions that raise; and the ways in which real services deviate.

Stricter than S3 on purpose: where a service would quietly change what it was given (trimmed metadata,
lower-cased names, RFC 2047), this one refuses, so that nothing can be lost without a test noticing.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from migrator.errors import DigestMismatch, NotFound, NotSupported, PreconditionFailed, Rejected
from migrator.model.checksums import crc32_of
from migrator.model.objects import (
    KEY_LIMIT_BYTES,
    KMS,
    METADATA_LIMIT_BYTES,
    SYSTEM_HEADERS,
    Properties,
    metadata_bytes,
)
from migrator.model.parts import GIB

#: S3's limit of one PUT and of one part. Larger objects need parts.
MAX_PUT_BYTES = 5 * GIB
#: S3's most for one DeleteObjects.
MAX_BATCH = 1000
MAX_TAGS = 10
MAX_TAG_KEY_CHARS = 128
MAX_TAG_VALUE_CHARS = 256
#: Objects in these classes cannot be read before they are restored.
FROZEN_CLASSES = frozenset({"GLACIER", "DEEP_ARCHIVE"})
#: What a write may ask for (S3 API, PutObject).
STORAGE_CLASSES = FROZEN_CLASSES | {
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER_IR",
}
#: What S3 stores where the writer named no content type.
DEFAULT_CONTENT_TYPE = "binary/octet-stream"

_BUCKET_NAME = re.compile(r"(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
_PRINTABLE = re.compile(r"[\x20-\x7e]*")


@dataclass(frozen=True, slots=True)
class Quirks:
    """Where a service does something else than S3 says. All off: AWS as documented.

    `ignores_if_none_match`: a write with `If-None-Match: *` answers 200 and overwrites (seen on Lyve
    Cloud 2). `ignores_if_match`: likewise for `If-Match`. `ignores_conditions_when_versioned`: both, in
    buckets with versioning (Ceph). `ignores_delete_conditions`: a DELETE with `If-Match` answers 204 and
    deletes (Ceph, MinIO). `ignores_copy_conditions`: likewise for copies. `refuses_copy`,
    `refuses_batch_delete`: 501.
    `ignores_checksums`: the CRC32 of a part is neither checked nor kept (Ceph 16).
    `foreign_multipart_etags`: the ETag of a multipart object has the form of an MD5 and is none.
    `drops_tags_of_uploads`: tags given to CreateMultipartUpload are forgotten. `refuses_properties`: names
    of `Properties` that a write may not carry. `page_size`: most lines in
    one page of any listing.
    """

    ignores_if_none_match: bool = False
    ignores_if_match: bool = False
    ignores_conditions_when_versioned: bool = False
    ignores_delete_conditions: bool = False
    ignores_copy_conditions: bool = False
    refuses_copy: bool = False
    refuses_batch_delete: bool = False
    ignores_checksums: bool = False
    foreign_multipart_etags: bool = False
    drops_tags_of_uploads: bool = False
    refuses_properties: tuple[str, ...] = ()
    page_size: int = 1000


AWS = Quirks()
LYVE = Quirks(ignores_if_none_match=True, foreign_multipart_etags=True)
#: Ceph RGW 16, as measured.
CEPH = Quirks(
    ignores_conditions_when_versioned=True,
    ignores_delete_conditions=True,
    ignores_copy_conditions=True,
    ignores_checksums=True,
)


class IsMarker(NotFound):
    """A delete marker is no object: NoSuchKey where it is the current version, MethodNotAllowed by its id.

    Over HTTP two more headers tell of it.
    """

    def __init__(self, key: str, version_id: str, *, is_by_id: bool = False) -> None:
        if is_by_id:
            message = "The specified method is not allowed against this resource."
            super().__init__(message, code="MethodNotAllowed", status=405, key=key)
        else:
            super().__init__("The specified key does not exist.", code="NoSuchKey", status=404, key=key)
        self.version_id = version_id


def refused(code: str, message: str, status: int = 400) -> Rejected:
    """A refusal under S3's own code."""
    return Rejected(message, code=code, status=status)


def missing(code: str, message: str) -> NotFound:
    """A 404 under S3's own code."""
    return NotFound(message, code=code, status=404)


def failed_condition() -> PreconditionFailed:
    message = "At least one of the pre-conditions you specified did not hold"
    return PreconditionFailed(message, code="PreconditionFailed", status=412)


def lock_missing() -> Rejected:
    return refused("InvalidRequest", "Bucket is missing Object Lock Configuration")


def not_implemented() -> NotSupported:
    message = "A header you provided implies functionality that is not implemented"
    return NotSupported(message, code="NotImplemented", status=501)


def check_bucket_name(name: str) -> None:
    if not _BUCKET_NAME.fullmatch(name):
        raise refused("InvalidBucketName", "The specified bucket is not valid.")


def check_key(key: str) -> None:
    """1 to 1,024 bytes of UTF-8."""
    try:
        length = len(key.encode())
    except UnicodeEncodeError:
        raise refused("InvalidURI", "The key is not valid UTF-8.") from None
    if not length:
        raise refused("InvalidURI", "A key has at least one byte.")
    if length > KEY_LIMIT_BYTES:
        raise refused("KeyTooLongError", "Your key is too long.")


def check_properties(properties: Properties) -> None:
    """Headers that HTTP can carry unchanged, metadata of at most 2 KB, acceptable tags."""
    for name in SYSTEM_HEADERS:
        _check_header_value(name, getattr(properties, name))
    for name, value in properties.metadata.items():
        if not _HEADER_NAME.fullmatch(name):
            raise refused("InvalidArgument", "A metadata name is not a lower-case header name.")
        _check_header_value(name, value)
    if metadata_bytes(properties.metadata) > METADATA_LIMIT_BYTES:
        raise refused("MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size.")
    check_tags(properties.tags)
    redirect = properties.website_redirect
    if redirect and not redirect.startswith(("/", "http://", "https://")):
        raise refused("InvalidRedirectLocation", "The website redirect location must have a prefix of ...")
    if properties.storage_class and properties.storage_class not in STORAGE_CLASSES:
        raise refused("InvalidStorageClass", "The storage class you specified is not valid")
    if properties.encryption and not properties.encryption.startswith(("AES256", KMS)):
        raise refused("InvalidEncryptionAlgorithmError", "The encryption request is not valid.")


def check_supported(quirks: Quirks, properties: Properties) -> None:
    """Refuse what the service has no place for."""
    for name in quirks.refuses_properties:
        if not getattr(properties, name):
            continue
        if name == "storage_class":
            raise refused("InvalidStorageClass", "The storage class you specified is not valid")
        raise not_implemented()


def _check_header_value(name: str, value: str) -> None:
    if not _PRINTABLE.fullmatch(value) or value != value.strip():
        raise refused("InvalidArgument", f"The value of {name} is not plain printable ASCII.")


def check_tags(tags: Mapping[str, str]) -> None:
    if len(tags) > MAX_TAGS:
        raise refused("BadRequest", f"Object tags cannot be greater than {MAX_TAGS}.")
    for name, value in tags.items():
        if not 1 <= len(name) <= MAX_TAG_KEY_CHARS or name.startswith("aws:"):
            raise refused("InvalidTag", "The TagKey you have provided is invalid.")
        if len(value) > MAX_TAG_VALUE_CHARS:
            raise refused("InvalidTag", "The TagValue you have provided is invalid.")


def checked_md5(body: bytes, claimed: bytes | None) -> bytes:
    """The MD5 of `body`, which must be the one claimed, if one was."""
    actual = hashlib.md5(body, usedforsecurity=False).digest()
    if claimed is not None and claimed != actual:
        raise DigestMismatch(
            "The Content-MD5 you specified did not match what we received.", code="BadDigest", status=400
        )
    return actual


def checked_crc32(body: bytes, claimed: str) -> str:
    """The CRC32 of `body`, which must be the one claimed."""
    if claimed != crc32_of(body):
        message = "The CRC32 you specified did not match the calculated checksum."
        raise DigestMismatch(message, code="BadDigest", status=400)
    return claimed


def token_of_key(key: str) -> str:
    """A continuation token: where the next page begins, opaque to the reader."""
    return base64.urlsafe_b64encode(b"1:" + key.encode()).decode()


def key_of_token(token: str) -> str:
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
        if raw.startswith(b"1:"):
            return raw[2:].decode()
    except (binascii.Error, ValueError):
        pass
    raise refused("InvalidArgument", "The continuation token provided is incorrect")
