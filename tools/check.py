#!/usr/bin/env python3
"""Everything that has to be right before a commit, in one command: `python3 tools/check.py`.

Makes a virtual environment in `.venv` (unless it is run inside one), installs the locked test
requirements, then runs ruff (rules and format), mypy and pytest. Arguments go to pytest, and then only the
tests run: `python3 tools/check.py tests/store -k versions`. Standard library only, any platform.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements-test.txt"
LEAST_PYTHON = (3, 11)
#: More workers than this start more windows and servers than they save time.
MOST_WORKERS = 4

STATIC = {
    "ruff check": ("ruff", "check", "."),
    "ruff format": ("ruff", "format", "--check", "."),
    "mypy": ("mypy",),
}


def main(arguments: Sequence[str]) -> int:
    """Returns 0 where everything is right."""
    if sys.version_info < LEAST_PYTHON:
        print("Python 3.11 or newer is needed; this is", sys.version.split()[0], file=sys.stderr)
        return 2
    if sys.prefix == sys.base_prefix:
        return _again_in_venv(arguments)
    if not _install():
        return 2
    failed = [] if arguments else [name for name, command in STATIC.items() if not _passes(name, command)]
    # One more than there are processors: many tests wait for a process or a timeout.
    workers = str(min((os.cpu_count() or 1) + 1, MOST_WORKERS))
    tests = ["-m", "pytest", "-n", workers, "--dist", "loadscope", *arguments]
    sys.stdout.flush()
    code = subprocess.call([sys.executable, *tests], cwd=ROOT)
    if failed:
        print(f"Failed before the tests (see above): {', '.join(failed)}", file=sys.stderr)
    return code or int(bool(failed))


def _again_in_venv(arguments: Sequence[str]) -> int:
    """Run this script once more with the Python of `.venv`, made first where it is missing."""
    python = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        print(f"Making a virtual environment in {VENV.name} ...", flush=True)
        if subprocess.call([sys.executable, "-m", "venv", str(VENV)]):
            shutil.rmtree(VENV, ignore_errors=True)
            print("That failed. On Debian and Ubuntu: apt-get install python3-venv", file=sys.stderr)
            return 2
    return subprocess.call([str(python), str(Path(__file__).resolve()), *arguments])


def _install() -> bool:
    """Install the lock, unless this environment has exactly this lock already."""
    stamp = Path(sys.prefix) / ".requirements-test"
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text(encoding="ascii") == digest:
        return True
    print(f"Installing {LOCK.name} ...", flush=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    if subprocess.call([*pip, "--require-hashes", "-r", str(LOCK)], cwd=ROOT):
        return False
    stamp.write_text(digest, encoding="ascii")
    return True


def _passes(name: str, command: Sequence[str]) -> bool:
    began = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, text=True, capture_output=True, check=False
    )
    is_good = ended.returncode == 0
    if not is_good:
        print(ended.stdout + ended.stderr, end="")
    print(f"{name}: {'ok' if is_good else 'FAILED'} ({time.monotonic() - began:.1f} s)", flush=True)
    return is_good


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
