"""Killing a run while something is under way, and what its journal then knows to be under way."""

from __future__ import annotations

import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from migrator.model.parts import DEFAULT_PART_BYTES, is_single_put, parts_of
from tests.real.conftest import Migration
from tests.real.looking import OPEN

POLL_S = 0.005
ENDS_WITHIN_S = 600


@dataclass
class InFlight:
    """What a journal does not know the outcome of: bytes for each (key, part number). Objects that go in one
    PUT have the number 0. `kept` are parts of open uploads whose outcome it knows, `done` counts objects."""

    done: int = 0
    sizes: dict[tuple[str, int], int] = field(default_factory=dict)
    kept: set[tuple[str, int]] = field(default_factory=set)

    @classmethod
    def of(cls, journal: Path | None) -> InFlight:
        """Nothing where there is no journal yet."""
        found = cls()
        if journal is None:
            return found
        with closing(sqlite3.connect(f"{journal.as_uri()}?mode=ro", uri=True, timeout=5)) as database:
            try:
                database.execute("BEGIN")
                found._read(database)
            except sqlite3.OperationalError:
                return cls()
        return found

    def _read(self, database: sqlite3.Connection) -> None:
        (self.done,) = database.execute("SELECT COUNT(*) FROM objects WHERE state = 'committed'").fetchone()
        marks = ", ".join("?" * len(OPEN))
        rows = database.execute(f"SELECT seq, key, size_bytes FROM objects WHERE state IN ({marks})", OPEN)
        for seq, raw, size_bytes in rows.fetchall():
            key = raw.decode()
            if is_single_put(size_bytes):
                self.sizes[key, 0] = size_bytes
                continue
            sent = {number for (number,) in database.execute("SELECT number FROM parts WHERE seq = ?", [seq])}
            for part in parts_of(size_bytes, DEFAULT_PART_BYTES):
                if part.number in sent:
                    self.kept.add((key, part.number))
                else:
                    self.sizes[key, part.number] = part.length


def kill_run(migration: Migration, job: Path, is_the_moment: Callable[[InFlight], bool]) -> InFlight:
    """Start a run and kill it at the moment. Returns what was in flight; AssertionError where it never came.

    SIGSTOP holds the process while the journal is looked at once more, so that the moment does not pass.
    """
    process = migration.cli.start("run", job, "--quiet")
    deadline = time.monotonic() + ENDS_WITHIN_S

    def look() -> InFlight:
        return InFlight.of(next(iter(migration.runs.glob("*/journal.sqlite")), None))

    try:
        while True:
            found = look()
            assert process.poll() is None, f"the run was faster: {found.done} were done"
            assert time.monotonic() < deadline, f"{found.done} were done, and the moment did not come"
            if is_the_moment(found):
                process.send_signal(signal.SIGSTOP)
                found = look()
                if is_the_moment(found):
                    print(f"killed with {found.done} done, {len(found.sizes)} in flight")
                    return found
                process.send_signal(signal.SIGCONT)
            time.sleep(POLL_S)
    finally:
        process.kill()
        process.communicate()
