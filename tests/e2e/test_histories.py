"""`versions = "all"` over the command line: both histories read with plain boto3 and compared."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from migrator.store.base import Versioning
from tests.e2e.conftest import CommandLine, Side

Line = tuple[str, bool, bool, bytes, dict[str, str], list[tuple[str, str]]]


def history(side: Side) -> list[Line]:
    """Every version and marker as a client sees it, by key; ids and dates are the service's own."""
    lines: list[Any] = []
    for page in side.client.get_paginator("list_object_versions").paginate(Bucket=side.bucket):
        lines += [(each, False) for each in page.get("Versions", [])]
        lines += [(each, True) for each in page.get("DeleteMarkers", [])]
    order = [(line.version.key, line.version.version_id) for line in side.cloud.list_versions(side.bucket)]
    lines.sort(key=lambda line: order.index((line[0]["Key"], line[0]["VersionId"])))
    found = []
    for each, is_marker in lines:
        body, metadata, tags = b"", {}, []
        if not is_marker:
            which = {"Bucket": side.bucket, "Key": each["Key"], "VersionId": each["VersionId"]}
            answer = side.client.get_object(**which)
            body, metadata = answer["Body"].read(), answer["Metadata"]
            tags = [(tag["Key"], tag["Value"]) for tag in side.client.get_object_tagging(**which)["TagSet"]]
        own = {name: value for name, value in metadata.items() if name not in ("migrator-op", "mtime")}
        found.append((each["Key"], each["IsLatest"], is_marker, body, own, tags))
    return found


@pytest.fixture
def job(cli: CommandLine, aws: Side, lyve: Side) -> Path:
    """Versions, markers on top and in between, and a null version from a time without versions."""
    aws.client.put_object(Bucket=aws.bucket, Key="from before", Body=b"null")
    for side in (aws, lyve):
        side.cloud.set_versioning(side.bucket, Versioning.ENABLED)
    for number in range(4):
        aws.client.put_object(
            Bucket=aws.bucket,
            Key="docs/a",
            Body=b"%d" % number,
            Metadata={"n": str(number)},
            Tagging=f"t={number}",
        )
    aws.client.put_object(Bucket=aws.bucket, Key="from before", Body=b"newer")
    aws.client.put_object(Bucket=aws.bucket, Key="gone +%&", Body=b"was here")
    aws.client.delete_object(Bucket=aws.bucket, Key="gone +%&")
    aws.client.put_object(Bucket=aws.bucket, Key="back", Body=b"1")
    aws.client.delete_object(Bucket=aws.bucket, Key="back")
    aws.client.put_object(Bucket=aws.bucket, Key="back", Body=b"2")
    return cli.job(aws, lyve, carry={"versions": "all"})


COUNT = 11


def test_the_histories_are_equal_and_go_again(cli: CommandLine, aws: Side, lyve: Side, job: Path) -> None:
    lyve.client.put_object(Bucket=lyve.bucket, Key="theirs", Body=b"was here before")
    theirs = history(lyve)
    planned = cli("plan", job, "--json")
    assert (planned.code, planned.summary["planned"]) == (0, COUNT)
    result = cli("run", job, "--json")
    assert result.code == 0, result.err
    assert result.summary["copied"] == COUNT
    assert [line for line in history(lyve) if line[0] != "theirs"] == history(aws)
    assert cli("verify", "latest", "--read-back").code == 0

    rows = list(csv.DictReader(io.StringIO(cli("report", "latest", "--format", "csv").out)))
    listed = {(line.version.key, line.version.version_id) for line in aws.cloud.list_versions(aws.bucket)}
    assert {(row["key"], row["source_version_id"]) for row in rows} == listed
    assert sum(row["kind"] == "marker" for row in rows) == 2

    again = cli("run", job, "--json")
    assert (again.summary["copied"], again.summary["same"]) == (0, COUNT)
    runs = [each["run"] for each in cli("runs", "--json").events if each["event"] != "summary"]
    assert cli("rollback", result.summary["run"], "--yes").code == 0, runs
    assert history(lyve) == theirs


def test_a_destination_without_versions_is_refused_with_the_loss_named(
    cli: CommandLine, aws: Side, lyve: Side
) -> None:
    aws.client.put_object(Bucket=aws.bucket, Key="a", Body=b"x")
    result = cli("run", cli.job(aws, lyve, carry={"versions": "all"}))
    assert result.code == 3
    assert "old-versions" in result.out
    assert lyve.keys_listed() == []


def test_a_versioned_source_is_told_of_what_stays(cli: CommandLine, aws: Side, lyve: Side) -> None:
    aws.cloud.set_versioning(aws.bucket, Versioning.ENABLED)
    aws.client.put_object(Bucket=aws.bucket, Key="a", Body=b"x")
    result = cli("plan", cli.job(aws, lyve))
    assert result.code == 0
    assert "Older versions and delete markers of the source are not copied" in result.out + result.err
