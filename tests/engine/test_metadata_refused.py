"""Metadata that a destination cannot keep: the object is set aside, and nothing of it stays there."""

from __future__ import annotations

import pytest

from migrator.errors import Rejected
from migrator.model.objects import Properties, is_respelled
from migrator.reasons import ADVICE, TITLES, UNSUPPORTED
from tests.support.faulty import Call, Fault, Faulty
from tests.support.world import PART, World, counts

WRITES = {"whole": "PutObject", "in parts": "CreateMultipartUpload"}
LONG = Rejected("Metadata value longer than 256: x-object-meta-Long", code="InvalidRequest", status=400)


def properties_of(call: Call) -> tuple[int, Properties]:
    at = 3 if call.operation == "PutObject" else 2
    return at, call.args[at]


def respell(call: Call) -> None:
    at, given = properties_of(call)
    names = {name: name.replace("_", "-") for name in given.metadata}
    metadata = {names[name]: value for name, value in given.metadata.items()}
    call.args[at] = Properties(content_type=given.content_type, metadata=metadata)


def refuse(call: Call) -> None:
    if any(len(value) > 256 for value in properties_of(call)[1].metadata.values()):
        raise LONG


@pytest.mark.parametrize("kind", WRITES)
@pytest.mark.parametrize(
    ("metadata", "act"), [({"a_b": "1"}, respell), ({"long": "x" * 300}, refuse)], ids=["names", "values"]
)
def test_it_is_unsupported_and_nothing_of_it_stays(
    world: World, small_parts: None, kind: str, metadata: dict[str, str], act: object
) -> None:
    world.seed("odd", b"x" * (PART + 1 if kind == "in parts" else 1), metadata=metadata)
    world.seed("plain")
    fault = Fault(WRITES[kind], times=None, before=act)  # type: ignore[arg-type]
    world.destination = Faulty(world.destination, fault)
    summary = world.run()
    assert fault.struck
    assert counts(summary) == {"listed": 2, "planned": 1, "copied": 1, "unsupported": 1}
    assert world.entries()["odd"].reason == "metadata-unsupported"
    assert (world.there.keys(), world.open_uploads) == ({"plain"}, [])
    assert world.resume().ledger == summary.ledger
    assert world.rollback().exit_code == 0
    assert world.there == {}


def test_what_replaced_something_has_to_stay_until_rollback(world: World) -> None:
    world.set("transfer", existing="overwrite")
    world.put_there("odd", b"old")
    world.seed("odd", metadata={"a_b": "1"})
    world.destination = Faulty(world.destination, Fault("PutObject", key="odd", times=None, before=respell))
    assert counts(world.run())["failed"] == 1
    assert world.rollback().exit_code == 0
    assert world.there == {"odd": b"old"}


@pytest.mark.parametrize(
    ("sent", "there", "is_it"),
    [
        ({"a_b": "1"}, {"a-b": "1"}, True),
        ({"a.b": "1"}, {"a-b": "1"}, True),
        ({"a_b": "1", "migrator-op": "x"}, {"a-b": "1"}, True),
        ({"a_b": "1"}, {"a_b": "1"}, False),
        ({"a_b": "1"}, {"a-b": "2"}, False),
        ({"a_b": "1"}, {}, False),
        ({"a_b": "1", "a-b": "2"}, {"a-b": "2"}, False),
    ],
)
def test_what_respelled_means(sent: dict[str, str], there: dict[str, str], is_it: bool) -> None:
    assert is_respelled(sent, there) is is_it


def test_it_is_told_in_words() -> None:
    for texts in (UNSUPPORTED, TITLES, ADVICE):
        assert "metadata-unsupported" in texts
