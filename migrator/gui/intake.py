"""Taking in what the service tells: which page an event is for, and whether it belongs into the log too.

No tkinter, nothing is drawn. The pages together also decide on the one status word, and on the facts that bar
and rail are made from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from migrator import words
from migrator.gui import checks
from migrator.gui.form import NAMES
from migrator.gui.frame import Facts
from migrator.gui.log import LogLine
from migrator.gui.pages.config_file import ConfigFilePage
from migrator.gui.pages.help import HelpPage
from migrator.gui.pages.history import HistoryPage
from migrator.gui.pages.key_sets import KeySetsPage
from migrator.gui.pages.log import LogPage
from migrator.gui.pages.plan import PlanPage
from migrator.gui.pages.run import RunPage
from migrator.gui.pages.setup import SetupPage
from migrator.gui.screen import Question
from migrator.gui.service import Service
from migrator.gui.status import Status, Tone
from migrator.model.drafts import ConfigRead, ConfigSaved, ConfigWritten
from migrator.model.events import (
    EndChecked,
    Event,
    LogSaved,
    ObjectCopied,
    Reported,
    RunForgotten,
    RunStarted,
    Summary,
    TransferProgress,
    UnfinishedFound,
    Warned,
)
from migrator.model.key_sets import KeysForgotten, KeysListed, KeysTested
from migrator.model.not_copied import NotCopied
from migrator.model.past_runs import RunsListed
from migrator.model.planned import PlanRows
from migrator.words import Level, Line

#: A service that has been idle for so many ticks has nothing left to say.
SILENT_TICKS = 3


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages that events are about, and what they come to together."""

    set_up: SetupPage
    config: ConfigFilePage
    plan: PlanPage
    run: RunPage
    history: HistoryPage
    log: LogPage
    keys: KeySetsPage
    help: HelpPage

    @property
    def status(self) -> Status:
        """The one word everything else follows from."""
        if self.set_up.connection.is_checking:
            return Status.CONNECTING
        if self.plan.is_making:
            return self.plan.status or Status.PLANNING
        if self.history.is_working:
            return self.history.status
        return self.run.status or self.plan.status or self.set_up.connection.status

    @property
    def is_new(self) -> bool:
        """Nobody has typed, or run, anything yet."""
        form = self.set_up.form
        return self.history.total == 0 and not any(
            form.get(f"{end}.{part}") for end in NAMES for part in ("access_key_id", "bucket")
        )

    def bring(self, line: LogLine) -> bool:
        """The object that a line of the log is about comes into sight; False where no list has it.

        The tables of the newest run come first. Of what was not copied they have a few of each cause, of
        copies the newest: the plan knows every object, but nothing of undoing and comparing.
        """
        if line.work == self.run.state.run and self.run.point_at(line.key, is_copied=line.level == "info"):
            return True
        return line.part == "copy" and self.plan.point_at(line.key, line.work)

    def facts(self, page: str, question: Question | None, *, is_quitting: bool) -> Facts:
        """What bar, rail and the intents that are allowed depend on. `page`: the one in sight."""
        status = self.status
        return Facts(
            status=status,
            page=page,
            connection=self.set_up.connection.status,
            run=self.run.state,
            run_status=self.run.status,
            last_run=self.run.last_run,
            can_undo=self.run.can_undo,
            more_found=len(self.run.found),
            work=self.history.state if self.history.is_working else None,
            plan=self.plan.state,
            plan_status=self.plan.status,
            plan_is_stale=self.plan.is_stale,
            plan_spent=self.plan.spent,
            decisions=self.plan.open,
            runs=self.history.total,
            runs_waiting=self.history.can_be_resumed,
            question=question,
            has_problems=self.set_up.has_problems,
            is_check_stopping=self.set_up.connection.is_stopping,
            is_quitting=is_quitting,
            is_filled=status is Status.EMPTY and not checks.blocking_generate(self.set_up.form),
            can_start_demo=self.help.can_start_demo,
        )


class Window(Protocol):
    """What the intake asks of the window as a whole."""

    @property
    def service(self) -> Service: ...

    def write(self, line: Line) -> None:
        """Into the log."""

    def fold(self) -> bool:
        """Whether one more success is only counted now."""

    def changed(self) -> None:
        """Draw at the next tick."""


class Intake:
    """Folds events into the pages, one at a time; cheap."""

    def __init__(self, pages: Pages, window: Window) -> None:
        self._pages, self._window = pages, window
        self._idle_ticks = 0

    def asked(self) -> None:
        """Something was asked of the service: it has had no time to answer yet."""
        self._idle_ticks = 0

    def take(self, event: Event) -> None:
        """Give an event to the page that it is for, and to the log."""
        if isinstance(event, RunStarted):
            self._pages.log.log.work = event.run or self._pages.plan.work
        if self._is_told(event):
            self._write_about(event)

    def watch(self, *, idle: bool) -> None:
        """Once a tick: a service that ended without its last word must not be waited for for ever."""
        self._idle_ticks = self._idle_ticks + 1 if idle and not self._window.service.is_busy else 0
        if self._idle_ticks >= SILENT_TICKS and self._give_up():
            self._window.changed()

    def _is_told(self, event: Event) -> bool:
        """Fold the event in. Whether the log is to have it."""
        pages = self._pages
        connection = pages.set_up.connection
        match event:
            case RunsListed():
                pages.history.take(event)
            case UnfinishedFound():
                pages.run.found_unfinished(event)
            case EndChecked():
                pages.set_up.end_checked(event)
            case ConfigWritten():
                connection.written(event)
            case ConfigRead():
                return pages.config.read(event)
            case ConfigSaved():
                pages.config.saved(event)
            case Warned(code="config"):
                pages.config.warned(event)
            case Summary() if connection.is_checking:
                # Not the end of a run: Generate Config File went wrong, and the newest run stays what it is.
                level: Level = "info" if connection.is_stopping else "error"
                connection.failed(f"{event.message} {event.advice}".strip())
                self._window.write(Line(level, "check", connection.said[0]))
                return False
            case Warned(code="environment" | "internal" | "busy") if connection.is_checking:
                connection.say(event.message, Tone.WARN)
            case Reported():
                if not pages.history.reported(event):
                    pages.run.reported(event)
            case RunForgotten():
                pages.history.forgotten(event)
            case NotCopied():
                pages.run.uncopied.found(event)
            case KeysListed():
                pages.keys.listed(event)
            case KeysTested():
                pages.keys.tested(event)
            case KeysForgotten():
                pages.keys.forgotten(event)
            case LogSaved():
                pages.log.saved(event)
            case Warned(code="log"):
                pages.log.warned(event)
            case Warned(code="report" | "forget"):
                pages.history.warned(event)
            case Warned(code="not-copied"):
                pages.run.uncopied.warned()
            case PlanRows():
                pages.plan.found(event)
            case _ if pages.plan.is_making:
                self._write_about(event)  # before the run that may follow says its first word
                if pages.plan.take(event):
                    pages.run.start()
                return False
            case _ if pages.history.is_working:
                return pages.history.take_work(event)
            case _:
                return self._about_the_run(event)
        return True

    def _about_the_run(self, event: Event) -> bool:
        pages = self._pages
        is_told = pages.run.take(event)
        match event:
            case TransferProgress():
                return False
            case ObjectCopied():
                return is_told and not self._window.fold()
            case Summary():
                pages.history.ask()
                pages.plan.ended(pages.run.state.command, event)
            case RunStarted():
                pages.plan.begun(event)
        return is_told

    def _write_about(self, event: Event) -> None:
        if (line := words.sentence(event)) is not None:
            self._window.write(line)

    def _give_up(self) -> bool:
        """Whether anything was still waited for."""
        pages = self._pages
        if pages.set_up.connection.is_checking:
            pages.set_up.connection.gave_up()
        elif pages.plan.is_making:
            pages.plan.gave_up()
        elif pages.history.is_working:
            pages.history.gave_up()
        elif pages.run.is_waiting:
            pages.run.gave_up()
        else:
            return False
        return True
