"""Connections to one end, kept open between requests. The most recently used goes first."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections import deque

from migrator.store.connection import CONNECT_TIMEOUT_S, READ_TIMEOUT_S
from migrator.store.fast.http1 import Wire
from migrator.store.fast.tls import Encrypted
from migrator.store.peers import must_be_elsewhere

#: Each half of a transfer needs room for a few round trips in flight.
_KEEPALIVE = ((socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1), (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1))


class NeverSent(Exception):
    """No connection could be made, so nothing was sent. `is_tls`: the other side is not trusted."""

    def __init__(self, cause: BaseException, *, is_tls: bool = False) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.is_tls = is_tls


class Pool:
    """Thread-safe. Keeps at most `most` idle connections; there are never more than threads that ask."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext | None, most: int) -> None:
        self._address = (host, port)
        self._context = context
        self._most = most
        #: Somebody calls `break_off_late`: new connections have no time limit of their own.
        self.is_watched = False
        self._idle: deque[Wire] = deque()  # its ends are atomic: no lock for what every request does
        self._lock = threading.Lock()  # guards what is below
        self._open: set[Wire] = set()
        self._is_closed = False

    def take(self, *, fresh: bool = False) -> Wire:
        """An open connection. `fresh`: a new one.

        Raises:
            NeverSent: none could be made.
        """
        while not fresh:
            try:
                wire = self._idle.pop()
            except IndexError:
                break
            if not wire.is_stale:
                wire.heard_at = time.monotonic()  # before it counts as busy, or it would be late at once
                wire.is_busy = True
                return wire
            self._drop(wire)
        wire = self._connected()
        with self._lock:
            self._open.add(wire)
            is_late = self._is_closed
        if is_late:
            self._drop(wire)
            raise NeverSent(ConnectionAbortedError("the store was closed"))
        return wire

    def give_back(self, wire: Wire) -> None:
        """Its request is over. A connection whose answer was not read to its end is closed."""
        if wire.is_broken or not wire.is_at_end or self._is_closed or len(self._idle) >= self._most:
            self._drop(wire)
        else:
            wire.is_busy = False
            self._idle.append(wire)

    def interrupt(self) -> None:
        """Break off every request that is under way: whoever waits for one hears of it at once."""
        with self._lock:
            busy = [wire for wire in self._open if wire.is_busy]
        for wire in busy:
            wire.interrupt()

    def break_off_late(self) -> None:
        """Break off requests of which nothing was heard for READ_TIMEOUT_S."""
        now = time.monotonic()
        with self._lock:
            late = [wire for wire in self._open if wire.is_busy and now - wire.heard_at > READ_TIMEOUT_S]
        for wire in late:
            wire.interrupt(is_late=True)

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
        while True:
            try:
                self._drop(self._idle.pop())
            except IndexError:
                break
        self.interrupt()

    def _drop(self, wire: Wire) -> None:
        with self._lock:
            self._open.discard(wire)
        wire.close()

    def _connected(self) -> Wire:
        try:
            sock = socket.create_connection(self._address, CONNECT_TIMEOUT_S)
        except OSError as cause:
            raise NeverSent(cause) from None
        try:
            must_be_elsewhere(sock)
            for option in _KEEPALIVE:
                sock.setsockopt(*option)
            limit = None if self.is_watched else READ_TIMEOUT_S
            if self._context is not None:
                encrypted = Encrypted(sock, self._context, self._address[0])
                sock.settimeout(limit)
                return Wire(encrypted, sock)
            sock.settimeout(limit)
        except OSError as cause:  # ssl.SSLError is one
            sock.close()
            raise NeverSent(cause, is_tls=isinstance(cause, ssl.SSLError)) from None
        return Wire(sock)
