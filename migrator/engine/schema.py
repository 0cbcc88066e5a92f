"""The tables of a run's journal, and the rows read out of them.

    meta      what the run is: one row for each name
    shards    key ranges, how far each is listed (one for now: the whole prefix)
    objects   one row for each listed key, or version of it: what was decided, where it stands, what is known
              of both ends
    parts     parts of open multipart uploads that the destination confirmed
    reserved  what we put under the reserved prefix of our own accord: saved copies, probes
    records   every change of a state in order, chained by hashes: append-only

Keys are BLOBs: two keys that differ only in Unicode normalisation are two keys.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from migrator.model.objects import ObjectVersion, key_text
from migrator.model.parts import is_single_put
from migrator.model.plan import Action, Conflict, Copy, Filtered, Same, Unsupported
from migrator.model.undo import Prior, State, Trace, Undo, is_real

#: 2: `reserved`, and what a write replaces where a version id cannot tell (`prior_kind`).
#: 3: one row for each version of a key, where whole histories are copied (`source_version`, `kind`).
#: 4: parts may come with their CRC32.
VERSION = 4

RESERVED = """
CREATE TABLE reserved (
    id         INTEGER PRIMARY KEY,
    key        BLOB NOT NULL UNIQUE,
    kind       TEXT NOT NULL,              -- saved | probe
    seq        INTEGER,                    -- saved: of the object whose old content it is
    size_bytes INTEGER NOT NULL DEFAULT 0,
    etag       TEXT NOT NULL DEFAULT '',
    state      TEXT NOT NULL               -- intent | there | gone
);"""

OBJECTS = """
CREATE TABLE objects (
    seq           INTEGER PRIMARY KEY,
    shard         INTEGER NOT NULL,
    key           BLOB NOT NULL,
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
    prior_kind    TEXT NOT NULL DEFAULT '', -- what `preparing` found; empty: nobody looked
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
    undo          TEXT NOT NULL DEFAULT '',
    source_version TEXT NOT NULL DEFAULT '', -- of one version of a whole history; empty: the current object
    kind          TEXT NOT NULL DEFAULT 'object', -- object | marker
    sent_us       INTEGER,                 -- of a version: when its last intent was written down
    UNIQUE (key, source_version)
);
CREATE INDEX objects_by_state ON objects (state, seq) WHERE state NOT IN ('committed', 'skipped');
CREATE INDEX objects_by_history ON objects (key, seq) WHERE source_version != '';"""

TABLES = f"""
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE shards (
    shard       INTEGER PRIMARY KEY,
    first_after BLOB NOT NULL,             -- keys greater than this one ...
    last        BLOB,                      -- ... up to this one; NULL: to the end
    listed_to   BLOB,                      -- the last key listed and recorded
    is_listed   INTEGER NOT NULL DEFAULT 0
);
{OBJECTS}
CREATE TABLE parts (
    seq    INTEGER NOT NULL,
    number INTEGER NOT NULL,
    etag   TEXT NOT NULL,
    md5    TEXT NOT NULL,                  -- of what was sent; empty where it went with its CRC32
    size_bytes INTEGER NOT NULL,
    crc32  TEXT NOT NULL DEFAULT '',       -- as S3 spells it
    PRIMARY KEY (seq, number)
) WITHOUT ROWID;
{RESERVED}
CREATE TABLE records (
    record INTEGER PRIMARY KEY,
    at_us  INTEGER NOT NULL,
    seq    INTEGER NOT NULL,               -- of an object; less than 0: of a row of `reserved`
    state  TEXT NOT NULL,
    chain  BLOB NOT NULL                   -- SHA-256 over the previous chain value and this record
);
"""

_COLUMNS_2 = (
    "seq, key, size_bytes, etag, modified_us, storage_class, action, reason, state, attempt, prior_etag,"
    " upload_id, part_size, after_etag, after_version, digest, digest_kind, assurance, cause, message, undo,"
    " has_token, prior_kind, prior_version, saved_as"
)
COLUMNS = f"{_COLUMNS_2}, source_version, kind, sent_us"
#: The same of older journals: version 1 knew no kinds, version 2 no versions.
OLDER_COLUMNS = {
    1: _COLUMNS_2.replace("prior_kind", "''") + ", '', 'object', NULL",
    2: f"{_COLUMNS_2}, '', 'object', NULL",
}
_KEPT = f"shard, prior_size, {_COLUMNS_2}"
#: From each older version to the next.
UPGRADES = {
    1: "ALTER TABLE objects ADD COLUMN prior_kind TEXT NOT NULL DEFAULT '';" + RESERVED,
    # A constraint cannot be changed, so the table is made anew.
    2: "DROP INDEX objects_by_state; ALTER TABLE objects RENAME TO objects_2;"  # noqa: S608
    f"{OBJECTS} INSERT INTO objects ({_KEPT}) SELECT {_KEPT} FROM objects_2; DROP TABLE objects_2;",
    3: "ALTER TABLE parts ADD COLUMN crc32 TEXT NOT NULL DEFAULT '';",
}

#: Numbers that are set aside for each key of a history, so that the oldest version has the lowest. A listing
#: has the newest first, and nobody knows how many there are before it ends.
BLOCK = 1 << 24

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Reserved:
    """One row of `reserved`: an object of ours under the reserved prefix. `state`: intent, there or gone."""

    id: int
    key: str
    kind: str
    seq: int | None
    size_bytes: int
    etag: str
    state: str


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
    prior_kind: str
    prior_version: str | None
    saved_as: str | None
    source_version: str = ""
    kind: str = "object"
    sent: datetime | None = None

    @property
    def is_marker(self) -> bool:
        return self.kind == "marker"

    @property
    def lost(self) -> frozenset[str]:
        """Accepted losses of a copy that was made: names of `model.fidelity.LOSSES`."""
        return lost_in(self.reason)

    @property
    def overwrites(self) -> bool:
        return self.prior_etag is not None

    def prior(self, there_version: str | None) -> Prior:
        """What our write replaced. `there_version`: the id of our version as it is seen now, which stands in
        for the one in an answer that was lost. A version with an id of its own has replaced nothing: what
        was there before is below it."""
        if is_real(self.after_version or there_version):
            return Prior.VERSION if self.overwrites or self.prior_kind == Prior.MARKER else Prior.ABSENT
        if self.prior_kind:
            return Prior(self.prior_kind)
        return Prior.LOST if self.overwrites else Prior.ABSENT

    @property
    def may_have_orphan(self) -> bool:
        """The run broke off when an upload was about to be opened: it may be open, under an unknown id."""
        is_unsure = self.state in {State.WRITE_INTENT, State.FAILED} and self.upload_id is None
        return is_unsure and self.attempt > 0 and not is_single_put(self.size_bytes)

    @property
    def is_doubtful(self) -> bool:
        """A write was intended and nobody knows what became of it."""
        return self.attempt > 0 and not self.after_etag and not self.after_version

    @property
    def may_land_late(self) -> bool:
        """The run died with the write under way: a service may still carry it out."""
        return self.is_doubtful and self.state in {State.WRITE_INTENT, State.COMPLETE_INTENT}

    def trace(self, token: str, there_version: str | None = None) -> Trace:
        """What rollback needs to know; `token` is empty where the job writes none. See `prior`."""
        token = token if self.has_token else ""
        return Trace(token, self.after_etag, self.after_version, self.prior(there_version))

    def listed(self) -> ObjectVersion:
        return ObjectVersion(
            self.key,
            self.size_bytes,
            self.etag,
            self.last_modified,
            self.storage_class,
            self.source_version,
            self.is_marker,
        )


def lost_in(note: str) -> frozenset[str]:
    """Accepted losses out of the note about a copy."""
    for each in note.split(";"):
        kind, _, names = each.partition(":")
        if kind == "lost":
            return frozenset(names.split(","))
    return frozenset()


_STATES = {state.value: state for state in State}


def entry_of(row: sqlite3.Row | tuple[object, ...]) -> Entry:
    """An entry out of a row of `COLUMNS`."""
    values = list(row)
    values[1] = key_text(values[1])
    values[4] = _EPOCH + timedelta(microseconds=values[4])
    values[8] = _STATES.get(values[8]) or State(values[8])
    values[20] = Undo.NONE if values[20] == "" else Undo(values[20])
    values[21] = bool(values[21])
    values[24] = None if values[24] is None else key_text(values[24])
    values[27] = None if values[27] is None else _EPOCH + timedelta(microseconds=values[27])
    return Entry(*values)


def microseconds(moment: datetime) -> int:
    """A moment as `modified_us` keeps it."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


#: States of planned objects by the ledger's word for them; all others are `left`.
LEDGER_WORDS = {
    State.COMMITTED.value: "copied",
    State.FAILED.value: "failed",
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
