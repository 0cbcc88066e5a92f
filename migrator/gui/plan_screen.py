"""The Plan page of one moment, made from the folded events of a plan."""

from __future__ import annotations

from migrator import ending_words, words
from migrator.estimate_words import estimate_lines
from migrator.gui import labels
from migrator.gui.screen import Banner, Head, Pill, PlanScreen, Share
from migrator.gui.status import Tone
from migrator.model.ledger import Outcome
from migrator.model.objects import visible
from migrator.model.run_state import RunState
from migrator.model.sizes import show_size
from migrator.phrases import count, number


def plan_screen(state: RunState, *, is_making: bool, is_stale: bool, made_at: str) -> PlanScreen:
    """The page: where there is no plan yet, it says how to get one."""
    if not is_making and state.summary is None:
        return PlanScreen(Head(labels.NO_PLAN_CONTEXT))
    places = f"{visible(state.source, 60)}  →  {visible(state.destination, 60)}" if state.source else ""
    if is_making:
        return PlanScreen(
            Head(places or "Connecting…", (Pill("Planning", Tone.BUSY),)), _shares(state), _total(state)
        )
    summary = state.summary
    assert summary is not None  # noqa: S101  (either it is being made, or it has ended)
    made = f"{places}   ·   made {made_at}".removeprefix("   ·   ")
    if summary.outcome is not Outcome.PLANNED:
        end = ending_words.ending(summary)
        banner = Banner(
            end.headline, f"{summary.message} {summary.advice}".strip() or end.detail, Tone.PROBLEM
        )
        return PlanScreen(Head(made, (Pill("Not made", Tone.PROBLEM),)), banner=banner)
    pill = Pill("Out of date", Tone.WARN) if is_stale else Pill("Ready", Tone.OK)
    stale: Banner | None = None
    if is_stale:
        stale = Banner(f"Something changed since {made_at}.", "Plan Again looks at it once more.", Tone.WARN)
    return PlanScreen(
        Head(made, (pill,)),
        _shares(state),
        _total(state),
        tuple(estimate_lines(state.estimate)) if state.estimate else (),
        tuple(words.property_found(each) for each in state.fidelity.found) if state.fidelity else (),
        stale,
    )


def _shares(state: RunState) -> tuple[Share, ...]:
    to_copy = state.planned - state.conflicts
    found = (
        ("copy", "Copy", to_copy, show_size(state.bytes_planned), "", Tone.BUSY),
        ("same", "Already there, identical", state.same, "", "", Tone.QUIET),
        ("filtered", "Left out by a filter", state.filtered, "", words.filtered_in_words(state.filtered_by),
         Tone.QUIET),
        ("conflict", "Different object already there", state.conflicts, "", "left alone", Tone.WARN),
        ("unsupported", "Cannot be carried over", state.unsupported, "", "", Tone.PROBLEM),
    )  # fmt: skip
    whole = max(1, state.listed)
    return tuple(
        Share(name, text, number(n), size, note, n / whole, tone)
        for name, text, n, size, note, tone in found
        if n or name == "copy"
    )


def _total(state: RunState) -> str:
    least = "" if state.totals_are_final else "at least "
    return f"{least}{count(state.listed, 'object')} listed · {show_size(state.bytes_listed)}"
