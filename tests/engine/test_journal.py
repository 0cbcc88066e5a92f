"""The journal's own promises: see the rules at the top of `engine/journal.py`."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from migrator.engine import journal as journals
from migrator.engine.home import RunDir, RunLock, create_run, is_busy
from migrator.engine.journal import Journal
from migrator.errors import JournalBusy, JournalCorrupt, JournalError
from migrator.model.events import Phase, PhaseChanged
from migrator.model.ledger import Outcome
from migrator.model.objects import ObjectVersion, UploadedPart
from migrator.model.plan import Copy, Filtered, Same
from migrator.model.undo import NEXT, State, Undo
from tests.support.world import PART, WHEN, StillClock, World, counts

CLOCK = StillClock()
META = {"run": "r", "migration": "m", "outcome": "running"}


def listed(key: str, size: int = 4, etag: str = "e") -> ObjectVersion:
    return ObjectVersion(key, size, etag, WHEN)


@pytest.fixture
def directory(tmp_path: Path) -> RunDir:
    return create_run(tmp_path, "20260102T030405Z-abcdef")


@pytest.fixture
def journal(directory: RunDir) -> Iterator[Journal]:
    made = Journal.create(directory, CLOCK, META)
    yield made
    made.close()


# -- states ---------------------------------------------------------------------------------------


def shortest_way(goal: State) -> list[State]:
    """States from PLANNED to `goal` along NEXT."""
    ways = [[State.PLANNED]]
    for way in ways:
        if way[-1] is goal:
            return way
        ways += [[*way, state] for state in sorted(NEXT[way[-1]]) if state not in way]
    raise AssertionError(f"{goal} cannot be reached")


@pytest.mark.parametrize("before", list(State))
def test_only_legal_steps_are_recorded(journal: Journal, before: State) -> None:
    journal.add_listed([(listed(f"{after}"), Copy()) for after in State])
    for after in State:
        way = shortest_way(before)
        for step in way[1:]:
            entry = journal.by_key(f"{after}")
            assert entry is not None
            journal.move(entry, step)
        entry = journal.by_key(f"{after}")
        assert entry is not None
        assert entry.state is before
        if after in NEXT[before] or after is before:
            journal.move(entry, after)
        else:
            with pytest.raises(JournalError, match="may not become"):
                journal.move(entry, after)


def test_a_stale_entry_cannot_take_a_step_twice(journal: Journal) -> None:
    """The control thread may hold a row that was read before the last step."""
    journal.add_listed([(listed("a"), Copy())])
    (entry,) = journal.in_states([State.PLANNED])
    journal.move(entry, State.WRITE_INTENT, attempt=1)
    journal.move(entry, State.MPU_OPEN, upload_id="u")
    with pytest.raises(JournalError):
        journal.move(entry, State.WRITE_INTENT)


# -- what survives --------------------------------------------------------------------------------


def test_only_what_is_committed_survives(directory: RunDir) -> None:
    journal = Journal.create(directory, CLOCK, META)
    journal.add_listed([(listed("a"), Copy())])
    journal.commit()
    journal.add_listed([(listed("b"), Copy())])
    journal.close()
    reopened = Journal.open(directory, CLOCK)
    assert [entry.key for entry in reopened.iterate()] == ["a"]
    assert reopened.listed_to() == "a"
    reopened.close()


def test_any_committed_prefix_of_the_file_can_be_opened(directory: RunDir, tmp_path: Path) -> None:
    """A copy taken at any moment is what a crash at that moment would have left."""
    journal = Journal.create(directory, CLOCK, META)
    for number in range(10):
        journal.add_listed([(listed(f"{number}"), Copy())])
        journal.commit()
        copy = RunDir(tmp_path / f"copy{number}" / directory.run)
        shutil.copytree(directory.path, copy.path)
        reopened = Journal.open(copy, CLOCK)
        assert reopened.ledger().listed == number + 1
        reopened.close()
    journal.close()


def test_a_reader_sees_committed_rows_beside_the_writer(directory: RunDir, journal: Journal) -> None:
    journal.add_listed([(listed("a"), Copy()), (listed("b"), Same())])
    journal.commit()
    journal.add_listed([(listed("c"), Copy())])
    reader = Journal.read_only(directory, CLOCK)
    assert [entry.key for entry in reader.iterate()] == ["a", "b"]
    with pytest.raises(JournalError):
        reader.set_meta(outcome="completed")
    reader.close()
    journal.commit()
    reader = Journal.read_only(directory, CLOCK)
    assert reader.ledger().listed == 3
    reader.close()


def test_durability_is_not_negotiable(directory: RunDir, journal: Journal) -> None:
    database = journal._db
    assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert database.execute("PRAGMA synchronous").fetchone() == (2,)
    assert directory.journal.stat().st_mode & 0o777 == 0o600


def test_space_is_set_aside_while_writing_and_given_back(directory: RunDir) -> None:
    journal = Journal.create(directory, CLOCK, META)
    assert directory.reserve.stat().st_size == journals.RESERVE_BYTES
    journal.close()
    assert not directory.reserve.exists()


# -- keys -----------------------------------------------------------------------------------------

TWINS = [
    "caf\u00e9",
    "cafe\u0301",
    "A",
    "a",
    "a/",
    "a//",
    "\U0001f600",
    "\udc80",
    "\udcff",
    "\x00",
    "é ",
    "é",
]


def test_keys_that_look_alike_are_different_keys(journal: Journal) -> None:
    journal.add_listed([(listed(key, size=number), Copy()) for number, key in enumerate(TWINS)])
    journal.commit()
    assert journal.ledger().listed == len(TWINS)
    for number, key in enumerate(TWINS):
        entry = journal.by_key(key)
        assert entry is not None
        assert (entry.key, entry.size_bytes) == (key, number)


def test_keys_come_in_the_order_of_their_bytes(journal: Journal) -> None:
    from migrator.model.objects import key_bytes

    journal.add_listed([(listed(key), Copy()) for key in TWINS])
    keys: list[str] = []
    while page := journal.after_key(keys[-1] if keys else None, limit=2):
        keys += [entry.key for entry in page]
    assert keys == sorted(TWINS, key=key_bytes)


def test_a_key_listed_twice_is_one_row(journal: Journal) -> None:
    journal.add_listed([(listed("a"), Copy()), (listed("a", size=9), Filtered("max_size"))])
    assert [entry.size_bytes for entry in journal.iterate()] == [4]


# -- tampering ------------------------------------------------------------------------------------


def with_records(directory: RunDir) -> None:
    journal = Journal.create(directory, CLOCK, META)
    journal.add_listed([(listed("a"), Copy()), (listed("b"), Copy())])
    for entry in journal.in_states([State.PLANNED]):
        journal.move(entry, State.WRITE_INTENT, attempt=1)
        journal.move(entry, State.COMMITTED)
        journal.set_undo(entry.seq, Undo.DELETED)
    journal.commit()
    journal.close()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE records SET state = 'failed' WHERE record = 2",
        "UPDATE records SET seq = 2 WHERE record = 1",
        "UPDATE records SET at_us = at_us + 1 WHERE record = 6",
        "DELETE FROM records WHERE record = 3",
        "DELETE FROM records WHERE record = 1",
        "INSERT INTO records (at_us, seq, state, chain) VALUES (1, 1, 'failed', x'00')",
    ],
)
def test_changed_records_are_noticed(directory: RunDir, change: str) -> None:
    with_records(directory)
    Journal.open(directory, CLOCK).close()
    with sqlite3.connect(directory.journal) as database:
        database.execute(change)
    database.close()
    with pytest.raises(JournalCorrupt):
        Journal.open(directory, CLOCK)


@pytest.mark.parametrize("damage", [b"", b"not a database at all, but long enough to be one" * 100])
def test_a_damaged_file_is_refused(world: World, damage: bytes) -> None:
    world.seed("a")
    world.run()
    for extra in world.directory.path.glob("journal.sqlite-*"):
        extra.unlink()
    world.directory.journal.write_bytes(damage)
    summary = world.resume()
    assert summary.outcome in (Outcome.REFUSED, Outcome.PAUSED)
    assert summary.exit_code in (3, 5)
    assert world.info().state == "unreadable"
    assert world.there == {"a": b"body"}


def test_a_journal_of_a_newer_release_is_left_alone(world: World) -> None:
    world.seed("a")
    world.run()
    with sqlite3.connect(world.directory.journal) as database:
        database.execute("UPDATE meta SET value = '99' WHERE name = 'schema'")
    database.close()
    summary = world.rollback()
    assert (summary.outcome, summary.exit_code) == (Outcome.REFUSED, 3)
    assert "99" in summary.message
    assert world.there == {"a": b"body"}


# -- uploads --------------------------------------------------------------------------------------


def test_open_uploads_are_known_until_they_are_closed(journal: Journal) -> None:
    journal.add_listed([(listed("a"), Copy()), (listed("b"), Copy())])
    entry, _ = journal.in_states([State.PLANNED])
    journal.move(entry, State.WRITE_INTENT, attempt=1)
    journal.move(entry, State.MPU_OPEN, upload_id="u1", part_size=PART)
    journal.add_part(entry.seq, UploadedPart(1, "e", PART), "m")
    assert [each.upload_id for each in journal.open_uploads()] == ["u1"]
    journal.close_upload(entry.seq)
    assert journal.open_uploads() == []


# -- a full disk ----------------------------------------------------------------------------------


@pytest.mark.parametrize("extra", [0, 1, 3])
@pytest.mark.parametrize("phase", [Phase.LISTING, Phase.COPYING])
def test_a_full_disk_pauses_and_resume_completes(
    world: World,
    small_parts: None,
    inline: None,
    limited: Callable[[int | None], None],
    phase: Phase,
    extra: int,
) -> None:
    for number in range(400):
        world.seed(f"{number:03}-{'k' * 40}")
    world.seed("large", b"x" * 3 * PART)

    def on_event(event: object) -> None:
        if isinstance(event, PhaseChanged) and event.phase is phase:
            limited(extra)

    world.on_event = on_event
    paused = world.run()
    assert (paused.outcome, paused.exit_code, paused.cause) == (Outcome.PAUSED, 5, "disk-full")
    world.on_event = lambda _: None
    resumed = world.resume()
    assert resumed.outcome is Outcome.COMPLETED
    assert counts(resumed) == {"listed": 401, "planned": 401, "copied": 401}
    assert world.there == world.here
    assert not world.open_uploads
    assert world.rollback().exit_code == 0
    assert world.there == {}


def no_space_for(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of this name cannot be made."""
    there = os.open

    def full(path: Any, *rest: Any, **more: Any) -> int:
        if Path(path).name == name:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return there(path, *rest, **more)

    monkeypatch.setattr(os, "open", full)


@pytest.mark.parametrize("name", ["lock", "run.log", "reserve"])
def test_a_disk_without_room_for_a_run_refuses_it_and_leaves_nothing_behind(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    world.seed("a")
    no_space_for(name, monkeypatch)
    summary = world.run()
    assert (summary.outcome, summary.exit_code, summary.cause) == (Outcome.REFUSED, 3, "journal")
    assert list((world.root / "runs").iterdir()) == []
    assert world.there == {}


def test_a_run_of_the_same_name_is_not_taken_for_our_own_leftovers(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.seed("a")
    world.run()
    monkeypatch.setattr("migrator.engine.ports.Ports.new_run_id", lambda _: world.directory.run)
    assert world.run().exit_code == 3
    assert world.entries()["a"].state is State.COMMITTED


def test_a_journal_gets_its_name_only_when_its_file_is_whole(
    directory: RunDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where rows could not be moved out of the write-ahead file, closing would not tell."""
    connect = journals._connect

    class Full(sqlite3.Connection):
        def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
            if "wal_checkpoint" in statement:
                raise sqlite3.OperationalError("disk I/O error")
            return super().execute(statement, *values)

    def full(path: Path) -> sqlite3.Connection:
        connect(path).close()
        return sqlite3.connect(path, isolation_level=None, factory=Full)

    monkeypatch.setattr(journals, "_connect", full)
    with pytest.raises(JournalError):
        Journal.create(directory, CLOCK, META)
    assert not directory.journal.exists()


def test_nothing_is_sent_that_is_not_written_down(
    world: World, small_parts: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rule 1, seen from outside: at every write, the journal on disk holds an intent for that key."""
    from tests.support.faulty import Call, Fault, Faulty

    for number in range(9):
        world.seed(f"{number}")
    world.seed("large", b"x" * 3 * PART)
    intents = {
        "PutObject": {State.WRITE_INTENT},
        "CreateMultipartUpload": {State.WRITE_INTENT},
        "UploadPart": {State.MPU_OPEN},
        "CompleteMultipartUpload": {State.COMPLETE_INTENT},
    }
    wrong: list[str] = []

    def look(call: Call) -> None:
        state = world.entries()[call.key].state
        if state not in intents[call.operation]:
            wrong.append(f"{call.operation} of {call.key} while {state}")

    watch = Fault(frozenset(intents), times=None, before=look)
    world.destination = Faulty(world.destination, watch)
    assert world.run().outcome is Outcome.COMPLETED
    assert watch.struck == 14
    assert wrong == []


# -- the lock -------------------------------------------------------------------------------------


def test_the_lock_is_held_once_and_let_go(directory: RunDir) -> None:
    assert not is_busy(directory)
    with RunLock(directory):
        assert is_busy(directory)
        with pytest.raises(JournalBusy), RunLock(directory):
            pass
    assert not is_busy(directory)


def test_a_run_can_be_looked_at_while_it_goes_on(world: World) -> None:
    states = []
    for number in range(5):
        world.seed(f"{number}")
    world.on_event = lambda event: isinstance(event, PhaseChanged) and states.append(world.info().state)
    world.run()
    assert set(states) == {"running"}
    assert world.info().state == "completed"


def test_states_change_one_step_at_a_time_in_a_real_run(world: World, small_parts: None) -> None:
    """Reads the records of a finished run: each object's states follow one another legally."""
    for number in range(5):
        world.seed(f"{number}")
    world.seed("large", b"x" * 3 * PART)
    world.run()
    database = sqlite3.connect(world.directory.journal)
    ways: dict[int, list[State]] = {}
    for seq, state in database.execute("SELECT seq, state FROM records WHERE seq > 0 ORDER BY record"):
        ways.setdefault(seq, [State.PLANNED]).append(State(state))
    database.close()
    assert len(ways) == 6
    for way in ways.values():
        assert all(after in NEXT[before] for before, after in pairwise(way)), way
        assert way[-1] is State.COMMITTED
