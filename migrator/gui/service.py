"""What the window needs from the engine, as a protocol: the window imports no engine, tests bring a fake."""

from __future__ import annotations

import queue
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

from migrator.credentials import Keys
from migrator.model.events import Event


class Service(Protocol):
    """Everything slow happens behind this, on other threads; every answer comes back through `events`.

    `table` is the job file's nested dictionary. `generate`, `plan` and `start` raise `JobFileError` at
    once where it is wrong.
    """

    @property
    def events(self) -> queue.SimpleQueue[Event]:
        """Every event of every job, in order."""

    def generate(self, table: Mapping[str, Any], keys: Mapping[str, Keys]) -> None:
        """Try both ends, store keys, write the job file: two `EndChecked`, then `ConfigWritten`."""

    def start(self, table: Mapping[str, Any], keys: Mapping[str, Keys]) -> None:
        """Plan and migrate: `RunStarted` … `Summary`."""

    def plan(self, table: Mapping[str, Any], keys: Mapping[str, Keys]) -> None:
        """Say what `start` would do, and what it would cost: `RunStarted` … `Summary`. Nothing is written."""

    def resume(self, run: str, only: str = "") -> None:
        """Go on with a stopped run, or retry what failed in an ended one: all, or `only` one cause."""

    def preview_rollback(self, run: str) -> None:
        """Say what `rollback` would do: `RunStarted` … `Summary` with the cause `dry-run`."""

    def rollback(self, run: str) -> None:
        """Put the destination back as it was before the run."""

    def accept(self, run: str) -> None:
        """End undo for good: `RunStarted` … `Summary`."""

    def verify(self, run: str) -> None:
        """Compare both ends with a run's journal again: `RunStarted` … `Summary`. Nothing is written."""

    def forget(self, run: str) -> None:
        """Remove what is kept of a run here: `RunForgotten`, or a `Warned` of `forget`. The service is not
        busy meanwhile."""

    def find_unfinished(self) -> None:
        """Look for runs that wait to be resumed or undone: an `UnfinishedFound` for each, newest first.

        The service is not busy meanwhile.
        """

    def change(
        self, *, threads: int | Literal["auto"] | None = None, bandwidth_bytes_s: int | None = None
    ) -> None:
        """Change the run that is going on; None: as it is. Told by `PaceChanged` and `LimitChanged`.

        Raises `UsageError` at once where such a number is not possible.
        """

    def find_in_plan(self, text: str, outcome: str) -> None:
        """Keys of the newest plan that are, begin with or contain `text`: a `PlanRows`. The service is not
        busy meanwhile; of several questions in a row only the newest may be answered."""

    def save_report(self, run: str, kind: str, path: str) -> None:
        """Write a run's report (`html`, `json`, `csv`) to a file: `Reported`, or a `Warned` of `report`. The
        service is not busy meanwhile."""

    def save_log(self, run: str, path: str) -> None:
        """Write a run's complete log to a file: `LogSaved`, or a `Warned` of `log`. The service is not busy
        meanwhile."""

    def open_config(self, path: str = "", run: str = "") -> None:
        """Read a job file, else that of a run, else the last one written here: a `ConfigRead`, or a `Warned`
        of `config`; nothing where there is no last one. The service is not busy meanwhile."""

    def save_config(self, path: str, table: Mapping[str, Any]) -> None:
        """Write a job file somewhere else: a `ConfigSaved`, or a `Warned` of `config`. Raises `JobFileError`
        at once where the table is wrong. The service is not busy meanwhile."""

    def find_not_copied(self, run: str, cause: str, most: int) -> None:
        """Which objects, up to `most`, a run did not copy for one cause: a `NotCopied`, or a `Warned` of
        `not-copied`. The service is not busy meanwhile."""

    def list_keys(self) -> None:
        """Which named sets of keys there are: a `KeysListed`. The service is not busy meanwhile."""

    def test_keys(self, name: str, table: Mapping[str, Any]) -> None:
        """Try a set of keys where the job in `table` uses it, else where the newest run did: a `KeysTested`.
        The service is not busy meanwhile."""

    def forget_keys(self, names: Sequence[str]) -> None:
        """Remove sets of keys from memory and the system's key store: `KeysForgotten`, then `KeysListed`.
        Refused while the service is busy."""

    def list_runs(self) -> None:
        """List every run: a `RunsListed`. The service is not busy meanwhile."""

    def cancel(self) -> None:
        """Ask what is running to stop. Never blocks; a `Summary` follows."""

    @property
    def is_busy(self) -> bool:
        """Whether anything is under way."""

    def close(self, timeout_s: float) -> bool:
        """Stop and join; True once everything has ended."""
