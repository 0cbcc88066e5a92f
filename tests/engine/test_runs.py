"""What is told about runs without working on them, and how their records end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from migrator.engine.forgetting import forget_run
from migrator.engine.home import RunLock, all_runs
from migrator.engine.runs import RunInfo, list_runs, waiting_runs
from migrator.errors import JournalBusy, UnknownRun, UsageError
from migrator.model.events import ObjectCopied, ObjectUndone
from migrator.model.ledger import Outcome
from tests.support.faulty import Crash
from tests.support.world import World

pytestmark = pytest.mark.usefixtures("inline")


def crash(world: World, command: Callable[[], object], kind: type, nth: int = 2) -> None:
    """The process dies when it tells the nth event of a kind; a second passes with each event."""
    seen = 0

    def hear(event: object) -> None:
        nonlocal seen
        world.clock.skip(1)
        seen += isinstance(event, kind)
        if seen == nth:
            raise Crash

    world.on_event = hear
    with pytest.raises(Crash):
        command()
    world.on_event = lambda _: None


def waiting(world: World) -> list[str]:
    return [info.run for info in waiting_runs(world.root, world.clock)]


def seeded(world: World) -> World:
    for number in range(5):
        world.seed(f"{number}")
    return world


def test_a_crashed_run_waits_for_a_person_and_says_how_far_it_came(world: World) -> None:
    crash(seeded(world), world.run, ObjectCopied)
    (info,) = waiting_runs(world.root, world.clock)
    assert (info.state, info.is_busy, info.phase) == ("crashed", False, "")
    assert info.is_broken_off
    assert 0 < info.ledger.copied < info.ledger.planned == 5
    assert info.changed > info.created


def test_the_newest_waiting_run_comes_first(world: World) -> None:
    crash(seeded(world), world.run, ObjectCopied)
    first = world.directory.run
    crash(world, lambda: world.run(insist=True), ObjectCopied, nth=1)
    assert waiting(world) == [world.directory.run, first]


def test_a_run_that_ended_or_was_undone_or_accepted_waits_for_nobody(world: World) -> None:
    crash(seeded(world), world.run, ObjectCopied)
    assert world.rollback().outcome is Outcome.ROLLED_BACK
    assert waiting(world) == []
    crash(world, lambda: world.run(insist=True), ObjectCopied)
    world.accept()
    assert waiting(world) == []
    assert world.run(insist=True).outcome is Outcome.COMPLETED
    assert waiting(world) == []


def test_a_run_under_way_in_another_process_is_not_offered(world: World) -> None:
    crash(seeded(world), world.run, ObjectCopied)
    with RunLock(world.directory):
        assert waiting(world) == []
        assert world.info().state == "running"
    assert waiting(world) == [world.directory.run]


def test_a_roll_back_that_broke_off_waits_to_be_ended(world: World) -> None:
    assert seeded(world).run().outcome is Outcome.COMPLETED
    crash(world, world.rollback, ObjectUndone)
    (info,) = waiting_runs(world.root, world.clock)
    assert info.is_undo_broken_off
    assert not info.is_unfinished
    assert world.rollback().outcome is Outcome.ROLLED_BACK
    assert waiting(world) == []


def test_the_phase_is_told_from_the_journal_while_the_run_goes_on(world: World) -> None:
    phases: list[str] = []
    kinds: list[type] = []

    def hear(event: object) -> None:
        if isinstance(event, ObjectCopied | ObjectUndone) and type(event) not in kinds:
            kinds.append(type(event))
            info: RunInfo = world.info()
            assert info.is_busy
            phases.append(info.phase)

    world.on_event = hear
    seeded(world).run()
    world.rollback()
    assert phases == ["copying", "rolling-back"]
    assert world.info().phase == ""


# -- forget ----------------------------------------------------------------------------------------


def test_an_undone_or_accepted_run_can_be_forgotten(world: World) -> None:
    seeded(world).run()
    world.rollback()
    path = world.directory.path
    assert forget_run(world.root, "latest", world.clock) == path.name
    assert not path.exists()
    assert all_runs(world.root) == []
    world.run()
    world.accept()
    forget_run(world.root, "latest", world.clock)
    assert list_runs(world.root, world.clock) == []
    assert world.there == world.here


def test_a_run_that_can_be_undone_is_not_forgotten(world: World) -> None:
    seeded(world).run()
    with pytest.raises(UsageError, match=r"can still be undone.*migrator accept.*migrator rollback"):
        forget_run(world.root, "latest", world.clock)
    assert world.rollback().outcome is Outcome.ROLLED_BACK


def test_a_run_whose_undo_had_to_leave_something_is_not_forgotten(world: World) -> None:
    seeded(world).run()
    world.put_there("3", b"by someone")
    assert world.rollback().outcome is Outcome.ROLLBACK_INCOMPLETE
    with pytest.raises(UsageError, match="not complete"):
        forget_run(world.root, "latest", world.clock)
    assert world.directory.journal.exists()


def test_a_run_that_somebody_works_on_is_not_forgotten(world: World) -> None:
    seeded(world).run()
    world.accept()
    with RunLock(world.directory), pytest.raises(JournalBusy):
        forget_run(world.root, "latest", world.clock)
    assert world.directory.journal.exists()


def test_nothing_is_forgotten_where_there_is_nothing(world: World) -> None:
    with pytest.raises(UnknownRun):
        forget_run(world.root, "latest", world.clock)
