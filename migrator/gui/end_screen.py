"""After a migration: the questions that everybody has, answered."""

from __future__ import annotations

from migrator import ending_words
from migrator.gui import run_words
from migrator.gui.screen import EndPoint
from migrator.gui.status import Status
from migrator.model.events import Summary
from migrator.model.run_state import RunState
from migrator.model.sizes import show_size
from migrator.phrases import in_books, objects_in

#: States in which everything that was to be copied is there.
ENDS = frozenset({Status.FINISHED, Status.FINISHED_WEAKLY})


def end_points(state: RunState, status: Status) -> tuple[EndPoint, ...]:
    """What is proven, what it means for the source, what to do before deleting there, what Accept is."""
    summary = state.summary
    if summary is None or status not in ENDS or not in_books(summary.ledger, "copied"):
        return ()
    objects = objects_in(summary.ledger, "copied")
    return (
        EndPoint(run_words.PROVEN, _proven(summary, status), "patch-check"),
        EndPoint(run_words.UNTOUCHED, run_words.UNTOUCHED_TEXT, "lock"),
        EndPoint(run_words.BEFORE_DELETING, run_words.BEFORE_DELETING_TEXT, "signpost-split"),
        EndPoint(run_words.UNDO_OR_ACCEPT, run_words.undo_or_accept(objects), "arrow-counterclockwise"),
    )


def _proven(summary: Summary, status: Status) -> str:
    ledger = summary.ledger
    return run_words.proven(
        in_books(ledger, "verified"),
        ledger.get("assurance", {}),
        ending_words.weakly_checked(ledger) if status is Status.FINISHED_WEAKLY else 0,
        show_size(in_books(ledger, "bytes_copied")),
        summary.drift,
    )
