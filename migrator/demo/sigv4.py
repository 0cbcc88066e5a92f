"""AWS Signature Version 4 in the `Authorization` header, from the server's side.

Written against Amazon's description of the protocol and not on the SDK's signer, so that a client's
mistake cannot cancel itself out. Signed URLs and signed chunks are not offered.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from migrator.demo.wire import Head, parse_http_date
from migrator.errors import (
    AccessDenied,
    BadCredentials,
    ClockSkew,
    DigestMismatch,
    NotSupported,
    Rejected,
    WrongRegion,
)
from migrator.model.objects import key_bytes

MAX_SKEW = timedelta(minutes=15)
UNSIGNED = "UNSIGNED-PAYLOAD"

_ALGORITHM = "AWS4-HMAC-SHA256"
_AUTHORIZATION = re.compile(
    rf"{_ALGORITHM}\s+Credential=(?P<key>[^,/]+)/(?P<date>\d{{8}})/(?P<region>[^,/]+)/(?P<service>[^,/]+)"
    r"/aws4_request\s*,\s*SignedHeaders=(?P<names>[^,\s]+)\s*,\s*Signature=(?P<signature>[0-9a-f]{64})"
)
_SPACES = re.compile(r" +")


def check_signature(head: Head, credentials: Mapping[str, str], now: datetime, region: str = "") -> None:
    """Judge everything about a request that can be judged before its body has arrived.

    With `region`, a signature made for another one is refused.

    Raises:
        StoreError: with S3's own code and status.
    """
    claim = _claim(head)
    secret = credentials.get(claim["key"])
    if secret is None:
        message = "The AWS Access Key Id you provided does not exist in our records."
        raise BadCredentials(message, code="InvalidAccessKeyId", status=403)
    if region and claim["region"] != region:
        message = f"The region '{claim['region']}' is wrong; expecting '{region}'"
        raise WrongRegion(message, region=region, code="AuthorizationHeaderMalformed", status=400)
    stamp = _time_of(head)
    if abs(now - stamp) > MAX_SKEW:
        message = "The difference between the request time and the current time is too large."
        raise ClockSkew(message, code="RequestTimeTooSkewed", status=403)
    names = claim["names"].split(";")
    unsigned = {"host", *(name for name in head.headers if name.startswith("x-amz-"))}.difference(names)
    if unsigned:
        message = "There were headers present in the request which were not signed"
        raise AccessDenied(message, code="AccessDenied", status=403)
    when = stamp.strftime("%Y%m%dT%H%M%SZ")
    scope = f"{claim['date']}/{claim['region']}/{claim['service']}/aws4_request"
    request = hashlib.sha256(_canonical_request(head, names)).hexdigest()
    text = f"{_ALGORITHM}\n{when}\n{scope}\n{request}"
    signer = _signing_key(secret, claim["date"], claim["region"], claim["service"])
    expected = hmac.new(signer, text.encode(), hashlib.sha256).hexdigest()
    if claim["service"] != "s3" or not hmac.compare_digest(expected, claim["signature"]):
        message = "The request signature we calculated does not match the signature you provided."
        raise BadCredentials(message, code="SignatureDoesNotMatch", status=403)
    _check_payload_claim(head.header("x-amz-content-sha256"))


def check_payload(head: Head, body: bytes) -> None:
    """The body must be the one that was signed, unless the signer left it open."""
    claimed = head.header("x-amz-content-sha256")
    if claimed != UNSIGNED and claimed != hashlib.sha256(body).hexdigest():
        message = "The provided 'x-amz-content-sha256' header does not match what was computed."
        raise DigestMismatch(message, code="XAmzContentSHA256Mismatch", status=400)


def _claim(head: Head) -> re.Match[str]:
    authorization = head.header("authorization")
    if not authorization:
        raise AccessDenied("Access Denied", code="AccessDenied", status=403)
    match = _AUTHORIZATION.fullmatch(authorization)
    if match is None:
        message = "The authorization header that you provided is not valid."
        raise Rejected(message, code="AuthorizationHeaderMalformed", status=400)
    return match


def _check_payload_claim(claimed: str) -> None:
    if claimed.startswith("STREAMING-"):
        message = "A header you provided implies functionality that is not implemented"
        raise NotSupported(message, code="NotImplemented", status=501)
    if claimed != UNSIGNED and not re.fullmatch("[0-9a-f]{64}", claimed):
        message = "x-amz-content-sha256 must be UNSIGNED-PAYLOAD or a valid sha256 value."
        raise Rejected(message, code="InvalidRequest", status=400)


def _time_of(head: Head) -> datetime:
    stamp = head.header("x-amz-date")
    try:
        return datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        when = parse_http_date(head.header("date"))
    if when is None:
        message = "AWS authentication requires a valid Date or x-amz-date header"
        raise AccessDenied(message, code="AccessDenied", status=403)
    return when


def _canonical_request(head: Head, signed_names: list[str]) -> bytes:
    """The request in the one form both sides must agree on. Decoded and encoded again, as S3 does."""
    path = f"/{head.bucket}/{head.key}" if "/" in head.path[1:] else f"/{head.bucket}"
    query = sorted((_encoded(name), _encoded(value)) for name, value in head.query)
    lines = [
        head.method,
        quote(key_bytes(path), safe="/~"),
        "&".join(f"{name}={value}" for name, value in query),
        *(f"{name}:{_SPACES.sub(' ', head.header(name))}" for name in signed_names),
        "",
        ";".join(signed_names),
        head.header("x-amz-content-sha256"),
    ]
    return "\n".join(lines).encode("latin-1")


def _encoded(text: str) -> str:
    return quote(key_bytes(text), safe="~")


@functools.lru_cache(maxsize=64)
def _signing_key(secret: str, *scope: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (*scope, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
