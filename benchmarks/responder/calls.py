"""What the self-test calls the responder with: it started, raw requests, and a count of what was right."""

from __future__ import annotations

import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.message import Message
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

STARTS_WITHIN_S = 5
ENDS_WITHIN_S = 10


class Tally:
    """How many checks there were, and the names of those that failed."""

    passed = 0
    failed: list[str]

    def __init__(self) -> None:
        self.failed = []

    def check(self, name: str, ok: object) -> None:
        if ok:
            self.passed += 1
        else:
            self.failed.append(name)
            print("FAILED", name)


def code_of(call: Callable[..., object], **arguments: object) -> str:
    """The error code of a call that should fail, '' when it did not."""
    try:
        call(**arguments)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def raw(
    base_url: str, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> tuple[int, bytes, Message]:
    request = urllib.request.Request(base_url + path, data=body, method=method, headers=dict(headers or {}))
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read(), answer.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), error.headers


@contextmanager
def started(binary: str) -> Iterator[tuple[str, Any]]:
    """The responder on two free ports; yields the address of one and a boto3 client for it."""
    ports = _free_port(), _free_port()
    server = subprocess.Popen([binary, *map(str, ports)])
    try:
        _wait_for(ports[1])
        base_url = f"http://127.0.0.1:{ports[0]}"
        yield (
            base_url,
            boto3.client(
                "s3",
                endpoint_url=base_url,
                aws_access_key_id="a",
                aws_secret_access_key="b",
                region_name="us-east-1",
                config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 0}),
            ),
        )
    finally:
        server.terminate()
        server.wait(ENDS_WITHIN_S)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
