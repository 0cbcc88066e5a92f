"""What several pages show: the head of a page, a field's line, a button, a banner."""

from __future__ import annotations

from dataclasses import dataclass

from migrator.gui.status import Intent, Tone


@dataclass(frozen=True, slots=True)
class Pill:
    """One or two words on a page's state."""

    text: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class Head:
    """The line below a page's title, and the pills at its right."""

    context: str
    pills: tuple[Pill, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldState:
    """The line below a field: quiet hint, or what is wrong."""

    hint: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Button:
    """A button of the action bar."""

    intent: Intent
    text: str
    is_enabled: bool


@dataclass(frozen=True, slots=True)
class Banner:
    """The end of a run, or what it waits for. `buttons`: what helps, by intent."""

    headline: str
    detail: str
    tone: Tone
    buttons: tuple[Button, ...] = ()
    is_offer: bool = False  #: nothing has happened: something may be tried
