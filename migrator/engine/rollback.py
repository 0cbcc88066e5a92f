"""Undoing a run: the journal read backwards, each object by what is really there now.

1. Only what this run wrote is removed, and only while it is still ours.
2. Nothing is removed that the source does not hold any more: it would be the last copy.
3. Whatever has to stay is named, with its reason. The run stays on record and can be rolled back again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from migrator.config import Job
from migrator.engine.batches import TICK_S, carried_out
from migrator.engine.journal import Journal
from migrator.engine.outcomes import is_left_for_later, reason_to_pause
from migrator.engine.ports import Executor, Ports
from migrator.engine.schema import Entry
from migrator.engine.uploads import abort_orphans, abort_until_gone
from migrator.errors import Cancelled, MigratorError, NotFound
from migrator.model.events import Event, ObjectUndone, RollbackProgress
from migrator.model.objects import ObjectHead
from migrator.model.undo import (
    MAY_HAVE_WRITTEN,
    SourceNow,
    State,
    Trace,
    Undo,
    Verdict,
    is_ours,
    same_operation,
    token_for,
    verdict,
)
from migrator.store.base import ObjectStore

#: A lost answer makes one version too many, a second one two: more than this is an end that does not delete.
DELETES = 5


@dataclass(frozen=True, slots=True)
class Undone:
    """What became of one key: `action` is removed, restored, gone, never-ours or left."""

    action: str
    undo: Undo
    reason: str = ""


@dataclass
class Tally:
    """An undo's own books. `left` counts objects that had to stay."""

    total: int = 0
    done: int = 0
    removed: int = 0
    restored: int = 0
    left: int = 0

    def add(self, undone: Undone) -> None:
        self.done += 1
        self.removed += undone.action == "removed"
        self.restored += undone.action == "restored"
        self.left += undone.action == "left"

    def progress(self) -> RollbackProgress:
        return RollbackProgress(self.done, self.total, self.removed, self.restored, self.left)


class Rollback:
    """Puts the destination back as it was before one run. With `dry_run` it only says what it would do."""

    def __init__(
        self,
        job: Job,
        run: str,
        journal: Journal,
        source: ObjectStore,
        destination: ObjectStore,
        executor: Executor,
        ports: Ports,
        emit: Callable[[Event], None],
        *,
        dry_run: bool = False,
        even_last_copy: bool = False,
    ) -> None:
        self._job = job
        self._run = run
        self._journal = journal
        self._source = source
        self._destination = destination
        self._executor = executor
        self._ports = ports
        self._emit = emit
        self._dry_run = dry_run
        self._even_last_copy = even_last_copy
        self._began = journal.began()
        self.tally = Tally()
        self._last_told = ports.now()

    def run(self) -> Tally:
        """Undo everything that can be undone, newest first.

        Raises:
            Cancelled, Paused: stopped; running it again goes on.
            JournalFull: likewise.
        """
        self.tally.total = self._journal.count_to_undo(MAY_HAVE_WRITTEN)
        self._emit(self.tally.progress())
        if not self._dry_run:
            self._abort_uploads()
        before = 2**62
        while batch := self._journal.to_undo(MAY_HAVE_WRITTEN, before_seq=before):
            before = batch[-1].seq
            self._undo(batch)
            if self._ports.wait(0):
                raise Cancelled
        self._emit(self.tally.progress())
        return self.tally

    def _abort_uploads(self) -> None:
        for entry in self._journal.open_uploads():
            key = self._job.destination_key(entry.key)
            abort_until_gone(self._destination, self._job.destination.bucket, key, entry.upload_id or "")
            self._journal.close_upload(entry.seq)
            self._journal.commit()

    def _undo(self, batch: list[Entry]) -> None:
        if not self._dry_run:
            for entry in batch:
                self._journal.set_undo(entry.seq, Undo.DELETE_INTENT)
            self._journal.commit()
        first_error: BaseException | None = None
        for ended in carried_out(self._executor, batch, self._undo_one):
            if ended is not None:
                entry, done = ended
                if done.error is None:
                    self._settle(entry, done.result)
                elif isinstance(done.error, MigratorError) and not is_left_for_later(done.error):
                    self._settle(entry, Undone("left", Undo.HUMAN, done.error.message))
                else:
                    first_error = first_error or reason_to_pause(done.error) or done.error
            self._tell_if_due()
        self._journal.commit()
        if first_error is not None:
            raise first_error

    def _tell_if_due(self) -> None:
        if self._ports.now() - self._last_told >= TICK_S:
            self._last_told = self._ports.now()
            self._emit(self.tally.progress())

    def _settle(self, entry: Entry, undone: Undone) -> None:
        self.tally.add(undone)
        if not self._dry_run:
            self._journal.set_undo(entry.seq, undone.undo, undone.reason)
        if undone.action != "never-ours":
            self._emit(ObjectUndone(entry.key, undone.action, undone.reason))

    # -- one object, on a worker ----------------------------------------------------------------

    def _undo_one(self, entry: Entry) -> Undone:
        key, bucket = self._job.destination_key(entry.key), self._job.destination.bucket
        token = token_for(self._run, entry.seq, entry.attempt) if self._job.transfer.token else ""
        trace = entry.trace(token)
        if entry.may_have_orphan and not self._dry_run:
            abort_orphans(self._destination, bucket, key, self._began)
        there = self._look(bucket, key)
        if there is not None and _was_never_written(entry, trace, there):
            return Undone("never-ours", Undo.DONE)
        hidden = self._hidden(bucket, key, trace, there)
        source = SourceNow(holds_it=True) if there is None and not hidden else self._source_now(entry)
        if hidden:
            if not source.holds_it and not self._even_last_copy:
                return Undone("left", Undo.KEPT_LAST_COPY, "kept-last-copy")
            if not self._dry_run:
                self._destination.delete(bucket, key, version_id=hidden)
            return Undone("left", Undo.NOT_OURS, "hidden-removed")
        match verdict(trace, there, source, even_last_copy=self._even_last_copy):
            case Verdict.NOTHING_THERE:
                return Undone("gone" if entry.state is State.COMMITTED else "never-ours", Undo.DONE, "gone")
            case Verdict.LEAVE_FOREIGN:
                return Undone("left", Undo.NOT_OURS, "not-ours")
            case Verdict.LEAVE_LAST_COPY:
                return Undone("left", Undo.KEPT_LAST_COPY, "kept-last-copy")
            case Verdict.LEAVE_LOST:
                return Undone("left", Undo.LOST, "lost")
            case Verdict.ASK:
                return Undone("left", Undo.HUMAN, "human")
            case Verdict.DELETE | Verdict.DELETE_VERSION:
                version = there.version_id if there else None
                if not self._dry_run:
                    self._delete(bucket, key, version, token)
                return Undone("restored" if entry.overwrites else "removed", Undo.DELETED)

    def _look(self, bucket: str, key: str) -> ObjectHead | None:
        try:
            return self._destination.head(bucket, key)
        except NotFound as cause:
            if cause.code == "NoSuchBucket":
                raise
            return None

    def _source_now(self, entry: Entry) -> SourceNow:
        try:
            head = self._source.head(self._job.source.bucket, entry.key)
        except NotFound:
            return SourceNow(holds_it=False)
        return SourceNow(holds_it=head.etag == entry.etag and head.size_bytes == entry.size_bytes)

    def _delete(self, bucket: str, key: str, version_id: str | None, token: str) -> None:
        """Delete and look: only what is seen to be gone counts as removed.

        A write whose answer was lost and that was sent again left two versions of ours: both go.
        """
        for _ in range(DELETES):
            self._destination.delete(bucket, key, version_id=version_id)
            there = self._look(bucket, key)
            if there is None or not same_operation(token, there.token):
                return
            version_id = there.version_id
        raise MigratorError(f"{self._destination.end} answered success, but the object is still there.")

    def _hidden(self, bucket: str, key: str, trace: Trace, there: ObjectHead | None) -> str | None:
        """The id of our version where somebody's version or delete marker lies on top of it."""
        version_id = trace.version_id
        if version_id in (None, "null") or (there is not None and there.version_id == version_id):
            return None
        try:
            self._destination.head(bucket, key, version_id=version_id)
        except NotFound:
            return None
        return version_id


def _was_never_written(entry: Entry, trace: Trace, there: ObjectHead) -> bool:
    """True where a write that was intended left no trace: what is there was there before, or is not ours."""
    has_outcome = bool(entry.after_etag) or entry.state in {State.WRITTEN, State.VERIFIED, State.COMMITTED}
    return not has_outcome and bool(trace.token) and not is_ours(trace, there)
