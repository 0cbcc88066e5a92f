"""Whole histories between real clusters: killed in the middle, resumed, compared, and taken back exactly."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus
from xml.etree import ElementTree

import pytest

from tests.real.conftest import Clouds, Migration, new_migration
from tests.real.looking import OPEN, RESERVED, count, states

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]

KEYS, VERSIONS = 12, 6
LARGE_BYTES = 9 * 1024 * 1024


def _history(client: Any, bucket: str, *, with_ids: bool = False) -> list[tuple[Any, ...]]:
    """Every version and marker, newest first within a key, in the order of the document, which the SDK takes
    apart. All fit on one page."""
    order: list[tuple[str, str]] = []

    def note(response_dict: dict[str, Any], **_: Any) -> None:
        for each in ElementTree.fromstring(response_dict["body"]):
            if each.tag.rpartition("}")[2] in ("Version", "DeleteMarker"):
                texts = {part.tag.rpartition("}")[2]: part.text or "" for part in each}
                order.append((unquote_plus(texts["Key"]), texts["VersionId"]))

    client.meta.events.register("before-parse.s3.ListObjectVersions", note)
    answer = client.list_object_versions(Bucket=bucket)
    client.meta.events.unregister("before-parse.s3.ListObjectVersions", note)
    assert not answer["IsTruncated"]
    lines = answer.get("Versions", []) + answer.get("DeleteMarkers", [])
    lines.sort(key=lambda each: order.index((each["Key"], each["VersionId"])))
    return [
        _line(client, bucket, each, with_ids=with_ids)
        for each in lines
        if not each["Key"].startswith(RESERVED)
    ]


def _line(client: Any, bucket: str, each: dict[str, Any], *, with_ids: bool) -> tuple[Any, ...]:
    which = {"Bucket": bucket, "Key": each["Key"], "VersionId": each["VersionId"]}
    line: tuple[Any, ...] = (each["Key"], each["IsLatest"], "ETag" in each)
    if "ETag" in each:
        answer = client.get_object(**which)
        tags = client.get_object_tagging(**which).get("TagSet", [])
        own = {k: v for k, v in answer["Metadata"].items() if k not in ("migrator-op", "mtime")}
        line += (answer["Body"].read(), answer["ContentType"], own, tags)
    return (*line, each["VersionId"]) if with_ids else line


def _fill(client: Any, bucket: str) -> None:
    def switch(status: str) -> None:
        client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})

    client.put_object(Bucket=bucket, Key="from before", Body=b"null")
    switch("Enabled")
    for number in range(VERSIONS):
        for key in range(KEYS):
            body = f"{key} in version {number}".encode()
            client.put_object(
                Bucket=bucket,
                Key=f"k/{key:02}",
                Body=body,
                Metadata={"n": str(number)},
                Tagging=f"n={number}",
            )
            if (key + number) % 4 == 0:
                client.delete_object(Bucket=bucket, Key=f"k/{key:02}")
    client.put_object(Bucket=bucket, Key="large", Body=b"x" * LARGE_BYTES)
    client.put_object(Bucket=bucket, Key="large", Body=b"y" * LARGE_BYTES)
    switch("Suspended")
    client.put_object(Bucket=bucket, Key="k/00", Body=b"null, on top")
    client.put_object(Bucket=bucket, Key="k/01", Body=b"null, in between")
    client.delete_object(Bucket=bucket, Key="k/02")
    switch("Enabled")
    client.put_object(Bucket=bucket, Key="k/01", Body=b"on top of null")


def _all_versions(migration: Migration) -> Path:
    job = migration.job()
    text = job.read_text()
    job.write_text(text + '\n[carry]\nversions = "all"\n' if "[carry]" not in text else text)
    return job


def _killed_in_the_middle(migration: Migration, job: Path) -> bool:
    """Kill -9 once a third is copied and something is under way; False where the run was faster."""
    with (migration.cli.home / "out.jsonl").open("w") as out:
        process = migration.cli.start("run", job, "--json", "--quiet", stdout=out)
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        journal = next(iter(migration.runs.glob("*/journal.sqlite")), None)
        found = states(journal) if journal else {}
        if count(found, ("committed",)) >= KEYS * VERSIONS // 3 and count(found, OPEN):
            break
        time.sleep(0.002)
    is_alive = process.poll() is None
    if is_alive:
        process.send_signal(signal.SIGKILL)
    process.communicate()
    return is_alive


@pytest.mark.parametrize("then", ["resume", "rollback"])
def test_histories_arrive_whole_and_go_again(clouds: Clouds, tmp_path: Path, then: str) -> None:
    source, destination = clouds.aws.new_bucket(), clouds.lyve.new_bucket("Enabled")
    here, there = clouds.aws.client, clouds.lyve.client
    _fill(here, source)
    there.put_object(Bucket=destination, Key="k/03", Body=b"theirs, below")
    there.delete_object(Bucket=destination, Key="k/04")
    before = _history(there, destination, with_ids=True)
    migration = new_migration(clouds, tmp_path, source, destination)
    job = _all_versions(migration)
    assert _killed_in_the_middle(migration, job)
    if then == "resume":
        resumed = migration.cli("resume", "latest", "--json")
        told = [
            each for each in resumed.events if "object-" in each["event"] and "copied" not in each["event"]
        ]
        assert resumed.code == 0, told[:5]
        wanted, found = _history(here, source), _history(there, destination)
        for key in sorted({line[0] for line in wanted}):
            ours = [line for line in wanted if line[0] == key]
            assert [line for line in found if line[0] == key][: len(ours)] == ours, key
        assert len(found) == len(wanted) + len(before)
        assert migration.cli("verify", "latest").code == 0
        again = migration.cli("run", job, "--json")
        assert (again.code, again.summary["copied"], again.summary["same"]) == (0, 0, len(wanted))
        run = resumed.summary["run"]
    else:
        run = "latest"
    undone = migration.cli("rollback", run, "--yes", "--json")
    assert undone.code == 0, (undone.summary, undone.named("object-undone")[-5:])
    assert _history(there, destination, with_ids=True) == before
