"""Real servers on loopback, one in the role of each cloud, with users of their own."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from migrator.job_file import job_text
from tests.e2e.conftest import DATA_PLANE, CommandLine
from tests.real import servers
from tests.store.keepers import client_of

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Cloud:
    """One server: how a plain SDK client reaches it, and how a job names it."""

    provider: str
    url: str
    keys: tuple[str, str]
    denied: tuple[str, str]  #: of somebody who may do nothing with the buckets of the first

    @property
    def client(self) -> Any:
        return client_of(self.url, *self.keys)

    def new_bucket(self, versioning: str = "") -> str:
        """`versioning`: empty, Enabled, or Suspended (after having been enabled)."""
        name = f"bucket-{os.getpid()}-{next(_numbers)}"
        self.client.create_bucket(Bucket=name)
        for status in ("Enabled", "Suspended")[: ["", "Enabled", "Suspended"].index(versioning)]:
            self.client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": status})
        return name

    def end(self, bucket: str, url: str = "") -> dict[str, Any]:
        return {
            "provider": self.provider,
            "bucket": bucket,
            "region": "us-east-1",
            "endpoint_url": url or self.url,
            "credentials": "env",
        }


@dataclass(frozen=True)
class Clouds:
    aws: Cloud
    lyve: Cloud


@pytest.fixture(scope="session")
def ceph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with servers.ceph(tmp_path_factory.mktemp("ceph")) as found:
        yield found


@pytest.fixture(scope="session")
def swift(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with servers.swift(tmp_path_factory.mktemp("swift")) as found:
        yield found


@pytest.fixture(scope="session")
def clouds(ceph: dict[str, str]) -> Clouds:
    """Ceph in both roles: everything that S3 has is on both sides."""
    return Clouds(_of_ceph(ceph, "A", "s3"), _of_ceph(ceph, "B", "lyve"))


@pytest.fixture(scope="session", params=["Swift to Ceph", "Ceph to Swift"])
def families(request: pytest.FixtureRequest, ceph: dict[str, str], swift: dict[str, str]) -> Clouds:
    """Two servers that have nothing in common but the protocol, each once in each role."""
    if request.param == "Swift to Ceph":
        return Clouds(_of_swift(swift, "aws"), _of_ceph(ceph, "A", "lyve"))
    return Clouds(_of_ceph(ceph, "A", "aws"), _of_swift(swift, "lyve"))


def _of_ceph(found: dict[str, str], cloud: str, provider: str) -> Cloud:
    keys, others = ((found[f"CLOUD_{cloud}_AK{user}"], found[f"CLOUD_{cloud}_SK{user}"]) for user in (1, 2))
    return Cloud(provider, found[f"CLOUD_{cloud}_ENDPOINT"], keys, denied=others)


def _of_swift(found: dict[str, str], provider: str) -> Cloud:
    keys = found["SWIFT_AK1"], found["SWIFT_SK1"]
    denied = found["SWIFT_DENIED_AK1"], found["SWIFT_DENIED_SK1"]
    return Cloud(provider, found["SWIFT_ENDPOINT"], keys, denied)


@dataclass
class Migration:
    """From one bucket to another, with a command line and a home of its own."""

    clouds: Clouds
    cli: CommandLine
    source: str
    destination: str
    url: str = ""  #: of a proxy in front of the destination

    def job(self, **transfer: Any) -> Path:
        table: dict[str, Any] = {
            "version": 1,
            "source": self.clouds.aws.end(self.source),
            "destination": self.clouds.lyve.end(self.destination, self.url),
            "transfer": {"threads": 8, **DATA_PLANE, "wait": "30s", "existing": "overwrite", **transfer},
        }
        for name, cloud in (("SOURCE", self.clouds.aws), ("DESTINATION", self.clouds.lyve)):
            access, secret = cloud.keys
            self.cli.environment[f"MIGRATOR_{name}_ACCESS_KEY_ID"] = access
            self.cli.environment[f"MIGRATOR_{name}_SECRET_ACCESS_KEY"] = secret
        path = self.cli.home / "job.toml"
        path.write_text(job_text(table))
        return path

    @property
    def runs(self) -> Path:
        return self.cli.home / "home" / "runs"


def new_migration(clouds: Clouds, folder: Path, source: str, destination: str, url: str = "") -> Migration:
    folder.mkdir(parents=True, exist_ok=True)
    kept = {name: os.environ[name] for name in ("PATH",) if name in os.environ}
    environment = {**kept, "HOME": str(folder), "MIGRATOR_HOME": str(folder / "home")}
    return Migration(clouds, CommandLine(folder, environment), source, destination, url)
