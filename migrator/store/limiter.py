"""How fast one end may be asked, all threads together: as fast as they can, until it asks for less.

An end that answers 503 or 429 means everybody who asks it, not only the request it answered. From then on
its requests are spaced: at seven tenths of the rate at which it had just answered, back at that rate after
RETURN_S seconds, carefully beyond it, and after three times as long without limit again. While it refuses
nearly everything it is asked less and less, and is back at the old rate as soon as after one refusal. Where
the end said how long to wait (Retry-After), nothing is sent to it before that.

Pure but for its lock: the time comes in from outside.
"""

from __future__ import annotations

import threading

#: What is left of the rate when an end asks for less.
CUT = 0.7
#: Seconds after which the rate is back where it was; the limit ends after three times as many.
RETURN_S = 5.0
#: And what is left at least, of the rate before.
LEAST_LEFT = 0.02
#: An end is asked so often in a second at least.
LEAST_PER_S = 4.0
#: Requests already under way are refused too: within so many seconds one cut answers all refusals.
DEAF_S = 0.5
#: The rate is taken over so many answers.
COUNTED = 32
#: Nobody is believed who asks for a longer rest at once.
LONGEST_REST_S = 3600.0


class Limiter:
    """Of one end. Thread-safe."""

    def __init__(self, now_s: float) -> None:
        self.is_on = False  #: asked before every request, and nearly always no: then nothing else is
        self.refusals = 0  #: how often the end asked for less, so far
        self._answers = 0  # threads may race to add: a few lost do not matter to a rate
        self._marks = (now_s, now_s)  # when the last COUNTED answers had come, and those before them
        self._lock = threading.Lock()  # guards what is below
        self._peak_per_s = 0.0  # what was too much, though the end could nearly do it
        self._left = CUT  # of that, right after the last refusal
        self._since_s = now_s  # the last cut, and the answers before it
        self._answers_before = 0
        self._cut_at_s = 0.0
        self._closed_until_s = now_s
        self._next_s = now_s
        self._deaf_until_s = now_s

    def answered(self) -> bool:
        """Count an answer; True where `mark` wants to know the time."""
        self._answers += 1
        return not self._answers % COUNTED

    def mark(self, now_s: float) -> None:
        self._marks = (now_s, self._marks[0])

    def refused(self, now_s: float, rest_s: float) -> None:
        """The end asked for less; `rest_s` is the rest that it wants, 0 where it did not say."""
        with self._lock:
            self.refusals += 1
            self._closed_until_s = max(self._closed_until_s, now_s + min(rest_s, LONGEST_REST_S))
            self._next_s = max(self._next_s, self._closed_until_s)
            if now_s >= self._deaf_until_s:
                self._cut(now_s)
                self._deaf_until_s = now_s + DEAF_S
            self._cut_at_s = max(now_s, self._closed_until_s)
            self.is_on = True

    def turn(self, now_s: float) -> float:
        """Book the next request; returns the seconds to wait before it may be sent."""
        with self._lock:
            if now_s - self._cut_at_s >= 3 * RETURN_S:
                self.is_on = False
            if not self.is_on:
                return 0.0
            at = max(self._next_s, self._closed_until_s, now_s)
            self._next_s = at + 1 / self._allowed_per_s(at)
            return at - now_s

    def is_closed(self, now_s: float) -> bool:
        """Whether the end asked, meanwhile, for a rest that is not over."""
        with self._lock:
            return now_s < self._closed_until_s

    def _cut(self, now_s: float) -> None:
        if not self.is_on:
            self._peak_per_s, self._left = max(self._measured_per_s(now_s), LEAST_PER_S), CUT
        else:
            allowed = self._allowed_per_s(now_s)
            answered = (self._answers - self._answers_before) / max(now_s - self._since_s, 0.001)
            if answered >= allowed / 2:
                self._peak_per_s, self._left = allowed, CUT
            else:  # it refuses whatever is asked: its rate cannot be told from that
                self._left = max(LEAST_LEFT, self._left * CUT)
        self._since_s, self._answers_before = now_s, self._answers

    def _measured_per_s(self, now_s: float) -> float:
        """Of the last answers, or of those since: whichever is more, so that a pause is no slowness."""
        last, before = self._marks
        since = self._answers % COUNTED / max(now_s - last, 0.001)
        return max(since, COUNTED / (last - before) if last > before else 0.0)

    def _allowed_per_s(self, now_s: float) -> float:
        """A cubic: steep at first, flat around the rate that was too much, then steep again."""
        gone = max(0.0, now_s - self._cut_at_s) / RETURN_S
        steep = 1 - self._left if gone < 1 else 1 - CUT
        return max(LEAST_PER_S, self._peak_per_s * (1 + steep * (gone - 1) ** 3))
