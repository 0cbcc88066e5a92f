"""After a migration: the questions that everybody has, answered."""

from __future__ import annotations

from migrator import ending_words
from migrator.gui.screen import EndPoint
from migrator.gui.status import Status
from migrator.model.events import Summary
from migrator.model.run_state import RunState
from migrator.model.sizes import show_size
from migrator.phrases import count, in_books, number, objects_in

#: States in which everything that was to be copied is there.
ENDS = frozenset({Status.FINISHED, Status.FINISHED_WEAKLY})


def end_points(state: RunState, status: Status) -> tuple[EndPoint, ...]:
    """What is proven, what it means for the source, what to do before deleting there, what Accept is."""
    summary = state.summary
    if summary is None or status not in ENDS or not in_books(summary.ledger, "copied"):
        return ()
    return (
        EndPoint("What is proven", _proven(summary, status), "patch-check"),
        EndPoint(
            "The source is untouched",
            "It was only read. Everything is still there, and still billed there.",
            "lock",
        ),
        EndPoint(
            "Before you delete anything there",
            "Save the report, and let everything that uses the data use the new place for a while. Then "
            "compare both sides once more (migrator verify latest --read-back). What a filter left out, and "
            "older versions, are in the source only.",
            "signpost-split",
        ),
        EndPoint(
            "Roll Back and Accept",
            f"Roll Back removes these {objects_in(summary.ledger, 'copied')} again; that does not expire. "
            "Accept ends it for good and removes what is kept for it. What was copied stays.",
            "arrow-counterclockwise",
        ),
    )


def _proven(summary: Summary, status: Status) -> str:
    ledger = summary.ledger
    sure = ending_words.how_sure(ledger)
    text = f"{count(in_books(ledger, 'verified'), 'copy', 'copies')} checked: {sure}." if sure else ""
    size = show_size(in_books(ledger, "bytes_copied"))
    if status is Status.FINISHED_WEAKLY:
        weak = number(ending_words.weakly_checked(ledger))
        text += f" Of {weak} only the size is known to agree, which cannot notice changed bytes."
    drift = ending_words.drift(summary.drift)
    changed = f" {drift} A new run brings that over." if drift else ""
    return f"{text} {size} arrived; every listed object is accounted for below.{changed}".strip()
