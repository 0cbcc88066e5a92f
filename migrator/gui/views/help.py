"""Help: cards of words, and the buttons of the demo, of the folder, and of what this program is."""

from __future__ import annotations

import sys
import tkinter as tk
from collections.abc import Callable, Iterable
from tkinter import ttk
from typing import Protocol

from migrator.gui import help_words, labels, theme
from migrator.gui.screen import Screen
from migrator.gui.status import Intent
from migrator.gui.views.page import GAP, PageView
from migrator.gui.widgets.basics import Card, WrapLabel, scrollbar, set_text, show, text_to_read

_ICONS = {
    "guide": "signpost-2",
    "demo": "play-circle",
    "shortcuts": "keyboard",
    "sent": "shield-lock",
    "files": "folder2-open",
    "about": "info-circle",
}
LICENCE_LINES = 12


class HelpActions(Protocol):
    """What the page reports."""

    def open_folder(self) -> None: ...
    def show_licences(self) -> None: ...
    def copy_about(self) -> None: ...


class HelpView(PageView):
    """Renders `HelpScreen`."""

    def __init__(self, parent: tk.Misc, actions: HelpActions, on_intent: Callable[[Intent], None]) -> None:
        super().__init__(parent, labels.HELP_TITLE, help_words.CONTEXT)
        self._actions, self._on_intent = actions, on_intent
        self._turn = 0
        self._licences = ""
        fill = {
            "guide": self._guide,
            "demo": self._demo,
            "shortcuts": self._shortcuts,
            "sent": self._sent,
            "files": self._files,
            "about": self._about,
        }
        self.cards: dict[str, Card] = {}
        for row, (section, title) in enumerate(help_words.SECTIONS.items(), start=1):
            card = self.cards[section] = Card(self.inside, title, _ICONS[section])
            card.grid(row=row, column=0, sticky="we", padx=theme.px(GAP), pady=(0, theme.px(12)))
            card.body.columnconfigure(0, weight=1)
            fill[section](card.body)
        self.finish()

    # -- building ----------------------------------------------------------------------------------

    def _guide(self, body: ttk.Frame) -> None:
        steps = ((f"{n}. {title}", text) for n, (title, text) in enumerate(help_words.GUIDE, start=1))
        _pairs(body, steps)

    def _demo(self, body: ttk.Frame) -> None:
        WrapLabel(body, text=help_words.DEMO_TEXT).grid(row=0, column=0, sticky="we")
        self.demo_said = WrapLabel(body, compound="left")
        self.demo_said.grid(row=1, column=0, sticky="we", pady=(theme.px(6), 0))
        self.start = ttk.Button(
            body,
            text=labels.BUTTONS[Intent.START_DEMO.value],
            style="Outline.TButton",
            command=lambda: self._on_intent(Intent.START_DEMO),
        )
        self.start.grid(row=0, column=1, rowspan=2, sticky="ne", padx=(theme.px(16), 0))

    def _shortcuts(self, body: ttk.Frame) -> None:
        _pairs(body, help_words.shortcuts(is_mac=sys.platform == "darwin"))

    def _sent(self, body: ttk.Frame) -> None:
        _pairs(body, help_words.SENT)

    def _files(self, body: ttk.Frame) -> None:
        self.folder = WrapLabel(body, style="Strong.TLabel")
        self.folder.grid(row=0, column=0, sticky="we")
        note = WrapLabel(body, style="Hint.TLabel", text=help_words.FILES_NOTE)
        note.grid(row=1, column=0, sticky="we", pady=(theme.px(2), 0))
        self.folder_note = WrapLabel(body, style="Problem.TLabel")
        self.folder_note.grid(row=2, column=0, sticky="we", pady=(theme.px(4), 0))
        self.open_folder = ttk.Button(
            body, text=help_words.OPEN_FOLDER, style="Secondary.TButton", command=self._actions.open_folder
        )
        self.open_folder.grid(row=0, column=1, rowspan=3, sticky="ne", padx=(theme.px(16), 0))

    def _about(self, body: ttk.Frame) -> None:
        WrapLabel(body, text=labels.TITLE, style="Strong.TLabel").grid(row=0, column=0, sticky="we")
        self.version = WrapLabel(body)
        self.version.grid(row=1, column=0, sticky="we", pady=(theme.px(2), 0))
        row = ttk.Frame(body)
        row.grid(row=0, column=1, rowspan=2, sticky="ne", padx=(theme.px(16), 0))
        self.copy_version = ttk.Button(
            row, text=help_words.COPY_VERSION, style="Secondary.TButton", command=self._actions.copy_about
        )
        self.show_licences = ttk.Button(
            row, text=help_words.SHOW_LICENCES, style="Secondary.TButton", command=self._actions.show_licences
        )
        for button in (self.copy_version, self.show_licences):
            button.pack(side="left", padx=(theme.px(8), 0))
        self._text_frame = ttk.Frame(body)
        self._text_frame.columnconfigure(0, weight=1)
        self._text_frame.grid(row=2, column=0, columnspan=2, sticky="we", pady=(theme.px(10), 0))
        self.text = text_to_read(self._text_frame, LICENCE_LINES, "line")
        self.text.configure(padx=theme.px(10), pady=theme.px(6))
        bar = scrollbar(self._text_frame, self.text.yview)
        self.text.configure(yscrollcommand=bar.set)
        self.text.grid(row=0, column=0, sticky="nswe")
        bar.grid(row=0, column=1, sticky="ns")
        self._text_frame.grid_remove()

    # -- rendering ---------------------------------------------------------------------------------

    def render(self, screen: Screen) -> None:
        page = screen.help
        self.header.render(page.head)
        set_text(self.demo_said, f" {page.demo}")
        self.demo_said.configure(image=theme.tone_icon(page.demo_tone, 14))
        show(self.demo_said, bool(page.demo))
        self.start.state(["!disabled" if page.can_start else "disabled"])
        set_text(self.folder, page.folder or labels.NO_FOLDER)
        set_text(self.folder_note, page.folder_note)
        show(self.folder_note, bool(page.folder_note))
        self.open_folder.state(["!disabled" if page.folder else "disabled"])
        set_text(self.version, page.version)
        if page.licences != self._licences:
            self._licences = page.licences
            self.text.configure(state="normal")
            self.text.replace("1.0", "end", page.licences)
            self.text.configure(state="disabled")
            show(self._text_frame, bool(page.licences))
        if page.turn != self._turn:
            self._turn = page.turn
            self._lead_to(page.section)

    def _lead_to(self, section: str) -> None:
        """The first one has the page's head above it."""
        card = self.cards[section]
        self.lead_to(self.header if card is next(iter(self.cards.values())) else card)

    def focus_first(self) -> None:
        self.start.focus_set()


def _pairs(body: ttk.Frame, pairs: Iterable[tuple[str, str]]) -> None:
    """Two columns: what, and what is said about it."""
    body.columnconfigure(0, weight=0, minsize=theme.px(190))
    body.columnconfigure(1, weight=1)
    for row, (what, text) in enumerate(pairs):
        top = theme.px(6) if row else 0
        ttk.Label(body, text=what, style="Strong.TLabel").grid(
            row=row, column=0, sticky="nw", padx=(0, theme.px(16)), pady=(top, 0)
        )
        WrapLabel(body, text=text).grid(row=row, column=1, sticky="we", pady=(top, 0))
