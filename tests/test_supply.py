"""What is handed out with the program: locks, licences, bill of materials, icon."""

from __future__ import annotations

import io
import re
import sys
import tomllib
from email import message_from_string
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from migrator.cli import run_command_line
from tools import draw_icon, executable, licences, locks, sbom

ROOT = Path(__file__).parent.parent
SHIPPED = locks.read()


def test_every_lock_is_one_that_the_command_makes() -> None:
    assert {path.name for path in ROOT.glob("requirements*.txt")} == set(locks.LOCKS)


@pytest.mark.parametrize("name", locks.LOCKS)
def test_a_lock_has_a_version_and_hashes_for_everything(name: str) -> None:
    assert locks.read(ROOT / name)


@pytest.mark.parametrize("line", ["boto3>=1.44", "boto3==1.44.5", "git+https://example.com/boto3.git"])
def test_a_lock_with_a_line_that_is_not_pinned_is_refused(line: str, tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text(f"{line}\n    # via lyve-s3-migrator (pyproject.toml)\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"requirements\.txt"):
        locks.read(lock)


def test_a_pin_without_a_hash_is_refused(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text("boto3==1.44.5 \\\n    # via lyve-s3-migrator (pyproject.toml)\n", encoding="utf-8")
    with pytest.raises(ValueError, match="boto3 has no hash"):
        locks.read(lock)


@pytest.mark.parametrize(
    "name", ["requirements-test.txt", "requirements-build.txt", "requirements-mutation.txt"]
)
def test_what_is_tested_and_built_is_what_is_shipped(name: str) -> None:
    others = {package.name: package for package in locks.read(ROOT / name)}
    differing = [
        package.name
        for package in SHIPPED
        if (package.version, package.hashes) != (others[package.name].version, others[package.name].hashes)
    ]
    assert not differing


def test_every_dependency_that_is_declared_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {re.split(r"[<>=!~\[ ]", each)[0] for each in project["dependencies"]}
    assert declared == {package.name for package in SHIPPED if "lyve-s3-migrator" in package.via}


def test_licences_are_known_and_go_together_with_ours() -> None:
    assert licences.problems(SHIPPED, licences.table()) == []


def test_a_licence_that_does_not_go_together_is_named() -> None:
    known = licences.table()
    known.packages["six"] = ("GPL-3.0-only", "python-dateutil")
    known.libraries["libreadline"] = "GPL-3.0-or-later"
    wrong = "\n".join(licences.problems(SHIPPED, known))
    assert "six: not known to go together with Apache-2.0: GPL-3.0-only" in wrong
    assert "six says MIT; licences.toml says GPL-3.0-only" in wrong
    assert "libreadline: not known to go together with Apache-2.0: GPL-3.0-or-later" in wrong


def test_another_version_that_happens_to_be_installed_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a release is made with has python-dateutil too, of another version and licence."""
    installed = message_from_string("Name: six\nVersion: 0.9\nLicense-Expression: GPL-3.0-only\n\n")
    monkeypatch.setattr(
        licences, "distribution", lambda _: SimpleNamespace(metadata=installed, version="0.9")
    )
    assert licences.problems(SHIPPED, licences.table()) == []
    monkeypatch.setattr(
        licences, "distribution", lambda _: SimpleNamespace(metadata=installed, version=pin("six").version)
    )
    assert "six says GPL-3.0-only; licences.toml says MIT" in licences.problems(SHIPPED, licences.table())


def test_a_dependency_that_nobody_has_looked_at_is_named() -> None:
    new = locks.Locked("leftpad", "1.0", "", ("0" * 64,), ("boto3",))
    known = licences.table()
    del known.packages["zipp"]
    wrong = licences.problems([*SHIPPED, new], known)
    assert [sentence.split()[0] for sentence in wrong] == ["leftpad", "zipp"]
    wrong = licences.problems(SHIPPED[1:], licences.table())
    assert wrong == [f"{SHIPPED[0].name} is in licences.toml, but not in the lock any more"]


def test_the_decision_about_dependencies_names_every_one() -> None:
    page = (ROOT / "docs" / "decisions" / "0009-dependencies.md").read_text(encoding="utf-8").lower()
    assert not [package.name for package in SHIPPED if package.name not in page]


def test_the_bill_of_materials_has_every_package_with_version_hashes_and_licence() -> None:
    bill = sbom.document(SHIPPED, licences.table())
    listed = {component["name"]: component for component in bill["components"]}
    assert listed.keys() == {package.name for package in SHIPPED}
    for package in SHIPPED:
        component = listed[package.name]
        assert component["version"] == package.version
        assert [each["content"] for each in component["hashes"]] == list(package.hashes)
        assert {each["alg"] for each in component["hashes"]} == {"SHA-256"}
        (licence,) = component["licenses"]
        told = licence.get("expression") or licence["license"].get("id")
        assert told == licences.table().packages[package.name][0]
        assert component["purl"] == f"pkg:pypi/{package.name}@{package.version}"


def test_the_bill_of_materials_says_what_needs_what() -> None:
    needs = {
        entry["ref"]: entry["dependsOn"] for entry in sbom.document(SHIPPED, licences.table())["dependencies"]
    }
    reached, waiting = set(), ["lyve-s3-migrator"]
    while waiting:
        reference = waiting.pop()
        if reference not in reached:
            reached.add(reference)
            waiting += needs[reference]
    assert reached == needs.keys(), "everything is there because something needs it"
    assert any(each.startswith("pkg:pypi/urllib3@") for each in needs[sbom._purl(pin("botocore"))])


def pin(name: str) -> locks.Locked:
    return next(package for package in SHIPPED if package.name == name)


def test_the_same_lock_gives_the_same_bill(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767323045")
    first, second = (sbom.document(SHIPPED, licences.table()) for _ in range(2))
    assert first == second
    assert first["metadata"]["timestamp"] == "2026-01-02T03:04:05+00:00"
    assert sbom.document(SHIPPED[1:], licences.table())["serialNumber"] != first["serialNumber"]


NEEDED = {"migrator/prices.toml": 1, "migrator/gui/icon/16.png": 1, "THIRD-PARTY-NOTICES.txt": 1}


def test_an_executable_is_searched_for_what_must_not_be_in_it() -> None:
    modules = frozenset({"migrator.cli", "readline", "tests.conftest"})
    files = {"libX11.so.6": "", "libreadline.so.8": "", "PIL/_imaging.cpython-311-x86_64-linux-gnu.so": ""}
    sizes = {name: size for name, size in NEEDED.items() if "prices" not in name}
    wrong = executable.problems(executable.Content(modules, files, sizes), licences.table())
    assert wrong == [
        "readline must not be in it",
        "tests must not be in it",
        "libreadline.so.8: say in licences.toml under which licence it is",
        "migrator/prices.toml is missing in it",
    ]


@pytest.mark.parametrize(
    ("file", "is_wanted"),
    [
        ("botocore/data/s3/2006-03-01/service-2.json.gz", True),
        ("botocore/data/sso-oidc/2019-06-10/endpoint-rule-set-1.json.gz", True),
        ("botocore/data/endpoints.json", True),
        ("botocore/data/ec2/2016-11-15/service-2.json.gz", False),
        ("botocore\\data\\ec2\\2016-11-15\\service-2.json.gz", False),
        ("botocore/data/s3/2006-03-01/examples-1.json", False),
        ("boto3/data/s3/2006-03-01/resources-1.json", False),
        ("dateutil/zoneinfo/dateutil-zoneinfo.tar.gz", False),
        ("_tcl_data/tzdata/Europe/Berlin", False),
        ("_tcl_data/init.tcl", True),
        ("_tk_data/demos/widget", False),
        ("migrator/prices.toml", True),
    ],
)
def test_data_that_nobody_asks_for_stays_out_of_an_executable(file: str, is_wanted: bool) -> None:
    assert executable.is_wanted(file) is is_wanted
    content = executable.Content(frozenset(), {}, {**NEEDED, file: 1})
    assert executable.problems(content, licences.table()) == (
        [] if is_wanted else [f"{file} is of no use in it"]
    )


ELSEWHERE = (
    "libpython3.11.so.1.0 pillow.libs/libXau-154567c4.so.6.0.0 pillow.libs\\libwebp.dll python313.dll "
    "VCRUNTIME140_1.dll tcl86t.dll libcrypto-3.dll api-ms-win-crt-heap-l1-1-0.dll libssl.3.dylib "
    "Python3.framework/Versions/3.13/Python3"
)


@pytest.mark.parametrize("file", ELSEWHERE.split())
def test_libraries_of_every_system_are_known(file: str) -> None:
    assert licences.of_library(file, licences.table()) is not None


def test_the_icon_is_what_the_script_draws() -> None:
    for path, content in draw_icon.files().items():
        with Image.open(io.BytesIO(content)) as drawn, Image.open(path) as kept:
            assert drawn.size == kept.size, path.name
            assert drawn.convert("RGBA").tobytes() == kept.convert("RGBA").tobytes(), path.name


def test_windows_and_macos_find_every_size_in_the_icon() -> None:
    with Image.open(draw_icon.WINDOWS) as icon:
        assert {(16, 16), (32, 32), (48, 48), (256, 256)} <= set(icon.info["sizes"])
        icon.load()
    with Image.open(draw_icon.MAC) as icon:
        assert {32, 64, 128, 256, 512, 1024} <= {width * scale for width, _, scale in icon.info["sizes"]}


def test_licences_without_an_executable_are_those_beside(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run_command_line(["--licences"])
    assert ended.value.code == 0
    told = capfd.readouterr().out
    assert "Apache License 2.0" in told
    assert f"boto3 {pin('boto3').version}: Apache-2.0" in told


def test_licences_of_an_executable_are_all_that_it_carries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "THIRD-PARTY-NOTICES.txt").write_text("Łukasz wrote this\n", encoding="utf-8")
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    with pytest.raises(SystemExit):
        run_command_line(["--licences"])
    assert capfd.readouterr().out == "Łukasz wrote this\n"
