"""Removing what `check` wrote: objects, versions, delete markers and open uploads."""

from __future__ import annotations

from migrator.engine.findings import ANSWERS, ProbeBook
from migrator.engine.outcomes import StaysThere
from migrator.engine.reserved import MOST_VERSIONS, remove_reserved
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
        """By listing, not by HEAD: whoever may not read a probe must not leave it there.

        Where there are versions, each goes by its id: a plain delete would lay a marker.
        """
        store, bucket = self._store, self._bucket
        self._end_uploads(key)
        for version_id in self._version_ids(key):
            store.delete(bucket, key, version_id=version_id)
        if any(each.key == key for each in store.list_page(bucket, key).objects):
            remove_reserved(store, bucket, key, self._book.began())

    def _version_ids(self, key: str) -> list[str | None]:
        if self._versioning is Versioning.OFF:
            return [None]
        try:
            stack = self._store.versions(self._bucket, key)
        except ANSWERS:
            return []  # what is listed is removed version by version
        return [kept.version_id for kept in stack[:MOST_VERSIONS]]

    def _end_uploads(self, key: str) -> None:
        """Aborting needs no look at the parts: a right of its own."""
        try:
            uploads = self._store.list_uploads(self._bucket, key)
        except ANSWERS:
            return
        for upload in uploads:
            if upload.key == key:
                self._store.abort_upload(self._bucket, key, upload.upload_id)
