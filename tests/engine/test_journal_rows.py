"""What each step of a run leaves in its journal: every column of every row, as another process reads it."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partialmethod
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from migrator.engine import journal as journals
from migrator.engine import schema
from migrator.engine.home import RunDir, create_run
from migrator.engine.journal import Journal
from migrator.engine.journal_file import GENESIS, link, translated
from migrator.engine.orders import Copied
from migrator.engine.schema import Entry
from migrator.errors import JournalCorrupt, JournalError, JournalFull
from migrator.model.ledger import Assurance
from migrator.model.objects import ObjectVersion, UploadedPart, Written
from migrator.model.plan import Conflict, Copy, Filtered, Same, Unsupported
from migrator.model.undo import State, Undo
from tests.support.world import WHEN, StillClock

RUN = "20260102T030405Z-abcdef"
MIB = 1024 * 1024
WHEN_US = int(WHEN.timestamp()) * 1_000_000
COPIED = Copied(Written("after", "v1"), "d1gest", "md5", Assurance.DIGEST, has_token=False)
#: A row of `objects` right after the listing.
FRESH: dict[str, Any] = {
    "shard": 0,
    "etag": "e",
    "modified_us": WHEN_US,
    "storage_class": "STANDARD",
    "action": "copy",
    "reason": "",
    "state": "planned",
    "attempt": 0,
    "prior_etag": None,
    "prior_size": None,
    "prior_version": None,
    "prior_kind": "",
    "saved_as": None,
    "part_size": None,
    "upload_id": None,
    "after_etag": "",
    "after_version": None,
    "has_token": 1,
    "digest": "",
    "digest_kind": "",
    "assurance": "",
    "cause": "",
    "message": "",
    "undo": "",
    "source_version": "",
    "kind": "object",
    "sent_us": None,
}


def row(seq: int, key: bytes, size_bytes: int = 4, **others: Any) -> dict[str, Any]:
    return {**FRESH, "seq": seq, "key": key, "size_bytes": size_bytes, **others}


def listed(key: str, size: int = 4, etag: str = "e") -> ObjectVersion:
    return ObjectVersion(key, size, etag, WHEN)


@pytest.fixture
def directory(tmp_path: Path) -> RunDir:
    return create_run(tmp_path, RUN)


@pytest.fixture
def journal(directory: RunDir) -> Iterator[Journal]:
    made = Journal.create(directory, StillClock(), {"run": RUN, "created": WHEN.isoformat()})
    yield made
    made.close()


@pytest.fixture
def rows(directory: RunDir, journal: Journal) -> Callable[[str], list[dict[str, Any]]]:
    """Reads a table as another process does, once everything is committed."""

    def read(table: str) -> list[dict[str, Any]]:
        journal.commit()
        database = sqlite3.connect(directory.journal)
        database.row_factory = sqlite3.Row
        found = [dict(each) for each in database.execute(f"SELECT * FROM {table} ORDER BY 1, 2")]
        database.close()
        return found

    return read


Rows = Callable[[str], list[dict[str, Any]]]


def add(journal: Journal, *keys: str, size: int = 4) -> list[Entry]:
    journal.add_listed([(listed(key, size), Copy()) for key in keys])
    return [entry for entry in journal.iterate() if entry.key in keys]


# -- the listing ----------------------------------------------------------------------------------


def test_a_listing_leaves_what_was_decided_and_how_far_it_got(journal: Journal, rows: Rows) -> None:
    before = {"shard": 0, "first_after": b"", "last": None, "listed_to": None, "is_listed": 0}
    journal.add_listed([])
    assert rows("shards") == [before]
    assert (journal.listed_to(), journal.is_listed()) == ("", False)
    replaced = ObjectVersion("a", 7, "old", WHEN)
    journal.add_listed(
        [
            (listed("a"), Copy(replaced)),
            (listed("b"), Same()),
            (listed("c"), Filtered("max_size")),
            (listed("d"), Unsupported("archived")),
            (ObjectVersion("é", 5, "x", WHEN + timedelta(microseconds=3), "GLACIER"), Conflict("exists")),
        ]
    )
    assert rows("objects") == [
        row(1, b"a", prior_etag="old", prior_size=7),
        row(2, b"b", action="same", state="skipped"),
        row(3, b"c", action="filtered", reason="max_size", state="skipped"),
        row(4, b"d", action="unsupported", reason="archived", state="skipped"),
        row(
            5,
            "é".encode(),
            5,
            etag="x",
            modified_us=WHEN_US + 3,
            storage_class="GLACIER",
            action="conflict",
            reason="exists",
            state="conflict",
        ),
    ]
    assert rows("shards") == [{**before, "listed_to": "é".encode()}]
    assert journal.listed_to() == "é"
    journal.end_listing()
    assert rows("shards") == [{**before, "listed_to": "é".encode(), "is_listed": 1}]
    assert journal.is_listed()
    assert (journal.bytes_listed(), journal.filtered_by()) == (21, {"max_size": 1})
    assert journal.has_overwrites()
    journal.forget_listing()
    assert (rows("objects"), rows("shards")) == ([], [before])
    assert not journal.has_overwrites()


def test_versions_of_a_key_are_numbered_downwards_in_a_block_of_their_own(
    journal: Journal, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are listed newest first and written oldest first, in the order of their numbers."""
    monkeypatch.setattr(schema, "BLOCK", 3)

    def version(key: str, version_id: str, *, is_marker: bool = False) -> ObjectVersion:
        return ObjectVersion(key, 4, "e", WHEN, version_id=version_id, is_marker=is_marker)

    journal.add_listed([(version("a", "v2"), Copy()), (version("a", "v1", is_marker=True), Copy())])
    journal.add_listed([(version("b", "w3"), Copy())])
    journal.add_listed([(version("b", "w2"), Copy()), (version("b", "w1"), Copy())])
    found = [(each["seq"], each["key"], each["source_version"], each["kind"]) for each in rows("objects")]
    assert found == [
        (4, b"a", "v1", "marker"),
        (5, b"a", "v2", "object"),
        (6, b"b", "w1", "object"),
        (7, b"b", "w2", "object"),
        (8, b"b", "w3", "object"),
    ]
    with pytest.raises(JournalError, match="3 versions of one key"):
        journal.add_listed([(version("b", "w0"), Copy())])
    journal.abandon()
    journal.forget_listing()
    journal.add_listed([(version("a", "v2"), Copy())])
    assert [each["seq"] for each in rows("objects")] == [5]


# -- objects --------------------------------------------------------------------------------------


def test_a_copy_leaves_what_was_written_and_forgets_what_failed_before(journal: Journal, rows: Rows) -> None:
    _, second = add(journal, "a", "b")
    journal.move(second, State.WRITE_INTENT, attempt=1, upload_id="u")
    journal.move(second, State.FAILED, cause="SlowDown", message="Please slow down.")
    failed = row(2, b"b", state="failed", attempt=1, upload_id="u", cause="SlowDown")
    assert rows("objects") == [row(1, b"a"), {**failed, "message": "Please slow down."}]
    (second,) = journal.in_states([State.FAILED])
    journal.commit_copy(second, COPIED)
    copied = row(
        2,
        b"b",
        state="committed",
        attempt=1,
        after_etag="after",
        after_version="v1",
        has_token=0,
        digest="d1gest",
        digest_kind="md5",
        assurance="digest",
    )
    assert rows("objects") == [row(1, b"a"), copied]
    assert [(each["seq"], each["state"]) for each in rows("records")] == [
        (2, "write-intent"),
        (2, "failed"),
        (2, "committed"),
    ]
    assert not journal._states, "what is settled is not kept in memory"


def test_each_change_is_of_one_object(journal: Journal, rows: Rows) -> None:
    _, second = add(journal, "a", "b")
    journal.set_action(second.seq, "unsupported")
    journal.set_prior(second.seq, "ours")
    journal.refresh(second, ObjectVersion("b", 9, "e2", WHEN + timedelta(seconds=1), "GLACIER"))
    changed = row(
        2, b"b", 9, action="unsupported", prior_etag="ours", etag="e2", modified_us=WHEN_US + 1_000_000
    )
    assert rows("objects") == [row(1, b"a"), changed]
    journal.set_undo(second.seq, Undo.HUMAN, "Nobody knows.")
    assert rows("objects") == [row(1, b"a"), {**changed, "undo": "rb-human", "message": "Nobody knows."}]
    journal.set_undo(second.seq, Undo.DONE)
    done = {**changed, "undo": "rb-done", "message": "Nobody knows."}
    assert rows("objects") == [row(1, b"a"), done], "without a reason the message stays"
    assert [(each["seq"], each["state"]) for each in rows("records")] == [(2, "rb-human"), (2, "rb-done")]


def test_parts_go_with_their_upload_and_no_other(journal: Journal, rows: Rows) -> None:
    first, second = add(journal, "a", "b", size=30 * MIB)
    for entry in (first, second):
        journal.move(entry, State.WRITE_INTENT, attempt=1)
        journal.move(entry, State.MPU_OPEN, upload_id=f"u{entry.seq}")
        for number in (2, 1):
            journal.add_part(entry.seq, UploadedPart(number, f"p{number}", 5), f"m{number}")
    assert journal.parts(1) == [(UploadedPart(1, "p1", 5), "m1"), (UploadedPart(2, "p2", 5), "m2")]
    journal.add_part(1, UploadedPart(2, "again", 6), "m3")
    assert journal.parts(1)[1] == (UploadedPart(2, "again", 6), "m3")
    journal.keep_parts(2, [UploadedPart(1, "p1", 5), UploadedPart(2, "other", 5)])
    assert journal.parts(2) == [(UploadedPart(1, "p1", 5), "m1")]
    assert [entry.upload_id for entry in journal.open_uploads()] == ["u1", "u2"]
    journal.close_upload(1)
    assert (journal.parts(1), journal.parts(2)) == ([], [(UploadedPart(1, "p1", 5), "m1")])
    assert [each["upload_id"] for each in rows("objects")] == [None, "u2"]


# -- what we keep for ourselves -------------------------------------------------------------------


def test_what_is_kept_is_announced_seen_and_gone(journal: Journal, rows: Rows) -> None:
    (entry,) = add(journal, "a")
    probe, saved = ".migrator/r/probe/x", ".migrator/r/saved/1"
    as_probe = {"id": 1, "key": probe.encode(), "kind": "probe", "seq": None, "size_bytes": 0, "etag": ""}
    as_saved = {"id": 2, "key": saved.encode(), "kind": "saved", "seq": 1, "size_bytes": 0, "etag": ""}
    assert journal.reserved_at(saved) is None
    journal.reserve(probe, "probe")
    journal.reserve(saved, "saved", entry.seq)
    assert rows("reserved") == [{**as_probe, "state": "intent"}, {**as_saved, "state": "intent"}]
    assert journal.kept() == (0, 0)
    journal.keep(saved, "e", 7)
    there = {**as_saved, "size_bytes": 7, "etag": "e", "state": "there"}
    assert rows("reserved") == [{**as_probe, "state": "intent"}, there]
    assert journal.kept() == (1, 7)
    assert [each.key for each in journal.reserved("saved")] == [saved]
    journal.release(saved)
    assert rows("reserved")[1] == {**there, "state": "gone"}
    assert (journal.kept(), journal.reserved("saved")) == ((0, 0), [])
    found = journal.reserved_at(saved)
    assert found is not None
    assert found.state == "gone"
    journal.reserve(saved, "saved", entry.seq)
    assert rows("reserved")[1]["state"] == "intent"
    assert [(each["seq"], each["state"]) for each in rows("records")] == [
        (-1, "probe-intent"),
        (-2, "saved-intent"),
        (-2, "saved-there"),
        (-2, "saved-gone"),
        (-2, "saved-intent"),
    ]


def test_what_may_land_late_is_a_probe_or_the_copy_that_was_being_made(journal: Journal) -> None:
    (entry,) = add(journal, "a")
    assert not journal.may_keep_late()
    journal.reserve("probe", "probe")
    assert journal.may_keep_late()
    journal.release("probe")
    journal.reserve("saved", "saved", entry.seq)
    assert not journal.may_keep_late(), "nothing of it was begun"
    journal.move(entry, State.BACKUP_INTENT)
    assert journal.may_keep_late()
    journal.keep("saved", "e", 1)
    assert not journal.may_keep_late()


# -- questions ------------------------------------------------------------------------------------


def test_the_books_add_up_over_all_kinds_of_rows(journal: Journal) -> None:
    plans = [Copy(), Copy(), Copy(), Conflict("exists"), Conflict("exists"), Same(), Filtered("x")]
    journal.add_listed([(listed(f"{number}", 10**number), plan) for number, plan in enumerate(plans)])
    entries = {entry.key: entry for entry in journal.iterate()}
    journal.move(entries["3"], State.PLANNED)
    entries = {entry.key: entry for entry in journal.iterate()}
    for key in ("0", "1", "3"):
        journal.move(entries[key], State.WRITE_INTENT, attempt=1)
        level = Assurance.ETAG if key == "1" else Assurance.DIGEST
        journal.commit_copy(entries[key], Copied(Written("e"), "", "", level, has_token=True))
    books = journal.ledger()
    assert (books.listed, books.planned, books.copied, books.verified) == (7, 5, 3, 3)
    assert (books.left, books.conflicts, books.same, books.filtered) == (1, 1, 1, 1)
    assert (books.bytes_planned, books.bytes_copied) == (11111, 1011)
    assert books.assurance == {"digest": 2, "etag": 1}
    assert books.balances


def test_questions_are_answered_a_page_at_a_time(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory does not grow with the number of keys."""
    keys = [f"{number:04}" for number in range(1001)]
    add(journal, *keys)
    assert [entry.key for entry in journal.in_states([State.PLANNED])] == keys[:256]
    assert [entry.key for entry in journal.after_key(None)] == keys[:1000]
    assert [entry.key for entry in journal.after_key("0000")] == keys[1:]
    assert [entry.key for entry in journal.iterate(batch=400)] == keys
    assert journal.by_key("none") is None
    for entry in journal.in_states([State.PLANNED], limit=300):
        journal.move(entry, State.WRITE_INTENT, attempt=1)
        journal.reserve(entry.key, "probe")
    assert [entry.key for entry in journal.to_undo(before_seq=258)] == keys[256:0:-1]
    assert [each.key for each in journal.reserved("probe")] == keys[:256]


def test_uploads_of_unknown_id_are_found_on_every_page(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Journal, "in_states", partialmethod(Journal.in_states, limit=2))
    entries = add(journal, *"abcdefgh", size=30 * MIB)
    for entry in entries:
        journal.move(entry, State.WRITE_INTENT, attempt=1)
    journal.move(entries[2], State.FAILED)
    journal.move(entries[3], State.MPU_OPEN, upload_id="known")
    found = [entry.key for entry in islice(journal.orphans(), 20)]
    assert found == list("abcefgh")


def test_the_last_change_is_told_in_utc(journal: Journal) -> None:
    assert journal.changed() == WHEN.isoformat()
    ended = (WHEN + timedelta(hours=1)).isoformat()
    journal.set_meta(ended=ended)
    assert journal.changed() == ended
    (entry,) = add(journal, "a")
    journal.move(entry, State.WRITE_INTENT)
    assert journal.changed() == "2026-01-02T03:04:05+00:00"
    journal.set_meta(ended="2026-01-02T03:04:06+00:00")
    assert journal.changed() == "2026-01-02T03:04:06+00:00"


def test_clocks_may_differ_by_what_s3_allows(journal: Journal) -> None:
    assert journal.began() == WHEN - timedelta(minutes=15)
    journal.set_meta(created="2026-01-02T03:04:05+00:00")
    assert journal.began() == datetime.fromisoformat("2026-01-02T02:49:05+00:00")


# -- the file -------------------------------------------------------------------------------------


def test_abandoning_goes_back_to_the_last_commit_and_makes_room(
    journal: Journal, directory: RunDir, rows: Rows
) -> None:
    (entry,) = add(journal, "a")
    journal.move(entry, State.WRITE_INTENT, attempt=1)
    journal.commit()
    journal.move(entry, State.COMMITTED, message="lost")
    assert journal.has_uncommitted
    assert directory.reserve.exists()
    journal.abandon()
    assert not journal.has_uncommitted
    assert not directory.reserve.exists()
    assert rows("objects") == [row(1, b"a", state="write-intent", attempt=1)]
    journal.move(entry, State.WRITE_INTENT, cause="full")
    journal.abandon()
    journal.abandon()
    (entry,) = journal.in_states([State.WRITE_INTENT])
    journal.move(entry, State.FAILED, cause="full")
    assert rows("objects") == [row(1, b"a", state="failed", attempt=1, cause="full")]
    journal.close()
    Journal.open(directory, StillClock()).close()  # what was chained after it fits


def test_abandoning_before_the_first_record_keeps_the_chain(journal: Journal, directory: RunDir) -> None:
    (entry,) = add(journal, "a")
    journal.commit()
    journal.move(entry, State.WRITE_INTENT)
    journal.abandon()
    (entry,) = journal.in_states([State.PLANNED])
    journal.move(entry, State.WRITE_INTENT)
    journal.commit()
    journal.close()
    Journal.open(directory, StillClock()).close()


def test_last_words_are_not_stopped_by_a_disk_that_fails(journal: Journal, directory: RunDir) -> None:
    directory.reserve.unlink()
    directory.reserve.mkdir()  # something that cannot be unlinked
    add(journal, "a")
    journal.abandon()
    journal.close()
    journal.abandon()  # the file is gone, too
    reader = Journal.read_only(directory, StillClock())
    reader.abandon()
    reader.close()


def test_space_is_set_aside_again_when_a_journal_is_opened(
    journal: Journal, directory: RunDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert directory.reserve.stat().st_mode & 0o777 == 0o600
    journal.close()
    opened = Journal.open(directory, StillClock())
    assert directory.reserve.stat().st_size == journals.RESERVE_BYTES
    opened.close()
    assert not directory.reserve.exists()

    def full(_: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(journals, "_write_reserve", full)
    Journal.open(directory, StillClock()).close()  # a nearly full disk: on without it
    assert not directory.reserve.exists()


def test_a_name_is_durable_before_it_is_relied_on(directory: RunDir, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr("os.fsync", lambda descriptor: synced.append(descriptor))
    Journal.create(directory, StillClock(), {"run": RUN}).close()
    assert len(synced) == 1, "the directory; SQLite syncs its own files"
    monkeypatch.setattr(journals, "os", SimpleNamespace(name="nt"))
    journals._sync_directory(directory.path)  # Windows has no such call


@pytest.mark.parametrize("column", ["at_us = 'x'", "seq = 'x'", "state = 5", "chain = 'x'"])
def test_records_of_another_kind_are_damage_and_the_run_is_named(
    journal: Journal, directory: RunDir, column: str
) -> None:
    for entry in add(journal, "a", "b"):
        journal.move(entry, State.WRITE_INTENT)
    journal.commit()
    journal.close()
    database = sqlite3.connect(directory.journal)
    database.execute(f"UPDATE records SET {column} WHERE record = 1")
    database.commit()
    database.close()
    with pytest.raises(JournalCorrupt, match=f"journal of {RUN} does not fit together from record 1 on"):
        Journal.open(directory, StillClock())


@pytest.mark.parametrize("way", [Journal.open, Journal.read_only])
def test_a_journal_of_a_release_to_come_is_named(
    journal: Journal, directory: RunDir, way: Callable[..., Journal]
) -> None:
    journal.set_meta(schema="99")
    journal.commit()
    journal.close()
    with pytest.raises(JournalCorrupt, match=f"journal of {RUN} has version 99"):
        way(directory, StillClock())


def test_a_reader_cannot_write(journal: Journal, directory: RunDir) -> None:
    reader = Journal.read_only(directory, StillClock())
    with pytest.raises(Exception, match="readonly"):
        reader.set_meta(outcome="changed")
    reader.close()


def test_the_chain_is_what_older_releases_made(journal: Journal) -> None:
    record = GENESIS + b"|17|-2|saved-there"
    assert link(GENESIS, 17, -2, "saved-there") == hashlib.sha256(record).digest()


@pytest.mark.parametrize("name", ["SQLITE_FULL", "SQLITE_IOERR", "SQLITE_IOERR_WRITE"])
def test_a_disk_that_is_full_or_fails_is_a_full_journal(name: str) -> None:
    cause = sqlite3.OperationalError("disk I/O error")
    cause.sqlite_errorname = name
    with pytest.raises(JournalFull), translated():
        raise cause
