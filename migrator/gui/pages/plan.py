"""Plan: what a run would do, found out without writing anything; good until the form changes."""

from __future__ import annotations

from dataclasses import replace

from migrator.gui import plan_screen
from migrator.gui.form import Form, keys_of, to_table
from migrator.gui.pages.setup import SetupPage
from migrator.gui.pages.shell import Shell
from migrator.gui.screen import PlanScreen
from migrator.gui.status import Status
from migrator.model.events import Event, Summary
from migrator.model.ledger import Outcome
from migrator.model.run_state import RunState


class PlanPage:
    """The newest plan of this window."""

    def __init__(self, shell: Shell, set_up: SetupPage) -> None:
        self._shell, self._set_up = shell, set_up
        self.state = RunState()
        self._before = RunState()
        self._form: Form | None = None  #: what the plan is about
        self._made_at = ""
        self._is_making = False
        self._cancelling = False

    def make(self) -> None:
        """Preview Plan: list both ends and decide about every object; nothing is written."""
        form = self._set_up.form
        if not self._shell.ask_service(lambda: self._shell.service.plan(to_table(form), keys_of(form))):
            return
        self._shell.show("plan")
        self._before, self.state = self.state, RunState(command="plan")
        self._form, self._is_making, self._cancelling = form, True, False

    def cancel(self) -> None:
        """Stop planning. The answer is a summary."""
        self._cancelling = True
        self._shell.changed()
        self._shell.service.cancel()

    @property
    def is_making(self) -> bool:
        """Whether a plan was asked for and has not ended."""
        return self._is_making

    @property
    def is_stale(self) -> bool:
        """Whether what is typed is not what the plan is about any more."""
        return self._form is not None and replace(self._form, threads="", speed_limit="") != replace(
            self._set_up.form, threads="", speed_limit=""
        )

    @property
    def status(self) -> Status | None:
        """The status as far as the plan decides it; None where there is none, or not any more."""
        if self._is_making:
            return Status.CANCELLING if self._cancelling else Status.PLANNING
        summary = self.state.summary
        if summary is None or self.is_stale or summary.outcome is Outcome.STOPPED:
            return None
        return Status.PLANNED if summary.outcome is Outcome.PLANNED else Status.PLAN_REFUSED

    def take(self, event: Event) -> bool:
        """Fold an event in; it belongs into the log too."""
        self.state = self.state.apply(event)
        if isinstance(event, Summary):
            self._is_making = self._cancelling = False
            self._made_at = self._shell.stamp()[:5]
            if event.outcome is Outcome.STOPPED:
                self.state = self._before
        return True

    def gave_up(self) -> None:
        """The service ended without its last word."""
        self.state = self._before
        self._is_making = self._cancelling = False

    def screen(self) -> PlanScreen:
        """The page of this moment."""
        return plan_screen.plan_screen(
            self.state, is_making=self._is_making, is_stale=self.is_stale, made_at=self._made_at
        )
