"""Nothing is lost silently: what copies would lack is said before, and accepted or refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import md5

import pytest

from migrator.errors import AccessDenied, NotSupported, Rejected
from migrator.model.events import ObjectUnsupported, Retrying
from migrator.model.findings import FidelityChecked, PropertyFound
from migrator.model.ledger import Outcome
from migrator.model.objects import UNLOCKED, Lock
from migrator.store.base import Versioning
from migrator.store.memory import MemoryCloud, Quirks
from tests.support.faulty import Faulty, fails
from tests.support.world import FROM, TO, World, counts

KEY = "aws:kms:arn:aws:kms:us-east-1:111122223333:key/1234"
SWIFT = Quirks(refuses_properties=("tags", "website_redirect"))
NewWorld = Callable[..., World]


@pytest.fixture
def locked(new_world: NewWorld) -> World:
    """Both buckets can lock; one object is on hold, one retained, one neither."""
    world = new_world(versioning=Versioning.ENABLED)
    world.source_cloud.set_versioning(FROM, Versioning.ENABLED)
    world.source_cloud.set_lock(FROM)
    world.destination_cloud.set_lock(TO)
    for key in ("free", "held", "kept"):
        world.seed(key)
    until = world.clock.wall().replace(microsecond=0) + timedelta(days=400)
    world.source_cloud.hold(FROM, "held")
    world.source_cloud.retain(FROM, "kept", until)
    return world


class TakesAnything(Faulty):
    """An end that does not look at Content-MD5."""

    def put(self, *where: object, **how: object) -> object:
        body = where[2]
        assert isinstance(body, bytes | bytearray)
        return self.inner.put(*where, **{**how, "md5": md5(body).digest()})


def found(world: World) -> dict[str, PropertyFound]:
    [report] = world.of(FidelityChecked)
    return {each.name: each for each in report.found}


def locks_there(world: World) -> dict[str, Lock]:
    return {key: world.destination_cloud.head(TO, key).lock for key in world.there}


# -- before the run -------------------------------------------------------------------------------


def test_a_loss_nobody_accepted_refuses_the_run_before_anything_is_written(world: World) -> None:
    world.seed("usual")
    for number in range(3):
        world.source_cloud.seed(FROM, f"rare/{number}", b"x", storage_class="STANDARD_IA")
    summary = world.run()
    assert (summary.outcome, summary.exit_code, summary.cause) == (Outcome.REFUSED, 3, "losses")
    assert 'accept = ["storage-class"]' in summary.advice
    assert not world.destination_cloud.contents(TO)
    loss = found(world)["storage-class"]
    assert loss == PropertyFound("storage-class", "lost", 3, is_exact=True, example="rare/0")
    assert loss.is_open


def test_an_accepted_loss_is_counted_and_named(world: World) -> None:
    world.seed("usual")
    world.source_cloud.seed(FROM, "rare", b"x", storage_class="STANDARD_IA")
    world.set("carry", accept=["storage-class"])
    summary = world.run()
    assert summary.outcome is Outcome.COMPLETED
    assert summary.lost == {"storage-class": 1}
    assert world.entries()["rare"].lost == {"storage-class"}
    assert world.entries()["usual"].reason == ""
    assert world.verify().outcome is Outcome.VERIFIED


def test_a_refused_run_does_not_stand_in_the_way_of_the_next(world: World) -> None:
    world.source_cloud.seed(FROM, "rare", b"x", storage_class="STANDARD_IA")
    assert world.run().exit_code == 3
    world.set("carry", accept=["storage-class"])
    assert world.run().outcome is Outcome.COMPLETED


def test_a_class_that_the_destination_has_is_kept(world: World) -> None:
    world.table["destination"]["provider"] = "aws"
    world.table["destination"]["region"] = "us-east-1"
    world.source_cloud.seed(FROM, "rare", b"x", storage_class="STANDARD_IA")
    assert world.run().outcome is Outcome.COMPLETED
    assert world.destination_cloud.head(TO, "rare").storage_class == "STANDARD_IA"
    assert world.verify().outcome is Outcome.VERIFIED


@pytest.mark.parametrize(("checks_md5", "level"), [(True, "accepted"), (False, "read-back")])
def test_a_copy_under_kms_is_read_back_only_where_damage_on_the_way_would_not_be_noticed(
    world: World, checks_md5: bool, level: str
) -> None:
    world.table["destination"]["provider"] = "aws"
    world.table["destination"]["region"] = "us-east-1"
    world.seed("plain", b"bytes")
    world.set("carry", encryption=KEY)
    if not checks_md5:
        world.destination = TakesAnything(world.destination)
    summary = world.run()
    assert summary.outcome is Outcome.COMPLETED
    assert world.destination_cloud.head(TO, "plain").encryption == KEY
    assert summary.ledger["assurance"][level] == 1
    assert not world.of(Retrying)  # the probe with damaged bytes is sent once


def test_grants_to_others_are_a_loss(world: World) -> None:
    world.seed("public")
    world.source_cloud.grant(FROM, "public")
    assert world.run().exit_code == 3
    assert found(world)["acl"].example == "public"
    world.set("carry", accept=["acl"])
    assert world.run().outcome is Outcome.COMPLETED


def test_what_may_not_be_asked_is_unknown_and_not_none(world: World) -> None:
    world.seed("a")
    world.source = Faulty(world.source, fails("GetObjectAcl", AccessDenied("no"), times=None))
    assert world.run().outcome is Outcome.COMPLETED
    assert found(world)["acl"].fate == "unknown"


def test_a_sample_says_at_least_and_deep_says_exactly(world: World) -> None:
    for number in range(150):
        world.seed(f"{number:03}", encryption=KEY if number % 3 == 0 else "")
    planned = world.plan()
    assert planned.exit_code == 0
    [report] = world.of(FidelityChecked)
    assert (report.looked_at, report.planned, report.is_exact) == (64, 150, False)
    assert 0 < found(world)["encryption"].objects < 50
    world.forget_events()
    world.engine().plan(world.job, deep=True)
    [report] = world.of(FidelityChecked)
    assert (report.looked_at, report.planned, report.is_exact) == (150, 150, True)
    assert found(world)["encryption"] == PropertyFound(
        "encryption", "lost", 50, is_exact=True, example=found(world)["encryption"].example
    )


def test_an_empty_plan_asks_nothing(world: World) -> None:
    assert world.plan().exit_code == 0
    assert world.of(FidelityChecked) == [FidelityChecked(0, 0, is_exact=True)]


# -- met later ------------------------------------------------------------------------------------


def test_a_loss_met_later_sets_the_object_aside(world: World) -> None:
    for number in range(200):
        world.seed(f"{number:03}")
    keys = {call[2] for call in _looked_at(world)}
    late = next(key for key in (f"{number:03}" for number in range(200)) if key not in keys)
    world.source_cloud.seed(FROM, late, b"body", replace_encryption(KEY))
    summary = world.run()
    assert counts(summary) == {"listed": 200, "planned": 199, "copied": 199, "unsupported": 1}
    assert [each.reason for each in world.of(ObjectUnsupported)] == ["encryption"]
    assert late not in world.there


def replace_encryption(key: str) -> object:
    from migrator.model.objects import Properties

    return Properties(encryption=key)


def _looked_at(world: World) -> list[tuple[str, str, str]]:
    """What the survey of a first plan of the same listing asks."""
    world.plan()
    found = [call for call in world.source.calls if call[0] == "HeadObject"]
    # A run takes its sample evenly from the journal: every fourth of 200.
    return found + [("HeadObject", FROM, f"{number:03}") for number in range(0, 200, 4)]


def test_a_destination_without_tags_and_redirects_is_named(new_world: NewWorld) -> None:
    world = new_world(quirks=SWIFT)
    world.seed("plain")
    world.seed("tagged", tags={"a": "b"})
    world.seed("leading", website_redirect="/there")
    summary = world.run()
    assert counts(summary) == {"listed": 3, "planned": 1, "copied": 1, "unsupported": 2}
    assert world.entries()["tagged"].reason == "tags-unsupported"
    assert world.entries()["leading"].reason == "website-redirect-unsupported"


def test_what_such_a_destination_loses_can_be_accepted(new_world: NewWorld, small_parts: None) -> None:
    world = new_world(quirks=SWIFT)
    world.seed("both", tags={"a": "b"}, website_redirect="/there")
    world.seed("large", b"x" * 3000, tags={"a": "b"})
    world.seed("leading", website_redirect="/there")
    world.seed("tagged", tags={"a": "b"})
    world.set("carry", accept=["tags", "website-redirect"])
    summary = world.run()
    assert summary.outcome is Outcome.COMPLETED
    assert summary.lost == {"tags": 3, "website-redirect": 2}
    assert world.verify().outcome is Outcome.VERIFIED


def test_a_refusal_with_nothing_to_blame_is_a_failure(world: World) -> None:
    world.seed("a")
    world.destination = Faulty(world.destination, fails("PutObject", NotSupported("no"), times=None, key="a"))
    assert counts(world.run())["failed"] == 1


def test_a_redirect_is_carried_and_checked(world: World) -> None:
    world.seed("a", website_redirect="https://example.com/x")
    assert world.run().outcome is Outcome.COMPLETED
    assert world.destination_cloud.head(TO, "a").properties.website_redirect == "https://example.com/x"


def test_a_leftover_of_an_upload_is_mended_and_counted(world: World) -> None:
    world.seed("a", content_encoding="aws-chunked")
    world.seed("b", content_encoding="gzip,aws-chunked")
    world.seed("c", content_encoding="gzip")
    summary = world.run()
    assert (summary.outcome, summary.repaired) == (Outcome.COMPLETED, 2)
    heads = {key: world.destination_cloud.head(TO, key).properties.content_encoding for key in "abc"}
    assert heads == {"a": "", "b": "gzip", "c": "gzip"}
    assert world.entries()["a"].reason == "repaired:content-encoding"
    assert world.verify().outcome is Outcome.VERIFIED


# -- locks ----------------------------------------------------------------------------------------


def test_locks_are_a_loss_unless_they_are_carried(locked: World) -> None:
    assert locked.run().exit_code == 3
    assert found(locked)["locks"].objects == 2
    locked.set("carry", accept=["locks"])
    assert locked.run().outcome is Outcome.COMPLETED
    assert set(locks_there(locked).values()) == {UNLOCKED}


def test_at_once_locks_with_the_write_and_rollback_says_so(locked: World) -> None:
    locked.set("carry", locks="at-once")
    assert locked.run().outcome is Outcome.COMPLETED
    here = {key: locked.source_cloud.head(FROM, key).lock for key in locked.here}
    assert locks_there(locked) == here
    undone = locked.rollback()
    assert (undone.exit_code, undone.left_in_place) == (4, 2)
    assert set(locked.there) == {"held", "kept"}


def test_after_verify_locks_only_once_the_run_is_accepted(locked: World) -> None:
    locked.set("carry", locks="after-verify")
    assert locked.run().outcome is Outcome.COMPLETED
    assert set(locks_there(locked).values()) == {UNLOCKED}
    assert locked.accept().exit_code == 0
    assert locks_there(locked) == {key: locked.source_cloud.head(FROM, key).lock for key in locked.here}


def test_after_verify_can_be_undone_until_then(locked: World) -> None:
    locked.set("carry", locks="after-verify")
    locked.run()
    assert locked.rollback().outcome is Outcome.ROLLED_BACK
    assert not locked.there


def test_a_copy_that_cannot_be_locked_keeps_the_undo(locked: World) -> None:
    locked.set("carry", locks="after-verify")
    locked.run()
    inner = locked.destination
    locked.destination = Faulty(inner, fails("PutObjectRetention", AccessDenied("no"), times=None))
    assert locked.accept().exit_code == 1
    assert locked.info().undo == ""
    locked.destination = inner
    assert locked.accept().exit_code == 0
    assert locks_there(locked)["kept"].until is not None


def test_a_destination_that_cannot_lock_is_refused(world: World) -> None:
    world.seed("a")
    world.set("carry", locks="at-once")
    summary = world.run()
    assert (summary.exit_code, summary.cause) == (3, "losses")
    world.set("carry", accept=["locks"])
    assert world.run().outcome is Outcome.COMPLETED


def test_a_hidden_lock_is_asked_for_by_name(locked: World) -> None:
    """A HEAD leaves locks out where the keys may not know of them."""

    class Hides(Faulty):
        def head(self, *where: object, **how: object) -> object:
            return replace(self.inner.head(*where, **how), lock=UNLOCKED)

        def read(self, *where: object, **how: object) -> object:
            return replace(self.inner.read(*where, **how), lock=UNLOCKED)

    locked.source = Hides(Faulty(locked.source, fails("GetObjectRetention", AccessDenied("no"), times=None)))
    assert locked.run().outcome is Outcome.COMPLETED
    assert found(locked)["locks"].fate == "unknown"
    locked.rollback()
    locked.set("carry", locks="at-once")
    summary = locked.run()
    assert summary.ledger["unsupported"] == 3
    assert {each.reason for each in locked.entries().values()} == {"locks-unknown"}


# -- what cannot be read --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [
        # INTELLIGENT_TIERING hides its archive tiers from listings: the GET tells.
        (
            Rejected("The operation is not valid for the object's storage class", code="InvalidObjectState"),
            "archived",
        ),
        (
            Rejected("The object was stored using a form of Server Side Encryption.", code="InvalidRequest"),
            "customer-key",
        ),
    ],
    ids=["archived", "customer-key"],
)
def test_an_object_that_cannot_be_read_as_it_is_is_set_aside(
    world: World, refusal: Rejected, reason: str
) -> None:
    world.seed("readable")
    world.seed("shut")
    world.source = Faulty(world.source, fails("GetObject", refusal, times=None, key="shut"))
    assert counts(world.run()) == {"listed": 2, "planned": 1, "copied": 1, "unsupported": 1}
    assert world.entries()["shut"].reason == reason


def test_any_other_refusal_is_a_failure(world: World) -> None:
    world.seed("a")
    refusal = Rejected("Something else is wrong.", code="InvalidRequest")
    world.source = Faulty(world.source, fails("GetObject", refusal, times=None))
    assert counts(world.run())["failed"] == 1


# -- who may be asked for locks -------------------------------------------------------------------


def test_a_source_without_locks_is_never_asked_for_one(locked: World) -> None:
    """OpenStack Swift answers the question with the object's bytes."""
    world = World(locked.root, MemoryCloud(), locked.destination_cloud, locked.clock)
    world.source_cloud.create_bucket(FROM)
    world.seed("a")
    world.set("carry", locks="at-once")
    assert world.run().outcome is Outcome.COMPLETED
    assert world.verify().outcome is Outcome.VERIFIED
    assert not [
        call for call in world.source.calls if call[0] in {"GetObjectRetention", "GetObjectLegalHold"}
    ]


def test_a_question_that_is_refused_is_unknown_too(world: World) -> None:
    world.seed("a")
    refusal = Rejected("Not in this way.", code="InvalidRequest")
    world.source = Faulty(world.source, fails("GetObjectAcl", refusal, times=None))
    assert world.run().outcome is Outcome.COMPLETED
    assert found(world)["acl"].fate == "unknown"


def test_an_end_without_grants_has_none(world: World) -> None:
    world.seed("a")
    world.source = Faulty(world.source, fails("GetObjectAcl", NotSupported("no"), times=None))
    assert world.run().outcome is Outcome.COMPLETED
    assert found(world) == {}
