"""A service that does nothing, and events of made-up runs: for tests and for the preview."""

from __future__ import annotations

import queue
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import sin
from typing import Any

from migrator.credentials import Keys
from migrator.errors import JobFileError
from migrator.gui.figures import Meter
from migrator.gui.form import Direction, EndForm, Form
from migrator.gui.presenter import Presenter
from migrator.model.active import ActiveTransfer, Waiting
from migrator.model.drafts import ConfigWritten
from migrator.model.events import (
    EndChecked,
    Event,
    ListingProgress,
    ObjectConflict,
    ObjectCopied,
    ObjectFailed,
    ObjectUndone,
    ObjectUnsupported,
    Phase,
    PhaseChanged,
    Retrying,
    RollbackProgress,
    RunRelies,
    RunStarted,
    Summary,
    TransferProgress,
    UnfinishedFound,
)
from migrator.model.findings import Estimated, FidelityChecked, PropertyFound
from migrator.model.key_sets import KeySet, KeysListed
from migrator.model.ledger import Outcome
from migrator.model.past_runs import PastRun, RunsListed
from migrator.model.planned import Fate, PlanMade, PlanRow, PlanRows

RUN = "20261122T105002Z-7f3a"
SOURCE, DESTINATION = "AWS acme-media-prod/video/", "Lyve Cloud acme-archive/video/"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

FORM = Form(
    direction=Direction.AWS_TO_LYVE,
    aws=EndForm("AKIA4XMPLE7QKZ2LMN5A", SECRET, "", "us-east-1", "", "acme-media-prod", "video/"),
    lyve=EndForm(
        "STX1QEXAMPLE0TUV",
        SECRET[::-1],
        "",
        "us-west-1",
        "https://s3.us-west-1.acme.lyve.seagate.com",
        "acme-archive",
        "video/",
    ),
    min_date="2025-01-01",
    max_date="2025-03-31",
    max_size="5 GB",
    include="*.mp4, *.mov, *.json",
    exclude="tmp/**",
)


class FakeService:
    """Remembers what it was asked for; tests put events into the queue themselves."""

    def __init__(self) -> None:
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.asked: list[tuple[Any, ...]] = []
        self.sought: list[tuple[str, str]] = []
        self.listed = 0  #: how often the runs were asked for
        self.keys_listed = 0  #: likewise the keys
        self.refuse: JobFileError | None = None
        self.is_busy = False
        self.closed: float | None = None

    def generate(self, table: Mapping[str, Any], keys: Mapping[str, Keys]) -> None:
        self._begin("generate", table, keys)

    def start(self, table: Mapping[str, Any], keys: Mapping[str, Keys]) -> None:
        self._begin("start", table, keys)

    def plan(self, table: Mapping[str, Any], keys: Mapping[str, Keys]) -> None:
        self._begin("plan", table, keys)

    def resume(self, run: str, only: str = "") -> None:
        self._begin("resume", run, *([only] if only else []))

    def preview_rollback(self, run: str) -> None:
        self._begin("preview_rollback", run)

    def rollback(self, run: str) -> None:
        self._begin("rollback", run)

    def accept(self, run: str) -> None:
        self._begin("accept", run)

    def verify(self, run: str) -> None:
        self._begin("verify", run)

    def forget(self, run: str) -> None:
        self.asked.append(("forget", run))

    def find_unfinished(self) -> None:
        self.asked.append(("find_unfinished",))

    def find_in_plan(self, text: str, outcome: str) -> None:
        self.sought.append((text, outcome))

    def save_report(self, run: str, kind: str, path: str) -> None:
        self.asked.append(("save_report", run, kind, path))

    def save_log(self, run: str, path: str) -> None:
        self.asked.append(("save_log", run, path))

    def open_config(self, path: str = "", run: str = "") -> None:
        self.asked.append(("open_config", path, run))

    def save_config(self, path: str, table: Mapping[str, Any]) -> None:
        if self.refuse is not None:
            raise self.refuse
        self.asked.append(("save_config", path, table))

    def find_not_copied(self, run: str, cause: str, most: int) -> None:
        self.asked.append(("find_not_copied", run, cause, most))

    def list_keys(self) -> None:
        self.keys_listed += 1

    def test_keys(self, name: str, table: Mapping[str, Any]) -> None:
        self.asked.append(("test_keys", name))

    def forget_keys(self, names: Sequence[str]) -> None:
        self.asked.append(("forget_keys", *names))

    def list_runs(self) -> None:
        self.listed += 1

    def change(self, *, threads: Any = None, bandwidth_bytes_s: int | None = None) -> None:
        self.asked.append(("change", threads, bandwidth_bytes_s))

    def cancel(self) -> None:
        self.asked.append(("cancel",))

    def close(self, timeout_s: float) -> bool:
        self.closed = timeout_s
        return True

    def _begin(self, *what: Any) -> None:
        if self.refuse is not None:
            raise self.refuse
        self.asked.append(what)
        self.is_busy = True

    def say(self, *events: Event) -> None:
        """Put events into the queue; a service is idle once its last word is out."""
        for event in events:
            self.events.put(event)
            if isinstance(event, Summary | ConfigWritten):
                self.is_busy = False


def connected() -> list[Event]:
    aws = tuple(f"acme-{name}" for name in ("billing", "logs", "media-prod", "media-test", "web"))
    return [
        EndChecked("source", ok=True, buckets=aws, millis=21),
        EndChecked("destination", ok=True, buckets=("acme-archive", "acme-cold", "acme-dr"), millis=38),
        ConfigWritten("~/.local/share/lyve-s3-migrator/jobs/acme-media-prod.toml", "Secret Service"),
    ]


def half_connected() -> list[Event]:
    return [
        EndChecked("source", ok=True, buckets=("acme-media-prod",), millis=21),
        EndChecked(
            "destination",
            ok=False,
            field="destination.endpoint_url",
            message="There is no server s3.us-wset-1.acme.lyve.seagate.com.",
            advice="Check the address in the Lyve Cloud console.",
        ),
        ConfigWritten("~/.local/share/lyve-s3-migrator/jobs/acme-media-prod.toml", ""),
    ]


def missing_bucket() -> list[Event]:
    return [
        EndChecked("source", ok=True, buckets=("acme-media-prod",), millis=21),
        EndChecked(
            "destination",
            ok=False,
            field="destination.bucket",
            message="There is no bucket acme-archive.",
            advice="Create it, or choose another.",
            buckets=("acme-cold", "acme-dr"),
            code="NoSuchBucket",
        ),
        ConfigWritten("~/.local/share/lyve-s3-migrator/jobs/acme-media-prod.toml", ""),
    ]


def started(command: str = "run") -> list[Event]:
    return [RunStarted(RUN, command, SOURCE, DESTINATION, 16), PhaseChanged(Phase.LISTING)]


def listing(listed: int = 412_000, *, final: bool = False) -> ListingProgress:
    planned = listed * 93 // 100
    same, filtered = listed * 5 // 100, listed - planned - listed * 5 // 100
    return ListingProgress(
        listed,
        listed * 6_555_000,
        planned,
        planned * 6_555_000,
        same,
        filtered,
        0,
        0,
        {"max_date": filtered * 4 // 5, "max_size": filtered - filtered * 4 // 5},
        final,
    )


def transfers(step: int = 0) -> TransferProgress:
    rows = []
    for n in range(16):
        size = (84_000_000, 72_000_000, 18_000, 184_000_000, 37_600_000)[n % 5]
        done = min(1.0, ((n * 37 + step * 3) % 104) / 100)
        parts = size // 8_000_000
        rows.append(
            ActiveTransfer(
                f"video/2025/01/cam{n + 8:02}/{n * 7 + 2:04}.mp4",
                size,
                int(size * done),
                int(parts * done),
                parts,
            )
        )
    return TransferProgress(2_430_000_000 + step * 9_100_000, tuple(rows))


#: Every way in which an object may not get on.
WAITS = (
    Waiting("slowed", "AWS", 28.3),
    Waiting("slowed", "Lyve Cloud", 0.8),
    Waiting("silent", "Lyve Cloud", 0.0),
    Waiting("failing", "Lyve Cloud", 2.1),
    Waiting("limit"),
)


def held_up(step: int = 0) -> TransferProgress:
    """The same, and half of them wait."""
    told = transfers(step)
    waits = (None, *WAITS, *(None,) * 10)
    rows = (replace(row, waiting=wait) for row, wait in zip(told.active, waits, strict=True))
    return replace(told, active=tuple(rows))


def copied(n: int, start: int = 0) -> list[Event]:
    return [
        ObjectCopied(f"video/2025/01/cam07/{k:04}.mp4", 6_555_000, ("digest", "etag")[k % 2])
        for k in range(start, start + n)
    ]


def failures() -> list[Event]:
    events: list[Event] = [
        ObjectFailed(
            f"video/2025/01/raw/k{n}.mov",
            1_900_000_000,
            "Access denied by a KMS key",
            "AWS let us list these objects but refused to read them. They are encrypted with the key "
            "alias/raw, and this access key may not use it.",
            "Ask the owner of alias/raw to allow kms:Decrypt for this user, then retry.",
        )
        for n in range(17, 38)
    ]
    events += [
        ObjectFailed(
            f"video/live/{n}.ts",
            340_000_000,
            "Changed while it was being copied",
            "The object got new content in the middle of the copy. The half copy was removed.",
            "Retry: the new content can be copied now.",
        )
        for n in range(9)
    ]
    events += [ObjectConflict(f"video/logo-{n}.png", "different-content") for n in range(4)]
    events += [ObjectUnsupported(f"video/2019/tape{n}.mxf", "archived") for n in range(3)]
    return events


def summary(outcome: Outcome = Outcome.COMPLETED, **more: Any) -> Summary:
    ledger = {
        "listed": 218,
        "planned": 218,
        "copied": 218,
        "verified": 218,
        "bytes_planned": 41_800_000_000,
        "bytes_copied": 41_800_000_000,
        "assurance": {"digest": 200, "etag": 18, "size": 0},
    } | more.pop("ledger", {})
    return Summary(RUN, outcome, more.pop("seconds", 754.0), ledger, **more)


def failed_summary() -> Summary:
    books = {"listed": 1284, "planned": 1201, "copied": 1167, "verified": 1167, "same": 61, "filtered": 19}
    books |= {"unsupported": 3, "failed": 30, "conflicts": 4}
    return summary(
        Outcome.FAILED, ledger=books, seconds=36_900.0, filtered_by={"max_date": 15, "max_size": 4}
    )


def rolled_back(left: int = 0) -> list[Event]:
    events: list[Event] = [
        RunStarted(RUN, "rollback", SOURCE, DESTINATION, 16),
        PhaseChanged(Phase.ROLLING_BACK),
        RollbackProgress(218, 218, 218 - left, 0, left),
    ]
    events += [
        ObjectUndone(f"video/2025/01/cam07/{n:04}.mp4", "left", ("not-ours", "kept-last-copy")[n % 2])
        for n in range(left)
    ]
    outcome = Outcome.ROLLBACK_INCOMPLETE if left else Outcome.ROLLED_BACK
    return [*events, summary(outcome, removed=218 - left, restored=0, left_in_place=left)]


def looked_ahead(left: int = 0, *, relying: int = 0) -> list[Event]:
    """What a service says when it was asked for a preview of a roll back."""
    events = rolled_back(left)[:-1]
    events[1:1] = [RunRelies(f"20261123T1050020{n:02}Z-7f3a00", 12) for n in range(relying)]
    outcome = Outcome.ROLLBACK_INCOMPLETE if left else Outcome.ROLLED_BACK
    counts = {"removed": 218 - left, "restored": 0, "left_in_place": left}
    return [*events, summary(outcome, cause="dry-run", **counts)]


def found(run: str = RUN, *, state: str = "crashed", undo: str = "", copied: int = 1204) -> UnfinishedFound:
    ledger = {"listed": 2026, "planned": 2000, "filtered": 26, "copied": copied, "verified": copied}
    ledger["left"] = 2000 - copied
    created = f"{run[:4]}-{run[4:6]}-{run[6:8]}T10:50:02+00:00"
    return UnfinishedFound(run, state, undo, "videos", SOURCE, DESTINATION, created, 0.0, ledger)


def throttled() -> Retrying:
    return Retrying("AWS", "GetObject", 2, 0.8, "SlowDown: the service asks for less")


def lossy() -> list[Event]:
    """A run that is refused because copies would lack something."""
    found = (
        PropertyFound("acl", "lost", 3, is_exact=False, example="video/trailer.mp4"),
        PropertyFound("locks", "unknown", 4, is_exact=False, example="video/a.mp4"),
        PropertyFound("storage-class", "lost", 1_204, is_exact=True, example="video/2024/b.mov"),
    )
    none = {"listed": 1_500, "planned": 1_500, "left": 1_500, "copied": 0, "verified": 0, "bytes_copied": 0}
    return [
        FidelityChecked(64, 1_500, is_exact=False, found=found),
        summary(
            Outcome.REFUSED,
            ledger=none,
            cause="losses",
            message="Copies would lack: access granted to others (ACL), storage class.",
            advice='To go on without, write accept = ["acl", "storage-class"] under [carry] in the job file.',
        ),
    ]


#: What a plan of these amounts decided, of 1,284,310 listed objects.
FATES = (
    Fate("copy", "new", 1_201_442, 7_910_000_000_000),
    Fate("filtered", "max_date", 19_870, 95_000_000_000),
    Fate("filtered", "max_size", 243, 1_200_000_000),
    Fate("same", "", 61_208, 402_000_000_000),
)
OPEN = (
    Fate("conflict", "different-content", 1_502, 11_400_000_000),
    Fate("unsupported", "archived", 45, 10**9),
)
SIZES = (41_000, 118_000, 262_000, 355_442, 301_000, 92_000, 30_000, 2_000)


def estimated(usd: float = 4.2, hours: float = 2.0) -> Estimated:
    return Estimated(
        "plan",
        objects=1_201_442,
        size_bytes=7_910_000_000_000,
        bytes_in=7_910_000_000_000,
        bytes_out=7_910_000_000_000,
        reads_back=False,
        requests={"source": {"list": 2570, "get": 1_210_000}, "destination": {"list": 64, "put": 1_240_000}},
        usd={"source": {"data_out": usd - 0.49, "requests": 0.49}, "destination": {"requests": 0.0}},
        total_usd=usd,
        read_back_usd=0.0,
        unpriced=(),
        prices_as_of="2026-10-01",
        prices_place="us-east-1",
        own_prices=False,
        speed_bytes_s=7_910_000_000_000 / hours / 3600,
        speed_from="runs",
        seconds=hours * 3600,
    )


def planned_nothing() -> list[Event]:
    """A plan that found nothing to copy."""
    return planned(whole=FATES[1:])


def planned(
    *fates: Fate,
    found: tuple[PropertyFound, ...] = (),
    usd: float = 4.2,
    hours: float = 2.0,
    whole: tuple[Fate, ...] = FATES,
) -> list[Event]:
    """A plan from its first word to its last; `fates` besides those of nothing but copies and rules."""
    every = (*whole, *fates)
    sums = {
        name: sum(each.objects for each in every if each.outcome == name)
        for name in ("copy", "same", "filtered", "conflict", "unsupported")
    }
    planned = sums["copy"] + sums["conflict"]
    listed = sum(sums.values())
    by = {each.reason: each.objects for each in every if each.outcome == "filtered"}
    books = {"listed": listed, "planned": planned, "same": sums["same"], "filtered": sums["filtered"]}
    books |= {"unsupported": sums["unsupported"], "conflicts": sums["conflict"]}
    totals = ListingProgress(
        listed,
        sum(each.size_bytes for each in every),
        planned,
        7_910_000_000_000,
        sums["same"],
        sums["filtered"],
        sums["unsupported"],
        sums["conflict"],
        by,
        final=True,
    )
    return [
        RunStarted("", "plan", SOURCE, DESTINATION, 16),
        PhaseChanged(Phase.LISTING),
        totals,
        PlanMade(every, SIZES if sums["copy"] else (0,) * len(SIZES)),
        FidelityChecked(64, planned, is_exact=False, found=found),
        estimated(usd, hours),
        summary(Outcome.PLANNED, ledger=books | {"copied": 0, "verified": 0}, filtered_by=by),
    ]


def rows(text: str = "", outcome: str = "", *, of: Sequence[Event] = ()) -> PlanRows:
    """Keys of the plan; of one with these events, where they are given."""
    made = [fate.outcome for event in of if isinstance(event, PlanMade) for fate in event.fates]
    at = "2025-01-14T10:50:02+00:00"
    found = [
        PlanRow("video/2024/12/cam01/0001.mp4", "copy", "new", 2_000_000_000, at, "STANDARD"),
        PlanRow("video/2024/12/cam01/index.json", "same", "", 18_000, at, "STANDARD"),
        PlanRow(
            "video/2024/12/cam02/0001.mp4", "conflict", "different-content", 1_700_000_000, at, "STANDARD"
        ),
        PlanRow("video/2025/04/cam02/0002.mp4", "filtered", "max_date", 2_200_000_000, at, "STANDARD"),
        PlanRow("video/2019/tape1.mxf", "unsupported", "archived", 400_000_000_000, at, "GLACIER"),
    ]
    kept = [row for row in found if text in row.key and outcome in {"", row.outcome}]
    kept = [row for row in kept if not of or row.outcome in made]
    return PlanRows(text, outcome, tuple(kept), exact=bool(text) and text in {row.key for row in kept})


def lost(name: str = "storage-class", objects: int = 1_204) -> PropertyFound:
    return PropertyFound(name, "lost", objects, is_exact=True, example="video/2024/b.mov")


def past_run(number: int = 0, **more: Any) -> PastRun:
    """A run in the history."""
    done = 1204 - number
    books = {"listed": done, "planned": done, "copied": done, "verified": done, "bytes_copied": 8_800_000_000}
    fields: dict[str, Any] = {
        "run": f"202611{22 - number:02}T105002000Z-7f3a00",
        "state": "completed",
        "undo": "",
        "name": "videos",
        "source": SOURCE,
        "destination": DESTINATION,
        "created": f"2026-11-{22 - number:02}T10:50:02+00:00",
        "changed": f"2026-11-{22 - number:02}T10:54:02+00:00",
        "seconds": 240.0,
        "ledger": books,
        "open_uploads": 0,
        "kept": 0,
        "bytes_kept": 0,
        "directory": "/var/runs/one",
        "waits": False,
        "is_busy": False,
    }
    return PastRun(**(fields | more))


def keys() -> KeysListed:
    return KeysListed(
        (
            KeySet("archive", "STX1…TUV", is_stored=True),
            KeySet(
                "aws", "ASIA…N5A", is_stored=False, is_temporary=True, expires="2026-11-22T20:00:00+00:00"
            ),
            KeySet("lyve", "STX1…TUV", is_stored=True),
        ),
        "Secret Service",
    )


def history() -> RunsListed:
    """Runs of every kind."""
    failed = {"listed": 1284, "planned": 1204, "copied": 1167, "failed": 37, "bytes_copied": 7_900_000_000}
    broke = {"listed": 2026, "planned": 2000, "copied": 812, "left": 1188, "filtered": 26}
    runs = (
        past_run(0, state="crashed", waits=True, ledger=broke | {"bytes_copied": 5_100_000_000}),
        past_run(1, state="failed", ledger=failed, seconds=36_900.0, kept=3, bytes_kept=1_200_000_000),
        past_run(2),
        past_run(3, undo="incomplete", kept=2, bytes_kept=18_000),
        past_run(4, undo="rolled-back"),
        past_run(5, undo="accepted"),
        past_run(6, state="unreadable", source="", destination="", created="", ledger={}, seconds=0.0),
    )
    return RunsListed(runs, len(runs))


def measure(presenter: Presenter, seconds: int = 600) -> None:
    """Let the run have gone on for so long, with a dent in its speed."""
    meter, lately = Meter(), presenter.run._lately
    presenter.run._meter = meter
    end, state = presenter.now(), presenter.run.state
    steps = []
    for second in range(seconds):
        wave = 1 + 0.12 * sin(second / 31) + 0.06 * sin(second / 7) + 0.04 * sin(second * 1.7)
        dent = 0.45 if 400 < second < 440 else 1.0
        steps.append(int(182_000_000 * wave * dent))
    moved = state.bytes_moved - sum(steps)
    for second, step in enumerate(steps, start=1):
        moved += step
        meter.add(end - seconds + second, moved, state.settled - 28 * (seconds - second))
    for ago, step in ((2.0, 0), (1.0, 1), (0.0, 2)):
        # Everything that is under way has come some part further each second.
        presenter.run._speeds.take(_slower(2 - step, state.active), end - ago)
    presenter.changed()
    lately._marks.clear()  # of the moment in which all of this was said
    lately.mark("24 → 16 threads", end - seconds + 150)
    lately.retrying(throttled(), end - seconds + 400)


def _slower(seconds: int, active: Iterable[ActiveTransfer]) -> list[ActiveTransfer]:
    """Where these were so many seconds ago: at 9 to 21 MB/s, but what is done has no speed."""
    return [
        replace(each, bytes_done=max(0, each.bytes_done - seconds * (9_000_000 + 1_700_000 * (n % 8))))
        for n, each in enumerate(active)
    ]
