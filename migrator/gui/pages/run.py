"""Run: what was started, resumed, rolled back or found unfinished, and how it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from migrator import pace_words
from migrator.gui import losses, run_screen, status_of
from migrator.gui.figures import Meter
from migrator.gui.form import keys_of, to_table
from migrator.gui.found import Found
from migrator.gui.groups import Groups
from migrator.gui.lately import Lately
from migrator.gui.pages.pace import PacePage
from migrator.gui.pages.reports import save_report
from migrator.gui.pages.setup import SetupPage
from migrator.gui.pages.shell import Shell
from migrator.gui.pages.uncopied import Uncopied
from migrator.gui.preview import Preview
from migrator.gui.run_screen import RunFacts
from migrator.gui.screen import Pointed, RunScreen
from migrator.gui.speeds import Speeds
from migrator.gui.status import UNFINISHED, Status
from migrator.model.events import (
    Event,
    ObjectCopied,
    PaceChanged,
    Reported,
    Retrying,
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

#: The status while the service has not answered yet.
_WAITING = {
    "run": Status.LISTING,
    "resume": Status.LISTING,
    "preview": Status.PREVIEWING,
    "rollback": Status.ROLLING_BACK,
}


class RunPage:
    """The newest run of this window, or the one that was found unfinished."""

    def __init__(self, shell: Shell, set_up: SetupPage) -> None:
        self._shell, self._set_up = shell, set_up
        self.state = self._before = RunState()
        self.last_run = ""  #: what Resume and Roll Back are about
        self.can_undo = 0  #: how many objects of it a roll back would look at
        self.found = Found()
        self._waiting_for = ""  #: run | resume | preview | rollback: asked of the service, no answer yet
        self._preview: Preview | None = None  #: from Roll Back… until its question was answered
        self._dismissed = False
        self._cancelling = False
        self._meter, self._groups, self._lately = Meter(), Groups(), Lately()
        self._speeds = Speeds()
        self._saving = self._saved_to = ""  #: where its report is being written to, and where it is
        self._pointing = ("", False, 0)  #: the key to be seen, whether among copies first, and how often
        self.uncopied = Uncopied(shell, set_up, lambda: self.state, self._leave_behind)
        self.pace = PacePage(shell)

    # -- what can be pressed -----------------------------------------------------------------------

    def start(self) -> None:
        """Plan and copy what the form says."""
        form = self._set_up.form
        if self._shell.ask_service(lambda: self._shell.service.start(to_table(form), keys_of(form))):
            self._begin("run")
            self.uncopied.begins(form)

    def cancel(self) -> None:
        """Stop what is running. The answer is a summary."""
        self._cancelling = True
        self._shell.changed()
        self._shell.service.cancel()

    def resume(self) -> None:
        """Go on with the stopped or paused run; of an ended one, copy again what failed."""
        self.resume_of(self.last_run, self.can_undo)

    def resume_of(self, run: str, can_undo: int) -> None:
        """The same for a run of the history."""
        if self._shell.ask_service(lambda: self._shell.service.resume(run)):
            self.last_run, self.can_undo = run, can_undo
            self._begin("resume")

    def retry_only(self, cause: str) -> None:
        """Copy again what failed for one cause, and nothing else."""
        run = self.last_run
        if self.can_retry and self._shell.ask_service(lambda: self._shell.service.resume(run, cause)):
            self._begin("resume")

    def save_report(self) -> None:
        """Ask for a place, and have the report of the run written there."""
        self._saving = save_report(self._shell, self.last_run) or self._saving

    def roll_back(self) -> None:
        """Roll Back…: finds out what that would do, then asks once, naming the numbers."""
        self.roll_back_of(self.last_run, self.can_undo)

    def roll_back_of(self, run: str, can_undo: int) -> None:
        """The same for a run of the history."""
        page, dismissed = self._shell.page, self._dismissed
        before = Preview(self.state, self._groups, self._meter, page, dismissed, self.last_run, self.can_undo)
        if self._shell.ask_service(lambda: self._shell.service.preview_rollback(run)):
            self.last_run, self.can_undo = run, can_undo
            self._begin("preview")
            self._preview = before

    def try_again(self) -> None:
        """Repeat what was refused or ended half-way."""
        if self.state.command == "rollback":
            self.roll_back()
        elif self.last_run and self.state.command == "resume":
            self.resume()
        else:
            self._dismissed = True
            self.start()

    def new_migration(self) -> None:
        """Leave the ended run behind and go back to Set up."""
        self._dismissed = True
        self._shell.show("setup")
        self._offer()

    def not_now(self) -> None:
        """Leave the found run as it is, until the next start; offer the next one."""
        self.state, self.last_run, self.can_undo = RunState(), "", 0
        self._shell.show("setup")
        self._offer()

    def dismiss(self) -> None:
        """The ended run is not what the window is about any more, unless it can be gone on with."""
        self._dismissed = self._dismissed or not self._wants_more

    def point_at(self, key: str, *, is_copied: bool) -> bool:
        """Bring an object into sight, in Done or among what was not copied; False where neither has it.

        `is_copied`: look among the copies first.
        """
        turn = self._pointing[2] + 1
        self._pointing = (key, is_copied, turn)
        if self._pointed is None:
            self._pointing = ("", False, turn)
            return False
        self._shell.show("run")
        return True

    def _leave_behind(self) -> None:
        """The window is about the next run now."""
        self._dismissed = True

    def settled(self, run: str) -> None:
        """A run was accepted or deleted: nothing can be resumed or undone there any more."""
        self.found.handled(run)
        if run == self.last_run:
            self.last_run, self.can_undo, self._dismissed = "", 0, True
            self._shell.changed()

    # -- what it is about --------------------------------------------------------------------------

    @property
    def status(self) -> Status | None:
        """The status as far as runs decide it; None where none is in the way of new work."""
        run = self.state
        if self._cancelling and (run.is_running or self._waiting_for):
            return Status.CANCELLING
        if self._waiting_for:
            return _WAITING[self._waiting_for]
        if self._preview is not None and (run.is_running or self._shell.is_asking):
            return Status.PREVIEWING
        if run.is_running:
            return status_of.status_of_running(run)
        if run.summary is not None and not self._dismissed:
            return status_of.status_of_summary(run)
        return None

    @property
    def is_waiting(self) -> bool:
        """Whether something was asked of the service that it has not begun with."""
        return bool(self._waiting_for)

    @property
    def logged(self) -> str:
        """The run whose log is on disk, empty where there is none."""
        return self.state.run or self.last_run

    @property
    def can_retry(self) -> bool:
        """Whether groups of failures can be tried again by themselves."""
        return self.status is Status.FINISHED_WITH_FAILURES and self._shell.form_is_open

    def screen(self, status: Status) -> RunScreen:
        """The page of this moment."""
        facts = RunFacts(
            self._meter,
            self._groups,
            self._lately,
            self._shell.now(),
            self._speeds,
            self._saved_to,
            self.can_retry,
            self.uncopied.can_leave_out,
        )
        # What the window is about now may be something else; how the run ended stays.
        ended = status_of.status_of_summary(self.state) if self.state.summary is not None else status
        shown = run_screen.run_screen(self.state, self.status or ended, facts)
        pace = None if self._cancelling else self.pace.screen(self.state)
        return replace(shown, pace=pace, pointed=self._pointed)

    # -- events ------------------------------------------------------------------------------------

    def take(self, event: Event) -> bool:
        """Fold an event in; whether it belongs into the log too. Of a look ahead at a roll back only the end
        does: nothing has been removed."""
        is_told = self._preview is None or isinstance(event, Summary | RunRelies | Warned)
        if isinstance(event, RunStarted):
            self.found.handled(event.run)
            self._forget_details()
            self._waiting_for, self._dismissed = "", False
            self.last_run = event.run
            if event.command == "run":
                self.uncopied.begun(event.run)
        self.state = self.state.apply(event)
        self.pace.take(event)
        match event:
            case ObjectCopied():
                self._lately.copied(event)
            case TransferProgress():
                self._speeds.take(event.active, self._shell.now())
            case Retrying():
                self._lately.retrying(event, self._shell.now())
            case PaceChanged() if event.before != event.after:
                self._lately.mark(pace_words.threads(event), self._shell.now())
            case Summary():
                self._ended(event)
            case RunRelies() if self._preview is not None:
                self._preview.relying.append(event)
            case _:
                self._groups.take(event)
        return is_told

    def reported(self, event: Reported) -> None:
        """A report was written: said beside its run, not beside one that has begun since."""
        if event.path == self._saving:
            self._saving, self._saved_to = "", event.path
            self._shell.changed()

    def found_unfinished(self, event: UnfinishedFound) -> None:
        """An earlier run waits for a person: offer it, unless there is one on screen."""
        self.found.take(event)
        self._offer()

    def measure(self) -> None:
        """Once a tick: what has been done by now."""
        self.pace.tick()
        if self.state.is_running:
            self._meter.add(self._shell.now(), self.state.bytes_moved, self.state.settled)

    def gave_up(self) -> None:
        """The service ended without its last word."""
        self.state = self._before
        self._waiting_for, self._cancelling, self._preview = "", False, None

    # -- inside ------------------------------------------------------------------------------------

    @property
    def _pointed(self) -> Pointed | None:
        """Where the tables have what somebody wants to see. Rows come and go: told anew for each screen."""
        key, is_copied, turn = self._pointing
        if not key:
            return None
        # Done is there while copying only.
        copies = self.state.is_running and self.state.command != "rollback"
        row = self._lately.row_of(key) if copies else None
        place = self._groups.place_of(self.state, key)
        if row is not None and (is_copied or place is None):
            return Pointed(turn, row)
        return Pointed(turn, *place) if place is not None else None

    def _begin(self, what: str) -> None:
        self._shell.show("run")
        self._waiting_for, self._cancelling = what, False
        self._before = self.state
        self.state = RunState(command="rollback" if what == "preview" else what)
        self._forget_details()

    def _forget_details(self) -> None:
        self._groups, self._meter, self._lately = Groups(), Meter(), Lately()
        self._speeds = Speeds()
        self._saving = self._saved_to = ""
        self._pointing = ("", False, self._pointing[2])

    def _ended(self, summary: Summary) -> None:
        self._cancelling, self._waiting_for = False, ""
        self.last_run = summary.run or self.last_run
        if self._preview is not None:
            self._looked_ahead(self._preview, summary)
            return
        goes_on = self.state.command == "resume"  # what was there before is there still
        self.can_undo = max(status_of.undoable(summary), self.can_undo if goes_on else 0)
        if (lost := losses.open_losses(self.state, summary)) and not self._shell.is_quitting:
            self._shell.ask(losses.question(lost), lambda: self._go_on_without(lost))

    @property
    def _wants_more(self) -> bool:
        """The ended run can be gone on with, so what is done on Set up must not make its buttons vanish."""
        status = self.status
        return status in UNFINISHED or (status is Status.REFUSED and self.state.command != "run")

    def _offer(self) -> None:
        """Show the next unfinished run that was found, unless this window has a run of its own on screen."""
        is_free = self.state.phase is None or self._dismissed
        if self._waiting_for or not is_free or (run := self.found.next()) is None:
            return
        self.state, self._dismissed = run, False
        self._forget_details()
        # At least one: a write may have been under way, which only a roll back's look at it can tell.
        self.last_run, self.can_undo = run.run, max(1, status_of.copied(run))
        self._shell.changed()

    def _go_on_without(self, lost: Sequence[PropertyFound]) -> None:
        self._set_up.accept(each.name for each in lost)
        self._dismissed = True
        self.start()

    def _looked_ahead(self, preview: Preview, summary: Summary) -> None:
        """Ask about what the look has found; one that was stopped, or came too late, leaves no trace."""
        if summary.cause == "dry-run" and not self._shell.is_asking and not self._shell.is_quitting:
            question = preview.question(summary, self._groups, self.state)
            self._shell.ask(question, self._roll_back, self._give_back)
        elif summary.cause == "dry-run" or summary.outcome is Outcome.STOPPED:
            self._give_back()
        else:
            # Whatever the reason, nothing was changed: it is on screen, and Try Again looks once more.
            self.state = replace(self.state, summary=replace(summary, outcome=Outcome.REFUSED))
            self._preview = None

    def _give_back(self) -> None:
        """Nothing was rolled back: the screen is as it was before Roll Back… was pressed."""
        if (before := self._preview) is not None:
            self.state, self._groups, self._meter = before.run, before.groups, before.meter
            self._dismissed = before.dismissed
            self.last_run, self.can_undo = before.last_run, before.can_undo
            self._shell.show(before.page)
        self._preview = None
        self._shell.changed()

    def _roll_back(self) -> None:
        run, can_undo = self.last_run, self.can_undo
        self._give_back()
        if self._shell.ask_service(lambda: self._shell.service.rollback(run)):
            self.last_run, self.can_undo = run, can_undo
            self._begin("rollback")
