"""Objects that a run did not copy: their keys to the clipboard, and Leave Out for the next run.

The run that has ended is never changed by this (decision 33).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from migrator.gui import labels
from migrator.gui.form import EndForm, Form
from migrator.gui.groups import MOST_LEFT_OUT
from migrator.gui.pages.setup import SetupPage
from migrator.gui.pages.shell import Shell
from migrator.gui.screen import Question
from migrator.gui.status import Tone
from migrator.model.not_copied import NotCopied
from migrator.model.objects import visible
from migrator.model.run_state import RunState
from migrator.phrases import count
from migrator.words import Line

#: More keys are no text to paste: the report has them.
MOST_COPIED = 10_000
#: Runs that copy. What had to stay in an undo is no part of a next run.
_COPYING = frozenset({"run", "resume"})


class Uncopied:
    """What is asked about them; the service names them from the run's journal."""

    def __init__(
        self, shell: Shell, set_up: SetupPage, run: Callable[[], RunState], leave_behind: Callable[[], None]
    ) -> None:
        """`run`: the one on screen; `leave_behind`: the next one is about to be set up."""
        self._shell, self._set_up, self._run, self._leave_behind = shell, set_up, run, leave_behind
        self._begun_run = ""  #: the newest run that was begun in this window
        self._begun_place: Form | None = None  #: and what Set up said then of where from and where to
        self._leaving_out = self._copying = ("", "")  #: of which run, for which cause: asked, not answered

    def begins(self, form: Form) -> None:
        """A run is asked for."""
        self._begun_run, self._begun_place = "", _place_of(form)

    def begun(self, run: str) -> None:
        """It has begun."""
        self._begun_run = run

    # -- what can be pressed -----------------------------------------------------------------------

    def copy_keys(self, cause: str, samples: Sequence[str]) -> None:
        """Keys of a group, one a line: all of them where the journal has them by a cause, else samples."""
        run = self._run().run
        if cause and run:
            self._copying = (run, cause)
            self._shell.service.find_not_copied(run, cause, MOST_COPIED)
        else:
            self._shell.copy("\n".join(samples))

    def leave_out(self, cause: str, objects: int) -> None:
        """Leave Out…: objects of one cause are not asked for by the next run, once that was answered."""
        if not self.can_leave_out or not cause:
            return
        question = Question(
            labels.LEAVE_OUT_HEADLINE.format(objects=count(objects, "object")),
            labels.LEAVE_OUT_TEXT,
            labels.LEAVE_OUT_YES,
            labels.LEAVE_OUT_NO,
            is_destructive=False,
        )
        self._shell.ask(question, lambda: self._find(cause))

    # -- how it stands -----------------------------------------------------------------------------

    @property
    def can_leave_out(self) -> bool:
        """Only where Set up says what this run was about: its filters are what the next run goes by."""
        run = self._run()
        is_over = run.summary is not None and run.command in _COPYING and self._shell.form_is_open
        return is_over and run.run == self._begun_run and self._begun_place == _place_of(self._set_up.form)

    def found(self, event: NotCopied) -> None:
        """The service names them."""
        asked = (event.run, event.cause)
        if asked == self._copying:
            self._copying = ("", "")
            self._copied(event)
        elif asked == self._leaving_out:
            self._leaving_out = ("", "")
            if not self.can_leave_out:
                self._shell.write(Line("warn", "window", labels.NOTHING_LEFT_OUT))
                return
            if event.more:
                self._set_up.connection.say(labels.MORE_THAN_LEFT_OUT, Tone.WARN)
            else:
                self._set_up.leave_out(event.keys)
                self._leave_behind()
            self._shell.show("setup")

    def warned(self) -> None:
        """It cannot: the log says why, and no later answer is taken for this one."""
        self._leaving_out = self._copying = ("", "")

    # -- inside ------------------------------------------------------------------------------------

    def _find(self, cause: str) -> None:
        self._leaving_out = (self._begun_run, cause)
        self._shell.service.find_not_copied(self._begun_run, cause, MOST_LEFT_OUT)

    def _copied(self, event: NotCopied) -> None:
        # A key with a line break would be two.
        self._shell.copy("\n".join(key if key.isprintable() else visible(key) for key in event.keys))
        text = labels.SOME_KEYS_COPIED if event.more else labels.KEYS_COPIED
        self._shell.write(Line("info", "window", text.format(keys=count(len(event.keys), "key"))))


def _place_of(form: Form) -> Form:
    """Where from and where to; nothing else of a form, and no keys."""
    aws, lyve = (
        EndForm(region=end.region, endpoint=end.endpoint, bucket=end.bucket, prefix=end.prefix)
        for end in (form.aws, form.lyve)
    )
    return Form(form.direction, aws, lyve)
