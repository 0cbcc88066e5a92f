"""kill -9 and SIGSTOP at moments that hurt: between an intent and its outcome, on a real server.

Rounds go on until enough kills have landed. A kill lands where the process was alive and the journal on disk
then shows at least one object under way. What follows is a resume or a rollback, which may be killed too.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.compare import described, listed
from tests.real.conftest import Clouds, new_migration
from tests.real.looking import OPEN, RESERVED, UNDOING, count, differences, snapshot, states

pytestmark = [pytest.mark.long, pytest.mark.timeout(4 * 3600)]

#: The long form: MIGRATOR_KILLS=500.
KILLS = int(os.environ.get("MIGRATOR_KILLS", "60"))
SEED = int(os.environ.get("MIGRATOR_KILLS_SEED", "1"))
SMALL, OVERWRITTEN = 36, 4
LARGE_BYTES = 17 * 1024 * 1024
POLL_S = 0.002
ENDS_WITHIN_S = 90
#: Long enough for a service to wonder what became of a request.
STOPPED_S = 2.0


@pytest.fixture(scope="module")
def source(clouds: Clouds) -> str:
    """Small objects, some with tags, and one in three parts."""
    client, bucket = clouds.aws.client, clouds.aws.new_bucket()
    for number in range(SMALL):
        tags = "n=1" if number % 5 == 0 else ""
        body = f"body {number} ".encode() * (1 + number * 40)
        client.put_object(
            Bucket=bucket, Key=f"k/{number:02}", Body=body, Metadata={"n": str(number)}, Tagging=tags
        )
    client.put_object(Bucket=bucket, Key="large", Body=os.urandom(LARGE_BYTES))
    return bucket


class Round:
    """One destination, one run, and whatever is done to it."""

    def __init__(self, clouds: Clouds, folder: Path, source: str, chance: random.Random) -> None:
        self.chance = chance
        self.clouds = clouds
        self.out = folder / "out.jsonl"
        versioning = chance.choice(["", "Enabled"])
        bucket = clouds.lyve.new_bucket(versioning)
        client = clouds.lyve.client
        for number in range(OVERWRITTEN):
            client.put_object(
                Bucket=bucket,
                Key=f"k/{number * 7:02}",
                Body=f"old {number}".encode(),
                Metadata={"was": "here"},
                Tagging="old=1",
                ContentType="text/old",
            )
        client.put_object(Bucket=bucket, Key="theirs", Body=b"was here before")
        self.migration = new_migration(clouds, folder, source, bucket)
        self.job = self.migration.job()
        self.before = snapshot(client, bucket)
        self.story = [versioning or "no versions"]
        self.landed: Counter[str] = Counter()

    @property
    def journal(self) -> Path | None:
        return next(iter(self.migration.runs.glob("*/journal.sqlite")), None)

    def killed(self, command: str, *arguments: Any) -> bool:
        """Start a command and kill it after so much progress, with something under way; False where it was
        faster."""
        under_way = UNDOING if command == "rollback" else OPEN
        before = self._committed
        enough = before + self.chance.randint(min(1, SMALL - before), max(SMALL - before, 0))
        looks = self.chance.randint(0, 12)  # a rollback records what it did a batch at a time
        process = self._started(command, *arguments)
        deadline = time.monotonic() + ENDS_WITHIN_S
        while process.poll() is None:
            found = states(self.journal) if self.journal else {}
            if count(found, under_way):
                looks -= 1
                if looks < 0 if command == "rollback" else count(found, ("committed",)) >= enough:
                    break
            assert time.monotonic() < deadline, f"{command} does not end: {self.story}"
            time.sleep(POLL_S)
        if process.poll() is not None:
            self.story.append(f"{command} was faster")
            process.communicate()
            return False
        process.send_signal(signal.SIGKILL)
        process.communicate()
        has_landed = self.journal is not None and count(states(self.journal), under_way) > 0
        self.landed[command] += has_landed
        self.story.append(f"{command} killed{'' if has_landed else ', nothing under way'}")
        return True

    def _started(self, command: str, *arguments: Any) -> subprocess.Popen[str]:
        """A command that writes into a file: it must not wait for somebody to read."""
        with self.out.open("w") as out:
            return self.migration.cli.start(command, *arguments, "--json", "--quiet", stdout=out)

    @property
    def _committed(self) -> int:
        return count(states(self.journal), ("committed",)) if self.journal else 0

    def paused_and_continued(self) -> None:
        """SIGSTOP in the middle: what was under way times out or not, and the run goes on."""
        process = self._started("run", self.job)
        while process.poll() is None and not (self.journal and count(states(self.journal), OPEN)):
            time.sleep(POLL_S)
        if process.poll() is None:
            process.send_signal(signal.SIGSTOP)
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(STOPPED_S)
            process.send_signal(signal.SIGCONT)
        result = self.migration.cli.finish(process, ENDS_WITHIN_S)
        assert result.code == 0, f"{self.story}: {self.out.read_text()}{result.err}"
        self.story.append("stopped and continued")

    def must_complete(self) -> None:
        result = self.migration.cli("resume", "latest", "--json")
        where = f"{self.story}: {result.out[-2000:]}{result.err}"
        assert result.code == 0, where
        assert result.summary["copied"] == result.summary["planned"] == SMALL + 1, where
        self.story.append("resumed")
        aws, lyve = self.clouds.aws.client, self.clouds.lyve.client
        source, bucket = self.migration.source, self.migration.destination
        there = [key for key in listed(lyve, bucket) if not key.startswith(RESERVED)]
        assert there == sorted([*listed(aws, source), "theirs"]), where
        for key in listed(aws, source):
            assert described(lyve, bucket, key) == described(aws, source, key), f"{key}: {where}"
        assert not lyve.list_multipart_uploads(Bucket=bucket).get("Uploads"), where

    def must_go_back(self) -> None:
        result = self.migration.cli("rollback", "latest", "--yes", "--json")
        where = f"{self.story}: {result.out[-2000:]}{result.err}"
        assert result.code == 0, where
        after = snapshot(self.clouds.lyve.client, self.migration.destination)
        assert after == self.before, f"{self.story}: {differences(self.before, after)}"


def play(clouds: Clouds, folder: Path, source: str, number: int) -> Counter[str]:
    chance = random.Random(SEED * 100_000 + number)
    this = Round(clouds, folder, source, chance)
    if number % 10 == 9:
        this.paused_and_continued()
    else:
        this.killed("run", this.job)
    while this.journal is None:  # killed before there was a run
        this.killed("run", this.job)
    has_ended = "run was faster" in this.story or "stopped and continued" in this.story
    if not has_ended:
        for _ in range(chance.randint(0, 3)):
            if not this.killed("resume", "latest"):
                break
    if chance.random() < 0.3:
        this.must_complete()
    for _ in range(chance.randint(0, 3)):
        if not this.killed("rollback", "latest", "--yes"):
            break
    this.must_go_back()
    return this.landed


def test_kills_between_an_intent_and_its_outcome(clouds: Clouds, source: str, tmp_path: Path) -> None:
    landed: Counter[str] = Counter()
    rounds = 0
    while landed.total() < KILLS:
        assert rounds < KILLS + 20, f"too few kills land: {landed} in {rounds} rounds"
        landed += play(clouds, tmp_path / str(rounds), source, rounds)
        rounds += 1
    print(f"{landed.total()} kills landed in {rounds} rounds: {dict(landed)}")
    assert KILLS < 20 or all(landed[command] for command in ("run", "resume", "rollback"))
