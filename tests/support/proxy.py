"""A proxy on loopback that does to S3 requests what a bad network or a confused server does, when told to.

    with FaultProxy(server.url) as proxy:
        fault = proxy.add(Kind.DROP_ANSWER, method="PUT", path="^/bucket/key$")
        ...  # a client of proxy.url; its signatures hold, `Host` goes through as it was sent
        assert fault.struck == 1

Ordinary requests and answers stream through. Those that meet a fault are taken in whole first.
"""

from __future__ import annotations

import socket
import threading
from types import TracebackType
from typing import assert_never
from urllib.parse import urlsplit

from tests.support.proxy_faults import Fault, Held, Kind, Passed
from tests.support.proxy_wire import (
    Head,
    Stream,
    Truncated,
    answer_body,
    answer_head,
    ends_with_connection,
    read_head,
    request_body,
)

CONNECT_S = 10.0
#: How long a server that was asked `Expect: 100-continue` may be silent before the body is sent anyway.
CONTINUE_S = 1.0
#: How long `close` waits for each thread.
JOIN_S = 10.0
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class FaultProxy:
    """In front of the server at `server_url` (http). Listens from the start of the block to its end.

    `requests` is the log: a client that has its answer finds the request there.
    """

    def __init__(self, server_url: str) -> None:
        parts = urlsplit(server_url)
        self._server = (parts.hostname or "", parts.port or 80)
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._requests: list[Passed] = []
        self._streams: set[Stream] = set()
        self._threads: set[threading.Thread] = set()
        self._is_ending = False
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._address = self._listener.getsockname()
        self._acceptor = threading.Thread(target=self._accept, name=f"proxy-{self.port}")

    def __enter__(self) -> FaultProxy:
        self._acceptor.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Break every connection and join every thread; RuntimeError where one does not end."""
        with self._lock:
            self._is_ending = True
            streams = list(self._streams)
        for stream in streams:
            stream.wake()
        # An accept in another thread is woken by a connection on every system, by nothing else.
        socket.create_connection(self._address, CONNECT_S).close()
        self._acceptor.join(JOIN_S)
        self._listener.close()
        with self._lock:
            threads = [self._acceptor, *self._threads]
        for thread in threads:
            thread.join(JOIN_S)
        left = [thread.name for thread in threads if thread.is_alive()]
        if left:
            raise RuntimeError(f"threads of the proxy do not end: {left}")

    @property
    def port(self) -> int:
        return int(self._address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def requests(self) -> list[Passed]:
        with self._lock:
            return list(self._requests)

    def add(
        self, kind: Kind, method: str = "", path: str = "", query: str = "", *, nth: int = 1, times: int = 1
    ) -> Fault:
        """From now on. Of several faults that would strike a request the one added first does."""
        fault = Fault(kind, method, path, query, nth, times)
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """No fault strikes any more; requests that are held can still be delivered."""
        with self._lock:
            self._faults.clear()

    # For connections and held requests

    def fault_for(self, head: Head) -> Fault | None:
        with self._lock:
            # Every fault sees every request, or `nth` would depend on the other faults.
            takers = [fault for fault in self._faults if fault.takes(head)]
        return takers[0] if takers else None

    def note(
        self, head: Head, body_bytes: int, server_status: int, client_status: int, kind: Kind | None
    ) -> None:
        with self._lock:
            self._requests.append(
                Passed(head.method, head.path, head.query, body_bytes, server_status, client_status, kind)
            )

    def deliver(self, held: Held) -> int:
        """Send it now, on a connection of its own; returns the status of the answer. Raises OSError."""
        server = self.connect()
        try:
            server.send(held.head.raw + held.body)
            status = answer_head(server.reader).status
        finally:
            self.forget(server)
        self.note(held.head, len(held.body), status, 0, Kind.HOLD)
        return status

    def connect(self) -> Stream:
        """A new connection to the server. Raises OSError."""
        connection = socket.create_connection(self._server, CONNECT_S)
        # From here on it is the client's patience that counts.
        connection.settimeout(None)
        return self._kept(Stream(connection))

    def forget(self, stream: Stream, *, is_abrupt: bool = False) -> None:
        """Close it; more than once does no harm."""
        with self._lock:
            is_open = stream in self._streams
            self._streams.discard(stream)
        if is_open:
            (stream.reset if is_abrupt else stream.close)()

    def _kept(self, stream: Stream) -> Stream:
        with self._lock:
            if not self._is_ending:
                self._streams.add(stream)
                return stream
        stream.close()
        raise ConnectionAbortedError("the proxy is ending")

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            try:
                client = self._kept(Stream(connection))
            except ConnectionAbortedError:
                return
            thread = threading.Thread(target=self._serve, args=(client,), name=f"proxy-{self.port}-client")
            with self._lock:
                self._threads.add(thread)
            thread.start()

    def _serve(self, client: Stream) -> None:
        connection = _Connection(self, client)
        try:
            while connection.exchange():
                pass
        except OSError:
            pass  # one side has gone; `end` tells the other
        finally:
            connection.end()
            with self._lock:
                self._threads.discard(threading.current_thread())


class _Connection:
    """A client, and the connection to the server that its requests share."""

    def __init__(self, proxy: FaultProxy, client: Stream) -> None:
        self._proxy = proxy
        self._client = client
        self._server: Stream | None = None
        self._is_inside = False

    def exchange(self) -> bool:
        """One request. True where the client may send another; OSError where a side breaks."""
        head = read_head(self._client.reader)
        if head is None:
            return False
        self._is_inside = True
        fault = self._proxy.fault_for(head)
        is_usable = self._pass(head) if fault is None else self._hurt(head, fault)
        self._is_inside = False
        return is_usable and not head.closes

    def end(self) -> None:
        """Neither side may take half of a message for the whole."""
        for stream in (self._client, self._server):
            if stream is not None:
                self._proxy.forget(stream, is_abrupt=self._is_inside)

    def _pass(self, head: Head) -> bool:
        sent = 0
        status = 0
        is_whole = False
        try:
            server = self._to_server()
            server.send(head.raw)
            answer = self._continued(head, server)
            if answer is None:
                for piece in request_body(self._client.reader, head):
                    server.send(piece)
                    sent += len(piece)
                is_whole = True
                answer = answer_head(server.reader)
            status = answer.status
        finally:
            self._proxy.note(head, sent, status, status, None)
        self._client.send(answer.raw)
        for piece in answer_body(server.reader, answer, head.method):
            self._client.send(piece)
        # A client that was not told to continue sends its body or does not: nobody can know.
        return is_whole and not ends_with_connection(answer, head.method)

    def _continued(self, head: Head, server: Stream) -> Head | None:
        """The server's answer to the head alone; None where the body may go on."""
        if not head.awaits_continue:
            return None
        if not server.is_readable(CONTINUE_S):
            return None
        answer = read_head(server.reader)
        if answer is None:
            raise Truncated("no answer")
        if answer.status != 100:
            return answer
        self._client.send(answer.raw)
        return None

    def _hurt(self, head: Head, fault: Fault) -> bool:
        body = self._taken(head)
        head = head.without("expect")
        match fault.kind:
            case Kind.HOLD:
                fault.strike(Held(head, body, self._proxy.deliver))
                return self._broken(head, 0, 0, fault.kind)
            case Kind.REFUSE:
                return self._instead(head, 0, 0, fault, 503, _error("SlowDown"))
            case Kind.ERROR_INSTEAD:
                return self._instead(head, 0, 0, fault, 200, _error("InternalError"))
            case Kind.CUT_REQUEST if body:
                half = body[: len(body) // 2]
                server = self._to_server()
                server.send(head.raw + half)
                self._proxy.forget(server, is_abrupt=True)
                fault.strike()
                return self._broken(head, len(half), 0, fault.kind)
            case Kind.DROP_ANSWER | Kind.CUT_ANSWER | Kind.ERROR_AFTER | Kind.EMPTY_AFTER | Kind.CUT_REQUEST:
                return self._after(head, body, fault)
            case _:
                assert_never(fault.kind)

    def _after(self, head: Head, body: bytes, fault: Fault) -> bool:
        """Those that strike once the server has answered."""
        server = self._to_server()
        server.send(head.raw + body)
        answer = answer_head(server.reader)
        content = b"".join(answer_body(server.reader, answer, head.method))
        if ends_with_connection(answer, head.method):
            self._proxy.forget(server)
        sent, status = len(body), answer.status
        if fault.kind is Kind.DROP_ANSWER:
            fault.strike()
            return self._broken(head, sent, status, fault.kind)
        if fault.kind is Kind.ERROR_AFTER:
            return self._instead(head, sent, status, fault, 200, _error("InternalError"))
        if fault.kind is Kind.EMPTY_AFTER:
            return self._instead(head, sent, status, fault, 200, b"")
        is_cut = fault.kind is Kind.CUT_ANSWER and content != b""
        if is_cut:
            fault.strike()
        self._proxy.note(head, sent, status, status, fault.kind if is_cut else None)
        self._client.send(answer.raw + (content[: len(content) // 2] if is_cut else content))
        if is_cut:
            # No reset here: it could overtake the half that is to arrive.
            self._proxy.forget(self._client)
        return not is_cut and not ends_with_connection(answer, head.method)

    def _taken(self, head: Head) -> bytes:
        if head.awaits_continue:
            self._client.send(_CONTINUE)
        return b"".join(request_body(self._client.reader, head))

    def _instead(
        self, head: Head, sent: int, server_status: int, fault: Fault, status: int, content: bytes
    ) -> bool:
        fault.strike()
        self._proxy.note(head, sent, server_status, status, fault.kind)
        self._client.send(_made_up(status, content, head.method))
        return True

    def _broken(self, head: Head, sent: int, server_status: int, kind: Kind) -> bool:
        self._proxy.note(head, sent, server_status, 0, kind)
        self._proxy.forget(self._client, is_abrupt=True)
        return False

    def _to_server(self) -> Stream:
        """The connection of the last request unless the server has closed it since."""
        server, self._server = self._server, None
        if server is not None and self._is_idle(server):
            self._server = server
            return server
        if server is not None:
            self._proxy.forget(server)
        self._server = self._proxy.connect()
        return self._server

    def _is_idle(self, server: Stream) -> bool:
        # Nothing is asked of it: what could be read is the end.
        return not server.is_closed and not server.is_readable()


def _error(code: str) -> bytes:
    said = f"<Code>{code}</Code><Message>The proxy says so.</Message><RequestId>PROXY</RequestId>"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{said}</Error>'.encode()


def _made_up(status: int, content: bytes, method: str) -> bytes:
    reason = "OK" if status == 200 else "Slow Down"
    head = f"HTTP/1.1 {status} {reason}\r\nContent-Type: application/xml\r\nContent-Length: {len(content)}"
    return f"{head}\r\n\r\n".encode() + (b"" if method == "HEAD" else content)
