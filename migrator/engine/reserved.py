"""What we put into a bucket of our own accord: where it lies, how it goes, and whose it is.

Saved copies and probes live under `.migrator/<run>/` at the bucket's root, each announced in the run's
journal before it is written. Only what a journal knows is ours; any other key there is a key like any other.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from migrator.engine.home import RunDir, is_run_id
from migrator.engine.journal import Journal
from migrator.engine.outcomes import StaysThere
from migrator.engine.ports import Clock, Ports
from migrator.engine.uploads import abort_orphans
from migrator.errors import AccessDenied, Cancelled, JournalError, NotFound, Rejected
from migrator.model.ledger import Seen
from migrator.model.objects import RESERVED_PREFIX, ObjectHead, ObjectVersion
from migrator.store.base import ObjectStore

#: Versions of one reserved key: retries make two, a probe four. More is an end that does not delete.
MOST_VERSIONS = 20


def saved_key(run: str, seq: int) -> str:
    """Where the old content of a run's object `seq` is kept."""
    return f"{RESERVED_PREFIX}{run}/saved/{seq}"


def probe_key(run: str, name: str) -> str:
    return f"{RESERVED_PREFIX}{run}/probe/{name}"


def look(store: ObjectStore, bucket: str, key: str, version_id: str | None = None) -> ObjectHead | None:
    """HEAD; None where there is nothing (or a delete marker)."""
    try:
        return store.head(bucket, key, version_id=version_id)
    except NotFound as cause:
        if cause.code == "NoSuchBucket":
            raise
        return None


def remove_reserved(store: ObjectStore, bucket: str, key: str, since: datetime) -> None:
    """Remove every version of a reserved key and its open uploads, and see that they are gone.

    By version id wherever there is one: a plain delete would leave a marker behind.

    Raises:
        StaysThere: the end answers success and keeps it.
    """
    abort_orphans(store, bucket, key, since)
    for _ in range(MOST_VERSIONS):
        there = look(store, bucket, key)
        if there is None:
            return
        store.delete(bucket, key, version_id=there.version_id)
    raise StaysThere(f"{store.end} answered success, but {key} is still there.")


def remove_saved(store: ObjectStore, bucket: str, journal: Journal, ports: Ports) -> list[str]:
    """Remove every saved copy of a run; returns the keys of those that had to stay.

    Raises:
        Cancelled: somebody asked to stop; doing it again goes on.
    """
    left = []
    after = 0
    while batch := journal.reserved("saved", after_id=after):
        after = batch[-1].id
        for kept in batch:
            try:
                remove_reserved(store, bucket, kept.key, journal.began())
            except (StaysThere, AccessDenied, Rejected):
                left.append(kept.key)
            else:
                # One that was never seen may still land: the next rollback looks again.
                if kept.state == "there":
                    journal.release(kept.key)
        journal.commit()
        if ports.wait(0):
            raise Cancelled
    return left


class KnownReserved:
    """Which keys under the reserved prefix the journals below `root` know: they are hidden from listings.

    Asked rarely, and one run after the other in a listing: one journal is open at a time.
    """

    def __init__(self, root: Path, clock: Clock) -> None:
        self._root = root
        self._clock = clock
        self._run = ""
        self._journal: Journal | None = None

    def __enter__(self) -> KnownReserved:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def without(self, listing: Iterator[ObjectVersion], seen: Seen | None = None) -> Iterator[ObjectVersion]:
        """A listing without what is ours under the reserved prefix; `seen` counts what is hidden."""
        for each in listing:
            if not self.knows(each.key):
                yield each
            elif seen is not None:
                seen.hidden += 1

    def knows(self, key: str) -> bool:
        if not key.startswith(RESERVED_PREFIX):
            return False
        run = key.removeprefix(RESERVED_PREFIX).partition("/")[0]
        if not is_run_id(run):
            return False
        if run != self._run:
            self._close()
            self._run = run
            self._journal = self._open(run)
        try:
            return self._journal is not None and self._journal.reserved_at(key) is not None
        except JournalError:
            return False  # damaged further in: as one that cannot be opened

    def _open(self, run: str) -> Journal | None:
        """The journal of a run; None where it cannot be read, and then its keys are keys like any other."""
        directory = RunDir(self._root / "runs" / run)
        if not directory.journal.exists():
            return None
        try:
            return Journal.read_only(directory, self._clock)
        except JournalError:
            return None

    def _close(self) -> None:
        if self._journal is not None:
            self._journal.close()
        self._journal = None
