"""Undoing a run: the journal read backwards, each object by what is really there now.

1. Only what this run wrote is removed, and only while it is still ours.
2. Nothing is removed that the source does not hold any more: it would be the last copy.
3. Whatever has to stay is named, with its reason. The run stays on record and can be rolled back again.
4. Saved copies go last, and only when everything that was kept aside is back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from migrator.config import Job
from migrator.engine.batches import TICK_S, carried_out
from migrator.engine.history_undo import Found, HistoryUndoing
from migrator.engine.journal import Journal
from migrator.engine.outcomes import is_left_for_later, reason_to_pause
from migrator.engine.ports import Executor, Ports
from migrator.engine.probing import Probing
from migrator.engine.reserved import remove_saved
from migrator.engine.schema import Entry
from migrator.engine.undoing import Judgement, Undoing
from migrator.engine.uploads import abort_until_gone
from migrator.errors import (
    OBJECT_LOCKED,
    AccessDenied,
    Cancelled,
    MigratorError,
    NotFound,
    Rejected,
    StoreError,
    Unreachable,
)
from migrator.model.capabilities import Capabilities
from migrator.model.events import Event, ObjectUndone, RollbackProgress, Warned
from migrator.model.objects import xml_can_hold
from migrator.model.undo import ACTS, Undo, Undone, Verdict, is_real
from migrator.store.base import ObjectStore, Versioning

T = TypeVar("T")

#: How long a request that was under way when the run died may take to land: keys whose answer was never
#: recorded are looked at once more after it.
SETTLE_S = 5.0
#: Keys looked at once more: far more than can have been under way.
MOST_DOUBTFUL = 10_000
_BY_VERSION = frozenset({Verdict.DELETE_VERSION, Verdict.REMOVE_HIDDEN})


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
        versioning: Versioning,
        dry_run: bool,
        even_last_copy: bool,
    ) -> None:
        self._run = run
        self._job = job
        self._journal = journal
        self._destination = destination
        self._bucket = job.destination.bucket
        self._executor = executor
        self._ports = ports
        self._emit = emit
        self._dry_run = dry_run
        how: dict[str, Any] = {
            "began": journal.began(),
            "now": ports.clock.wall(),
            "versioning": versioning,
            "seen": Capabilities.from_json(journal.meta("capabilities")),
            "dry_run": dry_run,
            "even_last_copy": even_last_copy,
        }
        self._history: HistoryUndoing | None = None
        if journal.has_history:
            self._history = HistoryUndoing(job, run, source, destination, **how)
        self._undoing = self._history or Undoing(job, run, source, destination, **how)
        self._can_batch = True
        self._doubtful: list[Entry] = []
        self.tally = Tally()
        self._last_told = ports.now()

    def run(self) -> Tally:
        """Undo everything that can be undone, newest first.

        Raises:
            Cancelled, Paused: stopped; running it again goes on.
            JournalFull: likewise.
        """
        self.tally.total = self._journal.count_to_undo()
        self._emit(self.tally.progress())
        if not self._dry_run:
            self._abort_uploads()
        before = 2**62
        while batch := self._journal.to_undo(before_seq=before):
            before = batch[-1].seq
            self._undo(batch)
            if self._ports.wait(0):
                raise Cancelled
        if not self._dry_run:
            self._settle_doubtful()
            self._clean_up()
        self._emit(self.tally.progress())
        return self.tally

    # -- objects --------------------------------------------------------------------------------

    def _abort_uploads(self) -> None:
        for entry in self._journal.open_uploads():
            key = self._job.destination_key(entry.key)
            abort_until_gone(self._destination, self._bucket, key, entry.upload_id or "")
            self._journal.close_upload(entry.seq)
            self._journal.commit()

    def _undo(self, batch: list[Entry]) -> None:
        """Judge a batch, make the intents durable, then act: by version in one request, else one by one."""
        judged: dict[int, Judgement] = {}
        if self._history is not None:
            doubtful = {entry.key for entry in batch if entry.is_marker and entry.is_doubtful}
            below = {self._job.destination_key(key): self._journal.below_all(key) for key in doubtful}
            self._history.begin(below)
        stopped = self._carry_out(batch, self._undoing.judge, judged.__setitem__)
        if stopped is not None:
            self._journal.commit()
            raise stopped
        batch = [entry for entry in batch if entry.seq in judged]
        self._tell_hidden(batch, judged)
        if not self._dry_run:
            for entry in batch:
                if judged[entry.seq].verdict in ACTS:
                    restores = judged[entry.seq].verdict is Verdict.RESTORE
                    intent = Undo.RESTORE_INTENT if restores else Undo.DELETE_INTENT
                    self._journal.set_undo(entry.seq, intent)
            self._journal.commit()
        gone = self._delete_versions(batch, judged)

        def act(entry: Entry) -> Undone:
            return self._undoing.act(entry, judged[entry.seq], is_deleted=entry.seq in gone)

        by_seq = {entry.seq: entry for entry in batch}

        def settle(seq: int, undone: Undone) -> None:
            self._settle(by_seq[seq], undone)

        stopped = self._carry_out(batch, act, settle)
        self._journal.commit()
        if stopped is not None:
            raise stopped

    def _tell_hidden(self, batch: list[Entry], judged: dict[int, Judgement]) -> None:
        """Of whole histories: ours that lie below somebody else's version or marker go, and it stays."""
        if self._history is None:
            return
        for entry in batch:
            found, key = judged[entry.seq], self._job.destination_key(entry.key)
            if found.verdict is not Verdict.DELETE_VERSION or found.top is None:
                continue
            if self._is_of_a_write(self._history.found(key, found.top)):
                continue
            if not self._journal.knows_version(entry.key, found.top):
                judged[entry.seq] = replace(found, verdict=Verdict.REMOVE_HIDDEN)

    def _is_of_a_write(self, found: Found | None) -> bool:
        """Whether what carries our token is what we wrote: somebody's edit can keep our metadata."""
        if found is None:
            return False
        entry = self._journal.by_seq(found.seq)
        return entry is not None and entry.after_etag in ("", found.etag)

    def _carry_out(
        self, batch: list[Entry], work: Callable[[Entry], T], then: Callable[[int, T], None]
    ) -> BaseException | None:
        """`work` on every entry, `then` with what it returned; an object that failed is left in place.

        Returns what stops the command, if anything did.
        """
        first_error: BaseException | None = None
        for ended in carried_out(self._executor, batch, work):
            if ended is not None:
                entry, done = ended
                if done.error is None:
                    then(entry.seq, done.result)
                elif isinstance(done.error, AccessDenied) and done.error.code == OBJECT_LOCKED:
                    self._settle(entry, Undone("left", Undo.LOCKED, "locked"))
                elif isinstance(done.error, MigratorError) and not is_left_for_later(done.error):
                    self._settle(entry, Undone("left", Undo.HUMAN, done.error.message))
                else:
                    first_error = first_error or reason_to_pause(done.error) or done.error
            self._tell_if_due()
        return first_error

    def _delete_versions(self, batch: list[Entry], judged: dict[int, Judgement]) -> set[int]:
        """Remove by version id what can be, in one request; returns the numbers of those that went."""
        if self._dry_run or not self._can_batch:
            return set()
        pairs: dict[tuple[str, str], int] = {}
        for entry in batch:
            found = judged[entry.seq]
            key = self._job.destination_key(entry.key)
            if found.verdict in _BY_VERSION and is_real(found.version_id) and xml_can_hold(key):
                pairs[key, found.version_id or ""] = entry.seq
        if len(pairs) < 2:
            return set()
        try:
            failures = self._destination.delete_versions(self._bucket, list(pairs))
        except StoreError as error:
            if isinstance(error, Unreachable) or is_left_for_later(error):
                raise
            self._can_batch = False  # one by one, then
            return set()
        return {seq for pair, seq in pairs.items() if pair not in failures}

    def _settle(self, entry: Entry, undone: Undone) -> None:
        self.tally.add(undone)
        if not self._dry_run:
            self._journal.set_undo(entry.seq, undone.undo, undone.reason)
            if entry.may_land_late and undone.undo is Undo.DONE and len(self._doubtful) < MOST_DOUBTFUL:
                self._doubtful.append(entry)
        if undone.action != "never-ours":
            self._emit(ObjectUndone(entry.key, undone.action, undone.reason))

    def _tell_if_due(self) -> None:
        if self._ports.now() - self._last_told >= TICK_S:
            self._last_told = self._ports.now()
            self._emit(self.tally.progress())

    def _settle_doubtful(self) -> None:
        """Look once more where a write may have been under way when the run died: it can land late.
        What we keep for ourselves is cleaned up after it."""
        doubtful, self._doubtful = self._doubtful, []
        if not doubtful and not self._journal.may_keep_late():
            return
        if self._ports.wait(SETTLE_S):
            raise Cancelled
        self.tally.done -= len(doubtful)  # counted again below
        self._undo(doubtful)

    # -- what we put there of our own accord ----------------------------------------------------

    def _clean_up(self) -> None:
        """Probes; saved copies once everything kept aside is back; the bucket, if it is ours and empty."""
        for key in Probing(self._destination, self._bucket, self._run, self._journal, self._executor).clear():
            self._leave(key, "stays-there")
        if self._journal.is_all_back():
            for key in remove_saved(self._destination, self._bucket, self._journal, self._ports):
                self._leave(key, "stays-there")
        elif self._journal.kept()[0]:
            self._emit(Warned("saved-kept", _SAVED_KEPT.format(count=self._journal.kept()[0])))
        if self._journal.meta("bucket") in {"intent", "created"} and not self.tally.left:
            self._remove_bucket()

    def _leave(self, key: str, reason: str) -> None:
        self.tally.left += 1
        self._emit(ObjectUndone(key, "left", reason))

    def _remove_bucket(self) -> None:
        """Deleting a bucket is refused by the service unless it is empty, so nothing else can be lost."""
        try:
            self._destination.delete_bucket(self._bucket)
        except NotFound:
            pass
        except (Rejected, AccessDenied):
            self._leave(f"{self._bucket}/", "bucket-kept")
            return
        self._journal.set_meta(bucket="removed")
        self._journal.commit()


_SAVED_KEPT = (
    "Not everything is back, so {count:,} saved copies stay where they are. They go when the rest is back, "
    "or when the run is accepted."
)
