"""Small works beside a run, one after the other, each on a thread that ends with it."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Errands:
    """Methods return at once. Each work begins when the one before has ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # of the line
        self._last: threading.Thread | None = None

    def do(self, name: str, work: Callable[[], None]) -> None:
        """Put a work at the end of the line; it tells by itself how it went, and raises nothing."""
        with self._lock:
            before = self._last
            self._last = threading.Thread(target=_after, args=(before, work), name=name, daemon=True)
            self._last.start()

    def join(self, timeout_s: float) -> bool:
        """Wait for all that was asked for; True where everything has ended."""
        with self._lock:
            last = self._last
        if last is None:
            return True
        last.join(timeout_s)  # it has waited for those before it
        return not last.is_alive()


def _after(before: threading.Thread | None, work: Callable[[], None]) -> None:
    if before is not None:
        before.join()
    work()
