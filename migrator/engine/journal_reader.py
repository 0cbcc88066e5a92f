"""Looking into a journal: what the run is, where its objects stand, and its books."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from migrator.engine import schema
from migrator.engine.journal_file import translated
from migrator.engine.schema import COLUMNS, LEDGER_WORDS, Entry, entry_of
from migrator.errors import JournalCorrupt
from migrator.model.ledger import Ledger
from migrator.model.objects import UploadedPart, key_bytes, key_text
from migrator.model.undo import State, Undo


class JournalReader:
    """The questions that a journal answers. Reading begins no transaction and waits for no writer."""

    _db: sqlite3.Connection

    def meta(self, name: str, default: str = "") -> str:
        with translated():
            row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return row[0] if row else default

    def began(self) -> datetime:
        """When the run began, less what clocks may differ by and still be served (S3: 15 minutes)."""
        return datetime.fromisoformat(self.meta("created")) - timedelta(minutes=15)

    def listed_to(self) -> str:
        """The last source key that is recorded; empty before the first."""
        row = self._db.execute("SELECT listed_to FROM shards WHERE shard = 0").fetchone()
        return key_text(row[0]) if row[0] is not None else ""

    def is_listed(self) -> bool:
        return bool(self._db.execute("SELECT is_listed FROM shards WHERE shard = 0").fetchone()[0])

    def in_states(self, states: Iterable[State], *, after_seq: int = 0, limit: int = 256) -> list[Entry]:
        """The next entries in any of `states`, oldest first."""
        wanted = [state.value for state in states]
        marks = ", ".join("?" * len(wanted))
        return self._entries(
            f"state IN ({marks}) AND seq > ? ORDER BY seq LIMIT ?",
            (*wanted, after_seq, limit),
        )

    def to_undo(self, states: Iterable[State], *, before_seq: int, limit: int = 256) -> list[Entry]:
        """The next entries to undo, newest first: attempted at least once and not yet back."""
        wanted = [state.value for state in states]
        marks = ", ".join("?" * len(wanted))
        return self._entries(
            f"state IN ({marks}) AND attempt > 0 AND seq < ? AND undo NOT IN (?, ?) "
            "ORDER BY seq DESC LIMIT ?",
            (*wanted, before_seq, Undo.DONE.value, Undo.DELETED.value, limit),
        )

    def by_key(self, key: str) -> Entry | None:
        found = self._entries("key = ?", (key_bytes(key),))
        return found[0] if found else None

    def after_key(self, key: str | None, limit: int = 1000) -> list[Entry]:
        """Entries in the order of their keys (bytes), after `key`; None begins at the first."""
        if key is None:
            return self._entries("1 ORDER BY key LIMIT ?", (limit,))
        return self._entries("key > ? ORDER BY key LIMIT ?", (key_bytes(key), limit))

    def _entries(self, where: str, values: Iterable[Any]) -> list[Entry]:
        with translated():
            rows = self._db.execute(f"SELECT {COLUMNS} FROM objects WHERE {where}", tuple(values))  # noqa: S608
            return [entry_of(row) for row in rows]

    def iterate(self, batch: int = 1000) -> Iterator[Entry]:
        """Every entry in the order of its number, in bounded memory."""
        after = 0
        while page := self._entries("seq > ? ORDER BY seq LIMIT ?", (after, batch)):
            yield from page
            after = page[-1].seq

    def open_uploads(self) -> list[Entry]:
        """Entries whose multipart upload may still be open."""
        return self._entries("upload_id IS NOT NULL AND state != ?", (State.COMMITTED.value,))

    def parts(self, seq: int) -> list[tuple[UploadedPart, str]]:
        """Parts that the destination confirmed, with the MD5 of what was sent, in order."""
        rows = self._db.execute(
            "SELECT number, etag, size_bytes, md5 FROM parts WHERE seq = ? ORDER BY number", (seq,)
        )
        return [(UploadedPart(number, etag, size), md5) for number, etag, size, md5 in rows]

    def count_to_undo(self, states: Iterable[State]) -> int:
        wanted = [state.value for state in states]
        marks = ", ".join("?" * len(wanted))
        row = self._db.execute(
            f"SELECT COUNT(*) FROM objects WHERE state IN ({marks}) AND attempt > 0 "  # noqa: S608
            "AND undo NOT IN (?, ?)",
            (*wanted, Undo.DONE.value, Undo.DELETED.value),
        ).fetchone()
        return int(row[0])

    def ledger(self) -> Ledger:
        """The run's books, counted from the rows themselves."""
        totals: dict[str, int] = {}
        assurance: dict[str, int] = {}
        with translated():
            rows = self._db.execute(
                "SELECT action, state, assurance, COUNT(*), SUM(size_bytes) FROM objects GROUP BY 1, 2, 3"
            ).fetchall()
        for action, state, level, count, size in rows:
            kind = LEDGER_WORDS.get(state, "left") if action in {"copy", "conflict"} else action
            totals[kind] = totals.get(kind, 0) + count
            totals["listed"] = totals.get("listed", 0) + count
            if action in {"copy", "conflict"}:
                totals["planned"] = totals.get("planned", 0) + count
                totals["bytes_planned"] = totals.get("bytes_planned", 0) + size
            if state == State.COMMITTED:
                totals["bytes_copied"] = totals.get("bytes_copied", 0) + size
                assurance[level] = assurance.get(level, 0) + count
        return Ledger(verified=sum(assurance.values()), assurance=assurance, **totals)

    def bytes_listed(self) -> int:
        """Bytes of everything listed, whatever was decided about it."""
        return int(self._db.execute("SELECT COALESCE(SUM(size_bytes), 0) FROM objects").fetchone()[0])

    def filtered_by(self) -> dict[str, int]:
        """Filtered objects by the rule that left them out."""
        rows = self._db.execute(
            "SELECT reason, COUNT(*) FROM objects WHERE action = 'filtered' GROUP BY reason"
        )
        return dict(rows.fetchall())

    def _check_schema(self, run: str) -> None:
        found = self.meta("schema")
        if not found.isdigit() or int(found) > schema.VERSION:
            raise JournalCorrupt(
                f"The journal of {run} has version {found or 'none'}; this release reads up to "
                f"{schema.VERSION}.",
                advice="Use the release that made it, or a newer one.",
            )
