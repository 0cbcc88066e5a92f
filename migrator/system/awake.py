"""Keeping the computer awake while something is under way.

Linux and macOS have programs that hold off sleep as long as a command of theirs runs. That command is `cat`,
reading from us: it ends when we say so, and also when we die. Windows is asked by a call, for this thread.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from migrator.system.processes import Child, Starter, start

_WHO = "AWS S3 <> Lyve Cloud Data Migration"
_WHY = "Objects are being copied"
#: Platform -> programs to try, the first that goes on running wins.
COMMANDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "linux": (
        ("systemd-inhibit", "--what=idle:sleep", f"--who={_WHO}", f"--why={_WHY}", "--mode=block", "cat"),
        ("gnome-session-inhibit", "--inhibit", "idle:suspend", "--reason", _WHY, "cat"),
        ("kde-inhibit", "--power", "cat"),
    ),
    "darwin": (("caffeinate", "-i", "cat"),),
}
#: Of `SetThreadExecutionState`: from now on, and do not sleep.
_CONTINUOUS, _SYSTEM_REQUIRED = 0x80000000, 0x00000001


class Awake:
    """Call `hold` now and then while there is work, and `release` at its end. Never raises."""

    def __init__(
        self,
        platform: str = sys.platform,
        starter: Starter = start,
        set_state: Callable[[int], object] | None = None,
    ) -> None:
        self._platform, self._start = platform, starter
        self._set_state = set_state or _set_state
        self._left: list[Sequence[str]] = []
        self._child: Child | None = None
        self._holds = False

    @property
    def is_held(self) -> bool:
        """Whether the system was asked, and has not refused."""
        return self._holds and (self._platform == "win32" or self._child is not None)

    def hold(self) -> None:
        """Ask, or see whether what was asked still holds: where it does not, the next way is tried."""
        if not self._holds:
            self._holds = True
            self._left = list(COMMANDS.get(self._platform, ()))
            if self._platform == "win32":
                self._set_state(_CONTINUOUS | _SYSTEM_REQUIRED)
        if self._child is not None and self._child.poll() is not None:
            self._child.end()
            self._child = None
        while self._child is None and self._left:
            try:
                self._child = self._start(self._left.pop(0))
            except OSError:
                continue  # there is no such program

    def release(self) -> None:
        """The computer may sleep again."""
        if not self._holds:
            return
        self._holds = False
        if self._platform == "win32":
            self._set_state(_CONTINUOUS)
        if self._child is not None:
            self._child.end()
            self._child = None


def _set_state(state: int) -> None:
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.kernel32.SetThreadExecutionState(state)
