"""Undoing one object: what is there and what has to be done about it, and doing it. Runs on workers.

`Undoing.judge` only looks, so a dry run is nothing but judging. `Undoing.act` comes after the intent is
durable, looks once more right before it changes anything, and looks afterwards: only what is seen to have
happened counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import assert_never

from migrator.config import Job
from migrator.engine.outcomes import StaysThere
from migrator.engine.reserved import look
from migrator.engine.restoring import Restoring, is_back
from migrator.engine.schema import Entry
from migrator.engine.uncovering import uncover
from migrator.engine.uploads import abort_orphans
from migrator.errors import AccessDenied, NotFound, NotSupported, PreconditionFailed
from migrator.model.capabilities import Capabilities
from migrator.model.objects import ObjectHead
from migrator.model.undo import (
    Prior,
    SourceNow,
    State,
    Trace,
    Undo,
    Undone,
    Verdict,
    is_ours,
    is_real,
    run_of,
    same_operation,
    token_for,
    verdict,
)
from migrator.store.base import ObjectStore, Versioning

#: An end that still shows the same version after so many deletes does not delete.
DELETES = 5


@dataclass(frozen=True, slots=True)
class Judgement:
    """What has to be done about one key. `version_id` of what it is about, as last seen. `top`, where whole
    histories were copied: the version that is current."""

    verdict: Verdict
    version_id: str | None = None
    reason: str = ""
    top: str | None = None


class Undoing:
    """Knows both ends of one run, and what the destination was seen to honour."""

    def __init__(
        self,
        job: Job,
        run: str,
        source: ObjectStore,
        destination: ObjectStore,
        *,
        began: datetime,
        now: datetime,
        versioning: Versioning,
        seen: Capabilities,
        dry_run: bool,
        even_last_copy: bool,
    ) -> None:
        self._job = job
        self._run = run
        self._source = source
        self._destination = destination
        self._bucket = job.destination.bucket
        self._began = began
        self._now = now
        self._versioning = versioning
        self._seen = seen
        self._restoring = Restoring(destination, self._bucket, run, seen)
        self._dry_run = dry_run
        self._even_last_copy = even_last_copy

    # -- looking --------------------------------------------------------------------------------

    def judge(self, entry: Entry) -> Judgement:
        """Worker: what has to be done about one object. Changes nothing but, unless it is a dry run, aborts
        an upload that the journal does not know by its id."""
        key = self._job.destination_key(entry.key)
        if entry.may_have_orphan and not self._dry_run:
            self._abort_orphans(key)
        there = self._look(key)
        trace = self._trace(entry, there)
        hidden = self._hidden(entry, key, trace, there)
        if hidden:
            if not (self._even_last_copy or self._source_now(entry).holds_it):
                return Judgement(Verdict.LEAVE_LAST_COPY)
            return Judgement(Verdict.REMOVE_HIDDEN, hidden)
        if there is None:
            return Judgement(Verdict.NOTHING_THERE)
        if _was_never_written(entry, trace, there):
            return Judgement(Verdict.NEVER_WRITTEN)
        if self._is_back_already(entry, trace, there):
            return Judgement(Verdict.ALREADY_BACK)
        found = verdict(trace, there, self._source_now(entry), even_last_copy=self._even_last_copy)
        if found is Verdict.DELETE_VERSION and there.is_locked(self._now):
            return Judgement(Verdict.LEAVE_LOCKED)
        is_switched_on = found is Verdict.MARK_DELETED and self._versioning is not Versioning.SUSPENDED
        if is_switched_on and not self._hides_a_version(key):
            found = Verdict.DELETE_VERSION  # the key is gone without a marker, too
        reason = "later-run" if run_of(there.token) not in ("", self._run) else ""
        return Judgement(found, there.version_id, reason)

    def _abort_orphans(self, key: str) -> None:
        abort_orphans(self._destination, self._bucket, key, self._began)

    def _is_back_already(self, entry: Entry, trace: Trace, there: ObjectHead) -> bool:
        """True where an earlier rollback brought the key back, and died or was told of a failure before it
        could say so."""
        if is_ours(trace, there):
            return False
        if entry.undo is Undo.DELETE_INTENT:
            # Our version is gone: `_hidden` did not find it. Without an id, what was below ours tells.
            return is_real(trace.version_id) or (
                is_real(entry.prior_version) and entry.prior_version == there.version_id
            )
        if entry.undo not in {Undo.RESTORE_INTENT, Undo.HUMAN}:
            return False
        if entry.saved_as is None:
            # After a failure less is certain than after an intent: it has to be what was there before.
            return is_real(trace.version_id) and there.etag == entry.prior_etag
        saved = self._look(entry.saved_as)
        return saved is not None and is_back(entry, there, saved)

    def _trace(self, entry: Entry, there: ObjectHead | None) -> Trace:
        return entry.trace(self._token(entry), there.version_id if there else None)

    def _token(self, entry: Entry) -> str:
        return token_for(self._run, entry.seq, entry.attempt) if self._job.transfer.token else ""

    def _look(self, key: str, version_id: str | None = None) -> ObjectHead | None:
        return look(self._destination, self._bucket, key, version_id)

    def _source_now(self, entry: Entry) -> SourceNow:
        try:
            head = self._source.head(self._job.source.bucket, entry.key)
        except NotFound:
            return SourceNow(holds_it=False)
        return SourceNow(holds_it=head.etag == entry.etag and head.size_bytes == entry.size_bytes)

    def _hidden(self, entry: Entry, key: str, trace: Trace, there: ObjectHead | None) -> str | None:
        """The id of our version where somebody's version or delete marker lies on top of it."""
        if is_real(trace.version_id):
            # What lies on top can be ours too: a request taken for lost that landed late.
            if there is not None and is_ours(trace, there):
                return None
            return trace.version_id if self._look(key, trace.version_id) else None
        if not entry.is_doubtful or not trace.token or self._versioning is Versioning.OFF:
            return None
        if there is not None and is_ours(trace, there):
            return None
        return self._of_this_write(entry, key)

    def _of_this_write(self, entry: Entry, key: str) -> str | None:
        """The id of a version that this write made, wherever it lies."""
        try:
            stack = self._destination.versions(self._bucket, key)
        except (AccessDenied, NotSupported):
            return None  # nobody can look below the top
        for each in stack:
            if each.is_marker or not is_real(each.version_id) or each.last_modified < self._began:
                continue
            below = self._look(key, each.version_id)
            if below is not None and self._is_twin(entry, below):
                return each.version_id
        return None

    def _is_twin(self, entry: Entry, there: ObjectHead) -> bool:
        """Whether this is what the same write made, maybe another time. An edit can keep our metadata,
        and our token with it: where the ETag of our write is on record, it has to be that."""
        return same_operation(self._token(entry), there.token) and entry.after_etag in ("", there.etag)

    # -- acting ---------------------------------------------------------------------------------

    def act(self, entry: Entry, judged: Judgement, *, is_deleted: bool = False) -> Undone:
        """Worker: carry out a judgement. `is_deleted`: its version went already, in a batch.

        Raises:
            StaysThere: the end answered success, and nothing happened.
        """
        key = self._job.destination_key(entry.key)
        match judged.verdict:
            case Verdict.NEVER_WRITTEN:
                return Undone("never-ours", Undo.DONE)
            case Verdict.NOTHING_THERE:
                is_known = entry.state is State.COMMITTED
                return Undone("gone" if is_known else "never-ours", Undo.DONE, "gone")
            case Verdict.ALREADY_BACK:
                return Undone("restored", Undo.RESTORED)
            case Verdict.LEAVE_FOREIGN:
                return Undone("left", Undo.NOT_OURS, judged.reason or "not-ours")
            case Verdict.LEAVE_LAST_COPY:
                return Undone("left", Undo.KEPT_LAST_COPY, "kept-last-copy")
            case Verdict.LEAVE_LOST:
                return Undone("left", Undo.LOST, "lost")
            case Verdict.LEAVE_LOCKED:
                return Undone("left", Undo.LOCKED, "locked")
            case Verdict.ASK:
                return Undone("left", Undo.HUMAN, "human")
            case Verdict.REMOVE_HIDDEN:
                if not self._dry_run:
                    self._remove_hidden(entry, key, judged.version_id, is_deleted=is_deleted)
                return Undone("left", Undo.NOT_OURS, "hidden-removed")
            case Verdict.DELETE_VERSION:
                is_back = entry.prior(judged.version_id) is Prior.VERSION
                done = Undone("restored" if is_back else "removed", Undo.DELETED)
                if self._dry_run:
                    return done
                ended = self._delete_version(entry, key, judged.version_id, is_deleted=is_deleted)
                if is_back and ended is None:
                    uncover(self._destination, self._bucket, key)
                return ended or done
            case Verdict.DELETE:
                return Undone("removed", Undo.DELETED) if self._dry_run else self._delete(entry, key)
            case Verdict.MARK_DELETED:
                return Undone("removed", Undo.DELETED) if self._dry_run else self._mark_deleted(entry, key)
            case Verdict.RESTORE:
                return (
                    Undone("restored", Undo.RESTORED)
                    if self._dry_run
                    else self._restoring.restore(entry, key, partial(self._still_ours, entry, key))
                )
            case other:
                assert_never(other)

    def _still_ours(self, entry: Entry, key: str) -> ObjectHead | Undone:
        """What is there right before it is changed, or the end of the matter."""
        there = self._look(key)
        if there is None:
            return Undone("gone", Undo.DONE, "gone")
        if not is_ours(self._trace(entry, there), there):
            return Undone("left", Undo.NOT_OURS, "not-ours")
        return there

    def _delete(self, entry: Entry, key: str) -> Undone:
        """Where no version ids exist: under a condition if this end was seen to honour it, and can match it:
        OpenStack Swift refuses the right ETag of an object that was made of parts."""
        refused = ""
        for _ in range(DELETES):
            there = self._still_ours(entry, key)
            if isinstance(there, Undone):
                return there
            if is_real(there.version_id) or there.version_id == "null":
                ended = self._delete_version(entry, key, there.version_id, is_deleted=False)
                return ended or Undone("removed", Undo.DELETED)
            can_match = self._seen.delete_if_match and there.etag != refused
            try:
                self._destination.delete(self._bucket, key, if_match=there.etag if can_match else "")
            except (PreconditionFailed, NotFound):
                refused = there.etag
                continue  # somebody was faster, or it is still there: looking tells
            now = self._look(key)
            if now is None or not same_operation(self._token(entry), now.token):
                return Undone("removed", Undo.DELETED)
        raise self._stays()

    def _delete_version(
        self, entry: Entry, key: str, version_id: str | None, *, is_deleted: bool
    ) -> Undone | None:
        """Exactly our version, and those of the same write: each answer that was lost left one more.

        Returns what became of the key where somebody was faster.
        """
        stayed = 0
        while stayed < DELETES:
            if not is_deleted:
                there = None if is_real(version_id) else self._still_ours(entry, key)
                if isinstance(there, Undone):
                    return there
                self._destination.delete(self._bucket, key, version_id=version_id)
            is_deleted = False
            there = self._look(key)
            if there is None or not self._is_twin(entry, there):
                if not self._seen.delete_version and is_real(version_id) and self._look(key, version_id):
                    raise self._stays()
                return None
            stayed = stayed + 1 if there.version_id == version_id else 0
            version_id = there.version_id
        raise self._stays()

    def _remove_hidden(self, entry: Entry, key: str, version_id: str | None, *, is_deleted: bool) -> None:
        while version_id is not None:
            if not is_deleted:
                self._destination.delete(self._bucket, key, version_id=version_id)
            is_deleted = False
            if self._look(key, version_id):
                raise self._stays()
            # Also others of the same write, where answers were lost.
            version_id = self._of_this_write(entry, key)

    def _mark_deleted(self, entry: Entry, key: str) -> Undone:
        """Lay the marker without an id that our write replaced; it replaces our object in turn.

        Where versioning was switched on meanwhile it gets an id, and ours is removed from below it.
        """
        there = self._still_ours(entry, key)
        if isinstance(there, Undone):
            return there
        self._destination.delete(self._bucket, key)
        if self._look(key) is not None:
            raise self._stays()
        below = self._look(key, there.version_id)
        if below is not None and is_ours(self._trace(entry, below), below):
            self._destination.delete(self._bucket, key, version_id=below.version_id)
        return Undone("removed", Undo.DELETED)

    def _hides_a_version(self, key: str) -> bool:
        """Whether an object would come to light if the current version went."""
        try:
            below = self._destination.versions(self._bucket, key)[1:]
        except (AccessDenied, NotSupported):
            return True
        return bool(below) and not below[0].is_marker

    def _stays(self) -> StaysThere:
        return StaysThere(f"{self._destination.end} answered success, but the object is still there.")


def _was_never_written(entry: Entry, trace: Trace, there: ObjectHead) -> bool:
    """True where a write that was intended left no trace: what is there was there before, or is not ours."""
    has_outcome = bool(entry.after_etag) or entry.state is State.COMMITTED
    return not has_outcome and bool(trace.token) and not is_ours(trace, there)
