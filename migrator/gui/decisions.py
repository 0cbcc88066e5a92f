"""What has to be decided before data moves, from a plan, the form and the limits of Settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from migrator import plan_words
from migrator.gui import labels
from migrator.gui import plan_page_words as page_words
from migrator.gui.plan_values import Decision
from migrator.gui.status import Tone
from migrator.model.findings import PropertyFound
from migrator.model.key_limits import Shape
from migrator.model.planned import Fate
from migrator.model.run_state import RunState
from migrator.phrases import shown_key
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
    return Decision(
        "conflicts",
        page_words.already_there(objects, is_any=existing == "refuse"),
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
            page_words.unknown(name),
            page_words.unknown_text(shown_key(found.example)),
            Tone.QUIET,
        )
    is_accepted = found.name in answered.accepted
    at = answered.at.get(f"loss:{found.name}", "")
    return Decision(
        f"loss:{found.name}",
        page_words.cannot_keep(name),
        page_words.concerned(found.objects, shown_key(found.example), is_exact=found.is_exact),
        Tone.WARN,
        {"accept": labels.ACCEPT},
        page_words.accepted_at(at) if is_accepted else "",
    )


def _unsupported(state: RunState, answered: Answered) -> Iterator[Decision]:
    fates = tuple(each for each in state.made.fates if each.outcome == "unsupported") if state.made else ()
    # A plan writes no probe: what the destination's documents say of keys, only the run tries out.
    doubtful = tuple(each for each in fates if each.reason in _SHAPES)
    sure = tuple(each for each in fates if each.reason not in _SHAPES)
    if sure:
        yield Decision(
            "unsupported",
            page_words.not_carried(_objects(sure)),
            page_words.not_carried_text(plan_words.by_reason(sure)),
            Tone.WARN,
            {"go-on": labels.GO_ON_WITHOUT},
            _words(answered, "unsupported", page_words.ANSWERED["unsupported"]),
        )
    if doubtful:
        yield Decision(
            "doubtful",
            page_words.doubtful(_objects(doubtful)),
            page_words.doubtful_text(plan_words.by_reason(doubtful)),
            Tone.QUIET,
        )


def _objects(fates: tuple[Fate, ...]) -> int:
    return sum(each.objects for each in fates)


def _limit(state: RunState, answered: Answered, limits: Preferences) -> Decision | None:
    """Above what Settings let start without a question."""
    estimate = state.estimate
    if estimate is None:
        return None
    seconds = plan_words.seconds_of(estimate)
    over = []
    if estimate.total_usd > limits.most_usd:
        over.append(page_words.over_cost(estimate.total_usd, limits.most_usd))
    if seconds > limits.most_hours * 3600:
        over.append(page_words.over_time(seconds, limits.most_hours))
    if not over:
        return None
    return Decision(
        "limit",
        page_words.OVER_LIMIT,
        " ".join(over),
        Tone.WARN,
        {"go-on": labels.GO_AHEAD},
        _words(answered, "limit", page_words.ANSWERED["limit"]),
    )


def _words(answered: Answered, name: str, words: Mapping[str, str]) -> str:
    answer = answered.answers.get(name)
    if answer is None:
        return ""
    return page_words.decided(words.get(answer, answer), answered.at.get(name, ""))
