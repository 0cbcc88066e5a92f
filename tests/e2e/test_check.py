"""`check` and `policy` as a user runs them, over HTTP."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import CommandLine, Side


def test_all_is_there(cli: CommandLine, aws: Side, lyve: Side) -> None:
    aws.cloud.seed(aws.bucket, "a", b"body")
    result = cli("check", cli.job(aws, lyve))
    assert result.code == 0, result.out + result.err
    head, _, rest = result.out.partition("\n")
    assert head == f"Source: AWS {aws.bucket}/"
    assert "✔ ok         s3:GetObject works." in rest
    assert f"Destination: Lyve Cloud {lyve.bucket}/" in rest
    # As the services behave that Lyve Cloud's reviewers saw.
    assert "! warning    A PUT only where nothing is (If-None-Match) is not honoured" in rest
    assert rest.rstrip().endswith("✔ Everything that the job needs is there.")
    assert lyve.cloud.list_versions(lyve.bucket) == []


def test_for_scripts_each_finding_is_a_line_and_the_summary_the_last(
    cli: CommandLine, aws: Side, lyve: Side
) -> None:
    result = cli("check", cli.job(aws, lyve), "--json")
    assert result.code == 0
    assert result.summary["outcome"] == "checked"
    assert "run" not in result.summary
    found = result.named("check-found")
    assert {each["verdict"] for each in found} <= {"ok", "warning", "unknown", "not-tried"}
    assert all({"end", "topic", "what", "verdict", "code", "time"} <= set(each) for each in found)
    assert {each["end"] for each in found} == {"source", "destination"}


def test_quietly_only_what_needs_attention_is_shown(cli: CommandLine, aws: Side, lyve: Side) -> None:
    result = cli("check", cli.job(aws, lyve), "--quiet")
    assert "✔ ok" not in result.out
    assert "! warning" in result.out
    assert result.err == ""


def test_wrong_keys_are_the_users_to_mend(cli: CommandLine, aws: Side, lyve: Side) -> None:
    job = cli.job(aws, lyve)
    cli.environment["MIGRATOR_DESTINATION_SECRET_ACCESS_KEY"] = "wrong"
    result = cli("check", job, "--json")
    assert result.code == 2
    assert result.summary["exit_code"] == 2
    assert "secret" in result.summary["message"]


def test_a_missing_bucket_is_the_users_to_mend(cli: CommandLine, aws: Side, lyve: Side) -> None:
    lyve.cloud.delete_bucket(lyve.bucket)
    assert cli("check", cli.job(aws, lyve)).code == 2


@pytest.mark.long  # it waits as long as a user would
def test_nobody_at_the_other_end_is_refused(cli: CommandLine, aws: Side, lyve: Side) -> None:
    job = cli.job(aws, lyve, destination={"endpoint_url": "http://127.0.0.1:9"})
    result = cli("check", job, "--json", timeout_s=90)
    assert result.code == 3
