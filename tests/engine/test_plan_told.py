"""What a plan tells besides its books: every fate with its bytes, sizes, and any key that is asked for."""

from __future__ import annotations

import sqlite3

import pytest

from migrator.engine.plan_book import MOST_ROWS, PlanBook
from migrator.engine.service import EngineService
from migrator.model.events import Summary, Warned
from migrator.model.objects import ObjectVersion
from migrator.model.plan import Conflict, Copy, Filtered
from migrator.model.planned import SIZE_BINS, PlanMade, PlanRows, fate_of, size_bin
from tests.engine.test_runs import seeded
from tests.engine.test_service import service_of, until
from tests.support.world import WHEN, World


def listed(key: str, size_bytes: int = 3) -> ObjectVersion:
    return ObjectVersion(key, size_bytes, '"e"', WHEN)


@pytest.fixture
def book() -> PlanBook:
    made = PlanBook()
    made.save([(listed("a/1"), Copy()), (listed("a/2"), Filtered("max_date")), (listed("b/a/1"), Copy())])
    made.end()
    return made


def test_a_key_is_found_by_itself_by_its_beginning_and_by_what_it_contains(book: PlanBook) -> None:
    exact = book.find("a/1", "")
    assert exact.exact
    assert [row.key for row in exact.rows] == ["a/1"]
    assert [row.key for row in book.find("a/", "").rows] == ["a/1", "a/2"]
    assert [row.key for row in book.find("/1", "").rows] == ["a/1", "b/a/1"]
    assert book.find("nowhere", "").rows == ()
    book.close()


def test_an_outcome_narrows_what_is_found(book: PlanBook) -> None:
    (row,) = book.find("a", "filtered").rows
    assert (row.key, row.outcome, row.reason, row.size_bytes) == ("a/2", "filtered", "max_date", 3)
    assert [each.key for each in book.find("", "copy").rows] == ["a/1", "b/a/1"]
    book.close()


@pytest.mark.parametrize("key", ["50%_off", "a'b", "\udcff\udc80", "ключ", "x\x00y"])
def test_hostile_keys_are_found_as_they_are(key: str) -> None:
    book = PlanBook()
    book.save([(listed(key), Copy()), (listed("other"), Copy())])
    assert [row.key for row in book.find(key, "").rows] == [key]
    book.close()


def test_answers_are_bounded_and_say_so() -> None:
    book = PlanBook()
    book.save([(listed(f"k{n:04}"), Copy()) for n in range(MOST_ROWS + 1)])
    found = book.find("", "")
    assert len(found.rows) == MOST_ROWS
    assert found.more
    book.close()


def test_a_listing_that_begins_anew_begins_the_book_anew(book: PlanBook) -> None:
    book.restart()
    assert book.find("", "").rows == ()
    book.close()


def test_nothing_stays_on_disk(book: PlanBook) -> None:
    folder = book._path.parent
    assert folder.exists()
    book.close()
    assert not folder.exists()


def test_sizes_are_counted_in_bins_with_inclusive_bounds() -> None:
    assert [size_bin(bound) for bound in SIZE_BINS] == list(range(len(SIZE_BINS)))
    assert size_bin(SIZE_BINS[-1] + 1) == len(SIZE_BINS)


def test_every_action_has_a_fate() -> None:
    assert fate_of(Copy()) == ("copy", "new")
    assert fate_of(Copy(replaces=listed("a"))) == ("copy", "replace")
    assert fate_of(Conflict("exists")) == ("conflict", "exists")


def service_after_a_plan(world: World) -> tuple[EngineService, PlanMade]:
    service = service_of(world)
    service.plan(world.table, {})
    made = until(service, PlanMade)
    until(service, Summary)
    return service, made


def test_fates_add_up_to_what_was_listed(world: World) -> None:
    service, made = service_after_a_plan(seeded(world).set("filters", include=["[0-2]"]))
    assert sum(fate.objects for fate in made.fates) == 5
    assert {fate.outcome for fate in made.fates} == {"copy", "filtered"}
    copies = sum(fate.objects for fate in made.fates if fate.outcome == "copy")
    assert sum(made.sizes) == copies
    assert service.close(60)


def test_the_service_finds_keys_of_the_newest_plan_only(world: World) -> None:
    service, _ = service_after_a_plan(seeded(world))
    service.find_in_plan("", "")
    first = until(service, PlanRows)
    assert len(first.rows) == 5
    service.find_in_plan(first.rows[0].key, "copy")
    assert until(service, PlanRows).exact
    world.set("filters", include=["nothing"])
    service.plan(world.table, {})
    until(service, Summary)
    service.find_in_plan("", "copy")
    assert until(service, PlanRows).rows == ()
    assert service.close(60)


def test_a_list_that_cannot_be_read_is_told_and_can_be_asked_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, _ = service_after_a_plan(seeded(world))
    with monkeypatch.context() as broken:
        broken.setattr(PlanBook, "_found", _unreadable)
        service.find_in_plan("", "")
        assert "cannot be read: disk I/O error" in until(service, Warned).message
    service.find_in_plan("", "")
    assert len(until(service, PlanRows).rows) == 5
    assert service.close(60)


def _unreadable(*_: object) -> None:
    raise sqlite3.OperationalError("disk I/O error")


def test_a_question_without_a_plan_is_left_unanswered(world: World) -> None:
    service = service_of(world)
    service.find_in_plan("a", "")
    assert service.close(60)
    assert service.events.empty()
