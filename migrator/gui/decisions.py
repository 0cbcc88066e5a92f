"""What has to be decided before data moves, from a plan, the form and the limits of Settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from migrator import plan_words
from migrator.estimate_words import money
from migrator.gui import labels
from migrator.gui.plan_values import Decision
from migrator.gui.status import Tone
from migrator.model.findings import PropertyFound
from migrator.model.key_limits import Shape
from migrator.model.planned import Fate
from migrator.model.run_state import RunState
from migrator.model.sizes import show_duration
from migrator.phrases import count, number, shown_key
from migrator.preferences import Preferences
from migrator.reasons import PROPERTIES

_SHAPES = frozenset(shape.value for shape in Shape)


@dataclass(frozen=True, slots=True)
class Answered:
    """What a person decided about this plan, by the decision's name, and when."""

    answers: Mapping[str, str]
    accepted: frozenset[str]  #: losses that the form's job accepts
    at: Mapping[str, str]


def decisions(state: RunState, answered: Answered, limits: Preferences, existing: str) -> Iterator[Decision]:
    """The rows of "Before data moves", open and answered ones. `existing` is the form's."""
    if state.conflicts:
        yield _conflicts(state.conflicts, answered, existing)
    for found in state.fidelity.found if state.fidelity else ():
        yield _loss(found, answered)
    yield from _unsupported(state, answered)
    if (limit := _limit(state, answered, limits)) is not None:
        yield limit


def _conflicts(objects: int, answered: Answered, existing: str) -> Decision:
    are = "is" if objects == 1 else "are"
    what = "object" if existing == "refuse" else "different object"
    return Decision(
        "conflicts",
        f"{count(objects, what)} {are} already there",
        labels.CONFLICT_TEXT,
        Tone.WARN,
        {key: text for key, text in labels.CONFLICT_CHOICES.items() if key != existing},
        _words(answered, "conflicts", labels.CONFLICT_ANSWERED),
    )


def _loss(found: PropertyFound, answered: Answered) -> Decision:
    name = PROPERTIES.get(found.name, found.name)
    if found.fate == "unknown":
        return Decision(
            f"unknown:{found.name}",
            f"Unknown: {name}",
            f"These keys may not ask for it (e.g. {shown_key(found.example)}). "
            "An object that turns out to have it is set aside by name, never copied poorer.",
            Tone.QUIET,
        )
    least = "" if found.is_exact else "at least "
    is_accepted = found.name in answered.accepted
    at = answered.at.get(f"loss:{found.name}", "")
    return Decision(
        f"loss:{found.name}",
        f"Copies cannot keep: {name}",
        f"Of {least}{count(found.objects, 'object')}, e.g. {shown_key(found.example)}.",
        Tone.WARN,
        {"accept": labels.ACCEPT},
        (f"Accepted at {at}." if at else "Accepted by the job.") if is_accepted else "",
    )


def _unsupported(state: RunState, answered: Answered) -> Iterator[Decision]:
    fates = tuple(each for each in state.made.fates if each.outcome == "unsupported") if state.made else ()
    # A plan writes no probe: what the destination's documents say of keys, only the run tries out.
    doubtful = tuple(each for each in fates if each.reason in _SHAPES)
    sure = tuple(each for each in fates if each.reason not in _SHAPES)
    if sure:
        yield Decision(
            "unsupported",
            f"{count(_objects(sure), 'object')} cannot be carried over",
            f"{plan_words.by_reason(sure)}. The rest goes on without them; the report names them.",
            Tone.WARN,
            {"go-on": labels.GO_ON_WITHOUT},
            _words(answered, "unsupported", {"go-on": "They are left out"}),
        )
    if doubtful:
        yield Decision(
            "doubtful",
            f"{count(_objects(doubtful), 'key')} may not be possible at the destination",
            f"{plan_words.by_reason(doubtful)}. The run tries that out; the report names what had to stay.",
            Tone.QUIET,
        )


def _objects(fates: tuple[Fate, ...]) -> int:
    return sum(each.objects for each in fates)


def _limit(state: RunState, answered: Answered, limits: Preferences) -> Decision | None:
    """Above what Settings let start without a question."""
    estimate = state.estimate
    if estimate is None:
        return None
    hours = plan_words.seconds_of(estimate) / 3600
    over = []
    if estimate.total_usd > limits.most_usd:
        over.append(f"it costs about {money(estimate.total_usd)}, and {money(limits.most_usd)} is the limit")
    if hours > limits.most_hours:
        takes = show_duration(hours * 3600)
        over.append(f"it takes about {takes}, and {number(round(limits.most_hours))} h are the limit")
    if not over:
        return None
    return Decision(
        "limit",
        "This is more than starts without asking",
        _sentence(f"{'; '.join(over)} that you have set in Settings."),
        Tone.WARN,
        {"go-on": labels.GO_AHEAD},
        _words(answered, "limit", {"go-on": "Go ahead"}),
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _words(answered: Answered, name: str, words: Mapping[str, str]) -> str:
    answer = answered.answers.get(name)
    if answer is None:
        return ""
    return f"{words.get(answer, answer)} (decided at {answered.at.get(name, '')})."
