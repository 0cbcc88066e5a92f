"""Somebody switches versioning after a run died: going on takes the bucket as it is, and undo still works."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.model.ledger import Outcome
from migrator.store.base import Versioning
from migrator.store.memory import AWS, CEPH
from tests.simulation.ports import MODES
from tests.simulation.trials import scratch
from tests.simulation.worlds import WORLDS, Kind, Simulation
from tests.support.world import TO, World

ENABLED, SUSPENDED = Versioning.ENABLED, Versioning.SUSPENDED


def _from_before_versions(world: World) -> None:
    """What is there has no version id of its own: a write destroys it as soon as versioning is suspended."""
    WORLDS["plain"][2](world)
    world.destination_cloud.seed(TO, "large", b"old and small")
    world.destination_cloud.set_versioning(TO, ENABLED)


def _marked_over_versions(world: World) -> None:
    """Markers without an id, which our writes replace, hide versions that must not come to light again."""
    cloud = world.destination_cloud
    for key in ("a", "large"):
        cloud.seed(TO, key, b"deleted long ago")
    cloud.set_versioning(TO, SUSPENDED)
    for key in ("a", "large"):
        cloud.delete(TO, key)
    WORLDS["plain"][2](world)


KINDS: dict[str, tuple[Kind, Versioning]] = {
    "suspended": ((AWS, Versioning.OFF, _from_before_versions), SUSPENDED),
    "suspended on ceph": ((CEPH, Versioning.OFF, _from_before_versions), SUSPENDED),
    "switched on": (WORLDS["plain"], ENABLED),
    "switched on again": (WORLDS["suspended"], ENABLED),
    "switched on over markers": ((AWS, ENABLED, _marked_over_versions), ENABLED),
    "switched on again on ceph": (WORLDS["ceph suspended"], ENABLED),
}


def contents(simulation: Simulation) -> dict[str, tuple[object, ...]]:
    """What readers find in the whole bucket, also under the reserved prefix."""
    return {key: simulation.current(key) for key in simulation.world.destination_cloud.contents(TO)}


@pytest.mark.parametrize("kind", KINDS)
def test_versioning_is_switched_between_a_run_and_its_rollback(kind: str) -> None:
    setting, switched = KINDS[kind]
    with scratch() as folder:
        simulation = Simulation("", Path(folder), 1, setting)
        before = contents(simulation)
        assert not simulation.dies("run")
        simulation.world.destination_cloud.set_versioning(TO, switched)
        for time in ("once", "twice"):
            assert not simulation.dies("rollback")
            assert simulation.summary.exit_code == 0, f"{time}: {simulation.summary}"
            assert contents(simulation) == before, time
        simulation.must_be_untouched(kind)


#: With the same rules as elsewhere; conditions that are not heeded have tests of their own.
ALIKE = {"suspended on ceph", "switched on again on ceph"}


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.long) if kind in ALIKE else kind for kind in KINDS]
)
def test_versioning_is_switched_before_a_run_goes_on(kind: str) -> None:
    setting, switched = KINDS[kind]
    last = 0
    while True:
        last += 1
        with scratch() as folder:
            simulation = Simulation("", Path(folder), last, setting)
            before = contents(simulation)
            if not simulation.dies("run", last, MODES[last % 3]) and simulation.trace.count < last:
                break
            simulation.world.destination_cloud.set_versioning(TO, switched)
            if not simulation.has_run:
                continue
            where = f"{kind}, {MODES[last % 3]} call {last}"
            assert not simulation.dies("resume"), where
            assert simulation.summary.outcome is Outcome.COMPLETED, f"{where}: {simulation.summary}"
            there = simulation.world.there
            assert there == {**simulation.source_before, "theirs": there["theirs"]}, where
            assert not simulation.dies("rollback"), where
            assert simulation.summary.exit_code == 0, f"{where}: {simulation.summary}"
            assert contents(simulation) == before, where
            simulation.must_be_untouched(where)
    assert last > 50
