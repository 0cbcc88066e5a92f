"""What the numbers of a comparison come to: medians, spreads, ratios, and whether a run counts at all."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

MIB = 1 << 20
#: A service lists so many keys in one answer, at most.
KEYS_A_PAGE = 1000
#: Between these shares of the objects a client has warmed up and has not begun to run dry.
WARM_FROM, WARM_TO = 0.25, 0.75

_REQUESTS = ("get", "put", "head", "list", "create", "part", "complete", "copy", "delete", "other", "probe")


@dataclass(frozen=True)
class Sample:
    """One run of one client."""

    cpu_s: float
    wall_s: float
    rss_bytes: int
    requests: int
    warm_per_s: float = 0.0


@dataclass(frozen=True)
class Spread:
    median: float
    least: float
    most: float

    def text(self, digits: int) -> str:
        """`1.23 (1.20..1.31)`; only the median where nothing was spread."""
        median, least, most = (f"{value:,.{digits}f}" for value in (self.median, self.least, self.most))
        return median if least == most else f"{median} ({least}..{most})"


def spread(values: Sequence[float]) -> Spread:
    return Spread(statistics.median(values), min(values), max(values))


def times_less(ours: Sequence[float], theirs: Sequence[float]) -> Spread:
    """How many times less ours took: the ratio of the medians, and the ratios within each round.

    A round in which one of the two is missing is left out of the spread.
    """
    ratio = statistics.median(theirs) / statistics.median(ours)
    rounds = [other / own for own, other in zip(ours, theirs, strict=False)]
    return Spread(ratio, min(rounds), max(rounds))


def difference(after: Mapping[str, int], before: Mapping[str, int]) -> dict[str, int]:
    """What was counted between two readings."""
    return {name: value - before.get(name, 0) for name, value in after.items()}


def requests_of(counters: Mapping[str, int]) -> int:
    return sum(counters.get(name, 0) for name in _REQUESTS)


def wrong_copy(counters: Mapping[str, int], count: int, size_bytes: int) -> str:
    """What the servers counted otherwise than a copy of everything, once; "" where it is right.

    Writes that were refused count neither way: some clients probe for that.
    """
    stored = counters["put"] + counters["complete"]
    if stored != count:
        return f"{stored:,} objects arrived, not {count:,}"
    if counters["bytes_in"] != count * size_bytes:
        return f"{counters['bytes_in']:,} bytes arrived, not {count * size_bytes:,}"
    return ""


def wrong_reading(counters: Mapping[str, int], count: int) -> str:
    """The same for a client that lists everything and writes nothing."""
    stored = counters["put"] + counters["complete"]
    if stored:
        return f"{stored:,} objects were written"
    if counters["list"] * KEYS_A_PAGE < count:
        return f"{counters['list']:,} pages of keys were read, too few for {count:,}"
    return ""


def warm_rate(progress: Sequence[tuple[float, int]], count: int) -> float:
    """Objects a second in the middle of a run, from (seconds, stored so far); 0 where that was too short."""
    ends = [_reached(progress, count * share) for share in (WARM_FROM, WARM_TO)]
    if ends[0] is None or ends[1] is None or ends[1] <= ends[0]:
        return 0.0
    return count * (WARM_TO - WARM_FROM) / (ends[1] - ends[0])


def _reached(progress: Sequence[tuple[float, int]], stored: float) -> float | None:
    """When so many were stored, on a line between the two readings around that."""
    for (began, before), (ended, after) in pairwise(progress):
        if before < stored <= after:
            return began + (ended - began) * (stored - before) / (after - before)
    return None


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Markdown that can be read as it is."""
    widths = [max(len(line[at]) for line in (head, *rows)) for at in range(len(head))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in (head, *rows)
    ]
    lines.insert(1, "| " + " | ".join("-" * width for width in widths) + " |")
    return "\n".join(lines)
