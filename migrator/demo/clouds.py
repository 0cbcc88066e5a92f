"""Two local S3 services as processes of their own: one stands for AWS, one for Lyve Cloud."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from migrator.credentials import Keys
from migrator.errors import MigratorError
from migrator.redacting import for_others

START_TIMEOUT_S = 30
AWS_BUCKET = "demo-photos"
LYVE_BUCKET = "demo-archive"


@dataclass(frozen=True, slots=True)
class Cloud:
    """A running service: its address and the one key pair it accepts."""

    url: str
    keys: Keys


@contextlib.contextmanager
def two_clouds(objects: int) -> Iterator[tuple[Cloud, Cloud]]:
    """An "AWS" with `objects` samples in `AWS_BUCKET`, and a "Lyve Cloud" with an empty `LYVE_BUCKET`.

    Both listen on loopback only and end with the block, or with this process, however it ends.

    Raises:
        MigratorError: a service did not start.
    """
    with contextlib.ExitStack() as stack:
        aws = stack.enter_context(_cloud("aws", AWS_BUCKET, "AKIADEMOAWS", objects))
        lyve = stack.enter_context(_cloud("lyve", LYVE_BUCKET, "STX1DEMOLYVE", 0))
        yield aws, lyve


@contextlib.contextmanager
def _cloud(kind: str, bucket: str, access_key: str, objects: int) -> Iterator[Cloud]:
    keys = Keys(access_key, secrets.token_urlsafe(30))
    options = ["--quirks", kind, "--buckets", bucket, "--access-key", access_key]
    options += ["--samples", str(objects)]
    process = subprocess.Popen(  # noqa: S603 (our own program)
        [*_ourselves(), "_s3server", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # Arguments and environments of processes can be looked at: the secret goes through the pipe.
        env=for_others(os.environ),
        text=True,
    )
    try:
        if process.stdin:
            process.stdin.write(f"{keys.secret_access_key}\n")
            process.stdin.flush()
        yield Cloud(_address(process, kind), keys)
    finally:
        # The service ends when its standard input does.
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)


def _ourselves() -> list[str]:
    """How to start this program again: the executable, or this Python with the package."""
    return [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "migrator"]


def _address(process: subprocess.Popen[str], kind: str) -> str:
    """The URL a service prints once it listens."""
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()

    def read() -> None:
        if process.stdout:
            lines.put(process.stdout.readline())

    reader = threading.Thread(target=read, name=f"demo-{kind}", daemon=True)
    reader.start()
    try:
        line = lines.get(timeout=START_TIMEOUT_S)
        reader.join(1)
        return str(json.loads(line)["url"])
    except (queue.Empty, ValueError, KeyError) as cause:
        process.kill()
        raise MigratorError(f"The local S3 service for {kind} did not start.") from cause
