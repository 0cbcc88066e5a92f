"""Runs as a list of them shows each: read from their journals, without working on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class PastRun:
    """One run. `state`: an outcome, or `running`, `crashed`, `unreadable`, `incomplete` (an earlier run that
    it relies on was undone). `undo`: empty, `started`, `rolled-back`, `incomplete` or `accepted`.

    `created` and `changed` are ISO, UTC; `ledger` are the books; `kept` and `bytes_kept` what is kept aside
    for undo. `waits`: it could go on, or its roll back could, and nobody works on it. `is_busy`: a process
    does. `is_demo`: its services are gone. `why`: what its end said besides the outcome.
    """

    run: str
    state: str
    undo: str
    name: str
    source: str
    destination: str
    created: str
    changed: str
    seconds: float
    ledger: Mapping[str, Any]
    open_uploads: int
    kept: int
    bytes_kept: int
    directory: str
    waits: bool
    is_busy: bool
    is_demo: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class RunsListed:
    """The newest runs, newest first, of `total`."""

    runs: tuple[PastRun, ...]
    total: int
