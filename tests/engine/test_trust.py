"""What has to be looked at, and what a look stands for; the whole is in `test_copy.TestTrust`."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from migrator.engine.orders import Order
from migrator.engine.trust import FIRST, Look, Trust
from migrator.model.objects import ObjectVersion, Properties, Written
from migrator.store.base import Versioning

MD5 = hashlib.md5(b"", usedforsecurity=False).hexdigest()
SENT = Properties(cache_control="no-store")


def ask(trust: Trust, seq: int) -> Look | None:
    listed = ObjectVersion(f"{seq}", 0, MD5, datetime(2026, 1, 2, tzinfo=UTC))
    return trust.look(Order(seq, listed, f"{seq}", f"run.{seq}.1", None), Written(MD5), SENT, MD5)


def trusting() -> Trust:
    """A run whose first copies were all looked at."""
    trust = Trust(Versioning.OFF, is_allowed=True)
    for seq in range(FIRST):
        look = ask(trust, seq)
        assert look is not None
        trust.kept(look)
    return trust


def test_a_look_that_broke_off_leaves_its_copies_to_the_next() -> None:
    trust = trusting()
    looks = [ask(trust, seq) for seq in range(100, 164)]
    (look,) = [each for each in looks if each is not None]
    trust.broke_off(look)
    ((last, stands_for),) = trust.last_ones()
    assert {last.order.seq, *(each.order.seq for each in stands_for.bracket)} == set(range(100, 163))


def test_after_a_difference_no_look_stands_for_another_copy() -> None:
    """Also those whose look breaks off only afterwards."""
    trust = trusting()
    looks = [ask(trust, seq) for seq in range(100, 164)]
    (slow,) = [each for each in looks if each is not None]
    assert ask(trust, 200) is None
    trust.lost(Look(None, []))
    trust.broke_off(slow)
    assert trust.last_ones() == []
    assert {each.order.seq for each in trust.suspects()} == {*range(100, 163), 200}
    assert trust.suspects() == []
    assert ask(trust, 300) is not None
