"""The throughput of the last minutes as a plot's values, in words where there are words."""

from __future__ import annotations

from math import floor

from migrator.gui import run_words
from migrator.gui.figures import LONG_S, Meter, ticks_of
from migrator.gui.lately import Lately
from migrator.gui.screen import Throughput
from migrator.model.sizes import show_duration, show_size

#: The plot never shows less than this, so that a young run does not look like a wild one.
LEAST_SPAN_S = 60.0


def throughput(meter: Meter, lately: Lately, now: float) -> Throughput | None:
    """None until there are two samples."""
    span = min(LONG_S, max(LEAST_SPAN_S, meter.seconds_measured))
    points = meter.series(span)
    if not points:
        return None
    ticks = tuple((tick, _speed(tick)) for tick in ticks_of(max(speed for _, speed in points)))
    # In whole seconds: the plot is drawn anew when a second has passed, not with every figure.
    marks = lately.marks(float(floor(now)), span)
    begin = run_words.TEN_MINUTES_AGO if span > LONG_S - 10 else run_words.ago(show_duration(span))
    return Throughput(points, ticks, span, begin, marks)


def _speed(bytes_s: float) -> str:
    """`100 MB/s`, without decimals that say nothing."""
    return f"{show_size(bytes_s).replace('.0 ', ' ')}/s" if bytes_s else "0"
