"""What a journal comes to: its books, and sums over many objects."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from migrator.engine.journal_file import translated
from migrator.engine.journal_reader import JournalReader
from migrator.engine.schema import LEDGER_WORDS, lost_in
from migrator.errors import JournalCorrupt
from migrator.model.ledger import Ledger, Seen
from migrator.model.pricing import Work
from migrator.model.undo import State


class BooksReader(JournalReader):
    """A journal's reader that adds up."""

    def seen(self) -> Seen:
        """What the source's pages brought so far. A journal of an older release only knows its rows."""
        kept = self.meta("seen")
        if not kept:
            return Seen(self._number("SELECT COUNT(*) FROM objects"))
        try:
            return Seen(*map(int, json.loads(kept)))
        except (ValueError, TypeError) as cause:
            raise JournalCorrupt(f"The journal's count of listed keys is none: {kept}") from cause

    def ledger(self) -> Ledger:
        """The run's books: `listed` as the source's pages were counted, the rest from the rows.

        A listing under way is read at one moment or the next, never in between: a batch's rows and its
        count are one commit, and so is what this reads.
        """
        with self._one_moment():
            return self._ledger()

    def _ledger(self) -> Ledger:
        seen = self.seen()
        totals = {"listed": seen.listed, "repeated": seen.repeated, "hidden": seen.hidden}
        assurance: dict[str, int] = {}
        rows = self._rows(
            "SELECT action, state, assurance, COUNT(*), SUM(size_bytes) FROM objects GROUP BY 1, 2, 3"
        )
        for action, state, level, count, size in rows:
            kind = LEDGER_WORDS.get(state, "left") if action in {"copy", "conflict"} else action
            totals[kind] = totals.get(kind, 0) + count
            if action in {"copy", "conflict"}:
                totals["planned"] = totals.get("planned", 0) + count
                totals["bytes_planned"] = totals.get("bytes_planned", 0) + size
            if state == State.COMMITTED:
                totals["bytes_copied"] = totals.get("bytes_copied", 0) + size
                assurance[level] = assurance.get(level, 0) + count
        return Ledger(verified=sum(assurance.values()), assurance=assurance, **totals)

    def bytes_listed(self) -> int:
        """Bytes of everything listed, whatever was decided about it."""
        return self._number("SELECT COALESCE(SUM(size_bytes), 0) FROM objects")

    def planned_work(self) -> Work:
        """What is still to be copied, summed up."""
        work = Work()
        for size, storage_class, etag, replaces in self._each(
            "SELECT size_bytes, storage_class, etag, prior_etag IS NOT NULL FROM objects"
            " WHERE state = ? AND kind = 'object'",
            State.PLANNED.value,
        ):
            work.add(size, storage_class, replaces=bool(replaces), etag=etag)
        return work

    def copied_work(self) -> Work:
        """What was copied, summed up, cut into parts as it is now."""
        work = Work()
        for size, storage_class, etag in self._each(
            "SELECT size_bytes, storage_class, etag FROM objects WHERE state = ? AND kind = 'object'",
            State.COMMITTED.value,
        ):
            work.add(size, storage_class, replaces=False, etag=etag)
        return work

    def _each(self, query: str, *values: Any) -> Iterator[tuple[Any, ...]]:
        """Rows one by one, for sums over many."""
        with translated(), closing(self._db.execute(query, values)) as rows:
            yield from rows

    def filtered_by(self) -> dict[str, int]:
        """Filtered objects by the rule that left them out."""
        return dict(
            self._rows("SELECT reason, COUNT(*) FROM objects WHERE action = 'filtered' GROUP BY reason")
        )

    def lost(self) -> dict[str, int]:
        """Copies by the accepted losses that they have, counted from the rows."""
        rows = self._rows(
            "SELECT reason, COUNT(*) FROM objects WHERE state = 'committed' AND reason LIKE 'lost:%'"
            " GROUP BY reason"
        )
        found: dict[str, int] = {}
        for reason, count in rows:
            for name in lost_in(reason):
                found[name] = found.get(name, 0) + count
        return found

    def repaired(self) -> int:
        """Copies whose Content-Encoding was mended."""
        return self._number(
            "SELECT COUNT(*) FROM objects WHERE state = 'committed' AND reason LIKE '%repaired:%'"
        )
