"""What ought to happen to one listed object: a pure decision."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from migrator.model.objects import KEY_LIMIT_BYTES, ObjectVersion, key_bytes
from migrator.model.parts import MAX_OBJECT_BYTES

#: Storage classes that cannot be read without a restore. The listing names them; GLACIER_IR reads at once.
ARCHIVED = frozenset({"GLACIER", "DEEP_ARCHIVE"})


@dataclass(frozen=True, slots=True)
class Copy:
    """Bring it over; `replaces` is what the destination holds under this key now."""

    replaces: ObjectVersion | None = None


@dataclass(frozen=True, slots=True)
class Same:
    """Both ends hold the same content already."""


@dataclass(frozen=True, slots=True)
class Filtered:
    """Left out by a rule of the job: one of `model.filters.RULES`."""

    rule: str


@dataclass(frozen=True, slots=True)
class Unsupported:
    """Cannot be carried over whole: `archived`, `too-large`, `key-too-long`; while copying also
    `missing-meta`, `tags`, `tags-unsupported`, `marker`."""

    reason: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """The destination has something under this key that must not be touched.

    `exists`: any object is refused; `different-content`: not provably the same;
    `different-history`: of a whole history, not the one we know; while copying also
    `changed-meanwhile`, and `cannot-undo`: replacing it could not be undone.
    """

    reason: str


Action = Copy | Same | Filtered | Unsupported | Conflict


class Proof(StrEnum):
    """What the journals of earlier runs of the same migration prove about one key."""

    NOTHING = "nothing"
    SAME = "same"  #: both ends are as they were when an earlier run proved them equal
    OURS = "ours"  #: the destination's object was written by an earlier run and not touched since


@dataclass(frozen=True, slots=True)
class Rules:
    """What a decision depends on besides the two objects."""

    existing: str
    compare_size_only: bool  #: the job says `verify = "size"`


_COPY = Copy()


def decide(
    listed: ObjectVersion,
    destination_key: str,
    there: ObjectVersion | None,
    rules: Rules,
    proof: Proof = Proof.NOTHING,
) -> Action:
    """What to do about an object that no filter left out.

    | there           | skip     | refuse   | skip-same             | overwrite        |
    | --------------- | -------- | -------- | --------------------- | ---------------- |
    | nothing         | copy     | copy     | copy                  | copy             |
    | same            | filtered | conflict | same                  | same             |
    | ours, outdated  | filtered | conflict | copy                  | copy             |
    | something else  | filtered | conflict | conflict              | copy             |

    What is replaced is kept aside first, where the destination's versions do not keep it; where that cannot
    be done either, copying sets the object aside (`cannot-undo`).
    """
    reason = unsupported(listed, destination_key)
    if reason:
        return reason
    if there is None:
        return _COPY
    if rules.existing == "skip":
        return Filtered("exists")
    if rules.existing == "refuse":
        return Conflict("exists")
    if proof is Proof.SAME or is_same_content(listed, there, compare_size_only=rules.compare_size_only):
        return Same()
    if rules.existing == "skip-same" and proof is not Proof.OURS:
        return Conflict("different-content")
    return Copy(replaces=there)


def unsupported(listed: ObjectVersion, destination_key: str) -> Unsupported | None:
    """Why an object cannot be carried over, as far as its listing tells."""
    if listed.storage_class in ARCHIVED:
        return Unsupported("archived")
    if listed.size_bytes > MAX_OBJECT_BYTES:
        return Unsupported("too-large")
    if 4 * len(destination_key) > KEY_LIMIT_BYTES < len(key_bytes(destination_key)):
        return Unsupported("key-too-long")
    return None


def is_same_content(one: ObjectVersion, other: ObjectVersion, *, compare_size_only: bool = False) -> bool:
    """True where two listings prove equal bytes.

    Equal sizes and equal ETags do: an ETag is a digest of the bytes (or of the parts' digests), or an
    opaque value that another end would not repeat by accident. Different ETags prove nothing.
    """
    if one.size_bytes != other.size_bytes:
        return False
    return compare_size_only or (bool(one.etag) and one.etag == other.etag)
