"""Two S3 services with different credentials, and the command line as a user runs it: a process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from migrator.demo.s3server import S3Server
from migrator.engine.ports import SystemClock
from migrator.engine.runs import list_runs
from migrator.job_file import job_text
from migrator.store.memory import AWS, LYVE, MemoryCloud
from tests.store.keepers import client_of

AWS_KEY, AWS_SECRET = "AKIAE2ETEST", "aws-secret-0123456789"
LYVE_KEY, LYVE_SECRET = "STX1E2ETEST", "lyve-secret-9876543210"
AWS_BUCKET, LYVE_BUCKET = "photos", "archive"
TIMEOUT_S = 100
#: `MIGRATOR_DATA_PLANE=boto3` runs these suites with the reference store.
DATA_PLANE = {"data_plane": plane} if (plane := os.environ.get("MIGRATOR_DATA_PLANE")) else {}


@dataclass
class Side:
    """One service: what it holds, its server, and how a plain SDK client reaches it."""

    provider: str
    cloud: MemoryCloud
    server: S3Server
    bucket: str
    keys: tuple[str, str]

    @property
    def client(self) -> Any:
        return client_of(self.server.url, *self.keys)

    def keys_listed(self) -> list[str]:
        return list(self.cloud.contents(self.bucket))

    def end(self, **more: Any) -> dict[str, Any]:
        """This side as a job's source or destination."""
        return {
            "provider": self.provider,
            "bucket": self.bucket,
            "region": "us-east-1",
            "endpoint_url": self.server.url,
            "credentials": "env",
            **more,
        }


@pytest.fixture
def aws() -> Iterator[Side]:
    cloud = MemoryCloud(quirks=AWS)
    cloud.create_bucket(AWS_BUCKET)
    with S3Server(cloud, {AWS_KEY: AWS_SECRET}) as server:
        yield Side("aws", cloud, server, AWS_BUCKET, (AWS_KEY, AWS_SECRET))


@pytest.fixture
def lyve() -> Iterator[Side]:
    cloud = MemoryCloud(quirks=LYVE)
    cloud.create_bucket(LYVE_BUCKET)
    with S3Server(cloud, {LYVE_KEY: LYVE_SECRET}) as server:
        yield Side("lyve", cloud, server, LYVE_BUCKET, (LYVE_KEY, LYVE_SECRET))


@dataclass
class Result:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def summary(self) -> dict[str, Any]:
        last = self.events[-1]
        assert last["event"] == "summary", last
        assert_balances(last)
        return last

    def named(self, event: str) -> list[dict[str, Any]]:
        return [each for each in self.events if each["event"] == event]


def assert_balances(books: dict[str, Any]) -> None:
    """The contract's two sums; they hold whatever happened."""
    assert books["listed"] == (books["planned"] + books["same"] + books["filtered"] + books["unsupported"]), (
        books
    )
    assert books["planned"] == (books["copied"] + books["failed"] + books["conflicts"] + books["left"]), books
    assert books["verified"] <= books["copied"]


@dataclass
class CommandLine:
    """`python -m migrator` with a home of its own and the keys of both services in the environment."""

    home: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: str | Path, timeout_s: float = TIMEOUT_S) -> Result:
        process = self.start(*arguments)
        result = self.finish(process, timeout_s)
        if "--json" in arguments:
            for end in result.named("summary"):
                assert_balances(end)
        return result

    def start(self, *arguments: str | Path, **options: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "migrator", *map(str, arguments)],
            **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, **options},
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
        )

    @staticmethod
    def finish(process: subprocess.Popen[str], timeout_s: float = TIMEOUT_S) -> Result:
        try:
            out, err = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            out, err = process.communicate()
            raise AssertionError(f"did not end within {timeout_s} s:\n{out}\n{err}") from None
        return Result(process.returncode, out, err)

    def job(self, source: Side, destination: Side, /, **sections: Any) -> Path:
        """A job file from one side to the other. `source` and `destination` sections add to the ends'."""
        table: dict[str, Any] = {
            "version": 1,
            "source": source.end(**sections.pop("source", {})),
            "destination": destination.end(**sections.pop("destination", {})),
            "transfer": {"threads": 8, **DATA_PLANE, "wait": "3s", **sections.pop("transfer", {})},
            **sections,
        }
        self.use_keys(source, destination)
        path = self.home / "job.toml"
        path.write_text(job_text(table))
        return path

    def use_keys(self, source: Side, destination: Side) -> None:
        for name, side in (("SOURCE", source), ("DESTINATION", destination)):
            access, secret = side.keys
            self.environment[f"MIGRATOR_{name}_ACCESS_KEY_ID"] = access
            self.environment[f"MIGRATOR_{name}_SECRET_ACCESS_KEY"] = secret


@pytest.fixture
def cli(tmp_path: Path) -> Iterator[CommandLine]:
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TEMP") if name in os.environ}
    yield CommandLine(tmp_path, {**kept, "HOME": str(tmp_path), "MIGRATOR_HOME": str(tmp_path / "home")})
    for info in list_runs(tmp_path / "home", SystemClock()):
        assert info.ledger.balances, f"the books of {info.run} do not balance: {info.ledger}"
