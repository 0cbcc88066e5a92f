"""What `plan` remembers of a listing: in bounded memory, and for `--deep` in a scratch file."""

from __future__ import annotations

import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from migrator.engine.carrying import carrying_of
from migrator.engine.ends import Ready
from migrator.engine.plan_book import PlanBook
from migrator.engine.planner import Decided
from migrator.engine.session import Session
from migrator.engine.survey import Planned, Survey
from migrator.model.findings import FidelityChecked
from migrator.model.objects import ObjectVersion, key_bytes, key_text
from migrator.model.plan import Copy
from migrator.model.planned import SIZE_BINS, Fate, PlanMade, fate_of, size_bin
from migrator.model.pricing import Work

_ANY_DATE = datetime(1970, 1, 1, tzinfo=UTC)


class Planning:
    """Collects what a listing decided. With `deep`, planned keys are put into a scratch table on disk; with a
    `book`, every key into that."""

    def __init__(
        self, session: Session, ready: Ready, *, deep: bool = False, book: PlanBook | None = None
    ) -> None:
        self._session = session
        self._ready = ready
        self._book = book
        self._planned = Planned()
        self._objects: Counter[tuple[str, str]] = Counter()
        self._bytes: Counter[tuple[str, str]] = Counter()
        self._sizes = [0] * (len(SIZE_BINS) + 1)
        self.work = Work()
        self._folder = tempfile.TemporaryDirectory(prefix="migrator-") if deep else None
        self._keys: sqlite3.Connection | None = None
        if self._folder:
            self._keys = sqlite3.connect(Path(self._folder.name) / "planned.sqlite", isolation_level=None)
            self._keys.execute("PRAGMA synchronous = OFF")
            self._keys.execute("PRAGMA journal_mode = OFF")
            self._keys.execute("CREATE TABLE planned (id INTEGER PRIMARY KEY, key BLOB, version TEXT)")

    def close(self) -> None:
        """Remove what was put on disk."""
        if self._keys is not None:
            self._keys.close()
        if self._folder is not None:
            self._folder.cleanup()

    def save(self, batch: list[Decided]) -> None:
        copies = [listed for listed, action in batch if isinstance(action, Copy)]
        for listed in copies:
            self._planned.add(listed)
        for listed, action in batch:
            fate = fate_of(action)
            self._objects[fate] += 1
            self._bytes[fate] += listed.size_bytes
            if isinstance(action, Copy) and not listed.is_marker:
                self._sizes[size_bin(listed.size_bytes)] += 1
                self.work.add(
                    listed.size_bytes,
                    listed.storage_class,
                    replaces=action.replaces is not None,
                    etag=listed.etag,
                )
        if self._keys is not None:
            self._keys.execute("BEGIN")
            self._keys.executemany(
                "INSERT INTO planned (key, version) VALUES (?, ?)",
                ((key_bytes(each.key), each.version_id) for each in copies if not each.is_marker),
            )
            self._keys.execute("COMMIT")
        if self._book is not None:
            self._book.save(batch)
        self._session.tick()

    def restart(self) -> None:
        """The listing begins anew."""
        self._planned = Planned()
        self._objects.clear()
        self._bytes.clear()
        self._sizes = [0] * len(self._sizes)
        self.work = Work()
        if self._keys is not None:
            self._keys.execute("DELETE FROM planned")
        if self._book is not None:
            self._book.restart()

    def made(self) -> PlanMade:
        """Everything that was decided, added up."""
        if self._book is not None:
            self._book.end()
        fates = tuple(
            Fate(*fate, objects, self._bytes[fate]) for fate, objects in sorted(self._objects.items())
        )
        return PlanMade(fates, tuple(self._sizes))

    def surveyed(self) -> FidelityChecked:
        """What copies would lack: of a sample, or of every object where keys were put on disk."""
        session = self._session
        carrying = carrying_of(session.job, self._ready.lock)
        survey = Survey(session.job, session.ends.source, carrying, session.executor, session.ports)
        return survey.run(self._planned, None if self._keys is None else self._every(self._keys))

    @staticmethod
    def _every(keys: sqlite3.Connection) -> Iterator[ObjectVersion]:
        with closing(keys.execute("SELECT key, version FROM planned ORDER BY id")) as rows:
            for key, version in rows:
                yield ObjectVersion(key_text(key), 0, "", _ANY_DATE, version_id=version)
