"""The faults of the proxy: what they do, which requests they strike, and what they have struck."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from tests.support.proxy_wire import Head


class Kind(Enum):
    """What happens to a request. In all of these the connection to the client breaks, except where said."""

    DROP_ANSWER = auto()
    """The server carries it out; the client gets a reset instead of the answer."""
    CUT_REQUEST = auto()
    """The server gets at most half of the body and then a reset, the client a reset."""
    CUT_ANSWER = auto()
    """The client gets the head, half of the body, and the end of the connection."""
    ERROR_AFTER = auto()
    """The server carries it out; the client gets 200 with an `<Error>` as body. The connection stays."""
    ERROR_INSTEAD = auto()
    """The same answer, but the server hears nothing. The connection stays."""
    EMPTY_AFTER = auto()
    """The server carries it out; the client gets 200 without a body. The connection stays."""
    REFUSE = auto()
    """503 `SlowDown`, the server hears nothing. The connection stays. With `times` a storm."""
    HOLD = auto()
    """The client gets a reset, the server nothing, until the test says `fault.held[0].deliver()`."""


@dataclass(frozen=True)
class Passed:
    """One line of the log. `body_bytes` went on to the server, counted on the wire. Status 0: none."""

    method: str
    path: str
    query: str
    body_bytes: int
    server_status: int
    client_status: int
    kind: Kind | None = None


class Held:
    """A request on its way, for as long as the test likes."""

    def __init__(self, head: Head, body: bytes, send: Callable[[Held], int]) -> None:
        self.head = head
        self.body = body
        self._send = send

    def deliver(self) -> int:
        """It reaches the server now. Returns the status of an answer that nobody waits for.

        Each call delivers it once more. Raises OSError where the server is not there.
        """
        return self._send(self)


class Fault:
    """Strikes the `nth` request that fits, and the ones after it, `times` in all.

    `path` (percent-decoded) and `query` (as sent) are searched for as regular expressions. A request that
    fits and cannot be hurt (half of an empty body) goes through and counts towards `times`, not as struck.
    """

    def __init__(self, kind: Kind, method: str, path: str, query: str, nth: int, times: int) -> None:
        self.kind = kind
        self.struck = 0
        self.held: list[Held] = []
        self._method = method
        self._path = re.compile(path)
        self._query = re.compile(query)
        self._places = range(nth, nth + times)
        self._seen = 0
        self._changed = threading.Condition()

    def takes(self, head: Head) -> bool:
        """Whether this request, which counts as seen if it fits, is to be struck."""
        fits = (
            self._method in ("", head.method)
            and self._path.search(head.path) is not None
            and self._query.search(head.query) is not None
        )
        if not fits:
            return False
        with self._changed:
            self._seen += 1
            return self._seen in self._places

    def strike(self, held: Held | None = None) -> None:
        """Counted before the client can notice anything."""
        with self._changed:
            self.struck += 1
            if held is not None:
                self.held.append(held)
            self._changed.notify_all()

    def wait(self, times: int = 1, patience_s: float = 30.0) -> None:
        """Until it has struck that often; TimeoutError where it has not in time."""
        with self._changed:
            if not self._changed.wait_for(lambda: self.struck >= times, patience_s):
                raise TimeoutError(f"{self.kind.name} has struck {self.struck} of {times} times")
