"""The states of one object in a run, which may follow which, and what rollback may do about it.

planned -> [backup-intent -> backed-up] -> write-intent -> [mpu-open -> complete-intent] -> committed
side     skipped, failed, conflict; committed -> failed where a later look found the copy wrong

rb-delete-intent  -> rb-deleted
rb-restore-intent -> rb-restored
ends       rb-done (nothing to do), rb-not-ours, rb-locked, rb-lost, rb-human, rb-kept-last-copy
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from migrator.model.objects import ObjectHead


class State(StrEnum):
    """Where one object stands, going forward."""

    PLANNED = "planned"
    BACKUP_INTENT = "backup-intent"
    BACKED_UP = "backed-up"
    WRITE_INTENT = "write-intent"
    MPU_OPEN = "mpu-open"
    COMPLETE_INTENT = "complete-intent"
    COMMITTED = "committed"
    SKIPPED = "skipped"
    FAILED = "failed"
    CONFLICT = "conflict"


_S = State
#: From each state, the states that may come next. FAILED and CONFLICT go back to the start when retried.
NEXT: dict[State, frozenset[State]] = {
    _S.PLANNED: frozenset({_S.BACKUP_INTENT, _S.WRITE_INTENT}),
    _S.BACKUP_INTENT: frozenset({_S.BACKED_UP, _S.PLANNED, _S.CONFLICT, _S.FAILED}),
    _S.BACKED_UP: frozenset({_S.WRITE_INTENT, _S.PLANNED}),
    _S.WRITE_INTENT: frozenset({_S.MPU_OPEN, _S.COMMITTED, _S.PLANNED, _S.FAILED, _S.CONFLICT, _S.SKIPPED}),
    _S.MPU_OPEN: frozenset({_S.COMPLETE_INTENT, _S.PLANNED, _S.FAILED, _S.CONFLICT, _S.SKIPPED}),
    _S.COMPLETE_INTENT: frozenset(
        {_S.COMMITTED, _S.MPU_OPEN, _S.PLANNED, _S.FAILED, _S.CONFLICT, _S.SKIPPED}
    ),
    _S.COMMITTED: frozenset({_S.FAILED}),
    _S.SKIPPED: frozenset(),
    _S.FAILED: frozenset({_S.PLANNED, _S.COMMITTED}),
    _S.CONFLICT: frozenset({_S.PLANNED}),
}

#: States in which a request that changes the destination may be under way, or may have been lost.
OPEN = frozenset({_S.BACKUP_INTENT, _S.WRITE_INTENT, _S.MPU_OPEN, _S.COMPLETE_INTENT})
#: What recovery settles before anything else happens: the open states, and a saved copy without its write.
UNSETTLED = OPEN | {_S.BACKED_UP}


class Undo(StrEnum):
    """Where one object stands, going back."""

    NONE = ""
    RESTORE_INTENT = "rb-restore-intent"
    RESTORED = "rb-restored"
    DELETE_INTENT = "rb-delete-intent"
    DELETED = "rb-deleted"
    DONE = "rb-done"
    NOT_OURS = "rb-not-ours"
    LOCKED = "rb-locked"
    LOST = "rb-lost"
    HUMAN = "rb-human"
    KEPT_LAST_COPY = "rb-kept-last-copy"


#: Undo ended, and something of the run had to stay.
LEFT_IN_PLACE = frozenset({Undo.NOT_OURS, Undo.LOCKED, Undo.LOST, Undo.HUMAN, Undo.KEPT_LAST_COPY})
#: Undo ended, and the key is as it was.
BACK = frozenset({Undo.DONE, Undo.DELETED, Undo.RESTORED})


class Prior(StrEnum):
    """What our write replaced, and so how it can come back.

    ABSENT   nothing: removing our object is all
    VERSION  the bucket kept it below ours: removing exactly our version brings it back
    SAVED    a copy of it was kept aside before we wrote
    MARKER   a delete marker without a version id of its own, which our write replaced
    LOST     it is gone: the job allowed that, or the bucket's versioning changed meanwhile
    """

    ABSENT = "absent"
    VERSION = "version"
    SAVED = "saved"
    MARKER = "marker"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Undone:
    """What became of one key: `action` is removed, restored, gone, never-ours or left."""

    action: str
    undo: Undo
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Trace:
    """What the journal knows about one object when it has to be undone."""

    token: str  #: the token of our write, empty where the job writes none
    etag: str  #: as answered to our write, empty where no answer was recorded
    version_id: str | None
    prior: Prior


@dataclass(frozen=True, slots=True)
class SourceNow:
    """Whether the source still holds the object as journalled (key, size and ETag)."""

    holds_it: bool


class Verdict(StrEnum):
    """What rollback does about one object.

    REMOVE_HIDDEN: our version lies below somebody else's; only ours goes. NEVER_WRITTEN: what was intended
    left no trace. ALREADY_BACK: a rollback before this one was interrupted right after it.
    """

    DELETE = "delete"
    DELETE_VERSION = "delete-version"
    REMOVE_HIDDEN = "remove-hidden"
    RESTORE = "restore"
    MARK_DELETED = "mark-deleted"
    NOTHING_THERE = "nothing-there"
    NEVER_WRITTEN = "never-written"
    ALREADY_BACK = "already-back"
    LEAVE_FOREIGN = "leave-foreign"
    LEAVE_LAST_COPY = "leave-last-copy"
    LEAVE_LOST = "leave-lost"
    LEAVE_LOCKED = "leave-locked"
    ASK = "ask"


#: Verdicts that change the destination.
ACTS = frozenset(
    {
        Verdict.DELETE,
        Verdict.DELETE_VERSION,
        Verdict.REMOVE_HIDDEN,
        Verdict.RESTORE,
        Verdict.MARK_DELETED,
    }
)


def token_for(run: str, seq: int, attempt: int) -> str:
    """The ownership token: `<run>.<seq>.<attempt>`, at most 48 bytes."""
    return f"{run}.{seq}.{attempt}"


def same_operation(token: str, other: str) -> bool:
    """True where two tokens belong to the same object of the same run, whichever attempt wrote them."""
    return bool(token) and token.rpartition(".")[0] == other.rpartition(".")[0]


def run_of(token: str) -> str:
    """The run that a token names; empty where it is no token of ours."""
    parts = token.split(".")
    return parts[0] if len(parts) == 3 else ""


def seq_of(token: str) -> int | None:
    """The number of the object in its run that a token names; None where it is no token of ours."""
    parts = token.split(".")
    return int(parts[1]) if len(parts) == 3 and parts[1].isascii() and parts[1].isdigit() else None


def is_real(version_id: str | None) -> bool:
    """True for a version id of its own: such a version is never replaced, only hidden or removed."""
    return version_id not in (None, "", "null")


def is_ours(trace: Trace, there: ObjectHead) -> bool:
    """True where what is there is provably what we wrote.

    A version id proves it alone. Else the token must match and, where the answer to our write was
    recorded, the ETag too: equal bytes of another writer have the same ETag, but not our token.
    """
    if is_real(trace.version_id) and there.version_id == trace.version_id:
        return True
    if trace.etag and there.etag != trace.etag:
        return False
    return same_operation(trace.token, there.token)


def verdict(trace: Trace, there: ObjectHead | None, source: SourceNow, *, even_last_copy: bool) -> Verdict:
    """What to do about one key, from what the journal knows and what is there now.

    | there now | it replaced              | source holds it | verdict                             |
    | --------- | ------------------------ | --------------- | ----------------------------------- |
    | nothing   | any                      | any             | NOTHING_THERE                       |
    | ours      | LOST                     | any             | LEAVE_LOST: nothing to restore      |
    | ours      | any other                | no              | LEAVE_LAST_COPY, unless waived      |
    | ours      | VERSION                  | yes             | DELETE_VERSION: the old one is back |
    | ours      | SAVED                    | yes             | RESTORE                             |
    | ours      | MARKER                   | yes             | MARK_DELETED                        |
    | ours      | ABSENT, ours has an id   | yes             | DELETE_VERSION                      |
    | ours      | ABSENT, ours has none    | yes             | DELETE                              |
    | not ours  | any                      | any             | LEAVE_FOREIGN                       |
    | etag equal, no token of ours was written | any | any  | ASK: nobody can tell                |
    """
    if there is None:
        return Verdict.NOTHING_THERE
    if not is_ours(trace, there):
        looks_like_it = not trace.token and bool(trace.etag) and there.etag == trace.etag
        return Verdict.ASK if looks_like_it else Verdict.LEAVE_FOREIGN
    if trace.prior is Prior.LOST:
        return Verdict.LEAVE_LOST
    if not source.holds_it and not even_last_copy:
        return Verdict.LEAVE_LAST_COPY
    match trace.prior:
        case Prior.SAVED:
            return Verdict.RESTORE
        case Prior.MARKER:
            return Verdict.MARK_DELETED
        case Prior.VERSION:
            return Verdict.DELETE_VERSION
        case Prior.ABSENT:
            # A null version too is removed by its id: a plain delete would leave a marker behind.
            return Verdict.DELETE if there.version_id is None else Verdict.DELETE_VERSION
