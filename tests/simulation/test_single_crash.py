"""The process dies at every single call of a run, in each of three ways; then it goes on, or back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulation.ports import MODES
from tests.simulation.trials import scratch
from tests.simulation.worlds import WORLDS, Simulation
from tests.support.world import TO

#: The other worlds are variations of these; they take as long again.
COMMON = frozenset({"plain", "versions", "created"})
EVERY_WORLD = [
    pytest.param(name, marks=() if name in COMMON else pytest.mark.long, id=name) for name in WORLDS
]


def every_crash(name: str, mode: str, then: str) -> int:
    """Returns how many calls were the last one."""
    crashes = last = 0
    while True:
        last += 1
        with scratch() as folder:
            simulation = Simulation(name, Path(folder), seed=last)
            if not simulation.dies("run", last, mode) and simulation.trace.count < last:
                return crashes
            crashes += 1
            where = f"world {name}, call {last} of run, {mode}"
            if not simulation.has_run:
                continue
            if then == "resume":
                simulation.must_complete(where)
            simulation.must_go_back(where)


@pytest.mark.parametrize("then", ["resume", "rollback"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", EVERY_WORLD)
def test_dying_at_every_call_of_a_run(
    name: str, mode: str, then: str, record_property: pytest.RecordProperty
) -> None:
    crashes = every_crash(name, mode, then)
    record_property("crash_points", crashes)
    assert crashes > (20 if name == "created" else 50)


@pytest.mark.parametrize("name", EVERY_WORLD)
@pytest.mark.parametrize("mode", MODES)
def test_dying_at_every_call_of_a_rollback(name: str, mode: str) -> None:
    last = 0
    while True:
        last += 1
        with scratch() as folder:
            simulation = Simulation(name, Path(folder), seed=last)
            simulation.dies("run")
            if not simulation.dies("rollback", last, mode) and simulation.trace.count < last:
                break
            simulation.must_go_back(f"world {name}, call {last} of rollback, {mode}")
    assert last > 15


@pytest.mark.parametrize("name", EVERY_WORLD)
def test_accepting_a_run_that_died_at_any_call(name: str) -> None:
    """Undo is given up: what is copied stays, nothing else does, also where accepting dies once itself."""
    last = 0
    while True:
        last += 1
        with scratch() as folder:
            simulation = Simulation(name, Path(folder), seed=last)
            if not simulation.dies("run", last, MODES[last % 3]) and simulation.trace.count < last:
                break
            if not simulation.has_run:
                continue
            where = f"world {name}, {MODES[last % 3]} call {last} of run"
            has_bucket = TO in dict(simulation.world.destination_cloud.buckets())
            there = simulation.world.there if has_bucket else {}
            simulation.dies("accept", 1 + last % 7, MODES[last // 3 % 3])
            assert not simulation.dies("accept"), where
            assert simulation.summary.exit_code == 0, f"{where}: {simulation.summary}"
            if has_bucket:
                assert simulation.world.destination_cloud.contents(TO) == there, where
                assert not simulation.world.open_uploads, where
            simulation.must_be_untouched(where)
    assert last > 20


@pytest.mark.parametrize("name", WORLDS)
def test_the_same_seed_is_the_same_run(name: str) -> None:
    """Only so can a failing seed be replayed."""

    def fingerprint(seed: int) -> str:
        with scratch() as folder:
            simulation = Simulation(name, Path(folder), seed)
            simulation.dies("run")
            return simulation.trace.fingerprint

    assert fingerprint(7) == fingerprint(7)
    assert len({fingerprint(seed) for seed in range(5)}) > 1
