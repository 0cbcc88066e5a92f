"""The chosen run of the history: how it ended, its numbers, and what can be done about it."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import Protocol

from migrator.gui import labels, theme
from migrator.gui.run_actions import Act
from migrator.gui.screen import ActButton, Figure, RunDetail
from migrator.gui.widgets.basics import Card, Tooltip, WrapLabel, set_text, show
from migrator.gui.widgets.flow import Flow

#: As many as a run has numbers.
MAX_FIGURES = 7
_STYLES = {Act.RESUME: "Primary.TButton", Act.RETRY: "Primary.TButton", Act.FORGET: "Danger.TButton"}


class HistoryActions(Protocol):
    """What the page reports."""

    def choose(self, run: str) -> None: ...
    def do(self, act: Act) -> None: ...


class RunDetailCard(Card):
    """Renders `RunDetail`."""

    def __init__(self, parent: tk.Misc, actions: HistoryActions) -> None:
        super().__init__(parent, " ", "clock-history")
        self._actions = actions
        self._drawn: RunDetail | None = None
        self.pill = ttk.Label(self.head, compound="left")
        self.pill.pack(side="right")
        body = self.body
        body.columnconfigure(0, weight=1)
        self.places = WrapLabel(body, style="Hint.TLabel")
        self.figures = Flow(body, gap=26)
        self.undo = WrapLabel(body)
        self.why = WrapLabel(body, style="Hint.TLabel")
        self.said = ttk.Frame(body)
        self.said.columnconfigure(1, weight=1)
        self._sign = ttk.Label(self.said)
        self._sign.grid(row=0, column=0, sticky="n", padx=(0, theme.px(6)), pady=(theme.px(1), 0))
        self.said_text = WrapLabel(self.said)
        self.said_text.grid(row=0, column=1, sticky="we")
        self.row = Flow(body)
        parts = (self.places, self.figures, self.undo, self.why, self.said, self.row)
        for n, part in enumerate(parts):
            part.grid(row=n, column=0, sticky="we", pady=(theme.px(8 if n else 0), 0))
        self._cells = [self._cell() for _ in range(MAX_FIGURES)]
        #: By act; the first is Resume or Retry, whichever there is.
        self.buttons: dict[Act, ttk.Button] = {}
        for act in (each for each in Act if each is not Act.RETRY):
            button = ttk.Button(self.row, style=_STYLES.get(act, "Secondary.TButton"))
            Tooltip(button, labels.ACT_TIPS[act.value])
            self.buttons[act] = button

    def _cell(self) -> tuple[ttk.Frame, ttk.Label, ttk.Label]:
        cell = ttk.Frame(self.figures)
        value = ttk.Label(cell, style="Term.TLabel", compound="left")
        caption = ttk.Label(cell, style="Hint.TLabel")
        value.pack(anchor="w")
        caption.pack(anchor="w")
        return cell, value, caption

    def render(self, detail: RunDetail) -> None:
        before, self._drawn = self._drawn, detail
        if detail == before:
            return
        self.rename(detail.title)
        pill = detail.pill
        self.pill.configure(
            text=f" {pill.text}", style=f"{pill.tone}.Pill.TLabel", image=theme.tone_icon(pill.tone, 14)
        )
        set_text(self.places, detail.places)
        self._draw_figures(detail.figures)
        set_text(self.undo, detail.undo)
        set_text(self.why, f"{labels.WHY_IT_ENDED}: {detail.why}" if detail.why else "")
        show(self.why, bool(detail.why))
        set_text(self.said_text, detail.said)
        show(self.said, bool(detail.said))
        self._sign.configure(image=theme.tone_icon(detail.said_tone))
        self._draw_buttons(detail.buttons)

    def _draw_figures(self, figures: tuple[Figure, ...]) -> None:
        for n, (cell, value, caption) in enumerate(self._cells):
            there = n < len(figures)
            self.figures.show(cell, visible=there)
            if there:
                figure = figures[n]
                is_bad = figure.tone == "problem"
                value.configure(
                    text=f" {figure.value}" if is_bad else figure.value,
                    image=theme.tone_icon(figure.tone, 14) if is_bad else "",
                )
                set_text(caption, figure.caption)
        show(self.figures, bool(figures))
        self.figures.arrange()

    def _draw_buttons(self, buttons: tuple[ActButton, ...]) -> None:
        for each in buttons:
            button = self.buttons[Act.RESUME if each.act is Act.RETRY else each.act]
            button.configure(
                text=each.text,
                command=lambda act=each.act: self._actions.do(act),  # type: ignore[misc]
            )
            button.state(["!disabled" if each.is_enabled else "disabled"])
        self.row.arrange()

    def focus_first(self) -> None:
        """The cursor onto the first button that can be pressed."""
        for button in self.buttons.values():
            if not button.instate(["disabled"]):
                button.focus_set()
                return
