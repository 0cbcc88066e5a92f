"""The invariants of the undo protocol, checked at every request that changes something.

I1  every such request at the destination was preceded by a durable intent for its key
I4  the source is only read
I9  what lies under the reserved prefix is in the journal

The others are checked where they can be seen: by `worlds.Simulation` after each command (I2, I3, I6, I7, I8,
I12), and by the journal itself, which refuses steps that `NEXT` does not know (I11).
"""

from __future__ import annotations

import sqlite3

from migrator.model.objects import RESERVED_PREFIX, key_text
from migrator.model.undo import OPEN, State, Undo
from tests.simulation.ports import Call
from tests.support.world import World

#: States in which a request of this kind may be sent going forward.
_FORWARD = {
    "PutObject": {State.WRITE_INTENT},
    "CreateMultipartUpload": {State.WRITE_INTENT},
    "UploadPart": {State.MPU_OPEN},
    "CompleteMultipartUpload": {State.COMPLETE_INTENT},
    "PutObjectTagging": {State.WRITE_INTENT, State.COMPLETE_INTENT},
    # What landed damaged, or without anybody hearing of it, is taken away again.
    "DeleteObject": {*OPEN, State.FAILED},
    "AbortMultipartUpload": {*OPEN, State.FAILED},
}
_BACKWARD = {
    "PutObject": {Undo.RESTORE_INTENT},
    "CopyObject": {Undo.RESTORE_INTENT},
    "DeleteObject": {Undo.DELETE_INTENT, Undo.RESTORE_INTENT},
    "DeleteObjects": {Undo.DELETE_INTENT},
}


class Watch:
    """Looks at each request that is about to change something, with the journal as it is on disk."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._command = ""
        self.wrong: list[str] = []

    def began(self, command: str) -> None:
        self._command = command

    def look(self, call: Call) -> None:
        if call.port == "source":
            self.wrong.append(f"I4: {call.operation} at the source")
            return
        if call.operation in {"CreateBucket", "DeleteBucket"}:
            meta = self._rows("SELECT value FROM meta WHERE name = 'bucket'")
            if meta not in ([("intent",)], [("created",)]):
                self.wrong.append(f"I1: {call.operation} while the journal says {meta}")
            return
        for key in call.keys:
            self._look_at(call.operation, key)

    def _look_at(self, operation: str, key: str) -> None:
        raw = key.encode()
        if key.startswith(RESERVED_PREFIX):
            if not self._rows("SELECT state FROM reserved WHERE key = ? AND state != 'gone'", raw):
                self.wrong.append(f"I1: {operation} of {key}, which was never announced")
            return
        rows = self._rows("SELECT state, undo, attempt, upload_id FROM objects WHERE key = ?", raw)
        if not rows:
            self.wrong.append(f"I1: {operation} of {key}, which is not in the journal")
            return
        state, undo, attempt, upload_id = rows[0]
        if self._command == "rollback":
            is_abort = operation == "AbortMultipartUpload" and (attempt or upload_id)
            is_allowed = is_abort or Undo(undo) in _BACKWARD.get(operation, set())
        else:
            is_allowed = State(state) in _FORWARD.get(operation, set())
        if not is_allowed:
            self.wrong.append(f"I1: {operation} of {key} while {state}, {undo or 'not undone'}")

    def kept(self) -> set[str]:
        """Keys of saved copies, as the journal knows them."""
        rows = self._rows("SELECT key FROM reserved WHERE kind = 'saved' AND state = 'there'")
        return {key_text(key) for (key,) in rows}

    def _rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """As another process sees it: only what is committed."""
        database = sqlite3.connect(f"{self._world.directory.journal.as_uri()}?mode=ro", uri=True)
        try:
            return database.execute(query, values).fetchall()
        finally:
            database.close()
