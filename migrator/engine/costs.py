"""Telling what a command costs before it begins: an `Estimated` event from a listing or from a journal."""

from __future__ import annotations

from collections import Counter

from migrator.engine.ends import Ready
from migrator.engine.estimating import Listed, estimate, of_run, of_verify, speed_for
from migrator.engine.journal import Journal
from migrator.engine.prices import read_prices
from migrator.engine.session import Session
from migrator.errors import JobFileError
from migrator.model.events import Warned
from migrator.model.pricing import Demand, Kind, PriceTable, Work


def tell_of_plan(
    session: Session, ready: Ready, work: Work, listed: Listed, table: PriceTable, speed_bytes_s: float
) -> None:
    """What the run that was planned would move and cost."""
    job = session.job
    speed = speed_for(job, session.root, session.ports.clock, speed_bytes_s)
    reads_back = job.transfer.verify == "read-back"
    demands = of_run(job, work, listed, ready)
    session.emit(estimate("plan", job, work, demands, table, reads_back=reads_back, speed=speed))


def tell_of_deep(session: Session, work: Work, table: PriceTable) -> None:
    """What it costs to ask every planned object for its properties."""
    demands = Demand(Counter({Kind.HEAD: work.objects})), Demand()
    session.emit(estimate("deep", session.job, work, demands, table, reads_back=False, moves=False))


def tell_of_reading_back(session: Session, ready: Ready) -> None:
    """Before a run copies: what it costs, if it has to read every copy back."""
    job = session.job
    if job.transfer.verify != "read-back":
        return
    table = _prices(session)
    if table is None:
        return
    seen, work = session.journal.seen(), session.journal.planned_work()
    demands = of_run(job, work, Listed(seen.keys, 0), ready)
    session.emit(estimate("run", job, work, demands, table, reads_back=True))


def tell_of_verify(session: Session, journal: Journal, *, read_back: bool) -> None:
    """Before `verify` begins: what it costs, and what reading back costs."""
    table = _prices(session)
    if table is None:
        return
    work = journal.copied_work()
    event = estimate("verify", session.job, work, of_verify(work), table, reads_back=read_back, moves=False)
    session.emit(event)


def tell_of_signing(session: Session, journal: Journal) -> None:
    """Before every copy is read for its SHA-256: what that costs."""
    table = _prices(session)
    if table is not None:
        work, nothing = journal.copied_work(), (Demand(), Demand())
        session.emit(estimate("report", session.job, work, nothing, table, reads_back=True, moves=False))


def _prices(session: Session) -> PriceTable | None:
    """The prices. A table that is none stops no migration: it is told, and nothing is estimated."""
    try:
        return read_prices(session.root)
    except JobFileError as cause:
        session.emit(Warned("no-prices", cause.message))
        return None
