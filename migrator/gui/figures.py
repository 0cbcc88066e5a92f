"""Speed and time left, from samples of what has been done. Says nothing rather than something wrong."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from math import floor, log10
from operator import attrgetter

#: Speed "now" looks back this far.
NOW_S = 10.0
#: Time left looks back this far.
LONG_S = 600.0
#: No time left is told before both have passed.
WARM_UP_S = 30.0
WARM_UP_OBJECTS = 200


@dataclass(frozen=True, slots=True)
class Sample:
    """What had been done at one moment."""

    at: float
    bytes_moved: int
    objects: int


class Meter:
    """Keeps one sample a second for ten minutes, and the newest one."""

    def __init__(self) -> None:
        self._kept: deque[Sample] = deque(maxlen=int(LONG_S) + 1)
        self._newest: Sample | None = None
        self._first: Sample | None = None
        self._last_move: float | None = None

    def add(self, at: float, bytes_moved: int, objects: int) -> None:
        sample = Sample(at, bytes_moved, objects)
        if self._first is None:
            self._first = sample
        moved = self._newest is None or sample.bytes_moved > self._newest.bytes_moved
        if moved or (self._newest is not None and objects > self._newest.objects):
            self._last_move = at
        self._newest = sample
        if not self._kept or at - self._kept[-1].at >= 1.0:
            self._kept.append(sample)

    def silent_s(self, now: float) -> float:
        """For how long nothing has moved."""
        return 0.0 if self._last_move is None else now - self._last_move

    @property
    def bytes_per_s(self) -> float:
        return self._rate(attrgetter("bytes_moved"))

    @property
    def objects_per_s(self) -> float:
        return self._rate(attrgetter("objects"))

    def seconds_left(self, bytes_left: int, objects_left: int) -> tuple[float, float] | None:
        """The fast and the slow guess, from the rates of the last ten minutes; None while too early.

        Each is the larger of bytes left over speed and objects left over objects a second: many small
        objects are limited by the latter.
        """
        first, newest = self._first, self._newest
        if first is None or newest is None or newest.at - first.at < WARM_UP_S:
            return None
        if newest.objects - first.objects < WARM_UP_OBJECTS:
            return None
        kept = list(self._kept)
        step = max(1, min(10, len(kept) // 4))
        pairs = list(zip(kept, kept[step:], strict=False))
        speeds = sorted((b.bytes_moved - a.bytes_moved) / (b.at - a.at) for a, b in pairs)
        rates = sorted((b.objects - a.objects) / (b.at - a.at) for a, b in pairs)
        guesses = []
        for share in (0.9, 0.1):
            index = min(len(pairs) - 1, int(share * len(pairs)))
            guesses.append(max(_over(bytes_left, speeds[index]), _over(objects_left, rates[index])))
        if guesses[1] == float("inf"):
            return None
        return guesses[0], guesses[1]

    def series(self, span_s: float, *, smooth: int = 3) -> tuple[tuple[float, float], ...]:
        """The speed over the last `span_s`: seconds before the newest sample, bytes a second; oldest first.

        Each is the mean over `smooth` samples, which are a second apart: parts end in bursts.
        """
        kept = list(self._kept)
        if len(kept) < 2:
            return ()
        newest = kept[-1].at
        first = next((n for n, sample in enumerate(kept) if newest - sample.at <= span_s), 0)
        found = []
        for n in range(max(1, first), len(kept)):
            base, here = kept[max(0, n - smooth)], kept[n]
            moved = max(0, here.bytes_moved - base.bytes_moved)
            found.append((newest - here.at, moved / (here.at - base.at)))
        return tuple(found)

    @property
    def seconds_measured(self) -> float:
        """How far back samples go."""
        return self._kept[-1].at - self._kept[0].at if self._kept else 0.0

    def _rate(self, value: Callable[[Sample], int]) -> float:
        newest = self._newest
        if newest is None:
            return 0.0
        base = next((s for s in self._kept if newest.at - s.at <= NOW_S), newest)
        passed = newest.at - base.at
        # Never below nothing: a copy that turns out to be wrong is counted back.
        return max(0, value(newest) - value(base)) / passed if passed > 0 else 0.0


def _over(left: int, rate: float) -> float:
    if left <= 0:
        return 0.0
    return left / rate if rate > 0 else float("inf")


def ticks_of(most: float) -> tuple[float, ...]:
    """Two or three round numbers for an axis that ends at or above `most`.

    >>> ticks_of(210e6)
    (0.0, 100000000.0, 200000000.0)
    """
    if most <= 0:
        return (0.0,)
    power = 10.0 ** floor(log10(most))
    step = next(power * by for by in (0.5, 1.0, 2.0, 5.0) if most / (power * by) < 3.5)
    count = max(1, floor(most / step))
    return tuple(n * step for n in range(count + 1))


def time_left(seconds: tuple[float, float] | None, *, is_final: bool) -> str:
    """`7–10 h`, `about 3 min`, `≥ 20 min` while totals still grow, `–` while it is too early to tell."""
    if seconds is None:
        return "–"
    fast, slow = seconds
    if not is_final:
        return f"≥ {_rounded(fast)}"
    if slow < 120:
        return f"{max(1, round(slow))} s" if slow < 60 else "1–2 min"
    if slow < 5400:
        low, high = max(1, round(fast / 60)), round(slow / 60)
        return f"{high} min" if low >= high else f"{low}–{high} min"
    low, high = max(1, round(fast / 3600)), max(1, round(slow / 3600))
    return f"{high} h" if low >= high else f"{low}–{high} h"


def _rounded(seconds: float) -> str:
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{round(seconds / 3600)} h"
