"""Sockets and threads of the S3 server: reads requests, writes answers, breaks connections when told to."""

from __future__ import annotations

import os
import socket
import socketserver
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol, cast

from migrator.demo.wire import Answer, BadRequest, Head, read_head, send

READ_BUFFER_BYTES = 64 * 1024
#: How soon a stop is noticed by the accepting thread.
POLL_S = 0.02
#: So many pieces a slow body comes in.
PIECES = 20
#: Close at once, with a reset instead of a goodbye.
_ABRUPT = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a request: an answer, half of one, or (None) a broken connection.

    `pause` is called before each of `PIECES` that the answer's body is then sent in.
    """

    answer: Answer | None
    is_cut: bool = False
    pause: Callable[[], object] | None = None


class Service(Protocol):
    """Judges and answers; called from many threads."""

    def refusal(self, head: Head) -> Answer | None:
        """An answer that does not wait for the body, None where the request may go on."""
        ...

    def outcome(self, head: Head, body: bytes) -> Outcome: ...

    def now(self) -> datetime: ...


class Listener(socketserver.ThreadingTCPServer):
    """Accepts, and remembers every open connection so that all of them can be ended together."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    # Elsewhere the option would let another process take the port over.
    allow_reuse_address = os.name == "posix"

    def __init__(self, host: str, port: int, service: Service) -> None:
        self.service = service
        self._open: set[socket.socket] = set()
        self._changed = threading.Condition()
        super().__init__((host, port), _Connection)
        name = f"s3-server-{self.port}"
        accept: Callable[[], None] = lambda: self.serve_forever(POLL_S)  # noqa: E731 - one line for a thread
        self._thread = threading.Thread(target=accept, name=name, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self.socket.getsockname()[1])

    def end(self, *, patience_s: float = 5.0) -> None:
        """Stop listening, break every connection, wait for their threads."""
        self.shutdown()
        self.server_close()
        self._thread.join(patience_s)
        with self._changed:
            for connection in self._open:
                _break(connection)
            self._changed.wait_for(lambda: not self._open, patience_s)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._changed:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self._changed:
            self._open.discard(request)
            self._changed.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Connections break; that is the client's affair. (Errors of the service have become answers.)"""


class _Connection(socketserver.StreamRequestHandler):
    """One connection: requests one after the other until either side has enough."""

    disable_nagle_algorithm = True
    rbufsize = READ_BUFFER_BYTES
    connection: socket.socket

    def handle(self) -> None:
        service = cast(Listener, self.server).service
        while self._serve_one(service):
            pass

    def _serve_one(self, service: Service) -> bool:
        """True where the connection can be used again."""
        try:
            head = read_head(self.rfile)
        except BadRequest:
            send(self.connection, None, Answer(400), close=True, now=service.now())
            return False
        if head is None:
            return False
        length = head.header("content-length", "0")
        if "transfer-encoding" in head.headers or not (length.isascii() and length.isdigit()):
            # S3 wants to know the length beforehand (411 MissingContentLength).
            send(self.connection, head, Answer(411), close=True, now=service.now())
            return False
        refusal = service.refusal(head)
        if head.header("expect").lower() == "100-continue":
            if refusal is not None:
                send(self.connection, head, refusal, close=True, now=service.now())
                return False
            self.connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = self.rfile.read(int(length)) if length != "0" else b""
        if len(body) < int(length):
            return False
        outcome = Outcome(refusal) if refusal is not None else service.outcome(head, body)
        return self._write(head, outcome, service.now())

    def _write(self, head: Head, outcome: Outcome, now: datetime) -> bool:
        if outcome.answer is None:
            _break(self.connection)
            return False
        if outcome.is_cut:
            answer = outcome.answer
            half = answer.body[: len(answer.body) // 2]
            whole = len(answer.body) if answer.length is None else answer.length
            send(self.connection, head, replace(answer, body=half, length=whole), close=True, now=now)
            return False
        if outcome.pause is not None and head.method != "HEAD":
            self._trickle(head, outcome.answer, outcome.pause, now)
        else:
            send(self.connection, head, outcome.answer, close=head.closes, now=now)
        return not head.closes

    def _trickle(self, head: Head, answer: Answer, pause: Callable[[], object], now: datetime) -> None:
        body = memoryview(answer.body)
        length = len(body) if answer.length is None else answer.length
        send(self.connection, head, replace(answer, body=b"", length=length), close=head.closes, now=now)
        for number in range(PIECES):
            pause()
            self.connection.sendall(body[len(body) * number // PIECES : len(body) * (number + 1) // PIECES])


def _break(connection: socket.socket) -> None:
    """End it from any thread: whoever waits on it wakes up, the peer sees a reset or the end."""
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABRUPT)
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it is gone already
