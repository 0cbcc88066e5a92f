"""Two clouds in memory, a directory for runs and an engine between them: a whole migration without I/O.

Time is a parameter: waiting costs nothing and only moves the clock. Every `Summary` is checked as it is
emitted: whatever a test is about, the books have to balance.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

from migrator.config import Job, job_from
from migrator.credentials import Keys
from migrator.engine.commands import Engine
from migrator.engine.home import RunDir, find_run
from migrator.engine.journal import Journal
from migrator.engine.ports import Done, Executor, Ports, Threads
from migrator.engine.runs import RunInfo, run_info
from migrator.engine.schema import Entry
from migrator.model.events import Event, Summary
from migrator.model.ledger import Ledger, Outcome
from migrator.model.objects import RESERVED_PREFIX, TOKEN_KEY, Properties
from migrator.model.run_state import RunState
from migrator.store.base import Versioning
from migrator.store.memory import AWS, MemoryCloud, MemoryStore, Quirks

T = TypeVar("T")
E = TypeVar("E")

FROM, TO = "from-bucket", "to-bucket"
SECRET = "s3cr3t/of+the=tests"
WHEN = datetime(2024, 5, 17, 12, 30, 15, tzinfo=UTC)
#: Parts of the tests: see the fixture `small_parts`.
PART = 1024

JOB: Mapping[str, Any] = {
    "version": 1,
    "name": "of the tests",
    "source": {"provider": "aws", "bucket": FROM, "region": "us-east-1", "credentials": "env"},
    "destination": {
        "provider": "lyve",
        "bucket": TO,
        "endpoint_url": "https://s3.us-west-1.acme.lyve.seagate.com",
        "credentials": "env",
    },
    "transfer": {"threads": 3},
}


class StillClock:
    """Time that passes when somebody waits; the wall moves a millisecond with every look."""

    def __init__(self) -> None:
        self.skipped_s = 0.0
        self._wall = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    def wall(self) -> datetime:
        self._wall += timedelta(milliseconds=1)
        return self._wall

    def monotonic(self) -> float:
        return monotonic() + self.skipped_s

    def skip(self, seconds: float) -> None:
        self.skipped_s += seconds
        self._wall += timedelta(seconds=seconds)


#: How worlds run tasks; the fixture `inline` makes it `Inline`.
EXECUTOR: Callable[[int], Executor] = Threads


class StillPorts(Ports):
    """Ports that never sleep."""

    def wait(self, seconds: float) -> bool:
        if seconds > 0:
            self.clock.skip(seconds)  # type: ignore[attr-defined]
        return self.stop.is_asked


class Inline:
    """An executor without threads: one task at a time, in order, so that a `Crash` ends everything."""

    def __init__(self, count: int, name: str = "") -> None:
        self._tasks: deque[tuple[Any, Callable[[], Any]]] = deque()

    def start(self, tag: Any, task: Callable[[], Any], *, is_small: bool = False) -> None:
        self._tasks.append((tag, task))

    def finished(self, timeout_s: float) -> list[Done]:
        if not self._tasks:
            return []
        tag, task = self._tasks.popleft()
        try:
            return [Done(tag, result=task())]
        except Exception as error:  # a Crash is none
            return [Done(tag, error=error)]

    def resize(self, count: int) -> None:
        """There are no threads."""

    def ahead(self, task: Callable[[], T]) -> Callable[[], T]:
        return task

    def close(self) -> None:
        self._tasks.clear()


@dataclass
class World:
    """`source` and `destination` are what the engine talks to: wrap them to make trouble."""

    root: Path
    source_cloud: MemoryCloud
    destination_cloud: MemoryCloud
    clock: StillClock = field(default_factory=StillClock)
    events: list[Event] = field(default_factory=list)
    on_event: Callable[[Event], None] = lambda _: None
    may_lie: bool = False  #: the test is about books that do not balance
    executor: Callable[[int], Executor] | None = None  #: None: as all worlds do, see `EXECUTOR`

    def __post_init__(self) -> None:
        self.source: Any = MemoryStore(self.source_cloud, "AWS")
        self.destination: Any = MemoryStore(self.destination_cloud, "Lyve Cloud")
        self.table: dict[str, Any] = deepcopy(dict(JOB))
        self.ports = self._new_ports()

    # -- the job and its ends -------------------------------------------------------------------

    def set(self, section: str, **fields: Any) -> World:
        self.table.setdefault(section, {}).update(fields)
        return self

    @property
    def job(self) -> Job:
        return job_from(self.table)

    def seed(self, key: str, body: bytes = b"body", *, when: datetime = WHEN, **properties: Any) -> None:
        self.source_cloud.seed(FROM, key, body, Properties(**properties), last_modified=when)

    def put_there(self, key: str, body: bytes = b"other", **properties: Any) -> None:
        """Somebody else writes to the destination."""
        self.destination_cloud.seed(TO, key, body, Properties(**properties), last_modified=WHEN)

    @property
    def there(self) -> dict[str, bytes]:
        """What the destination holds, without what we keep for ourselves."""
        found = self.destination_cloud.contents(TO)
        return {key: body for key, body in found.items() if not key.startswith(RESERVED_PREFIX)}

    @property
    def here(self) -> dict[str, bytes]:
        return self.source_cloud.contents(FROM)

    @property
    def open_uploads(self) -> list[str]:
        return [each.key for each in self.destination_cloud.list_uploads(TO)]

    def token_at(self, key: str) -> str:
        head = self.destination_cloud.head(TO, key)
        return head.properties.metadata.get(TOKEN_KEY, "")

    # -- commands -------------------------------------------------------------------------------

    def engine(self) -> Engine:
        """A new process: nothing is remembered but what is on disk. A minute later, to tell runs apart."""
        self.clock.skip(60)
        self.ports = self._new_ports()
        return Engine(self.root, self._hear, self.ports, self._open)

    def _new_ports(self) -> StillPorts:
        return StillPorts(clock=self.clock, random=random.Random(1), executor=self.executor or EXECUTOR)

    def run(self, *, insist: bool = False) -> Summary:
        return self.engine().run(self.job, self.table, insist=insist)

    def plan(self) -> Summary:
        return self.engine().plan(self.job)

    def resume(self, run: str = "latest", *, only: str = "") -> Summary:
        return self.engine().resume(run, only=only)

    def rollback(self, run: str = "latest", **how: bool) -> Summary:
        return self.engine().rollback(run, **how)

    def verify(self, run: str = "latest", *, read_back: bool = False) -> Summary:
        return self.engine().verify(run, read_back=read_back)

    def accept(self, run: str = "latest") -> Summary:
        return self.engine().accept(run)

    def _open(self, end: Any, credentials: Any, threads: int) -> Any:
        assert isinstance(credentials, Keys)
        return self.source if end.bucket == FROM else self.destination

    # -- what was told and recorded -------------------------------------------------------------

    def _hear(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, Summary) and not self.may_lie:
            must_balance(event)
        self.on_event(event)

    def of(self, kind: type[E]) -> list[E]:
        """Events of one kind, since the last command began."""
        return [each for each in self.events if isinstance(each, kind)]

    def forget_events(self) -> None:
        self.events.clear()

    @property
    def state(self) -> RunState:
        """The events folded, as a face of the program does it."""
        state = RunState()
        for event in self.events:
            state = state.apply(event)
        return state

    @property
    def directory(self) -> RunDir:
        return find_run(self.root, "latest")

    def info(self, run: str = "latest") -> RunInfo:
        return run_info(find_run(self.root, run), self.clock)

    def entries(self, run: str = "latest") -> dict[str, Entry]:
        """The journal's rows by key."""
        journal = Journal.read_only(find_run(self.root, run), self.clock)
        try:
            return {entry.key: entry for entry in journal.iterate()}
        finally:
            journal.close()


def must_balance(summary: Summary) -> None:
    """The contract's two sums; what is left over is allowed only where the run can go on."""
    fields = dict(summary.ledger)
    books = Ledger(**fields)
    assert books.balances, f"the books do not balance: {summary}"
    if summary.outcome is Outcome.COMPLETED:
        assert books.left + books.failed + books.conflicts + books.unsupported == 0, summary
        assert books.verified == books.copied == books.planned, summary
    if summary.outcome is Outcome.FAILED:
        assert not books.left, summary
    assert sum(books.assurance.values()) == books.verified, summary


def new_world(
    root: Path,
    *,
    quirks: Quirks = AWS,
    source_quirks: Quirks = AWS,
    versioning: Versioning = Versioning.OFF,
    min_part_bytes: int = PART,
    clock: StillClock | None = None,
) -> World:
    """Two buckets, empty. With a `clock` the services go by it too, to the millisecond."""
    clouds: dict[str, Any] = {"min_part_bytes": min_part_bytes}
    if clock is not None:
        clouds["now"] = clock.wall
    source = MemoryCloud(quirks=source_quirks, **clouds)
    destination = MemoryCloud(quirks=quirks, **clouds)
    source.create_bucket(FROM)
    destination.create_bucket(TO, versioning=versioning)
    return World(root, source, destination, clock or StillClock())


def counts(summary: Summary) -> dict[str, int]:
    """The ledger's numbers that are not zero, without bytes and assurance."""
    ledger = summary.ledger
    names = ("listed", "planned", "copied", "same", "filtered", "unsupported", "failed", "conflicts", "left")
    return {name: ledger[name] for name in names if ledger[name]}
