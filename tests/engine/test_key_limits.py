"""Keys that the destination cannot hold are set aside when it is listed, each with its reason."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from migrator.errors import Rejected
from migrator.model.events import ListingProgress, ObjectUnsupported, Warned
from migrator.model.ledger import Outcome
from migrator.model.objects import RESERVED_PREFIX
from migrator.reasons import ADVICE, TITLES, UNSUPPORTED
from migrator.store.base import Versioning
from tests.support.faulty import Call, Fault, Faulty, Unsorted
from tests.support.world import TO, World, counts

FIRST_LYVE_CLOUD = "https://s3.us-west-1.lyvecloud.seagate.com"
LONG = "d/" + "x" * 256


def set_aside(world: World) -> dict[str, str]:
    return {each.key: each.reason for each in world.of(ObjectUnsupported)}


def without(world: World, refuses: Callable[[str, bytes, set[str]], bool]) -> Fault:
    """The destination refuses keys, given the key, its body and all that it holds."""

    def refuse(call: Call) -> None:
        held = set(world.destination_cloud.contents(TO))
        if refuses(call.key, bytes(call.args[2]), held):
            raise Rejected("This key is not possible.", code="XMinioInvalidObjectName", status=400)

    fault = Fault("PutObject", times=None, reserved=True, before=refuse)
    world.destination = Faulty(world.destination, fault)
    return fault


def has_neighbour(key: str, body: bytes, held: set[str]) -> bool:
    return any(key.startswith(f"{other}/") or other.startswith(f"{key}/") for other in held)


REFUSALS: dict[str, tuple[str, bytes, Callable[[str, bytes, set[str]], bool]]] = {
    "key-empty-segment": ("a//b", b"x", lambda key, body, held: "//" in key),
    "key-folder-body": ("dir/", b"x", lambda key, body, held: key.endswith("/") and bool(body)),
    "key-segment-too-long": (
        LONG,
        b"x",
        lambda key, body, held: max(map(len, key.split("/"))) > 255,
    ),
}


@pytest.mark.parametrize("reason", REFUSALS)
def test_a_key_that_cannot_be_held_is_named_before_anything_is_copied(world: World, reason: str) -> None:
    key, body, refuses = REFUSALS[reason]
    world.set("destination", endpoint_url=FIRST_LYVE_CLOUD)
    world.seed(key, body)
    world.seed("plain")
    without(world, refuses)
    summary = world.run()
    assert set_aside(world) == {key: reason}
    assert all(each.while_listing for each in world.of(ObjectUnsupported))
    assert counts(summary) == {"listed": 2, "planned": 1, "copied": 1, "unsupported": 1}
    assert world.there.keys() == {"plain"}
    assert not world.of(Warned) or "key-limits" not in {each.code for each in world.of(Warned)}


@pytest.mark.parametrize("reason", REFUSALS)
@pytest.mark.parametrize("versioning", [Versioning.OFF, Versioning.ENABLED])
def test_what_a_probe_sees_held_is_copied_whatever_the_documents_say(
    new_world: Callable[..., World], reason: str, versioning: Versioning
) -> None:
    world = new_world(versioning=versioning)
    key, body, _ = REFUSALS[reason]
    world.set("destination", endpoint_url=FIRST_LYVE_CLOUD)
    world.seed(key, body)
    world.seed("beside")
    world.seed("beside/b")
    summary = world.run()
    assert set_aside(world) == {}
    assert (summary.exit_code, world.there) == (0, world.here)
    kept = [each for each in world.destination_cloud.contents(TO) if each.startswith(RESERVED_PREFIX)]
    assert kept == []
    if versioning is Versioning.ENABLED:
        left = [each.version.key for each in world.destination_cloud.list_versions(TO)]
        assert not [each for each in left if each.startswith(RESERVED_PREFIX)]


SEPARATED = ("a", "a!", "a-x/y", "a.txt", "a/b", "a/c", "b/c")


@pytest.mark.parametrize("is_sorted", [True, False], ids=["sorted", "unsorted"])
def test_of_two_that_cannot_be_held_together_the_first_listed_goes(world: World, is_sorted: bool) -> None:
    for key in SEPARATED:
        world.seed(key)
    if not is_sorted:
        world.source = Unsorted(world.source, lambda keys: ["b/c", *sorted(keys)[:-1]])
    without(world, has_neighbour)
    summary = world.run()
    assert set_aside(world) == {"a/b": "key-beside", "a/c": "key-beside"}
    assert summary.ledger["failed"] == 0
    assert world.there.keys() == {*SEPARATED} - {"a/b", "a/c"}


@pytest.mark.parametrize(("there", "aside"), [("a", {"a/b", "a/c"}), ("a/z", {"a"}), ("a/b/c", {"a", "a/b"})])
def test_what_the_destination_holds_already_stays(world: World, there: str, aside: set[str]) -> None:
    for key in SEPARATED[1:] if there == "a" else SEPARATED:
        world.seed(key)
    world.put_there(there, b"theirs")
    without(world, has_neighbour)
    summary = world.run()
    # `a` is out of the way then, and nothing is the matter with what is below it but `a/b/c`'s folder.
    assert set_aside(world) == dict.fromkeys(aside, "key-beside")
    assert summary.ledger["failed"] == 0
    assert world.there[there] == b"theirs"


def test_a_listing_that_goes_on_knows_the_keys_before(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("migrator.engine.planner.BATCH", 2)
    monkeypatch.setattr("migrator.engine.planner.PROGRESS_EVERY_S", 0.0)
    for key in SEPARATED:
        world.seed(key)
    without(world, has_neighbour)

    def stop(event: object) -> None:
        if isinstance(event, ListingProgress) and event.listed >= 2:
            world.ports.stop.ask()

    world.on_event = stop
    assert world.run().outcome is Outcome.STOPPED
    assert world.entries().keys() <= {"a", "a!", "a-x/y", "a.txt"}  # what is below `a` is still to come
    world.on_event = lambda _: None
    world.forget_events()
    summary = world.resume()
    assert set_aside(world) == {"a/b": "key-beside", "a/c": "key-beside"}
    assert summary.ledger["failed"] == 0
    assert world.there.keys() == {*SEPARATED} - {"a/b", "a/c"}


def test_a_plan_writes_nothing_and_says_that_it_only_believes_documents(world: World) -> None:
    world.seed("dir/", b"x")
    world.seed("a")
    world.seed("a/b")
    summary = world.plan()
    assert set_aside(world) == {"dir/": "key-folder-body"}
    assert counts(summary)["planned"] == 2
    [warned] = [each for each in world.of(Warned) if each.code == "key-limits"]
    assert "may be held after all" in warned.message
    assert world.destination_cloud.contents(TO) == {}


def test_no_probe_where_it_would_be_locked_for_years(world: World) -> None:
    world.destination_cloud.set_versioning(TO, Versioning.ENABLED)
    world.destination_cloud.set_lock(TO, mode="COMPLIANCE", days=365)
    world.seed("dir/", b"x")
    world.seed("plain")
    world.run()
    assert set_aside(world) == {"dir/": "key-folder-body"}
    kept = [each.version.key for each in world.destination_cloud.list_versions(TO)]
    assert not [each for each in kept if each.startswith(RESERVED_PREFIX)]
    assert "key-limits" in {each.code for each in world.of(Warned)}


def test_usual_keys_cost_no_probe(world: World) -> None:
    world.seed("a")
    world.seed("b/c")
    asked: list[str] = []
    fault = Fault("PutObject", times=None, reserved=True, before=lambda call: asked.append(call.key))
    world.destination = Faulty(world.destination, fault)
    world.run()
    assert not [key for key in asked if "beside" in key or "folder" in key or "//" in key]


def test_every_reason_is_told_in_words() -> None:
    for code in (*REFUSALS, "key-beside"):
        assert code in UNSUPPORTED
        assert code in TITLES
        assert code in ADVICE
