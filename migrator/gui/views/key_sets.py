"""The card of Settings with named sets of keys: a row for each, with its buttons."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import Protocol

from migrator.gui import labels, theme
from migrator.gui.key_values import KeySetRow, KeySetsScreen
from migrator.gui.widgets.basics import Tooltip, WrapLabel, set_text, show
from migrator.model.objects import visible

NAME_CHARS = 60


class KeySetActions(Protocol):
    """What the card reports."""

    def test(self, name: str) -> None: ...
    def forget(self, name: str) -> None: ...
    def forget_all(self) -> None: ...


class KeySetsView(ttk.Frame):
    """Renders `KeySetsScreen`. Rows are by name: a button keeps the focus while others come and go."""

    def __init__(self, parent: tk.Misc, actions: KeySetActions) -> None:
        super().__init__(parent)
        self._actions = actions
        self.columnconfigure(0, weight=1)
        self.where = WrapLabel(self, style="Hint.TLabel")
        self.where.grid(row=0, column=0, sticky="we", pady=(0, theme.px(8)))
        self.empty = WrapLabel(self)
        self.empty.grid(row=1, column=0, sticky="we")
        self._table = ttk.Frame(self)
        self._table.grid(row=2, column=0, sticky="we")
        self._table.columnconfigure(0, weight=1)
        self.rows: dict[str, KeySetView] = {}
        foot = ttk.Frame(self)
        foot.grid(row=3, column=0, sticky="we", pady=(theme.px(8), 0))
        foot.columnconfigure(0, weight=1)
        self.said = WrapLabel(foot, compound="left")
        self.said.grid(row=0, column=0, sticky="we")
        self.why_not = WrapLabel(foot, style="Hint.TLabel")
        self.why_not.grid(row=1, column=0, sticky="we")
        self.forget_all = ttk.Button(
            foot, text=labels.FORGET_ALL, style="Danger.TButton", command=actions.forget_all
        )
        self.forget_all.grid(row=0, column=1, rowspan=2, sticky="ne", padx=(theme.px(16), 0))
        self._foot = foot

    def render(self, screen: KeySetsScreen) -> None:
        set_text(self.where, screen.where)
        show(self.where, bool(screen.where))
        set_text(self.empty, screen.empty)
        show(self.empty, bool(screen.empty))
        wanted = {row.name for row in screen.rows}
        for name in [each for each in self.rows if each not in wanted]:
            self.rows.pop(name).destroy()
        for n, row in enumerate(screen.rows):
            if row.name not in self.rows:
                self.rows[row.name] = KeySetView(self._table, row.name, self._actions)
            view = self.rows[row.name]
            view.grid(row=n, column=0, sticky="we")
            view.render(row, can_forget=screen.can_forget)
        set_text(self.said, f" {screen.said}")
        self.said.configure(image=theme.tone_icon(screen.said_tone, 14))
        show(self.said, bool(screen.said))
        set_text(self.why_not, screen.why_not)
        show(self.why_not, bool(screen.why_not))
        show(self.forget_all, bool(screen.rows))
        self.forget_all.state(["!disabled" if screen.can_forget else "disabled"])
        show(self._foot, bool(screen.rows or screen.said))


class KeySetView(ttk.Frame):
    """Name and masked key, where it is kept, Test and Forget, and what testing came to below."""

    def __init__(self, parent: tk.Misc, name: str, actions: KeySetActions) -> None:
        super().__init__(parent)
        self.columnconfigure(0, weight=1)
        line = tk.Frame(self, height=1, background=theme.color("line"))
        line.grid(row=0, column=0, columnspan=3, sticky="we", pady=(0, theme.px(6)))
        ttk.Label(self, text=visible(name, NAME_CHARS), style="Strong.TLabel").grid(
            row=1, column=0, sticky="sw"
        )
        self.what = WrapLabel(self, style="Hint.TLabel")
        self.what.grid(row=2, column=0, sticky="nwe")
        self.test = ttk.Button(
            self, text=labels.TEST_KEYS, style="Secondary.TButton", command=lambda: actions.test(name)
        )
        self.test.grid(row=1, column=1, rowspan=2, padx=(theme.px(16), 0), pady=(0, theme.px(6)))
        Tooltip(self.test, labels.TEST_KEYS_TIP)
        self.drop = ttk.Button(
            self, text=labels.FORGET_KEYS, style="Secondary.TButton", command=lambda: actions.forget(name)
        )
        self.drop.grid(row=1, column=2, rowspan=2, padx=(theme.px(8), 0), pady=(0, theme.px(6)))
        self.said = WrapLabel(self, compound="left")
        self.said.grid(row=3, column=0, columnspan=3, sticky="we", pady=(0, theme.px(6)))
        self._drawn: tuple[KeySetRow, bool] | None = None

    def render(self, row: KeySetRow, *, can_forget: bool) -> None:
        if (row, can_forget) == self._drawn:
            return
        self._drawn = (row, can_forget)
        set_text(self.what, f"{row.what} · {row.where}")
        self.test.state(["!disabled" if row.can_test else "disabled"])
        self.drop.state(["!disabled" if can_forget else "disabled"])
        set_text(self.said, f" {row.said}")
        self.said.configure(image=theme.tone_icon(row.said_tone, 14))
        show(self.said, bool(row.said))
