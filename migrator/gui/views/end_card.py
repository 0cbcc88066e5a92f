"""The card of one end: its keys, address and bucket, and below them what trying it came to."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import Protocol

from migrator.gui import form_words, labels, theme
from migrator.gui.screen import CardState
from migrator.gui.widgets.basics import Card, WrapLabel, set_text, show
from migrator.gui.widgets.field import Field, Kind
from migrator.gui.widgets.flow import Flow

_ROWS: tuple[tuple[tuple[str, Kind], ...], ...] = (
    (("access_key_id", "text"), ("secret_access_key", "secret")),
    (("session_token", "secret"),),
    (("region", "list"), ("endpoint", "text")),
    (("bucket", "list"), ("prefix", "text")),
)
_ICONS = {"aws": "bucket", "lyve": "cloud"}


class CardActions(Protocol):
    """What a card reports."""

    def copy_policy(self, name: str) -> None: ...
    def create_bucket(self, name: str) -> None: ...
    def choose_another(self, name: str) -> None: ...


class EndCard(Card):
    """AWS S3 or Lyve Cloud, as From or as To."""

    def __init__(
        self, parent: tk.Misc, name: str, make: Callable[[tk.Misc, str, Kind], Field], actions: CardActions
    ) -> None:
        super().__init__(parent, labels.CARD_NAMES[name], _ICONS[name])
        self.name, self._actions = name, actions
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
                    padx=(theme.px(12) if c else 0, 0),
                    pady=(0, theme.px(10)),
                )
        self.fields["session_token"].grid_remove()
        result = ttk.Frame(body)
        result.grid(row=len(_ROWS), column=0, columnspan=2, sticky="nwe")
        body.rowconfigure(len(_ROWS) + 2, weight=1)  # what is left of a higher neighbour's room
        result.columnconfigure(1, weight=1)
        self.icon = ttk.Label(result)
        self.icon.grid(row=0, column=0, sticky="n", padx=(0, theme.px(8)), pady=(theme.px(4), 0))
        self.result = WrapLabel(result)
        self.result.grid(row=0, column=1, sticky="nwe", pady=(theme.px(5), 0))
        self.advice = WrapLabel(result, style="Hint.TLabel")
        self.advice.grid(row=1, column=1, sticky="we")
        self.advice.grid_remove()
        self.where = ttk.Button(
            result, text=labels.WHERE_FROM, style="Link.TButton", command=self._toggle_steps
        )
        self.where.grid(row=0, column=2, sticky="ne", padx=(theme.px(8), 0))
        self._remedies(result).grid(row=2, column=1, columnspan=2, sticky="we", pady=(theme.px(6), 0))
        self.remedies.grid_remove()
        self._steps(body).grid(row=len(_ROWS) + 1, column=0, columnspan=2, sticky="we")
        self.steps.grid_remove()

    def _remedies(self, parent: tk.Misc) -> ttk.Frame:
        """What helps where there is no such bucket."""
        self.remedies = Flow(parent)
        self.create = ttk.Button(
            self.remedies,
            text=labels.CREATE_BUCKET,
            style="Outline.TButton",
            command=lambda: self._actions.create_bucket(self.name),
        )
        self.another = ttk.Button(
            self.remedies,
            text=labels.CHOOSE_ANOTHER,
            style="Secondary.TButton",
            command=lambda: self._actions.choose_another(self.name),
        )
        self.remedies.arrange()
        return self.remedies

    def _steps(self, parent: tk.Misc) -> ttk.Frame:
        """Where keys come from, step by step, and the policy for them."""
        self.steps = ttk.Frame(parent)
        self.steps.columnconfigure(1, weight=1)
        line = tk.Frame(self.steps, height=1, background=theme.color("line"))
        line.grid(row=0, column=0, columnspan=2, sticky="we", pady=theme.px(8))
        steps = form_words.STEPS[self.name]
        for n, text in enumerate(steps, start=1):
            ttk.Label(self.steps, text=f"{n}.", style="Strong.TLabel").grid(
                row=n, column=0, sticky="ne", padx=(0, theme.px(8))
            )
            WrapLabel(self.steps, text=text).grid(row=n, column=1, sticky="we", pady=(0, theme.px(4)))
        self.copy_policy = ttk.Button(
            self.steps,
            text=labels.COPY_THIS_POLICY,
            style="Secondary.TButton",
            command=lambda: self._actions.copy_policy(self.name),
        )
        self.copy_policy.grid(row=len(steps) + 1, column=1, sticky="w", pady=(theme.px(4), 0))
        return self.steps

    def _toggle_steps(self) -> None:
        is_open = not self.steps.winfo_manager()
        show(self.steps, is_open)
        self.where.configure(text=labels.HIDE_STEPS if is_open else labels.WHERE_FROM)

    def render(self, card: CardState) -> None:
        before, self._drawn = self._drawn, card
        if card == before:
            return
        side = labels.FROM if card.is_source else labels.TO
        self.rename(f"{side}: {labels.CARD_NAMES[self.name]}")
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
        show(self.remedies, card.is_missing)
        self.remedies.show(self.create, visible=not card.is_source)
        self.remedies.arrange()
        set_text(self.advice, card.advice)
        if card.advice:
            self.advice.grid()
        else:
            self.advice.grid_remove()
