"""The same work on each of a batch of objects, on the run's threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from migrator.engine.ports import Done, Executor
from migrator.engine.schema import Entry

TICK_S = 0.1


def carried_out(
    executor: Executor, batch: Sequence[Entry], work: Callable[[Entry], Any]
) -> Iterator[tuple[Entry, Done] | None]:
    """Start `work` on every entry; yields each with its end, and None whenever a moment passed without one.

    Run it to its end: only then no worker is busy with the batch any more.
    """
    pending = {entry.seq: entry for entry in batch}
    for entry in batch:
        executor.start(entry.seq, partial(work, entry))
    while pending:
        for done in executor.finished(TICK_S):
            yield pending.pop(done.tag), done
        yield None
