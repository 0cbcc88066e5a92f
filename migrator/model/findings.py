"""What is found out before a run: rights and settings, losses, cost. Events, like those in `events`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Found(StrEnum):
    """What `check` makes of one thing. Only MISSING stops a run; UNKNOWN is never taken for *none*."""

    OK = "ok"
    MISSING = "missing"
    UNKNOWN = "unknown"
    WARNING = "warning"
    NOT_TRIED = "not-tried"


@dataclass(frozen=True, slots=True)
class CheckFound:
    """`check` looked at one thing of one end (`source` or `destination`).

    `topic` is `right`, `setting`, `ability` or `objects`; `what` is an S3 action, or the thing's value.
    `code` is stable and leads to the sentence in `rights_words`.
    """

    end: str
    topic: str
    what: str
    verdict: Found
    code: str
    action: str = ""  #: the S3 action to allow, where that would help
    advice: str = ""  #: for a person


@dataclass(frozen=True, slots=True)
class PropertyFound:
    """A property of planned objects: their copies would not have it (`lost`), or nobody may ask (`unknown`).

    `name`: see `model.fidelity.LOSSES`. `objects`: how many; at least so many where not `is_exact`.
    `accepted`: the job says that it may be lost.
    """

    name: str
    fate: str
    objects: int
    is_exact: bool
    example: str
    accepted: bool = False

    @property
    def is_open(self) -> bool:
        """Whether somebody has to decide before the run can begin."""
        return self.fate == "lost" and not self.accepted


@dataclass(frozen=True, slots=True)
class FidelityChecked:
    """What copies would not carry of the planned objects; `looked_at` of them were asked."""

    looked_at: int
    planned: int
    is_exact: bool
    found: tuple[PropertyFound, ...] = ()

    @property
    def open(self) -> tuple[PropertyFound, ...]:
        return tuple(each for each in self.found if each.is_open)


@dataclass(frozen=True, slots=True)
class Estimated:
    """What a command will move and ask for, and what that costs by a table of list prices.

    `command`: `plan` (about the run to come), `deep`, `run`, `verify` or `report`. `bytes_in` and `bytes_out`
    go through this computer. `requests` are of each end, by the kinds of `model.pricing`; `usd` likewise:
    `data_out`, `requests`, `retrieval`. `total_usd` leaves out ends without known prices (`unpriced`).
    `read_back_usd` is what reading every copy back costs: in the total where `reads_back`, else on top of it;
    None: no price is known. `kms`: requests to KMS come on top. `speed_from`: `given`, `runs`, `limit`, or
    empty where no speed is known. `is_least`: whole histories take more requests than are counted here.
    """

    command: str
    objects: int
    size_bytes: int
    bytes_in: int
    bytes_out: int
    reads_back: bool
    requests: Mapping[str, Mapping[str, int]]
    usd: Mapping[str, Mapping[str, float]]
    total_usd: float
    read_back_usd: float | None
    unpriced: tuple[str, ...]
    prices_as_of: str
    prices_place: str
    own_prices: bool
    kms: bool = False
    is_least: bool = False
    speed_bytes_s: float | None = None
    speed_from: str = ""
    seconds: float | None = None
