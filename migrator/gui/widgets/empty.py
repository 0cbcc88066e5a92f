"""What a page says while it has nothing to show: what will be here, and the one step that fills it."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

from migrator.gui import theme
from migrator.gui.widgets.basics import set_text


class EmptyState(ttk.Frame):
    """A large faint picture, a line that says what is missing, and one that says what to do."""

    def __init__(self, parent: tk.Misc, icon: str, title: str = "", text: str = "") -> None:
        super().__init__(parent)
        ttk.Label(self, image=theme.icon(icon, "left_out", 48)).pack()
        self.title = ttk.Label(self, style="Card.TLabel")
        self.title.pack(pady=(theme.px(14), theme.px(4)))
        self.text = ttk.Label(self, style="Hint.TLabel", justify="center", wraplength=theme.px(460))
        self.text.pack()
        self.say(title, text)

    def say(self, title: str, text: str) -> None:
        set_text(self.title, title)
        set_text(self.text, text)
