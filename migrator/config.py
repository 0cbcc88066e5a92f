"""The job file: what to move, from where, to where, and how.

A job is read from TOML into frozen values, every problem found at once with its field and line. The window
builds the same nested dictionary from its form and goes through the same checks (`job_from`), so both faces
accept and refuse the same things. Secrets never appear here: `credentials` is a reference.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from migrator.errors import JobFileError, Problem
from migrator.job_rules import Checker, line_of
from migrator.model.filters import Filter
from migrator.model.rights import Needs, Place

Provider = Literal["aws", "lyve", "s3"]
Side = Literal["source", "destination"]
Existing = Literal["skip-same", "skip", "refuse", "overwrite"]
Verify = Literal["auto", "size", "checksum", "read-back"]
UndoPolicy = Literal["required", "best-effort"]
DataPlane = Literal["auto", "boto3"]
Versions = Literal["current", "all"]
Locks = Literal["report", "after-verify", "at-once"]

PROVIDER_NAMES: Mapping[Provider, str] = {"aws": "AWS", "lyve": "Lyve Cloud", "s3": "S3"}

DEFAULT_THREADS = 16
MAX_THREADS = 512
LARGEST_JOB_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class End:
    """One side of a job: an endpoint, a reference to credentials, a bucket and a prefix in it."""

    provider: Provider
    bucket: str
    prefix: str = ""
    region: str = ""
    endpoint_url: str = ""
    credentials: str = "default"
    ca_file: str = ""
    allow_http: bool = False
    requester_pays: bool = False
    create_bucket: bool = False

    @property
    def label(self) -> str:
        """What people call this end."""
        return PROVIDER_NAMES[self.provider]

    @property
    def place(self) -> str:
        """End, bucket and prefix, as shown to people: `AWS photos/2024/`."""
        return f"{self.label} {self.bucket}/{self.prefix}"

    @property
    def address(self) -> str:
        """What identifies the service behind this end. AWS is one: a bucket's name is its own everywhere."""
        return self.endpoint_url.rstrip("/").lower() or "aws"


@dataclass(frozen=True, slots=True)
class Transfer:
    """The job's `[transfer]`. `bandwidth_bytes_s` is 0 where there is no limit.

    Where the number of threads adjusts itself, `threads` is what it begins with.
    """

    threads: int = DEFAULT_THREADS
    adjusts_threads: bool = False
    existing: Existing = "skip-same"
    verify: Verify = "auto"
    bandwidth_bytes_s: int = 0
    undo: UndoPolicy = "required"
    token: bool = True
    keep_date: bool = True
    wait_s: float = 24 * 3600
    data_plane: DataPlane = "auto"


@dataclass(frozen=True, slots=True)
class Carry:
    """The job's `[carry]`: what travels besides bytes, system headers and user metadata.

    `storage_class` is empty to map by table, `encryption` (AES256 or `aws:kms:ARN`) for the bucket's default.
    `accept` holds the losses that were accepted beforehand.
    """

    tags: bool = True
    versions: Versions = "current"
    storage_class: str = ""
    encryption: str = ""
    locks: Locks = "report"
    accept: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it will run."""

    source: End
    destination: End
    name: str = ""
    filters: Filter = field(default_factory=Filter)
    transfer: Transfer = field(default_factory=Transfer)
    carry: Carry = field(default_factory=Carry)
    environment: frozenset[str] = frozenset()  #: variables that may redirect traffic
    warnings: tuple[str, ...] = ()

    @property
    def migration(self) -> str:
        """Runs with the same value belong together: same source and destination (end, bucket, prefix)."""
        ends = (self.source, self.destination)
        return " -> ".join(f"{end.provider}|{end.address}|{end.bucket}|{end.prefix}" for end in ends)

    @property
    def needs(self) -> Needs:
        """What of this job decides about rights at both ends."""
        source, destination = (
            Place(
                provider=end.provider,
                bucket=end.bucket,
                prefix=end.prefix,
                region=end.region,
                create_bucket=end.create_bucket,
                requester_pays=end.requester_pays,
            )
            for end in (self.source, self.destination)
        )
        _, _, kms_key = self.carry.encryption.partition("aws:kms:")
        return Needs(
            source,
            destination,
            tags=self.carry.tags,
            all_versions=self.carry.versions == "all",
            replaces=self.transfer.existing in {"overwrite", "skip-same"},
            reads_locks=self.carry.locks != "report" or "locks" not in self.carry.accept,
            reads_grants="acl" not in self.carry.accept,
            writes_locks=self.carry.locks != "report",
            kms_key=kms_key,
        )

    def destination_key(self, key: str) -> str:
        """Where a source key goes: the source prefix is taken off, the destination prefix put in front."""
        prefix = self.source.prefix
        return self.destination.prefix + (key.removeprefix(prefix) if prefix else key)


def read_job(path: Path) -> Job:
    """The job in a file.

    Raises:
        JobFileError: it cannot be read, is not TOML, or is not a job; every problem is named.
    """
    return parse_job(_text_of(path), path=str(path))


def read_table(path: Path) -> dict[str, Any]:
    """The nested dictionary of a job file that `read_job` accepts; see there."""
    text = _text_of(path)
    parse_job(text, path=str(path))
    return tomllib.loads(text)


def read_draft(path: Path) -> dict[str, Any]:
    """The nested dictionary of a job file in which buckets may still be missing.

    Raises:
        JobFileError: like `read_job`, for anything else.
    """
    text = _text_of(path)
    table = _table_of(text, str(path))
    with _lines_of(text, str(path)):
        ends_of(table)
    return table


def _text_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_JOB_BYTES + 1)
        if len(content) > LARGEST_JOB_BYTES:
            raise JobFileError([Problem("file", "is larger than any job")], path=str(path))
        return content.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    except OSError as cause:
        problem = Problem("file", f"cannot be read: {cause.strerror}")
        raise JobFileError([problem], path=str(path)) from cause
    except UnicodeDecodeError as cause:
        raise JobFileError([Problem("file", "is not UTF-8 text")], path=str(path)) from cause


def draft_of(table: Mapping[str, Any]) -> Job:
    """The job in a table in which buckets may still be missing: those get names that no bucket has.

    Raises:
        JobFileError: anything else is wrong.
    """
    filled: dict[str, Any] = dict(table)
    for side in ("source", "destination"):
        end = dict(filled.get(side, {}))
        end["bucket"] = end.get("bucket") or f"{_NO_BUCKET}-{side}"
        filled[side] = end
    return job_from(filled)


def ends_of(table: Mapping[str, Any]) -> tuple[End, End]:
    """Source and destination of a job in which buckets may still be missing (they come out empty).

    Raises:
        JobFileError: anything else is wrong.
    """
    job = draft_of(table)
    source, destination = (
        replace(end, bucket="") if end.bucket.startswith(_NO_BUCKET) else end
        for end in (job.source, job.destination)
    )
    return source, destination


_NO_BUCKET = "no-bucket-chosen-yet"
#: Comments and texts of TOML, from left to right. What does not end is taken to the end (of its line): there
#: tomllib stops, and so every match ends in time.
_TEXTS = re.compile(
    r"""#[^\n]*|\"{3}(?:[^"\\]++|\\.?|"{1,2}(?!"))*+(?:"{3,5}|\Z)|'{3}.*?(?:'{3,5}|\Z)"""
    r"""|"(?:[^"\\\n]++|\\[^\n]?)*+"?|'[^'\n]*+'?""",
    re.DOTALL,
)
#: What tomllib takes minutes for, or Python does not print: `a.b.c.…` where a name stands (first in a line, a
#: heading, a table within a line), and numbers to another base. To be looked for outside of texts: the key of
#: an object may look like it.
_WITHOUT_END = re.compile(
    r"""(?:^|[\[{,])[ \t]*(?:(?:[\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*){16}"""
    r"""|[=\[,][ \t]*0[xob][0-9a-fA-F_]{300}""",
    re.MULTILINE,
)


def parse_job(text: str, *, path: str = "") -> Job:
    """The job in a TOML text.

    Raises:
        JobFileError: not TOML, or not a job.
    """
    table = _table_of(text, path)
    with _lines_of(text, path):
        return job_from(table)


def _table_of(text: str, path: str) -> dict[str, Any]:
    try:
        if _WITHOUT_END.search(_TEXTS.sub('""', text)):
            raise ValueError("not for tomllib")
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as cause:
        raise JobFileError([Problem("file", f"is not TOML: {cause}")], path=path) from cause
    except (ValueError, RecursionError) as cause:
        problem = Problem("file", "holds a number, a name or tables in tables beyond all measure")
        raise JobFileError([problem], path=path) from cause


@contextmanager
def _lines_of(text: str, path: str) -> Iterator[None]:
    """Problems that are found meanwhile say in which line of the text they are."""
    try:
        yield
    except JobFileError as cause:
        lines = [Problem(each.field, each.message, line_of(text, each.field)) for each in cause.problems]
        raise JobFileError(lines, path=path) from None


def job_from(table: Mapping[str, Any]) -> Job:
    """The job in a nested dictionary of the job file's shape.

    Raises:
        JobFileError: with one problem for each thing that is wrong.
    """
    check = Checker(table)
    check.unknown_keys()
    check.version()
    source = _end(check, "source")
    destination = _end(check, "destination")
    filters = check.filters()
    transfer = Transfer(
        threads=check.threads("transfer.threads", DEFAULT_THREADS, MAX_THREADS),
        adjusts_threads=check.get("transfer.threads") == "auto",
        existing=check.choice("transfer.existing", ("skip-same", "skip", "refuse", "overwrite")),
        verify=check.choice("transfer.verify", ("auto", "size", "checksum", "read-back")),
        bandwidth_bytes_s=check.speed("transfer.bandwidth_limit"),
        undo=check.choice("transfer.undo", ("required", "best-effort")),
        token=check.flag("transfer.token", default=True),
        keep_date=check.flag("transfer.keep_date", default=True),
        wait_s=check.duration("transfer.wait", 24 * 3600),
        data_plane=check.choice("transfer.data_plane", ("auto", "boto3")),
    )
    carry = Carry(
        tags=check.flag("carry.tags", default=True),
        versions=check.versions(),
        storage_class=check.storage_class(destination.provider),
        encryption=check.encryption(destination.provider),
        locks=check.locks(),
        accept=check.accepted(),
    )
    _not_one_inside_the_other(check, source, destination)
    job = Job(
        source=source,
        destination=destination,
        name=check.text("name"),
        filters=filters,
        transfer=transfer,
        carry=carry,
        environment=check.environment(),
        warnings=tuple(check.warnings),
    )
    if check.untold:
        check.problems.append(Problem("file", f"has {check.untold:,} more of them."))
    if check.problems:
        raise JobFileError(check.problems)
    return job


def _not_one_inside_the_other(check: Checker, source: End, destination: End) -> None:
    if source.address != destination.address or source.bucket != destination.bucket:
        return
    if source.prefix == destination.prefix:
        check.problem("destination", "is the same place as the source.")
    elif source.prefix.startswith(destination.prefix) or destination.prefix.startswith(source.prefix):
        check.problem("destination.prefix", "source and destination lie inside one another.")


def _end(check: Checker, side: Side) -> End:
    provider = check.choice(f"{side}.provider", ("aws", "lyve", "s3"), required=True)
    endpoint_url = check.endpoint(side, provider)
    return End(
        provider=provider,
        bucket=check.bucket(f"{side}.bucket"),
        prefix=check.text(f"{side}.prefix"),
        region=check.region(side, provider, endpoint_url),
        endpoint_url=endpoint_url,
        credentials=check.credentials(f"{side}.credentials"),
        ca_file=check.ca_file(f"{side}.ca_file"),
        allow_http=check.flag(f"{side}.allow_http", default=False),
        requester_pays=check.requester_pays(side),
        create_bucket=check.create_bucket(side),
    )
