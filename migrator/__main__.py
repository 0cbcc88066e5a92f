"""`python -m migrator`: the window without arguments, else the command line."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code of the contract."""
    from migrator.cli import run_command_line

    return run_command_line(sys.argv[1:] if arguments is None else list(arguments))


if __name__ == "__main__":
    sys.exit(main())
