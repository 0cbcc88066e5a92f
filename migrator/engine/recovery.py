"""After a crash or a stop: finding out what became of every object that was under way.

The journal says what was intended; the destination says what happened. What is provably whole is taken
over, an open upload goes on with the parts it has; anything else of ours is undone and goes back to the plan.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from migrator.config import Job
from migrator.engine.batches import carried_out
from migrator.engine.copying import Copier
from migrator.engine.journal import Journal
from migrator.engine.markers import Doubtful, copied_marker, found_marker
from migrator.engine.orders import Copied, Order, SentPart
from migrator.engine.outcomes import (
    BadCopy,
    CannotCarry,
    SourceChanged,
    describe,
    is_left_for_later,
    reason_to_pause,
)
from migrator.engine.ports import Executor, Ports
from migrator.engine.reserved import look, saved_key
from migrator.engine.schema import Entry
from migrator.engine.uploads import abort_orphans, abort_until_gone
from migrator.errors import Cancelled, MigratorError, NotFound
from migrator.model.events import Event, ObjectFailed
from migrator.model.objects import ObjectHead, ObjectVersion, UploadedPart
from migrator.model.parts import is_single_put
from migrator.model.undo import UNSETTLED, Prior, State, is_real, same_operation, token_for
from migrator.store.base import ObjectStore

#: What `resume` looks at again: everything that may have been under way, and what failed.
LOOKED_AT = (*sorted(UNSETTLED), State.FAILED)


@dataclass(frozen=True, slots=True)
class Redo:
    """Plan it again, as the source is now. `replaces` is an attempt of ours that could not be taken away."""

    listed: ObjectVersion
    replaces: ObjectHead | None = None


@dataclass(frozen=True, slots=True)
class PrepareAgain:
    """Nothing was written yet but, perhaps, a copy of what is there: that step is repeated."""


@dataclass(frozen=True, slots=True)
class GoOn:
    """What is there was kept aside, and nothing else was done: the plan holds."""


@dataclass(frozen=True, slots=True)
class Adopt:
    """Our write landed whole, and was checked."""

    copied: Copied


@dataclass(frozen=True, slots=True)
class GiveUp:
    """It cannot be copied again; `cause` as in the ledger of failures."""

    cause: str
    message: str


@dataclass(frozen=True, slots=True)
class Continue:
    """The upload is still open and the source unchanged: only what is not among `parts` is sent."""

    parts: list[UploadedPart]


Finding = Redo | PrepareAgain | GoOn | Adopt | GiveUp | Continue
#: What shows that a landed write is no copy of what the source holds now.
_NO_COPY = (SourceChanged, BadCopy, CannotCarry)


class Recovery:
    """Looks at the unsettled objects of one run, on the run's own threads."""

    def __init__(
        self,
        job: Job,
        run: str,
        journal: Journal,
        source: ObjectStore,
        destination: ObjectStore,
        copier: Copier,
        executor: Executor,
        ports: Ports,
        emit: Callable[[Event], None],
        *,
        only: str = "",
    ) -> None:
        self._only = only  #: of what failed, what did so for this cause; empty: all
        self._job = job
        self._run = run
        self._journal = journal
        self._source = source
        self._destination = destination
        self._copier = copier
        self._executor = executor
        self._ports = ports
        self._emit = emit
        self._began = journal.began()
        self._sent: dict[int, list[SentPart]] = {}  # of the batch under way; workers only read it

    def run(self) -> None:
        """Settle everything.

        Raises:
            Cancelled, Paused: stopped; what was not looked at keeps its state.
        """
        after = 0
        while batch := self._journal.in_states(LOOKED_AT, after_seq=after):
            after = batch[-1].seq
            batch = [entry for entry in batch if not self._is_left(entry)]
            self._sent = {
                entry.seq: [SentPart(part, md5) for part, md5 in self._journal.parts(entry.seq)]
                for entry in batch
                if entry.upload_id
            }
            first_error: BaseException | None = None
            for ended in carried_out(self._executor, batch, self._look):
                if ended is None:
                    continue
                entry, done = ended
                if done.error is None:
                    self._settle(entry, done.result)
                elif isinstance(done.error, MigratorError) and not is_left_for_later(done.error):
                    self._set_aside(entry, *describe(done.error))
                else:
                    first_error = first_error or reason_to_pause(done.error) or done.error
            self._journal.commit()
            if first_error is not None:
                raise first_error
            if self._ports.wait(0):
                raise Cancelled

    def _is_left(self, entry: Entry) -> bool:
        """Whether an object stays failed without another look; it is told again."""
        if not self._only or entry.state is not State.FAILED or entry.cause == self._only:
            return False
        self._emit(ObjectFailed(entry.key, entry.size_bytes, entry.cause, entry.message))
        return True

    def _settle(self, entry: Entry, finding: Finding) -> None:
        """Record a finding."""
        match finding:
            case PrepareAgain() | GoOn():
                self._journal.move(entry, State.PLANNED)
            case Redo(listed, replaces):
                self._journal.close_upload(entry.seq)
                self._journal.refresh(entry, listed)
                if replaces is not None:
                    self._journal.set_prior(entry.seq, replaces.etag)
                self._journal.move(entry, State.PLANNED, cause="", message="")
            case Continue(parts):
                self._journal.keep_parts(entry.seq, parts)
                if entry.state is not State.MPU_OPEN:
                    self._journal.move(entry, State.MPU_OPEN)
            case Adopt(copied):
                self._journal.close_upload(entry.seq)
                self._journal.commit_copy(entry, copied)
            case GiveUp(cause, message):
                self._journal.close_upload(entry.seq)
                self._set_aside(entry, cause, message, "")

    def _set_aside(self, entry: Entry, cause: str, message: str, advice: str) -> None:
        """The object has failed; the run goes on, and the next resume looks at it again."""
        self._emit(ObjectFailed(entry.key, entry.size_bytes, cause, message, advice))
        if entry.state is not State.FAILED:
            self._journal.move(entry, State.FAILED, cause=cause, message=message)

    # -- one object, on a worker ----------------------------------------------------------------

    def _look(self, entry: Entry) -> Finding:
        """What the destination holds, and what of it has to go. Undoes only what is ours."""
        key = self._job.destination_key(entry.key)
        bucket = self._job.destination.bucket
        if entry.state is State.FAILED and not entry.attempt:
            return GoOn()  # it failed with the version before it, and nothing was sent
        if entry.is_marker:
            return self._look_for_marker(entry, key)
        if entry.state is State.BACKUP_INTENT:
            abort_orphans(self._destination, bucket, saved_key(self._run, entry.seq), self._began)
            return PrepareAgain()
        if entry.state is State.BACKED_UP:
            return GoOn()
        there = look(self._destination, bucket, key)
        source = look(self._source, self._job.source.bucket, entry.key, entry.source_version or None)
        parts = self._parts_of_open_upload(entry, key, there, source)
        if parts is not None:
            return Continue(parts)
        if entry.upload_id:
            abort_until_gone(self._destination, bucket, key, entry.upload_id)
        elif entry.may_have_orphan:
            abort_orphans(self._destination, bucket, key, self._began)
        if source is None:
            return GiveUp("source-gone", "The object was deleted at the source after it was listed.")
        listed = replace(
            entry.listed(),
            size_bytes=source.size_bytes,
            etag=source.etag,
            last_modified=source.last_modified,
            storage_class=source.storage_class,
        )
        if there is None or not same_operation(token_for(self._run, entry.seq, 0), there.token):
            if not self._job.transfer.token and _etag(there) != entry.prior_etag:
                return GiveUp(
                    "doubtful", "Nobody can tell whether this copy is ours: the run writes no token."
                )
            return Redo(listed)
        try:
            return Adopt(self._adopted(entry, listed, there))
        except _NO_COPY:
            pass
        there = look(self._destination, bucket, key)
        if there is None:
            return Redo(listed)
        # Ours, and not whole. What replaced something else stays until it is replaced itself.
        is_all_of_it = entry.prior(there.version_id) in {Prior.ABSENT, Prior.VERSION}
        if not is_all_of_it or (entry.overwrites and not is_real(there.version_id)):
            return Redo(listed, replaces=there)
        self._destination.delete(bucket, key, version_id=there.version_id)
        return Redo(listed)

    def _look_for_marker(self, entry: Entry, key: str) -> Finding:
        bucket = self._job.destination.bucket
        try:
            found = found_marker(
                self._destination, bucket, key, (entry.prior_version,), entry.sent or self._began
            )
        except Doubtful as cause:
            return GiveUp("doubtful", cause.message)
        return Redo(entry.listed()) if found is None else Adopt(copied_marker(found))

    def _adopted(self, entry: Entry, listed: ObjectVersion, there: ObjectHead) -> Copied:
        """Our object, checked as if its answer had come.

        Raises:
            SourceChanged, BadCopy, CannotCarry: it is no copy of what the source holds now.
        """
        token = token_for(self._run, entry.seq, entry.attempt)  # what is there carries one
        order = Order(
            entry.seq, listed, self._job.destination_key(entry.key), token, prior_etag=entry.prior_etag
        )
        if is_single_put(entry.size_bytes):
            return self._copier.adopt_whole(order, there)
        sent = self._sent.get(entry.seq, [])
        is_complete = sum(each.part.size_bytes for each in sent) == listed.size_bytes
        if there.token != token or not is_complete or listed.etag != entry.etag:
            raise SourceChanged("It was not made of the parts that were sent.")
        return self._copier.adopt_upload(order, there, sent)

    def _parts_of_open_upload(
        self, entry: Entry, key: str, there: ObjectHead | None, source: ObjectHead | None
    ) -> list[UploadedPart] | None:
        """What the destination holds of an upload that can go on; None where it cannot, or is complete."""
        if entry.upload_id is None or entry.state not in {State.MPU_OPEN, State.COMPLETE_INTENT}:
            return None
        if source is None or source.etag != entry.etag or source.size_bytes != entry.size_bytes:
            return None
        if not entry.prior_kind and self._copier.must_prepare(overwrites=entry.overwrites):
            return None  # begun while the bucket kept versions: what it replaces was never kept aside
        if _etag(there) != entry.prior_etag:
            return None  # completed by us, or written by somebody
        try:
            return self._destination.list_parts(self._job.destination.bucket, key, entry.upload_id)
        except NotFound:
            return None


def _etag(head: ObjectHead | None) -> str | None:
    return head.etag if head else None
