"""Patience with an end: what is tried again, when, and for how long.

Two kinds of trouble are told apart. An end that *answers* but fails (500, 503, a body cut short) is asked
again a few times with jittered, growing delays; then the object has failed and the run goes on. An end that
does *not answer* (no connection, connection lost) says nothing about the object: the request waits with
everybody else's until the end is back, for as long as `wait_s` allows, and then the run pauses. An end that
loses one request again and again but answers others has a quarrel with that request: it fails like the first
kind.

An end that asks for less (503, 429) means everybody: its `Limiter` spaces the requests of all threads.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from migrator.errors import Cancelled, Paused, StoreError, Throttled, Transient, Unreachable
from migrator.model.active import Why
from migrator.store.base import ObjectStore
from migrator.store.limiter import LONGEST_REST_S, Limiter

T = TypeVar("T")


class Patience(Protocol):
    """What waiting needs from outside: a clock, a source of jitter, and a way to be interrupted."""

    def now(self) -> float:
        """Monotonic seconds."""
        ...

    def jitter(self) -> float:
        """A random number in [0, 1)."""
        ...

    def wait(self, seconds: float) -> bool:
        """Sleep; True where somebody asked to stop meanwhile."""
        ...


class Waiting(Protocol):
    """Hears what the calling thread waits for."""

    def begin(self, why: Why, end: str, seconds: float) -> None:
        """It is about to, as far as it knows for so long."""
        ...

    def over(self) -> None:
        """It does not any more."""
        ...


#: end, operation, attempt (from 1), delay in seconds, cause
OnRetry = Callable[[str, str, int, float, str], None]


@dataclass(frozen=True, slots=True)
class Policy:
    """How often and how long. `tries` counts sends."""

    tries: int = 6
    first_delay_s: float = 0.3
    longest_delay_s: float = 20.0
    #: How long an end may be gone that has answered before, and one that never has.
    wait_s: float = 24 * 3600
    first_answer_s: float = 20.0

    def delay_s(self, attempt: int, jitter: float) -> float:
        """Full jitter: anywhere between a tenth of the step and the whole of it."""
        doublings = min(attempt - 1, 60)  # an end can be gone for longer than 2.0 ** attempt can be told
        step = min(self.longest_delay_s, self.first_delay_s * 2.0**doublings)
        return step * (0.1 + 0.9 * jitter)


class Patient:
    """How requests to one end are tried again. `RetryingStore` has the requests."""

    def __init__(
        self,
        inner: ObjectStore,
        patience: Patience,
        policy: Policy | None = None,
        on_retry: OnRetry | None = None,
    ) -> None:
        self.inner = inner
        self._patience = patience
        self._policy = policy or Policy()
        self._on_retry = on_retry
        self.limiter = Limiter(patience.now())
        #: Told of each request that went well: its operation, and how many seconds it took.
        self.on_answer: Callable[[str, float], None] | None = None
        self.waiting: Waiting | None = None  #: hears what threads wait for
        self._lock = threading.Lock()  # guards the two below
        self._has_answered = False
        self._silent_since: float | None = None

    @property
    def end(self) -> str:
        return self.inner.end

    def _try(self, operation: str, call: Callable[[], T]) -> T:
        failures = losses = 0
        try:
            while True:
                if self._patience.wait(0):
                    raise Cancelled
                if self.limiter.is_on:
                    self._wait_for_its_turn()
                began = self._patience.now() if self.on_answer else 0.0
                try:
                    result = call()
                except Throttled as cause:
                    failures += 1
                    self._refused(operation, cause, failures)
                except Transient as cause:
                    if not _is_silence(cause):
                        self._heard()
                        failures += 1
                        self._again_or_give_up(operation, cause, failures, self._delay(failures))
                    else:
                        losses += 1
                        self._wait_for_the_end(operation, cause, losses)
                except StoreError as cause:
                    self._heard()
                    if not cause.is_transient:
                        raise
                    failures += 1
                    self._again_or_give_up(operation, cause, failures, self._delay(failures))
                else:
                    self._heard()
                    if self.limiter.answered():
                        self.limiter.mark(self._patience.now())
                    if self.on_answer:
                        self.on_answer(operation, self._patience.now() - began)
                    return result
        finally:
            if failures or losses:
                self._goes_on()

    def _try_once(self, operation: str, call: Callable[[], T]) -> T:
        """Like `_try`, for what must not be done twice: again only where the end says it did nothing."""
        for attempt in range(1, self._policy.tries + 1):
            if self._patience.wait(0):
                raise Cancelled
            if self.limiter.is_on:
                self._wait_for_its_turn()
            try:
                result = call()
            except Throttled as cause:
                self._refused(operation, cause, attempt)
            else:
                self._heard()
                if attempt > 1:
                    self._goes_on()
                return result
        raise AssertionError("giving up raises")

    def _wait_for_its_turn(self) -> None:
        """The end asked for less: it gets one request after the other, from all threads together."""
        while True:
            delay = self.limiter.turn(self._patience.now())
            if delay > 0:
                self._wait("slowed", delay)
            if not self.limiter.is_closed(self._patience.now()):
                self._goes_on()
                return

    def _refused(self, operation: str, cause: Throttled, attempt: int) -> None:
        """The end asks for less: of everybody, and of this request more with every attempt."""
        self._heard()
        rest = min(cause.retry_after_s or 0.0, LONGEST_REST_S)
        self.limiter.refused(self._patience.now(), rest)
        self._again_or_give_up(operation, cause, attempt, max(rest, self._delay(attempt)))

    def _delay(self, attempt: int) -> float:
        return self._policy.delay_s(attempt, self._patience.jitter())

    def _heard(self) -> None:
        if self._has_answered and self._silent_since is None:
            return  # as nearly always: no lock for it
        with self._lock:
            self._has_answered = True
            self._silent_since = None

    def _again_or_give_up(self, operation: str, cause: StoreError, attempt: int, delay: float) -> None:
        if attempt >= self._policy.tries:
            raise cause
        self._sleep(operation, cause, attempt, delay)

    def _wait_for_the_end(self, operation: str, cause: StoreError, losses: int) -> None:
        now = self._patience.now()
        with self._lock:
            if self._silent_since is None:
                self._silent_since = now
            silent_s = now - self._silent_since
            has_answered = self._has_answered
        if not has_answered and (silent_s >= self._policy.first_answer_s or is_hopeless(cause)):
            raise cause
        if has_answered and silent_s >= self._policy.wait_s:
            raise Paused(
                f"{self.end} has not answered for {silent_s:.0f} s. {cause.message}",
                cause="unreachable",
                advice="Resume the run when it is back.",
            )
        if has_answered and losses >= self._policy.tries and self._answers():
            # The end is there: it is this request that it cannot take. The object fails, the run goes on.
            raise cause
        self._sleep(operation, cause, losses, self._delay(losses))

    def _answers(self) -> bool:
        """Whether the end answers a harmless question, whatever the answer is."""
        try:
            self.inner.list_buckets()
        except Transient as cause:
            return cause.status is not None
        except StoreError:
            return True
        return True

    def _sleep(self, operation: str, cause: StoreError, attempt: int, delay: float) -> None:
        if self._on_retry:
            self._on_retry(self.end, operation, attempt, round(delay, 2), cause.code)
        self._wait(_why(cause), delay)

    def _wait(self, why: Why, delay: float) -> None:
        if self.waiting:
            self.waiting.begin(why, self.end, delay)
        if self._patience.wait(delay):
            raise Cancelled

    def _goes_on(self) -> None:
        if self.waiting:
            self.waiting.over()


def _is_silence(cause: StoreError) -> bool:
    """Whether there was no answer at all."""
    return isinstance(cause, Transient) and (isinstance(cause, Unreachable) or cause.status is None)


def _why(cause: StoreError) -> Why:
    """What an end does that made a request wait."""
    if isinstance(cause, Throttled):
        return "slowed"
    return "silent" if _is_silence(cause) else "failing"


def is_hopeless(cause: StoreError) -> bool:
    """True where asking again cannot help an end that never answered: a wrong name or certificate."""
    return cause.code in {"TLS", "UnknownHost"}
