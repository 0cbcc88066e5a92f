"""What a run finds out before it copies: what keys the destination holds, what copies would lack, and which
conditions the destination honours. Each once for a run; the answers are kept in the journal.
"""

from __future__ import annotations

import json

from migrator.engine.carrying import carrying_of
from migrator.engine.ends import Ready
from migrator.engine.journal import Journal
from migrator.engine.key_limits import KeyLimits, key_probe, tried_before
from migrator.engine.probing import Probing
from migrator.engine.session import Session
from migrator.engine.survey import SAMPLE, Planned, Survey, refuse_losses, refuse_without_locks
from migrator.model.capabilities import Capabilities
from migrator.model.events import Warned
from migrator.store.base import BucketLock, Versioning


class Foresight:
    """Of one run. `ready` is what preflight found."""

    def __init__(self, session: Session, ready: Ready) -> None:
        self._session = session
        self._ready = ready
        self._job = session.job
        self._journal: Journal = session.journal
        self._versioning = ready.versioning

    def key_limits(self) -> KeyLimits:
        """What keys the destination holds, tried where a probe can be written and removed again."""
        if not self._ready.destination_exists or self._may_lock_probes():
            return KeyLimits(self._job)
        session = self._session
        probe = key_probe(session.ends.destination, self._job.destination.bucket, session.run, self._journal)
        return KeyLimits(self._job, probe, tried_before(self._journal))

    def _may_lock_probes(self) -> bool:
        return self._ready.lock in {BucketLock.DEFAULT, BucketLock.UNKNOWN}

    # -- what would be lost ----------------------------------------------------------------------

    def look_at_properties(self) -> None:
        """Once for each run, before anything is written.

        Raises:
            LossNotAccepted: copies would be poorer than the job allows.
        """
        session, journal = self._session, self._journal
        if journal.meta("fidelity"):
            return
        planned = Planned(
            journal.planned_by_class(), [each.listed() for each in journal.planned_sample(SAMPLE)]
        )
        planned.total = sum(count for count, _ in planned.by_class.values())
        carrying = carrying_of(self._job, self._ready.lock)
        refuse_without_locks(self._job, carrying)
        found = Survey(self._job, session.ends.source, carrying, session.executor, session.ports).run(planned)
        session.emit(found)
        refuse_losses(found)
        journal.set_meta(fidelity=json.dumps([each.name for each in found.found]))
        journal.commit()

    # -- what the destination honours -----------------------------------------------------------

    def probe(self) -> Capabilities:
        """Probed once for each run. Not where a probe could be locked for years."""
        journal, session = self._journal, self._session
        known = journal.meta("capabilities")
        if known:
            return Capabilities.from_json(known)
        if self._may_lock_probes():
            seen = Capabilities()
        else:
            keeps_versions = self._versioning is Versioning.ENABLED
            seen = self._probing().run(
                copies=not keeps_versions and journal.has_overwrites(), parts=journal.has_large()
            )
            self.clear_probes()
        journal.set_meta(capabilities=seen.to_json())
        journal.commit()
        if self._versioning is not Versioning.ENABLED and not (seen.put_if_absent and seen.put_if_match):
            session.emit(Warned("window-of-doubt", _DOUBT.format(end=session.ends.destination.end)))
        return seen

    def clear_probes(self) -> None:
        left = self._probing().clear()
        if left:
            self._session.emit(Warned("probe-left", f"Probes could not be removed: {', '.join(left)}."))

    def _probing(self) -> Probing:
        session, bucket = self._session, self._job.destination.bucket
        return Probing(session.ends.destination, bucket, session.run, self._journal, session.executor)


_DOUBT = (
    "{end} does not refuse a write whose condition does not hold. Each key is looked at right before it is "
    "written instead; what somebody else writes there in that very moment would be replaced."
)
