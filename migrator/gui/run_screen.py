"""The Run page of one moment, made from the folded events. Every number that may still grow says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from migrator import ending_words, phrases
from migrator.gui import labels, run_words, state_words
from migrator.gui.end_screen import end_points
from migrator.gui.figures import Meter, time_left
from migrator.gui.found import is_offer
from migrator.gui.groups import Groups
from migrator.gui.lately import Lately
from migrator.gui.screen import Bar, Figure, LedgerScreen, RunScreen, Term, TransferRow
from migrator.gui.screen_parts import Banner, Button, Head, Pill
from migrator.gui.speeds import NO_SPEED, Speeds
from migrator.gui.state_words import pill
from migrator.gui.status import TABLE, Intent, Status, Tone
from migrator.gui.throughput import throughput
from migrator.model.active import ActiveTransfer
from migrator.model.events import Phase, Summary
from migrator.model.ledger import Outcome
from migrator.model.objects import visible
from migrator.model.run_state import RunState
from migrator.model.sizes import show_duration, show_size
from migrator.phrases import number
from migrator.words import filtered_in_words

KEY_CHARS = 110
#: Nothing moved for this long: the speed says what it waits for.
SILENT_S = 20.0


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What the page shows besides the folded events."""

    meter: Meter
    groups: Groups
    lately: Lately
    now: float
    speeds: Speeds = field(default_factory=Speeds)
    saved_to: str = ""  #: where the report is
    can_retry: bool = False
    can_leave_out: bool = False  #: the form is what this run was about


def run_screen(state: RunState, status: Status, facts: RunFacts) -> RunScreen:
    """The page. Running: phases, figures, throughput. Ended: a banner, the books, and what now."""
    if not state.run and state.phase is None:
        return RunScreen(Head(labels.NO_RUN_CONTEXT), empty=labels.NO_RUN_YET)
    is_undo = state.command == "rollback"
    all_groups = facts.groups.of(state, can_leave_out=facts.can_leave_out)
    running = state.is_running
    waiting = facts.lately.waiting(facts.now) if running else ()
    return RunScreen(
        head=Head(_context(state), _pills(state, status)),
        bars=(_undo_bars(state, status) if is_undo else _bars(state)) if running else (),
        figures=_figures_of(state, status, facts) if running else (),
        shows_transfers=running and not is_undo,
        transfers=tuple(_row(each, facts) for each in state.active) if running else (),
        groups=all_groups,
        groups_title=labels.LEFT_IN_PLACE if is_undo else labels.NOT_COPIED,
        groups_count=sum(group.count for group in all_groups),
        can_retry=facts.can_retry,
        waiting=waiting,
        waiting_count=len(waiting),
        done=() if is_undo else facts.lately.done(),
        done_count=0 if is_undo else state.copied,
        throughput=throughput(facts.meter, facts.lately, facts.now) if running and not is_undo else None,
        end=end_points(state, status),
        ledger=_ledger(state, state.summary) if state.summary else None,
        banner=_banner(state, state.summary, status, facts) if state.summary else None,
    )


def _figures_of(state: RunState, status: Status, facts: RunFacts) -> tuple[Figure, ...]:
    if state.command == "rollback":
        return _undo_figures(state, status)
    return _figures(state, facts.meter, facts.now)


def share_done(state: RunState) -> float | None:
    """The honest share: None before totals are final, and 1 only once every object's fate is decided."""
    if not state.totals_are_final or not state.planned:
        return None
    by_objects = state.settled / state.planned
    if state.settled >= state.planned:
        return 1.0
    if not state.bytes_planned:
        return min(by_objects, 0.99)
    under_way = sum(each.bytes_done for each in state.active)
    return min((state.bytes_copied + under_way) / state.bytes_planned, 0.99)


def _pills(state: RunState, status: Status) -> tuple[Pill, ...]:
    text = pill(status, state)
    if not text:
        return ()
    own = Pill(text, _tone(status, state))
    if status in {Status.LISTING, Status.RUNNING} and state.command != "rollback":
        return Pill(labels.UNDO_POSSIBLE, Tone.OK), own
    return (own,)


def _tone(status: Status, state: RunState) -> Tone:
    """A look ahead that has ended waits for an answer."""
    is_asked = status is Status.PREVIEWING and state.summary is not None
    return Tone.WARN if is_asked else TABLE[status].tone


def _context(state: RunState) -> str:
    places = f"{visible(state.source, 60)}  →  {visible(state.destination, 60)}" if state.source else ""
    return "   ·   ".join(text for text in (places, _took(state)) if text)


def _took(state: RunState) -> str:
    """How long a run took: nothing is said of one that has not begun with its work."""
    summary = state.summary
    if summary is None or is_offer(state) or summary.outcome is Outcome.REFUSED:
        return ""
    is_over = summary.outcome not in {Outcome.STOPPED, Outcome.PAUSED}
    return run_words.took(show_duration(summary.seconds), is_over=is_over)


def _bars(state: RunState) -> tuple[Bar, ...]:
    final = state.totals_are_final
    listed = f"{phrases.count(state.listed, 'object')} · {show_size(state.bytes_listed)}"
    listing = Bar(
        labels.LISTING,
        1.0 if final else None,
        run_words.DONE if final else run_words.STILL_COUNTING,
        run_words.at_least(listed, is_final=final),
        is_done=final,
    )
    share = share_done(state)
    copied = run_words.copied_of(
        state.copied,
        run_words.at_least(phrases.count(state.planned, "object"), is_final=final),
        show_size(state.bytes_copied),
        run_words.at_least(show_size(state.bytes_planned), is_final=final),
        again=state.phase is Phase.CHECKING,
    )
    nothing = final and not state.planned
    right = run_words.STILL_LISTING if share is None else percent(share)
    return listing, Bar(labels.COPYING, share, run_words.NOTHING_TO_COPY if nothing else right, copied)


def percent(share: float) -> str:
    return f"{int(share * 100)} %"


def _figures(state: RunState, meter: Meter, now: float) -> tuple[Figure, ...]:
    silent = meter.silent_s(now)
    is_waiting = silent >= SILENT_S and bool(state.active)
    bytes_left = max(0, state.bytes_planned - state.bytes_copied)
    guess = meter.seconds_left(bytes_left, max(0, state.planned - state.settled))
    bad = state.failed + state.conflicts
    return (
        Figure(
            f"{show_size(meter.bytes_per_s)}/s" if state.bytes_moved else "–",
            run_words.waiting(int(silent)) if is_waiting else labels.NOW,
            Tone.WARN if is_waiting else Tone.QUIET,
        ),
        Figure(_rate(meter.objects_per_s) if state.settled else "–", run_words.OBJECTS),
        Figure(
            time_left(guess, is_final=state.totals_are_final),
            run_words.LEFT if state.totals_are_final else run_words.LEFT_STILL_LISTING,
        ),
        Figure(
            number(bad),
            run_words.FAILED_OR_CONFLICT if state.conflicts else run_words.FAILED,
            Tone.PROBLEM if bad else Tone.QUIET,
        ),
    )


def _rate(per_s: float) -> str:
    return f"{per_s:,.0f}/s" if per_s >= 10 or per_s == 0 else f"{per_s:.1f}/s"


def _undo_bars(state: RunState, status: Status) -> tuple[Bar, ...]:
    label = labels.PREVIEWING if status is Status.PREVIEWING else labels.ROLLING_BACK
    share = min(1.0, state.undo_done / state.undo_total) if state.undo_total else None
    below = run_words.looked_at(state.undo_done, state.undo_total) if state.undo_total else ""
    return (Bar(label, share, percent(share) if share is not None else run_words.PREPARING, below),)


def _undo_figures(state: RunState, status: Status) -> tuple[Figure, ...]:
    left = state.left_in_place
    words = run_words.WOULD_BE_UNDONE if status is Status.PREVIEWING else run_words.UNDONE
    return (
        Figure(number(state.removed), words["removed"]),
        Figure(number(state.restored), words["restored"]),
        Figure(number(left), words["left"], Tone.WARN if left else Tone.QUIET),
    )


def _row(each: ActiveTransfer, facts: RunFacts) -> TransferRow:
    done = 100 if each.bytes_done >= each.size_bytes else int(100 * each.bytes_done / each.size_bytes)
    waiting = each.waiting
    if waiting is not None:
        doing = run_words.waits(waiting.why, waiting.end, waiting.seconds)
    elif each.parts and each.part == each.parts:
        doing = run_words.VERIFYING
    elif done == 100 and not each.parts:
        doing = run_words.WRITING
    elif each.parts:
        doing = run_words.part_of(min(each.part + 1, each.parts), each.parts)
    else:
        doing = run_words.COPYING
    return TransferRow(
        done,
        visible(each.key, KEY_CHARS),
        show_size(each.size_bytes),
        doing,
        # Every byte is there: what is looked at now has no speed. Nor has what waits.
        NO_SPEED if done == 100 or waiting else facts.speeds.of(each.key, facts.now),
        visible(each.key),
    )


def _banner(state: RunState, summary: Summary, status: Status, facts: RunFacts) -> Banner:
    headline, detail = state_words.headline(status, summary)
    buttons: tuple[Button, ...] = ()
    if status is Status.PAUSED and summary.cause == "credentials":
        buttons = (Button(Intent.ENTER_KEYS, labels.BUTTONS["enter_keys"], is_enabled=True),)
    if facts.saved_to:
        detail = f"{detail} {run_words.report_is_in(visible(facts.saved_to, 120))}".strip()
    return Banner(headline, detail, _tone(status, state), buttons)


def _ledger(state: RunState, summary: Summary) -> LedgerScreen | None:
    if summary.removed is not None:
        return _undo_ledger(summary)
    books: Mapping[str, Any] = summary.ledger
    listed = int(books.get("listed", 0))
    if not listed:
        return None
    copied, verified = int(books.get("copied", 0)), int(books.get("verified", 0))
    weak = min(copied, ending_words.weakly_checked(books))
    tones = {
        "copied": Tone.OK if copied else Tone.QUIET,
        "size": Tone.WARN,
        "failed": Tone.PROBLEM,
        "unsupported": Tone.WARN,
    }
    tones |= {"conflicts": Tone.WARN, "left": Tone.WARN}
    words = {**run_words.BOOKS, "copied": run_words.BOOKS["verified" if verified == copied else "copied"]}
    names = ("same", "filtered", "unsupported", "failed", "conflicts", "left")
    amounts = {"copied": copied - weak, "size": weak} | {name: int(books.get(name, 0)) for name in names}
    balances = sum(amounts.values()) == listed
    by_rule = summary.filtered_by if summary.filtered_by is not None else state.filtered_by
    return LedgerScreen(
        title=labels.ACCOUNTED if balances else labels.NOT_ACCOUNTED,
        terms=tuple(
            Term(number(n), words[name], tones.get(name, Tone.QUIET))
            for name, n in amounts.items()
            if n or (name == "copied" and not weak)
        ),
        total=run_words.listed(listed),
        note=filtered_in_words(by_rule),
        balances=balances,
    )


def _undo_ledger(summary: Summary) -> LedgerScreen:
    is_ahead = summary.cause == "dry-run"
    words = run_words.WOULD_BE_UNDONE if is_ahead else run_words.UNDONE
    counts = {"removed": summary.removed or 0, "restored": summary.restored or 0}
    counts["left"] = summary.left_in_place or 0
    return LedgerScreen(
        title=run_words.WOULD_DO if is_ahead else run_words.DID,
        terms=tuple(
            Term(number(n), words[name], (Tone.WARN if name == "left" else Tone.OK) if n else Tone.QUIET)
            for name, n in counts.items()
        ),
        total=phrases.count(sum(counts.values()), "object"),
        note=run_words.SOURCE_ONLY_READ,
        balances=True,
    )
