"""Objects, keys and the values that describe them.

A key is text whose UTF-8 bytes are the key. Python compares text by code point, which for UTF-8 is also
the order of the bytes, so listings can be compared without encoding. Bytes that are not UTF-8 (S3 forbids
them, a few servers store them) travel as lone surrogates: see `key_bytes`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

#: The metadata key that marks an object as written by one of our runs.
TOKEN_KEY = "migrator-op"
#: The metadata key that carries the source's LastModified, as rclone writes it.
MTIME_KEY = "mtime"
#: How the encryption of an object begins that is under a key of AWS KMS.
KMS = "aws:kms"
#: Both are ours, not the user's: outside every comparison and report of metadata.
OWN_METADATA = frozenset({TOKEN_KEY, MTIME_KEY})

#: S3: "Within the PUT request header, the user-defined metadata is limited to 2 KB in size",
#: names and values together (AWS, Lyve Cloud 2 API guide p. 98).
METADATA_LIMIT_BYTES = 2048
#: S3: a key is at most 1,024 bytes of UTF-8.
KEY_LIMIT_BYTES = 1024
#: Everything we write of our own accord lives under this prefix at the bucket's root.
RESERVED_PREFIX = ".migrator/"

_PLAIN_MD5 = re.compile(r"[0-9a-f]{32}")


def key_bytes(key: str) -> bytes:
    """The key as S3 stores it. Never fails: lone surrogates stand for bytes that are not UTF-8."""
    return key.encode("utf-8", "surrogateescape")


def key_text(raw: bytes) -> str:
    """The inverse of `key_bytes`."""
    return raw.decode("utf-8", "surrogateescape")


# Written as what is left out: the other way round it takes 50 ms to compile.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def xml_can_hold(key: str) -> bool:
    """True where a key can stand in an XML document (XML 1.0, production Char).

    A carriage return is allowed, but every parser turns it into a newline, so it is not safe either.
    """
    return "\r" not in key and _NOT_XML.search(key) is None


def visible(text: str, limit: int = 0) -> str:
    """`text` with everything made visible that a terminal, a log or a label would act on or hide.

    Control characters (C0, C1, DEL), line and paragraph separators, bidirectional controls, zero-width
    characters and lone surrogates become `\\u{hex}`. With `limit`, the middle is elided.
    """
    shown = "".join(map(_visible_char, text)) if _HIDDEN.search(text) else text
    if limit and len(shown) > limit:
        head = (limit - 1) // 2
        shown = shown[:head] + "…" + shown[len(shown) - (limit - 1 - head) :]
    return shown


_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


def _visible_char(char: str) -> str:
    return f"\\u{{{ord(char):x}}}" if _HIDDEN.match(char) else char


def bare_etag(etag: str) -> str:
    """An ETag without its quotes, as we store and compare it."""
    return etag.strip().removeprefix("W/").strip('"')


def is_plain_md5(etag: str) -> bool:
    """True where the ETag has the form of one MD5, so that equality means equal bytes.

    On AWS it is then the MD5 of the bytes unless the object is encrypted with KMS or a customer key; such
    an ETag never equals an MD5 by accident, so equality proves, difference proves nothing.
    """
    return _PLAIN_MD5.fullmatch(etag) is not None


@dataclass(frozen=True, slots=True)
class ObjectVersion:
    """One line of a listing.

    `size_bytes` >= 0, `etag` without quotes, `last_modified` aware (UTC), `storage_class` as listed. A line
    of a listing of versions has a `version_id` (maybe `null`); a delete marker has no bytes and no ETag.
    """

    key: str
    size_bytes: int
    etag: str
    last_modified: datetime
    storage_class: str = "STANDARD"
    version_id: str = ""
    is_marker: bool = False
    is_latest: bool = True


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing and the token of the next (None on the last)."""

    objects: tuple[ObjectVersion, ...]
    next_token: str | None


@dataclass(frozen=True, slots=True)
class VersionPage:
    """One page of a listing of versions, newest first within a key. `following` is the key and the version id
    after which the next one begins (None on the last)."""

    objects: tuple[ObjectVersion, ...]
    following: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Lock:
    """What keeps one version from being removed. `mode` is GOVERNANCE or COMPLIANCE, until `until` (UTC)."""

    mode: str = ""
    until: datetime | None = None
    hold: bool = False  #: a legal hold, which has no end

    def holds(self, now: datetime) -> bool:
        return self.hold or (self.until is not None and self.until > now)


UNLOCKED = Lock()


@dataclass(frozen=True, slots=True)
class Properties:
    """What travels with the bytes: seven system headers, user metadata, tags.

    `expires` is the header as received, because S3 stores what is not a date too. Metadata names are lower
    case, as S3 keeps them. `tags` is empty where nobody asked for them.

    The last three only instruct a write, and are empty in what an end tells (`ObjectHead` has fields of its
    own): a storage class other than the end's usual one, `AES256` or `aws:kms:ARN`, and a lock.
    """

    content_type: str = ""
    cache_control: str = ""
    content_disposition: str = ""
    content_encoding: str = ""
    content_language: str = ""
    expires: str = ""
    website_redirect: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    storage_class: str = ""
    encryption: str = ""
    lock: Lock = UNLOCKED

    def with_metadata(self, metadata: Mapping[str, str], tags: Mapping[str, str]) -> Properties:
        """The same with other metadata and tags. Not by `replace`: this is done for every object."""
        return Properties(
            self.content_type,
            self.cache_control,
            self.content_disposition,
            self.content_encoding,
            self.content_language,
            self.expires,
            self.website_redirect,
            metadata,
            tags,
            self.storage_class,
            self.encryption,
            self.lock,
        )

    def differences(self, other: Properties) -> tuple[str, ...]:
        """Names of our properties that `other` holds differently. Tags are not compared.

        A header that we do not have is not compared (ends fill in a Content-Type), nor are our own two
        metadata keys.
        """
        names = [
            name
            for name in SYSTEM_HEADERS
            if getattr(self, name) and getattr(self, name) != getattr(other, name)
        ]
        if users_metadata(self.metadata) != users_metadata(other.metadata):
            names.append("metadata")
        return tuple(names)


SYSTEM_HEADERS = (
    "content_type",
    "cache_control",
    "content_disposition",
    "content_encoding",
    "content_language",
    "expires",
    "website_redirect",
)


def users_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    """The metadata that belongs to the user: without our own two keys."""
    return {name: value for name, value in metadata.items() if name not in OWN_METADATA}


def is_respelled(sent: Mapping[str, str], there: Mapping[str, str]) -> bool:
    """True where metadata differs in the spelling of names only: Ceph turns `_` into `-`."""

    def spelled(metadata: Mapping[str, str]) -> list[tuple[str, str]]:
        return sorted(
            (name.replace("_", "-").replace(".", "-"), value)
            for name, value in users_metadata(metadata).items()
        )

    return users_metadata(sent) != users_metadata(there) and spelled(sent) == spelled(there)


def metadata_bytes(metadata: Mapping[str, str]) -> int:
    """What S3 counts against the 2 KB: UTF-8 bytes of names and values."""
    text = "".join(metadata) + "".join(metadata.values())
    return len(text) if text.isascii() else len(text.encode())


@dataclass(frozen=True, slots=True)
class ObjectHead:
    """What an end says about one object (HEAD, or the headers of a GET).

    `tag_count` is None where the end does not say. `missing_meta` counts metadata the end holds but cannot
    put into headers. `delete_marker` is never set: a marker is `NotFound`.
    """

    size_bytes: int
    etag: str
    last_modified: datetime
    version_id: str | None = None
    properties: Properties = Properties()
    tag_count: int | None = None
    missing_meta: int = 0
    storage_class: str = "STANDARD"
    encryption: str = ""  #: as in `Properties`; `aws:kms` alone where the end does not name the key
    lock: Lock = UNLOCKED

    def is_locked(self, now: datetime) -> bool:
        """True where this version cannot be removed at `now`."""
        return self.lock.holds(now)

    def lacks(self, sent: Properties) -> tuple[str, ...]:
        """Names of what was sent with an object that this end holds differently. Tags are not compared."""
        names = list(sent.differences(self.properties))
        if sent.storage_class and sent.storage_class != self.storage_class:
            names.append("storage_class")
        if sent.encryption and not _same_encryption(sent.encryption, self.encryption):
            names.append("encryption")
        if sent.lock != UNLOCKED and sent.lock != self.lock:
            names.append("lock")
        return tuple(names)

    @property
    def token(self) -> str:
        """The ownership token, empty where there is none."""
        return self.properties.metadata.get(TOKEN_KEY, "")


def _same_encryption(sent: str, there: str) -> bool:
    """Equal, or the same kind where the key was named by an alias: ends answer with the key's own ARN."""
    if sent.startswith(KMS) and there.startswith(KMS) and ":key/" not in sent:
        return True
    return sent == there


@dataclass(frozen=True, slots=True)
class Written:
    """The answer to a write. `version_id` is None on unversioned buckets."""

    etag: str
    version_id: str | None = None


@dataclass(frozen=True, slots=True)
class KeptVersion:
    """One version of a key, or a delete marker (no ETag, no bytes)."""

    version_id: str
    is_latest: bool
    is_marker: bool
    etag: str
    size_bytes: int
    last_modified: datetime


@dataclass(frozen=True, slots=True)
class UploadedPart:
    """A part as the destination holds it; `number` counts from 1.

    `crc32` as S3 spells it (see `model.checksums`); empty where the part was sent without one.
    """

    number: int
    etag: str
    size_bytes: int
    crc32: str = ""


@dataclass(frozen=True, slots=True)
class OpenUpload:
    """A multipart upload that is neither complete nor aborted; `initiated` by the end's clock, UTC."""

    key: str
    upload_id: str
    initiated: datetime
