"""Every change that a command makes on the disk fails once, or from then on; then the disk is well again.

`python -m tests.engine.disk_sweep run ENOSPC once` goes through all of them, `--at 17` takes only that one.
"""

from __future__ import annotations

import argparse
import errno
import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest import mock

from migrator.engine import journal as journals
from migrator.model.events import Summary
from migrator.model.objects import RESERVED_PREFIX
from tests.simulation.ports import Call, small_parts
from tests.simulation.trials import SCRATCH
from tests.simulation.worlds import Simulation, keys_in_the_environment
from tests.support.diskfaults import Disk, build, environment
from tests.support.world import TO

ERRORS = {"ENOSPC": errno.ENOSPC, "EIO": errno.EIO}
#: That change alone, or every one from there on.
HOW = {"once": False, "for-ever": True}
#: Done, refused, paused: all that a disk may do to a command.
ALLOWED = {0, 3, 5}
_connect = journals._connect


def _connect_checkpointing(path: Path) -> sqlite3.Connection:
    """Checkpoints come every few pages, as they do in a run of many objects."""
    database = _connect(path)
    database.execute("PRAGMA wal_autocheckpoint = 12")
    return database


@contextmanager
def small() -> Iterator[Path]:
    """A folder in memory, little to write, multipart from 1 KiB on, and a clock that only waiting moves."""
    with ExitStack() as stack:
        stack.enter_context(keys_in_the_environment())
        stack.enter_context(small_parts())
        stack.enter_context(mock.patch("migrator.engine.journal._connect", _connect_checkpointing))
        stack.enter_context(mock.patch("migrator.engine.journal.RESERVE_BYTES", 4096))
        stack.enter_context(mock.patch("tests.support.world.monotonic", return_value=0.0))
        folder = tempfile.mkdtemp(prefix="disk-", dir=SCRATCH)
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        yield Path(folder)


class Story:
    """One world, one command on a failing disk."""

    def __init__(self, world: str, command: str, root: Path) -> None:
        self.simulation = Simulation(world, root)
        self.command = command
        look = self.simulation.watch.look

        def look_and_let_go(call: Call) -> Callable[[], None]:
            """The journal's own connection stays the last one: closing it moves rows into its file."""
            judge = look(call)
            self.simulation.watch._close()
            return judge

        self.simulation.watch.look = look_and_let_go  # type: ignore[method-assign]
        self._prepare()

    def _prepare(self) -> None:
        """What comes before the command, on a disk that is well."""
        if self.command == "resume":
            assert self.simulation.dies("run", 45)
        elif self.command != "run":
            self._must(self.simulation, "run")

    @staticmethod
    def _must(simulation: Simulation, command: str) -> None:
        assert not simulation.dies(command)
        assert simulation.summary.exit_code == 0, simulation.summary

    def suffer(self, disk: Disk, nth: int, error: int, *, for_ever: bool, where: str) -> bool:
        """Carry the command out; False where it made fewer changes than `nth`."""
        simulation = self.simulation
        carry_out: Callable[..., Summary] = getattr(simulation.world, self.command)

        def on_a_failing_disk(*args: str) -> Summary:
            disk.arm(simulation.world.root, nth, error, for_ever=for_ever)
            try:
                return carry_out(*args)
            finally:
                disk.disarm()

        with mock.patch.object(simulation.world, self.command, on_a_failing_disk):
            assert not simulation.dies(self.command), where
        assert simulation.summary.exit_code in ALLOWED, f"{where}: {simulation.summary}"
        if simulation.summary.exit_code == 5:
            assert simulation.has_run, f"{where}: paused, and there is nothing to go on with"
        if self.command == "run" and not simulation.has_run:
            assert simulation.snapshot() == simulation.before, f"{where}: no journal, and yet something sent"
            left = simulation.world.root / "runs"
            assert not (left.exists() and list(left.iterdir())), f"{where}: a run without a journal"
        self._is_announced(where)
        simulation.must_be_untouched(where)
        return disk.struck > 0

    def _is_announced(self, where: str) -> None:
        """Whatever lies at the destination and did not before has its intent in the journal as it is now."""
        simulation, world = self.simulation, self.simulation.world
        if not simulation.has_run or TO not in dict(world.destination_cloud.buckets()):
            return
        attempted = {key for key, entry in world.entries().items() if entry.attempt}
        # Without a bucket the snapshot is one line of one word.
        before = {line[0]: line[4] for line in simulation.before if len(line) > 1 and line[1]}
        for key, body in world.there.items():
            assert key in attempted or before.get(key) == body, f"{where}: {key} was never announced"
        assert set(world.open_uploads) <= attempted, where

    def end(self, then: str, where: str) -> None:
        """The disk is well: go on, or go back."""
        simulation = self.simulation
        if not simulation.has_run:
            self._must(simulation, "run")
            simulation.must_go_back(where)
        elif self.command == "accept":
            self._must(simulation, "accept")
            assert {**simulation.source_before, "theirs": b"was here before"} == simulation.world.there, where
            kept = [key for key in self._all() if key.startswith(RESERVED_PREFIX)]
            assert not kept, f"{where}: {kept}"
        else:
            if then == "resume":
                simulation.must_complete(where)
            simulation.must_go_back(where)

    def _all(self) -> dict[str, bytes]:
        return self.simulation.world.destination_cloud.contents(TO)


def one(disk: Disk, world: str, command: str, error: str, how: str, then: str, nth: int) -> int | None:
    """One failing change and what follows; returns the command's exit code, None where nothing failed."""
    again = f"python -m tests.engine.disk_sweep {command} {error} {how} --world '{world}' --at {nth}"
    with small() as root:
        story = Story(world, command, root)
        if not story.suffer(disk, nth, ERRORS[error], for_ever=HOW[how], where=again):
            return None
        code = story.simulation.summary.exit_code
        story.end(then, again)
        return code


def sweep(
    disk: Disk, world: str, command: str, error: str, how: str, *, alternating: bool = False
) -> tuple[int, Counter[int]]:
    """Every change of a command in turn, until it makes no more: how many, and the codes it ended with.

    After each the command goes on, and in another try goes back; `alternating`: one of them in turn.
    """
    codes: Counter[int] = Counter()
    nth = 0
    while True:
        nth += 1
        ways: tuple[str, ...] = ("resume", "rollback") if command in {"run", "resume"} else (command,)
        for then in (ways[nth % len(ways)],) if alternating else ways:
            code = one(disk, world, command, error, how, then, nth)
            if code is None:
                return nth - 1, codes
            codes[code] += 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=("run", "resume", "rollback", "accept"))
    parser.add_argument("error", choices=ERRORS)
    parser.add_argument("how", choices=HOW)
    parser.add_argument("--world", default="plain")
    parser.add_argument("--at", type=int, metavar="N", help="only the Nth change")
    parser.add_argument("--alternating", action="store_true", help="after each change only one of both ways")
    options = parser.parse_args()
    try:
        disk = Disk()
    except OSError:
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", __spec__.name, *sys.argv[1:]]
            return subprocess.run(command, env=environment(build(Path(folder))), check=False).returncode
    chosen = (disk, options.world, options.command, options.error, options.how)
    if options.at:
        print([one(*chosen, then, options.at) for then in ("resume", "rollback")])
        return 0
    changes, codes = sweep(*chosen, alternating=options.alternating)
    print(json.dumps({"changes": changes, "codes": codes}, sort_keys=True))
    return 0


if __name__ == "__main__":
    sys.exit(main())
