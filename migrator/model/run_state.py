"""Events folded into one immutable value: what window and command line show.

The fold keeps bounded amounts only: numbers, at most 64 transfers and 50 groups of failures with 20
sample keys each. Everything else is in the journal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import assert_never

from migrator.model.active import ActiveTransfer
from migrator.model.drafts import ConfigRead, ConfigSaved, ConfigWritten
from migrator.model.events import (
    EndChecked,
    Event,
    LimitChanged,
    ListingProgress,
    LogSaved,
    ObjectChecked,
    ObjectConflict,
    ObjectCopied,
    ObjectFailed,
    ObjectUndone,
    ObjectUnsupported,
    PaceChanged,
    Phase,
    PhaseChanged,
    Reported,
    Retrying,
    RollbackProgress,
    RunForgotten,
    RunRelies,
    RunStarted,
    Summary,
    TransferProgress,
    UnfinishedFound,
    Warned,
)
from migrator.model.findings import CheckFound, Estimated, FidelityChecked
from migrator.model.key_sets import KeysForgotten, KeysListed, KeysTested
from migrator.model.not_copied import NotCopied
from migrator.model.past_runs import RunsListed
from migrator.model.planned import PlanMade, PlanRows

MAX_ACTIVE = 64
MAX_GROUPS = 50
MAX_SAMPLES = 20


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """Failures with one cause."""

    cause: str
    message: str
    advice: str
    count: int
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RunState:
    """Everything a face of the program needs to know about the run, at one moment."""

    run: str = ""
    command: str = ""
    source: str = ""
    destination: str = ""
    directory: str = ""
    threads: int = 0
    adjusts: bool = False
    bandwidth_bytes_s: int = 0
    phase: Phase | None = None
    listed: int = 0
    bytes_listed: int = 0
    planned: int = 0
    bytes_planned: int = 0
    totals_are_final: bool = False
    same: int = 0
    filtered: int = 0
    filtered_by: Mapping[str, int] = field(default_factory=dict)
    unsupported: int = 0
    conflicts: int = 0
    copied: int = 0
    bytes_copied: int = 0
    bytes_moved: int = 0
    failed: int = 0
    retries: int = 0
    last_retry: Retrying | None = None
    active: tuple[ActiveTransfer, ...] = ()
    failures: tuple[FailureGroup, ...] = ()
    warnings: tuple[Warned, ...] = ()
    fidelity: FidelityChecked | None = None
    estimate: Estimated | None = None
    made: PlanMade | None = None
    undo_done: int = 0
    undo_total: int = 0
    removed: int = 0
    restored: int = 0
    left_in_place: int = 0
    summary: Summary | None = None

    @property
    def is_running(self) -> bool:
        return self.phase is not None and self.summary is None

    @property
    def settled(self) -> int:
        """Planned objects whose fate is decided."""
        return self.copied + self.failed + self.conflicts

    def with_copies(self, count: int, size_bytes: int) -> RunState:
        """The state after so many more objects were copied, of so many bytes together."""
        return replace(self, copied=self.copied + count, bytes_copied=self.bytes_copied + size_bytes)

    def apply(self, event: Event) -> RunState:
        """The state after `event`."""
        match event:
            case RunStarted():
                return RunState(
                    run=event.run,
                    command=event.command,
                    source=event.source,
                    destination=event.destination,
                    directory=event.directory,
                    threads=event.threads,
                    adjusts=event.adjusts,
                    bandwidth_bytes_s=event.bandwidth_bytes_s,
                    phase=Phase.CONNECTING,
                )
            case PhaseChanged():
                return replace(self, phase=event.phase)
            case ListingProgress():
                return replace(
                    self,
                    listed=event.listed,
                    bytes_listed=event.bytes_listed,
                    planned=event.planned,
                    bytes_planned=event.bytes_planned,
                    same=event.same,
                    filtered=event.filtered,
                    filtered_by=event.filtered_by,
                    unsupported=event.unsupported,
                    conflicts=event.conflicts,
                    totals_are_final=event.final,
                    copied=event.copied,
                    bytes_copied=event.bytes_copied,
                )
            case TransferProgress():
                return replace(self, bytes_moved=event.bytes_moved, active=event.active[:MAX_ACTIVE])
            case ObjectCopied():
                return self.with_copies(1, event.size_bytes)
            case ObjectFailed():
                before = self.with_copies(-1, -event.size_bytes) if event.was_copied else self
                failures = _with_failure(self.failures, event)
                return replace(before, failed=self.failed + 1, failures=failures)
            case ObjectConflict(while_listing=True) | ObjectUnsupported(while_listing=True):
                return self
            case ObjectConflict():
                return replace(self, conflicts=self.conflicts + 1)
            case ObjectUnsupported():
                # Found while copying: the object was planned, and is not any more.
                return replace(
                    self,
                    unsupported=self.unsupported + 1,
                    planned=self.planned - 1,
                    bytes_planned=self.bytes_planned - event.size_bytes,
                )
            case Retrying():
                return replace(self, retries=self.retries + 1, last_retry=event)
            case PaceChanged():
                return replace(self, threads=event.after, adjusts=event.adjusts)
            case LimitChanged():
                return replace(self, bandwidth_bytes_s=event.after_bytes_s)
            case Warned():
                return replace(self, warnings=(*self.warnings, event)[-MAX_SAMPLES:])
            case RollbackProgress():
                return replace(
                    self,
                    undo_done=event.done,
                    undo_total=event.total,
                    removed=event.removed,
                    restored=event.restored,
                    left_in_place=event.left_in_place,
                )
            case Estimated():
                return replace(self, estimate=event)
            case FidelityChecked():
                return replace(self, fidelity=event)
            case PlanMade():
                return replace(self, made=event)
            case LogSaved() | KeysListed() | KeysTested() | KeysForgotten() | NotCopied():
                return self
            case ObjectUndone() | ObjectChecked() | Reported() | RunForgotten():
                return self
            case EndChecked() | ConfigRead() | ConfigSaved() | ConfigWritten() | RunRelies():
                return self
            case CheckFound() | UnfinishedFound() | RunsListed() | PlanRows():
                return self  # other runs, not the one that is folded here
            case Summary():
                return replace(self, phase=Phase.ENDED, summary=event, active=())
            case _:
                assert_never(event)


def _with_failure(groups: tuple[FailureGroup, ...], event: ObjectFailed) -> tuple[FailureGroup, ...]:
    for index, group in enumerate(groups):
        if group.cause == event.cause:
            samples = group.samples
            if len(samples) < MAX_SAMPLES:
                samples = (*samples, event.key)
            grown = replace(group, count=group.count + 1, samples=samples)
            return (*groups[:index], grown, *groups[index + 1 :])
    if len(groups) == MAX_GROUPS:
        return groups
    return (*groups, FailureGroup(event.cause, event.message, event.advice, 1, (event.key,)))
