"""Lives of migrations that hypothesis thinks up, against dictionaries; see `life`."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.simulation.life import Life

#: The long form: so many lives of so many events, the same ones each time. With `MIGRATOR_EXAMPLES` there are
#: more, and others each time.
MORE = os.environ.get("MIGRATOR_EXAMPLES")
LONG = int(MORE or "500")
EVENTS = 60

_USUAL = settings(
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


def test_whatever_happens_nothing_of_others_is_lost_and_undo_is_exact() -> None:
    """The same lives each time, so that it says the same to everybody."""
    run_state_machine_as_test(
        Life, settings=settings(_USUAL, max_examples=150, stateful_step_count=30, derandomize=True)
    )


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_whatever_happens_in_many_long_lives() -> None:
    run_state_machine_as_test(
        Life, settings=settings(_USUAL, max_examples=LONG, stateful_step_count=EVENTS, derandomize=not MORE)
    )
