"""Writing to a journal: changes and records are collected, and become durable together.

What they say is `Journal`'s business. Every record is a link of the chain that shows tampering.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence
from functools import cache
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from migrator.engine.history_rows import HistoryReader
from migrator.engine.journal_file import FILE_ERRORS, GENESIS, in_our_words, link, translated
from migrator.engine.ports import Clock
from migrator.engine.schema import microseconds
from migrator.errors import JournalCorrupt
from migrator.model.undo import State


class JournalWriter(HistoryReader):
    """A journal's transactions. What is read through it sees what was written through it."""

    def __init__(self, database: sqlite3.Connection, clock: Clock, reserve: Path | None = None) -> None:
        self._db = database
        self._clock = clock
        self._reserve = reserve
        self._states: dict[int, State] = {}  # of entries between intent and end: bounded by what is in flight
        self._chain = GENESIS
        # Changes of rows that were not handed to SQLite yet, and records: many of them go at once.
        self._changes: list[tuple[str, tuple[Any, ...]]] = []
        self._records: list[tuple[Any, ...]] = []

    def commit(self) -> None:
        """Make everything since the last commit durable.

        Raises:
            JournalFull: it could not be; see `abandon`.
        """
        self._hand_over()
        if self._db.in_transaction:
            with translated():
                self._db.execute("COMMIT")

    def abandon(self) -> None:
        """Give up what is not committed, and make room for the last words by releasing the reserve.

        For a full disk: outcomes that are lost here are looked up again by recovery, because their intents
        are durable.
        """
        self._forget_uncommitted()
        if self._reserve is not None:
            with contextlib.suppress(OSError):
                self._reserve.unlink()

    def _forget_uncommitted(self) -> None:
        self._changes.clear()
        self._records.clear()
        self._states.clear()
        with contextlib.suppress(sqlite3.Error):
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            row = self._db.execute("SELECT chain FROM records ORDER BY record DESC LIMIT 1").fetchone()
            self._chain = row[0] if row else GENESIS

    @property
    def has_uncommitted(self) -> bool:
        """Whether something waits for `commit`."""
        return bool(self._changes or self._records) or self._db.in_transaction

    def _write(self, statement: str, values: Sequence[Any] = ()) -> int:
        """Returns how many rows it changed."""
        self._hand_over()
        try:
            self._begin()
            return self._db.execute(statement, values).rowcount
        except FILE_ERRORS as cause:  # not `translated`: this is called several times for each object
            raise in_our_words(cause) from cause

    def _begin(self) -> None:
        if not self._db.in_transaction:
            self._db.execute("BEGIN IMMEDIATE")

    def _hand_over(self) -> None:
        """Give SQLite what was collected, in order: before a commit, and before anything is read.

        Where that fails, everything since the last commit is forgotten: half of it must never be committed.
        """
        if not (self._changes or self._records):
            return
        changes, self._changes = self._changes, []
        records, self._records = self._records, []
        try:
            self._begin()
            for statement, group in groupby(changes, itemgetter(0)):
                self._db.executemany(statement, [values for _, values in group])
            self._db.executemany(
                "INSERT INTO records (at_us, seq, state, chain) VALUES (?, ?, ?, ?)", records
            )
        except FILE_ERRORS as cause:
            self._forget_uncommitted()
            raise in_our_words(cause) from cause

    def _rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        self._hand_over()
        return super()._rows(query, *values)

    def set_meta(self, **values: str) -> None:
        for name, value in values.items():
            self._write(
                "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                (name, value),
            )

    def now_us(self) -> int:
        return microseconds(self._clock.wall())

    def _update(self, seq: int, **columns: Any) -> None:
        self._changes.append((_update_of(tuple(columns)), (*columns.values(), seq)))

    def _record(self, seq: int, state: str) -> None:
        at_us = microseconds(self._clock.wall())
        self._chain = link(self._chain, at_us, seq, state)
        self._records.append((at_us, seq, state, self._chain))

    def _checked_chain(self, run: str) -> bytes:
        chain = GENESIS
        rows = self._db.execute("SELECT record, at_us, seq, state, chain FROM records ORDER BY record")
        for record, at_us, seq, state, found in rows:
            is_record = isinstance(at_us, int) and isinstance(seq, int) and isinstance(state, str)
            if is_record:
                chain = link(chain, at_us, seq, state)
            if not is_record or chain != found:
                raise JournalCorrupt(
                    f"The journal of {run} does not fit together from record {record} on.",
                    advice="It is kept as it is; restore the file from a backup if you have one.",
                )
        return chain


@cache
def _update_of(columns: tuple[str, ...]) -> str:
    names = ", ".join(f"{name} = ?" for name in columns)
    return f"UPDATE objects SET {names} WHERE seq = ?"  # noqa: S608 - names of ours
