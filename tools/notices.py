"""The licences of others that an executable has to carry: `engine.spec` puts the text into it.

Whole texts, as each package brings them; of the system's libraries where the system has them (Debian does).
Python's own text has, on Windows and macOS, those of the libraries that come with it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from importlib.metadata import distribution
from pathlib import Path

from tools import executable, licences, locks

FILE = "THIRD-PARTY-NOTICES.txt"
LINE = "=" * 100
INTRODUCTION = """\
This program is licensed under the Apache License 2.0, whose text comes first. It carries the following work
of others, unchanged; their licences come after it.
"""
_TEXTS = ("licen", "notice", "copying", "authors")
_COMMON = Path("/usr/share/common-licenses")
_DOCUMENTS = Path("/usr/share/doc")


def text(libraries: Iterable[tuple[str, str]]) -> str:
    """The notices for an executable built here. `libraries`: (name inside, path here) of each.

    Raises PackageNotFoundError where a package is not installed, ValueError where one brings no text, or
    nobody has the text of a library.
    """
    known = licences.table()
    packages = executable.belonging(locks.read())
    own = [entry for entry in sorted(libraries) if not executable.is_module_of_python(entry[0])]
    parts = [
        INTRODUCTION,
        "\n".join(f"  {each.name} {each.version}: {known.packages[each.name][0]}" for each in packages),
        f"  Python: PSF-2.0\n  PyInstaller's start: {licences.BOOTLOADER}",
        "\n".join(f"  {name}: {(licences.of_library(name, known) or ('', '?'))[1]}" for name, _ in own),
        _part("AWS S3 <> Lyve Cloud Data Migration", (locks.ROOT / "LICENSE").read_text(encoding="utf-8")),
    ]
    parts += [_part(f"{each.name} {each.version}", _of_package(each.name)) for each in packages]
    parts.append(_part("Python", _of_python()))
    parts.append(_part("PyInstaller", _of_package("pyinstaller")))
    parts += [_part(title, body) for title, body in _of_system([Path(path) for _, path in own]).items()]
    return "\n".join(parts)


def _part(title: str, body: str) -> str:
    return f"\n{LINE}\n{title}\n{LINE}\n\n{body.strip()}\n"


def _of_package(name: str) -> str:
    """All licence texts a package brings in its metadata."""
    files = distribution(name).files or []
    chosen = [
        file
        for file in files
        if ".dist-info" in file.parts[0] and any(word in file.name.lower() for word in _TEXTS)
    ]
    if not chosen:
        raise ValueError(f"{name} brings no text of its licence")
    return "\n\n".join(file.locate().read_text(encoding="utf-8", errors="replace") for file in sorted(chosen))


def _of_python() -> str:
    places = [sysconfig.get_path("stdlib"), sysconfig.get_config_var("prefix") or ""]
    for place in places:
        for name in ("LICENSE.txt", "LICENSE"):
            if (found := Path(place) / name).is_file():
                return found.read_text(encoding="utf-8", errors="replace")
    raise ValueError(f"no LICENSE.txt of Python in {' or '.join(places)}")


def _of_system(libraries: list[Path]) -> dict[str, str]:
    """By package of the system, the text for the libraries taken from it; none where it is not Debian's."""
    found: dict[str, str] = {}
    if shutil.which("dpkg-query") is None:
        return found
    for library in libraries:
        name = _owner(library)
        if name:
            found[name] = (_DOCUMENTS / name / "copyright").read_text(encoding="utf-8", errors="replace")
        elif "site-packages" not in library.parts and not library.is_relative_to(sys.base_prefix):
            # Those two have their texts already.
            raise ValueError(
                f"{library}: no package of the system has it, and so nobody a text of its licence"
            )
    if found:
        # What those texts refer to.
        for licence in ("Apache-2.0", "GPL-2", "GPL-3"):
            if (_COMMON / licence).is_file():
                found[f"{licence} (referred to above)"] = (_COMMON / licence).read_text(encoding="utf-8")
    return found


def _owner(library: Path) -> str:
    """The system's package that a library belongs to, where it says under which licence; else empty."""
    real = library.resolve()
    # Where /lib is a link into /usr, dpkg may know either name.
    for path in (library, real, Path("/", *real.parts[2:]), Path("/usr", *library.parts[1:])):
        owner = subprocess.run(["dpkg-query", "-S", str(path)], capture_output=True, text=True, check=False)
        name = owner.stdout.partition(":")[0]
        if name and (_DOCUMENTS / name / "copyright").is_file():
            return name
    return ""
