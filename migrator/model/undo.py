"""The states of one object in a run, which may follow which, and what rollback may do about it.

The protocol is written for more than is used yet: saved copies (`backup-*`), tags set after the fact
(`sidecar-intent`) and the restore states wait for the kinds of destination that need them.

    planned -> prior-known -> [backup-intent -> backed-up] -> write-intent
            -> [mpu-open -> complete-intent] -> written -> verified -> [sidecar-intent] -> committed
    side     skipped, failed, ambiguous, conflict

    rb-planned -> rb-checked -> rb-restore-intent -> rb-restored
                              | rb-delete-intent -> rb-deleted
               -> rb-done
    ends       rb-not-ours, rb-locked, rb-lost, rb-human, rb-kept-last-copy
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from migrator.model.objects import ObjectHead


class State(StrEnum):
    """Where one object stands, going forward."""

    PLANNED = "planned"
    PRIOR_KNOWN = "prior-known"
    BACKUP_INTENT = "backup-intent"
    BACKED_UP = "backed-up"
    WRITE_INTENT = "write-intent"
    MPU_OPEN = "mpu-open"
    COMPLETE_INTENT = "complete-intent"
    WRITTEN = "written"
    VERIFIED = "verified"
    SIDECAR_INTENT = "sidecar-intent"
    COMMITTED = "committed"
    SKIPPED = "skipped"
    FAILED = "failed"
    AMBIGUOUS = "ambiguous"
    CONFLICT = "conflict"


_S = State
#: From each state, the states that may come next. FAILED and CONFLICT go back to the start when retried;
#: a write that is checked in the same step goes straight to COMMITTED.
NEXT: dict[State, frozenset[State]] = {
    _S.PLANNED: frozenset({_S.PRIOR_KNOWN, _S.WRITE_INTENT, _S.CONFLICT, _S.FAILED, _S.SKIPPED}),
    _S.PRIOR_KNOWN: frozenset({_S.BACKUP_INTENT, _S.WRITE_INTENT, _S.CONFLICT, _S.FAILED, _S.SKIPPED}),
    _S.BACKUP_INTENT: frozenset({_S.BACKED_UP, _S.PLANNED, _S.CONFLICT, _S.FAILED}),
    _S.BACKED_UP: frozenset({_S.WRITE_INTENT, _S.CONFLICT, _S.FAILED}),
    _S.WRITE_INTENT: frozenset(
        {_S.MPU_OPEN, _S.WRITTEN, _S.COMMITTED, _S.PLANNED, _S.FAILED, _S.CONFLICT, _S.AMBIGUOUS, _S.SKIPPED}
    ),
    _S.MPU_OPEN: frozenset({_S.COMPLETE_INTENT, _S.PLANNED, _S.FAILED, _S.CONFLICT, _S.SKIPPED}),
    _S.COMPLETE_INTENT: frozenset(
        {_S.WRITTEN, _S.COMMITTED, _S.MPU_OPEN, _S.PLANNED, _S.FAILED, _S.CONFLICT, _S.AMBIGUOUS}
    ),
    _S.WRITTEN: frozenset({_S.VERIFIED, _S.SIDECAR_INTENT, _S.FAILED, _S.CONFLICT}),
    _S.VERIFIED: frozenset({_S.SIDECAR_INTENT, _S.COMMITTED, _S.FAILED}),
    _S.SIDECAR_INTENT: frozenset({_S.VERIFIED, _S.COMMITTED, _S.FAILED}),
    _S.COMMITTED: frozenset(),
    _S.SKIPPED: frozenset(),
    _S.FAILED: frozenset({_S.PLANNED}),
    _S.AMBIGUOUS: frozenset({_S.WRITTEN, _S.PLANNED, _S.FAILED, _S.CONFLICT}),
    _S.CONFLICT: frozenset({_S.PLANNED}),
}

#: States in which a request that changes the destination may be under way, or may have been lost.
OPEN = frozenset(
    {_S.BACKUP_INTENT, _S.WRITE_INTENT, _S.MPU_OPEN, _S.COMPLETE_INTENT, _S.SIDECAR_INTENT, _S.AMBIGUOUS}
)
#: States after which the destination may hold something that we wrote.
MAY_HAVE_WRITTEN = OPEN | {_S.WRITTEN, _S.VERIFIED, _S.COMMITTED, _S.FAILED, _S.CONFLICT}


class Undo(StrEnum):
    """Where one object stands, going back."""

    NONE = ""
    PLANNED = "rb-planned"
    CHECKED = "rb-checked"
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


@dataclass(frozen=True, slots=True)
class Trace:
    """What the journal knows about one object when it has to be undone."""

    state: State
    token: str  #: the token of our write, empty where the job writes none
    etag: str  #: as answered to our write, empty where no answer was recorded
    version_id: str | None
    overwrote: bool  #: something was there before


@dataclass(frozen=True, slots=True)
class SourceNow:
    """Whether the source still holds the object as journalled (key, size and ETag)."""

    holds_it: bool


class Verdict(StrEnum):
    """What rollback does about one object."""

    DELETE = "delete"
    DELETE_VERSION = "delete-version"
    NOTHING_THERE = "nothing-there"
    LEAVE_FOREIGN = "leave-foreign"
    LEAVE_LAST_COPY = "leave-last-copy"
    LEAVE_LOST = "leave-lost"
    ASK = "ask"


def token_for(run: str, seq: int, attempt: int) -> str:
    """The ownership token: `<run>.<seq>.<attempt>`, at most 48 bytes."""
    return f"{run}.{seq}.{attempt}"


def same_operation(token: str, other: str) -> bool:
    """True where two tokens belong to the same object of the same run, whichever attempt wrote them."""
    return bool(token) and token.rpartition(".")[0] == other.rpartition(".")[0]


def is_ours(trace: Trace, there: ObjectHead) -> bool:
    """True where what is there is provably what we wrote.

    A version id proves it alone. Else the token must match and, where the answer to our write was
    recorded, the ETag too: equal bytes of another writer have the same ETag, but not our token.
    """
    if trace.version_id not in (None, "null") and there.version_id == trace.version_id:
        return True
    if trace.etag and there.etag != trace.etag:
        return False
    return same_operation(trace.token, there.token)


def verdict(trace: Trace, there: ObjectHead | None, source: SourceNow, *, even_last_copy: bool) -> Verdict:
    """What to do about one key, from what the journal knows and what is there now.

    | there now                | overwrote | source holds it | verdict                       |
    | ------------------------ | --------- | --------------- | ----------------------------- |
    | nothing                  | any       | any             | NOTHING_THERE                 |
    | ours                     | no        | yes             | DELETE, or by version if known |
    | ours                     | no        | no              | LEAVE_LAST_COPY, unless waived |
    | ours, version known      | yes       | yes             | DELETE_VERSION (old one is back) |
    | ours, no version         | yes       | any             | LEAVE_LOST: nothing to restore |
    | not ours                 | any       | any             | LEAVE_FOREIGN                 |
    | etag equal, no token of ours was written | any | any  | ASK: nobody can tell          |
    """
    if there is None:
        return Verdict.NOTHING_THERE
    if not is_ours(trace, there):
        looks_like_it = not trace.token and bool(trace.etag) and there.etag == trace.etag
        return Verdict.ASK if looks_like_it else Verdict.LEAVE_FOREIGN
    # The answer to our write, and the version id in it, may have been lost: what is there tells both.
    has_version = (trace.version_id or there.version_id) not in (None, "null")
    if trace.overwrote and not has_version:
        return Verdict.LEAVE_LOST
    if not source.holds_it and not even_last_copy:
        return Verdict.LEAVE_LAST_COPY
    return Verdict.DELETE_VERSION if has_version else Verdict.DELETE
