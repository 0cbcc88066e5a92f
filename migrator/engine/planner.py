"""Listing both ends and deciding about every key; the decisions go into the journal as they are made.

Both listings are walked in step, so memory does not grow with the number of keys. An end that does not
list in key order cannot be walked so: then its listing is put into a table on disk first and looked up.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from migrator.config import Job
from migrator.engine.earlier import EarlierRuns
from migrator.engine.listing import OutOfOrder, in_step, objects
from migrator.engine.ports import Executor, Ports
from migrator.engine.reserved import KnownReserved
from migrator.errors import Cancelled
from migrator.model.events import Event, ListingProgress, ObjectConflict, ObjectUnsupported
from migrator.model.ledger import Seen
from migrator.model.objects import ObjectVersion, key_bytes
from migrator.model.plan import Action, Conflict, Copy, Filtered, Rules, Same, Unsupported, decide
from migrator.store.base import ObjectStore

BATCH = 1000
PROGRESS_EVERY_S = 0.1

_ANY_DATE = datetime(1970, 1, 1, tzinfo=UTC)

Decided = tuple[ObjectVersion, Action]


@dataclass
class Totals:
    """What the listing has come to so far. Bytes are of the source's objects."""

    listed: int = 0
    bytes_listed: int = 0
    planned: int = 0
    bytes_planned: int = 0
    same: int = 0
    unsupported: int = 0
    conflicts: int = 0
    filtered_by: Counter[str] = field(default_factory=Counter)
    copied: int = 0  #: before this command, in a run that is resumed
    bytes_copied: int = 0

    def add(self, listed: ObjectVersion, action: Action) -> None:
        self.listed += 1
        self.bytes_listed += listed.size_bytes
        match action:
            case Filtered(rule):
                self.filtered_by[rule] += 1
            case Same():
                self.same += 1
            case Unsupported():
                self.unsupported += 1
            case Copy() | Conflict():
                self.planned += 1
                self.bytes_planned += listed.size_bytes
                self.conflicts += isinstance(action, Conflict)

    def progress(self, *, final: bool) -> ListingProgress:
        return ListingProgress(
            listed=self.listed,
            bytes_listed=self.bytes_listed,
            planned=self.planned,
            bytes_planned=self.bytes_planned,
            same=self.same,
            filtered=self.filtered_by.total(),
            unsupported=self.unsupported,
            conflicts=self.conflicts,
            filtered_by=dict(self.filtered_by),
            final=final,
            copied=self.copied,
            bytes_copied=self.bytes_copied,
        )


class Planner:
    """Decides about every key of one job. `save` gets batches in listing order and makes them durable.

    `destination` is None where its bucket does not exist yet. `seen` counts the source's keys before
    anything is decided about them; when `save` is called it counts up to the last key of the batch.
    """

    def __init__(
        self,
        job: Job,
        source: ObjectStore,
        destination: ObjectStore | None,
        executor: Executor,
        ports: Ports,
        emit: Callable[[Event], None],
        earlier: EarlierRuns,
        known: KnownReserved,
        seen: Seen,
    ) -> None:
        self._job = job
        self._source = source
        self._destination = destination
        self._executor = executor
        self._ports = ports
        self._emit = emit
        self._earlier = earlier
        self._known = known
        self._seen = seen
        self.totals = Totals()

    def run(
        self,
        save: Callable[[list[Decided]], None],
        restart: Callable[[], None],
        *,
        start_after: str = "",
        totals: Totals | None = None,
        in_step: bool = True,
    ) -> Totals:
        """List everything after the source key `start_after`; `totals` are those of the keys before.

        `restart` forgets everything saved.

        The final totals are the caller's to tell: after a resume, this listing does not know them.

        Raises:
            Cancelled: somebody asked to stop; what was saved stays saved.
        """
        rules = Rules(
            existing=self._job.transfer.existing,
            compare_size_only=self._job.transfer.verify == "size",
        )
        if not in_step:
            self._save(self._decisions(self._looked_up(), rules), save)
            return self.totals
        self.totals = totals or Totals()
        try:
            self._save(self._decisions(self._paired(start_after), rules), save)
        except OutOfOrder:
            # Decisions saved so far came from listings that were still in order, but a key listed late
            # could have been missed as "not there": decide everything again, from a table on disk.
            self.totals = Totals()
            self._seen.keys = self._seen.repeated = self._seen.hidden = 0
            restart()
            self._save(self._decisions(self._looked_up(), rules), save)
        return self.totals

    def _save(self, decisions: Iterator[Decided], save: Callable[[list[Decided]], None]) -> None:
        batch: list[Decided] = []
        last_told = self._ports.now()
        for listed, action in decisions:
            batch.append((listed, action))
            self.totals.add(listed, action)
            self._tell(listed, action)
            if len(batch) >= BATCH:
                save(batch)
                batch = []
                if self._ports.wait(0):
                    raise Cancelled
            if self._ports.now() - last_told >= PROGRESS_EVERY_S:
                last_told = self._ports.now()
                self._emit(self.totals.progress(final=False))
        save(batch)

    def _tell(self, listed: ObjectVersion, action: Action) -> None:
        if isinstance(action, Conflict):
            self._emit(ObjectConflict(listed.key, action.reason, while_listing=True))
        elif isinstance(action, Unsupported):
            self._emit(ObjectUnsupported(listed.key, action.reason, while_listing=True))

    def _decisions(
        self, pairs: Iterable[tuple[ObjectVersion, ObjectVersion | None]], rules: Rules
    ) -> Iterator[Decided]:
        filters, prefix = self._job.filters, self._job.source.prefix
        for listed, there in pairs:
            rule = filters.rule_against(listed, prefix)
            if rule:
                yield listed, Filtered(rule)
                continue
            key = self._job.destination_key(listed.key)
            proof = self._earlier.proof(listed, there)
            yield listed, decide(listed, key, there, rules, proof)

    # -- pairing --------------------------------------------------------------------------------

    def _paired(self, start_after: str) -> Iterator[tuple[ObjectVersion, ObjectVersion | None]]:
        """Both listings in step."""
        left = self._source_listing(start_after, must_be_sorted=True)
        right = self._destination_listing(start_after, must_be_sorted=True)
        with_keys = ((self._job.destination_key(each.key), each) for each in left)
        for listed, there in in_step(with_keys, right):
            if listed is not None:
                yield listed, there

    def _looked_up(self) -> Iterator[tuple[ObjectVersion, ObjectVersion | None]]:
        """The source in whatever order it lists, against a table of the destination's listing."""
        with tempfile.TemporaryDirectory(prefix="migrator-") as folder:
            table = _Table(Path(folder) / "listing.sqlite")
            try:
                table.fill(self._destination_listing())
                for listed in self._source_listing():
                    yield listed, table.get(self._job.destination_key(listed.key))
            finally:
                table.close()

    def _source_listing(
        self, start_after: str = "", *, must_be_sorted: bool = False
    ) -> Iterator[ObjectVersion]:
        end = self._job.source
        return self._known.without(
            objects(
                self._executor,
                self._source,
                end.bucket,
                end.prefix,
                start_after=start_after,
                must_be_sorted=must_be_sorted,
                seen=self._seen,
            ),
            self._seen,
        )

    def _destination_listing(
        self, start_after: str = "", *, must_be_sorted: bool = False
    ) -> Iterator[ObjectVersion]:
        if self._destination is None:
            return iter(())
        end = self._job.destination
        return self._known.without(
            objects(
                self._executor,
                self._destination,
                end.bucket,
                end.prefix,
                start_after=self._job.destination_key(start_after) if start_after else "",
                must_be_sorted=must_be_sorted,
            )
        )


class _Table:
    """A listing on disk, looked up by key; scratch, so it is neither synced nor kept."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("CREATE TABLE listed (key BLOB PRIMARY KEY, size INT, etag TEXT) WITHOUT ROWID")

    def fill(self, listing: Iterable[ObjectVersion]) -> None:
        self._db.execute("BEGIN")
        self._db.executemany(
            "INSERT OR REPLACE INTO listed VALUES (?, ?, ?)",
            ((key_bytes(each.key), each.size_bytes, each.etag) for each in listing),
        )
        self._db.execute("COMMIT")

    def get(self, key: str) -> ObjectVersion | None:
        row = self._db.execute("SELECT size, etag FROM listed WHERE key = ?", (key_bytes(key),)).fetchone()
        if row is None:
            return None
        # The destination's own date plays no part in any decision.
        return ObjectVersion(key, row[0], row[1], _ANY_DATE)

    def close(self) -> None:
        self._db.close()
