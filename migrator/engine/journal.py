"""The run's write-ahead journal: what we are about to do, durably, before we do it.

One SQLite file for each run, written by the control thread alone. Changes collect in a transaction and
become durable together in `commit` (one fsync for a batch). The rules it keeps:

1. No request that changes the destination is sent before its intent is committed.
2. An outcome may lag behind its request: losing one makes recovery look again, nothing worse.
3. States change along `model.undo.NEXT` only.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from migrator.engine import schema
from migrator.engine.home import RunDir
from migrator.engine.journal_file import translated
from migrator.engine.journal_writer import JournalWriter
from migrator.engine.ports import Clock
from migrator.engine.schema import Entry, microseconds, row_of
from migrator.errors import JournalCorrupt, JournalError
from migrator.model.ledger import Seen
from migrator.model.objects import ObjectVersion, UploadedPart, key_bytes
from migrator.model.plan import Action
from migrator.model.undo import NEXT, State, Undo

if TYPE_CHECKING:
    from migrator.engine.orders import Copied

_NO_BLOCK = 0, 0, ""
RESERVE_BYTES = 16 * 1024 * 1024


class Journal(JournalWriter):
    """The records of one run. Not thread-safe: it belongs to the control thread."""

    def __init__(self, database: sqlite3.Connection, clock: Clock, reserve: Path | None = None) -> None:
        super().__init__(database, clock, reserve)
        #: Of the key whose history is being listed: its number, the last place, the key.
        self._block = _NO_BLOCK

    # -- opening --------------------------------------------------------------------------------

    @classmethod
    def create(cls, directory: RunDir, clock: Clock, meta: dict[str, str]) -> Journal:
        """A new journal, durable from its first row. It gets its name last: a run has a whole one or none.

        Raises:
            JournalFull: no room for it.
        """
        unnamed = directory.journal.with_suffix(".new")
        with translated():
            _write_reserve(directory.reserve)
            unnamed.touch(mode=0o600)
            database = _connect(unnamed)
            try:
                database.executescript(schema.TABLES)
                journal = cls(database, clock)
                journal.set_meta(schema=str(schema.VERSION), **meta)
                database.execute("INSERT INTO shards (shard, first_after) VALUES (0, x'')")
                journal.commit()
                # Closing does it too, but does not tell whether it could: the name would go to an empty file.
                database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                database.close()
            os.replace(unnamed, directory.journal)
            _sync_directory(directory.path)
            return cls(_connect(directory.journal), clock, directory.reserve)

    @classmethod
    def open(cls, directory: RunDir, clock: Clock) -> Journal:
        """An existing journal, to go on with. It is looked through before anything could write to its files.

        Raises:
            JournalCorrupt: its file is damaged, or its records were changed.
        """
        chain = cls._looked_through(directory, clock)
        with translated():
            journal = cls(_connect(directory.journal), clock, directory.reserve)
            try:
                journal._check_schema(directory.run)
                journal._chain = chain
                journal._upgrade()
            except BaseException:
                journal._db.close()
                raise
            if not directory.reserve.exists():
                with contextlib.suppress(OSError):  # a nearly full disk: go on without
                    _write_reserve(directory.reserve)
            return journal

    @classmethod
    def read_only(cls, directory: RunDir, clock: Clock) -> Journal:
        """A journal to look at, also beside the process that writes it."""
        with translated():
            database = sqlite3.connect(
                f"{directory.journal.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=5
            )
            journal = cls(database, clock)
            try:
                journal._check_schema(directory.run)
            except BaseException:
                database.close()
                raise
            return journal

    @classmethod
    def _looked_through(cls, directory: RunDir, clock: Clock) -> bytes:
        """The chain's last value, after pages and chain were checked."""
        journal = cls.read_only(directory, clock)
        try:
            with translated():
                answer = journal._db.execute("PRAGMA quick_check(1)").fetchone()[0]
                if answer != "ok":
                    raise JournalCorrupt(f"The journal of {directory.run} is damaged: {answer}")
                return journal._checked_chain(directory.run)
        finally:
            journal.close()

    def _upgrade(self) -> None:
        """Bring a journal of an older release to this one's tables, in one transaction."""
        if self._version < schema.VERSION:
            steps = "".join(schema.UPGRADES[each] for each in range(self._version, schema.VERSION))
            self._db.executescript(
                f"BEGIN IMMEDIATE; {steps}"  # noqa: S608 - constants of ours
                f"UPDATE meta SET value = '{schema.VERSION}' WHERE name = 'schema'; COMMIT;"
            )
            self._version = schema.VERSION

    def close(self) -> None:
        """Let go of the file, and of the space set aside: it is taken again when the journal is opened."""
        with translated():
            self._db.close()
        if self._reserve is not None:
            with contextlib.suppress(OSError):
                self._reserve.unlink()

    # -- listing --------------------------------------------------------------------------------

    def add_listed(self, decided: Iterable[tuple[ObjectVersion, Action]]) -> int:
        """Record decisions about listed keys, in listing order, and how far the listing got.

        A key seen twice (a listing that repeats itself) is recorded once; returns how many were known.
        Versions come newest first within a key, and get numbers so that the oldest has the lowest.
        """
        last, known = None, 0
        for listed, action in decided:
            name, reason, state, prior = row_of(action)
            is_new = self._write(
                "INSERT INTO objects (seq, shard, key, size_bytes, etag, modified_us,"
                " storage_class, action, reason, state, prior_etag, prior_size, prior_version,"
                " source_version, kind)"
                " VALUES (?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (key, source_version) DO NOTHING",
                (
                    self._number_for(listed),
                    key_bytes(listed.key),
                    listed.size_bytes,
                    listed.etag,
                    microseconds(listed.last_modified),
                    listed.storage_class,
                    name,
                    reason,
                    state,
                    # Below a delete marker there is no object that a condition could name.
                    prior.etag if prior and not prior.is_marker else None,
                    prior.size_bytes if prior else None,
                    prior.version_id or None if prior else None,
                    listed.version_id,
                    "marker" if listed.is_marker else "object",
                ),
            )
            known += not is_new
            last = listed.key
        if last is not None:
            self._write("UPDATE shards SET listed_to = ? WHERE shard = 0", (key_bytes(last),))
        return known

    def set_seen(self, seen: Seen) -> None:
        """How many keys the source's pages brought, up to the last one recorded."""
        self.set_meta(seen=json.dumps([seen.keys, seen.repeated, seen.hidden]))

    def _number_for(self, listed: ObjectVersion) -> int | None:
        """The number of a row of a history; None leaves it to the table."""
        if not listed.version_id:
            return None
        block, at, key = self._block
        if key != listed.key:
            block, at = block + 1, schema.BLOCK
        if at == 0:
            raise JournalError(f"{schema.BLOCK:,} versions of one key are more than a run can record.")
        self._block = block, at - 1, listed.key
        return block * schema.BLOCK + at - 1

    def forget_listing(self) -> None:
        """Begin the listing anew. Only before anything was copied."""
        self._block = _NO_BLOCK
        self._write("DELETE FROM objects")
        self._write("UPDATE shards SET listed_to = NULL, is_listed = 0 WHERE shard = 0")

    def end_listing(self) -> None:
        self._write("UPDATE shards SET is_listed = 1 WHERE shard = 0")

    # -- objects --------------------------------------------------------------------------------

    def move(self, entry: Entry, state: State, **columns: Any) -> None:
        """Change an object's state, and columns with it; both recorded.

        Raises:
            JournalError: the protocol does not allow this step (a defect of ours).
        """
        before = self._states.get(entry.seq, entry.state)
        if state is not before and state not in NEXT[before]:
            raise JournalError(f"{before} may not become {state} (object {entry.seq})")
        settled = state in {State.COMMITTED, State.FAILED, State.CONFLICT, State.SKIPPED, State.PLANNED}
        if settled:
            self._states.pop(entry.seq, None)
        else:
            self._states[entry.seq] = state
        self._update(entry.seq, state=state.value, **columns)
        self._record(entry.seq, state.value)

    def set_action(self, seq: int, action: str) -> None:
        """Change what was decided about an object, where copying found out better."""
        self._update(seq, action=action)

    def set_undo(self, seq: int, undo: Undo, reason: str = "") -> None:
        """Record how far an object is undone."""
        self._update(seq, undo=undo.value, **({"message": reason} if reason else {}))
        self._record(seq, undo.value)

    def commit_copy(self, entry: Entry, copied: Copied) -> None:
        """The copy is there and was checked."""
        self.move(
            entry,
            State.COMMITTED,
            after_etag=copied.written.etag,
            after_version=copied.written.version_id,
            digest=copied.digest,
            digest_kind=copied.digest_kind,
            assurance=copied.assurance.value,
            has_token=int(copied.has_token),
            upload_id=None,
            reason=copied.note,
            cause="",
            message="",
        )

    def set_prior(self, seq: int, etag: str) -> None:
        """The destination holds an attempt of our own where the plan saw something else."""
        self._update(seq, prior_etag=etag)

    def refresh(self, entry: Entry, listed: ObjectVersion) -> None:
        """The source object changed since it was listed: from now on it is this one."""
        self._update(
            entry.seq,
            size_bytes=listed.size_bytes,
            etag=listed.etag,
            modified_us=microseconds(listed.last_modified),
        )

    # -- what we keep under the reserved prefix -------------------------------------------------

    def reserve(self, key: str, kind: str, seq: int | None = None) -> None:
        """We are about to write `key`, of our own accord: a `saved` copy for object `seq`, or a `probe`."""
        self._write(
            "INSERT INTO reserved (key, kind, seq, state) VALUES (?, ?, ?, 'intent')"
            " ON CONFLICT (key) DO UPDATE SET state = 'intent'",
            (key_bytes(key), kind, seq),
        )
        self._record_reserved(key, "intent")

    def keep(self, key: str, etag: str, size_bytes: int) -> None:
        """A saved copy is there and was looked at."""
        self._write(
            "UPDATE reserved SET state = 'there', etag = ?, size_bytes = ? WHERE key = ?",
            (etag, size_bytes, key_bytes(key)),
        )
        self._record_reserved(key, "there")

    def release(self, key: str) -> None:
        """It was seen to be gone."""
        self._write("UPDATE reserved SET state = 'gone' WHERE key = ?", (key_bytes(key),))
        self._record_reserved(key, "gone")

    def _record_reserved(self, key: str, state: str) -> None:
        row = self.reserved_at(key)
        if row is None:
            raise JournalError("a reserved key was never announced")
        self._record(-row.id, f"{row.kind}-{state}")

    def add_part(self, seq: int, part: UploadedPart, md5: str) -> None:
        self._write(
            "INSERT OR REPLACE INTO parts (seq, number, etag, md5, size_bytes, crc32)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (seq, part.number, part.etag, md5, part.size_bytes, part.crc32),
        )

    def keep_parts(self, seq: int, found: Iterable[UploadedPart]) -> None:
        """Forget every part that the destination does not hold as it was sent. (Not every end that checks a
        CRC32 lists it.)"""
        there = {replace(part, crc32="") for part in found}
        for part, _ in self.parts(seq):
            if replace(part, crc32="") not in there:
                self._write("DELETE FROM parts WHERE seq = ? AND number = ?", (seq, part.number))

    def close_upload(self, seq: int) -> None:
        """The upload is gone from the destination, and its parts with it."""
        self._update(seq, upload_id=None)
        self.drop_parts(seq)

    def drop_parts(self, seq: int) -> None:
        self._write("DELETE FROM parts WHERE seq = ?", (seq,))


def _connect(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None, timeout=5)
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        # On macOS only these two reach the platter; elsewhere they do nothing.
        "fullfsync = 1",
        "checkpoint_fullfsync = 1",
        "cache_size = -8000",
    ):
        database.execute(f"PRAGMA {pragma}")
    if database.execute("PRAGMA synchronous").fetchone()[0] != 2:
        raise JournalError("This SQLite does not sync on commit.")
    return database


def _sync_directory(path: Path) -> None:
    """Make a rename durable; Windows has no such call and needs none."""
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_reserve(path: Path) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
        file.write(b"\x00" * RESERVE_BYTES)
