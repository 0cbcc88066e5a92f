"""One thread that keeps the requests of a session from waiting longer than they may.

Stores that can be interrupted leave it to this thread to notice that nothing comes any more: a time limit on
each of their waits would cost two calls of the operating system instead of one. Asked to break off at once,
it wakes whoever still waits, so that stopping takes a second and not a timeout.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from migrator.engine.ports import Stop
from migrator.store.base import ObjectStore
from migrator.store.retrying import without_patience

EVERY_S = 0.5


@runtime_checkable
class Watchable(Protocol):
    """A store whose waits have no limit of their own once it is watched."""

    def watch(self) -> None:
        """From now on `break_off_late` is called again and again, until all threads have ended."""
        ...

    def break_off_late(self) -> None:
        """Interrupt requests of which nothing was heard for too long."""
        ...

    def interrupt(self) -> None:
        """Interrupt every request."""
        ...


class Watchdog:
    """Watches the stores of a session until `close`."""

    def __init__(self, stores: Sequence[ObjectStore], stop: Stop) -> None:
        self._stores = [store for each in stores if isinstance(store := without_patience(each), Watchable)]
        self._stop = stop
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        if self._stores:
            for store in self._stores:
                store.watch()
            self._thread.start()

    def close(self) -> None:
        """After the threads that send requests."""
        self._is_over.set()
        if self._stores:
            self._thread.join()

    def _watch(self) -> None:
        while not self._is_over.wait(EVERY_S):
            for store in self._stores:
                if self._stop.is_urgent:
                    store.interrupt()
                else:
                    store.break_off_late()
