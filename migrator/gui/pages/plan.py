"""Plan: what a run would do, found out without writing anything; good until the form changes."""

from __future__ import annotations

from dataclasses import replace

from migrator.config import job_from
from migrator.errors import JobFileError
from migrator.gui import plan_screen
from migrator.gui.decisions import Answered, decisions
from migrator.gui.form import NAMES, Form, keys_of, to_table
from migrator.gui.pages.setup import SetupPage
from migrator.gui.pages.shell import Shell
from migrator.gui.plan_screen import PlanFacts
from migrator.gui.plan_values import Decision, PlanScreen, Spent
from migrator.gui.status import Status
from migrator.model.events import Event, RunStarted, Summary
from migrator.model.ledger import Outcome
from migrator.model.objects import visible
from migrator.model.planned import PlanRows
from migrator.model.policy import policies
from migrator.model.run_state import RunState

#: Commands that do what a plan says.
CARRIES_OUT = frozenset({"run", "resume"})
#: What a plan found may not be true any more after so long.
GOOD_FOR_S = 24 * 3600.0


class PlanPage:
    """The newest plan of this window, and what was decided about it."""

    def __init__(self, shell: Shell, set_up: SetupPage) -> None:
        self._shell, self._set_up = shell, set_up
        self.state = RunState()
        self._before = RunState()
        self._form: Form | None = None  #: what the plan is about
        self._made_at, self._made_s = "", 0.0
        self._answers: dict[str, str] = {}
        self._answered_at: dict[str, str] = {}
        self._is_making = False
        self._then_migrate = False
        self._spent = Spent.NO  #: how far a run has carried it out
        self._spent_by = ""  #: which run
        self._works: tuple[str, ...] = ("plan 0",)  #: by which the log has what is about it: see `work`
        self._cancelling = False
        self._find, self._outcome = "", ""
        self._pointed = 0  #: how often a key was
        self._rows: PlanRows | None = None
        self._actions: dict[str, int] = {}
        self._drawn: tuple[tuple[object, ...], PlanScreen] | None = None

    # -- what can be pressed -----------------------------------------------------------------------

    def make(self, *, then_migrate: bool = False) -> None:
        """Preview Plan: list both ends and decide about every object; nothing is written.

        `then_migrate`: go on with the run, if nothing is left to decide.
        """
        form = self._set_up.form
        if not self._shell.ask_service(lambda: self._shell.service.plan(to_table(form), keys_of(form))):
            return
        self._shell.show("plan")
        self._before, self.state = self.state, RunState(command="plan")
        self._form, self._is_making, self._cancelling = _decided_by(form), True, False
        self._actions = _actions_of(form)
        self._then_migrate, self._spent, self._spent_by = then_migrate, Spent.NO, ""
        self._works = (f"plan {int(self.work.removeprefix('plan ')) + 1}",)
        self._answers, self._answered_at, self._rows = {}, {}, None

    def cancel(self) -> None:
        """Stop planning. The answer is a summary."""
        self._cancelling, self._then_migrate = True, False
        self._shell.changed()
        self._shell.service.cancel()

    def decide(self, name: str, answer: str) -> None:
        """One of the decisions was made, or (with an empty answer) is open again. Not while something is
        under way: another plan could not begin beside it, and what the form says is being carried out."""
        if not self._shell.form_is_open:
            return
        self._shell.changed()
        if answer:
            self._answered_at[name] = self._shell.stamp()[:5]
        if name.startswith("loss:"):
            loss = name.removeprefix("loss:")
            if answer:
                self._set_up.accept([loss])
            else:
                self._set_up.take_back(loss)
        elif name == "conflicts" and answer in {"overwrite", "skip"}:
            self._set_up.choose("existing", answer)
            self.make()
        elif answer:
            self._answers[name] = answer
        else:
            self._answers.pop(name, None)

    def find(self, text: str | None = None, outcome: str | None = None) -> None:
        """Which keys are to be shown. `text` as it is on screen: what is shown of a key means that key."""
        if text is not None and text != visible(self._find):
            self._find = text
        self._outcome = self._outcome if outcome is None else outcome
        if self.state.made is not None and not self._is_making:
            self._shell.service.find_in_plan(self._find, self._outcome)
        self._shell.changed()

    def point_at(self, key: str, work: str) -> bool:
        """Bring an object into sight: what happens to it, and why; False where `work` is another plan's."""
        if work not in self._works or self.state.made is None or self._is_making:
            return False
        self._find = key
        self._pointed += 1
        self.find(outcome="")
        self._shell.show("plan")
        return True

    def copy_policy(self, provider: str) -> bool:
        """The policy of one end, to the clipboard; False where the form is no job any more: it says why."""
        text = self._set_up.policy(provider)
        if text:
            self._shell.copy(text)
        else:
            self._shell.show("setup")
        return bool(text)

    # -- how it stands -----------------------------------------------------------------------------

    @property
    def is_making(self) -> bool:
        """Whether a plan was asked for and has not ended."""
        return self._is_making

    @property
    def work(self) -> str:
        """The name of this plan among what the log is about."""
        return self._works[0]

    def begun(self, event: RunStarted) -> None:
        """A run begins, or goes on: what the plan says of both sides is not so for long."""
        if event.command == "run":
            self._spent_by = event.run
            if not self.is_stale:
                self._works = (*self._works, event.run)
        if event.command in CARRIES_OUT and event.run == self._spent_by:
            self._spent = Spent.UNDER_WAY

    def ended(self, command: str, event: Summary) -> None:
        """What became of the plan, at the end of the run. One that was refused has written nothing: the plan
        is as good as it was; but what went on with an earlier start leaves it where that came to."""
        if command == "run" and event.outcome is Outcome.REFUSED:
            self._spent = Spent.NO  # its end may name an earlier run, which is in its way
        elif command in CARRIES_OUT and event.run == self._spent_by:
            is_over = event.outcome in {Outcome.COMPLETED, Outcome.FAILED}
            self._spent = Spent.DONE if is_over else Spent.IN_PART

    @property
    def spent(self) -> Spent:
        """How far a run has carried the plan out since it was made, where nothing else has changed."""
        return Spent.NO if self.state.made is None or self.is_stale else self._spent

    @property
    def is_stale(self) -> bool:
        """Whether what is typed is not what the plan is about any more, or it is a day old."""
        if self._form is None or self._is_making or self.state.summary is None:
            return False
        return self._is_old or self._form != _decided_by(self._set_up.form)

    @property
    def _is_old(self) -> bool:
        return self._shell.now() - self._made_s > GOOD_FOR_S

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """What has to be, or was, decided about the plan."""
        if self._is_making or self.state.made is None or self.state.summary is None:
            return ()
        form = self._set_up.form
        accepted = frozenset(form.rest.get("carry", {}).get("accept", ()))
        answered = Answered(self._answers, accepted, self._answered_at)
        return tuple(decisions(self.state, answered, self._shell.preferences, form.existing))

    @property
    def open(self) -> int:
        """How many decisions are left."""
        return plan_screen.open_decisions(self.decisions)

    @property
    def status(self) -> Status | None:
        """The status as far as the plan decides it; None where there is none, or not any more."""
        if self._is_making:
            return Status.CANCELLING if self._cancelling else Status.PLANNING
        summary = self.state.summary
        if (
            summary is None
            or self.is_stale
            or self._spent is not Spent.NO
            or summary.outcome is Outcome.STOPPED
        ):
            return None
        if summary.outcome is not Outcome.PLANNED:
            return Status.PLAN_REFUSED
        if self.state.planned <= self.state.conflicts and not self.state.conflicts:
            return Status.NOTHING_TO_DO
        return Status.PLAN_OPEN if self.open else Status.PLANNED

    def take(self, event: Event) -> bool:
        """Fold an event in. Whether the run is to begin now."""
        self.state = self.state.apply(event)
        if not isinstance(event, Summary):
            return False
        self._is_making = self._cancelling = False
        self._made_at, self._made_s = self._shell.stamp()[:5], self._shell.now()
        if event.outcome is Outcome.STOPPED:
            self.state = self._before
            return False
        self.find("", "")
        goes_on, self._then_migrate = self._then_migrate, False
        return goes_on and self.status is Status.PLANNED

    def found(self, event: PlanRows) -> None:
        """Keys that were asked for; those that nobody asks for any more are left aside."""
        if (event.text, event.outcome) == (self._find, self._outcome):
            self._rows = event
            self._shell.changed()

    def gave_up(self) -> None:
        """The service ended without its last word."""
        self.state = self._before
        self._is_making = self._cancelling = self._then_migrate = False

    def screen(self) -> PlanScreen:
        """The page of this moment; the same value as long as nothing changed that it shows."""
        basis = (
            self.state,
            self._set_up.form,
            self._shell.preferences,
            self._rows,
            (self._is_making, self.is_stale, self._spent, self._find, self._outcome, self._pointed),
            (self._shell.form_is_open,),
            tuple(self._answers.items()),
        )
        if self._drawn is None or not _is_same(self._drawn[0], basis):
            self._drawn = (basis, plan_screen.plan_screen(self.state, self._facts))
        return self._drawn[1]

    @property
    def _facts(self) -> PlanFacts:
        source, destination = (self._form or self._set_up.form).direction.ends
        return PlanFacts(
            is_making=self._is_making,
            is_stale=self.is_stale,
            is_old=self._is_old,
            spent=self.spent,
            made_at=self._made_at,
            decisions=self.decisions,
            can_decide=self._shell.form_is_open,
            providers=(source, destination),
            actions=self._actions,
            find=self._find,
            outcome=self._outcome,
            turn=self._pointed,
            rows=self._rows,
        )


def _is_same(one: tuple[object, ...], other: tuple[object, ...]) -> bool:
    """Whether nothing was exchanged: states and forms are compared by identity, which costs nothing."""
    return all(a is b or (isinstance(a, tuple) and a == b) for a, b in zip(one, other, strict=True))


def _actions_of(form: Form) -> dict[str, int]:
    """How many rights the job needs, by provider."""
    try:
        found = policies(job_from(to_table(form)).needs)
    except JobFileError:
        return {}
    return {
        each.provider: len({action for one in each.document["Statement"] for action in one["Action"]})
        for each in found
    }


def _without_secrets(form: Form) -> Form:
    """Who forgets keys must not find them in here."""
    for end in NAMES:
        form = form.put(f"{end}.secret_access_key", "").put(f"{end}.session_token", "")
    return form


def _decided_by(form: Form) -> Form:
    """The form without what changes nothing about a plan: the pace, keys, and losses that were accepted."""
    rest = {name: value for name, value in form.rest.items() if name != "carry"}
    carry = {name: value for name, value in form.rest.get("carry", {}).items() if name != "accept"}
    return replace(
        _without_secrets(form),
        threads="",
        speed_limit="",
        rest={**rest, "carry": carry},
    )
