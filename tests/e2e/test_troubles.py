"""What goes wrong for real users: each ends with a message that says what to do, and the right exit code."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrator.demo.faults import Fault
from migrator.demo.samples import fill
from migrator.model.objects import Properties
from tests.e2e.conftest import CommandLine, Side
from tests.store.keepers import wait_until

MIB = 1024 * 1024


@pytest.fixture
def job(cli: CommandLine, aws: Side, lyve: Side) -> Path:
    fill(aws.cloud, aws.bucket, 12)
    return cli.job(aws, lyve)


def writes(side: Side) -> set[str]:
    return {request.method for request in side.server.requests} - {"GET", "HEAD"}


def test_a_wrong_secret_is_named_as_such(cli: CommandLine, lyve: Side, job: Path) -> None:
    cli.environment["MIGRATOR_DESTINATION_SECRET_ACCESS_KEY"] = "mistyped"
    result = cli("run", job)
    assert result.code == 2
    assert "Lyve Cloud does not accept this secret key" in result.out
    assert "mistyped" not in result.out + result.err
    assert not writes(lyve)


def test_an_unknown_access_key_is_named_as_such(cli: CommandLine, job: Path) -> None:
    cli.environment["MIGRATOR_SOURCE_ACCESS_KEY_ID"] = "AKIANOBODY"
    result = cli("run", job)
    assert result.code == 2
    assert "AWS does not know this access key" in result.out


def test_missing_credentials_name_the_variables(cli: CommandLine, job: Path) -> None:
    del cli.environment["MIGRATOR_SOURCE_SECRET_ACCESS_KEY"]
    result = cli("run", job)
    assert result.code == 2
    assert "MIGRATOR_SOURCE_SECRET_ACCESS_KEY is not set" in result.out


@pytest.mark.long  # it waits for half a minute
@pytest.mark.timeout(200)
def test_an_endpoint_that_does_not_answer_is_refused_within_a_minute(
    cli: CommandLine, aws: Side, lyve: Side, job: Path
) -> None:
    lyve.server.die()
    result = cli("run", job, "--json")
    assert result.code == 3
    assert "does not answer" in result.summary["message"]
    assert result.summary["advice"]
    assert not (cli.home / "home" / "runs").exists()


def test_a_web_page_is_not_an_s3_service(cli: CommandLine, lyve: Side, job: Path) -> None:
    lyve.server.faults.add(Fault("ListObjectsV2", times=100, kind="html"))
    result = cli("run", job)
    assert result.code == 3
    assert "not as an S3 service" in result.out


def test_a_missing_bucket_is_named(cli: CommandLine, aws: Side, lyve: Side) -> None:
    result = cli("run", cli.job(aws, lyve, destination={"bucket": "no-such-bucket"}))
    assert result.code == 2
    assert "There is no bucket no-such-bucket at Lyve Cloud" in result.out


def test_a_missing_right_is_named_by_its_action(cli: CommandLine, aws: Side, job: Path) -> None:
    aws.server.denied_operations.add("ListObjectsV2")
    result = cli("run", job)
    assert result.code == 3
    assert "s3:ListBucket" in result.out


def test_listing_buckets_is_not_needed(cli: CommandLine, aws: Side, lyve: Side, job: Path) -> None:
    for side in (aws, lyve):
        side.server.denied_operations.add("ListBuckets")
    assert cli("run", job).code == 0


def test_objects_that_may_not_be_read_fail_by_name_and_the_rest_arrives(
    cli: CommandLine, aws: Side, lyve: Side, job: Path
) -> None:
    key = aws.keys_listed()[5]
    aws.server.faults.add(Fault("GetObject", key=key, times=100, kind="denied"))
    result = cli("run", job, "--json")
    assert result.code == 1
    assert (result.summary["copied"], result.summary["failed"]) == (11, 1)
    failed = result.named("object-failed")
    assert [each["key"] for each in failed] == [key]
    assert "s3:GetObject" in failed[0]["advice"]
    aws.server.faults.clear()
    retried = cli("resume", "latest", "--json")
    assert retried.code == 0
    assert retried.summary["copied"] == 12
    assert cli("resume", "latest").code == 0


def test_an_empty_bucket_is_nothing_to_copy(cli: CommandLine, aws: Side, lyve: Side) -> None:
    result = cli("run", cli.job(aws, lyve))
    assert result.code == 0
    assert "Nothing to copy" in result.out


def test_a_filter_that_matches_nothing_says_so(cli: CommandLine, aws: Side, lyve: Side, job: Path) -> None:
    result = cli("run", cli.job(aws, lyve, filters={"min_size": "1 TB"}))
    assert result.code == 0
    assert "Nothing to copy" in result.out
    assert "12 left out by filters" in result.out


@pytest.mark.parametrize("kind", ["503", "500", "reset", "applied-reset"])
def test_what_passes_is_tried_again(cli: CommandLine, lyve: Side, job: Path, kind: str) -> None:
    lyve.server.faults.add(Fault("PutObject", nth=2, times=3, kind=kind))
    result = cli("run", job, "--json")
    assert lyve.server.faults.fired
    assert result.code == 0
    assert result.summary["copied"] == 12
    assert result.named("retrying")


def test_a_body_cut_short_is_read_again(cli: CommandLine, aws: Side, lyve: Side, job: Path) -> None:
    aws.server.faults.add(Fault("GetObject", nth=3, times=2, kind="cut-body"))
    assert cli("run", job).code == 0
    assert aws.server.faults.fired
    assert lyve.cloud.contents(lyve.bucket) == aws.cloud.contents(aws.bucket)


@pytest.mark.parametrize("who", ["aws", "lyve"])
def test_a_server_that_dies_half_way_pauses_the_run_and_resume_finishes_it(
    cli: CommandLine, aws: Side, lyve: Side, who: str
) -> None:
    fill(aws.cloud, aws.bucket, 300)
    side = aws if who == "aws" else lyve
    process = cli.start("run", cli.job(aws, lyve, transfer={"wait": "1s"}), "--json")
    wait_until(lambda: len(lyve.keys_listed()) > 20)
    side.server.die()
    result = cli.finish(process)
    assert result.code == 5, result.out[-1500:]
    assert result.summary["outcome"] == "paused"
    assert result.summary["cause"] == "unreachable"
    assert 0 < result.summary["copied"] < 300
    assert result.summary["left"] == 300 - result.summary["copied"]
    side.server.start()
    resumed = cli("resume", "latest", "--json")
    assert resumed.code == 0, resumed.out[-1500:]
    assert resumed.summary["copied"] == 300
    assert lyve.cloud.contents(lyve.bucket) == aws.cloud.contents(aws.bucket)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_in_order_and_rollback_empties_the_destination(
    cli: CommandLine, aws: Side, lyve: Side, number: int, code: int
) -> None:
    fill(aws.cloud, aws.bucket, 300)
    process = cli.start("run", cli.job(aws, lyve), "--json")
    wait_until(lambda: len(lyve.keys_listed()) > 10)
    process.send_signal(number)
    result = cli.finish(process)
    assert result.code == code
    assert result.summary["outcome"] == "stopped"
    assert result.summary["left"] > 0
    assert cli("rollback", "latest", "--yes").code == 0
    assert lyve.keys_listed() == []
    assert lyve.cloud.list_uploads(lyve.bucket) == []


@pytest.mark.parametrize("then", ["resume", "rollback"])
def test_a_killed_run_can_be_finished_or_undone(cli: CommandLine, aws: Side, lyve: Side, then: str) -> None:
    fill(aws.cloud, aws.bucket, 200)
    aws.cloud.seed(aws.bucket, "0-first-and-large", os.urandom(40 * MIB))
    process = cli.start("run", cli.job(aws, lyve))
    wait_until(lambda: len(lyve.keys_listed()) > 10)
    process.kill()
    process.communicate()
    assert "crashed" in cli("runs").out
    refused = cli("run", cli.home / "job.toml")
    assert refused.code == 2
    assert "is not finished" in refused.out
    if then == "resume":
        result = cli("resume", "latest", "--json")
        assert result.code == 0, result.out[-1500:]
        assert result.summary["copied"] == 201
        assert lyve.cloud.contents(lyve.bucket) == aws.cloud.contents(aws.bucket)
    else:
        assert cli("rollback", "latest", "--yes").code == 0
        assert lyve.keys_listed() == []
    assert lyve.cloud.list_uploads(lyve.bucket) == []


def test_objects_that_change_or_go_while_the_run_copies_are_failures_with_a_reason(
    cli: CommandLine, aws: Side, lyve: Side
) -> None:
    for number in range(40):
        aws.cloud.seed(aws.bucket, f"k{number:02}", b"first")
    aws.server.faults.add(Fault("GetObject", times=1, kind="delay", seconds=1.5))
    process = cli.start("run", cli.job(aws, lyve, transfer={"threads": 1}), "--json")
    wait_until(
        lambda: (
            any(request.operation == "GetObject" for request in aws.server.requests)
            or aws.server.faults.fired
        )
    )
    aws.cloud.put(aws.bucket, "k38", b"second, longer", Properties())
    aws.cloud.delete(aws.bucket, "k39")
    result = cli.finish(process)
    assert result.code == 1
    assert {each["key"]: each["cause"] for each in result.named("object-failed")} == {
        "k38": "source-changed",
        "k39": "source-gone",
    }
    assert result.summary["drift"] == {"added": 0, "changed": 1, "removed": 1}
    again = cli("resume", "latest", "--json")
    assert again.summary["copied"] == 39
    assert lyve.cloud.contents(lyve.bucket)["k38"] == b"second, longer"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk with room for the reserve and hardly anything else."""
    mount = tmp_path / "small"
    mount.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=17m", "tmpfs", str(mount)], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("mounting a small disk needs root")
    yield mount
    subprocess.run(["umount", str(mount)], check=True)


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a tmpfs")
def test_a_full_disk_pauses_the_run_before_anything_is_sent_unrecorded(
    cli: CommandLine, aws: Side, lyve: Side, small_disk: Path
) -> None:
    for number in range(6000):
        aws.cloud.seed(aws.bucket, f"{number:05}-{'long name ' * 20}", b"x")
    cli.environment["MIGRATOR_HOME"] = str(small_disk)
    job = cli.job(aws, lyve)
    result = cli("run", job, "--json")
    assert result.code == 5
    assert result.summary["cause"] == "disk-full"
    assert "disk" in result.summary["message"]
    assert not writes(lyve)


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a tmpfs")
def test_no_room_for_a_journal_refuses_the_run(
    cli: CommandLine, aws: Side, lyve: Side, small_disk: Path
) -> None:
    fill(aws.cloud, aws.bucket, 3)
    (small_disk / "ballast").write_bytes(b"x" * 14 * MIB)
    cli.environment["MIGRATOR_HOME"] = str(small_disk)
    result = cli("run", cli.job(aws, lyve))
    assert result.code == 3
    assert "Free some space" in result.out
    assert not writes(lyve)


def test_a_bad_job_file_is_explained_field_by_field(cli: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text('version = 1\n[source]\nprovider = "aws"\nbuckett = "x"\n')
    result = cli("run", path, "--json")
    assert result.code == 2
    assert "line 4, source.buckett: is not known here" in result.err
    assert result.summary["outcome"] == "refused"
    assert cli("run", tmp_path / "nowhere.toml").code == 2
    assert cli("resume", "latest").code == 2
    assert cli("frobnicate").code == 2
