"""One command on a run, while it lasts: what it opened, what it tells, and how it ends."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress

from migrator.config import Job
from migrator.engine.copying import Copier
from migrator.engine.drift import find_drift
from migrator.engine.earlier import EarlierRuns
from migrator.engine.endings import ending_of
from migrator.engine.ends import Ends, StoreFactory, as_refusal, open_ends, preflight
from migrator.engine.home import RunDir, RunLock
from migrator.engine.journal import Journal
from migrator.engine.log import RunLog
from migrator.engine.meter import Meter
from migrator.engine.planner import Decided, Planner, Totals
from migrator.engine.ports import Ports
from migrator.engine.recovery import Recovery
from migrator.engine.runs import run_info
from migrator.engine.tags import TagReader
from migrator.engine.transfer import Transfer
from migrator.errors import (
    JournalError,
    JournalFull,
    MigratorError,
    NotFound,
    StoreError,
    UnfinishedRun,
)
from migrator.model.events import (
    Event,
    Phase,
    PhaseChanged,
    Retrying,
    RunStarted,
    Summary,
    Warned,
)
from migrator.model.ledger import Drift, Ledger, Outcome, outcome_of
from migrator.store.base import Versioning

#: Retries told for each turn of the control loop: a storm must not flood the faces.
RETRIES_TOLD = 20


class Session:
    """Owns the lock, the log, the journal, both ends and the threads of one command."""

    def __init__(
        self,
        job: Job,
        directory: RunDir,
        command: str,
        ports: Ports,
        emit: Callable[[Event], None],
        factory: StoreFactory,
    ) -> None:
        self.job = job
        self.run = directory.run if command != "plan" else ""
        self._directory = directory
        self._command = command
        self._ports = ports
        self._tell = emit
        self._factory = factory
        self._stack = ExitStack()
        self._journal: Journal | None = None
        self._ends: Ends | None = None
        self._log: RunLog | None = None
        self._retries: queue.SimpleQueue[Retrying] = queue.SimpleQueue()
        self._began = ports.now()
        self._leaving = threading.Event()
        self.executor = ports.executor(job.transfer.threads)

    # -- opening and closing --------------------------------------------------------------------

    def __enter__(self) -> Session:
        self._started = RunStarted(
            run=self.run,
            command=self._command,
            source=self.job.source.place,
            destination=self.job.destination.place,
            threads=self.job.transfer.threads,
            directory=str(self._directory.path) if self.run else "",
        )
        self.emit(self._started)
        for warning in self.job.warnings:
            self.emit(Warned("job", warning))
        return self

    def __exit__(self, *_: object) -> None:
        """Join every thread first: only then nothing uses connections and files any more."""
        self._leaving.set()
        self.executor.close()
        self._stack.close()

    def hold(self) -> None:
        """Lock the run and begin writing its log.

        Raises:
            JournalBusy: another process works on it.
        """
        self._stack.enter_context(RunLock(self._directory))
        self._log = RunLog(self._directory.log, self._ports.clock)
        self._stack.callback(self._log.close)
        self._log.write(self._started)

    def open_ends(self) -> None:
        self._ends = open_ends(self.job, _Patience(self._ports, self._leaving), self._on_retry, self._factory)
        self._stack.callback(self._ends.close)

    def use(self, journal: Journal) -> Journal:
        self._journal = journal
        self._stack.callback(journal.close)
        return journal

    @property
    def ends(self) -> Ends:
        if self._ends is None:
            raise MigratorError("the ends are not open")
        return self._ends

    @property
    def journal(self) -> Journal:
        if self._journal is None:
            raise JournalError("the journal is not open")
        return self._journal

    # -- telling --------------------------------------------------------------------------------

    def emit(self, event: Event) -> None:
        if self._log is not None:
            self._log.write(event)
        self._tell(event)

    def phase(self, phase: Phase) -> None:
        self.emit(PhaseChanged(phase))

    def _on_retry(self, end: str, operation: str, attempt: int, delay_s: float, cause: str) -> None:
        """Called by workers: what they say waits here for the control thread to pass on."""
        if self._retries.qsize() < RETRIES_TOLD:
            self._retries.put(Retrying(end, operation, attempt, delay_s, cause))

    def tick(self) -> None:
        """Pass on what workers said; called about ten times a second."""
        with suppress(queue.Empty):
            for _ in range(RETRIES_TOLD):
                self.emit(self._retries.get_nowait())
        if self._log is not None:
            self._log.flush()

    # -- the steps of a run ---------------------------------------------------------------------

    def preflight(self) -> Versioning:
        return preflight(self.job, self.ends)

    def preflight_for_undo(self) -> None:
        """Both ends must answer. A source bucket that is gone is an answer: every copy is the last one."""
        try:
            self.ends.source.list_page(self.job.source.bucket, self.job.source.prefix)
        except NotFound:
            self.emit(Warned("source-gone", f"There is no bucket {self.job.source.bucket} any more."))
        except StoreError as cause:
            raise as_refusal(cause) from cause
        try:
            self.ends.destination.list_page(self.job.destination.bucket, self.job.destination.prefix)
        except StoreError as cause:
            raise as_refusal(cause) from cause

    def list_everything(
        self,
        versioning: Versioning,
        save: Callable[[list[Decided]], None],
        restart: Callable[[], None],
    ) -> Totals:
        self.phase(Phase.LISTING)
        root = self._directory.path.parent.parent
        with EarlierRuns(root, self.job.migration, self._ports.clock, apart_from=self.run) as earlier:
            planner = Planner(
                self.job,
                self.ends.source,
                self.ends.destination,
                self.executor,
                self._ports,
                self.emit,
                earlier,
            )
            return planner.run(versioning, save, restart)

    def go_on(self, *, recover: bool = False) -> Summary:
        """From wherever the journal stands to the end of the run."""
        journal = self.journal
        if recover:
            self.phase(Phase.RECOVERING)
            self._recover()
        if not journal.is_listed():
            self._list_into(journal)
        self._tell_totals()
        self.phase(Phase.COPYING)
        self._transfer()
        self.phase(Phase.CHECKING)
        drift = self._drift()
        ledger = journal.ledger()
        return self.end(outcome_of(ledger), ledger, drift=drift, filtered_by=journal.filtered_by())

    def _recover(self) -> None:
        recovery = Recovery(
            self.job,
            self.run,
            self.journal,
            self.ends.source,
            self.ends.destination,
            self.executor,
            self._ports,
            self.emit,
        )
        recovery.run()

    def _list_into(self, journal: Journal) -> None:
        def save(batch: list[Decided]) -> None:
            journal.add_listed(batch)
            journal.commit()
            self.tick()

        versioning = Versioning(journal.meta("versioning", Versioning.UNKNOWN.value))
        # A listing that broke off begins anew. It could go on after its last key only if this end were
        # known to list in order, which half a listing cannot show; nothing was copied yet.
        journal.forget_listing()
        self.list_everything(versioning, save, journal.forget_listing)
        journal.end_listing()
        journal.commit()

    def _tell_totals(self) -> None:
        """Totals out of the journal: after a resume, listing alone does not know what came before."""
        ledger = self.journal.ledger()
        totals = Totals(
            listed=ledger.listed,
            bytes_listed=self.journal.bytes_listed(),
            planned=ledger.planned,
            bytes_planned=ledger.bytes_planned,
            same=ledger.same,
            unsupported=ledger.unsupported,
            conflicts=ledger.conflicts,
            copied=ledger.copied,
            bytes_copied=ledger.bytes_copied,
        )
        totals.filtered_by.update(self.journal.filtered_by())
        self.emit(totals.progress(final=True))

    def _transfer(self) -> None:
        job, ends = self.job, self.ends
        meter = Meter(self._ports, job.transfer.bandwidth_bytes_s)
        tags = TagReader(ends.source, job.source.bucket, is_aws=job.source.provider == "aws")
        copier = Copier(
            ends.source,
            job.source.bucket,
            ends.destination,
            job.destination.bucket,
            meter,
            verify=job.transfer.verify,
            keep_date=job.transfer.keep_date,
            keeps_versions=self.journal.meta("versioning") == Versioning.ENABLED.value,
            tags=tags if job.carry.tags else None,
        )
        Transfer(
            job,
            self.run,
            self.journal,
            copier,
            meter,
            self.executor,
            self._ports,
            self.emit,
            self.tick,
        ).run()

    def _drift(self) -> Drift | None:
        try:
            return find_drift(self.job, self.journal, self.ends.source, self.executor, self._ports)
        except StoreError as cause:
            self.emit(Warned("drift-unknown", f"The source could not be listed again: {cause.message}"))
            return None

    # -- ending ---------------------------------------------------------------------------------

    def end(
        self,
        outcome: Outcome,
        ledger: Ledger,
        *,
        exit_code: int | None = None,
        drift: Drift | None = None,
        filtered_by: dict[str, int] | None = None,
        message: str = "",
        advice: str = "",
        cause: str = "",
        undone: tuple[int, int, int] | None = None,
    ) -> Summary:
        """The last event of the command; a run's journal keeps it too. `undone`: removed, restored, left."""
        self.tick()
        code = (0 if outcome in _GOOD else 1) if exit_code is None else exit_code
        removed, restored, left = undone or (None, None, None)
        summary = Summary(
            run=self.run,
            outcome=outcome,
            seconds=round(self._ports.now() - self._began, 3),
            ledger=ledger.as_dict(),
            drift=drift,
            cause=cause,
            message=message,
            advice=advice,
            removed=removed,
            restored=restored,
            left_in_place=left,
            filtered_by=filtered_by,
            exit_code=code,
        )
        if self._command in {"run", "resume"} and self._journal is not None:
            self._keep(outcome, drift)
        self.emit(summary)
        return summary

    def _keep(self, outcome: Outcome, drift: Drift | None) -> None:
        seconds = float(self.journal.meta("seconds", "0")) + self._ports.now() - self._began
        self.journal.set_meta(
            outcome=outcome.value,
            ended=self._ports.clock.wall().isoformat(timespec="seconds"),
            seconds=f"{seconds:.3f}",
            drift=json.dumps([drift.added, drift.changed, drift.removed] if drift else None),
        )
        self.journal.commit()

    def ended_by(self, error: MigratorError) -> Summary:
        """The end of a command that an error ended."""
        if isinstance(error, JournalFull) and self._journal is not None:
            self._journal.abandon()
        ledger = Ledger()
        with suppress(JournalError):
            ledger = self.journal.ledger()
        if isinstance(error, UnfinishedRun):
            # The run this is about, for whoever wants to resume it or roll it back.
            self.run = error.run
            other = RunDir(self._directory.path.with_name(error.run))
            ledger = run_info(other, self._ports.clock).ledger
        outcome, code, cause = ending_of(error, self._ports.stop.signal, has_begun=self._journal is not None)
        try:
            return self.end(
                outcome,
                ledger,
                exit_code=code,
                cause=cause,
                message=error.message,
                advice=error.advice,
            )
        except JournalError:
            # Not even the last words fit: the run shows as crashed, which resume knows how to handle.
            self._journal = None
            return self.end(
                outcome, ledger, exit_code=code, cause=cause, message=error.message, advice=error.advice
            )


class _Patience:
    """Time for the stores' retries: ends with the session, not only when somebody asks to stop."""

    def __init__(self, ports: Ports, leaving: threading.Event) -> None:
        self._ports = ports
        self._leaving = leaving
        self.now = ports.now
        self.jitter = ports.jitter

    def wait(self, seconds: float) -> bool:
        return self._leaving.is_set() or self._ports.wait(seconds)


_GOOD = frozenset({Outcome.COMPLETED, Outcome.PLANNED, Outcome.VERIFIED, Outcome.ROLLED_BACK})
