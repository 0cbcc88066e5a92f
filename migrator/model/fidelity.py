"""What a copy carries of its object besides the bytes, and what would be lost: pure decisions.

A *loss* is a property that an object has and its copy would not. Losses that the user accepted are left out
of the copy and counted; an object with any other is set aside, never copied poorer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from migrator.model.objects import KMS, TOKEN_KEY, UNLOCKED, ObjectHead, Properties

#: What can be lost, by the names that the job's `accept` takes.
ACL = "acl"
ENCRYPTION = "encryption"
LOCKS = "locks"
METADATA = "metadata"
OLD_VERSIONS = "old-versions"
REDIRECT = "website-redirect"
STORAGE_CLASS = "storage-class"
TAGS = "tags"
LOSSES = (ACL, ENCRYPTION, LOCKS, METADATA, OLD_VERSIONS, STORAGE_CLASS, TAGS, REDIRECT)

STANDARD = "STANDARD"
#: Storage classes that an end can keep, by provider. AWS: S3 API, PutObject (archive classes are written
#: as they are read: after a restore). Lyve Cloud has one tier, and STANDARD_IA on some accounts only. What
#: another service has is unknown, but for STANDARD.
CLASSES: Mapping[str, frozenset[str]] = {
    "aws": frozenset(
        {
            STANDARD,
            "REDUCED_REDUNDANCY",
            "STANDARD_IA",
            "ONEZONE_IA",
            "INTELLIGENT_TIERING",
            "GLACIER_IR",
            "GLACIER",
            "DEEP_ARCHIVE",
        }
    ),
    "lyve": frozenset({STANDARD}),
    "s3": frozenset({STANDARD}),
}
#: Left behind in Content-Encoding by services that store the framing of an upload's transport.
_FRAMING = "aws-chunked"


@dataclass(frozen=True, slots=True)
class Carrying:
    """What a run carries, as far as copies depend on it: of the job, and of what the destination keeps."""

    classes: frozenset[str] = CLASSES["s3"]
    storage_class: str = ""  #: the one that every copy gets; empty: the object's own, where it can be kept
    encryption: str = ""
    locks: str = "report"
    accept: frozenset[str] = frozenset()

    def class_for(self, storage_class: str) -> str:
        """The class of a copy, empty where it is the usual one."""
        wanted = self.storage_class or (storage_class if storage_class in self.classes else STANDARD)
        return "" if wanted == STANDARD else wanted


def losses(head: ObjectHead, carrying: Carrying, now: datetime) -> tuple[str, ...]:
    """What a copy of this object would lack, accepted or not. `now`: locks that have ended are none."""
    found = (
        ENCRYPTION if head.encryption.startswith(KMS) and not carrying.encryption else "",
        LOCKS if head.is_locked(now) and carrying.locks == "report" else "",
        METADATA if head.missing_meta else "",
        STORAGE_CLASS if loses_class(head.storage_class, carrying) else "",
    )
    return tuple(filter(None, found)) if any(found) else ()


def loses_class(storage_class: str, carrying: Carrying) -> bool:
    """Whether a copy would be kept in another class than its object, and nobody asked for it."""
    return not carrying.storage_class and storage_class not in carrying.classes


def carried(head: ObjectHead, carrying: Carrying, now: datetime) -> Properties:
    """What the copy of an object is to have, but for its tags and what we add of our own accord."""
    own = head.properties
    at_once = carrying.locks == "at-once" and head.is_locked(now)
    lock = head.lock if at_once else UNLOCKED
    if lock.until is not None and lock.until <= now:
        lock = replace(lock, mode="", until=None)
    return Properties(
        own.content_type,
        own.cache_control,
        own.content_disposition,
        repaired_encoding(own.content_encoding),
        own.content_language,
        own.expires,
        own.website_redirect,
        {name: value for name, value in own.metadata.items() if name != TOKEN_KEY},
        own.tags,
        carrying.class_for(head.storage_class),
        carrying.encryption,
        lock,
    )


def repaired_encoding(content_encoding: str) -> str:
    """Content-Encoding without `aws-chunked`, which describes how an upload travelled, not the object.

    Services exist that store it (boto3#4564); browsers then cannot read the object. Everything else of the
    header stays as it is.
    """
    if not content_encoding or _FRAMING not in content_encoding.lower():
        return content_encoding
    codings = [each.strip() for each in content_encoding.split(",")]
    return ",".join(each for each in codings if each.lower() != _FRAMING)


def is_repaired(head: ObjectHead) -> bool:
    """Whether `carried` mends something of this object."""
    given = head.properties.content_encoding
    return repaired_encoding(given) != given


def without(properties: Properties, loss: str) -> Properties:
    """The properties without what a loss is about: of those that a destination can refuse to keep."""
    match loss:
        case "tags":
            return replace(properties, tags={})
        case "website-redirect":
            return replace(properties, website_redirect="")
        case _:
            raise ValueError(f"{loss} is not refused by a write")
