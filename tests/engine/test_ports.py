"""What the engine takes from the outside world."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from migrator.engine.ports import Threads, together
from migrator.errors import Cancelled, Unreachable


@pytest.fixture
def executor() -> Iterator[Threads]:
    made = Threads(1)
    yield made
    made.close()


def test_tasks_are_under_way_at_the_same_time_and_results_keep_their_order(executor: Threads) -> None:
    both = threading.Barrier(2, timeout=30)

    def task(name: str) -> str:
        both.wait()
        return name

    assert together(executor, [lambda: task("first"), lambda: task("second")]) == ["first", "second"]


def test_an_error_is_raised_once_nothing_is_under_way_any_more() -> None:
    heard: list[str] = []

    class Executor(Threads):
        def ahead(self, task):  # type: ignore[no-untyped-def]
            def end() -> None:
                heard.append(task.__name__)
                task()

            return end

    def fails() -> None:
        raise Unreachable("gone")

    def is_stopped() -> None:
        raise Cancelled

    def goes_on() -> None:
        """The one that is still under way."""

    executor = Executor(1)
    with pytest.raises(Unreachable):
        together(executor, [fails, is_stopped, goes_on])
    assert heard == ["fails", "is_stopped", "goes_on"]
    executor.close()
