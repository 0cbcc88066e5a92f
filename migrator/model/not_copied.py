"""Objects that a run did not copy, by name: what a person can leave out from the next one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NotCopied:
    """Keys that `run` did not copy for one cause (the code of a failure, a conflict, or of what cannot be
    carried over). `more`: there are others of it that are not among them."""

    run: str
    cause: str
    keys: tuple[str, ...]
    more: bool = False
