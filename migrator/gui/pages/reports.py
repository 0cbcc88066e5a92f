"""Saving a run's report: where to is asked first, then the engine writes it."""

from __future__ import annotations

from migrator.gui import labels
from migrator.gui.pages.shell import Shell


def save_report(shell: Shell, run: str) -> str:
    """Ask for a place, and have the report written there. Returns the path; empty where none was chosen."""
    path = shell.ask_for_file(f"report-{run}", labels.REPORT_KINDS, labels.SAVE_REPORT)
    if path:
        kind = next((each[1:] for each in labels.REPORT_KINDS if path.endswith(each)), "html")
        shell.service.save_report(run, kind, path)
    return path
