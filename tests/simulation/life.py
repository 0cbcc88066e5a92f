"""The life of a migration, as far as chance can think it up, beside a model that is nothing but dictionaries.

Objects come and go at the source, somebody else writes at the destination, versioning and retention are
switched, keys expire, and in between there are runs that die anywhere, are stopped, resumed, undone in any
order and accepted. The model knows what each key held before each run wrote it, by looking at the buckets
before and after each command; it asks neither journals nor tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from migrator.engine.home import all_runs
from migrator.errors import ExpiredCredentials
from migrator.model.ledger import Outcome
from migrator.model.objects import Properties
from migrator.store.base import BucketLock, Versioning
from migrator.store.memory import CEPH, LYVE, Quirks
from migrator.store.memory_bucket import StoredVersion
from tests.simulation.ports import MODES, Call
from tests.simulation.trials import scratch
from tests.simulation.worlds import Simulation
from tests.support.world import FROM, PART, TO, World

KEYS = ("a", "b", "large")
ENDS = {"aws": Quirks(), "lyve": LYVE, "ceph": CEPH, "no batches": Quirks(refuses_batch_delete=True)}


def mishaps(calls: int) -> st.SearchStrategy[tuple[str, int]]:
    """What may befall a command of about so many calls: nothing, a crash, a stop, expired keys; and when."""
    kinds = ("", *MODES, *MODES, "stopped", "source expired", "destination expired")
    return st.tuples(st.sampled_from(kinds), st.integers(1, calls))


CALM = "", 0
keys = st.sampled_from(KEYS)
turns = st.sampled_from((0, 0, 0, 1, 1, 2, 3))

#: What a reader finds under a key: bytes, headers, metadata and tags; nothing where there is no object.
Content = tuple[bytes, Properties] | tuple[()]
NOTHING: Content = ()


@dataclass(frozen=True)
class Before:
    """What a key held before a run wrote it, and the run that had written that (empty: somebody else)."""

    content: Content
    writer: str


class Life(RuleBasedStateMachine):
    """Every rule is one thing that happens; what must hold is asserted on the spot."""

    @initialize(
        end=st.sampled_from(sorted(ENDS)),
        versioning=st.sampled_from((Versioning.OFF, Versioning.ENABLED, Versioning.SUSPENDED)),
        existing=st.sampled_from(("skip-same", "overwrite")),
        token=st.sampled_from((True, True, True, False)),
        seed=st.integers(0, 99),
        at_source=st.sets(keys, min_size=1),
        at_destination=st.sets(keys, max_size=1),
    )
    def begin(
        self,
        end: str,
        versioning: Versioning,
        existing: str,
        token: bool,
        seed: int,
        at_source: set[str],
        at_destination: set[str],
    ) -> None:
        self._scratch = scratch()
        self.simulation = Simulation(
            "", Path(self._scratch.__enter__()), seed, (ENDS[end], Versioning.OFF, lambda _: None)
        )
        self.world: World = self.simulation.world
        self.cloud = self.world.destination_cloud
        if versioning is not Versioning.OFF:
            self.cloud.set_versioning(TO, Versioning.ENABLED)
        if versioning is Versioning.SUSPENDED:
            self.cloud.set_versioning(TO, versioning)
        self.world.set("transfer", existing=existing, token=token)
        self.overwrites, self.has_token = existing == "overwrite", token
        self.numbers = iter(range(1_000_000))
        self.source: dict[str, bytes] = {}
        self.foreign: dict[str, Content] = {}  # what somebody else did last, until a run replaces it
        #: Keys where somebody put the bytes that our copy had: planning goes by ETags and takes them for it.
        self.looks_like_ours: set[str] = set()
        self.writer: dict[str, str] = {}  # the run whose object a key holds
        self.prior: dict[tuple[str, str], Before] = {}  # by run and key
        self.copied: dict[tuple[str, str], bytes] = {}  # the source's bytes when the run wrote the key
        self.runs: list[str] = []
        self.accepted: set[str] = set()
        for key in sorted(at_destination):
            self.somebody_writes(key, is_equal=False)
        for key in sorted(at_source):
            self.the_source_gets_an_object(key, tagged=True)

    def teardown(self) -> None:
        if hasattr(self, "_scratch"):
            self._scratch.__exit__(None, None, None)

    # -- what others do -------------------------------------------------------------------------

    @rule(key=keys, tagged=st.booleans())
    def the_source_gets_an_object(self, key: str, tagged: bool) -> None:
        number = next(self.numbers)
        body = f"{key} {number} ".encode() * (1 if key != "large" else 2 * PART // 8)
        self.source[key] = body
        self.world.seed(key, body, tags={"n": str(number)} if tagged else {}, metadata={"n": str(number)})

    @rule(key=keys)
    def the_source_loses_an_object(self, key: str) -> None:
        if self.source.pop(key, None) is not None:
            self.world.source_cloud.delete(FROM, key)

    @rule(key=keys, is_equal=st.booleans())
    def somebody_writes(self, key: str, is_equal: bool) -> None:
        """Something of his own, or the very bytes of the source: only the token tells them from ours."""
        number = next(self.numbers)
        body = self.source[key] if is_equal and key in self.source else f"foreign {number}".encode()
        was = content_of(self._top(key))
        self.world.put_there(key, body, metadata={"by": str(number)}, tags={"by": str(number)})
        looks_like_ours = self.writer.get(key) or key in self.looks_like_ours
        if looks_like_ours and was and was[0] == body:
            self.looks_like_ours.add(key)
        else:
            self.looks_like_ours.discard(key)
        self._somebody_did(key)

    @rule(key=keys)
    def somebody_deletes(self, key: str) -> None:
        if content_of(self._top(key)):
            self.cloud.delete(TO, key)
            self._somebody_did(key)

    def _somebody_did(self, key: str) -> None:
        self.foreign[key] = content_of(self._top(key))
        self.writer[key] = ""

    @rule(is_on=st.booleans())
    def versioning_is_switched(self, is_on: bool) -> None:
        has_versions = self.cloud.versioning(TO) is not Versioning.OFF
        if is_on or (has_versions and self.cloud.lock_of(TO) is BucketLock.NONE):
            self.cloud.set_versioning(TO, Versioning.ENABLED if is_on else Versioning.SUSPENDED)

    @rule(days=st.sampled_from((0, 1)))
    def default_retention_is_set(self, days: int) -> None:
        if self.cloud.versioning(TO) is Versioning.ENABLED:
            self.cloud.set_lock(TO, mode="COMPLIANCE", days=days)

    @rule()
    def two_days_go_by(self) -> None:
        self.world.clock.skip(timedelta(days=2).total_seconds())

    # -- what we do -----------------------------------------------------------------------------

    @rule(mishap=mishaps(80), insist=st.booleans())
    def run(self, mishap: tuple[str, int], insist: bool) -> None:
        known = set(self.runs)
        before = self._tops()
        is_over = self._carry_out("run", "latest", mishap, insist=insist)
        new = [each.run for each in all_runs(self.world.root) if each.run not in known]
        if not new:
            self._must_be_unchanged(before)
            return
        self.runs += new
        self._must_have_copied(new[0], before)
        if is_over and self.simulation.summary.outcome is Outcome.COMPLETED:
            there = {key: content_of(self._top(key))[:1] for key in self.source}
            assert there == {key: (body,) for key, body in self.source.items()}

    @precondition(lambda self: self.runs)
    @rule(turn=turns, mishap=mishaps(60))
    def resume(self, turn: int, mishap: tuple[str, int]) -> None:
        run = self._run(turn)
        before = self._tops()
        self._carry_out("resume", run, mishap)
        self._must_have_copied(run, before)

    @precondition(lambda self: self.runs)
    @rule(turn=turns, mishap=mishaps(25))
    def rollback(self, turn: int, mishap: tuple[str, int]) -> None:
        run = self._run(turn)
        before = self._tops()
        is_over = self._carry_out("rollback", run, mishap)
        is_whole = is_over and self.simulation.summary.exit_code in (0, 4)
        if run in self.accepted:
            self._must_be_unchanged(before)
            return
        for key, was in before.items():
            self._must_be_undone(run, key, was, is_whole=is_whole)

    @precondition(lambda self: len(self.runs) > 2)
    @rule(turn=turns, mishap=mishaps(10))
    def accept(self, turn: int, mishap: tuple[str, int]) -> None:
        run = self._run(turn)
        before = self._tops()
        is_over = self._carry_out("accept", run, mishap)
        self._must_be_unchanged(before)
        if is_over and self.simulation.summary.exit_code == 0:
            self.accepted.add(run)
            assert not self.cloud.list_page(TO, f".migrator/{run}/").objects
        elif not is_over:
            self.accepted.discard(run)

    @precondition(lambda self: self.runs)
    @rule(turn=turns)
    def looking_changes_nothing(self, turn: int) -> None:
        before = self.simulation.snapshot()
        assert self._carry_out("plan", "latest", CALM)
        assert self._carry_out("rollback", self._run(turn), CALM, dry_run=True)
        assert self.simulation.snapshot() == before

    # -- what must hold -------------------------------------------------------------------------

    @invariant()
    def the_source_is_as_its_owner_left_it(self) -> None:
        assert self.world.here == self.source
        assert not self.simulation.watch.wrong, self.simulation.watch.wrong

    @invariant()
    def somebody_elses_objects_are_as_he_left_them(self) -> None:
        """Where the job replaces nothing of others; `_must_be_undone` asks it where the job does."""
        if not self.overwrites:
            there = {key: content_of(self._top(key)) for key in self.foreign}
            expected = {key: there[key] if self.writer[key] else self.foreign[key] for key in self.foreign}
            assert there == expected

    def _must_be_unchanged(self, before: dict[str, StoredVersion | None]) -> None:
        for key, was in before.items():
            assert self._top(key) is was, key

    def _must_have_copied(self, run: str, before: dict[str, StoredVersion | None]) -> None:
        """What changed was written by this run: it is the source's, and replaced nothing that it may not."""
        for key, was in before.items():
            now = self._top(key)
            if now is was:
                continue
            content, replaced = content_of(now), content_of(was)
            mine = self.prior.get((run, key))
            if self.writer.get(key) == run and mine is not None and content == mine.content:
                self.writer[key] = mine.writer  # an attempt that was no good was taken away again
                continue
            assert content, f"{key} is gone"
            assert content[0] == self.source[key], key
            may_replace = self.overwrites or self.writer.get(key) or key in self.looks_like_ours
            assert may_replace or not replaced, f"{key} was somebody else's"
            if self.writer.get(key) != run:
                self.prior[run, key] = Before(replaced, self.writer.get(key, ""))
            self.writer[key] = run
            self.copied[run, key] = content[0]

    def _must_be_undone(self, run: str, key: str, was: StoredVersion | None, *, is_whole: bool) -> None:
        """The key is as before the run, if it holds what the run wrote; and is left alone if not."""
        now = self._top(key)
        is_of_run = self.writer.get(key) == run and was is not None
        if now is was:
            is_last_copy = self.source.get(key) != self.copied.get((run, key))
            may_stay = not is_of_run or not is_whole or is_last_copy or not self.has_token
            may_stay = may_stay or (was is not None and was.is_locked(self.world.clock.wall()))
            assert may_stay, f"{key} is still what {run} wrote"
            assert not is_of_run or not is_whole or self.simulation.summary.exit_code == 4, key
            return
        assert is_of_run, f"{key} was not what {run} wrote"
        assert self.source.get(key) == self.copied[run, key], f"the last copy of {key} is gone"
        prior = self.prior[run, key]
        assert content_of(now) == prior.content, f"{key} is not as before {run}"
        self.writer[key] = prior.writer

    # -- helpers --------------------------------------------------------------------------------

    def _run(self, turn: int) -> str:
        return self.runs[-1 - turn % len(self.runs)]

    def _top(self, key: str) -> StoredVersion | None:
        for line in self.cloud.list_versions(TO, key):
            if line.version.key == key and line.is_latest:
                return line.version
        return None

    def _tops(self) -> dict[str, StoredVersion | None]:
        return {key: self._top(key) for key in KEYS}

    def _carry_out(self, command: str, run: str, mishap: tuple[str, int], **how: bool) -> bool:
        """True where the command came to its end."""
        what, at = mishap

        def meanwhile(number: int, call: Call) -> None:
            if what == "stopped" and number == at:
                self.world.ports.stop.ask()
            if what == f"{call.port} expired" and number >= at:
                raise ExpiredCredentials("The provided token has expired.", code="ExpiredToken", status=400)

        last, mode = (at, what) if what in MODES else (0, "")
        if self.simulation.dies(command, last, mode, run=run, meanwhile=meanwhile, **how):
            return False
        summary = self.simulation.summary
        assert summary.exit_code in (0, 1, 2, 3, 4, 5, 130), summary
        assert not summary.message.startswith("Unexpected"), summary
        return True


def content_of(version: StoredVersion | None) -> Content:
    return NOTHING if version is None or version.is_marker else (version.body, version.properties)
