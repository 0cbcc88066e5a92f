"""Patience around a store, on a clock that only waiting moves."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.errors import (
    AccessDenied,
    Cancelled,
    DigestMismatch,
    NotFound,
    Paused,
    StoreError,
    Throttled,
    Transient,
    Unreachable,
)
from migrator.store.base import Versioning
from migrator.store.patience import Policy
from migrator.store.retrying import RetryingStore

FAILURE = Transient("try again", code="InternalError", status=500)
LOST = Transient("connection lost", code="ConnectionClosed")
GONE = Unreachable("no route", code="Unreachable")


class FakePatience:
    """Time moves when somebody waits; `stop_at` is when somebody asks to stop."""

    def __init__(self, jitter: float = 0.5, stop_at: float = float("inf")) -> None:
        self.time = 1000.0
        self.began = self.time
        self.waits: list[float] = []
        self._jitter = jitter
        self._stop_at = stop_at

    def now(self) -> float:
        return self.time

    def jitter(self) -> float:
        return self._jitter

    def wait(self, seconds: float) -> bool:
        if seconds > 0:
            self.waits.append(seconds)
            self.time += seconds
        return self.elapsed >= self._stop_at

    @property
    def elapsed(self) -> float:
        return self.time - self.began


class Scripted:
    """A store whose `versioning` answers what it is told to; the last answer repeats for ever.

    `list_buckets` is the harmless question that tells an end that is gone from one that cannot take this
    request: by default it is as silent as the rest.
    """

    end = "AWS"

    def __init__(self, *answers: object, probe: Exception | None = GONE) -> None:
        self._answers = list(answers)
        self._probe = probe
        self.sent = 0

    def list_buckets(self) -> list[str]:
        if self._probe is not None:
            raise self._probe
        return []

    def versioning(self, bucket: str) -> Versioning:
        self.sent += 1
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return Versioning.OFF


def tried(*answers: object, **how: object) -> tuple[Scripted, FakePatience, Callable[[], Versioning]]:
    policy = how.pop("policy", Policy())
    told = how.pop("told", None)
    inner = Scripted(*answers, probe=how.pop("probe", GONE))  # type: ignore[arg-type]
    patience = FakePatience(**how)  # type: ignore[arg-type]
    on_retry = None if told is None else lambda *event: told.append(event)
    store = RetryingStore(inner, patience, policy, on_retry)  # type: ignore[arg-type]
    return inner, patience, lambda: store.versioning("bucket")


@pytest.mark.parametrize("error", [FAILURE, Throttled("slow", status=503), DigestMismatch("bad", status=200)])
@pytest.mark.parametrize("failures", [1, 2, 5])
def test_a_few_failures_are_lived_through(error: StoreError, failures: int) -> None:
    inner, patience, call = tried(*[error] * failures, "fine")
    assert call() is Versioning.OFF
    assert inner.sent == failures + 1
    assert len(patience.waits) == failures


@pytest.mark.parametrize("error", [FAILURE, Throttled("slow", status=503), DigestMismatch("bad", status=200)])
def test_an_end_that_answers_and_fails_is_given_up_after_six_sends(error: StoreError) -> None:
    inner, patience, call = tried(error)
    with pytest.raises(type(error)):
        call()
    assert inner.sent == Policy().tries == 6
    assert len(patience.waits) == 5


@pytest.mark.parametrize("error", [AccessDenied("no"), NotFound("none", code="NoSuchKey"), StoreError("?")])
def test_a_clear_answer_is_not_asked_for_again(error: StoreError) -> None:
    inner, patience, call = tried(error)
    with pytest.raises(type(error)):
        call()
    assert inner.sent == 1
    assert patience.waits == []


@settings(deadline=None)
@given(st.integers(1, 40), st.floats(0, 1, exclude_max=True))
def test_delays_grow_within_their_bounds(attempt: int, jitter: float) -> None:
    policy = Policy()
    step = min(policy.longest_delay_s, policy.first_delay_s * 2 ** (attempt - 1))
    delay = policy.delay_s(attempt, jitter)
    assert 0.1 * step <= delay <= step <= 20
    assert delay <= policy.delay_s(attempt + 1, jitter)
    assert policy.delay_s(10_000, jitter) <= 20, "an end may be silent for a day"


def test_delays_differ_so_that_threads_do_not_march_in_step() -> None:
    waits = []
    for jitter in (0.0, 0.5, 0.999):
        _, patience, call = tried(FAILURE, jitter=jitter)
        with pytest.raises(Transient):
            call()
        waits.append(patience.waits)
    assert all(low < middle < high for low, middle, high in zip(*waits, strict=True))


@pytest.mark.parametrize(("wish", "waited"), [(7.5, 7.5), (0.0, 0.165), (None, 0.165), (0.01, 0.165)])
def test_a_servers_wish_for_rest_is_honoured(wish: float | None, waited: float) -> None:
    _, patience, call = tried(Throttled("slow", status=503, retry_after_s=wish), "fine")
    call()
    assert patience.waits == [pytest.approx(waited)]


@pytest.mark.parametrize("error", [GONE, LOST])
def test_an_end_that_never_answered_is_given_up_within_a_minute(error: StoreError) -> None:
    inner, patience, call = tried(error, jitter=0.999)
    with pytest.raises(type(error)):
        call()
    assert Policy().first_answer_s <= patience.elapsed <= 60
    assert inner.sent > 3


@pytest.mark.parametrize("code", ["TLS", "UnknownHost"])
def test_a_wrong_name_or_certificate_is_told_at_once(code: str) -> None:
    inner, patience, call = tried(Unreachable("wrong", code=code))
    with pytest.raises(Unreachable):
        call()
    assert (inner.sent, patience.waits) == (1, [])


@pytest.mark.parametrize("error", [GONE, LOST, Unreachable("wrong", code="UnknownHost")])
def test_an_end_that_had_answered_is_waited_for_and_then_the_run_pauses(error: StoreError) -> None:
    _, patience, call = tried("fine", error, policy=Policy(wait_s=3600))
    call()
    with pytest.raises(Paused) as caught:
        call()
    assert caught.value.cause == "unreachable"
    assert "AWS" in caught.value.message
    assert 3600 <= patience.elapsed <= 3600 + Policy().longest_delay_s


def test_an_end_that_comes_back_in_time_is_not_noticed() -> None:
    inner, patience, call = tried("fine", *[GONE] * 50, "fine", policy=Policy(wait_s=3600))
    call()
    assert call() is Versioning.OFF
    assert inner.sent == 52
    assert patience.elapsed > 60


@pytest.mark.parametrize("probe", [None, AccessDenied("no"), FAILURE])
def test_a_request_that_an_end_cannot_take_fails_alone(probe: StoreError | None) -> None:
    """The end breaks the connection for this request only: the run must not wait for a day."""
    inner, patience, call = tried("fine", LOST, probe=probe)
    call()
    with pytest.raises(Transient):
        call()
    assert inner.sent == 1 + Policy().tries
    assert patience.elapsed < 60


def test_a_refusal_is_an_answer_too() -> None:
    _, patience, call = tried(AccessDenied("no"), *[GONE] * 20, "fine", policy=Policy(wait_s=3600))
    with pytest.raises(AccessDenied):
        call()
    assert call() is Versioning.OFF
    assert patience.elapsed > 60


def test_each_silence_is_measured_anew() -> None:
    answers = ["fine", *[GONE] * 12, "fine", *[GONE] * 12, "fine"]
    _, patience, call = tried(*answers, policy=Policy(wait_s=120), jitter=0.5)
    for _ in range(3):
        assert call() is Versioning.OFF
    assert patience.elapsed > 120


def test_nothing_is_sent_after_somebody_asked_to_stop() -> None:
    inner, _, call = tried("fine", stop_at=0)
    with pytest.raises(Cancelled):
        call()
    assert inner.sent == 0


@pytest.mark.parametrize("error", [FAILURE, GONE, LOST, Throttled("slow", status=503, retry_after_s=500)])
def test_waiting_ends_when_somebody_asks_to_stop(error: StoreError) -> None:
    inner, _, call = tried("fine", error, stop_at=0.1)
    call()
    with pytest.raises(Cancelled):
        call()
    assert inner.sent == 2


def test_every_retry_is_told_with_its_reason_and_delay() -> None:
    told: list[tuple[object, ...]] = []
    _, patience, call = tried(FAILURE, GONE, "fine", told=told)
    call()
    assert [(end, operation, attempt, cause) for end, operation, attempt, _, cause in told] == [
        ("AWS", "GetBucketVersioning", 1, "InternalError"),
        ("AWS", "GetBucketVersioning", 1, "Unreachable"),
    ]
    assert [event[3] for event in told] == [pytest.approx(wait, abs=0.01) for wait in patience.waits]


def test_every_operation_of_the_contract_is_tried_again() -> None:
    """Each method of the store goes through the same patience, under S3's own name."""
    from tests.support.faulty import OPERATIONS

    arguments = {
        "list_buckets": (),
        "check_bucket": ("b",),
        "versioning": ("b",),
        "lock_of": ("b",),
        "create_bucket": ("b", ""),
        "delete_bucket": ("b",),
        "list_page": ("b", ""),
        "versions": ("b", "k"),
        "list_versions_page": ("b", ""),
        "enable_versioning": ("b",),
        "copy": ("b", "k", "to"),
        "copy_part": ("b", "k", "to", "u", 1, 0, 1),
        "delete_versions": ("b", []),
        "head": ("b", "k"),
        "tags": ("b", "k"),
        "read": ("b", "k", bytearray(1)),
        "put": ("b", "k", b"", None),
        "create_upload": ("b", "k", None),
        "upload_part": ("b", "k", "u", 1, b""),
        "complete_upload": ("b", "k", "u", []),
        "abort_upload": ("b", "k", "u"),
        "list_parts": ("b", "k", "u"),
        "list_uploads": ("b", "k"),
        "delete": ("b", "k"),
        "put_tags": ("b", "k", {}),
        "lock_on": ("b", "k"),
        "set_lock": ("b", "k", None),
        "has_grants": ("b", "k"),
    }
    # A marker has no token: whether one was laid cannot be told, so that asking twice could lay two.
    assert set(arguments) == set(OPERATIONS) - {"lay_marker"}
    for name, args in arguments.items():
        asked: list[tuple[object, ...]] = []

        class FailsOnce:
            end = "AWS"

            def __getattr__(self, _: str, asked: list[tuple[object, ...]] = asked) -> Callable[..., None]:
                def method(*given: object, **_: object) -> None:
                    asked.append(given)
                    if len(asked) == 1:
                        raise FAILURE

                return method

        told: list[tuple[object, ...]] = []
        store = RetryingStore(FailsOnce(), FakePatience(), Policy(), lambda *e, told=told: told.append(e))  # type: ignore[arg-type]
        how = {"md5": b""} if name in ("put", "upload_part") else {}
        getattr(store, name)(*args, **how)
        assert asked == [args, args], name
        assert [event[1] for event in told] == [_NAMES.get(name, OPERATIONS[name])]


#: The tests tell a page of a whole history from the versions of one key; S3 does not.
_NAMES = {"list_versions_page": "ListObjectVersions"}


class LaysMarkers:
    """A store whose markers get lost as told."""

    end = "AWS"

    def __init__(self, *errors: StoreError) -> None:
        self._errors = list(errors)
        self.sent = 0

    def lay_marker(self, bucket: str, key: str) -> str:
        self.sent += 1
        if self._errors:
            raise self._errors.pop(0)
        return "marker"


@pytest.mark.parametrize("lost", [LOST, GONE, FAILURE])
def test_a_marker_is_never_sent_twice_after_silence(lost: StoreError) -> None:
    """The first may have been laid, and no token can tell."""
    inner = LaysMarkers(lost)
    with pytest.raises(Transient):
        RetryingStore(inner, FakePatience()).lay_marker("b", "k")  # type: ignore[arg-type]
    assert inner.sent == 1


def test_a_marker_that_an_end_had_no_time_for_is_sent_again() -> None:
    inner = LaysMarkers(Throttled("slow", status=503))
    assert RetryingStore(inner, FakePatience()).lay_marker("b", "k") == "marker"  # type: ignore[arg-type]
    assert inner.sent == 2
