"""`migrator --licences`: our own licence, and what an executable carries of others."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from migrator.about import licences


class Show(argparse.Action):
    """Print them and exit, like `--version` does."""

    def __init__(self, option_strings: Sequence[str], dest: str, **named: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, default=argparse.SUPPRESS, **named)

    def __call__(self, parser: argparse.ArgumentParser, *_: object, **__: object) -> None:
        # In names there are letters that a Windows console's code page does not have.
        sys.stdout.flush()
        buffer = getattr(sys.stdout, "buffer", None)
        if buffer is None:
            sys.stdout.write(licences())
        else:
            buffer.write(licences().encode())
            buffer.flush()
        parser.exit()
