"""The steps of a run, in order: recover, list and decide, probe, copy, look again at the source."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable

from migrator.engine.carrying import carrier_of
from migrator.engine.copying import Copier
from migrator.engine.costs import tell_of_reading_back
from migrator.engine.digests import SourceDigests
from migrator.engine.drift import find_drift
from migrator.engine.earlier import EarlierRuns
from migrator.engine.ends import Ready
from migrator.engine.foresight import Foresight
from migrator.engine.history_drift import find_history_drift
from migrator.engine.history_planner import HistoryPlanner
from migrator.engine.journal import Journal
from migrator.engine.key_limits import BELIEVED, KeyLimits
from migrator.engine.listing import OutOfOrder
from migrator.engine.meter import Meter
from migrator.engine.pacing import Pacer
from migrator.engine.planner import Decided, Planner, Totals
from migrator.engine.recovery import Recovery
from migrator.engine.reserved import KnownReserved
from migrator.engine.saving import Saver
from migrator.engine.session import Session
from migrator.engine.transfer import Transfer
from migrator.errors import Paused, Refused, Rejected, StoreError
from migrator.model.capabilities import Capabilities
from migrator.model.events import Phase, Summary, Warned
from migrator.model.ledger import Drift, Seen, outcome_of
from migrator.model.sizes import show_size

#: What a run's records take on disk for each object that is copied. Measured with keys of 38 bytes
#: (`python -m benchmarks.journal`): 404 bytes of journal and 154 of log; 937 and 154 where each object
#: replaces one. This is the dearer kind, rounded up; objects that are only listed take less.
RECORD_BYTES = 1200
#: A disk that is nearly full slows everything down, and others need room too.
SPARE_BYTES = 32 * 1024 * 1024


def list_everything(
    session: Session,
    ready: Ready,
    save: Callable[[list[Decided]], None],
    restart: Callable[[], None],
    seen: Seen,
    limits: KeyLimits,
    *,
    start_after: str = "",
    totals: Totals | None = None,
    in_step: bool = True,
    is_recorded: Callable[[str], bool] = lambda _: False,
) -> tuple[Totals, dict[str, int]]:
    """Decide about every key after `start_after`; returns the totals, and the earlier runs relied on.

    `totals` and `seen` are those of the keys before, and `seen` goes on counting. `in_step` is False where an
    end is known not to list in order.
    """
    session.phase(Phase.LISTING)
    job, clock = session.job, session.ports.clock
    with (
        EarlierRuns(session.root, job.migration, clock, apart_from=session.run) as earlier,
        KnownReserved(session.root, clock) as known,
    ):
        planner = (HistoryPlanner if ready.history else Planner)(
            job,
            session.ends.source,
            session.ends.destination if ready.destination_exists else None,
            session.executor,
            session.ports,
            session.emit,
            earlier,
            known,
            seen,
            limits,
        )
        found = planner.run(
            save, restart, start_after=start_after, totals=totals, in_step=in_step, is_recorded=is_recorded
        )
        found.listed_there = planner.listed_there
        if limits.believed:
            session.emit(Warned("key-limits", BELIEVED.format(end=session.ends.destination.end)))
        return found, dict(earlier.relied_on)


def disk_needed_bytes(objects: int) -> int:
    """Room that the records of a run need for so many objects to be copied."""
    return objects * RECORD_BYTES


def disk_free_bytes(session: Session) -> int:
    """Room where runs are kept."""
    place = session.root
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free


def refuse_without_room(session: Session, objects: int) -> None:
    """See that the disk has room for the records of so many objects.

    Raises:
        Refused, or Paused where something was copied before: it has not.
    """
    needed, free = disk_needed_bytes(objects) + SPARE_BYTES, disk_free_bytes(session)
    if needed > free:
        message = (
            f"The records of this run need {show_size(needed)} of disk, and {show_size(free)} are free "
            f"in {session.root}."
        )
        advice = "Free some space there, or let MIGRATOR_HOME name a directory on another disk."
        if session.journal.ledger().copied:
            raise Paused(message, cause="disk-full", advice=advice)
        raise Refused(message, advice=advice)


class Steps:
    """One run on its way. `journal` is open and locked, `ready` what preflight found."""

    def __init__(self, session: Session, ready: Ready) -> None:
        self._session = session
        self._ready = ready
        self._job = session.job
        self._journal: Journal = session.journal
        self._versioning = ready.versioning
        self._foresight = Foresight(session, ready)
        self._is_unsorted = False  # as the source's second listing shows

    def go_on(self, *, recover: bool = False, only: str = "") -> Summary:
        """From wherever the journal stands to the end; of what failed, `only` one cause is retried."""
        session, journal = self._session, self._journal
        session.is_going = True
        if recover:
            session.phase(Phase.RECOVERING)
            self._foresight.clear_probes()
            self._note_versioning()
            self._recover(only)
        if not journal.is_listed():
            self._list()
        drift = self._copy_and_look()
        if self._is_unsorted and journal.meta("listing") == "resumed":
            # An end that does not list in order may have kept keys from a listing that went on in the middle.
            self._list(is_again=True)
            drift = self._copy_and_look()
        ledger = journal.ledger()
        return session.end(
            outcome_of(ledger),
            ledger,
            drift=drift,
            filtered_by=journal.filtered_by(),
            lost=journal.lost(),
            repaired=journal.repaired(),
        )

    def _copy_and_look(self) -> Drift | None:
        session = self._session
        session.emit(self._totals().progress(final=True))
        left = self._journal.ledger().left
        if left:
            refuse_without_room(session, left)
            self._foresight.look_at_properties()
            self._create_bucket()
            seen = self._foresight.probe()
            tell_of_reading_back(session, self._ready)
            session.phase(Phase.COPYING)
            self._transfer(seen)
        session.phase(Phase.CHECKING)
        return self._drift()

    # -- before copying -------------------------------------------------------------------------

    def _note_versioning(self) -> None:
        """Where versioning was switched since the run began, what was seen of the end holds no more."""
        now = self._versioning.value
        if self._journal.meta("versioning") != now:
            self._journal.set_meta(versioning=now, capabilities="")
            self._journal.commit()

    def _recover(self, only: str) -> None:
        session = self._session
        Recovery(
            self._job,
            session.run,
            self._journal,
            session.ends.source,
            session.ends.destination,
            self._copier(Capabilities.from_json(self._journal.meta("capabilities")), Meter(session.ports)),
            session.executor,
            session.ports,
            session.emit,
            only=only,
        ).run()

    def _list(self, *, is_again: bool = False) -> None:
        """Listing goes on after the last key recorded. What was recorded stays, also when it begins anew."""
        session, journal = self._session, self._journal
        seen = journal.seen()

        def save(batch: list[Decided]) -> None:
            seen.repeated += journal.add_listed(batch)
            journal.set_seen(seen)
            journal.commit()
            session.tick()

        start_after = "" if is_again or self._ready.history else journal.listed_to()
        if start_after:
            journal.set_meta(listing="resumed")
        _, relied_on = list_everything(
            session,
            self._ready,
            save,
            journal.forget_listing,
            seen,
            self._foresight.key_limits(),
            start_after=start_after,
            totals=None if self._ready.history else self._totals(),
            in_step=not is_again,
            is_recorded=lambda key: journal.by_key(key) is not None,
        )
        self._foresight.clear_probes()
        before = json.loads(journal.meta("relies_on", "{}"))
        journal.set_meta(
            relies_on=json.dumps(
                {run: relied_on.get(run, 0) + before.get(run, 0) for run in {*relied_on, *before}}
            )
        )
        if is_again:
            journal.set_meta(listing="whole")
        journal.end_listing()
        journal.commit()

    def _totals(self) -> Totals:
        """Totals out of the journal: after a resume, listing alone does not know what came before."""
        ledger = self._journal.ledger()
        totals = Totals(
            listed=ledger.listed,
            bytes_listed=self._journal.bytes_listed(),
            planned=ledger.planned,
            bytes_planned=ledger.bytes_planned,
            same=ledger.same,
            unsupported=ledger.unsupported,
            conflicts=ledger.conflicts,
            copied=ledger.copied,
            bytes_copied=ledger.bytes_copied,
        )
        totals.filtered_by.update(self._journal.filtered_by())
        return totals

    def _create_bucket(self) -> None:
        """Make the destination bucket, if it was absent and the job says so; the intent is durable first."""
        journal, end = self._journal, self._job.destination
        before = journal.meta("bucket", "there")
        if before not in {"absent", "intent"}:
            return
        if self._ready.destination_exists:
            # After an intent it is ours, its answer was lost; without one, somebody else made it meanwhile.
            if before == "intent":
                self._keep_versions()
            journal.set_meta(bucket="created" if before == "intent" else "there")
            journal.commit()
            return
        journal.set_meta(bucket="intent")
        journal.commit()
        try:
            self._session.ends.destination.create_bucket(end.bucket, end.region)
        except Rejected as cause:
            if cause.code != "BucketAlreadyOwnedByYou":
                raise
            journal.set_meta(bucket="there")
        else:
            self._keep_versions()
            journal.set_meta(bucket="created")
        journal.commit()

    def _keep_versions(self) -> None:
        """Of a bucket that we made: it goes with the bucket."""
        if self._ready.history:
            self._session.ends.destination.enable_versioning(self._job.destination.bucket)

    # -- copying --------------------------------------------------------------------------------

    def _copier(self, seen: Capabilities, meter: Meter) -> Copier:
        job, ends = self._job, self._session.ends
        saver = Saver(
            ends.destination,
            job.destination.bucket,
            self._versioning,
            can_copy=bool(seen.copies),
            must_undo=job.transfer.undo == "required",
        )
        return Copier(
            ends.source,
            job.source.bucket,
            ends.destination,
            job.destination.bucket,
            meter,
            carrier_of(job, ends.source, self._ready.lock, self._session.ports.clock),
            verify=job.transfer.verify,
            versioning=self._versioning,
            seen=seen,
            saver=saver,
            digests=SourceDigests(job.source.bucket, is_aws=job.source.provider == "aws"),
        )

    def _transfer(self, seen: Capabilities) -> None:
        session = self._session
        how, ports = self._job.transfer, session.ports
        meter = Meter(ports, how.bandwidth_bytes_s)
        pacer = Pacer(how, session.ends, session.executor, meter, ports, session.emit)
        try:
            Transfer(
                self._job,
                session.run,
                self._journal,
                self._copier(seen, meter),
                meter,
                pacer,
                session.executor,
                ports,
                session.emit,
                session.tick,
            ).run()
        finally:
            pacer.close()

    def _drift(self) -> Drift | None:
        session = self._session
        try:
            with KnownReserved(session.root, session.ports.clock) as known:
                if self._ready.history:
                    return find_history_drift(
                        self._job, self._journal, session.ends.source, session.executor, session.ports, known
                    )
                return find_drift(
                    self._job, self._journal, session.ends.source, session.executor, session.ports, known
                )
        except OutOfOrder:
            self._is_unsorted = True
            return None
        except StoreError as cause:
            session.emit(Warned("drift-unknown", f"The source could not be listed again: {cause.message}"))
            return None
