"""The second listing: how the source changed while the run went on."""

from __future__ import annotations

from collections.abc import Iterator

from migrator.config import Job
from migrator.engine.journal import Journal
from migrator.engine.listing import OutOfOrder, in_step, objects, objects_in_ranges
from migrator.engine.ports import Executor, Ports
from migrator.engine.reserved import KnownReserved
from migrator.engine.schema import Entry
from migrator.errors import Cancelled
from migrator.model.ledger import Drift
from migrator.model.objects import ObjectVersion
from migrator.store.base import ObjectStore


def find_drift(
    job: Job,
    journal: Journal,
    source: ObjectStore,
    executor: Executor,
    ports: Ports,
    known: KnownReserved,
) -> Drift:
    """Compare what was listed with what the source lists now, in step and in bounded memory.

    The first listing says where pages end, so the second one takes several at a time.

    Raises:
        OutOfOrder: the source does not list in key order, so that it cannot be compared so.
        Cancelled: somebody asked to stop.
    """
    place = job.source.bucket, job.source.prefix
    try:
        return _compared(
            journal, known.without(objects_in_ranges(executor, source, *place, journal.page_ends())), ports
        )
    except OutOfOrder:
        # An end may list in order and yet not begin where it is told to.
        now = objects(executor, source, *place, must_be_sorted=True)
        return _compared(journal, known.without(now), ports)


def _compared(journal: Journal, now: Iterator[ObjectVersion], ports: Ports) -> Drift:
    added = changed = removed = 0
    before = ((entry.key, entry.listed()) for entry in _by_key(journal))
    for count, (was, there) in enumerate(in_step(before, now)):
        if was is None:
            added += 1
        elif there is None:
            removed += 1
        else:
            changed += _differs(was, there)
        if count % 1000 == 0 and ports.wait(0):
            raise Cancelled
    return Drift(added, changed, removed)


def _differs(was: ObjectVersion, there: ObjectVersion) -> bool:
    return was.etag != there.etag or was.size_bytes != there.size_bytes


def _by_key(journal: Journal) -> Iterator[Entry]:
    key: str | None = None
    while page := journal.after_key(key):
        yield from page
        key = page[-1].key
