"""Settings: appearance."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import Protocol

from migrator.gui import labels, theme
from migrator.gui.screen import Screen
from migrator.gui.views.page import GAP, PageView
from migrator.gui.widgets.basics import Card


class SettingsActions(Protocol):
    """What this page reports."""

    def choose_appearance(self, appearance: str) -> None: ...


class SettingsView(PageView):
    """Renders `SettingsScreen`."""

    def __init__(self, parent: tk.Misc, actions: SettingsActions) -> None:
        super().__init__(parent, labels.SETTINGS_TITLE, labels.SETTINGS_CONTEXT)
        card = Card(self.inside, f" {labels.APPEARANCE}", "palette")
        card.grid(row=1, column=0, sticky="we", padx=theme.px(GAP))
        row = ttk.Frame(card.body)
        row.grid(row=0, column=0, sticky="w")
        self.appearance = tk.StringVar(self, "system")
        self.appearances = {}
        for value, text in labels.APPEARANCES.items():
            button = ttk.Radiobutton(
                row,
                text=text,
                value=value,
                variable=self.appearance,
                style="Segment.Toolbutton",
                command=lambda: actions.choose_appearance(self.appearance.get()),
            )
            button.pack(side="left")
            self.appearances[value] = button
        self.finish()

    def focus_first(self) -> None:
        self.appearances[self.appearance.get()].focus_set()

    def render(self, screen: Screen) -> None:
        self.header.render(screen.settings.head)
        chosen = screen.settings.values["appearance"]
        if self.appearance.get() != chosen:
            self.appearance.set(chosen)
