"""The S3 store with a data plane of its own for what moves objects: HEAD, GET, PUT, parts, listings."""

from __future__ import annotations

import hashlib
import re
import socket
import ssl
import threading
from collections.abc import Callable
from functools import partial
from http.client import responses
from typing import TypeVar
from urllib.parse import quote

from migrator.errors import DigestMismatch, StoreError, Unreachable, WrongRegion
from migrator.model.objects import ObjectHead, Page, Properties, UploadedPart, Written, bare_etag, key_bytes
from migrator.store import s3_wire
from migrator.store.answers import (
    NO_CONNECTION,
    NO_SUCH_NAME,
    REFUSED,
    TOO_LATE,
    ErrorAnswer,
    Where,
    error_of,
    lost,
    unreachable,
    untrusted,
)
from migrator.store.base import ALWAYS, Body, Condition, OnBytes
from migrator.store.fast.address import Address, address_of
from migrator.store.fast.documents import (
    ERROR_LIMIT_BYTES,
    PAGE_LIMIT_BYTES,
    BreaksOff,
    ErrorDocument,
    NotOne,
    read_error,
    read_listing,
)
from migrator.store.fast.heads import condition_of, head_of, headers_of, is_plain
from migrator.store.fast.http1 import BadAnswer, Head, Wire
from migrator.store.fast.pool import NeverSent, Pool
from migrator.store.fast.sigv4 import EMPTY_SHA256, UNSIGNED, Signer, query_of
from migrator.store.s3 import S3Store
from migrator.store.s3_client import AGENT, Connection, ca_bundle

T = TypeVar("T")

_AGENT = f"user-agent: {AGENT}\r\n\r\n"
_quoted_path = partial(quote, safe="/-_.~")
#: The status of an error that comes as a success: S3 had begun to answer before it failed.
_AFTER_ALL = 500
#: Names of buckets that the SDK sends too (botocore, validate_bucket_name), but for ARNs.
_BUCKET = re.compile(r"[A-Za-z0-9._-]{1,255}")
#: What a successful write says in its body: nothing, or very little.
_SAID_LIMIT_BYTES = 64 * 1024


class _AskReference(Exception):
    """The reference store has to ask, or to say what is wrong."""


class FastStore(S3Store):
    """Like `S3Store`; only for connections that `can_address` allows.

    Where an end sends us to another region, the reference store takes over for good.
    """

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        if connection.keys is None:
            raise ValueError("the data plane needs keys of its own")
        self._connection = connection
        access, secret, token = connection.keys
        self._signer = Signer(access, secret, token, self._client.meta.region_name)
        self._is_off = False
        self._lock = threading.Lock()  # guards what is below
        self._context: ssl.SSLContext | None = None
        self._pools: dict[tuple[str, int], Pool] = {}
        self._targets: dict[str, tuple[Address, Pool]] = {}  # by bucket

    def close(self) -> None:
        with self._lock:
            pools = list(self._pools.values())
        for pool in pools:
            pool.close()
        super().close()

    def interrupt(self) -> None:
        """Break off what is under way; it fails at once, as a lost connection."""
        with self._lock:
            pools = list(self._pools.values())
        for pool in pools:
            pool.interrupt()

    # -- the operations -------------------------------------------------------------------------

    def head(self, bucket: str, key: str, *, version_id: str | None = None) -> ObjectHead:
        def read(_: Wire, head: Head) -> ObjectHead:
            return self._object("HeadObject", bucket, key, head, head.headers.get("content-length", ""))

        return self._or_reference(
            lambda: self._send("HeadObject", "HEAD", bucket, key, read, query=_version(version_id)),
            lambda: S3Store.head(self, bucket, key, version_id=version_id),
        )

    def read(
        self,
        bucket: str,
        key: str,
        into: bytearray,
        *,
        offset: int | None = None,
        if_match: str = "",
        version_id: str | None = None,
        on_bytes: OnBytes | None = None,
    ) -> ObjectHead:
        headers = condition_of(Condition(etag=if_match))
        if offset is not None:
            headers["range"] = f"bytes={offset}-{offset + len(into) - 1}"

        def fill(wire: Wire, head: Head) -> ObjectHead:
            wanted = len(into)
            if head.length is not None and head.length != wanted:
                raise self._wrong_length(head.length, wanted, bucket, key)
            with memoryview(into) as view:
                got = wire.read_into(view, on_bytes)
            more = 0 if wire.is_at_end else len(wire.read_all(_SAID_LIMIT_BYTES))
            if got + more != wanted:
                raise self._wrong_length(got + more, wanted, bucket, key)
            size = str(wanted)
            if offset is not None:
                size = str(s3_wire.total_size(head.headers.get("content-range", ""), wanted))
            return self._object("GetObject", bucket, key, head, size)

        return self._or_reference(
            lambda: self._send("GetObject", "GET", bucket, key, fill, headers, _version(version_id)),
            lambda: S3Store.read(
                self,
                bucket,
                key,
                into,
                offset=offset,
                if_match=if_match,
                version_id=version_id,
                on_bytes=on_bytes,
            ),
            is_plain=not if_match or is_plain(if_match),
        )

    def put(
        self,
        bucket: str,
        key: str,
        body: Body,
        properties: Properties,
        *,
        md5: bytes,
        condition: Condition = ALWAYS,
    ) -> Written:
        headers = headers_of(properties)
        sent = {**(headers or {}), **condition_of(condition), "content-md5": s3_wire.base64_text(md5)}

        def written(_: Wire, head: Head) -> Written:
            return Written(bare_etag(head.headers.get("etag", "")), head.headers.get("x-amz-version-id"))

        return self._or_reference(
            lambda: self._send("PutObject", "PUT", bucket, key, written, sent, body=body),
            lambda: S3Store.put(self, bucket, key, body, properties, md5=md5, condition=condition),
            is_plain=headers is not None and (not condition.etag or is_plain(condition.etag)),
        )

    def upload_part(
        self, bucket: str, key: str, upload_id: str, number: int, body: Body, *, md5: bytes
    ) -> UploadedPart:
        def uploaded(_: Wire, head: Head) -> UploadedPart:
            etag = bare_etag(head.headers.get("etag", ""))
            if not etag:
                raise self._not_s3("UploadPart", bucket, key)
            return UploadedPart(number, etag, len(body))

        query = {"partNumber": str(number), "uploadId": upload_id}
        headers = {"content-md5": s3_wire.base64_text(md5)}
        return self._or_reference(
            lambda: self._send("UploadPart", "PUT", bucket, key, uploaded, headers, query, body),
            lambda: S3Store.upload_part(self, bucket, key, upload_id, number, body, md5=md5),
        )

    def list_page(self, bucket: str, prefix: str, *, start_after: str = "", token: str | None = None) -> Page:
        query = {"list-type": "2", "encoding-type": "url", "prefix": prefix}
        if token is not None:
            query["continuation-token"] = token
        elif start_after:
            query["start-after"] = start_after
        return self._or_reference(
            lambda: self._listed(bucket, prefix, query),
            lambda: S3Store.list_page(self, bucket, prefix, start_after=start_after, token=token),
        )

    def _listed(self, bucket: str, prefix: str, query: dict[str, str]) -> Page:
        body = self._send(
            "ListObjectsV2",
            "GET",
            bucket,
            None,
            lambda wire, _: wire.read_all(PAGE_LIMIT_BYTES),
            query=query,
        )
        try:
            page = read_listing(body)
        except BreaksOff as cause:
            raise DigestMismatch(
                f"{self._end} answered ListObjectsV2 with a listing that breaks off.",
                code="BrokenListing",
                advice="Something between changes what is sent: try another network.",
                **self._where("ListObjectsV2", bucket).fields(),
            ) from cause
        except NotOne:
            error = read_error(body)
            if error is not None:
                raise self._error("ListObjectsV2", bucket, None, Head(_AFTER_ALL), error) from None
            raise self._not_s3("ListObjectsV2", bucket) from None
        # A captive portal's web page can parse as an empty answer: a listing names its bucket and prefix.
        if page.name != bucket or not s3_wire.is_echo(page.prefix, prefix):
            raise self._not_s3("ListObjectsV2", bucket)
        if page.is_truncated and not page.next_token:
            raise self._endless(bucket)
        return Page(page.objects, page.next_token if page.is_truncated else None)

    # -- one request ----------------------------------------------------------------------------

    def _or_reference(self, fast: Callable[[], T], reference: Callable[[], T], *, is_plain: bool = True) -> T:
        if self._is_off or not is_plain:
            return reference()
        try:
            return fast()
        except _AskReference:
            return reference()
        except WrongRegion:
            self._is_off = True  # the SDK knows how to follow, or says what is wrong
            return reference()

    def _send(
        self,
        operation: str,
        method: str,
        bucket: str,
        key: str | None,
        read: Callable[[Wire, Head], T],
        headers: dict[str, str] | None = None,
        query: dict[str, str] | None = None,
        body: Body = b"",
    ) -> T:
        """Send one request, and read its answer with `read` where it is a success.

        A reading request whose kept connection turns out to be closed is sent once more, on a new one.

        Raises:
            StoreError: what the end answered, or that it did not.
        """
        if _BUCKET.fullmatch(bucket) is None or key == "":
            raise _AskReference  # not a request for an object
        try:
            address, pool = self._target(bucket)
            request = self._request(address, method, key, headers or {}, query or {}, body)
        except UnicodeError:
            raise _AskReference from None
        except OSError as cause:  # the file of certificates is none
            raise untrusted(self._where(operation, bucket, key), cause) from None
        is_safe = method != "PUT"
        fresh = False
        while True:
            try:
                wire = pool.take(fresh=fresh)
            except NeverSent as cause:
                raise self._unreachable(cause, self._where(operation, bucket, key)) from None
            try:
                wire.send(request, body)
                head = wire.answer(method)
                if head.status == 400 and method == "HEAD":
                    raise _AskReference  # AWS says so without a word where the bucket is in another region
                if head.status >= 300:
                    raise self._error(operation, bucket, key, head, _said(wire, method))
                found = read(wire, head)
                if method == "PUT" and not wire.is_at_end:
                    said = read_error(wire.read_all(_SAID_LIMIT_BYTES))
                    if said is not None:
                        failed = Head(_AFTER_ALL, head.headers)
                        raise self._error(operation, bucket, key, failed, said)
                return found
            except (BadAnswer, OSError) as cause:
                wire.is_broken = True
                was_closed = isinstance(cause, ConnectionError) or not getattr(cause, "has_begun", True)
                if is_safe and was_closed and wire.uses > 1 and not fresh and not wire.was_interrupted:
                    fresh = True
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
        query: dict[str, str],
        body: Body,
    ) -> bytes:
        path = address.path if key is not None else address.path.rstrip("/") or "/"
        if key is not None:
            path += _quoted_path(key_bytes(key))
        text = query_of(query, _quoted) if query else ""
        payload = UNSIGNED
        if not address.is_encrypted:
            payload = hashlib.sha256(body).hexdigest() if body else EMPTY_SHA256
        headers["host"] = address.name
        if self._connection.requester_pays:
            headers["x-amz-request-payer"] = "requester"
        signed = self._signer.signed(method, path, text, headers, payload)
        lines = "".join([f"{name}: {value}\r\n" for name, value in signed.items()])
        if method == "PUT":
            lines += f"content-length: {len(body)}\r\n"
        target = f"{path}?{text}" if text else path
        return f"{method} {target} HTTP/1.1\r\n{lines}{_AGENT}".encode("ascii")

    def _target(self, bucket: str) -> tuple[Address, Pool]:
        known = self._targets.get(bucket)
        if known is not None:
            return known
        with self._lock:
            if bucket in self._targets:
                return self._targets[bucket]
            address = address_of(self._connection, bucket)
            pool = self._pools.get((address.host, address.port)) or self._new_pool(address)
            self._targets[bucket] = address, pool
            return address, pool

    def _new_pool(self, address: Address) -> Pool:
        if address.is_encrypted and self._context is None:
            self._context = ssl.create_default_context(cafile=ca_bundle(self._connection))
        context = self._context if address.is_encrypted else None
        pool = Pool(address.host, address.port, context, self._connection.threads + 4)
        self._pools[address.host, address.port] = pool
        return pool

    # -- what went wrong ------------------------------------------------------------------------

    def _object(self, operation: str, bucket: str, key: str, head: Head, size: str) -> ObjectHead:
        try:
            return head_of(head.headers, int(size))
        except (KeyError, ValueError):
            raise self._not_s3(operation, bucket, key) from None

    def _error(
        self, operation: str, bucket: str, key: str | None, head: Head, said: ErrorDocument | None
    ) -> StoreError:
        found = said or ErrorDocument(said=responses.get(head.status, ""))
        request_id = head.headers.get("x-amz-request-id") or found.request_id
        return error_of(
            ErrorAnswer(head.status, head.headers, found.code, found.said, found.region, request_id),
            self._where(operation, bucket, key),
        )

    def _unreachable(self, cause: NeverSent, where: Where) -> Unreachable:
        if cause.is_tls:
            return untrusted(where, cause)
        match cause.cause:
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


def _version(version_id: str | None) -> dict[str, str]:
    return {} if version_id is None else {"versionId": version_id}


def _said(wire: Wire, method: str) -> ErrorDocument | None:
    """What an error says of itself; HEAD has no document."""
    return None if method == "HEAD" else read_error(wire.read_all(ERROR_LIMIT_BYTES))
