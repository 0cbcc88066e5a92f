"""A listing on disk, where it cannot be walked in step: looked up by key, and by what stands beside a key."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from migrator.model.key_limits import parents
from migrator.model.objects import ObjectVersion, key_bytes

_ANY_DATE = datetime(1970, 1, 1, tzinfo=UTC)


class ListingTable:
    """Scratch, so it is neither synced nor kept. Holds what is there, and what is going to be (`take`)."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("CREATE TABLE listed (key BLOB PRIMARY KEY, size INT, etag TEXT) WITHOUT ROWID")
        self._db.execute("CREATE TABLE taken (key BLOB PRIMARY KEY) WITHOUT ROWID")

    def fill(self, listing: Iterable[ObjectVersion]) -> None:
        self._db.execute("BEGIN")
        self._db.executemany(
            "INSERT OR REPLACE INTO listed VALUES (?, ?, ?)",
            ((key_bytes(each.key), each.size_bytes, each.etag) for each in listing),
        )
        self._db.execute("COMMIT")

    def get(self, key: str) -> ObjectVersion | None:
        row = self._db.execute("SELECT size, etag FROM listed WHERE key = ?", (key_bytes(key),)).fetchone()
        if row is None:
            return None
        # The destination's own date plays no part in any decision.
        return ObjectVersion(key, row[0], row[1], _ANY_DATE)

    def take(self, key: str) -> None:
        """This key is going to be written."""
        self._db.execute("INSERT OR IGNORE INTO taken VALUES (?)", (key_bytes(key),))

    def is_beside(self, key: str) -> bool:
        """Whether a key that is there, or is going to be, stands above or below this one."""
        raw = key_bytes(key)
        for table in ("listed", "taken"):
            below = f"SELECT 1 FROM {table} WHERE key >= ? AND key < ?"  # noqa: S608 - our own names
            if self._db.execute(below, (raw + b"/", raw + b"0")).fetchone():
                return True
            above = f"SELECT 1 FROM {table} WHERE key = ?"  # noqa: S608
            if any(self._db.execute(above, (key_bytes(each),)).fetchone() for each in parents(key)):
                return True
        return False

    def close(self) -> None:
        self._db.close()
