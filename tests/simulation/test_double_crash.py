"""Crashes inside recoveries and rollbacks, somebody else in between: as many stories as there are seeds."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor

import pytest

from tests.simulation.trials import trial

QUICK = 300
#: The long form; `MIGRATOR_SEEDS` makes it longer still.
LONG = int(os.environ.get("MIGRATOR_SEEDS", "3000"))
#: Seeds in one piece of work: small enough that a failure shows soon.
PIECE = 250


def failing(seeds: range) -> str:
    """The line that reproduces the first failing seed, empty where none fails."""
    for seed in seeds:
        try:
            trial(seed)
        except AssertionError as error:
            return f"python -m tests.simulation --seed {seed}  # {error}"
    return ""


def test_crashes_upon_crashes() -> None:
    assert failing(range(QUICK)) == ""


@pytest.mark.long
@pytest.mark.timeout(4 * 3600)
def test_crashes_upon_crashes_for_very_many_seeds() -> None:
    pieces = [range(first, min(first + PIECE, LONG)) for first in range(0, LONG, PIECE)]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context) as pool:
        found = [line for line in pool.map(failing, pieces) if line]
    print(f"{LONG} seeds")
    assert not found, "\n".join(found)
