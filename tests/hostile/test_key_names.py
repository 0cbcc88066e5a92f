"""Keys that were made to do harm: they arrive exactly, are told of as what they are, and are undone."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrator import console
from migrator.engine.report import save_report
from migrator.engine.why import why
from migrator.model.events import ObjectCopied
from migrator.model.ledger import Outcome
from migrator.model.objects import visible
from migrator.why_words import why_text
from migrator.words import sentence
from tests.support.world import StillClock, World, new_world

pytestmark = pytest.mark.hostile

KEYS = [
    # what terminals act on
    "\x1b[2J\x1b[H",
    "\x1b]52;c;ZXZpbA==\x07",
    "\x9b2J",
    "\x08\x08\x08\x08",
    "a\rb",
    "a\nb",
    "a\x00b",
    "\x7f",
    # what hides what it is
    "invoice\u202efdp.exe",
    "\u2066a\u2069",
    "a\u200bb",
    "\ufeffa",
    "a\u2028b",
    "\u00ad",
    "p\u0430ypal",
    "e\u0301",
    "\u212b",
    # what spreadsheets run
    "=cmd|' /C calc'!A0",
    "+1",
    "-1",
    "@SUM(1)",
    "\t=1",
    "\uff1d1",
    # what file systems and programs take for something else
    "../../../etc/passwd",
    "/etc/passwd",
    "//x",
    "a//b",
    "./a",
    "..",
    "C:\\x",
    "CON",
    "~",
    "-rf",
    "--help",
    "$(id)",
    "`id`",
    "%00",
    "%2e%2e%2f",
    "a?b=c#d",
    "a+b c%20d",
    "&amp;<b>]]>",
    "'; DROP TABLE objects; --",
    "{0}%s%n",
    # what looks like ours
    ".migrator",
    ".migrator.evil/x",
    "x/.migrator/20260101T000000000Z-abcdef/probe/1",
    "migrator-op",
    # the ends of what is allowed
    " ",
    ".",
    "x" * 1024,
    "é" * 512,
    "a/" * 512,
]


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A run over all of these keys."""
    monkeypatch = pytest.MonkeyPatch()
    for side in ("SOURCE", "DESTINATION"):
        monkeypatch.setenv(f"MIGRATOR_{side}_ACCESS_KEY_ID", "id")
        monkeypatch.setenv(f"MIGRATOR_{side}_SECRET_ACCESS_KEY", "secret")
    world = new_world(tmp_path_factory.mktemp("home") / "home").set("destination", provider="s3")
    for number, key in enumerate(KEYS):
        world.seed(key, f"body {number}".encode())
    end = world.run()
    assert end.outcome is Outcome.COMPLETED, end
    yield world
    monkeypatch.undo()


@pytest.fixture(scope="module")
def rows(life: World, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """The CSV report by its keys, as they are shown."""
    path = tmp_path_factory.mktemp("report") / "run.csv"
    save_report(life.directory, "csv", path)
    with path.open(encoding="utf-8", newline="") as file:
        return {row["key"]: row for row in csv.DictReader(file)}


@pytest.mark.parametrize("key", KEYS, ids=lambda key: ascii(key)[:40])
def test_a_key_arrives_exactly_and_is_told_of_as_what_it_is(
    life: World, rows: dict[str, dict[str, str]], key: str
) -> None:
    number = KEYS.index(key)
    assert life.there[key] == f"body {number}".encode()
    (event,) = [each for each in life.of(ObjectCopied) if each.key == key]
    line = sentence(event)
    assert line is not None
    assert line.text.isprintable()
    assert json.loads(console.json_line(event))["key"] == key
    cell = visible(key)
    assert cell.isprintable()
    (row,) = [rows[each] for each in (cell, f"'{cell}") if each in rows]
    assert row["key"] == cell or key.startswith(tuple("=+-@\t\r\n\x00\uff1d"))
    answer = why(life.directory, key, StillClock())
    assert answer.outcome == "copied"
    assert why_text(answer).replace("\n", "").isprintable()


def test_all_of_them_are_undone(life: World) -> None:
    end = life.rollback()
    assert end.outcome is Outcome.ROLLED_BACK
    assert life.there == {}
    assert len(life.here) == len(KEYS)


def test_no_file_is_named_after_any_of_them(life: World) -> None:
    names = {path.name for path in Path(life.root).rglob("*")}
    assert names <= {
        "runs",
        life.directory.run,
        "job.toml",
        "journal.sqlite",
        "journal.sqlite-wal",
        "journal.sqlite-shm",
        "lock",
        "reserve",
        "run.log",
    }
