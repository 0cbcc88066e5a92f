"""What an answer that is an error means: one table for every way of asking, in words a user can act on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from migrator.errors import (
    OBJECT_LOCKED,
    AccessDenied,
    BadCredentials,
    ClockSkew,
    DigestMismatch,
    ExpiredCredentials,
    NotFound,
    NotS3,
    NotSupported,
    PreconditionFailed,
    Rejected,
    StoreError,
    Throttled,
    Transient,
    Unreachable,
    WrongRegion,
)
from migrator.model.objects import ObjectVersion, visible
from migrator.model.sizes import LARGEST
from migrator.redacting import redacted

#: S3's error codes by what they mean to us. Codes not named here go by their HTTP status.
CODES: Mapping[str, type[StoreError]] = {
    "NoSuchKey": NotFound,
    "NoSuchBucket": NotFound,
    "NoSuchUpload": NotFound,
    "NoSuchVersion": NotFound,
    "NoSuchTagSet": NotFound,
    "ObjectLockConfigurationNotFoundError": NotFound,
    "NoSuchObjectLockConfiguration": NotFound,
    "InvalidObjectState": Rejected,
    "AccessDenied": AccessDenied,
    "AllAccessDisabled": AccessDenied,
    "AccountProblem": AccessDenied,
    "InvalidAccessKeyId": BadCredentials,
    "SignatureDoesNotMatch": BadCredentials,
    "UnrecognizedClientException": BadCredentials,
    "InvalidToken": BadCredentials,
    "ExpiredToken": ExpiredCredentials,
    "ExpiredTokenException": ExpiredCredentials,
    "TokenRefreshRequired": ExpiredCredentials,
    "RequestTimeTooSkewed": ClockSkew,
    "PermanentRedirect": WrongRegion,
    "AuthorizationHeaderMalformed": WrongRegion,
    "IllegalLocationConstraintException": WrongRegion,
    "PreconditionFailed": PreconditionFailed,
    "ConditionalRequestConflict": PreconditionFailed,
    "BadDigest": DigestMismatch,
    "InvalidDigest": DigestMismatch,
    "XAmzContentSHA256Mismatch": DigestMismatch,
    "XAmzContentChecksumMismatch": DigestMismatch,
    "IncompleteBody": DigestMismatch,
    "NotImplemented": NotSupported,
    "MethodNotAllowed": NotSupported,
    "SlowDown": Throttled,
    "ServiceUnavailable": Throttled,
    "Throttling": Throttled,
    "ThrottlingException": Throttled,
    "RequestLimitExceeded": Throttled,
    "TooManyRequests": Throttled,
    "BandwidthLimitExceeded": Throttled,
    "RequestTimeout": Transient,
    "InternalError": Transient,
    "OperationAborted": Transient,
}

STATUSES: Mapping[int, type[StoreError]] = {
    301: WrongRegion,
    307: WrongRegion,
    403: AccessDenied,
    404: NotFound,
    405: NotSupported,
    409: Rejected,
    412: PreconditionFailed,
    429: Throttled,
    500: Transient,
    501: NotSupported,
    502: Transient,
    503: Throttled,
    504: Transient,
}


_REGION = re.compile(r"[a-z0-9-]{1,63}")
_NUMBER = re.compile(r"\d{1,9}(?:\.\d{1,9})?")
_LOCKED = re.compile(r"object.?lock|WORM|legal.?hold|retention", re.I)


@dataclass(frozen=True, slots=True)
class Where:
    """What was being done, for messages."""

    operation: str
    end: str
    host: str
    bucket: str = ""
    key: str | None = None

    def fields(self) -> dict[str, Any]:
        return {"operation": self.operation, "end": self.end, "bucket": self.bucket, "key": self.key}


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """An answer with an error status, or with an error document. `headers` by lower-case names."""

    status: int
    headers: Mapping[str, str]
    code: str = ""  #: out of the document; empty where there was none
    said: str = ""
    region: str = ""
    request_id: str = ""


#: Of what a service says about an error, and of its code.
SAID_CHARS, CODE_CHARS = 1000, 100


def told(text: str, limit: int = SAID_CHARS) -> str:
    """Foreign text for a message: without secrets, without what a terminal would act on, and not endless."""
    return visible(redacted(text), limit)


def error_of(answer: ErrorAnswer, where: Where) -> StoreError:
    """The error for an answer with an error status (or an error body)."""
    status, said, headers = answer.status, told(answer.said), answer.headers
    code = told(answer.code, CODE_CHARS) or str(status)
    kind = CODES.get(code) or STATUSES.get(status) or (Transient if status >= 500 else Rejected)
    if status == 405 and headers.get("x-amz-delete-marker") == "true":
        kind = NotFound  # a delete marker, asked for by its id
    if kind is AccessDenied and _LOCKED.search(said):
        code = OBJECT_LOCKED
    if code.isdigit():
        # HEAD answers carry no body, so S3's own code is not known; the status and the operation name it.
        code = _code_of_status(kind, where, status)
    elif kind is Rejected and status >= 300 and not answer.code:
        kind = NotS3
    message, advice = _words(kind, code, where, said, headers)
    fields = {
        **where.fields(),
        "code": code,
        "status": status,
        "advice": advice,
        "request_id": told(answer.request_id or headers.get("x-amz-request-id", ""), CODE_CHARS),
    }
    if kind is WrongRegion:
        region = _region(headers.get("x-amz-bucket-region", "")) or _region(answer.region)
        return WrongRegion(message, region=region, **fields)
    if kind is Throttled:
        return Throttled(message, retry_after_s=_seconds(headers.get("retry-after")), **fields)
    return kind(message, **fields)


NO_SUCH_NAME = "there is no server of that name"
TOO_LATE = "no answer in time"
REFUSED = "the connection was refused"
NO_CONNECTION = "no connection could be made"


def unreachable(where: Where, reason: str) -> Unreachable:
    """Nothing was sent. `reason`: one of the above."""
    return Unreachable(
        f"{where.host} does not answer: {reason}.",
        code="UnknownHost" if reason == NO_SUCH_NAME else "Unreachable",
        advice="Check the endpoint URL, the region in it, and the network.",
        **where.fields(),
    )


def link_local(where: Where, address: str) -> Rejected:
    """Nothing was sent, and nothing will be: the name leads to where a computer's own metadata is."""
    return Rejected(
        f"{where.host} leads to {address}, a link-local address: a computer's own metadata service is there.",
        code="LinkLocal",
        advice="Nothing was sent. Check the endpoint URL, and what answers for its name.",
        **where.fields(),
    )


def untrusted(where: Where, cause: BaseException) -> Unreachable:
    """Nothing was sent: the other side's certificate does not hold."""
    return Unreachable(
        f"The connection to {where.host} is not trusted: {first_line(cause)}",
        code="TLS",
        advice="Check the address; a private certificate authority goes into ca_file.",
        **where.fields(),
    )


def lost(where: Where, cause: BaseException) -> Transient:
    """Something was sent, and nobody knows what became of it."""
    return Transient(
        f"The connection to {where.host} was lost during {where.operation}: {first_line(cause)}",
        code="ConnectionLost",
        **where.fields(),
    )


def not_s3(where: Where) -> NotS3:
    """A success that is none: a web page, or another document than the one that was asked for."""
    return NotS3(
        f"{where.host} answered, but not as an S3 service.",
        code="NotS3",
        advice="Check the endpoint URL (the console's address is not it), and proxies in between.",
        **where.fields(),
    )


def endless(where: Where) -> NotS3:
    """A listing that says that there is more, and not where."""
    return NotS3(
        f"{where.end} says that the listing of {where.bucket} goes on, but not where.",
        code="TruncatedWithoutToken",
        **where.fields(),
    )


def wrong_length(got: int, wanted: int, where: Where) -> DigestMismatch:
    return DigestMismatch(
        f"{where.end} announced {got} bytes where {wanted} were expected.",
        code="WrongLength",
        **where.fields(),
    )


def believable(listed: Iterable[ObjectVersion]) -> bool:
    """Whether every object of a listing has a name, and a size that a journal can hold."""
    return all(each.key and 0 <= each.size_bytes <= LARGEST for each in listed)


def wrong_range(where: Where) -> DigestMismatch:
    return DigestMismatch(
        f"{where.end} sent other bytes than were asked for.", code="WrongRange", **where.fields()
    )


def first_line(cause: BaseException) -> str:
    return told((str(cause).strip() or type(cause).__name__).splitlines()[0])


def of_code(code: str, said: str, where: Where) -> StoreError:
    """The error for one line of a batch's answer, which has no status of its own."""
    code, said = told(code, CODE_CHARS), told(said)
    kind = CODES.get(code) or Rejected
    if kind is AccessDenied and _LOCKED.search(said):
        code = OBJECT_LOCKED
    message, advice = _words(kind, code, where, said, {})
    return kind(message, code=code, advice=advice, **where.fields())


def _region(text: str) -> str:
    """A region's name, or nothing: an answer may say anything."""
    return text if _REGION.fullmatch(text) else ""


def _code_of_status(kind: type[StoreError], where: Where, status: int) -> str:
    if kind is NotFound:
        return "NoSuchBucket" if where.key is None else "NoSuchKey"
    return kind.__name__ if kind is not Rejected else f"HTTP {status}"


def _words(
    kind: type[StoreError], code: str, where: Where, said: str, headers: Mapping[str, str]
) -> tuple[str, str]:
    """Headline and advice for an error; both for people."""
    end, bucket = where.end, where.bucket
    if code == "SignatureDoesNotMatch":
        return (
            f"{end} does not accept this secret key.",
            "It does not belong to the access key, or a character is missing: paste it again.",
        )
    if kind is BadCredentials:
        return (
            f"{end} does not know this access key ({code}).",
            "It may belong to another account or region, or was deleted. Check it in the console.",
        )
    if kind is ExpiredCredentials:
        return f"The {end} session token has expired.", "Enter new keys, then resume the run."
    if kind is ClockSkew:
        return (
            f"{end} refuses requests because this computer's clock is off by more than 15 minutes.",
            "Set the clock, then try again.",
        )
    if code == OBJECT_LOCKED:
        return f"{end} has locked this object (Object Lock).", "Try again after the lock has ended."
    if kind is AccessDenied:
        return (
            f"{end} denies {where.operation}{f' on {bucket}' if bucket else ''}.",
            f"Allow these keys the action {action_of(where.operation)}.",
        )
    if code == "NoSuchBucket":
        return f"There is no bucket {bucket} at {end}.", "Check the name and the region, or create it."
    if kind is NotFound:
        return f"{where.operation}: not found ({code}).", ""
    if kind is WrongRegion:
        region = _region(headers.get("x-amz-bucket-region", ""))
        return (
            f"The bucket {bucket} is in {region or 'another region'}.",
            f"Set the region to {region}." if region else "Check the region.",
        )
    if kind is Throttled:
        return f"{end} asks to slow down ({code}).", ""
    return f"{end} answered {where.operation} with {code}{f': {said}' if said else ''}", ""


#: The IAM action behind an operation, where the names differ (AWS service authorization reference).
_ACTIONS = {
    "ListObjectsV2": "s3:ListBucket",
    "HeadBucket": "s3:ListBucket",
    "ListBuckets": "s3:ListAllMyBuckets",
    "HeadObject": "s3:GetObject",
    "ListObjectVersions": "s3:ListBucketVersions",
    "GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration",
    "GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "GetBucketReplication": "s3:GetReplicationConfiguration",
    "GetBucketNotificationConfiguration": "s3:GetBucketNotification",
    "GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "CopyObject": "s3:PutObject",
    "UploadPartCopy": "s3:PutObject",
    "DeleteObjects": "s3:DeleteObjectVersion",
    "CreateMultipartUpload": "s3:PutObject",
    "UploadPart": "s3:PutObject",
    "CompleteMultipartUpload": "s3:PutObject",
    "ListParts": "s3:ListMultipartUploadParts",
    "ListMultipartUploads": "s3:ListBucketMultipartUploads",
}


def action_of(operation: str) -> str:
    """The permission that an operation needs, as IAM policies write it."""
    return _ACTIONS.get(operation, f"s3:{operation}")


#: Nobody is waited for longer because of what it asks for; asked too early, it says so again.
LONGEST_WISH_S = 300.0


def _seconds(text: str | None) -> float | None:
    """What Retry-After says, where it says seconds. A date is not understood: our own delay does as well."""
    return min(float(text), LONGEST_WISH_S) if text and _NUMBER.fullmatch(text.strip()) else None
