"""What an error that ends a command means for its outcome and exit code (contract, *Exit codes*)."""

from __future__ import annotations

from migrator.errors import (
    Cancelled,
    EnvironmentNotAccepted,
    JournalBusy,
    JournalCorrupt,
    JournalError,
    JournalFull,
    LossNotAccepted,
    MigratorError,
    Paused,
    Refused,
    StoreError,
    UnfinishedRun,
    UsageError,
)
from migrator.model.ledger import Ledger, Outcome

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_REFUSED = 3
EXIT_INCOMPLETE = 4
EXIT_PAUSED = 5
EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143

_SIGTERM = 15

UNBALANCED_ADVICE = "This is a defect: please report it. Migrate again: a new run lists everything anew."


def unbalanced(ledger: Ledger) -> str:
    """What is wrong with books that do not balance; empty where they do."""
    settled = ledger.copied + ledger.failed + ledger.conflicts + ledger.left
    lost = ledger.listed - ledger.accounted_for
    if lost > 0:
        return f"The books do not balance: {lost:,} of {ledger.listed:,} listed keys are not on record."
    if lost < 0:
        return f"The books do not balance: {-lost:,} keys are on record that were not listed."
    if settled != ledger.planned:
        return f"The books do not balance: {ledger.planned:,} were planned, {settled:,} are accounted for."
    if ledger.verified > ledger.copied:
        return f"The books do not balance: {ledger.verified:,} verified, but {ledger.copied:,} copied."
    return ""


def ending_of(error: MigratorError, signal: int, *, has_begun: bool) -> tuple[Outcome, int, str]:
    """Outcome, exit code and cause. `has_begun`: there is a journal, so the run can be resumed."""
    match error:
        case Cancelled():
            code = EXIT_TERMINATED if signal == _SIGTERM else EXIT_INTERRUPTED
            return Outcome.STOPPED, code, "stopped"
        case Paused():
            return Outcome.PAUSED, EXIT_PAUSED, error.cause
        case UnfinishedRun():
            return Outcome.REFUSED, EXIT_USAGE, "unfinished-run"
        case UsageError() | JournalBusy():
            return Outcome.REFUSED, EXIT_USAGE, "usage"
        case EnvironmentNotAccepted():
            return Outcome.REFUSED, EXIT_REFUSED, "environment"
        case LossNotAccepted():
            return Outcome.REFUSED, EXIT_REFUSED, "losses"
        case Refused():
            return Outcome.REFUSED, EXIT_REFUSED, "refused"
        case JournalFull() if has_begun:
            return Outcome.PAUSED, EXIT_PAUSED, "disk-full"
        case JournalError() if isinstance(error, JournalCorrupt) or not has_begun:
            return Outcome.REFUSED, EXIT_REFUSED, "journal"
        case StoreError() if has_begun:
            return Outcome.PAUSED, EXIT_PAUSED, error.code
        case StoreError():
            return Outcome.REFUSED, EXIT_REFUSED, error.code
        case JournalError():
            return Outcome.PAUSED, EXIT_PAUSED, "journal"
        case _:
            return Outcome.FAILED, EXIT_FAILED, type(error).__name__
