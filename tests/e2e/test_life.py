"""A run's life beside and after its process: looked at, found again after a crash, forgotten."""

from __future__ import annotations

import json
import signal
import sys

import pytest

from migrator.demo.faults import ALWAYS, Fault
from migrator.demo.samples import fill
from migrator.model.objects import Properties
from tests.e2e.conftest import CommandLine, Side
from tests.store.keepers import wait_until

COUNT = 120


def slow(side: Side) -> None:
    """Copies take long enough to be looked at."""
    side.server.faults.add(Fault("PutObject", times=ALWAYS, kind="delay", seconds=0.2))


@pytest.fixture
def crashed(cli: CommandLine, aws: Side, lyve: Side) -> str:
    """A run that was killed; its id."""
    fill(aws.cloud, aws.bucket, COUNT)
    slow(lyve)
    process = cli.start("run", cli.job(aws, lyve))
    wait_until(lambda: len(lyve.keys_listed()) > 10)
    process.kill()
    process.communicate()
    lyve.server.faults.clear()
    return str(json.loads(cli("status", "--json").out)["run"])


def test_status_looks_beside_a_running_process_and_follows_it_to_its_end(
    cli: CommandLine, aws: Side, lyve: Side
) -> None:
    fill(aws.cloud, aws.bucket, COUNT)
    slow(lyve)
    process = cli.start("run", cli.job(aws, lyve), "--json")
    wait_until(lambda: len(lyve.keys_listed()) > 10)
    assert ": running, copying" in cli("status").out
    followed = cli("status", "latest", "--follow", "--json")
    assert cli.finish(process).code == 0
    assert followed.code == 0
    assert {each["event"] for each in followed.events} == {"status"}
    first, last = followed.events[0], followed.events[-1]
    assert (first["state"], first["is_busy"], first["phase"]) == ("running", True, "copying")
    assert (last["state"], last["is_busy"]) == ("completed", False)
    assert last["ledger"]["copied"] == len(aws.keys_listed())


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_following_can_be_broken_off_and_the_run_goes_on(
    cli: CommandLine, aws: Side, lyve: Side, number: int, code: int
) -> None:
    fill(aws.cloud, aws.bucket, COUNT)
    slow(lyve)
    run = cli.start("run", cli.job(aws, lyve))
    wait_until(lambda: len(lyve.keys_listed()) > 10)
    watch = cli.start("status", "--follow")
    assert watch.stdout is not None
    lines = [watch.stdout.readline()]
    while "copied," not in lines[-1]:  # the second look: from the first one on it listens to signals
        lines.append(watch.stdout.readline())
        assert lines[-1], lines
    watch.send_signal(number)
    assert cli.finish(watch).code == code
    assert cli.finish(run).code == 0


def test_status_of_a_crashed_run_says_how_far_it_came_and_what_can_be_done(
    cli: CommandLine, aws: Side, crashed: str
) -> None:
    result = cli("status")
    assert result.code == 0
    assert f"Run {crashed}: crashed" in result.out
    assert f"of {len(aws.keys_listed())} objects copied" in result.out
    assert f"migrator resume {crashed}" in result.out
    assert f"migrator rollback {crashed}" in result.out
    assert "last change:" in result.out
    assert result.err == ""


def test_status_without_runs_says_so(cli: CommandLine) -> None:
    result = cli("status")
    assert result.code == 2
    assert "There are no runs" in result.err


def test_a_crashed_run_is_told_of_when_another_job_is_at_hand(
    cli: CommandLine, aws: Side, lyve: Side, crashed: str
) -> None:
    other = cli.job(aws, lyve, source={"prefix": "0"}, destination={"prefix": "other/"})
    plan = cli("plan", other)
    assert plan.code == 0
    (line,) = [line for line in plan.err.splitlines() if line.startswith("An unfinished run was found")]
    for word in (crashed, "objects copied", "migrator resume", "migrator rollback", "migrator status"):
        assert word in line
    for quietly in ("--quiet", "--json"):
        assert "unfinished run" not in cli("plan", other, quietly).err
    assert cli("rollback", crashed, "--yes").code == 0
    assert "unfinished run" not in cli("plan", other).err


def test_runs_says_what_is_kept_for_undo(cli: CommandLine, aws: Side, lyve: Side) -> None:
    lyve.cloud.put(lyve.bucket, "a", b"old content", Properties())
    aws.cloud.put(aws.bucket, "a", b"new", Properties())
    assert cli("run", cli.job(aws, lyve, transfer={"existing": "overwrite"})).code == 0
    header, row = cli("runs").out.splitlines()
    assert "KEPT FOR UNDO" in header
    assert "11 B" in row
    (told,) = cli("runs", "--json").events
    assert (told["event"], told["kept"], told["bytes_kept"]) == ("run", 1, 11)
    assert "1 saved copy (11 B)" in cli("status").out
    assert cli("accept", "latest", "--yes").code == 0
    assert "11 B" not in cli("runs").out


def test_forget_is_refused_until_the_run_was_accepted_or_undone(
    cli: CommandLine, lyve: Side, crashed: str
) -> None:
    refused = cli("forget", crashed)
    assert refused.code == 2
    assert f"migrator accept {crashed}" in refused.err
    assert cli("rollback", crashed, "--yes").code == 0
    assert cli("forget", crashed).code == 0
    assert cli("status", crashed).code == 2
    assert not (cli.home / "home" / "runs" / crashed).exists()
