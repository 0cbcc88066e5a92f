"""The job file: what is accepted, and what a user is told about everything else."""

from __future__ import annotations

import tomllib
from copy import deepcopy
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from migrator.config import ends_of, job_from, parse_job, read_job, read_table
from migrator.endpoint_rules import is_loopback, lyve_region
from migrator.errors import JobFileError
from migrator.job_rules import KNOWN, line_of

LYVE_URL = "https://s3.us-west-1.acme.lyve.seagate.com"

MINIMAL = f"""\
version = 1

[source]
provider = "aws"
bucket = "photos"
region = "us-east-1"

[destination]
provider = "lyve"
bucket = "photos-copy"
endpoint_url = "{LYVE_URL}"
"""

#: The example of the public contract with every key set, as far as this release goes.
FULL = """\
version = 1
name = "photos to lyve"                 # optional

[source]
provider = "aws"                        # aws | lyve | s3 (any S3-compatible service)
bucket = "photos"
prefix = ""                             # only keys that begin with this
region = "us-east-1"                    # lyve and s3: optional
endpoint_url = ""                       # lyve and s3: required; aws: optional (VPC endpoint, local server)
credentials = "keyring:NAME"            # keyring:NAME | env | profile:NAME | default
ca_file = ""                            # optional: CA bundle for a private endpoint
allow_http = false                      # plain http is for loopback only, unless this is true
requester_pays = false

[destination]
provider = "lyve"
bucket = "photos-copy"
prefix = ""                             # put in front of what is left of the key after source.prefix
region = "us-west-1"
endpoint_url = "https://s3.us-west-1.example.lyve.seagate.com"
credentials = "keyring:NAME"
create_bucket = false                   # private, only if absent, undone by rollback when still empty

[filters]                               # all optional; an absent one filters nothing
min_date = 2024-01-01                   # date or date-time; compared with LastModified, in UTC
max_date = 2024-12-31                   # a date includes the whole day
min_size = "0"                          # bytes, or with a unit
max_size = "5 GiB"                      # inclusive
include = ["*.jpg"]                     # globs as rclone reads them
exclude = []                            # * stays inside a segment, ** crosses "/"; exclude wins

[transfer]
threads = 16                            # 1..512, default 16; "auto" lets the engine find it
existing = "skip-same"                  # skip-same | skip | refuse | overwrite
verify = "auto"                         # auto | size | checksum | read-back
bandwidth_limit = ""                    # e.g. "50 MB/s"; empty = none
undo = "required"                       # required | best-effort
token = true                            # mark what we write as ours
keep_date = true                        # source LastModified into user metadata "mtime"
wait = "24h"                            # an end that answered and then stopped
data_plane = "auto"

[carry]                                 # what travels besides bytes, system headers and user metadata
tags = true
versions = "current"                    # current | all
storage_class = ""                      # empty = map by table
encryption = ""                         # AES256 | aws:kms:ARN | empty = the bucket's default
locks = "report"                        # report | after-verify | at-once
accept = []                             # losses accepted beforehand
"""


def table(**changes: Any) -> dict[str, Any]:
    """The minimal job; `source__region="x"` sets a field, None takes it away."""
    made = deepcopy(tomllib.loads(MINIMAL))
    for name, value in changes.items():
        *section, field = name.split("__")
        at = made.setdefault(section[0], {}) if section else made
        at[field] = value
        if value is None:
            del at[field]
    return made


def problems(given: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(JobFileError) as caught:
        job_from(given)
    return {each.field: each.message for each in caught.value.problems}


# -- what is accepted -----------------------------------------------------------------------------


def test_the_contracts_example_is_a_job() -> None:
    job = parse_job(FULL)
    assert job.name == "photos to lyve"
    assert job.source.label == "AWS"
    assert job.source.credentials == "keyring:NAME"
    assert job.destination.region == "us-west-1"
    assert job.filters.min_date == date(2024, 1, 1)
    assert job.filters.max_date == date(2024, 12, 31)
    assert (job.filters.min_size, job.filters.max_size) == (0, 5 * 2**30)
    assert job.filters.include == ("*.jpg",)
    assert (job.transfer.threads, job.transfer.wait_s) == (16, 86400)
    assert job.carry.tags
    assert job.warnings == ()


def test_the_contracts_example_names_every_known_key() -> None:
    found = tomllib.loads(FULL)
    for section, known in KNOWN.items():
        if section == "environment":
            continue
        used = set(found[section] if section else found)
        used |= set(found["source"]) if section == "destination" else set()
        assert used == known - {"environment"}, section


def test_a_minimal_job_has_the_contracts_defaults() -> None:
    job, full = parse_job(MINIMAL), parse_job(FULL)
    assert job.transfer == full.transfer
    assert job.carry == full.carry
    assert job.filters.is_empty
    assert job.source.credentials == "default"
    assert job.source.prefix == ""


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"transfer__threads": 1}, "one thread"),
        ({"transfer__threads": 512}, "most threads"),
        ({"transfer__threads": "auto"}, "threads found by the engine"),
        ({"source__provider": "s3", "source__endpoint_url": "http://127.0.0.1:9000"}, "loopback"),
        ({"source__provider": "s3", "source__endpoint_url": "http://localhost:9000/"}, "loopback by name"),
        ({"source__provider": "s3", "source__endpoint_url": "http://[::1]:9000"}, "IPv6 loopback"),
        (
            {"source__provider": "s3", "source__endpoint_url": "http://nas.lan", "source__allow_http": True},
            "http where it is allowed",
        ),
        ({"source__region": None, "source__credentials": "profile:me"}, "region of the profile"),
        ({"destination__endpoint_url": LYVE_URL + "/"}, "a slash at the end"),
        ({"filters__min_size": 5, "filters__max_size": 5}, "sizes as numbers"),
        ({"filters__min_date": date(2024, 1, 1), "filters__max_date": date(2024, 1, 1)}, "one day"),
        ({"filters__min_date": "2024-01-01", "filters__max_date": "2024-01-01T12:00:00Z"}, "texts"),
        (
            {
                "filters__min_date": datetime(2024, 1, 1, 12, tzinfo=UTC),
                "filters__max_date": date(2024, 1, 1),
            },
            "half a day",
        ),
        ({"filters__min_date": "", "filters__min_size": "", "transfer__bandwidth_limit": ""}, "empty fields"),
        ({"transfer__bandwidth_limit": "50 MB/s", "transfer__wait": "90s"}, "units"),
        ({"carry__accept": ["acl", "storage-class"]}, "accepted losses"),
        ({"environment": {"accept": ["HTTPS_PROXY"]}}, "accepted variables"),
    ],
)
def test_what_is_allowed_is_accepted(changes: dict[str, Any], what: str) -> None:
    job_from(table(**changes))


@pytest.mark.parametrize(
    ("url", "region"),
    [
        (LYVE_URL, "us-west-1"),
        ("https://s3.ap-southeast-1.global.lyve.seagate.com", "ap-southeast-1"),
        ("https://s3.us-east-1.lyvecloud.seagate.com", "us-east-1"),
        ("https://lyve.example.com", ""),
        ("https://s3.us-east-1.example.com", ""),
        ("", ""),
    ],
)
def test_the_region_of_lyve_cloud_stands_in_its_host(url: str, region: str) -> None:
    assert lyve_region(url) == region


def test_a_lyve_region_that_is_written_wins() -> None:
    assert job_from(table()).destination.region == "us-west-1"
    assert job_from(table(destination__region="eu-1")).destination.region == "eu-1"


def test_an_old_lyve_address_is_a_warning_and_no_error() -> None:
    job = job_from(table(destination__endpoint_url="https://s3.us-east-1.lyvecloud.seagate.com"))
    (warning,) = job.warnings
    assert "first generation" in warning
    assert "s3.us-east-1.lyvecloud.seagate.com" in warning


@pytest.mark.parametrize(
    ("host", "yes"),
    [
        ("127.0.0.1", True),
        ("127.200.3.4", True),
        ("localhost", True),
        ("::1", True),
        ("127.0.0.1.example.com", False),
        ("localhost.example.com", False),
        ("10.0.0.1", False),
        ("0.0.0.0", False),
    ],
)
def test_loopback_is_this_machine_only(host: str, yes: bool) -> None:
    assert is_loopback(host) is yes


# -- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"version": None}, "version", "version = 1"),
        ({"version": 2}, "version", "reads version 1"),
        ({"version": True}, "version", "reads version 1"),
        ({"colour": "blue"}, "colour", "Allowed: carry, destination"),
        ({"transfer__treads": 4}, "transfer.treads", "threads"),
        ({"source__create_bucket": True}, "source.create_bucket", "not known"),
        ({"transfer": 3}, "transfer", "[transfer]"),
        ({"source": "photos"}, "source", "[source]"),
        ({"name": 5}, "name", "text in quotes"),
        ({"source__provider": None}, "source.provider", "aws, lyve, s3"),
        ({"source__provider": "gcs"}, "source.provider", "aws, lyve, s3"),
        ({"source__bucket": None}, "source.bucket", "Name the bucket"),
        ({"source__bucket": "my bucket"}, "source.bucket", "not a bucket name"),
        ({"source__bucket": "ab"}, "source.bucket", "3 to 63"),
        ({"source__prefix": 1}, "source.prefix", "text in quotes"),
        ({"destination__prefix": "é" * 513}, "destination.prefix", "1024 bytes"),
        ({"source__region": "US East"}, "source.region", "lower-case letters"),
        ({"source__region": None, "source__credentials": "env"}, "source.region", "us-east-1"),
        ({"destination__endpoint_url": None}, "destination.endpoint_url", "Lyve Cloud console"),
        ({"source__provider": "s3"}, "source.endpoint_url", "https://s3.example.com"),
        ({"destination__endpoint_url": "s3.example.com"}, "destination.endpoint_url", "https://"),
        ({"destination__endpoint_url": "ftp://x.com"}, "destination.endpoint_url", "https://"),
        ({"destination__endpoint_url": "https://x:99999"}, "destination.endpoint_url", "https://"),
        ({"destination__endpoint_url": "http://s3.lan"}, "destination.endpoint_url", "allow_http"),
        ({"destination__endpoint_url": "https://s3.lan/bucket"}, "destination.endpoint_url", "end after"),
        ({"destination__endpoint_url": "https://s3.lan?x=1"}, "destination.endpoint_url", "end after"),
        ({"source__credentials": "AKIA1234"}, "source.credentials", "keyring:NAME"),
        ({"source__credentials": "keyring:"}, "source.credentials", "keyring:NAME"),
        ({"source__ca_file": "/no/such/file.pem"}, "source.ca_file", "no file"),
        ({"source__allow_http": "yes"}, "source.allow_http", "true or false"),
        ({"destination__create_bucket": "yes"}, "destination.create_bucket", "true or false"),
        ({"filters__min_date": "soon"}, "filters.min_date", "2024-12-31"),
        ({"filters__min_date": "2024-02-30"}, "filters.min_date", "not a date"),
        ({"filters__min_size": "much"}, "filters.min_size", "KiB MiB"),
        ({"filters__min_size": True}, "filters.min_size", "KiB MiB"),
        ({"filters__min_size": -1}, "filters.min_size", "not a size"),
        ({"filters__include": "*.jpg"}, "filters.include", "list of patterns"),
        ({"filters__include": ["[a"]}, "filters.include", 'missing "]"'),
        ({"filters__exclude": ["ok", "{a"]}, "filters.exclude", "{a"),
        ({"filters__exclude": [""]}, "filters.exclude", "empty"),
        ({"filters__min_size": 6, "filters__max_size": "5"}, "filters.max_size", "smaller than min_size"),
        (
            {"filters__min_date": date(2024, 1, 2), "filters__max_date": date(2024, 1, 1)},
            "filters.max_date",
            "before min_date",
        ),
        (
            {
                "filters__min_date": datetime(2024, 1, 1, 12, tzinfo=UTC),
                "filters__max_date": datetime(2024, 1, 1, 11, 59, tzinfo=UTC),
            },
            "filters.max_date",
            "before min_date",
        ),
        ({"transfer__threads": 0}, "transfer.threads", "between 1 and 512"),
        ({"transfer__threads": 513}, "transfer.threads", "between 1 and 512"),
        ({"transfer__threads": True}, "transfer.threads", "between 1 and 512"),
        ({"transfer__threads": "many"}, "transfer.threads", '"auto"'),
        ({"transfer__threads": 2.5}, "transfer.threads", "whole number"),
        ({"transfer__existing": "clobber"}, "transfer.existing", "skip-same, skip, refuse, overwrite"),
        ({"transfer__verify": True}, "transfer.verify", "auto, size, checksum, read-back"),
        ({"transfer__bandwidth_limit": "fast"}, "transfer.bandwidth_limit", "50 MB/s"),
        ({"transfer__bandwidth_limit": "0 MB/s"}, "transfer.bandwidth_limit", "50 MB/s"),
        ({"transfer__undo": "no"}, "transfer.undo", "required, best-effort"),
        ({"transfer__token": 1}, "transfer.token", "true or false"),
        ({"transfer__wait": "forever"}, "transfer.wait", "24h"),
        ({"carry__tags": "yes"}, "carry.tags", "true or false"),
        ({"carry__versions": "some"}, "carry.versions", "current, all"),
        ({"carry__locks": "later"}, "carry.locks", "report, after-verify, at-once"),
        ({"carry__storage_class": "GLACIER"}, "carry.storage_class", "Allowed at this destination: STANDARD"),
        ({"carry__encryption": "rot13"}, "carry.encryption", "AES256, aws:kms:ARN"),
        ({"carry__encryption": "aws:kms:arn:aws:kms:us-east-1:1:key/2"}, "carry.encryption", "has none"),
        ({"carry__accept": ["tags", "colour"]}, "carry.accept", "acl, encryption, locks"),
        ({"carry__accept": "acl"}, "carry.accept", "list of texts"),
    ],
)
def test_what_is_wrong_is_named_with_what_is_allowed(changes: dict[str, Any], field: str, says: str) -> None:
    found = problems(table(**changes))
    assert field in found
    assert says in found[field]


SAME = {
    "destination__provider": "aws",
    "destination__region": "us-east-1",
    "destination__endpoint_url": None,
    "destination__bucket": "photos",
}


@pytest.mark.parametrize(
    ("source", "destination", "field"),
    [
        ("", "", "destination"),
        ("a/", "a/", "destination"),
        ("", "copy/", "destination.prefix"),
        ("a/", "", "destination.prefix"),
        ("a/", "a/b/", "destination.prefix"),
        ("a", "ab/", "destination.prefix"),
    ],
)
def test_a_place_cannot_be_copied_into_itself(source: str, destination: str, field: str) -> None:
    given = table(**SAME, source__prefix=source, destination__prefix=destination)
    assert set(problems(given)) == {field}


@pytest.mark.parametrize(
    "changes",
    [
        {"source__prefix": "a/", "destination__prefix": "b/"},
        {"destination__bucket": "photos-copy"},
        {"destination__provider": "s3", "destination__endpoint_url": "https://s3.example.com"},
    ],
)
def test_two_places_are_two_places(changes: dict[str, Any]) -> None:
    job_from(table(**{**SAME, **changes}))


def test_one_service_written_in_two_ways_is_one_service() -> None:
    ends = {"source__provider": "s3", "destination__provider": "s3", "destination__bucket": "photos"}
    given = table(
        **ends,
        source__endpoint_url="https://S3.example.com/",
        destination__endpoint_url="https://s3.example.com",
    )
    assert set(problems(given)) == {"destination"}


SECRETS = ["secret_access_key", "aws_secret_access_key", "access_key", "password", "session_token"]


@pytest.mark.parametrize("name", [*SECRETS, "SecretAccessKey".lower()])
@pytest.mark.parametrize("section", ["source", "destination", ""])
def test_a_secret_in_the_file_is_an_error_that_does_not_repeat_it(name: str, section: str) -> None:
    canary = "wJalrXUtnFEMI/K7MDENG"
    given = table(**{f"{section}__{name}" if section else name: canary})
    with pytest.raises(JobFileError) as caught:
        job_from(given)
    assert "keyring:NAME" in str(caught.value)
    assert "never belong into the job file" in str(caught.value)
    assert canary not in str(caught.value)


def test_keys_within_an_address_are_refused_and_not_repeated() -> None:
    found = problems(table(destination__endpoint_url="https://AKIA:wJalrXUtnFEMI@s3.example.com"))
    assert "user name or password" in found["destination.endpoint_url"]
    assert "wJalrXUtnFEMI" not in str(found)


def test_every_problem_is_told_at_once_with_its_line() -> None:
    text = MINIMAL.replace('"aws"', '"gcs"') + '\n[transfer]\nthreads = 0\n\n[filters]\nmin_size = "x"\n'
    with pytest.raises(JobFileError) as caught:
        parse_job(text, path="job.toml")
    lines = {each.field: each.line for each in caught.value.problems}
    assert lines == {"source.provider": 4, "transfer.threads": 14, "filters.min_size": 17}
    shown = str(caught.value).splitlines()
    assert len(shown) == 3
    assert "job.toml: line 14, transfer.threads: is 0." in str(caught.value)


@pytest.mark.parametrize(
    ("field", "line"),
    [
        ("version", 1),
        ("source.bucket", 5),
        ("source.credentials", 3),
        ("destination", 8),
        ("transfer.threads", None),
    ],
)
def test_a_field_is_found_on_its_line_or_its_section(field: str, line: int | None) -> None:
    assert line_of(MINIMAL, field) == line


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "cannot be read"), (b"\xff\xfe", "not UTF-8"), (b"version = ", "not TOML"), (b"", "version")],
)
def test_a_file_that_is_no_job_file_is_said_to_be(tmp_path: Path, content: bytes | None, says: str) -> None:
    path = tmp_path / "job.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(JobFileError, match=says) as caught:
        read_job(path)
    assert str(path) in str(caught.value)


def test_a_directory_is_no_job_file(tmp_path: Path) -> None:
    with pytest.raises(JobFileError, match="cannot be read"):
        read_job(tmp_path)


def test_the_table_of_a_file_is_what_it_says(tmp_path: Path) -> None:
    path = tmp_path / "job.toml"
    path.write_text(MINIMAL, encoding="utf-8")
    assert read_table(path) == tomllib.loads(MINIMAL)
    assert job_from(read_table(path)) == read_job(path)


# -- while the window is being filled in ----------------------------------------------------------


def test_ends_can_be_checked_before_buckets_are_chosen() -> None:
    source, destination = ends_of(table(source__bucket="", destination__bucket=None))
    assert (source.bucket, destination.bucket) == ("", "")
    assert destination.region == "us-west-1"
    source, destination = ends_of(table())
    assert (source.bucket, destination.bucket) == ("photos", "photos-copy")
    with pytest.raises(JobFileError):
        ends_of(table(source__bucket="", destination__endpoint_url=""))


# -- keys -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "destination", "key", "there"),
    [
        ("", "", "a/b", "a/b"),
        ("a/", "", "a/b", "b"),
        ("", "c/", "a/b", "c/a/b"),
        ("a/", "c/", "a/b", "c/b"),
        ("a", "c", "a/b", "c/b"),
        ("a/", "", "a/a/b", "a/b"),
    ],
)
def test_prefixes_are_exchanged(source: str, destination: str, key: str, there: str) -> None:
    job = job_from(table(source__prefix=source, destination__prefix=destination))
    assert job.destination_key(key) == there


def test_a_migration_is_both_ends_with_bucket_and_prefix() -> None:
    one = job_from(table())
    assert job_from(table(name="other", transfer__threads=3)).migration == one.migration
    for change in (
        {"source__bucket": "other"},
        {"destination__bucket": "other"},
        {"source__prefix": "a/"},
        {"destination__prefix": "a/"},
        {"destination__endpoint_url": "https://s3.eu-1.acme.lyve.seagate.com"},
    ):
        assert job_from(table(**change)).migration != one.migration
