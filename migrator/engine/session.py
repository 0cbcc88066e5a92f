"""One command on a run, while it lasts: what it opened, what it tells, and how it ends."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

from migrator.config import Job
from migrator.engine.endings import EXIT_FAILED, UNBALANCED_ADVICE, ending_of, unbalanced
from migrator.engine.ends import Ends, StoreFactory, environment_of, open_ends, sign_in_ends
from migrator.engine.expiry import Expiries
from migrator.engine.home import RunDir, RunLock
from migrator.engine.journal import Journal
from migrator.engine.journal_file import translated
from migrator.engine.log import RunLog
from migrator.engine.outcomes import reason_to_pause
from migrator.engine.ports import Ports
from migrator.engine.runs import run_info
from migrator.engine.watchdog import Watchdog
from migrator.errors import (
    JournalError,
    JournalFull,
    MigratorError,
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
from migrator.model.ledger import Drift, Ledger, Outcome

#: Retries told for each turn of the control loop: a storm must not flood the faces.
RETRIES_TOLD = 20
#: Of what the end of a run said, so much is kept in its journal.
MOST_WHY_CHARS = 600


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
        self.run = directory.run if command not in {"plan", "check"} else ""
        self._directory = directory
        self._command = command
        self.ports = ports
        self._tell = emit
        self._factory = factory
        self._stack = ExitStack()
        self._journal: Journal | None = None
        self._ends: Ends | None = None
        self._watchdog: Watchdog | None = None
        self._expiries: Expiries | None = None
        self._log: RunLog | None = None
        self._retries: queue.SimpleQueue[Retrying] = queue.SimpleQueue()
        self._began = ports.now()
        self._leaving = threading.Event()
        self.is_going = False  #: the run itself goes on: how this command ends is how the run stands
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
            adjusts=self.job.transfer.adjusts_threads,
            bandwidth_bytes_s=self.job.transfer.bandwidth_bytes_s,
        )
        self.emit(self._started)
        for warning in self.job.warnings:
            self.emit(Warned("job", warning))
        return self

    def __exit__(self, *_: object) -> None:
        """Join every thread first: only then nothing uses connections and files any more."""
        self._leaving.set()
        self.executor.close()
        if self._watchdog is not None:
            self._watchdog.close()
        self._stack.close()

    def hold(self) -> None:
        """Lock the run and begin writing its log.

        Raises:
            JournalBusy: another process works on it.
            JournalFull: no room for the lock or the log.
        """
        with translated():
            self._stack.enter_context(RunLock(self._directory))
            self._log = RunLog(self._directory.log, self.ports.clock)
        self._stack.callback(self._log.close)
        self._log.write(self._started)

    def open_ends(self) -> None:
        for message in environment_of((self.job.source, self.job.destination), self.job.environment):
            self.emit(Warned("environment", message))
        self._expiries = Expiries(self.job, sign_in_ends, self.ports.clock.wall())
        self._tell_what_expires()
        self._ends = open_ends(self.job, _Patience(self.ports, self._leaving), self._on_retry, self._factory)
        self._stack.callback(self._ends.close)
        self._watchdog = Watchdog((self._ends.source, self._ends.destination), self.ports.stop)

    @property
    def root(self) -> Path:
        """The directory of all state."""
        return self._directory.path.parent.parent

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
        self._tell_what_expires()
        if self._log is not None:
            self._log.flush()

    def _tell_what_expires(self) -> None:
        if self._expiries is not None and self._expiries.are_waiting:
            for message in self._expiries.due(self.ports.clock.wall()):
                self.emit(Warned("keys-expire", message))

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
        lost: dict[str, int] | None = None,
        repaired: int | None = None,
        disk: tuple[int, int] | None = None,
    ) -> Summary:
        """The last event of the command; a run's journal keeps it too.

        `undone`: removed, restored, left. `disk`: bytes that the run's records would need, and that are free.
        """
        self.tick()
        if outcome in _NEEDS_BALANCE and not ledger.balances:
            outcome, exit_code, cause = Outcome.FAILED, EXIT_FAILED, cause or "unbalanced"
        if not ledger.balances:
            message = f"{message} {unbalanced(ledger)}".strip()
            advice = advice or UNBALANCED_ADVICE
        code = (0 if outcome in _GOOD else 1) if exit_code is None else exit_code
        removed, restored, left = undone or (None, None, None)
        needed, free = disk or (None, None)
        summary = Summary(
            run=self.run,
            outcome=outcome,
            seconds=round(self.ports.now() - self._began, 3),
            ledger=ledger.as_dict(),
            drift=drift,
            cause=cause,
            message=message,
            advice=advice,
            removed=removed,
            restored=restored,
            left_in_place=left,
            filtered_by=filtered_by,
            lost=lost,
            repaired=repaired,
            journal_bytes=needed,
            disk_free_bytes=free,
            exit_code=code,
        )
        if self.is_going and self._journal is not None:
            self._keep(outcome, drift, f"{message} {advice}".strip())
        self.emit(summary)
        return summary

    def _keep(self, outcome: Outcome, drift: Drift | None, why: str) -> None:
        seconds = float(self.journal.meta("seconds", "0")) + self.ports.now() - self._began
        self.journal.set_meta(
            outcome=outcome.value,
            ended=self.ports.clock.wall().isoformat(timespec="seconds"),
            seconds=f"{seconds:.3f}",
            why=why[:MOST_WHY_CHARS],
            drift=json.dumps([drift.added, drift.changed, drift.removed] if drift else None),
        )
        self.journal.commit()

    def ended_by(self, error: MigratorError) -> Summary:
        """The end of a command that an error ended."""
        if self._journal is not None and self._ends is not None:
            error = reason_to_pause(error) or error
        if isinstance(error, JournalFull) and self._journal is not None:
            self._journal.abandon()
        ledger = Ledger()
        with suppress(JournalError):
            ledger = self.journal.ledger()
        if isinstance(error, UnfinishedRun):
            # The run this is about, for whoever wants to resume it or roll it back.
            self.run = error.run
            other = RunDir(self._directory.path.with_name(error.run))
            ledger = run_info(other, self.ports.clock).ledger
        outcome, code, cause = ending_of(error, self.ports.stop.signal, has_begun=self._journal is not None)
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
        if self._leaving.is_set():
            return True
        # Before every request nobody waits: then the flag alone is asked.
        return self._ports.wait(seconds) if seconds > 0 else self._ports.stop.is_asked


#: Ends that claim that every key is accounted for. (A roll back answers for what it put back, not for that.)
_NEEDS_BALANCE = frozenset({Outcome.COMPLETED, Outcome.PLANNED, Outcome.VERIFIED, Outcome.FAILED})
_GOOD = frozenset(
    {Outcome.COMPLETED, Outcome.PLANNED, Outcome.VERIFIED, Outcome.CHECKED, Outcome.ROLLED_BACK}
)
