"""What a person chose for the window on this computer: a small JSON file beside the runs."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

APPEARANCES = ("system", "light", "dark")


@dataclass(frozen=True, slots=True)
class Preferences:
    """`most_usd`, `most_hours`: Migrate Data starts without asking only where a plan stays below both."""

    appearance: str = "system"
    most_usd: float = 10.0
    most_hours: float = 12.0


class PreferencesFile:
    """Where they are kept. None: only for as long as the program runs."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path

    def load(self) -> Preferences:
        """What the file says; what it does not say, or says wrongly, is as at first."""
        if self._path is None:
            return Preferences()
        try:
            read = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return Preferences()
        return _from(read if isinstance(read, dict) else {})

    def save(self, preferences: Preferences) -> str:
        """Keep them; why that failed, or nothing."""
        if self._path is None:
            return ""
        partly = self._path.with_suffix(".part")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            partly.write_text(json.dumps(asdict(preferences), indent=2) + "\n", encoding="utf-8")
            os.replace(partly, self._path)
        except OSError as cause:
            return cause.strerror or str(cause)
        return ""


def _from(read: dict[str, Any]) -> Preferences:
    good = {each.name: read[each.name] for each in fields(Preferences) if _is_good(each.name, read)}
    return Preferences(**good)


def _is_good(name: str, read: dict[str, Any]) -> bool:
    value = read.get(name)
    if name == "appearance":
        return value in APPEARANCES
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e9
