"""How many transfers a run has under way, and how fast they may be: by the job, by what is seen, or by hand.

`model.pace` decides; here is what it looks at, and what its decisions change. Control thread only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from migrator.config import Transfer
from migrator.engine.ends import Ends
from migrator.engine.meter import Meter
from migrator.engine.ports import Ports
from migrator.engine.wishes import Wish
from migrator.model.events import Event, LimitChanged, PaceChanged
from migrator.model.pace import LEAST, MOST, REQUEST_BYTES, Cause, Pace, Seen
from migrator.model.parts import DEFAULT_PART_BYTES
from migrator.store.limiter import Limiter
from migrator.store.retrying import RetryingStore

#: Bytes of bodies in memory, whatever the number of transfers, where it adjusts itself.
BODIES_BYTES = 96 * 1024 * 1024
#: The processor is looked at so often, and counts as busy from this share of one core on: Python has no more.
CPU_EVERY_S = 0.5
BUSY_SHARE = 0.85
#: An end is called slow where requests took so many times as long as before.
SLOWER = 1.3
#: Open files: connections for each transfer (read, look, write), and everything else.
FILES_EACH, FILES_ELSE = 3, 64
WANTED_FILES = MOST * FILES_EACH + FILES_ELSE


class Latency:
    """Seconds that requests to one end took, by what they did. Workers race to add: a few may be lost."""

    def __init__(self) -> None:
        self._sums = {"reading": [0.0, 0], "writing": [0.0, 0]}

    def took(self, operation: str, seconds: float) -> None:
        kind = _KINDS.get(operation)
        if kind is not None:
            sums = self._sums[kind]
            sums[0] += seconds
            sums[1] += 1

    def means(self) -> Mapping[str, float]:
        """Of what was added since the last time."""
        before, self._sums = self._sums, {"reading": [0.0, 0], "writing": [0.0, 0]}
        return {kind: total / count for kind, (total, count) in before.items() if count}


_KINDS = {"GetObject": "reading", "PutObject": "writing", "UploadPart": "writing"}


class Resizable(Protocol):
    def resize(self, count: int) -> None: ...


class Pacer:
    """Call `tick` several times a second while copying."""

    def __init__(
        self,
        how: Transfer,
        ends: Ends,
        executor: Resizable,
        meter: Meter,
        ports: Ports,
        emit: Callable[[Event], None],
    ) -> None:
        self.threads = how.threads  #: transfers at a time
        self.memory_bytes = self.threads * DEFAULT_PART_BYTES  #: of parts under way
        self.counts_bodies = False  #: whether whole objects count as memory, too
        # What the transfer fills in: work done, tasks ended; what held it back since the last look.
        self.work = 0
        self.ended = 0
        self.was_full = False
        self.was_short = False
        self._executor = executor
        self._meter = meter
        self._ports = ports
        self._emit = emit
        self._ends = [each for each in (ends.source, ends.destination) if isinstance(each, RetryingStore)]
        for each in self._ends:
            each.waiting = meter.waits
        self._limiters: list[tuple[str, Limiter]] = [(each.end, each.limiter) for each in self._ends]
        self._refusals = [limiter.refusals for _, limiter in self._limiters]
        self._latencies: list[tuple[str, Latency]] = []
        self._usual: dict[tuple[str, str], float] = {}
        self._cpu_at = (ports.now(), ports.cpu_s())
        self._is_busy = False
        self._pace: Pace | None = None
        if how.adjusts_threads:
            self._begin_adjusting()

    def done(self, size_bytes: int) -> None:
        """A task that moved so many bytes has ended well."""
        self.work += REQUEST_BYTES + size_bytes
        self.ended += 1

    def tick(self) -> None:
        """Heed what a person wishes; look, and change the number where that shows why."""
        wish = self._ports.wishes.take()
        if wish is not None:
            self._heed(wish)
        if self._pace is None:
            return
        now = self._ports.now()
        self._look_at_processor(now)
        refused_by = self._refused_by()
        is_bound = self._is_busy or self.was_full or self._meter.has_waited
        refusals = sum(self._refusals)
        seen = Seen(now, self.work, self.ended, refused_by, refusals, is_bound, self.was_short)
        self.was_full = self.was_short = self._meter.has_waited = False
        change = self._pace.look(seen)
        if change is None:
            return
        slower = self._slower(change.cause)
        self._set(change.after)
        self._emit(
            PaceChanged(
                change.before,
                change.after,
                change.cause.value,
                end=change.end or slower[0],
                slower=slower[1],
                slower_times=slower[2],
                quiet_s=round(change.quiet_s),
                adjusts=True,
            )
        )

    def close(self) -> None:
        """The copying has ended: requests are not timed any more, and nobody asks what they wait for."""
        self._end_timing()
        for each in self._ends:
            each.waiting = None

    # -- by hand --------------------------------------------------------------------------------

    def _heed(self, wish: Wish) -> None:
        if wish.threads is not None:
            before, was_adjusting = self.threads, self._pace is not None
            if wish.threads == "auto":
                self._begin_adjusting()
            else:
                self._pace = None
                self._end_timing()
                self._set(wish.threads)
            if (self.threads, self._pace is not None) != (before, was_adjusting):
                self._emit(
                    PaceChanged(before, self.threads, Cause.HAND.value, adjusts=self._pace is not None)
                )
        limit = wish.bandwidth_bytes_s
        if limit is not None and limit != self._meter.limit_bytes_s:
            self._emit(LimitChanged(self._meter.limit_bytes_s, limit))
            self._meter.change(limit)

    def _end_timing(self) -> None:
        for each in self._ends:
            each.on_answer = None

    def _begin_adjusting(self) -> None:
        if self._pace is not None:
            return
        most = most_at_once()
        self._pace = Pace(max(LEAST, min(self.threads, most)), most)
        self._latencies = []
        for each in self._ends:
            latency = Latency()
            self._latencies.append((each.end, latency))
            each.on_answer = latency.took
        self._set(self._pace.threads)

    def _set(self, threads: int) -> None:
        if threads != self.threads:
            self.threads = threads
            self._executor.resize(threads)
        self.counts_bodies = self._pace is not None
        self.memory_bytes = BODIES_BYTES if self._pace is not None else threads * DEFAULT_PART_BYTES

    # -- looking --------------------------------------------------------------------------------

    def _look_at_processor(self, now: float) -> None:
        since, used = self._cpu_at
        if now - since >= CPU_EVERY_S:
            cpu = self._ports.cpu_s()
            self._is_busy = (cpu - used) / (now - since) >= BUSY_SHARE
            self._cpu_at = now, cpu

    def _refused_by(self) -> str:
        """The end that asked for less since the last time."""
        refused_by = ""
        for index, (end, limiter) in enumerate(self._limiters):
            if limiter.refusals != self._refusals[index]:
                self._refusals[index] = limiter.refusals
                refused_by = end
        return refused_by

    def _slower(self, cause: Cause) -> tuple[str, str, float]:
        """The end and the kind of request that a raise of no use made slower, and how many times as slow."""
        means = {
            (end, kind): mean for end, latency in self._latencies for kind, mean in latency.means().items()
        }
        usual, self._usual = self._usual, means
        times = {which: mean / usual[which] for which, mean in means.items() if usual.get(which)}
        which = max(times, key=lambda each: times[each], default=None)
        if cause is not Cause.NO_GAIN or which is None or times[which] < SLOWER:
            return "", "", 0.0
        return *which, round(times[which], 1)


def most_at_once() -> int:
    """The most transfers that this process may have connections for; the system is asked for more first."""
    try:
        import resource
    except ImportError:  # Windows counts sockets apart from files
        return MOST
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= WANTED_FILES:
        return MOST
    wanted = WANTED_FILES if hard == resource.RLIM_INFINITY else min(hard, WANTED_FILES)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (ValueError, OSError):
        wanted = soft
    return max(LEAST, min(MOST, (wanted - FILES_ELSE) // FILES_EACH))
