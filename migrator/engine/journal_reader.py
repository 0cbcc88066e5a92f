"""Looking into a journal: what the run is, and where its objects stand."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from migrator.engine import schema
from migrator.engine.journal_file import translated
from migrator.engine.schema import (
    COLUMNS,
    OLDER_COLUMNS,
    Entry,
    Reserved,
    entry_of,
)
from migrator.errors import JournalCorrupt
from migrator.model.objects import UploadedPart, key_bytes, key_text
from migrator.model.parts import DEFAULT_PART_BYTES
from migrator.model.undo import BACK, State

#: Values of `undo` after which a key is as it was.
_BACK = tuple(sorted(BACK))
_NOT_BACK = f"attempt > 0 AND undo NOT IN ({', '.join('?' * len(_BACK))})"
#: Where the run died with a write under way, it may land late: such a key is looked at by each rollback.
_TO_UNDO = (
    f"(({_NOT_BACK}) OR"
    " (undo = 'rb-done' AND after_etag = '' AND state IN ('write-intent', 'complete-intent')))"
)


#: Keys on a page of a listing (S3 API, ListObjectsV2).
PAGE_KEYS = 1000


class JournalReader:
    """The questions that a journal answers. Reading begins no transaction and waits for no writer."""

    _db: sqlite3.Connection
    _version = schema.VERSION

    @contextmanager
    def _one_moment(self) -> Iterator[None]:
        """What is read within is of one moment, whatever another process writes meanwhile."""
        if self._db.in_transaction:
            yield
            return
        with translated():
            self._db.execute("BEGIN")
        try:
            yield
        finally:
            if self._db.in_transaction:  # a damaged file may have ended it already
                with translated():
                    self._db.execute("ROLLBACK")

    def _rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with translated():
            return self._db.execute(query, values).fetchall()

    def _row(self, query: str, *values: Any) -> tuple[Any, ...] | None:
        found = self._rows(query, *values)
        return found[0] if found else None

    def _number(self, query: str, *values: Any) -> int:
        row = self._row(query, *values)
        if row is None:
            raise JournalCorrupt("The journal lacks a row that each has.")
        return int(row[0])

    def meta(self, name: str, default: str = "") -> str:
        row = self._row("SELECT value FROM meta WHERE name = ?", name)
        return row[0] if row else default

    def began(self) -> datetime:
        """When the run began, less what clocks may differ by and still be served (S3: 15 minutes)."""
        return datetime.fromisoformat(self.meta("created")) - timedelta(minutes=15)

    def changed(self) -> str:
        """When the journal recorded something last (ISO, UTC): a state, else the run's beginning or end."""
        row = self._row("SELECT at_us FROM records ORDER BY record DESC LIMIT 1")
        begun_or_ended = max(self.meta("ended"), self.meta("created"))
        if row is None:
            return begun_or_ended
        return max(begun_or_ended, datetime.fromtimestamp(row[0] // 1_000_000, UTC).isoformat())

    def listed_to(self) -> str:
        """The last source key that is recorded; empty before the first."""
        row = self._row("SELECT listed_to FROM shards WHERE shard = 0 AND listed_to IS NOT NULL")
        return key_text(row[0]) if row else ""

    def is_listed(self) -> bool:
        return self._number("SELECT is_listed FROM shards WHERE shard = 0") > 0

    def in_states(self, states: Iterable[State], *, after_seq: int = 0, limit: int = 256) -> list[Entry]:
        """The next entries in any of `states`, oldest first."""
        wanted = [state.value for state in states]
        marks = ", ".join("?" * len(wanted))
        return self._entries(
            f"state IN ({marks}) AND seq > ? ORDER BY seq LIMIT ?",
            (*wanted, after_seq, limit),
        )

    def to_undo(self, *, before_seq: int, limit: int = 256) -> list[Entry]:
        """The next entries to undo, newest first: attempted at least once and not yet back."""
        return self._entries(
            f"{_TO_UNDO} AND seq < ? ORDER BY seq DESC LIMIT ?",
            (*_BACK, before_seq, limit),
        )

    def has_copies(self) -> bool:
        """True where something was copied."""
        return self._number("SELECT EXISTS (SELECT 1 FROM objects WHERE state = 'committed')") > 0

    def has_overwrites(self) -> bool:
        """True where something planned replaces what the destination holds."""
        return (
            self._number(
                "SELECT EXISTS (SELECT 1 FROM objects WHERE state = 'planned' AND prior_etag IS NOT NULL)"
            )
            > 0
        )

    def has_large(self) -> bool:
        """True where something planned goes in parts."""
        query = "SELECT EXISTS (SELECT 1 FROM objects WHERE state = 'planned' AND size_bytes > ?)"
        return self._number(query, DEFAULT_PART_BYTES) > 0

    def planned_by_class(self) -> dict[str, tuple[int, str]]:
        """Objects still to be copied by storage class: how many, and the first key of each."""
        rows = self._rows(
            "SELECT storage_class, COUNT(*), MIN(seq) FROM objects"
            " WHERE state = 'planned' AND kind = 'object' GROUP BY 1"
        )
        return {name: (count, self._entries("seq = ?", (seq,))[0].key) for name, count, seq in rows}

    def planned_sample(self, most: int) -> list[Entry]:
        """At most so many of the objects still to be copied, spread evenly over the listing."""
        total = self._number("SELECT COUNT(*) FROM objects WHERE state = 'planned' AND kind = 'object'")
        step = max(1, -(-total // most))
        numbered = (
            "SELECT seq, ROW_NUMBER() OVER (ORDER BY seq) - 1 AS place FROM objects"
            " WHERE state = 'planned' AND kind = 'object'"
        )
        return self._entries(
            f"seq IN (SELECT seq FROM ({numbered}) WHERE place % ? = 0) ORDER BY seq",  # noqa: S608
            (step,),
        )

    def by_key(self, key: str) -> Entry | None:
        """The row of a key; of its newest version, where whole histories are copied."""
        found = self._entries("key = ? ORDER BY seq DESC LIMIT 1", (key_bytes(key),))
        return found[0] if found else None

    def not_copied(self, cause: str, limit: int) -> list[Entry]:
        """The first entries that failed, are in conflict, or cannot be carried over, for this cause."""
        return self._entries(
            "(state IN (?, ?) AND (cause = ? OR reason = ?)) OR (action = 'unsupported' AND reason = ?)"
            " ORDER BY seq LIMIT ?",
            (State.FAILED.value, State.CONFLICT.value, cause, cause, cause, limit),
        )

    def by_seq(self, seq: int) -> Entry | None:
        found = self._entries("seq = ?", (seq,))
        return found[0] if found else None

    def versions_below(self, key: str, seq: int, limit: int) -> list[Entry]:
        """Older versions of a key on record, newest first."""
        return self._entries("key = ? AND seq < ? ORDER BY seq DESC LIMIT ?", (key_bytes(key), seq, limit))

    def history(self, seq: int, limit: int) -> list[tuple[str, str]]:
        """The newest changes of an object's state, oldest first: when (ISO, UTC), and to what."""
        rows = self._rows(
            "SELECT at_us, state FROM records WHERE seq = ? ORDER BY record DESC LIMIT ?", seq, limit
        )
        return [
            (datetime.fromtimestamp(at_us / 1_000_000, UTC).isoformat(timespec="milliseconds"), state)
            for at_us, state in reversed(rows)
        ]

    def keys_between(self, head: str, tail: str, limit: int = 5) -> list[str]:
        """The first keys that begin with `head` and end with `tail`."""
        first, last = key_bytes(head), key_bytes(tail)
        rows = self._rows(
            "SELECT key FROM objects WHERE key >= ? AND key <= ? AND substr(key, 1, ?) = ?"
            " AND substr(key, -?) = ? ORDER BY key LIMIT ?",
            first,
            first + b"\xff" * 4,
            len(first),
            first,
            len(last),
            last,
            limit,
        )
        return [key_text(key) for (key,) in rows]

    def after_key(self, key: str | None, limit: int = 1000) -> list[Entry]:
        """Entries in the order of their keys (bytes), after `key`; None begins at the first."""
        if key is None:
            return self._entries("1 ORDER BY key LIMIT ?", (limit,))
        return self._entries("key > ? ORDER BY key LIMIT ?", (key_bytes(key), limit))

    def page_ends(self) -> Iterator[str]:
        """Every thousandth key, in the order of their bytes: about where the pages of the listing ended."""
        query = "SELECT key FROM objects WHERE key > ? ORDER BY key LIMIT 1 OFFSET ?"
        last = b""
        while row := self._row(query, last, PAGE_KEYS - 1):
            last = row[0]
            yield key_text(last)

    def _entries(self, where: str, values: Iterable[Any]) -> list[Entry]:
        columns = OLDER_COLUMNS.get(self._version, COLUMNS)
        rows = self._rows(f"SELECT {columns} FROM objects WHERE {where}", *values)  # noqa: S608
        try:
            return [entry_of(row) for row in rows]
        except (ValueError, TypeError, OverflowError) as cause:
            raise JournalCorrupt(f"The journal holds something that is no object: {cause}") from cause

    def iterate(self, batch: int = 1000) -> Iterator[Entry]:
        """Every entry in the order of its number, in bounded memory."""
        after = 0
        while page := self._entries("seq > ? ORDER BY seq LIMIT ?", (after, batch)):
            yield from page
            after = page[-1].seq

    def open_uploads(self) -> list[Entry]:
        """Entries whose multipart upload may still be open."""
        return self._entries("upload_id IS NOT NULL AND state != ?", (State.COMMITTED.value,))

    def orphans(self) -> Iterator[Entry]:
        """Entries of which an upload may be open under an id that was never recorded."""
        after = 0
        while page := self.in_states((State.WRITE_INTENT, State.FAILED), after_seq=after):
            yield from (entry for entry in page if entry.may_have_orphan)
            after = page[-1].seq

    # -- what we keep under the reserved prefix -------------------------------------------------

    def reserved(self, kind: str, *, after_id: int = 0, limit: int = 256) -> list[Reserved]:
        """The next objects of one kind (`saved`, `probe`) that are there or may be, oldest first."""
        return self._reserved(
            "kind = ? AND id > ? AND state != 'gone' ORDER BY id LIMIT ?", kind, after_id, limit
        )

    def reserved_at(self, key: str) -> Reserved | None:
        """What we know about a key under the reserved prefix, also after it was removed again."""
        found = self._reserved("key = ?", key_bytes(key))
        return found[0] if found else None

    def _reserved(self, where: str, *values: Any) -> list[Reserved]:
        if self._version == 1:
            return []
        rows = self._rows(
            f"SELECT id, key, kind, seq, size_bytes, etag, state FROM reserved WHERE {where}",  # noqa: S608
            *values,
        )
        return [Reserved(row[0], key_text(row[1]), *row[2:]) for row in rows]

    def may_keep_late(self) -> bool:
        """True where the run died with a write under the reserved prefix under way: it may land late."""
        if self._version == 1:
            return False
        return (
            self._number(
                "SELECT EXISTS (SELECT 1 FROM reserved LEFT JOIN objects USING (seq)"
                " WHERE reserved.state = 'intent'"
                " AND (reserved.kind = 'probe' OR objects.state = 'backup-intent'))"
            )
            > 0
        )

    def kept(self) -> tuple[int, int]:
        """Saved copies that undo still needs: their number, and their bytes."""
        if self._version == 1:
            return 0, 0
        ((count, size_bytes),) = self._rows(
            "SELECT COUNT(*), COALESCE(SUM(size_bytes), 0) FROM reserved"
            " WHERE kind = 'saved' AND state = 'there'"
        )
        return count, size_bytes

    def is_all_back(self) -> bool:
        """True where every object whose old content was kept aside is as it was before the run."""
        query = f"SELECT COUNT(*) FROM objects WHERE saved_as IS NOT NULL AND {_NOT_BACK}"  # noqa: S608
        return not self._number(query, *_BACK)

    def parts(self, seq: int) -> list[tuple[UploadedPart, str]]:
        """Parts that the destination confirmed, with the MD5 of what was sent if that was computed, in
        order."""
        crc32 = "crc32" if self._version >= 4 else "''"
        rows = self._rows(
            f"SELECT number, etag, size_bytes, {crc32}, md5 FROM parts"  # noqa: S608
            " WHERE seq = ? ORDER BY number",
            seq,
        )
        return [(UploadedPart(*part), md5) for *part, md5 in rows]

    def count_to_undo(self) -> int:
        return self._number(f"SELECT COUNT(*) FROM objects WHERE {_TO_UNDO}", *_BACK)  # noqa: S608

    def _check_schema(self, run: str) -> None:
        found = self.meta("schema")
        if not found.isdigit() or int(found) > schema.VERSION:
            raise JournalCorrupt(
                f"The journal of {run} has version {found or 'none'}; this release reads up to "
                f"{schema.VERSION}.",
                advice="Use the release that made it, or a newer one.",
            )
        self._version = int(found)
