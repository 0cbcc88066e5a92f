"""What requests and bytes cost: a price table and the arithmetic on it. Pure; the table is read elsewhere.

Money is in USD. A *GB* of a price is 2**30 bytes, as AWS bills. Prices are list prices of one place and one
date: an estimate is as good as they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from migrator.model.parts import is_single_put, part_size_for

GB = 2**30


class Kind(StrEnum):
    """Requests by what they do.

    SETTINGS  of a bucket or of an object's ACL and locks     TAGS   reading an object's tags
    MULTIPART opening and completing an upload, two for each  PART   one for each part sent
    COPY      within a bucket: old content kept aside
    """

    LIST = "list"
    SETTINGS = "settings"
    HEAD = "head"
    GET = "get"
    TAGS = "tags"
    PUT = "put"
    PART = "part"
    MULTIPART = "multipart"
    COPY = "copy"
    DELETE = "delete"


#: Kind -> the price it is billed at, by its name in `Prices`.
BILLED_AS: Mapping[Kind, str] = {
    Kind.LIST: "list",
    Kind.SETTINGS: "get",
    Kind.HEAD: "get",
    Kind.GET: "get",
    Kind.TAGS: "get",
    Kind.PUT: "put",
    Kind.PART: "put",
    Kind.MULTIPART: "put",
    Kind.COPY: "put",
    Kind.DELETE: "delete",
}


@dataclass(frozen=True, slots=True)
class Tier:
    """Up to so many bytes (in all, from the first one; None: without end), so much for each GB."""

    up_to_bytes: int | None
    usd_per_gb: float


@dataclass(frozen=True, slots=True)
class Prices:
    """What one provider asks for. `requests`: USD for 1,000, by the names in `BILLED_AS`."""

    data_out: tuple[Tier, ...]
    requests: Mapping[str, float]
    retrieval: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PriceTable:
    """Prices by provider, with their date (ISO) and place. `is_own`: the user's, not the shipped ones."""

    as_of: str
    place: str
    providers: Mapping[str, Prices]
    is_own: bool = False


@dataclass
class Demand:
    """What is asked of one end. `by_class`: bytes read, by storage class."""

    requests: Counter[Kind] = field(default_factory=Counter)
    bytes_out: int = 0
    by_class: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Work:
    """Objects to be copied, summed up. `single` go in one PUT, of which `empty` have no bytes.

    `replaced` replace something; `by_class` are the source's bytes by storage class.
    """

    objects: int = 0
    size_bytes: int = 0
    single: int = 0
    empty: int = 0
    parts: int = 0
    replaced: int = 0
    by_class: Counter[str] = field(default_factory=Counter)

    def add(self, size_bytes: int, storage_class: str, *, replaces: bool, etag: str = "") -> None:
        """One more object; `etag` as the source lists it."""
        self.objects += 1
        self.size_bytes += size_bytes
        self.replaced += replaces
        self.by_class[storage_class] += size_bytes
        if is_single_put(size_bytes):
            self.single += 1
            self.empty += size_bytes == 0
        else:
            self.parts += -(-size_bytes // part_size_for(size_bytes, like=etag))

    @property
    def large(self) -> int:
        return self.objects - self.single

    @property
    def reads(self) -> int:
        """GETs that bring every byte once, from either end."""
        return self.single + self.parts


@dataclass(frozen=True, slots=True)
class Cost:
    """Money for one end, by what it is for."""

    data_out: float = 0.0
    requests: float = 0.0
    retrieval: float = 0.0

    @property
    def total(self) -> float:
        return self.data_out + self.requests + self.retrieval


def data_out_usd(tiers: tuple[Tier, ...], size_bytes: int) -> float:
    """What `size_bytes` cost that leave in one month in which nothing else does.

    Bytes beyond the last tier are billed as that one.
    """
    total, done = 0.0, 0
    for number, tier in enumerate(tiers):
        is_last = number == len(tiers) - 1 or tier.up_to_bytes is None
        end = size_bytes if is_last else min(size_bytes, tier.up_to_bytes or 0)
        total += max(0, end - done) / GB * tier.usd_per_gb
        done = max(done, end)
        if is_last:
            break
    return total


def cost_of(demand: Demand, prices: Prices) -> Cost:
    """What a demand costs."""
    return Cost(
        data_out=data_out_usd(prices.data_out, demand.bytes_out),
        requests=sum(
            count * prices.requests[BILLED_AS[kind]] / 1000 for kind, count in demand.requests.items()
        ),
        retrieval=sum(size / GB * prices.retrieval.get(name, 0.0) for name, size in demand.by_class.items()),
    )


def more_usd(demand: Demand, more: Demand, prices: Prices) -> float:
    """What it costs to ask for `more` on top of `demand`: tiers go on where the first has come to."""
    both = Demand(
        demand.requests + more.requests, demand.bytes_out + more.bytes_out, demand.by_class + more.by_class
    )
    return cost_of(both, prices).total - cost_of(demand, prices).total
