"""HTTP/1.1 as far as an S3 client needs it: one request at a time on one connection, every wait bounded.

Answers are read strictly: what could be understood in two ways is refused, and the connection with it.
Nothing here knows S3.
"""

from __future__ import annotations

import re
import select
import socket
import ssl
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol, cast

#: A status line and headers are never larger than this together: S3 sends at most 2 KB of metadata.
HEAD_LIMIT_BYTES = 64 * 1024
#: What is asked of the socket at once while a head is awaited: small objects come with it.
FIRST_READ_BYTES = 16 * 1024
#: At most so much of a body goes through the socket in one call: progress and stopping stay prompt.
CHUNK_BYTES = 256 * 1024
#: Nobody has reason to say more often that an answer will come.
MOST_INTERIM = 100
#: A body as small as this is sent together with the head.
TOGETHER_BYTES = 64 * 1024

_STATUS = re.compile(r"HTTP/1\.([01]) ([1-5][0-9]{2})(?: [^\r\n]*)?(?=\r\n|\Z)")
_HEADER = re.compile(r"\r\n([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n]*)")
_SIZE = re.compile(rb"[0-9a-fA-F]{1,15}(?:[ \t]*;[^\r\n]*)?")
_LENGTH = re.compile(r"[0-9]{1,18}")
_NOTHING = memoryview(b"")
_NOT_PLAIN = "the answer does not say plainly how long it is"


TOO_LATE = "nothing came for a minute"


class BadAnswer(Exception):
    """What came is not an answer of HTTP/1.1, or ended in the middle. The connection is of no use any more.

    `has_begun` is False where not a single byte came: the other side had closed an idle connection.
    """

    def __init__(self, what: str, *, has_begun: bool = True) -> None:
        super().__init__(what)
        self.has_begun = has_begun


class Stream(Protocol):
    """What a connection is made of: a socket, or one with TLS on it (which has `pending` and `fill`, too)."""

    def sendall(self, data: bytes | bytearray | memoryview, /) -> None: ...
    def recv_into(self, into: memoryview, /) -> int: ...
    def close(self) -> None: ...


@dataclass(slots=True)
class Head:
    """Status and headers of an answer. Names in lower case, values as ISO 8859-1; repeated ones joined by a
    comma. `length` of the body in bytes; None where it comes in chunks, or ends with the connection."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = 0
    is_chunked: bool = False
    keeps_open: bool = True


def parse_head(raw: bytes, method: str) -> Head:
    """The head of an answer, without the empty line that ends it.

    Raises:
        BadAnswer: it is not one, or can be understood in two ways.
    """
    text = raw.decode("latin-1")
    status = _STATUS.match(text)
    if status is None:
        raise BadAnswer("the answer does not begin as HTTP does")
    lines = _HEADER.findall(text, status.end())
    # What is between the lines found is nothing, or it is no header.
    if not (text.count("\r") == text.count("\n") == len(lines)) or "\0" in text:
        raise BadAnswer("a header of the answer is not one")
    headers: dict[str, str] = {}
    for name, value in lines:
        low = name.lower()
        known = value.rstrip(" \t")
        headers[low] = f"{headers[low]}, {known}" if low in headers else known
    code = int(status[2])
    keeps_open = status[1] == "1" and "close" not in headers.get("connection", "").lower()
    length = _length(headers.get("content-length"))
    if method == "HEAD" or code in {204, 304} or code < 200:
        return Head(code, headers, 0, is_chunked=False, keeps_open=keeps_open)
    coding = headers.get("transfer-encoding")
    if coding is not None:
        if coding.lower() != "chunked" or length is not None:
            raise BadAnswer(_NOT_PLAIN)
        return Head(code, headers, None, is_chunked=True, keeps_open=keeps_open)
    return Head(code, headers, length, is_chunked=False, keeps_open=keeps_open and length is not None)


def _length(given: str | None) -> int | None:
    if given is None:
        return None
    if _LENGTH.fullmatch(given):
        return int(given)
    lengths = {each.strip(" \t") for each in given.split(",")}
    length = lengths.pop()
    if lengths or _LENGTH.fullmatch(length) is None:
        raise BadAnswer(_NOT_PLAIN)
    return int(length)


class Wire:
    """One connection. Not thread-safe: who took it out of the pool has it to himself.

    Anything that goes wrong leaves it `is_broken`; then it is closed, never used again.
    """

    def __init__(self, sock: Stream, raw: socket.socket | None = None) -> None:
        """`raw`: the socket below, where `sock` is none itself."""
        self._socket = sock
        self._raw = raw if raw is not None else cast("socket.socket", sock)
        self._buffer = bytearray(FIRST_READ_BYTES)
        self._view = memoryview(self._buffer)
        self._rest = _NOTHING  # came with a head and belongs to what follows it
        self._left: int | None = 0  # of the present body; None: until the end is seen
        self._head = Head(0)
        self._read = sock.recv_into
        self._fill: Callable[[memoryview], int] = getattr(sock, "fill", sock.recv_into)
        self._pending: Callable[[], int] | None = getattr(sock, "pending", None)
        self._poll: Callable[[int], object] | None = None
        self.is_broken = False
        self.was_interrupted = False
        self._is_late = False
        self.heard_at = time.monotonic()  # when something last went through
        self.is_busy = True  # with a request; as the pool knows
        self.uses = 0

    def close(self) -> None:
        self.is_broken = True
        self._socket.close()

    def interrupt(self, *, is_late: bool = False) -> None:
        """Wake whoever waits for this connection; it breaks. The one call for another thread."""
        self.was_interrupted = True
        self._is_late = is_late
        self.is_broken = True
        with suppress(OSError):  # it is closed already
            # Not the method of `ssl.SSLSocket`: that drops the encryption first, and what the other thread
            # reads or writes from then on are the bare bytes.
            socket.socket.shutdown(self._raw, socket.SHUT_RDWR)

    @property
    def is_stale(self) -> bool:
        """True where an idle connection has something to say: the other side closed it."""
        return self.is_broken or bool(self._rest) or self._is_readable()

    def _is_readable(self) -> bool:
        if self._pending is not None and self._pending():
            return True  # decrypted already
        if sys.platform == "win32":
            return bool(select.select([self._raw], [], [], 0)[0])
        if self._poll is None:
            poll = select.poll()
            poll.register(self._raw, select.POLLIN)
            self._poll = poll.poll
        return bool(self._poll(0))

    # -- sending --------------------------------------------------------------------------------

    def send(self, head: bytes, body: bytes | bytearray) -> None:
        """Send a whole request.

        A server may answer before it has read everything, and stop reading: then the answer is what counts,
        so a failure to send is told by `answer`, if there is none.
        """
        self.uses += 1
        self.heard_at = time.monotonic()
        try:
            if len(body) <= TOGETHER_BYTES:
                self._socket.sendall(head + body if body else head)
            else:
                self._socket.sendall(head)
                with memoryview(body) as view:
                    for start in range(0, len(view), CHUNK_BYTES):
                        self._socket.sendall(view[start : start + CHUNK_BYTES])
                        self.heard_at = time.monotonic()
        except (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
            self.is_broken = True  # after this answer, if one comes

    # -- the answer -----------------------------------------------------------------------------

    def answer(self, method: str) -> Head:
        """Wait for the head of the answer; interim answers are passed over.

        Raises:
            BadAnswer: see there.  OSError: the connection failed, or nothing came in time.
        """
        for _ in range(MOST_INTERIM):
            head = self._parsed(method)
            if head.status >= 200:
                break
        else:
            raise self._broken("interim answers only")
        self._head, self._left = head, head.length
        if not head.keeps_open:
            self.is_broken = True
        return head

    def _parsed(self, method: str) -> Head:
        try:
            return parse_head(self._head_bytes(), method)
        except BadAnswer:
            self.is_broken = True
            raise

    def _head_bytes(self) -> bytes:
        got = bytes(self._rest)
        self._rest = _NOTHING
        while True:
            end = got.find(b"\r\n\r\n")
            if 0 <= end <= HEAD_LIMIT_BYTES:
                self._rest = memoryview(got)[end + 4 :]
                return got[:end]
            if end > 0 or len(got) > HEAD_LIMIT_BYTES + len(b"\r\n\r"):
                raise self._broken("the head of the answer does not end")
            count = self._read(self._view)
            if not count:
                raise self._broken("the connection was closed without an answer", has_begun=bool(got))
            got = got + self._buffer[:count] if got else bytes(self._view[:count])

    def read_into(self, into: memoryview, on_bytes: Callable[[int], int | None] | None = None) -> int:
        """Fill `into` from the body; returns how much came, which is less only where the body ended.

        `on_bytes`: see `OnBytes` in `store.base`.
        """
        wanted = len(into)
        if self._left == wanted == len(self._rest) and not self._head.is_chunked:
            into[:] = self._rest  # came with the head, as small objects do
            self._rest = _NOTHING
            self._left = 0
            if on_bytes is not None and wanted:
                on_bytes(wanted)
            return wanted
        done = 0
        allowed = on_bytes(0) if on_bytes is not None else None
        while done < wanted:
            count = self._chunk_of(into[done : done + min(CHUNK_BYTES, allowed or CHUNK_BYTES)])
            if not count:
                break
            done += count
            allowed = on_bytes(count) if on_bytes is not None else None
        return done

    def _chunk_of(self, into: memoryview) -> int:
        """Fill `into` as far as the body goes. TLS brings at most 16 KiB at once, so this loop is tight."""
        if self._head.is_chunked or self._left is None or self._rest:
            return self._some(into)
        wanted, done, read = min(len(into), self._left), 0, self._fill
        while done < wanted:
            count = read(into[done:wanted])
            if not count:
                raise self._broken(f"the body ended {self._left - done} bytes too early")
            done += count
            self.heard_at = time.monotonic()  # each time: a slow line is not a silent one
        self._left -= done
        return done

    def read_all(self, limit: int) -> bytes:
        """The rest of the body.

        Raises:
            BadAnswer: it is longer than `limit` bytes.
        """
        pieces: list[bytes] = []
        total = 0
        while True:
            room = bytearray(min(CHUNK_BYTES, self._left) if self._left else FIRST_READ_BYTES)
            count = self._some(memoryview(room))
            if not count:
                return b"".join(pieces)
            total += count
            if total > limit:
                raise self._broken(f"the answer is longer than {limit} bytes")
            pieces.append(bytes(room[:count]))

    @property
    def is_at_end(self) -> bool:
        """True where the present answer was read to its end."""
        return self._left == 0

    def _some(self, into: memoryview) -> int:
        """Some of the body; 0 at its end."""
        if self._head.is_chunked:
            return self._some_of_chunk(into)
        if self._left == 0:
            return 0
        count = self._receive(into if self._left is None else into[: self._left])
        if self._left is not None:
            if not count:
                raise self._broken(f"the body ended {self._left} bytes too early")
            self._left -= count
        elif not count:
            self._left = 0
        return count

    def _receive(self, into: memoryview) -> int:
        if self._rest:
            count = min(len(into), len(self._rest))
            into[:count] = self._rest[:count]
            self._rest = self._rest[count:]
            return count
        count = self._read(into)
        self.heard_at = time.monotonic()
        return count

    # -- chunks ---------------------------------------------------------------------------------

    _chunk = 0  # bytes left of the present chunk

    def _some_of_chunk(self, into: memoryview) -> int:
        if self._left == 0:
            return 0
        if not self._chunk:
            size = _SIZE.fullmatch(self._line())
            if size is None:
                raise self._broken("a chunk does not say how long it is")
            self._chunk = int(size[0].partition(b";")[0].strip(), 16)
            if not self._chunk:
                while self._line():
                    pass  # trailers, which nobody asked for
                self._left = 0
                return 0
        count = self._receive(into[: self._chunk])
        if not count:
            raise self._broken("the body ended within a chunk")
        self._chunk -= count
        if not self._chunk and self._line():
            raise self._broken("a chunk is longer than it says")
        return count

    def _line(self) -> bytes:
        got = bytes(self._rest)
        while True:
            end = got.find(b"\r\n")
            if end >= 0:
                self._rest = memoryview(got)[end + 2 :]
                return got[:end]
            if len(got) > HEAD_LIMIT_BYTES:
                raise self._broken("a line of the body does not end")
            count = self._read(self._view)
            if not count:
                raise self._broken("the body ended within a line")
            got += self._buffer[:count]

    def _broken(self, what: str, *, has_begun: bool = True) -> BadAnswer:
        self.is_broken = True
        if self._is_late:
            what = TOO_LATE
        return BadAnswer(what, has_begun=has_begun)
