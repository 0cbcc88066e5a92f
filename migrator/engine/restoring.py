"""Bringing back what a write replaced, out of the copy that was kept aside. Runs on workers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace

from migrator.engine.reserved import look, saved_key
from migrator.engine.saving import copy_exactly
from migrator.engine.schema import Entry
from migrator.errors import NotFound, NotSupported, PreconditionFailed, Rejected
from migrator.model.capabilities import Capabilities
from migrator.model.objects import KMS, ObjectHead, Properties
from migrator.model.parts import DEFAULT_PART_BYTES
from migrator.model.undo import Undo, Undone, is_real
from migrator.store.base import Condition, ObjectStore


class Restoring:
    """Of one run, at its destination."""

    def __init__(self, destination: ObjectStore, bucket: str, run: str, seen: Capabilities) -> None:
        self._destination = destination
        self._bucket = bucket
        self._run = run
        self._seen = seen

    def restore(self, entry: Entry, key: str, still_ours: Callable[[], ObjectHead | Undone]) -> Undone:
        """Copy the saved content back over ours, and see that it is there.

        `still_ours` looks at what would be replaced: our object, or how the matter has ended.
        """
        kept_at = entry.saved_as or saved_key(self._run, entry.seq)
        saved = self._look(kept_at)
        current = self._look(key)
        if saved is not None and current is not None and is_back(entry, current, saved):
            return Undone("restored", Undo.RESTORED)
        # Read before the last look: nothing may lie between that and the write.
        content = self._content(kept_at, saved) if saved is not None and self._goes_by_put(saved) else None
        ours = still_ours()
        if isinstance(ours, Undone):
            return ours
        if saved is None:
            return Undone("left", Undo.LOST, "lost")
        is_refused = False
        try:
            if content is not None:
                self._put_back(key, *content, ours)
            else:
                copy_exactly(self._destination, self._bucket, kept_at, saved, key)
        except (PreconditionFailed, NotFound):
            is_refused = True  # maybe because it landed before, and the answer was lost: looking tells
        now = self._look(key)
        if now is None or not is_back(entry, now, saved):
            if is_refused:
                again = still_ours()
                return again if isinstance(again, Undone) else Undone("left", Undo.LOST, "lost")
            raise Rejected(f"{self._destination.end} did not bring the old content back.", code="NotRestored")
        if ours.version_id == "null" and is_real(now.version_id):
            # Versioning was switched on meanwhile: ours lies below what was brought back.
            self._destination.delete(self._bucket, key, version_id="null")
        return Undone("restored", Undo.RESTORED)

    def _goes_by_put(self, saved: ObjectHead) -> bool:
        """Small content goes through this computer, under the condition that ours is still there."""
        is_small = saved.size_bytes <= DEFAULT_PART_BYTES
        return bool(self._seen.put_if_match) and is_small and _is_usual(saved)

    def _content(self, kept_at: str, saved: ObjectHead) -> tuple[bytearray, Properties]:
        body = bytearray(saved.size_bytes)
        if body:
            self._destination.read(self._bucket, kept_at, body, if_match=saved.etag)
        tags = {} if saved.tag_count == 0 else self._tags(kept_at)
        return body, replace(saved.properties, tags=tags, encryption=saved.encryption)

    def _put_back(self, key: str, body: bytearray, properties: Properties, there: ObjectHead) -> None:
        md5 = hashlib.md5(body, usedforsecurity=False).digest()
        self._destination.put(
            self._bucket, key, body, properties, md5=md5, condition=Condition(etag=there.etag)
        )

    def _tags(self, key: str) -> dict[str, str]:
        try:
            return self._destination.tags(self._bucket, key)
        except NotSupported:
            return {}

    def _look(self, key: str) -> ObjectHead | None:
        return look(self._destination, self._bucket, key)


def is_back(entry: Entry, there: ObjectHead, saved: ObjectHead) -> bool:
    """True where the key holds what was kept aside, not what we wrote (which may be equal in bytes)."""
    return (
        there.etag in {saved.etag, entry.prior_etag}
        and there.size_bytes == saved.size_bytes
        and there.token == saved.token
        and not saved.properties.differences(there.properties)
    )


def _is_usual(saved: ObjectHead) -> bool:
    """True where a plain PUT makes the same object again: kept as usual, an ETag that is a digest."""
    is_kept_as_usual = saved.storage_class == "STANDARD" and not saved.encryption.startswith(KMS)
    return is_kept_as_usual and "-" not in saved.etag
