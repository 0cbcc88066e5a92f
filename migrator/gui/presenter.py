"""Decides everything the window shows and does. No tkinter: views report intents, `view.render` draws.

All methods run on one thread, the window's. Nothing in here waits: slow things are asked of the service,
and their answers arrive as events through `take`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from migrator import words
from migrator.errors import JobFileError, MigratorError
from migrator.gui import frame, losses, run_page, story
from migrator.gui.figures import Meter
from migrator.gui.form import Form, keys_of, to_table, without_secrets
from migrator.gui.form_page import FormPage
from migrator.gui.found import Found
from migrator.gui.frame import Facts
from migrator.gui.groups import Groups
from migrator.gui.log import Log
from migrator.gui.preview import Preview
from migrator.gui.screen import (
    LogScreen,
    Question,
    Screen,
    View,
)
from migrator.gui.service import Service
from migrator.gui.status import TABLE, UNFINISHED, Intent, Status, Tone
from migrator.model.events import (
    ConfigWritten,
    EndChecked,
    Event,
    ObjectCopied,
    RunRelies,
    RunStarted,
    Summary,
    TransferProgress,
    UnfinishedFound,
    Warned,
)
from migrator.model.findings import PropertyFound
from migrator.model.ledger import Outcome
from migrator.model.run_state import RunState
from migrator.words import Line

#: Numbers on the page change at most this often; words and rows follow at once.
FIGURES_S = 0.25
#: How long a closing window waits for the run to stop.
QUIT_S = 30.0
#: The status while the service has not answered yet.
_WAITING = {
    "run": Status.LISTING,
    "resume": Status.LISTING,
    "preview": Status.PREVIEWING,
    "rollback": Status.ROLLING_BACK,
}


class Presenter:
    """One window's mind."""

    def __init__(
        self,
        service: Service,
        view: View,
        *,
        form: Form | None = None,
        demo: bool = False,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], datetime] = lambda: datetime.now().astimezone(),
    ) -> None:
        self.service, self.view = service, view
        self.set_up = FormPage(form or Form())
        self._connection = self.set_up.connection
        self.log = Log()
        self._demo = demo
        self._clock = clock
        self._wall = wall
        self._page = "setup"
        self._follow = True
        self._waiting_for = ""  #: run | resume | preview | rollback: asked of the service, no answer yet
        self._idle_ticks = 0
        self._run = self._run_before = RunState()
        self._last_run = ""
        self._can_undo = 0
        self._found = Found()
        self._preview: Preview | None = None  #: from Roll Back… until its question was answered
        self._dismissed = False
        self._cancelling = False
        self._quit_by: float | None = None
        self._question: Question | None = None
        self._on_yes: Callable[[], None] = lambda: None
        self._on_no: Callable[[], None] = lambda: None
        self._meter, self._groups = Meter(), Groups()
        self._dirty, self._drawn_at = True, 0.0
        self._stamp = wall().strftime("%H:%M:%S")

    # -- the form ----------------------------------------------------------------------------------

    @property
    def form(self) -> Form:
        """What is typed."""
        return self.set_up.form

    def edit(self, name: str, value: str) -> None:
        if self.form.get(name) != value:
            self.set_up.edit(name, value)
            self._dirty = True

    def left(self, name: str) -> None:
        self.set_up.left(name)
        self._dirty = True

    def choose_direction(self, direction: str) -> None:
        self.set_up.choose_direction(direction)
        self._dirty = True

    def generate(self) -> None:
        """Generate Config File."""
        self._dirty = True
        if not TABLE[self.status].form_is_open or not self.set_up.may_generate():
            return
        if self._ask_service(lambda: self.service.generate(to_table(self.form), keys_of(self.form))):
            self._dismissed = self._dismissed or not self._wants_more
            self._connection.begin()

    # -- the run -----------------------------------------------------------------------------------

    def migrate(self) -> None:
        """Migrate Data: plan and copy."""
        if not self._may(Intent.MIGRATE):
            return
        if not self.set_up.may_migrate():
            self.show("setup")
            return
        if self._ask_service(lambda: self.service.start(to_table(self.form), keys_of(self.form))):
            self._begin("run")

    def cancel(self) -> None:
        """Stop what is running. The answer is a summary."""
        if self._may(Intent.CANCEL):
            if self._preview is not None and self._question is not None:
                self.answer(yes=False)
                return
            self._cancelling = True
            self._dirty = True
            self.service.cancel()

    def resume(self, intent: Intent = Intent.RESUME) -> None:
        """Go on with the stopped or paused run."""
        if self._may(intent):
            self._resume()

    def retry(self) -> None:
        """Copy again what failed, and only that."""
        self.resume(Intent.RETRY)

    def roll_back(self) -> None:
        """Roll Back…: finds out what that would do, then asks once, naming the numbers."""
        if self._may(Intent.ROLL_BACK):
            self._look_ahead()

    def try_again(self) -> None:
        """Repeat what was refused or ended half-way."""
        if not self._may(Intent.TRY_AGAIN):
            return
        if self._run.command == "rollback":
            self._look_ahead()
        elif self._last_run and self._run.command == "resume":
            self._resume()
        else:
            self._dismissed = True
            self.migrate()

    def new_migration(self) -> None:
        """Leave the ended run behind and go back to Set up."""
        if self._may(Intent.NEW_MIGRATION):
            self._dismissed = True
            self._page = "setup"
            self._dirty = True
            self._offer()

    def find_unfinished(self) -> None:
        """The window opens: have earlier runs looked at, in the background."""
        self.service.find_unfinished()

    def look(self) -> None:
        """The found run's page, with its books."""
        if self._may(Intent.LOOK):
            self.show("run")

    def not_now(self) -> None:
        """Leave the found run as it is, until the next start; offer the next one."""
        if self._may(Intent.NOT_NOW):
            self._run, self._last_run, self._can_undo = RunState(), "", 0
            self._page, self._dirty = "setup", True
            self._offer()

    def answer(self, *, yes: bool) -> None:
        """The question on screen was answered."""
        asked, self._question = self._question, None
        self._dirty = True
        if asked is not None and yes:
            self._on_yes()
        elif asked is not None:
            self._on_no()

    def do(self, intent: Intent) -> None:
        """A button of the action bar."""
        getattr(self, intent.value)()

    # -- pages, log, quitting ----------------------------------------------------------------------

    def show(self, page: str) -> None:
        self._page, self._dirty = page, True

    def filter_log(self, level: str | None = None, search: str | None = None) -> None:
        self._dirty = True
        self.log.filter(level, search)

    def follow_log(self, *, follow: bool) -> None:
        self._follow, self._dirty = follow, True

    def copy_log(self) -> None:
        """The lines on screen, to the clipboard."""
        self.view.copy(self.log.text)

    def quit(self) -> None:
        """The window is asked to close."""
        if self._quit_by is not None:
            return
        if not self.service.is_busy:
            self.view.close()
            return
        self._ask(frame.QUIT_QUESTION, self._stop_and_quit)

    def report(self, text: str) -> None:
        """Something went wrong inside the window: into the log, without secrets."""
        self._write(Line("error", "window", without_secrets(text, self.form)))

    # -- events and time ---------------------------------------------------------------------------

    def take(self, events: Iterable[Event]) -> None:
        """Fold events into the state. Cheap: nothing is drawn here."""
        for event in events:
            self._take(event)
        self._dirty = True

    def tick(self, *, idle: bool = True) -> None:
        """Called after every batch; `idle` where the queue was empty. Draws if anything changed."""
        now = self._clock()
        if self._run.is_running:
            self._meter.add(now, self._run.bytes_moved, self._run.settled)
        self._watch_service(idle=idle)
        if self._quit_by is not None and (not self.service.is_busy or now > self._quit_by):
            self._quit_by = None
            self.view.close()
            return
        # Once a tick, not once an event: making text of the time costs more than folding an event.
        self._stamp = self._wall().strftime("%H:%M:%S")
        self.log.flush_before(self._stamp)
        if self._dirty or (self._run.is_running and now - self._drawn_at >= FIGURES_S):
            self.draw()

    def draw(self) -> None:
        """Render the screen of this moment."""
        self._dirty = False
        self._drawn_at = self._clock()
        self.view.render(self.screen())

    # -- the screen --------------------------------------------------------------------------------

    @property
    def status(self) -> Status:
        """The one word everything else follows from."""
        run = self._run
        if self._connection.is_checking:
            return Status.CONNECTING
        if self._cancelling and (run.is_running or self._waiting_for):
            return Status.CANCELLING
        if self._waiting_for:
            return _WAITING[self._waiting_for]
        if self._preview is not None and (run.is_running or self._question is not None):
            return Status.PREVIEWING
        if run.is_running:
            return story.status_of_running(run)
        if run.summary is not None and not self._dismissed:
            return story.status_of_summary(run)
        return self._connection.status

    def screen(self) -> Screen:
        """The frozen state of this moment."""
        facts = self._facts
        log = self.log
        return Screen(
            status=facts.status,
            page=self._page,
            rail=frame.rail(facts, self._connection.status),
            setup=self.set_up.screen(facts.status),
            run=run_page.run_screen(self._run, facts.status, self._meter, self._groups, self._clock()),
            log=LogScreen(log.generation, log.lines, log.note, log.level, log.search, self._follow),
            bar=frame.action_bar(facts),
            demo=self._demo,
            allowed=frame.allowed(facts),
        )

    @property
    def _facts(self) -> Facts:
        return Facts(
            status=self.status,
            page=self._page,
            run=self._run,
            last_run=self._last_run,
            can_undo=self._can_undo,
            more_found=len(self._found),
            question=self._question,
            has_problems=self.set_up.has_problems,
            is_quitting=self._quit_by is not None,
        )

    def _may(self, intent: Intent) -> bool:
        return intent in frame.allowed(self._facts)

    # -- inside ------------------------------------------------------------------------------------

    def _take(self, event: Event) -> None:
        if isinstance(event, Summary) and self._connection.is_checking:
            # Not the end of a run: Generate Config File went wrong, and the newest run stays what it is.
            self._connection.failed(f"{event.message} {event.advice}".strip())
            self._write(Line("error", "check", self._connection.said[0]))
            return
        if isinstance(event, UnfinishedFound):
            self._found.take(event)
            self._write_about(event)
            self._offer()
            return
        if isinstance(event, RunStarted):
            self._found.handled(event.run)
            self._groups, self._meter = Groups(), Meter()
            self._waiting_for, self._dismissed = "", False
            self._last_run = event.run
        self._run = self._run.apply(event)
        match event:
            case TransferProgress():
                return
            case ObjectCopied():
                if self.log.fold(self._stamp):
                    return
            case EndChecked():
                self.set_up.end_checked(event)
            case ConfigWritten():
                self._connection.written(event)
            case Summary():
                self._ended(event)
            case Warned() if self._connection.is_checking:
                self._connection.say(event.message, Tone.WARN)
            case RunRelies() if self._preview is not None:
                self._preview.relying.append(event)
            case _:
                self._groups.take(event)
        if self._preview is None or isinstance(event, Summary | RunRelies | Warned):
            self._write_about(event)

    def _ended(self, summary: Summary) -> None:
        self._cancelling, self._waiting_for = False, ""
        self._last_run = summary.run or self._last_run
        if self._preview is not None:
            self._looked_ahead(self._preview, summary)
            return
        goes_on = self._run.command == "resume"  # what was there before is there still
        self._can_undo = max(story.undoable(summary), self._can_undo if goes_on else 0)
        if (lost := losses.open_losses(self._run, summary)) and self._quit_by is None:
            self._ask(losses.question(lost), lambda: self._go_on_without(lost))

    def _watch_service(self, *, idle: bool) -> None:
        """A service that ended without its last word must not leave the window waiting for ever."""
        self._idle_ticks = self._idle_ticks + 1 if idle and not self.service.is_busy else 0
        if self._idle_ticks < 3 or not (self._waiting_for or self._connection.is_checking):
            return
        if self._connection.is_checking:
            self._connection.gave_up()
        else:
            self._run = self._run_before
        self._waiting_for, self._cancelling, self._preview, self._dirty = "", False, None, True

    def _ask_service(self, call: Callable[[], None]) -> bool:
        """Hand work to the service. What it refuses at once goes beside the fields."""
        self._dirty = True
        self._idle_ticks = 0
        try:
            call()
        except JobFileError as cause:
            self.set_up.refused(cause)
            self._page = "setup"
            return False
        except MigratorError as cause:
            self.report(str(cause))
            self._connection.say(str(cause), Tone.PROBLEM)
            return False
        return True

    @property
    def _wants_more(self) -> bool:
        """The ended run can be gone on with, so what is done on Set up must not make its buttons vanish."""
        status = self.status
        return status in UNFINISHED or (status is Status.REFUSED and self._run.command != "run")

    def _ask(
        self, question: Question, on_yes: Callable[[], None], on_no: Callable[[], None] = lambda: None
    ) -> None:
        self._question, self._on_yes, self._on_no, self._dirty = question, on_yes, on_no, True

    def _begin(self, what: str) -> None:
        self._waiting_for, self._cancelling, self._page = what, False, "run"
        self._run_before = self._run
        self._run = RunState(command="rollback" if what == "preview" else what)
        self._groups, self._meter = Groups(), Meter()

    def _resume(self) -> None:
        run = self._last_run
        if self._ask_service(lambda: self.service.resume(run)):
            self._begin("resume")

    def _offer(self) -> None:
        """Show the next unfinished run that was found, unless this window has a run of its own on screen."""
        is_free = self._run.phase is None or self._dismissed
        if self._waiting_for or not is_free or (run := self._found.next()) is None:
            return
        self._run, self._dismissed, self._dirty = run, False, True
        self._groups, self._meter = Groups(), Meter()
        # At least one: a write may have been under way, which only a roll back's look at it can tell.
        self._last_run, self._can_undo = run.run, max(1, story.copied(run))

    def _go_on_without(self, lost: Sequence[PropertyFound]) -> None:
        self.set_up.form = losses.accepting(self.form, lost)
        self._dismissed = True
        self.migrate()

    def _look_ahead(self) -> None:
        run = self._last_run
        before = Preview(self._run, self._groups, self._meter, self._page, self._dismissed)
        if self._ask_service(lambda: self.service.preview_rollback(run)):
            self._begin("preview")
            self._preview = before

    def _looked_ahead(self, preview: Preview, summary: Summary) -> None:
        """Ask about what the look has found; one that was stopped, or came too late, leaves no trace."""
        if summary.cause == "dry-run" and self._question is None and self._quit_by is None:
            question = preview.question(summary, self._groups, self._run)
            self._ask(question, self._roll_back, self._give_back)
        elif summary.cause == "dry-run" or summary.outcome is Outcome.STOPPED:
            self._give_back()
        else:
            # Whatever the reason, nothing was changed: it is on screen, and Try Again looks once more.
            self._run = replace(self._run, summary=replace(summary, outcome=Outcome.REFUSED))
            self._preview = None

    def _give_back(self) -> None:
        """Nothing was rolled back: the screen is as it was before Roll Back… was pressed."""
        if (before := self._preview) is not None:
            self._run, self._groups, self._meter = before.run, before.groups, before.meter
            self._page, self._dismissed = before.page, before.dismissed
        self._preview, self._dirty = None, True

    def _roll_back(self) -> None:
        self._give_back()
        run = self._last_run
        if self._ask_service(lambda: self.service.rollback(run)):
            self._begin("rollback")

    def _stop_and_quit(self) -> None:
        self._quit_by = self._clock() + QUIT_S
        self._cancelling = True
        self.service.cancel()

    def _write_about(self, event: Event) -> None:
        if (line := words.sentence(event)) is not None:
            self._write(line)

    def _write(self, line: Line) -> None:
        self._dirty = True
        self.log.add(self._stamp, line)
