"""Drawing attention to the window, where the desktop has no notifications for us."""

from __future__ import annotations

import sys
import tkinter as tk

_ROOT_OF = 2  #: of `GetAncestor`


def attract(root: tk.Tk) -> None:
    """A bell; on Windows the button in the task bar flashes too. Nothing where the window is gone."""
    try:
        root.bell()
        if sys.platform == "win32":
            import ctypes

            user32 = ctypes.windll.user32
            user32.FlashWindow(user32.GetAncestor(root.winfo_id(), _ROOT_OF), True)
    except tk.TclError:
        pass  # it is being closed
