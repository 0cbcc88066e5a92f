"""What a person changes about a run while it goes on."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Literal

from migrator.config import MAX_THREADS
from migrator.errors import UsageError


@dataclass(frozen=True, slots=True)
class Wish:
    """`threads`: so many, or `auto`; `bandwidth_bytes_s`: 0 for no limit. None: as it is."""

    threads: int | Literal["auto"] | None = None
    bandwidth_bytes_s: int | None = None


def possible_wish(threads: int | Literal["auto"] | None, bandwidth_bytes_s: int | None) -> Wish:
    """The wish, where it can be granted.

    Raises:
        UsageError: it cannot.
    """
    if isinstance(threads, int) and not 1 <= threads <= MAX_THREADS:
        raise UsageError(f"{threads} threads are not possible. Allowed: 1 to {MAX_THREADS}.")
    if bandwidth_bytes_s is not None and bandwidth_bytes_s < 0:
        raise UsageError("A speed limit cannot be negative. 0 means no limit.")
    return Wish(threads, bandwidth_bytes_s)


class Wishes:
    """Between whoever changes something and the run that heeds it. Thread-safe; the last one counts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wish = Wish()
        self._is_new = False

    def put(self, wish: Wish) -> None:
        with self._lock:
            before = self._wish
            self._wish = Wish(
                before.threads if wish.threads is None else wish.threads,
                before.bandwidth_bytes_s if wish.bandwidth_bytes_s is None else wish.bandwidth_bytes_s,
            )
            self._is_new = True

    def take(self) -> Wish | None:
        """What was wished since the last time; None, as nearly always, where that is nothing."""
        if not self._is_new:
            return None
        with self._lock:
            wish, self._wish, self._is_new = self._wish, Wish(), False
            return wish
