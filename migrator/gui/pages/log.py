"""The log pane: which lines are shown, whether it follows, and the whole of it as a file."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from operator import attrgetter

from migrator import words
from migrator.gui import labels
from migrator.gui.log import Log, LogLine
from migrator.gui.pages.shell import Shell
from migrator.gui.screen import LogScreen
from migrator.gui.status import Tone
from migrator.model.events import LogSaved, Warned


class LogPage:
    """What is done with the lines; `log` has them."""

    def __init__(
        self, shell: Shell, run: Callable[[], str], bring: Callable[[LogLine], bool] = lambda _line: False
    ) -> None:
        """`run`: which run's log is the one on disk; empty where there is none. `bring`: what a line is
        about comes into sight; False where nothing on screen has it."""
        self._shell, self._run, self._bring = shell, run, bring
        self.log = Log()
        self._follow = True
        self._left_at = 0  #: the newest line when following ended
        self._saving = ""  #: where to the log is being written
        self._said: tuple[str, Tone] = ("", Tone.QUIET)

    # -- what can be pressed -----------------------------------------------------------------------

    def filter_log(self, level: str | None = None, search: str | None = None) -> None:
        """Show other lines."""
        self.log.filter(level, search)
        self._said = ("", Tone.QUIET)
        self._shell.changed()

    def follow_log(self, *, follow: bool) -> None:
        """Stay at the end, or where somebody reads."""
        self._follow, self._left_at = follow, self.log.total
        self._shell.changed()

    def copy_log(self) -> None:
        """The lines on screen, to the clipboard."""
        self._shell.copy(self.log.text)

    def export_log(self) -> None:
        """The complete log of the run as it is on disk, not only what is on screen, to a file."""
        run = self._run()
        if not run:
            return
        path = self._shell.ask_for_file(f"log-{run}", labels.LOG_KINDS, labels.EXPORT_LOG)
        if path:
            self._saving = path
            self._say(labels.LOG_SAVING, Tone.BUSY)
            self._shell.service.save_log(run, path)

    def open_line(self, seq: int) -> bool:
        """Bring the object into sight that a line is about; False where it is about none."""
        line = self.log.line(seq)
        if line is None or not line.key:
            return False
        is_there = self._bring(line)
        self._say("" if is_there else labels.LOG_NOT_HERE, Tone.QUIET)
        return True

    # -- events ------------------------------------------------------------------------------------

    def saved(self, event: LogSaved) -> None:
        """It is there."""
        self._saving = ""
        self._say(words.log_saved(event), Tone.OK)

    def warned(self, event: Warned) -> None:
        """It could not be written."""
        self._saving = ""
        self._say(event.message, Tone.PROBLEM)

    # -- the screen --------------------------------------------------------------------------------

    def screen(self) -> LogScreen:
        """The pane of this moment."""
        log = self.log
        said, tone = self._said
        return LogScreen(
            log.generation,
            log.lines,
            log.note,
            log.level,
            log.search,
            self._follow,
            newer=0 if self._follow else _after(log.lines, self._left_at),
            can_export=bool(self._run()) and not self._saving,
            said=said,
            said_tone=tone,
        )

    def _say(self, text: str, tone: Tone) -> None:
        self._said = (text, tone)
        self._shell.changed()


def _after(lines: tuple[LogLine, ...], seq: int) -> int:
    """How many of them are newer."""
    return len(lines) - bisect_right(lines, seq, key=attrgetter("seq"))
