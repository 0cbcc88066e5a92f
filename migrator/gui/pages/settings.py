"""Settings: what holds for this window on this computer. Changes are kept at once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from migrator.gui import labels
from migrator.gui.pages.shell import Shell
from migrator.gui.screen import SettingsScreen
from migrator.gui.screen_parts import FieldState, Head
from migrator.preferences import MOST, Preferences, PreferencesFile
from migrator.words import Line

#: Fields that take a number.
LIMITS = ("most_usd", "most_hours")
SWITCHES = ("notify", "keep_awake")


class SettingsPage:
    """The preferences, and what is wrong with what was typed for them."""

    def __init__(self, shell: Shell, file: PreferencesFile, folder: str = "") -> None:
        """`folder`: where runs are kept; empty where nobody said."""
        self._shell, self._file, self._folder = shell, file, folder
        self.preferences: Preferences = file.load()
        self._note = file.problem
        self._typed: dict[str, str] = {}  #: what is in a field and is no number
        self._left: set[str] = set()  #: fields that were left: only these say what is wrong
        if self._note:
            shell.write(Line("warn", "window", self._note))

    # -- what can be pressed -----------------------------------------------------------------------

    def choose_appearance(self, appearance: str) -> None:
        """Light, dark, or as the system has it."""
        self._keep(replace(self.preferences, appearance=appearance))

    def switch(self, name: str, *, on: bool) -> None:
        """`notify` or `keep_awake`."""
        self._keep(_changed(self.preferences, name, on))

    def edit(self, name: str, text: str) -> None:
        """A limit was typed: it holds as soon as it is a number."""
        value = _amount(text)
        self._left.discard(name)
        if value is None:
            self._typed[name] = text
            self._shell.changed()
            return
        self._typed.pop(name, None)
        if value != getattr(self.preferences, name):
            self._keep(_changed(self.preferences, name, value))

    def leave(self, name: str) -> None:
        """The cursor left a field."""
        self._left.add(name)
        self._shell.changed()

    def open_folder(self) -> None:
        """Show where runs are kept."""
        problem = self._shell.open_folder(self._folder)
        if problem:
            self._say(labels.NOT_OPENED.format(path=self._folder, reason=problem))

    # -- the screen --------------------------------------------------------------------------------

    def screen(self) -> SettingsScreen:
        """The page of this moment."""
        kept = self.preferences
        values = {"appearance": kept.appearance}
        values |= {name: self._typed.get(name, _shown(getattr(kept, name))) for name in LIMITS}
        return SettingsScreen(
            Head(labels.SETTINGS_CONTEXT),
            values,
            {name: self._field(name) for name in LIMITS},
            {name: bool(getattr(kept, name)) for name in SWITCHES},
            self._folder,
            self._note,
        )

    def _field(self, name: str) -> FieldState:
        is_wrong = name in self._typed and name in self._left
        return FieldState(problem=labels.NOT_AN_AMOUNT) if is_wrong else FieldState(labels.HINTS[name])

    def _keep(self, preferences: Preferences) -> None:
        self.preferences = preferences
        problem = self._file.save(preferences)
        if problem:
            self._say(labels.NOT_KEPT.format(reason=problem))
        else:
            self._note = ""
        self._shell.changed()

    def _say(self, text: str) -> None:
        self._note = text
        self._shell.write(Line("warn", "window", text))


def _changed(preferences: Preferences, name: str, value: float | bool) -> Preferences:
    fields: Mapping[str, Any] = {name: value}
    return replace(preferences, **fields)


def _amount(text: str) -> float | None:
    """What was typed as a number from 0 up; None where it is none."""
    try:
        value = float(text.strip())
    except ValueError:
        return None
    return value if math.isfinite(value) and 0 <= value < MOST else None


def _shown(value: float) -> str:
    """`10`, `0.5`."""
    return f"{value:g}" if value < 1e6 else f"{value:.0f}"
