"""The disk that holds the journal fills up, or breaks, at every single change that a command makes on it.

Whatever happens: the command ends paused, refused or done; nothing is sent that is not written down; and when
the disk is well again, the run can be resumed to its end, and undone to its beginning. See `disk_sweep`; each
sweep is a process of its own, with `diskfaults.c` in front of its disk.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.diskfaults import build, environment, why_not

#: Fewer changes than these: the sweep has not met the command's journal.
LEAST = {"run": 150, "resume": 50, "rollback": 20, "accept": 15}
#: What disks do: a full one stays full, a broken place fails once.
LIKELY = (("ENOSPC", "for-ever"), ("EIO", "once"))
UNLIKELY = (("ENOSPC", "once"), ("EIO", "for-ever"))
MORE_WORLDS = ("versions", "suspended", "created", "ceph")

Sweep = Callable[..., dict[str, int]]


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """Goes through all changes of a command; returns how often it ended with which exit code."""
    missing = why_not()
    if missing and os.environ.get("CI", "").lower() == "true":
        pytest.fail(missing)
    if missing:
        pytest.skip(missing)
    library = build(tmp_path_factory.mktemp("disk"))

    def swept(world: str, command: str, error: str, how: str, *more: str) -> dict[str, int]:
        ended = subprocess.run(
            [sys.executable, "-m", "tests.engine.disk_sweep", command, error, how, "--world", world, *more],
            env=environment(library),
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr[-4000:]
        found = json.loads(ended.stdout)
        print(f"{world}, {command}, {error} {how}: {found}")
        assert found["changes"] >= LEAST[command]
        codes: dict[str, int] = found["codes"]
        assert codes["5"], "most changes that fail pause a command"
        return codes

    return swept


@pytest.mark.parametrize("command", LEAST)
def test_a_full_disk_loses_nothing_and_the_command_goes_on_or_back(sweep: Sweep, command: str) -> None:
    codes = sweep("plain", command, *LIKELY[0], "--alternating")
    assert codes["3"], "where a command has not begun, it is refused"


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("error", "how"), LIKELY)
@pytest.mark.parametrize("command", LEAST)
def test_whatever_fails_on_the_disk_nothing_is_lost_and_it_goes_on_or_back(
    sweep: Sweep, command: str, error: str, how: str
) -> None:
    codes = sweep("plain", command, error, how)
    assert codes["3"], "where a command has not begun, it is refused"
    if how == "for-ever":
        assert codes["5"] > codes.get("0", 0), (
            "no command ends well on a disk that stays full, but at its end"
        )


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("error", "how"), UNLIKELY)
@pytest.mark.parametrize("command", LEAST)
def test_the_same_however_the_disk_fails(sweep: Sweep, command: str, error: str, how: str) -> None:
    sweep("plain", command, error, how)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("error", "how"), LIKELY)
@pytest.mark.parametrize("command", ["run", "resume", "rollback"])
@pytest.mark.parametrize("world", MORE_WORLDS)
def test_the_same_at_every_kind_of_destination(
    sweep: Sweep, world: str, command: str, error: str, how: str
) -> None:
    sweep(world, command, error, how)
