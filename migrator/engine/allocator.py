"""What a process keeps of memory that was freed, and how often it looks for some to free.

glibc gives threads that ask for memory at the same time arenas of their own, up to eight for each processor.
And it learns: once a large buffer was freed, later ones of that size come out of the arenas too, and twice
that size of each arena is kept when they are freed. Python allocates under one lock: a few arenas do; and
the largest buffers are few and used again, so that getting them from the system costs little. (With 1 MiB
instead of 4, objects of 1 MiB cost a quarter more CPU.)
"""

from __future__ import annotations

import gc
from contextlib import suppress
from typing import Any

ARENAS = 4
#: What is larger comes from the system and goes back to it at once.
OWN_BYTES = 4 * 1024 * 1024
#: So much may stay free at the top of each arena.
SPARE_BYTES = 2 * 1024 * 1024
#: Of `mallopt`, from malloc.h of glibc.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8


def search_rarely() -> None:
    """What is moved has no cycles; looking for some after every 700 new objects takes 3 % of a run's time."""
    gc.set_threshold(20_000, 20, 100)


def keep_little() -> None:
    """Before threads are started. Does nothing where the C library is another one."""
    with suppress(OSError, AttributeError, TypeError):
        libc = _c_library()
        libc.mallopt(_M_ARENA_MAX, ARENAS)
        libc.mallopt(_M_MMAP_THRESHOLD, OWN_BYTES)
        libc.mallopt(_M_TRIM_THRESHOLD, SPARE_BYTES)


def give_back() -> None:
    """After a command: what it needed goes back to the system, as far as the C library knows how to."""
    gc.collect()
    with suppress(OSError, AttributeError, TypeError):
        _c_library().malloc_trim(0)


def _c_library() -> Any:
    import ctypes  # here: most commands have no use for it

    return ctypes.CDLL(None)
