"""What a process and its children cost: user and system CPU, wall time, peak memory."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.server import pinned

TICK_S = 0.25
#: The end of what a client printed is shown where it failed.
SHOWN_BYTES = 2000


@dataclass(frozen=True)
class Command:
    arguments: Sequence[str]
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Cost:
    exit_code: int
    cpu_s: float
    wall_s: float
    rss_bytes: int
    is_over_time: bool
    output: str


def measure(
    command: Command, folder: Path, core: int, limit_s: float, on_tick: Callable[[float], None] | None = None
) -> Cost:
    """Run it on this core, in a process group of its own, of which nothing is left afterwards.

    CPU is what the kernel accounts to the process and all its descendants that were waited for. Memory is the
    larger of two: the peak of the largest single process, by the kernel, and the sum over the tree, looked at
    four times a second (pages that processes share count for each).
    """
    log = folder / "output.log"
    with log.open("wb") as output, pinned(core):
        began = time.monotonic()
        process = subprocess.Popen(
            list(command.arguments),
            env=dict(command.environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    watch = _Watch(process.pid, began + limit_s, on_tick)
    try:
        watch.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
    finally:
        watch.end()
        _kill(process.pid)
        if process.returncode is None:
            process.wait()
    return Cost(
        exit_code=process.returncode,
        cpu_s=usage.ru_utime + usage.ru_stime,
        wall_s=wall_s,
        rss_bytes=max(usage.ru_maxrss * 1024, watch.rss_bytes),
        is_over_time=watch.is_over_time,
        output=log.read_bytes()[-SHOWN_BYTES:].decode(errors="replace"),
    )


def _kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


class _Watch(threading.Thread):
    """Looks at a process group until told to stop, and ends it when its time is over."""

    def __init__(self, pid: int, deadline: float, on_tick: Callable[[float], None] | None) -> None:
        super().__init__(name="watch", daemon=True)
        self.rss_bytes = 0
        self.is_over_time = False
        self._pid, self._deadline, self._on_tick = pid, deadline, on_tick
        self._stop_it = threading.Event()

    def run(self) -> None:
        while not self._stop_it.wait(TICK_S):
            if time.monotonic() > self._deadline:
                self.is_over_time = True
                _kill(self._pid)
                return
            with contextlib.suppress(psutil.Error):
                top = psutil.Process(self._pid)
                tree = [top, *top.children(recursive=True)]
                self.rss_bytes = max(self.rss_bytes, sum(one.memory_info().rss for one in tree))
            if self._on_tick:
                self._on_tick(time.monotonic())

    def end(self) -> None:
        self._stop_it.set()
        if self.ident is not None:
            self.join()
