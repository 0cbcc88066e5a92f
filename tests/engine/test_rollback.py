"""Undo: the destination as it was before, and nobody else's work touched. Rules: `engine/rollback.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partialmethod
from typing import Any

import pytest

from migrator.engine.journal import Journal
from migrator.errors import (
    AccessDenied,
    BadCredentials,
    NotFound,
    NotS3,
    NotSupported,
    PreconditionFailed,
    Rejected,
    StoreError,
    Throttled,
    Transient,
    Unreachable,
)
from migrator.model.events import ObjectUndone
from migrator.model.ledger import Outcome
from migrator.store.base import Versioning
from migrator.store.memory_bucket import ListedVersion
from migrator.store.patience import Policy
from tests.support.faulty import OPERATIONS, WRITES, Call, Fault, Faulty, fails, loses_the_answer, meanwhile
from tests.support.world import FROM, PART, TO, World, counts


def migrated(world: World, keys: int = 6) -> str:
    for number in range(keys):
        world.seed(f"{number}", f"body {number}".encode())
    world.put_there("theirs", b"was here before")
    run = world.run()
    assert run.ledger["copied"] == keys
    world.forget_events()
    return run.run


def undone(world: World) -> dict[str, tuple[str, str]]:
    return {each.key: (each.action, each.reason) for each in world.of(ObjectUndone)}


@pytest.mark.parametrize("versioning", list(Versioning)[:3])
def test_rollback_puts_the_destination_back(
    new_world: Callable[..., World], small_parts: None, versioning: Versioning
) -> None:
    world = new_world(versioning=versioning)
    world.seed("large", b"x" * 3 * PART)
    world.put_there("theirs", b"was here before")
    world.seed("small")
    run = world.run()
    summary = world.rollback(run.run)
    assert (summary.outcome, summary.exit_code) == (Outcome.ROLLED_BACK, 0)
    assert (summary.removed, summary.left_in_place) == (2, 0)
    assert world.there == {"theirs": b"was here before"}
    assert summary.ledger == run.ledger
    if versioning is Versioning.ENABLED:
        assert [line.version.key for line in world.destination_cloud.list_versions(TO)] == ["theirs"]


def test_an_end_that_cannot_match_the_etag_of_parts(world: World, small_parts: None) -> None:
    """OpenStack Swift: the right ETag in If-Match is 412 for an object that was made of parts."""
    world.seed("large", b"x" * 3 * PART)
    world.seed("small")
    error = PreconditionFailed("At least one of the preconditions did not hold.", code="PreconditionFailed")
    fault = Fault("DeleteObject", key="large", times=None, before=lambda call: _refuse_condition(call, error))
    world.run()
    world.destination = Faulty(world.destination, fault)
    summary = world.rollback()
    assert fault.struck
    assert (summary.exit_code, summary.removed) == (0, 2)
    assert world.there == {}


class Uncovering:
    """As OpenStack Swift: a version that goes in a batch leaves its key without a current one."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.bare: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def delete_versions(self, bucket: str, versions: Any) -> Any:
        self.bare |= {key for key, _ in versions}
        return self._inner.delete_versions(bucket, versions)

    def head(self, bucket: str, key: str, *, version_id: str | None = None) -> Any:
        if key in self.bare and version_id is None:
            raise NotFound("not found", code="NoSuchKey")
        return self._inner.head(bucket, key, version_id=version_id)

    def versions(self, bucket: str, key: str) -> Any:
        found = self._inner.versions(bucket, key)
        return [replace(each, is_latest=False) for each in found] if key in self.bare else found

    def copy(self, bucket: str, key: str, to_key: str, **how: Any) -> Any:
        self.bare.discard(to_key)
        return self._inner.copy(bucket, key, to_key, **how)


def test_a_version_below_is_shown_again_also_where_a_batch_leaves_none_current(
    new_world: Callable[..., World],
) -> None:
    world = new_world(versioning=Versioning.ENABLED)
    world.set("transfer", existing="overwrite")
    for key in ("a", "b"):
        world.put_there(key, f"old {key}".encode())
        world.seed(key, f"new {key}".encode())
    world.run()
    world.destination = store = Uncovering(world.destination)
    summary = world.rollback()
    assert (summary.exit_code, summary.restored) == (0, 2)
    assert store.bare == set()
    assert world.there == {"a": b"old a", "b": b"old b"}


def _refuse_condition(call: Call, error: StoreError) -> None:
    if call.kwargs.get("if_match"):
        raise error


def test_rollback_leaves_later_writers_alone(world: World) -> None:
    migrated(world)
    world.put_there("2", b"by someone")
    world.put_there("3", b"body 3")  # the same bytes, but not our object
    summary = world.rollback()
    assert (summary.outcome, summary.exit_code) == (Outcome.ROLLBACK_INCOMPLETE, 4)
    assert (summary.removed, summary.left_in_place) == (4, 2)
    assert set(world.there) == {"theirs", "2", "3"}
    assert undone(world)["2"] == undone(world)["3"] == ("left", "not-ours")


def test_rollback_keeps_the_last_copy_unless_told_otherwise(world: World) -> None:
    migrated(world)
    world.source_cloud.delete(FROM, "1")
    world.seed("2", b"newer")
    summary = world.rollback()
    assert (summary.exit_code, summary.removed, summary.left_in_place) == (4, 4, 2)
    assert {key for key, (action, _) in undone(world).items() if action == "left"} == {"1", "2"}
    assert undone(world)["1"] == ("left", "kept-last-copy")
    assert world.rollback(even_last_copy=True).exit_code == 0
    assert set(world.there) == {"theirs"}


def test_a_source_bucket_that_is_gone_makes_every_copy_the_last_one(world: World) -> None:
    migrated(world)
    for key in list(world.here):
        world.source_cloud.delete(FROM, key)
    world.source_cloud.delete_bucket(FROM)
    summary = world.rollback()
    assert (summary.exit_code, summary.removed, summary.left_in_place) == (4, 0, 6)
    assert len(world.there) == 7


def test_rollback_without_the_source_is_refused(world: World) -> None:
    migrated(world)
    world.source = Faulty(world.source, fails("ListObjectsV2", Unreachable("no route"), times=None))
    summary = world.rollback()
    assert (summary.outcome, summary.exit_code) == (Outcome.REFUSED, 3)
    assert len(world.there) == 7
    assert world.info().undo == ""


def test_copies_that_the_source_cannot_vouch_for_stay(world: World) -> None:
    migrated(world)
    world.source = Faulty(world.source, fails("HeadObject", AccessDenied("no"), key="1", times=None))
    summary = world.rollback()
    assert (summary.exit_code, summary.left_in_place) == (4, 1)
    assert set(world.there) == {"theirs", "1"}


def test_rollback_twice_is_rollback_once(world: World) -> None:
    migrated(world)
    world.put_there("2", b"by someone")
    first = world.rollback()
    after = world.there
    writes_before = len(world.destination.calls)
    second = world.rollback()
    assert (first.exit_code, first.removed) == (4, 5)
    assert (second.exit_code, second.removed, second.left_in_place) == (4, 0, 1)
    assert world.there == after
    assert not [op for op, _, _ in world.destination.calls[writes_before:] if op in WRITES]


def test_a_complete_rollback_has_nothing_left_to_do(world: World) -> None:
    migrated(world)
    world.rollback()
    world.put_there("0", b"by someone, later")
    again = world.rollback()
    assert (again.exit_code, again.removed, again.left_in_place) == (0, 0, 0)
    assert world.there["0"] == b"by someone, later"


def test_leftovers_go_once_their_reason_is_gone(world: World) -> None:
    run = migrated(world)
    world.source_cloud.delete(FROM, "1")
    assert world.rollback(run).exit_code == 4
    world.seed("1", b"body 1")
    assert world.rollback(run).exit_code == 0
    assert set(world.there) == {"theirs"}
    assert world.info(run).undo == "rolled-back"


def test_dry_run_says_it_all_and_changes_nothing(world: World) -> None:
    migrated(world)
    world.put_there("2", b"by someone")
    before = world.there
    seen = len(world.destination.calls)
    dry = world.rollback(dry_run=True)
    assert not [op for op, _, _ in world.destination.calls[seen:] if op in WRITES]
    assert (dry.exit_code, dry.removed, dry.left_in_place, dry.cause) == (4, 5, 1, "dry-run")
    assert world.there == before
    assert world.info().undo == ""
    told = undone(world)
    world.forget_events()
    wet = world.rollback()
    assert (wet.exit_code, wet.removed, wet.left_in_place) == (4, 5, 1)
    assert undone(world) == told


def test_objects_that_are_gone_already_are_no_trouble(world: World) -> None:
    migrated(world)
    world.destination_cloud.delete(TO, "4")
    summary = world.rollback()
    assert (summary.exit_code, summary.removed, summary.left_in_place) == (0, 5, 0)
    assert undone(world)["4"] == ("gone", "gone")


def test_only_what_is_seen_to_be_gone_counts_as_removed(world: World) -> None:
    """An end that answers success and keeps the object."""
    migrated(world)

    class Keeps(Faulty):
        def delete(self, bucket: str, key: str, **_: object) -> None: ...

    world.destination = Keeps(world.destination)
    summary = world.rollback()
    assert (summary.exit_code, summary.removed, summary.left_in_place) == (4, 0, 6)
    assert len(world.there) == 7


def test_one_delete_that_fails_does_not_stop_the_others(world: World) -> None:
    migrated(world)
    world.destination = Faulty(
        world.destination, fails("DeleteObject", AccessDenied("no"), key="3", times=None)
    )
    assert world.rollback().left_in_place == 1
    assert set(world.there) == {"theirs", "3"}
    world.destination = world.destination.inner
    assert world.rollback().exit_code == 0


NO_BATCHES = {
    "500": Transient("We encountered an internal error.", code="InternalError", status=500),
    "503": Throttled("Please slow down.", code="SlowDown", status=503),
    "501": NotSupported("No batches.", code="NotImplemented", status=501),
    "a web page": NotS3("A web page."),
    "403": AccessDenied("no", code="AccessDenied", status=403),
    "400": Rejected("MalformedXML", code="MalformedXML", status=400),
    "412": PreconditionFailed("412", code="PreconditionFailed", status=412),
}


@pytest.mark.parametrize("answer", NO_BATCHES)
def test_an_end_that_fails_to_delete_in_batches_is_asked_one_by_one(
    new_world: Callable[..., World], answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked for a batch once, not again with each batch of keys."""
    monkeypatch.setattr(Journal, "to_undo", partialmethod(Journal.to_undo, limit=3))
    world = new_world(versioning=Versioning.ENABLED)
    migrated(world)
    fault = fails("DeleteObjects", NO_BATCHES[answer], times=None)
    world.destination = Faulty(world.destination, fault)
    summary = world.rollback()
    assert (summary.outcome, summary.exit_code, summary.removed) == (Outcome.ROLLED_BACK, 0, 6)
    assert [line.version.key for line in world.destination_cloud.list_versions(TO)] == ["theirs"]
    assert fault.struck == (Policy().tries if NO_BATCHES[answer].is_transient else 1)


@pytest.mark.parametrize(
    ("error", "cause"),
    [(Unreachable("gone"), "unreachable"), (BadCredentials("no such key"), "credentials")],
    ids=["silence", "keys"],
)
def test_silence_and_keys_that_are_refused_pause_a_rollback(
    new_world: Callable[..., World], error: StoreError, cause: str
) -> None:
    world = new_world(versioning=Versioning.ENABLED)
    migrated(world)
    is_gone: list[bool] = []

    def refuse(_: Call) -> None:
        if is_gone:
            raise error

    goes = meanwhile("DeleteObjects", lambda: is_gone.append(True))
    gone = Fault(frozenset(OPERATIONS.values()), times=None, before=refuse)
    inner = world.destination
    world.destination = Faulty(inner, goes, gone)
    paused = world.rollback()
    assert (paused.outcome, paused.exit_code, paused.cause) == (Outcome.PAUSED, 5, cause)
    assert len(world.there) == 7
    world.destination = inner
    assert world.rollback().exit_code == 0
    assert set(world.there) == {"theirs"}


def test_rollback_that_is_stopped_goes_on_later(world: World) -> None:
    migrated(world)
    stops = meanwhile("DeleteObject", lambda: world.ports.stop.ask(), nth=2)
    world.destination = Faulty(world.destination, stops)
    stopped = world.rollback()
    assert stops.struck == 1
    assert (stopped.outcome, stopped.exit_code) == (Outcome.STOPPED, 130)
    assert set(world.there) > {"theirs"}
    assert world.rollback().exit_code == 0
    assert set(world.there) == {"theirs"}


def test_only_the_run_that_is_named_is_undone(world: World) -> None:
    first = migrated(world)
    world.seed("later")
    second = world.run()
    assert counts(second)["copied"] == 1
    world.rollback(first)
    assert set(world.there) == {"theirs", "later"}


def test_accepting_ends_undo_and_keeps_the_copies(world: World) -> None:
    run = migrated(world)
    accepted = world.accept(run)
    assert accepted.exit_code == 0
    refused = world.rollback(run)
    assert (refused.outcome, refused.exit_code) == (Outcome.REFUSED, 2)
    assert "accepted" in refused.message
    assert len(world.there) == 7
    assert world.info(run).undo == "accepted"
    assert world.resume(run).exit_code == 2


def test_a_run_that_was_rolled_back_cannot_be_resumed(world: World) -> None:
    migrated(world)
    world.rollback()
    refused = world.resume()
    assert (refused.outcome, refused.exit_code) == (Outcome.REFUSED, 2)
    assert set(world.there) == {"theirs"}


@pytest.mark.parametrize("versioning", list(Versioning)[:3])
def test_what_is_back_although_its_answer_was_lost_is_known_to_be_back(
    new_world: Callable[..., World], versioning: Versioning
) -> None:
    """The first rollback has to take the object for one that stays; the next one looks."""
    world = new_world(versioning=versioning).set("transfer", existing="overwrite")
    world.put_there("1", b"was here before")
    migrated(world)
    undoes = frozenset({"PutObject", "CopyObject", "DeleteObject"})
    lost = loses_the_answer(undoes, key="1", times=None)
    one_by_one = fails("DeleteObjects", NotSupported("No batches."), times=None)
    world.destination = Faulty(world.destination, lost, one_by_one)
    assert world.rollback().exit_code == 4
    assert lost.struck
    assert world.there["1"] == b"was here before"
    world.destination = world.destination.inner
    world.forget_events()
    assert world.rollback().exit_code == 0
    assert undone(world)["1"][0] == "restored"
    assert list(world.destination_cloud.contents(TO)) == ["1", "theirs"]


def test_one_lost_answer_to_bringing_content_back_leaves_nothing_undone(world: World) -> None:
    """Sent again under its condition it is refused: ours is not there any more."""
    world.set("transfer", existing="overwrite")
    world.put_there("1", b"was here before")
    migrated(world)
    lost = loses_the_answer("PutObject", key="1")
    world.destination = Faulty(world.destination, lost)
    assert world.rollback().exit_code == 0
    assert lost.struck
    assert undone(world)["1"][0] == "restored"
    assert list(world.destination_cloud.contents(TO)) == ["1", "theirs"]


@pytest.mark.parametrize("has_prior", [False, True], ids=["new", "replaced"])
def test_requests_taken_for_lost_that_land_late_go_with_the_others(
    new_world: Callable[..., World], has_prior: bool
) -> None:
    """Where versions are kept each of them has left one, on top of the one whose answer came."""
    world = new_world(versioning=Versioning.ENABLED).set("transfer", existing="overwrite")
    if has_prior:
        world.put_there("1", b"was here before")
    before = versions_of(world, "1")
    migrated(world)
    ours = world.destination_cloud.head(TO, "1").properties
    for _ in range(12):
        world.destination_cloud.put(TO, "1", b"body 1", ours)
    summary = world.rollback()
    assert (summary.outcome, summary.exit_code) == (Outcome.ROLLED_BACK, 0)
    assert undone(world)["1"] == ("restored" if has_prior else "removed", "")
    assert versions_of(world, "1") == before


def test_requests_that_landed_late_go_from_below_somebody_elses_work(
    new_world: Callable[..., World],
) -> None:
    world = new_world(versioning=Versioning.ENABLED)
    migrated(world)
    ours = world.destination_cloud.head(TO, "1").properties
    for _ in range(12):
        world.destination_cloud.put(TO, "1", b"body 1", ours)
    world.put_there("1", b"by someone")
    summary = world.rollback()
    assert undone(world)["1"] == ("left", "hidden-removed")
    assert (summary.exit_code, summary.left_in_place) == (4, 1)
    assert len(versions_of(world, "1")) == 1
    assert world.there["1"] == b"by someone"


def versions_of(world: World, key: str) -> list[ListedVersion]:
    return [line for line in world.destination_cloud.list_versions(TO) if line.version.key == key]


def test_without_tokens_nobody_can_tell_so_a_person_decides(world: World) -> None:
    world.seed("a")
    world.set("transfer", token=False)
    world.run()
    world.forget_events()
    summary = world.rollback()
    assert (summary.exit_code, summary.left_in_place) == (4, 1)
    assert undone(world) == {"a": ("left", "human")}
    assert world.there == {"a": b"body"}


def test_without_tokens_a_version_id_is_proof_enough(new_world: Callable[..., World]) -> None:
    world = new_world(versioning=Versioning.ENABLED)
    world.seed("a")
    world.set("transfer", token=False)
    world.run()
    assert world.rollback().exit_code == 0
    assert world.there == {}


# -- what is named, and how -----------------------------------------------------------------------


def test_what_a_later_run_wrote_is_said_to_be_a_later_runs(new_world: Callable[..., World]) -> None:
    world = new_world(versioning=Versioning.ENABLED)
    world.seed("a", b"first")
    first = world.run().run
    world.seed("a", b"second")
    world.run()
    world.forget_events()
    assert world.rollback(first, dry_run=True).exit_code == 4
    # The first run's version lies below: with the source changed, it is the last copy of what it holds.
    assert undone(world) == {"a": ("left", "kept-last-copy")}
    world.forget_events()
    assert world.rollback(first, even_last_copy=True).exit_code == 4
    assert undone(world) == {"a": ("left", "hidden-removed")}
    assert world.there == {"a": b"second"}


def test_on_a_bucket_without_versions_too(world: World) -> None:
    world.seed("a", b"first")
    first = world.run().run
    world.seed("a", b"second")
    world.run()
    world.forget_events()
    assert world.rollback(first).exit_code == 4
    assert undone(world) == {"a": ("left", "later-run")}


def test_what_goes_between_the_look_and_the_delete_is_gone(world: World) -> None:
    migrated(world, keys=1)
    looks = meanwhile("HeadObject", lambda: world.destination_cloud.delete(TO, "0"), key="0", nth=2)
    world.destination = Faulty(world.destination, looks)
    assert world.rollback().exit_code == 0
    assert looks.struck == 1
    assert undone(world) == {"0": ("gone", "gone")}


def test_somebody_who_writes_between_the_look_and_the_delete_keeps_his_work(world: World) -> None:
    migrated(world, keys=1)
    writes = meanwhile("HeadObject", lambda: world.put_there("0", b"by someone"), key="0", nth=2)
    world.destination = Faulty(world.destination, writes)
    assert world.rollback().exit_code == 4
    assert undone(world) == {"0": ("left", "not-ours")}
    assert world.there["0"] == b"by someone"


def test_both_versions_of_a_write_that_was_sent_twice_go_from_below_somebodys(
    new_world: Callable[..., World],
) -> None:
    """The first answer was lost, so only the second version is in the journal."""
    world = new_world(versioning=Versioning.ENABLED)
    world.seed("a")
    inner = world.destination
    world.destination = Faulty(inner, loses_the_answer("PutObject"))
    world.run()
    world.destination = inner
    world.put_there("a", b"by someone")
    world.rollback()
    bodies = [line.version.body for line in world.destination_cloud.list_versions(TO)]
    assert bodies == [b"by someone"]


def test_a_saved_copy_that_is_gone_cannot_be_brought_back(world: World) -> None:
    world.seed("a", b"new")
    world.put_there("a", b"old")
    world.set("transfer", existing="overwrite")
    world.run()
    world.destination_cloud.delete(TO, world.entries()["a"].saved_as or "")
    world.forget_events()
    assert world.rollback().exit_code == 4
    assert undone(world) == {"a": ("left", "lost")}
    assert world.there == {"a": b"new"}


def test_a_saved_copy_that_stays_is_named(world: World) -> None:
    world.seed("a", b"new")
    world.put_there("a", b"old")
    world.set("transfer", existing="overwrite")
    world.run()
    key = world.entries()["a"].saved_as or ""
    inner = world.destination
    world.destination = Faulty(inner, fails("DeleteObject", AccessDenied("no"), key=key, times=None))
    world.forget_events()
    summary = world.rollback()
    assert (summary.exit_code, summary.restored, summary.left_in_place) == (4, 1, 1)
    assert undone(world) == {"a": ("restored", ""), key: ("left", "stays-there")}
    world.destination = inner
    assert world.rollback().exit_code == 0
    assert world.there == {"a": b"old"}


@pytest.mark.parametrize("later", ["a delete marker", "another object"])
def test_nor_is_such_an_edit_below_what_came_later(new_world: Callable[..., World], later: str) -> None:
    world = new_world(versioning=Versioning.ENABLED)
    world.seed("a", b"our")
    world.run()
    ours = world.destination_cloud.list_versions(TO)[0].version
    world.destination_cloud.seed(TO, "a", b"edited", ours.properties)
    if later == "a delete marker":
        world.destination_cloud.delete(TO, "a")
    else:
        world.put_there("a", b"later")
    assert world.rollback().exit_code == 4
    bodies = [line.version.body for line in world.destination_cloud.list_versions(TO)]
    assert bodies == [b"" if later == "a delete marker" else b"later", b"edited"]


def test_an_edit_between_two_attempts_stays(new_world: Callable[..., World]) -> None:
    """The first attempt landed unheard of, somebody edited it in place, and the second one came on top."""
    world = new_world(versioning=Versioning.ENABLED)
    world.seed("a", b"our")
    inner = world.destination

    def edit(_: object, __: object) -> object:
        first = world.destination_cloud.list_versions(TO)[0].version
        world.destination_cloud.seed(TO, "a", b"edited", first.properties)
        world.destination_cloud.delete(TO, "a")  # so that the second attempt finds nothing in its way
        raise Transient("The connection was lost.", code="ConnectionClosed")

    world.destination = Faulty(inner, Fault("PutObject", key="a", after=edit))
    assert world.run().ledger["copied"] == 1
    world.destination = inner
    world.rollback()
    bodies = [line.version.body for line in world.destination_cloud.list_versions(TO)]
    assert b"edited" in bodies


def test_an_edit_that_keeps_our_metadata_is_not_taken_for_ours(new_world: Callable[..., World]) -> None:
    """Consoles and tools that edit an object in place write its metadata back, our token with it."""
    world = new_world(versioning=Versioning.ENABLED)
    world.seed("a", b"our")
    world.run()
    ours = world.destination_cloud.list_versions(TO)[0].version
    world.destination_cloud.seed(TO, "a", b"edited", ours.properties)
    assert world.rollback().exit_code == 4
    assert [line.version.body for line in world.destination_cloud.list_versions(TO)] == [b"edited"]
    assert undone(world) == {"a": ("left", "hidden-removed")}
