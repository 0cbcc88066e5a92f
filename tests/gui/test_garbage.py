"""Python's search for cycles must not stop the window, and what it finds must not call Tk from elsewhere."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator

import pytest

from migrator.gui.garbage import ROUNDS, YOUNG, OwnGarbage


class Node:
    """Part of a cycle: only a search finds it."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture
def garbage() -> Iterator[OwnGarbage]:
    made = OwnGarbage()
    yield made
    made.close()
    gc.freeze()  # as it was before (tests/conftest.py)


def fill() -> list[list[int]]:
    """As many new objects as make a search due."""
    return [[] for _ in range(YOUNG * 2)]


def test_another_thread_never_searches(garbage: OwnGarbage) -> None:
    searches: list[str] = []

    def note(phase: str, _info: object) -> None:
        searches.append(threading.current_thread().name)

    gc.callbacks.append(note)
    try:
        kept: list[object] = []
        other = threading.Thread(target=lambda: kept.extend(fill() for _ in range(3)), name="events")
        other.start()
        other.join(30)
        assert searches == []
        garbage.tick()
        assert set(searches) == {"MainThread"}
    finally:
        gc.callbacks.remove(note)


def test_a_cycle_goes_in_a_quiet_moment(garbage: OwnGarbage) -> None:
    lost = weakref.ref(Node())
    kept = fill()
    assert lost() is not None
    garbage.tick()
    assert lost() is None
    del kept


def test_an_old_cycle_goes_after_some_rounds(garbage: OwnGarbage) -> None:
    node: Node | None = Node()
    lost = weakref.ref(node)
    gc.collect()  # it is among the old ones now
    node = None
    for _ in range(ROUNDS):
        kept = fill()
        garbage.tick()
        del kept
    assert lost() is None


def test_nothing_is_done_while_there_is_little(garbage: OwnGarbage) -> None:
    garbage.settle()
    lost = weakref.ref(Node())
    garbage.tick()
    assert lost() is not None


def test_what_is_there_at_first_is_not_looked_through_again(garbage: OwnGarbage) -> None:
    garbage.settle()
    assert gc.get_freeze_count() > 10_000
    assert len(gc.get_objects()) < 1_000


def test_widgets_of_the_looks_before_are_found_by_the_next_settling(garbage: OwnGarbage) -> None:
    node: Node | None = Node()
    lost = weakref.ref(node)
    garbage.settle()
    node = None
    garbage.settle()
    assert lost() is None


def test_python_searches_again_afterwards() -> None:
    gc.enable()  # all tests of the window run without
    try:
        made = OwnGarbage()
        made.settle()
        assert not gc.isenabled()
        made.close()
        assert gc.isenabled()
        assert gc.get_freeze_count() == 0
    finally:
        gc.disable()
        gc.freeze()
