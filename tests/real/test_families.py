"""Two servers that have nothing in common but the protocol: each is migrated from and to, and each keeps
somebody without rights out."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.compare import assert_equal_buckets, described, listed
from tests.real.conftest import Clouds, new_migration

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]

LARGE_BYTES = 8 * 1024 * 1024 + 1


@pytest.fixture
def source(families: Clouds) -> str:
    client, bucket = families.aws.client, families.aws.new_bucket()
    client.put_object(
        Bucket=bucket,
        Key="a/small",
        Body=b"of a user",
        ContentType="text/x-sample",
        CacheControl="no-cache",
        Metadata={"who": "user"},
    )
    client.put_object(Bucket=bucket, Key="b/large", Body=os.urandom(LARGE_BYTES))
    client.put_object(Bucket=bucket, Key="c/empty", Body=b"")
    return bucket


def test_there_and_back(families: Clouds, source: str, tmp_path: Path) -> None:
    destination = families.lyve.new_bucket()
    migration = new_migration(families, tmp_path, source, destination)

    result = migration.cli("run", migration.job(), "--json")

    assert result.code == 0, result.out[-2000:] + result.err
    assert (result.summary["copied"], result.summary["verified"]) == (3, 3)
    assert_equal_buckets(families.aws.client, source, families.lyve.client, destination)

    result = migration.cli("rollback", "latest", "--yes", "--json")

    assert result.code == 0, result.out[-2000:] + result.err
    assert listed(families.lyve.client, destination) == []


def test_what_was_replaced_in_a_bucket_with_versions_is_back(
    families: Clouds, source: str, tmp_path: Path
) -> None:
    client, destination = families.lyve.client, families.lyve.new_bucket("Enabled")
    for key in ("a/small", "b/large", "theirs"):
        client.put_object(Bucket=destination, Key=key, Body=f"old {key}".encode(), Metadata={"was": "here"})
    before = {key: described(client, destination, key) for key in listed(client, destination)}
    migration = new_migration(families, tmp_path, source, destination)
    assert migration.cli("run", migration.job(), "--json").code == 0

    result = migration.cli("rollback", "latest", "--yes", "--json")

    assert result.code == 0, result.out[-2000:] + result.err
    assert {key: described(client, destination, key) for key in listed(client, destination)} == before


@pytest.mark.parametrize("side", ["aws", "lyve"], ids=["source", "destination"])
def test_somebody_without_rights_is_told_so(families: Clouds, source: str, side: str, tmp_path: Path) -> None:
    destination = families.lyve.new_bucket()
    cloud = families.aws if side == "aws" else families.lyve
    denied = replace(families, **{side: replace(cloud, keys=cloud.denied)})
    migration = new_migration(denied, tmp_path, source, destination)

    result = migration.cli("run", migration.job(), "--json")

    assert result.code == 3, result.out[-2000:] + result.err
    assert "denies ListObjectsV2" in result.out + result.err
    assert "s3:ListBucket" in result.out + result.err
    assert listed(families.lyve.client, destination) == []
