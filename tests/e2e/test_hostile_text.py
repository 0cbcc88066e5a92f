"""Keys, names and messages that a terminal would act on, or that hide what they are, are seen as they are."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.e2e.conftest import CommandLine, Result, Side
from tests.support.rewriter import Passing, Rewriter

pytestmark = pytest.mark.hostile

#: What no line on a terminal may hold: controls but the newline, bidirectional and invisible characters.
ACTS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
KEYS = [
    "\x1b[2J\x1b[31mred",
    "\x1b]0;title\x07",
    "\x9b31mred",
    "back\x08\x08\x08space",
    "line\nbreak",
    "car\rriage",
    "\ttab",
    "nul\x00byte",
    "x\u202egpj.exe",
    "\u2066iso\u2069lated",
    "zero\u200bwidth",
    "\ufeffmark",
    "sep\u2028arator",
    "\x7fdelete",
    "soft\u00adhyphen",
    "=cmd|' /C calc'!A0",
    "007",
    "../../etc/passwd",
    "C:\\Windows\\evil",
    "%s%n{0}$(id)`id`",
    "'; DROP TABLE objects; --",
    "<script>alert(1)</script>",
]
SPEAKS = "Said \u009b31m red \u202e and \u200b more \u2028 lines"


def must_be_plain(result: Result, what: str) -> None:
    for name, text in (("out", result.out), ("err", result.err)):
        found = ACTS.search(text)
        assert found is None, (
            f"{what}: {name} holds {found[0]!r} in {text[max(0, found.start() - 80) :][:160]!r}"
        )


@pytest.fixture
def hostile(aws: Side) -> Side:
    for key in KEYS:
        aws.cloud.seed(aws.bucket, key, b"body")
    return aws


@pytest.mark.timeout(300)
def test_a_terminal_shows_what_keys_are(cli: CommandLine, hostile: Side, lyve: Side, tmp_path: Path) -> None:
    lyve.cloud.seed(lyve.bucket, KEYS[0], b"something else")
    lyve.cloud.seed(lyve.bucket, KEYS[8], b"something else")
    job = cli.job(hostile, lyve, name="\x1b[31mnamed\u202e", destination={"prefix": "to\u202e\x1b[1m/"})
    for arguments in (
        ("policy", job),
        ("plan", job),
        ("check", job, "--verbose"),
        ("run", job, "--verbose"),
        ("status",),
        ("runs",),
        ("why", "latest", KEYS[0]),
        ("why", "latest", "\x1b[31mnever heard of\u202e"),
        ("report", "latest"),
        ("verify", "latest", "--verbose"),
        ("rollback", "latest", "--dry-run", "--verbose"),
        ("rollback", "latest", "--yes", "--verbose"),
    ):
        must_be_plain(cli(*arguments), str(arguments[0]))
    for name in ("run", "plan", "resume", "status"):
        must_be_plain(cli(name, "\x1b[31mnothing\u202e"), f"{name} of nothing")


@pytest.mark.parametrize("what", ["listing", "object", "put"])
@pytest.mark.parametrize("how", [(), ("--json",)])
def test_a_terminal_shows_what_a_service_says(
    cli: CommandLine, aws: Side, lyve: Side, what: str, how: tuple[str, ...]
) -> None:
    aws.cloud.seed(aws.bucket, "k", b"body")

    def rewrite(answer: Passing) -> Passing:
        is_meant = {
            "listing": answer.is_listing,
            "object": answer.method == "GET" and answer.path.endswith("/k"),
            "put": answer.method == "PUT",
        }[what]
        body = f"<Error><Code>Odd\u202eCode\u009b</Code><Message>{SPEAKS}</Message></Error>".encode()
        return answer.but(body, 400) if is_meant else answer

    side, where = (lyve, "destination") if what == "put" else (aws, "source")
    with Rewriter(side.server.url, rewrite) as server:
        job = cli.job(aws, lyve, **{where: {"endpoint_url": server.url}})
        result = cli("run", job, "--log-file", cli.home / "log", *how)
        must_be_plain(result, "run")
        assert "Said" in result.out + result.err
        must_be_plain(cli("status"), "status")
        if what != "listing":
            for kind in ("csv", "json", "html"):
                must_be_plain(cli("report", "latest", "--format", kind), kind)
            must_be_plain(cli("why", "latest", "k"), "why")


def test_files_have_no_names_of_anybody_elses(cli: CommandLine, hostile: Side, lyve: Side) -> None:
    assert cli("run", cli.job(hostile, lyve)).code == 0
    (run,) = (cli.home / "home" / "runs").iterdir()
    assert re.fullmatch(r"[0-9TZ]+-[0-9a-f]{6}", run.name)
    assert {path.name for path in run.iterdir()} <= {
        "job.toml",
        "journal.sqlite",
        "journal.sqlite-wal",
        "journal.sqlite-shm",
        "lock",
        "reserve",
        "run.log",
    }
    assert {path.name for path in (cli.home / "home").iterdir()} == {"runs"}


def test_json_has_every_key_exactly(cli: CommandLine, hostile: Side, lyve: Side, tmp_path: Path) -> None:
    """What is made visible for people stays exact for programs."""
    result = cli("run", cli.job(hostile, lyve), "--json", "--verbose")
    assert {each["key"] for each in result.named("object-copied")} == set(KEYS)
    path = tmp_path / "report.json"
    assert cli("report", "latest", "-o", path).code == 0
    rows = json.loads(path.read_text())["keys"]
    assert {row["key"] for row in rows} == set(KEYS)
    assert all(isinstance(row["key"], str) for row in rows)


@pytest.mark.skipif("os.name == 'nt'")
def test_all_files_are_their_owners_alone(cli: CommandLine, aws: Side, lyve: Side, tmp_path: Path) -> None:
    """Also where the system would give new files to everybody."""
    aws.cloud.seed(aws.bucket, "k", b"body")
    job = cli.job(aws, lyve)
    log, report = tmp_path / "all.log", tmp_path / "report.html"
    for arguments in (
        ("run", job, "--log-file", log),
        ("report", "latest", "-o", report),
        ("verify", "latest"),
        ("rollback", "latest", "--yes"),
        ("demo", "--headless", "--objects", "3"),
    ):
        result = cli.finish(cli.start(*arguments, umask=0))
        assert result.code == 0, result.err
    open_to_others = [
        f"{path} {path.stat().st_mode & 0o777:o}"
        for path in [log, report, cli.home / "home", *(cli.home / "home").rglob("*")]
        if path.stat().st_mode & 0o077
    ]
    assert open_to_others == []
