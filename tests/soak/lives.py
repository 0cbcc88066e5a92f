"""One life of a run: it begins, meets trouble, goes on until all is copied, and is undone or accepted."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.conftest import balances
from tests.e2e.conftest import DATA_PLANE
from tests.soak import scenes
from tests.soak.faces import Face, Hear, Shell, Told, Window
from tests.soak.scenes import DESTINATION, SOURCE, Bytes, Size
from tests.soak.weather import Services

#: After so many commands in bad weather it clears up, and a few more must do.
TROUBLED_COMMANDS = 3
MOST_COMMANDS = 6
#: Of a hundred lives so many are led by the command line.
BY_SHELL_PERCENT = 25
BY_SDK_PERCENT = 20
WAIT_S = 20
SHORT_WAIT_S = 2
#: What a run may end as before all is copied.
INTERIM = {"failed", "stopped", "paused", "refused", "killed"}
INTERIM_UNDOING = INTERIM | {"rollback-incomplete"}


@dataclass
class Soak:
    """What all lives share."""

    seed: int
    root: Path
    services: Services
    window: Window
    shell: Shell
    data: Bytes
    size: Size
    #: How commands ended, what troubles there were, which requests were tried again.
    counts: Counter[str] = field(default_factory=Counter)
    objects: int = 0
    copied_bytes: int = 0


@dataclass
class Life:
    """The `number`-th; everything about it is by chance of the seed and the number."""

    soak: Soak
    number: int
    is_first: bool = False  #: everything is to be loaded that any of them could need

    def __post_init__(self) -> None:
        self.chance = random.Random(f"{self.soak.seed}/{self.number}")
        self.face: Face = self.soak.window
        if self._happens(BY_SHELL_PERCENT) and not self.is_first:
            self.face = self.soak.shell
        self.overwrites = self._happens(50)
        self.versioned = self._happens(50)
        by_sdk = self._happens(BY_SDK_PERCENT) or self.is_first
        self.data_plane = DATA_PLANE.get("data_plane", "boto3" if by_sdk else "auto")
        self.is_undone = self._happens(60)
        self.is_changed = False  #: the source, since the first run
        self.commands = 0
        self.left: list[str] = []  # by the last command: what was not copied, or not undone

    def _happens(self, percent: int) -> bool:
        return self.chance.random() * 100 < percent

    def __str__(self) -> str:
        words = [
            self.face.name,
            self.data_plane,
            "overwriting" if self.overwrites else "into an empty place",
            "versioned" if self.versioned else "unversioned",
            "undone" if self.is_undone else "accepted",
        ]
        return f"life {self.number} ({', '.join(words)})"

    def live(self) -> None:
        """AssertionError where anything is not as it must be."""
        soak, services = self.soak, self.soak.services
        for each in services.both:
            each.empty()
        scenes.seed(
            services,
            self.chance,
            soak.data,
            soak.size,
            overwrites=self.overwrites,
            versioned=self.versioned,
        )
        states = [scenes.snapshot(services.lyve.cloud, DESTINATION)]
        runs = [self._migrate()]
        if self._happens(35):
            # What was sent in parts, replaced and given back is not known to the earlier run any more
            # (docs/UNDO.md).
            large_too = self.versioned or not self.is_undone
            scenes.change(services, self.chance, soak.data, large_too=large_too)
            self.is_changed = True
            states.append(scenes.snapshot(services.lyve.cloud, DESTINATION))
            runs.append(self._migrate())
        for run, state in reversed(list(zip(runs, states, strict=True))):
            if self.is_undone:
                self._undo(run)
                scenes.must_be_as_before(state, services)
            else:
                self._accept(run)
            forgotten = soak.shell("forget", run)
            assert forgotten.get("exit_code", 0) == 0, forgotten
        if not self.is_undone:
            scenes.must_be_equal(services, keeps_saved=False)
        left = list((soak.root / "runs").iterdir())
        assert not left, f"records are left: {left}"

    # -- until all is copied, until all is back -------------------------------------------------

    def _migrate(self) -> str:
        """Returns the run's id."""
        soak, table, run = self.soak, self._table(), ""
        for attempt in range(MOST_COMMANDS):
            hear = self._turn(attempt, "object-copied")
            began = run
            end = self.face.resume(run, hear) if began else self.face.run(table, hear)
            soak.services.settle()
            run = run or self._run_begun()
            self._note("resume" if began else "run", end)
            if end["outcome"] == "completed":
                scenes.must_be_equal(soak.services, keeps_saved=True)
                soak.objects += end["copied"]
                soak.copied_bytes += end["bytes_copied"]
                return run
            assert end["outcome"] in INTERIM, end
        raise AssertionError(f"not completed after {MOST_COMMANDS} commands: {end}, {self.left[:5]}")

    def _undo(self, run: str) -> None:
        is_insisting = False
        for attempt in range(MOST_COMMANDS):
            preview = self._turn(attempt, "")
            end = self.face.preview(run, preview)
            self._note("preview", end)
            hear = self._turn(attempt, "object-undone")
            if is_insisting:
                end = self.soak.shell("rollback", run, "--yes", "--even-last-copy", DESTINATION, hear=hear)
            else:
                end = self.face.rollback(run, hear)
            self.soak.services.settle()
            self._note("rollback", end)
            if end["outcome"] == "rolled-back":
                return
            # What the source does not hold any more since it was changed stays, unless somebody insists.
            is_insisting = bool(self.left) and all("kept-last-copy" in each for each in self.left)
            assert not is_insisting or self.is_changed, self.left[:5]
            assert end["outcome"] in INTERIM_UNDOING, end
        raise AssertionError(f"not back after {MOST_COMMANDS} commands: {end}, {self.left[:5]}")

    def _accept(self, run: str) -> None:
        for attempt in range(MOST_COMMANDS):
            end = self.soak.shell("accept", run, "--yes", hear=self._turn(attempt, ""))
            self._note("accept", end)
            if end["exit_code"] == 0:
                return
        raise AssertionError(f"not accepted after {MOST_COMMANDS} commands: {end}, {self.left[:5]}")

    def _run_begun(self) -> str:
        """The id of the newest run, empty where none has begun."""
        folder = self.soak.root / "runs"
        for path in sorted(folder.iterdir(), reverse=True) if folder.is_dir() else []:
            if (path / "journal.sqlite").exists():
                return path.name
            shutil.rmtree(path)  # killed before it was a run
        return ""

    def _table(self) -> dict[str, Any]:
        services = self.soak.services
        wait_s = SHORT_WAIT_S if self._happens(15) else WAIT_S
        return {
            "version": 1,
            "name": f"life {self.number}",
            "source": _end("aws", SOURCE, services.aws.url),
            "destination": _end("lyve", DESTINATION, services.lyve.url),
            "transfer": {
                "threads": self.chance.choice([4, 8, 16]),
                "existing": "overwrite",
                "wait": f"{wait_s}s",
                "data_plane": self.data_plane,
            },
        }

    # -- trouble --------------------------------------------------------------------------------

    def _turn(self, attempt: int, event: str) -> Hear:
        """The weather of the next command; what is returned makes trouble once enough `event`s were told."""
        services, self.commands, self.left = self.soak.services, self.commands + 1, []
        services.turn(f"{self.soak.seed}/{self.number}/{self.commands}", calm=attempt >= TROUBLED_COMMANDS)
        if not event or attempt >= TROUBLED_COMMANDS or not self._happens(70):
            return self._hear(Counter(), {})
        troubles = [self._storm, self._away, self._cancel, self._break_off]
        troubles.append(self._lose_names if self.face is self.soak.window else self.soak.shell.kill)
        trouble = self.chance.choice(troubles)
        return self._hear(Counter(), {(event, self.chance.randint(1, 60)): trouble})

    def _hear(self, seen: Counter[str], troubles: dict[tuple[str, int], Callable[[], None]]) -> Hear:
        def hear(told: Told) -> None:
            name = told["event"]
            seen[name] += 1
            if name == "warned":
                assert told["code"] != "internal", told["message"]
            elif name == "object-undone" and told["action"] == "left":
                self.left.append(f"{told['key']!r}: {told.get('reason', '')}")
            elif name == "object-conflict":
                self.left.append(f"{told['key']!r}: conflict, {told['reason']}")
            elif name == "object-failed":
                self.left.append(f"{told['key']!r}: {told['message']}")
            elif name == "retrying":
                self.soak.counts[f"retried: {told.get('cause') or 'silence'}"] += 1
            elif name == "summary" and told["outcome"] != "refused":
                assert balances(told), f"the books do not balance: {told}"
            trouble = troubles.pop((name, seen[name]), None)
            if trouble is not None:
                self.soak.counts[f"trouble: {trouble.__name__.strip('_').replace('_', ' ')}"] += 1
                trouble()

        return hear

    def _storm(self) -> None:
        self.chance.choice(self.soak.services.both).weather.storm(self.chance.randint(10, 150))

    def _away(self) -> None:
        self.chance.choice(self.soak.services.both).away(self.chance.uniform(0.5, 5))

    def _lose_names(self) -> None:
        self.soak.window.lose_names()
        service = self.chance.choice(self.soak.services.both)
        service.away(0.1)  # whoever is connected needs no name
        service.later(self.chance.uniform(1, 5), self.soak.window.find_names)

    def _cancel(self) -> None:
        self.face.cancel()

    def _break_off(self) -> None:
        self.face.cancel()
        self.face.cancel()

    def _note(self, command: str, end: Told) -> None:
        self.soak.counts[f"{command}: {end['outcome']}"] += 1


def _end(provider: str, bucket: str, url: str) -> dict[str, Any]:
    return {
        "provider": provider,
        "bucket": bucket,
        "region": "us-east-1",
        "endpoint_url": url,
        "credentials": "env",
    }
