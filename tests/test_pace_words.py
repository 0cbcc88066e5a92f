"""What is said about the number of threads and the speed limit."""

from __future__ import annotations

import io

import pytest

from migrator.console import Text
from migrator.model.events import LimitChanged, PaceChanged, RunStarted
from migrator.model.pace import Cause
from migrator.words import sentence


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (PaceChanged(16, 32, "trying"), "16 → 32 threads: trying whether more are faster."),
        (PaceChanged(32, 64, "faster"), "32 → 64 threads: more were faster."),
        (PaceChanged(16, 24, "quiet", quiet_s=20), "16 → 24 threads: no throttling for 20 s."),
        (PaceChanged(24, 12, "throttled", "AWS"), "24 → 12 threads: AWS asks to slow down."),
        (PaceChanged(64, 32, "no-gain"), "64 → 32 threads: more were not faster."),
        (
            PaceChanged(64, 32, "no-gain", "Lyve Cloud", "writing", 2.13),
            "64 → 32 threads: more were not faster, writing to Lyve Cloud took 2.1 times as long.",
        ),
        (PaceChanged(16, 40, "hand"), "16 → 40 threads: changed by hand."),
        (PaceChanged(16, 16, "hand", adjusts=True), "16 threads, adjusting itself: changed by hand."),
        (PaceChanged(16, 16, "hand"), "16 threads, fixed: changed by hand."),
        (
            PaceChanged(300, 256, "hand", adjusts=True),
            "300 → 256 threads, adjusting itself: changed by hand.",
        ),
        (LimitChanged(0, 50_000_000), "Speed limit none → 50.0 MB/s: changed by hand."),
        (LimitChanged(50_000_000, 0), "Speed limit 50.0 MB/s → none: changed by hand."),
    ],
)
def test_each_change_says_its_reason(event: PaceChanged | LimitChanged, text: str) -> None:
    line = sentence(event)
    assert line is not None
    assert (line.level, line.text) == ("info", text)


def test_no_cause_is_without_words() -> None:
    for cause in Cause:
        line = sentence(PaceChanged(1, 2, cause.value, "AWS"))
        assert line is not None
        assert not line.text.endswith(f": {cause.value}.")


def test_the_command_line_tells_them_and_keeps_quiet_where_asked() -> None:
    for quiet in (False, True):
        err = io.StringIO()
        face = Text(io.StringIO(), err, quiet=quiet)
        face.show(RunStarted("r", "run", "AWS a/", "Lyve Cloud b/", 16, adjusts=True))
        for _ in range(50):
            face.show(PaceChanged(16, 8, "throttled", "AWS"))
        assert err.getvalue().count("AWS asks to slow down.") == (0 if quiet else 50)
        assert ("16 → 8 threads: AWS asks to slow down." in err.getvalue()) is not quiet
        assert ("16 threads to begin with" in err.getvalue()) is not quiet
