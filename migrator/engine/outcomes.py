"""Ends of one object's copy that are neither success nor an answer of a store."""

from __future__ import annotations

from migrator.errors import (
    BadCredentials,
    Cancelled,
    ClockSkew,
    CredentialsError,
    ExpiredCredentials,
    MigratorError,
    NotFound,
    Paused,
)
from migrator.model.objects import Written
from migrator.redacting import without_secrets


class SourceChanged(MigratorError):
    """The source object is not the one that was listed."""


class CannotCarry(MigratorError):
    """The object would arrive poorer than it is; `reason` is one of `plan.Unsupported`'s.

    `was_removed`: it did arrive, as what it should not be, and is gone again.
    """

    def __init__(self, reason: str, *, was_removed: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.was_removed = was_removed


class ChangedMeanwhile(MigratorError):
    """The destination holds something else under this key than when the plan was made."""


class CannotUndo(MigratorError):
    """Replacing what is there could not be undone, and the job insists on that it can."""


class StaysThere(MigratorError):
    """An end answered success to a delete and keeps the object."""


class BadCopy(MigratorError):
    """What arrived is not what was sent. `cause` groups such failures.

    `left` is what had to be left there, because it is not provably ours or replaced something; None where
    nothing is there any more. `is_marked`: it carries our token.
    """

    def __init__(
        self,
        message: str,
        *,
        cause: str,
        advice: str = "",
        left: Written | None = None,
        is_marked: bool = False,
    ) -> None:
        super().__init__(message, advice=advice)
        self.cause = cause
        self.left = left
        self.is_marked = is_marked


def reason_to_pause(error: BaseException | None) -> MigratorError | None:
    """An error that says nothing about the object: the whole command waits for a person."""
    if isinstance(error, Paused):
        return error
    if isinstance(error, ClockSkew):
        return Paused(error.message, cause="clock-skew", advice=error.advice)
    if isinstance(error, ExpiredCredentials | BadCredentials | CredentialsError):
        advice = error.advice or "Renew the keys, then resume."
        return Paused(error.message, cause="credentials", advice=advice)
    return None


def is_left_for_later(error: BaseException | None) -> bool:
    """True where an object keeps its open state: the command stops or pauses, the object did not fail."""
    return error is None or isinstance(error, Cancelled) or reason_to_pause(error) is not None


def describe(error: BaseException | None) -> tuple[str, str, str]:
    """cause (groups failures), message and advice of what went wrong with one object; kept in the journal."""
    return without_secrets(_described(error))


def _described(error: BaseException | None) -> tuple[str, str, str]:
    match error:
        case SourceChanged():
            return "source-changed", error.message, "Resume the run: the object is looked at again."
        case NotFound(code="NoSuchKey" | "NoSuchVersion"):
            return "source-gone", "The object was deleted at the source after it was listed.", ""
        case BadCopy():
            return error.cause, error.message, error.advice
        case MigratorError():
            return getattr(error, "code", type(error).__name__), error.message, error.advice
        case _:
            return type(error).__name__, f"Unexpected: {error}", "Please report this."
