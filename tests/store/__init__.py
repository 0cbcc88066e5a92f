"""Tests of stores. The contract's suites are rewritten like tests: their assertions say what is wrong."""

import pytest

for _suite in ("copies", "deletes", "help", "listings", "objects", "properties", "stacks", "uploads"):
    pytest.register_assert_rewrite(f"tests.store.contract_{_suite}")
