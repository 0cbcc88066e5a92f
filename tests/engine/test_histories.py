"""`versions = "all"`: the whole history of every key, in its order, and back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from migrator.errors import NotS3, Transient
from migrator.model.events import ObjectFailed, ObjectUnsupported, Warned
from migrator.model.ledger import Drift, Outcome
from migrator.model.objects import MTIME_KEY, TOKEN_KEY
from migrator.store.base import Versioning
from migrator.store.memory import MemoryCloud, Quirks
from tests.support.faulty import Crash, Faulty, meanwhile
from tests.support.world import FROM, PART, TO, StillClock, World, counts

Line = tuple[str, bool, bytes, str, dict[str, str], dict[str, str]]


def history(cloud: MemoryCloud, bucket: str) -> list[Line]:
    """Every version and marker, but for ids and dates and what we add ourselves."""
    found = []
    for line in cloud.list_versions(bucket):
        each, properties = line.version, line.version.properties
        metadata = {k: v for k, v in properties.metadata.items() if k not in (TOKEN_KEY, MTIME_KEY)}
        kind = "" if each.is_marker else properties.content_type
        found.append((each.key, each.is_marker, each.body, kind, metadata, dict(properties.tags)))
    return found


def ids(cloud: MemoryCloud, bucket: str) -> list[tuple[str, str]]:
    return [(line.version.key, line.version.version_id) for line in cloud.list_versions(bucket)]


@pytest.fixture
def world(new_world: Callable[..., World]) -> World:
    """Versions, markers, a null version from a suspended time, tags that differ, parts."""
    world = new_world(versioning=Versioning.ENABLED, clock=StillClock())
    world.set("carry", versions="all")
    cloud = world.source_cloud
    world.seed("from before", b"null")
    cloud.set_versioning(FROM, Versioning.ENABLED)
    world.seed("from before", b"newer")
    for number in range(3):
        world.seed("a", b"%d" % number, metadata={"n": str(number)}, tags={"t": str(number)})
    world.seed("deleted", b"was here", content_type="text/plain")
    cloud.delete(FROM, "deleted")
    world.seed("back", b"first")
    cloud.delete(FROM, "back")
    cloud.delete(FROM, "back")
    world.seed("back", b"again")
    cloud.delete(FROM, "only a marker")
    world.seed("large", b"x" * (2 * PART + 1))
    world.seed("large", b"y" * (2 * PART + 2))
    return world


ALL = 14


def test_every_version_and_marker_arrives_in_its_order(world: World, small_parts: None) -> None:
    summary = world.run()
    assert summary.outcome is Outcome.COMPLETED, summary
    assert counts(summary) == {"listed": ALL, "planned": ALL, "copied": ALL}
    assert history(world.destination_cloud, TO) == history(world.source_cloud, FROM)
    assert world.verify().outcome is Outcome.VERIFIED
    assert world.verify(read_back=True).outcome is Outcome.VERIFIED
    assert summary.drift == Drift(0, 0, 0)


def test_what_was_there_before_is_back_exactly(world: World, small_parts: None) -> None:
    world.put_there("a", b"theirs")
    world.destination_cloud.delete(TO, "deleted")
    world.set("transfer", existing="overwrite")
    before = world.destination_cloud.list_versions(TO)
    assert world.run().outcome is Outcome.COMPLETED
    assert world.there["a"] == b"2"
    undone = world.rollback()
    assert (undone.exit_code, undone.removed) == (0, ALL)
    assert world.destination_cloud.list_versions(TO) == before
    assert world.rollback().exit_code == 0


def test_a_second_run_copies_nothing_and_a_third_only_what_is_new(world: World) -> None:
    world.run()
    before = ids(world.destination_cloud, TO)
    again = world.run()
    assert counts(again) == {"listed": ALL, "same": ALL}
    assert again.outcome is Outcome.COMPLETED
    assert ids(world.destination_cloud, TO) == before
    later = datetime(2026, 6, 1, tzinfo=UTC)
    world.seed("a", b"3", when=later)
    world.source_cloud.delete(FROM, "large")
    third = world.run()
    assert counts(third) == {"listed": ALL + 2, "planned": 2, "copied": 2, "same": ALL}
    assert history(world.destination_cloud, TO) == history(world.source_cloud, FROM)
    assert world.rollback().exit_code == 0
    assert ids(world.destination_cloud, TO) == before
    assert counts(world.run()) == {"listed": ALL + 2, "planned": 2, "copied": 2, "same": ALL}


@pytest.mark.parametrize(
    ("existing", "word", "rows"),
    [("skip-same", "conflicts", 3), ("skip", "filtered", 3), ("refuse", "conflicts", 3)],
)
def test_somebody_elses_history_is_left_alone_whole(
    world: World, existing: str, word: str, rows: int
) -> None:
    world.set("transfer", existing=existing)
    world.put_there("a", b"2")  # equal to the newest, but not the history
    summary = world.run()
    assert counts(summary)[word] == rows
    assert [body for key, _, body, *_ in history(world.destination_cloud, TO) if key == "a"] == [b"2"]


def test_a_foreign_version_on_top_of_ours_is_a_conflict_for_what_is_new(world: World) -> None:
    world.run()
    world.put_there("a", b"theirs")
    summary = world.run()
    assert counts(summary) == {"listed": ALL, "planned": 3, "conflicts": 3, "same": ALL - 3}


def test_a_copy_that_was_removed_from_the_middle_is_noticed(world: World) -> None:
    world.run()
    stack = [each for each in ids(world.destination_cloud, TO) if each[0] == "a"]
    world.destination_cloud.delete(TO, "a", version_id=stack[1][1])
    assert counts(world.run()) == {"listed": ALL, "planned": 1, "conflicts": 1, "same": ALL - 1}


def test_foreign_versions_on_top_stay_and_ours_below_go(world: World) -> None:
    world.run()
    world.put_there("a", b"theirs")
    world.destination_cloud.delete(TO, "back")
    undone = world.rollback()
    assert undone.exit_code == 4
    found = history(world.destination_cloud, TO)
    assert [(key, is_marker, body) for key, is_marker, body, *_ in found] == [
        ("a", False, b"theirs"),
        ("back", True, b""),
    ]


def test_a_version_that_the_source_lost_is_the_last_copy(world: World) -> None:
    world.run()
    [*_, oldest] = [each for each in ids(world.source_cloud, FROM) if each[0] == "a"]
    world.source_cloud.delete(FROM, "a", version_id=oldest[1])
    undone = world.rollback()
    assert (undone.exit_code, undone.left_in_place) == (4, 1)
    assert [body for _, _, body, *_ in history(world.destination_cloud, TO)] == [b"0"]
    assert world.rollback(even_last_copy=True).exit_code == 0
    assert history(world.destination_cloud, TO) == []


def test_after_a_failure_nothing_of_the_key_is_copied_out_of_order(world: World) -> None:
    inner = world.destination

    class Refuses:
        def __getattr__(self, name: str) -> object:
            return getattr(inner, name)

        def put(self, bucket: str, key: str, body: bytes, *args: object, **how: object) -> object:
            if (key, bytes(body)) == ("a", b"1"):
                raise Transient("no", code="InternalError", status=500)
            return inner.put(bucket, key, body, *args, **how)

    world.destination = Refuses()
    summary = world.run()
    assert summary.exit_code == 1
    assert counts(summary) == {"listed": ALL, "planned": ALL, "copied": ALL - 2, "failed": 2}
    assert [each.cause for each in world.of(ObjectFailed)] == ["InternalError", "earlier-version-failed"]
    assert world.there["a"] == b"0"
    world.destination = inner
    assert world.resume().outcome is Outcome.COMPLETED
    assert history(world.destination_cloud, TO) == history(world.source_cloud, FROM)


def test_somebody_who_writes_in_between_stops_the_history_there(world: World) -> None:
    inner = world.destination
    world.destination = Faulty(
        inner, meanwhile("PutObject", lambda: world.put_there("a", b"theirs"), nth=2, key="a")
    )
    summary = world.run()
    assert counts(summary)["conflicts"] == 1
    assert counts(summary)["failed"] == 1
    assert world.there["a"] == b"theirs"


class TestBuckets:
    def test_a_destination_without_versions_is_refused_before_anything_is_written(
        self, new_world: Callable[..., World]
    ) -> None:
        for versioning in (Versioning.OFF, Versioning.SUSPENDED):
            world = new_world(versioning=versioning).set("carry", versions="all")
            world.seed("a")
            for summary in (world.plan(), world.run()):
                assert (summary.outcome, summary.exit_code) == (Outcome.REFUSED, 3)
                assert "old-versions" in summary.message
            assert world.there == {}

    def test_an_accepted_loss_copies_what_is_current_and_says_so(
        self, new_world: Callable[..., World]
    ) -> None:
        world = new_world().set("carry", versions="all", accept=["old-versions"])
        world.source_cloud.set_versioning(FROM, Versioning.ENABLED)
        world.seed("a", b"old")
        world.seed("a", b"new")
        for command in (world.plan, world.run):
            world.forget_events()
            assert command().exit_code == 0
            assert [each.code for each in world.of(Warned)] == ["old-versions"]
        assert world.there == {"a": b"new"}

    def test_our_own_bucket_keeps_versions_and_goes_again(self, world: World) -> None:
        world.destination_cloud.delete_bucket(TO)
        world.set("destination", create_bucket=True)
        assert world.run().outcome is Outcome.COMPLETED
        assert world.destination_cloud.versioning(TO) is Versioning.ENABLED
        assert history(world.destination_cloud, TO) == history(world.source_cloud, FROM)
        assert world.rollback().exit_code == 0
        assert TO not in dict(world.destination_cloud.buckets())

    def test_without_it_the_loss_is_told(self, new_world: Callable[..., World]) -> None:
        world = new_world()
        world.seed("a")
        world.plan()
        assert not world.of(Warned)
        world.source_cloud.set_versioning(FROM, Versioning.ENABLED)
        for command in (world.plan, world.run):
            world.forget_events()
            assert command().exit_code == 0
            assert [each.code for each in world.of(Warned)] == ["old-versions"]


class TestLostMarkers:
    """A marker cannot carry a token: whose it is follows from what lies below it, and from its date."""

    @pytest.fixture
    def stopped(self, world: World, inline: None) -> World:
        """The process died right after a marker of ours was laid, before anything was recorded."""
        inner = world.destination

        class Dies:
            def __getattr__(self, name: str) -> object:
                return getattr(inner, name)

            def lay_marker(self, bucket: str, key: str) -> str:
                inner.lay_marker(bucket, key)
                raise Crash

        world.destination = Dies()
        with pytest.raises(Crash):
            world.run()
        world.destination = inner
        return world

    def test_is_taken_over(self, stopped: World) -> None:
        assert stopped.resume().outcome is Outcome.COMPLETED
        assert history(stopped.destination_cloud, TO) == history(stopped.source_cloud, FROM)

    def test_goes_with_the_rest(self, stopped: World) -> None:
        assert stopped.rollback().exit_code == 0
        assert history(stopped.destination_cloud, TO) == []

    def test_below_somebody_elses_it_waits_for_a_person(self, stopped: World) -> None:
        markers = [key for key, is_marker, *_ in history(stopped.destination_cloud, TO) if is_marker]
        stopped.destination_cloud.delete(TO, markers[0])
        summary = stopped.resume()
        assert summary.exit_code == 1
        assert "doubtful" in {each.cause for each in stopped.of(ObjectFailed)}
        undone = stopped.rollback()
        assert undone.exit_code == 4
        assert [key for key, *_ in history(stopped.destination_cloud, TO)] == markers * 2

    def test_one_that_somebody_laid_a_day_later_is_theirs(self, world: World, inline: None) -> None:
        inner = world.destination

        class Dies:
            def __getattr__(self, name: str) -> object:
                return getattr(inner, name)

            def lay_marker(self, bucket: str, key: str) -> str:
                raise Crash

        world.destination = Dies()
        with pytest.raises(Crash):
            world.run()
        world.destination = inner
        rows = [entry for entry in world.entries().values() if entry.is_marker and entry.attempt]
        world.clock.skip(timedelta(days=1).total_seconds())
        world.destination_cloud.delete(TO, rows[0].key)
        assert world.resume().exit_code == 1
        assert world.rollback().exit_code == 4
        assert [key for key, *_ in history(world.destination_cloud, TO)] == [rows[0].key]


def test_a_marker_that_the_destination_does_not_lay_is_named_and_the_history_goes_on(world: World) -> None:
    """Ceph lays none on top of another one: `back` has two in a row."""
    inner = world.destination

    class LikeCeph:
        def __getattr__(self, name: str) -> object:
            return getattr(inner, name)

        def lay_marker(self, bucket: str, key: str) -> str:
            top = inner.list_versions_page(bucket, key, limit=1).objects
            if not top or top[0].is_marker:
                raise NotS3("no marker is named", code="NotS3")
            return str(inner.lay_marker(bucket, key))

    world.destination = LikeCeph()
    summary = world.run()
    assert counts(summary) == {"listed": ALL, "planned": ALL - 2, "copied": ALL - 2, "unsupported": 2}
    assert {each.reason for each in world.of(ObjectUnsupported)} == {"marker"}
    assert world.there == world.here
    assert world.rollback().exit_code == 0


def test_what_a_rollback_remembers_does_not_grow_with_the_bucket(
    world: World, inline: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from migrator.engine import history_undo

    for number in range(1100):
        world.seed(f"many/{number:04}")
    assert world.run().exit_code == 0
    kept: list[int] = []
    begin = history_undo.HistoryUndoing.begin

    def watched(self: history_undo.HistoryUndoing, bases: dict[str, str | None]) -> None:
        begin(self, bases)
        kept.append(len(self._found_before) + len(self._found) + len(self._bases))

    monkeypatch.setattr(history_undo.HistoryUndoing, "begin", watched)
    assert world.rollback().exit_code == 0
    assert len(kept) > 2
    assert max(kept) <= 2 * 256


def test_an_edit_that_keeps_our_metadata_is_not_taken_for_ours(new_world: Callable[..., World]) -> None:
    """Of the same length, too, and where a write may have been carried out twice."""
    world = new_world(versioning=Versioning.ENABLED, quirks=Quirks(ignores_if_match=True))
    world.set("carry", versions="all")
    world.source_cloud.set_versioning(FROM, Versioning.ENABLED)
    world.seed("a", b"old")
    world.seed("a", b"our")
    assert world.run().exit_code == 0
    ours = world.destination_cloud.list_versions(TO)[0].version
    world.destination_cloud.seed(TO, "a", b"new", ours.properties)
    assert world.rollback().exit_code == 4
    assert [line.version.body for line in world.destination_cloud.list_versions(TO)] == [b"new"]
