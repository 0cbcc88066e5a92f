"""Which status a run's events lead to, while it goes on and when it has ended."""

from __future__ import annotations

from migrator import ending_words
from migrator.gui.found import FOUND
from migrator.gui.status import Status
from migrator.model.events import Phase, Summary
from migrator.model.ledger import Outcome
from migrator.model.run_state import RunState

_S = Status


def status_of_summary(state: RunState) -> Status:
    """The status that the end of a run leads to."""
    summary = state.summary
    assert summary is not None  # noqa: S101  (callers look first)
    if summary.cause == FOUND:
        return _S.FOUND_IN_UNDO if summary.outcome is Outcome.ROLLBACK_INCOMPLETE else _S.FOUND
    is_undo = state.command == "rollback"
    match summary.outcome:
        case Outcome.COMPLETED | Outcome.VERIFIED | Outcome.PLANNED | Outcome.CHECKED:
            return _S.FINISHED_WEAKLY if ending_words.weakly_checked(summary.ledger) else _S.FINISHED
        case Outcome.FAILED:
            return _S.FINISHED_WITH_FAILURES
        case Outcome.STOPPED:
            return _S.ROLLED_BACK_LEFTOVERS if is_undo else _S.STOPPED
        case Outcome.PAUSED:
            return _S.ROLLED_BACK_LEFTOVERS if is_undo else _S.PAUSED
        case Outcome.REFUSED if summary.cause == "unfinished-run":
            return _S.UNFINISHED_RUN
        case Outcome.REFUSED:
            return _S.REFUSED
        case Outcome.ROLLED_BACK:
            return _S.ROLLED_BACK
        case Outcome.ROLLBACK_INCOMPLETE:
            return _S.ROLLED_BACK_LEFTOVERS


def copied(state: RunState) -> int:
    """Copies in the books of an ended run."""
    return int(state.summary.ledger.get("copied", 0)) if state.summary else 0


def undoable(summary: Summary) -> int:
    """How many objects a roll back would look at after this end."""
    if summary.removed is not None:
        return summary.left_in_place or 0
    return int(summary.ledger.get("copied", 0))


def status_of_running(state: RunState) -> Status:
    """The status while a run goes on."""
    if state.phase is Phase.STOPPING:
        return _S.CANCELLING
    if state.command == "rollback":
        return _S.ROLLING_BACK
    is_copying = state.phase in {Phase.COPYING, Phase.CHECKING} or state.copied or state.active
    return _S.RUNNING if is_copying else _S.LISTING
