"""A `MemoryCloud` as a real S3 service on loopback: HTTP/1.1, path-style, signatures checked for real.

For the `demo` command (one process for each cloud) and for tests, which also need what no real server
gives: a log of what was asked, and faults on demand. Standard library only.

    with S3Server(cloud, {"AKDEMO": "secret"}) as server:
        boto3.client("s3", endpoint_url=server.url, ...)
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import socket
import sys
import threading
import uuid
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from types import TracebackType

from migrator.demo.connection import PIECES, Listener, Outcome
from migrator.demo.faults import Fault, Faults, denial, instead, spoiled
from migrator.demo.routes import carry_out, operation_of
from migrator.demo.samples import fill
from migrator.demo.sigv4 import check_payload, check_signature
from migrator.demo.wire import Answer, Head
from migrator.demo.xmlout import error_answer
from migrator.errors import StoreError, Transient
from migrator.store.memory_cloud import MemoryCloud
from migrator.store.memory_rules import AWS, CEPH, LYVE
from migrator.store.memory_settings import Clock, wall_clock

REQUESTS_KEPT = 100_000
_LINE_LIMIT = 1024
QUIRKS = {"aws": AWS, "ceph": CEPH, "lyve": LYVE}

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Request:
    """One line of the log. `status` 0: no answer was sent. Bytes are those of the bodies."""

    method: str
    operation: str
    bucket: str
    key: str
    status: int
    bytes_in: int
    bytes_out: int


class S3Server:
    """Serves one cloud to the holders of `credentials` (access key -> secret).

    `requests` is logged before the answer goes out, so a client that has its answer finds it there.
    `denied_operations` are answered with 403. `region`, if given, is the only one signatures may name.
    `now` is what signatures and `Date` are measured by; the cloud has its own clock.
    """

    def __init__(
        self,
        cloud: MemoryCloud,
        credentials: Mapping[str, str],
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        region: str = "",
        now: Clock = wall_clock,
    ) -> None:
        self.cloud = cloud
        self.credentials = dict(credentials)
        self.requests: deque[Request] = deque(maxlen=REQUESTS_KEPT)
        self.faults = Faults()
        self.denied_operations: set[str] = set()
        self._host = host
        self._port = port
        self._region = region
        self._now = now
        self._listener: Listener | None = None
        self._stopping = threading.Event()
        self._held: socket.socket | None = None

    def start(self) -> S3Server:
        """Listen. After `stop` or `die` it can be started again, under the same address."""
        if self._listener is None:
            self._let_go()
            self._stopping.clear()
            self._listener = Listener(self._host, self._port, self)
            self._port = self._listener.port
        return self

    def stop(self) -> None:
        """Refuse new connections, break the open ones, wait for their threads."""
        self._stopping.set()
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.end()
        self._let_go()

    def die(self) -> None:
        """What a crash looks like from outside: everything breaks at once, then nobody listens.

        The port stays taken, without a listener: nobody else is given it, and `start` finds it free.
        """
        self.stop()
        self._held = socket.socket()
        self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._held.bind((self._host, self._port))

    def _let_go(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            held.close()

    @property
    def url(self) -> str:
        """Known from the first `start` on, also while the server is down."""
        return f"http://{self._host}:{self._port}"

    def operations(self) -> list[str]:
        """The names in the log, oldest first."""
        return [request.operation for request in tuple(self.requests)]

    def __enter__(self) -> S3Server:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # The service, called by connections

    def now(self) -> datetime:
        return self._now()

    def refusal(self, head: Head) -> Answer | None:
        try:
            check_signature(head, self.credentials, self._now(), self._region)
        except StoreError as error:
            request_id = _new_id()
            answer = error_answer(error, request_id)
            self._note(head, operation_of(head), answer, 0)
            return replace(answer, headers={**answer.headers, "x-amz-request-id": request_id})
        return None

    def outcome(self, head: Head, body: bytes) -> Outcome:
        operation = operation_of(head)
        fault = self.faults.next(operation, head.key)
        kind = fault.kind if fault is not None else ""
        if fault is not None and kind == "delay":
            self._stopping.wait(fault.seconds)
        # What was asked of a server that is going down is not carried out any more.
        is_lost = kind == "reset" or self._stopping.is_set()
        answer = None if is_lost else self._answer(head, body, operation, fault)
        if kind == "applied-reset":
            answer = None
        self._note(head, operation, answer, len(body))
        pause: Callable[[], object] | None = None
        if fault is not None and kind == "slow-body":
            pause = partial(self._stopping.wait, fault.seconds / PIECES)
        return Outcome(answer, is_cut=kind == "cut-body", pause=pause)

    def _answer(self, head: Head, body: bytes, operation: str, fault: Fault | None) -> Answer:
        request_id = _new_id()
        answer = instead(fault, request_id) if fault is not None else None
        if answer is None:
            answer = self._carried_out(head, body, operation, request_id)
            answer = spoiled(fault, answer) if fault is not None else answer
        named = {**answer.headers, "x-amz-request-id": request_id, "x-amz-id-2": "loopback"}
        return replace(answer, headers=named)

    def _carried_out(self, head: Head, body: bytes, operation: str, request_id: str) -> Answer:
        try:
            check_payload(head, body)
            if operation in self.denied_operations:
                raise denial()
            return carry_out(operation, self.cloud, head, body)
        except StoreError as error:
            return error_answer(error, request_id)
        except Exception:
            # A mistake of ours must reach the client as an answer, and the log with its trace.
            _log.exception("%s failed", operation)
            ours = Transient("We encountered an internal error.", code="InternalError", status=500)
            return error_answer(ours, request_id)

    def _note(self, head: Head, operation: str, answer: Answer | None, bytes_in: int) -> None:
        status = 0 if answer is None else answer.status
        bytes_out = 0 if answer is None or head.method == "HEAD" else len(answer.body)
        self.requests.append(
            Request(head.method, operation, head.bucket, head.key, status, bytes_in, bytes_out)
        )


def _new_id() -> str:
    return uuid.uuid4().hex[:16].upper()


def main(argv: Sequence[str] | None = None) -> int:
    """One server as a process: prints its address as JSON, ends with its stdin or on SIGTERM."""
    options = _parser().parse_args(argv)
    secret = _first_line()
    if not secret:
        sys.stderr.write("s3server: expected the secret key as the first line of standard input\n")
        return 2
    cloud = MemoryCloud(quirks=QUIRKS[options.quirks])
    try:
        for name in filter(None, options.buckets.split(",")):
            cloud.create_bucket(name, region=options.region)
            fill(cloud, name, options.samples)
    except StoreError as error:
        sys.stderr.write(f"s3server: {error.message}\n")
        return 2
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    threading.Thread(target=_watch_stdin, args=(ended,), name="s3-server-stdin", daemon=True).start()
    with S3Server(cloud, {options.access_key: secret}, port=options.port) as server:
        sys.stdout.write(json.dumps({"url": server.url}) + "\n")
        sys.stdout.flush()
        try:
            ended.wait()
        except KeyboardInterrupt:
            return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="s3server",
        description="An S3 service in memory, on loopback. Reads its secret key from standard input.",
    )
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--access-key", required=True)
    parser.add_argument("--buckets", default="", help="created empty, separated by commas")
    parser.add_argument("--region", default="us-east-1", help="the region of these buckets")
    parser.add_argument("--samples", type=int, default=0, metavar="N", help="made-up objects in each bucket")
    parser.add_argument("--quirks", choices=sorted(QUIRKS), default="aws")
    return parser


def _first_line() -> str:
    """The secret key. Read from the descriptor itself, like what follows: nothing may be read ahead."""
    line = b""
    while len(line) < _LINE_LIMIT and (byte := os.read(0, 1)) not in (b"", b"\n"):
        line += byte
    return line.decode("utf-8", "replace").strip()


def _watch_stdin(ended: threading.Event) -> None:
    """The parent holds the other end: when it is gone, however it went, so is this server.

    Reads the descriptor itself: a thread inside `sys.stdin` would hold up the interpreter's end.
    """
    try:
        while os.read(0, 4096):
            pass
    except OSError:
        return  # there is no stdin: a process without a parent to follow
    ended.set()


if __name__ == "__main__":
    sys.exit(main())
