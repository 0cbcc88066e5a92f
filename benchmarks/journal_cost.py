"""What share of a run's CPU its records take: `python -m benchmarks.journal_cost [--repeat 5]`.

Runs `migrator run` with 10,000 objects of 4 KiB against the responder, as the work `small` of
`benchmarks.transfer` does, and counts the CPU that the control thread spends inside the journal, the
operating system's part of every sync included. The clock's own cost is taken out. For Linux.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any

from benchmarks import server
from benchmarks.clients import CLIENTS, OURS, Setting
from benchmarks.figures import difference, spread, wrong_copy
from benchmarks.measuring import Command, measure
from benchmarks.works import WORKS
from migrator.__main__ import main as migrator
from migrator.engine.journal import Journal

#: What methods of the journal are for. `_hand_over` is where collected rows go to SQLite, `commit` makes them
#: durable; both belong to what was collected last.
LISTED = ("add_listed", "set_seen", "end_listing")
RECORDED = ("move", "commit_copy", "set_action", "set_prior", "refresh", "reserve", "keep", "release")
READ = ("_rows",)
DURABLE = ("commit", "_hand_over")
KINDS = {"decisions": LISTED, "intents and outcomes": RECORDED, "reading": READ}
BOUND_PERCENT = 10
CALIBRATIONS = 20_000


class Ledger:
    """CPU seconds of the calling thread by kind, each counted once: what is called inside takes its own."""

    def __init__(self) -> None:
        self.spent = dict.fromkeys(KINDS, 0.0)
        self.calls = dict.fromkeys(KINDS, 0)
        self._open: list[str] = []
        self._since = 0.0
        self._last = "decisions"

    def count(self, method: Callable[..., Any], kind: str) -> Callable[..., Any]:
        """The method, counted as `kind`; empty: as what was recorded last."""

        @wraps(method)
        def counted(*given: Any, **named: Any) -> Any:
            mine = kind or self._last
            if kind and kind != "reading":
                self._last = kind
            self._switch(mine)
            try:
                return method(*given, **named)
            finally:
                self._switch(None)

        return counted

    def _switch(self, kind: str | None) -> None:
        now = time.thread_time()
        if self._open:
            self.spent[self._open[-1]] += now - self._since
        if kind is None:
            self._open.pop()
        else:
            self._open.append(kind)
            self.calls[kind] += 1
        self._since = time.thread_time()


def _cost_of_counting() -> float:
    """CPU seconds that a counted call is charged for nothing."""
    ledger = Ledger()
    nothing = ledger.count(lambda: None, "reading")
    for _ in range(CALIBRATIONS):
        nothing()
    return ledger.spent["reading"] / CALIBRATIONS


def inside(result: Path, arguments: list[str]) -> int:
    """The measured process: the command line with a journal that counts."""
    ledger = Ledger()
    names = [(name, kind) for kind, methods in KINDS.items() for name in methods]
    for name, kind in [*names, *((name, "") for name in DURABLE)]:
        setattr(Journal, name, ledger.count(getattr(Journal, name), kind))
    code = migrator(arguments)
    each = _cost_of_counting()
    net = {kind: max(0.0, ledger.spent[kind] - each * ledger.calls[kind]) for kind in KINDS}
    result.write_text(json.dumps(net))
    return code


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=10_000)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    work = replace(WORKS[0], count=options.objects)
    cores = sorted(os.sched_getaffinity(0))
    shares: dict[str, list[float]] = {kind: [] for kind in KINDS}
    totals: list[float] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="journal-")))
        identity = server.certificate(folder)
        ends = stack.enter_context(server.responder(server.build(folder), cores[0], identity))
        place = folder / OURS
        for _ in range(options.repeat):
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            ends.reset()
            before = ends.counters()
            (command,) = CLIENTS[OURS].commands(Setting(work, ends, place, {}, "d-journal"))
            result = place / "spent.json"
            ours = [sys.executable, "-m", "benchmarks.journal_cost", "--inside", str(result)]
            cost = measure(
                Command([*ours, *command.arguments[3:]], command.environment),
                place,
                cores[min(1, len(cores) - 1)],
                work.limit_s,
            )
            problem = wrong_copy(difference(ends.counters(), before), work.count, work.size_bytes)
            if cost.exit_code or problem:
                print(problem or cost.output, file=sys.stderr)
                return 1
            totals.append(cost.cpu_s)
            for kind, seconds in json.loads(result.read_text()).items():
                shares[kind].append(100 * seconds / cost.cpu_s)
    print(f"{work.count:,} x 4 KiB: {spread(totals).text(2)} s of CPU, of which")
    for kind, percents in shares.items():
        print(f"  {kind}: {spread(percents).text(1)} %")
    is_within = spread(shares["intents and outcomes"]).median <= BOUND_PERCENT
    print(f"intents and outcomes may take {BOUND_PERCENT} %: {'ok' if is_within else 'MORE'}")
    return int(not is_within)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        sys.exit(inside(Path(sys.argv[2]), sys.argv[3:]))
    sys.exit(main())
