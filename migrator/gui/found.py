"""Unfinished runs that were found at the start: offered one at a time, before anything else is done."""

from __future__ import annotations

from collections import deque

from migrator import words
from migrator.model.events import Phase, Summary, UnfinishedFound
from migrator.model.ledger import Outcome
from migrator.model.run_state import RunState

#: The cause of a summary that tells of a run found at the start, instead of one that ended here.
FOUND = "found"


class Found:
    """A queue of offers, newest run first."""

    def __init__(self) -> None:
        self._waiting: deque[UnfinishedFound] = deque()

    def __len__(self) -> int:
        """Runs that were not offered yet."""
        return len(self._waiting)

    def take(self, event: UnfinishedFound) -> None:
        self._waiting.append(event)

    def handled(self, run: str) -> None:
        """Something is being done about this run: it needs no offer any more."""
        self._waiting = deque(each for each in self._waiting if each.run != run)

    def next(self) -> RunState | None:
        """The next run to offer, as if it had ended in this window; None where there is none."""
        if not self._waiting:
            return None
        event = self._waiting.popleft()
        outcome = Outcome.ROLLBACK_INCOMPLETE if event.undo else Outcome.STOPPED
        return RunState(
            run=event.run,
            command="run",
            source=event.source,
            destination=event.destination,
            phase=Phase.ENDED,
            summary=Summary(
                event.run,
                outcome,
                event.seconds,
                event.ledger,
                cause=FOUND,
                message=words.found(event),
                advice=words.found_where(event),
            ),
        )


def is_offer(state: RunState) -> bool:
    """True for what `Found.next` made."""
    return state.summary is not None and state.summary.cause == FOUND
