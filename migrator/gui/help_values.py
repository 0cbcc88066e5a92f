"""What Help shows, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass

from migrator.gui.screen_parts import Banner, Head
from migrator.gui.status import Tone


@dataclass(frozen=True, slots=True)
class HelpScreen:
    """Help. `section` is brought into sight when `turn` changes; the rest of its words never change.

    `offer` is the demo's banner on Set up, where nobody has done anything yet.
    """

    head: Head
    section: str = ""
    turn: int = 0
    demo: str = ""  #: how the demo stands
    demo_tone: Tone = Tone.QUIET
    can_start: bool = False
    folder: str = ""  #: where runs are kept
    folder_note: str = ""  #: why it could not be opened
    version: str = ""
    licences: str = ""  #: empty until somebody asks for them
    offer: Banner | None = None
