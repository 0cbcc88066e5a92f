"""Runs of one migration build on each other: a later one takes what an earlier one copied for granted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from migrator.engine.home import RunDir, RunLock, all_runs
from migrator.engine.journal import Journal
from migrator.engine.ports import Clock
from migrator.errors import JournalError


@dataclass(frozen=True, slots=True)
class Relying:
    """A run that relies on `count` objects of another one."""

    directory: RunDir
    count: int

    @property
    def run(self) -> str:
        return self.directory.run


def later_runs(root: Path, run: str, migration: str, clock: Clock) -> list[Relying]:
    """Runs that found objects of `run` at the destination and left them as they are, newest first."""
    found = []
    for directory in all_runs(root):
        if directory.run == run:
            continue
        try:
            journal = Journal.read_only(directory, clock)
        except JournalError:
            continue  # nobody can tell; `runs` shows it as unreadable
        try:
            count = json.loads(journal.meta("relies_on") or "{}").get(run, 0)
            if count and journal.meta("migration") == migration and journal.meta("undo") != "rolled-back":
                found.append(Relying(directory, count))
        except (JournalError, ValueError):
            continue  # damaged further in: likewise
        finally:
            journal.close()
    return found


def mark_incomplete(later: Sequence[Relying], run: str, clock: Clock) -> list[str]:
    """Note in the journals of `later` that `run` was undone; returns what could not be noted, in words."""
    problems = []
    for each in later:
        try:
            with RunLock(each.directory):
                journal = Journal.open(each.directory, clock)
                try:
                    journal.set_meta(incomplete_by=run)
                    journal.commit()
                finally:
                    journal.close()
        except JournalError as cause:
            problems.append(f"Run {each.run} could not be marked incomplete: {cause.message}")
    return problems
