#!/usr/bin/env python3
"""The locks: which version of everything is used, with its hashes. Makes them anew, and reads them.

    python3 -m tools.locks              after a change in pyproject.toml: what still fits is kept
    python3 -m tools.locks --upgrade    take newer versions of everything
    python3 -m tools.locks --upgrade-package boto3

Needs `uv` (`pipx install uv`). Afterwards: `python3 tools/check.py`, and look at what `git diff` says.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROJECT = "pyproject.toml"
#: The lowest Python that pyproject.toml allows. `--universal`: one lock for later ones too, and all systems.
PYTHON = "3.11"

#: Lock -> what goes into it. In this order: the fourth one agrees with the second.
LOCKS: dict[str, tuple[str, ...]] = {
    "requirements.txt": (PROJECT,),
    "requirements-test.txt": (PROJECT, "--extra", "test"),
    "requirements-build.txt": (PROJECT, "--extra", "build"),
    "requirements-mutation.txt": (
        PROJECT, "--extra", "test", "--extra", "mutation", "-c", "requirements-test.txt",
    ),
    "requirements-servers.txt": ("--group", "servers"),
    "requirements-peers.txt": ("--group", "peers"),
    "requirements-release.txt": ("--group", "release"),
}  # fmt: skip
#: What is handed out: the wheel's dependencies, and what the executable carries.
SHIPPED = ROOT / "requirements.txt"


@dataclass(frozen=True)
class Locked:
    """One package of a lock. `hashes` are SHA-256 in hex; `via` names the packages that need it."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]
    via: tuple[str, ...]


_PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)(?: ; (.*?))? \\$")
_HASH = re.compile(r"^    --hash=sha256:([0-9a-f]{64})(?: \\)?$")
_VIA = re.compile(r"^    # (?:via\s*)?(?:  )?(\S.*?)?$")


def read(path: Path = SHIPPED) -> list[Locked]:
    """The packages of a lock. Raises ValueError for a line of another form, or for a pin without hashes."""
    found: list[Locked] = []
    name = version = marker = ""
    hashes: list[str] = []
    via: list[str] = []

    def close() -> None:
        if name:
            if not hashes:
                raise ValueError(f"{path.name}: {name} has no hash")
            found.append(Locked(name, version, marker, tuple(hashes), tuple(via)))

    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("#") or not line.strip():
            continue
        if pin := _PIN.match(line):
            close()
            name, version, marker = pin[1], pin[2], pin[3] or ""
            hashes, via = [], []
        elif given := _HASH.match(line):
            hashes.append(given[1])
        elif reason := _VIA.match(line):
            if reason[1]:
                via.append(reason[1].removesuffix(f" ({PROJECT})"))
        else:
            raise ValueError(f"{path.name}, line {number}: neither a pinned version nor a hash: {line}")
    close()
    return found


def main(arguments: Sequence[str]) -> int:
    """Returns 0 where every lock was made."""
    uv = shutil.which("uv")
    if uv is None:
        print("uv is needed to make the locks: pipx install uv", file=sys.stderr)
        return 2
    for lock, wanted in LOCKS.items():
        command = (uv, "pip", "compile", "--universal", "--python-version", PYTHON, "--generate-hashes")
        form = ("--quiet", "--no-emit-index-url", "--custom-compile-command", "python3 -m tools.locks")
        print(lock, flush=True)
        if subprocess.call([*command, *form, "-o", lock, *wanted, *arguments], cwd=ROOT):
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
