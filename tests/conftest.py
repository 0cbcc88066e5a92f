"""What holds in every test, whatever it is about: the books of every command balance."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from migrator.engine.session import Session
from migrator.environment import variables
from migrator.model.events import Summary


def pytest_collection_finish() -> None:
    """Thousands of tests, and all modules, stay until the end: no need to look for garbage among them."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def no_redirecting_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxies and certificates of whoever runs the tests stay out of them."""
    for variable in variables(os.environ):
        monkeypatch.delenv(variable.name)


# A shell starts what runs in the background with Ctrl-C ignored, and so would every process of the tests.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def books_balance(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every command that ends in this process ends with balanced books; else the test fails at its end.

    At its end, because the engine turns an exception on the spot into one more way to end. Commands in
    processes of their own are looked at by `tests/e2e/conftest.py`, by their journals.
    """
    wrong: list[Summary] = []
    end = Session.end

    def watched(self: Session, *given: Any, **named: Any) -> Summary:
        summary = end(self, *given, **named)
        if not balances(summary.ledger):
            wrong.append(summary)
        return summary

    monkeypatch.setattr(Session, "end", watched)
    yield
    if request.node.get_closest_marker("unbalanced") is None:
        assert not wrong, f"the books do not balance: {wrong[0]}"


def balances(books: Any) -> bool:
    """The contract's sums, counted anew: not by the code that is tested."""
    decided = books["planned"] + books["same"] + books["filtered"] + books["unsupported"]
    settled = books["copied"] + books["failed"] + books["conflicts"] + books["left"]
    weighed = sum(books["assurance"].values())
    return bool(
        books["listed"] == decided
        and books["planned"] == settled
        and books["verified"] <= books["copied"]
        and books["verified"] == weighed
    )
