"""TLS in which many records go through one call of the operating system.

`ssl.SSLSocket` makes one call for each record of 16 KiB that it sends, and two for each that it reads: a
third of the processor time of an upload (`python -m benchmarks.transfer --only medium large`).
"""

from __future__ import annotations

import os
import socket
import ssl
import threading

from migrator.store.fast.http1 import CHUNK_BYTES


def usable_processors() -> int:
    """How many this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


#: What is read at once: most answers are small.
_READ_BYTES = 32 * 1024
_MOST_READ_BYTES = 256 * 1024
_DECRYPTING = threading.BoundedSemaphore(usable_processors())


class Encrypted:
    """A connected socket with TLS on it, as far as `Wire` needs one. `sock` is this object's from now on.

    Raises:
        OSError (ssl.SSLError): the handshake failed, or the other side is not whom its certificate names.
    """

    def __init__(self, sock: socket.socket, context: ssl.SSLContext, host: str) -> None:
        self.raw = sock
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._room = memoryview(bytearray(_READ_BYTES))
        self._is_full = False  # the last read filled what it was given
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self._flush()
                if not self._fetch():
                    raise ssl.SSLEOFError("the connection was closed during the handshake") from None
            else:
                break
        self._flush()

    def sendall(self, data: bytes | bytearray | memoryview) -> None:
        with memoryview(data) as view:
            for start in range(0, len(view), CHUNK_BYTES):
                self._tls.write(view[start : start + CHUNK_BYTES])
                self._flush()

    def recv_into(self, into: memoryview) -> int:
        """Some bytes; 0 where the other side closed the connection."""
        if not self.pending() and not self._fetch():
            return 0  # asked before anything came, OpenSSL would have to raise an exception
        while True:
            try:
                count = int(self._tls.read(len(into), into))
            except ssl.SSLWantReadError:
                self._flush()
                if not self._fetch():
                    return 0
            except ssl.SSLZeroReturnError:
                return 0
            else:
                self._is_full = count == len(into)
                return count

    def fill(self, into: memoryview) -> int:
        """As many bytes as are there, of those that fit; 0 where the other side closed the connection.

        For bodies that are large: OpenSSL decrypts 16 KiB at a time, and each time other threads are let in.
        Where they all have something to decrypt, they wake each other up for nothing; so no more of them do
        it at once than there are processors.
        """
        if not self.pending() and not self._fetch():
            return 0
        while True:
            done, is_over = 0, False
            with _DECRYPTING:
                try:
                    while done < len(into):
                        count = int(self._tls.read(len(into) - done, into[done:]))
                        done += count
                        if not count:
                            is_over = True
                            break
                except ssl.SSLWantReadError:
                    pass
                except ssl.SSLZeroReturnError:
                    is_over = True
            self._is_full = done == len(into)
            if done or is_over:
                return done
            self._flush()
            if not self._fetch():
                return 0

    def pending(self) -> int:
        """Bytes that came and were not read yet, decrypted or not."""
        # OpenSSL is asked only where it can have kept something back: asking lets other threads in.
        return self._incoming.pending + (self._tls.pending() if self._is_full else 0)

    def close(self) -> None:
        self.raw.close()

    def _flush(self) -> None:
        if self._outgoing.pending:
            self.raw.sendall(self._outgoing.read())

    def _fetch(self) -> bool:
        count = self.raw.recv_into(self._room)
        self._incoming.write(self._room[:count])
        if count == len(self._room) < _MOST_READ_BYTES:
            self._room = memoryview(bytearray(_MOST_READ_BYTES))  # there is much to come
        return count > 0
