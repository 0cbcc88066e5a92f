"""The two ways to give commands: the engine process behind a window, which lives as long as the soak, and the
command line, a process each time. Both tell every event as a dictionary."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Protocol
from unittest import mock

import psutil

from migrator.engine import remote
from migrator.job_file import job_text
from migrator.model.drafts import ConfigWritten
from migrator.model.events import Event, Summary, as_json
from tests.soak import child
from tests.soak.weather import Services

#: No command may take longer; it hangs.
COMMAND_WITHIN_S = 300.0
#: Between the last event and being idle.
IDLE_WITHIN_S = 30.0
POLL_S = 0.02

Told = Mapping[str, Any]
Hear = Callable[[Told], None]


def keys_of(services: Services) -> dict[str, str]:
    """As variables of the environment."""
    found = {}
    for side, service in (("SOURCE", services.aws), ("DESTINATION", services.lyve)):
        found[f"MIGRATOR_{side}_ACCESS_KEY_ID"] = service.keys.access_key_id
        found[f"MIGRATOR_{side}_SECRET_ACCESS_KEY"] = service.keys.secret_access_key
    return found


class Face(Protocol):
    """Each command returns its summary."""

    name: str

    def run(self, table: dict[str, Any], hear: Hear) -> Told: ...
    def resume(self, run: str, hear: Hear) -> Told: ...
    def rollback(self, run: str, hear: Hear) -> Told: ...
    def preview(self, run: str, hear: Hear) -> Told: ...

    def cancel(self) -> None:
        """Ask what is running to stop; asked again, at once."""


class Window:
    """The engine process."""

    name = "window"

    def __init__(self, root: Path, services: Services) -> None:
        self._root = root
        # In its environment: the command line goes on with its runs.
        with mock.patch.object(remote, "serve", child.serve), mock.patch.dict(os.environ, keys_of(services)):
            self._engine = remote.EngineProcess(root, is_demo=True)
        process = self._engine._process
        self.process = psutil.Process(process.pid)

    def run(self, table: dict[str, Any], hear: Hear) -> Told:
        self._engine.find_unfinished()
        self._engine.generate(table, {})
        self._until(ConfigWritten, hear)
        self._engine.start(table, {})
        return self._until(Summary, hear)

    def resume(self, run: str, hear: Hear) -> Told:
        self._engine.resume(run)
        return self._until(Summary, hear)

    def rollback(self, run: str, hear: Hear) -> Told:
        self._engine.rollback(run)
        return self._until(Summary, hear)

    def preview(self, run: str, hear: Hear) -> Told:
        self._engine.preview_rollback(run)
        return self._until(Summary, hear)

    def cancel(self) -> None:
        self._engine.cancel()

    def close(self) -> bool:
        return self._engine.close(30)

    def lose_names(self) -> None:
        (self._root / child.NAMES_GONE).touch()

    def find_names(self) -> None:
        (self._root / child.NAMES_GONE).unlink(missing_ok=True)

    def memory(self) -> tuple[int, Counter[str]]:
        """How many blocks of memory its interpreter holds, garbage collected, and objects by type."""
        told = self._root / child.MEMORY
        told.unlink(missing_ok=True)
        self.process.send_signal(signal.SIGUSR1)
        self._wait_until(told.exists, "told of its memory")
        blocks, types = json.loads(told.read_text())
        return blocks, Counter(types)

    def _until(self, last: type[Event], hear: Hear) -> Told:
        deadline = time.monotonic() + COMMAND_WITHIN_S
        while True:
            try:
                event = self._engine.events.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise self._hangs("ended its command") from None
            told = as_json(event)
            hear(told)
            if isinstance(event, last):
                # `ConfigWritten` and `Summary` come from threads that then end.
                self._wait_until(lambda: not self._engine.is_busy, "become idle")
                return told

    def _wait_until(self, is_so: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + IDLE_WITHIN_S
        while not is_so():
            if time.monotonic() > deadline:
                raise self._hangs(what)
            time.sleep(POLL_S)

    def _hangs(self, what: str) -> AssertionError:
        stacks = self._root / child.STACKS
        self.process.send_signal(signal.SIGUSR2)
        time.sleep(1)
        return AssertionError(f"the engine has not {what}:\n{stacks.read_text()}")


class Shell:
    """The command line, with a home that it shares with the window."""

    name = "command line"

    def __init__(self, root: Path, services: Services) -> None:
        self._root = root
        self._environment = {**os.environ, "HOME": str(root), "MIGRATOR_HOME": str(root), **keys_of(services)}
        self._process: subprocess.Popen[str] | None = None

    def run(self, table: dict[str, Any], hear: Hear) -> Told:
        job = self._root / "shell.toml"
        job.write_text(job_text(table))
        return self("run", str(job), hear=hear)

    def resume(self, run: str, hear: Hear) -> Told:
        return self("resume", run, hear=hear)

    def rollback(self, run: str, hear: Hear) -> Told:
        return self("rollback", run, "--yes", hear=hear)

    def preview(self, run: str, hear: Hear) -> Told:
        return self("rollback", run, "--dry-run", hear=hear)

    def cancel(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        """Like a power cut. What was under way returns a summary of nothing, with the outcome `killed`."""
        assert self._process is not None
        self._process.kill()

    def __call__(self, *arguments: str, hear: Hear = lambda _: None) -> Told:
        told: Told = {"event": "none"}
        with tempfile.TemporaryFile("w+", dir=self._root) as err:
            for line in self._lines(arguments, err):
                told = json.loads(line)
                hear(told)
            err.seek(0)
            said = err.read()
        assert self._process is not None
        code = self._process.returncode
        if code == -signal.SIGKILL:
            return {"event": "summary", "outcome": "killed"}
        assert code != -signal.SIGABRT, f"{arguments} has not ended: {said}"
        assert "Traceback" not in said, said
        if told["event"] == "summary":
            assert told["exit_code"] == code, (told, code)
        else:
            assert code == 0, (arguments, code, said)
        return told

    def _lines(self, arguments: tuple[str, ...], err: IO[str]) -> Iterator[str]:
        """What a command says, as it says it; it has ended afterwards, also where nobody listens any more."""
        with subprocess.Popen(
            [sys.executable, "-m", "migrator", *arguments, "--json"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=err,
            text=True,
            env=self._environment,
        ) as self._process:
            watch = threading.Timer(COMMAND_WITHIN_S, self._process.send_signal, [signal.SIGABRT])
            watch.start()
            try:
                assert self._process.stdout is not None
                # Killed in the middle of a line, it leaves half of one.
                yield from (line for line in self._process.stdout if line.endswith("\n"))
                self._process.wait()
            finally:
                self._process.kill()
                watch.cancel()
                watch.join()
