"""What `tools/mutate.py` is told to change is there, and is what its page says."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from tools import mutate

SETTINGS = tomllib.loads((mutate.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"]
MODULES = SETTINGS["only_mutate"]


@pytest.mark.parametrize("file", [*MODULES, *SETTINGS["pytest_add_cli_args_test_selection"]])
def test_modules_and_tests_are_there(file: str) -> None:
    assert (mutate.ROOT / file).is_file()


@pytest.mark.parametrize("file", MODULES)
def test_the_page_names_every_module(file: str) -> None:
    page = (mutate.ROOT / "docs" / "MUTATION.md").read_text(encoding="utf-8")
    assert Path(file).name in page.partition("## The last whole run")[0]


def test_all_that_writes_or_undoes_is_among_them() -> None:
    """A module that was split off is not forgotten."""
    family = (mutate.ROOT / "migrator" / "engine").glob("journal*.py")
    assert {path.relative_to(mutate.ROOT).as_posix() for path in family} <= set(MODULES)


def results(tree: Path, **codes: int | None) -> None:
    folder = tree / "mutants" / "migrator" / "model"
    folder.mkdir(parents=True)
    (folder / "undo.py.meta").write_text(json.dumps({"exit_code_by_key": codes}), encoding="utf-8")


def test_a_run_without_a_single_mutant_has_failed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results(tmp_path, a=mutate.NOT_TRIED)
    assert mutate._told("no-such-program", tmp_path, {}, None) == 1
    assert "0/0 killed" in capsys.readouterr().out


def test_killed_mutants_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results(tmp_path, a=1, b=1, c=mutate.NOT_TRIED)
    assert mutate._told("no-such-program", tmp_path, {}, None) == 0
    assert "migrator/model/undo.py: 2/2 killed" in capsys.readouterr().out


def test_a_sample_is_spread_evenly(tmp_path: Path) -> None:
    results(tmp_path, **{f"m{number}": 0 for number in range(10)})
    assert mutate._sample(tmp_path, [], 5) == ["m0", "m2", "m4", "m6", "m8"]
    assert mutate._sample(tmp_path, ["m[12]"], 5) == ["m1", "m2"]
