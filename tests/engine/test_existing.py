"""Keys that are already at the destination: what each value of `existing` makes of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from migrator.model.events import ObjectConflict
from migrator.model.ledger import Outcome
from migrator.model.objects import RESERVED_PREFIX
from migrator.store.base import Versioning
from migrator.store.memory import LYVE, Quirks
from tests.support.faulty import WRITES, Faulty, meanwhile
from tests.support.world import PART, TO, World, counts


def with_three_keys(world: World) -> World:
    """One key is new, one the same at both ends, one different."""
    world.seed("different", b"of the source")
    world.seed("new")
    world.seed("same")
    world.put_there("different", b"of somebody")
    world.put_there("same", b"body")
    world.put_there("unrelated")
    return world


@pytest.mark.parametrize(
    ("existing", "expected", "exit_code"),
    [
        ("skip-same", {"listed": 3, "planned": 2, "copied": 1, "same": 1, "conflicts": 1}, 1),
        ("skip", {"listed": 3, "planned": 1, "copied": 1, "filtered": 2}, 0),
        ("refuse", {"listed": 3, "planned": 3, "copied": 1, "conflicts": 2}, 1),
    ],
)
def test_unversioned_destination_never_loses_what_it_holds(
    world: World, existing: str, expected: dict[str, int], exit_code: int
) -> None:
    with_three_keys(world).set("transfer", existing=existing)
    before = world.there
    summary = world.run()
    assert counts(summary) == expected
    assert summary.exit_code == exit_code
    assert world.there == {**before, "new": b"body"}


@pytest.mark.parametrize(
    ("existing", "reasons"),
    [
        ("skip-same", {"different": "different-content"}),
        ("refuse", {"different": "exists", "same": "exists"}),
    ],
)
def test_conflicts_say_why(world: World, existing: str, reasons: dict[str, str]) -> None:
    with_three_keys(world).set("transfer", existing=existing)
    world.run()
    assert {each.key: each.reason for each in world.of(ObjectConflict)} == reasons


def test_skip_names_the_rule(world: World) -> None:
    with_three_keys(world).set("transfer", existing="skip")
    assert world.run().filtered_by == {"exists": 2}


def test_overwriting_with_versions_is_undone_exactly(new_world: Callable[..., World]) -> None:
    world = with_three_keys(new_world(versioning=Versioning.ENABLED)).set("transfer", existing="overwrite")
    before = world.there
    old_version = world.destination_cloud.head(TO, "different").version_id
    summary = world.run()
    assert counts(summary) == {"listed": 3, "planned": 2, "copied": 2, "same": 1}
    assert world.there["different"] == b"of the source"
    undone = world.rollback()
    assert (undone.outcome, undone.exit_code) == (Outcome.ROLLED_BACK, 0)
    assert (undone.removed, undone.restored, undone.left_in_place) == (1, 1, 0)
    assert world.there == before
    assert world.destination_cloud.head(TO, "different").version_id == old_version


def test_overwriting_what_cannot_come_back_needs_best_effort(new_world: Callable[..., World]) -> None:
    """An end that keeps neither versions nor makes copies."""
    no_copies = Quirks(refuses_copy=True)
    world = with_three_keys(new_world(quirks=no_copies)).set("transfer", existing="overwrite")
    assert counts(world.run())["conflicts"] == 1
    assert {each.reason for each in world.of(ObjectConflict)} == {"cannot-undo"}
    assert world.there["different"] == b"of somebody"
    world.set("transfer", undo="best-effort")
    assert counts(world.run())["copied"] == 1
    assert world.there["different"] == b"of the source"
    undone = world.rollback()
    assert undone.exit_code == 4
    assert undone.left_in_place == 1
    assert world.there["different"] == b"of the source"


# -- what earlier runs prove ----------------------------------------------------------------------


def test_a_second_run_copies_only_what_is_new(world: World) -> None:
    for key in ("a", "b"):
        world.seed(key)
    world.run()
    world.seed("c")
    world.destination.calls.clear()
    summary = world.run()
    assert counts(summary) == {"listed": 3, "planned": 1, "copied": 1, "same": 2}
    written = {key for operation, _, key in world.destination.calls if operation in WRITES}
    assert {key for key in written if not key.startswith(RESERVED_PREFIX)} == {"c"}


def test_earlier_journal_proves_multipart_copies_with_foreign_etags(
    new_world: Callable[..., World], small_parts: None
) -> None:
    world = new_world(quirks=LYVE)
    world.seed("film", b"x" * 3 * PART)
    world.run()
    assert counts(world.run()) == {"listed": 1, "same": 1}


def test_our_own_outdated_copy_is_updated_undoably(new_world: Callable[..., World]) -> None:
    world = new_world(versioning=Versioning.ENABLED)
    world.seed("a", b"first")
    world.run()
    world.seed("a", b"second")
    assert counts(world.run()) == {"listed": 1, "planned": 1, "copied": 1}
    assert world.there == {"a": b"second"}
    assert world.rollback().restored == 1
    assert world.there == {"a": b"first"}


def test_our_own_outdated_copy_stays_where_the_update_could_not_be_undone(
    new_world: Callable[..., World],
) -> None:
    world = new_world(quirks=Quirks(refuses_copy=True))
    world.seed("a", b"first")
    world.run()
    world.seed("a", b"second")
    assert counts(world.run()) == {"listed": 1, "planned": 1, "conflicts": 1}
    assert world.there == {"a": b"first"}


def test_a_copy_that_somebody_changed_is_not_ours_any_more(new_world: Callable[..., World]) -> None:
    world = new_world(versioning=Versioning.ENABLED)
    world.seed("a", b"first")
    world.run()
    world.put_there("a", b"by someone")
    world.seed("a", b"second")
    assert counts(world.run()) == {"listed": 1, "planned": 1, "conflicts": 1}
    assert world.there == {"a": b"by someone"}


def test_a_run_that_was_rolled_back_proves_nothing(
    new_world: Callable[..., World], small_parts: None
) -> None:
    world = new_world(quirks=LYVE)
    world.seed("film", b"x" * 3 * PART)
    world.run()
    world.rollback()
    assert counts(world.run()) == {"listed": 1, "planned": 1, "copied": 1}


def test_sizes_prove_nothing_unless_the_job_says_so(world: World) -> None:
    world.seed("a", b"12345")
    world.put_there("a", b"54321")
    assert counts(world.run())["conflicts"] == 1
    world.set("transfer", verify="size")
    assert counts(world.run())["same"] == 1


# -- somebody else writes meanwhile ---------------------------------------------------------------


@pytest.mark.parametrize("size", [10, 3 * PART])
def test_what_appears_after_the_plan_is_left_alone(world: World, small_parts: None, size: int) -> None:
    world.seed("a", b"x" * size)
    appears = meanwhile(
        frozenset({"PutObject", "CompleteMultipartUpload"}), lambda: world.put_there("a", b"by someone")
    )
    world.destination = Faulty(world.destination, appears)
    summary = world.run()
    assert appears.struck == 1
    assert counts(summary) == {"listed": 1, "planned": 1, "conflicts": 1}
    assert [each.reason for each in world.of(ObjectConflict)] == ["changed-meanwhile"]
    assert world.there == {"a": b"by someone"}
    assert not world.open_uploads
    assert world.rollback().exit_code == 0
    assert world.there == {"a": b"by someone"}


def test_what_changes_after_the_plan_is_not_overwritten(new_world: Callable[..., World]) -> None:
    world = new_world(versioning=Versioning.ENABLED)
    world.seed("a", b"of the source")
    world.put_there("a", b"old")
    world.set("transfer", existing="overwrite")
    changes = meanwhile("PutObject", lambda: world.put_there("a", b"by someone"))
    world.destination = Faulty(world.destination, changes)
    assert counts(world.run()) == {"listed": 1, "planned": 1, "conflicts": 1}
    assert world.there == {"a": b"by someone"}


def test_an_end_that_ignores_conditions_is_copied_to_and_rolled_back_exactly(
    new_world: Callable[..., World], small_parts: None
) -> None:
    world = new_world(quirks=LYVE)
    world.put_there("theirs", b"stays")
    for key in ("a", "b"):
        world.seed(key)
    world.seed("large", b"x" * 3 * PART)
    assert world.run().outcome is Outcome.COMPLETED
    assert world.rollback().exit_code == 0
    assert world.there == {"theirs": b"stays"}
