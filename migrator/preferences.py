"""What a person chose for the window on this computer: a small JSON file beside the runs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from migrator.job_file import write_private

APPEARANCES = ("system", "light", "dark")
#: No limit is above this.
MOST = 1e9


@dataclass(frozen=True, slots=True)
class Preferences:
    """`most_usd`, `most_hours`: Migrate Data starts without asking only where a plan stays below both.

    `notify`: tell of pauses and ends while the window is not in front. `keep_awake`: no sleep during a run.
    """

    appearance: str = "system"
    most_usd: float = 10.0
    most_hours: float = 12.0
    notify: bool = True
    keep_awake: bool = True


class PreferencesFile:
    """Where they are kept. None: only for as long as the program runs."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self.problem = ""  #: what was wrong with the file when it was read

    def load(self) -> Preferences:
        """What the file says; what it does not say, or says wrongly, is as at first."""
        self.problem = ""
        if self._path is None:
            return Preferences()
        try:
            read = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return Preferences()
        except OSError as cause:
            self.problem = f"{self._path} could not be read: {cause.strerror or cause}."
            return Preferences()
        except (ValueError, RecursionError):
            self.problem = f"{self._path} is damaged: no setting could be read from it."
            return Preferences()
        if not isinstance(read, dict):
            self.problem = f"{self._path} is damaged: no setting could be read from it."
            return Preferences()
        return self._from(read)

    def save(self, preferences: Preferences) -> str:
        """Keep them, readable by their owner only; why that failed, or nothing."""
        if self._path is None:
            return ""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_private(self._path, json.dumps(asdict(preferences), indent=2) + "\n")
        except OSError as cause:
            return cause.strerror or str(cause)
        return ""

    def _from(self, read: dict[str, Any]) -> Preferences:
        names = [each.name for each in fields(Preferences)]
        bad = [name for name in names if name in read and not _is_good(name, read[name])]
        if bad:
            self.problem = f"{self._path} says something impossible about {', '.join(bad)}: as at first."
        return Preferences(**{name: read[name] for name in names if name in read and name not in bad})


def _is_good(name: str, value: Any) -> bool:
    if name == "appearance":
        return value in APPEARANCES
    if name in {"notify", "keep_awake"}:
        return isinstance(value, bool)
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < MOST
