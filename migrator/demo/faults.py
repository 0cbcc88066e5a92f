"""Things that go wrong on request: which requests, and how.

server.faults.add(Fault("PutObject", nth=3, kind="reset"))     # the third PUT is lost on the way
server.faults.add(Fault("GetObject", key="a/b", times=ALWAYS, kind="denied"))
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

from migrator.demo.wire import Answer
from migrator.demo.xmlout import error_answer
from migrator.errors import (
    AccessDenied,
    ExpiredCredentials,
    PreconditionFailed,
    StoreError,
    Throttled,
    Transient,
)

Kind = Literal[
    "503",  #: SlowDown, not carried out; with `seconds`, Retry-After says so
    "500",  #: InternalError, not carried out
    "409",  #: ConditionalRequestConflict, not carried out
    "denied",  #: 403 AccessDenied, not carried out
    "expired",  #: 400 ExpiredToken, not carried out
    "html",  #: 200 with a web page, as a captive portal answers; not carried out
    "error-in-200",  #: 200 with an error document, as Complete and Copy can answer; not carried out
    "empty-200",  #: carried out, but the answer is an empty 200 without headers of its own
    "reset",  #: the connection breaks before the answer; not carried out
    "applied-reset",  #: carried out, then the connection breaks before the answer
    "cut-body",  #: half of the answer's body, then the connection breaks
    "slow-body",  #: the answer's body comes in pieces, which take `seconds` in all
    "bad-bytes",  #: one byte of the answer's body is another one
    "delay",  #: answered as usual after `seconds`
]
KINDS: tuple[str, ...] = get_args(Kind)
#: For `Fault.times`.
ALWAYS = sys.maxsize

_DENIED = AccessDenied("Access Denied", code="AccessDenied", status=403)
_ERRORS: Mapping[str, StoreError] = {
    "503": Throttled("Please reduce your request rate.", code="SlowDown", status=503),
    "500": Transient("We encountered an internal error. Please try again.", code="InternalError", status=500),
    "409": PreconditionFailed(
        "The conditional request cannot succeed due to a conflicting operation.",
        code="ConditionalRequestConflict",
        status=409,
    ),
    "denied": _DENIED,
    "expired": ExpiredCredentials("The provided token has expired.", code="ExpiredToken", status=400),
    "error-in-200": Transient("We encountered an internal error.", code="InternalError", status=200),
}
_PAGE = b"<!DOCTYPE html><html><head><title>Welcome</title></head><body><h1>Please log in</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Fault:
    """Hits the `nth` matching request and the `times - 1` after it.

    An empty `operation` or `key` matches every one. Requests are counted from the moment the fault is
    added, and only those that are signed as they should be.
    """

    operation: str = ""
    kind: Kind = "503"
    nth: int = 1
    times: int = 1
    key: str = ""
    seconds: float = 0.0

    def matches(self, operation: str, key: str) -> bool:
        return self.operation in ("", operation) and self.key in ("", key)


class Faults:
    """The faults of one server. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._seen: list[int] = []
        self._fired: list[Fault] = []

    def add(self, fault: Fault) -> None:
        if fault.kind not in KINDS:
            raise ValueError(f"{fault.kind!r} is none of {', '.join(KINDS)}")
        with self._lock:
            self._faults.append(fault)
            self._seen.append(0)

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()
            self._seen.clear()

    @property
    def fired(self) -> tuple[Fault, ...]:
        """Every fault that hit, once for each hit."""
        with self._lock:
            return tuple(self._fired)

    def next(self, operation: str, key: str) -> Fault | None:
        """Count this request everywhere it matches; the first fault whose turn it is."""
        with self._lock:
            hit: Fault | None = None
            for index, fault in enumerate(self._faults):
                if fault.matches(operation, key):
                    self._seen[index] += 1
                    if hit is None and fault.nth <= self._seen[index] < fault.nth + fault.times:
                        hit = fault
            if hit is not None:
                self._fired.append(hit)
            return hit


def denial() -> StoreError:
    return _DENIED


def instead(fault: Fault, request_id: str) -> Answer | None:
    """The answer that takes the place of carrying the request out; None where it is carried out."""
    if fault.kind == "html":
        return Answer(200, {"Content-Type": "text/html"}, _PAGE)
    error = _ERRORS.get(fault.kind)
    if error is None:
        return None
    answer = error_answer(error, request_id)
    if fault.kind == "503" and fault.seconds:
        return replace(answer, headers={**answer.headers, "Retry-After": f"{fault.seconds:.0f}"})
    return answer


def spoiled(fault: Fault, answer: Answer) -> Answer:
    """The real answer, changed by the fault."""
    if fault.kind == "empty-200":
        return Answer(200)
    if fault.kind == "bad-bytes" and len(answer.body):
        body = bytearray(answer.body)
        body[len(body) // 2] ^= 0x01
        return Answer(answer.status, answer.headers, bytes(body), answer.length)
    return answer
