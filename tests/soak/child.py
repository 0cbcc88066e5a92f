"""The engine's process as the window starts it, with what a soak needs in it: names that are not found for a
while, and answers about memory."""

from __future__ import annotations

import faulthandler
import gc
import json
import os
import signal
import socket
import sys
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from migrator.engine import remote

#: While this file is there no name can be looked up.
NAMES_GONE = "names-gone"
#: Where the process writes, on SIGUSR1, what memory the interpreter holds.
MEMORY = "memory.json"
#: Where it writes what its threads are doing, on SIGUSR2.
STACKS = "stacks"

_serve = remote.serve


def serve(pipe: Connection, root: Path, is_demo: bool) -> None:
    """In the place of `remote.serve`."""
    signal.signal(signal.SIGUSR1, lambda *_: _tell_memory(root))
    with (root / STACKS).open("w") as stacks:
        faulthandler.register(signal.SIGUSR2, stacks, all_threads=True)
        _lose_names(root / NAMES_GONE)
        _serve(pipe, root, is_demo)


def _lose_names(gone: Path) -> None:
    look_up = socket.getaddrinfo

    def looked_up(*given: Any, **named: Any) -> Any:
        if gone.exists():
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return look_up(*given, **named)

    socket.getaddrinfo = looked_up


def _tell_memory(root: Path) -> None:
    """Blocks, and how many objects of each type the garbage collector knows."""
    gc.collect()
    types = Counter(f"{type(each).__module__}.{type(each).__qualname__}" for each in gc.get_objects())
    told = root / f"{MEMORY}.new"
    told.write_text(json.dumps([sys.getallocatedblocks(), types]))
    os.replace(told, root / MEMORY)
