"""How much CPU, time and memory a migration costs, beside what others need for the same: one command.

    python -m benchmarks.transfer [--quick] [--only NAME ...] [--skip PEER ...] [--repeat N]

Builds the responder and starts it on one core, runs each client on another, in turn, round after round, and
prints a table for each work. A run counts only where the responder's own counters agree with it. For Linux.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from benchmarks import peers, server
from benchmarks.clients import CLIENTS, OURS, Setting
from benchmarks.figures import Sample, difference, requests_of, warm_rate, wrong_copy, wrong_reading
from benchmarks.measuring import Cost, measure
from benchmarks.server import NotHere, Responder
from benchmarks.showing import Result, show
from benchmarks.works import LONG, WORKS, Action, Work, chosen
from migrator import __version__

DEFAULT_ROUNDS = 3


class Wrong(Exception):
    """A run that does not count, and why."""


class Bench:
    """One core for clients, one for the responder, and a folder that goes away."""

    def __init__(self, folder: Path, core: int, programs: Mapping[str, Path]) -> None:
        self.folder, self.core, self.programs = folder, core, programs

    def compare(self, work: Work, ends: Responder, rounds: int) -> list[Result]:
        results = [Result(name) for name in work.clients]
        for result in results:
            program = CLIENTS[result.client].program
            if program and program not in self.programs:
                result.problem = "absent: it could not be installed"
        ends.reset(work.latency_ms)
        try:
            if work.action is Action.AGAIN:
                self._prepare(work, ends, results)
            for number in range(1, rounds + 1):
                for result in results:
                    if not result.problem:
                        _say(f"{work.name}, round {number} of {rounds}: {result.client}")
                        self._take(result, work, ends)
        finally:
            for result in results:
                shutil.rmtree(self._folder(result.client), ignore_errors=True)
        return results

    def _prepare(self, work: Work, ends: Responder, results: Sequence[Result]) -> None:
        """The first runs, which are not measured. Only here one client may use what another one copied."""
        prepared: set[str] = set()
        for result in results:
            destination = CLIENTS[result.client].destination
            if result.problem or destination in prepared:
                continue
            _say(f"{work.name}, first run: {result.client}")
            try:
                self._run(result.client, replace(work, action=Action.COPY), ends)
            except Wrong as wrong:
                result.problem = f"its first run failed: {wrong}"
            prepared.add(destination)

    def _take(self, result: Result, work: Work, ends: Responder) -> None:
        if work.action is not Action.AGAIN:
            shutil.rmtree(self._folder(result.client), ignore_errors=True)
            ends.reset(work.latency_ms)
        try:
            sample, output = self._run(result.client, work, ends)
        except Wrong as wrong:
            result.problem = str(wrong)
            return
        result.samples.append(sample)
        if found := re.search(r"how sure: (.*)", output):
            result.note = found[1].strip()

    def _run(self, name: str, work: Work, ends: Responder) -> tuple[Sample, str]:
        folder = self._folder(name)
        folder.mkdir(exist_ok=True)
        client = CLIENTS[name]
        before = ends.counters()
        progress: list[tuple[float, int]] = []

        def look(now: float) -> None:
            progress.append((now, difference(ends.counters(), before)["put"]))

        costs: list[Cost] = []
        for command in client.commands(Setting(work, ends, folder, self.programs, f"d-{client.destination}")):
            cost = measure(command, folder, self.core, work.limit_s, look if work.latency_ms else None)
            if cost.is_over_time:
                raise Wrong(f"not done after {work.limit_s} s")
            if cost.exit_code:
                raise Wrong(f"exit code {cost.exit_code}: {cost.output.strip()[-300:]}")
            costs.append(cost)
        counted = difference(ends.counters(), before)
        if work.action is Action.COPY:
            problem = wrong_copy(counted, work.count, work.size_bytes)
        else:
            problem = wrong_reading(counted, work.count)
        if problem:
            raise Wrong(f"the servers disagree: {problem}")
        sample = Sample(
            cpu_s=sum(cost.cpu_s for cost in costs),
            wall_s=sum(cost.wall_s for cost in costs),
            rss_bytes=max(cost.rss_bytes for cost in costs),
            requests=requests_of(counted),
            warm_per_s=warm_rate(progress, work.count),
        )
        return sample, costs[-1].output

    def _folder(self, client: str) -> Path:
        return self.folder / re.sub(r"\W+", "-", client)


def main() -> int:
    options = _options()
    if sys.platform != "linux":
        print("This needs Linux: the responder uses epoll, and cores are assigned.", file=sys.stderr)
        return 2
    # Also where a shell started us with them ignored: what runs has to be ended.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    works = [
        replace(
            work, clients=tuple(name for name in work.clients if CLIENTS[name].program not in options.skip)
        )
        for work in chosen(options.only, quick=options.quick, plain=options.http)
    ]
    try:
        return _compare_all(works, options.repeat)
    except NotHere as missing:
        print(missing, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    names = list(dict.fromkeys(work.name for work in (*WORKS, *LONG)))
    parser.add_argument("--quick", action="store_true", help="a tenth of the objects")
    parser.add_argument("--only", nargs="+", choices=names, default=[], metavar="NAME", help=", ".join(names))
    parser.add_argument(
        "--skip", nargs="+", choices=list(peers.PACKAGES), default=[], metavar="PEER", help="leave out a peer"
    )
    parser.add_argument("--repeat", type=int, metavar="N", help="rounds (3; memory: 1)")
    parser.add_argument("--http", action="store_true", help="without TLS")
    options = parser.parse_args()
    if options.repeat is not None and options.repeat < 1:
        parser.error("--repeat needs 1 or more")
    return options


def _compare_all(works: Sequence[Work], rounds: int | None) -> int:
    server_core, client_core = _cores()
    is_wrong = False
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="transfer-")))
        binary = server.build(folder)
        programs = peers.installed()
        print(_machine(programs, server_core == client_core), flush=True)
        identity = server.certificate(folder)
        os.sched_setaffinity(0, {server_core})  # what measures must not take from what is measured
        bench = Bench(folder, client_core, programs)
        running: dict[bool, Responder] = {}
        for work in works:
            if work.is_tls not in running:
                certified = identity if work.is_tls else None
                running[work.is_tls] = stack.enter_context(server.responder(binary, server_core, certified))
            results = bench.compare(work, running[work.is_tls], rounds or work.repeat or DEFAULT_ROUNDS)
            running[work.is_tls].reset()
            print(f"\n{show(work, results)}", flush=True)
            is_wrong |= any(result.problem and not result.is_absent for result in results)
    return int(is_wrong)


def _cores() -> tuple[int, int]:
    """For the responder, and for the clients."""
    cores = sorted(os.sched_getaffinity(0))
    return cores[0], cores[min(1, len(cores) - 1)]


def _machine(programs: Mapping[str, Path], is_one_core: bool) -> str:
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    memory = re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text(encoding="ascii"))
    lines = [
        time.strftime("%Y-%m-%d"),
        f"{model[1] if model else platform.machine()}, {len(os.sched_getaffinity(0))} cores,"
        f" {int(memory[1]) / (1 << 20):.0f} GiB"
        if memory
        else "",
        f"Linux {platform.release()}, Python {platform.python_version()}",
        ", ".join([f"{OURS} {__version__}", *(peers.version(path) for path in programs.values())]),
    ]
    if is_one_core:
        lines.append("only one core: client and responder share it, and wall times say nothing")
    return "; ".join(line for line in lines if line)


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
