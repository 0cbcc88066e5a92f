"""What a request may wait for has an end, and a user who insists does not wait for it."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from migrator.engine import watchdog
from migrator.engine.ports import Stop
from migrator.engine.watchdog import Watchdog
from migrator.store.memory import MemoryCloud, MemoryStore
from migrator.store.retrying import RetryingStore
from tests.store.keepers import NoPatience

WAITS_S = 10


class Watched:
    """A store that notes how it is watched."""

    end = "AWS"

    def __init__(self) -> None:
        self.is_watched = False
        self.looked = threading.Event()
        self.interrupted = threading.Event()

    def watch(self) -> None:
        self.is_watched = True

    def break_off_late(self) -> None:
        self.looked.set()

    def interrupt(self) -> None:
        self.interrupted.set()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "EVERY_S", 0.001)


def watching(*stores: Any, stop: Stop | None = None) -> Watchdog:
    return Watchdog(stores, stop or Stop())


def test_late_requests_are_looked_for_again_and_again() -> None:
    store = Watched()
    dog = watching(RetryingStore(store, NoPatience()))  # type: ignore[arg-type]
    assert store.is_watched
    for _ in range(3):
        assert store.looked.wait(WAITS_S)
        store.looked.clear()
    assert not store.interrupted.is_set()
    dog.close()
    assert "watchdog" not in {thread.name for thread in threading.enumerate()}


def test_who_insists_on_stopping_does_not_wait_for_an_end_that_is_silent() -> None:
    stop, both = Stop(), (Watched(), Watched())
    dog = watching(*both, stop=stop)
    stop.ask()
    assert both[0].looked.wait(WAITS_S)
    assert not both[0].interrupted.is_set()  # requests under way are finished
    stop.ask()
    for store in both:
        assert store.interrupted.wait(WAITS_S)
    dog.close()


def test_stores_with_limits_of_their_own_need_none() -> None:
    dog = watching(MemoryStore(MemoryCloud(), "AWS"))
    assert "watchdog" not in {thread.name for thread in threading.enumerate()}
    dog.close()
