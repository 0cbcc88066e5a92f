"""Settings: what holds for this window on this computer. Changes are kept at once."""

from __future__ import annotations

from dataclasses import replace

from migrator.gui import labels
from migrator.gui.pages.shell import Shell
from migrator.gui.screen import FieldState, Head, SettingsScreen
from migrator.preferences import Preferences, PreferencesFile
from migrator.words import Line


class SettingsPage:
    """The preferences, and what is wrong with what was typed for them."""

    def __init__(self, shell: Shell, file: PreferencesFile) -> None:
        self._shell, self._file = shell, file
        self.preferences: Preferences = file.load()

    def choose_appearance(self, appearance: str) -> None:
        """Light, dark, or as the system has it."""
        self._keep(replace(self.preferences, appearance=appearance))

    def screen(self) -> SettingsScreen:
        """The page of this moment."""
        return SettingsScreen(
            Head(labels.SETTINGS_CONTEXT),
            {"appearance": self.preferences.appearance},
            {"appearance": FieldState()},
        )

    def _keep(self, preferences: Preferences) -> None:
        self.preferences = preferences
        problem = self._file.save(preferences)
        if problem:
            self._shell.write(Line("warn", "window", f"The settings could not be kept: {problem}"))
        self._shell.changed()
