"""AWS Signature Version 4 in an Authorization header, with the day's key kept.

Facts: AWS, "Authenticating Requests (AWS Signature Version 4)". Every header is signed that is
handed in; what proxies may add or change stays out.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Mapping

EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
UNSIGNED = "UNSIGNED-PAYLOAD"


class Signer:
    """Signs requests of one set of keys for one region. Thread-safe: what it keeps is replaced whole."""

    def __init__(
        self,
        access_key_id: str,
        secret_access_key: str,
        session_token: str,
        region: str,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._access_key_id = access_key_id
        self._secret = b"AWS4" + secret_access_key.encode()
        self._session_token = session_token
        self._region = region
        self._now = now
        self._second = (-1, "", "")  # the time, as a stamp and as a day
        self._day = ("", hmac.new(b"", digestmod="sha256"), "")  # the day, what its key signs with, its scope

    def lines(
        self, method: str, path: str, query: str, headers: dict[str, str], payload: str = UNSIGNED
    ) -> str:
        """The headers as they go over the wire, `Authorization` last, each line ended.

        `path` and `query` as they go over the wire (encoded, the query sorted); `headers` by lower-case
        names, with `host`, and added to; `payload` is the SHA-256 of the body, hexadecimal, or UNSIGNED.
        """
        stamp, day = self._time()
        headers["x-amz-date"] = stamp
        headers["x-amz-content-sha256"] = payload
        if self._session_token:
            headers["x-amz-security-token"] = self._session_token
        names = sorted(headers)
        listed = ";".join(names)
        sent = "".join([f"{name}:{headers[name]}\n" for name in names])
        signed = sent
        if "  " in sent or ": " in sent or " \n" in sent:
            signed = "".join([f"{name}:{_collapsed(headers[name])}\n" for name in names])
        canonical = f"{method}\n{path}\n{query}\n{signed}\n{listed}\n{payload}"
        signing, scope = self._signing_of(day)
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}"
        mac = signing.copy()
        mac.update(to_sign.encode())
        return (
            sent.replace("\n", "\r\n")
            + f"authorization:AWS4-HMAC-SHA256 Credential={self._access_key_id}/{scope}, "
            f"SignedHeaders={listed}, Signature={mac.hexdigest()}\r\n"
        )

    def _time(self) -> tuple[str, str]:
        second = int(self._now())
        kept, stamp, day = self._second
        if kept != second:
            moment = time.gmtime(second)
            stamp, day = time.strftime("%Y%m%dT%H%M%SZ", moment), time.strftime("%Y%m%d", moment)
            self._second = second, stamp, day
        return stamp, day

    def _signing_of(self, day: str) -> tuple[hmac.HMAC, str]:
        # `hmac.digest` would let other threads in, for a microsecond's work: who wants in then is woken, and
        # this thread waits until that one has something to wait for.
        kept, signing, scope = self._day
        if kept != day:
            key = self._secret
            for step in (day, self._region, "s3", "aws4_request"):
                key = hmac.digest(key, step.encode(), "sha256")
            scope = f"{day}/{self._region}/s3/aws4_request"
            signing = hmac.new(key, digestmod="sha256")
            self._day = day, signing, scope
        return signing, scope


def _collapsed(value: str) -> str:
    """A header's value as it is signed: runs of spaces count as one."""
    return " ".join(value.split())


def query_of(parameters: Mapping[str, str], quote: Callable[[str], str]) -> str:
    """Parameters as they go over the wire and are signed: sorted, everything encoded."""
    return "&".join(f"{quote(name)}={quote(parameters[name])}" for name in sorted(parameters))
