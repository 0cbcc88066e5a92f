"""Job files that were made to do harm, or went wrong: a message each, with its field and what is allowed."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from migrator.cli import run_command_line
from migrator.config import LARGEST_JOB_BYTES, parse_job, read_job, read_table
from migrator.errors import JobFileError
from migrator.job_file import job_text
from migrator.job_rules import MOST_CHARS, MOST_PROBLEMS

pytestmark = pytest.mark.hostile

GOOD = """
version = 1
[source]
provider = "aws"
bucket = "photos"
region = "us-east-1"
[destination]
provider = "lyve"
bucket = "archive"
endpoint_url = "https://s3.us-west-1.acme.lyve.seagate.com"
"""
ESC = "\\u001b"


def job(section: str, line: str) -> str:
    """The good job with one line more in a section ("" is the top), or another line instead of its own."""
    name = line.partition("=")[0].strip()
    lines, current = [], ""
    added = [line] if section == "" else []
    for each in GOOD.strip().splitlines():
        if each.startswith("["):
            if current == section == "":
                lines += added
            current = each.strip("[]")
            lines.append(each)
            if current == section:
                lines.append(line)
            continue
        if current == section and each.partition("=")[0].strip() == name:
            continue
        lines.append(each)
    if f"[{section}]" not in lines and section:
        lines += [f"[{section}]", line]
    return "\n".join(lines) + "\n"


def test_the_good_job_is_good() -> None:
    parse_job(GOOD)
    parse_job(job("source", 'prefix = "a/"'))
    parse_job(job("", 'name = "x"'))
    parse_job(job("transfer", "threads = 3"))


#: What is not TOML, or not a job at all -> what the message says.
NOT_JOBS = {
    "nothing": ("", "version: is missing"),
    "only a number": ("7", "is not TOML"),
    "a broken string": ('version = "1', "is not TOML"),
    "a key twice": ("version = 1\nversion = 1", "is not TOML"),
    "a table twice": ("version = 1\n[source]\n[source]", "is not TOML"),
    "YAML": ("version: 1\nsource:\n  provider: aws", "is not TOML"),
    "JSON": ('{"version": 1}', "is not TOML"),
    "XML": ("<job/>", "is not TOML"),
    "a null byte": ("version = 1\nname = 'a\x00b'", "is not TOML"),
    "an escape code, raw": ("version = 1\nname = 'a\x1b[2J'", "is not TOML"),
    "a surrogate, escaped": ('version = 1\nname = "\\ud800"', "is not TOML"),
    "a table instead of a value": ("[version]\nx = 1", "version: is {'x': 1}"),
    "a value instead of a table": ("version = 1\nsource = 3", "source: must be a table"),
    "a list instead of a table": ("version = 1\nsource = [1]", "source: must be a table"),
    "many tables instead of one": ("version = 1\n[[source]]\n[[source]]", "source: must be a table"),
    "another version": ("version = 2", "version: is 2"),
    "a version that is true": ("version = true", "version: is True"),
    "a version in quotes": ('version = "1"', "version: is '1'"),
    "very deep": ("a = " + "[" * 400 + "]" * 400, "a: is not known here"),
    "deeper than Python": ("a = " + "[" * 100_000 + "]" * 100_000, "beyond all measure"),
    "tables in tables": ("a = " + "{a = " * 50_000 + "1" + "}" * 50_000, "beyond all measure"),
    "a name without end": (".".join("a" * 50_000) + " = 1", "beyond all measure"),
    "quoted names without end": (".".join(['"a"'] * 50_000) + " = 1", "beyond all measure"),
    "a heading without end": ("[" + ".".join("a" * 50_000) + "]", "beyond all measure"),
    "a name without end, inside": ("a = {" + ".".join("a" * 50_000) + " = 1}", "beyond all measure"),
    "a number without end": ("version = " + "9" * 5_000, "beyond all measure"),
    "a number without end, in another base": ("version = 0x" + "f" * 50_000, "beyond all measure"),
    **{
        f"a name without end, after {hidden}": (
            f"a = {{b = {hidden}, " + ".".join("a" * 50_000) + ' = 1, c = ""}',
            "beyond all measure",
        )
        for hidden in (
            *('"a"', "'a'", "'a\\'", '"a\\""', '"\\\\"', '"#"', "'#'", '""', "''"),
            *('"""a"""', '"""a""""', '"""a"""""', '"""\n"\n"""', "'''\n\"\n'''", "'''a'''''", '"""\\""""'),
        )
    },
    "a name without end, after a comment": ('a = 1 # "\n' + ".".join("a" * 50_000) + " = 1", "beyond all"),
    "texts that do not end": ('a = """\n' + '\\"""\n' * 100_000, "is not TOML"),
    "other texts that do not end": ("a = '''\n" + "''\n" * 100_000, "is not TOML"),
    "texts in a line that do not end": ("a = " + '\\"' * 200_000, "is not TOML"),
}


@pytest.mark.parametrize("name", NOT_JOBS)
def test_what_is_no_job_is_said_to_be_none(name: str) -> None:
    text, says = NOT_JOBS[name]
    with pytest.raises(JobFileError) as caught:
        parse_job(text)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        'exclude = ["/report,1.3.6.1.4.1.14519.5.2.1.6279.6001.29.88.06.137.288.dcm"]',
        "exclude = ['/{a,1.3.6.1.4.1.14519.5.2.1.6279.6001.29.88.06.137.288}']",
        'exclude = ["""\n1.3.6.1.4.1.14519.5.2.1.6279.6001.29.88.06.137.288"""]',
        f'exclude = ["/,0x{"f" * 400}"]',
        "# [1.3.6.1.4.1.14519.5.2.1.6279.6001.29.88.06.137.288]",
    ],
)
def test_what_looks_like_a_name_without_end_within_a_text_is_none(line: str) -> None:
    """Else a run that leaves such an object out could be neither resumed nor undone."""
    parse_job(job("filters", line))


def test_no_job_is_written_that_would_not_be_read_again() -> None:
    """A run keeps its job: what is written may be longer than what was read."""
    text = job("filters", "exclude = ['" + "\\a" * 500_000 + "']")
    assert len(text) < LARGEST_JOB_BYTES
    with pytest.raises(JobFileError, match=f"would be larger than {LARGEST_JOB_BYTES:,} bytes"):
        job_text(tomllib.loads(text))


def test_a_file_without_end_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "job.toml"
    with path.open("wb") as file:
        file.write(GOOD.encode())
        file.truncate(LARGEST_JOB_BYTES + 1)
    for read in (read_job, read_table):
        with pytest.raises(JobFileError, match="is larger than any job"):
            read(path)


def test_what_is_wrong_is_told_with_an_end() -> None:
    many = GOOD + "".join(f"k{number} = 1\n" for number in range(2_000))
    with pytest.raises(JobFileError) as caught:
        parse_job(many)
    *told, last = caught.value.problems
    assert len(told) == MOST_PROBLEMS
    assert "2,000" not in last.message
    assert last.message == f"has {2_000 - MOST_PROBLEMS:,} more of them."


def test_line_ends_of_every_system_are_read(tmp_path: Path) -> None:
    path = tmp_path / "job.toml"
    for end in ("\n", "\r\n", "\r"):
        path.write_bytes(GOOD.replace("\n", end).encode())
        assert read_job(path).source.bucket == "photos"
        assert read_table(path)["version"] == 1


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\xff\xfev\x00e\x00r\x00", "is not UTF-8"),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), "is not UTF-8"),
        (b"version = 1\n# \xe9", "is not UTF-8"),
        (b"\xef\xbb\xbfversion = 1", "is not TOML"),
        (b"SQLite format 3\x00", "is not TOML"),
    ],
)
def test_files_of_another_kind(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "job.toml"
    path.write_bytes(content)
    with pytest.raises(JobFileError, match=says):
        read_job(path)


#: section, line -> a part of the message about that field.
FIELDS: list[tuple[str, str, str]] = [
    # keys that nobody knows, and secrets where they do not belong
    ("", 'evil = "x"', "is not known here. Allowed:"),
    ("", '"" = 1', "is not known here"),
    ("source", "verify_tls = false", "is not known here"),
    ("source", "insecure = true", "is not known here"),
    ("source", "create_bucket = true", "is not known here"),
    ("destination", 'proxy = "http://evil"', "is not known here"),
    ("transfer", 'script = "rm -rf /"', "is not known here"),
    ("environment", 'AWS_ENDPOINT_URL = "http://evil"', "is not known here"),
    ("source", 'secret_access_key = "x"', "secrets never belong"),
    ("source", 'aws_secret_access_key = "x"', "secrets never belong"),
    ("destination", 'SESSION_TOKEN = "x"', "secrets never belong"),
    ("", 'password = "x"', "secrets never belong"),
    # endpoints
    ("source", 'endpoint_url = "http://example.com"', "over http, readable by anyone"),
    ("source", 'endpoint_url = "http://10.0.0.1:9000"', "over http, readable by anyone"),
    ("source", 'endpoint_url = "http://localhost.evil.example"', "over http, readable by anyone"),
    ("source", 'endpoint_url = "http://127.0.0.1.evil.example"', "over http, readable by anyone"),
    ("source", 'endpoint_url = "http://0.0.0.0:9000"', "over http, readable by anyone"),
    ("source", 'endpoint_url = "ftp://example.com"', "must start with https://"),
    ("source", 'endpoint_url = "file:///etc/passwd"', "must start with https://"),
    ("source", 'endpoint_url = "javascript:alert(1)"', "must start with https://"),
    ("source", 'endpoint_url = "example.com"', "must start with https://"),
    ("source", 'endpoint_url = "https://"', "must start with https://"),
    ("source", 'endpoint_url = "https:///bucket"', "must start with https://"),
    ("source", 'endpoint_url = "https://example.com:0x50"', "must start with https://"),
    ("source", 'endpoint_url = "https://example.com:99999"', "must start with https://"),
    ("source", 'endpoint_url = "https://[::1"', "must start with https://"),
    ("source", 'endpoint_url = "https://user:pass@example.com"', "must not contain a user name"),
    ("source", 'endpoint_url = "https://user:pass@[::1"', '"https://***@[::1" is not a URL'),
    ("source", 'endpoint_url = "https://user@example.com"', "must not contain a user name"),
    ("source", 'endpoint_url = "https://good.example\\\\@evil.example"', "must not contain a user name"),
    ("source", 'endpoint_url = "https://example.com/bucket"', "must end after the host"),
    ("source", 'endpoint_url = "https://example.com?x=1"', "must end after the host"),
    ("source", 'endpoint_url = "https://example.com#x"', "must end after the host"),
    ("source", 'endpoint_url = "https://exa mple.com"', "contains a space"),
    ("source", 'endpoint_url = "https://a.example\\n.evil.example"', "contains a space, a control character"),
    ("source", 'endpoint_url = "https://a.example\\r\\nHost: evil"', "contains a space, a control character"),
    ("source", 'endpoint_url = "https://a\\tb.example"', "contains a space, a control character"),
    ("source", 'endpoint_url = "https://ex\\u00e4mple.com"', "letter that no address has"),
    ("source", 'endpoint_url = "https://\\u0430mazon.com"', "letter that no address has"),
    ("source", 'endpoint_url = "https://\\uff11\\uff12\\uff17.0.0.1"', "letter that no address has"),
    ("source", f'endpoint_url = "https://{ESC}[31m.example"', "contains a space, a control character"),
    ("source", 'endpoint_url = "https://a%2eexample.com"', "no name and no address"),
    ("source", 'endpoint_url = "https://-a.example"', "no name and no address"),
    ("source", 'endpoint_url = "https://a.example;evil"', "no name and no address"),
    ("source", 'endpoint_url = "https://169.254.169.254"', "link-local address 169.254.169.254"),
    ("source", 'endpoint_url = "https://169.254.0.1:8443"', "link-local address"),
    ("source", 'endpoint_url = "https://[fe80::1]"', "link-local address"),
    ("source", 'endpoint_url = "https://[fe80::1%eth0]"', "link-local address"),
    ("source", 'endpoint_url = "https://[::ffff:169.254.169.254]"', "link-local address"),
    ("source", 'endpoint_url = "https://[fd00:ec2::254]"', "link-local address"),
    ("source", 'endpoint_url = "https://2852039166"', "write an address as four numbers"),
    ("source", 'endpoint_url = "https://0xa9fea9fe"', "write an address as four numbers"),
    ("source", 'endpoint_url = "https://0251.0376.0251.0376"', "write an address as four numbers"),
    ("source", 'endpoint_url = "https://127.1"', "write an address as four numbers"),
    ("source", "endpoint_url = 7", "must be text in quotes"),
    ("destination", 'endpoint_url = ""', "is missing"),
    # the rest of an end
    ("source", 'provider = "gcs"', "Allowed: aws, lyve, s3"),
    ("source", "provider = ['aws']", "Allowed: aws, lyve, s3"),
    ("source", 'bucket = ""', "is missing"),
    ("source", 'bucket = "a"', "is not a bucket name"),
    ("source", 'bucket = "../other"', "is not a bucket name"),
    ("source", 'bucket = "a/b/c"', "is not a bucket name"),
    ("source", 'bucket = "photos?acl"', "is not a bucket name"),
    ("source", 'bucket = "photos\\r\\nX: y"', "is not a bucket name"),
    ("source", f'bucket = "{ESC}[2Jphotos"', "is not a bucket name"),
    ("source", 'bucket = "arn:aws:s3:us-east-1:1:accesspoint/x"', "is not a bucket name"),
    ("source", f'bucket = "{"x" * 300}"', "is not a bucket name"),
    ("source", "bucket = 7", "is missing"),
    ("source", f'prefix = "{"x" * 1025}"', "longer than 1024 bytes"),
    ("source", f'prefix = "{"é" * 513}"', "longer than 1024 bytes"),
    ("source", "prefix = 7", "must be text in quotes"),
    ("source", 'region = "us-east-1.evil.example/"', "is not a region"),
    ("source", 'region = "US-EAST-1"', "is not a region"),
    ("source", 'region = "\\u202eus-east-1"', "is not a region"),
    ("source", 'credentials = "keyring:"', "must be one of: keyring:NAME"),
    ("source", 'credentials = "keyring:a:b"', "must be one of"),
    ("source", 'credentials = "file:/etc/passwd"', "must be one of"),
    ("source", 'credentials = "AKIAIOSFODNN7EXAMPLE"', "must be one of"),
    ("source", 'credentials = "env:HOME"', "must be one of"),
    ("source", "credentials = {id = 'x'}", "must be one of"),
    ("source", 'ca_file = "/no/such/file"', "there is no file"),
    ("source", 'ca_file = "/"', "there is no file"),
    ("source", 'ca_file = "a\\u0000b"', "there is no file"),
    ("source", f'ca_file = "{"a/" * 5000}"', "there is no file"),
    ("source", 'ca_file = "~nobody-at-all/ca.pem"', "there is no file"),
    ("source", f'credentials = "keyring:a{ESC}[2J"', "must be one of"),
    ("source", f'credentials = "profile:{ESC}[2J"', "must be one of"),
    ("source", 'credentials = "profile:a\\u202eb"', "must be one of"),
    ("source", 'allow_http = "yes"', "must be true or false"),
    ("source", "requester_pays = 1", "must be true or false"),
    ("destination", 'create_bucket = "true"', "must be true or false"),
    # filters
    ("filters", 'min_date = "yesterday"', "is not a date"),
    ("filters", 'min_date = "2024-02-30"', "is not a date"),
    ("filters", 'max_date = "99999-01-01"', "is not a date"),
    ("filters", 'min_size = "-1"', "is not a size"),
    ("filters", 'min_size = "1e9999"', "is not a size"),
    ("filters", 'min_size = "NaN"', "is not a size"),
    ("filters", 'min_size = "5 XB"', "is not a size"),
    ("filters", f'min_size = "{"9" * 400}"', "is not a size"),
    ("filters", f"max_size = {'9' * 4000}", "is not a size"),
    ("filters", 'max_size = "9223372036854775808"', "is not a size"),
    ("filters", f'max_size = "1.{"9" * 400} TB"', "is not a size"),
    ("filters", 'min_size = "\\uff11\\uff12 GB"', "is not a size"),
    ("filters", "min_size = true", "Allowed:"),
    ("filters", "min_size = 1.5", "Allowed:"),
    ("filters", 'include = "*.jpg"', "must be a list of patterns"),
    ("filters", "include = [7]", "must be a list of patterns"),
    ("filters", 'include = ["["]', "is not finished"),
    ("filters", 'include = ["{a"]', "is not finished"),
    ("filters", f'exclude = ["{ESC}[31m["]', "is not finished"),
    # transfer
    ("transfer", "threads = 0", "between 1 and 512"),
    ("transfer", "threads = -5", "between 1 and 512"),
    ("transfer", "threads = 1000000000", "between 1 and 512"),
    ("transfer", "threads = 1.5", "between 1 and 512"),
    ("transfer", "threads = true", "between 1 and 512"),
    ("transfer", 'existing = "delete"', "Allowed: skip-same"),
    ("transfer", 'verify = "none"', "Allowed: auto"),
    ("transfer", 'undo = "never"', "Allowed: required"),
    ("transfer", 'bandwidth_limit = "-1 MB/s"', "is not a speed"),
    ("transfer", 'bandwidth_limit = "fast"', "is not a speed"),
    ("transfer", f'bandwidth_limit = "{"9" * 400} TB/s"', "is not a speed"),
    ("transfer", f"threads = {'9' * 4000}", "between 1 and 512"),
    ("transfer", 'wait = "forever"', "is not a duration"),
    ("transfer", 'wait = "-1h"', "is not a duration"),
    ("transfer", f'wait = "{"9" * 400}d"', "is not a duration"),
    ("transfer", 'wait = "\\u0663h"', "is not a duration"),
    ("transfer", 'data_plane = "curl"', "Allowed: auto, boto3"),
    ("transfer", 'token = "no"', "must be true or false"),
    # carry and environment
    ("carry", 'versions = "none"', "Allowed: current, all"),
    ("carry", 'storage_class = "GLACIER"', "Allowed at this destination"),
    ("carry", 'encryption = "none"', "Allowed: AES256"),
    ("carry", 'encryption = "aws:kms:arn:aws:kms:x y"', "Allowed: AES256"),
    ("carry", 'encryption = "AES256\\r\\nx-amz-acl: public-read"', "Allowed: AES256"),
    ("carry", 'locks = "off"', "Allowed: report"),
    ("carry", 'accept = ["everything"]', 'has "everything"'),
    ("carry", 'accept = "acl"', "must be a list"),
    ("environment", 'accept = "HTTPS_PROXY"', "must be a list of names"),
    ("environment", 'accept = ["*"]', "no name of a variable"),
    ("environment", 'accept = ["A=B"]', "no name of a variable"),
]


@pytest.mark.parametrize(("section", "line", "says"), FIELDS, ids=[f"{s}.{n:.60}" for s, n, _ in FIELDS])
def test_a_field_is_refused_with_its_cause(section: str, line: str, says: str) -> None:
    name = line.partition("=")[0].strip().strip('"')
    field = f"{section}.{name}" if section else name
    with pytest.raises(JobFileError) as caught:
        parse_job(job(section, line))
    error = caught.value
    (problem, *_) = [each for each in error.problems if each.field == field] or error.problems
    assert says in problem.message
    assert problem.field == field
    assert problem.line is not None or not name
    assert str(error).replace("\n", "").isprintable(), "a terminal would act on it"
    assert len(problem.message) <= MOST_CHARS, "nobody reads that far"


@pytest.mark.parametrize(
    ("source", "destination", "says"),
    [
        ("", "", "is the same place"),
        ("a/", "", "lie inside one another"),
        ("", "a/", "lie inside one another"),
        ("a/", "a/b/", "lie inside one another"),
    ],
)
def test_a_place_within_itself(source: str, destination: str, says: str) -> None:
    end = 'provider = "s3"\nendpoint_url = "https://s3.example.com"\nbucket = "one"\n'
    text = f'version = 1\n[source]\n{end}prefix = "{source}"\n[destination]\n{end}prefix = "{destination}"\n'
    with pytest.raises(JobFileError, match=says):
        parse_job(text)


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "/no/such/job.toml"],
        ["run", "/"],
        ["run", "/dev/null"],
        ["resume", "../../etc"],
        ["resume", "latest"],
        ["rollback", "20260101T000000000Z-abcdef", "--yes"],
        ["report", "\x1b[2J"],
        ["why", "latest", "key"],
        ["status", "."],
        ["forget", "*"],
        ["accept", "", "--yes"],
        ["verify", "latest/../x"],
    ],
    ids=repr,
)
def test_arguments_that_lead_nowhere(
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MIGRATOR_HOME", str(tmp_path))
    assert run_command_line(arguments) == 2
    said = capsys.readouterr().err
    assert said.strip()
    assert "Traceback" not in said
    assert said.replace("\n", "").isprintable()
    assert list(tmp_path.iterdir()) == []
