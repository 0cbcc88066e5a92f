"""The engine in a process of its own, behind the same methods as `EngineService`.

Python runs one thread of a process at a time, and every call into Tk lets go of that right: beside sixteen
busy workers the window would get it back too late to feel alive. So the window keeps a process for itself.
Commands go one way through a pipe, events come back in batches; secrets travel through the pipe only.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from migrator.config import ends_of, job_from
from migrator.credentials import Keys
from migrator.engine.endings import EXIT_FAILED
from migrator.engine.wishes import possible_wish
from migrator.model.events import Event, Summary
from migrator.model.ledger import Ledger, Outcome
from migrator.redacting import guard_process

if TYPE_CHECKING:
    from migrator.engine.service import EngineService

#: Events sent together; the pipe's other end is emptied by a thread that does nothing else.
BATCH = 500
IDLE_S = 0.05


class EngineProcess:
    """An `EngineService` in a child process. Methods return at once; `close` ends the child."""

    def __init__(self, root: Path, *, is_demo: bool = False) -> None:
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=serve, args=(theirs, root, is_demo), name="engine", daemon=True
        )
        self._process.start()
        theirs.close()
        self._asked = 0  # commands sent; answers name the last one they know of
        self._is_busy = False
        self._ending = threading.Lock()  # of what is said when the child is gone
        self._reader = threading.Thread(target=self._read, name="engine-events", daemon=True)
        self._reader.start()

    @property
    def is_busy(self) -> bool:
        return self._is_busy

    def generate(self, table: Mapping[str, Any], keys: Mapping[str, Keys]) -> None:
        """See `EngineService.generate`. The table is checked here, so what is wrong is raised at once."""
        ends_of(table)
        self._send("generate", dict(table), dict(keys))

    def start(self, table: Mapping[str, Any], keys: Mapping[str, Keys]) -> None:
        """See `EngineService.start`; checked here likewise."""
        job_from(table)
        self._send("start", dict(table), dict(keys))

    def plan(self, table: Mapping[str, Any], keys: Mapping[str, Keys]) -> None:
        """See `EngineService.plan`; checked here likewise."""
        job_from(table)
        self._send("plan", dict(table), dict(keys))

    def resume(self, run: str, only: str = "") -> None:
        self._send("resume", run, only)

    def preview_rollback(self, run: str) -> None:
        self._send("preview_rollback", run)

    def rollback(self, run: str) -> None:
        self._send("rollback", run)

    def accept(self, run: str) -> None:
        self._send("accept", run)

    def verify(self, run: str) -> None:
        self._send("verify", run)

    def forget(self, run: str) -> None:
        self._tell("forget", run)

    def find_unfinished(self) -> None:
        self._tell("find_unfinished")

    def change(
        self, *, threads: int | Literal["auto"] | None = None, bandwidth_bytes_s: int | None = None
    ) -> None:
        """See `EngineService.change`; checked here likewise."""
        possible_wish(threads, bandwidth_bytes_s)
        self._tell("change", threads, bandwidth_bytes_s)

    def find_in_plan(self, text: str, outcome: str) -> None:
        self._tell("find_in_plan", text, outcome)

    def save_report(self, run: str, kind: str, path: str) -> None:
        self._tell("save_report", run, kind, path)

    def save_log(self, run: str, path: str) -> None:
        self._tell("save_log", run, path)

    def open_config(self, path: str = "", run: str = "") -> None:
        self._tell("open_config", path, run)

    def save_config(self, path: str, table: Mapping[str, Any]) -> None:
        """See `EngineService.save_config`; checked here likewise."""
        job_from(table)
        self._tell("save_config", path, dict(table))

    def find_not_copied(self, run: str, cause: str, most: int) -> None:
        self._tell("find_not_copied", run, cause, most)

    def list_keys(self) -> None:
        self._tell("list_keys")

    def test_keys(self, name: str, table: Mapping[str, Any]) -> None:
        self._tell("test_keys", name, dict(table))

    def forget_keys(self, names: Sequence[str]) -> None:
        self._tell("forget_keys", tuple(names))

    def list_runs(self) -> None:
        self._tell("list_runs")

    def cancel(self) -> None:
        self._tell("cancel")

    def close(self, timeout_s: float) -> bool:
        """Stop what is running and end the child; True where it ended in order and in time."""
        self._tell("close")
        self._process.join(timeout_s)
        is_over = not self._process.is_alive()
        if not is_over:
            self._process.terminate()
            self._process.join(5)
        self._reader.join(5)
        self._pipe.close()
        return is_over

    # -- the pipe -------------------------------------------------------------------------------

    def _send(self, method: str, *arguments: Any) -> None:
        self._asked += 1
        self._is_busy = True
        self._tell(method, *arguments)

    def _tell(self, method: str, *arguments: Any) -> None:
        try:
            self._pipe.send((self._asked, method, arguments))
        except (OSError, ValueError):
            self._say_lost()

    def _read(self) -> None:
        try:
            while True:
                asked, is_busy, events = self._pipe.recv()
                for event in events:
                    self.events.put(event)
                if asked == self._asked:
                    self._is_busy = is_busy
        except (EOFError, OSError):
            self._say_lost()

    def _say_lost(self) -> None:
        """The child is gone: whoever waits for it hears so, also where it was asked afterwards."""
        with self._ending:
            was_waited_for, self._is_busy = self._is_busy, False
        if was_waited_for:
            self.events.put(_lost())


def _lost() -> Summary:
    return Summary(
        "",
        Outcome.FAILED,
        0.0,
        Ledger().as_dict(),
        message="The engine ended unexpectedly. Its journal is intact.",
        advice="Open the program again and resume the run (migrator resume latest).",
        exit_code=EXIT_FAILED,
    )


# -- in the child ---------------------------------------------------------------------------------


def serve(pipe: Connection, root: Path, is_demo: bool) -> None:
    """The child: carry out what comes through the pipe until it says `close`, or is gone."""
    guard_process(os.environ)
    # Ctrl-C in a terminal reaches both processes; the window's decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Here and not above: the window's process has no use for them, and opens sooner.
    from migrator.engine.allocator import give_back, keep_little, search_rarely
    from migrator.engine.service import EngineService

    keep_little()
    search_rarely()
    service = EngineService(root, is_demo=is_demo)
    sender = _Sender(pipe, service, give_back)
    thread = threading.Thread(target=sender.run, name="events-out", daemon=True)
    thread.start()
    try:
        while True:
            asked, method, arguments = pipe.recv()
            if method == "close":
                break
            getattr(service, method)(*arguments)
            sender.asked = asked
    except (EOFError, OSError):
        pass  # the window is gone: stop like on `close`
    service.close(60)
    sender.is_over = True
    thread.join(5)
    pipe.close()


class _Sender:
    """Passes events on in batches, and tells when the service became idle; then memory is given back."""

    def __init__(self, pipe: Connection, service: EngineService, give_back: Callable[[], None]) -> None:
        self._pipe = pipe
        self._service = service
        self._give_back = give_back
        self.asked = 0
        self.is_over = False
        self._told: tuple[int, bool] = (0, False)

    def run(self) -> None:
        try:
            while not self.is_over or not self._service.events.empty():
                self._pass_on()
        except OSError:
            return  # nobody is listening any more

    def _pass_on(self) -> None:
        state = (self.asked, self._service.is_busy)
        batch: list[Event] = []
        try:
            batch.append(self._service.events.get(timeout=IDLE_S))
            while len(batch) < BATCH:
                batch.append(self._service.events.get_nowait())
        except queue.Empty:
            if not batch and state == self._told:
                return
        has_ended = self._told[1] and not state[1]
        self._told = state
        self._pipe.send((*state, batch))
        if has_ended:
            self._give_back()
