"""Everything that can go wrong, as one small tree.

    MigratorError
    |- UsageError            arguments, job file, credentials: the user can fix it (exit 2)
    |  |- JobFileError       one or more `Problem`s, each with its field and line
    |  |- CredentialsError   a reference to credentials that leads nowhere
    |  |- UnknownRun         no such run directory
    |  `- UnfinishedRun      an earlier run of the same migration can still be resumed
    |- Refused               nothing was written, and the reason is not the user's typing (exit 3)
    |- Paused                cannot go on now, resume is possible (exit 5)
    |- Cancelled             the user (or SIGTERM) stopped it: an outcome, not a failure
    |- JournalError          the run's own records
    |  |- JournalBusy        another process holds this run
    |  |- JournalFull        no room for the journal: nothing more may be sent
    |  `- JournalCorrupt     read-only from here on
    `- StoreError            an answer of an end, translated once, in `store`
       |- Transient          worth another try: lost connections, 500, 503
       |  |- Unreachable     no connection could be made at all (name, port, TLS)
       |  `- Throttled       the end asks for less
       |- NotFound           NoSuchKey | NoSuchBucket | NoSuchUpload | NoSuchVersion
       |- AccessDenied       the key pair is known, the right is missing
       |- BadCredentials     the key pair itself is refused
       |- ExpiredCredentials a session token or key that has run out
       |- ClockSkew          this computer's clock is wrong
       |- WrongRegion        the bucket lives elsewhere
       |- PreconditionFailed a condition we set was not met
       |- DigestMismatch     the end saw other bytes than we sent, or sent fewer than it said
       |- NotSupported       the end does not know this call
       |- NotS3              something answered, but not an S3 service
       `- Rejected           any other refusal

Whether to retry belongs to the class (`is_transient`), when to retry to `store.patience`, whether to
go on with the run to `engine.transfer`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: Our own code for what S3 answers with AccessDenied and a sentence: no right is missing, a lock is in force.
OBJECT_LOCKED = "ObjectLocked"


class MigratorError(Exception):
    """Base of every error we raise on purpose.

    `advice` is one sentence that says what the user can do next; empty where we do not know.
    """

    def __init__(self, message: str, *, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.message} {self.advice}".strip()


class UsageError(MigratorError):
    """The arguments, the job file or the credentials are wrong; nothing was started."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a job: `field` is dotted (`filters.max_size`), `line` counts from 1."""

    field: str
    message: str
    line: int | None = None

    def __str__(self) -> str:
        where = f"line {self.line}, {self.field}" if self.line else self.field
        return f"{where}: {self.message}"


class JobFileError(UsageError):
    """A job that cannot be run as written; carries every problem found, not only the first."""

    def __init__(self, problems: Sequence[Problem], *, path: str = "") -> None:
        self.problems = tuple(problems)
        self.path = path
        head = f"{path}: " if path else ""
        super().__init__("\n".join(f"{head}{problem}" for problem in self.problems))


class CredentialsError(UsageError):
    """No usable credentials behind the job's reference. `side` is `source` or `destination`."""

    def __init__(self, message: str, *, side: str = "", advice: str = "") -> None:
        super().__init__(message, advice=advice)
        self.side = side


class UnknownRun(UsageError):
    """The run id leads to no run directory."""


class UnfinishedRun(UsageError):
    """A new run would work beside an unfinished one of the same migration: `run`."""

    def __init__(self, run: str) -> None:
        super().__init__(
            f"An earlier run of the same migration, {run}, is not finished.",
            advice="Resume it, roll it back, or insist on a new one (run --new).",
        )
        self.run = run


class Refused(MigratorError):
    """Preflight said no: nothing was written."""


class LossNotAccepted(Refused):
    """Copies would lack properties of their objects, and the job accepts that of none or of others only.

    `losses` are the names that `accept` would need; see `model.fidelity.LOSSES`.
    """

    def __init__(self, message: str, losses: tuple[str, ...], *, advice: str) -> None:
        super().__init__(message, advice=advice)
        self.losses = losses


class EnvironmentNotAccepted(Refused):
    """Variables of the environment (`names`) redirect traffic, and the job does not name them."""

    def __init__(self, message: str, names: tuple[str, ...], *, advice: str) -> None:
        super().__init__(message, advice=advice)
        self.names = names


class Paused(MigratorError):
    """The run cannot go on now but can be resumed; `cause` is a short code for the summary."""

    def __init__(self, message: str, *, cause: str, advice: str = "") -> None:
        super().__init__(message, advice=advice)
        self.cause = cause


class Cancelled(MigratorError):
    """Somebody asked to stop."""

    def __init__(self, message: str = "stopped") -> None:
        super().__init__(message)


class JournalError(MigratorError):
    """The run's own records could not be read or written."""


class JournalBusy(JournalError):
    """Another process works on this run."""


class JournalFull(JournalError):
    """The disk that holds the journal is full: no further byte may be sent."""


class JournalCorrupt(JournalError):
    """The journal contradicts itself; it is only read from now on."""


class StoreError(MigratorError):
    """An end refused or failed.

    `operation` is S3's own name (`PutObject`), `end` the end's label (`AWS`), `code` S3's error code,
    `status` the HTTP status (None where no answer came), `request_id` what the vendor's support asks for.
    """

    is_transient = False

    def __init__(
        self,
        message: str,
        *,
        operation: str = "",
        end: str = "",
        bucket: str = "",
        key: str | None = None,
        code: str = "",
        status: int | None = None,
        request_id: str = "",
        advice: str = "",
    ) -> None:
        super().__init__(message, advice=advice)
        self.operation = operation
        self.end = end
        self.bucket = bucket
        self.key = key
        self.code = code or type(self).__name__
        self.status = status
        self.request_id = request_id


class Transient(StoreError):
    """Worth another try. The request may or may not have been carried out."""

    is_transient = True


class Unreachable(Transient):
    """No connection: the request was never carried out."""


class Throttled(Transient):
    """503 SlowDown and its kin: not carried out. `retry_after_s` is the server's wish, if it had one."""

    def __init__(self, message: str, *, retry_after_s: float | None = None, **where: object) -> None:
        super().__init__(message, **where)  # type: ignore[arg-type]
        self.retry_after_s = retry_after_s


class NotFound(StoreError):
    """`code` says what is missing: NoSuchKey, NoSuchBucket, NoSuchUpload, NoSuchVersion."""


class AccessDenied(StoreError):
    """403 with known keys: unknown, never absent (without s3:ListBucket a missing key is 403 too)."""


class BadCredentials(StoreError):
    """InvalidAccessKeyId or SignatureDoesNotMatch."""


class ExpiredCredentials(StoreError):
    """ExpiredToken and its kin."""


class ClockSkew(StoreError):
    """RequestTimeTooSkewed: more than 15 minutes apart."""


class WrongRegion(StoreError):
    """The bucket is in another region; `region` where the answer named it."""

    def __init__(self, message: str, *, region: str = "", **where: object) -> None:
        super().__init__(message, **where)  # type: ignore[arg-type]
        self.region = region


class PreconditionFailed(StoreError):
    """412 (or S3's 409 for a racing conditional write)."""


class DigestMismatch(StoreError):
    """Bytes changed or were lost on the way: read again, then send again."""

    is_transient = True


class NotSupported(StoreError):
    """501 NotImplemented and its kin."""


class NotS3(StoreError):
    """A web page, an empty answer, a listing without its root: not an S3 service, or a proxy in between."""


class Rejected(StoreError):
    """Any other refusal."""
