"""Number of Threads and Speed limit of a run that goes on: what is typed is sent, what happened is shown."""

from __future__ import annotations

from migrator.config import MAX_THREADS
from migrator.gui import form_words
from migrator.gui.pages.shell import Shell
from migrator.gui.screen import PaceScreen
from migrator.model.events import Event, LimitChanged, PaceChanged, RunStarted
from migrator.model.run_state import RunState
from migrator.model.sizes import parse_size, show_size

#: Typed numbers are sent on after a moment without typing: 128 is not 1, then 12.
SETTLE_S = 0.6
NOT_A_NUMBER, NOT_A_SPEED = form_words.SHORT["threads"], form_words.SHORT["speed_limit"]
#: Runs that copy, and so have a pace.
_COPYING = frozenset({"run", "resume"})


class PacePage:
    """Two fields and a tick on the Run page. What a person is typing is not overwritten by what happens."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._threads = self._speed = ""
        self._adjusts = False
        self._edited_at: dict[str, float] = {}  # fields with something that was not sent on yet
        self._problems: dict[str, str] = {}
        self._revision = 0

    def edit(self, name: str, value: str) -> None:
        """Text was typed into `threads` or `speed_limit`."""
        if name == "threads":
            self._threads = value
        else:
            self._speed = value
        self._edited_at[name] = self._shell.now()
        self._problems.pop(name, None)
        self._shell.changed()

    def left(self, name: str) -> None:
        """The field was left, or Return pressed in it: nothing more will be typed."""
        if name in self._edited_at:
            self._send(name)

    def adjust(self, *, itself: bool) -> None:
        """The tick: the number finds itself, or stays what it is now."""
        self._edited_at.pop("threads", None)
        self._problems.pop("threads", None)
        number = int(self._threads) if _is_possible(self._threads) else 16
        self._adjusts = itself
        self._shell.ask_service(lambda: self._shell.service.change(threads="auto" if itself else number))

    def tick(self) -> None:
        """Send on what was typed a moment ago."""
        for name, at in tuple(self._edited_at.items()):
            if self._shell.now() - at >= SETTLE_S:
                self._send(name)

    def take(self, event: Event) -> None:
        """What happened to number and limit."""
        match event:
            case RunStarted():
                self._edited_at, self._problems = {}, {}
                self._show(threads=event.threads, adjusts=event.adjusts, bytes_s=event.bandwidth_bytes_s)
            case PaceChanged():
                self._show(threads=event.after, adjusts=event.adjusts)
            case LimitChanged():
                self._show(bytes_s=event.after_bytes_s)

    def screen(self, state: RunState) -> PaceScreen | None:
        """None where there is nothing whose pace could be changed."""
        if not state.is_running or not state.run or state.command not in _COPYING:
            return None
        return PaceScreen(self._threads, self._adjusts, self._speed, self._revision, dict(self._problems))

    # -- inside ------------------------------------------------------------------------------------

    def _show(
        self, *, threads: int | None = None, adjusts: bool | None = None, bytes_s: int | None = None
    ) -> None:
        if threads is not None and "threads" not in self._edited_at:
            self._threads = str(threads)
        if adjusts is not None:
            self._adjusts = adjusts
        if bytes_s is not None and "speed_limit" not in self._edited_at:
            self._speed = _shown(bytes_s)
        self._revision += 1
        self._shell.changed()

    def _send(self, name: str) -> None:
        del self._edited_at[name]
        self._shell.changed()
        service = self._shell.service
        if name == "threads":
            if not _is_possible(self._threads):
                self._problems[name] = NOT_A_NUMBER
                return
            self._adjusts = False  # who types a number wants that number
            number = int(self._threads)
            self._shell.ask_service(lambda: service.change(threads=number))
            return
        bytes_s = _bytes_of(self._speed)
        if bytes_s is None:
            self._problems[name] = NOT_A_SPEED
            return
        self._shell.ask_service(lambda: service.change(bandwidth_bytes_s=bytes_s))


def _is_possible(text: str) -> bool:
    text = text.strip()
    return text.isdecimal() and 1 <= int(text) <= MAX_THREADS


def _bytes_of(text: str) -> int | None:
    """Bytes a second, 0 for no limit; None where it is no speed."""
    text = text.strip()
    if not text:
        return 0
    try:
        return parse_size(text.removesuffix("/s")) or None
    except ValueError:
        return None


def _shown(bytes_s: int) -> str:
    """As a person would type it, and exactly that much; empty for no limit."""
    if not bytes_s:
        return ""
    text = show_size(bytes_s)
    return f"{text}/s" if parse_size(text) == bytes_s else f"{bytes_s} B/s"
