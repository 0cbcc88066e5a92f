"""A copy of a run's log for somebody else: complete, without secrets, whole or not at all."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from migrator.engine.home import RunDir
from migrator.engine.log import save_log
from migrator.engine.records import log_saved
from migrator.errors import UsageError
from migrator.model.events import LogSaved, Warned
from migrator.redacting import learn
from tests.engine.test_runs import seeded
from tests.engine.test_service import service_of, until
from tests.support.world import World

SECRET = "a-secret-that-was-learnt-later"


@pytest.fixture
def directory(tmp_path: Path) -> RunDir:
    made = RunDir(tmp_path / "20261122T105002000Z-7f3a00")
    made.path.mkdir()
    lines = [json.dumps({"event": "object-copied", "key": f"k{n}"}) for n in range(6000)]
    made.log.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return made


def test_all_of_it_is_written_and_only_its_owner_may_read_it(directory: RunDir, tmp_path: Path) -> None:
    output = tmp_path / "run.log"
    output.write_text("an older one")
    output.chmod(0o644)
    assert save_log(directory, output) == 6000
    assert output.read_bytes() == directory.log.read_bytes()
    assert stat.S_IMODE(output.stat().st_mode) == 0o600
    assert sorted(each.name for each in tmp_path.iterdir()) == [directory.run, "run.log"]


def test_a_secret_that_was_not_known_when_it_was_written_is_masked_now(
    directory: RunDir, tmp_path: Path
) -> None:
    learn(SECRET)
    with directory.log.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"event": "warned", "message": f"refused {SECRET}"}) + "\n")
    save_log(directory, tmp_path / "out.log")
    text = (tmp_path / "out.log").read_text()
    assert SECRET not in text
    assert json.loads(text.splitlines()[-1])["message"] == "refused ***"


def test_a_line_that_is_half_written_is_left_for_later(directory: RunDir, tmp_path: Path) -> None:
    with directory.log.open("a", encoding="utf-8") as file:
        file.write('{"event": "object-co')
    assert save_log(directory, tmp_path / "out.log") == 6000
    assert (tmp_path / "out.log").read_text().endswith('"k5999"}\n')


def test_bytes_that_are_no_text_are_kept(directory: RunDir, tmp_path: Path) -> None:
    with directory.log.open("ab") as file:
        file.write(b'{"event": "\xff\xfe"}\n')
    save_log(directory, tmp_path / "out.log")
    assert (tmp_path / "out.log").read_bytes() == directory.log.read_bytes()


@pytest.mark.parametrize("name", ["run.log", "journal.sqlite"])
def test_the_run_s_own_records_are_never_written_over(directory: RunDir, name: str) -> None:
    before = directory.log.read_bytes()
    with pytest.raises(UsageError, match="record of the run itself"):
        save_log(directory, directory.path / ".." / directory.run / name)
    assert directory.log.read_bytes() == before


def test_a_place_that_cannot_be_written_keeps_what_was_there(
    directory: RunDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "out.log"
    output.write_text("an older one")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match=r"cannot be written to .*No space left"):
        save_log(directory, output)
    assert output.read_text() == "an older one"
    assert sorted(each.name for each in tmp_path.iterdir()) == [directory.run, "out.log"]


def test_a_folder_that_is_not_there_is_told(directory: RunDir, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot be written to .*No such file"):
        save_log(directory, tmp_path / "nowhere" / "out.log")


def test_a_run_whose_log_is_gone_is_told(directory: RunDir, tmp_path: Path) -> None:
    directory.log.unlink()
    with pytest.raises(UsageError, match="has no log any more"):
        save_log(directory, tmp_path / "out.log")
    assert not (tmp_path / "out.log").exists()


def test_the_window_hears_where_it_is_or_why_not(world: World, tmp_path: Path) -> None:
    seeded(world).run()
    service = service_of(world)
    service.save_log(world.directory.run, str(tmp_path / "out.log"))
    saved = until(service, LogSaved)
    assert saved.lines == len(world.directory.log.read_text().splitlines()) > 5
    assert saved.path == str(tmp_path / "out.log")
    service.save_log(world.directory.run, str(tmp_path / "nowhere" / "out.log"))
    told = until(service, Warned)
    assert (told.code, told.message.startswith("The log was not saved: The log cannot")) == ("log", True)
    service.save_log("20260101T000000000Z-000000", str(tmp_path / "other.log"))
    assert "There is no run" in until(service, Warned).message
    assert service.close(60)


def test_a_defect_of_ours_is_an_answer_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asked for a log cannot ask again before there is one."""

    def breaks(*_: object) -> int:
        raise ZeroDivisionError("of ours")

    monkeypatch.setattr("migrator.engine.records.find_run", breaks)
    told = log_saved(tmp_path, "latest", tmp_path / "run.log")
    assert isinstance(told, Warned)
    assert (told.code, "of ours" in told.message) == ("log", True)
