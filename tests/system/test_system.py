"""Awake, notices and folders on every system, with programs that are only pretended."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from migrator.system.awake import Awake
from migrator.system.computer import Computer
from migrator.system.notices import Notices
from migrator.system.processes import start
from tests.support.canary import SOURCE_SECRET, SOURCE_TOKEN, must_be_clean


class Program:
    """Pretended: runs until it is told how it ended."""

    def __init__(self, command: Sequence[str]) -> None:
        self.command = list(command)
        self.code: int | None = None
        self.has_ended = False

    def poll(self) -> int | None:
        return self.code

    def end(self) -> None:
        self.has_ended = True


class Programs:
    """`there`: the programs that this system has."""

    def __init__(self, *there: str) -> None:
        self._there = there
        self.started: list[Program] = []

    def __call__(self, command: Sequence[str]) -> Program:
        if command[0] not in self._there:
            raise FileNotFoundError(2, "No such file or directory", command[0])
        self.started.append(Program(command))
        return self.started[-1]


@pytest.mark.parametrize(
    ("platform", "there", "wanted"),
    [
        ("linux", ("systemd-inhibit", "gnome-session-inhibit"), "systemd-inhibit"),
        ("linux", ("gnome-session-inhibit",), "gnome-session-inhibit"),
        ("darwin", ("caffeinate",), "caffeinate"),
    ],
)
def test_the_computer_is_kept_awake_by_the_first_program_there_is(
    platform: str, there: tuple[str, ...], wanted: str
) -> None:
    programs = Programs(*there)
    awake = Awake(platform, programs)
    awake.hold()
    awake.hold()
    assert [each.command[0] for each in programs.started] == [wanted]
    assert programs.started[0].command[-1] == "cat"  # ends with us, also if we are killed
    assert awake.is_held
    awake.release()
    assert programs.started[0].has_ended
    assert not awake.is_held


def test_a_program_that_gives_up_is_followed_by_the_next() -> None:
    programs = Programs("systemd-inhibit", "gnome-session-inhibit")
    awake = Awake("linux", programs)
    awake.hold()
    programs.started[0].code = 1
    awake.hold()
    assert [each.command[0] for each in programs.started] == ["systemd-inhibit", "gnome-session-inhibit"]
    programs.started[1].code = 1
    for _ in range(3):
        awake.hold()
    assert len(programs.started) == 2
    assert not awake.is_held


def test_a_system_without_such_programs_is_left_alone() -> None:
    awake = Awake("linux", Programs())
    awake.hold()
    assert not awake.is_held
    awake.release()


def test_windows_is_asked_once_and_told_at_the_end() -> None:
    told: list[int] = []
    awake = Awake("win32", Programs(), told.append)
    awake.hold()
    awake.hold()
    assert told == [0x80000001]
    awake.release()
    awake.release()
    assert told == [0x80000001, 0x80000000]


def test_a_real_child_ends_when_it_is_let_go() -> None:
    child = start([sys.executable, "-c", "import sys; sys.stdin.read()"])
    assert child.poll() is None
    child.end()
    assert child.poll() == 0


@pytest.mark.parametrize(("platform", "program"), [("linux", "notify-send"), ("darwin", "osascript")])
def test_a_notification_carries_its_texts_as_arguments(platform: str, program: str) -> None:
    programs = Programs(program)
    notices = Notices(lambda: None, platform, programs)
    notices.tell('Paused "; rm', "-x 5 < 6")
    command = programs.started[0].command
    assert command[0] == program
    after = command[command.index("--") + 1 :]
    assert after[0] == 'Paused "; rm'
    assert after[1] == ("-x 5 &lt; 6" if platform == "linux" else "-x 5 < 6")


@pytest.mark.parametrize("platform", ["win32", "linux", "darwin", "freebsd14"])
def test_without_a_program_the_window_gives_a_sign(platform: str) -> None:
    given: list[int] = []
    Notices(lambda: given.append(1), platform, Programs()).tell("Done", "")
    assert given == [1]


def test_nobody_waits_for_a_desktop_that_hangs() -> None:
    given: list[int] = []
    programs = Programs("notify-send")
    notices = Notices(lambda: given.append(1), "linux", programs)
    notices.tell("One", "")
    notices.tell("Two", "")  # the first is still being shown
    assert (len(programs.started), given) == (1, [1])
    programs.started[0].code = 0
    notices.tell("Three", "")
    assert len(programs.started) == 2
    notices.close()
    assert all(each.has_ended for each in programs.started)


@pytest.mark.parametrize(("platform", "program"), [("linux", "xdg-open"), ("darwin", "open")])
def test_a_folder_is_opened_by_the_systems_own_program(platform: str, program: str, tmp_path: Path) -> None:
    programs = Programs(program)
    computer = Computer(lambda: None, platform, programs)
    assert computer.open_folder(str(tmp_path)) == ""
    assert programs.started[0].command == [program, str(tmp_path)]
    assert "no such file" in Computer(lambda: None, platform, Programs()).open_folder(str(tmp_path))
    assert computer.open_folder(str(tmp_path / "gone")) == "it is not there"


def test_a_folder_is_opened_by_windows_itself(tmp_path: Path) -> None:
    opened: list[str] = []
    computer = Computer(lambda: None, "win32", Programs(), open_path=opened.append)
    assert computer.open_folder(str(tmp_path)) == ""
    assert opened == [str(tmp_path)]


def test_closing_lets_the_computer_sleep() -> None:
    programs = Programs("caffeinate")
    computer = Computer(lambda: None, "darwin", programs)
    computer.keep_awake(awake=True)
    computer.close()
    assert programs.started[0].has_ended


TELL = "import json, os, sys; json.dump(dict(os.environ), open(sys.argv[1], 'w'))"


def environment_of_a_child(folder: Path) -> dict[str, str]:
    """What a program is started with that tells."""
    told = folder / "told"
    child = start([sys.executable, "-c", TELL, str(told)])
    child._process.wait(60)
    child.end()
    return dict(json.loads(told.read_text(encoding="utf-8")))


def test_a_program_of_the_systems_is_told_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SOURCE_SECRET)
    monkeypatch.setenv("MIGRATOR_SOURCE_SESSION_TOKEN", SOURCE_TOKEN)
    monkeypatch.setenv("LANG", "C.UTF-8")
    environment = environment_of_a_child(tmp_path)
    assert environment["LANG"] == "C.UTF-8"
    must_be_clean("the environment of a program of the system's", str(environment))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such variable")
@pytest.mark.parametrize("before", [None, "/opt/lib"])
def test_the_executables_libraries_are_not_for_the_systems_programs(
    before: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else they are started with ours, of another version, and fail: no folder opens, no notice appears."""
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setenv("LD_LIBRARY_PATH", "/tmp/_MEI1")
    if before is not None:
        monkeypatch.setenv("LD_LIBRARY_PATH_ORIG", before)
    environment = environment_of_a_child(tmp_path)
    assert environment.get("LD_LIBRARY_PATH") == before
    assert "LD_LIBRARY_PATH_ORIG" not in environment
    # The executable's own demo must not live in what this process has unpacked, and removes at its end.
    assert environment["PYINSTALLER_RESET_ENVIRONMENT"] == "1"


def test_without_an_executable_the_users_libraries_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/lib")
    assert environment_of_a_child(tmp_path)["LD_LIBRARY_PATH"] == "/opt/lib"


# -- the demo -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frozen", "arguments"), [(False, ["-m", "migrator", "demo"]), (True, ["demo"])], ids=["python", "built"]
)
def test_the_demo_is_this_very_program(
    frozen: bool, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "frozen", frozen, raising=False)
    programs = Programs(sys.executable)
    computer = Computer(lambda: None, "linux", programs)
    assert computer.demo() == "none"
    assert computer.start_demo() == ""
    assert programs.started[0].command == [sys.executable, *arguments]
    assert computer.demo() == "open"


@pytest.mark.parametrize(("code", "stands"), [(0, "none"), (1, "failed"), (-9, "failed")])
def test_how_the_demo_ended_is_told_once(code: int, stands: str) -> None:
    programs = Programs(sys.executable)
    computer = Computer(lambda: None, "linux", programs)
    computer.start_demo()
    programs.started[0].code = code
    assert computer.demo() == stands
    assert programs.started[0].has_ended
    assert computer.demo() == "none"


def test_a_demo_that_cannot_be_started_says_why() -> None:
    computer = Computer(lambda: None, "linux", Programs())
    assert computer.start_demo() == "no such file or directory"
    assert computer.demo() == "none"


def test_a_demo_outlives_the_window_it_was_started_from() -> None:
    programs = Programs(sys.executable)
    computer = Computer(lambda: None, "linux", programs)
    computer.start_demo()
    computer.close()
    assert not programs.started[0].has_ended
