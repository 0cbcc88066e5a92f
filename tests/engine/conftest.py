"""A world of one's own for every test of the engine."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from migrator.engine import journal as journals
from tests.support import world as worlds
from tests.support.world import PART, SECRET, World


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys for both ends, and no 16 MiB written for every journal."""
    for side in ("SOURCE", "DESTINATION"):
        monkeypatch.setenv(f"MIGRATOR_{side}_ACCESS_KEY_ID", "AKTESTTESTTEST")
        monkeypatch.setenv(f"MIGRATOR_{side}_SECRET_ACCESS_KEY", SECRET)
        monkeypatch.delenv(f"MIGRATOR_{side}_SESSION_TOKEN", raising=False)
    monkeypatch.setattr("migrator.engine.journal.RESERVE_BYTES", 4096)


@pytest.fixture
def new_world(tmp_path: Path) -> Callable[..., World]:
    """Makes worlds that differ from AWS without versions; see `worlds.new_world`."""
    numbers = iter(range(1_000_000))
    return lambda **how: worlds.new_world(tmp_path / f"home{next(numbers)}", **how)


@pytest.fixture
def world(new_world: Callable[..., World]) -> World:
    return new_world()


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Multipart begins above 1 KiB, so that crashing at every part of an object is quick."""
    for module in ("transfer", "schema", "recovery"):
        monkeypatch.setattr(f"migrator.engine.{module}.is_single_put", lambda size: size <= PART)
    monkeypatch.setattr("migrator.engine.journal_reader.DEFAULT_PART_BYTES", PART)
    monkeypatch.setattr("migrator.engine.transfer.part_size_for", lambda size, like="": PART)


@pytest.fixture
def inline(monkeypatch: pytest.MonkeyPatch) -> None:
    """No threads: everything happens in order, and a crash ends everything at once."""
    monkeypatch.setattr(worlds, "EXECUTOR", worlds.Inline)


@pytest.fixture
def limited(monkeypatch: pytest.MonkeyPatch) -> Callable[[int | None], None]:
    """Sets the most pages that any journal may have; None: no limit."""
    connections: list[sqlite3.Connection] = []
    connect = journals._connect

    def remember(path: Path) -> sqlite3.Connection:
        connections.append(connect(path))
        return connections[-1]

    monkeypatch.setattr(journals, "_connect", remember)

    def limit(extra: int | None) -> None:
        database = connections[-1]
        pages = database.execute("PRAGMA page_count").fetchone()[0]
        database.execute(f"PRAGMA max_page_count = {2**30 if extra is None else pages + extra}")

    return limit
