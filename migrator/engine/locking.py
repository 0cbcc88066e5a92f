"""`locks = "after-verify"`: locking the copies of a run as their objects are, once the user accepts the run.

Until then the run can be undone; a copy that is locked cannot be removed. Locks are read from the source now,
not from the journal: they may have been extended since. Locking twice changes nothing, so a step that broke
off is simply done again.
"""

from __future__ import annotations

from migrator.engine.batches import carried_out
from migrator.engine.journal import Journal
from migrator.engine.outcomes import reason_to_pause
from migrator.engine.schema import Entry
from migrator.engine.session import Session
from migrator.errors import Cancelled, MigratorError
from migrator.model.events import ObjectFailed
from migrator.model.fidelity import LOCKS
from migrator.model.objects import UNLOCKED
from migrator.model.undo import State
from migrator.store.base import BucketLock

_ADVICE = "Accept the run again once that is arranged; until then it can still be undone."


class LocksMissing(MigratorError):
    """Some copies could not be locked."""


def lock_copies(session: Session, journal: Journal) -> None:
    """Give every copy of the run the lock that its object has now.

    Raises:
        LocksMissing: some could not be; each is told by an event.
        Cancelled, Paused: stopped before the end.
    """
    if session.ends.source.lock_of(session.job.source.bucket) is BucketLock.NONE:
        return
    after, failed = 0, 0
    while batch := journal.in_states([State.COMMITTED], after_seq=after):
        after = batch[-1].seq
        stopped: BaseException | None = None
        for ended in carried_out(session.executor, batch, lambda entry: _lock(session, entry)):
            if ended is None or ended[1].error is None:
                continue
            entry, error = ended[0], ended[1].error
            if isinstance(error, Cancelled) or not isinstance(error, MigratorError):
                stopped = stopped or error
            elif (pause := reason_to_pause(error)) is not None:
                stopped = stopped or pause
            else:
                failed += 1
                session.emit(ObjectFailed(entry.key, entry.size_bytes, "not-locked", error.message, _ADVICE))
        if stopped is not None:
            raise stopped
        if session.ports.wait(0):
            raise Cancelled
    if failed:
        raise LocksMissing(f"{failed:,} copies could not be locked.", advice=_ADVICE)


def _lock(session: Session, entry: Entry) -> None:
    """Worker: one copy."""
    if LOCKS in entry.lost or entry.is_marker:
        return
    job, ends = session.job, session.ends
    lock = ends.source.lock_on(job.source.bucket, entry.key, version_id=entry.source_version or None)
    if lock == UNLOCKED or not lock.holds(session.ports.clock.wall()):
        return
    bucket, key = job.destination.bucket, job.destination_key(entry.key)
    ends.destination.set_lock(bucket, key, lock, version_id=entry.after_version)
    now = ends.destination.lock_on(bucket, key, version_id=entry.after_version)
    if now != lock:
        raise LocksMissing(f"{ends.destination.end} answered success, but the copy is not locked so.")
