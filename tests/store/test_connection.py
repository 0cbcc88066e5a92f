"""What a connection says is what the SDK would make of it, found without the SDK."""

from __future__ import annotations

from pathlib import Path

import pytest
from botocore.httpsession import get_cert_path

from migrator.store.connection import Connection, ca_bundle, region_of
from migrator.store.fast.store import FastStore
from migrator.store.s3 import S3Store

KEYS = ("access", "secret", "")
SETTINGS = ("AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE")


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


def at(url: str, region: str = "") -> Connection:
    return Connection("Lyve Cloud", is_aws=False, endpoint_url=url, region=region, keys=KEYS)


def of_sdk(connection: Connection) -> str:
    store = S3Store(connection)
    store.close()
    return store.region


@pytest.mark.parametrize("region", ["", "eu-north-1"])
@pytest.mark.parametrize("named", [None, "", "eu-west-3"])
def test_the_region(monkeypatch: pytest.MonkeyPatch, region: str, named: str | None) -> None:
    if named is not None:
        monkeypatch.setenv("AWS_DEFAULT_REGION", named)
    connection = at("http://127.0.0.1:9000", region)
    assert region_of(connection) == of_sdk(connection)


@pytest.mark.parametrize("file", ["config", "credentials"])
@pytest.mark.parametrize("named", [None, "eu-west-3"])
def test_a_region_in_aws_settings_is_the_sdks_to_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, file: str, named: str | None
) -> None:
    (tmp_path / file).write_text("[default]\nregion = eu-south-2\n", encoding="utf-8")
    if named is not None:
        monkeypatch.setenv("AWS_DEFAULT_REGION", named)
    connection = at("http://127.0.0.1:9000")
    assert region_of(connection) == named
    store = FastStore(connection)
    assert store.region == of_sdk(connection) == (named or "eu-south-2")
    store.close()
    assert region_of(at("http://127.0.0.1:9000", "eu-north-1")) == "eu-north-1"


def test_the_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = at("https://s3.example.com")
    assert ca_bundle(connection) == get_cert_path(True)
    assert Path(ca_bundle(connection)).exists()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "second")
    assert ca_bundle(connection) == "second"
    monkeypatch.setenv("AWS_CA_BUNDLE", "first")
    assert ca_bundle(connection) == "first"
    own = Connection("Lyve Cloud", is_aws=False, endpoint_url="https://s3.example.com", ca_file="own")
    assert ca_bundle(own) == "own"
