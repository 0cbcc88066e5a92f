"""How many transfers at a time: found out by trying, where a job says `threads = "auto"`.

Additive increase would take hours from 16 to 256 and the best number may be 20, so it goes in three ways:

* at first the number doubles, as long as that makes the run faster;
* where it did not, the number goes back and rests, each time for longer; then half as many again are tried;
* an end that asks for less halves it, and for some minutes the number that was too much is not reached again.
  It is halved further only while much is refused: a few refusals are what spacing requests is for.

Faster means: at least a quarter of what the additional transfers would do, were each as fast as before. What
was seen comes in with `look`, time and all, so that a test can be any server.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

START = 16
LEAST = 1
#: One processor copies some 4,000 small objects in a second: at 50 ms for a request, this many at a time.
MOST = 256
#: A request is work as so many bytes are.
REQUEST_BYTES = 128 * 1024

#: Of what a raise would bring if each transfer went as fast as before.
GAIN = 0.25
#: A number is tried for so long at least; at most, where transfers take long.
MEASURE_S = 0.5
LONGEST_S = 10.0
#: What began before the number was changed gets so long to end.
SETTLE_S = 5.0
#: After an end asked for less, and after a raise that brought nothing; the latter doubles up to a limit.
QUIET_S = 20.0
LONGEST_HOLD_S = 320.0
#: One halving answers everything that was refused within so many seconds.
DEAF_S = 2.0
#: After the first halving, the share of refusals from which on there is another one.
MUCH = 0.1
#: So long a number that was too much is not tried again; doubles up to a limit.
CEILING_S = 300.0
LONGEST_CEILING_S = 2400.0


class Cause(StrEnum):
    """Why the number was changed."""

    TRYING = "trying"  #: nothing says that more would be of no use
    FASTER = "faster"  #: the last raise paid off
    QUIET = "quiet"  #: nothing was refused for a while
    NO_GAIN = "no-gain"  #: the last raise did not pay off
    THROTTLED = "throttled"  #: an end asked for less
    HAND = "hand"  #: a person changed it


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen up to now. `work`, `ended` and `refusals` count from the beginning of the run.

    `refused_by` is the end that asked for less since the last look, if any. `is_bound`: more would be of no
    use, because something else keeps the run from going faster: the processor, memory, a speed limit.
    `is_short`: there was less to do than transfers allowed, so that nothing can be learned from the speed.
    """

    now_s: float
    work: float
    ended: int
    refused_by: str = ""
    refusals: int = 0
    is_bound: bool = False
    is_short: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """`end` is the one that asked for less; `quiet_s` how long nothing was refused."""

    before: int
    after: int
    cause: Cause
    end: str = ""
    quiet_s: float = 0.0


@dataclass(frozen=True, slots=True)
class _Trial:
    """What was before the raise that is being judged."""

    threads: int
    rate: float


class Pace:
    """The number, and what is known about it. One thread's."""

    def __init__(self, threads: int = START, most: int = MOST) -> None:
        self.threads = threads
        self._most = max(most, LEAST)
        self._since: Seen | None = None  # the present measurement
        self._is_settling = False
        self._was_bound = False
        self._trial: _Trial | None = None
        self._double_below = self._most  # as TCP's slow start threshold
        self._hold_s = QUIET_S
        self._hold_until_s = float("-inf")
        self._refused_s = float("-inf")  # when an end asked for less last
        self._deaf_until_s = float("-inf")
        self._at_cut = Seen(0.0, 0.0, 0)
        self._kept = LEAST  # the number before the last raise: nothing was refused then
        self._ceiling: int | None = None  # less than this
        self._ceiling_until_s = float("-inf")
        self._ceiling_s = CEILING_S
        self._rest_is_quiet = False  # what is waited for is that nothing is refused

    def look(self, seen: Seen) -> Change | None:
        """To be called several times a second; the change to make, if there is one."""
        if seen.refused_by:
            return self._refused(seen)
        if self._since is None or seen.is_short:
            self._begin(seen)
            return None
        self._was_bound |= seen.is_bound
        gone_s, ended = seen.now_s - self._since.now_s, seen.ended - self._since.ended
        if self._is_settling:
            if ended >= self.threads or gone_s >= SETTLE_S:
                self._begin(seen)
            return None
        if gone_s < MEASURE_S or (ended < 2 * self.threads and gone_s < LONGEST_S):
            return None
        rate = (seen.work - self._since.work) / gone_s
        change = self._judge(seen, rate)
        self._begin(seen, settle=change is not None)
        return change

    def _begin(self, seen: Seen, *, settle: bool = False) -> None:
        self._since, self._is_settling, self._was_bound = seen, settle, False

    # -- less -----------------------------------------------------------------------------------

    def _refused(self, seen: Seen) -> Change | None:
        now = seen.now_s
        is_new = now - self._refused_s >= QUIET_S
        self._refused_s = now
        self._rest_is_quiet = True
        self._hold_until_s = max(self._hold_until_s, now + QUIET_S)
        self._trial = None
        self._begin(seen, settle=True)
        if now < self._deaf_until_s:
            self._at_cut = seen  # what was under way when the number was halved says nothing about it
            return None
        if not is_new and self._share_refused(seen) < MUCH:
            return None
        self._deaf_until_s, self._at_cut = now + DEAF_S, seen
        if is_new:
            self._set_ceiling(now)
        before, self.threads = self.threads, max(LEAST, self.threads // 2)
        self._double_below = min(self._double_below, self.threads)
        if before == self.threads:
            return None
        return Change(before, self.threads, Cause.THROTTLED, seen.refused_by)

    def _share_refused(self, seen: Seen) -> float:
        refused = seen.refusals - self._at_cut.refusals
        return refused / max(1, refused + seen.ended - self._at_cut.ended)

    def _set_ceiling(self, now_s: float) -> None:
        """Half-way between what was refused and what was not: so the right number is found in a few steps.

        Only where trouble begins: while an end refuses everything, one number is no worse than another.
        """
        was_near = self._ceiling is not None and self._ceiling <= 2 * self.threads
        self._ceiling_s = min(2 * self._ceiling_s, LONGEST_CEILING_S) if was_near else CEILING_S
        kept = min(self._kept, self.threads - 1)
        self._ceiling = max(LEAST + 1, (kept + self.threads + 1) // 2)
        self._ceiling_until_s = now_s + self._ceiling_s

    def _step_back(self, trial: _Trial, now_s: float) -> Change:
        before, self.threads, self._trial = self.threads, trial.threads, None
        self._double_below = min(self._double_below, self.threads)
        self._hold_until_s = now_s + self._hold_s
        self._rest_is_quiet = False
        self._hold_s = min(2 * self._hold_s, LONGEST_HOLD_S)
        return Change(before, self.threads, Cause.NO_GAIN)

    # -- more -----------------------------------------------------------------------------------

    def _judge(self, seen: Seen, rate: float) -> Change | None:
        has_paid_off = False
        if self._trial is not None:
            wanted = 1 + GAIN * (self.threads / self._trial.threads - 1)
            has_paid_off = rate >= wanted * self._trial.rate
            if not has_paid_off:
                return self._step_back(self._trial, seen.now_s)
            self._trial = None
            self._hold_s = QUIET_S
        if self._was_bound or seen.now_s < self._hold_until_s:
            return None
        return self._raise(seen.now_s, rate, has_paid_off=has_paid_off)

    def _raise(self, now_s: float, rate: float, *, has_paid_off: bool) -> Change | None:
        most = self._most
        if self._ceiling is not None and now_s < self._ceiling_until_s:
            most = min(most, self._ceiling - 1)
        elif self._ceiling is not None and self.threads < self._ceiling:
            most = min(most, self._ceiling + self._ceiling // 8)  # it may have been right
        double = 2 * self.threads <= self._double_below
        after = min(most, 2 * self.threads if double else self.threads + max(1, self.threads // 2))
        if after <= self.threads:
            return None
        self._trial = _Trial(self.threads, rate)
        self._kept = self.threads
        before, self.threads = self.threads, after
        if has_paid_off:
            return Change(before, after, Cause.FASTER)
        if self._rest_is_quiet:
            return Change(before, after, Cause.QUIET, quiet_s=now_s - self._refused_s)
        return Change(before, after, Cause.TRYING)
