"""Marked secrets go in; no artefact of any command may hold them, nor a part of them, in any spelling.

Both services are hostile: their refusals repeat the secrets, in every spelling. That is more than a service
could know (a secret key is never sent), and as much as a defect of ours or of a library might say.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from migrator.demo.s3server import S3Server
from migrator.demo.samples import fill
from migrator.job_file import job_text
from tests.e2e.conftest import CommandLine, Result, Side
from tests.store.keepers import wait_until
from tests.support.canary import (
    DESTINATION_SECRET,
    DESTINATION_TOKEN,
    SECRETS,
    SOURCE_SECRET,
    SOURCE_TOKEN,
    Children,
    must_be_clean,
    must_be_clean_below,
    spellings,
)
from tests.support.rewriter import Passing, Rewrite, Rewriter

pytestmark = pytest.mark.long

GOSSIP = ("Said: " + " ".join(spellings())).replace("&", "&amp;").replace("<", "&lt;")
BODIES = {f"k/{number}": f"body {number} ".encode() * 50 for number in range(6)}
ENVIRONMENT = {
    "MIGRATOR_SOURCE_SESSION_TOKEN": SOURCE_TOKEN,
    "MIGRATOR_DESTINATION_SESSION_TOKEN": DESTINATION_TOKEN,
}


def refusal(code: str) -> bytes:
    return f"<Error><Code>{code}</Code><Message>{GOSSIP}</Message><RequestId>1</RequestId></Error>".encode()


def gossip_about(what: str) -> Rewrite:
    """Answers of one kind become refusals that repeat all secrets."""

    def rewrite(answer: Passing) -> Passing:
        is_object = answer.path.partition("?")[0].endswith("/k/3")
        match what:
            case "listing" if answer.is_listing:
                return answer.but(refusal("AccessDenied"), 403)
            case "secret" if answer.is_listing:
                return answer.but(refusal("SignatureDoesNotMatch"), 403)
            case "odd" if answer.is_listing:
                return answer.but(refusal("OddCode"), 400)
            case "expired" if answer.is_listing:
                return answer.but(refusal("ExpiredToken"), 400)
            case "read" if answer.method == "GET" and is_object:
                return answer.but(refusal("InvalidObjectState"), 403)
            case "write" if answer.method == "PUT" and is_object:
                return answer.but(refusal("InvalidRequest"), 400)
            case "busy" if answer.method in {"GET", "PUT"} and is_object:
                return answer.but(refusal("InternalError"), 500)
        return answer

    return rewrite


@pytest.fixture
def aws(aws: Side) -> Iterator[Side]:
    yield from _with_secret(aws, SOURCE_SECRET)


@pytest.fixture
def lyve(lyve: Side) -> Iterator[Side]:
    yield from _with_secret(lyve, DESTINATION_SECRET)


def _with_secret(side: Side, secret: str) -> Iterator[Side]:
    access, _ = side.keys
    with S3Server(side.cloud, {access: secret}) as server:
        yield Side(side.provider, side.cloud, server, side.bucket, (access, secret))


@pytest.fixture
def cli(cli: CommandLine) -> CommandLine:
    cli.environment.update(ENVIRONMENT)
    return cli


def clean(result: Result, *codes: int) -> Result:
    must_be_clean("standard output", result.out)
    must_be_clean("standard error", result.err)
    assert result.code in codes, f"{result.code}\n{result.out}\n{result.err}"
    return result


def prepared(aws: Side) -> None:
    for key, body in BODIES.items():
        aws.cloud.seed(aws.bucket, key, body)


HOWS: dict[str, tuple[str, ...]] = {
    "text": (),
    "json": ("--json",),
    "verbose": ("--verbose",),
    "quiet": ("--quiet",),
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("plane", ["auto", "boto3"])
def test_a_whole_life_leaves_no_secret_anywhere(
    cli: CommandLine, aws: Side, lyve: Side, tmp_path: Path, plane: str
) -> None:
    """Every command that works on a job or a run, each told in another way."""
    prepared(aws)
    job = cli.job(aws, lyve, transfer={"data_plane": plane})
    log = ("--log-file", str(tmp_path / "all.log"))
    clean(cli("policy", job, *log), 0)
    clean(cli("check", job, "--verbose", *log), 0)
    clean(cli("plan", job, "--json", *log), 0)
    clean(cli("plan", job, "--deep", "--speed", "5 MB/s", *log), 0)
    clean(cli("run", job, "--verbose", *log), 0)
    clean(cli("status", "--json"), 0)
    clean(cli("runs"), 0)
    clean(cli("why", "latest", "k/3"), 0)
    clean(cli("why", "latest", SOURCE_SECRET), 0)
    clean(cli("resume", "latest", *log), 0)
    clean(cli("verify", "latest", "--read-back", "--json", *log), 0)
    for kind in ("html", "json", "csv"):
        clean(cli("report", "latest", "--format", kind), 0)
        clean(cli("report", "latest", "-o", str(tmp_path / f"report.{kind}")), 0)
    clean(cli("report", "latest", "--sha256", "-o", str(tmp_path / "signed.csv"), *log), 0)
    clean(cli("rollback", "latest", "--dry-run", *log), 0)
    clean(cli("rollback", "latest", "--yes", "--json", *log), 0)
    clean(cli("run", job, "--quiet", *log), 0)
    clean(cli("accept", "latest", "--yes", *log), 0)
    assert must_be_clean_below(tmp_path) > 10
    clean(cli("forget", "latest"), 0)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("what", "where", "codes", "how"),
    [
        ("listing", "source", (3,), "text"),
        ("secret", "destination", (2,), "json"),
        ("odd", "source", (3,), "text"),
        ("odd", "destination", (3,), "json"),
        ("expired", "destination", (2,), "quiet"),
        ("read", "source", (1,), "text"),
        ("read", "source", (1,), "quiet"),
        ("write", "destination", (1,), "json"),
        ("busy", "source", (1, 5), "verbose"),
    ],
)
def test_refusals_that_repeat_secrets_are_told_without_them(
    cli: CommandLine,
    aws: Side,
    lyve: Side,
    tmp_path: Path,
    what: str,
    where: str,
    codes: tuple[int, ...],
    how: str,
) -> None:
    prepared(aws)
    side = aws if where == "source" else lyve
    log = ("--log-file", str(tmp_path / "all.log"))
    with Rewriter(side.server.url, gossip_about(what)) as server:
        job = cli.job(aws, lyve, **{where: {"endpoint_url": server.url}})
        said = clean(cli("run", job, *HOWS[how], *log), *codes)
        assert server.struck
        if what == "odd":
            clean(cli("check", job, *HOWS[how], *log), 3)
            clean(cli("plan", job, *HOWS[how], *log), 3)
        if 1 in codes and how != "quiet":
            for kind in ("html", "json", "csv"):
                clean(cli("report", "latest", "--format", kind), 0)
            clean(cli("why", "latest", "k/3", *HOWS[how]), 0)
            clean(cli("verify", "latest", *HOWS[how]), 0, 1, 3)
            clean(cli("rollback", "latest", "--yes", *HOWS[how], *log), 0, 4)
    assert must_be_clean_below(tmp_path) >= 2
    if what == "odd" and how != "quiet":
        assert "***" in said.out + said.err, "the refusal was not told at all"


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_that_is_stopped(
    cli: CommandLine, aws: Side, lyve: Side, tmp_path: Path, number: int, code: int
) -> None:
    fill(aws.cloud, aws.bucket, 300)
    job = cli.job(aws, lyve)
    log = ("--log-file", str(tmp_path / "all.log"))
    process = cli.start("run", job, "--verbose", *log)
    wait_until(lambda: len(lyve.keys_listed()) > 10)
    process.send_signal(number)
    clean(cli.finish(process), code)
    clean(cli("status", "latest", "--follow", "--verbose"), 0)
    clean(cli("run", job, *log), 2)
    clean(cli("run", job, "--new", "--json", *log), 0)
    assert must_be_clean_below(tmp_path) > 5


def test_a_run_whose_destination_goes_away_and_one_that_cannot_be_undone_wholly(
    cli: CommandLine, aws: Side, lyve: Side, tmp_path: Path
) -> None:
    fill(aws.cloud, aws.bucket, 300)
    log = ("--log-file", str(tmp_path / "all.log"))
    process = cli.start("run", cli.job(aws, lyve, transfer={"wait": "1s"}), "--json", *log)
    wait_until(lambda: len(lyve.keys_listed()) > 20)
    lyve.server.die()
    clean(cli.finish(process), 5)
    clean(cli("rollback", "latest", "--yes", *log), 3)
    lyve.server.start()
    clean(cli("resume", "latest", "--verbose", *log), 0)
    first, second, *_ = aws.keys_listed()
    lyve.cloud.seed(lyve.bucket, first, b"somebody else's work")
    aws.cloud.delete(aws.bucket, second)
    clean(cli("rollback", "latest", "--yes", "--json", *log), 4)
    clean(cli("rollback", "latest", "--yes", "--even-last-copy", lyve.bucket, *log), 4)
    assert lyve.keys_listed() == [first]
    assert must_be_clean_below(tmp_path) > 5


WRONG_JOBS: dict[str, dict[str, Any]] = {
    "a secret in the name": {"name": f"moved with {SOURCE_SECRET}"},
    "a secret for a region": {"source": {"region": SOURCE_SECRET}},
    "a secret for a reference": {"source": {"credentials": SOURCE_SECRET}},
    "a secret for a bucket": {"destination": {"bucket": DESTINATION_SECRET}},
    "a secret for a prefix": {"source": {"prefix": SOURCE_TOKEN}},
    "a secret in a pattern": {"filters": {"include": [f"{SOURCE_SECRET}/["]}},
    "a secret in a date": {"filters": {"min_date": SOURCE_SECRET}},
    "a secret in an address": {"source": {"endpoint_url": f"https://a:{SOURCE_TOKEN}@example.com"}},
    "a secret for a file": {"source": {"ca_file": f"/{SOURCE_TOKEN}"}},
    "a secret for a loss": {"carry": {"accept": [SOURCE_SECRET]}},
}


@pytest.mark.parametrize("name", WRONG_JOBS)
@pytest.mark.parametrize("how", ["text", "json"])
def test_a_job_with_a_secret_in_it_is_refused_without_repeating_it(
    cli: CommandLine, aws: Side, lyve: Side, name: str, how: str
) -> None:
    prepared(aws)
    job = cli.job(aws, lyve)
    table = {"version": 1, "source": aws.end(), "destination": lyve.end()}
    for section, value in WRONG_JOBS[name].items():
        table[section] = {**table.get(section, {}), **value} if isinstance(value, dict) else value
    job.write_text(_unchecked(table))
    clean(cli("run", job, *HOWS[how]), 2)
    result = cli("policy", job, *HOWS[how])
    must_be_clean("standard output", result.out)
    must_be_clean("standard error", result.err)
    must_be_clean_below(cli.home / "home")


def _unchecked(table: dict[str, Any]) -> str:
    """TOML, as somebody wrote it who knows nothing of secrets."""
    marks = {secret: f"@{number}@" for number, secret in enumerate(SECRETS)}

    def marked(value: Any, back: bool = False) -> Any:
        if isinstance(value, dict):
            return {name: marked(each) for name, each in value.items()}
        if isinstance(value, list):
            return [marked(each) for each in value]
        for secret, mark in marks.items():
            value = value.replace(secret, mark) if isinstance(value, str) else value
        return value

    text = job_text(marked(table))
    for secret, mark in marks.items():
        text = text.replace(mark, secret)
    return text


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", SOURCE_SECRET),
        ("run", "job.toml", SOURCE_SECRET),
        ("run", "--secret", SOURCE_SECRET),
        ("resume", SOURCE_TOKEN),
        ("report", "latest", "--format", SOURCE_SECRET),
        ("plan", "job.toml", "--speed", SOURCE_SECRET),
        ("run", "job.toml", "--log-file", f"/{SOURCE_SECRET}/x"),
        (SOURCE_SECRET,),
        ("keys", "set", SOURCE_SECRET),
        ("keys", "forget", SOURCE_SECRET),
        ("keys", "test", SOURCE_SECRET),
        ("keys", "test", "name", "--endpoint-url", f"https://x:{SOURCE_SECRET}@host"),
        ("keys", "test", "name", "--region", SOURCE_SECRET),
        ("keys", "test", "name", "--job", SOURCE_SECRET),
        ("keys", "set", "name", "--expires", SOURCE_SECRET),
        ("demo", "--objects", SOURCE_SECRET),
        ("--licences", SOURCE_SECRET),
    ],
)
def test_a_secret_typed_in_the_wrong_place_is_not_repeated(
    cli: CommandLine, aws: Side, lyve: Side, arguments: tuple[str, ...]
) -> None:
    cli.job(aws, lyve)
    cli.environment["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nowhere"
    result = cli(*arguments)
    must_be_clean("standard output", result.out)
    must_be_clean("standard error", result.err)


@pytest.mark.parametrize("text", [f"AKIA\n{SOURCE_SECRET}\n{SOURCE_TOKEN}\n", f"{SOURCE_SECRET}\n"])
def test_keys_that_are_entered_are_not_repeated(cli: CommandLine, text: str, tmp_path: Path) -> None:
    """Nothing in the environment tells the program what is secret."""
    for name in [
        name for name in cli.environment if name.startswith("MIGRATOR_") and name != "MIGRATOR_HOME"
    ]:
        del cli.environment[name]
    cli.environment["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nowhere"
    process = cli.start("keys", "set", "aws", stdin=subprocess.PIPE)
    out, err = process.communicate(text, timeout=60)
    clean(Result(process.returncode, out, err), 2)
    must_be_clean_below(tmp_path)


def test_the_demos_services_are_told_no_secret_of_the_users(cli: CommandLine, aws: Side, lyve: Side) -> None:
    """Nor their own by argument or environment, which others on this computer can look at."""
    cli.use_keys(aws, lyve)
    cli.environment["AWS_SECRET_ACCESS_KEY"] = SOURCE_SECRET
    cli.environment["AWS_SESSION_TOKEN"] = SOURCE_TOKEN
    process = cli.start("demo", "--headless", "--objects", "20", "--json", stdout=subprocess.DEVNULL)
    children = Children(process)
    children.watch()
    assert process.stderr
    must_be_clean("standard error", process.stderr.read())
    process.stderr.close()
    assert process.returncode == 0
    assert len(children.arguments) == 2
    assert all("_s3server" in arguments for arguments in children.arguments.values())
    children.must_be_clean()
    assert must_be_clean_below(cli.home / "home")


DEFECTS = {
    # What is broken, and what then raises.
    "in the plan": "migrator.engine.steps.Steps.go_on",
    "before the run": "migrator.engine.commands.preflight",
    "in one copy": "migrator.engine.copying.Copier.copy_whole",
    "nobody catches it": "migrator.cli_commands.run",
}


@pytest.mark.parametrize("how", ["text", "json"])
@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_of_ours_is_told_without_secrets(
    cli: CommandLine, aws: Side, lyve: Side, tmp_path: Path, name: str, how: str
) -> None:
    prepared(aws)
    job = cli.job(aws, lyve)
    where, _, function = DEFECTS[name].rpartition(".")
    program = (
        "import sys\nfrom functools import reduce\nfrom importlib import import_module\n"
        f"parts = {where!r}.split('.')\n"
        "at = next(n for n in range(len(parts), 0, -1) if n == 1 or parts[n - 1].islower())\n"
        "thing = reduce(getattr, parts[at:], import_module('.'.join(parts[:at])))\n"
        "def broken(*given, **named): raise RuntimeError('on fire: ' + said)\n"
        f"said = open({str(tmp_path / 'said')!r}).read()\n"
        f"assert hasattr(thing, {function!r})\nsetattr(thing, {function!r}, broken)\n"
        "from migrator.__main__ import main\nsys.exit(main())\n"
    )
    said = tmp_path / "said"
    said.write_text(" ".join(spellings()))
    log = tmp_path / "all.log"
    ended = subprocess.run(
        [sys.executable, "-c", program, "run", str(job), "--log-file", str(log), *HOWS[how]],
        env=cli.environment,
        capture_output=True,
        text=True,
        timeout=100,
    )
    said.unlink()
    must_be_clean("standard output", ended.stdout)
    must_be_clean("standard error", ended.stderr)
    must_be_clean_below(tmp_path)
    assert ended.returncode in {1, 3}, ended.stderr
    assert "on fire: ***" in ended.stdout + ended.stderr + (log.read_text() if log.exists() else "")
