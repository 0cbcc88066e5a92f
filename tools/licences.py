#!/usr/bin/env python3
"""Licences of all that is handed out: `python3 -m tools.licences` lists them, and says what is wrong.

`tools/licences.toml` is the list. It has to name the packages of the lock, each with licences that go
together with Apache-2.0, and has to agree with what the packages that are installed here say of themselves.
"""

from __future__ import annotations

import re
import sys
import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path, PurePosixPath

from tools import locks

TABLE = Path(__file__).with_name("licences.toml")
BOOTLOADER = "GPL-2.0-or-later WITH Bootloader-exception"
#: How packages that name no SPDX expression put it.
_CLASSIFIERS = {
    "MIT License": "MIT",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
}


@dataclass(frozen=True)
class Table:
    """`packages` has licence and reason for each name; `libraries` licences by pattern, see the file."""

    allowed: frozenset[str]
    packages: dict[str, tuple[str, str]]
    libraries: dict[str, str]


def table() -> Table:
    """The list as it is on disk."""
    data = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    packages = {name: (entry["licence"], entry["for"]) for name, entry in data["packages"].items()}
    return Table(frozenset(data["allowed"]), packages, data["libraries"])


def names(expression: str) -> set[str]:
    """The licences in an SPDX expression; one `WITH` an exception is one."""
    return {part for part in re.split(r"\s+(?:AND|OR)\s+|[()]", expression) if part.strip()}


def of_library(file: str, known: Table) -> tuple[str, str] | None:
    """Pattern and licence of a shared library by its file's name; None for one that nobody has looked at."""
    stem = re.split(r"[-.]", PurePosixPath(file.replace("\\", "/")).name.lower())[0]
    for pattern, licence in known.libraries.items():
        if fnmatchcase(stem, pattern):
            return pattern, licence
    return None


def said_by_package(name: str, version: str) -> set[str] | None:
    """What an installed package says its licences are; None where it is another version, or says nothing."""
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return None
    if found.version != version:
        return None
    meta = found.metadata
    if expression := meta.get("License-Expression"):
        return names(expression)
    rows = [
        row.rpartition(" :: ")[2] for row in meta.get_all("Classifier") or () if row.startswith("License ::")
    ]
    if said := {_CLASSIFIERS.get(row, row) for row in rows}:
        return said
    return names(meta["License"]) if meta.get("License") else None


def problems(locked: list[locks.Locked], known: Table) -> list[str]:
    """What is wrong, a sentence each."""
    shipped = {package.name: package.version for package in locked}
    wrong = [
        f"{name} is in the lock, but not in {TABLE.name}: name its licence there, and what it is for"
        for name in sorted(shipped.keys() - known.packages.keys())
    ]
    wrong += [
        f"{name} is in {TABLE.name}, but not in the lock any more"
        for name in sorted(known.packages.keys() - shipped.keys())
    ]
    for name, (licence, reason) in known.packages.items():
        if not reason.strip():
            wrong.append(f"{name}: say what it is for")
        if strange := names(licence) - known.allowed:
            wrong.append(f"{name}: not known to go together with Apache-2.0: {', '.join(sorted(strange))}")
        said = said_by_package(name, shipped.get(name, ""))
        if said is not None and said != names(licence):
            wrong.append(f"{name} says {', '.join(sorted(said))}; {TABLE.name} says {licence}")
    for pattern, licence in known.libraries.items():
        if strange := names(licence) - known.allowed:
            wrong.append(f"{pattern}: not known to go together with Apache-2.0: {', '.join(sorted(strange))}")
    return wrong


def main() -> int:
    """Returns 1 where something is wrong."""
    known, locked = table(), locks.read()
    for package in locked:
        licence, reason = known.packages.get(package.name, ("?", "?"))
        print(f"{package.name:20}{package.version:16}{licence:38}{reason}")
    wrong = problems(locked, known)
    for sentence in wrong:
        print(f"Wrong: {sentence}", file=sys.stderr)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
