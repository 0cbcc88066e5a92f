"""What arrives at the destination, and what is asked of both ends to bring it there."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import reduce
from typing import Any

import pytest

from migrator.engine.journal import Journal
from migrator.engine.trust import FIRST, ONE_OF
from migrator.model.events import Event, ListingProgress, ObjectCopied, Phase, PhaseChanged, Summary
from migrator.model.ledger import Drift, Outcome
from migrator.model.objects import (
    METADATA_LIMIT_BYTES,
    MTIME_KEY,
    RESERVED_PREFIX,
    TOKEN_KEY,
    ObjectHead,
    Properties,
)
from migrator.model.parts import MIB
from migrator.model.run_state import RunState
from migrator.store.base import Versioning
from migrator.store.memory import AWS, LYVE, Quirks
from tests.support.faulty import WRITES
from tests.support.world import FROM, PART, TO, WHEN, World, counts


def calls(world: World, *operations: str) -> list[tuple[str, str]]:
    """Operation and key of what either end was asked, in the order of the ends, but for our probes."""
    found = world.source.calls + world.destination.calls
    return [
        (operation, key)
        for operation, _, key in found
        if operation in operations and not key.startswith(RESERVED_PREFIX)
    ]


def test_every_object_arrives_and_is_verified(world: World) -> None:
    for number in range(25):
        world.seed(f"{number:02}/photo.jpg", bytes([number]) * (number * 100))
    summary = world.run()
    assert world.there == world.here
    assert summary.outcome is Outcome.COMPLETED
    assert summary.exit_code == 0
    assert counts(summary) == {"listed": 25, "planned": 25, "copied": 25}
    assert summary.ledger["assurance"]["digest"] == 25
    assert len(world.of(ObjectCopied)) == 25


def test_an_empty_bucket_is_nothing_to_do(world: World) -> None:
    summary = world.run()
    assert (summary.outcome, summary.exit_code, counts(summary)) == (Outcome.COMPLETED, 0, {})


@pytest.mark.parametrize("size", [0, 1, PART - 1, PART, PART + 1, 2 * PART, 5 * PART + 7])
def test_sizes_around_the_part_size_arrive_whole(world: World, small_parts: None, size: int) -> None:
    body = bytes(number % 251 for number in range(size))
    world.seed("object", body)
    assert world.run().outcome is Outcome.COMPLETED
    assert world.there == {"object": body}
    assert bool(calls(world, "CreateMultipartUpload")) is (size > PART)
    assert not world.open_uploads


def test_a_large_object_goes_in_parts_of_its_real_size(new_world: Callable[..., World]) -> None:
    world = new_world(min_part_bytes=5 * MIB)
    body = bytes(range(256)) * (9 * 4096)
    world.seed("film", body)
    summary = world.run()
    assert summary.outcome is Outcome.COMPLETED
    assert summary.ledger["assurance"]["accepted"] == 1
    assert world.there["film"] == body
    assert len(calls(world, "UploadPart")) == 2


def test_properties_and_tags_arrive(world: World, small_parts: None) -> None:
    given = {
        "content_type": "image/jpeg",
        "cache_control": "max-age=60",
        "content_disposition": 'attachment; filename="a.jpg"',
        "content_encoding": "gzip",
        "content_language": "en, de",
        "expires": "0",
        "metadata": {"colour": "blue", "empty": ""},
        "tags": {"team": "a+b =c", "cost": ""},
    }
    world.seed("small", b"x", **given)
    world.seed("large", b"x" * 3 * PART, **given)
    assert world.run().outcome is Outcome.COMPLETED
    for key in ("small", "large"):
        arrived = world.destination_cloud.head(TO, key).properties
        assert {name: getattr(arrived, name) for name in given if name not in ("metadata", "tags")} == {
            name: value for name, value in given.items() if name not in ("metadata", "tags")
        }
        own = {TOKEN_KEY, MTIME_KEY}
        assert {n: v for n, v in arrived.metadata.items() if n not in own} == given["metadata"]
        assert world.destination_cloud.tags(TO, key) == given["tags"]


def test_tags_that_an_end_drops_from_uploads_are_set_afterwards(
    new_world: Callable[..., World], small_parts: None
) -> None:
    world = new_world()
    world.destination_cloud.quirks = type(world.destination_cloud.quirks)(drops_tags_of_uploads=True)
    world.seed("large", b"x" * 3 * PART, tags={"team": "a"})
    assert world.run().outcome is Outcome.COMPLETED
    assert world.destination_cloud.tags(TO, "large") == {"team": "a"}


def test_without_tags_in_the_job_none_are_asked_for(world: World) -> None:
    world.seed("a", tags={"team": "a"})
    world.set("carry", tags=False)
    assert world.run().outcome is Outcome.COMPLETED
    assert not calls(world, "GetObjectTagging")
    assert world.destination_cloud.tags(TO, "a") == {}


def test_source_date_travels_as_mtime_as_rclone_writes_it(world: World) -> None:
    world.seed("a", when=WHEN)
    world.seed("dated", metadata={MTIME_KEY: "1.5"})
    world.run()
    metadata = world.destination_cloud.head(TO, "a").properties.metadata
    assert float(metadata[MTIME_KEY]) == WHEN.timestamp()
    assert "e" not in metadata[MTIME_KEY]
    assert world.destination_cloud.head(TO, "dated").properties.metadata[MTIME_KEY] == "1.5"


def test_token_names_the_run_and_never_comes_from_the_source(world: World) -> None:
    world.seed("a", metadata={TOKEN_KEY: "20200101T000000Z-aaaaaa.1.1"})
    summary = world.run()
    assert world.token_at("a").startswith(f"{summary.run}.")
    assert len(world.token_at("a").encode()) <= 48


def test_without_token_and_date_nothing_of_ours_is_added(world: World) -> None:
    world.seed("a", metadata={TOKEN_KEY: "of an earlier hop", "colour": "blue"})
    world.set("transfer", token=False, keep_date=False)
    assert world.run().outcome is Outcome.COMPLETED
    assert world.destination_cloud.head(TO, "a").properties.metadata == {"colour": "blue"}


def test_metadata_at_its_limit_arrives_whole_and_ours_stays_out(world: World) -> None:
    full = {"m": "x" * (METADATA_LIMIT_BYTES - 1)}
    room_for_mtime = {"m": "x" * (METADATA_LIMIT_BYTES - 1 - len(MTIME_KEY) - len("1715949015"))}
    world.seed("full", metadata=full)
    world.seed("nearly", metadata=room_for_mtime)
    assert world.run().outcome is Outcome.COMPLETED
    assert world.destination_cloud.head(TO, "full").properties.metadata == full
    nearly = world.destination_cloud.head(TO, "nearly").properties.metadata
    assert nearly == {**room_for_mtime, MTIME_KEY: "1715949015"}


def test_prefixes_are_exchanged_and_the_rest_of_the_bucket_is_left_alone(world: World) -> None:
    for key in ("in/a", "in/b/c", "in", "other"):
        world.seed(key)
    world.set("source", prefix="in/")
    world.set("destination", prefix="out/")
    summary = world.run()
    assert set(world.there) == {"out/a", "out/b/c"}
    assert counts(summary) == {"listed": 2, "planned": 2, "copied": 2}


HOSTILE = [
    "a//b", "/lead", "d/", "./a", "a/../b", "a b+c%20", "back\\slash", "new\nline", "x\u202ey",
    "caf\u00e9", "cafe\u0301", "\U0001f600", "k" * 1024,
]  # fmt: skip


def test_hostile_keys_arrive_byte_for_byte(world: World) -> None:
    for key in HOSTILE:
        world.seed(key, key.encode()[:16])
    world.seed("a", b"both")
    world.seed("a/b", b"exist")
    assert world.run().outcome is Outcome.COMPLETED
    assert world.there == world.here


def test_a_key_that_becomes_too_long_is_set_aside(world: World) -> None:
    world.seed("k" * 1024)
    world.seed("short")
    world.set("destination", prefix="p/")
    summary = world.run()
    assert counts(summary) == {"listed": 2, "planned": 1, "copied": 1, "unsupported": 1}
    assert summary.exit_code == 1
    assert summary.outcome is Outcome.FAILED


def test_archived_objects_are_set_aside_unread(world: World) -> None:
    for storage_class in ("GLACIER", "DEEP_ARCHIVE"):
        world.source_cloud.seed(FROM, storage_class, b"x", storage_class=storage_class)
    world.source_cloud.seed(FROM, "instant", b"x", storage_class="GLACIER_IR")
    world.set("carry", accept=["storage-class"])
    summary = world.run()
    assert counts(summary) == {"listed": 3, "planned": 1, "copied": 1, "unsupported": 2}
    assert world.entries()["GLACIER"].reason == "archived"


# -- filters --------------------------------------------------------------------------------------


def test_filtered_objects_cost_no_request(world: World) -> None:
    world.seed("old.jpg", when=datetime(2023, 12, 31, 23, 59, 59, tzinfo=UTC))
    world.seed("photo.jpg", b"123")
    world.seed("photo.txt")
    world.seed("large.jpg", b"x" * 200)
    world.seed("skip/photo.jpg")
    world.set("filters", min_date=date(2024, 1, 1), max_size="100", include=["*.jpg"], exclude=["skip/**"])
    summary = world.run()
    assert set(world.there) == {"photo.jpg"}
    assert counts(summary) == {"listed": 5, "planned": 1, "copied": 1, "filtered": 4}
    assert summary.exit_code == 0
    assert summary.filtered_by == {"min_date": 1, "max_size": 1, "include": 1, "exclude": 1}
    asked = {key for operation, key in calls(world, "HeadObject", "GetObject", "GetObjectTagging", *WRITES)}
    assert asked == {"photo.jpg"}


def test_source_is_only_read(world: World, small_parts: None) -> None:
    world.seed("a")
    world.seed("b", b"x" * 3 * PART)
    run = world.run().run
    world.verify(run, read_back=True)
    world.rollback(run)
    assert not [operation for operation, _, _ in world.source.calls if operation in WRITES]


def looks_at_copies(world: World) -> list[str]:
    """Keys that were looked at at the destination, in order, without those of probes."""
    looked = [key for operation, _, key in world.destination.calls if operation == "HeadObject"]
    return [key for key in looked if not key.startswith(RESERVED_PREFIX)]


@pytest.mark.parametrize(("quirks", "before"), [(AWS, 0), (LYVE, 10)], ids=["AWS", "Lyve Cloud"])
def test_a_small_object_costs_one_get_one_put_and_at_first_a_look(
    new_world: Callable[..., World], inline: None, quirks: Quirks, before: int
) -> None:
    """One look more, right before the write, where the end was seen to ignore conditions."""
    world = new_world(quirks=quirks)
    for number in range(10):
        world.seed(f"{number}")
    world.run()
    assert len(calls(world, "GetObject")) == 10
    assert len(calls(world, "PutObject")) == 10
    assert len(looks_at_copies(world)) == before + FIRST + 1  # and the last
    assert len([each for each in world.source.calls if each[0] == "HeadObject"]) == 10  # the fidelity report
    assert not calls(world, "GetObjectTagging", "DeleteObject")


class TestTrust:
    """After the first copies of a kind were found as they were sent, the answer to a PUT says enough."""

    MANY = FIRST + 2 * ONE_OF + 10

    def looked(self, world: World, **properties: Any) -> int:
        for number in range(self.MANY):
            world.seed(f"{number:03}", f"{number}".encode(), **properties)
        summary = world.run()
        assert (summary.exit_code, summary.ledger["assurance"]["digest"]) == (0, self.MANY)
        return len(looks_at_copies(world))

    @pytest.mark.parametrize("versioning", [Versioning.OFF, Versioning.ENABLED])
    def test_one_of_many_is_looked_at(
        self, new_world: Callable[..., World], inline: None, versioning: Versioning
    ) -> None:
        world = new_world(versioning=versioning)
        looked = self.looked(world, content_type="a/b", cache_control="no-store", metadata={"by": "me"})
        assert looked == FIRST + 2 + 1  # and the last
        assert world.rollback().exit_code == 0
        assert world.there == {}

    @pytest.mark.parametrize(
        "properties",
        [
            {"tags": {"a": "b"}},
            {"metadata": {"under_score": "Ceph writes it with a dash"}},
            {"metadata": {"long": "x" * 1100}},
            {"metadata": {"spaces": "a  b"}},
            {"website_redirect": "/elsewhere"},
        ],
        ids=lambda properties: next(iter(properties)),
    )
    def test_what_ends_are_known_to_treat_differently_is_always_looked_at(
        self, world: World, inline: None, properties: dict[str, Any]
    ) -> None:
        assert self.looked(world, **properties) == self.MANY

    def test_a_suspended_bucket_is_always_looked_at(
        self, new_world: Callable[..., World], inline: None
    ) -> None:
        assert self.looked(new_world(versioning=Versioning.SUSPENDED)) >= self.MANY

    def test_the_first_difference_ends_it(self, world: World, inline: None) -> None:
        """A service that begins to drop headers in the middle of a run."""
        inner = world.destination
        written = itertools.count(1)

        class Forgets:
            def __getattr__(self, name: str) -> Any:
                return getattr(inner, name)

            def put(self, bucket: str, key: str, body: Any, properties: Properties, **how: Any) -> Any:
                is_poor = not key.startswith(RESERVED_PREFIX) and next(written) > FIRST + 3
                sent = replace(properties, cache_control="") if is_poor else properties
                return inner.put(bucket, key, body, sent, **how)

        world.destination = Forgets()
        for number in range(self.MANY):
            world.seed(f"{number:03}", cache_control="no-store")
        summary = world.run()
        assert summary.exit_code == 1
        poor = self.MANY - (FIRST + 3)
        assert summary.ledger["failed"] == poor  # also those that nobody had looked at
        assert summary.ledger["copied"] == FIRST + 3
        state = reduce(RunState.apply, world.events, RunState())
        assert (state.copied, state.failed) == (FIRST + 3, poor)
        world.destination = inner
        assert world.resume().exit_code == 0
        assert {head.properties.cache_control for head in self.heads(world)} == {"no-store"}

    def test_the_last_of_a_kind_stands_for_those_before_it(self, world: World, inline: None) -> None:
        """The end forgets what came after the last sample: only the look at the end can tell."""
        inner = world.destination
        written = itertools.count(1)
        first_poor = FIRST + ONE_OF + 5

        class Forgets:
            def __getattr__(self, name: str) -> Any:
                return getattr(inner, name)

            def put(self, bucket: str, key: str, body: Any, properties: Properties, **how: Any) -> Any:
                is_poor = not key.startswith(RESERVED_PREFIX) and next(written) >= first_poor
                return inner.put(
                    bucket, key, body, replace(properties, cache_control="") if is_poor else properties, **how
                )

        world.destination = Forgets()
        for number in range(FIRST + ONE_OF + 20):
            world.seed(f"{number:03}", cache_control="no-store")
        summary = world.run()
        assert (summary.exit_code, summary.ledger["failed"]) == (1, 20 - 4)
        world.destination = inner
        assert world.rollback().exit_code == 0
        assert world.there == {}

    def heads(self, world: World) -> list[ObjectHead]:
        return [world.destination.head(TO, key) for key in world.there]

    def test_bytes_that_arrived_otherwise_are_always_noticed(self, world: World, inline: None) -> None:
        damaged = f"{FIRST + 5:03}"
        inner = world.destination

        class Damages:
            def __getattr__(self, name: str) -> Any:
                return getattr(inner, name)

            def put(self, bucket: str, key: str, body: Any, properties: Properties, **how: Any) -> Any:
                if key == damaged:
                    body, how["md5"] = b"other", hashlib.md5(b"other", usedforsecurity=False).digest()
                return inner.put(bucket, key, body, properties, **how)

        world.destination = Damages()
        for number in range(self.MANY):
            world.seed(f"{number:03}", b"bytes")
        summary = world.run()
        assert (summary.exit_code, summary.ledger["failed"]) == (1, 1)


# -- plan -----------------------------------------------------------------------------------------


def test_plan_writes_nothing_anywhere_and_says_what_run_does(world: World) -> None:
    world.seed("a")
    world.seed("b")
    world.seed("c.tmp")
    world.put_there("b", b"different")
    world.set("filters", exclude=["*.tmp"])
    planned = world.plan()
    assert planned.outcome is Outcome.PLANNED
    assert planned.exit_code == 0
    assert counts(planned) == {"listed": 3, "planned": 2, "filtered": 1, "conflicts": 1, "left": 1}
    assert not calls(world, *WRITES)
    assert not world.root.exists()
    ran = world.run()
    assert counts(ran) == {"listed": 3, "planned": 2, "copied": 1, "filtered": 1, "conflicts": 1}


# -- events ---------------------------------------------------------------------------------------


def test_folded_events_show_the_ledger(world: World) -> None:
    for number in range(8):
        world.seed(f"{number}")
    world.put_there("3", b"different")
    world.put_there("4", b"body")
    world.set("filters", exclude=["5"])
    summary = world.run()
    state = world.state
    ledger = summary.ledger
    for name in ("listed", "planned", "copied", "same", "filtered", "unsupported", "failed", "conflicts"):
        assert getattr(state, name) == ledger[name], name
    assert state.bytes_copied == ledger["bytes_copied"]
    assert state.bytes_planned == ledger["bytes_planned"]
    assert state.totals_are_final
    assert isinstance(world.events[-1], Summary)
    assert [each.final for each in world.of(ListingProgress)].count(True) == 1


# -- verify levels --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verify", "small", "large"),
    [
        ("auto", "digest", "accepted"),
        ("checksum", "digest", "accepted"),
        ("read-back", "read-back", "read-back"),
        ("size", "digest", "accepted"),
    ],
)
def test_verify_asks_for_as_much_as_the_job_says(
    new_world: Callable[..., World], small_parts: None, verify: str, small: str, large: str
) -> None:
    """On Lyve Cloud, whose multipart ETags are no digests of anything we know."""
    world = new_world(quirks=LYVE)
    world.seed("small")
    world.seed("large", b"x" * 3 * PART)
    world.set("transfer", verify=verify)
    summary = world.run()
    assert summary.outcome is Outcome.COMPLETED
    assert world.entries()["small"].assurance == small
    assert world.entries()["large"].assurance == large
    reads = [key for operation, _, key in world.destination.calls if operation == "GetObject"]
    assert {"small", "large"}.issubset(reads) is (verify == "read-back")


def test_verify_finds_what_changed_since(world: World) -> None:
    for key in ("fine", "gone", "changed", "new at source", "gone at source"):
        world.seed(key)
    run = world.run().run
    world.destination_cloud.delete(TO, "gone")
    world.put_there("changed", b"by someone")
    world.seed("new at source", b"newer")
    world.source_cloud.delete(FROM, "gone at source")
    world.forget_events()
    summary = world.verify(run)
    reasons = {each.key: each.reason for each in world.events if hasattr(each, "reason")}
    assert reasons == {
        "gone": "copy-gone",
        "changed": "copy-changed",
        "new at source": "source-changed",
        "gone at source": "source-gone",
    }
    assert (summary.outcome, summary.exit_code) == (Outcome.FAILED, 1)


@pytest.mark.parametrize("size", [0, 10, 3 * PART + 1])
def test_verify_reads_every_byte_back_when_asked(world: World, small_parts: None, size: int) -> None:
    world.seed("object", b"x" * size)
    run = world.run().run
    summary = world.verify(run, read_back=True)
    assert (summary.outcome, summary.exit_code) == (Outcome.VERIFIED, 0)


# -- drift ----------------------------------------------------------------------------------------


class TestRanges:
    """The second listing takes several pages at a time: where the first one's ended is known."""

    @pytest.fixture
    def many(self, world: World, monkeypatch: pytest.MonkeyPatch) -> World:
        monkeypatch.setattr("migrator.engine.journal_reader.PAGE_KEYS", 10)
        for number in range(95):
            world.seed(f"{number:03}")
        return world

    def listed(self, world: World, ignores_start: bool = False) -> tuple[Drift | None, int]:
        """The drift found after keys came, changed and went, and how many pages of it were asked for."""
        inner, pages = world.source, itertools.count()

        class Source:
            is_again = False

            def __getattr__(self, name: str) -> Any:
                return getattr(inner, name)

            def list_page(self, *place: Any, start_after: str = "", **how: Any) -> Any:
                if self.is_again:
                    next(pages)
                return inner.list_page(*place, start_after="" if ignores_start else start_after, **how)

        world.source = source = Source()

        def change(event: Event) -> None:
            if isinstance(event, PhaseChanged) and event.phase is Phase.CHECKING:
                source.is_again = True
                for key in ("000", "010", "055", "094"):
                    world.source_cloud.delete(FROM, key)
                for key in ("!", "0105", *[f"050-{number:02}" for number in range(25)], "zzz"):
                    world.seed(key)
                for key in ("020", "021"):
                    world.seed(key, b"changed")

        world.on_event = change
        return world.run().drift, next(pages)

    def test_every_change_is_found(self, many: World, inline: None) -> None:
        drift, pages = self.listed(many)
        assert drift == Drift(added=28, changed=2, removed=4)
        assert pages == 10

    def test_with_threads_too(self, many: World) -> None:
        assert self.listed(many)[0] == Drift(added=28, changed=2, removed=4)

    def test_an_end_that_begins_at_its_beginning_is_listed_in_one_go(self, many: World) -> None:
        assert self.listed(many, ignores_start=True)[0] == Drift(added=28, changed=2, removed=4)

    @pytest.mark.parametrize("prefix", ["", "in/here/"])
    def test_a_second_run_lists_both_ends_so(
        self, new_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch, prefix: str
    ) -> None:
        monkeypatch.setattr("migrator.engine.journal_reader.PAGE_KEYS", 10)
        world = new_world()
        world.set("destination", prefix=prefix)
        for number in range(95):
            world.seed(f"{number:03}")
        assert world.run().ledger["copied"] == 95
        world.put_there(f"{prefix}0455", b"theirs")
        for key in ("!", "0455", "050x", "zzz"):
            world.seed(key)
        world.source_cloud.delete(FROM, "031")
        world.forget_events()
        ends = world.source, world.destination
        before = [len([each for each in end.calls if each[0] == "ListObjectsV2"]) for end in ends]
        summary = world.run()
        assert counts(summary) == {"listed": 98, "planned": 4, "copied": 3, "same": 94, "conflicts": 1}
        pages = [len([each for each in end.calls if each[0] == "ListObjectsV2"]) for end in ends]
        assert pages[0] - before[0] >= 10
        assert pages[1] - before[1] >= 10

    def test_runs_that_copied_nothing_are_not_asked_about_keys(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number in range(10):
            world.seed(f"{number}")
        for _ in range(4):
            world.run()
        asked: list[str] = []
        by_key = Journal.by_key
        monkeypatch.setattr(Journal, "by_key", lambda self, key: asked.append(key) or by_key(self, key))
        assert world.run().ledger["same"] == 10
        assert sorted(asked) == [f"{number}" for number in range(10)]

    def test_pages_smaller_than_ranges_are_followed(self, new_world: Callable[..., World]) -> None:
        world = new_world(source_quirks=Quirks(page_size=3))
        for number in range(95):
            world.seed(f"{number:03}")
        assert self.listed(world)[0] == Drift(added=28, changed=2, removed=4)


def test_drift_at_the_source_is_reported_and_no_error(world: World) -> None:
    for key in ("stays", "changes", "goes"):
        world.seed(key)

    def on_event(event: object) -> None:
        if isinstance(event, ObjectCopied) and len(world.of(ObjectCopied)) == 3:
            world.seed("changes", b"newer")
            world.seed("comes")
            world.source_cloud.delete(FROM, "goes")

    world.on_event = on_event
    summary = world.run()
    assert summary.drift is not None
    assert (summary.drift.added, summary.drift.changed, summary.drift.removed) == (1, 1, 1)
    assert summary.exit_code == 0
