"""What a plan decided, added up: how many objects meet which fate, how large those to be copied are."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from migrator.model.plan import Action, Conflict, Copy, Filtered, Same, Unsupported

#: Upper bounds of the bins of `PlanMade.sizes`, in bytes, inclusive; the last bin has none.
SIZE_BINS = (1_000, 10_000, 100_000, 10**6, 10**7, 10**8, 10**9)


@dataclass(frozen=True, slots=True)
class Fate:
    """Objects with one outcome for one reason.

    `outcome`: `copy` (`reason`: `new` or `replace`), `same`, `filtered`, `conflict`, `unsupported` (`reason`:
    as the action has it).
    """

    outcome: str
    reason: str
    objects: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class PlanMade:
    """All fates of a plan; together they are everything that was listed. `sizes`: objects to copy by size."""

    fates: tuple[Fate, ...]
    sizes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One key of a plan. `last_modified` is ISO; the rest as in `Fate`."""

    key: str
    outcome: str
    reason: str
    size_bytes: int
    last_modified: str
    storage_class: str


@dataclass(frozen=True, slots=True)
class PlanRows:
    """Keys of the newest plan that were asked for by `text` and `outcome` (empty: any).

    `exact`: the text is the first row's key. `more`: there are others that would match too.
    """

    text: str
    outcome: str
    rows: tuple[PlanRow, ...]
    exact: bool = False
    more: bool = False


def fate_of(action: Action) -> tuple[str, str]:
    """Outcome and reason, as `Fate` has them."""
    match action:
        case Copy(replaces=None):
            return "copy", "new"
        case Copy():
            return "copy", "replace"
        case Same():
            return "same", ""
        case Filtered(rule):
            return "filtered", rule
        case Unsupported(reason):
            return "unsupported", reason
        case Conflict(reason):
            return "conflict", reason


def size_bin(size_bytes: int) -> int:
    """Which bin of `PlanMade.sizes` a size belongs to.

    >>> size_bin(0), size_bin(1_000), size_bin(1_001), size_bin(10**12)
    (0, 0, 1, 7)
    """
    return bisect_left(SIZE_BINS, size_bytes)
