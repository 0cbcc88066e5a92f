"""`why` as a user types it."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.e2e.conftest import TIMEOUT_S, CommandLine, Side


def test_why_answers_from_the_journal_alone(cli: CommandLine, aws: Side, lyve: Side) -> None:
    aws.cloud.seed(aws.bucket, "bell\x07", b"body")
    aws.cloud.seed(aws.bucket, "notes.tmp", b"body")
    assert cli("run", cli.job(aws, lyve, filters={"exclude": ["*.tmp"]})).code == 0
    before = len(aws.server.requests) + len(lyve.server.requests)
    copied = cli("why", "latest", r"bell\u{7}", "--json")
    (answer,) = [json.loads(line) for line in copied.out.splitlines()]
    assert copied.code == 0
    assert (answer["event"], answer["outcome"], answer["key"]) == ("why", "copied", "bell\x07")
    assert answer["history"][-1]["state"] == "committed"
    assert 'Not keys like (exclude = "*.tmp")' in cli("why", "latest", "notes.tmp").out
    assert len(aws.server.requests) + len(lyve.server.requests) == before


def test_bytes_that_are_no_text_are_a_key_too(cli: CommandLine, aws: Side, lyve: Side) -> None:
    aws.cloud.seed(aws.bucket, "a", b"body")
    assert cli("run", cli.job(aws, lyve)).code == 0
    asked = subprocess.run(
        [sys.executable, "-m", "migrator", "why", "latest", b"raw\xff"],
        env=cli.environment, capture_output=True, timeout=TIMEOUT_S, check=False,
    )  # fmt: skip
    assert asked.returncode == 0
    assert rb"raw\u{dcff}" in asked.stdout
    assert b"No such key is on record" in asked.stdout


def test_an_unknown_run_is_named(cli: CommandLine) -> None:
    result = cli("why", "nothing", "key")
    assert result.code == 2
    assert 'There is no run "nothing"' in result.err
