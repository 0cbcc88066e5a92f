"""One seed, one story: commands that die at random calls, somebody else's writes in between, and an end."""

from __future__ import annotations

import random
import shutil
import tempfile
from functools import cache
from pathlib import Path

from migrator.model.objects import RESERVED_PREFIX
from tests.simulation.ports import MODES, light_and_small
from tests.simulation.worlds import WORLDS, Simulation, keys_in_the_environment
from tests.support.world import TO

#: Memory where there is some: a trial writes a few small files.
SCRATCH = "/dev/shm" if Path("/dev/shm").is_dir() else None
#: Keys that somebody else may write, or delete, between two commands.
_TARGETS = ("a", "b", "large", "over", "elsewhere")


@cache
def length_of(name: str, command: str) -> int:
    """How many calls a command makes that nobody disturbs; for a resume, about as many as a run."""
    with scratch() as folder:
        simulation = Simulation(name, Path(folder))
        simulation.dies("run")
        if command == "rollback":
            simulation.dies("rollback")
        return simulation.trace.count


def trial(seed: int, name: str = "") -> str:
    """Carry out the story of a seed; returns it in words.

    Raises:
        AssertionError: something was lost, left, or not as it was.
    """
    chance = random.Random(seed)
    name = name or chance.choice(sorted(WORLDS))
    with scratch() as folder:
        simulation = Simulation(name, Path(folder), seed)
        story = [name]
        foreign: dict[str, bytes | None] = {}
        command, crashes = "run", 0
        while True:
            last = chance.randint(1, length_of(name, command))
            mode = chance.choice(MODES)
            died = simulation.dies(command, last, mode)
            story.append(f"{command} {'died' if died else 'ended'} {mode} call {last}")
            crashes += died
            if not simulation.has_run:
                command = "run"
                if crashes > 3:
                    break
                continue
            if not simulation.is_exact or chance.random() < 0.15:
                _disturb(simulation, chance, foreign, story)
            if crashes >= 3 or chance.random() < 0.4:
                break
            command = "rollback" if command == "rollback" else chance.choice(("resume", "rollback"))
        where = "; ".join(story)
        if simulation.has_run:
            _must_end_well(simulation, chance, foreign, where, may_resume=command != "rollback")
        return where


def _disturb(
    simulation: Simulation, chance: random.Random, foreign: dict[str, bytes | None], story: list[str]
) -> None:
    """Somebody else writes a key at the destination, or deletes one."""
    world = simulation.world
    if TO not in dict(world.destination_cloud.buckets()):
        return
    key = chance.choice(_TARGETS)
    if chance.random() < 0.7:
        foreign[key] = f"foreign {chance.random()}".encode()
        world.put_there(key, foreign[key])
    else:
        foreign[key] = None
        world.destination_cloud.delete(TO, key)
    story.append(f"somebody {'writes' if foreign[key] else 'deletes'} {key}")


def _must_end_well(
    simulation: Simulation,
    chance: random.Random,
    foreign: dict[str, bytes | None],
    where: str,
    *,
    may_resume: bool,
) -> None:
    if not foreign and simulation.is_exact:
        if may_resume and chance.random() < 0.5:
            simulation.must_complete(where)
        simulation.must_go_back(where)
        return
    # Somebody else was there: his work survives whatever is done, and what is left is named (exit 4).
    if may_resume and chance.random() < 0.5:
        # What was there before the plan was made may be replaced: the job says so. Undoing brings it back.
        assert not simulation.dies("resume"), where
    for _ in range(2):
        assert not simulation.dies("rollback"), where
        assert simulation.summary.exit_code in (0, 4), f"{where}: {simulation.summary}"
        _foreign_work_is_there(simulation, foreign, where)
    if TO not in dict(simulation.world.destination_cloud.buckets()):
        return
    left = [key for key in simulation.world.destination_cloud.contents(TO) if key.startswith(RESERVED_PREFIX)]
    assert set(left) == simulation.watch.kept(), where
    assert not simulation.world.open_uploads, where
    simulation.must_be_untouched(where)


def _foreign_work_is_there(simulation: Simulation, foreign: dict[str, bytes | None], where: str) -> None:
    """On top, or, where nobody can tell which writes were ours, as a version below one that was left."""
    written = {key: body for key, body in foreign.items() if body is not None}
    there = simulation.world.there if written else {}
    for key, body in written.items():
        is_kept_below = not simulation.is_exact and body in simulation.bodies(key)
        assert there.get(key) == body or is_kept_below, f"{where}: somebody's {key} is gone"


class scratch:  # noqa: N801 - reads as a word: `with scratch() as folder`
    """A folder in memory, light journals, and keys in the environment."""

    def __enter__(self) -> str:
        self._folder = tempfile.mkdtemp(prefix="simulation-", dir=SCRATCH)
        self._light = light_and_small()
        self._light.__enter__()
        self._keys = keys_in_the_environment()
        self._keys.__enter__()
        return self._folder

    def __exit__(self, *error: object) -> None:
        self._keys.__exit__(None, None, None)
        self._light.__exit__(None, None, None)
        shutil.rmtree(self._folder, ignore_errors=True)
