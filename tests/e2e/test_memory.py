"""Memory depends on threads and part size, never on the size of an object."""

from __future__ import annotations

import subprocess
import sys
import threading

import psutil
import pytest

from tests.e2e.conftest import CommandLine, Side

MIB = 1024 * 1024


def peak_rss(process: subprocess.Popen[str]) -> int:
    """The largest resident set seen until the process ends, in bytes; looked at 50 times a second."""
    peak = 0
    ended = threading.Event()
    watched = psutil.Process(process.pid)
    while process.poll() is None:
        try:
            peak = max(peak, watched.memory_info().rss)
        except psutil.NoSuchProcess:
            break
        ended.wait(0.02)
    return peak


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.skipif(sys.platform == "win32", reason="resident sets are counted differently")
def test_one_gib_moves_in_less_than_200_mib(cli: CommandLine, aws: Side, lyve: Side) -> None:
    aws.cloud.seed(aws.bucket, "large", bytes(range(256)) * (4 * MIB))
    with (cli.home / "out").open("w") as out:
        process = cli.start("run", cli.job(aws, lyve, transfer={"threads": 8}), "--quiet")
        peak = peak_rss(process)
        result = cli.finish(process)
        out.write(result.out)
    assert result.code == 0, result.out + result.err
    assert lyve.cloud.head(lyve.bucket, "large").size_bytes == 1024 * MIB
    assert peak < 200 * MIB, f"{peak / MIB:.0f} MiB"
