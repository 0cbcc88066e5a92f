"""What a process holds on to, over time: samples between commands, their slopes, and what these may be."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

MIB = 1024 * 1024
HOUR_S = 3600.0
#: The first part is left out: pools fill, the allocator finds its size, and it takes some lives until each
#: command was given, each trouble was met, and what they need was imported.
WARM_UP = 0.5
LOOK_EVERY_S = 0.25
LEAST_SAMPLES = 2
#: So many types are named.
MOST_TYPES = 8
#: A table is no longer than this.
ROWS = 40


@dataclass(frozen=True, slots=True)
class Sample:
    """`blocks` are those of the interpreter's memory, garbage collected. `peak_mib` was reached since the
    last sample; everything else is seen while no command is carried out."""

    seconds: float  #: since the soak began
    lives: int
    rss_mib: float
    peak_mib: float
    blocks: int
    descriptors: int
    threads: int
    types: Counter[str] = field(default_factory=Counter)  #: objects that the garbage collector knows


@dataclass(frozen=True, slots=True)
class Gauge:
    """A slope may reach `most_per_hour`. Less than `noise` in the time that counts is no slope, and where
    that time is shorter than `settles_s`, neither is anything else."""

    name: str
    unit: str
    of: Callable[[Sample], float]
    most_per_hour: float
    noise: float
    settles_s: float = 0.0


GAUGES = (
    Gauge("resident memory", "MiB", lambda sample: sample.rss_mib, most_per_hour=16, noise=4, settles_s=600),
    Gauge(
        "memory blocks",
        "blocks",
        lambda sample: sample.blocks,
        most_per_hour=20_000,
        noise=4_000,
        settles_s=600,
    ),
    Gauge("file descriptors", "", lambda sample: sample.descriptors, most_per_hour=1, noise=0.5),
    Gauge("threads", "", lambda sample: sample.threads, most_per_hour=1, noise=0.5),
)


@dataclass(frozen=True, slots=True)
class Slope:
    gauge: Gauge
    per_hour: float
    seconds: float  #: the time that counts

    @property
    def grown(self) -> float:
        return self.per_hour * self.seconds / HOUR_S

    @property
    def is_leak(self) -> bool:
        gauge = self.gauge
        is_slope = self.seconds >= gauge.settles_s and self.grown > gauge.noise
        return is_slope and self.per_hour > gauge.most_per_hour

    def text(self) -> str:
        allowed = f"{self.gauge.most_per_hour:,} allowed, or {self.gauge.noise:,} in all"
        verdict = "LEAK" if self.is_leak else "ok"
        name = f"{self.gauge.name}: {self.per_hour:+,.1f} {self.gauge.unit}".rstrip()
        return f"{name} an hour, {self.grown:+,.1f} in all ({allowed}): {verdict}"


def warm(samples: Sequence[Sample]) -> list[Sample]:
    """Those that count."""
    return [sample for sample in samples if sample.seconds >= samples[-1].seconds * WARM_UP]


def slopes(samples: Sequence[Sample]) -> list[Slope]:
    """Of every gauge, by least squares, without the warm-up; ValueError where that leaves too few samples."""
    warm_ones = warm(samples)
    if len(warm_ones) < LEAST_SAMPLES:
        raise ValueError(f"{len(warm_ones)} samples are too few for a slope")
    times = [sample.seconds for sample in warm_ones]
    found = []
    for gauge in GAUGES:
        per_s = least_squares(times, [gauge.of(sample) for sample in warm_ones])
        found.append(Slope(gauge, per_s * HOUR_S, times[-1] - times[0]))
    return found


def least_squares(times: Sequence[float], values: Sequence[float]) -> float:
    """The slope of the line nearest to the values."""
    middle_time, middle = sum(times) / len(times), sum(values) / len(values)
    over = sum((time - middle_time) * (value - middle) for time, value in zip(times, values, strict=True))
    under = sum((time - middle_time) ** 2 for time in times)
    return over / under if under else 0.0


def table(samples: Sequence[Sample]) -> str:
    """The samples, or so many of them as make a readable table."""
    step = max(1, -(-len(samples) // ROWS))
    lines = [f"{'min':>6} {'lives':>6} {'MiB':>7} {'peak':>7} {'blocks':>9} {'fds':>5} {'threads':>7}"]
    lines += (
        f"{each.seconds / 60:6.1f} {each.lives:6} {each.rss_mib:7.1f} {each.peak_mib:7.1f} "
        f"{each.blocks:9,} {each.descriptors:5} {each.threads:7}"
        for each in [*samples[:-1:step], *samples[-1:]]
    )
    return "\n".join(lines)


def grown_types(samples: Sequence[Sample]) -> str:
    """Of which types there are more than when it was warm: where to look for a leak."""
    first, last = warm(samples)[0], samples[-1]
    more = (last.types - first.types).most_common(MOST_TYPES)
    return ", ".join(f"{name} +{count:,}" for name, count in more) or "none"


class Watch(threading.Thread):
    """Remembers the most memory that a process had."""

    def __init__(self, process: psutil.Process) -> None:
        super().__init__(name="watch", daemon=True)
        self._process = process
        self._is_over = threading.Event()
        self._peak_bytes = 0

    def run(self) -> None:
        with suppress(psutil.NoSuchProcess):
            while not self._is_over.wait(LOOK_EVERY_S):
                self._peak_bytes = max(self._peak_bytes, self._process.memory_info().rss)

    def sample(self, seconds: float, lives: int, memory: tuple[int, Counter[str]]) -> Sample:
        rss = self._process.memory_info().rss
        peak, self._peak_bytes = max(self._peak_bytes, rss), 0
        return Sample(
            seconds,
            lives,
            rss / MIB,
            peak / MIB,
            memory[0],
            self._process.num_fds(),
            self._process.num_threads(),
            memory[1],
        )

    def end(self) -> None:
        self._is_over.set()
        self.join()
