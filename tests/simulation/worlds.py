"""Small worlds that have everything: parts, tags, nothing, something to replace, somebody else's object."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from migrator.model.ledger import Outcome
from migrator.model.objects import RESERVED_PREFIX, Properties
from migrator.store.base import Versioning
from migrator.store.memory import CEPH, LYVE, Quirks
from tests.simulation.checks import Watch
from tests.simulation.ports import Call, Shuffled, Trace, Traced, traced_commits
from tests.support.faulty import Crash
from tests.support.world import FROM, PART, SECRET, TO, StillClock, World, new_world

THEIRS = b"was here before"
_OLD = Properties(content_type="text/old", metadata={"owner": "somebody"}, tags={"kind": "old"})


def _fill(world: World) -> None:
    world.seed("a", b"a")
    world.seed("b", b"tagged", tags={"n": "1"})
    world.seed("empty", b"")
    world.seed("large", b"x" * (2 * PART + 100))
    world.seed("over", b"new content")
    world.destination_cloud.seed(TO, "over", b"old content", _OLD)
    world.put_there("theirs", THEIRS)
    world.set("transfer", existing="overwrite")


def _suspended(world: World) -> None:
    """Every kind of thing that a write can replace while versioning is suspended."""
    cloud = world.destination_cloud
    cloud.seed(TO, "a", b"a version")
    cloud.seed(TO, "b", b"a version")
    cloud.delete(TO, "b")
    cloud.set_versioning(TO, Versioning.SUSPENDED)
    cloud.delete(TO, "empty")
    cloud.seed(TO, "large", b"null")
    cloud.delete(TO, "large")
    _fill(world)


def _versions(world: World) -> None:
    world.destination_cloud.seed(TO, "a", b"old")
    world.destination_cloud.delete(TO, "a")
    _fill(world)


def _created(world: World) -> None:
    world.seed("a", b"a")
    world.seed("large", b"x" * (2 * PART + 100))
    world.destination_cloud.delete_bucket(TO)
    world.set("destination", create_bucket=True)


def _no_token(world: World) -> None:
    _versions(world)
    world.set("transfer", token=False)


#: How the destination deviates, its versioning, and what fills the world.
Kind = tuple[Quirks, Versioning, Callable[[World], None]]
WORLDS: dict[str, Kind] = {
    "plain": (Quirks(), Versioning.OFF, _fill),
    "versions": (Quirks(), Versioning.ENABLED, _versions),
    "suspended": (Quirks(), Versioning.ENABLED, _suspended),
    "lyve": (LYVE, Versioning.OFF, _fill),
    "ceph": (CEPH, Versioning.OFF, _fill),
    "ceph versions": (CEPH, Versioning.ENABLED, _versions),
    "ceph suspended": (CEPH, Versioning.ENABLED, _suspended),
    "no batches": (Quirks(refuses_batch_delete=True), Versioning.ENABLED, _versions),
    "created": (Quirks(), Versioning.OFF, _created),
    "no token": (Quirks(), Versioning.ENABLED, _no_token),
}
#: Without tokens a doubtful write is left for a person: nothing of others is lost, but not all goes back.
INEXACT = frozenset({"no token"})


class Simulation:
    """One world and what happens to it, command by command. Everything follows from the seed."""

    def __init__(self, name: str, root: Path, seed: int = 0, kind: Kind | None = None) -> None:
        quirks, versioning, fill = kind or WORLDS[name]
        self.name = name
        self.chance = random.Random(seed)
        self.world = new_world(root, quirks=quirks, versioning=versioning, clock=StillClock())
        self.world.executor = lambda _: Shuffled(self.chance)
        fill(self.world)
        self.before = self.snapshot()
        self.source_before = self.world.here
        self._ends = self.world.source, self.world.destination
        self.watch = Watch(self.world)

    @property
    def is_exact(self) -> bool:
        return self.name not in INEXACT

    def dies(
        self,
        command: str,
        last: int = 0,
        mode: str = "before",
        *,
        run: str = "latest",
        meanwhile: Callable[[int, Call], None] = lambda _, __: None,
        **how: bool,
    ) -> bool:
        """Carry out a command; True where it died at its call number `last`. `meanwhile`: see `Trace`."""
        self.trace = Trace(last, mode, self.watch.look, meanwhile)
        source, destination = self._ends
        self.world.source = Traced("source", source, self.trace)
        self.world.destination = Traced("destination", destination, self.trace)
        self.watch.began(command, run)
        try:
            with traced_commits(self.trace):
                carry_out = getattr(self.world, command)
                self.summary = carry_out(**how) if command in {"run", "plan"} else carry_out(run, **how)
        except Crash:
            return True
        finally:
            self.watch.ended()
        return False

    @property
    def has_run(self) -> bool:
        """A run that died before its journal was there left nothing behind."""
        runs = self.world.root / "runs"
        return runs.exists() and any((each / "journal.sqlite").exists() for each in runs.iterdir())

    @property
    def ignores_conditions(self) -> bool:
        """The destination answers success to a condition that does not hold, in some request."""
        return self.world.destination_cloud.quirks not in (Quirks(), Quirks(refuses_batch_delete=True))

    def current(self, key: str) -> tuple[object, ...]:
        """What a reader finds under a key: bytes, ETag, headers, metadata and tags, if it is there."""
        for line in self.world.destination_cloud.list_versions(TO, key):
            if line.version.key == key and line.is_latest and not line.version.is_marker:
                return line.version.body, line.version.etag, line.version.properties
        return ()

    def bodies(self, key: str) -> set[bytes]:
        """Bytes of every version of a key."""
        lines = self.world.destination_cloud.list_versions(TO, key)
        return {line.version.body for line in lines if line.version.key == key}

    def snapshot(self) -> list[tuple[object, ...]]:
        """Every version of every key, but for ids and dates of null versions, which no PUT can bring back."""
        if TO not in dict(self.world.destination_cloud.buckets()):
            return [("no bucket",)]
        return [
            (
                line.version.key,
                line.is_latest,
                line.version.is_marker,
                line.version.version_id,
                line.version.body,
                line.version.etag,
                line.version.properties,
            )
            for line in self.world.destination_cloud.list_versions(TO)
        ]

    # -- what has to hold -----------------------------------------------------------------------

    def must_complete(self, where: str) -> None:
        """Resume to the end: everything is copied (I7, I12), once (I6), and nothing of others is touched."""
        assert not self.dies("resume"), where
        summary, world = self.summary, self.world
        if not self.is_exact:
            # A write of which nobody knows what became of it waits for a person.
            assert {each.cause for each in world.entries().values()} <= {"", "doubtful"}, where
            self.must_be_untouched(where)
            return
        assert summary.outcome is Outcome.COMPLETED, f"{where}: {summary}"
        foreign = {} if self.name == "created" else {"theirs": THEIRS}
        assert world.there == {**self.source_before, **foreign}, where
        for key in self.source_before:
            self.must_be_equal(key, where)
        assert not world.open_uploads, where
        kept = {key for key in world.destination_cloud.contents(TO) if key.startswith(RESERVED_PREFIX)}
        assert kept == self.watch.kept(), f"{where}: reserved objects that the journal does not know"
        assert not self.dies("resume"), where
        assert (self.summary.outcome, self.watch.writes) == (Outcome.COMPLETED, 0), (
            f"I6: {where}, resumed again"
        )
        self.must_be_untouched(where)

    def must_be_equal(self, key: str, where: str) -> None:
        """I12: but for what we add ourselves, the copy has the source's properties and tags."""
        clouds = (self.world.source_cloud, FROM), (self.world.destination_cloud, TO)
        original, copy = (cloud.head(bucket, key).properties for cloud, bucket in clouds)
        assert not original.differences(copy), f"I12: {where}: {key}"
        tags = [cloud.tags(bucket, key) for cloud, bucket in clouds]
        assert tags[0] == tags[1], f"I12: {where}: {key}"

    def must_go_back(self, where: str) -> None:
        """Roll back: the destination is as it was (I7); doing it again changes nothing (I6)."""
        for time in ("once", "twice"):
            assert not self.dies("rollback"), where
            if self.is_exact:
                assert self.summary.exit_code == 0, f"{where}, {time}: {self.summary}"
                assert self.snapshot() == self.before, f"{where}, {time}"
                assert time == "once" or not self.watch.writes, f"I6: {where}, {time}"
                if TO in dict(self.world.destination_cloud.buckets()):
                    assert not self.world.open_uploads, f"{where}, {time}"
            elif self.name != "created":
                assert self.world.there["theirs"] == THEIRS, f"{where}, {time}"
        self.must_be_untouched(where)

    def must_be_untouched(self, where: str) -> None:
        assert self.world.here == self.source_before, f"{where}: the source changed"
        assert not self.watch.wrong, f"{where}: {self.watch.wrong}"


@contextmanager
def keys_in_the_environment() -> Iterator[None]:
    """What every command needs to open the ends."""
    keys = {}
    for side in ("SOURCE", "DESTINATION"):
        keys[f"MIGRATOR_{side}_ACCESS_KEY_ID"] = "AKTESTTESTTEST"
        keys[f"MIGRATOR_{side}_SECRET_ACCESS_KEY"] = SECRET
    with mock.patch.dict(os.environ, keys):
        yield


__all__ = ["FROM", "TO", "WORLDS", "Simulation", "keys_in_the_environment"]
