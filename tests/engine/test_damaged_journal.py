"""A journal that is damaged, or was changed by hand: nothing is done with it; what it says can be read."""

from __future__ import annotations

import gc
import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from migrator.cli import run_command_line
from migrator.engine.home import RunDir
from migrator.model.ledger import Outcome
from tests.support.faulty import Faulty, meanwhile
from tests.support.world import World

pytestmark = pytest.mark.usefixtures("inline")
PAGE = 4096


def migrated(world: World) -> World:
    for number in range(40):
        world.seed(f"key {number:02}")
    assert world.run().outcome is Outcome.COMPLETED
    return world


def flip_in_records(file: Path) -> None:
    """One bit of the records' first page, in the middle of a record."""
    database = sqlite3.connect(file)
    (state,) = database.execute("SELECT state FROM records WHERE record = 3").fetchone()
    database.close()
    data = bytearray(file.read_bytes())
    at = data.rindex(state.encode())
    data[at] ^= 1
    file.write_bytes(data)


def flip_a_page_header(file: Path) -> None:
    """The records' table begins with a page that is none."""
    database = sqlite3.connect(file)
    (page,) = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'records'").fetchone()
    database.close()
    data = bytearray(file.read_bytes())
    data[(page - 1) * PAGE] ^= 0xFF
    file.write_bytes(data)


def truncate(file: Path) -> None:
    os.truncate(file, file.stat().st_size // PAGE // 2 * PAGE)


def cut_a_page_in_two(file: Path) -> None:
    os.truncate(file, file.stat().st_size - PAGE // 2)


def edit(statement: str) -> Callable[[Path], None]:
    def change(file: Path) -> None:
        database = sqlite3.connect(file)
        database.execute(statement)
        database.commit()
        database.close()

    return change


DAMAGE = {
    "a flipped bit": flip_in_records,
    "a flipped page header": flip_a_page_header,
    "a truncated file": truncate,
    "half a page": cut_a_page_in_two,
    "an edited record": edit("UPDATE records SET state = 'failed' WHERE record = 4"),
    "a record of another kind": edit("UPDATE records SET state = x'00', at_us = 'then' WHERE record = 4"),
    "a removed record": edit("DELETE FROM records WHERE record = 2"),
}
#: Damage that leaves the tables readable.
READABLE = {"a flipped bit", "an edited record", "a record of another kind", "a removed record"}


def files_of(directory: RunDir) -> dict[str, bytes]:
    return {name: (directory.path / name).read_bytes() for name in ("journal.sqlite", "job.toml")}


@pytest.mark.parametrize("command", ["resume", "rollback", "accept"])
@pytest.mark.parametrize("damage", DAMAGE)
def test_nothing_is_done_with_it(world: World, damage: str, command: str) -> None:
    migrated(world)
    DAMAGE[damage](world.directory.journal)
    before, there = files_of(world.directory), world.destination_cloud.contents("to-bucket")
    world.source.calls.clear()
    world.destination.calls.clear()
    summary = getattr(world, command)()
    assert (summary.outcome, summary.exit_code, summary.cause) == (Outcome.REFUSED, 3, "journal")
    assert world.source.calls == world.destination.calls == []
    assert world.destination_cloud.contents("to-bucket") == there
    assert files_of(world.directory) == before


@pytest.mark.parametrize("command", ["resume", "rollback", "accept"])
def test_what_a_dead_run_left_beside_it_stays_as_it_is_too(
    world: World, command: str, tmp_path: Path
) -> None:
    """Closing a journal folds its write-ahead file into it; in a damaged one that would destroy evidence."""
    left = RunDir(tmp_path / "left")
    world.destination = Faulty(
        world.destination,
        meanwhile("PutObject", lambda: shutil.copytree(world.directory.path, left.path), nth=20),
    )
    migrated(world)
    database = sqlite3.connect(left.journal)
    database.execute("UPDATE records SET seq = seq + 1 WHERE record = 1")
    database.commit()
    shutil.copytree(left.path, world.directory.path, dirs_exist_ok=True)  # as if it had died here
    database.close()
    before = {each: each.read_bytes() for each in world.directory.path.glob("journal.sqlite*")}
    log = world.directory.path / "journal.sqlite-wal"
    assert len(before[log]) > PAGE
    there = world.destination_cloud.contents("to-bucket")
    assert getattr(world, command)().exit_code == 3
    gc.collect()  # what was opened is closed by now at the latest
    for file in (world.directory.journal, log):
        assert file.read_bytes() == before[file]
    assert world.destination_cloud.contents("to-bucket") == there


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_can_be_read_is_shown(
    world: World, damage: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    migrated(world)
    run = world.directory.run
    monkeypatch.setenv("MIGRATOR_HOME", str(world.root))
    DAMAGE[damage](world.directory.journal)
    before = files_of(world.directory)

    def told(*command: str) -> str:
        run_command_line(command)
        return capsys.readouterr().out

    for line in (told("runs", "--json"), told("status", run, "--json")):
        shown = json.loads(line)
        assert shown["run"] == run
        if damage != "a truncated file":
            assert shown["source"] == "AWS from-bucket/"
        if damage in READABLE:
            assert shown["ledger"]["copied"] == 40
        else:
            assert shown["state"] == "unreadable"
    assert run in told("runs")
    assert run in told("status", run)
    report = told("report", run)
    if damage in READABLE:
        assert len(report.splitlines()) == 41
    assert files_of(world.directory) == before


@pytest.mark.parametrize("damage", DAMAGE)
def test_other_runs_go_on_beside_it(world: World, damage: str) -> None:
    """It proves nothing any more: keys are compared afresh."""
    migrated(world)
    DAMAGE[damage](world.directory.journal)
    world.seed("new")
    again = world.run(insist=True)
    assert again.outcome is Outcome.COMPLETED
    assert world.there == world.here
    assert world.rollback(again.run).exit_code == 0
    assert set(world.here) - set(world.there) == {"new"}
