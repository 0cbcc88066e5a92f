"""A process that lives long does not keep a large buffer for every thread that ever had one."""

from __future__ import annotations

import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest

from migrator.engine.allocator import ARENAS

#: Threads that ask for memory at the same time, with the engine's setting or without; then what glibc tells.
PROGRAM = """
import ctypes, sys, threading
from migrator.engine.allocator import keep_little
if sys.argv[1] == "few":
    keep_little()
barrier = threading.Barrier(12)
def work():
    barrier.wait()
    kept = bytearray(1 << 16)
    barrier.wait()
threads = [threading.Thread(target=work) for _ in range(12)]
for each in threads: each.start()
for each in threads: each.join()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
libc.malloc_info.argtypes = [ctypes.c_int, ctypes.c_void_p]
libc.fclose.argtypes = [ctypes.c_void_p]
told = libc.fopen(sys.argv[2].encode(), b"w")
libc.malloc_info(0, told)
libc.fclose(told)
"""

#: Much is freed below something that stays; then how many pages are still there, before and after.
FREED = """
from pathlib import Path
from migrator.engine.allocator import give_back
def pages():
    return int(Path("/proc/self/statm").read_text().split()[1])
parts = [bytearray(60_000) for _ in range(1000)]
parts = parts[-1:]
print(pages())
give_back()
print(pages())
"""

#: Large buffers in several threads, then many smaller ones; then what stays.
BUFFERS = """
import sys, threading
from pathlib import Path
from migrator.engine.allocator import give_back, keep_little
if sys.argv[1] == "few":
    keep_little()
def pages():
    return int(Path("/proc/self/statm").read_text().split()[1])
def in_threads(count, size):
    barrier = threading.Barrier(8)
    def work():
        barrier.wait()
        buffers = [bytearray(size) for _ in range(count)]
        barrier.wait()
    threads = [threading.Thread(target=work) for _ in range(8)]
    for each in threads: each.start()
    for each in threads: each.join()
print(pages())
in_threads(1, 16 << 20)
in_threads(4, 1 << 20)
give_back()
print(pages())
"""

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is another one")


def test_threads_share_a_few_arenas(tmp_path: Path) -> None:
    def arenas(setting: str) -> int:
        told = tmp_path / setting
        subprocess.run([sys.executable, "-c", PROGRAM, setting, str(told)], check=True, timeout=60)
        return len(re.findall("<heap nr=", told.read_text()))

    assert arenas("usual") > ARENAS
    assert arenas("few") <= ARENAS


def test_what_was_freed_goes_back_to_the_system() -> None:
    told = subprocess.run([sys.executable, "-c", FREED], check=True, timeout=60, capture_output=True)
    before, after = (int(each) * 4096 for each in told.stdout.split())
    assert before - after > 40_000_000


def test_buffers_of_threads_go_back_to_the_system_whatever_sizes_there_were() -> None:
    def kept_bytes(setting: str) -> int:
        program = [sys.executable, "-c", BUFFERS, setting]
        told = subprocess.run(program, check=True, timeout=60, capture_output=True)
        before, after = (int(each) * 4096 for each in told.stdout.split())
        return after - before

    assert kept_bytes("usual") > 12_000_000
    assert kept_bytes("few") < 6_000_000
