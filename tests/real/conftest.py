"""Two Ceph clusters on loopback, one in the role of each cloud, with users of their own."""

from __future__ import annotations

import itertools
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from migrator.job_file import job_text
from tests.e2e.conftest import CommandLine
from tests.store.keepers import client_of

SCRIPT = Path(__file__).parents[1] / "servers" / "ceph-two-clouds.sh"
STARTS_WITHIN_S = 180
#: Two gateways, two ports for each of two monitors, and what the storage daemons choose from.
PORTS = 2 + 2 * 2 + 32
#: Below the range that systems give to clients, where a port can be taken at any moment.
FIRST_PORT, LAST_PORT = 13_000, 32_000
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Cloud:
    """One cluster: how a plain SDK client reaches it, and how a job names it."""

    provider: str
    url: str
    keys: tuple[str, str]

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
def clouds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clouds]:
    """Started once. Without Ceph on this machine the tests are skipped, except in CI, where they fail."""
    if shutil.which("radosgw") is None or os.geteuid() != 0:
        reason = "no Ceph here (apt-get install ceph-mon ceph-osd radosgw curl; as root)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    state = tmp_path_factory.mktemp("ceph")
    port = free_ports(PORTS)
    settings = {
        "CLOUD_A_PORT": port,
        "CLOUD_B_PORT": port + 1,
        "MON_A_PORT": port + 2,
        "MON_B_PORT": port + 4,
        "OSD_PORT_MIN": port + 6,
    }
    environment = {**os.environ, **{name: str(value) for name, value in settings.items()}}
    # Its daemons outlive it: with a pipe for stderr, reading would wait for them.
    with (state / "start.log").open("wb") as log:
        started = subprocess.run(
            ["bash", SCRIPT, "start", state / "clouds"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=log,
            timeout=STARTS_WITHIN_S,
            check=False,
        )
    assert started.returncode == 0, (state / "start.log").read_text()
    found = dict(line.split("=", 1) for line in started.stdout.decode().splitlines())
    try:
        yield Clouds(
            Cloud("s3", found["CLOUD_A_ENDPOINT"], (found["CLOUD_A_AK1"], found["CLOUD_A_SK1"])),
            Cloud("lyve", found["CLOUD_B_ENDPOINT"], (found["CLOUD_B_AK1"], found["CLOUD_B_SK1"])),
        )
    finally:
        subprocess.run(
            ["bash", SCRIPT, "stop", state / "clouds"], env=environment, capture_output=True, check=False
        )


def free_ports(count: int) -> int:
    """The first of so many consecutive ports on loopback that nobody listens on. Suites that run beside
    each other begin at places of their own."""
    own = FIRST_PORT + os.getpid() * count % (LAST_PORT - FIRST_PORT)
    for first in (*range(own, LAST_PORT, count), *range(FIRST_PORT, own, count)):
        if all(_is_free(port) for port in range(first, first + count)):
            return first
    raise RuntimeError(f"no {count} consecutive ports are free")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: what is left of connections that have ended does not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


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
            "transfer": {"threads": 8, "wait": "30s", "existing": "overwrite", **transfer},
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
