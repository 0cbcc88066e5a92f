"""Opening the window: the one place where the window and the engine meet."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from migrator.gui.form import Form

NO_TKINTER = (
    "This Python has no tkinter, so there is no window. Install it (Debian, Ubuntu: apt-get install "
    "python3-tk; Fedora: dnf install python3-tkinter; macOS: brew install python-tk), or use the command "
    "line: migrator --help"
)
NO_DISPLAY = "There is no display, so there is no window. The command line works without: migrator --help"


def why_no_window() -> str:
    """Why a window cannot be opened, empty where it can."""
    try:
        import tkinter
    except ImportError:
        return NO_TKINTER
    if sys.platform not in {"win32", "darwin"} and not os.environ.get("DISPLAY"):
        return NO_DISPLAY
    try:
        tkinter.Tcl()
    except tkinter.TclError:
        return NO_TKINTER
    return ""


def open_desktop(prefill: Callable[[], Form] | None = None) -> int:
    """Open the window and stay until it is closed. `prefill` fills the form (the demo does)."""
    reason = why_no_window()
    if reason:
        print(f"migrator: {reason}", file=sys.stderr)
        return 2
    from migrator.engine.home import home
    from migrator.engine.remote import EngineProcess
    from migrator.gui.app import open_window
    from migrator.preferences import PreferencesFile

    service = EngineProcess(home(), is_demo=prefill is not None)
    form = prefill() if prefill else None
    preferences = PreferencesFile(home() / "window.json")
    return open_window(
        service, prefill=form, demo=prefill is not None, preferences=preferences, folder=str(home() / "runs")
    )
