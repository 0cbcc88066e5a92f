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
from migrator.model.objects import TOKEN_KEY, Properties
from migrator.model.undo import run_of
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
    kinds = ("", "", "", *MODES, "stopped", "source expired", "destination expired")
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
        self.earlier: dict[str, list[tuple[bytes, dict[str, str]]]] = {}  # what the source held before
        self.foreign: dict[str, Content] = {}  # what somebody else did last, until a run replaces it
        #: Keys where somebody put the bytes that our copy had: planning goes by ETags and takes them for it.
        self.looks_like_ours: set[str] = set()
        #: Keys whose object of an earlier run a rollback brought back by a copy: one made of parts has
        #: another ETag since, and nobody can tell it from an edit that kept our metadata.
        self.recopied: set[str] = set()
        self.writer: dict[str, str] = {}  # the run whose object a key holds
        self.prior: dict[tuple[str, str], Before] = {}  # by run and key
        self.copied: dict[tuple[str, str], bytes] = {}  # the source's bytes when the run wrote the key
        self.runs: list[str] = []
        self.resumed: set[str] = set()
        self.accepted: set[str] = set()
        self.giving_up: set[str] = set()  # an accept has begun: what was kept aside may be gone
        self.unsettled: set[str] = set()  # runs that broke off and neither went on nor were undone
        for key in sorted(at_destination):
            self.somebody("write", key)
        for key in sorted(at_source):
            self.at_the_source("put", key, tagged=True)

    def teardown(self) -> None:
        if hasattr(self, "_scratch"):
            self._scratch.__exit__(None, None, None)

    # -- what others do -------------------------------------------------------------------------

    @rule(key=keys, deed=st.sampled_from(("put", "put back", "delete")), tagged=st.booleans())
    def at_the_source(self, deed: str, key: str, tagged: bool) -> None:
        """Something new comes, or what was there before the last time; or the object goes."""
        if deed == "put back" and self.earlier.get(key):
            self._put_at_source(key, *self.earlier[key].pop())
        elif deed.startswith("put"):
            number = next(self.numbers)
            body = f"{key} {number} ".encode() * (1 if key != "large" else 2 * PART // 8)
            self._put_at_source(key, body, {"n": str(number)} if tagged else {})
        elif self.source.pop(key, None) is not None:
            self.world.source_cloud.delete(FROM, key)

    def _put_at_source(self, key: str, body: bytes, tags: dict[str, str]) -> None:
        if key in self.source:
            self.earlier.setdefault(key, []).append((self.source[key], {}))
        self.source[key] = body
        self.world.seed(key, body, tags=tags, metadata={"n": str(len(body))})

    @rule(key=keys, deed=st.sampled_from(("write", "write the same", "edit", "delete")))
    def somebody(self, deed: str, key: str) -> None:
        """He writes something of his own; or the very bytes that are there, so that only the token tells; or
        edits what is there and keeps its metadata, so that only the ETag tells; or deletes it."""
        number = str(next(self.numbers))
        was, writer = content_of(self._top(key)), self.writer.get(key, "")
        body, properties = (
            f"foreign {number}".encode(),
            Properties(metadata={"by": number}, tags={"by": number}),
        )
        if deed == "delete" or (not was and deed != "write"):
            if was:
                self.cloud.delete(TO, key)
                self._somebody_did(key)
            return
        if deed == "write the same":
            body = was[0]
        if deed == "edit":
            if writer in self.unsettled:
                return  # an answer that was lost had no ETag to compare
            properties = was[1]
        self.cloud.seed(TO, key, body, properties, last_modified=self.world.clock.wall())
        if deed == "write the same" and (writer or key in self.looks_like_ours):
            self.looks_like_ours.add(key)
        else:
            self.looks_like_ours.discard(key)
        self._somebody_did(key)

    def _somebody_did(self, key: str) -> None:
        self.foreign[key] = content_of(self._top(key))
        self.writer[key] = ""

    @rule(deed=st.sampled_from(("versions on", "versions off", "retain", "retain no more", "two days go by")))
    def the_buckets_owner(self, deed: str) -> None:
        versioning, lock = self.cloud.versioning(TO), self.cloud.lock_of(TO)
        if deed == "versions on":
            self.cloud.set_versioning(TO, Versioning.ENABLED)
        elif deed == "versions off" and versioning is Versioning.ENABLED and lock is BucketLock.NONE:
            self.cloud.set_versioning(TO, Versioning.SUSPENDED)
        elif deed.startswith("retain") and versioning is Versioning.ENABLED:
            self.cloud.set_lock(TO, mode="COMPLIANCE", days=1 if deed == "retain" else 0)
        elif deed == "two days go by":
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
        self._must_be_settled(new[0], is_over=is_over)
        if is_over and self.simulation.summary.outcome is Outcome.COMPLETED:
            there = {key: content_of(self._top(key))[:1] for key in self.source}
            assert there == {key: (body,) for key, body in self.source.items()}

    @precondition(lambda self: self.runs)
    @rule(turn=turns, mishap=mishaps(60))
    def resume(self, turn: int, mishap: tuple[str, int]) -> None:
        run = self._run(turn)
        before = self._tops()
        self.resumed.add(run)
        is_over = self._carry_out("resume", run, mishap)
        self._must_have_copied(run, before)
        self._must_be_settled(run, is_over=is_over)

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
        self._went_from_below(run)
        self._must_be_settled(run, is_over=is_over)

    @precondition(lambda self: len(self.runs) > 2)
    @rule(turn=turns, mishap=mishaps(10))
    def accept(self, turn: int, mishap: tuple[str, int]) -> None:
        run = self._run(turn)
        before = self._tops()
        self.giving_up.add(run)
        is_over = self._carry_out("accept", run, mishap)
        self._must_be_unchanged(before)
        if is_over and self.simulation.summary.exit_code == 0:
            self.accepted.add(run)
            assert not self.cloud.list_page(TO, f".migrator/{run}/").objects
            self.unsettled.discard(run)

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

    def _went_from_below(self, run: str) -> None:
        """What another run laid on top of this one's objects (where an end ignores conditions) lies on what
        was there before them, once they are gone."""
        for (other, key), prior in list(self.prior.items()):
            mine = self.prior.get((run, key))
            if other == run or prior.writer != run or mine is None:
                continue
            tokens = [
                line.version.properties.metadata.get(TOKEN_KEY, "")
                for line in self.cloud.list_versions(TO, key)
                if line.version.key == key
            ]
            if not any(run_of(token) == run for token in tokens):
                self.prior[other, key] = mine

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
            assert may_replace or not replaced or self._may_hide, f"{key} was somebody else's"
            if self.writer.get(key) != run:
                self.prior[run, key] = Before(replaced, self.writer.get(key, ""))
            self.writer[key] = run
            self.recopied.discard(key)
            self.copied[run, key] = content[0]

    def _must_be_undone(self, run: str, key: str, was: StoredVersion | None, *, is_whole: bool) -> None:
        """The key is as before the run, if it holds what the run wrote; and is left alone if not."""
        now = self._top(key)
        is_of_run = self.writer.get(key) == run and was is not None
        if now is was:
            is_last_copy = self.source.get(key) != self.copied.get((run, key))
            may_stay = not is_of_run or not is_whole or is_last_copy or not self.has_token
            may_stay = may_stay or run in self.giving_up
            may_stay = may_stay or (key in self.recopied and self.simulation.summary.exit_code == 4)
            may_stay = may_stay or (was is not None and was.is_locked(self.world.clock.wall()))
            assert may_stay, f"{key} is still what {run} wrote"
            is_back = is_of_run and content_of(was) == self.prior[run, key].content  # equal, and no token
            assert not is_of_run or is_back or not is_whole or self.simulation.summary.exit_code == 4, key
            return
        assert is_of_run, f"{key} was not what {run} wrote"
        assert self.source.get(key) == self.copied[run, key], f"the last copy of {key} is gone"
        prior = self.prior[run, key]
        # A copy kept aside before a crash is known by its ETag: metadata given to equal bytes since is not.
        compared = 1 if run in self.resumed else 2
        assert content_of(now)[:compared] == prior.content[:compared], f"{key} is not as before {run}"
        self.writer[key] = prior.writer
        if key == "large" and prior.writer:
            self.recopied.add(key)

    def _must_be_settled(self, run: str, *, is_over: bool) -> None:
        """What came to its end leaves no upload open; only runs that wait to go on may have some."""
        code = self.simulation.summary.exit_code if is_over else None
        if code in (0, 1, 4):
            self.unsettled.discard(run)
        elif code not in (2, 3):
            self.unsettled.add(run)
        assert self.unsettled or not self.world.open_uploads

    @property
    def _may_hide(self) -> bool:
        """Where versions are kept and conditions ignored, what came after the plan may end up below ours."""
        quirks = self.cloud.quirks
        ignores = quirks.ignores_conditions_when_versioned or quirks.ignores_if_none_match
        return ignores and self.cloud.versioning(TO) is Versioning.ENABLED

    # -- helpers --------------------------------------------------------------------------------

    def _run(self, turn: int) -> str:
        """Rather a run that holds a key, or that waits to go on; rather a new one."""
        holds = {*self.writer.values(), *self.unsettled}
        return sorted(self.runs, key=lambda run: (run in holds, run), reverse=True)[turn % len(self.runs)]

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
