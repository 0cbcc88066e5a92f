"""How long the window's event loop stands still, and how soon the window is there.

    python -m benchmarks.window [--objects 2500]        a real migration between two local S3 services
    python -m benchmarks.window --events 1000000        made-up events, as many as there are objects
    python -m benchmarks.window --start                 from the start of the process to a painted window

The gaps are those between the beats of a timer that wants to run every 10 ms. *Own time* is the processor
time that the window's thread took between two beats: on a machine with other work it tells what the window
does itself, which a gap does not. Needs a display (or `xvfb-run`).
"""

from __future__ import annotations

import argparse
import multiprocessing
import queue
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from migrator.demo.clouds import two_clouds
from migrator.demo.show import demo_form
from migrator.engine.remote import EngineProcess
from migrator.gui import labels, theme
from migrator.gui.app import Window
from migrator.gui.garbage import OwnGarbage
from migrator.gui.status import Status
from migrator.model.active import ActiveTransfer
from migrator.model.events import (
    Event,
    ListingProgress,
    ObjectCopied,
    Phase,
    PhaseChanged,
    RunStarted,
    Summary,
    TransferProgress,
)
from migrator.model.ledger import Outcome

BEAT_MS = 10
GIVE_UP_S = 1800
#: Events that wait in the window's queue; the made-up engine is not let ahead of it any further.
MOST_WAITING = 20_000
ENDS = {Status.FINISHED, Status.FINISHED_WITH_FAILURES}


class Beats:
    """A timer of its own beside the window's: what a person would feel as a stall."""

    def __init__(self, window: Window, each: Callable[[Status | None], bool]) -> None:
        self._window, self._each = window, each
        self.gaps_ms: list[float] = []
        self.own_ms: list[float] = []
        self._began = self._last = time.perf_counter()
        self._last_own = time.thread_time()

    def run(self) -> float:
        """Until `each` says that it is over; returns seconds."""
        self._window.root.after(BEAT_MS, self._beat)
        self._window.root.mainloop()
        return time.perf_counter() - self._began

    def _beat(self) -> None:
        now, own = time.perf_counter(), time.thread_time()
        self.gaps_ms.append((now - self._last) * 1000)
        self.own_ms.append((own - self._last_own) * 1000)
        self._last, self._last_own = now, own
        screen = self._window.screen
        if self._each(screen.status if screen else None) or now - self._began > GIVE_UP_S:
            self._window.root.quit()
            return
        self._window.root.after(BEAT_MS, self._beat)

    def show(self) -> None:
        for name, found in (("gaps", self.gaps_ms), ("own time", self.own_ms)):
            slow = sum(1 for each in found if each > 50)
            print(
                f"{name}: {len(found):,} beats, median {statistics.median(found):.0f} ms, "
                f"99 % {sorted(found)[int(len(found) * 0.99)]:.0f} ms, longest {max(found):.0f} ms, "
                f"{slow} over 50 ms"
            )


def migration(count: int) -> None:
    """Generate Config File and Migrate Data, with the real engine."""
    with tempfile.TemporaryDirectory() as home, two_clouds(count) as (aws, lyve):
        service = EngineProcess(Path(home), is_demo=True)
        root = theme.build_root(labels.TITLE)
        window = Window(root, service, prefill=demo_form(aws, lyve), demo=True, garbage=OwnGarbage())
        window.start()
        root.update()

        def each(status: Status | None) -> bool:
            if status is Status.CONNECTED and not service.is_busy:
                window.bar.buttons["migrate"].invoke()
            return status in ENDS

        beats = Beats(window, each)
        window.setup.generate.invoke()
        seconds = beats.run()
        service.close(30)
        print(f"{window.bar.sentence.cget('text')} ({count:,} objects, {seconds:.1f} s)")
        root.destroy()
    beats.show()


# -- made-up events -------------------------------------------------------------------------------


def tell(pipe: Connection, count: int) -> None:
    """The made-up engine: one event for each object, and every 500 of them what is under way."""
    sizes = 6_555_000
    totals = ListingProgress(count, count * sizes, count, count * sizes, 0, 0, 0, 0, {}, final=True)
    pipe.send([RunStarted("20260102T030405000Z-7f3a00", "run", "AWS a", "Lyve Cloud b", 16)])
    pipe.send([totals, PhaseChanged(Phase.COPYING)])
    for first in range(0, count, 500):
        batch: list[Event] = [
            ObjectCopied(f"video/{n:08}.mp4", sizes, "digest") for n in range(first, min(count, first + 500))
        ]
        rows = tuple(ActiveTransfer(f"video/{first + n:08}.mp4", sizes, n * 100_000) for n in range(64))
        batch.append(TransferProgress(first * sizes, rows))
        pipe.send(batch)
    books = {"listed": count, "planned": count, "copied": count, "verified": count, "bytes_copied": 0}
    pipe.send([Summary("20260102T030405000Z-7f3a00", Outcome.COMPLETED, 1.0, books)])
    pipe.close()


class Flood:
    """What the window takes for a service: nothing but events, as fast as it can take them."""

    def __init__(self) -> None:
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.is_busy = False

    def __getattr__(self, name: str) -> Any:
        return lambda *_: None  # every command of a service

    def read(self, pipe: Connection) -> None:
        try:
            while True:
                for event in pipe.recv():
                    self.events.put(event)
                while self.events.qsize() > MOST_WAITING:
                    time.sleep(0.01)
        except EOFError:
            return


@contextmanager
def flooded(count: int) -> Iterator[Flood]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=tell, args=(theirs, count), daemon=True)
    child.start()
    theirs.close()
    flood = Flood()
    reader = threading.Thread(target=flood.read, args=(ours,), name="flood", daemon=True)
    reader.start()
    yield flood
    reader.join(10)
    child.join(10)


def flood(count: int) -> None:
    """Events only, with the Run page in sight; memory is taken at the beginning and at the end."""
    with flooded(count) as service:
        root = theme.build_root(labels.TITLE)
        window = Window(root, service, garbage=OwnGarbage())  # type: ignore[arg-type]
        window.start()
        window.presenter.show("run")
        root.update()
        before = peak_mib()
        beats = Beats(window, lambda status: status in ENDS)
        seconds = beats.run()
        copied = window.presenter.run.state.copied
        print(f"{copied:,} of {count:,} copies shown in {seconds:.1f} s, {copied / seconds:,.0f} a second")
        print(f"memory: {before:.0f} MiB with an empty window, {peak_mib():.0f} MiB at most")
        root.destroy()
    beats.show()


def peak_mib() -> float:
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / (2**20 if sys.platform == "darwin" else 2**10)


# -- the start ------------------------------------------------------------------------------------

_START = """
import time
began = time.perf_counter()
from pathlib import Path
from migrator.engine.remote import EngineProcess
from migrator.gui import labels, theme
from migrator.gui.app import Window
from migrator.gui.garbage import OwnGarbage
service = EngineProcess(Path({home!r}), is_demo=True)
garbage = OwnGarbage()
root = theme.build_root(labels.TITLE)
window = Window(root, service, garbage=garbage)
window.start()
root.update()
print(time.perf_counter() - began, time.process_time())
root.destroy()
service.close(30)
"""


def start(rounds: int = 7) -> None:
    """Median of seven processes, after one to warm up."""
    found = []
    with tempfile.TemporaryDirectory() as home:
        for n in range(rounds + 1):
            command = [sys.executable, "-c", _START.format(home=home)]
            text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            if n:
                found.append(tuple(float(each) for each in text.split()))
    wall, own = (statistics.median(each) for each in zip(*found, strict=True))
    print(f"painted after {wall * 1000:.0f} ms, processor time {own * 1000:.0f} ms (median of {rounds})")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--objects", type=int, default=2500)
    parser.add_argument("--events", type=int)
    parser.add_argument("--start", action="store_true")
    options = parser.parse_args()
    if options.start:
        start()
    elif options.events:
        flood(options.events)
    else:
        migration(options.objects)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
