"""Rolling back: the destination is as it was, but for somebody else's work and for last copies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress

import pytest

from migrator.demo.samples import fill
from migrator.model.objects import Properties
from migrator.store.base import Versioning
from tests.e2e.conftest import CommandLine, Result, Side

COUNT = 24


@pytest.fixture
def done(cli: CommandLine, aws: Side, lyve: Side) -> list[str]:
    """A finished run; returns the keys."""
    fill(aws.cloud, aws.bucket, COUNT)
    assert cli("run", cli.job(aws, lyve)).code == 0
    return aws.keys_listed()


def test_rollback_into_an_empty_bucket_leaves_it_empty(cli: CommandLine, lyve: Side, done: list[str]) -> None:
    result = cli("rollback", "latest", "--yes", "--json")
    assert result.code == 0
    assert result.summary["outcome"] == "rolled-back"
    assert (result.summary["removed"], result.summary["left_in_place"]) == (len(done), 0)
    assert lyve.keys_listed() == []
    assert lyve.cloud.list_uploads(lyve.bucket) == []


def test_rollback_leaves_what_somebody_changed_since(cli: CommandLine, lyve: Side, done: list[str]) -> None:
    for key in done[3:5]:
        lyve.client.put_object(Bucket=lyve.bucket, Key=key, Body=b"somebody else's work")
    result = cli("rollback", "latest", "--yes", "--json")
    assert result.code == 4
    assert lyve.keys_listed() == sorted(done[3:5])
    left = [each for each in result.named("object-undone") if each["action"] == "left"]
    assert {each["key"] for each in left} == set(done[3:5])
    assert {each["reason"] for each in left} == {"not-ours"}


def test_the_same_bytes_written_by_somebody_else_are_not_ours(
    cli: CommandLine, lyve: Side, done: list[str]
) -> None:
    """An ETag cannot tell: equal bytes have equal ETags."""
    body = lyve.cloud.contents(lyve.bucket)[done[0]]
    lyve.cloud.put(lyve.bucket, done[0], body, Properties())
    assert cli("rollback", "latest", "--yes").code == 4
    assert lyve.keys_listed() == [done[0]]


def test_rollback_never_removes_the_last_copy(
    cli: CommandLine, aws: Side, lyve: Side, done: list[str]
) -> None:
    for key in done[:2]:
        aws.client.delete_object(Bucket=aws.bucket, Key=key)
    result = cli("rollback", "latest", "--yes", "--json")
    assert result.code == 4
    assert lyve.keys_listed() == done[:2]
    reasons = {each["key"]: each.get("reason") for each in result.named("object-undone")}
    assert [reasons[key] for key in done[:2]] == ["kept-last-copy"] * 2
    assert cli("rollback", "latest", "--yes", "--even-last-copy", "wrong-name").code == 2
    assert cli("rollback", "latest", "--yes", "--even-last-copy", lyve.bucket).code == 0
    assert lyve.keys_listed() == []


def test_a_source_that_cannot_be_reached_stops_rollback(
    cli: CommandLine, aws: Side, lyve: Side, done: list[str]
) -> None:
    aws.server.denied_operations.add("ListObjectsV2")
    assert cli("rollback", "latest", "--yes").code == 3
    assert lyve.keys_listed() == done


def test_dry_run_says_what_would_happen_and_changes_nothing(
    cli: CommandLine, lyve: Side, done: list[str]
) -> None:
    result = cli("rollback", "latest", "--dry-run", "--json")
    assert result.code == 0
    assert result.summary["removed"] == len(done)
    assert lyve.keys_listed() == done
    assert "Dry run" in cli("rollback", "latest", "--dry-run").out


def test_rollback_needs_a_yes(cli: CommandLine, lyve: Side, done: list[str]) -> None:
    result = cli("rollback", "latest")
    assert result.code == 2
    assert "--yes" in result.err
    assert lyve.keys_listed() == done


def at_a_terminal(cli: CommandLine, *arguments: str, answer: str) -> Result:
    """A command whose standard input is a terminal, on which somebody types `answer`."""
    keyboard, terminal = os.openpty()
    try:
        process = cli.start(*arguments, stdin=terminal)
        os.write(keyboard, answer.encode())
        return cli.finish(process)
    finally:
        os.close(terminal)
        os.close(keyboard)


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals")
def test_rollback_asks_with_the_numbers_of_what_it_would_do(
    cli: CommandLine, aws: Side, lyve: Side, done: list[str]
) -> None:
    lyve.cloud.put(lyve.bucket, done[0], b"by someone", Properties())
    aws.cloud.delete(aws.bucket, done[1])
    result = at_a_terminal(cli, "rollback", "latest", "--json", answer="n\n")
    assert result.code == 2
    assert f"{len(done) - 2:,} removed, 0 restored, 2 left in place." in result.err
    assert "1 × Changed by someone else since\n" in result.err
    assert "1 × Only here now: kept\n" in result.err
    assert [each["event"] for each in result.events] == ["summary"]
    assert lyve.keys_listed() == done
    result = at_a_terminal(cli, "rollback", "latest", answer="y\n")
    assert result.code == 4
    assert lyve.keys_listed() == done[:2]


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals")
def test_ctrl_c_at_the_question_changes_nothing(cli: CommandLine, lyve: Side, done: list[str]) -> None:
    keyboard, terminal = os.openpty()
    process = cli.start("rollback", "latest", stdin=terminal)
    assert process.stderr is not None
    said = ""
    while "[y/N]" not in said:
        letter = process.stderr.read(1)
        assert letter, said
        said += letter
    # One that comes in the very moment before reading begins is heard with the next key: press it again.
    for _ in range(20):
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=2)
            break
    result = cli.finish(process)
    os.close(terminal)
    os.close(keyboard)
    assert result.code == 130
    assert "Traceback" not in result.err
    assert lyve.keys_listed() == done


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals")
def test_a_rollback_that_cannot_look_ahead_does_not_ask(
    cli: CommandLine, aws: Side, lyve: Side, done: list[str]
) -> None:
    aws.server.denied_operations.add("ListObjectsV2")
    result = at_a_terminal(cli, "rollback", "latest", "--json", answer="y\n")
    assert (result.code, result.summary["outcome"]) == (3, "refused")
    assert "[y/N]" not in result.err
    assert lyve.keys_listed() == done


def test_accepting_a_run_ends_its_undo(cli: CommandLine, lyve: Side, done: list[str]) -> None:
    assert cli("accept", "latest", "--yes").code == 0
    result = cli("rollback", "latest", "--yes")
    assert result.code == 2
    assert "accepted" in result.out
    assert lyve.keys_listed() == done


def test_rollback_brings_old_versions_back(cli: CommandLine, aws: Side, lyve: Side) -> None:
    lyve.cloud.set_versioning(lyve.bucket, Versioning.ENABLED)
    for key in ("a", "b"):
        lyve.cloud.put(lyve.bucket, key, b"old " + key.encode(), Properties())
        aws.cloud.put(aws.bucket, key, b"new " + key.encode(), Properties())
    before = lyve.cloud.list_versions(lyve.bucket)
    job = cli.job(aws, lyve, transfer={"existing": "overwrite"})
    assert cli("run", job).code == 0
    assert lyve.cloud.contents(lyve.bucket)["a"] == b"new a"
    result = cli("rollback", "latest", "--yes", "--json")
    assert result.code == 0
    assert result.summary["restored"] == 2
    assert lyve.cloud.list_versions(lyve.bucket) == before


def test_rollback_brings_back_what_a_bucket_without_versions_held(
    cli: CommandLine, aws: Side, lyve: Side
) -> None:
    lyve.cloud.put(lyve.bucket, "a", b"old", Properties(metadata={"was": "here"}, tags={"t": "1"}))
    aws.cloud.put(aws.bucket, "a", b"new", Properties())
    assert cli("run", cli.job(aws, lyve, transfer={"existing": "overwrite"})).code == 0
    assert lyve.cloud.contents(lyve.bucket)["a"] == b"new"
    assert len(lyve.keys_listed()) == 2
    result = cli("rollback", "latest", "--yes", "--json")
    assert (result.code, result.summary["restored"]) == (0, 1)
    assert lyve.cloud.contents(lyve.bucket) == {"a": b"old"}
    assert lyve.cloud.head(lyve.bucket, "a").properties.metadata == {"was": "here"}
    assert lyve.cloud.tags(lyve.bucket, "a") == {"t": "1"}


def test_an_overwrite_that_could_not_be_undone_is_refused(cli: CommandLine, aws: Side, lyve: Side) -> None:
    lyve.cloud.put(lyve.bucket, "a", b"old", Properties())
    aws.cloud.put(aws.bucket, "a", b"new", Properties())
    aws.cloud.put(aws.bucket, "b", b"new", Properties())
    lyve.server.denied_operations.add("CopyObject")
    result = cli("run", cli.job(aws, lyve, transfer={"existing": "overwrite"}), "--json")
    assert result.code == 1
    assert result.summary["conflicts"] == 1
    assert result.named("object-conflict")[0]["reason"] == "cannot-undo"
    assert lyve.cloud.contents(lyve.bucket) == {"a": b"old", "b": b"new"}
    regardless = {"existing": "overwrite", "undo": "best-effort"}
    assert cli("run", cli.job(aws, lyve, transfer=regardless)).code == 0
    assert lyve.cloud.contents(lyve.bucket)["a"] == b"new"
