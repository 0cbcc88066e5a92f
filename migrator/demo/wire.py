"""HTTP/1.1 as far as an S3 service needs it: reading one request head, writing one answer.

Own code rather than `http.server`, whose header parser alone costs more than all the rest of a small
request, and which cannot show the path exactly as it was sent.
"""

from __future__ import annotations

import functools
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from io import BufferedIOBase
from urllib.parse import unquote_to_bytes

from migrator.model.objects import key_text

MAX_LINE_BYTES = 64 * 1024
MAX_HEADERS = 200
#: Up to here head and body go out in one send: one packet, no waiting for acknowledgements.
ONE_SEND_BYTES = 64 * 1024
SEND_BYTES = 1024 * 1024


class BadRequest(Exception):
    """What arrived is not a request this server can read; the connection is of no further use."""


@dataclass(frozen=True, slots=True)
class Head:
    """A request without its body. `path` is as sent; header names are lower case, values Latin-1 text.

    `bucket` and `key` are decoded, empty where the path has none.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    is_http_10: bool = False
    bucket: str = ""
    key: str = ""

    def param(self, name: str, default: str = "") -> str:
        return next((value for each, value in self.query if each == name), default)

    def maybe(self, name: str) -> str | None:
        """A query parameter, None where it was not given or is empty."""
        return self.param(name) or None

    def header(self, name: str, default: str = "") -> str:
        return self.headers.get(name, default)

    @property
    def closes(self) -> bool:
        wish = self.header("connection").lower()
        return wish == "close" or (self.is_http_10 and wish != "keep-alive")


@dataclass(frozen=True, slots=True)
class Answer:
    """A response. `length` is announced where it is not the body's (HEAD)."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | memoryview = b""
    length: int | None = None


def read_head(stream: BufferedIOBase) -> Head | None:
    """The next request's head; None where the other side has closed.

    Raises:
        BadRequest: it is not HTTP.
    """
    line = stream.readline(MAX_LINE_BYTES)
    if line in (b"\r\n", b"\n"):
        line = stream.readline(MAX_LINE_BYTES)
    if not line:
        return None
    words = line.decode("latin-1").split()
    if len(words) != 3 or not words[2].startswith("HTTP/1.") or not words[1].startswith("/"):
        raise BadRequest("not a request line")
    path, _, query = words[1].partition("?")
    bucket, _, key = path[1:].partition("/")
    return Head(
        method=words[0],
        path=path,
        query=_parse_query(query),
        headers=_read_headers(stream),
        is_http_10=words[2] == "HTTP/1.0",
        bucket=decoded(bucket),
        key=decoded(key),
    )


def _read_headers(stream: BufferedIOBase) -> dict[str, str]:
    headers: dict[str, str] = {}
    for _ in range(MAX_HEADERS):
        line = stream.readline(MAX_LINE_BYTES)
        if line in (b"\r\n", b"\n"):
            return headers
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon or not name or name != name.strip():
            raise BadRequest("not a header")
        name, value = name.lower(), value.strip()
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    raise BadRequest("too many headers")


def _parse_query(query: str) -> tuple[tuple[str, str], ...]:
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    return tuple((decoded(name, plus=True), decoded(value, plus=True)) for name, _, value in pairs)


def decoded(text: str, *, plus: bool = False) -> str:
    """Percent-decoded; bytes that are not UTF-8 survive as lone surrogates."""
    if plus:
        text = text.replace("+", " ")
    return key_text(unquote_to_bytes(text)) if "%" in text or not text.isascii() else text


def send(connection: socket.socket, head: Head | None, answer: Answer, *, close: bool, now: datetime) -> None:
    """Write the answer; for HEAD and for 204 and 304 without its body."""
    has_body = answer.status not in (204, 304) and (head is None or head.method != "HEAD")
    body = answer.body if has_body else b""
    raw = head_bytes(answer, close=close, now=now)
    if len(body) <= ONE_SEND_BYTES:
        connection.sendall(b"".join((raw, body)))
        return
    connection.sendall(raw)
    view = memoryview(body)
    for start in range(0, len(view), SEND_BYTES):
        connection.sendall(view[start : start + SEND_BYTES])


def head_bytes(answer: Answer, *, close: bool, now: datetime) -> bytes:
    length = len(answer.body) if answer.length is None else answer.length
    lines = [f"HTTP/1.1 {answer.status} {_reason(answer.status)}", f"Date: {http_date(now)}"]
    lines += (f"{name}: {value}" for name, value in answer.headers.items())
    if answer.status != 204:
        lines.append(f"Content-Length: {length}")
    lines.append("Connection: close" if close else "Connection: keep-alive")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


@functools.lru_cache(maxsize=4096)
def _http_date(when: datetime) -> str:
    return format_datetime(when, usegmt=True)


def http_date(when: datetime) -> str:
    """As in `Last-Modified`. Cached: a busy second asks for the same text a thousand times."""
    return _http_date(when.astimezone(UTC).replace(microsecond=0))


def parse_http_date(text: str) -> datetime | None:
    try:
        when = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)
