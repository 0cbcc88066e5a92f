"""What this program is: its version, its licence, and the licences of what it uses."""

from __future__ import annotations

import sys
from pathlib import Path

from migrator import __version__

#: `engine.spec` puts it into the executable.
NOTICES = "THIRD-PARTY-NOTICES.txt"
BESIDE = """\
AWS S3 <> Lyve Cloud Data Migration is licensed under the Apache License 2.0
(https://www.apache.org/licenses/LICENSE-2.0).

The packages that it uses were installed beside it, and brought their own licences. These it asks for itself:
"""


def version() -> str:
    """`0.1.0`."""
    return __version__


def licences() -> str:
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
