"""A look ahead at a roll back: what it would do is found out first, and then asked about with its numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

from migrator.gui import run_words
from migrator.gui.figures import Meter
from migrator.gui.groups import Groups
from migrator.gui.screen import Question
from migrator.model.events import RunRelies, Summary
from migrator.model.run_state import RunState
from migrator.phrases import number

#: Reasons named in the question; the page has them all.
MOST_REASONS = 3


@dataclass
class Preview:
    """What was on screen before the look, to go back to; and the runs that rely on this one."""

    run: RunState
    groups: Groups
    meter: Meter
    page: str
    dismissed: bool
    last_run: str
    can_undo: int
    relying: list[RunRelies] = field(default_factory=list)

    def question(self, summary: Summary, groups: Groups, state: RunState) -> Question:
        """Asked once, naming the numbers that the look ahead has found."""
        removed, restored = summary.removed or 0, summary.restored or 0
        changed, left = removed + restored, summary.left_in_place or 0
        text = run_words.would_be_undone(removed, restored, left, _reasons(groups, state), len(self.relying))
        return Question(
            headline=run_words.roll_back_question(changed),
            text=text,
            yes=run_words.roll_back_objects(changed),
            no=run_words.KEEP_EVERYTHING,
        )


def _reasons(groups: Groups, state: RunState) -> str:
    """` (3 changed by someone else since; …)`: why objects stay."""
    found = groups.of(state)
    named = [
        f"{number(each.count)} {each.cause[:1].lower()}{each.cause[1:]}" for each in found[:MOST_REASONS]
    ]
    named += ["…"] * (len(found) > MOST_REASONS)
    return f" ({'; '.join(named)})" if named else ""
