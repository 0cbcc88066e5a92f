"""What surrounds the pages: the action bar and the rail, and which intents are allowed, from a few facts.

Buttons come from `status.TABLE` only; here they get their words and their numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

from migrator.gui import labels, plan_page_words, plan_screen, run_screen, run_words, state_words, status_of
from migrator.gui.plan_values import Spent
from migrator.gui.screen import ActionBar, Question, RailItem
from migrator.gui.screen_parts import Button
from migrator.gui.status import OFFERS, PLAN_STATUSES, TABLE, Intent, Status, Tone
from migrator.model.run_state import RunState


@dataclass(frozen=True, slots=True)
class Facts:
    """What the presenter knows that bar and rail depend on."""

    status: Status
    page: str
    connection: Status  #: what Set up would say if nothing else were in the way
    run: RunState
    run_status: Status | None
    last_run: str  #: the newest run of this window, which Resume and Roll Back are about
    can_undo: int  #: how many objects of it a roll back would look at
    more_found: int  #: unfinished runs that wait for their turn to be offered
    work: RunState | None  #: of a run that is being compared or accepted
    plan: RunState
    plan_status: Status | None
    plan_is_stale: bool
    plan_spent: Spent  #: how far a run has carried it out
    decisions: int  #: how many are left
    runs: int | None  #: how many there are; None while nobody has looked
    runs_waiting: int
    question: Question | None
    has_problems: bool  #: a field of the form is marked
    is_quitting: bool
    is_check_stopping: bool = False  #: trying both ends was cancelled, and has not ended
    can_start_demo: bool = False
    is_filled: bool = False  #: nothing that trying both sides needs is blank

    @property
    def failed(self) -> int:
        summary = self.run.summary
        return int(summary.ledger.get("failed", 0)) if summary else 0


def quit_question(facts: Facts) -> Question:
    """Asked where something is still under way."""
    is_run = facts.run.is_running and facts.run.command in {"run", "resume"}
    return Question(
        headline=labels.PAUSE_AND_QUIT_HEADLINE if is_run else labels.STOP_AND_QUIT_HEADLINE,
        text=labels.PAUSE_AND_QUIT_TEXT if is_run else labels.STOP_AND_QUIT_TEXT,
        yes=labels.PAUSE_AND_QUIT if is_run else labels.STOP_AND_QUIT,
        no=labels.KEEP_RUNNING,
        is_destructive=not is_run,
    )


def action_bar(facts: Facts) -> ActionBar:
    row = TABLE[facts.status]
    is_of_plan = facts.status in PLAN_STATUSES or facts.plan_status is Status.CANCELLING
    state = facts.plan if is_of_plan else facts.work or facts.run
    sentence, help_text = state_words.sentences(
        facts.status, state, quitting=facts.is_quitting, decisions=facts.decisions
    )
    if facts.has_problems and facts.status in {Status.EMPTY, Status.CONNECTED}:
        help_text = labels.PUT_RIGHT
    elif facts.status is Status.HALF_CONNECTED and not facts.has_problems:
        help_text = labels.TRY_BOTH  # no field is at fault, or none was tried since it was changed
    elif facts.status is Status.CONNECTING and facts.is_check_stopping:
        sentence = state_words.STOPPING
    elif facts.status is Status.CONNECTED and facts.plan_is_stale:
        sentence, help_text = state_words.PLAN_AGAIN, state_words.PLAN_AGAIN_HELP
    elif facts.status is Status.EMPTY and facts.is_filled:
        help_text = labels.FILLED
    if facts.status in OFFERS and facts.more_found:
        help_text = f"{help_text}  ·  {run_words.more_after(facts.more_found)}"
    primary = _button(row.primary, facts) if row.primary else None
    secondary = tuple(_button(each, facts) for each in row.secondary)
    if primary is not None and _page_has_the_remedy(facts):
        secondary, primary = (*secondary, primary), None
    return ActionBar(
        sentence=sentence,
        help=help_text,
        tone=row.tone,
        primary=primary,
        secondary=secondary,
        question=facts.question,
    )


def _page_has_the_remedy(facts: Facts) -> bool:
    """Whether the banner in sight has the button that helps: only one may stand out."""
    if facts.status is Status.PLAN_REFUSED:
        return facts.page == "plan"
    summary = facts.run.summary
    wants_keys = facts.status is Status.PAUSED and summary is not None and summary.cause == "credentials"
    return wants_keys and facts.page == "run"


def rail(facts: Facts) -> tuple[RailItem, ...]:
    """The pages' states in words."""
    share = run_screen.share_done(facts.run) if facts.run.is_running else None
    run_status = facts.run_status or (status_of.status_of_summary(facts.run) if facts.run.summary else None)
    plan = state_words.plan_state(facts.plan_status, facts.plan, facts.decisions)
    if facts.plan_spent is not Spent.NO:
        plan = plan_page_words.CARRIED_OUT[facts.plan_spent], plan_screen.SPENT_TONES[facts.plan_spent]
    elif facts.plan_is_stale:
        plan = labels.OUT_OF_DATE, Tone.WARN
    states = {
        "setup": state_words.setup_state(facts.connection),
        "plan": plan,
        "run": state_words.run_state(run_status or facts.status, facts.run, share),
        "history": state_words.history_state(facts.runs, facts.runs_waiting),
        "settings": ("", Tone.QUIET),
        "help": ("", Tone.QUIET),
    }
    return tuple(RailItem(page, *states[page], facts.page == page) for page in states)


def allowed(facts: Facts) -> frozenset[Intent]:
    """Intents that a button or a menu entry may carry out now."""
    if facts.question is not None:  # first that, then anything else
        return frozenset()
    row = TABLE[facts.status]
    cells = (row.primary, *row.secondary) if row.primary else row.secondary
    found = {button.intent for button in (_button(cell, facts) for cell in cells) if button.is_enabled}
    if can_roll_back(facts):
        found.add(Intent.ROLL_BACK)
    if facts.status is Status.PAUSED:
        found.add(Intent.ENTER_KEYS)
    if facts.status is Status.PLAN_REFUSED:
        found.add(Intent.CHANGE_FILTERS)
    if facts.can_start_demo:
        found.add(Intent.START_DEMO)
    return frozenset(found)


def can_roll_back(facts: Facts) -> bool:
    """Only a run that copied something, and only while nothing is under way."""
    return bool(facts.last_run) and facts.can_undo > 0 and TABLE[facts.status].form_is_open


def _button(cell: str, facts: Facts) -> Button:
    intent = Intent(cell.removeprefix("-"))
    text, enabled = labels.BUTTONS[intent.value], not cell.startswith("-")
    spent = facts.plan_spent is not Spent.NO
    if intent is Intent.PREVIEW_PLAN and (facts.plan_status or facts.plan_is_stale or spent):
        text = labels.BUTTONS["plan_again"]
    elif intent is Intent.RETRY:
        text = run_words.retry_failed(facts.failed) if facts.failed else text
        enabled = enabled and facts.failed > 0
    elif intent is Intent.CANCEL and facts.status is Status.CANCELLING:
        text = labels.BUTTONS["cancel_now"]
    elif intent is Intent.ROLL_BACK:
        enabled = enabled and can_roll_back(facts)
    elif intent is Intent.LOOK:
        enabled = enabled and facts.page != "run"
    return Button(intent, text, enabled)
