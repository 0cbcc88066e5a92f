"""Which version comes next where whole histories are copied.

Strictly one after the other within a key, oldest first, and keys in parallel. The journal holds the
histories: what is in memory are the keys under way, at most two a thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from migrator.engine.intents import Intents
from migrator.engine.orders import Order
from migrator.engine.schema import Entry
from migrator.model.undo import State

#: Why a version was not copied: the one before it was not, and history has an order.
EARLIER_FAILED = "earlier-version-failed"
EARLIER_WORDS = "An older version of this key could not be copied, and history keeps its order."


class HistoryIntents(Intents):
    """Hands out a version only when the one before it is settled. Intents are durable before."""

    _last_key: str | None = None

    def hold(self, entry: Entry) -> None:
        self._busy.add(entry.key)

    def next(self) -> Entry | None:
        if not self._ready:
            self._fill()
        return self._ready.popleft() if self._ready else None

    def settled(self, entry: Entry) -> None:
        self._busy.discard(entry.key)
        self._idle[entry.key] = entry.seq

    def failed(self, entry: Entry, /) -> Iterator[Entry]:
        """Settle the versions after one that failed; yields each. They are retried with it."""
        self._busy.discard(entry.key)
        after = entry.seq
        while batch := self._journal.planned_versions(entry.key, after_seq=after, limit=256):
            after = batch[-1].seq
            for each in batch:
                self._fail(each)
            yield from batch

    def _fail(self, entry: Entry) -> None:
        """By way of an intent, like every failure; no attempt is counted, because nothing was sent."""
        self._journal.move(entry, State.WRITE_INTENT)
        self._journal.move(entry, State.FAILED, cause=EARLIER_FAILED, message=EARLIER_WORDS)

    def order(self, entry: Entry, attempt: int) -> Order:
        return replace(super().order(entry, attempt), below=entry.prior_version)

    def _fill(self) -> None:
        """The next version of each key that is free, and of further keys."""
        batch: list[Entry] = []
        while self._idle:
            key, after = self._idle.popitem()
            batch += self._journal.planned_versions(key, after_seq=after)
        while len(self._busy) + len(batch) < self._ahead // 2:
            following = self._journal.next_key(self._last_key)
            if following is None:
                break
            self._last_key = following
            if following not in self._busy:
                batch += self._journal.planned_versions(following)
        for entry in batch:
            if self._journal.is_blocked(entry):
                # Of a run that was resumed: its predecessor failed once more.
                self._fail(entry)
                self._blocked.append(entry)
                continue
            found = self._on_top_of(entry)
            self._journal.move(
                entry,
                State.WRITE_INTENT,
                attempt=entry.attempt + 1,
                prior_etag=found.prior_etag,
                prior_version=found.prior_version,
                sent_us=self._journal.now_us(),
            )
            self._busy.add(entry.key)
            self._ready.append(found)
        self._commit()

    def blocked(self) -> Iterator[Entry]:
        """Versions that could not be handed out, each once, and those after them."""
        while self._blocked:
            entry = self._blocked.pop()
            yield entry
            yield from self.failed(entry)

    def _on_top_of(self, entry: Entry) -> Entry:
        """What the version will lie on: the copy before it, else what the plan saw."""
        before = self._journal.copied_before(entry)
        if before is None:
            return entry
        return replace(entry, prior_etag=before.after_etag or None, prior_version=before.after_version)
