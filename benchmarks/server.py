"""The responder: built, given a certificate, started on a core, and asked what it counted."""

from __future__ import annotations

import json
import os
import shutil
import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SOURCE = Path(__file__).parent / "responder" / "responder.c"
STARTS_WITHIN_S = 20
BUILDS_WITHIN_S = 120
ANSWERS_WITHIN_S = 60
ENDS_WITHIN_S = 10


class NotHere(Exception):
    """Something that this machine lacks; says how to get it."""


def build(folder: Path) -> Path:
    compiler = shutil.which("cc")
    if compiler is None:
        raise NotHere("There is no C compiler here: apt-get install gcc libssl-dev")
    binary = folder / "responder"
    built = _run([compiler, "-O2", "-o", str(binary), str(SOURCE), "-lssl", "-lcrypto"])
    if built.returncode:
        missing = "openssl/" in built.stderr or "-lssl" in built.stderr
        hint = "The headers of OpenSSL are missing: apt-get install gcc libssl-dev\n" if missing else ""
        raise NotHere(f"{hint}The responder cannot be built:\n{built.stderr.strip()}")
    return binary


def certificate(folder: Path) -> tuple[Path, Path]:
    """For localhost, signed by itself; and its key."""
    if shutil.which("openssl") is None:
        raise NotHere("There is no openssl here: apt-get install openssl")
    paths = folder / "cert.pem", folder / "key.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    made = _run([*command, "-keyout", str(paths[1]), "-out", str(paths[0])])
    if made.returncode:
        raise NotHere(f"No certificate could be made:\n{made.stderr.strip()}")
    return paths


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, text=True, capture_output=True, check=False, timeout=BUILDS_WITHIN_S)


@contextmanager
def pinned(core: int) -> Iterator[None]:
    """What is started in here runs on this core only."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Responder:
    """One running responder: two ports, two ends."""

    def __init__(
        self, process: subprocess.Popen[bytes], ports: tuple[int, int], ca_file: Path | None
    ) -> None:
        self.process = process
        scheme = "https" if ca_file else "http"
        self.source_url, self.destination_url = (f"{scheme}://localhost:{port}" for port in ports)
        self.ca_file = ca_file
        self._context = ssl.create_default_context(cafile=str(ca_file)) if ca_file else None

    def reset(self, latency_ms: int = 0) -> None:
        """Forget all objects and counts; later answers take so long."""
        self._ask(f"/__reset?lat={latency_ms}")

    def counters(self) -> dict[str, int]:
        return {name: int(value) for name, value in json.loads(self._ask("/__stats")).items()}

    def _ask(self, path: str) -> bytes:
        with urllib.request.urlopen(
            self.source_url + path, timeout=ANSWERS_WITHIN_S, context=self._context
        ) as answer:
            return bytes(answer.read())


@contextmanager
def responder(binary: Path, core: int, identity: tuple[Path, Path] | None) -> Iterator[Responder]:
    """Started for as long as the block lasts; with TLS where there is a certificate and its key."""
    ports = _free_ports()
    files = [str(path) for path in identity or ()]
    # One cipher for all: else each client would choose its own, and AES-256 costs more than AES-128.
    environment = {**os.environ, "AES128": "1"}
    with pinned(core):
        process = subprocess.Popen(
            [str(binary), *map(str, ports), *files],
            env=environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # a Ctrl-C is ours; we end it
        )
    try:
        _wait_for(process, ports[1])
        yield Responder(process, ports, identity[0] if identity else None)
    finally:
        process.terminate()
        try:
            process.wait(ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise NotHere("The responder did not start.")


def _free_ports() -> tuple[int, int]:
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]
