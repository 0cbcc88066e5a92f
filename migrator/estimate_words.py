"""An estimate in sentences: how much goes where, what it costs by which prices, and how long it takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from migrator.model.findings import Estimated
from migrator.model.sizes import show_duration, show_size

#: A reading back that costs more than this is told as a warning, before it begins (USD).
DEAR_USD = 1.0

_COMMANDS: Mapping[str, str] = {
    "plan": "Migrating",
    "run": "Migrating",
    "resume": "Migrating the rest of",
    "verify": "Comparing",
    "report": "Reading back",
    "deep": "Asking each of",
}
_KINDS: Mapping[str, str] = {
    "list": "LIST",
    "settings": "settings",
    "head": "HEAD (at most)",
    "get": "GET",
    "tags": "tags (at most)",
    "put": "PUT",
    "part": "parts",
    "multipart": "multipart create and complete",
    "copy": "copies kept aside",
    "delete": "DELETE",
}
_MONEY: Mapping[str, str] = {"data_out": "data out", "requests": "requests", "retrieval": "retrieval"}
_SPEEDS: Mapping[str, str] = {
    "given": "as given",
    "runs": "as in the last runs of this migration",
    "limit": "the job's bandwidth_limit",
}


def money(usd: float) -> str:
    """`$83.16`, `less than $0.01`, `$0`."""
    if usd <= 0:
        return "$0"
    return f"${usd:,.2f}" if usd >= 0.005 else "less than $0.01"


def is_dear(event: Estimated) -> bool:
    """Whether a reading back was chosen that costs real money."""
    return event.reads_back and (event.read_back_usd or 0.0) > DEAR_USD


def estimate_sentence(event: Estimated) -> str:
    """One line: what it costs, and by which prices."""
    many = (
        f"{event.objects:,} {'object' if event.objects == 1 else 'objects'} ({show_size(event.size_bytes)})"
    )
    what = f"{_COMMANDS.get(event.command, event.command)} {many} costs {_about(event)}"
    back = ""
    if event.read_back_usd is not None and event.command != "report":
        usd = money(event.read_back_usd)
        back = f", {usd} of it for" if event.reads_back else f"; {usd} more for"
        back += " reading every copy back"
    return f"{what}{back}. {_prices(event)}"


def estimate_lines(event: Estimated) -> Iterator[str]:
    """All of it, a line for each thing, for the end of `plan`."""
    moved_in, moved_out = show_size(event.bytes_in), show_size(event.bytes_out)
    yield f"data: {moved_in} into this computer, {moved_out} out of it again"
    for side in ("source", "destination"):
        asked = event.requests.get(side, {})
        kinds = ", ".join(f"{count:,} {_KINDS.get(kind, kind)}" for kind, count in asked.items())
        yield f"requests to the {side}: {kinds}"
    for side, parts in event.usd.items():
        told = ", ".join(f"{_MONEY.get(name, name)} {money(usd)}" for name, usd in parts.items() if usd)
        yield f"money at the {side}: {money(sum(parts.values()))}{f' ({told})' if told else ''}"
    yield f"money in all: {_about(event)}. {_prices(event)}"
    if event.is_least:
        yield "whole histories take more requests than these: delete markers, and looks at versions"
    if event.read_back_usd is not None and not event.reads_back:
        yield (
            f"reading every copy back costs {money(event.read_back_usd)} more: where the job asks for it, "
            "or where nothing but the size would be known"
        )
    if event.kms:
        yield "requests to KMS come on top: the price table has none"
    yield f"time: {_time(event)}"


def _about(event: Estimated) -> str:
    shown = money(event.total_usd)
    if event.is_least:
        return f"at least {shown}"
    return shown if shown.startswith("less") else f"about {shown}"


def _time(event: Estimated) -> str:
    if event.seconds is None or event.speed_bytes_s is None:
        return (
            "unknown, as no run of this migration was completed that a speed could be taken from. "
            'Give one: plan --speed "50 MB/s"'
        )
    how = _SPEEDS.get(event.speed_from, event.speed_from)
    return f"about {show_duration(event.seconds)} at {show_size(event.speed_bytes_s)}/s ({how})"


def _prices(event: Estimated) -> str:
    own = "your own prices" if event.own_prices else "list prices"
    text = (
        f"By {own} of {event.prices_as_of}, {event.prices_place}, as if nothing else left there this month."
    )
    if event.unpriced:
        text += f" No prices are known for the {' and the '.join(event.unpriced)}."
    return text
