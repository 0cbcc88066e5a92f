"""The buckets of the cloud in memory and what can be set on them and in them: versions, locks, retention.

`memory_cloud` adds the objects.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from migrator.store.base import BucketLock, Versioning
from migrator.store.memory_bucket import Bucket, BucketRules, StoredVersion
from migrator.store.memory_rules import IsMarker, check_bucket_name, check_key, lock_missing, missing, refused

Clock = Callable[[], datetime]


def wall_clock() -> datetime:
    return datetime.now(UTC)


class Buckets:
    """Buckets by name, under one lock. `now` decides all dates."""

    def __init__(self, now: Clock) -> None:
        self._now = now
        self._lock = threading.RLock()
        self._buckets: dict[str, Bucket] = {}

    def create_bucket(
        self, name: str, *, versioning: Versioning = Versioning.OFF, region: str = "us-east-1"
    ) -> None:
        check_bucket_name(name)
        with self._lock:
            if name in self._buckets:
                raise refused("BucketAlreadyOwnedByYou", "You already own this bucket.", 409)
            self._buckets[name] = Bucket(name, region, versioning, self.time())

    def delete_bucket(self, name: str) -> None:
        with self._lock:
            if not self._bucket(name).is_empty:
                raise refused("BucketNotEmpty", "The bucket you tried to delete is not empty.", 409)
            del self._buckets[name]

    def buckets(self) -> list[tuple[str, datetime]]:
        """Names and dates of creation, sorted."""
        with self._lock:
            return sorted((bucket.name, bucket.created) for bucket in self._buckets.values())

    def region(self, bucket: str) -> str:
        with self._lock:
            return self._bucket(bucket).region

    def versioning(self, bucket: str) -> Versioning:
        with self._lock:
            return self._bucket(bucket).versioning

    def set_versioning(self, bucket: str, versioning: Versioning) -> None:
        """Versions can be switched on and suspended, never off again."""
        if versioning not in (Versioning.ENABLED, Versioning.SUSPENDED):
            raise refused("IllegalVersioningConfigurationException", "Versioning is Enabled or Suspended.")
        with self._lock:
            home = self._bucket(bucket)
            if home.lock is not BucketLock.NONE and versioning is Versioning.SUSPENDED:
                message = "An Object Lock configuration is present on this bucket."
                raise refused("InvalidBucketState", message, 409)
            home.versioning = versioning

    def set_lock(self, bucket: str, *, mode: str = "", days: int = 0) -> None:
        """Switch Object Lock on, which needs versioning; with `days` every new object is locked so long."""
        with self._lock:
            home = self._bucket(bucket)
            if home.versioning is not Versioning.ENABLED:
                raise refused("InvalidBucketState", "Versioning must be 'Enabled' on the bucket", 409)
            home.lock = BucketLock.DEFAULT if days else BucketLock.ENABLED
            home.lock_mode, home.lock_days = mode if days else "", days

    def set_rules(self, bucket: str, **rules: Any) -> None:
        """Change fields of `BucketRules`. They are told of; nothing is done by them."""
        with self._lock:
            home = self._bucket(bucket)
            home.rules = replace(home.rules, **rules)

    def rules_of(self, bucket: str) -> BucketRules:
        with self._lock:
            return self._bucket(bucket).rules

    def default_retention(self, bucket: str) -> tuple[str, int]:
        """Mode and days that new objects are locked for."""
        with self._lock:
            home = self._bucket(bucket)
            return home.lock_mode, home.lock_days

    def lock_of(self, bucket: str) -> BucketLock:
        with self._lock:
            return self._bucket(bucket).lock

    def retain(
        self,
        bucket: str,
        key: str,
        until: datetime,
        *,
        mode: str = "COMPLIANCE",
        version_id: str | None = None,
    ) -> None:
        """Lock one version (None: the current one) until then. The bucket must have Object Lock."""
        with self._lock:
            home = self._lockable(bucket)
            version = self._found(home, key, version_id)
            lock = replace(version.lock, mode=mode, until=until)
            home.swap(version, replace(version, lock=lock))

    def hold(self, bucket: str, key: str, *, is_on: bool = True, version_id: str | None = None) -> None:
        """Put a legal hold on one version (None: the current one), or take it off."""
        with self._lock:
            home = self._lockable(bucket)
            version = self._found(home, key, version_id)
            home.swap(version, replace(version, lock=replace(version.lock, hold=is_on)))

    def grant(self, bucket: str, key: str) -> None:
        """Let everybody read an object (the canned ACL `public-read`)."""
        with self._lock:
            home = self._bucket(bucket)
            version = self._found(home, key, None)
            home.swap(version, replace(version, is_public=True))

    def has_grants(self, bucket: str, key: str) -> bool:
        """Whether the object's ACL names anybody but its owner."""
        with self._lock:
            return self._found(self._bucket(bucket), key, None).is_public

    def time(self) -> datetime:
        """Now, in whole seconds as S3 tells it."""
        return self._now().replace(microsecond=0)

    # Under the lock

    def _bucket(self, name: str) -> Bucket:
        try:
            return self._buckets[name]
        except KeyError:
            raise missing("NoSuchBucket", "The specified bucket does not exist") from None

    def _lockable(self, bucket: str) -> Bucket:
        home = self._bucket(bucket)
        if home.lock is BucketLock.NONE:
            raise lock_missing()
        return home

    def _found(self, home: Bucket, key: str, version_id: str | None) -> StoredVersion:
        """The version a reader asks for."""
        check_key(key)
        if version_id is not None:
            version = home.version(key, version_id)
            if version is None:
                raise missing("NoSuchVersion", "The specified version does not exist.")
            if version.is_marker:
                raise IsMarker(key, version_id, is_by_id=True)
            return version
        version = home.current(key)
        if version is None:
            raise missing("NoSuchKey", "The specified key does not exist.")
        if version.is_marker:
            raise IsMarker(key, version.version_id)
        return version
