"""What a run, or a reading back, will ask of both ends, and what that costs.

Requests are counted as the engine sends them; each line names the module that does. Retries, and what a crash
makes necessary, are not in it. Tags are counted for every object where nobody can know which have some.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from migrator.config import End, Job
from migrator.engine.ends import Ready
from migrator.engine.home import all_runs
from migrator.engine.journal import Journal
from migrator.engine.ports import Clock
from migrator.engine.survey import CLOSELY, SAMPLE
from migrator.errors import JournalError
from migrator.model.findings import Estimated
from migrator.model.ledger import Outcome
from migrator.model.objects import KMS
from migrator.model.pricing import Cost, Demand, Kind, PriceTable, Work, cost_of, more_usd
from migrator.store.base import BucketLock, Versioning

PAGE = 1000
#: Journals whose speed counts, newest first.
MOST_RUNS = 3
#: Requests of `probing.py`, and of looking that the probes are gone: measured against the demo's services,
#: where a test counts them again. Some ends answer a little sooner.
PROBES = {Kind.PUT: 7, Kind.HEAD: 14, Kind.GET: 1, Kind.DELETE: 3, Kind.LIST: 3}
#: What comes on top where copies within the bucket matter.
COPY_PROBES = {
    Kind.PUT: 1,
    Kind.COPY: 1,
    Kind.HEAD: 6,
    Kind.GET: 1,
    Kind.TAGS: 2,
    Kind.DELETE: 2,
    Kind.LIST: 2,
}
#: And where large objects are copied.
CHECKSUM_PROBES = {Kind.MULTIPART: 3, Kind.PART: 2, Kind.HEAD: 4, Kind.GET: 1, Kind.LIST: 1}


@dataclass(frozen=True, slots=True)
class Listed:
    """Keys that both ends list under the job's prefixes."""

    source: int
    destination: int


def of_run(job: Job, work: Work, listed: Listed, ready: Ready) -> tuple[Demand, Demand]:
    """What a run asks of source and destination, from its first request to its last."""
    return _source(job, work, listed), _destination(job, work, listed, ready)


def _source(job: Job, work: Work, listed: Listed) -> Demand:
    asked = Demand(bytes_out=work.size_bytes, by_class=Counter(work.by_class))
    ask = asked.requests
    ask[Kind.LIST] += 1  # ends.preflight
    ask[Kind.LIST] += 2 * _pages(listed.source)  # planner, drift
    if work.objects:  # survey
        ask[Kind.SETTINGS] += 1
        ask[Kind.HEAD] += min(work.objects, SAMPLE)
        ask[Kind.SETTINGS] += min(work.objects, CLOSELY) if job.source.provider != "lyve" else 0
        ask[Kind.TAGS] += min(work.objects, CLOSELY) if job.carry.tags else 0
    ask[Kind.GET] += work.reads  # copying
    ask[Kind.HEAD] += work.large  # copying.open_upload
    ask[Kind.TAGS] += work.objects if job.carry.tags else 0  # tags
    return asked


def _destination(job: Job, work: Work, listed: Listed, ready: Ready) -> Demand:
    asked = Demand()
    ask = asked.requests
    ask[Kind.LIST] += 1  # ends.preflight
    if ready.destination_exists:
        ask[Kind.LIST] += _pages(listed.destination)  # planner
        ask[Kind.SETTINGS] += 2
    else:
        ask[Kind.PUT] += 1  # steps: the bucket
    if not work.objects:
        return asked
    ask[Kind.PUT] += work.single  # copying
    ask[Kind.PART] += work.parts
    ask[Kind.MULTIPART] += 2 * work.large
    ask[Kind.LIST] += work.large  # uploads.abort_twins
    ask[Kind.HEAD] += work.objects  # checking: of most small ones it is left out, see `trust`
    ask[Kind.TAGS] += work.objects if job.carry.tags else 0  # checking: of those that have some
    keeps_versions = ready.versioning is Versioning.ENABLED
    if not keeps_versions:
        # copying: a look right before, where a condition may not be honoured. A Complete is not probed.
        ask[Kind.HEAD] += work.objects if job.destination.provider != "aws" else work.large
    if ready.lock not in {BucketLock.DEFAULT, BucketLock.UNKNOWN}:
        _add(ask, PROBES)
        if not keeps_versions and work.replaced:
            _add(ask, COPY_PROBES)
        if work.large:
            _add(ask, CHECKSUM_PROBES)
    if not keeps_versions:  # saving
        looked_at = work.objects if ready.versioning is not Versioning.OFF else work.replaced
        ask[Kind.HEAD] += looked_at + work.replaced
        ask[Kind.LIST] += looked_at if ready.versioning is not Versioning.OFF else 0
        ask[Kind.COPY] += work.replaced
        ask[Kind.TAGS] += 2 * work.replaced
    return asked


def reading_back(work: Work) -> Demand:
    """Reading every copy back once (checking, verification): nothing is read of empty ones."""
    return Demand(Counter({Kind.GET: work.reads - work.empty}), bytes_out=work.size_bytes)


def of_verify(work: Work) -> tuple[Demand, Demand]:
    """What `verify` asks without reading back: one HEAD at each end for each copy."""
    source = Demand(Counter({Kind.LIST: 1, Kind.HEAD: work.objects}))
    destination = Demand(Counter({Kind.LIST: 1, Kind.SETTINGS: 2, Kind.HEAD: work.objects}))
    return source, destination


def estimate(
    command: str,
    job: Job,
    work: Work,
    demands: tuple[Demand, Demand],
    table: PriceTable,
    *,
    reads_back: bool,
    moves: bool = True,
    speed: tuple[float, str] = (0.0, ""),
) -> Estimated:
    """The event. `moves`: bytes are copied; else only read back. `speed`: bytes a second, and where from."""
    ends = dict(zip(("source", "destination"), demands, strict=True))
    back = reading_back(work)
    prices = {side: table.providers.get(end.provider) for side, end in _ends(job).items()}
    there = prices["destination"]
    back_usd = more_usd(ends["destination"], back, there) if there and command != "deep" else None
    if reads_back:
        ends["destination"].requests += back.requests
        ends["destination"].bytes_out += back.bytes_out
    costs = {side: cost_of(demand, known) for side, demand in ends.items() if (known := prices[side])}
    down = work.size_bytes * (moves + reads_back)
    bytes_s, speed_from = speed
    return Estimated(
        command=command,
        objects=work.objects,
        size_bytes=work.size_bytes,
        bytes_in=down,
        bytes_out=work.size_bytes if moves else 0,
        reads_back=reads_back,
        requests={side: _plain(demand.requests) for side, demand in ends.items()},
        usd={side: _parts(cost) for side, cost in costs.items()},
        total_usd=round(sum(cost.total for cost in costs.values()), 6),
        read_back_usd=None if back_usd is None else round(back_usd, 6),
        unpriced=tuple(side for side, known in prices.items() if known is None),
        prices_as_of=table.as_of,
        prices_place=table.place,
        own_prices=table.is_own,
        is_least=job.carry.versions == "all" and command != "deep",
        kms=job.carry.encryption.startswith(KMS),
        speed_bytes_s=bytes_s or None,
        speed_from=speed_from,
        seconds=down / bytes_s if bytes_s else None,
    )


def speed_for(job: Job, root: Path, clock: Clock, given: float = 0.0) -> tuple[float, str]:
    """Bytes a second and where the figure is from: `given`, `runs` or empty. Never above the job's limit."""
    speed, where = (given, "given") if given else (_measured(job, root, clock), "runs")
    limit = job.transfer.bandwidth_bytes_s
    if limit and (not speed or limit < speed):
        return float(limit), "limit"
    return (speed, where) if speed else (0.0, "")


def _measured(job: Job, root: Path, clock: Clock) -> float:
    """Of the newest completed runs of this migration, everything they did included: a lower bound."""
    moved, seconds, counted = 0, 0.0, 0
    for directory in all_runs(root):
        if counted == MOST_RUNS:
            break
        try:
            journal = Journal.read_only(directory, clock)
        except JournalError:
            continue
        try:
            is_one = journal.meta("migration") == job.migration
            if is_one and journal.meta("outcome") == Outcome.COMPLETED:
                copied = journal.ledger().bytes_copied
                took = float(journal.meta("seconds", "0"))
                if copied and took:
                    moved, seconds, counted = moved + copied, seconds + took, counted + 1
        except (JournalError, ValueError):
            continue
        finally:
            journal.close()
    return moved / seconds if seconds else 0.0


def _ends(job: Job) -> Mapping[str, End]:
    return {"source": job.source, "destination": job.destination}


def _pages(keys: int) -> int:
    return max(1, -(-keys // PAGE))


def _add(ask: Counter[Kind], more: Mapping[Kind, int]) -> None:
    for kind, count in more.items():
        ask[kind] += count


def _plain(requests: Counter[Kind]) -> dict[str, int]:
    return {kind.value: requests[kind] for kind in Kind if requests[kind]}


def _parts(cost: Cost) -> dict[str, float]:
    return {
        "data_out": round(cost.data_out, 6),
        "requests": round(cost.requests, 6),
        "retrieval": round(cost.retrieval, 6),
    }
