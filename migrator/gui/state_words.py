"""The state in words: the action bar's sentence and helping line, the pill, and the rail."""

from __future__ import annotations

from migrator import ending_words
from migrator.estimate_words import money
from migrator.gui import labels
from migrator.gui.status import TABLE, Status, Tone
from migrator.model.events import Summary
from migrator.model.run_state import RunState
from migrator.model.sizes import show_size
from migrator.phrases import count, in_books, number, objects_in

_S = Status

_PILLS = {
    _S.LISTING: "Listing",
    _S.RUNNING: "Running",
    _S.STOPPED: "Paused",
    _S.FINISHED: "Finished",
    _S.FINISHED_WEAKLY: "Finished, size only",
    _S.FINISHED_WITH_FAILURES: "Finished with failures",
    _S.PAUSED: "Waiting for you",
    _S.REFUSED: "Not started",
    _S.UNFINISHED_RUN: "Not started",
    _S.FOUND: "Unfinished",
    _S.FOUND_IN_UNDO: "Roll back broke off",
    _S.PREVIEWING: "Looking ahead",
    _S.ROLLING_BACK: "Rolling back",
    _S.ROLLED_BACK: "Rolled back",
    _S.ROLLED_BACK_LEFTOVERS: "Rolled back in part",
}
YOUR_DECISION = "Your decision"
#: Said where the plan that was made is out of date.
PLAN_AGAIN = "Ready to plan again"
PLAN_AGAIN_HELP = "The plan is out of date: Migrate Data makes a new one first, then copies."
PAUSING, STOPPING = "Pausing…", "Stopping…"
_SETUP_STATES = {
    _S.EMPTY: "Not connected",
    _S.CONNECTING: "Checking…",
    _S.HALF_CONNECTED: "Needs attention",
}


def pill(status: Status, state: RunState) -> str:
    """One or two words at the top of the Run page, empty before the first run."""
    if status is _S.PREVIEWING and state.summary is not None:
        return YOUR_DECISION
    if state.phase is None:
        return ""
    return _cancelling(state) if status is _S.CANCELLING else _PILLS.get(status, "")


def _cancelling(state: RunState) -> str:
    """Only a run that copies is paused; everything else is done again, or not at all."""
    return PAUSING if state.command in {"run", "resume"} else STOPPING


def sentences(
    status: Status, state: RunState, *, quitting: bool = False, decisions: int = 0
) -> tuple[str, str]:
    """The action bar's sentence and helping line."""
    match status:
        case _S.EMPTY:
            return "Not connected", "Fill in both sides, then Generate Config File."
        case _S.CONNECTING:
            return labels.CHECKING_BOTH, "Keys, addresses and bucket lists. Nothing is written."
        case _S.HALF_CONNECTED:
            return "Not ready yet", "Put the marked field right, then Generate Config File again."
        case _S.CONNECTED:
            return "Ready to plan", "Migrate Data plans first, then copies. The source is only read."
        case _S.PLANNING:
            return _listing(
                state
            ), "Both sides are listed and every object is decided on. Nothing is written."
        case _S.PLANNED:
            return _planned(state)
        case _S.PLAN_OPEN:
            both = "it is" if decisions == 1 else "both are" if decisions == 2 else "all are"
            return f"{count(decisions, 'decision')} left", f"Migrate Data becomes available when {both} made."
        case _S.NOTHING_TO_DO:
            return "Nothing to copy", _nothing(state)
        case _S.LISTING:
            return _listing(state), "Copying starts when both sides are listed."
        case _S.RUNNING:
            threads = f" with {count(state.threads, 'thread')}" if state.threads else ""
            return f"Running{threads}", "Closing the window pauses the run; it can be resumed later."
        case _S.CANCELLING:
            said = _cancelling(state)
            if quitting:
                return said, "The window closes then."
            if said == PAUSING:
                return said, "Finishing the parts in flight. Stop Now breaks them off."
            return said, "Finishing what is under way. Stop Now breaks it off."
        case _S.PREVIEWING:
            return "Finding out what rolling back would do", "Nothing is changed yet; you will be asked."
        case _S.COMPARING:
            return labels.COMPARING, labels.COMPARING_HELP
        case _S.ACCEPTING:
            return labels.ACCEPTING, labels.ACCEPTING_HELP
        case _S.ROLLING_BACK:
            done = f" {number(state.undo_done)} of {number(state.undo_total)}" if state.undo_total else ""
            return f"Rolling back{done}", "Only what this run wrote is removed. The source is not touched."
    if state.summary is None:
        return "", ""
    if status is _S.PAUSED:
        end = ending_words.ending(state.summary)
        books = state.summary.ledger
        counts = f"{objects_in(books, 'copied')} copied, {number(in_books(books, 'left'))} left."
        return end.headline, f"{counts} Resume goes on from there."
    claim, detail = headline(status, state.summary)
    if status is _S.PLAN_REFUSED:
        claim = labels.NO_PLAN_MADE
    return claim, _help(status, state) or detail or "The log says more."


def headline(status: Status, summary: Summary) -> tuple[str, str]:
    """How a run ended, in one claim and one explanation. One that was paused here is not called stopped."""
    end = ending_words.ending(summary)
    if status is _S.STOPPED:
        books = summary.ledger
        done, left = int(books.get("copied", 0)), int(books.get("left", 0))
        return (
            f"Paused. Nothing is running: {count(done, 'object')} copied, {number(left)} left.",
            "What was copied is still there. Resume goes on where it stopped.",
        )
    if status is _S.PAUSED and summary.message:
        # The cause is the news; that nothing is lost says the action bar.
        cause, _, rest = summary.message.partition(". ")
        return f"{cause.rstrip('.')}.", f"{rest} {summary.advice}".strip() or end.detail
    if summary.cause == "dry-run":
        return "Nothing has been changed yet.", "This is what rolling back would do."
    if summary.cause == "losses":
        return end.headline, summary.message  # the advice is about the job file; here a question is asked
    return end.headline, end.detail


def setup_state(status: Status) -> tuple[str, Tone]:
    """The rail's words for Set up."""
    text = _SETUP_STATES.get(status, "Connected")
    return text, TABLE[status].tone if status in _SETUP_STATES else Tone.OK


def plan_state(status: Status | None, state: RunState, decisions: int) -> tuple[str, Tone]:
    """The rail's words for Plan."""
    if status is _S.PLANNING:
        return (f"Listing · {number(state.listed)}" if state.listed else "Listing"), Tone.BUSY
    if status is _S.CANCELLING:
        return STOPPING, Tone.BUSY
    if status is _S.PLAN_OPEN:
        return f"{count(decisions, 'decision')} left", Tone.WARN
    if status is _S.NOTHING_TO_DO:
        return "Nothing to copy", Tone.OK
    if status is _S.PLANNED:
        return f"{number(state.planned - state.conflicts)} to copy", Tone.OK
    if status is _S.PLAN_REFUSED:
        return "Could not be made", Tone.PROBLEM
    return "Not made yet", Tone.QUIET


def history_state(runs: int | None, waiting: int) -> tuple[str, Tone]:
    """The rail's words for History."""
    if waiting:
        return f"{number(waiting)} can be resumed", Tone.WARN
    if runs is None:
        return "", Tone.QUIET
    return (count(runs, "run") if runs else "No runs yet"), Tone.QUIET


def run_state(status: Status, state: RunState, share: float | None) -> tuple[str, Tone]:
    """The rail's words for Run."""
    if state.phase is None:
        return "Nothing running", Tone.QUIET
    tone = TABLE[status].tone
    if status is _S.PREVIEWING and state.summary is not None:
        return YOUR_DECISION, Tone.WARN
    if status is _S.RUNNING:
        return (f"Running · {int(share * 100)} %" if share is not None else "Running"), tone
    if status is _S.FINISHED_WITH_FAILURES and state.summary is not None:
        return f"{number(ending_words.not_copied(state.summary.ledger))} not copied", tone
    if found := pill(status, state):
        return found, tone
    return "Ended", Tone.QUIET


def _planned(state: RunState) -> tuple[str, str]:
    cost = f", about {money(state.estimate.total_usd)}" if state.estimate else ""
    cost = cost.replace("about less", "less")
    copies = sum(each.size_bytes for each in state.made.fates if each.outcome == "copy") if state.made else 0
    what = f"Ready: {count(state.planned - state.conflicts, 'object')}, {show_size(copies)}{cost}"
    return what, "Migrate Data looks at both sides once more, then copies. The source is only read."


def _nothing(state: RunState) -> str:
    pairs = (
        (state.same, "already there"),
        (state.filtered, "left out by filters"),
        (state.unsupported, "cannot be carried over"),
    )
    told = ", ".join(f"{number(n)} {what}" for n, what in pairs if n)
    return f"{told}." if told else "The source has no object here."


def _listing(state: RunState) -> str:
    return f"Listing: {count(state.listed, 'object')} so far" if state.listed else "Connecting…"


def _help(status: Status, state: RunState) -> str:
    """What can be done next, where the end's own detail does not say it."""
    summary = state.summary
    match status:
        case _S.UNFINISHED_RUN:
            return "Resume goes on with that run. Roll Back removes what it copied."
        case _S.STOPPED:
            return "Resume goes on where it stopped. Roll Back removes what was copied."
        case _S.FINISHED_WITH_FAILURES if summary is not None and summary.ledger.get("failed"):
            return "Put the causes right, then retry only what failed. The source is untouched."
        case _S.FINISHED_WITH_FAILURES:
            return "The source is untouched. See what was not copied, and why."
        case _S.ROLLED_BACK_LEFTOVERS if summary is not None and summary.message:
            return f"{summary.message} {summary.advice}".strip()
        case _S.ROLLED_BACK_LEFTOVERS:
            return "What had to stay is listed with its reason. Try Again looks at it once more."
        case _S.ROLLED_BACK:
            return "The source was never changed."
    return ""
