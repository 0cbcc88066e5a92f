"""The steps of undoing a run, and of giving its undo up."""

from __future__ import annotations

from migrator.engine.ends import as_refusal
from migrator.engine.journal import Journal
from migrator.engine.probing import Probing
from migrator.engine.reserved import remove_saved
from migrator.engine.rollback import Rollback, Tally
from migrator.engine.session import Session
from migrator.engine.uploads import abort_orphans, abort_until_gone
from migrator.errors import AccessDenied, MigratorError, NotFound, StoreError
from migrator.model.events import Warned
from migrator.model.undo import Undo
from migrator.store.base import Versioning


def undo(session: Session, journal: Journal, *, dry_run: bool, even_last_copy: bool) -> Tally:
    """Put the destination back as it was before the run.

    Raises:
        UsageError, Refused: an end does not answer; nothing was changed.
    """
    if not _is_destination_there(session, journal):
        return _nothing_to_undo(journal, dry_run=dry_run)
    if not dry_run:
        journal.set_meta(undo="started")
        journal.commit()
    return Rollback(
        session.job,
        session.run,
        journal,
        session.ends.source,
        session.ends.destination,
        session.executor,
        session.ports,
        session.emit,
        versioning=_versioning_now(session),
        dry_run=dry_run,
        even_last_copy=even_last_copy,
    ).run()


def give_up_undo(session: Session, journal: Journal) -> None:
    """Remove everything that is only kept for undo: open uploads, saved copies, probes.

    Raises:
        MigratorError: something stays there; accepting again goes on.
    """
    destination, bucket = session.ends.destination, session.job.destination.bucket
    for entry in journal.open_uploads():
        key = session.job.destination_key(entry.key)
        abort_until_gone(destination, bucket, key, entry.upload_id or "")
        journal.close_upload(entry.seq)
        journal.commit()
    for entry in journal.orphans():
        abort_orphans(destination, bucket, session.job.destination_key(entry.key), journal.began())
    left = Probing(destination, bucket, session.run, journal, session.executor).clear()
    left += remove_saved(destination, bucket, journal, session.ports)
    if left:
        raise MigratorError(
            f"{len(left):,} objects under .migrator/{session.run}/ could not be removed, e.g. {left[0]}",
            advice="Allow s3:DeleteObject there, then accept the run again.",
        )


def keeps_something(journal: Journal) -> bool:
    """True where `give_up_undo` has something to remove, or may have."""
    kept = journal.open_uploads() or journal.reserved("saved") or journal.reserved("probe")
    return bool(kept) or any(True for _ in journal.orphans())


def _is_destination_there(session: Session, journal: Journal) -> bool:
    """Both ends must answer. A source bucket that is gone is an answer: every copy is the last one. So is a
    destination bucket that is gone, where the run was to create it."""
    job, ends = session.job, session.ends
    try:
        ends.source.list_page(job.source.bucket, job.source.prefix)
    except NotFound:
        session.emit(Warned("source-gone", f"There is no bucket {job.source.bucket} any more."))
    except StoreError as cause:
        raise as_refusal(cause) from cause
    try:
        ends.destination.list_page(job.destination.bucket, job.destination.prefix)
    except NotFound as cause:
        if cause.code == "NoSuchBucket" and journal.meta("bucket") in {
            "absent",
            "intent",
            "created",
            "removed",
        }:
            return False
        raise as_refusal(cause) from cause
    except StoreError as cause:
        raise as_refusal(cause) from cause
    return True


def _nothing_to_undo(journal: Journal, *, dry_run: bool) -> Tally:
    """The bucket that the run was to create is not there: neither is anything it wrote."""
    tally = Tally(total=journal.count_to_undo())
    if not dry_run:
        before = 2**62
        while batch := journal.to_undo(before_seq=before):
            before = batch[-1].seq
            for entry in batch:
                journal.set_undo(entry.seq, Undo.DONE, "gone")
        for kind in ("probe", "saved"):
            for kept in journal.reserved(kind, limit=2**31):
                journal.release(kept.key)
        journal.set_meta(bucket="removed")
        journal.commit()
    tally.done = tally.total
    return tally


def _versioning_now(session: Session) -> Versioning:
    try:
        return session.ends.destination.versioning(session.job.destination.bucket)
    except AccessDenied:
        return Versioning.UNKNOWN
