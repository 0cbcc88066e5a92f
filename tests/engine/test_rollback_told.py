"""What a rollback tells while it runs and writes down, and which requests it sends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from migrator.engine.rollback import SETTLE_S
from migrator.errors import AccessDenied, BadCredentials, ClockSkew, StoreError
from migrator.model.events import ObjectUndone, RollbackProgress, Summary, Warned
from migrator.model.ledger import Outcome
from migrator.model.objects import RESERVED_PREFIX
from migrator.model.undo import Undo
from migrator.store.base import Versioning
from tests.support.faulty import WRITES, Call, Crash, Fault, Faulty, fails
from tests.support.world import PART, TO, World

pytestmark = pytest.mark.usefixtures("inline")


@pytest.fixture
def still(world: World) -> World:
    """Six copies beside somebody's object, and a clock that moves only when somebody waits."""
    world.clock.monotonic = lambda: world.clock.skipped_s  # type: ignore[method-assign]
    return migrated(world)


def migrated(world: World, keys: int = 6) -> World:
    for number in range(keys):
        world.seed(f"{number}", f"body {number}".encode())
    world.put_there("theirs", b"was here before")
    assert world.run().outcome is Outcome.COMPLETED
    world.forget_events()
    return world


def rolled_back(world: World, **how: bool) -> Summary:
    world.forget_events()
    return world.rollback(**how)


def crashed(world: World, operation: str, *, after: bool = False, **when: Any) -> None:
    """A run that dies at a request, before or after that is carried out."""

    def die(*_: object) -> None:
        raise Crash

    inner = world.destination
    fault = Fault(operation, **{"after" if after else "before": die}, **when)
    world.destination = Faulty(inner, fault)
    with pytest.raises(Crash):
        world.run()
    world.destination = inner


# -- books ----------------------------------------------------------------------------------------


def test_progress_counts_what_was_removed_and_what_stays(still: World) -> None:
    still.put_there("2", b"by someone")
    still.set("transfer", existing="overwrite")
    waited_s = still.clock.skipped_s
    summary = rolled_back(still)
    assert still.clock.skipped_s == waited_s + 60, "only the minute before each command of this world"
    assert (summary.removed, summary.restored, summary.left_in_place) == (5, 0, 1)
    assert still.of(RollbackProgress) == [
        RollbackProgress(0, 6, 0, 0, 0),
        RollbackProgress(6, 6, 5, 0, 1),
    ]
    entries = still.entries()
    assert (entries["2"].undo, entries["2"].message) == (Undo.NOT_OURS, "not-ours")
    assert (entries["1"].undo, entries["1"].message) == (Undo.DELETED, "")


def test_progress_counts_what_was_restored(world: World) -> None:
    world.set("transfer", existing="overwrite")
    for key in "ab":
        world.seed(key, b"new")
        world.put_there(key, b"old")
    world.run()
    assert (rolled_back(world).restored, world.there) == (2, {"a": b"old", "b": b"old"})
    assert world.of(RollbackProgress)[-1] == RollbackProgress(2, 2, 0, 2, 0)


@pytest.mark.parametrize(("each_s", "told"), [(0.0, 2), (0.125, 5), (0.5, 14)])
def test_progress_is_told_so_often_at_most(
    still: World, each_s: float, told: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twelve ends of tasks, six judgements and six deletes; beside them the beginning and the end."""
    monkeypatch.setattr("migrator.engine.rollback.TICK_S", 0.5)

    def takes(call: Call) -> None:
        still.clock.skipped_s += each_s

    first_looks = {f"{number}" for number in range(6)}
    slow = [Fault("HeadObject", key=key, before=takes) for key in first_looks]
    slow += [Fault("DeleteObject", key=key, before=takes) for key in first_looks]
    still.destination = Faulty(still.destination, *slow)
    rolled_back(still)
    assert len(still.of(RollbackProgress)) == told


def test_a_failure_is_written_down_with_its_message(still: World) -> None:
    still.destination = Faulty(
        still.destination, fails("DeleteObject", AccessDenied("You may not."), key="3", times=None)
    )
    assert rolled_back(still).left_in_place == 1
    assert [each for each in still.of(ObjectUndone) if each.action == "left"] == [
        ObjectUndone("3", "left", "You may not.")
    ]
    entry = still.entries()["3"]
    assert (entry.undo, entry.message) == (Undo.HUMAN, "You may not.")


PAUSES = [(BadCredentials("no such key"), "credentials"), (ClockSkew("an hour apart"), "clock-skew")]


@pytest.mark.parametrize(("first", "cause"), PAUSES)
def test_what_pauses_a_rollback_is_what_came_first_and_the_others_are_done(
    still: World, first: StoreError, cause: str
) -> None:
    """Undone newest first."""
    inner = still.destination
    others = fails("DeleteObject", BadCredentials("and this"), key="1")
    still.destination = Faulty(inner, fails("DeleteObject", first, key="4"), others)
    paused = rolled_back(still)
    assert (paused.outcome, paused.exit_code, paused.cause) == (Outcome.PAUSED, 5, cause)
    assert (others.struck, set(still.there)) == (1, {"theirs", "1", "4"})
    still.destination = inner
    assert rolled_back(still).removed == 2
    assert set(still.there) == {"theirs"}


@pytest.mark.parametrize(("first", "cause"), PAUSES)
def test_what_pauses_while_it_is_only_looked_stops_before_anything_is_changed(
    new_world: Callable[..., World], first: StoreError, cause: str
) -> None:
    world = migrated(new_world(versioning=Versioning.ENABLED))
    inner = world.destination
    inner.calls.clear()
    world.destination = Faulty(inner, fails("HeadObject", first, key="1"))
    paused = rolled_back(world)
    assert (paused.outcome, paused.exit_code, paused.cause) == (Outcome.PAUSED, 5, cause)
    assert not [operation for operation, _, _ in inner.calls if operation in WRITES]
    assert {entry.undo for entry in world.entries().values()} == {Undo.NONE}
    world.destination = inner
    assert rolled_back(world).removed == 6


def test_a_defect_in_a_task_ends_the_rollback_and_is_said_to_be_one(still: World) -> None:
    still.destination = Faulty(
        still.destination,
        fails("HeadObject", RuntimeError("a defect"), key="1"),  # type: ignore[arg-type]
    )
    failed = rolled_back(still)
    assert (failed.outcome, failed.exit_code) == (Outcome.FAILED, 1)
    assert "a defect" in failed.message


# -- requests -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("keys", "batches"), [(1, 0), (2, 1), (6, 1)])
def test_versions_go_in_one_request_where_there_are_several(
    new_world: Callable[..., World], keys: int, batches: int
) -> None:
    world = migrated(new_world(versioning=Versioning.ENABLED), keys)
    store = world.destination
    store.calls.clear()
    assert rolled_back(world).removed == keys
    sent = [operation for operation, _, _ in store.calls]
    assert sent.count("DeleteObjects") == batches
    assert sent.count("DeleteObject") == (0 if batches else keys)
    assert [line.version.key for line in world.destination_cloud.list_versions(TO)] == ["theirs"]


def test_what_fails_in_a_batch_is_tried_by_itself(new_world: Callable[..., World]) -> None:
    world = migrated(new_world(versioning=Versioning.ENABLED))
    store = world.destination
    kept: list[tuple[str, str]] = []

    class KeepsOne(Faulty):
        def delete_versions(self, bucket: str, versions: list[tuple[str, str]]) -> dict[Any, StoreError]:
            kept.append(versions[0])
            store.delete_versions(bucket, versions[1:])
            return {versions[0]: AccessDenied("no")}

    world.destination = KeepsOne(store)
    store.calls.clear()
    assert rolled_back(world).removed == 6
    deleted = [key for operation, _, key in store.calls if operation == "DeleteObject"]
    assert deleted == [kept[0][0]]


def test_a_rollback_relies_on_what_the_run_saw_honoured(still: World) -> None:
    sent: list[str] = []
    record = Fault("DeleteObject", times=None, before=lambda call: sent.append(call.kwargs["if_match"]))
    still.destination = Faulty(still.destination, record)
    etags = sorted(entry.after_etag for entry in still.entries().values())
    rolled_back(still)
    assert sorted(sent) == etags


# -- after a crash --------------------------------------------------------------------------------


def test_writes_that_never_happened_are_looked_at_twice_and_not_told(world: World) -> None:
    world.clock.monotonic = lambda: world.clock.skipped_s  # type: ignore[method-assign]
    for number in range(4):
        world.seed(f"{number}")
    crashed(world, "PutObject", nth=3)
    waited_s = world.clock.skipped_s
    summary = rolled_back(world)
    assert world.clock.skipped_s == waited_s + 60 + SETTLE_S
    assert (summary.removed, summary.left_in_place) == (2, 0)
    assert [each.key for each in world.of(ObjectUndone)] == ["1", "0"]
    first, last = world.of(RollbackProgress)[0], world.of(RollbackProgress)[-1]
    assert (first.done, last.done, last.total) == (0, first.total, first.total)
    assert last.total > 2, "what was under way counts too"


def test_no_more_than_so_many_are_looked_at_twice(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("migrator.engine.rollback.MOST_DOUBTFUL", 1)
    for number in range(4):
        world.seed(f"{number}")
    crashed(world, "PutObject", nth=1)
    inner = world.destination
    looks: list[str] = []
    record = Fault("HeadObject", times=None, before=lambda call: looks.append(call.key))
    world.destination = Faulty(inner, record)
    rolled_back(world)
    under_way = [key for key, entry in world.entries().items() if entry.attempt]
    assert len(under_way) > 1
    assert len(looks) == len(under_way) + 1


def test_an_upload_that_was_open_is_closed_in_the_records_too(world: World, small_parts: None) -> None:
    world.seed("a", b"x" * 5 * PART)
    world.seed("b", b"x" * 5 * PART)
    crashed(world, "UploadPart", nth=3)
    assert any(entry.upload_id for entry in world.entries().values())
    assert rolled_back(world).exit_code == 0
    assert [entry.upload_id for entry in world.entries().values()] == [None, None]
    assert world.open_uploads == []


def test_a_probe_that_stays_is_named(world: World) -> None:
    world.seed("a")
    crashed(world, "PutObject", nth=3, reserved=True)
    (probe,) = (key for key in world.destination_cloud.contents(TO) if key.startswith(RESERVED_PREFIX))
    inner = world.destination
    denied = fails("DeleteObject", AccessDenied("no"), times=None, reserved=True)
    world.destination = Faulty(inner, denied)
    assert (rolled_back(world).exit_code, world.of(ObjectUndone)) == (
        4,
        [ObjectUndone(probe, "left", "stays-there")],
    )
    world.destination = inner
    assert rolled_back(world).exit_code == 0
    assert world.destination_cloud.contents(TO) == {}


def test_saved_copies_are_told_of_and_counted_also_where_they_are_empty(world: World) -> None:
    world.set("transfer", existing="overwrite")
    for key in "ab":
        world.seed(key, b"new")
        world.put_there(key, b"")
    world.run()
    world.put_there("b", b"by someone")
    assert rolled_back(world).left_in_place == 1
    (warned,) = world.of(Warned)
    assert warned.code == "saved-kept"
    assert warned.message.startswith("Not everything is back, so 2 saved copies stay where they are.")


def test_everything_that_stays_is_counted(world: World) -> None:
    world.set("transfer", existing="overwrite")
    for key in "abc":
        world.seed(key, b"new")
        world.put_there(key, b"old")
    world.run()
    saved = [entry.saved_as for entry in world.entries().values()]
    denied = [fails("DeleteObject", AccessDenied("no"), key=key, times=None) for key in saved]
    world.destination = Faulty(world.destination, *denied)
    summary = rolled_back(world)
    assert (summary.restored, summary.left_in_place) == (3, 3)
    assert world.of(ObjectUndone)[3:] == [ObjectUndone(key or "", "left", "stays-there") for key in saved]


def test_a_bucket_that_was_being_made_goes_and_one_that_is_used_is_named(world: World) -> None:
    world.destination_cloud.delete_bucket(TO)
    world.seed("a")
    world.set("destination", create_bucket=True)
    crashed(world, "CreateBucket", after=True)
    assert rolled_back(world).exit_code == 0
    assert world.destination_cloud.buckets() == []
    world.run(insist=True)
    world.put_there("theirs")
    assert rolled_back(world).left_in_place == 1
    assert world.of(ObjectUndone) == [
        ObjectUndone("a", "removed", ""),
        ObjectUndone(f"{TO}/", "left", "bucket-kept"),
    ]
