"""What the tests of the contract are given, for the `keeper` that the place they run in provides."""

from __future__ import annotations

from dataclasses import replace

import pytest

from migrator.model.objects import Properties
from migrator.store.base import ObjectStore, Versioning
from tests.store import abilities
from tests.store.contract_help import RICH
from tests.store.keepers import Keeper


def expect_failure(request: pytest.FixtureRequest, keeper: Keeper) -> None:
    """Expect the test to fail where it needs what this keeper lacks (see `abilities`)."""
    missing = sorted(getattr(request.function, "needs", frozenset()) & keeper.lacks)
    name = request.node.name.replace("-fast", "")  # a server differs, whoever asks it
    missing += abilities.known_difference(keeper.name, request.node.cls.__name__, name)
    if name != request.node.name:
        missing = [each for each in missing if each not in abilities.READ_ALL_THE_SAME]
    if missing:
        reason = f"{keeper.name} lacks: {', '.join(missing)}"
        request.applymarker(pytest.mark.xfail(reason=reason, strict=True))


@pytest.fixture
def store(keeper: Keeper) -> ObjectStore:
    return keeper.store


@pytest.fixture
def rich(keeper: Keeper) -> Properties:
    """All that this keeper knows: what hostile keys are about is no matter of tags."""
    return replace(RICH, tags={}) if abilities.TAGS in keeper.lacks else RICH


@pytest.fixture
def part_bytes(keeper: Keeper) -> int:
    """The least that a part may have which is not the last."""
    return keeper.part_bytes


@pytest.fixture
def bucket(keeper: Keeper) -> str:
    """Fresh, without versions."""
    return keeper.new_bucket()


@pytest.fixture
def versioned(keeper: Keeper) -> str:
    """Fresh, with versions."""
    return keeper.new_bucket(Versioning.ENABLED)
