"""The rail on the left: the pages, each with its state in words. Narrow windows see icons only."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import Any

from migrator.gui import labels, theme
from migrator.gui.pages.shell import PAGES, Page
from migrator.gui.screen import RailItem
from migrator.gui.widgets.basics import Tooltip

WIDE, NARROW = 184, 56
#: As wide as words are in a wide rail.
WORDS = 122


class RailButton(tk.Frame):
    """One page. A frame, because two lines of two colours fit no button; it acts like one."""

    def __init__(self, parent: tk.Misc, page: Page, go: Callable[[str], None]) -> None:
        super().__init__(parent, background=theme.color("rail"), takefocus=1, cursor="hand2")
        self.configure(highlightthickness=theme.px(2))
        self.page, self._go = page, go
        self._item: RailItem | None = None
        self._is_narrow = False
        self.edge = tk.Frame(self, width=theme.px(3), background=theme.color("rail"))
        self.edge.pack(side="left", fill="y")
        self.icon = tk.Label(self, image=theme.icon(page.icon, "muted", 20), borderwidth=0)
        self.icon.pack(side="left", padx=(theme.px(8), theme.px(10)), pady=theme.px(9))
        self.words = tk.Frame(self)
        self.words.pack(side="left", fill="x")
        self.title = tk.Label(self.words, anchor="w", font="AppText", padx=0, pady=0, borderwidth=0)
        self.title.pack(anchor="w")
        self.state = tk.Label(self.words, anchor="w", font="AppHint", padx=0, pady=0, borderwidth=0)
        self.state.configure(justify="left", wraplength=theme.px(WORDS))
        self._tip = Tooltip(self, "")
        for widget in (self, self.icon, self.words, self.title, self.state):
            widget.bind("<Button-1>", lambda _event: self.invoke())
        for key in ("<space>", "<Return>"):
            self.bind(key, lambda _event: self.invoke())

    def invoke(self) -> None:
        self._go(self.page.name)

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
        self.icon.configure(image=theme.icon(self.page.icon, role, 20))
        title = f"{self.page.number}  {self.page.title}" if self.page.number else self.page.title
        self.title.configure(text=title, foreground=theme.color("text"))
        self.title.configure(font="AppStrong" if item.is_current else "AppText")
        self.state.configure(text=item.state, foreground=theme.color(item.tone))
        if item.state:
            self.state.pack(anchor="w")
        else:
            self.state.pack_forget()
        self._retip()

    def fold(self, *, narrow: bool) -> None:
        self._is_narrow = narrow
        self.icon.pack_configure(padx=(theme.px(8), theme.px(3 if narrow else 10)))
        if narrow:
            self.words.pack_forget()
        else:
            self.words.pack(side="left", fill="x")
        self._retip()

    def _retip(self) -> None:
        """A narrow rail says its words in a tooltip."""
        state = self._item.state if self._item else ""
        text = f"{self.page.title}: {state}" if state else self.page.title
        self._tip.text = text if self._is_narrow else ""


class Rail(ttk.Frame):
    """All pages: the three steps, what was before, and at the lower end what holds for all of them."""

    def __init__(self, parent: tk.Misc, go: Callable[[str], None]) -> None:
        super().__init__(parent, style="Rail.TFrame", width=theme.px(WIDE))
        self.pack_propagate(False)
        self.buttons = {page.name: RailButton(self, page, go) for page in PAGES}
        self.demo = ttk.Label(self, text=labels.DEMO, style="warn.Pill.TLabel")
        self._shows_demo = False
        low = [button for button in self.buttons.values() if button.page.is_low]
        for button in reversed(low):
            button.pack(side="bottom", fill="x", padx=theme.px(6), pady=(0, theme.px(8)))
        above = ""
        for button in self.buttons.values():
            if not button.page.is_low:
                # A gap parts the numbered steps from the rest.
                top = 8 if not above else 2 if bool(button.page.number) == above.isdigit() else 18
                button.pack(fill="x", padx=theme.px(6), pady=(theme.px(top), 0))
                above = button.page.number or "-"
            button.bind("<Down>", self._step(1))
            button.bind("<Up>", self._step(-1))

    def render(self, items: tuple[RailItem, ...], *, demo: bool) -> None:
        for item in items:
            self.buttons[item.page].render(item)
        if demo and not self._shows_demo:
            self._shows_demo = True
            self.demo.pack(side="bottom", padx=theme.px(6), pady=(0, theme.px(10)))

    def fold(self, *, narrow: bool) -> None:
        """Icons only, or icons and words."""
        self.configure(width=theme.px(NARROW if narrow else WIDE))
        for button in self.buttons.values():
            button.fold(narrow=narrow)

    def _step(self, by: int) -> Callable[[tk.Event[Any]], None]:
        def move(event: tk.Event[Any]) -> None:
            pages = list(self.buttons.values())
            index = pages.index(event.widget) if event.widget in pages else 0
            pages[(index + by) % len(pages)].focus_set()

        return move
