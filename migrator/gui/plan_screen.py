"""The Plan page of one moment, made from the folded events of a plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from migrator import ending_words, plan_words
from migrator.estimate_words import money
from migrator.gui import labels
from migrator.gui import plan_page_words as page_words
from migrator.gui.plan_values import (
    Bin,
    CostRow,
    CostScreen,
    Decision,
    KeyRow,
    KeysScreen,
    PlanScreen,
    Share,
    Spent,
)
from migrator.gui.screen_parts import Banner, Button, Head, Pill
from migrator.gui.status import Intent, Tone
from migrator.model.findings import Estimated
from migrator.model.ledger import Outcome
from migrator.model.objects import visible
from migrator.model.planned import Fate, PlanRow, PlanRows
from migrator.model.run_state import RunState
from migrator.model.sizes import show_size
from migrator.phrases import number

KEY_CHARS = 110
#: Outcome (and `replace`, which is a copy of another kind) -> the colour of its part of the bar.
ROLES: Mapping[str, str] = {
    "copy": "accent",
    "replace": "accent_text",
    "same": "counted",
    "filtered": "left_out",
    "conflict": "warn",
    "unsupported": "problem",
}
SPENT_TONES: Mapping[Spent, Tone] = {
    Spent.UNDER_WAY: Tone.BUSY,
    Spent.IN_PART: Tone.QUIET,
    Spent.DONE: Tone.OK,
}
_TONES: Mapping[str, Tone] = {"copy": Tone.BUSY, "conflict": Tone.WARN, "unsupported": Tone.PROBLEM}


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """What the page shows besides the folded events."""

    is_making: bool
    is_stale: bool
    is_old: bool  #: that is why
    spent: Spent
    made_at: str
    decisions: tuple[Decision, ...]
    providers: tuple[str, str]  #: of source and destination
    actions: Mapping[str, int]  #: how many rights the job needs, by provider
    can_decide: bool = True  #: nothing is under way
    find: str = ""
    turn: int = 0  #: how often a key was pointed at
    outcome: str = ""
    rows: PlanRows | None = None

    @property
    def conflicts_are_open(self) -> bool:
        return any(each.name == "conflicts" and each.is_open for each in self.decisions)


def plan_screen(state: RunState, facts: PlanFacts) -> PlanScreen:
    """The page: where there is no plan yet, it says how to get one."""
    if not facts.is_making and state.summary is None:
        return PlanScreen(Head(labels.NO_PLAN_CONTEXT), empty=labels.NO_PLAN_YET)
    places = f"{visible(state.source, 60)}  →  {visible(state.destination, 60)}" if state.source else ""
    if facts.is_making:
        pill = Pill(labels.PLANNING, Tone.BUSY)
        return PlanScreen(
            Head(places or labels.CONNECTING_BOTH, (pill,)),
            shares=tuple(_shares(state, facts)),
            total=_total(state),
        )
    summary = state.summary
    assert summary is not None  # noqa: S101  (either it is being made, or it has ended)
    made = page_words.made(facts.made_at, facts.spent, is_stale=facts.is_stale)
    head = f"{places}   ·   {made}".removeprefix("   ·   ")
    if summary.outcome is not Outcome.PLANNED:
        end = ending_words.ending(summary)
        text = f"{summary.message} {summary.advice}".strip() or end.detail
        button = Button(Intent.CHANGE_FILTERS, labels.TO_SETUP, is_enabled=True)
        banner = Banner(labels.NO_PLAN_MADE, text, Tone.PROBLEM, (button,))
        return PlanScreen(Head(places, (Pill(page_words.NOT_MADE, Tone.PROBLEM),)), banner)
    return PlanScreen(
        Head(head, (_pill(state, facts),)),
        _stale(facts),
        tuple(_shares(state, facts)),
        _total(state),
        facts.decisions if facts.can_decide else tuple(replace(each, choices={}) for each in facts.decisions),
        _keys(state, facts),
        _costs(state.estimate, facts.providers) if state.estimate and state.planned else None,
        _bins(state),
        plan_words.permissions(facts.actions) if facts.actions else "",
    )


def open_decisions(decisions: tuple[Decision, ...]) -> int:
    return sum(each.is_open for each in decisions)


def _pill(state: RunState, facts: PlanFacts) -> Pill:
    if facts.is_stale:
        return Pill(labels.OUT_OF_DATE, Tone.WARN)
    if facts.spent is not Spent.NO:
        return Pill(page_words.CARRIED_OUT[facts.spent], SPENT_TONES[facts.spent])
    if left := open_decisions(facts.decisions):
        return Pill(page_words.left(left), Tone.WARN)
    return Pill(page_words.READY if state.planned > state.conflicts else page_words.NOTHING_TO_COPY, Tone.OK)


def _stale(facts: PlanFacts) -> Banner | None:
    if not facts.is_stale:
        return None
    headline = page_words.out_of_date(facts.made_at, is_old=facts.is_old)
    return Banner(headline, labels.PLAN_STALE, Tone.WARN)


def _shares(state: RunState, facts: PlanFacts) -> Iterator[Share]:
    whole = max(1, state.listed)
    for outcome, fates in _fates(state).items():
        objects, size_bytes = sum(each.objects for each in fates), sum(each.size_bytes for each in fates)
        if not objects and outcome != "copy":
            continue
        note, tone = plan_words.NOTES.get(outcome, "") or plan_words.by_reason(fates), Tone.QUIET
        if outcome == "conflict":
            is_open = facts.is_making or facts.conflicts_are_open
            note, tone = (page_words.NEEDS_DECISION, Tone.WARN) if is_open else (page_words.LEFT_ALONE, tone)
        yield Share(
            outcome,
            plan_words.OUTCOMES[outcome],
            number(objects),
            show_size(size_bytes) if state.made else "",
            note,
            objects / whole,
            ROLES[outcome],
            tone,
        )


def _fates(state: RunState) -> dict[str, tuple[Fate, ...]]:
    """By what the page tells apart, in its order; from the totals while the plan is being made."""
    if state.made is None:
        to_copy = state.planned - state.conflicts
        so_far = [Fate("copy", "new", to_copy, 0), Fate("same", "", state.same, 0)]
        so_far += [Fate("filtered", rule, n, 0) for rule, n in state.filtered_by.items()]
        so_far += [Fate("conflict", "", state.conflicts, 0), Fate("unsupported", "", state.unsupported, 0)]
        fates = tuple(each for each in so_far if each.objects)
    else:
        fates = state.made.fates
    found: dict[str, tuple[Fate, ...]] = dict.fromkeys(ROLES, ())
    for each in fates:
        name = "replace" if each.reason == "replace" else each.outcome
        found[name] = (*found[name], each)
    return found


def _total(state: RunState) -> str:
    return page_words.listed(state.listed, show_size(state.bytes_listed), is_final=state.totals_are_final)


def _bins(state: RunState) -> tuple[Bin, ...]:
    if state.made is None or not sum(state.made.sizes):
        return ()
    return tuple(
        Bin(label, n, _short(n)) for label, n in zip(labels.BIN_LABELS, state.made.sizes, strict=True)
    )


def _short(n: int) -> str:
    """`355k`: what fits on a bar."""
    if n < 1_000:
        return number(n)
    if n < 9_950:
        return f"{n / 1000:.1f}k".replace(".0k", "k")
    if n < 999_500:
        return f"{n / 1000:,.0f}k"
    return f"{n / 1e6:,.1f}M" if n < 9_950_000 else f"{n / 1e6:,.0f}M"


def _costs(event: Estimated, providers: tuple[str, str]) -> CostScreen:
    rows = []
    for side, provider in zip(("source", "destination"), providers, strict=True):
        usd = event.usd.get(side, {})
        asked = sum(event.requests.get(side, {}).values())
        known = side not in event.unpriced
        rows.append(
            CostRow(
                plan_words.requests_to(provider),
                _short(asked),
                page_words.price(usd.get("requests", 0.0)) if known else page_words.UNKNOWN_PRICE,
            )
        )
        if side == "source" or usd.get("data_out"):
            size = show_size(event.bytes_in if side == "source" else event.size_bytes)
            price = page_words.price(usd.get("data_out", 0.0)) if known else page_words.UNKNOWN_PRICE
            rows.append(CostRow(plan_words.data_out_of(provider), size, price))
        if usd.get("retrieval"):
            rows.append(CostRow(page_words.RETRIEVAL, "", money(usd["retrieval"])))
    cost = page_words.cost(event.total_usd, is_least=event.is_least)
    rows.append(CostRow(page_words.COST, "", cost, is_sum=True))
    time = page_words.time(plan_words.seconds_of(event))
    rows.append(CostRow(page_words.TIME, plan_words.at_speed(event), time, is_sum=True))
    return CostScreen(tuple(rows), f"{plan_words.through_here(event)} {plan_words.prices(event)}")


# -- finding a key --------------------------------------------------------------------------------


def _keys(state: RunState, facts: PlanFacts) -> KeysScreen:
    outcomes = {"": labels.ANY_OUTCOME}
    for outcome, fates in _fates(state).items():
        if fates and outcome != "replace":
            outcomes[outcome] = plan_words.OUTCOMES[outcome]
    rows = facts.rows
    found = tuple(_row(each, is_open=facts.conflicts_are_open) for each in rows.rows) if rows else ()
    note = ""
    if rows is not None and rows.more:
        note = page_words.first_shown(len(rows.rows))
    elif rows is not None and rows.text:
        note = page_words.FOUND if rows.exact else page_words.keys_like(len(rows.rows))
    empty = labels.NO_SUCH_KEY if rows is not None and rows.text else ""
    return KeysScreen(visible(facts.find), facts.outcome, outcomes, found, note, empty, facts.turn)


def _row(row: PlanRow, *, is_open: bool) -> KeyRow:
    return KeyRow(
        visible(row.key, KEY_CHARS),
        show_size(row.size_bytes),
        plan_words.what(row, is_open=is_open),
        plan_words.why(row),
        _TONES.get(row.outcome, Tone.QUIET),
    )
