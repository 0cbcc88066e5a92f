"""How many bytes may move by now: a limit that all threads share, kept exactly also while it is changed.

Bytes are paid for before they move. Each payment gets its place in one line of bytes, and may be used when
the line has come so far; so no thread has to know of another.
"""

from __future__ import annotations

#: What was not used in so many seconds may be used later. Threads wake a little late, and read and write
#: in turn: without this the limit would never be reached. Over ten seconds it is 3 %.
CARRY_S = 0.3
UNUSED_S = 0.15
#: One thread pays for so many seconds' worth at once, so that all of them together stay near the line.
PIECE_S = 0.05
MOST_PIECE_BYTES = 256 * 1024


def piece_bytes(limit_bytes_s: float) -> int:
    """What may move in one piece."""
    return max(1, min(MOST_PIECE_BYTES, int(limit_bytes_s * PIECE_S)))


class Allowance:
    """Time comes in from outside, in seconds that never go back. Not thread-safe."""

    def __init__(self, limit_bytes_s: float, now_s: float) -> None:
        """0: no limit."""
        self.limit_bytes_s = limit_bytes_s
        self._since_s = now_s
        self._base = 0.0  # where the line had come then
        self._paid = 0.0  # the place of the last payment

    def change(self, limit_bytes_s: float, now_s: float) -> None:
        """From now on. What was paid for and not used keeps its place in the line."""
        # Without a limit nobody stood in line: it begins where the last payment was.
        self._base = self._line(now_s) if self.limit_bytes_s else self._paid
        self._since_s = now_s
        self.limit_bytes_s = limit_bytes_s

    def pay(self, count: float, now_s: float) -> float:
        """Book `count` bytes more; returns their place, see `wait_s`."""
        carried = self._line(now_s) - CARRY_S * self.limit_bytes_s
        self._paid = max(self._paid, carried) + count
        return self._paid

    def is_unused(self, now_s: float) -> bool:
        """Whether more could move than is paid for: for a while now, not because somebody is just late."""
        return self._line(now_s) - self._paid >= UNUSED_S * self.limit_bytes_s

    def wait_s(self, place: float, now_s: float) -> float:
        """Seconds until what was paid for may move; 0 or less: it may."""
        if not self.limit_bytes_s:
            return 0.0
        return (place - self._line(now_s)) / self.limit_bytes_s

    def _line(self, now_s: float) -> float:
        return self._base + (now_s - self._since_s) * self.limit_bytes_s
