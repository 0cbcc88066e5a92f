"""Help: a guide, the demo, the keys of the keyboard, where files are, and what this program is."""

from __future__ import annotations

from migrator import about
from migrator.gui import help_words, labels
from migrator.gui.help_values import HelpScreen
from migrator.gui.pages.shell import Shell
from migrator.gui.screen_parts import Banner, Button, Head
from migrator.gui.status import Intent, Tone
from migrator.system.computer import System
from migrator.words import Line

#: How often it is looked whether the demo's window is still open.
LOOK_S = 1.0
#: A demo that was open for so long has started, however it ends.
STARTED_S = 20.0


class HelpPage:
    """Words that never change, and the demo that was started from here."""

    def __init__(self, shell: Shell, system: System, folder: str, *, is_demo: bool) -> None:
        """`folder`: where runs are kept; empty where nobody said. `is_demo`: this window is the demo's."""
        self._shell, self._system, self._folder, self._is_demo = shell, system, folder, is_demo
        self._section, self._turn = "", 0
        self._demo = "none"  #: none | open | failed
        self._problem = ""  #: what went wrong with it, in a sentence
        self._started_at = self._looked_at = 0.0
        self._folder_note = self._licences = ""

    # -- what can be pressed -----------------------------------------------------------------------

    def open(self, section: str) -> None:
        """Bring one part into sight."""
        self._section, self._turn = section, self._turn + 1
        self._shell.show("help")

    def start_demo(self) -> None:
        """Open the demo, as `migrator demo` does, in a window of its own."""
        if not self.can_start_demo:
            return
        reason = self._system.start_demo()
        self._demo = "open"
        if reason:
            self._fail(help_words.DEMO_FAILED.format(reason=reason))
        self._started_at = self._looked_at = self._shell.now()
        self._shell.changed()

    def open_folder(self) -> None:
        """Show where runs are kept."""
        problem = self._shell.open_folder(self._folder)
        self._folder_note = labels.NOT_OPENED.format(path=self._folder, reason=problem) if problem else ""
        if problem:
            self._shell.write(Line("warn", "window", self._folder_note))
        self._shell.changed()

    def show_licences(self) -> None:
        """Read them, when somebody asks: in an executable they are long."""
        try:
            self._licences = about.licences()
        except OSError as cause:
            self._licences = help_words.NO_LICENCES.format(reason=cause.strerror)
        self._shell.changed()

    def copy_about(self) -> None:
        """What to write into a report of a problem."""
        self._shell.copy(f"{labels.TITLE} {about.version()}")

    # -- how it stands -----------------------------------------------------------------------------

    @property
    def can_start_demo(self) -> bool:
        """One demo at a time, and none out of a demo."""
        return not self._is_demo and self._demo != "open"

    def tick(self) -> None:
        """Look now and then whether the demo's window is still there."""
        now = self._shell.now()
        if self._demo != "open" or now - self._looked_at < LOOK_S:
            return
        self._looked_at = now
        self._demo = self._system.demo()
        if self._demo == "failed":
            did_not_start = help_words.DEMO_FAILED.format(reason=help_words.DEMO_BROKE_OFF)
            self._fail(did_not_start if now - self._started_at < STARTED_S else help_words.DEMO_ENDED)
        if self._demo != "open":
            self._shell.changed()

    def screen(self, *, is_new: bool) -> HelpScreen:
        """The page of this moment. `is_new`: nobody has typed, or run, anything yet."""
        said, tone = self._demo_said
        return HelpScreen(
            Head(help_words.CONTEXT),
            self._section,
            self._turn,
            said,
            tone,
            self.can_start_demo,
            self._folder,
            self._folder_note,
            help_words.VERSION.format(version=about.version()),
            self._licences,
            self._offer(said) if is_new and not self._is_demo else None,
        )

    # -- inside ------------------------------------------------------------------------------------

    def _fail(self, problem: str) -> None:
        self._demo, self._problem = "failed", problem
        self._shell.write(Line("error", "demo", problem))

    @property
    def _demo_said(self) -> tuple[str, Tone]:
        if self._is_demo:
            return help_words.THIS_IS_THE_DEMO, Tone.QUIET
        match self._demo:
            case "open":
                return help_words.DEMO_OPEN, Tone.OK
            case "failed":
                return self._problem, Tone.PROBLEM
        return "", Tone.QUIET

    def _offer(self, said: str) -> Banner:
        button = Button(Intent.START_DEMO, labels.BUTTONS["start_demo"], is_enabled=self.can_start_demo)
        has_failed = self._demo == "failed"
        tone = Tone.PROBLEM if has_failed else Tone.BUSY
        text = said or help_words.DEMO_TEXT
        return Banner(help_words.OFFER, text, tone, (button,), is_offer=not has_failed)
