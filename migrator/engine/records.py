"""What a window asks about the records of a run, beside whatever else goes on; each has one answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from migrator.engine.forgetting import forget_run
from migrator.engine.home import find_run
from migrator.engine.log import save_log
from migrator.engine.ports import SystemClock
from migrator.engine.report import save_report
from migrator.engine.runs import not_copied
from migrator.errors import MigratorError
from migrator.model.events import Event, LogSaved, Reported, RunForgotten, Warned


def report_saved(root: Path, run: str, kind: str, path: Path) -> Event:
    """Write a run's report: `Reported`, or a `Warned` of `report`."""

    def work() -> Event:
        return Reported(kind, str(path), save_report(find_run(root, run), kind, path).sha256)

    return or_warned("report", "The report could not be written", work)


def log_saved(root: Path, run: str, path: Path) -> Event:
    """Write a run's complete log: `LogSaved`, or a `Warned` of `log`."""

    def work() -> Event:
        directory = find_run(root, run)
        return LogSaved(directory.run, str(path), save_log(directory, path))

    return or_warned("log", "The log was not saved", work)


def found_not_copied(root: Path, run: str, cause: str, most: int) -> Event:
    """Objects that a run did not copy for one cause: `NotCopied`, or a `Warned` of `not-copied`."""

    def work() -> Event:
        return not_copied(find_run(root, run), SystemClock(), cause, most)

    return or_warned("not-copied", "The run's journal could not be read", work)


def forgotten(root: Path, run: str) -> Event:
    """Remove a run's directory: `RunForgotten`, or a `Warned` of `forget`."""

    def work() -> Event:
        return RunForgotten(forget_run(root, run, SystemClock()))

    return or_warned("forget", "The records could not be removed", work)


def or_warned(code: str, what: str, work: Callable[[], Event]) -> Event:
    """What `work` answers, or a `Warned` of that code."""
    try:
        return work()
    except (MigratorError, OSError) as error:
        return Warned(code, f"{what}: {error}")
    except Exception as error:  # a defect of ours: say so instead of leaving the window waiting
        return Warned(code, f"{what}: {error!r}")
