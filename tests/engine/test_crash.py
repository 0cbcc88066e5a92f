"""The process dies at every single step, before or after what it was doing took effect.

Afterwards a new process either resumes, and the destination equals the source; or it rolls back, and the
destination is as it was. The loops end only when a whole run went by without reaching the next crash point,
so no point is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from migrator.engine.journal import Journal
from migrator.model.checksums import crc32_of
from migrator.model.ledger import Outcome
from migrator.model.objects import RESERVED_PREFIX
from migrator.store.base import Versioning
from migrator.store.memory import LYVE
from tests.support.faulty import WRITES, Crash, Fault, Faulty, meanwhile
from tests.support.world import FROM, PART, TO, World

pytestmark = pytest.mark.usefixtures("small_parts", "inline")


def filled(world: World, *, large: bool = True) -> World:
    """Eleven small objects and one in three parts; something of others is there already."""
    for number in range(11):
        world.seed(f"{number:02}", f"body {number}".encode(), tags={"n": "1"} if number == 5 else {})
    if large:
        world.seed("05-large", b"x" * (2 * PART + 100))
    world.put_there("theirs", b"was here before")
    return world


def die(*_: object) -> None:
    raise Crash


def crash_at(nth: int, *, after_effect: bool, operations: frozenset[str] = WRITES) -> Fault:
    return Fault(operations, nth=nth, reserved=True, **{"after" if after_effect else "before": die})


@contextmanager
def crashing_commit(nth: int, *, after_effect: bool) -> Iterator[list[int]]:
    """The nth commit of any journal is the last thing that happens, or just does not happen any more."""
    commit = Journal.commit
    seen = [0]

    def counted(journal: Journal) -> None:
        seen[0] += journal.has_uncommitted
        if seen[0] == nth and not after_effect:
            raise Crash
        commit(journal)
        if seen[0] == nth:
            seen[0] += 1
            raise Crash

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Journal, "commit", counted)
        yield seen


def dies(command: Callable[[], object]) -> bool:
    try:
        command()
    except Crash:
        return True
    return False


def must_resume_to_the_end(world: World, where: str) -> None:
    resumed = world.resume()
    assert resumed.outcome is Outcome.COMPLETED, f"{where}: {resumed}"
    assert world.there == {**world.here, "theirs": b"was here before"}, where
    assert not world.open_uploads, where
    assert world.destination_cloud.tags(TO, "05") == {"n": "1"}, where


def must_roll_back_to_the_start(world: World, where: str) -> None:
    undone = world.rollback()
    assert (undone.outcome, undone.exit_code) == (Outcome.ROLLED_BACK, 0), f"{where}: {undone}"
    assert world.there == {"theirs": b"was here before"}, where
    assert not world.open_uploads, where
    assert not [key for key in world.destination_cloud.contents(TO) if key.startswith(RESERVED_PREFIX)]


ENDS = {"plain": {}, "versions": {"versioning": Versioning.ENABLED}, "lyve": {"quirks": LYVE}}
THEN = {"resume": must_resume_to_the_end, "rollback": must_roll_back_to_the_start}


@pytest.mark.parametrize("after_effect", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("then", THEN)
@pytest.mark.parametrize("end", ENDS)
def test_dying_at_any_write_to_the_destination(
    new_world: Callable[..., World], end: str, then: str, after_effect: bool
) -> None:
    crashes = 0
    while True:
        world = filled(new_world(**ENDS[end]))
        fault = crash_at(crashes + 1, after_effect=after_effect)
        world.destination = Faulty(world.destination, fault)
        if not dies(world.run):
            break
        crashes += 1
        world.destination = world.destination.inner
        assert world.info().state == "crashed"
        THEN[then](world, f"write {crashes}")
    assert crashes >= 15, "the loop must have met every write of the run"


@pytest.mark.parametrize("after_effect", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("then", THEN)
def test_dying_at_any_commit_of_the_journal(
    new_world: Callable[..., World], then: str, after_effect: bool
) -> None:
    crashes = 0
    while True:
        world = filled(new_world())
        with crashing_commit(crashes + 2, after_effect=after_effect):  # the first one creates the journal
            died = dies(world.run)
        if not died:
            break
        crashes += 1
        if world.root.joinpath("runs").exists():
            THEN[then](world, f"commit {crashes + 1}")
    assert crashes >= 5


@pytest.mark.parametrize("first_after_effect", [False, True], ids=["before", "after"])
def test_dying_again_while_resuming(new_world: Callable[..., World], first_after_effect: bool) -> None:
    """The second crash may hit any write that recovery or the rest of the copying makes."""
    for first in (4, 10):
        second = 0
        while True:
            world = filled(new_world())
            inner = world.destination
            world.destination = Faulty(inner, crash_at(first, after_effect=first_after_effect))
            assert dies(world.run)
            fault = crash_at(second + 1, after_effect=not first_after_effect)
            world.destination = Faulty(inner, fault)
            if not dies(world.resume):
                break
            second += 1
            world.destination = inner
            must_resume_to_the_end(world, f"write {first}, then {second} of resume")
        assert second >= 1


@pytest.mark.parametrize("after_effect", [False, True], ids=["before", "after"])
def test_dying_while_rolling_back(new_world: Callable[..., World], after_effect: bool) -> None:
    crashes = 0
    while True:
        world = filled(new_world())
        inner = world.destination
        world.run()
        world.destination = Faulty(inner, crash_at(crashes + 1, after_effect=after_effect))
        if not dies(world.rollback):
            break
        crashes += 1
        world.destination = inner
        must_roll_back_to_the_start(world, f"delete {crashes}")
    assert crashes == 12


def test_dying_at_any_read_of_the_source(new_world: Callable[..., World]) -> None:
    crashes = 0
    while True:
        world = filled(new_world())
        inner = world.source
        fault = crash_at(
            crashes + 1,
            after_effect=False,
            operations=frozenset({"GetObject", "HeadObject", "ListObjectsV2"}),
        )
        world.source = Faulty(inner, fault)
        if not dies(world.run):
            break
        crashes += 1
        world.source = inner
        if world.root.joinpath("runs").exists():
            must_resume_to_the_end(world, f"read {crashes}")
    assert crashes >= 15


def test_dying_before_an_upload_is_opened(new_world: Callable[..., World]) -> None:
    for then in THEN.values():
        world = filled(new_world())
        inner = world.destination
        fault = crash_at(1, after_effect=False, operations=frozenset({"CreateMultipartUpload"}))
        world.destination = Faulty(inner, fault)
        assert dies(world.run)
        world.destination = inner
        then(world, "opening the upload")


def test_somebody_elses_object_at_a_key_that_was_under_way_is_left_alone(
    new_world: Callable[..., World],
) -> None:
    for then in ("resume", "rollback"):
        world = filled(new_world())
        inner = world.destination
        world.destination = Faulty(inner, crash_at(4, after_effect=False))
        assert dies(world.run)
        world.destination = inner
        under_way = next(iter(sorted(set(world.here) - set(world.there))))
        world.put_there(under_way, b"by someone")
        summary = getattr(world, then)()
        assert world.there[under_way] == b"by someone"
        if then == "resume":
            assert summary.ledger["conflicts"] == 1
        else:
            assert world.there == {"theirs": b"was here before", under_way: b"by someone"}


def test_the_source_object_is_gone_when_the_run_goes_on(new_world: Callable[..., World]) -> None:
    """What was copied but not recorded is then the last copy: it is never removed."""
    for after_effect in (False, True):
        world = filled(new_world())
        inner = world.destination
        first_write = Fault("PutObject", key="00", **{"after" if after_effect else "before": die})
        world.destination = Faulty(inner, first_write)
        assert dies(world.run)
        world.destination = inner
        world.source_cloud.delete(FROM, "00")
        resumed = world.resume()
        assert resumed.ledger["failed"] == 1
        assert world.entries()["00"].cause == "source-gone"
        assert ("00" in world.there) is after_effect
        assert world.rollback().exit_code == (4 if after_effect else 0)
        assert ("00" in world.there) is after_effect


@pytest.mark.parametrize("after_effect", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("nth", [1, 2, 3, 4])
def test_a_large_object_goes_on_with_the_parts_it_has(
    new_world: Callable[..., World], nth: int, after_effect: bool
) -> None:
    world = new_world()
    world.seed("large", bytes(range(256)) * (PART * 5 // 256))
    inner = world.destination
    part = frozenset({"UploadPart"})
    world.destination = Faulty(inner, crash_at(nth, after_effect=after_effect, operations=part))
    assert dies(world.run)
    world.destination = inner
    assert world.resume().outcome is Outcome.COMPLETED
    assert inner.calls.count(("CreateMultipartUpload", TO, "large")) == 1
    assert world.there == world.here
    assert not world.open_uploads


def test_a_stopped_upload_sends_only_what_is_missing(
    new_world: Callable[..., World],
) -> None:
    world = new_world()
    world.seed("large", b"x" * PART * 40)
    stop = meanwhile("UploadPart", lambda: world.ports.stop.ask(), nth=10)
    inner = world.destination
    world.destination = Faulty(inner, stop)
    assert world.run().outcome is Outcome.STOPPED
    world.destination = inner
    assert world.resume().outcome is Outcome.COMPLETED
    assert inner.calls.count(("UploadPart", TO, "large")) == 40
    assert world.there == world.here


def test_an_upload_does_not_go_on_after_the_source_changed(
    new_world: Callable[..., World],
) -> None:
    world = new_world()
    world.seed("large", b"x" * PART * 5)
    inner = world.destination
    crash = crash_at(3, after_effect=False, operations=frozenset({"UploadPart"}))
    world.destination = Faulty(inner, crash)
    assert dies(world.run)
    world.destination = inner
    world.seed("large", b"y" * PART * 5)
    assert world.resume().outcome is Outcome.COMPLETED
    assert world.there == {"large": b"y" * PART * 5}
    assert not world.open_uploads


def test_a_part_that_the_destination_lost_is_sent_again(
    new_world: Callable[..., World],
) -> None:
    world = new_world()
    world.seed("large", b"x" * PART * 40)
    inner = world.destination
    world.destination = Faulty(inner, meanwhile("UploadPart", lambda: world.ports.stop.ask(), nth=10))
    assert world.run().outcome is Outcome.STOPPED
    upload = inner.list_uploads(TO, "large")[0]
    other = b"z" * PART
    inner.upload_part(TO, "large", upload.upload_id, 2, other, crc32=crc32_of(other))
    world.destination = inner
    assert world.resume().outcome is Outcome.COMPLETED
    assert world.there == world.here
