"""The rules of the job file, field by field, each with the sentence a user gets when it is broken."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from migrator.endpoint_rules import (
    has_more_than_a_host,
    lyve_region,
    needs_a_waiver,
    old_lyve_warning,
    url_problem,
)
from migrator.errors import Problem
from migrator.model.fidelity import CLASSES, LOSSES
from migrator.model.filters import Filter, as_utc
from migrator.model.globs import BadPattern, compile_glob
from migrator.model.objects import KEY_LIMIT_BYTES, key_bytes, visible
from migrator.model.sizes import SIZE_HELP, parse_duration, parse_size

_END = {
    "provider",
    "bucket",
    "prefix",
    "region",
    "endpoint_url",
    "credentials",
    "ca_file",
    "allow_http",
    "requester_pays",
}
#: Every table of the job file ("" is the top) and the keys it may have.
KNOWN: Mapping[str, set[str]] = {
    "": {"version", "name", "source", "destination", "filters", "transfer", "carry", "environment"},
    "source": _END,
    "destination": _END | {"create_bucket"},
    "filters": {"min_date", "max_date", "min_size", "max_size", "include", "exclude"},
    "transfer": {
        "threads",
        "existing",
        "verify",
        "bandwidth_limit",
        "undo",
        "token",
        "keep_date",
        "wait",
        "data_plane",
    },
    "carry": {"tags", "versions", "storage_class", "encryption", "locks", "accept"},
    "environment": {"accept"},
}

_SECRET_NAMES = re.compile(r"secret|password|access_key|token_value|session_token|aws_secret", re.I)
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._\-]{1,253}[A-Za-z0-9]")
_REFERENCE = re.compile(r"keyring:[^\s:][^:]*|profile:.+|env|default")
_ENCRYPTION = re.compile(r"AES256|aws:kms:arn:[a-z-]+:kms:\S+")
_REGION = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


#: Problems that are told one by one, and characters of each: nobody reads further.
MOST_PROBLEMS, MOST_CHARS = 50, 600


class Checker:
    """Reads fields out of the nested dictionary, remembers every problem, and returns usable stand-ins."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self.table = table
        self.problems: list[Problem] = []
        self.untold = 0  #: problems beyond those
        self.warnings: list[str] = []

    def problem(self, field: str, message: str) -> None:
        # What was typed is repeated in messages, and shown by terminals and labels.
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(visible(field, MOST_CHARS), visible(message, MOST_CHARS)))
        else:
            self.untold += 1

    def get(self, field: str, default: Any = None) -> Any:
        section, _, name = field.rpartition(".")
        table = self.table.get(section, {}) if section else self.table
        return table.get(name, default) if isinstance(table, Mapping) else default

    # -- the whole ------------------------------------------------------------------------------

    def unknown_keys(self) -> None:
        for section, known in KNOWN.items():
            table = self.table.get(section, {}) if section else self.table
            if not isinstance(table, Mapping):
                self.problem(section, f"must be a table: write [{section}] on a line of its own")
                continue
            for name in table:
                if name in known:
                    continue
                field = f"{section}.{name}" if section else str(name)
                if _SECRET_NAMES.search(str(name)):
                    self.problem(
                        field,
                        "secrets never belong into the job file. Remove this line, store the keys with the "
                        'window, and refer to them with credentials = "keyring:NAME" (or "env", '
                        '"profile:NAME", "default").',
                    )
                else:
                    self.problem(field, f"is not known here. Allowed: {', '.join(sorted(known))}.")

    def version(self) -> None:
        version = self.table.get("version")
        if version is None:
            self.problem("version", "is missing. Write version = 1 at the top.")
        elif version != 1 or isinstance(version, bool):
            self.problem("version", f"is {version!r}; this release reads version 1.")

    # -- one field each -------------------------------------------------------------------------

    def text(self, field: str) -> str:
        value = self.get(field, "")
        if not isinstance(value, str):
            self.problem(field, f"must be text in quotes, not {value!r}.")
            return ""
        if field.endswith(".prefix") and len(key_bytes(value)) > KEY_LIMIT_BYTES:
            self.problem(field, f"is longer than {KEY_LIMIT_BYTES} bytes, the longest key S3 allows.")
        return value

    def flag(self, field: str, *, default: bool) -> bool:
        value = self.get(field, default)
        if not isinstance(value, bool):
            self.problem(field, f"must be true or false, not {value!r}.")
            return default
        return value

    def choice(self, field: str, allowed: Sequence[str], *, required: bool = False) -> Any:
        """One of `allowed`; the first of them where the field is absent."""
        value = self.get(field)
        if value is None and not required:
            return allowed[0]
        if value not in allowed:
            wrong = "is missing" if value is None else f"is {value!r}"
            self.problem(field, f"{wrong}. Allowed: {', '.join(allowed)}.")
            return allowed[0]
        return value

    def threads(self, field: str, default: int, most: int) -> int:
        value = self.get(field, default)
        if value == "auto":
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
            self.problem(field, f'is {value!r}. Allowed: a whole number between 1 and {most}, or "auto".')
            return default
        return value

    def bucket(self, field: str) -> str:
        value = self.get(field, "")
        if not isinstance(value, str) or not value.strip():
            self.problem(field, "is missing. Name the bucket.")
            return ""
        if not _BUCKET.fullmatch(value):
            self.problem(
                field, f'"{value}" is not a bucket name: 3 to 63 lower-case letters, digits, dots, hyphens.'
            )
        return value

    def endpoint(self, side: str, provider: str) -> str:
        field = f"{side}.endpoint_url"
        value = self.text(field).strip().rstrip("/")
        if not value:
            if provider == "lyve":
                self.problem(
                    field,
                    "is missing. Copy the S3 endpoint URL from the Lyve Cloud console: its host contains "
                    "your account's label, so it cannot be guessed.",
                )
            elif provider == "s3":
                self.problem(
                    field, "is missing. Write the URL of the S3 service, e.g. https://s3.example.com"
                )
            return ""
        if problem := url_problem(value):
            self.problem(field, problem)
            return ""
        if has_more_than_a_host(value):
            self.problem(field, "must end after the host (and port); the bucket has a field of its own.")
        if needs_a_waiver(value) and not self.flag(f"{side}.allow_http", default=False):
            self.problem(
                field,
                "would send data over http, readable by anyone on the way. Use https://, or write "
                f"allow_http = true in [{side}] if this network is yours alone.",
            )
        if warning := old_lyve_warning(value):
            self.warnings.append(warning)
        return value

    def region(self, side: str, provider: str, endpoint_url: str) -> str:
        field = f"{side}.region"
        value = self.text(field).strip()
        if value and not _REGION.fullmatch(value):
            self.problem(field, f'"{value}" is not a region. Allowed: lower-case letters, digits, hyphens.')
        if value:
            return value
        if provider == "lyve":
            return lyve_region(endpoint_url)
        if provider == "aws" and not endpoint_url and not self._has_aws_default_region(side):
            self.problem(field, "is missing. Write the bucket's region, e.g. us-east-1.")
        return ""

    def _has_aws_default_region(self, side: str) -> bool:
        reference = self.get(f"{side}.credentials", "default")
        return reference == "default" or str(reference).startswith("profile:")

    def credentials(self, field: str) -> str:
        value = self.get(field, "default")
        if not isinstance(value, str) or not _REFERENCE.fullmatch(value) or not value.isprintable():
            self.problem(field, "must be one of: keyring:NAME, env, profile:NAME, default.")
            return "default"
        return value

    def ca_file(self, field: str) -> str:
        value = self.text(field)
        if value and not _is_file(value):
            self.problem(field, f'there is no file "{value}".')
        return value

    def environment(self) -> frozenset[str]:
        """The names of variables that the job knows of; whether they are set is looked at when it runs."""
        field = "environment.accept"
        value = self.get(field, [])
        if not _is_text_list(value):
            self.problem(field, 'must be a list of names, e.g. ["HTTPS_PROXY"].')
            return frozenset()
        for name in value:
            if not _VARIABLE.fullmatch(name):
                self.problem(field, f'has "{visible(name, 40)}", which is no name of a variable.')
        return frozenset(value)

    def requester_pays(self, side: str) -> bool:
        return self.flag(f"{side}.requester_pays", default=False)

    def create_bucket(self, side: str) -> bool:
        if side == "source":
            return False
        return self.flag("destination.create_bucket", default=False)

    def speed(self, field: str) -> int:
        value = self.get(field, "")
        if value in ("", 0):
            return 0
        try:
            speed = parse_size(str(value).removesuffix("/s"))
        except ValueError:
            speed = 0
        if speed <= 0:
            self.problem(field, f'"{value}" is not a speed. Write e.g. "50 MB/s", or "" for no limit.')
        return speed

    def duration(self, field: str, default: float) -> float:
        value = self.get(field)
        if value is None:
            return default
        try:
            return parse_duration(str(value))
        except ValueError:
            self.problem(field, f'"{value}" is not a duration. Write e.g. "90s", "15m", "24h", "2d".')
            return default

    # -- what travels besides the bytes ---------------------------------------------------------

    def versions(self) -> Any:
        return self.choice("carry.versions", ("current", "all"))

    def locks(self) -> Any:
        return self.choice("carry.locks", ("report", "after-verify", "at-once"))

    def storage_class(self, provider: str) -> str:
        field = "carry.storage_class"
        value = self.text(field)
        allowed = CLASSES.get(provider, frozenset())
        if provider != "s3" and value and value not in allowed:
            self.problem(field, f'is "{value}". Allowed at this destination: {", ".join(sorted(allowed))}.')
            return ""
        return value

    def encryption(self, provider: str) -> str:
        field = "carry.encryption"
        value = self.text(field)
        if value and not _ENCRYPTION.fullmatch(value):
            self.problem(field, f'is "{value}". Allowed: AES256, aws:kms:ARN of a key, or "".')
            return ""
        if provider == "lyve" and value.startswith("aws:kms"):
            self.problem(field, 'names a KMS key, and Lyve Cloud has none. Allowed there: AES256, or "".')
            return ""
        return value

    def accepted(self) -> frozenset[str]:
        field = "carry.accept"
        value = self.get(field, [])
        if not _is_text_list(value):
            self.problem(field, 'must be a list of texts, e.g. ["acl", "storage-class"].')
            return frozenset()
        unknown = sorted(set(value) - set(LOSSES))
        if unknown:
            self.problem(field, f'has "{unknown[0]}". Allowed: {", ".join(LOSSES)}.')
        return frozenset(value)

    # -- filters --------------------------------------------------------------------------------

    def filters(self) -> Filter:
        min_date, max_date = self._date("filters.min_date"), self._date("filters.max_date")
        min_size, max_size = self._size("filters.min_size"), self._size("filters.max_size")
        if min_date is not None and max_date is not None:
            latest = as_utc(max_date)
            whole_day = not isinstance(max_date, datetime)
            first = as_utc(min_date)
            if (first.date() > latest.date()) if whole_day else (first > latest):
                self.problem("filters.max_date", "is before min_date: nothing could match.")
        if min_size is not None and max_size is not None and max_size < min_size:
            self.problem("filters.max_size", "is smaller than min_size: nothing could match.")
        return Filter(
            min_date=min_date,
            max_date=max_date,
            min_size=min_size,
            max_size=max_size,
            include=self._globs("filters.include"),
            exclude=self._globs("filters.exclude"),
        )

    def _date(self, field: str) -> date | datetime | None:
        value = self.get(field)
        if value is None or value == "":
            return None
        try:
            text = str(value).strip()
            if not isinstance(value, date):
                value = date.fromisoformat(text) if len(text) <= 10 else datetime.fromisoformat(text)
            as_utc(value)
            return value
        except (ValueError, OverflowError):
            self.problem(field, f'"{value}" is not a date. Write 2024-12-31, or 2024-12-31T18:00:00Z.')
            return None

    def _size(self, field: str) -> int | None:
        value = self.get(field)
        if value is None or value == "":
            return None
        if isinstance(value, bool) or not isinstance(value, int | str):
            self.problem(field, f"is {value!r}. Allowed: {SIZE_HELP}.")
            return None
        try:
            return parse_size(str(value))
        except ValueError:
            self.problem(field, f'"{value}" is not a size. Allowed: {SIZE_HELP}.')
            return None

    def _globs(self, field: str) -> tuple[str, ...]:
        value = self.get(field, [])
        if not _is_text_list(value):
            self.problem(field, 'must be a list of patterns, e.g. ["*.jpg", "2024/**"].')
            return ()
        good = []
        for pattern in value:
            try:
                compile_glob(pattern)
            except BadPattern as cause:
                self.problem(field, f'the pattern "{pattern}" is not finished: {cause}.')
            else:
                good.append(pattern)
        return tuple(good)


def _is_file(path: str) -> bool:
    try:
        return Path(path).expanduser().is_file()
    except (OSError, RuntimeError, ValueError):  # too long; `~` of nobody; a null character
        return False


def _is_text_list(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)


def line_of(text: str, field: str) -> int | None:
    """The line on which a dotted field is set in a TOML text, or its section begins; None if neither."""
    section, _, name = field.rpartition(".")
    current, section_line = "", None
    for number, line in enumerate(text.splitlines(), start=1):
        header = re.match(r"\s*\[\s*([\w.-]+)\s*\]", line)
        if header:
            current = header[1]
            if current in {section, field}:
                section_line = number
            continue
        key = re.match(r"""\s*["']?([\w-]+)["']?\s*=""", line)
        if key and current == section and key[1] == name:
            return number
    return section_line
