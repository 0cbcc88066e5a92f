"""`migrator --licences`: our own licence, and what an executable carries of others."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

#: `engine.spec` puts it into the executable.
NOTICES = "THIRD-PARTY-NOTICES.txt"
BESIDE = """\
AWS S3 <> Lyve Cloud Data Migration is licensed under the Apache License 2.0
(https://www.apache.org/licenses/LICENSE-2.0).

The packages that it uses were installed beside it, and brought their own licences. These it asks for itself:
"""


def text() -> str:
    """The whole notices in an executable; elsewhere our licence, and what the packages say of theirs."""
    folder = getattr(sys, "_MEIPASS", None)
    if folder is not None:
        return (Path(folder) / NOTICES).read_text(encoding="utf-8")
    return BESIDE + "".join(f"  {line}\n" for line in _beside())


def _beside() -> list[str]:
    from importlib.metadata import PackageNotFoundError, metadata

    lines = []
    for name in ("boto3", "botocore", "keyring", "platformdirs", "tomlkit", "ttkbootstrap"):
        try:
            meta = metadata(name).json
        except PackageNotFoundError:
            continue
        licence = meta.get("license_expression") or meta.get("license") or "see its metadata"
        lines.append(f"{name} {meta['version']}: {licence}")
    return lines


class Show(argparse.Action):
    """Print them and exit, like `--version` does."""

    def __init__(self, option_strings: Sequence[str], dest: str, **named: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, default=argparse.SUPPRESS, **named)

    def __call__(self, parser: argparse.ArgumentParser, *_: object, **__: object) -> None:
        # In names there are letters that a Windows console's code page does not have.
        sys.stdout.flush()
        buffer = getattr(sys.stdout, "buffer", None)
        if buffer is None:
            sys.stdout.write(text())
        else:
            buffer.write(text().encode())
            buffer.flush()
        parser.exit()
