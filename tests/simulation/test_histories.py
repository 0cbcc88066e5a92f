"""Whole histories: the process dies at every call of a run and of a rollback; nothing is out of order, and
everything goes back."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.model.objects import MTIME_KEY, TOKEN_KEY
from migrator.store.base import Versioning
from migrator.store.memory import CEPH, MemoryCloud, Quirks
from tests.simulation.ports import MODES
from tests.simulation.trials import scratch
from tests.simulation.worlds import THEIRS, Kind, Simulation
from tests.support.world import FROM, PART, TO, World


def _fill(world: World) -> None:
    """Markers on top, below and alone; a null version; parts; somebody's history below ours."""
    cloud = world.source_cloud
    world.seed("a", b"null")
    cloud.set_versioning(FROM, Versioning.ENABLED)
    world.seed("a", b"1")
    cloud.delete(FROM, "a")
    world.seed("a", b"2", tags={"n": "2"})
    world.seed("gone", b"was here")
    cloud.delete(FROM, "gone")
    world.seed("large", b"x" * (PART + 1))
    world.seed("large", b"small")
    world.put_there("a", b"older")
    world.destination_cloud.delete(TO, "gone")
    world.put_there("theirs", THEIRS)
    world.set("transfer", existing="overwrite")
    world.set("carry", versions="all")


HISTORIES: dict[str, Kind] = {
    "history": (Quirks(), Versioning.ENABLED, _fill),
    "ceph history": (CEPH, Versioning.ENABLED, _fill),
}
EVERY = [
    pytest.param("history", id="plain-history"),
    pytest.param("ceph history", marks=pytest.mark.long, id="ceph-history"),
]


def lines(cloud: MemoryCloud, bucket: str) -> list[tuple[object, ...]]:
    return [
        (
            each.key,
            each.is_marker,
            each.body,
            each.properties.tags,
            {k: v for k, v in each.properties.metadata.items() if k not in (TOKEN_KEY, MTIME_KEY)},
        )
        for each in (line.version for line in cloud.list_versions(bucket))
    ]


def must_be_a_history(simulation: Simulation, where: str) -> None:
    """Every key begins with the source's history, in its order; what was there before lies below."""
    source, copies = lines(simulation.world.source_cloud, FROM), lines(simulation.world.destination_cloud, TO)
    for key in {line[0] for line in source}:
        ours = [line for line in source if line[0] == key]
        there = [line for line in copies if line[0] == key]
        below = [line for line in simulation.before if line[0] == key]
        assert there[: len(ours)] == ours, f"{where}: {key}"
        assert len(there) == len(ours) + len(below), f"{where}: {key}"


@pytest.mark.parametrize("then", ["resume", "rollback"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", EVERY)
def test_dying_at_every_call_of_a_run(name: str, mode: str, then: str) -> None:
    last = 0
    while True:
        last += 1
        with scratch() as folder:
            simulation = Simulation(name, Path(folder), seed=last, kind=HISTORIES[name])
            if not simulation.dies("run", last, mode) and simulation.trace.count < last:
                break
            where = f"world {name}, call {last} of run, {mode}"
            if not simulation.has_run:
                continue
            if then == "resume":
                simulation.must_complete(where)
                must_be_a_history(simulation, where)
            simulation.must_go_back(where)
    assert last > 50


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", EVERY)
def test_dying_at_every_call_of_a_rollback(name: str, mode: str) -> None:
    last = 0
    while True:
        last += 1
        with scratch() as folder:
            simulation = Simulation(name, Path(folder), seed=last, kind=HISTORIES[name])
            simulation.dies("run")
            if not simulation.dies("rollback", last, mode) and simulation.trace.count < last:
                break
            simulation.must_go_back(f"world {name}, call {last} of rollback, {mode}")
    assert last > 15
