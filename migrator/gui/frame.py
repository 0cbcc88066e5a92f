"""What surrounds the pages: the action bar and the rail, and which intents are allowed, from a few facts.

Buttons come from `status.TABLE` only; here they get their words and their numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

from migrator.gui import labels, run_page, story
from migrator.gui.screen import ActionBar, Button, Question, RailItem
from migrator.gui.status import OFFERS, TABLE, Intent, Status
from migrator.model.run_state import RunState
from migrator.phrases import number


@dataclass(frozen=True, slots=True)
class Facts:
    """What the presenter knows that bar and rail depend on."""

    status: Status
    page: str
    run: RunState
    last_run: str  #: the newest run of this window, which Resume and Roll Back are about
    can_undo: int  #: how many objects of it a roll back would look at
    more_found: int  #: unfinished runs that wait for their turn to be offered
    question: Question | None
    has_problems: bool
    is_quitting: bool

    @property
    def failed(self) -> int:
        summary = self.run.summary
        return int(summary.ledger.get("failed", 0)) if summary else 0


QUIT_QUESTION = Question(
    headline="Stop and quit?",
    text="Something is still under way. A stopped run can be resumed or rolled back later.",
    yes="Stop and Quit",
    no="Keep Running",
)


def action_bar(facts: Facts) -> ActionBar:
    row = TABLE[facts.status]
    sentence, help_text = story.sentences(facts.status, facts.run, quitting=facts.is_quitting)
    if facts.has_problems and facts.status in {Status.EMPTY, Status.CONNECTED}:
        help_text = labels.PUT_RIGHT
    if facts.status in OFFERS and facts.more_found:
        help_text = f"{help_text}  ·  {number(facts.more_found)} more after this one"
    return ActionBar(
        sentence=sentence,
        help=help_text,
        tone=row.tone,
        primary=_button(row.primary, facts) if row.primary else None,
        secondary=tuple(_button(each, facts) for each in row.secondary),
        question=facts.question,
    )


def rail(facts: Facts, connection: Status) -> tuple[RailItem, ...]:
    """The pages. `connection` is what Set up would say if no run were in the way."""
    share = run_page.share_done(facts.run) if facts.run.is_running else None
    setup, setup_tone = story.setup_state(connection)
    run, run_tone = story.run_state(facts.status, facts.run, share)
    return (
        RailItem("setup", "1", labels.SETUP_TITLE, setup, setup_tone, facts.page == "setup"),
        RailItem("run", "2", labels.RUN_TITLE, run, run_tone, facts.page == "run"),
    )


def allowed(facts: Facts) -> frozenset[Intent]:
    """Intents that a button or a menu entry may carry out now."""
    row = TABLE[facts.status]
    cells = (row.primary, *row.secondary) if row.primary else row.secondary
    found = {button.intent for button in (_button(cell, facts) for cell in cells) if button.is_enabled}
    if can_roll_back(facts):
        found.add(Intent.ROLL_BACK)
    return frozenset(found)


def can_roll_back(facts: Facts) -> bool:
    """Only a run that copied something, and only while nothing is under way."""
    return bool(facts.last_run) and facts.can_undo > 0 and TABLE[facts.status].form_is_open


def _button(cell: str, facts: Facts) -> Button:
    intent = Intent(cell.removeprefix("-"))
    text, enabled = labels.BUTTONS[intent.value], not cell.startswith("-")
    if intent is Intent.RETRY:
        text = f"Retry {facts.failed:,} Failed" if facts.failed else text
        enabled = enabled and facts.failed > 0
    elif intent is Intent.CANCEL and facts.status is Status.CANCELLING:
        text = labels.BUTTONS["cancel_now"]
    elif intent is Intent.ROLL_BACK:
        enabled = enabled and can_roll_back(facts)
    elif intent is Intent.LOOK:
        enabled = enabled and facts.page != "run"
    return Button(intent, text, enabled)
