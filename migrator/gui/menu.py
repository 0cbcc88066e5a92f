"""The menu bar and the keys: every entry does what a button does, and is on when that button would be."""

from __future__ import annotations

import sys
import tkinter as tk
from collections.abc import Callable
from typing import Any

from migrator.gui import labels, theme
from migrator.gui.presenter import Presenter
from migrator.gui.screen import Screen
from migrator.gui.status import Intent


class Menu:
    """Built once; `render` switches entries on and off."""

    def __init__(self, root: tk.Tk, presenter: Presenter, *, show_log: Callable[[], None]) -> None:
        self._root = root
        self._drawn: tuple[frozenset[Intent], bool] | None = None
        self._key = ("Command", "Cmd") if sys.platform == "darwin" else ("Control", "Ctrl")
        look: dict[str, Any] = {"tearoff": False}
        if root.tk.call("tk", "windowingsystem") == "x11":
            look |= {
                "background": theme.color("page"),
                "foreground": theme.color("text"),
                "activebackground": theme.color("select"),
                "activeforeground": theme.color("text"),
                "disabledforeground": theme.color("off_text"),
                "borderwidth": 0,
                "activeborderwidth": 0,
                "relief": "flat",
            }
        bar = tk.Menu(root, **look)
        file, self.run, view = (tk.Menu(bar, **look) for _ in range(3))
        for menu, text in ((file, "File"), (self.run, "Run"), (view, "View")):
            bar.add_cascade(label=text, menu=menu, underline=0)
        self._add(file, "Quit Application", presenter.quit, "q")
        self._add(self.run, labels.GENERATE, presenter.generate, "g")
        self._entries: dict[Intent, int] = {}
        for intent, command, key in (
            (Intent.MIGRATE, presenter.migrate, "m"),
            (Intent.CANCEL, presenter.cancel, ""),
            (Intent.RESUME, presenter.resume, ""),
            (Intent.RETRY, presenter.retry, "r"),
            (Intent.ROLL_BACK, presenter.roll_back, ""),
        ):
            self._add(self.run, labels.BUTTONS[intent.value], command, key)
            self._entries[intent] = int(self.run.index("end") or 0)
        self._add(view, labels.SETUP_TITLE, lambda: presenter.show("setup"), "1")
        self._add(view, labels.RUN_TITLE, lambda: presenter.show("run"), "2")
        self._add(view, labels.LOG, show_log, "l")
        root.configure(menu=bar)

    def render(self, screen: Screen) -> None:
        state = (screen.allowed, screen.setup.can_generate)
        if state == self._drawn:
            return
        self._drawn = state
        self.run.entryconfigure(0, state="normal" if screen.setup.can_generate else "disabled")
        for intent, index in self._entries.items():
            self.run.entryconfigure(index, state="normal" if intent in screen.allowed else "disabled")

    def _add(self, menu: tk.Menu, text: str, command: Callable[[], None], key: str) -> None:
        modifier, shown = self._key
        accelerator = f"{shown}+{key.upper()}" if key else ""
        menu.add_command(label=text, command=command, accelerator=accelerator)
        if not key:
            return

        def pressed(_event: object) -> str:
            command()
            return "break"

        for letter in {key, key.upper()}:
            self._root.bind_all(f"<{modifier}-Key-{letter}>", pressed)
