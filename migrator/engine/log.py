"""`run.log`: every event as one line of JSON, complete where the window keeps only the last lines; and a copy
of it for somebody else."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import IO

from migrator.engine.home import RunDir
from migrator.engine.ports import Clock
from migrator.errors import UsageError
from migrator.model.events import (
    Event,
    ListingProgress,
    ObjectCopied,
    RollbackProgress,
    TransferProgress,
    as_json,
)
from migrator.redacting import redacted

_quoted = json.encoder.encode_basestring_ascii
_TOO_MANY = (TransferProgress, RollbackProgress)


class RunLog:
    """An append-only file of events, readable by its owner only. A full disk ends the log, not the run."""

    def __init__(self, path: Path, clock: Clock) -> None:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._file: IO[str] | None = os.fdopen(handle, "a", encoding="utf-8")
        self._clock = clock

    def write(self, event: Event) -> None:
        """Append an event; progress is left out, except the last of a listing."""
        if self._file is None or isinstance(event, _TOO_MANY):
            return
        if isinstance(event, ListingProgress) and not event.final:
            return
        line = redacted(json_line(event, self._clock))
        try:
            self._file.write(line + "\n")
        except OSError:
            self.close()

    def flush(self) -> None:
        if self._file is not None:
            try:
                self._file.flush()
            except OSError:
                self.close()

    def close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):
                file.close()


def save_log(directory: RunDir, output: Path) -> int:
    """Write a run's complete log to a file, whole or not at all, readable by its owner only. Returns how many
    lines. Secrets are masked once more: what is known by now may not have been when it was written.

    Raises:
        UsageError: there is no log, or the file cannot be written.
    """
    partial: Path | None = None
    try:
        if output.resolve() in {directory.log.resolve(), directory.journal.resolve()}:
            raise UsageError(f"{output} is a record of the run itself.", advice="Choose another place.")
        with directory.log.open(encoding="utf-8", errors="surrogateescape") as log:
            # mkstemp creates with mode 0600, under a name that nobody could have put a link at.
            handle, name = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}.", suffix=".part")
            partial = Path(name)
            with open(handle, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
                lines = 0
                for line in log:
                    if line.endswith("\n"):  # the last one of a run that goes on may be half written
                        file.write(redacted(line))
                        lines += 1
                file.flush()
                os.fsync(file.fileno())
        os.replace(partial, output)
        return lines
    except FileNotFoundError as cause:
        if not directory.log.exists():
            raise UsageError(f"The run {directory.run} has no log any more.") from cause
        raise UsageError(f"The log cannot be written to {output}: {cause.strerror}.") from cause
    except OSError as cause:
        raise UsageError(f"The log cannot be written to {output}: {cause.strerror}.") from cause
    finally:
        if partial is not None:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)


def json_line(event: Event, clock: Clock) -> str:
    """One event as one line: its name, the time (UTC), its fields. Keys that are not UTF-8 stay escaped."""
    if type(event) is ObjectCopied:
        # The one event that comes with every object: the same line, written out.
        time = clock.wall().isoformat(timespec="milliseconds")
        return (
            f'{{"event": "object-copied", "time": "{time}", "key": {_quoted(event.key)}, '
            f'"size_bytes": {event.size_bytes}, "assurance": "{event.assurance}"}}'
        )
    data = as_json(event)
    stamped = {"event": data.pop("event"), "time": clock.wall().isoformat(timespec="milliseconds"), **data}
    return json.dumps(stamped, ensure_ascii=True)
