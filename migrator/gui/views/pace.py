"""The card of the Run page that changes a run while it goes on: Number of Threads, Speed limit."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Protocol

from migrator.gui import form_words, labels, theme
from migrator.gui.screen import PaceScreen
from migrator.gui.screen_parts import FieldState
from migrator.gui.widgets.basics import Card, Tooltip, WrapLabel
from migrator.gui.widgets.field import Field


class PaceActions(Protocol):
    """What this card reports."""

    def edit(self, name: str, value: str) -> None: ...
    def left(self, name: str) -> None: ...
    def adjust(self, *, itself: bool) -> None: ...


class PaceView(Card):
    """Renders `PaceScreen`."""

    def __init__(self, parent: tk.Misc, actions: PaceActions, on_wheel: Callable[[int], None]) -> None:
        super().__init__(parent)
        self._drawn: PaceScreen | None = None
        self.fields = {
            name: Field(
                self.body,
                name,
                "number" if name == "threads" else "text",
                on_edit=actions.edit,
                on_left=actions.left,
                on_wheel=on_wheel,
                is_beside=True,
            )
            for name in ("threads", "speed_limit")
        }
        gap = theme.px(18)
        for column, field in enumerate(self.fields.values()):
            field.grid(row=0, column=2 * column, sticky="nwe", padx=(0, gap))
            field.control.bind("<Return>", lambda _event, name=field.name: actions.left(name), "+")
        self.adjusts = tk.BooleanVar(self)
        self.adjust = theme.switch(
            self.body, labels.ADJUSTS, self.adjusts, lambda: actions.adjust(itself=self.adjusts.get())
        )
        self.adjust.grid(row=0, column=1, sticky="w", padx=(0, gap))
        Tooltip(self.adjust, form_words.TOOLTIPS["adjusts"])
        note = WrapLabel(self.body, text=labels.PACE_NOTE, style="Hint.TLabel")
        note.grid(row=0, column=3, sticky="we")
        self.body.columnconfigure(3, weight=1)

    def render(self, screen: PaceScreen | None) -> None:
        before, self._drawn = self._drawn, screen
        if screen is None or screen == before:
            return
        if before is None or before.revision != screen.revision:
            self.fields["threads"].put(screen.threads)
            self.fields["speed_limit"].put(screen.speed_limit)
        self.adjusts.set(screen.adjusts)
        for name, field in self.fields.items():
            field.render(FieldState(problem=screen.problems.get(name, "")))
