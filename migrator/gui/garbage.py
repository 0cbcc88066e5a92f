"""Python's search for cycles, done by the window's own thread in moments that suit it.

Left alone, it starts in whichever thread makes the object too many. In this program that is mostly the one
that receives events: the window then stands still, 25 ms or more, for all that was imported and built is
searched each time. And a Tk variable that is collected by another thread calls into Tk from there.
"""

from __future__ import annotations

import gc
from typing import Protocol

#: New objects that could be part of a cycle; looking through so many takes about a millisecond.
YOUNG = 20_000
#: Searches of the young before all of the others are looked through as well.
ROUNDS = 20


class Garbage(Protocol):
    """What a window asks of whoever collects."""

    def settle(self) -> None:
        """What is there now stays: do not look through it each time."""

    def tick(self) -> None:
        """A moment in which the window has time."""


class LeftAlone:
    """Collects nothing: for windows in a process that belongs to others."""

    def settle(self) -> None: ...

    def tick(self) -> None: ...


class OwnGarbage:
    """Collects in `tick` only, until `close`. One for each process."""

    def __init__(self) -> None:
        self._was_enabled = gc.isenabled()
        self._rounds, self._is_settled = 0, False
        gc.disable()

    def settle(self) -> None:
        if self._is_settled:  # not at first: there is no garbage yet, and the window waits to be painted
            gc.unfreeze()
            gc.collect()
        gc.freeze()
        self._is_settled = True

    def tick(self) -> None:
        if gc.get_count()[0] < YOUNG:
            return
        self._rounds = (self._rounds + 1) % ROUNDS
        gc.collect(0 if self._rounds else 2)

    def close(self) -> None:
        if self._is_settled:
            gc.unfreeze()
        if self._was_enabled:
            gc.enable()
