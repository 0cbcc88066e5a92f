"""The tables of a run's journal, and the rows read out of them.

    meta      what the run is: one row for each name
    shards    key ranges, how far each is listed (one for now: the whole prefix)
    objects   one row for each listed key: what was decided, where it stands, what is known of both ends
    parts     parts of open multipart uploads that the destination confirmed
    records   every change of an object's state in order, chained by hashes: append-only

Keys are BLOBs: two keys that differ only in Unicode normalisation are two keys.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from migrator.model.objects import ObjectVersion, key_text
from migrator.model.parts import is_single_put
from migrator.model.plan import Action, Conflict, Copy, Filtered, Same, Unsupported
from migrator.model.undo import State, Trace, Undo

VERSION = 1

TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE shards (
    shard       INTEGER PRIMARY KEY,
    first_after BLOB NOT NULL,             -- keys greater than this one ...
    last        BLOB,                      -- ... up to this one; NULL: to the end
    listed_to   BLOB,                      -- the last key listed and recorded
    is_listed   INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE objects (
    seq           INTEGER PRIMARY KEY,
    shard         INTEGER NOT NULL,
    key           BLOB NOT NULL UNIQUE,
    size_bytes    INTEGER NOT NULL,
    etag          TEXT NOT NULL,
    modified_us   INTEGER NOT NULL,        -- microseconds since 1970, UTC
    storage_class TEXT NOT NULL,
    action        TEXT NOT NULL,           -- copy | same | filtered | unsupported | conflict
    reason        TEXT NOT NULL DEFAULT '',
    state         TEXT NOT NULL,
    attempt       INTEGER NOT NULL DEFAULT 0,
    prior_etag    TEXT,                    -- what the destination held when the plan was made; NULL: nothing
    prior_size    INTEGER,
    prior_version TEXT,
    saved_as      BLOB,                    -- where the old content was kept aside
    part_size     INTEGER,
    upload_id     TEXT,
    after_etag    TEXT NOT NULL DEFAULT '',
    after_version TEXT,
    has_token     INTEGER NOT NULL DEFAULT 1, -- 0: what we wrote carries no ownership token
    digest        TEXT NOT NULL DEFAULT '',
    digest_kind   TEXT NOT NULL DEFAULT '',
    assurance     TEXT NOT NULL DEFAULT '',
    cause         TEXT NOT NULL DEFAULT '',
    message       TEXT NOT NULL DEFAULT '',
    undo          TEXT NOT NULL DEFAULT ''
);
CREATE INDEX objects_by_state ON objects (state, seq) WHERE state NOT IN ('committed', 'skipped');
CREATE TABLE parts (
    seq    INTEGER NOT NULL,
    number INTEGER NOT NULL,
    etag   TEXT NOT NULL,
    md5    TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    PRIMARY KEY (seq, number)
) WITHOUT ROWID;
CREATE TABLE records (
    record INTEGER PRIMARY KEY,
    at_us  INTEGER NOT NULL,
    seq    INTEGER NOT NULL,
    state  TEXT NOT NULL,
    chain  BLOB NOT NULL                   -- SHA-256 over the previous chain value and this record
);
"""

COLUMNS = (
    "seq, key, size_bytes, etag, modified_us, storage_class, action, reason, state, attempt, prior_etag,"
    " upload_id, part_size, after_etag, after_version, digest, digest_kind, assurance, cause, message, undo,"
    " has_token"
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of `objects`."""

    seq: int
    key: str
    size_bytes: int
    etag: str
    last_modified: datetime
    storage_class: str
    action: str
    reason: str
    state: State
    attempt: int
    prior_etag: str | None
    upload_id: str | None
    part_size: int | None
    after_etag: str
    after_version: str | None
    digest: str
    digest_kind: str
    assurance: str
    cause: str
    message: str
    undo: Undo
    has_token: bool

    @property
    def overwrites(self) -> bool:
        return self.prior_etag is not None

    @property
    def may_have_orphan(self) -> bool:
        """The run broke off when an upload was about to be opened: it may be open, under an unknown id."""
        is_unsure = self.state in {State.WRITE_INTENT, State.FAILED} and self.upload_id is None
        return is_unsure and self.attempt > 0 and not is_single_put(self.size_bytes)

    def trace(self, token: str) -> Trace:
        """What rollback needs to know; `token` is empty where the job writes none."""
        token = token if self.has_token else ""
        return Trace(self.state, token, self.after_etag, self.after_version, self.overwrites)

    def listed(self) -> ObjectVersion:
        return ObjectVersion(self.key, self.size_bytes, self.etag, self.last_modified, self.storage_class)


def entry_of(row: sqlite3.Row | tuple[object, ...]) -> Entry:
    """An entry out of a row of `COLUMNS`."""
    values = list(row)
    values[1] = key_text(values[1])
    values[4] = _EPOCH + timedelta(microseconds=values[4])
    values[8] = State(values[8])
    values[20] = Undo(values[20])
    values[21] = bool(values[21])
    return Entry(*values)


def microseconds(moment: datetime) -> int:
    """A moment as `modified_us` keeps it."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


#: The states between what a lost answer left behind and COMMITTED; from the others it is one step.
WAY_TO_COMMITTED = {
    State.FAILED: (State.PLANNED, State.WRITE_INTENT),
    State.AMBIGUOUS: (State.WRITTEN, State.VERIFIED),
    State.WRITTEN: (State.VERIFIED,),
}

#: States of planned objects by the ledger's word for them; all others are `left`.
LEDGER_WORDS = {
    State.COMMITTED.value: "copied",
    State.FAILED.value: "failed",
    State.AMBIGUOUS.value: "failed",
    State.CONFLICT.value: "conflicts",
}


def row_of(action: Action) -> tuple[str, str, str, ObjectVersion | None]:
    """action, reason, first state and prior object of a decision."""
    match action:
        case Copy(replaces):
            return "copy", "", State.PLANNED.value, replaces
        case Same():
            return "same", "", State.SKIPPED.value, None
        case Filtered(rule):
            return "filtered", rule, State.SKIPPED.value, None
        case Unsupported(reason):
            return "unsupported", reason, State.SKIPPED.value, None
        case Conflict(reason):
            return "conflict", reason, State.CONFLICT.value, None
