"""Where runs live on disk, and who may work on one.

`$MIGRATOR_HOME/runs/<run-id>/` holds `job.toml`, `journal.sqlite`, `run.log` and reports; mode 0700, no
secrets. One process works on a run at a time, by a lock of the operating system that dies with it.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from migrator.errors import JournalBusy, UnknownRun

LOCK_TRIES, LOCK_PAUSE_S = 4, 0.02

_RUN_ID = re.compile(r"\d{8}T\d{9}Z-[0-9a-f]{6}")


def home() -> Path:
    """The directory of all state: `MIGRATOR_HOME`, else the platform's user data directory."""
    chosen = os.environ.get("MIGRATOR_HOME")
    if chosen:
        return Path(chosen).expanduser()
    import platformdirs

    return Path(platformdirs.user_data_dir("aws-s3-lyve-cloud-migration", appauthor=False))


@dataclass(frozen=True, slots=True)
class RunDir:
    """The files of one run."""

    path: Path

    @property
    def run(self) -> str:
        return self.path.name

    @property
    def job(self) -> Path:
        return self.path / "job.toml"

    @property
    def journal(self) -> Path:
        return self.path / "journal.sqlite"

    @property
    def log(self) -> Path:
        return self.path / "run.log"

    @property
    def reserve(self) -> Path:
        """Disk space set aside, so that a full disk leaves room to record what happened."""
        return self.path / "reserve"


def create_run(root: Path, run: str) -> RunDir:
    """A new, empty run directory."""
    path = root / "runs" / run
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.mkdir(mode=0o700)
    return RunDir(path)


def close_to_others(path: Path) -> None:
    """Take a directory away from everybody but its owner: it may have been copied from elsewhere."""
    with contextlib.suppress(OSError):  # not ours, or a file system without rights: whoever made it decided
        if path.stat().st_mode & 0o077:
            path.chmod(0o700)


def is_run_id(text: str) -> bool:
    """True for what `Ports.new_run_id` makes."""
    return _RUN_ID.fullmatch(text) is not None


def find_run(root: Path, run: str) -> RunDir:
    """The directory of a run id, or of `latest`.

    Raises:
        UnknownRun: there is none.
    """
    runs = all_runs(root)
    if run == "latest":
        if not runs:
            raise UnknownRun(f"There are no runs in {root}.", advice="Start one with: migrator run JOB")
        return runs[0]
    for each in runs:
        if each.run == run:
            return each
    raise UnknownRun(f'There is no run "{run}" in {root}.', advice="See: migrator runs")


def all_runs(root: Path) -> list[RunDir]:
    """Every run with a journal, newest first."""
    folder = root / "runs"
    if not folder.is_dir():
        return []
    found = [RunDir(path) for path in folder.iterdir() if is_run_id(path.name)]
    return sorted((each for each in found if each.journal.exists()), key=lambda each: each.run, reverse=True)


class RunLock:
    """Held while a process works on a run. The operating system lets go of it when the process dies."""

    def __init__(self, directory: RunDir) -> None:
        self._path = directory.path / "lock"
        self._file: IO[bytes] | None = None

    def __enter__(self) -> RunLock:
        close_to_others(self._path.parent)
        self._file = open(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")
        for attempt in range(LOCK_TRIES):
            if attempt:
                time.sleep(LOCK_PAUSE_S)  # somebody may just have looked (`is_busy`), for a moment
            with contextlib.suppress(OSError):
                _lock(self._file)
                return self
        self._file.close()
        raise JournalBusy(
            f"Another process is working on the run {self._path.parent.name}.",
            advice="Wait for it, or stop it first.",
        )

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.close()


def is_busy(directory: RunDir) -> bool:
    """True while some process works on the run. Writes nothing; two that look do not meet."""
    try:
        with (directory.path / "lock").open("rb") as file:
            _lock(file, shared=True)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes], *, shared: bool = False) -> None:  # noqa: ARG001 - Windows has no such lock
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(file: IO[bytes], *, shared: bool = False) -> None:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
