"""Patience around a store: the same contract, with transient failures tried again.

Two kinds of trouble are told apart. An end that *answers* but fails (500, 503, a body cut short) is asked
again a few times with jittered, growing delays; then the object has failed and the run goes on. An end that
does *not answer* (no connection, connection lost) says nothing about the object: the request waits with
everybody else's until the end is back, for as long as `wait_s` allows, and then the run pauses. An end that
loses one request again and again but answers others has a quarrel with that request: it fails like the first
kind.

An end that asks for less (503, 429) means everybody: its `Limiter` spaces the requests of all threads.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from migrator.errors import Cancelled, DigestMismatch, Paused, StoreError, Throttled, Transient, Unreachable
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
from migrator.store.base import ALWAYS, PLAIN, Body, BucketLock, Condition, ObjectStore, OnBytes, Versioning
from migrator.store.limiter import LONGEST_REST_S, Limiter

T = TypeVar("T")


class Patience(Protocol):
    """What waiting needs from outside: a clock, a source of jitter, and a way to be interrupted."""

    def now(self) -> float:
        """Monotonic seconds."""
        ...

    def jitter(self) -> float:
        """A random number in [0, 1)."""
        ...

    def wait(self, seconds: float) -> bool:
        """Sleep; True where somebody asked to stop meanwhile."""
        ...


#: end, operation, attempt (from 1), delay in seconds, cause
OnRetry = Callable[[str, str, int, float, str], None]


@dataclass(frozen=True, slots=True)
class Policy:
    """How often and how long. `tries` counts sends."""

    tries: int = 6
    first_delay_s: float = 0.3
    longest_delay_s: float = 20.0
    #: How long an end may be gone that has answered before, and one that never has.
    wait_s: float = 24 * 3600
    first_answer_s: float = 20.0

    def delay_s(self, attempt: int, jitter: float) -> float:
        """Full jitter: anywhere between a tenth of the step and the whole of it."""
        doublings = min(attempt - 1, 60)  # an end can be gone for longer than 2.0 ** attempt can be told
        step = min(self.longest_delay_s, self.first_delay_s * 2.0**doublings)
        return step * (0.1 + 0.9 * jitter)


class RetryingStore:
    """An `ObjectStore` that asks again. Safe for writes too: the engine settles doubtful ones by token."""

    def __init__(
        self,
        inner: ObjectStore,
        patience: Patience,
        policy: Policy | None = None,
        on_retry: OnRetry | None = None,
    ) -> None:
        self.inner = inner
        self._patience = patience
        self._policy = policy or Policy()
        self._on_retry = on_retry
        self.limiter = Limiter(patience.now())
        #: Told of each request that went well: its operation, and how many seconds it took.
        self.on_answer: Callable[[str, float], None] | None = None
        self._lock = threading.Lock()  # guards the two below
        self._has_answered = False
        self._silent_since: float | None = None

    @property
    def end(self) -> str:
        return self.inner.end

    def _try(self, operation: str, call: Callable[[], T]) -> T:
        failures = losses = 0
        while True:
            if self._patience.wait(0):
                raise Cancelled
            if self.limiter.is_on:
                self._wait_for_its_turn()
            began = self._patience.now() if self.on_answer else 0.0
            try:
                result = call()
            except Throttled as cause:
                failures += 1
                self._refused(operation, cause, failures)
            except Transient as cause:
                is_silence = isinstance(cause, Unreachable) or cause.status is None
                if not is_silence:
                    self._heard()
                    failures += 1
                    self._again_or_give_up(operation, cause, failures, self._delay(failures))
                else:
                    losses += 1
                    self._wait_for_the_end(operation, cause, losses)
            except StoreError as cause:
                self._heard()
                if not cause.is_transient:
                    raise
                failures += 1
                self._again_or_give_up(operation, cause, failures, self._delay(failures))
            else:
                self._heard()
                if self.limiter.answered():
                    self.limiter.mark(self._patience.now())
                if self.on_answer:
                    self.on_answer(operation, self._patience.now() - began)
                return result

    def _wait_for_its_turn(self) -> None:
        """The end asked for less: it gets one request after the other, from all threads together."""
        while True:
            delay = self.limiter.turn(self._patience.now())
            if delay > 0 and self._patience.wait(delay):
                raise Cancelled
            if not self.limiter.is_closed(self._patience.now()):
                return

    def _refused(self, operation: str, cause: Throttled, attempt: int) -> None:
        """The end asks for less: of everybody, and of this request more with every attempt."""
        self._heard()
        rest = min(cause.retry_after_s or 0.0, LONGEST_REST_S)
        self.limiter.refused(self._patience.now(), rest)
        self._again_or_give_up(operation, cause, attempt, max(rest, self._delay(attempt)))

    def _delay(self, attempt: int) -> float:
        return self._policy.delay_s(attempt, self._patience.jitter())

    def _heard(self) -> None:
        if self._has_answered and self._silent_since is None:
            return  # as nearly always: no lock for it
        with self._lock:
            self._has_answered = True
            self._silent_since = None

    def _again_or_give_up(self, operation: str, cause: StoreError, attempt: int, delay: float) -> None:
        if attempt >= self._policy.tries:
            raise cause
        self._sleep(operation, cause, attempt, delay)

    def _wait_for_the_end(self, operation: str, cause: StoreError, losses: int) -> None:
        now = self._patience.now()
        with self._lock:
            if self._silent_since is None:
                self._silent_since = now
            silent_s = now - self._silent_since
            has_answered = self._has_answered
        if not has_answered and (silent_s >= self._policy.first_answer_s or is_hopeless(cause)):
            raise cause
        if has_answered and silent_s >= self._policy.wait_s:
            raise Paused(
                f"{self.end} has not answered for {silent_s:.0f} s. {cause.message}",
                cause="unreachable",
                advice="Resume the run when it is back.",
            )
        if has_answered and losses >= self._policy.tries and self._answers():
            # The end is there: it is this request that it cannot take. The object fails, the run goes on.
            raise cause
        self._sleep(operation, cause, losses, self._delay(losses))

    def _answers(self) -> bool:
        """Whether the end answers a harmless question, whatever the answer is."""
        try:
            self.inner.list_buckets()
        except Transient as cause:
            return cause.status is not None
        except StoreError:
            return True
        return True

    def _sleep(self, operation: str, cause: StoreError, attempt: int, delay: float) -> None:
        if self._on_retry:
            self._on_retry(self.end, operation, attempt, round(delay, 2), cause.code)
        if self._patience.wait(delay):
            raise Cancelled

    # -- the contract, each call with patience --------------------------------------------------

    def list_buckets(self) -> list[str]:
        return self._try("ListBuckets", self.inner.list_buckets)

    def check_bucket(self, bucket: str) -> str:
        return self._try("HeadBucket", lambda: self.inner.check_bucket(bucket))

    def versioning(self, bucket: str) -> Versioning:
        return self._try("GetBucketVersioning", lambda: self.inner.versioning(bucket))

    def lock_of(self, bucket: str) -> BucketLock:
        return self._try("GetObjectLockConfiguration", lambda: self.inner.lock_of(bucket))

    def create_bucket(self, bucket: str, region: str) -> None:
        self._try("CreateBucket", lambda: self.inner.create_bucket(bucket, region))

    def enable_versioning(self, bucket: str) -> None:
        self._try("PutBucketVersioning", lambda: self.inner.enable_versioning(bucket))

    def delete_bucket(self, bucket: str) -> None:
        self._try("DeleteBucket", lambda: self.inner.delete_bucket(bucket))

    def list_page(self, bucket: str, prefix: str, *, start_after: str = "", token: str | None = None) -> Page:
        return self._try(
            "ListObjectsV2",
            lambda: self.inner.list_page(bucket, prefix, start_after=start_after, token=token),
        )

    def list_versions_page(
        self,
        bucket: str,
        prefix: str,
        *,
        key_marker: str = "",
        version_marker: str = "",
        limit: int = 1000,
    ) -> VersionPage:
        return self._try(
            "ListObjectVersions",
            lambda: self.inner.list_versions_page(
                bucket, prefix, key_marker=key_marker, version_marker=version_marker, limit=limit
            ),
        )

    def head(self, bucket: str, key: str, *, version_id: str | None = None) -> ObjectHead:
        return self._try("HeadObject", lambda: self.inner.head(bucket, key, version_id=version_id))

    def tags(self, bucket: str, key: str, *, version_id: str | None = None) -> dict[str, str]:
        return self._try("GetObjectTagging", lambda: self.inner.tags(bucket, key, version_id=version_id))

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
        return self._try(
            "GetObject",
            lambda: self.inner.read(
                bucket, key, into, offset=offset, if_match=if_match, version_id=version_id, on_bytes=on_bytes
            ),
        )

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
        def put() -> Written:
            try:
                return self.inner.put(bucket, key, body, properties, md5=md5, condition=condition)
            except DigestMismatch as cause:
                # Bytes that never were what the digest says are not sent again.
                cause.is_transient = hashlib.md5(body, usedforsecurity=False).digest() == md5
                raise

        return self._try("PutObject", put)

    def create_upload(self, bucket: str, key: str, properties: Properties, *, has_crc32: bool = False) -> str:
        return self._try(
            "CreateMultipartUpload",
            lambda: self.inner.create_upload(bucket, key, properties, has_crc32=has_crc32),
        )

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
        return self._try(
            "UploadPart",
            lambda: self.inner.upload_part(bucket, key, upload_id, number, body, md5=md5, crc32=crc32),
        )

    def complete_upload(
        self,
        bucket: str,
        key: str,
        upload_id: str,
        parts: Sequence[UploadedPart],
        *,
        condition: Condition = ALWAYS,
    ) -> Written:
        return self._try(
            "CompleteMultipartUpload",
            lambda: self.inner.complete_upload(bucket, key, upload_id, parts, condition=condition),
        )

    def abort_upload(self, bucket: str, key: str, upload_id: str) -> None:
        self._try("AbortMultipartUpload", lambda: self.inner.abort_upload(bucket, key, upload_id))

    def list_parts(self, bucket: str, key: str, upload_id: str) -> list[UploadedPart]:
        return self._try("ListParts", lambda: self.inner.list_parts(bucket, key, upload_id))

    def list_uploads(self, bucket: str, prefix: str) -> list[OpenUpload]:
        return self._try("ListMultipartUploads", lambda: self.inner.list_uploads(bucket, prefix))

    def versions(self, bucket: str, key: str) -> list[KeptVersion]:
        return self._try("ListObjectVersions", lambda: self.inner.versions(bucket, key))

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
        return self._try(
            "CopyObject",
            lambda: self.inner.copy(
                bucket, key, to_key, if_match=if_match, version_id=version_id, keeping=keeping
            ),
        )

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
        return self._try(
            "UploadPartCopy",
            lambda: self.inner.copy_part(
                bucket,
                key,
                to_key,
                upload_id,
                number,
                offset,
                length,
                if_match=if_match,
                version_id=version_id,
            ),
        )

    def delete(self, bucket: str, key: str, *, version_id: str | None = None, if_match: str = "") -> None:
        self._try(
            "DeleteObject",
            lambda: self.inner.delete(bucket, key, version_id=version_id, if_match=if_match),
        )

    def lay_marker(self, bucket: str, key: str) -> str:
        """Once: only an end that says it did nothing is asked again."""
        for attempt in range(1, self._policy.tries + 1):
            if self._patience.wait(0):
                raise Cancelled
            if self.limiter.is_on:
                self._wait_for_its_turn()
            try:
                marker = self.inner.lay_marker(bucket, key)
            except Throttled as cause:
                self._refused("DeleteObject", cause, attempt)
            else:
                self._heard()
                return marker
        raise AssertionError("giving up raises")

    def delete_versions(
        self, bucket: str, versions: Sequence[tuple[str, str]]
    ) -> dict[tuple[str, str], StoreError]:
        return self._try("DeleteObjects", lambda: self.inner.delete_versions(bucket, versions))

    def put_tags(
        self, bucket: str, key: str, tags: Mapping[str, str], *, version_id: str | None = None
    ) -> None:
        self._try("PutObjectTagging", lambda: self.inner.put_tags(bucket, key, tags, version_id=version_id))

    def lock_on(self, bucket: str, key: str, *, version_id: str | None = None) -> Lock:
        return self._try("GetObjectRetention", lambda: self.inner.lock_on(bucket, key, version_id=version_id))

    def set_lock(self, bucket: str, key: str, lock: Lock, *, version_id: str | None = None) -> None:
        self._try("PutObjectRetention", lambda: self.inner.set_lock(bucket, key, lock, version_id=version_id))

    def has_grants(self, bucket: str, key: str) -> bool:
        return self._try("GetObjectAcl", lambda: self.inner.has_grants(bucket, key))

    def lifecycle(self, bucket: str) -> tuple[LifecycleRule, ...]:
        return self._try("GetBucketLifecycleConfiguration", lambda: self.inner.lifecycle(bucket))

    def replication(self, bucket: str) -> tuple[ReplicationRule, ...]:
        return self._try("GetBucketReplication", lambda: self.inner.replication(bucket))

    def notifications(self, bucket: str) -> tuple[str, ...]:
        return self._try("GetBucketNotificationConfiguration", lambda: self.inner.notifications(bucket))

    def default_encryption(self, bucket: str) -> str:
        return self._try("GetBucketEncryption", lambda: self.inner.default_encryption(bucket))

    def server_time(self, bucket: str) -> datetime | None:
        return self._try("HeadBucket", lambda: self.inner.server_time(bucket))

    def close(self) -> None:
        self.inner.close()


def without_patience(store: ObjectStore) -> ObjectStore:
    """The store that sends each request once: for probes that are meant to be refused, and for leaving."""
    return store.inner if isinstance(store, RetryingStore) else store


def is_hopeless(cause: StoreError) -> bool:
    """True where asking again cannot help an end that never answered: a wrong name or certificate."""
    return cause.code in {"TLS", "UnknownHost"}
