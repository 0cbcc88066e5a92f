"""Replacing what a bucket would not keep: the old content is kept aside, and comes back exactly."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from migrator.engine.journal import Journal
from migrator.engine.rollback import SETTLE_S
from migrator.errors import AccessDenied, PreconditionFailed
from migrator.model.events import ObjectConflict, ObjectUndone, RunRelies, Warned
from migrator.model.ledger import Outcome
from migrator.model.objects import RESERVED_PREFIX, UNLOCKED, ObjectHead, Properties
from migrator.model.undo import Undo
from migrator.store.base import BucketLock, Versioning
from migrator.store.memory import CEPH, LYVE, Quirks
from tests.support.faulty import WRITES, Call, Crash, Fault, Faulty, fails, meanwhile
from tests.support.world import FROM, PART, TO, StillPorts, World, counts

OLD = {
    "content_type": "text/old",
    "cache_control": "no-cache",
    "metadata": {"owner": "somebody"},
    "tags": {"kind": "old"},
}
QUIRKS = {"aws": Quirks(), "lyve": LYVE, "ceph": CEPH}


def overwriting(world: World) -> World:
    world.seed("a", b"new a")
    world.seed("b", b"new b", tags={"n": "1"})
    world.put_there("a", b"old a", **OLD)
    return world.set("transfer", existing="overwrite")


def reserved(world: World) -> list[str]:
    everything = world.destination_cloud.list_versions(TO)
    return [line.version.key for line in everything if line.version.key.startswith(RESERVED_PREFIX)]


def snapshot(world: World) -> list[object]:
    """Everything about every version of the destination but its id and date, which no PUT can bring back."""
    lines = world.destination_cloud.list_versions(TO)
    return [
        (
            line.version.key,
            line.is_latest,
            line.version.is_marker,
            line.version.version_id == "null",
            line.version.body,
            line.version.etag,
            line.version.properties,
            line.version.storage_class,
        )
        for line in lines
    ]


@pytest.mark.parametrize("quirks", QUIRKS)
def test_replaced_content_comes_back_with_everything(new_world: Callable[..., World], quirks: str) -> None:
    world = overwriting(new_world(quirks=QUIRKS[quirks]))
    before = snapshot(world)
    assert counts(world.run()) == {"listed": 2, "planned": 2, "copied": 2}
    assert world.there == {"a": b"new a", "b": b"new b"}
    assert len(reserved(world)) == 1
    assert (world.info().kept, world.info().bytes_kept) == (1, 5)
    undone = world.rollback()
    assert (undone.exit_code, undone.removed, undone.restored, undone.left_in_place) == (0, 1, 1, 0)
    assert snapshot(world) == before
    assert (world.info().kept, world.info().bytes_kept) == (0, 0)


def test_content_of_another_storage_class_comes_back_in_it(world: World) -> None:
    overwriting(world)
    world.destination_cloud.seed(TO, "a", b"old a", Properties(**OLD), storage_class="STANDARD_IA")
    before = snapshot(world)
    world.run()
    assert world.rollback().exit_code == 0
    assert snapshot(world) == before


@pytest.mark.parametrize("encryption", ["AES256", "aws:kms:arn:aws:kms:us-east-1:1:key/2"])
def test_content_comes_back_encrypted_and_leading_as_it_was(world: World, encryption: str) -> None:
    overwriting(world)
    old = Properties(**OLD, encryption=encryption, website_redirect="/there")
    world.destination_cloud.seed(TO, "a", b"old a", old)
    before = world.destination_cloud.head(TO, "a")
    world.run()
    assert world.rollback().exit_code == 0
    after = world.destination_cloud.head(TO, "a")
    assert (after.encryption, after.properties) == (encryption, before.properties)
    assert world.there["a"] == b"old a"


def test_content_beyond_one_copy_request_is_copied_in_parts(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migrator.engine.saving.COPY_LIMIT_BYTES", 2 * PART)
    monkeypatch.setattr("migrator.engine.saving.COPY_PART_BYTES", PART)
    monkeypatch.setattr("migrator.engine.restoring.DEFAULT_PART_BYTES", 0)
    overwriting(world)
    body = bytes(range(256)) * (5 * PART // 512)
    world.put_there("a", body, **OLD)
    world.run()
    copied = [call for call in world.destination.calls if call[0] == "UploadPartCopy"]
    assert len(copied) == 3
    assert world.rollback().exit_code == 0
    assert world.there == {"a": body}
    assert world.destination_cloud.tags(TO, "a") == OLD["tags"]
    assert not reserved(world)
    assert not world.open_uploads


def test_accepting_removes_what_was_kept(world: World) -> None:
    overwriting(world).run()
    assert world.accept().exit_code == 0
    assert not reserved(world)
    assert world.there == {"a": b"new a", "b": b"new b"}
    assert world.info().bytes_kept == 0


def test_accepting_says_what_it_could_not_remove_and_can_be_repeated(world: World) -> None:
    overwriting(world).run()
    inner = world.destination
    world.destination = Faulty(inner, fails("DeleteObject", AccessDenied("no"), times=None, reserved=True))
    assert world.accept().exit_code == 1
    assert world.info().undo == ""
    world.destination = inner
    assert world.accept().exit_code == 0
    assert not reserved(world)


def test_saved_copies_stay_until_everything_is_back(world: World) -> None:
    """Somebody wrote over one of two replaced objects: nobody may throw away the other one's old content."""
    overwriting(world)
    world.put_there("b", b"old b")
    world.run()
    world.put_there("a", b"by someone")
    undone = world.rollback()
    assert (undone.exit_code, undone.restored, undone.left_in_place) == (4, 1, 1)
    assert world.there == {"a": b"by someone", "b": b"old b"}
    assert len(reserved(world)) == 2
    assert [each.code for each in world.of(Warned)] == ["saved-kept"]
    assert world.accept().exit_code == 0
    assert not reserved(world)


def test_what_was_kept_is_hidden_from_listings_of_our_own_and_of_nobody_else(world: World) -> None:
    overwriting(world)
    foreign = f"{RESERVED_PREFIX}20260102T030405678Z-abcdef/saved/1"
    world.put_there(foreign)
    world.run()
    world.table["source"], world.table["destination"] = world.table["destination"], world.table["source"]
    world.table["source"]["bucket"], world.table["destination"]["bucket"] = TO, FROM
    back = world.plan()
    assert back.ledger["listed"] == 3  # a, b and the foreign key


def test_an_update_of_our_own_copy_is_undone_to_that_copy(world: World) -> None:
    """And then the earlier run can be undone too: what came back is its own."""
    world.seed("a", b"first")
    first = world.run().run
    world.seed("a", b"second")
    second = world.run().run
    assert world.there == {"a": b"second"}
    assert world.rollback(second).restored == 1
    assert world.there == {"a": b"first"}
    world.seed("a", b"first")
    assert world.rollback(first).exit_code == 0
    assert world.there == {}


@pytest.mark.usefixtures("small_parts")
def test_an_old_copy_in_parts_is_kept_aside_where_etags_of_parts_look_like_digests(
    new_world: Callable[..., World],
) -> None:
    """As on Lyve Cloud: the copy that is kept has another ETag, and the same bytes."""
    world = new_world(quirks=LYVE)
    first, second = bytes(range(256)) * 11, b"second, shorter"
    assert len(first) > 2 * PART
    world.seed("large", first, metadata={"n": "1"}, tags={"t": "1"})
    assert world.run().exit_code == 0
    before = world.there
    world.source_cloud.put(FROM, "large", second, Properties())
    assert counts(world.run()) == {"listed": 1, "planned": 1, "copied": 1}
    assert world.there == {"large": second}
    undone = world.rollback()
    assert (undone.exit_code, undone.restored) == (0, 1)
    assert world.there == before
    assert world.destination_cloud.tags(TO, "large") == {"t": "1"}
    assert world.destination_cloud.head(TO, "large").properties.metadata["n"] == "1"


@pytest.mark.parametrize("quirks", [LYVE, Quirks()], ids=["lyve", "aws"])
def test_a_copy_of_other_bytes_is_not_taken_for_one_that_can_be_brought_back(
    new_world: Callable[..., World], quirks: Quirks
) -> None:
    world = overwriting(new_world(quirks=quirks))

    def spoil(call: Call, answer: object) -> object:
        kept = world.destination_cloud.head(TO, call.key).properties
        world.destination_cloud.seed(TO, call.key, b"OLD A", kept)
        return answer

    spoilt = Fault("CopyObject", nth=2, reserved=True, after=spoil)  # the first one is a probe
    world.destination = Faulty(world.destination, spoilt)
    assert counts(world.run())["conflicts"] == 1
    assert spoilt.struck
    assert [each.reason for each in world.of(ObjectConflict)] == ["cannot-undo"]
    assert world.there["a"] == b"old a"


def test_somebody_who_writes_while_content_is_saved_is_not_overwritten(world: World) -> None:
    overwriting(world)
    appears = meanwhile("CopyObject", lambda: world.put_there("a", b"by someone"), nth=2, reserved=True)
    world.destination = Faulty(world.destination, appears)
    assert counts(world.run())["conflicts"] == 1
    assert appears.struck == 1
    assert [each.reason for each in world.of(ObjectConflict)] == ["changed-meanwhile"]
    assert world.there["a"] == b"by someone"
    world.destination = world.destination.inner
    assert world.rollback().exit_code == 0
    assert world.there == {"a": b"by someone"}
    assert not reserved(world)


@pytest.mark.parametrize("quirks", QUIRKS)
def test_somebody_who_writes_right_before_a_restore_keeps_his_work(
    new_world: Callable[..., World], quirks: str
) -> None:
    world = overwriting(new_world(quirks=QUIRKS[quirks]))
    world.run()
    looks = [0]

    def write_late() -> None:
        looks[0] += 1
        world.put_there("a", b"by someone")

    # The saved copy is looked at first: right after that somebody writes.
    key = world.entries()["a"].saved_as
    world.destination = Faulty(world.destination, meanwhile("HeadObject", write_late, key=key, times=1))
    undone = world.rollback()
    assert looks == [1]
    assert undone.exit_code == 4
    assert world.there["a"] == b"by someone"


# -- versioning suspended -------------------------------------------------------------------------


def suspended(new_world: Callable[..., World], prepare: Callable[[World], None]) -> World:
    """A bucket whose versioning was on for a while; `prepare` runs while it is on."""
    world = new_world(versioning=Versioning.ENABLED)
    prepare(world)
    world.destination_cloud.set_versioning(TO, Versioning.SUSPENDED)
    return world.set("transfer", existing="overwrite")


@pytest.mark.parametrize("quirks", QUIRKS)
@pytest.mark.parametrize(
    "before",
    [
        "nothing",
        "version",
        "null",
        "null over a version",
        "marker",
        "null marker",
        "null marker over a version",
    ],
)
def test_a_suspended_bucket_comes_back_as_it_was(
    new_world: Callable[..., World], before: str, quirks: str
) -> None:
    world = new_world(versioning=Versioning.ENABLED, quirks=QUIRKS[quirks])
    cloud = world.destination_cloud
    if "version" in before or before == "marker":
        cloud.seed(TO, "a", b"a version")
    if before == "marker":
        cloud.delete(TO, "a")
    cloud.set_versioning(TO, Versioning.SUSPENDED)
    if before.startswith("null"):
        cloud.seed(TO, "a", b"null", Properties(**OLD))
    if "null marker" in before:
        cloud.delete(TO, "a")
    world.seed("a", b"new")
    world.set("transfer", existing="overwrite")
    state = snapshot(world)
    summary = world.run()
    assert counts(summary) == {"listed": 1, "planned": 1, "copied": 1}
    assert world.there == {"a": b"new"}
    undone = world.rollback()
    assert (undone.exit_code, undone.left_in_place) == (0, 0)
    assert snapshot(world) == state
    assert world.rollback().exit_code == 0
    assert snapshot(world) == state


@pytest.mark.parametrize("top", ["version", "marker"])
def test_a_hidden_null_version_that_a_write_would_destroy_is_a_conflict(
    new_world: Callable[..., World], top: str
) -> None:
    """No listing shows it, and nothing could put it back below the version on top."""
    world = new_world()
    cloud = world.destination_cloud
    cloud.seed(TO, "a", b"from before versions")
    cloud.set_versioning(TO, Versioning.ENABLED)
    if top == "version":
        cloud.seed(TO, "a", b"a version")
    else:
        cloud.delete(TO, "a")
    cloud.set_versioning(TO, Versioning.SUSPENDED)
    state = snapshot(world)
    world.seed("a", b"new")
    world.set("transfer", existing="overwrite")
    assert counts(world.run())["conflicts"] == 1
    assert [each.reason for each in world.of(ObjectConflict)] == ["cannot-undo"]
    assert snapshot(world) == state
    world.set("transfer", undo="best-effort")
    assert counts(world.run())["copied"] == 1
    assert world.rollback().exit_code == 4


def test_versions_that_may_not_be_listed_are_not_risked(new_world: Callable[..., World]) -> None:
    world = suspended(new_world, lambda _: None)
    world.seed("a")
    denied = fails("ListObjectVersions", AccessDenied("no"), times=None)
    world.destination = Faulty(world.destination, denied)
    assert counts(world.run())["conflicts"] == 1
    assert world.there == {}


def test_versioning_that_was_switched_on_meanwhile_hides_nothing_of_ours(
    new_world: Callable[..., World],
) -> None:
    world = overwriting(new_world())
    world.run()
    world.destination_cloud.set_versioning(TO, Versioning.ENABLED)
    assert world.rollback().exit_code == 0
    assert world.there == {"a": b"old a"}
    lines = world.destination_cloud.list_versions(TO)
    assert [(line.version.key, line.version.body) for line in lines] == [("a", b"old a")]


# -- locks ----------------------------------------------------------------------------------------


def test_no_probe_is_written_where_it_would_be_locked(new_world: Callable[..., World]) -> None:
    world = new_world(versioning=Versioning.ENABLED)
    world.destination_cloud.set_lock(TO, mode="COMPLIANCE", days=30)
    world.seed("a")
    assert counts(world.run())["copied"] == 1
    assert [line.version.key for line in world.destination_cloud.list_versions(TO)] == ["a"]
    undone = world.rollback()
    assert (undone.outcome, undone.exit_code, undone.left_in_place) == (Outcome.ROLLBACK_INCOMPLETE, 4, 1)
    assert [(each.action, each.reason) for each in world.of(ObjectUndone)] == [("left", "locked")]
    assert world.there == {"a": b"body"}


def test_a_lock_that_no_look_shows_is_recognised_by_its_refusal(new_world: Callable[..., World]) -> None:
    """Without the right to read retention, HEAD says nothing about it."""
    world = new_world(versioning=Versioning.ENABLED)
    world.destination_cloud.set_lock(TO, mode="GOVERNANCE", days=30)
    for key in ("a", "b"):
        world.seed(key)
    world.run()
    inner = world.destination

    class HidesLocks(Faulty):
        def head(self, *where: object, **how: object) -> ObjectHead:
            return replace(inner.head(*where, **how), lock=UNLOCKED)

    world.destination = HidesLocks(inner)
    world.forget_events()
    assert world.rollback().exit_code == 4
    assert {(each.action, each.reason) for each in world.of(ObjectUndone)} == {("left", "locked")}
    assert {entry.undo for entry in world.entries().values()} == {Undo.LOCKED}


def test_an_unknown_lock_state_counts_as_locking(world: World) -> None:
    world.seed("a")
    inner = world.destination

    class MayNotAsk(Faulty):
        def lock_of(self, bucket: str) -> BucketLock:
            return BucketLock.UNKNOWN

    world.destination = MayNotAsk(inner)
    assert world.run().exit_code == 0
    assert [key for operation, _, key in inner.calls if operation in WRITES] == ["a"]


# -- probes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quirks", "versioning", "expected"),
    [
        (Quirks(), Versioning.OFF, {"put_if_absent": True, "put_if_match": True, "delete_if_match": True}),
        (LYVE, Versioning.OFF, {"put_if_absent": False, "put_if_match": True, "delete_if_match": True}),
        (CEPH, Versioning.OFF, {"put_if_absent": True, "put_if_match": True, "delete_if_match": False}),
        (CEPH, Versioning.ENABLED, {"put_if_absent": False, "put_if_match": False, "delete_version": True}),
        (Quirks(), Versioning.SUSPENDED, {"put_if_absent": True, "delete_version": True}),
        (
            Quirks(ignores_if_match=True),
            Versioning.OFF,
            {"put_if_absent": True, "put_if_match": False, "delete_if_match": True},
        ),
    ],
)
def test_what_an_end_honours_is_found_out_and_leaves_no_trace(
    new_world: Callable[..., World], quirks: Quirks, versioning: Versioning, expected: dict[str, bool]
) -> None:
    world = new_world(quirks=quirks, versioning=versioning)
    world.seed("a")
    world.run()
    journal = Journal.read_only(world.directory, world.clock)
    seen = json.loads(journal.meta("capabilities"))
    journal.close()
    assert {name: seen[name] for name in expected} == expected
    assert seen["keeps_token"] is True
    assert seen["checks_md5"] is True
    assert [line.version.key for line in world.destination_cloud.list_versions(TO)] == ["a"]


@pytest.mark.parametrize("versioning", [Versioning.OFF, Versioning.ENABLED])
def test_where_conditions_are_refused_although_they_hold_nothing_is_sent_twice(
    new_world: Callable[..., World], versioning: Versioning
) -> None:
    """Seen on Ceph. The look right before the write stands in for the condition."""
    sent: list[str] = []

    def refuse(call: Call) -> None:
        sent.append(call.key)
        if call.kwargs["condition"].etag:
            raise PreconditionFailed("412", code="PreconditionFailed")

    world = overwriting(new_world(versioning=versioning))
    world.seed("new")
    inner = world.destination
    world.destination = Faulty(inner, Fault("PutObject", times=None, reserved=True, before=refuse))
    assert world.run().outcome is Outcome.COMPLETED
    assert world.there == world.here
    assert sorted(key for key in sent if not key.startswith(RESERVED_PREFIX)) == sorted(world.here)


@pytest.mark.parametrize("versioning", [Versioning.OFF, Versioning.ENABLED])
def test_there_a_look_right_before_the_write_sees_what_somebody_wrote(
    new_world: Callable[..., World], versioning: Versioning
) -> None:
    def refuse(call: Call) -> None:
        if call.kwargs["condition"].etag:
            raise PreconditionFailed("412", code="PreconditionFailed")

    world = overwriting(new_world(versioning=versioning))
    key = next(iter(world.there))
    writes = meanwhile("GetObject", lambda: world.put_there(key, b"by someone"), key=key)
    world.source = Faulty(world.source, writes)
    refuses = Fault("PutObject", times=None, reserved=True, before=refuse)
    world.destination = Faulty(world.destination, refuses)
    assert counts(world.run())["conflicts"] == 1
    assert writes.struck == 1
    assert world.there[key] == b"by someone"


def test_keys_that_may_not_write_probes_still_copy_carefully(world: World) -> None:
    world.seed("a")
    inner = world.destination

    class Denies(Faulty):
        def put(self, bucket: str, key: str, *rest: object, **how: object) -> object:
            if key.startswith(RESERVED_PREFIX):
                raise AccessDenied("no")
            return inner.put(bucket, key, *rest, **how)

    world.destination = Denies(inner)
    assert counts(world.run())["copied"] == 1
    assert [each.code for each in world.of(Warned)] == ["window-of-doubt"]


def test_probes_are_not_repeated_by_a_resume(world: World) -> None:
    for number in range(6):
        world.seed(f"{number}")
    inner = world.destination
    world.destination = Faulty(inner, meanwhile("PutObject", lambda: world.ports.stop.ask(), nth=2))
    assert world.run().outcome is Outcome.STOPPED
    world.destination = inner
    inner.calls.clear()
    assert world.resume().outcome is Outcome.COMPLETED
    assert not [key for operation, _, key in inner.calls if key.startswith(RESERVED_PREFIX)]


# -- a bucket of our own --------------------------------------------------------------------------


def without_bucket(world: World) -> World:
    world.destination_cloud.delete_bucket(TO)
    world.seed("a")
    return world.set("destination", create_bucket=True)


def test_a_bucket_is_created_and_undone(world: World) -> None:
    without_bucket(world)
    assert counts(world.plan()) == {"listed": 1, "planned": 1, "left": 1}
    assert world.destination_cloud.buckets() == []
    assert world.run().exit_code == 0
    assert world.there == {"a": b"body"}
    assert world.rollback().exit_code == 0
    assert world.destination_cloud.buckets() == []
    assert world.rollback().exit_code == 0


def test_a_bucket_that_somebody_uses_stays(world: World) -> None:
    without_bucket(world).run()
    world.put_there("theirs")
    undone = world.rollback()
    assert (undone.exit_code, undone.removed, undone.left_in_place) == (4, 1, 1)
    assert world.there == {"theirs": b"other"}
    world.destination_cloud.delete(TO, "theirs")
    assert world.rollback().exit_code == 0
    assert world.destination_cloud.buckets() == []


def test_a_bucket_that_was_there_is_never_removed(world: World) -> None:
    world.set("destination", create_bucket=True).seed("a")
    world.run()
    assert world.rollback().exit_code == 0
    assert [name for name, _ in world.destination_cloud.buckets()] == [TO]


def test_a_missing_bucket_is_an_error_unless_the_job_creates_it(world: World) -> None:
    without_bucket(world).set("destination", create_bucket=False)
    assert world.run().exit_code == 2


# -- runs that rely on each other -----------------------------------------------------------------


def test_undoing_a_run_tells_and_marks_the_later_ones_that_rely_on_it(world: World) -> None:
    world.seed("a")
    world.seed("b")
    first = world.run().run
    world.seed("c")
    second = world.run().run
    world.forget_events()
    assert world.rollback(first, dry_run=True).exit_code == 0
    assert [(each.run, each.count) for each in world.of(RunRelies)] == [(second, 2)]
    assert world.info(second).state == "completed"
    assert world.rollback(first).exit_code == 0
    assert world.info(second).state == "incomplete"
    assert world.there == {"c": b"body"}


# -- what a run costs on disk ---------------------------------------------------------------------


def test_the_plan_says_how_much_room_the_records_need(world: World) -> None:
    world.seed("a")
    world.seed("b")
    summary = world.plan()
    assert summary.journal_bytes == 2400
    assert summary.disk_free_bytes is not None
    assert summary.disk_free_bytes > 0


def test_a_run_without_room_for_its_records_is_refused_before_anything_is_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.seed("a")
    monkeypatch.setattr("migrator.engine.steps.SPARE_BYTES", 2**60)
    refused = world.run()
    assert (refused.outcome, refused.exit_code) == (Outcome.REFUSED, 3)
    assert world.there == {}
    monkeypatch.undo()


@pytest.fixture
def late_copy(world: World, inline: None) -> Callable[[], None]:
    """The run died while old content was being copied aside; the service carries that out when told."""
    world.seed("a", b"new a")
    world.put_there("a", b"old a", **OLD)
    world.set("transfer", existing="overwrite")
    held: list[Call] = []

    def hold(call: Call) -> None:
        held.append(call)
        raise Crash

    service = world.destination
    after_the_probe = Fault("CopyObject", nth=2, reserved=True, before=hold)
    world.destination = Faulty(service, after_the_probe)
    with pytest.raises(Crash):
        world.run()
    world.destination = service
    assert held[0].args[2].endswith("/saved/1")
    return lambda: service.copy(*held[0].args, **held[0].kwargs)


def test_a_copy_that_lands_while_a_rollback_settles_goes_too(
    world: World, late_copy: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = snapshot(world)
    waited = []

    def wait(ports: StillPorts, seconds: float) -> bool:
        if seconds == SETTLE_S:
            waited.append(seconds)
            late_copy()
        return ports.stop.is_asked

    monkeypatch.setattr(StillPorts, "wait", wait)
    assert world.rollback().exit_code == 0
    assert waited == [SETTLE_S]
    assert snapshot(world) == before


def test_a_copy_that_lands_after_a_rollback_goes_with_the_next_one(
    world: World, late_copy: Callable[[], None]
) -> None:
    before = snapshot(world)
    assert world.rollback().exit_code == 0
    late_copy()
    assert reserved(world) != []
    assert world.rollback().exit_code == 0
    assert snapshot(world) == before
