"""The rail on the left: the pages, each with its state in words. Narrow windows see icons only."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import Any

from migrator.gui import theme
from migrator.gui.screen import RailItem
from migrator.gui.widgets.basics import set_text

WIDE, NARROW = 184, 56
_ICONS = {"setup": "sliders", "run": "play-circle"}


class RailButton(tk.Frame):
    """One page. A frame, because two lines of two colours fit no button; it acts like one."""

    def __init__(self, parent: tk.Misc, page: str, go: Callable[[str], None]) -> None:
        super().__init__(parent, background=theme.color("rail"), takefocus=1, cursor="hand2")
        self.configure(highlightthickness=theme.px(2))
        self.page, self._go = page, go
        self._item: RailItem | None = None
        self.edge = tk.Frame(self, width=theme.px(3), background=theme.color("rail"))
        self.edge.pack(side="left", fill="y")
        self.icon = tk.Label(self, image=theme.icon(_ICONS[page], "muted", 20), borderwidth=0)
        self.icon.pack(side="left", padx=(theme.px(8), theme.px(10)), pady=theme.px(9))
        self.words = tk.Frame(self)
        self.words.pack(side="left", fill="x")
        self.title = tk.Label(self.words, anchor="w", font="AppText", padx=0, pady=0, borderwidth=0)
        self.title.pack(anchor="w")
        self.state = tk.Label(self.words, anchor="w", font="AppHint", padx=0, pady=0, borderwidth=0)
        self.state.pack(anchor="w")
        for widget in (self, self.icon, self.words, self.title, self.state):
            widget.bind("<Button-1>", lambda _event: self.invoke())
        for key in ("<space>", "<Return>"):
            self.bind(key, lambda _event: self.invoke())

    def invoke(self) -> None:
        self._go(self.page)

    def render(self, item: RailItem) -> None:
        if item == self._item:
            return
        self._item = item
        back = theme.color("select" if item.is_current else "rail")
        for widget in (self, self.icon, self.words, self.title, self.state):
            widget.configure(background=back)
        self.configure(highlightbackground=back, highlightcolor=theme.color("accent_text"))
        self.edge.configure(background=theme.color("accent_text") if item.is_current else back)
        role = "accent_text" if item.is_current else "muted"
        self.icon.configure(image=theme.icon(_ICONS[self.page], role, 20))
        self.title.configure(text=f"{item.number}  {item.text}", foreground=theme.color("text"))
        self.title.configure(font="AppStrong" if item.is_current else "AppText")
        self.state.configure(text=item.state, foreground=theme.color(item.tone))

    def fold(self, *, narrow: bool) -> None:
        if narrow:
            self.words.pack_forget()
        else:
            self.words.pack(side="left", fill="x")


class Rail(ttk.Frame):
    """All pages; more will follow below these."""

    def __init__(self, parent: tk.Misc, go: Callable[[str], None]) -> None:
        super().__init__(parent, style="Rail.TFrame", width=theme.px(WIDE))
        self.pack_propagate(False)
        self.buttons = {page: RailButton(self, page, go) for page in _ICONS}
        for index, button in enumerate(self.buttons.values()):
            button.pack(fill="x", padx=theme.px(6), pady=(theme.px(8) if not index else theme.px(2), 0))
            button.bind("<Down>", self._step(1))
            button.bind("<Up>", self._step(-1))
        self.demo = ttk.Label(self, text="Demo", style="warn.Pill.TLabel")
        self._narrow = False

    def render(self, items: tuple[RailItem, ...], *, demo: bool) -> None:
        for item in items:
            self.buttons[item.page].render(item)
        if demo and not self.demo.winfo_manager():
            self.demo.pack(side="bottom", anchor="w", padx=theme.px(12), pady=theme.px(12))

    def fold(self, *, narrow: bool) -> None:
        """Icons only, or icons and words."""
        if narrow == self._narrow:
            return
        self._narrow = narrow
        self.configure(width=theme.px(NARROW if narrow else WIDE))
        for button in self.buttons.values():
            button.fold(narrow=narrow)
        set_text(self.demo, "Demo")

    def _step(self, by: int) -> Callable[[tk.Event[Any]], None]:
        def move(event: tk.Event[Any]) -> None:
            pages = list(self.buttons.values())
            index = pages.index(event.widget) if event.widget in pages else 0
            pages[(index + by) % len(pages)].focus_set()

        return move
