"""A job file on its way into the form of a window, and out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ConfigRead:
    """A job file that may still lack its buckets.

    `table` is its nested dictionary. `keys` says in words what `source` and `destination` take their keys
    from (`AKIA…N5A, kept in Secret Service`); a side is missing where nothing is there. `run`: whose job it
    is. `is_last`: read unasked, at the start.
    """

    path: str
    table: Mapping[str, Any]
    keys: Mapping[str, str]
    run: str = ""
    is_last: bool = False


@dataclass(frozen=True, slots=True)
class ConfigSaved:
    """The form's job was written to a file that somebody chose. Nothing was tried, no keys are in it."""

    path: str


@dataclass(frozen=True, slots=True)
class ConfigWritten:
    """The job file is on disk. `vault` names the system's key store, empty where keys stay in memory.
    `has_keys`: keys were given with it; else they are where they were before."""

    path: str
    vault: str
    has_keys: bool = True
