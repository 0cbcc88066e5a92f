"""Reports as a user asks for them."""

from __future__ import annotations

import csv
import hashlib

import pytest

from tests.e2e.conftest import CommandLine, Side


@pytest.fixture
def migrated(cli: CommandLine, aws: Side, lyve: Side) -> CommandLine:
    for name in ("a", "b"):
        aws.cloud.seed(aws.bucket, name, name.encode())
    end = cli("run", cli.job(aws, lyve))
    assert "how sure: 2 content digest equal" in end.out
    return cli


def test_writing_a_report_tells_its_sha256(migrated: CommandLine) -> None:
    path = migrated.home / "run.csv"
    told = migrated("report", "latest", "-o", path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert f"{digest}  {path}" in told.err
    assert told.out == ""
    assert digest in migrated("report", "latest", "--format", "json").out
    assert digest in migrated("report", "latest", "--format", "html").out
    assert migrated("report", "latest", "--quiet").err == ""


def test_sha256_of_every_copy_costs_are_told_first(migrated: CommandLine) -> None:
    told = migrated("report", "latest", "--sha256")
    rows = list(csv.DictReader(told.out.splitlines()))
    assert [row["sha256"] for row in rows] == [hashlib.sha256(name).hexdigest() for name in (b"a", b"b")]
    assert "Reading back 2 objects" in told.err
    assert "Every copy was read back and has its SHA-256." in told.err
    path = migrated.home / "run.csv"
    summary = migrated("report", "latest", "--sha256", "-o", path, "--json").summary
    assert summary["outcome"] == "verified"


@pytest.mark.parametrize("wrong", [("--format", "html"), ("--json",)])
def test_what_cannot_be_is_refused(migrated: CommandLine, wrong: tuple[str, ...]) -> None:
    assert migrated("report", "latest", "--sha256", *wrong).code == 2
