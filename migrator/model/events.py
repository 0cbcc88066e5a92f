"""What the engine tells: a closed union of frozen values, the same for window, command line and tests.

Events are data, not sentences (`migrator.words` has the sentences). Every one is JSON-able by `as_json`.
Their number is bounded by the objects: a few per object, progress at most ten times a second.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from enum import StrEnum
from typing import Any

from migrator.model.active import ActiveTransfer
from migrator.model.drafts import ConfigRead, ConfigSaved, ConfigWritten
from migrator.model.findings import CheckFound, Estimated, FidelityChecked
from migrator.model.key_sets import KeysForgotten, KeysListed, KeysTested
from migrator.model.ledger import Drift, Outcome
from migrator.model.not_copied import NotCopied
from migrator.model.past_runs import RunsListed
from migrator.model.planned import PlanMade, PlanRows


class Phase(StrEnum):
    """What a run is doing."""

    CONNECTING = "connecting"
    LISTING = "listing"
    COPYING = "copying"
    RECOVERING = "recovering"  #: what became of what was under way when the run broke off
    CHECKING = "checking"  #: the source is listed a second time
    VERIFYING = "verifying"  #: the command `verify`
    ROLLING_BACK = "rolling-back"
    STOPPING = "stopping"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class EndChecked:
    """One end was tried with its keys. Where not `ok`, `field` is the job field to look at (`source.region`).

    `buckets` is None where these keys may not list buckets, which stops nothing. `code` is `NoSuchBucket`
    where it is missing, `will-create` where it is and the run will make it.
    """

    side: str
    ok: bool
    field: str = ""
    message: str = ""
    advice: str = ""
    buckets: tuple[str, ...] | None = None
    millis: int = 0
    code: str = ""


@dataclass(frozen=True, slots=True)
class UnfinishedFound:
    """Found at the start: a run that could go on, or whose roll back could, and that nobody works on.

    `state` is `crashed`, `stopped` or `paused`, or an outcome where only the roll back broke off (then
    `undo` is `started`). `created` is ISO, UTC; `ledger` are the run's books so far.
    """

    run: str
    state: str
    undo: str
    name: str
    source: str
    destination: str
    created: str
    seconds: float
    ledger: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A command on a run begins. `source` and `destination` are shown to people: end, bucket, prefix."""

    run: str
    command: str  #: run | resume | rollback | verify | plan | accept
    source: str
    destination: str
    threads: int
    directory: str = ""  #: the run directory, empty for `plan`
    adjusts: bool = False  #: the number of threads adjusts itself
    bandwidth_bytes_s: int = 0  #: 0: no limit


@dataclass(frozen=True, slots=True)
class PhaseChanged:
    phase: Phase


@dataclass(frozen=True, slots=True)
class ListingProgress:
    """Totals so far while listing: they still grow, except where `final`.

    `copied` and `bytes_copied` are what a resumed run had done before.
    """

    listed: int
    bytes_listed: int
    planned: int
    bytes_planned: int
    same: int
    filtered: int
    unsupported: int
    conflicts: int
    filtered_by: Mapping[str, int]
    final: bool = False
    copied: int = 0
    bytes_copied: int = 0


@dataclass(frozen=True, slots=True)
class TransferProgress:
    """At most ten a second. `bytes_moved` counts every byte sent, repeated ones too."""

    bytes_moved: int
    active: tuple[ActiveTransfer, ...] = ()


@dataclass(frozen=True, slots=True)
class ObjectCopied:
    key: str
    size_bytes: int
    assurance: str


@dataclass(frozen=True, slots=True)
class ObjectFailed:
    """`cause` groups failures (an error code); `message` and `advice` are for a person. `was_copied`: it was
    told to be copied before, and a later look found it wrong."""

    key: str
    size_bytes: int
    cause: str
    message: str
    advice: str = ""
    was_copied: bool = False


@dataclass(frozen=True, slots=True)
class ObjectConflict:
    """The destination has something else under this key (`reason` says which case); it was left alone.

    `while_listing`: found by the plan, so `ListingProgress` counts it already.
    """

    key: str
    reason: str
    while_listing: bool = False


@dataclass(frozen=True, slots=True)
class ObjectUnsupported:
    """The object cannot be carried over whole (`reason`), so it was not carried over.

    `while_listing`: found by the plan, so `ListingProgress` counts it already.
    """

    key: str
    reason: str
    while_listing: bool = False
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Retrying:
    """A request to `end` failed in a way worth another try in `delay_s` seconds."""

    end: str
    operation: str
    attempt: int
    delay_s: float
    cause: str


@dataclass(frozen=True, slots=True)
class PaceChanged:
    """The number of transfers at a time was changed from `before` to `after` (`cause`: see `model.pace`).

    `end` asked for less (`throttled`), or made a raise useless (`no-gain`): then `slower` is `reading` or
    `writing`, and that took `slower_times` as long. `quiet_s`: seconds since an end asked for less (`quiet`).
    `adjusts`: the number goes on changing by itself.
    """

    before: int
    after: int
    cause: str
    end: str = ""
    slower: str = ""
    slower_times: float = 0.0
    quiet_s: int = 0
    adjusts: bool = False


@dataclass(frozen=True, slots=True)
class LimitChanged:
    """A person changed the bandwidth limit while the run went on; 0: no limit."""

    before_bytes_s: int
    after_bytes_s: int


@dataclass(frozen=True, slots=True)
class Warned:
    """Something the user should know and that stops nothing. `code` is stable, `message` is for people."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class RunRelies:
    """A later run relies on `count` objects of the run that is being undone: it will be incomplete."""

    run: str
    count: int


@dataclass(frozen=True, slots=True)
class RollbackProgress:
    """How far an undo is: objects looked at, of how many."""

    done: int
    total: int
    removed: int
    restored: int
    left_in_place: int


@dataclass(frozen=True, slots=True)
class ObjectUndone:
    """What rollback did about one key: `removed`, `restored`, `gone` or `left`, and why."""

    key: str
    action: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ObjectChecked:
    """`verify` found something wrong with a copy (`reason`)."""

    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reported:
    """A report was written to `path` (empty: standard output); `sha256` is that of the file."""

    format: str
    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class LogSaved:
    """The complete log of a run was copied to `path`."""

    run: str
    path: str
    lines: int


@dataclass(frozen=True, slots=True)
class RunForgotten:
    """A run's directory was removed."""

    run: str


@dataclass(frozen=True, slots=True)
class Summary:
    """The last word on a run: the contract's summary line."""

    run: str
    outcome: Outcome
    seconds: float
    ledger: Mapping[str, Any]
    drift: Drift | None = None  #: None where the source was not listed a second time
    cause: str = ""
    message: str = ""  #: for a person, where the outcome needs one
    advice: str = ""
    removed: int | None = None
    restored: int | None = None
    left_in_place: int | None = None
    filtered_by: Mapping[str, int] | None = None
    lost: Mapping[str, int] | None = None  #: copies without a property that the job accepted to lose
    repaired: int | None = None  #: copies whose Content-Encoding was mended
    journal_bytes: int | None = None  #: `plan`: room that the run's records would need
    disk_free_bytes: int | None = None
    exit_code: int = 0


Event = (
    EndChecked
    | ConfigWritten
    | UnfinishedFound
    | RunsListed
    | PlanMade
    | PlanRows
    | RunStarted
    | PhaseChanged
    | ListingProgress
    | TransferProgress
    | ObjectCopied
    | ObjectFailed
    | ObjectConflict
    | ObjectUnsupported
    | FidelityChecked
    | Estimated
    | Retrying
    | PaceChanged
    | LimitChanged
    | Warned
    | RunRelies
    | RollbackProgress
    | ObjectUndone
    | ObjectChecked
    | Reported
    | LogSaved
    | ConfigRead
    | ConfigSaved
    | KeysListed
    | KeysTested
    | KeysForgotten
    | NotCopied
    | RunForgotten
    | CheckFound
    | Summary
)

_CAMEL = re.compile(r"(?<!^)(?=[A-Z])")


def event_name(event: Event) -> str:
    """`ObjectCopied` -> `object-copied`."""
    return _names_of(event)[0]


_NAMES: dict[type, tuple[str, tuple[str, ...]]] = {}


def _names_of(event: Event) -> tuple[str, tuple[str, ...]]:
    """An event's name, and those of its fields."""
    kind = type(event)
    if kind not in _NAMES:
        _NAMES[kind] = _CAMEL.sub("-", kind.__name__).lower(), tuple(each.name for each in fields(event))
    return _NAMES[kind]


def as_json(event: Event) -> dict[str, Any]:
    """The event as JSON-able data with its name under `event`. The ledger of a summary lies flat in it."""
    title, names = _names_of(event)
    data: dict[str, Any] = {"event": title}
    for name in names:
        value = getattr(event, name)
        if isinstance(event, Summary) and name == "ledger":
            data.update(value)
        elif value is not None and value != "":
            data[name] = value if type(value) in _PLAIN else _plain(value)
    return data


_PLAIN = frozenset({str, int, float, bool})


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value
