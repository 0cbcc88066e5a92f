"""The number of transfers at a time, found out with servers that are three lines of arithmetic."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.model.pace import LEAST, MOST, QUIET_S, REQUEST_BYTES, START, Cause, Change, Pace, Seen

TICK_S = 0.1


@dataclass
class Server:
    """Answers after `latency_s`, at most `most_per_s` times a second, and refuses above `refuses_above` at a
    time. `noise` multiplies what it does in a tick."""

    latency_s: float = 0.05
    most_per_s: float = 1e9
    refuses_above: float = 1e9
    refuses_one_in: int = 0
    noise: Callable[[], float] = lambda: 1.0


@dataclass
class Story:
    """One run: time goes by in ticks, and every change is kept with its time."""

    server: Server
    pace: Pace = field(default_factory=Pace)
    now_s: float = 0.0
    done: float = 0.0
    refusals: float = 0.0
    is_bound: bool = False
    is_short: bool = False
    changes: list[tuple[float, Change]] = field(default_factory=list)

    def live(self, seconds: float) -> Story:
        end = self.now_s + seconds
        while self.now_s < end:
            self.now_s += TICK_S
            server, threads = self.server, self.pace.threads
            accepted = min(threads, server.refuses_above)
            per_s = min(accepted / server.latency_s, server.most_per_s) if accepted else 0.0
            self.done += per_s * TICK_S * server.noise()
            refused = max(0.0, threads - server.refuses_above) / server.latency_s * TICK_S
            if server.refuses_one_in:
                refused += per_s * TICK_S / server.refuses_one_in
            refused_by = "AWS" if int(self.refusals + refused) > int(self.refusals) else ""
            self.refusals += refused
            seen = Seen(
                self.now_s,
                self.done * REQUEST_BYTES,
                int(self.done),
                refused_by,
                int(self.refusals),
                self.is_bound,
                self.is_short,
            )
            before = self.pace.threads
            change = self.pace.look(seen)
            assert LEAST <= self.pace.threads <= MOST
            if change is None:
                assert self.pace.threads == before
            else:
                assert (change.before, change.after) == (before, self.pace.threads)
                assert change.before != change.after
                self.changes.append((self.now_s, change))
        return self

    def between(self, begin_s: float, end_s: float) -> list[Change]:
        return [change for at, change in self.changes if begin_s <= at < end_s]


def test_far_away_it_finds_its_way_up_in_some_seconds() -> None:
    story = Story(Server(latency_s=0.1)).live(8)
    assert story.pace.threads == MOST
    assert [change.after for _, change in story.changes] == [32, 64, 128, 256]
    assert [change.cause for _, change in story.changes] == [Cause.TRYING, *[Cause.FASTER] * 3]


@pytest.mark.parametrize("best", [16, 40, 100])
def test_it_stays_near_the_number_beyond_which_nothing_is_gained(best: int) -> None:
    story = Story(Server(latency_s=0.05, most_per_s=best / 0.05)).live(600)
    assert best / 2 <= story.pace.threads <= 2 * best
    assert any(change.cause is Cause.NO_GAIN for _, change in story.changes)


def test_where_more_is_no_faster_it_is_tried_ever_more_rarely() -> None:
    story = Story(Server(latency_s=0.004, most_per_s=4000)).live(3600)
    assert len(story.between(0, 600)) <= 12
    assert len(story.between(1800, 3600)) <= 14, "once up and back in five minutes"
    assert story.pace.threads == START


def test_a_busy_processor_is_not_given_more() -> None:
    story = Story(Server(latency_s=0.004), is_bound=True).live(60)
    assert story.changes == []


def test_nothing_is_learned_while_there_is_too_little_to_do() -> None:
    story = Story(Server(latency_s=0.05), is_short=True).live(60)
    assert story.changes == []
    story.is_short = False
    assert story.live(8).pace.threads == MOST


@pytest.mark.parametrize("limit", [1, 3, 10, 20, 50, 100])
def test_below_a_limit_it_settles_and_seldom_touches_it(limit: int) -> None:
    story = Story(Server(latency_s=0.1, refuses_above=limit)).live(900)
    assert limit / 2.5 <= story.pace.threads <= limit
    story.live(3600)
    later = story.between(900, 4500)
    refusals = [change for change in later if change.cause is Cause.THROTTLED]
    assert len(refusals) <= 8
    assert len(later) <= 60


def test_an_end_that_asks_for_less_gets_half_at_once_and_is_named() -> None:
    story = Story(Server(latency_s=0.1, refuses_above=50)).live(8)
    at, change = next(each for each in story.changes if each[1].cause is Cause.THROTTLED)
    assert (change.before, change.after, change.end) == (64, 32, "AWS")
    assert at < 4
    quiet = next(change for _, change in story.live(30).changes if change.cause is Cause.QUIET)
    assert (quiet.before, quiet.after) == (32, 47), "half-way to what was refused at most"
    assert QUIET_S <= quiet.quiet_s <= QUIET_S + 2


def test_a_few_refusals_halve_it_once_and_not_down_to_one() -> None:
    """An end with a limit to its rate refuses one request in a hundred, however few transfers there are."""
    story = Story(Server(latency_s=0.02, refuses_one_in=100)).live(120)
    assert [change.after for _, change in story.changes] == [8]


def test_it_recovers_after_a_storm() -> None:
    story = Story(Server(latency_s=0.1)).live(10)
    before = story.pace.threads
    story.server.refuses_above = 0
    story.live(30)
    assert story.pace.threads == LEAST
    story.server.refuses_above = 1e9
    story.live(60)
    assert story.pace.threads >= before / 2


def test_an_end_that_became_faster_is_used_again() -> None:
    story = Story(Server(latency_s=0.05, most_per_s=400)).live(120)
    assert story.pace.threads <= 40
    story.server.most_per_s = 1e9
    assert story.live(400).pace.threads >= 200


def test_a_bound_below_the_start_is_kept() -> None:
    story = Story(Server(latency_s=0.1), Pace(threads=8, most=12)).live(100)
    assert story.pace.threads == 12


@settings(deadline=None, max_examples=60)
@given(
    st.floats(0.001, 2.0),
    st.floats(5, 20_000),
    st.integers(1, 400),
    st.integers(0, 1000),
)
def test_whatever_the_server_it_neither_leaves_its_bounds_nor_flutters(
    latency_s: float, most_per_s: float, refuses_above: int, seed: int
) -> None:
    """`live` watches the bounds. With a quarter of noise: a change in half a minute at most."""
    chance = random.Random(seed)
    server = Server(latency_s, most_per_s, refuses_above, noise=lambda: chance.uniform(0.75, 1.25))
    story = Story(server).live(300)
    settled = story.now_s
    story.live(1800)
    assert len(story.between(settled, settled + 1800)) <= 60
    reached = min(min(story.pace.threads, refuses_above) / latency_s, most_per_s)
    best = min(min(MOST, refuses_above) / latency_s, most_per_s)
    assert reached >= best / 3
