"""The head of a page: title, one line of context, and pills for its state at the right."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

from migrator.gui import theme
from migrator.gui.screen_parts import Head
from migrator.gui.widgets.basics import WrapLabel, set_text

MOST_PILLS = 2


class PageHeader(ttk.Frame):
    """Renders `Head`. `right` is where a page may put a control of its own, left of the pills."""

    def __init__(self, parent: tk.Misc, title: str, context: str = "") -> None:
        super().__init__(parent)
        self.columnconfigure(0, weight=1)
        ttk.Label(self, text=title, style="Title.TLabel").grid(row=0, column=0, sticky="w")
        self.context = WrapLabel(self, style="Hint.TLabel", text=context)
        self.context.grid(row=1, column=0, sticky="we", pady=(theme.px(2), 0))
        self.right = ttk.Frame(self)
        self.right.grid(row=0, column=1, rowspan=3, sticky="e", padx=(theme.px(16), 0))
        self.rowconfigure(2, weight=1)  # a high control at the right leaves the title where it is
        self.pills = [ttk.Label(self.right, compound="left") for _ in range(MOST_PILLS)]
        self._drawn: Head | None = None

    def render(self, head: Head) -> None:
        if head == self._drawn:
            return
        self._drawn = head
        set_text(self.context, head.context)
        for n, label in enumerate(self.pills):
            if n >= len(head.pills):
                label.pack_forget()
                continue
            pill = head.pills[n]
            picture = theme.tone_icon(pill.tone, 14)
            label.configure(text=f" {pill.text}", style=f"{pill.tone}.Pill.TLabel", image=picture)
            label.pack(side="left", padx=(theme.px(8) if n else 0, 0))
