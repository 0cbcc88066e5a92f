"""The system as the window needs it, in one hand; and one that does nothing, for tests and previews."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Protocol

from migrator.system.awake import Awake
from migrator.system.notices import Notices
from migrator.system.processes import Child, Starter, start

_OPENERS = {"darwin": "open", "linux": "xdg-open"}


class System(Protocol):
    """What the window asks for."""

    def keep_awake(self, *, awake: bool) -> None:
        """Whether the computer must not sleep now. Called often."""

    def notify(self, title: str, text: str) -> None:
        """Tell somebody who looks elsewhere."""

    def open_folder(self, path: str) -> str:
        """Show a folder; why that failed, or nothing."""

    def start_demo(self) -> str:
        """Open the demo in a window of its own; why that failed, or nothing."""

    def demo(self) -> str:
        """How the demo stands that was started: `none` (it was closed, or never was), `open`, `failed`."""

    def close(self) -> None:
        """Let go of everything."""


class Nothing:
    """A system that does nothing."""

    def keep_awake(self, *, awake: bool) -> None:
        pass

    def notify(self, title: str, text: str) -> None:
        pass

    def open_folder(self, path: str) -> str:  # noqa: ARG002
        return ""

    def start_demo(self) -> str:
        return ""

    def demo(self) -> str:
        return "none"

    def close(self) -> None:
        pass


class Computer:
    """The one we run on. `sign`: how the window draws attention where there are no notifications."""

    def __init__(
        self,
        sign: Callable[[], None],
        platform: str = sys.platform,
        starter: Starter = start,
        awake: Awake | None = None,
        open_path: Callable[[str], None] | None = None,
    ) -> None:
        self._platform, self._start = platform, starter
        self._awake = awake or Awake(platform, starter)
        self._notices = Notices(sign, platform, starter)
        self._open_path = open_path or _start_file
        self._opener: Child | None = None
        self._demo: Child | None = None

    def keep_awake(self, *, awake: bool) -> None:
        if awake:
            self._awake.hold()
        else:
            self._awake.release()

    def notify(self, title: str, text: str) -> None:
        self._notices.tell(title, text)

    def open_folder(self, path: str) -> str:
        if not os.path.isdir(path):
            return "it is not there"
        try:
            if self._platform == "win32":
                self._open_path(path)
                return ""
            if self._opener is not None and self._opener.poll() is not None:
                self._opener.end()
            self._opener = self._start([_OPENERS.get(self._platform, "xdg-open"), path])
        except OSError as cause:
            return (cause.strerror or str(cause)).lower()
        return ""

    def start_demo(self) -> str:
        is_executable = getattr(sys, "frozen", False)
        try:
            self._demo = self._start([sys.executable, *(() if is_executable else ("-m", "migrator")), "demo"])
        except OSError as cause:
            return (cause.strerror or str(cause)).lower()
        return ""

    def demo(self) -> str:
        if self._demo is None:
            return "none"
        code = self._demo.poll()
        if code is None:
            return "open"
        self._demo.end()  # nothing is left of it but its exit code
        self._demo = None
        return "failed" if code else "none"

    def close(self) -> None:
        # A demo that is still open has a window of its own, and ends when somebody closes that.
        self._awake.release()
        self._notices.close()


def _start_file(path: str) -> None:
    if sys.platform == "win32":
        os.startfile(path)  # noqa: S606  (a folder of ours)
