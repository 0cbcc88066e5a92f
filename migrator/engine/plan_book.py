"""The keys of a plan on disk, so that any of them can be found again: what happens to it, and why.

A scratch file of its own, removed with the book. Written by the thread that plans, read by others meanwhile.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from migrator.engine.planner import Decided
from migrator.errors import MigratorError, Refused
from migrator.model.objects import key_bytes, key_text
from migrator.model.planned import PlanRow, PlanRows, fate_of

#: Rows of one answer.
MOST_ROWS = 200

_TABLE = """
CREATE TABLE planned (
    id INTEGER PRIMARY KEY, key BLOB, outcome TEXT, reason TEXT, size INTEGER, modified TEXT, class TEXT
)"""
_SAVE = "INSERT INTO planned (key, outcome, reason, size, modified, class) VALUES (?, ?, ?, ?, ?, ?)"
_FIND = """
SELECT key, outcome, reason, size, modified, class FROM planned
WHERE {where} AND (outcome = :outcome OR :outcome = '') LIMIT :most"""
#: The ways in which a text can mean keys, the most exact first.
_WAYS = tuple(
    _FIND.format(where=where) for where in ("key = :key", "key >= :key AND key < :after", "instr(key, :key)")
)


class PlanBook:
    """One plan's decisions in listing order. `close` removes the file."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="migrator-plan-")
        self._path = Path(self._folder.name) / "plan.sqlite"
        # One thread writes at a time; which one is the service's business.
        self._writer = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        self._writer.execute("PRAGMA journal_mode = WAL")
        self._writer.execute("PRAGMA synchronous = OFF")
        self._writer.execute(_TABLE)

    def save(self, batch: Iterable[Decided]) -> None:
        """Append what was decided.

        Raises:
            Refused: the disk is full.
        """
        rows = [
            (
                key_bytes(listed.key),
                *fate_of(action),
                listed.size_bytes,
                listed.last_modified.isoformat(timespec="seconds"),
                listed.storage_class,
            )
            for listed, action in batch
        ]
        try:
            self._writer.execute("BEGIN")
            self._writer.executemany(_SAVE, rows)
            self._writer.execute("COMMIT")
        except sqlite3.Error as cause:
            raise Refused(
                f"The plan's keys cannot be kept in {self._path.parent}: {cause}.",
                advice="Free some space there, or let TMPDIR name another folder.",
            ) from cause

    def restart(self) -> None:
        """The listing begins anew."""
        self._writer.execute("DELETE FROM planned")

    def end(self) -> None:
        """Everything is in: keys can be found quickly from now on."""
        self._writer.execute("CREATE INDEX IF NOT EXISTS by_key ON planned (key)")
        self._writer.execute("CREATE INDEX IF NOT EXISTS by_outcome ON planned (outcome)")

    def find(self, text: str, outcome: str) -> PlanRows:
        """Keys that are `text`, begin with it, or contain it, in this order of preference."""
        try:
            return self._found(text, outcome)
        except sqlite3.Error as cause:
            raise MigratorError(f"The list of planned keys cannot be read: {cause}") from cause

    def _found(self, text: str, outcome: str) -> PlanRows:
        wanted = key_bytes(text)
        # UTF-8 has no 0xff; a key that goes on with one is found by what it contains, if nothing else is.
        asked = {"key": wanted, "after": wanted + b"\xff", "outcome": outcome, "most": MOST_ROWS + 1}
        with closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True)) as reader:
            for way in _WAYS:
                if rows := reader.execute(way, asked).fetchall():
                    break
        found = tuple(PlanRow(key_text(key), *rest) for key, *rest in rows[:MOST_ROWS])
        is_exact = bool(text) and bool(found) and found[0].key == text
        return PlanRows(text, outcome, found, is_exact, len(rows) > MOST_ROWS)

    def close(self) -> None:
        """Remove it from disk."""
        self._writer.close()
        self._folder.cleanup()
