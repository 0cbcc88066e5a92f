"""What is typed on Set up, as one frozen value, and its translation to the job file's dictionary and back.

Fields are named with dots (`aws.bucket`, `max_size`). Everything is text exactly as typed: checking is
done by the job file's own rules, so that window and command line accept the same things.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any, Literal

from migrator.config import Job, draft_of
from migrator.credentials import Keys
from migrator.gui import form_words
from migrator.redacting import MASK, redacted

Name = Literal["aws", "lyve"]
NAMES: tuple[Name, Name] = ("aws", "lyve")


class Direction(StrEnum):
    """The Migration Type."""

    AWS_TO_LYVE = "aws-to-lyve"
    LYVE_TO_AWS = "lyve-to-aws"

    @property
    def source(self) -> Name:
        return "aws" if self is Direction.AWS_TO_LYVE else "lyve"

    @property
    def destination(self) -> Name:
        return "lyve" if self is Direction.AWS_TO_LYVE else "aws"

    @property
    def ends(self) -> tuple[Name, Name]:
        """Source, destination."""
        return self.source, self.destination

    def name_of(self, side: str) -> Name:
        """Which end is the job's `source` or `destination`."""
        return self.source if side == "source" else self.destination


#: What the job file says where the number of threads adjusts itself.
AUTO = "auto"


@dataclass(frozen=True, slots=True)
class EndForm:
    """One card. Secrets never show in `repr`.

    `reference`: where a job file says that keys are, and they are there; `known_as` says so in words. Used
    as long as none are typed.
    """

    access_key_id: str = ""
    secret_access_key: str = field(default="", repr=False)
    session_token: str = field(default="", repr=False)
    region: str = ""
    endpoint: str = ""
    bucket: str = ""
    prefix: str = ""
    reference: str = ""
    known_as: str = ""

    @property
    def uses_known_keys(self) -> bool:
        """Whether keys come from elsewhere than these fields."""
        typed = self.access_key_id, self.secret_access_key, self.session_token
        return bool(self.reference) and not any(each.strip() for each in typed)

    @property
    def needs_token(self) -> bool:
        """Temporary keys begin with ASIA and are of no use without their session token."""
        return self.access_key_id.strip().startswith("ASIA")

    @property
    def keys(self) -> Keys:
        token = self.session_token.strip() if self.needs_token else ""
        return Keys(self.access_key_id.strip(), self.secret_access_key.strip(), token)


@dataclass(frozen=True, slots=True)
class Form:
    """The whole page. `rest` keeps what a job file said beyond the form, so that writing it loses nothing."""

    direction: Direction = Direction.AWS_TO_LYVE
    aws: EndForm = field(default_factory=lambda: EndForm(region="us-east-1"))
    lyve: EndForm = field(default_factory=EndForm)
    min_date: str = ""
    max_date: str = ""
    min_size: str = ""
    max_size: str = ""
    include: str = ""
    exclude: str = ""
    threads: str = "16"
    existing: str = "skip-same"
    verify: str = "auto"
    speed_limit: str = ""
    rest: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)

    def get(self, name: str) -> str:
        """The text in a field."""
        end, _, part = name.rpartition(".")
        return str(getattr(getattr(self, end) if end else self, part))

    def put(self, name: str, value: str) -> Form:
        """The form with other text in one field."""
        end, _, part = name.rpartition(".")
        if not end:
            kind: Any = Direction(value) if name == "direction" else value
            return replace(self, **{part: kind})
        changed = replace(self.end(end), **{part: value})
        return replace(self, aws=changed) if end == "aws" else replace(self, lyve=changed)

    def end(self, name: str) -> EndForm:
        return self.aws if name == "aws" else self.lyve


#: Job field -> form field, for everything outside the two ends.
_JOB_FIELDS: Mapping[str, str] = {
    "filters.min_date": "min_date",
    "filters.max_date": "max_date",
    "filters.min_size": "min_size",
    "filters.max_size": "max_size",
    "filters.include": "include",
    "filters.exclude": "exclude",
    "transfer.threads": "threads",
    "transfer.existing": "existing",
    "transfer.verify": "verify",
    "transfer.bandwidth_limit": "speed_limit",
}
_END_FIELDS: Mapping[str, str] = {
    "": "bucket",
    "bucket": "bucket",
    "prefix": "prefix",
    "region": "region",
    "endpoint_url": "endpoint",
    "allow_http": "endpoint",
    "credentials": "secret_access_key",
    "access_key_id": "access_key_id",
    "secret_access_key": "secret_access_key",
    "session_token": "session_token",
}


def form_field(job_field: str, direction: Direction) -> str:
    """Where a job field is on the form, empty where nowhere: `source.bucket` -> `aws.bucket`."""
    section, _, part = job_field.partition(".")
    if section in {"source", "destination"}:
        known = _END_FIELDS.get(part)
        return f"{direction.name_of(section)}.{known}" if known else ""
    return _JOB_FIELDS.get(job_field, "")


def to_table(form: Form) -> dict[str, Any]:
    """The job file's nested dictionary. What is empty is left out: absent means the default."""
    table: dict[str, Any] = {"version": 1, **form.rest.get("", {})}
    for side, name in zip(("source", "destination"), form.direction.ends, strict=True):
        end = form.end(name)
        typed = {
            "bucket": end.bucket.strip(),
            "prefix": end.prefix,  # spaces are legal in keys
            "region": end.region.strip(),
            "endpoint_url": end.endpoint.strip(),
        }
        rest = dict(form.rest.get(name, {}))
        if side == "source":  # only the other end can be made
            rest.pop("create_bucket", None)
        table[side] = {
            "provider": name,
            **rest,
            **_filled(typed),
            "credentials": end.reference if end.uses_known_keys else f"keyring:{name}",
        }
    table["filters"] = _filled(
        {
            "min_date": _date_or_text(form.min_date),
            "max_date": _date_or_text(form.max_date),
            "min_size": form.min_size.strip(),
            "max_size": form.max_size.strip(),
            "include": split_patterns(form.include),
            "exclude": split_patterns(form.exclude),
        }
    )
    threads = form.threads.strip()
    table["transfer"] = _filled(
        {
            **form.rest.get("transfer", {}),
            "threads": int(threads) if threads.isdecimal() else threads,
            "existing": form.existing,
            "verify": form.verify,
            "bandwidth_limit": form.speed_limit.strip(),
        }
    )
    for section in ("carry", "environment"):
        if beyond := form.rest.get(section):
            table[section] = dict(beyond)
    return table


def keys_of(form: Form) -> dict[str, Keys]:
    """The keys that are typed, by the name under which they are stored."""
    return {name: form.end(name).keys for name in NAMES if not form.end(name).uses_known_keys}


def without_secrets(text: str, form: Form) -> str:
    """Text as it may be logged."""
    for keys in keys_of(form).values():  # what becomes `Keys` is known to `redacted` as well
        for secret in keys.secrets:
            text = text.replace(secret, MASK)
    return redacted(text)


def from_table(table: Mapping[str, Any], known: Mapping[str, str] | None = None) -> Form:
    """The form that says what a job says. `known`: what keys of `source` and `destination` are there, in
    words.

    Raises:
        ValueError: no form can say it; the message says why.
    """
    providers = (table["source"].get("provider"), table["destination"].get("provider"))
    if set(providers) != set(NAMES):
        raise ValueError(form_words.ONLY_AWS_AND_LYVE)
    direction = Direction.AWS_TO_LYVE if providers[0] == "aws" else Direction.LYVE_TO_AWS
    form, rest = Form(direction=direction), {}
    for side in ("source", "destination"):
        name, end = direction.name_of(side), table[side]
        for job_name in ("bucket", "prefix", "region", "endpoint_url"):
            form = form.put(f"{name}.{_END_FIELDS[job_name]}", str(end.get(job_name, "")))
        if side in (known or {}):
            form = form.put(f"{name}.reference", end.get("credentials", "default"))
            form = form.put(f"{name}.known_as", (known or {})[side])
        on_form = {"provider", "bucket", "prefix", "region", "endpoint_url", "credentials"}
        rest[str(name)] = {key: value for key, value in end.items() if key not in on_form}
    for job_field, name_on_form in _JOB_FIELDS.items():
        section, _, part = job_field.partition(".")
        value = table.get(section, {}).get(part)
        if value is not None:
            form = form.put(name_on_form, _listed(value) if isinstance(value, list) else str(value))
    shown = {"threads", "existing", "verify", "bandwidth_limit"}
    rest["transfer"] = {key: v for key, v in table.get("transfer", {}).items() if key not in shown}
    for section in ("carry", "environment"):
        rest[section] = dict(table.get(section, {}))
    rest[""] = {"name": table["name"]} if "name" in table else {}
    form = replace(form, rest=rest)
    if _compared(to_table(form)) != _compared(table):
        raise ValueError(form_words.MORE_THAN_THE_FORM)
    return form


def _listed(patterns: Sequence[str]) -> str:
    """Patterns as one text; a comma within one is escaped, unless it is in braces."""
    return ", ".join("\\,".join(_pieces(each)) for each in patterns)


def _compared(table: Mapping[str, Any]) -> Job:
    """The job that a table comes to, for telling whether two mean the same, wherever keys come from."""
    job = draft_of(table)
    source, destination = (replace(end, credentials="") for end in (job.source, job.destination))
    include, exclude = (
        tuple(each.replace("\\,", ",") for each in patterns)
        for patterns in (job.filters.include, job.filters.exclude)
    )
    filters = replace(job.filters, include=include, exclude=exclude)
    return replace(job, source=source, destination=destination, filters=filters)


def split_patterns(text: str) -> list[str]:
    """Comma-separated patterns; a comma inside `{a,b}` or after a backslash belongs to its pattern.

    >>> split_patterns("*.jpg, {a,b}/**")
    ['*.jpg', '{a,b}/**']
    """
    return [part.strip() for part in _pieces(text) if part.strip()]


def _pieces(text: str) -> list[str]:
    """What stands between commas, but for those in braces and those after a backslash."""
    parts, depth, escaped = [""], 0, False
    for char in text:
        if char == "," and not depth and not escaped:
            parts.append("")
            continue
        depth = max(0, depth + (char == "{") - (char == "}")) if not escaped else depth
        escaped = char == "\\" and not escaped
        parts[-1] += char
    return parts


def _filled(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in ("", [], None)}


def _date_or_text(text: str) -> date | str:
    """A date where it is one; anything else stays text, for the job file's rules to judge."""
    try:
        return date.fromisoformat(text.strip()) if len(text.strip()) == 10 else text.strip()
    except ValueError:
        return text.strip()
