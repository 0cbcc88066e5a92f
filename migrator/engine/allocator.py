"""What the C library keeps of memory that was freed, in a process that carries out run after run.

glibc gives threads that ask for memory at the same time arenas of their own, up to eight for each processor,
and each keeps the largest buffer it ever gave out. Python allocates under one lock: a few arenas do.
"""

from __future__ import annotations

import ctypes
from contextlib import suppress

ARENAS = 4
#: Of `mallopt`, from malloc.h of glibc.
_M_ARENA_MAX = -8


def keep_few_arenas() -> None:
    """Before threads are started. Does nothing where the C library is another one."""
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, ARENAS)
