"""Removing a run's directory, once nothing at the destination needs its journal any more."""

from __future__ import annotations

import shutil
from pathlib import Path

from migrator.engine.home import RunDir, RunLock, find_run
from migrator.engine.journal import Journal
from migrator.engine.ports import Clock
from migrator.errors import MigratorError, UsageError


def forget_run(root: Path, run: str, clock: Clock) -> str:
    """Remove the directory of a run that was accepted, or undone completely. Returns the run's id.

    Raises:
        UnknownRun: there is no such run.
        UsageError: it is neither accepted nor undone.
        JournalError: another process works on it, or its journal cannot be read.
        MigratorError: its files cannot be removed.
    """
    directory = find_run(root, run)
    try:
        with RunLock(directory):
            _must_be_over(directory, clock)
            # First what makes it a run: whatever happens now, no list shows half of one.
            directory.journal.unlink()
        shutil.rmtree(directory.path)
    except OSError as cause:
        raise MigratorError(
            f"{directory.path} could not be removed: {cause.strerror}.", advice="Remove it by hand."
        ) from cause
    return directory.run


def _must_be_over(directory: RunDir, clock: Clock) -> None:
    run = directory.run
    journal = Journal.read_only(directory, clock)
    try:
        undo = journal.meta("undo")
        kept = journal.kept()[0] + len(journal.open_uploads())
    finally:
        journal.close()
    if undo in {"started", "incomplete"} or (undo == "rolled-back" and kept):
        raise UsageError(
            f"The undo of the run {run} is not complete: only its journal knows what is left.",
            advice=f"Finish it (migrator rollback {run}), or give it up (migrator accept {run}).",
        )
    if undo not in {"rolled-back", "accepted"}:
        raise UsageError(
            f"The run {run} can still be undone, and only with its journal.",
            advice=f"Keep what it copied (migrator accept {run}), or undo it (migrator rollback {run}); "
            "then forget it.",
        )
