"""Removing what `check` wrote: objects, versions, delete markers and open uploads."""

from __future__ import annotations

from migrator.engine.findings import ANSWERS, ProbeBook
from migrator.engine.outcomes import StaysThere
from migrator.engine.reserved import MOST_VERSIONS, look, remove_reserved
from migrator.errors import StoreError
from migrator.store.base import ObjectStore, Versioning


class ProbeCleaner:
    """Every key in the book is removed with all that lies below it."""

    def __init__(self, store: ObjectStore, bucket: str, book: ProbeBook, versioning: Versioning) -> None:
        self._store = store
        self._bucket = bucket
        self._book = book
        self._versioning = versioning

    def clear(self) -> list[str]:
        """Remove all; returns the keys of what had to stay.

        Raises:
            MigratorError: the end fell silent, or the keys expired.
        """
        left = []
        for probe in self._book.reserved("probe"):
            try:
                self._remove(probe.key)
            except (*ANSWERS, StaysThere, StoreError):
                left.append(probe.key)
            else:
                self._book.release(probe.key)
        return left

    def _remove(self, key: str) -> None:
        """Where there are versions, each by its id: a marker is not seen by looking at the key."""
        store, bucket = self._store, self._bucket
        if self._versioning is not Versioning.OFF:
            try:
                stack = store.versions(bucket, key)
            except ANSWERS:
                stack = []  # as far as looking goes
            for kept in stack[:MOST_VERSIONS]:
                store.delete(bucket, key, version_id=kept.version_id)
        if look(store, bucket, key) is not None or self._may_have_uploads(key):
            remove_reserved(store, bucket, key, self._book.began())

    def _may_have_uploads(self, key: str) -> bool:
        try:
            return any(upload.key == key for upload in self._store.list_uploads(self._bucket, key))
        except ANSWERS:
            return False
