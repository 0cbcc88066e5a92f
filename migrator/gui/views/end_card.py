"""The card of one end: its keys, address and bucket, and below them what trying it came to."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from migrator.gui import labels, theme
from migrator.gui.screen import CardState
from migrator.gui.widgets.basics import Card, WrapLabel, set_text
from migrator.gui.widgets.field import Field, Kind

_ROWS: tuple[tuple[tuple[str, Kind], ...], ...] = (
    (("access_key_id", "text"), ("secret_access_key", "secret")),
    (("session_token", "secret"),),
    (("region", "list"), ("endpoint", "text")),
    (("bucket", "list"), ("prefix", "text")),
)
_ICONS = {"aws": "bucket", "lyve": "cloud"}


class EndCard(Card):
    """AWS S3 or Lyve Cloud, as From or as To."""

    def __init__(self, parent: tk.Misc, name: str, make: Callable[[tk.Misc, str, Kind], Field]) -> None:
        super().__init__(parent, labels.CARD_NAMES[name], _ICONS[name], padding=14)
        self.name = name
        self._drawn: CardState | None = None
        self.badge = ttk.Label(self.head, style="quiet.Pill.TLabel", compound="left")
        self.badge.pack(side="right")
        body = self.body
        body.columnconfigure((0, 1), weight=1, uniform="half")
        self.fields: dict[str, Field] = {}
        for r, fields in enumerate(_ROWS):
            for c, (part, kind) in enumerate(fields):
                field = make(body, f"{name}.{part}", kind)
                self.fields[part] = field
                field.grid(
                    row=r,
                    column=c,
                    columnspan=2 if len(fields) == 1 else 1,
                    sticky="nwe",
                    padx=(theme.px(9) if c else 0, 0),
                    pady=(0, theme.px(10)),
                )
        self.fields["session_token"].grid_remove()
        result = ttk.Frame(body)
        result.grid(row=len(_ROWS), column=0, columnspan=2, sticky="swe")
        body.rowconfigure(len(_ROWS), weight=1)
        result.columnconfigure(1, weight=1)
        self.icon = ttk.Label(result)
        self.icon.grid(row=0, column=0, sticky="n", padx=(0, theme.px(6)), pady=(theme.px(1), 0))
        self.result = WrapLabel(result)
        self.result.grid(row=0, column=1, sticky="we")
        self.advice = WrapLabel(result, style="Hint.TLabel")
        self.advice.grid(row=1, column=1, sticky="we")
        self.advice.grid_remove()

    def render(self, card: CardState) -> None:
        before, self._drawn = self._drawn, card
        if card == before:
            return
        side = "From" if card.is_source else "To"
        self.rename(f" {side}: {labels.CARD_NAMES[self.name]}")
        badge = labels.READ_ONLY if card.is_source else labels.WRITTEN
        role, icon = ("quiet", "eye") if card.is_source else ("busy", "pencil")
        self.badge.configure(text=f" {badge}", style=f"{role}.Pill.TLabel", image=theme.icon(icon, role, 14))
        self.fields["bucket"].offer(card.buckets)
        token = self.fields["session_token"]
        if card.shows_token:
            token.grid()
        else:
            token.grid_remove()
        self.icon.configure(image=theme.tone_icon(card.tone))
        quiet = card.tone in {"quiet", "busy"}
        self.result.configure(style="Hint.TLabel" if quiet else "TLabel")
        if card.tone == "problem":
            self.result.configure(style="problem.Note.TLabel")
        set_text(self.result, card.result)
        set_text(self.advice, card.advice)
        if card.advice:
            self.advice.grid()
        else:
            self.advice.grid_remove()
