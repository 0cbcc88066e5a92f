"""One request to one end, from its signature to the last byte of the answer.

Written for speed: with small objects it is this code, not the network, that sets the pace.
"""

from __future__ import annotations

import hashlib
import re
import socket
import ssl
import threading
from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import quote

from migrator.errors import StoreError, WrongRegion
from migrator.model.objects import key_bytes
from migrator.store.answers import (
    NO_CONNECTION,
    NO_SUCH_NAME,
    REFUSED,
    TOO_LATE,
    ErrorAnswer,
    Where,
    error_of,
    link_local,
    lost,
    unreachable,
    untrusted,
)
from migrator.store.base import Body
from migrator.store.connection import AGENT, Connection, ca_bundle
from migrator.store.fast.address import Address, address_of
from migrator.store.fast.documents import ERROR_LIMIT_BYTES, ErrorDocument, read_error
from migrator.store.fast.http1 import BadAnswer, Head, Wire
from migrator.store.fast.pool import NeverSent, Pool
from migrator.store.fast.sigv4 import EMPTY_SHA256, UNSIGNED, Signer, query_of
from migrator.store.peers import RefusedPeer

T = TypeVar("T")

#: The status of an error that comes as a success: S3 had begun to answer before it failed.
AFTER_ALL = 500
#: Names of buckets that the SDK sends too (botocore, validate_bucket_name), but for ARNs.
_BUCKET = re.compile(r"[A-Za-z0-9._-]{1,255}")
#: Text that stands in a path as it is.
_SAFE = re.compile(r"[A-Za-z0-9/._~-]*")
#: What is said where an error has no document.
_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_READS = frozenset({"GET", "HEAD"})
_HAS_BODY = frozenset({"PUT", "POST"})
#: What a successful write says in its body: nothing, or very little.
SAID_LIMIT_BYTES = 64 * 1024


class Elsewhere(Exception):
    """The reference store has to ask, or to say what is wrong: nothing was sent, or nothing was done."""


class Lane:
    """Connections to one end, and its signatures. `where` names a request in messages."""

    def __init__(
        self, connection: Connection, region: str, where: Callable[[str, str, str | None], Where]
    ) -> None:
        if connection.keys is None:
            raise ValueError("the data plane needs keys of its own")
        access, secret, token = connection.keys
        self._connection = connection
        self._signer = Signer(access, secret, token, region)
        self._where = where
        self._extra = {"x-amz-request-payer": "requester"} if connection.requester_pays else {}
        self._is_off = False
        self._is_watched = False
        self._lock = threading.Lock()  # guards what is below
        self._context: ssl.SSLContext | None = None
        self._pools: dict[tuple[str, int], Pool] = {}
        self._targets: dict[str, tuple[Address, Pool]] = {}  # by bucket

    def close(self) -> None:
        for pool in self._all():
            pool.close()

    def interrupt(self) -> None:
        for pool in self._all():
            pool.interrupt()

    def watch(self) -> None:
        self._is_watched = True
        for pool in self._all():
            pool.is_watched = True

    def break_off_late(self) -> None:
        for pool in self._all():
            pool.break_off_late()

    def _all(self) -> list[Pool]:
        with self._lock:
            return list(self._pools.values())

    # -- one request ----------------------------------------------------------------------------

    def send(
        self,
        operation: str,
        method: str,
        bucket: str,
        key: str | None,
        read: Callable[[Wire, Head], T],
        headers: dict[str, str],
        query: dict[str, str] | None = None,
        body: Body = b"",
    ) -> T:
        """Send one request, and read its answer with `read` where it is a success.

        A reading request whose kept connection turns out to be closed is sent once more, on a new one.

        Raises:
            Elsewhere: see there.
            StoreError: what the end answered, or that it did not.
        """
        if self._is_off or key == "":
            raise Elsewhere
        try:
            address, pool = self._targets.get(bucket) or self._new_target(bucket)
            request = self._request(address, method, key, headers, query, body)
        except UnicodeError:
            raise Elsewhere from None
        except OSError as cause:  # the file of certificates is none
            raise untrusted(self._where(operation, bucket, key), cause) from None
        is_fresh = False
        while True:
            try:
                wire = pool.take(fresh=is_fresh)
            except NeverSent as cause:
                raise _unreachable(cause, self._where(operation, bucket, key)) from None
            try:
                wire.send(request, body)
                head = wire.answer(method)
                if head.status >= 300:
                    raise self._refusal(operation, method, bucket, key, wire, head)
                found = read(wire, head)
                if method == "PUT" and not wire.is_at_end:
                    said = read_error(wire.read_all(SAID_LIMIT_BYTES))
                    if said is not None:
                        raise self.error(operation, bucket, key, Head(AFTER_ALL, head.headers), said)
                return found
            except (BadAnswer, OSError) as cause:
                wire.is_broken = True
                was_closed = isinstance(cause, ConnectionError) or not getattr(cause, "has_begun", True)
                may_repeat = method in _READS and wire.uses > 1 and not wire.was_interrupted
                if was_closed and may_repeat and not is_fresh:
                    is_fresh = True
                    continue
                raise lost(self._where(operation, bucket, key), cause) from None
            finally:
                pool.give_back(wire)  # closed, where the answer was not read to its end

    def _request(
        self,
        address: Address,
        method: str,
        key: str | None,
        headers: dict[str, str],
        query: dict[str, str] | None,
        body: Body,
    ) -> bytes:
        if key is None:
            path = address.path.rstrip("/") or "/"
        elif _SAFE.fullmatch(key):
            path = address.path + key
        else:
            path = address.path + quote(key_bytes(key), safe="/-_.~")
        text = query_of(query, _quoted) if query else ""
        payload = UNSIGNED
        if not address.is_encrypted:
            payload = hashlib.sha256(body).hexdigest() if body else EMPTY_SHA256
        headers["host"] = address.name
        if self._extra:
            headers.update(self._extra)
        lines = self._signer.lines(method, path, text, headers, payload)
        length = f"content-length:{len(body)}\r\n" if method in _HAS_BODY else ""
        target = f"{path}?{text}" if text else path
        return f"{method} {target} HTTP/1.1\r\n{lines}{length}user-agent:{AGENT}\r\n\r\n".encode("ascii")

    def _new_target(self, bucket: str) -> tuple[Address, Pool]:
        if _BUCKET.fullmatch(bucket) is None:
            raise Elsewhere
        with self._lock:
            if bucket not in self._targets:
                address = address_of(self._connection, bucket)
                self._targets[bucket] = address, self._pool(address)
            return self._targets[bucket]

    def _pool(self, address: Address) -> Pool:
        known = self._pools.get((address.host, address.port))
        if known is not None:
            return known
        if address.is_encrypted and self._context is None:
            self._context = ssl.create_default_context(cafile=ca_bundle(self._connection))
        context = self._context if address.is_encrypted else None
        most = self._connection.threads + 4
        pool = Pool(address.host, address.port, context, most)
        pool.is_watched = self._is_watched
        self._pools[address.host, address.port] = pool
        return pool

    # -- what went wrong ------------------------------------------------------------------------

    def _refusal(
        self, operation: str, method: str, bucket: str, key: str | None, wire: Wire, head: Head
    ) -> Exception:
        """What to raise for an answer that is no success."""
        if head.status == 400 and method == "HEAD":
            return Elsewhere()  # AWS says so without a word where the bucket is in another region
        said = None if method == "HEAD" else read_error(wire.read_all(ERROR_LIMIT_BYTES))
        error = self.error(operation, bucket, key, head, said)
        if isinstance(error, WrongRegion):
            self._is_off = True  # the SDK knows how to follow, or says what is wrong
            return Elsewhere()
        return error

    def error(
        self, operation: str, bucket: str, key: str | None, head: Head, said: ErrorDocument | None
    ) -> StoreError:
        """The error that an answer is; `said` by its document, where it has one."""
        found = said or ErrorDocument(said=_PHRASES.get(head.status, ""))
        request_id = head.headers.get("x-amz-request-id") or found.request_id
        return error_of(
            ErrorAnswer(head.status, head.headers, found.code, found.said, found.region, request_id),
            self._where(operation, bucket, key),
        )


def _unreachable(cause: NeverSent, where: Where) -> StoreError:
    if cause.is_tls:
        return untrusted(where, cause)
    match cause.cause:
        case RefusedPeer(address=address):
            return link_local(where, address)
        case socket.gaierror():
            return unreachable(where, NO_SUCH_NAME)
        case TimeoutError():
            return unreachable(where, TOO_LATE)
        case ConnectionRefusedError():
            return unreachable(where, REFUSED)
        case _:
            return unreachable(where, NO_CONNECTION)


def _quoted(text: str) -> str:
    return quote(key_bytes(text), safe="-_.~")
