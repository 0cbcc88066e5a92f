"""A plan in words: what happens to keys and why, what is to be decided, what it costs."""

from __future__ import annotations

from collections.abc import Mapping

from migrator.estimate_words import money
from migrator.model.findings import Estimated
from migrator.model.planned import Fate, PlanRow
from migrator.model.sizes import show_size
from migrator.phrases import count, number, reason, together
from migrator.reasons import FILTERS, IN_THE_WAY, TITLES, UNSUPPORTED

#: Outcome and, where it matters, reason -> what happens, as a row's title.
OUTCOMES: Mapping[str, str] = {
    "copy": "Copy",
    "replace": "Copy, replacing what is there",
    "same": "Already there, identical",
    "filtered": "Left out by a filter",
    "conflict": "Different object already there",
    "unsupported": "Cannot be carried over",
}
NOTES: Mapping[str, str] = {
    "copy": "new at the destination",
    "replace": "the old ones come back with Roll Back",
    "same": "same content",
}
#: Rules of the job, by the names of their fields.
_RULES: Mapping[str, str] = {
    "min_date": "Min Date",
    "max_date": "Max Date",
    "min_size": "Min Size",
    "max_size": "Max Size",
    "include": "Only keys like",
    "exclude": "Not keys like",
    "exists": "Already there",
}
#: What happens to one key.
_FATES: Mapping[str, str] = {
    "copy": "Will be copied",
    "same": "Stays as it is",
    "filtered": "Left out",
    "conflict": "Left alone, reported",
    "unsupported": "Left out, reported",
}
WAITS = "Waits for your decision"
_WHY_COPY: Mapping[str, str] = {
    "new": "It is not at the destination yet.",
    "replace": "The destination has another content; it is kept aside for Roll Back.",
}
SAME = "Both sides have the same content already."

#: Bytes a second that are assumed where no earlier run tells: 100 Mbit/s.
ASSUMED_BYTES_S = 12_500_000
_SPEEDS: Mapping[str, str] = {
    "given": "as given",
    "runs": "as in the last runs",
    "limit": "your speed limit",
    "": "assumed",
}
#: Names for ends in the table of costs.
_PROVIDERS: Mapping[str, str] = {"aws": "AWS", "lyve": "Lyve Cloud", "s3": "the other service"}


def what(row: PlanRow, *, is_open: bool = False) -> str:
    """What happens to a key; `is_open`: what becomes of conflicts is still to be decided."""
    if is_open and row.outcome == "conflict":
        return WAITS
    return _FATES.get(row.outcome, row.outcome)


def why(row: PlanRow) -> str:
    """And why."""
    match row.outcome:
        case "copy":
            return _WHY_COPY.get(row.reason, "")
        case "same":
            return SAME
        case "filtered":
            text = reason(FILTERS, row.reason)
            return f"{text[:1].upper()}{text[1:]}."
        case "conflict":
            return reason(IN_THE_WAY, row.reason)
        case _:
            return reason(UNSUPPORTED, row.reason)


def by_reason(fates: tuple[Fate, ...]) -> str:
    """`Max Date 19,870 · Max Size 243`, the busiest first; a single reason without its number, which stands
    beside it already."""
    busiest = sorted(fates, key=lambda fate: -fate.objects)
    if len(busiest) == 1:
        return _name(busiest[0])
    return " · ".join(_counted(each) for each in busiest)


def _name(fate: Fate) -> str:
    return (_RULES if fate.outcome == "filtered" else TITLES).get(fate.reason, fate.reason)


def _counted(fate: Fate) -> str:
    if fate.outcome == "filtered":
        return together(f"{_name(fate)} {number(fate.objects)}")
    return f"{_name(fate)}: {number(fate.objects)}"


def seconds_of(event: Estimated) -> float:
    """How long it takes, at an assumed speed where none is known."""
    return event.seconds if event.seconds is not None else event.bytes_in / ASSUMED_BYTES_S


def at_speed(event: Estimated) -> str:
    """`at 45 MB/s, as in the last runs`."""
    speed = event.speed_bytes_s or ASSUMED_BYTES_S
    return f"at {show_size(speed)}/s, {_SPEEDS.get(event.speed_from, event.speed_from)}"


def requests_to(provider: str) -> str:
    return f"Requests to {_PROVIDERS.get(provider, provider)}"


def data_out_of(provider: str) -> str:
    return f"Data out of {_PROVIDERS.get(provider, provider)}"


def through_here(event: Estimated) -> str:
    """Where the bytes go: the thing that people do not expect."""
    inward, outward = (
        together(f"{show_size(event.bytes_in)} in"),
        together(f"{show_size(event.bytes_out)} out"),
    )
    return f"All data passes through this computer: {inward}, {outward}."


def prices(event: Estimated) -> str:
    own = "your own prices" if event.own_prices else "list prices"
    text = f"By {own} of {event.prices_as_of}, {event.prices_place}."
    if event.unpriced:
        text += f" No prices are known for the {' and the '.join(event.unpriced)}."
    if event.read_back_usd and not event.reads_back:
        text += (
            f" Reading every copy back costs {money(event.read_back_usd)} more, where the job asks for it."
        )
    if event.kms:
        text += " Requests to KMS come on top."
    if event.is_least:
        text += " Whole histories take more requests than these."
    return text


def permissions(actions: Mapping[str, int]) -> str:
    """`No full access needed: 4 actions on AWS, 6 on Lyve Cloud.`"""
    told = ", ".join(
        f"{count(n, 'action')} on {_PROVIDERS.get(provider, provider)}" for provider, n in actions.items()
    )
    return f"No full access is needed: {told}."
