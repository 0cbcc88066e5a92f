"""A server on loopback that answers byte for byte what it is told, and counts connections and requests."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType

WAITS_S = 20


@dataclass(frozen=True)
class Request:
    """`connection` and `number` count from 1: of the server's connections, of the requests on this one."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int
    number: int


@dataclass(frozen=True)
class Reply:
    """Bytes to send. `closes` after them; without, the next request is awaited. `hangs`: nothing more comes
    until the client has gone."""

    raw: bytes = b""
    closes: bool = False
    hangs: bool = False


def reply(request: Request, status: int, body: bytes = b"", **headers: str) -> Reply:
    """An answer of HTTP; a dash in a header's name is an underscore. HEAD gets the head of it."""
    given = {"content-length": str(len(body)), **{name.replace("_", "-"): headers[name] for name in headers}}
    lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    raw = f"HTTP/1.1 {status} Answer\r\n{lines}\r\n".encode("latin-1")
    return Reply(raw + (body if request.method != "HEAD" else b""))


class Scripted:
    """Listens while entered."""

    def __init__(self, answer: Callable[[Request], Reply], context: ssl.SSLContext | None = None) -> None:
        self._answer = answer
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._changed = threading.Condition()  # guards what is below
        self._open: dict[int, socket.socket] = {}
        self._threads: list[threading.Thread] = []
        self._hanging = 0
        self.connections = 0
        self.requests: list[Request] = []

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        return f"{'https' if self._context else 'http'}://127.0.0.1:{self.port}"

    def methods(self) -> list[str]:
        return [request.method for request in self.requests]

    def wait_until_hanging(self) -> None:
        """Until a client waits for an answer that does not come."""
        self._wait(lambda: self._hanging > 0)

    def wait_until_idle(self) -> None:
        """Until no connection is open."""
        self._wait(lambda: not self._open)

    def _wait(self, is_so: Callable[[], bool]) -> None:
        with self._changed:
            if not self._changed.wait_for(is_so, WAITS_S):
                raise TimeoutError(f"{len(self._open)} open, {self._hanging} hanging")

    def __enter__(self) -> Scripted:
        self._threads.append(threading.Thread(target=self._accept))
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), WAITS_S):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        self._listener.close()
        with self._changed:
            left = list(self._open.values())
        for each in left:
            with suppress(OSError):
                socket.socket.shutdown(each, socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            with self._changed:
                self.connections += 1
                number = self.connections
                self._open[number] = sock
                self._threads.append(threading.Thread(target=self._serve, args=(sock, number)))
            self._threads[-1].start()

    def _serve(self, sock: socket.socket, connection: int) -> None:
        sock.settimeout(WAITS_S)
        with suppress(OSError):  # the client has gone, or does not trust us
            if self._context is not None:
                sock = self._context.wrap_socket(sock, server_side=True)
            self._converse(sock, connection)
        sock.close()
        with self._changed:
            del self._open[connection]
            self._changed.notify_all()

    def _converse(self, sock: socket.socket, connection: int) -> None:
        number = 0
        with sock.makefile("rb") as reader:
            while line := reader.readline().split():
                method, target = line[0].decode(), line[1].decode()
                headers = {}
                while (header := reader.readline().strip()) != b"":
                    name, _, value = header.decode("latin-1").partition(":")
                    headers[name.lower()] = value.strip()
                if headers.get("expect") == "100-continue":
                    sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
                body = reader.read(int(headers.get("content-length", 0)))
                number += 1
                request = Request(method, target, headers, body, connection, number)
                with self._changed:
                    self.requests.append(request)
                said = self._answer(request)
                sock.sendall(said.raw)
                if said.hangs:
                    with self._changed:
                        self._hanging += 1
                        self._changed.notify_all()
                    reader.read()
                if said.closes or said.hangs:
                    return
