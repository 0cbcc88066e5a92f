"""How the histories at the source changed while a run went on."""

from __future__ import annotations

from migrator.config import Job
from migrator.engine.history_planner import versions
from migrator.engine.journal import Journal
from migrator.engine.ports import Executor, Ports
from migrator.engine.reserved import KnownReserved
from migrator.errors import Cancelled
from migrator.model.ledger import Drift
from migrator.store.base import ObjectStore


def find_history_drift(
    job: Job,
    journal: Journal,
    source: ObjectStore,
    executor: Executor,
    ports: Ports,
    known: KnownReserved,
) -> Drift:
    """Look up every version that the source lists now; in bounded memory, one question to the journal each.

    Raises:
        Cancelled: somebody asked to stop.
    """
    added = changed = found = 0
    now = versions(executor, source, job.source.bucket, job.source.prefix)
    for count, there in enumerate(known.without(now)):
        was = journal.version_of(there.key, there.version_id)
        if was is None:
            added += 1
        else:
            found += 1
            # Only the null version can change: another one gets another id.
            changed += (was.etag, was.size_bytes, was.is_marker) != (
                there.etag,
                there.size_bytes,
                there.is_marker,
            )
        if count % 1000 == 0 and ports.wait(0):
            raise Cancelled
    return Drift(added, changed, journal.ledger().listed - found)
