"""HTTP/1.1 as the fault proxy sees it: heads and bodies as raw bytes, passed on exactly as they came."""

from __future__ import annotations

import os
import select
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from io import BufferedReader
from urllib.parse import unquote

PIECE_BYTES = 64 * 1024
MAX_LINE_BYTES = 64 * 1024
#: Close at once, with a reset instead of a goodbye.
_ABRUPT = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)


class Truncated(ConnectionError):
    """The other side has closed in the middle of a message."""


@dataclass(frozen=True)
class Head:
    """The head of a request or an answer. Header names are lower case; `lines` are as sent, ends included."""

    lines: tuple[bytes, ...]
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def raw(self) -> bytes:
        return b"".join(self.lines) + b"\r\n"

    @property
    def words(self) -> list[str]:
        return self.lines[0].decode("latin-1").split()

    @property
    def method(self) -> str:
        return self.words[0]

    @property
    def path(self) -> str:
        """Percent-decoded."""
        return unquote(self.words[1].partition("?")[0])

    @property
    def query(self) -> str:
        """As sent."""
        return self.words[1].partition("?")[2]

    @property
    def status(self) -> int:
        return int(self.words[1])

    @property
    def is_chunked(self) -> bool:
        return "chunked" in self.headers.get("transfer-encoding", "").lower()

    @property
    def closes(self) -> bool:
        is_old = b"HTTP/1.0" in self.lines[0]
        wish = self.headers.get("connection", "close" if is_old else "keep-alive")
        return wish.lower() == "close"

    @property
    def awaits_continue(self) -> bool:
        return self.headers.get("expect", "").lower() == "100-continue"

    def without(self, name: str) -> Head:
        """The same head less one header. (`Expect` is in no signature, so it may go.)"""
        start = f"{name}:".encode()
        lines = tuple(line for line in self.lines if not line.lower().startswith(start))
        return Head(lines, {each: value for each, value in self.headers.items() if each != name})


class Stream:
    """One TCP connection with a buffered reader. Used by one thread; `wake` may come from any."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = connection
        self.reader = connection.makefile("rb")

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def is_readable(self, patience_s: float = 0.0) -> bool:
        """Whether something arrives, or the other side has closed, within that time."""
        return bool(select.select([self._socket], [], [], patience_s)[0])

    @property
    def is_closed(self) -> bool:
        """By this side."""
        return self.reader.closed

    def close(self) -> None:
        """What was sent still arrives, then the end."""
        self.reader.close()
        self._socket.close()

    def reset(self) -> None:
        """The other side gets a reset; what it has not received by now is lost."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABRUPT)
        self.close()

    def wake(self) -> None:
        """Whoever reads or writes here, in whatever thread, gets an error or the end."""
        with suppress(OSError):  # closed already
            self._socket.shutdown(socket.SHUT_RDWR)


def read_head(reader: BufferedReader) -> Head | None:
    """The next head; None where the other side has closed before it.

    Raises:
        Truncated: it has closed inside.
    """
    lines: list[bytes] = []
    headers: dict[str, str] = {}
    while (line := reader.readline(MAX_LINE_BYTES)) not in (b"\r\n", b"\n"):
        if not line.endswith(b"\n"):
            if not line and not lines:
                return None
            raise Truncated("inside a head")
        if lines:
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        lines.append(line)
    if not lines:
        raise Truncated("a head without a first line")
    return Head(tuple(lines), headers)


def answer_head(reader: BufferedReader) -> Head:
    """The head of the final answer, after any interim ones. Raises Truncated where there is none."""
    while (head := read_head(reader)) is not None:
        if head.status >= 200:
            return head
    raise Truncated("no answer")


def request_body(reader: BufferedReader, head: Head) -> Iterator[bytes]:
    """The body in pieces as they arrive, with the framing it has on the wire. Raises Truncated."""
    if head.is_chunked:
        return _chunks(reader)
    return _counted(reader, int(head.headers.get("content-length", "0")))


def answer_body(reader: BufferedReader, head: Head, method: str) -> Iterator[bytes]:
    """The body of an answer to such a request, likewise. Raises Truncated."""
    if method == "HEAD" or head.status in (204, 304):
        return iter(())
    if head.is_chunked:
        return _chunks(reader)
    if "content-length" in head.headers:
        return _counted(reader, int(head.headers["content-length"]))
    return iter(lambda: reader.read1(PIECE_BYTES), b"")


def ends_with_connection(head: Head, method: str) -> bool:
    """True where only the end of the connection says that this answer is over, or it announces that end."""
    has_body = method != "HEAD" and head.status not in (204, 304)
    return head.closes or (has_body and not head.is_chunked and "content-length" not in head.headers)


def _counted(reader: BufferedReader, left: int) -> Iterator[bytes]:
    while left:
        piece = reader.read1(min(left, PIECE_BYTES))
        if not piece:
            raise Truncated(f"{left} bytes before the end of a body")
        left -= len(piece)
        yield piece


def _chunks(reader: BufferedReader) -> Iterator[bytes]:
    while True:
        line = _line(reader)
        yield line
        size = int(line.split(b";")[0], 16)
        if not size:
            break
        yield from _counted(reader, size)
        yield _line(reader)
    while (line := _line(reader)) not in (b"\r\n", b"\n"):
        yield line
    yield line


def _line(reader: BufferedReader) -> bytes:
    line = reader.readline(MAX_LINE_BYTES)
    if not line.endswith(b"\n"):
        raise Truncated("inside a chunked body")
    return line
