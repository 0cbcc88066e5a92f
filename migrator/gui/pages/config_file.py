"""Config files and the form: the last one at the start, any other one by hand, and a copy of this one."""

from __future__ import annotations

from migrator import config_words
from migrator.gui import checks, labels
from migrator.gui.form import NAMES, Form, from_table, to_table
from migrator.gui.pages.setup import SetupPage
from migrator.gui.pages.shell import Shell
from migrator.gui.status import Tone
from migrator.model.drafts import ConfigRead, ConfigSaved
from migrator.model.events import Warned
from migrator.words import Line


class ConfigFilePage:
    """Fills the form of Set up from files that the service reads, and has it written to others."""

    def __init__(self, shell: Shell, set_up: SetupPage, *, is_demo: bool = False) -> None:
        """`is_demo`: the form is about the demo's own two services, and stays so."""
        self._shell, self._set_up, self._is_demo = shell, set_up, is_demo

    @property
    def can_open(self) -> bool:
        """Whether the form may be filled from a file now."""
        return self._shell.form_is_open and not self._is_demo

    # -- what can be pressed -----------------------------------------------------------------------

    def open_last(self) -> None:
        """At the start: as it was when the window was closed."""
        if not self._is_demo:
            self._shell.service.open_config()

    def open(self) -> None:
        """Open Config File…"""
        if not self.can_open:
            return
        path = self._shell.ask_to_open(labels.CONFIG_KINDS, labels.OPEN_CONFIG)
        if path:
            self._shell.service.open_config(path)

    def open_run(self, run: str) -> None:
        """The settings of an earlier run, for another one."""
        if self.can_open:
            self._shell.service.open_config(run=run)

    def save(self) -> None:
        """Save Config File As…: what is wrong with the form is told beside its fields instead."""
        if not self.can_open:
            return
        if not self._set_up.is_free_of(checks.all_problems(self._form)):
            self._say(labels.PUT_RIGHT, Tone.PROBLEM)
            return
        path = self._shell.ask_for_file("job", labels.CONFIG_KINDS, labels.SAVE_CONFIG)
        if path:
            table = to_table(self._form)
            self._shell.ask_service(lambda: self._shell.service.save_config(path, table))

    # -- events ------------------------------------------------------------------------------------

    def read(self, event: ConfigRead) -> bool:
        """Fill the form. Whether that was done: not over what was typed meanwhile, nor during a run."""
        if event.is_last and (self._form != Form() or not self.can_open):
            return False
        if not self.can_open:
            self._shell.write(Line("warn", "config", labels.NOT_NOW_OPENED))
            return False
        try:
            form = from_table(event.table, event.keys)
        except ValueError as cause:
            self._say(f"{config_words.unread(is_last=event.is_last)}: {cause}", Tone.WARN)
            return False
        self._set_up.fill(form)
        tone = Tone.QUIET if event.is_last else Tone.OK
        self._say(f"{config_words.opened(event)} {_next(form)}", tone)
        return True

    def saved(self, event: ConfigSaved) -> None:
        """It is there."""
        self._say(config_words.saved(event), Tone.OK)

    def warned(self, event: Warned) -> None:
        """It could not be read or written."""
        self._say(event.message, Tone.PROBLEM)

    # -- inside ------------------------------------------------------------------------------------

    @property
    def _form(self) -> Form:
        return self._set_up.form

    def _say(self, text: str, tone: Tone) -> None:
        self._set_up.connection.say(text, tone)
        if tone is not Tone.QUIET:
            self._shell.show("setup")
        self._shell.changed()


def _next(form: Form) -> str:
    """What is left to do."""
    without = [labels.CARD_NAMES[name] for name in NAMES if not form.end(name).uses_known_keys]
    if not without:
        return labels.GENERATE_NEXT
    return labels.TYPE_KEYS if len(without) == len(NAMES) else labels.TYPE_KEYS_OF.format(end=without[0])
