"""How fast each object under way moves: a mean that forgets, told once a second, so that it can be read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import exp

from migrator.model.active import ActiveTransfer
from migrator.model.sizes import show_size

#: What was measured so long ago counts a third of what is measured now.
FORGETS_S = 4.0
#: Progress comes ten times a second, and parts end in bursts: nothing is measured over less.
LEAST_S = 0.25
#: A speed that is told stays for so long.
STAYS_S = 1.0
#: An object of which no byte has moved for so long has no speed.
SILENT_S = 5.0
NO_SPEED = "–"


@dataclass(slots=True)
class _Measured:
    """One object: what was seen of it last, and what is told of it."""

    at: float
    bytes_done: int
    moved_at: float
    bytes_s: float | None = None
    told: str = NO_SPEED
    told_at: float = float("-inf")


class Speeds:
    """Of the objects under way, by key; those that are not any more are forgotten at once."""

    def __init__(self) -> None:
        self._by_key: dict[str, _Measured] = {}

    def take(self, active: Iterable[ActiveTransfer], now: float) -> None:
        """What is under way at this moment."""
        before, self._by_key = self._by_key, {}
        for each in active:
            found = before.get(each.key)
            if found is None or each.bytes_done < found.bytes_done:  # new, or begun once more
                found = _Measured(now, each.bytes_done, now)
            elif now - found.at >= LEAST_S:
                _measure(found, each.bytes_done, now)
            self._by_key[each.key] = found

    def of(self, key: str, now: float) -> str:
        """`8.4 MB/s`; a dash while nothing is known, or nothing moves."""
        found = self._by_key.get(key)
        if found is None:
            return NO_SPEED
        if now - found.told_at >= STAYS_S:
            is_silent = found.bytes_s is None or now - found.moved_at >= SILENT_S
            found.told = NO_SPEED if is_silent else f"{show_size(round(found.bytes_s or 0))}/s"
            found.told_at = now if found.bytes_s is not None else found.told_at
        return found.told

    def __len__(self) -> int:
        return len(self._by_key)


def _measure(found: _Measured, bytes_done: int, now: float) -> None:
    passed, moved = now - found.at, bytes_done - found.bytes_done
    weight = 1.0 - exp(-passed / FORGETS_S)
    if found.bytes_s is not None:
        found.bytes_s += weight * (moved / passed - found.bytes_s)
    elif moved:
        found.bytes_s = moved / passed
    if moved:
        found.moved_at = now
    found.at, found.bytes_done = now, bytes_done
