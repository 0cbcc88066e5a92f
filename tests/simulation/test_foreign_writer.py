"""Somebody else writes or deletes a key at any moment of a run or of its rollback: what he did stays.

His last word about a key is there after the rollback, whether the run replaced it (then it comes back), was
refused (then it was never touched), or lies below it. Where no condition protects a request there is a window
of doubt, one request wide: what is written in the very moment before ours is not asked for. Such requests are
all those of ends that ignore conditions, and deletes while versioning is suspended, because S3 refuses a
condition beside a version id. Bytes equal to ours, without our token, are told apart by looking, not by a
condition: it compares ETags.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from migrator.store.base import Versioning
from tests.simulation.ports import Call
from tests.simulation.trials import scratch
from tests.simulation.worlds import INEXACT, WORLDS, Simulation
from tests.support.faulty import WRITES
from tests.support.world import FROM, TO

#: New, in parts, and replaced by the run.
KEYS = ("a", "large", "over")
#: The quick form looks at every so many moments, beginning anywhere.
STRIDE = int(os.environ.get("MIGRATOR_STRIDE", "11"))
FOREIGN = b"written by somebody else"
_WORLDS = [name for name in WORLDS if name != "created" and name not in INEXACT]


class Somebody:
    """Does one thing at one key, right before call number `at` of a command."""

    def __init__(self, simulation: Simulation, at: int, key: str, deed: str) -> None:
        self._simulation, self._at, self._key, self._deed = simulation, at, key, deed
        self.did = False
        self.is_in_doubt = False

    def __call__(self, number: int, call: Call) -> None:
        if self.did or number < self._at:
            return
        self.did = True
        if call.operation in WRITES and self._key in call.keys:
            is_suspended = self._simulation.world.destination_cloud.versioning(TO) is Versioning.SUSPENDED
            is_bare_delete = is_suspended and call.operation == "DeleteObject"
            is_equal = self._deed == "touches"
            self.is_in_doubt = is_bare_delete or is_equal or self._simulation.ignores_conditions
        world = self._simulation.world
        if self._deed == "writes":
            world.put_there(self._key, FOREIGN)
        elif self._deed == "touches":
            # The same bytes as ours, so the same ETag: only the token tells them apart.
            world.put_there(self._key, world.source_cloud.contents(FROM)[self._key])
        else:
            world.destination_cloud.delete(TO, self._key)

    @property
    def there(self) -> object:
        return self._simulation.current(self._key)


def story(name: str, command: str, at: int, key: str, deed: str) -> bool:
    """A run and its rollback, with somebody in one of them; False where the command was over before."""
    where = f"world {name}, somebody {deed} {key} before call {at} of {command}"
    with scratch() as folder:
        simulation = Simulation(name, Path(folder), seed=at)
        somebody = Somebody(simulation, at, key, deed)
        seen: list[object] = []

        def meanwhile(number: int, call: Call) -> None:
            was = somebody.did
            somebody(number, call)
            if somebody.did and not was:
                seen.append(somebody.there)

        for each in ("run", "rollback"):
            assert not simulation.dies(each, meanwhile=meanwhile if each == command else lambda _, __: None)
        if not somebody.did:
            return False
        if somebody.is_in_doubt:
            return True
        assert somebody.there == seen[0], where
        assert simulation.summary.exit_code in (0, 4), f"{where}: {simulation.summary}"
        kept = simulation.watch.kept()
        assert not kept or simulation.summary.exit_code == 4, f"{where}: {kept}"
        passed_over = {key, *kept}
        others = [line for line in simulation.before if line[0] not in passed_over]
        assert [line for line in simulation.snapshot() if line[0] not in passed_over] == others, where
        assert not simulation.world.open_uploads, where
        assert simulation.dies("rollback") is False, where
        assert somebody.there == seen[0], f"{where}, rolled back twice"
        simulation.must_be_untouched(where)
    return True


def every_moment(name: str, command: str, stride: int) -> int:
    moments = 0
    for deed in ("writes", "touches", "deletes"):
        for key in KEYS:
            at = random.Random(f"{name} {command} {deed} {key}").randint(1, stride)
            while story(name, command, at, key, deed):
                at += stride
                moments += 1
    return moments


@pytest.mark.parametrize("command", ["run", "rollback"])
@pytest.mark.parametrize("name", _WORLDS)
def test_what_somebody_else_does_meanwhile_survives(name: str, command: str) -> None:
    assert every_moment(name, command, STRIDE) > 6


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("command", ["run", "rollback"])
@pytest.mark.parametrize("name", _WORLDS)
def test_what_somebody_else_does_at_every_single_moment_survives(name: str, command: str) -> None:
    moments = every_moment(name, command, 1)
    print(f"{moments} moments")
    assert moments > 150
