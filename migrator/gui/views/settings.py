"""Settings: how it looks, where Migrate Data stops, what a run may ask of the system, where runs are."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import Protocol

from migrator.gui import labels, theme
from migrator.gui.screen import Screen
from migrator.gui.views.key_sets import KeySetActions, KeySetsView
from migrator.gui.views.page import GAP, PageView
from migrator.gui.widgets.basics import Card, WrapLabel, set_text, show
from migrator.gui.widgets.field import Field

_LIMITS = ("most_usd", "most_hours")
_SWITCHES = ("keep_awake", "notify")


class SettingsActions(Protocol):
    """What this page reports."""

    def choose_appearance(self, appearance: str) -> None: ...
    def switch(self, name: str, *, on: bool) -> None: ...
    def edit(self, name: str, text: str) -> None: ...
    def leave(self, name: str) -> None: ...
    def open_folder(self) -> None: ...


class SettingsView(PageView):
    """Renders `SettingsScreen`."""

    def __init__(self, parent: tk.Misc, actions: SettingsActions, keys: KeySetActions) -> None:
        super().__init__(parent, labels.SETTINGS_TITLE, labels.SETTINGS_CONTEXT)
        self._actions, self._key_actions = actions, keys
        self.note = ttk.Frame(self.inside)
        self.note.columnconfigure(1, weight=1)
        sign = ttk.Label(self.note, image=theme.tone_icon("warn"))
        sign.grid(row=0, column=0, padx=(0, theme.px(8)))
        self.note_text = WrapLabel(self.note)
        self.note_text.grid(row=0, column=1, sticky="we")
        self.note.grid(row=1, column=0, sticky="we", padx=theme.px(GAP), pady=(0, theme.px(12)))
        self.note.grid_remove()
        self._card(2, labels.APPEARANCE, "palette", self._appearance)
        self._card(3, labels.LIMITS_TITLE, "sign-stop", self._limits)
        self._card(4, labels.DURING_RUN_TITLE, "bell", self._switches)
        self._card(5, labels.KEYS_CARD_TITLE, "key", self._keys)
        self._card(6, labels.FOLDER_TITLE, "folder2-open", self._folder)
        self.finish()

    def _card(self, row: int, title: str, icon: str, fill: object) -> None:
        card = Card(self.inside, title, icon)
        card.grid(row=row, column=0, sticky="we", padx=theme.px(GAP), pady=(0, theme.px(12)))
        card.body.columnconfigure(0, weight=1)
        assert callable(fill)  # noqa: S101  (tells the type checker)
        fill(card.body)

    def _appearance(self, body: ttk.Frame) -> None:
        row = ttk.Frame(body)
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
                command=lambda: self._actions.choose_appearance(self.appearance.get()),
            )
            button.pack(side="left")
            self.appearances[value] = button

    def _limits(self, body: ttk.Frame) -> None:
        WrapLabel(body, style="Hint.TLabel", text=labels.LIMITS_NOTE).grid(
            row=0, column=0, columnspan=3, sticky="we", pady=(0, theme.px(10))
        )
        body.columnconfigure((0, 1), weight=1, uniform="half")
        self.fields = {}
        for n, name in enumerate(_LIMITS):
            field = Field(
                body,
                name,
                on_edit=self._actions.edit,
                on_left=self._actions.leave,
                on_wheel=self.wheel,
                width=14,
                stretches=False,
            )
            field.grid(row=1, column=n, sticky="nwe", padx=(theme.px(16) if n else 0, 0))
            self.fields[name] = field

    def _switches(self, body: ttk.Frame) -> None:
        self.states = {name: tk.BooleanVar(self, True) for name in _SWITCHES}
        self.switches = {}
        for n, name in enumerate(_SWITCHES):
            switch = theme.switch(
                body,
                labels.SWITCHES[name],
                self.states[name],
                lambda name=name: self._actions.switch(name, on=self.states[name].get()),  # type: ignore[misc]
            )
            switch.grid(row=2 * n, column=0, sticky="w", pady=(theme.px(10 if n else 0), 0))
            note = WrapLabel(body, style="Hint.TLabel", text=labels.SWITCH_NOTES[name])
            note.grid(row=2 * n + 1, column=0, sticky="we", pady=(theme.px(3), 0))
            self.switches[name] = switch

    def _keys(self, body: ttk.Frame) -> None:
        self.key_sets = KeySetsView(body, self._key_actions)
        self.key_sets.grid(row=0, column=0, sticky="we")

    def _folder(self, body: ttk.Frame) -> None:
        self.folder = WrapLabel(body)
        self.folder.grid(row=0, column=0, sticky="we")
        note = WrapLabel(body, style="Hint.TLabel", text=f"{labels.FOLDER_NOTE} {labels.FOLDER_ELSEWHERE}")
        note.grid(row=1, column=0, sticky="we", pady=(theme.px(2), 0))
        self.open = ttk.Button(
            body,
            text=labels.ACTS["open_folder"],
            style="Secondary.TButton",
            command=self._actions.open_folder,
        )
        self.open.grid(row=0, column=1, rowspan=2, sticky="e", padx=(theme.px(16), 0))

    def focus_first(self) -> None:
        self.appearances[self.appearance.get()].focus_set()

    def render(self, screen: Screen) -> None:
        settings = screen.settings
        self.header.render(settings.head)
        set_text(self.note_text, settings.note)
        show(self.note, bool(settings.note))
        chosen = settings.values["appearance"]
        if self.appearance.get() != chosen:
            self.appearance.set(chosen)
        for name, field in self.fields.items():
            if _differs(field.get(), settings.values[name]):
                field.put(settings.values[name])
            field.render(settings.fields[name])
        for name, state in self.states.items():
            if state.get() != settings.switches[name]:
                state.set(settings.switches[name])
        self.key_sets.render(screen.keys)
        set_text(self.folder, settings.folder or labels.NO_FOLDER)
        self.open.state(["!disabled" if settings.folder else "disabled"])


def _differs(typed: str, value: str) -> bool:
    """While somebody types `10.` the field leads: it says the same number."""
    try:
        return float(typed) != float(value)
    except ValueError:
        return typed != value
