"""The notices that an executable carries: whole texts of everything in it, or no executable."""

from __future__ import annotations

import subprocess
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tools import executable, locks, notices

HERE = executable.belonging(locks.read())
#: What Debian's `dpkg-query -S` knows, in these tests.
OWNERS = {"/usr/lib/x86_64-linux-gnu/libX11.so.6": "libx11-6:amd64"}


@pytest.fixture(autouse=True)
def built_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PyInstaller, which only who builds has; and a Debian with one package."""
    licence = tmp_path / "pyinstaller.dist-info" / "COPYING.txt"
    licence.parent.mkdir()
    licence.write_text("The PyInstaller licensing terms\n", encoding="utf-8")
    file = SimpleNamespace(parts=("pyinstaller.dist-info", "COPYING.txt"), name=licence.name)
    file.locate = lambda: licence

    def found(name: str) -> Any:
        return SimpleNamespace(files=[file]) if name == "pyinstaller" else distribution(name)

    def answer(command: list[str], **_: object) -> Any:
        owner = OWNERS.get(command[-1])
        return SimpleNamespace(stdout=f"{owner}: {command[-1]}\n" if owner else "")

    documents = tmp_path / "doc"
    (documents / "libx11-6").mkdir(parents=True)
    (documents / "libx11-6" / "copyright").write_text("The Open Group wrote X11\n", encoding="utf-8")
    monkeypatch.setattr(notices, "distribution", found)
    monkeypatch.setattr(notices, "_DOCUMENTS", documents)
    monkeypatch.setattr(notices.shutil, "which", lambda _: "/usr/bin/dpkg-query")
    monkeypatch.setattr(subprocess, "run", answer)


X11 = ("libX11.so.6", "/usr/lib/x86_64-linux-gnu/libX11.so.6")


def test_our_licence_comes_first_then_every_package_with_its_text() -> None:
    told = notices.text([])
    assert told.index("Apache License") < told.index("Permission is hereby granted")
    for package in HERE:
        assert told.count(f"\n{package.name} {package.version}\n") == 1, package.name
        assert f"  {package.name} {package.version}: " in told
        assert notices._of_package(package.name).strip() in told
    assert "PYTHON SOFTWARE FOUNDATION LICENSE" in told
    assert "The PyInstaller licensing terms" in told


def test_a_library_of_the_systems_is_named_with_the_text_that_the_system_has() -> None:
    told = notices.text([X11, ("_ssl.cpython-313-x86_64-linux-gnu.so", "/nowhere/_ssl.so")])
    assert "  libX11.so.6: MIT AND X11\n" in told
    assert "libx11-6" in told
    assert "The Open Group wrote X11" in told
    assert "_ssl" not in told, "Python's text is its text"


def test_a_library_may_be_known_by_its_name_without_usr() -> None:
    assert "The Open Group wrote X11" in notices.text([(X11[0], X11[1].removeprefix("/usr"))])


def test_libraries_of_packages_and_of_python_have_their_text_there(tmp_path: Path) -> None:
    wheel = str(tmp_path / "site-packages" / "pillow.libs" / "libjpeg-6dc8d115.so.62.4.0")
    own = str(Path(notices.sys.base_prefix) / "lib" / "libpython3.13.so.1.0")
    assert "libpython3.13" in notices.text([("libjpeg.so", wheel), ("libpython3.13.so.1.0", own)])


def test_a_library_without_a_text_stops_the_build() -> None:
    with pytest.raises(ValueError, match=r"/opt/lib/libz\.so\.1: no package of the system has it"):
        notices.text([("libz.so.1", "/opt/lib/libz.so.1")])


def test_a_package_without_a_text_stops_the_build(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "distribution", lambda _: SimpleNamespace(files=None))
    with pytest.raises(ValueError, match="brings no text of its licence"):
        notices.text([])


def test_a_package_that_is_not_there_stops_the_build(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(notices, "distribution", missing)
    with pytest.raises(PackageNotFoundError):
        notices.text([])


def test_where_there_is_no_debian_python_and_the_packages_bring_all_texts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(notices.shutil, "which", lambda _: None)
    told = notices.text([("libssl.3.dylib", "/opt/lib/libssl.3.dylib")])
    assert "  libssl.3.dylib: Apache-2.0\n" in told
