"""What a run asks of the system: no sleep while it goes on, and a word when it ends and nobody is looking."""

from __future__ import annotations

from collections.abc import Callable

from migrator.gui.screen import Screen
from migrator.gui.status import Status
from migrator.preferences import Preferences
from migrator.system.computer import System

_S = Status
#: While these hold, the computer stays awake.
AWAKE = frozenset(
    {_S.PLANNING, _S.LISTING, _S.RUNNING, _S.CANCELLING, _S.PREVIEWING, _S.ROLLING_BACK}
    | {_S.COMPARING, _S.ACCEPTING}
)
#: Somebody may have gone away meanwhile. Cancelling is not among them: whoever asked for that is there.
LONG = frozenset({_S.LISTING, _S.RUNNING, _S.ROLLING_BACK, _S.COMPARING})


class Attention:
    """Looks at every screen that is drawn."""

    def __init__(self, system: System, preferences: Callable[[], Preferences]) -> None:
        self._system, self._preferences = system, preferences
        self._before: Status | None = None

    def look(self, screen: Screen, *, in_front: Callable[[], bool]) -> None:
        """`in_front`: whether the window has the focus, so that everything can be seen in it."""
        status, before = screen.status, self._before
        self._before = status
        wanted = self._preferences()
        self._system.keep_awake(awake=wanted.keep_awake and status in AWAKE)
        has_ended = before in LONG and status not in AWAKE
        if has_ended and wanted.notify and not in_front():
            self._system.notify(screen.bar.sentence, screen.bar.help)
