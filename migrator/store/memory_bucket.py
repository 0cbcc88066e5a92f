"""One bucket in memory: its keys in order, their versions and its open uploads.

Knows how versions stack up under each state of versioning. A `Bucket` judges nothing and locks nothing:
`memory_cloud` does both.
"""

from __future__ import annotations

import uuid
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from migrator.model.objects import (
    UNLOCKED,
    KeptVersion,
    Lock,
    ObjectHead,
    ObjectVersion,
    Properties,
)
from migrator.model.settings import LifecycleRule, ReplicationRule
from migrator.store.base import BucketLock, Condition, Versioning
from migrator.store.memory_rules import Quirks, failed_condition, missing
from migrator.store.memory_uploads import Upload

#: The id of a version that was written while versioning was not on.
NULL_VERSION = "null"


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """One version of one key, or a delete marker (no body, no ETag)."""

    key: str
    version_id: str
    last_modified: datetime
    body: bytes = b""
    etag: str = ""
    properties: Properties = field(default_factory=Properties)
    storage_class: str = "STANDARD"
    is_marker: bool = False
    encryption: str = ""
    lock: Lock = UNLOCKED
    is_public: bool = False

    def is_locked(self, now: datetime) -> bool:
        return self.lock.holds(now)

    def line(self) -> ObjectVersion:
        """As a listing shows it."""
        return ObjectVersion(self.key, len(self.body), self.etag, self.last_modified, self.storage_class)


@dataclass(frozen=True, slots=True)
class ListedVersion:
    """One line of ListObjectVersions."""

    version: StoredVersion
    is_latest: bool

    def listed(self) -> ObjectVersion:
        """As a listing of versions shows it."""
        each = self.version
        return replace(
            each.line(), version_id=each.version_id, is_marker=each.is_marker, is_latest=self.is_latest
        )

    def kept(self) -> KeptVersion:
        """As a store tells it."""
        each = self.version
        return KeptVersion(
            each.version_id, self.is_latest, each.is_marker, each.etag, len(each.body), each.last_modified
        )


@dataclass(frozen=True, slots=True)
class BucketRules:
    """What acts by itself in a bucket."""

    lifecycle: tuple[LifecycleRule, ...] = ()
    replication: tuple[ReplicationRule, ...] = ()
    notifications: tuple[str, ...] = ()
    encryption: str = ""


class Bucket:
    """Versions by key (oldest first), and the keys in S3's order."""

    def __init__(self, name: str, region: str, versioning: Versioning, created: datetime) -> None:
        self.name = name
        self.region = region
        self.versioning = versioning
        self.created = created
        self.uploads: dict[str, Upload] = {}
        self.lock = BucketLock.NONE
        self.rules = BucketRules()
        self.lock_mode, self.lock_days = "", 0  # the default retention, where there is one
        self._versions: dict[str, list[StoredVersion]] = {}
        # Python compares text by code point, which is the order of the UTF-8 bytes.
        self._keys: list[str] = []

    @property
    def is_empty(self) -> bool:
        return not self._keys

    def next_version_id(self) -> str:
        return uuid.uuid4().hex if self.versioning is Versioning.ENABLED else NULL_VERSION

    def shown_id(self, version_id: str) -> str | None:
        """The id as an answer carries it: buckets that never had versions do not mention any."""
        return None if self.versioning is Versioning.OFF else version_id

    def current(self, key: str) -> StoredVersion | None:
        """The newest version of a key, which may be a marker."""
        versions = self._versions.get(key)
        return versions[-1] if versions else None

    def existing(self, key: str) -> StoredVersion | None:
        """What a reader without a version id sees: never a marker."""
        newest = self.current(key)
        return None if newest is None or newest.is_marker else newest

    def version(self, key: str, version_id: str) -> StoredVersion | None:
        versions = self._versions.get(key, ())
        return next((each for each in versions if each.version_id == version_id), None)

    def add(self, version: StoredVersion) -> None:
        """Put a version on top. There is one null version per key: a new one destroys the old one."""
        if version.version_id == NULL_VERSION:
            self.remove(version.key, NULL_VERSION)
        if version.key not in self._versions:
            insort(self._keys, version.key)
            self._versions[version.key] = []
        self._versions[version.key].append(version)

    def remove(self, key: str, version_id: str) -> StoredVersion | None:
        """Take one version away for good; None where there is no such version."""
        found = self.version(key, version_id)
        if found is None:
            return None
        self._versions[key].remove(found)
        if not self._versions[key]:
            del self._versions[key]
            del self._keys[bisect_left(self._keys, key)]
        return found

    def swap(self, version: StoredVersion, changed: StoredVersion) -> None:
        """Tags and locks change in place; neither the ETag nor the date does."""
        versions = self._versions[version.key]
        versions[versions.index(version)] = changed

    def keys_from(self, prefix: str, after: str) -> Iterator[str]:
        """Keys that begin with `prefix` and come after `after`, in order; markers included."""
        start = bisect_left(self._keys, prefix)
        if after:
            start = max(start, bisect_right(self._keys, after))
        for index in range(start, len(self._keys)):
            key = self._keys[index]
            if not key.startswith(prefix):
                return
            yield key

    def objects_from(self, prefix: str, after: str) -> Iterator[StoredVersion]:
        """What a listing of the bucket shows, in order."""
        for key in self.keys_from(prefix, after):
            version = self.existing(key)
            if version is not None:
                yield version

    def versions_from(self, prefix: str, after_key: str, after_version: str) -> Iterator[ListedVersion]:
        """Versions and markers, newest first within a key; `after_version` may be the middle of a key."""
        if after_key and after_version:
            ids = [each.version.version_id for each in self._lines_of(after_key)]
            rest = ids.index(after_version) + 1 if after_version in ids else len(ids)
            yield from self._lines_of(after_key)[rest:]
        for key in self.keys_from(prefix, after_key):
            yield from self._lines_of(key)

    def _lines_of(self, key: str) -> list[ListedVersion]:
        newest_first = self._versions.get(key, [])[::-1]
        return [ListedVersion(version, version is newest_first[0]) for version in newest_first]

    def head_of(self, version: StoredVersion) -> ObjectHead:
        """As HEAD shows it: the tags are counted, not shown."""
        return ObjectHead(
            size_bytes=len(version.body),
            etag=version.etag,
            last_modified=version.last_modified,
            version_id=self.shown_id(version.version_id),
            properties=replace(version.properties, tags={}),
            tag_count=len(version.properties.tags),
            storage_class=version.storage_class,
            encryption=version.encryption,
            lock=version.lock,
        )


def check_condition(
    quirks: Quirks, versioning: Versioning, there: StoredVersion | None, condition: Condition
) -> None:
    """Refuse a write over `there` whose condition does not hold, as far as the service looks at it."""
    if quirks.ignores_conditions_when_versioned and versioning is not Versioning.OFF:
        return
    if condition.absent and there is not None and not quirks.ignores_if_none_match:
        raise failed_condition()
    if not condition.etag or quirks.ignores_if_match:
        return
    if there is None:
        raise missing("NoSuchKey", "The specified key does not exist.")
    if there.etag != condition.etag:
        raise failed_condition()
