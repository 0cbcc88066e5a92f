"""What several suites share: a store that misbehaves on request, and a small world to run the engine in."""

import pytest

pytest.register_assert_rewrite("tests.support.world")
