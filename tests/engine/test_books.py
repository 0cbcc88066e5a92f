"""A key that is lost between the source's pages and the journal is noticed, and the run is not green."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from migrator.ending_words import ending
from migrator.engine import planner, steps
from migrator.engine.journal import Journal
from migrator.engine.runs import run_info
from migrator.model.ledger import Outcome
from migrator.model.objects import RESERVED_PREFIX
from tests.support.faulty import Unsorted
from tests.support.world import World, counts


@pytest.fixture
def filled(world: World) -> World:
    for number in range(5):
        world.seed(f"{number}")
    world.may_lie = True
    return world


def journal_loses(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    add = Journal.add_listed

    def lossy(self: Journal, decided: Iterable[Any]) -> int:
        return add(self, [each for each in decided if each[0].key != key])

    monkeypatch.setattr(Journal, "add_listed", lossy)


def planner_loses(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    keep = planner.Planner._save

    def lossy(self: planner.Planner, decisions: Iterable[Any], save: Any) -> None:
        keep(self, (each for each in decisions if each[0].key != key), save)

    monkeypatch.setattr(planner.Planner, "_save", lossy)


@pytest.mark.unbalanced
@pytest.mark.parametrize("loses", [journal_loses, planner_loses])
@pytest.mark.parametrize("key", ["0", "2", "4"])
def test_a_lost_key_turns_the_run_red(
    filled: World, monkeypatch: pytest.MonkeyPatch, loses: Callable[..., None], key: str
) -> None:
    loses(monkeypatch, key)
    end = filled.run()
    assert (end.outcome, end.exit_code, end.cause) == (Outcome.FAILED, 1, "unbalanced")
    assert counts(end) == {"listed": 5, "planned": 4, "copied": 4}
    told = ending(end)
    assert told.headline == "The run ended, but not everything is accounted for."
    assert "1 of 5 listed keys are not on record" in told.detail
    assert filled.info().state == "failed"


@pytest.mark.unbalanced
def test_a_plan_that_loses_a_key_is_no_plan(filled: World, monkeypatch: pytest.MonkeyPatch) -> None:
    planner_loses(monkeypatch, "2")
    end = filled.plan()
    assert (end.outcome, end.exit_code) == (Outcome.FAILED, 1)


@pytest.mark.unbalanced
def test_going_on_with_a_run_does_not_make_its_lost_key_forgotten(
    filled: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as lossy:
        journal_loses(lossy, "2")
        filled.run()
    for again in (filled.resume, filled.verify):
        end = again()
        assert (end.outcome, end.exit_code, end.cause) == (Outcome.FAILED, 1, "unbalanced")
    assert filled.rollback().outcome is Outcome.ROLLED_BACK  # what it wrote is gone again: that is no lie


@pytest.mark.unbalanced
def test_a_row_that_vanishes_later_is_missed(filled: World) -> None:
    filled.run()
    journal = Journal.open(filled.directory, filled.clock)
    journal._write("DELETE FROM objects WHERE key = x'32'")
    journal.commit()
    journal.close()
    assert not filled.info().ledger.balances
    assert filled.resume().exit_code == 1


def test_a_listing_that_was_interrupted_counts_each_key_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planner, "BATCH", 2)
    for number in range(9):
        world.seed(f"{number}")
    listed = []

    def stop(batch: Any) -> None:
        listed.append(batch)
        if len(listed) == 2:
            world.ports.stop.ask(2)

    tick = steps.Session.tick
    monkeypatch.setattr(steps.Session, "tick", lambda self: (tick(self), stop(1))[0])
    assert world.run().outcome is Outcome.STOPPED
    assert 0 < world.info().ledger.listed < 9
    end = world.resume()
    assert end.outcome is Outcome.COMPLETED
    assert counts(end) == {"listed": 9, "planned": 9, "copied": 9}


def test_keys_that_are_listed_twice_and_keys_of_our_own_are_named_apart(world: World) -> None:
    """Migrating out of a bucket that holds saved copies of ours: hidden, and said so."""
    world.put_there("a", b"old")
    world.seed("a", b"new")
    world.set("transfer", existing="overwrite")
    first = world.run()
    saved = [key for key in world.destination_cloud.contents("to-bucket") if key.startswith(RESERVED_PREFIX)]
    assert len(saved) == 1
    world.table["source"], world.table["destination"] = (
        {**world.table["source"], "bucket": "to-bucket"},
        {**world.table["destination"], "bucket": "from-bucket"},
    )
    end = world.plan()
    assert first.ledger["hidden"] == 0
    assert (end.ledger["hidden"], end.ledger["listed"]) == (1, 1)


def test_an_end_that_repeats_keys_and_lists_without_order_still_balances(world: World) -> None:
    for number in range(7):
        world.seed(f"{number}")
    world.source = Unsorted(world.source, lambda keys: [*reversed(keys), keys[2], keys[2], *keys[:3]])
    end = world.run()
    assert (end.outcome, end.ledger["listed"]) == (Outcome.COMPLETED, 7)
    assert end.ledger["repeated"] == 5
    assert run_info(world.directory, world.clock).ledger.listed == 7
