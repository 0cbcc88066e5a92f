"""Defects that were found once, each with the smallest run that shows it."""

from __future__ import annotations

from datetime import date
from itertools import count

import pytest

from migrator.config import job_from
from migrator.errors import ExpiredCredentials, JobFileError, Paused
from migrator.model.events import ListingProgress, ObjectUndone, Phase, PhaseChanged
from migrator.model.filters import Filter
from migrator.model.globs import compile_glob
from migrator.model.ledger import Outcome
from migrator.model.objects import METADATA_LIMIT_BYTES, ObjectVersion, Page
from migrator.reasons import UNSUPPORTED
from migrator.store.base import Versioning
from migrator.store.memory import LYVE
from tests.engine.test_crash import crash_at, dies, filled
from tests.support.faulty import (
    Crash,
    Faulty,
    Unsorted,
    corrupts,
    drops_metadata,
    fails,
    loses_the_answer,
    meanwhile,
)
from tests.support.world import FROM, PART, TO, WHEN


@pytest.mark.timeout(15)
@pytest.mark.parametrize("extra", [0, 1, 2, 3])
def test_a_full_disk_while_copying_pauses_the_run(world, small_parts, limited, extra):
    for n in range(400):
        world.seed(f"{n:03}-{'k' * 40}")
    world.on_event = lambda e: isinstance(e, PhaseChanged) and e.phase is Phase.COPYING and limited(extra)
    assert world.run().cause == "disk-full"


def test_an_upload_opened_and_not_recorded_is_aborted(new_world, small_parts, inline):
    for then in ("resume", "rollback"):
        world = filled(new_world())
        inner = world.destination
        world.destination = Faulty(
            inner, crash_at(1, after_effect=True, operations=frozenset({"CreateMultipartUpload"}))
        )
        assert dies(world.run)
        world.destination = inner
        getattr(world, then)()
        assert not world.open_uploads


def test_a_lost_answer_to_opening_an_upload_leaves_none_open(world, small_parts):
    world.seed("large", b"x" * 3 * PART)
    world.destination = Faulty(world.destination, loses_the_answer("CreateMultipartUpload"))
    assert world.run().outcome is Outcome.COMPLETED
    assert not world.open_uploads


def test_old_content_comes_back_after_a_crash_right_after_the_overwrite(new_world, small_parts, inline):
    world = new_world(versioning=Versioning.ENABLED)
    world.seed("a", b"new")
    world.put_there("a", b"old")
    world.set("transfer", existing="overwrite")
    inner = world.destination
    world.destination = Faulty(inner, crash_at(1, after_effect=True))
    assert dies(world.run)
    world.destination = inner
    undone = world.rollback()
    assert (undone.exit_code, world.there) == (0, {"a": b"old"})


def test_a_copy_without_its_metadata_is_not_called_rolled_back(world):
    world.seed("a", metadata={"colour": "blue"})
    world.destination = Faulty(world.destination, drops_metadata("PutObject", times=None))
    world.run()
    undone = world.rollback()
    assert world.there == {} or undone.exit_code == 4


def test_a_copy_without_room_for_a_token_needs_a_person(world):
    world.seed("full", metadata={"m": "x" * (METADATA_LIMIT_BYTES - 1)})
    world.run()
    world.forget_events()
    world.rollback()
    assert [(e.action, e.reason) for e in world.of(ObjectUndone)] == [("left", "human")]


def test_both_versions_of_a_write_sent_twice_are_removed(new_world):
    world = new_world(quirks=LYVE, versioning=Versioning.ENABLED)
    world.seed("a")
    world.destination = Faulty(world.destination, loses_the_answer("PutObject"))
    world.run()
    assert world.rollback().exit_code == 0
    assert world.there == {}


def test_an_object_written_after_the_plan_survives_an_end_that_ignores_conditions(new_world):
    world = new_world(quirks=LYVE)
    world.seed("a", b"ours")
    world.destination = Faulty(world.destination, meanwhile("HeadObject", lambda: None))

    def on_event(e):
        if isinstance(e, PhaseChanged) and e.phase is Phase.COPYING:
            world.put_there("a", b"by someone")

    world.on_event = on_event
    world.run()
    assert world.there == {"a": b"by someone"}


def test_final_bytes_listed_are_those_of_everything_listed(world):
    world.seed("a", b"12345")
    world.seed("b.tmp", b"1234567890")
    world.set("filters", exclude=["*.tmp"])
    world.run()
    (final,) = [e for e in world.of(ListingProgress) if e.final]
    assert final.bytes_listed == 15


def test_objects_that_resume_gives_up_are_told(world, small_parts, inline):
    world.seed("a")
    world.seed("b")
    inner = world.destination
    world.destination = Faulty(inner, crash_at(1, after_effect=False))
    assert dies(world.run)
    world.destination = inner
    world.source_cloud.delete(FROM, "a")
    world.forget_events()
    summary = world.resume()
    assert summary.ledger["failed"] == 1
    assert world.state.failed == 1


def test_an_upload_that_was_given_up_is_not_counted_as_open(world, small_parts, inline):
    world.seed("a", b"x" * 3 * PART)
    inner = world.destination
    world.destination = Faulty(inner, crash_at(2, after_effect=False))
    assert dies(world.run)
    world.destination = inner
    world.source_cloud.delete(FROM, "a")
    world.resume()
    assert not world.open_uploads
    assert world.info().open_uploads == 0


def test_resuming_an_unsorted_listing_loses_no_key(world, inline, monkeypatch):
    monkeypatch.setattr("migrator.engine.planner.BATCH", 4)
    for n in range(20):
        world.seed(f"{n:02}")

    def order(keys):
        return keys[10:] + keys[:10]

    world.source = Unsorted(world.source, order, page=4)
    saved = []
    monkeypatch.setattr("migrator.engine.planner.PROGRESS_EVERY_S", 0.0)
    seen = []

    def on_event(e):
        if isinstance(e, ListingProgress):
            seen.append(e.listed)
            if len(seen) > 3 and seen[-1] < seen[-2]:
                saved.append(1)
            if saved and e.listed >= 6:
                world.ports.stop.ask()

    world.on_event = on_event
    stopped = world.run()
    assert stopped.outcome is Outcome.STOPPED, stopped
    world.on_event = lambda e: None
    resumed = world.resume()
    assert set(world.there) == set(world.here), resumed.ledger


def test_max_date_may_be_the_end_of_time():
    assert Filter(max_date=date(9999, 12, 31)).rule_against(ObjectVersion("a", 1, "e", WHEN)) is None


@pytest.mark.parametrize(
    ("pattern", "key", "yes"),
    [
        (r"[\[\]]", "[", True),
        (r"[\[\]]", "]", True),
        (r"[\]x]", "x", True),
        (r"{{\d{4}}}", "2024", True),
        ("*.jpg", "a.jpg\n", False),
    ],
)
def test_globs_that_need_care(pattern, key, yes):
    assert bool(compile_glob(pattern).search(key)) is yes


def test_one_aws_bucket_with_and_without_region_is_one_place():
    t = {
        "version": 1,
        "source": {"provider": "aws", "bucket": "photos", "region": "us-east-1"},
        "destination": {"provider": "aws", "bucket": "photos", "prefix": "copy/"},
    }
    with pytest.raises(JobFileError):
        job_from(t)


def test_a_home_that_is_a_file_is_refused_in_words(world, tmp_path):
    file = tmp_path / "file"
    file.write_text("x")
    world.root = file
    world.seed("a")
    assert world.run().exit_code == 3


def test_tags_that_cannot_be_read_have_words():
    assert "tags" in UNSUPPORTED


@pytest.mark.parametrize("error", [ExpiredCredentials("expired"), Paused("gone", cause="unreachable")])
def test_keys_that_expire_during_rollback_pause_it(world, error):
    for n in range(5):
        world.seed(f"{n}")
    world.run()
    world.destination = Faulty(world.destination, fails("DeleteObject", error, nth=2, times=None))
    summary = world.rollback()
    assert (summary.outcome, summary.exit_code) == (Outcome.PAUSED, 5), summary


def test_our_version_below_a_foreign_delete_marker_is_removed_and_reported(new_world):
    world = new_world(versioning=Versioning.ENABLED)
    world.seed("a")
    world.run()
    world.destination_cloud.delete(TO, "a")
    assert world.rollback().exit_code == 4
    left = [each.version for each in world.destination_cloud.list_versions(TO) if not each.version.is_marker]
    assert not left


def test_our_version_below_a_foreign_one_is_removed_and_reported(new_world):
    world = new_world(versioning=Versioning.ENABLED)
    world.seed("a")
    world.run()
    world.put_there("a", b"foreign")
    assert world.rollback().exit_code == 4
    bodies = [each.version.body for each in world.destination_cloud.list_versions(TO)]
    assert bodies == [b"foreign"]


def test_an_earlier_attempts_object_is_not_taken_for_this_one(new_world, inline):
    world = new_world()
    world.seed("a", b"first")
    world.put_there("a", b"old")
    world.set("transfer", existing="overwrite", undo="best-effort", verify="size")
    inner = world.destination
    world.destination = Faulty(inner, crash_at(1, after_effect=True))
    assert dies(world.run)
    world.destination = inner
    world.seed("a", b"FIRST")
    world.resume()
    world.resume()
    assert world.there == {"a": b"FIRST"}, world.info().ledger


def test_a_best_effort_overwrite_is_resumed_after_the_source_changed(new_world, inline):
    world = new_world()
    world.seed("a", b"first")
    world.put_there("a", b"old")
    world.set("transfer", existing="overwrite", undo="best-effort")
    inner = world.destination
    world.destination = Faulty(inner, crash_at(1, after_effect=True))
    assert dies(world.run)
    world.destination = inner
    world.seed("a", b"second, longer")
    for _ in range(3):
        summary = world.resume()
    assert world.there == {"a": b"second, longer"}, summary


@pytest.mark.timeout(10)
def test_a_listing_that_goes_round_ends(world, monkeypatch):
    world.seed("a")
    world.seed("b")
    calls = count()

    class Goes(Faulty):
        def list_page(self, bucket, prefix, **where):
            n = next(calls)
            if n > 5000:
                raise Crash
            return Page(self.inner.list_page(bucket, prefix).objects, f"t{n % 2}")

    world.source = Goes(world.source)
    try:
        world.run()
    except Crash:
        pytest.fail("5000 pages and no end")


def test_a_run_rolled_back_is_not_verified(world):
    world.seed("a")
    world.run()
    world.rollback()
    s = world.verify()
    assert s.exit_code == 2
    assert "rolled back" in s.message


def test_a_multipart_copy_that_arrived_wrong_leaves_no_open_upload(world, small_parts):
    """BadCopy of a multipart: the upload is complete, not open."""
    world.seed("large", b"x" * 3 * PART)
    world.destination = Faulty(world.destination, corrupts("UploadPart", nth=2))
    world.run()
    assert not world.open_uploads
    assert world.info().open_uploads == 0


def test_a_run_whose_journal_could_not_be_made_leaves_nothing(world, monkeypatch):
    """No room for the journal: refused, and `latest` must not be a broken run."""
    world.seed("a")
    good = world.run().run
    from migrator.engine import journal as j

    def full(path):
        raise OSError(28, "No space left on device")

    world.seed("b")

    def half(path):
        path.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(j, "_connect", half)
    s = world.run()
    monkeypatch.undo()
    assert s.exit_code == 3
    assert world.info("latest").run == good
