#!/usr/bin/env python3
"""The bill of materials, CycloneDX 1.6: `python3 -m tools.sbom -o sbom.cdx.json`.

Every package of the lock, with version, hashes, licence, what it is for and what needs it. With
`--executable FILE` also what that carries besides: Python, PyInstaller's start, each shared library with its
hash; this needs the environment that built it. `--validate FILE` holds a bill against the schema, which needs
requirements-release.txt.

Our own, because no tool has all of it: what reads the lock knows no licences, what reads an environment knows
no hashes, and neither knows the packages of other systems.
"""

from __future__ import annotations

import argparse
import json
import os
import ssl
import sys
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from migrator import __version__
from tools import executable, licences, locks

NAME = "lyve-s3-migrator"
SPEC_VERSION = "1.6"


def document(locked: list[locks.Locked], known: licences.Table) -> dict[str, Any]:
    """The bill of the wheel. The same lock gives the same bill, but for its date."""
    epoch_s = os.environ.get("SOURCE_DATE_EPOCH")
    made = datetime.fromtimestamp(int(epoch_s), UTC) if epoch_s else datetime.now(UTC)
    root = {
        "type": "application",
        "bom-ref": NAME,
        "name": NAME,
        "version": __version__,
        "purl": f"pkg:pypi/{NAME}@{__version__}",
        "licenses": [{"license": {"id": "Apache-2.0"}}],
    }
    needs: dict[str, list[str]] = {NAME: []} | {package.name: [] for package in locked}
    for package in locked:
        for parent in needs.keys() & set(package.via):
            needs[parent].append(package.name)
    references = {NAME: NAME} | {package.name: _purl(package) for package in locked}
    return {
        "$schema": f"http://cyclonedx.org/schema/bom-{SPEC_VERSION}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPEC_VERSION,
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, repr((__version__, locked)))}",
        "version": 1,
        "metadata": {"timestamp": made.isoformat(timespec="seconds"), "component": root},
        "components": [_component(package, known) for package in locked],
        "dependencies": [
            {"ref": references[name], "dependsOn": sorted(references[each] for each in needed)}
            for name, needed in needs.items()
        ],
    }


def _purl(package: locks.Locked) -> str:
    return f"pkg:pypi/{package.name}@{package.version}"


def _component(package: locks.Locked, known: licences.Table) -> dict[str, Any]:
    licence, reason = known.packages[package.name]
    properties = [{"name": "migrator:for", "value": reason}]
    if package.marker:
        properties.append({"name": "migrator:only-where", "value": package.marker})
    return {
        "type": "library",
        "bom-ref": _purl(package),
        "name": package.name,
        "version": package.version,
        "purl": _purl(package),
        # Of every file that may be installed: the wheels of all systems, and the source.
        "hashes": [{"alg": "SHA-256", "content": each} for each in package.hashes],
        "licenses": _licences(licence),
        "properties": properties,
    }


def _licences(expression: str) -> list[dict[str, Any]]:
    if len(licences.names(expression)) > 1 or " WITH " in expression:
        return [{"expression": expression}]
    kind = "name" if expression.startswith("LicenseRef-") else "id"
    return [{"license": {kind: expression}}]


def add_executable(bill: dict[str, Any], path: Path, known: licences.Table) -> None:
    """Add what an executable, built by the Python that runs here, carries besides the packages."""
    from PyInstaller import __version__ as pyinstaller

    content = executable.read(path)
    digest = executable.sha256(path)
    bill["metadata"]["component"]["hashes"] = [{"alg": "SHA-256", "content": digest}]
    bill["serialNumber"] = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, digest)}"
    python = ".".join(str(part) for part in sys.version_info[:3])
    added = [
        _carried("platform", "python", python, "PSF-2.0"),
        _carried("library", "pyinstaller-bootloader", pyinstaller, licences.BOOTLOADER),
        _carried("library", "openssl", ssl.OPENSSL_VERSION.split()[1], "Apache-2.0"),
    ]
    for file, content_sha256 in sorted(content.libraries.items()):
        found = licences.of_library(file, known)
        if found is None or executable.is_module_of_python(file):
            continue  # `tools.executable` complains about those that nobody knows
        component = {
            "type": "library",
            "bom-ref": f"file:{file}",
            "name": file,
            "licenses": _licences(found[1]),
        }
        added.append(component | {"hashes": [{"alg": "SHA-256", "content": content_sha256}]})
    bill["components"] += added


def _carried(kind: str, name: str, version: str, licence: str) -> dict[str, Any]:
    return {
        "type": kind,
        "bom-ref": f"{name}@{version}",
        "name": name,
        "version": version,
        "licenses": _licences(licence),
    }


def violation(text: str) -> str:
    """What the schema has against a bill; empty: nothing. Raises ImportError without the validator."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    found = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    return "" if found is None else str(found)


def main(arguments: Sequence[str]) -> int:
    """Returns 1 where the bill violates the schema."""
    parser = argparse.ArgumentParser(prog="python3 -m tools.sbom", description="Makes the bill of materials.")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="instead of standard output")
    parser.add_argument("--executable", type=Path, metavar="FILE", help="add what this executable carries")
    parser.add_argument(
        "--validate", type=Path, metavar="FILE", help="only hold this bill against the schema"
    )
    given = parser.parse_args(arguments)
    if given.validate:
        wrong = violation(given.validate.read_text(encoding="utf-8"))
        print(wrong or f"{given.validate.name}: valid CycloneDX {SPEC_VERSION}")
        return int(bool(wrong))
    known = licences.table()
    locked = locks.read()
    bill = document(executable.belonging(locked) if given.executable else locked, known)
    if given.executable:
        add_executable(bill, given.executable, known)
    text = json.dumps(bill, indent=2, ensure_ascii=False) + "\n"
    if given.output:
        given.output.write_text(text, encoding="utf-8")
        print(f"{given.output.name}: {len(bill['components'])} components")
    else:
        sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
