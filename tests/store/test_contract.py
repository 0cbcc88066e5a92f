"""Runs the contract suite on every keeper of `conftest.KEEPERS`."""

from tests.store.contract import *  # noqa: F403
