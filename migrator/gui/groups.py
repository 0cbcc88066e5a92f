"""Objects that were not copied, or had to stay, by cause: conflicts, unsupported ones and leftovers.

Failures are grouped by `RunState` already; this does the same for the rest, within the same bounds.
"""

from __future__ import annotations

from dataclasses import replace

from migrator import phrases, reasons
from migrator.gui import labels
from migrator.gui.screen import Group
from migrator.gui.status import Tone
from migrator.model.events import Event, ObjectConflict, ObjectUndone, ObjectUnsupported
from migrator.model.objects import visible
from migrator.model.run_state import MAX_GROUPS, MAX_SAMPLES, RunState
from migrator.phrases import KEY_CHARS

#: More objects than this are no list for a person: a pattern says better what they share.
MOST_LEFT_OUT = 100
_TABLES = {
    "conflict": reasons.CONFLICTS,
    "unsupported": reasons.UNSUPPORTED,
    "left": reasons.UNDO_REASONS,
}


class Groups:
    """Counts and sample keys of one run, by kind and reason."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], tuple[int, tuple[str, ...]]] = {}

    def take(self, event: Event) -> None:
        match event:
            case ObjectConflict():
                self._add("conflict", event.reason, event.key)
            case ObjectUnsupported():
                self._add("unsupported", event.reason, event.key)
            case ObjectUndone(action="left"):
                self._add("left", event.reason, event.key)

    def _add(self, kind: str, reason: str, key: str) -> None:
        found = self._found.get((kind, reason))
        if found is None:
            if len(self._found) < MAX_GROUPS:
                self._found[kind, reason] = (1, (key,))
            return
        n, samples = found
        self._found[kind, reason] = (n + 1, (*samples, key) if len(samples) < MAX_SAMPLES else samples)

    def of(self, state: RunState, *, can_leave_out: bool = False) -> tuple[Group, ...]:
        """All groups of the run, failures first; keys made visible."""
        failed = [
            Group(
                reasons.FAILURES.get(each.cause, visible(each.cause, KEY_CHARS)),
                each.count,
                each.message,
                each.advice,
                _shown(each.samples),
                code=each.cause,
            )
            for each in state.failures
        ]
        others = [
            Group(
                reasons.TITLES.get(reason) or phrases.reason({}, reason),
                n,
                phrases.reason(_TABLES[kind], reason),
                reasons.ADVICE.get(reason, ""),
                _shown(keys),
                Tone.WARN,
            )
            for (kind, reason), (n, keys) in self._found.items()
        ]
        causes = [*(each.cause for each in state.failures), *(self._cause(*each) for each in self._found)]
        named = zip((*failed, *others), causes, strict=True)
        found = (replace(group, named_by=cause) for group, cause in named)
        return tuple(_left_out(each) if can_leave_out else each for each in found)[:MAX_GROUPS]

    def place_of(self, state: RunState, key: str) -> tuple[int, int] | None:
        """Where a key stands among what `of` gives: which group, which of its samples."""
        every = (*(each.samples for each in state.failures), *(keys for _, keys in self._found.values()))
        found = ((n, keys.index(key)) for n, keys in enumerate(every[:MAX_GROUPS]) if key in keys)
        return next(found, None)

    @staticmethod
    def _cause(kind: str, reason: str) -> str:
        """By which the journal knows them; what had to stay in an undo is no part of a next run."""
        return "" if kind == "left" else reason


def _left_out(group: Group) -> Group:
    """With Leave Out, where all of them can be named one by one."""
    if not group.named_by:
        return group
    if group.count > MOST_LEFT_OUT:
        return replace(group, why_not=labels.TOO_MANY_TO_LEAVE_OUT.format(most=MOST_LEFT_OUT))
    return replace(group, left_out_by=group.named_by)


def _shown(keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(phrases.shown_key(key) for key in keys)
