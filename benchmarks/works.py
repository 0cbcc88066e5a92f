"""The works that `benchmarks.transfer` compares clients at. Data only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
QUICK = 10


class Action(Enum):
    COPY = "copy"
    LIST = "list"
    #: A second run over what the first one copied.
    AGAIN = "again"


class Measure(Enum):
    """What decides, and stands first in the table."""

    CPU = "CPU"
    WALL = "wall"
    RSS = "memory"


@dataclass(frozen=True)
class Work:
    name: str
    count: int
    size_bytes: int
    #: Names out of `clients.CLIENTS`, ours first.
    clients: tuple[str, ...]
    measure: Measure = Measure.CPU
    action: Action = Action.COPY
    #: So many at a time; what a client calls threads, transfers or workers.
    concurrency: int = 16
    latency_ms: int = 0
    is_tls: bool = True
    repeat: int | None = None
    limit_s: int = 900

    @property
    def source(self) -> str:
        """The responder reads from the name what is in it."""
        return f"s-{self.count}-{self.size_bytes}"

    @property
    def ideal_s(self) -> float:
        """A read and a write for each object, so many in flight, at this latency; nothing else."""
        return 2 * self.latency_ms / 1000 / self.concurrency * self.count

    @property
    def title(self) -> str:
        what = f"{self.count:,} x {_size(self.size_bytes)}"
        how = [what, "https" if self.is_tls else "http", f"{self.concurrency} at a time"]
        if self.action is Action.LIST:
            how = [f"{self.count:,} keys listed", how[1]]
        elif self.action is Action.AGAIN:
            how.insert(0, "second run, nothing changed")
        if self.latency_ms:
            how.append(f"{self.latency_ms} ms for each answer")
        return f"{self.name}: {', '.join(how)}"


def _size(size_bytes: int) -> str:
    for unit, name in ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if size_bytes >= unit:
            return f"{size_bytes / unit:g} {name}"
    return f"{size_bytes} bytes"


_DISK = ("s5cmd, disk", "aws s3 cp, disk")

WORKS = (
    Work("small", 10_000, 4 * KIB, ("migrator", "rclone", "rclone --s3-no-head", *_DISK)),
    Work("medium", 1_000, MIB, ("migrator", "rclone", *_DISK)),
    Work(
        "large",
        64,
        64 * MIB,
        ("migrator", "rclone, 16 MiB parts", "rclone", *_DISK),
        concurrency=8,
    ),
    Work("one", 1, 2 * GIB, ("migrator", "rclone", *_DISK)),
    Work(
        "latency",
        10_000,
        4 * KIB,
        ("migrator", "rclone", "rclone --s3-no-head"),
        Measure.WALL,
        concurrency=256,
        latency_ms=50,
    ),
    Work(
        "listing",
        1_000_000,
        4 * KIB,
        ("migrator", "rclone", "rclone --fast-list -R"),
        action=Action.LIST,
    ),
    Work(
        "delta",
        100_000,
        4 * KIB,
        ("migrator", "rclone", "rclone --checksum"),
        Measure.WALL,
        Action.AGAIN,
    ),
    Work("predecessor", 1_000, 4 * KIB, ("migrator", "predecessor")),
)

#: Only when asked for by name: the second takes many minutes.
LONG = (
    Work("memory", 10_000, 4 * KIB, ("migrator", "rclone"), Measure.RSS, repeat=1),
    Work("memory", 1_000_000, 4 * KIB, ("migrator", "rclone"), Measure.RSS, repeat=1, limit_s=3600),
)


def chosen(names: list[str], *, quick: bool, plain: bool) -> list[Work]:
    """Those of these names, or all that are not long; ten times smaller, or without TLS, where wanted."""
    works = [work for work in (*WORKS, *LONG) if work.name in names] if names else list(WORKS)
    if quick:
        works = [_smaller(work) for work in works]
    return [replace(work, is_tls=work.is_tls and not plain) for work in works]


def _smaller(work: Work) -> Work:
    if work.count == 1:
        return replace(work, size_bytes=work.size_bytes // QUICK // MIB * MIB)
    return replace(work, count=work.count // QUICK)
