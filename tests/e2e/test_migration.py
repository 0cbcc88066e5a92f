"""The main job: a bucket moves, either way, and arrives whole."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from migrator.demo.samples import fill
from migrator.model.objects import Properties
from migrator.store.memory import MemoryCloud
from tests.e2e.compare import assert_equal_buckets, listed
from tests.e2e.conftest import CommandLine, Side

MIB = 1024 * 1024


def edge_sizes(cloud: MemoryCloud, bucket: str, *sizes: int) -> None:
    """Objects whose sizes sit on the boundaries of parts."""
    chance = random.Random(7)
    for size in sizes:
        properties = Properties(
            content_type="application/x-edge",
            cache_control="no-store",
            expires="0",
            metadata={"size": str(size), "empty": ""},
            tags={"edge": "a b+c", "who": "we"},
        )
        cloud.seed(bucket, f"edges/{size:010}", chance.randbytes(size), properties)


def both_ways(cli: CommandLine, first: Side, second: Side) -> None:
    """There, and from there into a third place; both arrivals are compared with the origin."""
    there = cli("run", cli.job(first, second), "--json")
    assert there.code == 0, there.out[-2000:]
    assert_equal_buckets(first.client, first.bucket, second.client, second.bucket)
    back = cli("run", cli.job(second, first, destination={"prefix": "back/"}, name="back"), "--json")
    assert back.code == 0, back.out[-2000:]
    first.cloud.create_bucket("only-back")
    for key in first.keys_listed():
        if key.startswith("back/"):
            first.client.copy_object(
                Bucket="only-back",
                Key=key.removeprefix("back/"),
                CopySource={"Bucket": first.bucket, "Key": key},
            )
    assert_equal_buckets(second.client, second.bucket, first.client, "only-back")
    count = len(listed(second.client, second.bucket))
    for result in (there, back):
        books = result.summary
        assert (books["outcome"], books["copied"], books["verified"]) == ("completed", count, count)
        assert books["drift"] == {"added": 0, "changed": 0, "removed": 0}


def test_a_bucket_moves_both_ways_with_everything_about_its_objects(
    cli: CommandLine, aws: Side, lyve: Side
) -> None:
    fill(aws.cloud, aws.bucket, 120)
    edge_sizes(aws.cloud, aws.bucket, 0, 1, 8 * MIB - 1, 8 * MIB, 8 * MIB + 1, 16 * MIB)
    both_ways(cli, aws, lyve)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_2500_objects_up_to_64_mib_move_both_ways(cli: CommandLine, aws: Side, lyve: Side) -> None:
    fill(aws.cloud, aws.bucket, 2490)
    edge_sizes(aws.cloud, aws.bucket, 0, 1, 5 * MIB, 8 * MIB - 1, 8 * MIB, 8 * MIB + 1, 24 * MIB)
    edge_sizes(aws.cloud, aws.bucket, 63 * MIB + 12345, 64 * MIB - 1, 64 * MIB)
    both_ways(cli, aws, lyve)


def test_a_second_run_finds_everything_the_same_and_sends_nothing(
    cli: CommandLine, aws: Side, lyve: Side
) -> None:
    fill(aws.cloud, aws.bucket, 30)
    job = cli.job(aws, lyve)
    assert cli("run", job).code == 0
    before = len(lyve.server.requests)
    again = cli("run", job, "--json")
    assert again.code == 0
    assert again.summary["same"] == 30
    sent = {request.operation for request in list(lyve.server.requests)[before:]}
    assert sent <= {"ListObjectsV2", "GetBucketVersioning", "GetObjectLockConfiguration"}


def test_the_source_is_only_read(cli: CommandLine, aws: Side, lyve: Side) -> None:
    fill(aws.cloud, aws.bucket, 20)
    assert cli("run", cli.job(aws, lyve)).code == 0
    assert cli("rollback", "latest", "--yes").code == 0
    assert {request.method for request in aws.server.requests} <= {"GET", "HEAD"}


def test_the_copy_carries_the_sources_date_and_our_token(cli: CommandLine, aws: Side, lyve: Side) -> None:
    fill(aws.cloud, aws.bucket, 3)
    assert cli("run", cli.job(aws, lyve)).code == 0
    for key in listed(aws.client, aws.bucket):
        modified = aws.client.head_object(Bucket=aws.bucket, Key=key)["LastModified"]
        metadata = lyve.client.head_object(Bucket=lyve.bucket, Key=key)["Metadata"]
        assert float(metadata["mtime"]) == modified.timestamp()
        assert metadata["migrator-op"].count(".") == 2


def test_plan_writes_nothing_and_tells_the_same_as_run(cli: CommandLine, aws: Side, lyve: Side) -> None:
    fill(aws.cloud, aws.bucket, 25)
    lyve.cloud.seed(lyve.bucket, listed(aws.client, aws.bucket)[0], b"something else")
    job = cli.job(aws, lyve)
    plan = cli("plan", job, "--json")
    assert plan.code == 0
    assert plan.summary["outcome"] == "planned"
    assert {request.method for request in lyve.server.requests} <= {"GET", "HEAD"}
    assert not (cli.home / "home" / "runs").exists()
    run = cli("run", job, "--json")
    assert run.code == 1
    for name in ("listed", "planned", "same", "filtered", "conflicts", "bytes_planned"):
        assert plan.summary[name] == run.summary[name]


def test_verify_notices_a_copy_that_was_changed_afterwards(cli: CommandLine, aws: Side, lyve: Side) -> None:
    fill(aws.cloud, aws.bucket, 12)
    assert cli("run", cli.job(aws, lyve)).code == 0
    assert cli("verify", "latest", "--read-back", "--json").summary["outcome"] == "verified"
    lyve.cloud.put(lyve.bucket, listed(aws.client, aws.bucket)[4], b"not what was sent", Properties())
    after = cli("verify", "latest", "--json")
    assert after.code == 1
    assert [each["reason"] for each in after.named("object-checked")] == ["copy-changed"]


def test_report_has_a_row_for_every_key(cli: CommandLine, aws: Side, lyve: Side, tmp_path: Path) -> None:
    fill(aws.cloud, aws.bucket, 12)
    assert cli("run", cli.job(aws, lyve)).code == 0
    for kind in ("csv", "json", "html"):
        path = tmp_path / f"report.{kind}"
        assert cli("report", "latest", "-o", path).code == 0
        assert path.stat().st_size > 0
    rows = (tmp_path / "report.csv").read_text().splitlines()
    assert len(rows) == 1 + 12
    assert "completed" in cli("runs").out


def test_the_demo_ends_well_without_a_window(cli: CommandLine) -> None:
    result = cli("demo", "--headless", "--objects", "40", "--json")
    assert result.code == 0
    assert result.summary["outcome"] == "completed"
    assert result.summary["copied"] == 40


def test_the_demo_goes_on_without_a_display(cli: CommandLine) -> None:
    result = cli("demo", "--objects", "5")
    assert result.code == 0
    assert "Going on without a window" in result.err
    assert "5/5" in result.out
