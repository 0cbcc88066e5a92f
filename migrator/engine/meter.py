"""Counting bytes as they move, for progress and for the bandwidth limit."""

from __future__ import annotations

import threading

from migrator.engine.ports import Ports
from migrator.errors import Cancelled


class Meter:
    """Bytes read from the source so far, whole run and for each object; also the brake. Thread-safe."""

    def __init__(self, ports: Ports, limit_bytes_s: int = 0) -> None:
        self._ports = ports
        self._limit = limit_bytes_s
        self._lock = threading.Lock()
        self._total = 0
        self._by_object: dict[int, int] = {}
        self._next_free = 0.0

    def moved(self, seq: int, count: int) -> None:
        """Another `count` bytes of object `seq` went through; waits where a limit says so.

        Raises:
            Cancelled: somebody insisted on stopping.
        """
        with self._lock:
            self._total += count
            self._by_object[seq] = self._by_object.get(seq, 0) + count
            delay = self._book(count) if self._limit else 0.0
        if delay > 0:
            self._ports.wait(delay)
        if self._ports.stop.is_urgent:
            raise Cancelled

    def _book(self, count: int) -> float:
        """Seconds to wait so that all threads together keep the limit."""
        now = self._ports.now()
        self._next_free = max(self._next_free, now) + count / self._limit
        return self._next_free - now

    def forget(self, seq: int) -> None:
        """The object is settled."""
        with self._lock:
            self._by_object.pop(seq, None)

    def snapshot(self) -> tuple[int, dict[int, int]]:
        """Bytes in all, and for each object under way (at most as many as are in flight)."""
        with self._lock:
            return self._total, dict(self._by_object)
