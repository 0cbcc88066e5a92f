"""A word to somebody who looks elsewhere: a notification of the desktop, or at least a sign.

Where there is no program for it (Windows, a bare X server) the window draws attention to itself.
"""

from __future__ import annotations

import html
import sys
from collections.abc import Callable, Sequence

from migrator.system.processes import Child, Starter, start

_NAME = "AWS S3 <> Lyve Cloud Data Migration"
#: Texts are handed over as arguments, never as part of a script.
_SCRIPT = (
    "on run argv",
    "display notification (item 2 of argv) with title (item 1 of argv)",
    "end run",
)
MOST_CHARS = 300


class Notices:
    """`sign`: what to do where there is no program for it. Never raises; nobody waits for the program."""

    def __init__(
        self, sign: Callable[[], None], platform: str = sys.platform, starter: Starter = start
    ) -> None:
        self._sign, self._platform, self._start = sign, platform, starter
        self._child: Child | None = None

    def tell(self, title: str, text: str) -> None:
        """Show a notification."""
        command = self._command(title[:MOST_CHARS], text[:MOST_CHARS])
        if command is None:
            self._sign()
            return
        if self._child is not None and self._child.poll() is None:
            self._sign()  # the last one still waits for the desktop: this one would, too
            return
        self.close()
        try:
            self._child = self._start(command)
        except OSError:
            self._sign()

    def close(self) -> None:
        """Let go of the program that showed the last one."""
        if self._child is not None:
            self._child.end()
            self._child = None

    def _command(self, title: str, text: str) -> Sequence[str] | None:
        if self._platform == "darwin":
            lines = [part for line in _SCRIPT for part in ("-e", line)]
            return ["osascript", *lines, "--", title, text]
        if self._platform == "linux":
            # Its text is markup; a title is not.
            return ["notify-send", f"--app-name={_NAME}", "--", title, html.escape(text, quote=False)]
        return None
