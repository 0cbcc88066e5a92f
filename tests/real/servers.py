"""S3 servers that others wrote, started on loopback and ended: two Ceph clusters, and an OpenStack Swift.

Ceph comes from Debian and needs root. Swift comes from PyPI, into an environment of its own that is made when
first needed. Where one is not to be had the tests that need it are skipped, except in CI, where they fail.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "tests" / "servers"
LOCK = ROOT / "requirements-servers.txt"
VENV = ROOT / ".venv-servers"
STARTS_WITHIN_S = 180
INSTALLS_WITHIN_S = 600
#: Two gateways, two ports for each of two monitors, and what the storage daemons choose from.
CEPH_PORTS = 2 + 2 * 2 + 32
#: The proxy, and one server each for accounts, containers and objects.
SWIFT_PORTS = 4
#: Below the range that systems give to clients, where a port can be taken at any moment.
FIRST_PORT, LAST_PORT = 13_000, 32_000


@contextmanager
def ceph(state: Path) -> Iterator[dict[str, str]]:
    """Clouds A and B; yields the settings that the script prints."""
    if shutil.which("radosgw") is None or os.geteuid() != 0:
        absent("no Ceph here (apt-get install ceph-mon ceph-osd radosgw curl; as root)")
    port = free_ports(CEPH_PORTS)
    ports = {
        "CLOUD_A_PORT": port,
        "CLOUD_B_PORT": port + 1,
        "MON_A_PORT": port + 2,
        "MON_B_PORT": port + 4,
        "OSD_PORT_MIN": port + 6,
    }
    with _started("ceph-two-clouds.sh", state, {name: str(value) for name, value in ports.items()}) as found:
        yield found


@contextmanager
def swift(state: Path) -> Iterator[dict[str, str]]:
    """One node with two users; yields the settings that the script prints."""
    if os.name != "posix" or shutil.which("bash") is None:
        absent("no OpenStack Swift here (it needs a POSIX system and bash)")
    settings = {"SWIFT_BIN": str(_swift_environment() / "bin"), "SWIFT_PORT": str(free_ports(SWIFT_PORTS))}
    with _started("swift-one-node.sh", state, settings) as found:
        yield found


def absent(reason: str) -> None:
    """Skip, saying why; in CI fail, where nothing may be missing."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def _started(script: str, state: Path, settings: dict[str, str]) -> Iterator[dict[str, str]]:
    environment = {**os.environ, **settings}
    # Its daemons outlive it: with a pipe for stderr, reading would wait for them.
    with (state / "start.log").open("wb") as log:
        started = subprocess.run(
            ["bash", SCRIPTS / script, "start", state / "server"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=log,
            timeout=STARTS_WITHIN_S,
            check=False,
        )
    try:
        assert started.returncode == 0, (state / "start.log").read_text()
        yield dict(line.split("=", 1) for line in started.stdout.decode().splitlines())
    finally:
        subprocess.run(
            ["bash", SCRIPTS / script, "stop", state / "server"],
            env=environment,
            capture_output=True,
            timeout=STARTS_WITHIN_S,
            check=False,
        )


def _swift_environment() -> Path:
    """The virtual environment with exactly what the lock names; made where it is not there."""
    import fcntl  # not on Windows

    digest, stamp = hashlib.sha256(LOCK.read_bytes()).hexdigest(), VENV / "lock.sha256"
    with VENV.with_suffix(".making").open("w") as making:
        fcntl.flock(making, fcntl.LOCK_EX)  # suites that run beside each other make one
        if not stamp.exists() or stamp.read_text() != digest:
            shutil.rmtree(VENV, ignore_errors=True)
            try:
                _call(sys.executable, "-m", "venv", VENV)
                _call(VENV / "bin" / "python", "-m", "pip", "install", *PIP_OPTIONS, "-r", LOCK)
            except subprocess.SubprocessError as cause:
                said = getattr(cause, "stderr", None) or str(cause)
                absent(f"no OpenStack Swift here ({LOCK.name} cannot be installed): {said.strip()[-500:]}")
            stamp.write_text(digest)
    return VENV


PIP_OPTIONS = ("--quiet", "--disable-pip-version-check", "--no-input", "--require-hashes")


def _call(*command: str | Path) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=INSTALLS_WITHIN_S)


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
