"""What a command does not need is not imported: half of a short run is its start."""

from __future__ import annotations

import subprocess
import sys

import pytest

from migrator.model.objects import Properties
from migrator.store.base import Versioning
from tests.e2e.conftest import DATA_PLANE, CommandLine, Side

SDK = {"boto3", "botocore", "s3transfer", "urllib3"}
WINDOW = {"tkinter", "ttkbootstrap", "PIL"}
MIB = 1024 * 1024

pytestmark = pytest.mark.skipif(bool(DATA_PLANE), reason="about our own data plane")


def imported(cli: CommandLine, *arguments: str) -> set[str]:
    """The modules that a command imports, with all their packages."""
    cli.environment["PYTHONPROFILEIMPORTTIME"] = "1"
    result = cli(*arguments)
    assert result.code == 0, result.err[-2000:]
    names = names_in(result.err)
    assert "migrator.cli" in names
    return names


def names_in(told: str) -> set[str]:
    lines = [line for line in told.splitlines() if line.startswith("import time:")]
    names = {line.rpartition("|")[2].strip() for line in lines}
    return names | {name.partition(".")[0] for name in names}


@pytest.fixture
def filled(aws: Side) -> Side:
    """Objects as most are: headers, metadata and tags, and one that goes in parts."""
    rich = Properties(
        content_type="text/plain", cache_control="no-cache", metadata={"a": "b"}, tags={"c": "d"}
    )
    aws.cloud.seed(aws.bucket, "plain", b"1")
    aws.cloud.seed(aws.bucket, "a b/größe", b"2", rich)
    aws.cloud.seed(aws.bucket, "large", bytes(9 * MIB), rich)
    return aws


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["runs"]])
def test_a_short_command_needs_little(cli: CommandLine, arguments: list[str]) -> None:
    found = imported(cli, *arguments)
    assert not found & (
        SDK | WINDOW | {"ssl", "tomlkit", "keyring", "migrator.engine.commands", "migrator.demo"}
    )


@pytest.mark.parametrize("versioning", [Versioning.OFF, Versioning.ENABLED])
def test_a_run_needs_no_sdk(cli: CommandLine, filled: Side, lyve: Side, versioning: Versioning) -> None:
    """With keys of its own, from the plan to the second run."""
    if versioning is Versioning.ENABLED:
        lyve.cloud.set_versioning(lyve.bucket, versioning)
    job = str(cli.job(filled, lyve))
    needless = (
        SDK
        | WINDOW
        | {"keyring", "migrator.engine.check", "migrator.engine.report", "migrator.engine.undoing"}
    )
    for command in ("plan", "run", "run"):
        assert imported(cli, command, job) & needless == set()
    assert set(lyve.keys_listed()) == set(filled.keys_listed())
    for command in (["verify", "latest"], ["status"], ["report", "latest"], ["why", "latest", "plain"]):
        assert imported(cli, *command) & (SDK | WINDOW) == set()


def test_the_windows_process_imports_no_engine() -> None:
    """That works in a process of its own, which starts beside it."""
    pytest.importorskip("tkinter")
    command = [sys.executable, "-X", "importtime", "-c", "import migrator.gui.app, migrator.engine.remote"]
    found = names_in(subprocess.run(command, capture_output=True, text=True, check=True).stderr)
    assert "migrator.gui.app" in found
    assert found & (SDK | {"sqlite3", "migrator.engine.commands", "migrator.engine.service"}) == set()


def test_what_only_the_sdk_can_send_is_sent(cli: CommandLine, filled: Side, lyve: Side) -> None:
    """It is imported in the middle of a run."""
    filled.cloud.seed(filled.bucket, "odd", b"3", Properties(metadata={"empty": ""}))
    assert "botocore" in imported(cli, "run", str(cli.job(filled, lyve)))
    assert set(lyve.keys_listed()) == set(filled.keys_listed())
