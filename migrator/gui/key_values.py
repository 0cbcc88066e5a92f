"""What Settings shows of named sets of keys, as frozen values. Never a secret."""

from __future__ import annotations

from dataclasses import dataclass

from migrator.gui.status import Tone


@dataclass(frozen=True, slots=True)
class KeySetRow:
    """One set. `what`: the key as far as it may be shown; `where`: kept; `said`: what testing came to."""

    name: str
    what: str
    where: str
    said: str = ""
    said_tone: Tone = Tone.QUIET
    can_test: bool = True


@dataclass(frozen=True, slots=True)
class KeySetsScreen:
    """Every set by name. `where` says where this computer keeps keys; `empty` stands in for the rows."""

    rows: tuple[KeySetRow, ...] = ()
    where: str = ""
    empty: str = ""
    can_forget: bool = False
    why_not: str = ""  #: why nothing can be forgotten now
    said: str = ""  #: what forgetting came to
    said_tone: Tone = Tone.QUIET
