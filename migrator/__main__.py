"""`python -m migrator`: the window without arguments, else the command line."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code of the contract."""
    import multiprocessing

    from migrator.cli import run_command_line

    # In the executable, the window's engine process starts here and goes no further.
    multiprocessing.freeze_support()
    return run_command_line(sys.argv[1:] if arguments is None else list(arguments))


if __name__ == "__main__":
    sys.exit(main())
