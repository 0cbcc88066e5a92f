"""A disk that fails on command: `diskfaults.c`, built where it is needed, and spoken to from within.

A process is started with the library preloaded (`environment`); inside it, `Disk` says what fails.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).with_suffix(".c")


def why_not() -> str:
    """What is missing here for disks to fail; empty where nothing is."""
    if sys.platform != "linux":
        return "only Linux preloads libraries as this test needs it"
    return "" if shutil.which("cc") else "no C compiler (cc)"


def build(folder: Path) -> Path:
    """Compile the library into `folder`."""
    library = folder / "diskfaults.so"
    flags = ("-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC")
    subprocess.run(["cc", *flags, "-o", str(library), str(SOURCE), "-ldl"], check=True, timeout=60)
    return library


def environment(library: Path) -> dict[str, str]:
    """This process's environment, for a child whose disk shall fail."""
    return {**os.environ, "LD_PRELOAD": str(library)}


class Disk:
    """The library inside this process.

    Raises:
        OSError: it was not preloaded.
    """

    def __init__(self) -> None:
        self._library = ctypes.CDLL(None)
        try:
            self._arm = self._library.fault_arm
        except AttributeError:
            raise OSError(f"{SOURCE.stem} is not preloaded") from None
        self._arm.argtypes = (ctypes.c_char_p, ctypes.c_long, ctypes.c_int, ctypes.c_int)
        self._arm.restype = None
        for name in ("fault_count", "fault_struck"):
            getattr(self._library, name).restype = ctypes.c_long

    def arm(self, folder: Path, nth: int, error: int, *, for_ever: bool) -> None:
        """From now on the `nth` change below `folder` fails with `error`; `for_ever`: all from there on."""
        self._arm(os.fsencode(folder), nth, error, for_ever)

    def disarm(self) -> None:
        """Nothing fails any more; the counts stay."""
        self._library.fault_disarm()

    @property
    def count(self) -> int:
        """Changes since it was armed."""
        return int(self._library.fault_count())

    @property
    def struck(self) -> int:
        """How many of them failed."""
        return int(self._library.fault_struck())
