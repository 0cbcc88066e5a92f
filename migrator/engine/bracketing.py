"""At the end of copying: looks at the last copies that nobody looked at, and at all that are in doubt."""

from __future__ import annotations

from collections.abc import Callable

from migrator.engine.batches import carried_out
from migrator.engine.copying import Copier
from migrator.engine.journal import Journal
from migrator.engine.outcomes import ChangedMeanwhile, describe, is_left_for_later, reason_to_pause
from migrator.engine.ports import Done, Executor
from migrator.engine.trust import Unlooked
from migrator.model.events import Event, ObjectFailed
from migrator.model.undo import State

CAUSE = "arrived-wrong-properties"
ADVICE = "It was left there. Resume the run to copy it again, or roll back to be rid of it."


class Bracketing:
    """See `trust`. Runs on the control thread."""

    def __init__(
        self, copier: Copier, journal: Journal, executor: Executor, end: str, emit: Callable[[Event], None]
    ) -> None:
        self._copier = copier
        self._trust = copier.trust
        self._journal = journal
        self._executor = executor
        self._end = end
        self._emit = emit
        self._stopped: BaseException | None = None

    def run(self) -> None:
        """Look, and record as failed what is not as it was sent.

        Raises:
            Cancelled, Paused: stopped; `verify` looks at every copy.
        """
        last = self._trust.last_ones()
        for ended in carried_out(self._executor, last, lambda pair: self._copier.differs(pair[0])):
            if ended is not None:
                (copy, look), done = ended
                if self._is_well(copy, done):
                    self._trust.kept(look)
                else:
                    self._trust.lost(look)
        for looked_at in carried_out(self._executor, self._trust.suspects(), self._copier.differs):
            if looked_at is not None:
                self._is_well(*looked_at)
        self._journal.commit()
        if self._stopped is not None:
            raise self._stopped

    def _is_well(self, copy: Unlooked, done: Done) -> bool:
        """Whether a copy was seen to be as it was sent."""
        error = done.error
        if error is None and not done.result:
            return True
        if isinstance(error, ChangedMeanwhile):
            return False  # it is somebody's by now, and nothing that failed
        if error is not None and is_left_for_later(error):
            self._stopped = self._stopped or reason_to_pause(error) or error
            return False
        cause, message, advice = describe(error) if error else (CAUSE, f"{self._end} {done.result}.", ADVICE)
        entry = self._journal.by_seq(copy.order.seq)
        if entry is not None:
            self._journal.move(entry, State.FAILED, cause=cause, message=message)
            self._emit(ObjectFailed(entry.key, entry.size_bytes, cause, message, advice, was_copied=True))
        return False
