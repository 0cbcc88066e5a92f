"""An object under way, and what it waits for where it does not get on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: Why an object does not get on: the end slowed us down, gives no answer, or fails; our own limit is used up.
Why = Literal["slowed", "silent", "failing", "limit"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """What an object waits for. `end`: for which one. `seconds`: until it is tried again; 0 while that is
    done, or where nobody knows."""

    why: Why
    end: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class ActiveTransfer:
    """One object under way, for a row on screen."""

    key: str
    size_bytes: int
    bytes_done: int
    part: int = 0  #: parts done, 0 of 0 for a single PUT
    parts: int = 0
    waiting: Waiting | None = None
