"""Ctrl-C at any moment: also while this very thread is writing a line."""

from __future__ import annotations

import io
import os
import signal
import sys
from pathlib import Path

import pytest

from migrator.cli_commands import _stop_on_signals
from migrator.engine.ports import Stop

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")


class Interrupted(io.RawIOBase):
    """Standard error where the first write is interrupted by a signal."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("wb", buffering=0)
        self.writes = 0

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self.file.fileno()

    def write(self, data: object) -> int:
        self.writes += 1
        if self.writes == 1:
            signal.raise_signal(signal.SIGINT)
        return self.file.write(bytes(data))  # type: ignore[call-overload, no-any-return]


def test_a_signal_within_a_write_stops_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = Interrupted(tmp_path / "stderr")
    stream = io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8", line_buffering=True)
    monkeypatch.setattr(sys, "stderr", stream)
    stop = Stop()
    with _stop_on_signals(stop):
        print("a line", file=sys.stderr)
    monkeypatch.undo()
    assert stop.signal == signal.SIGINT
    said = (tmp_path / "stderr").read_text(encoding="utf-8")
    assert "Stopping after the requests under way" in said
    assert "a line" in said
    stream.close()
    raw.file.close()


def test_a_signal_is_heeded_also_where_there_is_nothing_to_write_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    stop = Stop()
    with _stop_on_signals(stop):
        os.kill(os.getpid(), signal.SIGTERM)
    assert stop.signal == signal.SIGTERM
