"""The table of one work, as Markdown."""

from __future__ import annotations

from dataclasses import dataclass, field

from benchmarks.figures import MIB, Sample, spread, table, times_less
from benchmarks.works import Action, Measure, Work

#: Below this size objects are what counts, above it bytes.
BYTES_COUNT_FROM = 256 << 10
_HEAD = (
    "client",
    "{} / CPU s",
    "CPU s",
    "wall s",
    "peak MiB",
    "requests",
    "ours: CPU",
    "ours: wall",
    "ours: memory",
)


@dataclass
class Result:
    """What one client came to at one work."""

    client: str
    samples: list[Sample] = field(default_factory=list)
    #: Why there is nothing, or not all; "" where every run counts.
    problem: str = ""
    note: str = ""

    @property
    def is_absent(self) -> bool:
        return self.problem.startswith("absent")


def show(work: Work, results: list[Result]) -> str:
    """Medians, with the least and the most; then notes. Ours is the first."""
    is_bytes = work.size_bytes >= BYTES_COUNT_FROM and work.action is not Action.LIST
    amount = work.count * work.size_bytes / MIB if is_bytes else work.count
    unit = "MiB" if is_bytes else "keys" if work.action is Action.LIST else "objects"
    rows = [_row(result, results[0], amount) for result in results]
    lines = [f"### {work.title}", "", table([cell.format(unit) for cell in _HEAD], rows), ""]
    lines.append(f"Decides: {_DECIDES[work.measure]}.")
    for result in results:
        lines += _notes(work, result)
    return "\n".join(lines)


_DECIDES = {Measure.CPU: "CPU", Measure.WALL: "wall time", Measure.RSS: "peak memory"}


def _row(result: Result, ours: Result, amount: float) -> list[str]:
    samples = result.samples
    if not samples:
        return [result.client, *["-"] * (len(_HEAD) - 1)]
    cpu, wall, memory = _series(samples)
    ratios = ["", "", ""]
    if result is not ours and ours.samples:
        ratios = [
            times_less(own, theirs).text(2)
            for own, theirs in zip(_series(ours.samples), (cpu, wall, memory), strict=True)
        ]
    return [
        result.client,
        f"{amount / spread(cpu).median:,.0f}",
        spread(cpu).text(2),
        spread(wall).text(2),
        spread(memory).text(0),
        f"{spread([float(sample.requests) for sample in samples]).median:,.0f}",
        *ratios,
    ]


def _series(samples: list[Sample]) -> tuple[list[float], list[float], list[float]]:
    return (
        [sample.cpu_s for sample in samples],
        [sample.wall_s for sample in samples],
        [sample.rss_bytes / MIB for sample in samples],
    )


def _notes(work: Work, result: Result) -> list[str]:
    lines = [f"{result.client}: {text}." for text in (result.problem, result.note) if text]
    if work.latency_ms and result.samples:
        wall = spread([sample.wall_s for sample in result.samples]).median
        warm = spread([sample.warm_per_s for sample in result.samples]).median
        ideal = work.count / work.ideal_s
        lines.append(
            f"{result.client}: {work.count / wall:,.0f} objects a second in all, {warm:,.0f} once warm; "
            f"ideal {ideal:,.0f} ({work.ideal_s:.1f} s): {work.ideal_s / wall:.0%}, {warm / ideal:.0%} of it."
        )
    return lines
