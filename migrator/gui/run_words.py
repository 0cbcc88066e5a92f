"""What the Run page says: bars, figures, the books, roll back, what now, and the log's own lines."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

from migrator import ending_words
from migrator.model.active import Why
from migrator.model.ledger import Drift
from migrator.phrases import count, number, together

DONE = "done"
STILL_COUNTING, STILL_LISTING = "still counting", "still listing"
NOTHING_TO_COPY = "nothing to copy"
PREPARING = "preparing"
LEFT, LEFT_STILL_LISTING = "left", "left, still listing"
OBJECTS = "objects"
FAILED, FAILED_OR_CONFLICT = "failed", "failed or in conflict"
VERIFYING, WRITING, COPYING = "verifying", "writing and verifying", "copying"
THROTTLED, RETRYING = "throttled", "retrying"
#: What an end says, somewhere in its answer, that wants fewer requests.
ASKS_FOR_LESS = ("slowdown", "slow down", "throttl", "503", "asks for less")


def at_least(text: str, *, is_final: bool) -> str:
    """Numbers that may still grow say so."""
    return text if is_final else f"at least {text}"


def copied_of(objects: int, planned: str, size: str, size_planned: str, *, again: bool) -> str:
    """Below the bar of copying; `again`: the source is being listed once more."""
    more = " · listing the source once more" if again else ""
    return f"{number(objects)} of {planned} · {size} of {size_planned}{more}"


def waiting(seconds: int) -> str:
    return f"waiting {seconds} s for an answer"


#: Of ends, where there is little room.
SHORT_NAMES: Mapping[str, str] = {"Lyve Cloud": "Lyve"}
#: Why a transfer does not get on -> while it waits, and while it is tried again.
WAITS: Mapping[Why, tuple[str, str]] = {
    "slowed": ("waiting {span}: slowed by {end}", "trying again: slowed by {end}"),
    "silent": ("waiting {span}: {end} is silent", "trying again: {end} is silent"),
    "failing": ("waiting {span}: error at {end}", "trying again: error at {end}"),
    "limit": ("waiting for the speed limit", "waiting for the speed limit"),
}


def waits(why: Why, end: str, seconds: float) -> str:
    """`waiting 4 s: slowed by AWS`; whole seconds or minutes, so that it can be read and has room."""
    wait, again = WAITS[why]
    span = f"{ceil(seconds)} s" if seconds <= 90 else f"{ceil(seconds / 60)} min"
    name = SHORT_NAMES.get(end, end)
    return wait.format(span=span, end=name) if seconds else again.format(end=name)


def part_of(part: int, parts: int) -> str:
    return f"copying, part {part} of {parts}"


def took(span: str, *, is_over: bool) -> str:
    """Beside the places of a run that has ended; `is_over`: there is nothing to go on with."""
    return f"took {span}" if is_over else f"after {span}"


def looked_at(done: int, total: int) -> str:
    return f"{number(done)} of {count(total, 'object')} looked at"


def ago(span: str) -> str:
    return f"{span} ago"


TEN_MINUTES_AGO = ago("10 min")


def report_is_in(path: str) -> str:
    return f"The report is in {path}."


def retry_failed(failed: int) -> str:
    return f"Retry {number(failed)} Failed"


def more_after(more: int) -> str:
    return together(f"{number(more)} more after this one")


# -- the books ---------------------------------------------------------------------------------------

#: An addend of the ledger -> what it is.
BOOKS: Mapping[str, str] = {
    "verified": "copied and verified",
    "copied": "copied",
    "size": "copied, checked by size only",
    "same": "already identical",
    "filtered": "left out by filters",
    "unsupported": "cannot be carried over",
    "failed": "failed",
    "conflicts": "in conflict, kept",
    "left": "left to do",
}
SOURCE_ONLY_READ = "The source was only read."


def listed(objects: int) -> str:
    return f"{number(objects)} listed"


# -- roll back ---------------------------------------------------------------------------------------

WOULD_DO, DID = "What rolling back would do", "What rolling back did"
UNDONE: Mapping[str, str] = {"removed": "removed", "restored": "restored", "left": "left in place"}
WOULD_BE_UNDONE: Mapping[str, str] = {name: f"would be {words}" for name, words in UNDONE.items()}
NOTHING_TO_REMOVE = "Roll back? Nothing is there to remove."
ROLL_BACK, KEEP_EVERYTHING = "Roll Back", "Keep Everything"


def roll_back_question(objects: int) -> str:
    return f"Roll back {count(objects, 'object')}?" if objects else NOTHING_TO_REMOVE


def roll_back_objects(objects: int) -> str:
    return f"Roll Back {count(objects, 'Object')}" if objects else ROLL_BACK


def would_be_undone(removed: int, restored: int, left: int, reasons: str, later_runs: int) -> str:
    """What the look ahead has found; `later_runs` relied on this one."""
    counts = f"{number(removed)} would be removed, {number(restored)} restored, {number(left)} left in place"
    text = f"{counts}{reasons}."
    if later_runs:
        rely = count(later_runs, "later run relies on this one", "later runs rely on this one")
        text += f" {rely} and would be incomplete."
    return text


# -- what now ----------------------------------------------------------------------------------------

PROVEN = "What is proven"
UNTOUCHED = "The source is untouched"
UNTOUCHED_TEXT = "It was only read. Everything is still there, and still billed there."
BEFORE_DELETING = "Before you delete anything there"
BEFORE_DELETING_TEXT = (
    "Save the report, and let everything that uses the data use the new place for a while. Then press "
    "Compare Again in History. What a filter left out, and older versions, are in the source only."
)
#: How a copy was checked -> in a sentence.
SURE: Mapping[str, str] = {
    "read-back": "by reading every byte back",
    "digest": "by a digest of the content",
    "etag": "by the digest of their parts (ETag)",
    "accepted": "by a digest that the destination confirmed",
    "size": "by size only",
}
UNDO_OR_ACCEPT = "Roll Back and Accept"


def undo_or_accept(objects: str) -> str:
    return (
        f"Roll Back removes these {objects} again; that does not expire. "
        "Accept, in History, ends it for good and removes what is kept for it. What was copied stays."
    )


def proven(verified: int, levels: Mapping[str, int], weak: int, size: str, drift: Drift | None) -> str:
    """How every copy was checked; `weak` ones by their size only."""
    sure = ", ".join(f"{number(levels[each])} {words}" for each, words in SURE.items() if levels.get(each))
    parts = [f"{count(verified, 'copy', 'copies')} checked: {sure}."] * bool(sure)
    parts += [
        f"Of {number(weak)} only the size is known to agree, which cannot notice changed bytes."
    ] * bool(weak)
    parts.append(f"{size} arrived; every listed object is accounted for below.")
    if changed := ending_words.drift(drift):
        parts.append(f"{changed} A new run brings that over.")
    return " ".join(parts)


# -- the log -----------------------------------------------------------------------------------------


def folded(objects: int) -> str:
    return f"{number(objects)} more objects in the same second"


def lines_told(shown: int, total: int, *, is_filtered: bool) -> str:
    """How much of the log is in sight."""
    if is_filtered:
        return f"{number(shown)} of {number(total)} lines match"
    if total > shown:
        return f"{number(total)} lines · last {number(shown)} shown"
    return count(total, "line") if total else ""
