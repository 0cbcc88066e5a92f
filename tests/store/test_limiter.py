"""One end that asks for less, and everybody who asks it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.store.base import Versioning
from migrator.store.limiter import CUT, LEAST_PER_S, RETURN_S, Limiter
from migrator.store.retrying import RetryingStore
from tests.engine.test_retrying import FakePatience, Scripted


def answering(per_s: float, seconds: float = 2.0) -> tuple[Limiter, float]:
    """A limiter that saw so many answers in a second, and what time it is."""
    limiter, now = Limiter(100.0), 100.0
    for _ in range(int(per_s * seconds)):
        now += 1 / per_s
        if limiter.answered():
            limiter.mark(now)
    return limiter, now


def sent_in(limiter: Limiter, begin_s: float, end_s: float) -> int:
    """How many requests are let through by an end that everybody wants something of, all the time."""
    sent, now = 0, begin_s
    while now < end_s:
        delay = limiter.turn(now)
        if not limiter.is_on:
            break
        now += delay
        sent += begin_s <= now < end_s
    return sent


def test_nothing_is_spaced_before_an_end_asks_for_less() -> None:
    limiter, now = answering(1000)
    assert not limiter.is_on
    assert [limiter.turn(now) for _ in range(1000)] == [0.0] * 1000


@pytest.mark.parametrize("per_s", [20, 300, 4000])
def test_one_refusal_slows_everybody_to_seven_tenths_and_lets_go_again(per_s: int) -> None:
    limiter, now = answering(per_s)
    limiter.refused(now, 0.0)
    assert limiter.is_on
    first = sent_in(limiter, now, now + 0.5) / 0.5
    assert CUT * per_s * 0.9 <= first <= CUT * per_s * 1.25
    around = sent_in(limiter, now + RETURN_S - 0.5, now + RETURN_S + 0.5)
    assert around == pytest.approx(per_s, rel=0.1)
    assert limiter.turn(now + 3 * RETURN_S) == 0.0
    assert not limiter.is_on


def test_while_it_goes_on_refusing_it_is_asked_ever_less_but_asked() -> None:
    limiter, now = answering(1000)
    for _ in range(600):
        limiter.refused(now, 0.0)
        now += 0.1
    assert sent_in(limiter, now, now + 0.1) / 0.1 <= 150


def test_after_a_storm_it_is_soon_asked_as_much_as_before() -> None:
    limiter, now = answering(1000)
    for _ in range(600):
        limiter.refused(now, 0.0)
        now += 0.1
    assert sent_in(limiter, now + RETURN_S - 1, now + RETURN_S) >= 900


def test_an_end_with_a_limit_to_its_rate_is_asked_nearly_so_much_and_refuses_little() -> None:
    """300 a second, and a small reserve, for five minutes: what the limiter finds by itself."""
    limiter, now = answering(2000)
    reserve, last, answered, refused = 30.0, now, 0, 0
    end = now + 300
    limiter.refused(now, 0.0)
    while now < end:
        now += max(limiter.turn(now), 0.0005)
        reserve, last = min(30.0, reserve + (now - last) * 300), now
        if reserve >= 1:
            reserve -= 1
            answered += 1
            if limiter.answered():
                limiter.mark(now)
        else:
            refused += 1
            limiter.refused(now, 0.0)
    assert answered >= 0.8 * 300 * 300
    assert refused <= 0.02 * answered


def test_refusals_of_what_was_under_way_count_once() -> None:
    limiter, now = answering(1000)
    for _ in range(50):
        limiter.refused(now, 0.0)
        now += 0.005
    assert sent_in(limiter, now, now + 0.5) / 0.5 >= CUT * 1000 * 0.9
    assert limiter.refusals == 50


def test_a_pause_before_is_not_taken_for_slowness() -> None:
    limiter, now = answering(1000)
    now += 600.0
    limiter.refused(now, 0.0)
    assert sent_in(limiter, now, now + 1) >= 500


def test_the_rest_that_an_end_asks_for_is_kept_by_everybody() -> None:
    limiter, now = answering(1000)
    limiter.refused(now, 7.5)
    delays = [limiter.turn(now) for _ in range(20)]
    assert delays[0] == pytest.approx(7.5)
    assert delays == sorted(delays), "and then not all at once"
    assert delays[-1] > delays[0] + 19 / 1000
    assert limiter.is_closed(now + 7)
    assert not limiter.is_closed(now + 7.6)


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 5), st.sampled_from([0.0, 0.0, 0.5, 3.0])), max_size=20))
def test_nobody_waits_longer_than_was_asked_for_and_for_those_before(
    story: list[tuple[float, float]],
) -> None:
    limiter, now = answering(100)
    open_at = now
    for gap_s, rest_s in story:
        now += gap_s
        limiter.refused(now, rest_s)
        open_at = max(open_at, now + rest_s)
        delay = limiter.turn(now)
        # One request a turn, and as many turns as there are refusals.
        assert 0.0 <= delay <= max(0.0, open_at - now) + len(story) / LEAST_PER_S


def test_one_request_that_is_refused_holds_up_the_next_one_too() -> None:
    """Another request to the same end, which was never refused, waits for the rest to be over."""
    patience = FakePatience()
    store = RetryingStore(Scripted("fine"), patience)  # type: ignore[arg-type]
    store.limiter.refused(patience.now(), 30.0)
    assert store.versioning("bucket") is Versioning.OFF
    assert patience.elapsed == pytest.approx(30.0)
    assert store.versioning("bucket") is Versioning.OFF
    assert 30.0 < patience.elapsed < 31.0


def test_a_marker_waits_for_its_turn_like_every_request() -> None:
    class Lays:
        end = "AWS"

        def lay_marker(self, bucket: str, key: str) -> str:
            return "marker"

    patience = FakePatience()
    store = RetryingStore(Lays(), patience)  # type: ignore[arg-type]
    store.limiter.refused(patience.now(), 5.0)
    assert store.lay_marker("bucket", "key") == "marker"
    assert patience.elapsed == pytest.approx(5.0)
