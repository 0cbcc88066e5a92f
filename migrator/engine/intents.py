"""Which object comes next, and its intent: durable before anything is sent, a batch to a commit."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from migrator.config import Job
from migrator.engine.copying import Copier
from migrator.engine.journal import Journal
from migrator.engine.orders import Order
from migrator.engine.ports import MOST_TOGETHER
from migrator.engine.reserved import saved_key
from migrator.engine.schema import Entry
from migrator.model.undo import State, token_for


class Intents:
    """Hands out planned objects in the order of the plan.

    `commit` makes the journal durable; `threads` says how many there are just now.
    """

    def __init__(
        self,
        job: Job,
        run: str,
        journal: Journal,
        copier: Copier,
        commit: Callable[[], None],
        threads: Callable[[], int],
    ) -> None:
        self._job = job
        self._run = run
        self._journal = journal
        self._copier = copier
        self._commit = commit
        self._threads = threads
        self._ready: deque[Entry] = deque()  # intents durable, not handed out yet
        self._last_seq = 0
        # Of whole histories only, see `histories`.
        self._busy: set[str] = set()  # keys of which a version is under way
        self._idle: dict[str, int] = {}  # keys, and the version after which they go on
        self._blocked: list[Entry] = []

    @property
    def _ahead(self) -> int:
        """Intents that are written at once."""
        return 2 * MOST_TOGETHER * self._threads()

    def next(self) -> Entry | None:
        """The next object, as it was before its intent; None where nothing is planned any more."""
        if not self._ready:
            batch = self._journal.in_states([State.PLANNED], after_seq=self._last_seq, limit=self._ahead)
            for entry in batch:
                if self.must_prepare(entry):
                    self._journal.move(entry, State.BACKUP_INTENT)
                    self._journal.reserve(saved_key(self._run, entry.seq), "saved", entry.seq)
                else:
                    self._journal.move(entry, State.WRITE_INTENT, attempt=entry.attempt + 1)
                self._last_seq = entry.seq
            self._commit()
            self._ready.extend(batch)
        return self._ready.popleft() if self._ready else None

    def hold(self, entry: Entry) -> None:
        """It is under way already, from before the process began."""

    def settled(self, entry: Entry) -> None:
        """It was copied, or cannot be carried over: what comes after it may go."""

    def failed(self, _: Entry, /) -> Iterator[Entry]:
        """It was not copied; yields what fails with it."""
        return iter(())

    def blocked(self) -> Iterator[Entry]:
        """What was planned and cannot be handed out."""
        return iter(())

    def must_prepare(self, entry: Entry) -> bool:
        """Whether what the write replaces has to be looked at, and perhaps kept aside, before it."""
        return not entry.prior_kind and self._copier.must_prepare(overwrites=entry.overwrites)

    def order(self, entry: Entry, attempt: int) -> Order:
        """What a worker gets for one attempt."""
        return Order(
            entry.seq,
            entry.listed(),
            self._job.destination_key(entry.key),
            token_for(self._run, entry.seq, attempt) if self._job.transfer.token else "",
            entry.prior_etag,
            saved_key(self._run, entry.seq),
        )

    def give_back(self) -> None:
        """Intents that were never handed out are plans again: nothing was sent for them."""
        while self._ready:
            self._journal.move(self._ready.popleft(), State.PLANNED)
