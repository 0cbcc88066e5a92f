"""The engine in a process of its own: same methods, same events, and no silence when it dies."""

from __future__ import annotations

import os
import queue
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from migrator.demo.clouds import two_clouds
from migrator.demo.show import AWS_KEYS, LYVE_KEYS, demo_table
from migrator.engine.remote import EngineProcess, _Sender
from migrator.errors import JobFileError, UsageError
from migrator.model.events import (
    Event,
    LimitChanged,
    ObjectCopied,
    PaceChanged,
    Summary,
    TransferProgress,
)
from migrator.model.ledger import Outcome
from tests.store.keepers import wait_until


@pytest.fixture
def service(tmp_path: Path) -> Iterator[EngineProcess]:
    made = EngineProcess(tmp_path, is_demo=True)
    yield made
    made.close(30)


@pytest.fixture
def work() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    with two_clouds(150) as (aws, lyve):
        yield demo_table(aws, lyve), {AWS_KEYS: aws.keys, LYVE_KEYS: lyve.keys}


def until(service: EngineProcess, is_it: Callable[[Event], bool]) -> list[Event]:
    """Events up to and with the first one that is it."""
    seen: list[Event] = []
    while not seen or not is_it(seen[-1]):
        try:
            seen.append(service.events.get(timeout=60))
        except queue.Empty:
            raise AssertionError(f"it never came after {seen[-3:]}") from None
    return seen


def test_a_run_and_its_rollback_tell_the_same_events_as_in_process(
    service: EngineProcess, work: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    service.start(*work)
    assert service.is_busy
    seen = until(service, lambda event: isinstance(event, Summary))
    assert sum(isinstance(event, ObjectCopied) for event in seen) == 150
    end = seen[-1]
    assert isinstance(end, Summary)
    assert end.outcome is Outcome.COMPLETED
    wait_until(lambda: not service.is_busy)
    service.rollback(end.run)
    undone = until(service, lambda event: isinstance(event, Summary))[-1]
    assert isinstance(undone, Summary)
    assert undone.removed == 150
    assert service.close(30)


def test_what_is_changed_by_hand_reaches_a_run_that_goes_on(
    service: EngineProcess, work: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    """At one byte a second the run would take for ever."""
    table, keys = work
    table["transfer"] = {"threads": 2, "bandwidth_limit": "1 B/s"}
    service.start(table, keys)
    until(service, lambda event: isinstance(event, TransferProgress))
    for wrong in ({"threads": 513}, {"bandwidth_bytes_s": -1}):
        with pytest.raises(UsageError):
            service.change(**wrong)  # type: ignore[arg-type]
    service.change(threads=24)
    service.change(bandwidth_bytes_s=0)
    seen = until(service, lambda event: isinstance(event, Summary))
    assert [event for event in seen if isinstance(event, PaceChanged)] == [PaceChanged(2, 24, "hand")]
    assert [event for event in seen if isinstance(event, LimitChanged)] == [LimitChanged(1, 0)]
    end = seen[-1]
    assert isinstance(end, Summary)
    assert end.outcome is Outcome.COMPLETED


def test_a_wrong_table_is_refused_at_once(service: EngineProcess) -> None:
    with pytest.raises(JobFileError):
        service.start({"version": 1}, {})
    assert not service.is_busy


def test_an_engine_that_is_killed_is_not_a_silence(
    service: EngineProcess, work: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    service.start(*work)
    until(service, lambda event: isinstance(event, ObjectCopied))
    pid = service._process.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
    end = until(service, lambda event: isinstance(event, Summary))[-1]
    assert isinstance(end, Summary)
    assert "ended unexpectedly" in end.message
    assert not service.is_busy
    service.cancel()
    assert service.close(5)


def test_an_engine_that_was_killed_while_idle_is_no_silence_for_whoever_asks_next(
    service: EngineProcess, work: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    pid = service._process.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
    service._reader.join(30)
    assert service.events.empty()  # nobody waited for anything
    service.list_runs()
    assert service.events.empty()
    service.start(*work)
    (end,) = until(service, lambda event: isinstance(event, Summary))
    assert isinstance(end, Summary)
    assert "ended unexpectedly" in end.message
    assert not service.is_busy


def test_memory_is_given_back_once_a_command_is_over_and_its_end_is_told() -> None:
    happened: list[Any] = []

    class Service:
        events: queue.Queue[Event] = queue.Queue()
        is_busy = True

    class Pipe:
        def send(self, told: tuple[int, bool, list[Event]]) -> None:
            happened.append(told[1])
            service.is_busy = False
            sender.is_over = len(happened) > 1

    service = Service()
    sender = _Sender(Pipe(), service, lambda: happened.append("given back"))  # type: ignore[arg-type]
    sender.run()
    assert happened == [True, False, "given back"]
