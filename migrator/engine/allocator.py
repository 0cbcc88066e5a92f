"""What a process that carries out run after run keeps of memory that was freed.

glibc gives threads that ask for memory at the same time arenas of their own, up to eight for each processor.
And it learns: once a large buffer was freed, later ones of that size come out of the arenas too, and twice
that size of each arena is kept when they are freed. Python allocates under one lock: a few arenas do; and
the largest buffers are few and used again, so that getting them from the system costs little. (With 1 MiB
instead of 4, objects of 1 MiB cost a quarter more CPU.)
"""

from __future__ import annotations

import ctypes
import gc
from contextlib import suppress

ARENAS = 4
#: What is larger comes from the system and goes back to it at once.
OWN_BYTES = 4 * 1024 * 1024
#: So much may stay free at the top of each arena.
SPARE_BYTES = 2 * 1024 * 1024
#: Of `mallopt`, from malloc.h of glibc.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8


def keep_little() -> None:
    """Before threads are started. Does nothing where the C library is another one."""
    with suppress(OSError, AttributeError, TypeError):
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_ARENA_MAX, ARENAS)
        libc.mallopt(_M_MMAP_THRESHOLD, OWN_BYTES)
        libc.mallopt(_M_TRIM_THRESHOLD, SPARE_BYTES)


def give_back() -> None:
    """After a command: what it needed goes back to the system, as far as the C library knows how to."""
    gc.collect()
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
