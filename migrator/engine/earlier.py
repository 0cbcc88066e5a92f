"""What earlier runs of the same migration know about a key: their journals are proofs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from migrator.engine.home import RunDir, all_runs
from migrator.engine.journal import Journal
from migrator.engine.ports import Clock
from migrator.engine.schema import Entry
from migrator.errors import JournalCorrupt, JournalError
from migrator.model.objects import ObjectVersion
from migrator.model.plan import Proof
from migrator.model.undo import State, Undo

#: Journals asked, newest first; older ones have been overtaken by these.
MOST = 20


class EarlierRuns:
    """The journals of earlier runs of one migration, open for reading. Use as a context manager."""

    def __init__(self, root: Path, migration: str, clock: Clock, *, apart_from: str = "") -> None:
        self._journals: list[tuple[str, Journal]] = []
        self._newest: Journal | None = None  # of any run, also one that copied nothing
        #: How many decisions rest on what each earlier run copied.
        self.relied_on: Counter[str] = Counter()
        for directory in all_runs(root):
            if directory.run == apart_from or len(self._journals) == MOST:
                continue
            journal = _open(directory, migration, clock)
            if journal is None:
                continue
            if _may_prove_something(journal):
                self._journals.append((directory.run, journal))
            elif self._newest is not None:
                journal.close()
            self._newest = self._newest or journal

    def __enter__(self) -> EarlierRuns:
        return self

    def __exit__(self, *_: object) -> None:
        for _run, journal in self._journals:
            journal.close()
        if self._newest is not None:
            self._newest.close()

    def page_ends(self) -> Iterator[str]:
        """Where the pages of the newest run's listing ended: source keys in order, if any."""
        if self._newest is not None:
            with suppress(JournalError):  # then it is one range to the end
                yield from self._newest.page_ends()

    def proof(self, listed: ObjectVersion, there: ObjectVersion | None) -> Proof:
        """What is proven about a source object and what the destination holds under its key.

        The newest run that copied the key decides: SAME where both ends are as it left them, OURS where
        only the destination is.
        """
        if there is None:
            return Proof.NOTHING
        for run, journal in self._journals:
            try:
                entry = journal.by_key(listed.key)
            except JournalCorrupt:
                return Proof.NOTHING  # it may say that an older run's word does not count any more
            if entry is None or entry.state is not State.COMMITTED or entry.undo is not Undo.NONE:
                continue
            if not entry.after_etag or entry.after_etag != there.etag or entry.size_bytes != there.size_bytes:
                return Proof.NOTHING
            self.relied_on[run] += 1
            is_unchanged = entry.etag == listed.etag and entry.size_bytes == listed.size_bytes
            return Proof.SAME if is_unchanged else Proof.OURS
        return Proof.NOTHING

    def copy_at(self, key: str, version_id: str) -> Entry | None:
        """The row of the newest run whose copy a version at the destination is, and still counts."""
        for run, journal in self._journals:
            entry = _counts(partial(journal.copy_at, key, version_id))
            if entry is not None:
                self.relied_on[run] += 1
                return entry
        return None

    def version_proof(self, listed: ObjectVersion) -> Entry | None:
        """The row of the newest run that copied this very version of the source."""
        for run, journal in self._journals:
            entry = _counts(partial(journal.version_of, listed.key, listed.version_id))
            if entry is not None and (entry.etag, entry.size_bytes) == (listed.etag, listed.size_bytes):
                self.relied_on[run] += 1
                return entry
        return None


def _may_prove_something(journal: Journal) -> bool:
    """Whether it holds copies. Runs that found all the same hold none, and there can be many of them."""
    try:
        return journal.has_copies()
    except JournalCorrupt:
        return True  # asked about a key, it says so


def _counts(ask: Callable[[], Entry | None]) -> Entry | None:
    """A row that was copied and not undone."""
    try:
        entry = ask()
    except JournalCorrupt:
        return None
    if entry is None or entry.state is not State.COMMITTED or entry.undo is not Undo.NONE:
        return None
    return entry


def _open(directory: RunDir, migration: str, clock: Clock) -> Journal | None:
    """The journal, if it is of this migration. One that cannot be read proves nothing: keys are compared."""
    try:
        journal = Journal.read_only(directory, clock)
        if journal.meta("migration") == migration:
            return journal
        journal.close()
    except JournalError:
        pass
    return None
