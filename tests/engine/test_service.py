"""The engine behind a window: what it finds at a start, and commands that follow each other closely."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pytest

from migrator import credentials
from migrator.engine.service import MOST_FOUND, EngineService
from migrator.errors import ClockSkew
from migrator.model.drafts import ConfigWritten
from migrator.model.events import (
    EndChecked,
    Event,
    ListingProgress,
    ObjectCopied,
    Reported,
    RunForgotten,
    Summary,
    UnfinishedFound,
    Warned,
)
from migrator.model.ledger import Outcome
from migrator.model.not_copied import NotCopied
from migrator.model.past_runs import RunsListed
from migrator.store.memory import MemoryStore
from tests.engine.test_runs import crash, seeded
from tests.support.faulty import Faulty, fails
from tests.support.world import World
from tests.test_credentials import KEYS, Spoiling, Vault, use

E = TypeVar("E")


def service_of(world: World) -> EngineService:
    return EngineService(world.root, world._open)


def until(service: EngineService, kind: type[E]) -> E:
    seen: list[Event] = []
    while True:
        try:
            seen.append(service.events.get(timeout=60))
        except queue.Empty:
            raise AssertionError(f"no {kind.__name__} after {seen[-3:]}") from None
        if isinstance(seen[-1], kind):
            return seen[-1]


def found(service: EngineService) -> list[Event]:
    """Everything that looking for unfinished runs tells."""
    service.find_unfinished()
    assert service.close(60)
    seen = []
    while not service.events.empty():
        seen.append(service.events.get())
    return seen


@pytest.mark.usefixtures("inline")
def test_unfinished_runs_are_told_newest_first_with_their_books(world: World) -> None:
    crash(seeded(world), world.run, ObjectCopied)
    older = world.info()
    crash(world, lambda: world.run(insist=True), ObjectCopied, nth=1)
    newer, first = found(service_of(world))
    assert isinstance(newer, UnfinishedFound)
    assert isinstance(first, UnfinishedFound)
    assert (newer.run, first.run) == (world.info().run, older.run)
    assert (first.state, first.undo, first.name) == ("crashed", "", "of the tests")
    assert (first.source, first.destination, first.created) == (
        older.source,
        older.destination,
        older.created,
    )
    assert first.ledger == older.ledger.as_dict()


@pytest.mark.usefixtures("inline")
def test_a_start_is_not_flooded_with_unfinished_runs(world: World) -> None:
    seeded(world)
    for _ in range(MOST_FOUND + 2):
        crash(world, lambda: world.run(insist=True), ListingProgress, nth=1)
    assert len(found(service_of(world))) == MOST_FOUND


@pytest.mark.usefixtures("inline")
def test_nothing_is_found_where_nothing_is_unfinished(world: World) -> None:
    assert found(service_of(world)) == []
    seeded(world).run()
    assert found(service_of(world)) == []


def _at(world: World, url: str, name: str) -> World:
    """The world's job with both ends at an address, as its run's directory says."""
    world.set("source", endpoint_url=url).set("destination", endpoint_url=url)
    world.table["name"] = name
    return world


@pytest.mark.usefixtures("inline")
@pytest.mark.parametrize(
    ("name", "url", "offered"),
    [
        ("demo", "http://127.0.0.1:9000", 0),
        ("demo", "https://storage.example.org", 1),
        ("photos", "http://127.0.0.1:9000", 1),
    ],
)
def test_runs_of_a_demo_are_not_offered_because_its_services_are_gone(
    world: World, name: str, url: str, offered: int
) -> None:
    crash(_at(seeded(world), url, name), world.run, ObjectCopied)
    assert len(found(service_of(world))) == offered


class SlowToClose:
    """A store whose `close` takes until the gate opens."""

    def __init__(self, store: Any, gate: threading.Event) -> None:
        self._store, self._gate = store, gate

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def close(self) -> None:
        assert self._gate.wait(60)
        self._store.close()


@pytest.fixture
def closing(world: World) -> Callable[[], tuple[EngineService, threading.Event]]:
    """A service whose first run has said its last word and has not ended yet."""

    def begin() -> tuple[EngineService, threading.Event]:
        gate = threading.Event()
        seeded(world).destination = SlowToClose(world.destination, gate)
        service = service_of(world)
        service.start(world.table, {})
        assert until(service, Summary).outcome is Outcome.COMPLETED
        assert service.is_busy
        return service, gate

    return begin


def test_what_is_asked_for_at_the_last_word_waits_for_the_end_and_is_done(
    world: World, closing: Callable[[], tuple[EngineService, threading.Event]]
) -> None:
    service, gate = closing()
    service.rollback("latest")
    assert world.there
    gate.set()
    assert until(service, Summary).outcome is Outcome.ROLLED_BACK
    assert world.there == {}
    assert service.close(60)


def test_a_second_command_before_the_last_word_is_refused(
    world: World, closing: Callable[[], tuple[EngineService, threading.Event]]
) -> None:
    service, gate = closing()
    service.preview_rollback("latest")
    service.rollback("latest")
    assert until(service, Warned).code == "busy"
    gate.set()
    assert until(service, Summary).cause == "dry-run"
    assert len(world.there) == 5
    assert service.close(60)


def test_a_preview_changes_nothing_at_either_end(world: World) -> None:
    seeded(world).run()
    before = world.there
    service = service_of(world)
    service.preview_rollback("latest")
    end = until(service, Summary)
    assert (end.cause, end.removed) == ("dry-run", 5)
    assert service.close(60)
    assert world.there == before
    assert world.info().undo == ""


@pytest.mark.usefixtures("inline")
def test_runs_are_listed_newest_first_with_books_and_undo(world: World) -> None:
    seeded(world).run()
    world.run()
    service = service_of(world)
    service.list_runs()
    assert service.close(60)
    listed = until(service, RunsListed)
    newer, older = listed.runs
    assert listed.total == 2
    assert newer.run == world.info().run
    assert (older.state, older.undo, older.waits) == ("completed", "", False)
    assert older.ledger["copied"] == 5
    assert newer.ledger["same"] == 5
    assert older.directory.endswith(older.run)


@pytest.mark.usefixtures("inline")
def test_only_so_many_runs_are_listed_and_all_are_counted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migrator.engine.service.MOST_LISTED", 1)
    seeded(world).run()
    world.run()
    service = service_of(world)
    service.list_runs()
    assert service.close(60)
    listed = until(service, RunsListed)
    assert (len(listed.runs), listed.total) == (1, 2)


def test_a_plan_tells_and_writes_nothing(world: World) -> None:
    seeded(world)
    before = world.there
    service = service_of(world)
    service.plan(world.table, {})
    end = until(service, Summary)
    assert (end.outcome, end.ledger["planned"]) == (Outcome.PLANNED, 5)
    assert service.close(60)
    assert world.there == before
    service.list_runs()
    assert until(service, RunsListed).total == 0
    assert service.close(60)


def test_a_report_is_written_where_the_window_says_and_a_place_that_is_none_is_told(
    world: World, tmp_path: Path
) -> None:
    seeded(world).run()
    service = service_of(world)
    service.save_report("latest", "csv", str(tmp_path / "r.csv"))
    written = until(service, Reported)
    assert (tmp_path / "r.csv").read_text("utf-8").count("\n") == 6
    assert (written.format, len(written.sha256)) == ("csv", 64)
    service.save_report("latest", "csv", str(tmp_path / "nowhere" / "r.csv"))
    assert "could not be written" in until(service, Warned).message
    assert service.close(60)


@pytest.mark.parametrize(
    ("create", "ok", "code"), [(False, False, "NoSuchBucket"), (True, True, "will-create")]
)
def test_a_missing_bucket_is_told_by_its_code_unless_the_run_makes_it(
    world: World, create: bool, ok: bool, code: str
) -> None:
    world.set("destination", bucket="not-there", create_bucket=create)
    service = service_of(world)
    service.generate(world.table, {})
    found = [until(service, EndChecked), until(service, EndChecked)]
    (there,) = [each for each in found if each.side == "destination"]
    assert (there.ok, there.code) == (ok, code)
    assert service.close(60)


def test_a_run_is_compared_accepted_and_forgotten(world: World) -> None:
    seeded(world).run()
    run = world.directory.run
    service = service_of(world)
    service.forget(run)
    refused = until(service, Warned)
    assert refused.code == "forget"
    assert "can still be undone" in refused.message
    service.verify(run)
    assert until(service, Summary).outcome is Outcome.VERIFIED
    service.accept(run)
    assert until(service, Summary).exit_code == 0
    assert world.info().undo == "accepted"
    service.forget(run)
    assert until(service, RunForgotten).run == run
    assert service.close(60)
    assert not (world.root / "runs" / run).exists()


def test_what_a_run_said_at_its_end_is_kept_with_it(world: World) -> None:
    skewed = ClockSkew("The clock is off.", advice="Set the clock.")
    world.destination = Faulty(seeded(world).destination, fails("PutObject", skewed, nth=2, times=None))
    world.run()
    service = service_of(world)
    service.list_runs()
    assert until(service, RunsListed).runs[0].why == "The clock is off. Set the clock."
    assert service.close(60)


def test_the_runs_of_a_demo_that_goes_on_can_be_undone(world: World) -> None:
    url = "http://127.0.0.1:9000"
    service = service_of(_at(seeded(world), url, "demo"))
    service.start(world.table, {})
    until(service, Summary)
    service.list_runs()
    assert not until(service, RunsListed).runs[0].is_demo
    assert service.close(60)
    later = service_of(world)
    later.list_runs()
    assert until(later, RunsListed).runs[0].is_demo
    assert later.close(60)


def test_what_a_run_did_not_copy_is_named_by_its_cause(world: World) -> None:
    seeded(world)
    world.put_there("1", b"somebody else's")
    world.run()
    service = service_of(world)
    service.find_not_copied("latest", "different-content", 10)
    assert until(service, NotCopied) == NotCopied(
        world.directory.run, "different-content", ("1",), more=False
    )
    service.find_not_copied("latest", "archived", 10)
    assert until(service, NotCopied).keys == ()
    service.find_not_copied("20260101T000000000Z-000000", "archived", 10)
    assert until(service, Warned).code == "not-copied"
    assert service.close(60)


def test_trying_both_ends_is_stopped_before_the_file_is_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, asked, may_answer = service_of(world), threading.Event(), threading.Event()
    list_buckets = MemoryStore.list_buckets

    def waits(store: MemoryStore) -> object:
        asked.set()
        assert may_answer.wait(60)
        return list_buckets(store)

    monkeypatch.setattr(MemoryStore, "list_buckets", waits)
    vault = use(monkeypatch, Vault())
    monkeypatch.setattr(credentials, "_session", {})
    world.set("source", credentials="keyring:aws")
    service.generate(world.table, {"aws": KEYS})
    assert asked.wait(60)
    service.cancel()
    may_answer.set()
    end = until(service, Summary)
    assert end.message == "Stopped. The config file was not written."
    assert not service.job_file.exists()
    assert vault is not None
    assert vault.entries == {}, "stopped, so nothing is stored either"
    assert service.close(60)


def test_keys_that_the_vault_spoils_are_told_of_and_kept_in_memory(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, Spoiling(keeps=True))
    monkeypatch.setattr(credentials, "_session", {})
    world.set("source", credentials="keyring:aws")
    service = service_of(world)
    service.generate(world.table, {"aws": KEYS})
    assert 'The keys "aws" could not be removed' in until(service, Warned).message
    assert until(service, ConfigWritten).vault == ""
    assert credentials.load("aws") == KEYS
    assert service.close(60)


def test_what_is_told_beside_a_command_says_nothing_of_its_end(world: World) -> None:
    """It may come between a command's last word and its being noted."""

    class Noted(EngineService):
        written: ClassVar[list[object]] = []

        def __setattr__(self, name: str, value: object) -> None:
            if name == "_said_its_last_word":
                self.written.append(value)
            super().__setattr__(name, value)

    service = Noted(world.root, world._open)
    service.written.clear()
    service._tell(Warned("runs", "told by another thread"))
    assert service.written == []
    service.verify("latest")
    until(service, Summary)
    assert service.written == [False, True]
    assert service.close(60)
