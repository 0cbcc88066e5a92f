"""`run.log`: one line of JSON for each event, the same for all kinds of them."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from migrator.engine.log import json_line
from migrator.model.events import ObjectCopied, as_json
from migrator.model.ledger import Assurance
from tests.support.world import StillClock

HOSTILE = ["\x00\x1f\x7f", "\u2028", "\udcff not UTF-8", '"\\\\', "\U0001f600"]
KEYS = st.text(min_size=1) | st.sampled_from(HOSTILE)


@given(KEYS, st.integers(0, 2**50), st.sampled_from(Assurance))
def test_a_copy_is_told_like_everything_else(key: str, size_bytes: int, assurance: Assurance) -> None:
    event = ObjectCopied(key, size_bytes, assurance.value)
    line = json_line(event, StillClock())
    data, time = as_json(event), json.loads(line)["time"]
    assert line == json.dumps({"event": data.pop("event"), "time": time, **data})
    assert line.isascii()
