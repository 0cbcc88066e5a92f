"""A store that misbehaves as told. Faults read like sentences: *the third PutObject fails, then recovers*."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from migrator.errors import StoreError, Transient
from migrator.model.checksums import crc32_of
from migrator.model.objects import RESERVED_PREFIX, ObjectVersion, Page, Properties

#: The store's methods by S3's names.
OPERATIONS = {
    "lock_on": "GetObjectRetention",
    "set_lock": "PutObjectRetention",
    "has_grants": "GetObjectAcl",
    "list_buckets": "ListBuckets",
    "check_bucket": "HeadBucket",
    "versioning": "GetBucketVersioning",
    "lock_of": "GetObjectLockConfiguration",
    "create_bucket": "CreateBucket",
    "delete_bucket": "DeleteBucket",
    "list_page": "ListObjectsV2",
    "versions": "ListObjectVersions",
    "list_versions_page": "ListObjectVersions",
    "enable_versioning": "PutBucketVersioning",
    "lay_marker": "LayMarker",
    "copy": "CopyObject",
    "copy_part": "UploadPartCopy",
    "delete_versions": "DeleteObjects",
    "head": "HeadObject",
    "tags": "GetObjectTagging",
    "read": "GetObject",
    "put": "PutObject",
    "create_upload": "CreateMultipartUpload",
    "upload_part": "UploadPart",
    "complete_upload": "CompleteMultipartUpload",
    "abort_upload": "AbortMultipartUpload",
    "list_parts": "ListParts",
    "list_uploads": "ListMultipartUploads",
    "delete": "DeleteObject",
    "put_tags": "PutObjectTagging",
}
#: Those that change something.
WRITES = frozenset(
    {
        "PutObject",
        "CreateMultipartUpload",
        "UploadPart",
        "CompleteMultipartUpload",
        "AbortMultipartUpload",
        "DeleteObject",
        "PutObjectTagging",
        "CreateBucket",
        "DeleteBucket",
        "CopyObject",
        "UploadPartCopy",
        "DeleteObjects",
        "LayMarker",
        "PutBucketVersioning",
    }
)
_WITHOUT_KEY = frozenset(
    {
        "ListBuckets",
        "HeadBucket",
        "GetBucketVersioning",
        "GetObjectLockConfiguration",
        "ListObjectsV2",
        "CreateBucket",
        "DeleteBucket",
        "DeleteObjects",
        "ListVersionsPage",
        "PutBucketVersioning",
    }
)
#: The key that is written stands second here.
_TO_KEY = frozenset({"CopyObject", "UploadPartCopy"})


class Crash(BaseException):
    """The process dies here. Not an `Exception`: nothing may handle it."""


@dataclass
class Call:
    """One call of the store; `args` and `kwargs` may be changed before it is made."""

    operation: str
    key: str
    args: list[Any]
    kwargs: dict[str, Any]


class Fault:
    """Strikes the `nth` matching call and the following ones, `times` in all (None: for ever).

    Calls about our own probes and saved copies are passed over, unless `reserved`.
    """

    def __init__(
        self,
        operations: str | frozenset[str],
        *,
        key: str | None = None,
        nth: int = 1,
        times: int | None = 1,
        reserved: bool = False,
        before: Callable[[Call], None] | None = None,
        after: Callable[[Call, Any], Any] | None = None,
    ) -> None:
        self._operations = frozenset({operations}) if isinstance(operations, str) else operations
        self._key = key
        self._last = None if times is None else nth + times - 1
        self._nth = nth
        self._reserved = reserved
        self._before = before
        self._after = after
        self._lock = threading.Lock()
        self.seen = 0
        self.struck = 0  #: tests look at it, so that none passes because nothing happened

    def strikes(self, call: Call) -> bool:
        if call.operation not in self._operations or self._key not in (None, call.key):
            return False
        if call.key.startswith(RESERVED_PREFIX) and not self._reserved and self._key is None:
            return False
        with self._lock:
            self.seen += 1
            hit = self.seen >= self._nth and (self._last is None or self.seen <= self._last)
            self.struck += hit
        return hit

    def before(self, call: Call) -> None:
        if self._before:
            self._before(call)

    def after(self, call: Call, answer: Any) -> Any:
        return self._after(call, answer) if self._after else answer


class Faulty:
    """An `ObjectStore` around another one."""

    def __init__(self, inner: Any, *faults: Fault) -> None:
        self.inner = inner
        self.faults = faults

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        operation = OPERATIONS.get(name)
        if operation is None:
            return found

        def call(*args: Any, **kwargs: Any) -> Any:
            at = 2 if operation in _TO_KEY else 1
            key = args[at] if len(args) > at and operation not in _WITHOUT_KEY else ""
            asked = Call(operation, key, list(args), kwargs)
            hits = [fault for fault in self.faults if fault.strikes(asked)]
            for fault in hits:
                fault.before(asked)
            try:
                answer = found(*asked.args, **asked.kwargs)
            except StoreError as error:
                for fault in hits:
                    fault.after(asked, error)  # a refusal is an answer too: it can be lost
                raise
            for fault in hits:
                answer = fault.after(asked, answer)
            return answer

        return call


# -- faults by name -------------------------------------------------------------------------------


def fails(operations: str | frozenset[str], error: StoreError | None = None, **when: Any) -> Fault:
    """The request is not carried out; without an error of its own: 503."""

    def refuse(_: Call) -> None:
        raise error or Transient("Please try again.", code="InternalError", status=503)

    return Fault(operations, before=refuse, **when)


def loses_the_answer(operations: str | frozenset[str], **when: Any) -> Fault:
    """The request is carried out, and the connection breaks before its answer arrives."""

    def lose(_: Call, __: Any) -> Any:
        raise Transient("The connection was lost.", code="ConnectionClosed")

    return Fault(operations, after=lose, **when)


def meanwhile(operations: str | frozenset[str], act: Callable[[], object], **when: Any) -> Fault:
    """Somebody else does something just before the request arrives."""
    return Fault(operations, before=lambda _: act() and None, **when)


def corrupts(operations: str = "PutObject", **when: Any) -> Fault:
    """One bit changes after the digest was checked, as in a server's bad memory."""

    def flip(call: Call) -> None:
        at = 2 if call.operation == "PutObject" else 4
        body = bytearray(call.args[at])
        if body:
            body[0] ^= 1
        call.args[at] = bytes(body)
        if call.kwargs.get("crc32"):
            call.kwargs["crc32"] = crc32_of(call.args[at])
        else:
            call.kwargs["md5"] = hashlib.md5(call.args[at], usedforsecurity=False).digest()

    return Fault(operations, before=flip, **when)


def drops_metadata(operations: str = "PutObject", **when: Any) -> Fault:
    """User metadata vanishes, and ours with it."""

    def drop(call: Call) -> None:
        at = 3 if call.operation == "PutObject" else 2
        properties: Properties = call.args[at]
        call.args[at] = replace(properties, metadata={})

    return Fault(operations, before=drop, **when)


class Unsorted(Faulty):
    """Lists everything, but not in the order of the keys; `page` keys at a time."""

    def __init__(self, inner: Any, order: Callable[[list[str]], list[str]], page: int = 3) -> None:
        super().__init__(inner)
        self._order = order
        self._page = page

    def list_page(self, bucket: str, prefix: str, *, start_after: str = "", token: str | None = None) -> Page:
        everything = {each.key: each for each in all_objects(self.inner, bucket, prefix)}
        keys = [key for key in self._order(sorted(everything)) if key > start_after]
        first = int(token or 0)
        lines = tuple(everything[key] for key in keys[first : first + self._page])
        more = first + self._page < len(keys)
        return Page(lines, str(first + self._page) if more else None)


def all_objects(store: Any, bucket: str, prefix: str = "") -> Iterator[ObjectVersion]:
    token = None
    for _ in count():
        page = store.list_page(bucket, prefix, token=token)
        yield from page.objects
        token = page.next_token
        if token is None:
            return
