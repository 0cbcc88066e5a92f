"""Looking at runs without working on them: what `runs`, `report` and the unfinished-run check need."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from migrator.config import Job
from migrator.engine.home import RunDir, all_runs, is_busy
from migrator.engine.journal import Journal
from migrator.engine.ports import Clock
from migrator.errors import JournalError
from migrator.model.ledger import Ledger


@dataclass(frozen=True, slots=True)
class RunInfo:
    """One run, as a list shows it.

    `state` is an outcome, or `running`, `crashed`, `unreadable`; or `incomplete`: it was completed, and then
    an earlier run that it relies on was undone. `kept`, `bytes_kept`: copies of replaced content, for undo.
    """

    run: str
    state: str
    undo: str
    name: str
    source: str
    destination: str
    created: str
    seconds: float
    ledger: Ledger
    open_uploads: int
    kept: int
    bytes_kept: int
    migration: str

    @property
    def is_unfinished(self) -> bool:
        """It could be resumed, and a new run would work beside it."""
        return self.state in {"running", "crashed", "stopped", "paused"} and not self.undo


def run_info(directory: RunDir, clock: Clock) -> RunInfo:
    """What the journal says about a run, also while another process works on it."""
    try:
        journal = Journal.read_only(directory, clock)
    except JournalError:
        return RunInfo(directory.run, "unreadable", "", "", "", "", "", 0.0, Ledger(), 0, 0, 0, "")
    try:
        state = journal.meta("outcome", "running")
        if state == "running" and not is_busy(directory):
            state = "crashed"
        if state == "completed" and journal.meta("incomplete_by"):
            state = "incomplete"
        kept, bytes_kept = journal.kept()
        return RunInfo(
            run=directory.run,
            state=state,
            undo=journal.meta("undo"),
            name=journal.meta("name"),
            source=journal.meta("source"),
            destination=journal.meta("destination"),
            created=journal.meta("created"),
            seconds=float(journal.meta("seconds", "0")),
            ledger=journal.ledger(),
            open_uploads=len(journal.open_uploads()),
            kept=kept,
            bytes_kept=bytes_kept,
            migration=journal.meta("migration"),
        )
    finally:
        journal.close()


def list_runs(root: Path, clock: Clock) -> list[RunInfo]:
    """Every run, newest first."""
    return [run_info(directory, clock) for directory in all_runs(root)]


def unfinished_run(root: Path, job: Job, clock: Clock) -> str:
    """The newest unfinished run of the job's migration; empty where there is none."""
    for directory in all_runs(root):
        info = run_info(directory, clock)
        if info.migration == job.migration and info.is_unfinished:
            return info.run
    return ""
