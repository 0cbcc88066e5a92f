"""The menu bar and the keys: every entry does what a button does, and is on when that button would be."""

from __future__ import annotations

import sys
import tkinter as tk
from collections.abc import Callable, Mapping
from typing import Any

from migrator.gui import help_words, labels, theme
from migrator.gui.pages.shell import PAGES
from migrator.gui.presenter import Presenter
from migrator.gui.screen import Screen
from migrator.gui.status import Intent
from migrator.gui.widgets.basics import focus_path

#: Intent -> its letter with Ctrl; those without one are in the menu all the same.
_RUN: Mapping[Intent, str] = {
    Intent.PREVIEW_PLAN: "p",
    Intent.MIGRATE: "m",
    Intent.PAUSE: "",
    Intent.CANCEL: "",
    Intent.RESUME: "",
    Intent.RETRY: "r",
    Intent.ROLL_BACK: "",
}
_EDIT: Mapping[str, tuple[str, str]] = {
    "cut": ("<<Cut>>", "x"),
    "copy": ("<<Copy>>", "c"),
    "paste": ("<<Paste>>", "v"),
    "select_all": ("<<SelectAll>>", "a"),
}


class Menu:
    """Built once for each look; `render` switches entries on and off."""

    def __init__(
        self, root: tk.Tk, presenter: Presenter, *, show_log: Callable[[], None], find: Callable[[], None]
    ) -> None:
        self._root, self._presenter = root, presenter
        self._drawn: tuple[frozenset[Intent], bool, bool, str] | None = None
        self._key = ("Command", "Cmd") if sys.platform == "darwin" else ("Control", "Ctrl")
        self._look: dict[str, Any] = {"tearoff": False}
        if root.tk.call("tk", "windowingsystem") == "x11":
            self._look |= {
                "background": theme.color("page"),
                "foreground": theme.color("text"),
                "activebackground": theme.color("select"),
                "activeforeground": theme.color("text"),
                "disabledforeground": theme.color("off_text"),
                "selectcolor": theme.color("text"),
                "borderwidth": 0,
                "activeborderwidth": 0,
                "relief": "flat",
            }
        self.bar = tk.Menu(root, **self._look)
        self._entries: dict[Intent, tuple[tk.Menu, int]] = {}
        self._files: list[int] = []  #: entries of the file menu that are about config files
        self._file()
        self._edit(find)
        self._run()
        self._view(show_log)
        self._help()
        root.configure(menu=self.bar)

    def render(self, screen: Screen) -> None:
        state = (screen.allowed, screen.setup.can_generate, screen.can_open, screen.appearance)
        if state == self._drawn:
            return
        self._drawn = state
        self.run.entryconfigure(0, state="normal" if screen.setup.can_generate else "disabled")
        for index in self._files:
            self.file.entryconfigure(index, state="normal" if screen.can_open else "disabled")
        for intent, (menu, index) in self._entries.items():
            menu.entryconfigure(index, state="normal" if intent in screen.allowed else "disabled")
        self.appearance.set(screen.appearance)

    # -- building ----------------------------------------------------------------------------------

    def _menu(self, text: str) -> tk.Menu:
        menu = tk.Menu(self.bar, **self._look)
        self.bar.add_cascade(label=text, menu=menu, underline=0)
        return menu

    def _file(self) -> None:
        menu = self._menu(labels.MENUS["file"])
        self.file = menu
        self._offer(menu, Intent.NEW_MIGRATION, "n")
        config = self._presenter.config
        for text, command, key in (
            (labels.OPEN_CONFIG, config.open, "o"),
            (labels.SAVE_CONFIG, config.save, ""),
        ):
            self._add(menu, text, command, key)
            self._files.append(int(menu.index("end") or 0))
        menu.add_separator()
        self._offer(menu, Intent.SAVE_REPORT, "s")
        menu.add_separator()
        self._add(menu, labels.QUIT, self._presenter.quit, "q")

    def _edit(self, find: Callable[[], None]) -> None:
        menu = self._menu(labels.MENUS["edit"])
        _, shown = self._key
        for name, (event, key) in _EDIT.items():
            menu.add_command(
                label=labels.EDITS[name],
                command=lambda event=event: self._to_focus(event),  # type: ignore[misc]
                accelerator=f"{shown}+{key.upper()}",
            )
        menu.add_separator()
        self._add(menu, labels.FIND, find, "f")

    def _run(self) -> None:
        self.run = self._menu(labels.MENUS["run"])
        self._add(self.run, labels.GENERATE, self._presenter.generate, "g")
        for intent, key in _RUN.items():
            self._offer(self.run, intent, key)

    def _view(self, show_log: Callable[[], None]) -> None:
        menu = self._menu(labels.MENUS["view"])
        for page in PAGES:
            self._add(menu, page.title, lambda name=page.name: self._presenter.show(name), page.key)  # type: ignore[misc]
        self._add(menu, labels.LOG, show_log, "l")
        menu.add_separator()
        self.appearance = tk.StringVar(self._root)
        for value, text in labels.APPEARANCES.items():
            menu.add_radiobutton(
                label=text,
                value=value,
                variable=self.appearance,
                command=lambda: self._presenter.settings.choose_appearance(self.appearance.get()),
            )

    def _help(self) -> None:
        menu = self._menu(labels.MENUS["help"])
        page = self._presenter.help
        for section, title in help_words.SECTIONS.items():
            if section == "demo":
                self._offer(menu, Intent.START_DEMO, "")
                continue
            key = "F1" if section == "guide" else ""
            self._add(menu, title, lambda name=section: page.open(name), key)  # type: ignore[misc]
            if section in {"guide", "sent"}:
                menu.add_separator()
            if section == "files":
                self._add(menu, labels.OPEN_RUNS_FOLDER, page.open_folder, "")
                menu.add_separator()

    def _to_focus(self, event: str) -> None:
        if path := focus_path(self._root):
            self._root.tk.call("event", "generate", path, event)

    def _offer(self, menu: tk.Menu, intent: Intent, key: str) -> None:
        self._add(menu, labels.BUTTONS[intent.value], lambda: self._presenter.do(intent), key)
        self._entries[intent] = (menu, int(menu.index("end") or 0))

    def _add(self, menu: tk.Menu, text: str, command: Callable[[], None], key: str) -> None:
        modifier, shown = self._key
        is_bare = len(key) > 1  # F1
        accelerator = key if is_bare or not key else f"{shown}+{key.upper()}"
        menu.add_command(label=text, command=command, accelerator=accelerator)
        if not key:
            return

        def pressed(_event: object) -> str:
            command()
            return "break"

        for letter in {key, key.upper()}:
            self._root.bind_all(f"<{letter}>" if is_bare else f"<{modifier}-Key-{letter}>", pressed)
