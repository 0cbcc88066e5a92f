"""The contract of an object store, as narrow as the engine needs it.

Every method may raise any `StoreError`; a missing bucket, key, version or upload is `NotFound`, and so is a
delete marker that is asked for as if it were an object. Methods
may be called from any thread. None of them retries (`store.retrying` does) and none of them lists,
reads or writes more than it is asked to. The suite in `tests/store/contract.py` is the contract in
full; it holds for every keeper.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from migrator.errors import StoreError
from migrator.model.objects import (
    KeptVersion,
    Lock,
    ObjectHead,
    OpenUpload,
    Page,
    Properties,
    UploadedPart,
    VersionPage,
    Written,
)
from migrator.model.settings import LifecycleRule, ReplicationRule

#: Bytes to send. Never a stream: a request that failed half-way can then be sent again.
Body = bytes | bytearray

#: Called with the number of bytes just moved, and with 0 before a body that does not come at once; may raise
#: `Cancelled` to break off. Returns how many bytes may come next, None: as many as the store likes.
OnBytes = Callable[[int], int | None]


class Versioning(StrEnum):
    """A bucket's versioning. UNKNOWN where the keys may not ask: never taken for OFF."""

    OFF = "off"
    ENABLED = "enabled"
    SUSPENDED = "suspended"
    UNKNOWN = "unknown"


class BucketLock(StrEnum):
    """Whether a bucket locks what is written to it (Object Lock).

    NONE: it cannot. ENABLED: it can, where a write asks for it. DEFAULT: every new object is locked. UNKNOWN
    where the keys may not ask: never taken for NONE.
    """

    NONE = "none"
    ENABLED = "enabled"
    DEFAULT = "default"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold for a write to happen. Ends exist that ignore it: check afterwards.

    `absent` sends `If-None-Match: *`; `etag` (bare) sends `If-Match`. At most one of them. Where it does not
    hold, the answer is PreconditionFailed, or NotFound for an `etag` where there is nothing.
    """

    absent: bool = False
    etag: str = ""


#: No headers, no metadata, no tags.
PLAIN = Properties()

ALWAYS = Condition()
IF_ABSENT = Condition(absent=True)


class ObjectStore(Protocol):
    """One end: an endpoint with one set of credentials."""

    @property
    def end(self) -> str:
        """The label used in messages: `AWS`, `Lyve Cloud`, or the host."""
        ...

    def list_buckets(self) -> list[str]:
        """Names of the buckets these keys may see, sorted."""
        ...

    def check_bucket(self, bucket: str) -> str:
        """Reach the bucket (HEAD); returns its region, empty where the end does not say.

        Raises:
            NotFound: no such bucket.  AccessDenied: it exists, or not; these keys may not know.
            WrongRegion: it is elsewhere.
        """
        ...

    def versioning(self, bucket: str) -> Versioning: ...

    def lock_of(self, bucket: str) -> BucketLock: ...

    def create_bucket(self, bucket: str, region: str) -> None:
        """Make a private bucket.

        Raises:
            Rejected: `BucketAlreadyOwnedByYou` or `BucketAlreadyExists`. (AWS in us-east-1 answers success
                for a bucket that is ours already: look first.)
        """
        ...

    def enable_versioning(self, bucket: str) -> None:
        """From now on the bucket keeps versions."""
        ...

    def delete_bucket(self, bucket: str) -> None:
        """Remove an empty bucket.

        Raises:
            Rejected: `BucketNotEmpty`.
        """
        ...

    def list_page(self, bucket: str, prefix: str, *, start_after: str = "", token: str | None = None) -> Page:
        """At most 1,000 objects whose keys begin with `prefix`, after `start_after`.

        `start_after` and `token` exclude each other.

        Raises:
            NotS3: the answer is not a listing of this bucket and prefix, or says that there is more
                without saying where to go on.
        """
        ...

    def list_versions_page(
        self,
        bucket: str,
        prefix: str,
        *,
        key_marker: str = "",
        version_marker: str = "",
        limit: int = 1000,
    ) -> VersionPage:
        """At most `limit` (1..1,000) versions and delete markers of keys that begin with `prefix`.

        Keys in order, newest first within a key, and in the service's own order where seconds are equal.
        Begins after that version of the key `key_marker`; both markers, or neither. With a `limit` of 1
        only the first line is sure: ends exist that lose their place at a delete marker without an id.

        Raises:
            NotS3: the answer is not a listing of this bucket and prefix, or says that there is more
                without saying where to go on.
            NotSupported: the end does not list versions.
        """
        ...

    def head(self, bucket: str, key: str, *, version_id: str | None = None) -> ObjectHead: ...

    def tags(self, bucket: str, key: str, *, version_id: str | None = None) -> dict[str, str]: ...

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
        """Fill `into` completely with the object's bytes, beginning at `offset` (None: the whole object).

        With an `offset` this is a ranged read of `len(into)` bytes; `size_bytes` of the answer is the whole
        object's either way. `into` must not be empty for a ranged read.

        Raises:
            PreconditionFailed: the object's ETag is not `if_match` any more.
            DigestMismatch: fewer or more bytes came than the answer announced or `into` holds.
        """
        ...

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
        """Store one object with its properties and tags. `md5` is the digest of `body` (16 bytes)."""
        ...

    def create_upload(self, bucket: str, key: str, properties: Properties, *, has_crc32: bool = False) -> str:
        """Open a multipart upload; returns its id. `has_crc32`: every part will come with its CRC32."""
        ...

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
        """Send one part with the digest of `body`: its MD5 (16 bytes), or its CRC32 as S3 spells it where the
        upload was opened for that; the answer repeats it."""
        ...

    def complete_upload(
        self,
        bucket: str,
        key: str,
        upload_id: str,
        parts: Sequence[UploadedPart],
        *,
        condition: Condition = ALWAYS,
    ) -> Written:
        """Make the object of its parts, in order of their numbers; their CRC32s are named again.

        Raises:
            NotFound: no such upload: it was completed before, or aborted.
        """
        ...

    def abort_upload(self, bucket: str, key: str, upload_id: str) -> None:
        """Forget the upload and its parts.

        Parts under way may survive: repeat until `list_parts` is NotFound.
        """
        ...

    def list_parts(self, bucket: str, key: str, upload_id: str) -> list[UploadedPart]: ...

    def list_uploads(self, bucket: str, prefix: str) -> list[OpenUpload]:
        """Open uploads whose keys begin with `prefix`. Lyve Cloud 1 wants the exact key."""
        ...

    def versions(self, bucket: str, key: str) -> list[KeptVersion]:
        """Every version and delete marker of exactly this key: the current one first, then newest first.

        Ends tell whole seconds: below the current one, a marker and a version of the same second may change
        places. On an unversioned bucket: the object, if there is one, under the id `null`.

        Raises:
            NotSupported: the end does not list versions, or cannot name this key.
        """
        ...

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
        """Copy an object of at most 5 GiB within its bucket: bytes, headers, user metadata and tags.

        `keeping` names what a copy does not take along by itself (S3 API, CopyObject): storage class,
        encryption, website redirect.

        Raises:
            PreconditionFailed: the object's ETag is not `if_match` any more.
            NotSupported: the end does not copy.
        """
        ...

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
        """Make `length` bytes of an object, from `offset`, a part of an open upload in the same bucket."""
        ...

    def delete(self, bucket: str, key: str, *, version_id: str | None = None, if_match: str = "") -> None:
        """Delete the current object (a marker on versioned buckets), or exactly one version.

        `if_match` (a bare ETag) is only for the current object: AWS answers 501 to both together.

        Raises:
            PreconditionFailed: the object's ETag is not `if_match`. NotFound: there is no object to match.
        """
        ...

    def lay_marker(self, bucket: str, key: str) -> str:
        """Hide a key below a delete marker; returns the marker's version id.

        Never sent twice after silence: a second one would be a second marker, and neither can carry a token.

        Raises:
            NotS3: the answer names no marker: this bucket keeps no versions.
        """
        ...

    def delete_versions(
        self, bucket: str, versions: Sequence[tuple[str, str]]
    ) -> dict[tuple[str, str], StoreError]:
        """Delete at most 1,000 versions, (key, version id) each, in one request; returns what failed.

        A version that is not there has not failed. Keys must be such that XML can hold them.

        Raises:
            NotSupported: the end does not know the call. NotS3: its answer does not say what went.
        """
        ...

    def put_tags(
        self, bucket: str, key: str, tags: Mapping[str, str], *, version_id: str | None = None
    ) -> None: ...

    def lock_on(self, bucket: str, key: str, *, version_id: str | None = None) -> Lock:
        """Retention and legal hold of one version, asked for by name: a HEAD leaves out what it may not tell.

        Only for buckets that lock (`lock_of`): elsewhere ends exist that answer with the object's bytes.

        Raises:
            AccessDenied: the keys may not ask, so that nobody knows.
        """
        ...

    def set_lock(self, bucket: str, key: str, lock: Lock, *, version_id: str | None = None) -> None:
        """Lock one version; what `lock` leaves empty is not changed.

        Only for buckets that lock: elsewhere ends exist that replace the object by the request.
        """
        ...

    def has_grants(self, bucket: str, key: str) -> bool:
        """Whether the object's ACL lets anybody but its owner do anything.

        Raises:
            AccessDenied, NotSupported: nobody knows.
        """
        ...

    def lifecycle(self, bucket: str) -> tuple[LifecycleRule, ...]:
        """Enabled rules that let things go by themselves. This one and the next three: a setting that is not
        there is empty; one that may not be asked for, or that the end does not know, raises.

        Raises:
            AccessDenied, NotSupported: nobody knows.
        """
        ...

    def replication(self, bucket: str) -> tuple[ReplicationRule, ...]:
        """Enabled rules that copy what is written to another bucket."""
        ...

    def notifications(self, bucket: str) -> tuple[str, ...]:
        """Kinds of receivers that are told of writes: `SQS`, `Lambda`, …"""
        ...

    def default_encryption(self, bucket: str) -> str:
        """What a write without an instruction gets: `AES256`, `aws:kms`, `aws:kms:ARN`; empty for nothing."""
        ...

    def server_time(self, bucket: str) -> datetime | None:
        """The end's clock (UTC, whole seconds), also where it refuses; None where it does not tell."""
        ...

    def close(self) -> None:
        """Let go of all connections."""
        ...
