"""Counting bytes as they move, for progress and for the bandwidth limit; and who waits for what."""

from __future__ import annotations

import threading

from migrator.engine.ports import Ports
from migrator.engine.waits import Waits
from migrator.errors import Cancelled
from migrator.model.allowance import Allowance, piece_bytes

#: Whoever waits for the limit looks so often whether it was changed.
LOOK_S = 0.25
#: And whoever waits to begin a body, whether there is room for it. Shorter than what may be carried over.
BEGIN_S = 0.1
#: Nobody waits for less: a clock may not even tell it.
LEAST_S = 1e-6
#: With a limit everybody waits a little between two pieces: only longer waits are told.
TOLD_S = 1.0


class Meter:
    """Bytes read from the source so far, whole run and for each object; also the brake. Thread-safe."""

    def __init__(self, ports: Ports, limit_bytes_s: int = 0) -> None:
        self._ports = ports
        self._lock = threading.Lock()
        self._total = 0
        self._by_object: dict[int, int] = {}
        self._allowance = Allowance(limit_bytes_s, ports.now())
        self._bodies = 0  # that come in many pieces
        self.limit_bytes_s = limit_bytes_s  #: 0: none
        self.waits = Waits(ports.now)
        self.has_waited = False  #: for the limit, since somebody made this False

    def change(self, limit_bytes_s: int) -> None:
        """Another limit from now on, also for bodies that are under way."""
        with self._lock:
            self._allowance.change(limit_bytes_s, self._ports.now())
            self.limit_bytes_s = limit_bytes_s

    def flow(self, seq: int, size_bytes: int) -> Flow:
        """For the body of `size_bytes` that is about to be asked for."""
        return Flow(self, seq, size_bytes)

    def moved(self, seq: int, count: int) -> None:
        """Another `count` bytes of object `seq` went through.

        Raises:
            Cancelled: somebody insisted on stopping.
        """
        with self._lock:
            self._total += count
            self._by_object[seq] = self._by_object.get(seq, 0) + count
        if self._ports.stop.is_urgent:
            raise Cancelled

    def begin(self) -> None:
        """Wait until a body that comes in many pieces may be asked for: there is none, or those there are do
        not use up the limit. So bodies end one after the other, and no connection waits long.

        Raises:
            Cancelled: somebody insisted on stopping.
        """
        if not self._may_begin():
            self.waits.begin("limit")
            self._wait_to_begin()
            self.waits.over()

    def _wait_to_begin(self) -> None:
        while True:
            self.has_waited = True
            if self._ports.wait(BEGIN_S):
                if self._ports.stop.is_urgent:
                    raise Cancelled
                with self._lock:
                    self._bodies += 1
                return
            if self._may_begin():
                return

    def end(self) -> None:
        """The body came, or will not come."""
        with self._lock:
            self._bodies -= 1

    def _may_begin(self) -> bool:
        with self._lock:
            if self.limit_bytes_s and self._bodies and not self._allowance.is_unused(self._ports.now()):
                return False
            self._bodies += 1
            return True

    def pay(self, count: int) -> None:
        """Wait until `count` bytes more may move. A run that stops finishes what is under way at full speed.

        Raises:
            Cancelled: somebody insisted on stopping.
        """
        with self._lock:
            place = self._allowance.pay(count, self._ports.now())
        is_told = False
        while True:
            with self._lock:
                delay = self._allowance.wait_s(place, self._ports.now())
            if delay < LEAST_S:
                break
            self.has_waited = True
            if delay >= TOLD_S and not is_told:
                self.waits.begin("limit")
                is_told = True
            if self._ports.wait(min(delay, LOOK_S)):
                if self._ports.stop.is_urgent:
                    raise Cancelled
                break
        if is_told:
            self.waits.over()

    def forget(self, seq: int) -> None:
        """The object is settled."""
        with self._lock:
            self._by_object.pop(seq, None)

    def snapshot(self) -> tuple[int, dict[int, int]]:
        """Bytes in all, and for each object under way (at most as many as are in flight)."""
        with self._lock:
            return self._total, dict(self._by_object)


class Flow:
    """One body on its way, an `OnBytes` for the store that reads it. Of one thread.

    Entered before the request is sent: where there is a limit, that is when it waits.
    """

    __slots__ = ("_has_begun", "_left", "_meter", "_paid", "_seq", "_size")

    def __init__(self, meter: Meter, seq: int, size_bytes: int) -> None:
        self._meter = meter
        self._seq = seq
        self._size = self._left = size_bytes
        self._paid = 0  # and not used; below 0 where a store moved more than it was allowed
        self._has_begun = False

    def __enter__(self) -> Flow:
        limit = self._meter.limit_bytes_s
        if limit:
            if self._size > piece_bytes(limit):
                self._meter.begin()
                self._has_begun = True
            try:
                self.pay_ahead()
            except Cancelled:
                self.__exit__()
                raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._has_begun:
            self._has_begun = False
            self._meter.end()

    def __call__(self, count: int) -> int | None:
        meter = self._meter
        if count:
            self._left -= count
            meter.moved(self._seq, count)
        else:
            self._left = self._size  # from its beginning: perhaps not for the first time
        if not meter.limit_bytes_s:
            self._paid = 0
            return None
        self._paid -= count
        return self.pay_ahead()

    def pay_ahead(self) -> int:
        """Pay for what comes next, once all that was paid for has come; returns how many bytes may come."""
        if self._paid <= 0:
            wanted = min(piece_bytes(self._meter.limit_bytes_s), max(self._left, 0))
            if wanted > self._paid:
                self._meter.pay(wanted - self._paid)
            self._paid = wanted
        return max(self._paid, 1)
