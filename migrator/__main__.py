"""`python -m migrator`: the window without arguments, else the command line."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code of the contract."""
    from migrator.cli import run_command_line
    from migrator.engine.allocator import search_rarely
    from migrator.redacting import guard_process

    _make_streams_safe()
    guard_process(os.environ)
    search_rarely()
    if getattr(sys, "frozen", False):
        import multiprocessing

        # In the executable, the window's engine process starts here and goes no further.
        multiprocessing.freeze_support()
    return run_command_line(sys.argv[1:] if arguments is None else list(arguments))


def _make_streams_safe() -> None:
    """Standard streams that can always be written to.

    A program without a console on Windows has none; a redirected one there has a code page without ✔.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 (open until the end)
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace" if stream.isatty() else "backslashreplace")


if __name__ == "__main__":
    sys.exit(main())
