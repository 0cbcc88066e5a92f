"""Stopping, and going on: nothing is lost, nothing is done twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from migrator.engine.home import RunLock
from migrator.engine.journal import Journal
from migrator.errors import AccessDenied, UnknownRun, Unreachable
from migrator.model.events import ListingProgress, ObjectCopied, ObjectFailed, RunStarted
from migrator.model.ledger import Outcome
from migrator.model.objects import RESERVED_PREFIX
from migrator.model.undo import State
from tests.support.faulty import WRITES, Faulty, fails, meanwhile
from tests.support.world import FROM, PART, World, counts


@pytest.fixture
def filled(world: World, small_parts: None) -> World:
    for number in range(30):
        world.seed(f"{number:02}", f"body {number}".encode())
    world.seed("large", b"x" * 7 * PART)
    return world


def stop_after(world: World, copies: int, signal: int = 0) -> None:
    def on_event(event: object) -> None:
        if isinstance(event, ObjectCopied) and len(world.of(ObjectCopied)) == copies:
            world.ports.stop.ask(signal)

    world.on_event = on_event


@pytest.mark.parametrize(("signal", "exit_code"), [(0, 130), (2, 130), (15, 143)])
def test_stopping_in_the_middle_keeps_what_is_done(filled: World, signal: int, exit_code: int) -> None:
    stop_after(filled, 5, signal)
    stopped = filled.run()
    assert (stopped.outcome, stopped.exit_code) == (Outcome.STOPPED, exit_code)
    assert stopped.ledger["copied"] >= 5
    assert stopped.ledger["left"] > 0
    assert stopped.ledger["copied"] == len(filled.there)
    assert filled.info().state == "stopped"


def test_resume_brings_each_object_over_exactly_once(filled: World) -> None:
    stop_after(filled, 5)
    filled.run()
    done = set(filled.there)
    resumed = filled.resume()
    assert (resumed.outcome, resumed.exit_code) == (Outcome.COMPLETED, 0)
    assert counts(resumed) == {"listed": 31, "planned": 31, "copied": 31}
    assert filled.there == filled.here
    puts = Counter(key for operation, _, key in filled.destination.calls if operation == "PutObject")
    puts = Counter({key: times for key, times in puts.items() if not key.startswith(RESERVED_PREFIX)})
    assert set(puts.values()) == {1}
    assert len(done) < 31
    assert not filled.open_uploads


def test_resume_again_and_again_ends_at_the_same_books(filled: World) -> None:
    for copies in (3, 2, 1, 4):
        filled.forget_events()
        stop_after(filled, copies)
        if filled.root.exists():
            filled.resume()
        else:
            filled.run()
    filled.on_event = lambda _: None
    assert counts(filled.resume()) == {"listed": 31, "planned": 31, "copied": 31}
    assert filled.there == filled.here


def test_stopping_within_a_large_object_leaves_no_upload_behind_in_the_end(filled: World) -> None:
    stops = meanwhile("UploadPart", lambda: filled.ports.stop.ask(), nth=3)
    filled.destination = Faulty(filled.destination, stops)
    stopped = filled.run()
    assert stops.struck == 1
    assert stopped.outcome is Outcome.STOPPED
    assert filled.info().open_uploads == len(filled.open_uploads) == 1
    assert filled.resume().outcome is Outcome.COMPLETED
    assert not filled.open_uploads
    assert filled.there == filled.here


def test_a_stopped_run_can_be_rolled_back_instead(filled: World) -> None:
    stops = meanwhile("UploadPart", lambda: filled.ports.stop.ask(), nth=3)
    filled.destination = Faulty(filled.destination, stops)
    filled.run()
    assert filled.rollback().exit_code == 0
    assert filled.there == {}
    assert not filled.open_uploads


def test_accepting_a_stopped_run_aborts_its_uploads(filled: World) -> None:
    stops = meanwhile("UploadPart", lambda: filled.ports.stop.ask(), nth=3)
    filled.destination = Faulty(filled.destination, stops)
    filled.run()
    copied = filled.there
    assert filled.accept().exit_code == 0
    assert filled.there == copied
    assert not filled.open_uploads
    assert filled.info().open_uploads == 0


def test_stopping_before_the_listing_ends_loses_no_key(
    filled: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migrator.engine.planner.BATCH", 4)

    def on_event(event: object) -> None:
        if isinstance(event, ListingProgress) and event.listed >= 8:
            filled.ports.stop.ask()

    monkeypatch.setattr("migrator.engine.planner.PROGRESS_EVERY_S", 0.0)
    filled.on_event = on_event
    stopped = filled.run()
    assert stopped.outcome is Outcome.STOPPED
    assert 8 <= stopped.ledger["listed"] < 31
    filled.on_event = lambda _: None
    resumed = filled.resume()
    assert counts(resumed) == {"listed": 31, "planned": 31, "copied": 31}
    assert filled.there == filled.here


def test_resume_of_a_finished_run_has_nothing_to_do(filled: World) -> None:
    filled.run()
    before = len(filled.destination.calls)
    resumed = filled.resume()
    assert (resumed.outcome, resumed.exit_code) == (Outcome.COMPLETED, 0)
    assert counts(resumed)["copied"] == 31
    assert not [op for op, _, _ in filled.destination.calls[before:] if op in WRITES]


def test_resume_retries_what_failed_and_nothing_else(filled: World) -> None:
    filled.destination = Faulty(filled.destination, fails("PutObject", key="07", times=None))
    assert counts(filled.run())["failed"] == 1
    filled.destination = filled.destination.inner
    before = len(filled.destination.calls)
    assert filled.resume().outcome is Outcome.COMPLETED
    written = [(op, key) for op, _, key in filled.destination.calls[before:] if op in WRITES]
    assert written == [("PutObject", "07")]


def test_failures_of_one_cause_are_retried_and_those_of_another_are_left_and_told(filled: World) -> None:
    denied = AccessDenied("No.", operation="PutObject", end="Lyve Cloud", code="AccessDenied")
    faults = (fails("PutObject", key="07", times=None), fails("PutObject", denied, key="09", times=None))
    filled.destination = Faulty(filled.destination, *faults)
    assert counts(filled.run())["failed"] == 2
    filled.destination = filled.destination.inner
    before = len(filled.destination.calls)
    filled.forget_events()
    ended = filled.resume(only="InternalError")
    assert counts(ended)["failed"] == 1
    written = [(op, key) for op, _, key in filled.destination.calls[before:] if op in WRITES]
    assert written == [("PutObject", "07")]
    assert [(each.key, each.cause) for each in filled.of(ObjectFailed)] == [("09", "AccessDenied")]
    assert filled.resume().outcome is Outcome.COMPLETED
    assert filled.there == filled.here


def test_resume_leaves_conflicts_as_they_are(world: World) -> None:
    world.seed("a")
    world.put_there("a", b"different")
    world.run()
    resumed = world.resume()
    assert counts(resumed) == {"listed": 1, "planned": 1, "conflicts": 1}
    assert resumed.exit_code == 1


def test_resume_starts_its_totals_where_the_run_was(filled: World) -> None:
    stop_after(filled, 5)
    stopped = filled.run()
    filled.forget_events()
    filled.on_event = lambda _: None
    resumed = filled.resume()
    final = [each for each in filled.of(ListingProgress) if each.final]
    assert final[0].copied == stopped.ledger["copied"]
    assert filled.state.copied == resumed.ledger["copied"]


# -- two runs -------------------------------------------------------------------------------------


def test_an_unfinished_run_refuses_a_second_one_by_name(filled: World) -> None:
    stop_after(filled, 5)
    first = filled.run()
    filled.on_event = lambda _: None
    second = filled.run()
    assert (second.outcome, second.exit_code, second.cause) == (Outcome.REFUSED, 2, "unfinished-run")
    assert second.run == first.run
    assert first.run in second.message
    assert len(list(filled.root.glob("runs/*"))) == 1


def test_insisting_starts_a_second_run_that_believes_the_first(filled: World) -> None:
    stop_after(filled, 5)
    first = filled.run()
    filled.on_event = lambda _: None
    second = filled.run(insist=True)
    assert second.outcome is Outcome.COMPLETED
    assert second.ledger["same"] == first.ledger["copied"]
    assert filled.there == filled.here


@pytest.mark.parametrize("end", ["resume", "rollback", "accept"])
def test_a_run_that_is_settled_does_not_stand_in_the_way(filled: World, end: str) -> None:
    stop_after(filled, 5)
    filled.run()
    filled.on_event = lambda _: None
    getattr(filled, end)()
    assert filled.run().outcome is Outcome.COMPLETED


def test_another_migration_does_not_stand_in_the_way(filled: World) -> None:
    stop_after(filled, 5)
    filled.run()
    filled.on_event = lambda _: None
    filled.set("destination", prefix="elsewhere/")
    assert filled.run().outcome is Outcome.COMPLETED


@pytest.mark.parametrize("command", ["resume", "rollback", "verify", "accept"])
def test_one_process_at_a_time_works_on_a_run(filled: World, command: str) -> None:
    filled.run()
    before = filled.there
    with RunLock(filled.directory):
        refused = getattr(filled, command)()
    assert (refused.outcome, refused.exit_code) == (Outcome.REFUSED, 2)
    assert "Another process" in refused.message
    assert filled.there == before
    assert filled.verify().outcome is Outcome.VERIFIED


@pytest.mark.parametrize("command", ["resume", "rollback", "verify", "accept"])
@pytest.mark.parametrize("run", ["latest", "20200101T000000Z-abcdef", "../../etc"])
def test_a_run_that_does_not_exist_is_said_to(world: World, command: str, run: str) -> None:
    with pytest.raises(UnknownRun):
        getattr(world, command)(run)


def test_latest_is_the_newest_run(world: World) -> None:
    world.seed("a")
    first = world.run().run
    world.seed("b")
    second = world.run().run
    assert first < second
    assert world.info("latest").run == second


# -- the run directory ----------------------------------------------------------------------------


def test_run_directory_is_private_and_holds_no_secret(filled: World) -> None:
    from tests.support.world import SECRET

    run = filled.run()
    path = filled.directory.path
    assert path.name == run.run
    assert path.stat().st_mode & 0o777 == 0o700
    for each in path.iterdir():
        assert each.stat().st_mode & 0o077 == 0, each.name
        assert SECRET.encode() not in each.read_bytes(), each.name
    assert {"job.toml", "journal.sqlite", "run.log"} <= {each.name for each in path.iterdir()}
    started = filled.of(RunStarted)[0]
    assert started.directory == str(path)


def test_run_log_has_every_event_but_progress(filled: World) -> None:
    import json

    filled.run()
    lines = [json.loads(line) for line in filled.directory.log.read_text("utf-8").splitlines()]
    names = Counter(line["event"] for line in lines)
    assert names["object-copied"] == 31
    assert names["summary"] == 1
    assert "transfer-progress" not in names
    assert all("time" in line for line in lines)


def test_an_object_that_changed_while_the_run_was_stopped_is_copied_as_it_is_now(
    filled: World,
) -> None:
    filled.set("transfer", threads=1)
    for number in range(40):  # more than are handed out at once
        filled.seed(f"more/{number:02}")
    stop_after(filled, 5)
    filled.run()
    left = sorted(set(filled.here) - set(filled.there) - {"large"})[-2:]  # not handed out yet
    filled.seed(left[0], b"newer")
    filled.source_cloud.delete(FROM, left[1])
    filled.on_event = lambda _: None
    resumed = filled.resume()
    assert counts(resumed)["failed"] == 2
    again = filled.resume()
    assert filled.there[left[0]] == b"newer"
    assert counts(again)["failed"] == 1
    entries = filled.entries()
    assert entries[left[0]].state is State.COMMITTED
    assert entries[left[1]].cause == "source-gone"


def test_breaking_off_is_quicker_than_stopping_and_as_safe(filled: World) -> None:
    def insist() -> None:
        filled.ports.stop.ask()
        filled.ports.stop.ask()

    filled.source = Faulty(filled.source, meanwhile("GetObject", insist, nth=4))
    stopped = filled.run()
    assert stopped.outcome is Outcome.STOPPED
    assert filled.resume().outcome is Outcome.COMPLETED
    assert filled.there == filled.here


def test_bandwidth_limit_is_kept(new_world: Callable[..., World]) -> None:
    world = new_world()
    world.set("transfer", bandwidth_limit="1 KB/s", threads=2)
    for number in range(4):
        world.seed(f"{number}", b"x" * 5000)
    assert world.run().outcome is Outcome.COMPLETED
    waited = world.clock.skipped_s - 60
    assert 10 <= waited <= 80


def test_an_object_that_may_not_be_looked_at_does_not_stop_a_resume(filled: World) -> None:
    """A policy that denies reading one key denies HEAD as well: the rest must still be finished."""
    denied = AccessDenied("no", operation="HeadObject", code="AccessDenied")
    inner = filled.source
    everything = frozenset({"GetObject", "HeadObject"})
    filled.source = Faulty(inner, fails(everything, denied, key="07", times=None))
    assert counts(filled.run())["failed"] == 1
    again = filled.resume()
    assert (again.outcome, again.exit_code) == (Outcome.FAILED, 1)
    assert counts(again)["failed"] == 1
    assert [event.key for event in filled.of(ObjectFailed)][-1] == "07"
    filled.source = inner
    assert filled.resume().outcome is Outcome.COMPLETED
    assert filled.there == filled.here


def test_a_resume_that_could_not_begin_leaves_the_run_as_it_was(
    filled: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wrong or missing keys are the user's to put right (exit 2): nothing was started, nothing is paused."""
    filled.run()
    assert filled.info().state == "completed"
    monkeypatch.delenv("MIGRATOR_SOURCE_ACCESS_KEY_ID")
    refused = filled.resume()
    assert (refused.outcome, refused.exit_code) == (Outcome.REFUSED, 2)
    assert filled.info().state == "completed"
    assert filled.rollback().exit_code == 2
    assert filled.info().undo == ""


def test_a_crashed_run_is_still_one_after_a_resume_that_could_not_begin(
    filled: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled.run()
    journal = Journal.open(filled.directory, filled.clock)
    journal.set_meta(outcome="running")  # as a crash leaves it
    journal.commit()
    journal.close()
    assert filled.info().state == "crashed"
    monkeypatch.delenv("MIGRATOR_SOURCE_ACCESS_KEY_ID")
    assert filled.resume().exit_code == 2
    assert filled.info().state == "crashed"


def test_a_resume_without_its_end_leaves_the_run_as_it_was(filled: World) -> None:
    filled.run()
    filled.destination = Faulty(filled.destination, fails("ListObjectsV2", Unreachable("gone"), times=None))
    refused = filled.resume()
    assert (refused.outcome, refused.exit_code) == (Outcome.REFUSED, 3)
    assert filled.info().state == "completed"
