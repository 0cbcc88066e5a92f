"""Trouble on the way: what fails once is tried again, what fails for good is named, and the run goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from migrator.errors import (
    AccessDenied,
    BadCredentials,
    ClockSkew,
    ExpiredCredentials,
    NotFound,
    NotS3,
    NotSupported,
    PreconditionFailed,
    StoreError,
    Throttled,
    Transient,
    Unreachable,
    WrongRegion,
)
from migrator.model.events import ObjectFailed, ObjectUnsupported, Retrying
from migrator.model.ledger import Outcome
from migrator.model.objects import Page
from migrator.store.base import Versioning
from migrator.store.memory import LYVE
from tests.support.faulty import (
    OPERATIONS,
    Call,
    Fault,
    Faulty,
    Unsorted,
    corrupts,
    drops_metadata,
    fails,
    loses_the_answer,
    meanwhile,
)
from tests.support.world import FROM, PART, TO, World, counts


@pytest.fixture
def filled(world: World, small_parts: None) -> World:
    """Five small objects and one that goes in four parts."""
    for number in range(5):
        world.seed(f"{number}", f"body {number}".encode())
    world.seed("large", b"x" * (3 * PART + 5))
    return world


def causes(world: World) -> dict[str, str]:
    return {each.key: each.cause for each in world.of(ObjectFailed)}


EACH_WRITE = ["PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"]


@pytest.mark.parametrize("operation", [*EACH_WRITE, "HeadObject", "ListObjectsV2"])
@pytest.mark.parametrize(
    "error",
    [
        Transient("try again", code="InternalError", status=503),
        Throttled("slow down", code="SlowDown", status=503, retry_after_s=7.0),
        Transient("connection lost", code="ConnectionClosed"),
        Unreachable("no route", code="Unreachable"),
    ],
    ids=lambda error: f"{type(error).__name__}-{error.code}",
)
def test_what_fails_twice_and_recovers_is_not_noticed(
    filled: World, operation: str, error: StoreError
) -> None:
    fault = fails(operation, error, nth=2 if operation == "ListObjectsV2" else 1, times=2)
    filled.destination = Faulty(filled.destination, fault)
    summary = filled.run()
    assert fault.struck >= 1
    assert (summary.outcome, summary.exit_code) == (Outcome.COMPLETED, 0)
    assert filled.there == filled.here
    assert filled.of(Retrying)


@pytest.mark.parametrize("operation", ["GetObject", "HeadObject"])
def test_a_source_that_fails_twice_and_recovers_is_not_noticed(filled: World, operation: str) -> None:
    fault = fails(operation, times=2)
    filled.source = Faulty(filled.source, fault)
    assert filled.run().outcome is Outcome.COMPLETED
    assert fault.struck == 2
    assert filled.there == filled.here


@pytest.mark.parametrize("operation", ["PutObject", "UploadPart", "CompleteMultipartUpload"])
@pytest.mark.parametrize(
    "end", [{}, {"versioning": Versioning.ENABLED}, {"quirks": LYVE}], ids=["plain", "versions", "lyve"]
)
def test_a_lost_answer_does_not_make_two_of_one(
    new_world: Callable[..., World], small_parts: None, operation: str, end: dict[str, Any]
) -> None:
    world = new_world(**end)
    for number in range(3):
        world.seed(f"{number}")
    world.seed("large", b"x" * 3 * PART)
    fault = loses_the_answer(operation, nth=2 if operation != "CompleteMultipartUpload" else 1)
    world.destination = Faulty(world.destination, fault)
    summary = world.run()
    assert fault.struck == 1
    assert summary.outcome is Outcome.COMPLETED
    assert world.there == world.here
    assert not world.open_uploads
    assert world.rollback().exit_code == 0
    assert world.there == {}


@pytest.mark.parametrize("operation", ["PutObject", "UploadPart", "CompleteMultipartUpload"])
def test_what_fails_for_good_is_named_and_the_run_goes_on(filled: World, operation: str) -> None:
    key = "3" if operation == "PutObject" else "large"
    fault = fails(operation, key=key, times=None)
    filled.destination = Faulty(filled.destination, fault)
    summary = filled.run()
    assert fault.struck >= 6
    assert counts(summary) == {"listed": 6, "planned": 6, "copied": 5, "failed": 1}
    assert (summary.outcome, summary.exit_code) == (Outcome.FAILED, 1)
    assert causes(filled) == {key: "InternalError"}
    filled.destination = filled.destination.inner
    assert filled.resume().outcome is Outcome.COMPLETED
    assert filled.there == filled.here
    assert not filled.open_uploads


def test_an_upload_that_cannot_be_finished_is_aborted(filled: World) -> None:
    filled.destination = Faulty(
        filled.destination, fails("UploadPart", AccessDenied("no"), nth=3, times=None)
    )
    summary = filled.run()
    assert counts(summary)["failed"] == 1
    assert not filled.open_uploads
    assert filled.info().open_uploads == 0


@pytest.mark.parametrize(
    ("error", "cause"),
    [(AccessDenied("no", code="AccessDenied"), "AccessDenied"), (NotS3("a web page"), "NotS3")],
)
def test_every_read_of_one_key_fails(filled: World, error: StoreError, cause: str) -> None:
    filled.source = Faulty(filled.source, fails("GetObject", error, key="2", times=None))
    summary = filled.run()
    assert counts(summary) == {"listed": 6, "planned": 6, "copied": 5, "failed": 1}
    assert causes(filled) == {"2": cause}
    assert set(filled.there) == set(filled.here) - {"2"}
    groups = filled.state.failures
    assert [(group.cause, group.count, group.samples) for group in groups] == [(cause, 1, ("2",))]


def test_tags_that_may_not_be_read_are_not_dropped_silently(world: World) -> None:
    world.seed("a", tags={"team": "x"})
    world.source = Faulty(world.source, fails("GetObjectTagging", AccessDenied("no"), times=None))
    summary = world.run()
    assert counts(summary) == {"listed": 1, "planned": 1, "failed": 1}
    assert world.there == {}


def test_an_end_without_tags_is_asked_once(world: World) -> None:
    world.set("transfer", threads=1)
    for number in range(5):
        world.seed(f"{number}")

    class CountsNoTags(Faulty):
        """As most ends: no tag count in the headers."""

        def read(self, *args: object, **kwargs: object) -> object:
            from dataclasses import replace

            return replace(self.inner.read(*args, **kwargs), tag_count=None)

    refuses = fails("GetObjectTagging", NotSupported("unknown call"), times=None)
    world.source = CountsNoTags(Faulty(world.source, refuses))
    assert world.run().outcome is Outcome.COMPLETED
    assert refuses.struck == 1


# -- copies that are not what was sent ------------------------------------------------------------


def test_corrupted_bytes_are_noticed_and_removed(filled: World) -> None:
    """The service's ETag is of the corrupted bytes, so the digests differ."""
    fault = corrupts("PutObject", key="1", times=None)
    filled.destination = Faulty(filled.destination, fault)
    summary = filled.run()
    assert fault.struck
    assert counts(summary) == {"listed": 6, "planned": 6, "copied": 5, "failed": 1}
    assert causes(filled) == {"1": "arrived-wrong-bytes"}
    assert "1" not in filled.there


def test_corrupted_part_is_noticed_and_removed(filled: World) -> None:
    fault = corrupts("UploadPart", key="large", nth=2, times=1)
    filled.destination = Faulty(filled.destination, fault)
    summary = filled.run()
    assert fault.struck == 1
    assert causes(filled) == {"large": "InvalidPart"}
    assert counts(summary)["copied"] == 5
    assert "large" not in filled.there
    assert filled.resume().outcome is Outcome.COMPLETED
    assert filled.there == filled.here


def test_an_end_that_answers_success_and_stores_nothing_is_not_believed(filled: World) -> None:
    class Forgets(Faulty):
        def put(self, bucket: str, key: str, *args: object, **kwargs: object) -> object:
            answer = self.inner.put(bucket, key, *args, **kwargs)
            if key == "1":
                self.inner.delete(bucket, key)
            return answer

    filled.destination = Forgets(filled.destination)
    assert counts(filled.run())["failed"] == 1
    assert causes(filled) == {"1": "not-there"}


def garbles(**when: Any) -> Fault:
    """The source's bytes are changed on their way, their number and everything else is right."""

    def garble(call: Call, answer: Any) -> Any:
        call.args[2][0] ^= 1
        return answer

    return Fault("GetObject", after=garble, **when)


def test_wrong_bytes_from_the_source_are_not_stored(world: World) -> None:
    for key in ("bad", "good"):
        world.seed(key, b"right bytes")
    world.source = Faulty(world.source, garbles(key="bad", times=None))
    assert counts(world.run()) == {"listed": 2, "planned": 2, "copied": 1, "failed": 1}
    assert world.there == {"good": b"right bytes"}
    [failed] = world.of(ObjectFailed)
    assert (failed.key, failed.cause) == ("bad", "WrongBytes")


def test_wrong_bytes_once_are_read_again(world: World) -> None:
    world.seed("bad", b"right bytes")
    fault = garbles(key="bad")
    world.source = Faulty(world.source, fault)
    assert world.run().exit_code == 0
    assert fault.struck
    assert world.there == world.here


def test_elsewhere_etags_are_digests_once_one_was_seen_to_be(world: World) -> None:
    world.set("transfer", threads=1)
    world.set("source", provider="s3", endpoint_url="https://s3.example.com")
    for key in ("a good", "bad"):
        world.seed(key, b"right bytes")
    world.source = Faulty(world.source, garbles(key="bad", times=None))
    assert counts(world.run())["failed"] == 1
    assert world.there == {"a good": b"right bytes"}


@pytest.mark.parametrize("metadata", [{}, {"colour": "blue"}])
def test_lost_metadata_is_not_taken_for_a_copy(world: World, metadata: dict[str, str]) -> None:
    world.seed("a", metadata=metadata)
    world.seed("b", metadata=metadata)
    fault = drops_metadata("PutObject", key="a", times=None)
    world.destination = Faulty(world.destination, fault)
    summary = world.run()
    assert fault.struck
    assert counts(summary) == {"listed": 2, "planned": 2, "copied": 1, "failed": 1}
    assert causes(world) == {"a": "arrived-wrong-metadata"}


def test_missing_metadata_sets_the_object_aside(world: World) -> None:
    from dataclasses import replace

    world.seed("a")
    world.seed("b")

    class HidesSome(Faulty):
        def read(self, bucket: str, key: str, *args: object, **kwargs: object) -> object:
            head = self.inner.read(bucket, key, *args, **kwargs)
            return replace(head, missing_meta=int(key == "a"))

    world.source = HidesSome(world.source)
    summary = world.run()
    assert counts(summary) == {"listed": 2, "planned": 1, "copied": 1, "unsupported": 1}
    assert summary.exit_code == 1
    assert set(world.there) == {"b"}
    assert world.state.planned == summary.ledger["planned"]


# -- the source changes after the listing ---------------------------------------------------------


@pytest.mark.parametrize("key", ["2", "large"])
def test_an_object_that_changes_after_the_listing_is_never_copied_half(filled: World, key: str) -> None:
    operation = "GetObject"
    nth = 3 if key == "large" else 1
    changes = meanwhile(operation, lambda: filled.seed(key, b"newer" * PART), key=key, nth=nth)
    filled.source = Faulty(filled.source, changes)
    summary = filled.run()
    assert changes.struck == 1
    assert causes(filled) == {key: "source-changed"}
    assert key not in filled.there
    assert not filled.open_uploads
    assert summary.drift is not None
    assert summary.drift.changed == 1
    assert filled.resume().outcome is Outcome.COMPLETED
    assert filled.there == filled.here


@pytest.mark.parametrize("key", ["2", "large"])
def test_an_object_that_is_deleted_after_the_listing_is_named(filled: World, key: str) -> None:
    goes = meanwhile("GetObject", lambda: filled.source_cloud.delete(FROM, key), key=key)
    filled.source = Faulty(filled.source, goes)
    summary = filled.run()
    assert goes.struck == 1
    assert causes(filled) == {key: "source-gone"}
    assert counts(summary) == {"listed": 6, "planned": 6, "copied": 5, "failed": 1}
    assert not filled.open_uploads


def test_a_source_that_ignores_if_match_is_seen_through(filled: World) -> None:
    class IgnoresIfMatch(Faulty):
        def read(self, *args: object, if_match: str = "", **kwargs: object) -> object:
            return self.inner.read(*args, **kwargs)

    filled.source = IgnoresIfMatch(
        Faulty(filled.source, meanwhile("GetObject", lambda: filled.seed("2", b"BODY 2"), key="2"))
    )
    filled.run()
    assert causes(filled) == {"2": "source-changed"}
    assert "2" not in filled.there


# -- listings -------------------------------------------------------------------------------------


def backwards(keys: list[str]) -> list[str]:
    return keys[::-1]


def late_first(keys: list[str]) -> list[str]:
    """In order, but for the first key, which comes last."""
    return keys[1:] + keys[:1]


@pytest.mark.parametrize("order", [backwards, late_first])
@pytest.mark.parametrize("side", ["source", "destination", "both"])
def test_unsorted_listings_lose_nothing(world: World, order: Callable[..., list[str]], side: str) -> None:
    for number in range(10):
        world.seed(f"{number}")
    for number in (0, 4, 9):
        world.put_there(f"{number}", b"body")
    world.put_there("5", b"different")
    before = world.there
    if side in ("source", "both"):
        world.source = Unsorted(world.source, order)
    if side in ("destination", "both"):
        world.destination = Unsorted(world.destination, order)
    summary = world.run()
    assert counts(summary) == {"listed": 10, "planned": 7, "copied": 6, "same": 3, "conflicts": 1}
    assert world.there == {**world.here, "5": before["5"]}


def test_a_listing_that_repeats_keys_copies_them_once(world: World) -> None:
    for number in range(6):
        world.seed(f"{number}")

    class Repeats(Faulty):
        def list_page(self, bucket: str, prefix: str, **where: object) -> Page:
            page = self.inner.list_page(bucket, prefix, **where)
            doubled = tuple(each for each in page.objects for _ in range(2))
            return Page(doubled, page.next_token)

    world.source = Repeats(world.source)
    assert counts(world.run()) == {"listed": 6, "planned": 6, "copied": 6}


@pytest.mark.parametrize("side", ["source", "destination"])
def test_a_listing_that_never_ends_is_no_s3(world: World, side: str) -> None:
    world.seed("a")

    class GoesRound(Faulty):
        def list_page(self, bucket: str, prefix: str, **where: object) -> Page:
            return Page(self.inner.list_page(bucket, prefix).objects, "again")

    setattr(world, side, GoesRound(getattr(world, side)))
    summary = world.run()
    assert summary.outcome is Outcome.PAUSED
    assert summary.cause == "RepeatedToken"
    assert "repeats itself" in summary.message
    assert world.there == {}


def test_a_second_listing_that_fails_only_leaves_drift_unknown(world: World) -> None:
    world.seed("a")
    world.source = Faulty(world.source, fails("ListObjectsV2", AccessDenied("no"), nth=3, times=None))
    summary = world.run()
    assert summary.outcome is Outcome.COMPLETED
    assert summary.drift is None


# -- before anything starts -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        (BadCredentials("wrong key"), 2),
        (ExpiredCredentials("expired"), 2),
        (NotFound("no bucket", code="NoSuchBucket"), 2),
        (WrongRegion("elsewhere"), 2),
        (AccessDenied("no right"), 3),
        (NotS3("a web page"), 3),
        (Unreachable("no route"), 3),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("side", ["source", "destination"])
def test_an_end_that_says_no_at_the_start_refuses_the_run(
    world: World, side: str, error: StoreError, exit_code: int
) -> None:
    world.seed("a")
    setattr(world, side, Faulty(getattr(world, side), fails("ListObjectsV2", error, times=None)))
    summary = world.run()
    assert (summary.outcome, summary.exit_code) == (Outcome.REFUSED, exit_code)
    assert error.message in summary.message
    assert not list(world.root.glob("runs/*"))
    assert world.there == {}


def test_versioning_that_may_not_be_asked_is_never_taken_for_safe(new_world: Callable[..., World]) -> None:
    world = new_world(versioning=Versioning.ENABLED)
    world.seed("a", b"new")
    world.put_there("a", b"old")
    world.set("transfer", existing="overwrite")
    before = world.destination_cloud.list_versions(TO)
    world.destination = Faulty(
        world.destination, fails("GetBucketVersioning", AccessDenied("no"), times=None)
    )
    assert counts(world.run())["copied"] == 1
    assert world.there == {"a": b"new"}
    assert world.rollback().exit_code == 0
    assert world.destination_cloud.list_versions(TO) == before


# -- in the middle --------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [ExpiredCredentials("expired"), BadCredentials("revoked")])
def test_keys_that_end_in_the_middle_pause_the_run(filled: World, error: StoreError) -> None:
    filled.destination = Faulty(filled.destination, fails("PutObject", error, nth=3, times=None))
    paused = filled.run()
    assert (paused.outcome, paused.exit_code, paused.cause) == (Outcome.PAUSED, 5, "credentials")
    assert paused.ledger["failed"] == 0
    assert paused.ledger["left"] >= 1
    filled.destination = filled.destination.inner
    resumed = filled.resume()
    assert (resumed.outcome, resumed.exit_code) == (Outcome.COMPLETED, 0)
    assert filled.there == filled.here
    assert not filled.open_uploads


def test_a_clock_that_is_wrong_pauses_the_run(filled: World) -> None:
    skewed = ClockSkew("the clock is off", advice="Set the clock.")
    filled.destination = Faulty(filled.destination, fails("PutObject", skewed, nth=2, times=None))
    paused = filled.run()
    assert (paused.outcome, paused.exit_code, paused.cause) == (Outcome.PAUSED, 5, "clock-skew")
    assert paused.advice == "Set the clock."
    assert paused.ledger["failed"] == 0
    filled.destination = filled.destination.inner
    assert filled.resume().exit_code == 0
    assert filled.there == filled.here


def test_an_end_that_is_gone_for_long_pauses_the_run(filled: World) -> None:
    filled.set("transfer", wait="10m", threads=1)
    is_gone: list[bool] = []

    def refuse(_: Call) -> None:
        if is_gone:
            raise Unreachable("gone")

    goes = meanwhile("PutObject", lambda: is_gone.append(True), nth=3)
    gone = Fault(frozenset(OPERATIONS.values()), times=None, before=refuse)
    filled.destination = Faulty(filled.destination, goes, gone)
    paused = filled.run()
    assert (paused.outcome, paused.exit_code, paused.cause) == (Outcome.PAUSED, 5, "unreachable")
    assert filled.clock.skipped_s >= 600
    filled.destination = filled.destination.inner
    assert filled.resume().outcome is Outcome.COMPLETED
    assert filled.there == filled.here


def test_conditions_that_are_refused_although_they_hold_do_not_stop_a_copy(filled: World) -> None:
    """Ends exist that answer 412 or 501 to a condition they do not understand."""
    for error in (PreconditionFailed("412", code="PreconditionFailed"), NotSupported("501")):
        world = filled

        def refuse_conditions(call: object, error: StoreError = error) -> None:
            condition = call.kwargs.get("condition")  # type: ignore[attr-defined]
            if condition and (condition.absent or condition.etag):
                raise error

        writes = frozenset({"PutObject", "CompleteMultipartUpload"})
        fault = Fault(writes, times=None, before=refuse_conditions)
        inner = world.destination
        world.destination = Faulty(inner, fault)
        assert world.run().outcome is Outcome.COMPLETED
        assert fault.struck
        assert world.there == world.here
        world.rollback()
        world.destination = inner
    assert not world.there
    assert not world.destination_cloud.list_uploads(TO)


def test_a_destination_without_tags_gets_everything_but_the_tagged_objects(world: World) -> None:
    """OpenStack Swift answers 501; an object is never copied poorer than it is."""

    def refuse_tags(call: Call) -> None:
        if call.args[3].tags:
            raise NotSupported("Object tagging is not supported.")

    world.seed("tagged", tags={"a": "b"})
    world.seed("plain")
    world.destination = Faulty(world.destination, Fault("PutObject", times=None, before=refuse_tags))
    summary = world.run()
    assert summary.exit_code == 1
    assert counts(summary)["unsupported"] == 1
    assert counts(summary)["copied"] == 1
    assert world.of(ObjectUnsupported)[0].reason == "tags-unsupported"
    world.set("carry", tags=False)
    assert world.run().outcome is Outcome.COMPLETED


def test_an_upload_that_cannot_be_aborted_now_pauses_the_run(world: World, small_parts: None) -> None:
    """Its key was taken meanwhile, and then the keys expired: the upload must not be forgotten."""
    world.seed("large", b"x" * 3 * PART)
    inner = world.destination
    world.destination = Faulty(
        inner,
        meanwhile("CompleteMultipartUpload", lambda: world.put_there("large", b"theirs")),
        fails("AbortMultipartUpload", ExpiredCredentials("expired", code="ExpiredToken"), times=None),
    )
    paused = world.run()
    assert (paused.outcome, paused.exit_code) == (Outcome.PAUSED, 5)
    assert world.open_uploads
    world.destination = inner
    resumed = world.resume()
    assert (resumed.exit_code, counts(resumed)["conflicts"]) == (1, 1)
    assert not world.open_uploads
    assert world.there == {"large": b"theirs"}
