"""Undoing a run that copied whole histories: exactly our versions go, by their ids.

The bucket keeps versions, so nothing was ever replaced and nothing has to be brought back: what was on top
before is on top again when ours are gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from migrator.engine.markers import Doubtful, found_marker, history_of, top_of
from migrator.engine.schema import Entry
from migrator.engine.undoing import Judgement, Undoing
from migrator.errors import NotFound
from migrator.model.objects import ObjectVersion
from migrator.model.undo import SourceNow, Undo, Undone, Verdict, is_real, run_of, same_operation, seq_of


@dataclass(frozen=True, slots=True)
class Found:
    """A version that carries a token of this run: `seq` of the object it names, and the ETag it has now."""

    seq: int
    etag: str


class HistoryUndoing(Undoing):
    """Like `Undoing`, by version."""

    def __init__(self, *args: Any, **how: Any) -> None:
        super().__init__(*args, **how)
        # Of the batch that is judged: what was on top before the run, of keys with a marker that nobody
        # heard of; and what was seen of ours, by (key, version id) (threads only add to it).
        self._bases: Mapping[str, str | None] = {}
        self._found: dict[tuple[str, str], Found] = {}
        self._found_before: dict[tuple[str, str], Found] = {}  # of the batch before: a key can span both

    def begin(self, bases: Mapping[str, str | None]) -> None:
        """A new batch is judged; `bases` by destination key."""
        self._bases = bases
        self._found_before, self._found = self._found, {}

    def found(self, key: str, version_id: str) -> Found | None:
        """What a version that was seen to carry our token says, whether the journal knows it or not."""
        return self._found.get((key, version_id)) or self._found_before.get((key, version_id))

    def judge(self, entry: Entry) -> Judgement:
        key = self._job.destination_key(entry.key)
        if entry.may_have_orphan and not self._dry_run:
            self._abort_orphans(key)
        try:
            version_id = self._version_of(entry, key)
        except Doubtful:
            return Judgement(Verdict.ASK)
        if version_id is None:
            return Judgement(Verdict.NEVER_WRITTEN)
        top = self._top(key)
        if not self._is_there(entry, key, version_id, top):
            return Judgement(Verdict.NOTHING_THERE)
        if not entry.is_marker:
            there = self._look(key, version_id)
            if there is not None and there.is_locked(self._now):
                return Judgement(Verdict.LEAVE_LOCKED)
            if not (self._even_last_copy or self._source_now(entry).holds_it):
                return Judgement(Verdict.LEAVE_LAST_COPY)
        return Judgement(Verdict.DELETE_VERSION, version_id, top=top.version_id if top else None)

    def act(self, entry: Entry, judged: Judgement, *, is_deleted: bool = False) -> Undone:
        match judged.verdict:
            case Verdict.DELETE_VERSION | Verdict.REMOVE_HIDDEN:
                if not self._dry_run:
                    self._remove(entry, judged.version_id or "", is_deleted=is_deleted)
                if judged.verdict is Verdict.REMOVE_HIDDEN:
                    return Undone("left", Undo.NOT_OURS, "hidden-removed")
                return Undone("removed", Undo.DELETED)
            case Verdict.NOTHING_THERE if entry.undo is Undo.DELETE_INTENT:
                return Undone("removed", Undo.DELETED)  # by a rollback that died before it could say so
        return super().act(entry, judged, is_deleted=is_deleted)

    def _version_of(self, entry: Entry, key: str) -> str | None:
        """The version id of what we wrote, also where its answer was lost; None where nothing is there.

        Raises:
            Doubtful: nobody can tell.
        """
        if is_real(entry.after_version):
            return entry.after_version
        if entry.is_marker:
            below = (entry.prior_version, self._bases.get(key, entry.prior_version))
            sent = entry.sent or self._began
            found = found_marker(self._destination, self._bucket, key, below, sent)
        else:
            found = next(iter(self._of_the_same_write(entry, key)), None)
        if found is not None:
            self._found[key, found] = Found(entry.seq, entry.after_etag)
        return found

    def _of_the_same_write(self, entry: Entry, key: str) -> list[str]:
        """Versions that carry the token of this write: more than one where answers were lost.

        Where the ETag of our write is on record, others are left out: somebody's edit can keep our metadata.
        """
        token = self._token(entry)
        found = []
        for each in history_of(self._destination, self._bucket, key):
            if each.last_modified < self._began:
                break
            is_like_ours = each.size_bytes == entry.size_bytes and entry.after_etag in ("", each.etag)
            if token and not each.is_marker and is_like_ours:
                head = self._look(key, each.version_id)
                if head is not None and same_operation(token, head.token):
                    found.append(each.version_id)
        return found

    def _remove(self, entry: Entry, version_id: str, *, is_deleted: bool) -> None:
        key = self._job.destination_key(entry.key)
        if not is_deleted:
            self._destination.delete(self._bucket, key, version_id=version_id)
        if self._is_there(entry, key, version_id, self._top(key)):
            raise self._stays()
        # An end that does not look at conditions may have carried out a write twice.
        if not entry.is_marker and not (self._seen.put_if_match and self._seen.put_if_absent):
            for twin in self._of_the_same_write(entry, key):
                self._destination.delete(self._bucket, key, version_id=twin)

    def _top(self, key: str) -> ObjectVersion | None:
        """What is on top; what carries a token of this run is noted."""
        top = top_of(self._destination, self._bucket, key)
        if top is not None and not top.is_marker:
            head = self._look(key, top.version_id)
            seq = seq_of(head.token) if head is not None and run_of(head.token) == self._run else None
            if seq is not None:
                self._found[key, top.version_id] = Found(seq, top.etag)
        return top

    def _is_there(self, entry: Entry, key: str, version_id: str, top: ObjectVersion | None) -> bool:
        if top is None:
            return False
        if top.version_id == version_id:
            return True
        if not entry.is_marker:
            return self._look(key, version_id) is not None
        return any(each.version_id == version_id for each in history_of(self._destination, self._bucket, key))

    def _source_now(self, entry: Entry) -> SourceNow:
        try:
            head = self._source.head(
                self._job.source.bucket, entry.key, version_id=entry.source_version or None
            )
        except NotFound:
            return SourceNow(holds_it=False)
        return SourceNow(holds_it=head.etag == entry.etag and head.size_bytes == entry.size_bytes)
