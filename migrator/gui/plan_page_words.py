"""What the Plan page says besides what `plan_words` says of any plan: its state, what is to be decided."""

from __future__ import annotations

from collections.abc import Mapping

from migrator.estimate_words import money
from migrator.gui.plan_values import Spent
from migrator.model.sizes import show_duration
from migrator.phrases import count, number

READY = "Ready"
NOTHING_TO_COPY = "Nothing to copy"
NOT_MADE = "Not made"
NEEDS_DECISION = "needs your decision"
LEFT_ALONE = "left alone, reported"
GOOD = "good until something changes"
UNKNOWN_PRICE = "unknown"
RETRIEVAL = "Retrieval from other classes"
COST, TIME = "Cost", "Time"
FOUND = "found"


#: How far a plan is carried out, on the rail and in its pill.
CARRIED_OUT: Mapping[Spent, str] = {
    Spent.UNDER_WAY: "Being carried out",
    Spent.IN_PART: "Carried out in part",
    Spent.DONE: "Carried out",
}


def made(at: str, spent: Spent, *, is_stale: bool) -> str:
    """When the plan was made, and how long it is worth something."""
    if is_stale:
        return f"made {at}"
    return f"made {at}, {GOOD if spent is Spent.NO else CARRIED_OUT[spent].lower()}"


def left(decisions: int) -> str:
    return f"{count(decisions, 'decision')} left"


def out_of_date(at: str, *, is_old: bool) -> str:
    if is_old:
        return "This plan is more than a day old."
    return f"Set up has changed since this plan was made at {at}."


def price(usd: float) -> str:
    """As it stands in a column: with its cents."""
    return money(usd) if usd > 0 else "$0.00"


def listed(objects: int, size: str, *, is_final: bool) -> str:
    least = "" if is_final else "at least "
    return f"{least}{count(objects, 'object')} listed · {size}"


def cost(usd: float, *, is_least: bool) -> str:
    return f"{'at least' if is_least else 'about'} {money(usd)}".replace("about less", "less")


def time(seconds: float) -> str:
    return f"about {show_duration(seconds).removesuffix(' 00 min')}"


def first_shown(rows: int) -> str:
    return f"the first {number(rows)} are shown"


def keys_like(rows: int) -> str:
    return f"{count(rows, 'key')} like this"


# -- decisions ---------------------------------------------------------------------------------------

OVER_LIMIT = "This is above your limit"
ACCEPTED_BY_JOB = "Accepted by the job."
ANSWERED: Mapping[str, Mapping[str, str]] = {
    "unsupported": {"go-on": "They are left out"},
    "limit": {"go-on": "Go ahead"},
}


def already_there(objects: int, *, is_any: bool) -> str:
    """`is_any`: what is there may be the same; the job refuses it all the same."""
    are = "is" if objects == 1 else "are"
    return f"{count(objects, 'object' if is_any else 'different object')} {are} already there"


def unknown(name: str) -> str:
    return f"Not known: {name}"


def unknown_text(example: str) -> str:
    return (
        f"These access keys may not read it (e.g. of {example}). An object that turns out to have it is not "
        "copied without it: the report names it."
    )


def cannot_keep(name: str) -> str:
    return f"Copies cannot keep: {name}"


def concerned(objects: int, example: str, *, is_exact: bool) -> str:
    least = "" if is_exact else "at least "
    return f"Of {least}{count(objects, 'object')}, e.g. {example}."


def accepted_at(at: str) -> str:
    return f"Accepted at {at}." if at else ACCEPTED_BY_JOB


def not_carried(objects: int) -> str:
    return f"{count(objects, 'object')} cannot be carried over"


def not_carried_text(reasons: str) -> str:
    return f"{reasons}. The rest goes on without them; the report names them."


def doubtful(keys: int) -> str:
    return f"{count(keys, 'key')} may not be possible at the destination"


def doubtful_text(reasons: str) -> str:
    return f"{reasons}. The run tries that out; the report names what had to stay."


def over_cost(usd: float, most: float) -> str:
    return f"It costs {cost(usd, is_least=False)}; Settings lets up to {money(most)} start without asking."


def over_time(seconds: float, most_hours: float) -> str:
    return (
        f"It takes {time(seconds)}; Settings lets up to {number(round(most_hours))} h start without asking."
    )


def decided(words: str, at: str) -> str:
    return f"{words} (decided at {at})."
