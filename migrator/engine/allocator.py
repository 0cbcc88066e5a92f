"""What a process that carries out run after run keeps of memory that was freed.

glibc gives threads that ask for memory at the same time arenas of their own, up to eight for each processor,
and each keeps the largest buffer it ever gave out. Python allocates under one lock: a few arenas do.
"""

from __future__ import annotations

import ctypes
import gc
from contextlib import suppress

ARENAS = 4
#: Of `mallopt`, from malloc.h of glibc.
_M_ARENA_MAX = -8


def keep_few_arenas() -> None:
    """Before threads are started. Does nothing where the C library is another one."""
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, ARENAS)


def give_back() -> None:
    """After a command: what it needed goes back to the system, as far as the C library knows how to."""
    gc.collect()
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
