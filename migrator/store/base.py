"""The contract of an object store, as narrow as the engine needs it.

Every method may raise any `StoreError`; a missing bucket, key, version or upload is `NotFound`. Methods
may be called from any thread. None of them retries (`store.retrying` does) and none of them lists,
reads or writes more than it is asked to. The suite in `tests/store/contract.py` is the contract in
full; it holds for every keeper.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from migrator.model.objects import (
    ObjectHead,
    OpenUpload,
    Page,
    Properties,
    UploadedPart,
    Written,
)

#: Bytes to send. Never a stream: a request that failed half-way can then be sent again.
Body = bytes | bytearray

#: Called with the number of bytes just moved; may raise `Cancelled` to break off.
OnBytes = Callable[[int], None]


class Versioning(StrEnum):
    """A bucket's versioning. UNKNOWN where the keys may not ask: never taken for OFF."""

    OFF = "off"
    ENABLED = "enabled"
    SUSPENDED = "suspended"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold for a write to happen. Ends exist that ignore it: check afterwards.

    `absent` sends `If-None-Match: *`; `etag` (bare) sends `If-Match`. At most one of them. Where it does not
    hold, the answer is PreconditionFailed, or NotFound for an `etag` where there is nothing.
    """

    absent: bool = False
    etag: str = ""


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

    def list_page(self, bucket: str, prefix: str, *, start_after: str = "", token: str | None = None) -> Page:
        """At most 1,000 objects whose keys begin with `prefix`, after `start_after`.

        `start_after` and `token` exclude each other.

        Raises:
            NotS3: the answer is not a listing of this bucket and prefix, or says that there is more
                without saying where to go on.
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

    def create_upload(self, bucket: str, key: str, properties: Properties) -> str:
        """Open a multipart upload; returns its id."""
        ...

    def upload_part(
        self, bucket: str, key: str, upload_id: str, number: int, body: Body, *, md5: bytes
    ) -> UploadedPart: ...

    def complete_upload(
        self,
        bucket: str,
        key: str,
        upload_id: str,
        parts: Sequence[UploadedPart],
        *,
        condition: Condition = ALWAYS,
    ) -> Written:
        """Make the object of its parts, in order of their numbers.

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

    def delete(self, bucket: str, key: str, *, version_id: str | None = None) -> None:
        """Delete the current object (a marker on versioned buckets), or exactly one version."""
        ...

    def put_tags(
        self, bucket: str, key: str, tags: Mapping[str, str], *, version_id: str | None = None
    ) -> None: ...

    def close(self) -> None:
        """Let go of all connections."""
        ...
