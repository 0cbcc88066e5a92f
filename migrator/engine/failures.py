"""What the journal and the faces are told of an object that was not copied."""

from __future__ import annotations

from typing import Any

from migrator.engine.journal import Journal
from migrator.engine.outcomes import (
    BadCopy,
    CannotCarry,
    CannotUndo,
    ChangedMeanwhile,
    describe,
    is_left_for_later,
)
from migrator.engine.schema import Entry
from migrator.model.events import ObjectConflict, ObjectFailed, ObjectUnsupported
from migrator.model.undo import State


def record_failure(
    journal: Journal, entry: Entry, error: BaseException | None
) -> ObjectConflict | ObjectFailed | ObjectUnsupported | None:
    """Settle an object by what ended its copy; returns the event to tell.

    None where it is left for later: then it keeps its open state, and recovery or rollback find out.
    """
    match error:
        case CannotCarry(reason=reason):
            ended: dict[str, Any] = {"upload_id": None} if error.was_removed else {}
            if entry.is_marker:
                ended["attempt"] = 0  # it was seen that none was laid: there is nothing to undo
            journal.move(entry, State.SKIPPED, reason=reason, **ended)
            journal.set_action(entry.seq, "unsupported")
            return ObjectUnsupported(entry.key, reason, size_bytes=entry.size_bytes)
        case ChangedMeanwhile():
            return _conflict(journal, entry, "changed-meanwhile")
        case CannotUndo():
            # A copy that turned out different may lie there: its row stays open until it is cleaned up.
            return _conflict(journal, entry, "cannot-undo")
        case _ if is_left_for_later(error):
            return None
        case _:
            return _failed(journal, entry, error)


def _conflict(journal: Journal, entry: Entry, reason: str) -> ObjectConflict:
    journal.move(entry, State.CONFLICT, reason=reason)
    return ObjectConflict(entry.key, reason)


def _failed(journal: Journal, entry: Entry, error: BaseException | None) -> ObjectFailed:
    cause, message, advice = describe(error)
    found: dict[str, Any] = {}
    if isinstance(error, BadCopy):
        found["upload_id"] = None  # complete, so not open any more
        if error.left is not None:
            found["after_etag"] = error.left.etag
            found["after_version"] = error.left.version_id
            found["has_token"] = int(error.is_marked)
    journal.move(entry, State.FAILED, cause=cause, message=message, **found)
    return ObjectFailed(entry.key, entry.size_bytes, cause, message, advice)
