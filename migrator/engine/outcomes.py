"""Ends of one object's copy that are neither success nor an answer of a store."""

from __future__ import annotations

from migrator.errors import MigratorError


class SourceChanged(MigratorError):
    """The source object is not the one that was listed."""


class CannotCarry(MigratorError):
    """The object would arrive poorer than it is; `reason` is one of `plan.Unsupported`'s."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ChangedMeanwhile(MigratorError):
    """The destination holds something else under this key than when the plan was made."""


class BadCopy(MigratorError):
    """What arrived is not what was sent; it has been removed again. `cause` groups such failures."""

    def __init__(self, message: str, *, cause: str, advice: str = "") -> None:
        super().__init__(message, advice=advice)
        self.cause = cause
