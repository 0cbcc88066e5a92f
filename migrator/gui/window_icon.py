"""The icon of the window, for the title bar and the task bar. `tools/draw_icon.py` draws it."""

from __future__ import annotations

import tkinter as tk
from pathlib import Path

FOLDER = Path(__file__).with_name("icon")
#: Largest first: some systems take the first one that is not too small.
SIZES = (256, 128, 64, 48, 32, 24, 16)


def put_on(root: tk.Tk) -> None:
    """Give `root`, and every window it opens later, the icon. Raises OSError where a picture is missing."""
    pictures = [tk.PhotoImage(master=root, data=(FOLDER / f"{size}.png").read_bytes()) for size in SIZES]
    root.iconphoto(True, *pictures)
    # Tk forgets a picture that no Python object holds.
    root.window_icon = pictures  # type: ignore[attr-defined]
