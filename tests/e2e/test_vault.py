"""Keys in a real key store, over its real protocol: stored, used, kept out of everything else, forgotten."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrator.credentials import SERVICE
from migrator.demo.s3server import S3Server
from migrator.job_file import job_text
from tests.e2e.conftest import CommandLine, Result, Side
from tests.support.canary import (
    DESTINATION_SECRET,
    SOURCE_SECRET,
    SOURCE_TOKEN,
    must_be_clean,
    must_be_clean_below,
)
from tests.support.secret_service import SecretService

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems have other key stores")


@pytest.fixture
def vault(cli: CommandLine) -> Iterator[SecretService]:
    with SecretService() as service:
        cli.environment["DBUS_SESSION_BUS_ADDRESS"] = service.address
        yield service


def kept(vault: SecretService) -> list[tuple[dict[str, str], bytes]]:
    """The entries with keys in them; another one lists their names."""
    return [each for each in vault.items.values() if each[0]["service"] == SERVICE]


def keys_set(cli: CommandLine, name: str, *lines: str) -> Result:
    process = cli.start("keys", "set", name, stdin=subprocess.PIPE)
    out, err = process.communicate("".join(f"{line}\n" for line in lines), timeout=60)
    must_be_clean("standard output", out)
    must_be_clean("standard error", err)
    return Result(process.returncode, out, err)


def test_keys_are_stored_used_and_forgotten(
    cli: CommandLine, vault: SecretService, aws: Side, lyve: Side, tmp_path: Path
) -> None:
    aws.cloud.seed(aws.bucket, "k", b"body")
    with (
        S3Server(aws.cloud, {"AKIAVAULT": SOURCE_SECRET}) as here,
        S3Server(lyve.cloud, {"STX1VAULT": DESTINATION_SECRET}) as there,
    ):
        for name, lines in (
            ("from", ("AKIAVAULT", SOURCE_SECRET, SOURCE_TOKEN)),
            ("to", ("STX1VAULT", DESTINATION_SECRET)),
        ):
            stored = keys_set(cli, name, *lines)
            assert stored.code == 0, stored.err
            assert "Secret Service" in stored.out
        assert len(kept(vault)) == 2
        job = tmp_path / "job.toml"
        ends = {
            "source": aws.end(endpoint_url=here.url, credentials="keyring:from"),
            "destination": lyve.end(endpoint_url=there.url, credentials="keyring:to"),
        }
        job.write_text(job_text({"version": 1, **ends}))
        for arguments in (
            ("keys", "test", "from", "--job", job),
            ("keys", "test", "to", "--endpoint-url", there.url),
            ("run", job, "--verbose", "--log-file", tmp_path / "log"),
            ("verify", "latest"),
            ("rollback", "latest", "--yes"),
        ):
            result = cli(*arguments)
            assert result.code == 0, result.err
            must_be_clean("standard output", result.out)
            must_be_clean("standard error", result.err)
        for name in ("from", "to"):
            told = cli("keys", "forget", name, "--json")
            assert json.loads(told.out)["were_there"] is True
        assert vault.items == {}
        assert cli("run", job).code == 2
        assert must_be_clean_below(tmp_path) > 5


def test_storing_again_replaces_and_several_entries_are_all_forgotten(
    cli: CommandLine, vault: SecretService
) -> None:
    keys_set(cli, "aws", "AKIAOLD", "old-secret-0123456789")
    assert keys_set(cli, "aws", "AKIANEW", SOURCE_SECRET).code == 0
    ((attributes, secret),) = kept(vault)
    assert b"AKIANEW" in secret
    assert b"AKIAOLD" not in secret
    # Another program may have made a second entry that is found by the same words.
    vault.items["/org/freedesktop/secrets/collection/default/99"] = (
        {**attributes, "application": "another"},
        secret,
    )
    assert cli("keys", "forget", "aws").code == 0
    assert vault.items == {}


def test_a_locked_key_store_is_no_place_and_hides_nothing(cli: CommandLine, vault: SecretService) -> None:
    assert keys_set(cli, "aws", "AKIAVAULT", SOURCE_SECRET).code == 0
    vault.is_locked = True
    stored = keys_set(cli, "lyve", "STX1VAULT", DESTINATION_SECRET)
    assert stored.code == 2
    assert "did not take the keys" in stored.err
    forgotten = cli("keys", "forget", "aws")
    assert forgotten.code == 2
    assert "could not be removed" in forgotten.err
    assert len(kept(vault)) == 1
