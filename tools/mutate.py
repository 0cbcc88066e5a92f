#!/usr/bin/env python3
"""Mutation testing of journal, recovery and rollback: `python3 tools/mutate.py [MODULE ...]`.

Changes the code a little at a time and sees whether a test notices. mutmut does it; which modules and tests
is in pyproject.toml. Makes a virtual environment in `.venv-mutation`, works in a copy of the tree, and prints
what survived and `killed/total`. MODULE limits it to files, e.g. `migrator/engine/rollback.py`,
`--sample 200` to 200 mutants, spread evenly, the same ones each time. Takes long: see
docs/MUTATION.md. Standard library only.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv-mutation"
LOCK = ROOT / "requirements-mutation.txt"
PARTS = ("migrator", "tests", "docs", "README.md", "pyproject.toml", "engine.spec")
#: Memory where there is some: most of the time would go into syncing journals.
SCRATCH = "/dev/shm" if Path("/dev/shm").is_dir() else None
#: mutmut's exit codes of a mutant that nobody noticed. 33: no test runs its code at all.
SURVIVED = frozenset({0, 33})
NOT_TRIED = None
#: A few mutants that die at once: mutmut makes all of them before it tries these.
FIRST = "migrator.model.undo.x_run_of__mutmut_*"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("modules", nargs="*", metavar="MODULE")
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="try N mutants instead of all")
    options = parser.parse_args()
    mutmut = _installed()
    with tempfile.TemporaryDirectory(prefix="mutation-", dir=SCRATCH) as folder:
        tree = Path(folder) / "tree"
        tree.mkdir()
        for part in PARTS:
            copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy2
            copy(ROOT / part, tree / part)
        environment = {**os.environ, "TMPDIR": folder}
        names = [each.removesuffix(".py").replace("/", ".") + ".*" for each in options.modules]
        if options.sample > 0:
            subprocess.call([mutmut, "run", FIRST], cwd=tree, env=environment)
            names = _sample(tree, names, options.sample)
        subprocess.call([mutmut, "run", *names], cwd=tree, env=environment)
        return _told(mutmut, tree, environment, set(names) if options.sample > 0 else None)


def _sample(tree: Path, patterns: list[str], size: int) -> list[str]:
    """`size` mutants at most, every so many of those that there are."""
    names = [
        name
        for file in sorted((tree / "mutants").rglob("*.py.meta"))
        for name in json.loads(file.read_text())["exit_code_by_key"]
        if not patterns or any(fnmatch(name, pattern) for pattern in patterns)
    ]
    return [names[number * len(names) // size] for number in range(size)] if len(names) > size else names


def _told(mutmut: str, tree: Path, environment: dict[str, str], chosen: set[str] | None) -> int:
    """Print what survived, and the numbers by module; 1 where none was tried. `chosen`: of these only."""
    total: Counter[str] = Counter()
    killed: Counter[str] = Counter()
    for file in sorted((tree / "mutants").rglob("*.py.meta")):
        module = str(file.relative_to(tree / "mutants")).removesuffix(".meta")
        for name, code in json.loads(file.read_text())["exit_code_by_key"].items():
            if code is NOT_TRIED or (chosen is not None and name not in chosen):
                continue
            total[module] += 1
            killed[module] += code not in SURVIVED
            if code in SURVIVED:
                shown = subprocess.run(
                    [mutmut, "show", name],
                    cwd=tree,
                    env=environment,
                    capture_output=True,
                    text=True,
                    check=False,
                )
                changed = [
                    line
                    for line in shown.stdout.splitlines()
                    if line[:1] in "+-" and line[:3] not in ("---", "+++")
                ]
                print(f"\n{name}", *changed, sep="\n  ")
    print()
    for module in total:
        print(f"{module}: {killed[module]}/{total[module]} killed")
    print(f"in all: {killed.total()}/{total.total()} killed, {killed.total() / max(1, total.total()):.1%}")
    return int(not total)


def _installed() -> str:
    """The program mutmut in an environment of its own."""
    scripts = VENV / ("Scripts" if os.name == "nt" else "bin")
    stamp, digest = VENV / ".lock", hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text(encoding="ascii") != digest:
        print(f"Making a virtual environment in {VENV.name} ...", flush=True)
        subprocess.check_call([sys.executable, "-m", "venv", str(VENV)])
        pip = [str(scripts / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.check_call([*pip, "--require-hashes", "-r", str(LOCK)])
        stamp.write_text(digest, encoding="ascii")
    return str(scripts / "mutmut")


if __name__ == "__main__":
    sys.exit(main())
