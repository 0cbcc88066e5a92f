"""The commands on runs, the same for window and command line: one method each.

Each returns the `Summary` that it also emits as its last event. Only what keeps a command from having a run
at all (no such run, a job file that cannot be read) is raised. What a run does not need is imported by the
command that does: half of a short run is its start.
"""

from __future__ import annotations

import shutil
import traceback
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from migrator.config import Job, read_job
from migrator.engine.carrying import carrier_of
from migrator.engine.costs import tell_of_deep, tell_of_plan, tell_of_signing, tell_of_verify
from migrator.engine.endings import EXIT_INCOMPLETE, EXIT_OK
from migrator.engine.ends import Ready, StoreFactory, open_s3, preflight
from migrator.engine.estimating import Listed
from migrator.engine.history_ready import must_keep_history, tell_not_copied, with_history
from migrator.engine.home import RunDir, create_run, find_run
from migrator.engine.journal import Journal
from migrator.engine.key_limits import KeyLimits
from migrator.engine.plan_book import PlanBook
from migrator.engine.planning import Planning
from migrator.engine.ports import Ports
from migrator.engine.prices import read_prices
from migrator.engine.runs import unfinished_run
from migrator.engine.session import Session
from migrator.engine.steps import Steps, disk_free_bytes, disk_needed_bytes, list_everything
from migrator.errors import JournalError, MigratorError, Paused, Refused, UnfinishedRun, UsageError
from migrator.job_file import job_text, write_private
from migrator.model.events import Event, Phase, Reported, RunRelies, Summary, Warned
from migrator.model.ledger import Ledger, Outcome, Seen

if TYPE_CHECKING:
    from migrator.engine.rollback import Tally


@dataclass
class Engine:
    """What every command needs: where state lives, the outside world, and somebody to tell.

    `emit` is called from the thread that calls the command.
    """

    root: Path
    emit: Callable[[Event], None]
    ports: Ports = field(default_factory=Ports)
    factory: StoreFactory = open_s3

    def run(self, job: Job, table: Mapping[str, Any], *, insist: bool = False) -> Summary:
        """Plan, migrate, verify. `table` is the job as its file has it; it is kept with the run.

        With an unfinished run of the same migration this is refused, unless `insist`.
        """
        with self._session(job, RunDir(self.root / "runs" / self.ports.new_run_id()), "run") as session:

            def work() -> Summary:
                other = None if insist else unfinished_run(self.root, job, self.ports.clock)
                if other:
                    raise UnfinishedRun(other)
                session.open_ends()
                ready, not_copied = with_history(
                    job, session.ends, preflight(job, session.ends, session.executor)
                )
                directory = self._new_directory(session.run, job_text(table))
                created = self.ports.clock.wall().isoformat(timespec="seconds")
                session.use(
                    self._new_journal(
                        session,
                        directory,
                        {
                            "run": session.run,
                            "name": job.name,
                            "migration": job.migration,
                            "source": job.source.place,
                            "destination": job.destination.place,
                            "versioning": ready.versioning.value,
                            "bucket": "there" if ready.destination_exists else "absent",
                            "created": created,
                            "outcome": "running",
                            "history": "all" if ready.history else "",
                        },
                    )
                )
                tell_not_copied(session, not_copied)
                return Steps(session, ready).go_on()

            return _ended(session, work)

    def plan(
        self, job: Job, *, deep: bool = False, speed_bytes_s: float = 0.0, book: PlanBook | None = None
    ) -> Summary:
        """List and decide, and say what it would cost; nothing is written anywhere.

        `deep`: every planned object is asked for its properties, not a sample of them. `speed_bytes_s`: how
        fast the run would be; 0 takes what earlier runs of the migration reached. `book`: gets every key.

        Raises:
            JobFileError: the user's own price table is not one.
        """
        prices = read_prices(self.root)
        with (
            ExitStack() as stack,
            self._session(job, RunDir(self.root / "runs" / "plan"), "plan") as session,
        ):

            def work() -> Summary:
                session.open_ends()
                ready, not_copied = with_history(
                    job, session.ends, preflight(job, session.ends, session.executor)
                )
                tell_not_copied(session, not_copied)
                found = stack.enter_context(closing(Planning(session, ready, deep=deep, book=book)))
                seen = Seen()
                totals, _ = list_everything(session, ready, found.save, found.restart, seen, KeyLimits(job))
                session.emit(totals.progress(final=True))
                session.emit(found.made())
                if deep:
                    tell_of_deep(session, found.work, prices)
                session.emit(found.surveyed())
                listed = Listed(seen.keys, totals.listed_there)
                tell_of_plan(session, ready, found.work, listed, prices, speed_bytes_s)
                left = totals.planned - totals.conflicts
                ledger = Ledger(
                    listed=seen.listed,
                    planned=totals.planned,
                    same=totals.same,
                    filtered=totals.filtered_by.total(),
                    unsupported=totals.unsupported,
                    conflicts=totals.conflicts,
                    left=left,
                    bytes_planned=totals.bytes_planned,
                    repeated=seen.repeated,
                    hidden=seen.hidden,
                )
                return session.end(
                    Outcome.PLANNED,
                    ledger,
                    filtered_by=dict(totals.filtered_by),
                    disk=(disk_needed_bytes(left), disk_free_bytes(session)),
                )

            return _ended(session, work)

    def check(self, job: Job) -> Summary:
        """Reach both ends and prove every right that the job needs; only probes are written, and removed."""
        from migrator.engine.check import CHECK_WAIT_S, check_job

        # Nobody waits a day for an end to come back before anything has begun.
        patient = replace(job, transfer=replace(job.transfer, wait_s=min(job.transfer.wait_s, CHECK_WAIT_S)))
        with self._session(patient, RunDir(self.root / "runs" / "check"), "check") as session:

            def work() -> Summary:
                session.open_ends()
                try:
                    return check_job(session)
                except Paused as cause:  # there is nothing to resume
                    raise Refused(cause.message, advice="Check again when it answers.") from cause

            return _ended(session, work)

    def resume(self, run: str, *, only: str = "") -> Summary:
        """Go on with a stopped or crashed run; on a finished one, retry what failed, or only what failed for
        one cause.

        Raises:
            UnknownRun: there is no such run.
        """

        def work(session: Session, journal: Journal) -> Summary:
            undo = journal.meta("undo")
            if undo:
                raise UsageError(
                    f"The undo of the run {session.run} is {undo}: it cannot be resumed.",
                    advice="Start a new run.",
                )
            session.open_ends()
            ready = _preflight(session)
            if journal.has_history:
                is_ours = journal.meta("bucket") in {"intent", "created"}
                ready, _ = with_history(session.job, session.ends, ready, is_ours=is_ours)
                must_keep_history(ready)
            journal.set_meta(outcome="running")
            journal.commit()
            return Steps(session, ready).go_on(recover=True, only=only)

        return self._on(run, "resume", work)

    def rollback(self, run: str, *, dry_run: bool = False, even_last_copy: bool = False) -> Summary:
        """Put the destination back as it was before the run; with `dry_run`, say what that would do.

        Raises:
            UnknownRun: there is no such run.
        """
        from migrator.engine.relying import later_runs, mark_incomplete
        from migrator.engine.undo_steps import undo

        def work(session: Session, journal: Journal) -> Summary:
            if journal.meta("undo") == "accepted":
                raise UsageError(f"The run {session.run} was accepted: its undo has ended.")
            session.open_ends()
            session.phase(Phase.ROLLING_BACK)
            later = later_runs(self.root, session.run, journal.meta("migration"), self.ports.clock)
            for each in later:
                session.emit(RunRelies(each.run, each.count))
            tally = undo(session, journal, dry_run=dry_run, even_last_copy=even_last_copy)
            if not dry_run and tally.removed + tally.restored:
                for problem in mark_incomplete(later, session.run, self.ports.clock):
                    session.emit(Warned("not-marked", problem))
            return _end_rollback(session, journal, tally, dry_run=dry_run)

        return self._on(run, "rollback", work)

    def accept(self, run: str) -> Summary:
        """End undo for good: abort our open uploads, remove what was kept aside; what was copied stays.

        Where the job carries locks `after-verify`, this is when they are set.

        Raises:
            UnknownRun: there is no such run.
        """
        from migrator.engine.locking import lock_copies
        from migrator.engine.undo_steps import give_up_undo, keeps_something

        def work(session: Session, journal: Journal) -> Summary:
            locks = session.job.carry.locks == "after-verify" and not journal.meta("undo")
            if locks or keeps_something(journal):
                session.open_ends()
            if locks:
                lock_copies(session, journal)
            if keeps_something(journal):
                give_up_undo(session, journal)
            journal.set_meta(undo="accepted")
            journal.commit()
            outcome = journal.meta("outcome")
            ended = Outcome(outcome) if outcome in set(Outcome) else Outcome.STOPPED
            return session.end(ended, journal.ledger(), exit_code=EXIT_OK)

        return self._on(run, "accept", work)

    def verify(self, run: str, *, read_back: bool = False) -> Summary:
        """Compare both ends again, from the journal; nothing is written.

        Raises:
            UnknownRun: there is no such run.
        """
        from migrator.engine.verification import Verification

        def work(session: Session, journal: Journal) -> Summary:
            if journal.meta("undo") not in {"", "accepted"}:
                raise UsageError(f"The run {session.run} was rolled back: there is nothing to verify.")
            session.open_ends()
            ready = _preflight(session)
            tell_of_verify(session, journal, read_back=read_back)
            session.phase(Phase.VERIFYING)
            check = Verification(
                session.job,
                journal,
                session.ends.source,
                session.ends.destination,
                session.executor,
                self.ports,
                session.emit,
                carrier_of(session.job, session.ends.source, ready.lock, self.ports.clock),
                read_back=read_back,
            )
            check.run()
            if check.wrong:
                message = f"{check.wrong:,} of {check.checked:,} copies are not as the run left them."
                return session.end(Outcome.FAILED, journal.ledger(), message=message)
            return session.end(Outcome.VERIFIED, journal.ledger())

        return self._on(run, "verify", work)

    def sign(self, run: str, output: Path | None) -> Summary:
        """The run's CSV report with a SHA-256 for each copied object, which is read back for it.

        To a file, or to standard output. Nothing is written at either end.

        Raises:
            UnknownRun: there is no such run.
        """
        from migrator.engine.report import save_report
        from migrator.engine.signing import Signing

        def work(session: Session, journal: Journal) -> Summary:
            if journal.meta("undo") not in {"", "accepted"}:
                raise UsageError(f"The run {session.run} was rolled back: there is nothing to read.")
            session.open_ends()
            _preflight(session)
            tell_of_signing(session, journal)
            session.phase(Phase.VERIFYING)
            signing = Signing(
                session.job, session.ends.destination, session.executor, self.ports, session.emit
            )
            written = save_report(RunDir(self.root / "runs" / session.run), "csv", output, signing.digests)
            session.emit(Reported("csv", "" if output is None else str(output), written.sha256))
            if signing.wrong:
                message = f"{signing.wrong:,} of {signing.read:,} copies are not as the run left them."
                return session.end(Outcome.FAILED, journal.ledger(), message=message)
            return session.end(Outcome.VERIFIED, journal.ledger(), drift=written.drift, cause="signed")

        return self._on(run, "report", work)

    def _new_directory(self, run: str, job: str) -> RunDir:
        """A run's directory with its job file, or nothing.

        Raises:
            Refused: it cannot be written.
        """
        directory = None
        try:
            directory = create_run(self.root, run)
            write_private(directory.job, job)
        except OSError as cause:
            if directory:
                shutil.rmtree(directory.path, ignore_errors=True)
            raise Refused(
                f"The run's records cannot be written to {self.root}: {cause.strerror}.",
                advice="Free some space there, or let MIGRATOR_HOME name another directory.",
            ) from cause
        return directory

    def _new_journal(self, session: Session, directory: RunDir, meta: dict[str, str]) -> Journal:
        """The run locked and its journal, or no directory: a run without a journal could not be looked at."""
        try:
            session.hold()
            return Journal.create(directory, self.ports.clock, meta)
        except JournalError:
            shutil.rmtree(directory.path, ignore_errors=True)
            raise

    # -- helpers --------------------------------------------------------------------------------

    def _session(self, job: Job, directory: RunDir, command: str) -> Session:
        return Session(job, directory, command, self.ports, self.emit, self.factory)

    def _on(self, run: str, command: str, work: Callable[[Session, Journal], Summary]) -> Summary:
        """A command on an existing run: locked, logged, its journal open."""
        directory = find_run(self.root, run)
        with self._session(read_job(directory.job), directory, command) as session:

            def locked() -> Summary:
                session.hold()
                return work(session, session.use(Journal.open(directory, self.ports.clock)))

            return _ended(session, locked)


def _preflight(session: Session) -> Ready:
    return preflight(session.job, session.ends, session.executor)


def _ended(session: Session, work: Callable[[], Summary]) -> Summary:
    try:
        return work()
    except MigratorError as error:
        return session.ended_by(error)
    except Exception as error:  # a defect of ours: the run ends with its books, not with a traceback alone
        session.emit(Warned("internal", traceback.format_exc()))
        return session.ended_by(MigratorError(f"Unexpected: {error!r}", advice="Please report this."))


def _end_rollback(session: Session, journal: Journal, tally: Tally, *, dry_run: bool) -> Summary:
    is_complete = tally.left == 0
    outcome = Outcome.ROLLED_BACK if is_complete else Outcome.ROLLBACK_INCOMPLETE
    if not dry_run:
        journal.set_meta(undo="rolled-back" if is_complete else "incomplete")
        journal.commit()
    return session.end(
        outcome,
        journal.ledger(),
        exit_code=EXIT_OK if is_complete else EXIT_INCOMPLETE,
        undone=(tally.removed, tally.restored, tally.left),
        cause="dry-run" if dry_run else "",
    )
