"""What a page may ask of the window as a whole, and which pages there are.

A new page: a row in `PAGES`, a presenter here, its part of `Screen`, and a view in `views`, named in `app`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from migrator.gui import labels
from migrator.gui.screen import Question
from migrator.gui.service import Service
from migrator.preferences import Preferences
from migrator.words import Line


@dataclass(frozen=True, slots=True)
class Page:
    """One page in the rail. `number` is empty for those that are no step; `key` is its digit with Ctrl."""

    name: str
    number: str
    title: str
    icon: str
    key: str
    is_low: bool = False  #: at the rail's lower end


PAGES = (
    Page("setup", "1", labels.SETUP_TITLE, "sliders", "1"),
    Page("plan", "2", labels.PLAN_TITLE, "card-checklist", "2"),
    Page("run", "3", labels.RUN_TITLE, "play-circle", "3"),
    Page("history", "", labels.HISTORY_TITLE, "clock-history", "4"),
    Page("settings", "", labels.SETTINGS_TITLE, "gear", "5", is_low=True),
    Page("help", "", labels.HELP_TITLE, "question-circle", "6", is_low=True),
)


def nothing() -> None:
    """The answer to a question that needs none."""


class Shell(Protocol):
    """The window as a page sees it."""

    @property
    def service(self) -> Service: ...

    @property
    def preferences(self) -> Preferences:
        """What was chosen on Settings."""

    def copy(self, text: str) -> None:
        """Onto the clipboard."""

    def focus_on(self, field: str) -> None:
        """The cursor into a field of Set up."""

    def generate(self) -> None:
        """Generate Config File."""

    def open_folder(self, path: str) -> str:
        """Show a folder in the system's own way; why that failed, or nothing."""

    @property
    def zone(self) -> str:
        """The zone that moments are shown in: `CET`."""

    def ask_for_file(self, name: str, kinds: Mapping[str, str], title: str) -> str:
        """Where to write a file of that name, as one of these kinds (ending -> words); empty: nowhere."""

    def ask_to_open(self, kinds: Mapping[str, str], title: str) -> str:
        """Which file to read, of one of these kinds (ending -> words); empty: none."""

    @property
    def form_is_open(self) -> bool:
        """Whether what Set up says may be changed: nothing is under way."""

    @property
    def page(self) -> str:
        """The page in sight."""

    def changed(self) -> None:
        """Something on screen is not right any more: draw at the next tick."""

    def show(self, page: str) -> None:
        """Bring a page into sight."""

    def ask_service(self, call: Callable[[], None]) -> bool:
        """Hand work to the service; what it refuses at once goes beside the fields. Whether it was taken."""

    def ask(
        self, question: Question, on_yes: Callable[[], None], on_no: Callable[[], None] = nothing
    ) -> None:
        """Ask in the action bar."""

    def write(self, line: Line) -> None:
        """Into the log."""

    def now(self) -> float:
        """Seconds of a clock that only goes forward."""

    def stamp(self) -> str:
        """The time of day, `14:31:02`."""

    @property
    def is_quitting(self) -> bool: ...

    @property
    def is_asking(self) -> bool: ...
