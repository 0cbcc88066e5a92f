"""Shows the window in each of its states with made-up events, for human eyes.

    python -m tests.gui.preview                       the list of states
    python -m tests.gui.preview running               one state, until the window is closed
    python -m tests.gui.preview --save DIR [--size 1024x700] [--dark] [--translated] [STATE …]   a PNG of each
    python -m tests.gui.preview --all DIR             light, dark, small and translated ones of all states
    python -m tests.gui.preview --readme images       the pictures that README.md shows

Pictures are taken of the whole screen, so give each its own:
    xvfb-run -s "-screen 0 1280x800x24" python -m tests.gui.preview --save DIR
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import tkinter as tk
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from PIL import Image, ImageGrab

from migrator.gui import labels, theme
from migrator.gui.app import Window
from tests.gui import canned, looks
from tests.gui.preview_states import FOLDER, STATES, drain


def area_of(widget: Any) -> tuple[int, int, int, int]:
    """Where a widget is on the screen: left, top, right, bottom."""
    left, top = widget.winfo_rootx(), widget.winfo_rooty()
    return left, top, left + widget.winfo_width(), top + widget.winfo_height()


def grab(area: tuple[int, int, int, int] | None = None) -> Image.Image:
    """A picture of the screen, or of a part of it."""
    return ImageGrab.grab(bbox=area, xdisplay=os.environ.get("DISPLAY"))


#: What README.md shows: file, state, whether dark.
README_PICTURES = (
    ("window.png", "running", False),
    ("history.png", "history", False),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("states", nargs="*", metavar="STATE")
    parser.add_argument("--save", type=Path, metavar="DIR")
    parser.add_argument("--all", type=Path, metavar="DIR")
    parser.add_argument("--readme", type=Path, metavar="DIR")
    parser.add_argument("--size", default="1280x800")
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--translated", action="store_true")
    options = parser.parse_args()
    if not (options.states or options.save or options.all or options.readme):
        print("\n".join(STATES))
        return 0
    root = theme.build_root(labels.TITLE, dark=options.dark)
    for directory in (options.save, options.all, options.readme):
        if directory is not None:
            directory.mkdir(parents=True, exist_ok=True)
    if options.readme:
        for file, state, dark in README_PICTURES:
            theme.dress(root, dark=dark)
            picture(root, state, "1280x800", options.readme / file)
    elif options.all:
        everything(root, options.states or list(STATES), options.all)
    else:
        for state in options.states or STATES:
            end = f"{'-translated' * options.translated}{'-dark' * options.dark}-{options.size}.png"
            with looks.translated() if options.translated else nullcontext():
                picture(root, state, options.size, options.save and options.save / f"{state}{end}")
    return 0


def everything(root: tk.Tk, states: Sequence[str], directory: Path) -> None:
    """Each state in light, dark, small and in a language a third longer."""
    for state in states:
        theme.dress(root, dark=True)
        picture(root, state, "1280x800", directory / f"{state}-dark.png")
        theme.dress(root, dark=False)
        picture(root, state, "1280x800", directory / f"{state}-light.png")
        picture(root, state, "1024x700", directory / f"{state}-small.png")
        with looks.translated():
            picture(root, state, "1280x800", directory / f"{state}-translated.png")


def picture(root: tk.Tk, state: str, size: str, file: Path | None) -> None:
    """The window in a state: into a file, or for as long as somebody looks at it."""
    service = canned.FakeService()
    for child in root.winfo_children():
        child.destroy()
    window = Window(root, service, prefill=canned.FORM, folder=FOLDER)
    width, height = (int(part) for part in size.split("x"))
    root.update_idletasks()
    # The menu bar is no part of what Tk calls the height.
    root.geometry(f"{width}x{height - 26}+0+0")
    window.presenter.draw()
    root.update()
    STATES[state](window, service)
    window.presenter.set_up.revision += 1
    drain(window)
    if file is None:
        window.start()
        root.mainloop()
        return
    # Without a window manager nothing has the focus until asked for; what asked for it keeps it.
    (root.focus_lastfor() or root).focus_force()
    for _ in range(5):
        root.update()
        time.sleep(0.02)
    # In all its colours: a palette makes it a third as large, and states that are told by colour look alike.
    grab((0, 0, width, height)).convert("RGB").save(file, optimize=True)
    print(file)


if __name__ == "__main__":
    sys.exit(main())
