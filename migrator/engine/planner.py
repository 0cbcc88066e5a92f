"""Listing both ends and deciding about every key; the decisions go into the journal as they are made.

Both listings are walked in step, so memory does not grow with the number of keys. An end that does not
list in key order cannot be walked so: then its listing is put into a table on disk first and looked up.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from migrator.config import Job
from migrator.engine.earlier import EarlierRuns
from migrator.engine.key_limits import KeyLimits
from migrator.engine.listing import OutOfOrder, in_step, objects, objects_in_ranges
from migrator.engine.listing_table import ListingTable
from migrator.engine.ports import Executor, Ports
from migrator.engine.reserved import KnownReserved
from migrator.errors import Cancelled
from migrator.model.events import Event, ListingProgress, ObjectConflict, ObjectUnsupported
from migrator.model.key_limits import OpenPrefixes, Shape
from migrator.model.ledger import Seen
from migrator.model.objects import ObjectVersion
from migrator.model.plan import Action, Conflict, Copy, Filtered, Proof, Rules, Same, Unsupported, decide
from migrator.store.base import ObjectStore

BATCH = 1000
PROGRESS_EVERY_S = 0.1

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
    listed_there: int = 0  #: keys at the destination, known at the end

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


class _Beside(Exception):
    """A key stands beside another, and the destination cannot hold both."""


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
        limits: KeyLimits,
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
        self._seen_there = Seen()
        self._limits = limits
        self.totals = Totals()

    @property
    def listed_there(self) -> int:
        """Keys that the destination has listed."""
        return self._seen_there.keys

    def run(
        self,
        save: Callable[[list[Decided]], None],
        restart: Callable[[], None],
        *,
        start_after: str = "",
        totals: Totals | None = None,
        in_step: bool = True,
        is_recorded: Callable[[str], bool] = lambda _: False,
    ) -> Totals:
        """List everything after the source key `start_after`; `totals` are those of the keys before, and
        `is_recorded` knows them. `restart` forgets everything saved.

        The final totals are the caller's to tell: after a resume, this listing does not know them.

        Raises:
            Cancelled: somebody asked to stop; what was saved stays saved.
        """
        rules = Rules(
            existing=self._job.transfer.existing,
            compare_size_only=self._job.transfer.verify == "size",
        )
        if not in_step:
            self._look_up(rules, save)
            return self.totals
        self.totals = totals or Totals()
        try:
            self._save(self._in_step(start_after, rules, is_recorded), save)
        except (OutOfOrder, _Beside):
            # Decisions saved so far came from listings that were still in order, but a key listed late
            # could have been missed as "not there", or one beside it: decide everything again, from a
            # table on disk.
            self.totals = Totals()
            self._seen.restart()
            self._seen_there.restart()
            restart()
            self._look_up(rules, save)
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

    def _decide(self, listed: ObjectVersion, key: str, there: ObjectVersion | None, rules: Rules) -> Action:
        """About one key by itself; `key` is the destination's."""
        rule = self._job.filters.rule_against(listed, self._job.source.prefix)
        if rule:
            return Filtered(rule)
        proof = Proof.NOTHING if there is None else self._earlier.proof(listed, there)
        action = decide(listed, key, there, rules, proof)
        if there is None and isinstance(action, Copy):
            shape = self._limits.against(key, listed.size_bytes)
            if shape is not None:
                return Unsupported(shape.value)
        return action

    # -- pairing --------------------------------------------------------------------------------

    def _in_step(
        self, start_after: str, rules: Rules, is_recorded: Callable[[str], bool]
    ) -> Iterator[Decided]:
        """Both listings in step.

        Raises:
            _Beside: the destination cannot hold two of these keys.
        """
        left, right = self._sorted_listings(start_after)
        with_keys = ((self._job.destination_key(each.key), each) for each in left)
        watched = self._open_at(start_after, is_recorded) if self._limits.suspects(Shape.BESIDE) else None
        for listed, there in in_step(with_keys, right):
            key = self._job.destination_key(listed.key) if listed is not None else ""
            action = self._decide(listed, key, there, rules) if listed is not None else None
            is_ours = there is None and isinstance(action, Copy)
            if watched is not None and (is_ours or there is not None):
                key = there.key if there is not None else key
                if watched.add(key, is_ours=is_ours):
                    if not self._limits.holds(Shape.BESIDE):
                        raise _Beside(key)
                    watched = None
            if listed is not None and action is not None:
                yield listed, action

    def _sorted_listings(self, start_after: str) -> tuple[Iterator[ObjectVersion], Iterator[ObjectVersion]]:
        """Both listings in order; several pages at a time where an earlier run says where they end."""
        if start_after:
            return (
                self._source_listing(start_after, must_be_sorted=True),
                self._destination_listing(start_after, must_be_sorted=True),
            )
        source, destination = self._job.source, self._job.destination
        left = objects_in_ranges(
            self._executor,
            self._source,
            source.bucket,
            source.prefix,
            self._earlier.page_ends(),
            seen=self._seen,
        )
        if self._destination is None:
            return self._known.without(left, self._seen), iter(())
        right = objects_in_ranges(
            self._executor,
            self._destination,
            destination.bucket,
            destination.prefix,
            map(self._job.destination_key, self._earlier.page_ends()),
            seen=self._seen_there,
        )
        return self._known.without(left, self._seen), self._known.without(right)

    def _open_at(self, start_after: str, is_recorded: Callable[[str], bool]) -> OpenPrefixes:
        """Those of the keys before that a later one can still stand below."""
        found = OpenPrefixes()
        for length in range(1, len(start_after) + 1):
            if is_recorded(start_after[:length]):
                found.add(self._job.destination_key(start_after[:length]), is_ours=True)
        return found

    def _look_up(self, rules: Rules, save: Callable[[list[Decided]], None]) -> None:
        """The source in whatever order it lists, against a table of the destination's listing.

        Of two keys that cannot both be held, the one that is there already stays, else the first listed.
        """
        with tempfile.TemporaryDirectory(prefix="migrator-") as folder:
            table = ListingTable(Path(folder) / "listing.sqlite")
            try:
                table.fill(self._destination_listing())
                self._save(self._looked_up(table, rules), save)
            finally:
                table.close()

    def _looked_up(self, table: ListingTable, rules: Rules) -> Iterator[Decided]:
        for listed in self._source_listing():
            key = self._job.destination_key(listed.key)
            there = table.get(key)
            action = self._decide(listed, key, there, rules)
            if self._limits.suspects(Shape.BESIDE) and there is None and isinstance(action, Copy):
                if table.is_beside(key) and not self._limits.holds(Shape.BESIDE):
                    action = Unsupported(Shape.BESIDE.value)
                else:
                    table.take(key)
            yield listed, action

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
                seen=self._seen_there,
            )
        )
