"""The same work on each of a batch of things, on the run's threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, TypeVar

from migrator.engine.ports import Done, Executor

TICK_S = 0.1

T = TypeVar("T")


def carried_out(
    executor: Executor, batch: Sequence[T], work: Callable[[T], Any]
) -> Iterator[tuple[T, Done] | None]:
    """Start `work` on every one; yields each with its end, and None whenever a moment passed without one.

    Run it to its end: only then no worker is busy with the batch any more.
    """
    for number, each in enumerate(batch):
        executor.start(number, partial(work, each))
    pending = len(batch)
    while pending:
        for done in executor.finished(TICK_S):
            pending -= 1
            yield batch[done.tag], done
        yield None
