"""Wheel and source as users get them: built, looked into, installed with hashes into a clean environment.

Long: makes two virtual environments. The packages come from where pip is set up to get them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from migrator import __version__

ROOT = Path(__file__).parent.parent
DEADLINE_S = 900.0
IGNORED = shutil.ignore_patterns(
    ".git", ".venv*", "build", "dist", "*.egg-info", "__pycache__", ".*_cache", "mutants"
)

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]


def run(*command: str | Path, cwd: Path, **variables: str) -> str:
    """What a command prints; it has to succeed."""
    clean = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    ended = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**clean, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert ended.returncode == 0, f"{command}: {ended.returncode}\n{ended.stdout}\n{ended.stderr}"
    return ended.stdout


def environment(folder: Path, lock: str) -> Path:
    """A virtual environment with exactly a lock in it; its folder of programs."""
    run(sys.executable, "-m", "venv", folder, cwd=folder.parent)
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    install = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r")
    run(programs / "python", *install, ROOT / lock, cwd=folder)
    return programs


@pytest.fixture(scope="module")
def release_tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return environment(tmp_path_factory.mktemp("tools") / "venv", "requirements-release.txt")


@pytest.fixture(scope="module")
def built(release_tools: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the wheel and the source."""
    folder = tmp_path_factory.mktemp("built")
    source = folder / "source"
    shutil.copytree(ROOT, source, ignore=IGNORED, symlinks=True)
    # Wheel out of source archive: what is missing in the one is missing in the other.
    run(
        release_tools / "python", "-m", "build", "--no-isolation", "--outdir", folder / "out", ".", cwd=source
    )
    return folder / "out"


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a clean environment: the lock with its hashes, then the wheel alone."""
    programs = environment(tmp_path_factory.mktemp("installed") / "venv", "requirements.txt")
    (wheel,) = built.glob("*.whl")
    run(programs / "python", "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=built)
    return programs


def test_the_wheel_has_all_that_runs_and_nothing_else(built: Path) -> None:
    (path,) = built.glob("*.whl")
    with zipfile.ZipFile(path) as wheel:
        inside = set(wheel.namelist())
    package = {
        each.relative_to(ROOT).as_posix()
        for each in (ROOT / "migrator").rglob("*")
        if each.is_file() and each.suffix in {".py", ".toml", ".png", ".typed"}
    }
    own = {name for name in inside if ".dist-info/" not in name}
    assert own == package
    assert {"migrator/prices.toml", "migrator/py.typed", "migrator/gui/icon/16.png"} <= own
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in inside)


def test_the_source_can_be_built_and_has_no_tests(built: Path) -> None:
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as source:
        inside = {name.partition("/")[2] for name in source.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "requirements.txt"} <= inside
    assert not [name for name in inside if name.startswith(("tests", "tools", "benchmarks", ".github"))]


def test_the_installed_program_tells_its_version(installed: Path) -> None:
    assert run(installed / "migrator", "--version", cwd=installed) == f"migrator {__version__}\n"


def test_the_installed_program_migrates(installed: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    told = run(
        installed / "migrator", "demo", "--headless", "--objects", "40", cwd=tmp_path, MIGRATOR_HOME=str(home)
    )
    assert "40/40" in told
    assert "completed" in run(installed / "migrator", "runs", cwd=tmp_path, MIGRATOR_HOME=str(home))


def test_nothing_it_needs_is_missing(installed: Path) -> None:
    assert "No broken requirements" in run(installed / "python", "-m", "pip", "check", cwd=installed)


def test_uninstalling_leaves_no_file_of_it(built: Path, tmp_path: Path) -> None:
    run(sys.executable, "-m", "venv", tmp_path / "venv", cwd=tmp_path)
    pip = (tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python", "-m", "pip", "--quiet")
    (wheel,) = built.glob("*.whl")
    run(*pip, "install", "--no-deps", "--no-index", wheel, cwd=tmp_path)
    assert ours(tmp_path)
    run(*pip, "uninstall", "--yes", "lyve-s3-migrator", cwd=tmp_path)
    assert not ours(tmp_path)


def ours(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.name.startswith(("migrator", "lyve_s3"))]


def test_the_bill_of_materials_is_valid(release_tools: Path, tmp_path: Path) -> None:
    bill = tmp_path / "sbom.cdx.json"
    python = release_tools / "python"
    run(python, "-m", "tools.sbom", "-o", bill, cwd=ROOT)
    assert "valid CycloneDX 1.6" in run(python, "-m", "tools.sbom", "--validate", bill, cwd=ROOT)
    broken = json.loads(bill.read_text(encoding="utf-8"))
    del broken["components"][0]["name"]
    bill.write_text(json.dumps(broken), encoding="utf-8")
    command = [python, "-m", "tools.sbom", "--validate", bill]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 1
