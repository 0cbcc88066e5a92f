"""The invariants of the undo protocol, checked at every request and after every command.

I1   every such request at the destination was preceded by a durable intent for its key
I2   nothing is written over a state other than the recorded one, unless the bucket keeps that as a version
I3   rollback neither removes nor replaces what is not ours; going forward only what is ours is removed
I4   the source is only read
I6   resuming what is complete, and rolling back what is back, changes nothing
I7   from any crash on, resume completes the run, and rollback brings back what was there
I8   a run succeeds if and only if its books balance and nothing is left, failed or in conflict
I9   open uploads and objects under the reserved prefix are those that the journal knows
I11  records follow legal edges only, and nothing goes forward once undoing began
I12  what was copied has the source's bytes, properties and tags

I1 to I4, I9 and I11 are here; I6, I7 and I12 are asked by `worlds.Simulation` after each command, I8 by
`tests.support.world.must_balance` of every summary. Sources are never deleted, so I5 has no subject; that no
secret is written anywhere (I10) does not depend on crashes and is tested elsewhere.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable

from migrator.engine.home import all_runs, find_run
from migrator.engine.journal import Journal
from migrator.errors import UnknownRun
from migrator.model.objects import RESERVED_PREFIX, TOKEN_KEY, key_text
from migrator.model.undo import NEXT, OPEN, State, Undo, is_real, same_operation, token_for
from migrator.store.base import Versioning
from migrator.store.memory_bucket import StoredVersion
from tests.simulation.ports import Call
from tests.support.world import TO, World

_S = State
#: States in which a request of this kind may be sent going forward.
_FORWARD = {
    "PutObject": {_S.WRITE_INTENT},
    "CreateMultipartUpload": {_S.WRITE_INTENT},
    "UploadPart": {_S.MPU_OPEN},
    "CompleteMultipartUpload": {_S.COMPLETE_INTENT},
    "PutObjectTagging": {_S.WRITE_INTENT, _S.COMPLETE_INTENT},
    # What landed damaged, or without anybody hearing of it, is taken away again.
    "DeleteObject": {*OPEN, _S.FAILED},
    "AbortMultipartUpload": {*OPEN, _S.FAILED},
    "LayMarker": {_S.WRITE_INTENT},
}
_BACKWARD = {
    "PutObject": {Undo.RESTORE_INTENT},
    "CopyObject": {Undo.RESTORE_INTENT},
    "DeleteObject": {Undo.DELETE_INTENT, Undo.RESTORE_INTENT},
    "DeleteObjects": {Undo.DELETE_INTENT},
}
#: Requests that put an object where another one may be.
_REPLACES = frozenset({"PutObject", "CopyObject", "CompleteMultipartUpload"})
_REMOVES = frozenset({"DeleteObject", "DeleteObjects"})
_UNDO = frozenset(Undo)
#: Undone for good: such an object is never looked at again.
_FINAL = frozenset({Undo.DELETED, Undo.RESTORED})

Row = tuple[object, ...]


class Watch:
    """Looks at each request that is about to change something, with the journal as it is on disk."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._command = self._run = ""
        self._database: sqlite3.Connection | None = None
        self.wrong: list[str] = []
        self.writes = 0  #: requests that changed the destination, since the command began

    def began(self, command: str, run: str = "latest") -> None:
        self._command, self._run = command, run
        self.writes = 0

    def ended(self) -> None:
        """The command is over, or the process is dead."""
        if self._has_journal:
            i11_only_legal_edges(self._rows("SELECT seq, state FROM records ORDER BY record"), self.wrong)
            i9_nothing_unknown(self._world, self._rows, self.wrong)
        self._close()

    def _close(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None

    def look(self, call: Call) -> Callable[[], None]:
        """Judge a request that is about to be sent; what is returned judges that it was carried out."""
        if call.port == "source":
            self.wrong.append(f"I4: {call.operation} at the source")
        elif call.operation in {"CreateBucket", "DeleteBucket", "PutBucketVersioning"}:
            meta = self._rows("SELECT value FROM meta WHERE name = 'bucket'")
            if meta not in ([("intent",)], [("created",)]):
                self.wrong.append(f"I1: {call.operation} while the journal says {meta}")
        else:
            found = [
                self._look_at(call.operation, key, version)
                for key, version in zip(call.keys, call.versions or [None] * len(call.keys), strict=True)
            ]
            return lambda: self._carried_out(found)
        return lambda: None

    def _carried_out(self, found: Iterable[str]) -> None:
        self.writes += 1
        self.wrong += [each for each in found if each]

    def _look_at(self, operation: str, key: str, version_id: str | None) -> str:
        """Judges the intent at once (I1); returns what is wrong if the request is carried out (I2, I3)."""
        raw = key.encode()
        if key.startswith(RESERVED_PREFIX):
            if not self._rows("SELECT 1 FROM reserved WHERE key = ? AND state != 'gone'", raw):
                self.wrong.append(f"I1: {operation} of {key}, which was never announced")
            return ""
        rows = self._rows(
            "SELECT state, undo, attempt, upload_id, seq, prior_etag, after_etag, after_version, kind"
            " FROM objects WHERE key = ?",
            raw,
        )
        if not rows:
            self.wrong.append(f"I1: {operation} of {key}, which is not in the journal")
            return ""
        # One row of a key; of a whole history, those that the request can be about.
        allowed = [row for row in rows if self._is_allowed(operation, key, version_id, row)]
        state, undo, _, _, *rest, _ = (allowed or rows)[0]
        if not allowed:
            self.wrong.append(f"I1: {operation} of {key} while {state}, {undo or 'not undone'}")
        there = self._there(key, version_id)
        if there is None:
            return i2_recorded_state(key, None, rest[1]) if self._is_first_write(operation) else ""
        is_ours = any(self._is_ours(there, *row[4:]) for row in allowed or rows)
        if operation in _REMOVES or (operation in _REPLACES and self._command == "rollback"):
            return "" if is_ours else f"I3: {operation} of {key}, which is not ours"
        if self._is_first_write(operation) and not is_ours:
            return i2_recorded_state(key, there.etag or None, rest[1])
        return ""

    def _is_allowed(self, operation: str, key: str, version_id: str | None, row: Row) -> bool:
        state, undo, attempt, upload_id, seq, _, after_etag, after_version, kind = row
        if kind == "marker" and operation not in {"LayMarker", *_REMOVES}:
            return False
        if version_id is not None and after_version not in (version_id, None):
            # Another version that the same write made, unheard of: the bytes tell it from an edit.
            there = self._there(key, version_id)
            is_twin = there is not None and there.etag == after_etag
            if there is None or not is_twin or not self._is_ours(there, seq, None, after_etag, None, kind):
                return False
        if self._command in {"rollback", "accept"}:
            is_abort = operation == "AbortMultipartUpload" and bool(attempt or upload_id)
            return is_abort or Undo(undo) in _BACKWARD.get(operation, set())
        return State(state) in _FORWARD.get(operation, set())

    def _is_first_write(self, operation: str) -> bool:
        """True for a write going forward that destroys what is there."""
        keeps = self._world.destination_cloud.versioning(TO) is Versioning.ENABLED
        return operation in _REPLACES and self._command in {"run", "resume"} and not keeps

    def _there(self, key: str, version_id: str | None) -> StoredVersion | None:
        """What a request is about; a delete marker only where it is named."""
        for line in self._world.destination_cloud.list_versions(TO, key):
            each = line.version
            if each.key == key and (each.version_id == version_id if version_id else line.is_latest):
                return None if each.is_marker and not version_id else each
        return None

    def _is_ours(
        self,
        there: StoredVersion,
        seq: int,
        prior_etag: str | None,
        after_etag: str,
        after_version: str | None,
        kind: str,
    ) -> bool:
        if there.is_marker:
            # No token can tell: of this id, or one whose answer was lost.
            return kind == "marker" and after_version in (there.version_id, None)
        run = find_run(self._world.root, self._run).run
        token = there.properties.metadata.get(TOKEN_KEY, "")
        if token:
            return same_operation(token_for(run, seq, 0), token)
        return there.version_id == after_version if is_real(after_version) else there.etag == after_etag

    def kept(self) -> set[str]:
        """Keys of saved copies, as the journal of the run looked at knows them."""
        rows = self._rows("SELECT key FROM reserved WHERE kind = 'saved' AND state = 'there'")
        self._close()
        return {key_text(key) for (key,) in rows}

    @property
    def _has_journal(self) -> bool:
        try:
            return find_run(self._world.root, self._run).journal.exists()
        except UnknownRun:
            return False

    def _rows(self, query: str, *values: object) -> list[Row]:
        """As another process sees it: only what is committed."""
        if self._database is None:
            journal = find_run(self._world.root, self._run).journal
            self._database = sqlite3.connect(f"{journal.as_uri()}?mode=ro", uri=True)
        return self._database.execute(query, values).fetchall()


def i2_recorded_state(key: str, found_etag: str | None, prior_etag: str | None) -> str:
    """A write that destroys what is there finds what the journal recorded before it."""
    return "" if found_etag == prior_etag else f"I2: {key} held {found_etag}, the journal says {prior_etag}"


def i9_nothing_unknown(world: World, rows: Callable[..., list[Row]], wrong: list[str]) -> None:
    """Every object of ours under the reserved prefix, and every open upload, can be found by the journal."""
    cloud = world.destination_cloud
    if TO not in dict(cloud.buckets()):
        return
    run = rows("SELECT value FROM meta WHERE name = 'run'")[0][0]
    prefix = f"{RESERVED_PREFIX}{run}/"
    known = {key_text(key) for (key,) in rows("SELECT key FROM reserved WHERE state != 'gone'")}
    there = {line.version.key for line in cloud.list_versions(TO, prefix)}
    wrong += [f"I9: {key} is there, and the journal does not know it" for key in sorted(there - known)]
    open_at = {each.key for each in cloud.list_uploads(TO) if not each.key.startswith(RESERVED_PREFIX)}
    if open_at:
        wrong += [
            f"I9: an upload of {key} is open, and no intent says so" for key in open_at - attempted(world)
        ]


def attempted(world: World) -> set[str]:
    """Keys that any run has begun to write."""
    found = set()
    for directory in all_runs(world.root):
        journal = Journal.read_only(directory, world.clock)
        found |= {entry.key for entry in journal.iterate() if entry.attempt}
        journal.close()
    return found


def i11_only_legal_edges(records: Iterable[Row], wrong: list[str]) -> None:
    """Records, in order, as (number of the object, state); negative numbers are of reserved objects.

    What the plan decided is not recorded: an object begins as planned, or in conflict.
    """
    at: dict[object, str] = {}
    is_undoing = False
    for seq, word in records:
        if not isinstance(seq, int) or seq < 0:
            continue
        before = at.get(seq, State.PLANNED.value)
        if word in _UNDO:
            is_undoing = True
            if before in _FINAL:
                wrong.append(f"I11: object {seq} was {before} and became {word}")
        elif is_undoing:
            wrong.append(f"I11: object {seq} became {word} although undoing had begun")
        elif word != before and State(word) not in NEXT[State(before)]:
            wrong.append(f"I11: object {seq} was {before} and became {word}")
        at[seq] = str(word)
