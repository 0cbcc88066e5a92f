#!/usr/bin/env python3
"""What an executable carries, its size, the time it takes to start: `python -m tools.executable dist/engine`.

Needs the environment that built it (requirements-build.txt). Returns 1 where something is in it that nobody
has looked at or that must not be: a shared library without a licence in `tools/licences.toml`, a test.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tools import licences, locks

#: Top-level modules that would be a mistake in it.
FORBIDDEN = {"pytest", "tests", "tools", "setuptools", "pip", "readline", "ministack", "hypothesis", "numpy"}
#: What AWS's own credential chain may need besides S3: assumed roles, SSO, `aws login`.
SERVICES = {"s3", "sts", "sso", "sso-oidc", "signin"}
STARTS = 5


@dataclass(frozen=True)
class Content:
    """`libraries` has the SHA-256 by name; sizes are in bytes, as they are unpacked."""

    modules: frozenset[str]
    libraries: dict[str, str]
    sizes: dict[str, int]

    @property
    def packages(self) -> frozenset[str]:
        """Names of the top level of all modules."""
        return frozenset(name.partition(".")[0] for name in self.modules)


def read(path: Path) -> Content:
    """What a one-file executable carries. Raises ImportError without PyInstaller."""
    from PyInstaller.archive.readers import CArchiveReader

    archive = CArchiveReader(str(path))
    modules: set[str] = set()
    libraries: dict[str, str] = {}
    sizes: dict[str, int] = {}
    for name, (_, _, unpacked_bytes, _, kind) in archive.toc.items():
        sizes[name] = unpacked_bytes
        if kind == "z":
            modules.update(archive.open_embedded_archive(name).toc)
        elif kind == "b":
            libraries[name.replace("\\", "/")] = hashlib.sha256(archive.extract(name)).hexdigest()
    return Content(frozenset(modules), libraries, sizes)


def belonging(locked: list[locks.Locked]) -> list[locks.Locked]:
    """The packages of a lock that this system and this Python need."""
    from packaging.markers import Marker

    return [package for package in locked if not package.marker or Marker(package.marker).evaluate()]


def sha256(path: Path) -> str:
    """The digest of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_module_of_python(library: str) -> bool:
    """Whether a shared library is an extension module, of Python or of a package: no work by itself."""
    path = PurePosixPath(library)
    name = path.name
    return ".cpython-" in name or ".abi3." in name or name.endswith(".pyd") or "lib-dynload" in path.parts


def is_wanted(file: str) -> bool:
    """False for data that this program never looks at: AWS's other services (25 MB), examples, demos, and the
    time zones of Tcl and dateutil (Python's clocks do that work here)."""
    parts = PurePosixPath(file.replace("\\", "/")).parts
    match parts[:2]:
        case ("boto3", "data") | ("_tcl_data", "tzdata") | ("_tk_data", "demos") | ("dateutil", "zoneinfo"):
            return False
        case ("botocore", "data") if len(parts) > 3:
            return parts[2] in SERVICES and not parts[-1].startswith("examples-")
        case _:
            return True


def problems(content: Content, known: licences.Table) -> list[str]:
    """What is wrong with the contents, a sentence each."""
    wrong = [f"{name} must not be in it" for name in sorted(content.packages & FORBIDDEN)]
    wrong += [
        f"{library}: say in {licences.TABLE.name} under which licence it is"
        for library in sorted(content.libraries)
        if not is_module_of_python(library) and licences.of_library(library, known) is None
    ]
    wrong += [f"{file} is of no use in it" for file in sorted(content.sizes) if not is_wanted(file)]
    for needed in ("migrator/prices.toml", "migrator/gui/icon/16.png", "THIRD-PARTY-NOTICES.txt"):
        if needed not in {name.replace("\\", "/") for name in content.sizes}:
            wrong.append(f"{needed} is missing in it")
    return wrong


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 1:
        print("usage: python -m tools.executable FILE", file=sys.stderr)
        return 2
    path = Path(arguments[0]).resolve()
    content = read(path)
    total = sum(content.sizes.values())
    print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB, {total / 1e6:.1f} MB unpacked")
    took = sorted(_start_s(path) for _ in range(STARTS))
    print(f"--version: {took[0]:.2f} s, {took[len(took) // 2]:.2f} s in the middle of {STARTS}")
    groups: Counter[str] = Counter()
    for name, size in content.sizes.items():
        groups[name.replace("\\", "/").partition("/")[0] if "/" in name else name] += size
    modules = f"{len(content.modules)} modules of {len(content.packages)} packages"
    print(f"{modules}, {len(content.libraries)} libraries. Largest:")
    for name, size in groups.most_common(12):
        print(f"  {size / 1e6:6.1f} MB  {name}")
    wrong = problems(content, licences.table())
    for sentence in wrong:
        print(f"Wrong: {sentence}", file=sys.stderr)
    return int(bool(wrong))


def _start_s(path: Path) -> float:
    began = time.monotonic()
    subprocess.run([str(path), "--version"], check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - began


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
