"""A newer release reads, resumes and undoes the runs of an older one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import pytest

from migrator.engine.journal import Journal
from migrator.engine.schema import VERSION
from migrator.errors import JournalCorrupt
from migrator.model.capabilities import Capabilities
from migrator.model.ledger import Outcome
from migrator.store.base import Versioning
from tests.support.faulty import Faulty, meanwhile
from tests.support.world import TO, World


def as_version_1_wrote_it(world: World) -> None:
    """Version 1 knew no saved copies, no probes, and nothing of what a write replaces but its ETag."""
    database = sqlite3.connect(world.directory.journal)
    database.executescript(
        "ALTER TABLE parts DROP COLUMN crc32;"
        "DROP TABLE reserved; DROP INDEX objects_by_history; ALTER TABLE objects DROP COLUMN prior_kind;"
        "DELETE FROM meta WHERE name IN ('capabilities', 'bucket', 'relies_on', 'listing');"
        "UPDATE meta SET value = '1' WHERE name = 'schema';"
    )
    # Its chain of records holds objects only.
    assert database.execute("SELECT COUNT(*) FROM records").fetchone()[0] > 0
    database.close()


@pytest.fixture
def old(new_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch) -> World:
    """A world whose runs wrote no probes, as version 1 did."""
    monkeypatch.setattr("migrator.engine.probing.Probing.run", lambda *_, **__: Capabilities())
    world = new_world(versioning=Versioning.ENABLED)
    for number in range(5):
        world.seed(f"{number}", f"body {number}".encode())
    world.put_there("0", b"old")
    return world.set("transfer", existing="overwrite")


def test_an_old_run_is_rolled_back(old: World) -> None:
    before = old.destination_cloud.list_versions(TO)
    assert old.run().outcome is Outcome.COMPLETED
    as_version_1_wrote_it(old)
    assert old.info().ledger.copied == 5
    assert old.info().bytes_kept == 0
    journal = Journal.read_only(old.directory, old.clock)
    assert [entry.prior_kind for entry in journal.iterate()] == [""] * 5
    assert (journal.kept(), journal.may_keep_late(), journal.reserved("saved")) == ((0, 0), False, [])
    journal.close()
    assert old.rollback(dry_run=True).restored == 1
    undone = old.rollback()
    assert (undone.exit_code, undone.removed, undone.restored) == (0, 4, 1)
    assert old.destination_cloud.list_versions(TO) == before


def test_an_old_run_is_resumed(old: World) -> None:
    inner = old.destination
    old.destination = Faulty(inner, meanwhile("PutObject", lambda: old.ports.stop.ask(), nth=2))
    assert old.run().outcome is Outcome.STOPPED
    old.destination = inner
    as_version_1_wrote_it(old)
    assert old.resume().outcome is Outcome.COMPLETED
    assert old.there == old.here
    assert old.rollback().exit_code == 0
    assert old.there == {"0": b"old"}


def test_a_run_of_a_release_to_come_is_left_alone(old: World) -> None:
    old.run()
    database = sqlite3.connect(old.directory.journal)
    database.execute("UPDATE meta SET value = '99' WHERE name = 'schema'")
    database.commit()
    database.close()
    with pytest.raises(JournalCorrupt, match=f"version 99; this release reads up to {VERSION}"):
        Journal.open(old.directory, old.clock)
    assert old.info().state == "unreadable"
    assert old.rollback().exit_code == 3
    assert len(old.there) == 5


def as_version_2_wrote_it(world: World) -> None:
    """Version 2 had one row for each key."""
    database = sqlite3.connect(world.directory.journal)
    (columns,) = database.execute(
        "SELECT group_concat(name) FROM pragma_table_info('objects')"
        " WHERE name NOT IN ('source_version', 'kind', 'sent_us')"
    ).fetchone()
    (table,) = database.execute("SELECT sql FROM sqlite_master WHERE name = 'objects'").fetchone()
    older = table.partition(",\n    source_version")[0].replace("BLOB NOT NULL,", "BLOB NOT NULL UNIQUE,", 1)
    database.executescript(
        "ALTER TABLE parts DROP COLUMN crc32; DROP INDEX objects_by_history; DROP INDEX objects_by_state;"
        f"ALTER TABLE objects RENAME TO newer; {older});"
        f"INSERT INTO objects ({columns}) SELECT {columns} FROM newer; DROP TABLE newer;"
        "CREATE INDEX objects_by_state ON objects (state, seq)"
        " WHERE state NOT IN ('committed', 'skipped');"
        "UPDATE meta SET value = '2' WHERE name = 'schema';"
    )
    assert "source_version" not in database.execute("SELECT sql FROM sqlite_master").fetchall()[0][0]
    database.close()


def test_a_run_of_version_2_is_looked_at_resumed_and_rolled_back(new_world: Callable[..., World]) -> None:
    world = new_world(versioning=Versioning.ENABLED)
    for number in range(5):
        world.seed(f"{number}", f"body {number}".encode())
    before = world.destination_cloud.list_versions(TO)
    inner = world.destination
    world.destination = Faulty(inner, meanwhile("PutObject", lambda: world.ports.stop.ask(), nth=4))
    assert world.run().outcome is Outcome.STOPPED
    world.destination = inner
    rows = world.entries()
    as_version_2_wrote_it(world)
    assert world.entries() == rows  # without changing it
    assert world.resume().outcome is Outcome.COMPLETED
    assert world.there == world.here
    as_version_2_wrote_it(world)
    assert world.rollback().exit_code == 0
    assert world.destination_cloud.list_versions(TO) == before
