"""Questions to a journal that holds whole histories: one row for each version of a key, oldest first."""

from __future__ import annotations

from migrator.engine.journal_books import BooksReader
from migrator.engine.schema import Entry
from migrator.model.objects import key_bytes, key_text
from migrator.model.undo import State

#: The first version of journals that can hold them.
FIRST_VERSION = 3
_OF_KEY = "key = ? AND source_version != ''"
#: States of rows that do not stand in the way of the versions after them.
_PASSED = "('committed', 'skipped', 'planned')"


class HistoryReader(BooksReader):
    """A journal's reader that knows what comes before what within a key."""

    @property
    def has_history(self) -> bool:
        """True where the run copies whole histories."""
        return self.meta("history") == "all"

    def version_of(self, key: str, source_version: str) -> Entry | None:
        """The row of one version at the source."""
        return self._first("key = ? AND source_version = ?", key_bytes(key), source_version)

    def copy_at(self, key: str, version_id: str) -> Entry | None:
        """The row whose copy is this version at the destination."""
        return self._first(f"{_OF_KEY} AND after_version = ?", key_bytes(key), version_id)

    def knows_version(self, key: str, version_id: str) -> bool:
        """Whether a version at the destination is ours, or was on top before the run."""
        return bool(
            self._number(
                f"SELECT EXISTS (SELECT 1 FROM objects WHERE {_OF_KEY}"  # noqa: S608
                " AND (after_version = ? OR prior_version = ?))",
                key_bytes(key),
                version_id,
                version_id,
            )
        )

    def next_key(self, after: str | None) -> str | None:
        """The next key of which something is planned."""
        row = self._row(
            "SELECT key FROM objects INDEXED BY objects_by_history"
            " WHERE source_version != '' AND key > ? AND state = 'planned' ORDER BY key LIMIT 1",
            b"" if after is None else key_bytes(after),
        )
        return key_text(row[0]) if row else None

    def planned_versions(self, key: str, *, after_seq: int = 0, limit: int = 1) -> list[Entry]:
        """What of one key is planned, oldest first."""
        return self._entries(
            f"{_OF_KEY} AND seq > ? AND state = 'planned' ORDER BY seq LIMIT ?",
            (key_bytes(key), after_seq, limit),
        )

    def copied_before(self, entry: Entry) -> Entry | None:
        """The newest of our copies below a version."""
        return self._first(
            f"{_OF_KEY} AND seq < ? AND state = ? ORDER BY seq DESC",
            key_bytes(entry.key),
            entry.seq,
            State.COMMITTED.value,
        )

    def below_all(self, key: str) -> str | None:
        """The version that was on top of a key before the run wrote there."""
        oldest = self._first(f"{_OF_KEY} AND attempt > 0 ORDER BY seq", key_bytes(key))
        return oldest.prior_version if oldest else None

    def is_blocked(self, entry: Entry) -> bool:
        """Whether an older version of the key was not copied, so that this one would lie in its place."""
        return bool(
            self._number(
                f"SELECT EXISTS (SELECT 1 FROM objects WHERE {_OF_KEY} AND seq < ?"  # noqa: S608
                f" AND state NOT IN {_PASSED})",
                key_bytes(entry.key),
                entry.seq,
            )
        )

    def _first(self, where: str, *values: object) -> Entry | None:
        if self._version < FIRST_VERSION:
            return None
        found = self._entries(f"{where} LIMIT 1", values)
        return found[0] if found else None
