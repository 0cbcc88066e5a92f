"""The Plan page as frozen values: what happens to each object, what is to decide, what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from migrator.gui.screen_parts import Banner, Head
from migrator.gui.status import Tone


class Spent(Enum):
    """How far a run has carried the plan out; what it says of both sides is not so any more, unless `NO`."""

    NO = "no"
    UNDER_WAY = "under-way"
    IN_PART = "in-part"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Share:
    """One outcome of a plan: how many objects, what is said about them. `role` is the colour of its part."""

    outcome: str
    text: str
    count: str
    size: str
    note: str
    fraction: float
    role: str
    note_tone: Tone = Tone.QUIET


@dataclass(frozen=True, slots=True)
class Decision:
    """Something to decide, or to know, before data moves.

    `choices` (answer -> words) are a list where there are several, a button where there is one; none: it is
    told only. `answered` has the words for what was decided; then it can be changed.
    """

    name: str
    title: str
    text: str
    tone: Tone
    choices: Mapping[str, str] = field(default_factory=dict)
    answered: str = ""

    @property
    def is_open(self) -> bool:
        return bool(self.choices) and not self.answered


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key of the plan: what happens to it, and why."""

    key: str
    size: str
    what: str
    why: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class KeysScreen:
    """Find a key. `outcome` is the chosen one of `outcomes` (outcome -> words). With every `turn` somebody
    pointed at a key from elsewhere, and its row is what is worked with now."""

    text: str
    outcome: str
    outcomes: Mapping[str, str]
    rows: tuple[KeyRow, ...]
    note: str
    empty: str
    turn: int = 0


@dataclass(frozen=True, slots=True)
class CostRow:
    """One line of the estimate; `is_sum` are those that count."""

    text: str
    amount: str
    money: str
    is_sum: bool = False


@dataclass(frozen=True, slots=True)
class CostScreen:
    """What it costs and how long it takes; `note` says by which prices and what goes through here."""

    rows: tuple[CostRow, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Bin:
    """One bar of the histogram."""

    label: str
    count: int
    shown: str


@dataclass(frozen=True, slots=True)
class PlanScreen:
    """Plan. While one is being made there are shares that still grow and nothing else."""

    head: Head
    banner: Banner | None = None
    shares: tuple[Share, ...] = ()
    total: str = ""
    decisions: tuple[Decision, ...] = ()
    keys: KeysScreen | None = None
    costs: CostScreen | None = None
    sizes: tuple[Bin, ...] = ()
    permissions: str = ""
    empty: str = ""
