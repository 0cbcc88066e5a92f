"""Light or dark as the system has it, on every system, with programs that are only pretended."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from migrator.system.appearance import (
    ANSWER_S,
    MAC_COMMAND,
    PORTAL_COMMANDS,
    SCHEME_COMMAND,
    THEME_COMMAND,
    Looking,
    SystemAppearance,
    looking,
)
from migrator.system.processes import Answer, ask

GDBUS, DBUS_SEND = PORTAL_COMMANDS
BUS = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/run/user/1000/bus"}
#: What each program says -> dark?
DESKTOPS: list[tuple[str, Mapping[Sequence[str], str], bool]] = [
    ("portal, dark", {GDBUS: "(<<uint32 1>>,)\n"}, True),
    (
        "portal, light goes before a dark theme",
        {GDBUS: "(<<uint32 2>>,)\n", THEME_COMMAND: "'X-dark'"},
        False,
    ),
    ("no gdbus", {DBUS_SEND: "   variant       variant          uint32 1\n"}, True),
    ("portal without a choice, GNOME", {GDBUS: "(<<uint32 0>>,)", SCHEME_COMMAND: "'prefer-dark'\n"}, True),
    ("portal without a choice", {GDBUS: "(<<uint32 0>>,)", SCHEME_COMMAND: "'default'\n"}, False),
    ("no portal, GNOME", {SCHEME_COMMAND: "'prefer-dark'\n"}, True),
    ("GNOME, light", {SCHEME_COMMAND: "'prefer-light'\n", THEME_COMMAND: "'Adwaita-dark'"}, False),
    ("an older desktop's theme", {SCHEME_COMMAND: "'default'\n", THEME_COMMAND: "'Yaru-blue-dark'\n"}, True),
    ("a theme with a dark name", {THEME_COMMAND: "'Darkened'\n"}, False),
    ("something else", {GDBUS: "Error: no such service", SCHEME_COMMAND: "No schemas installed"}, False),
    ("nothing at all", {}, False),
]


def is_dark(found: Looking, said: Callable[[Sequence[str]], str]) -> bool:
    """What comes of looking where programs say this."""
    try:
        command = next(found)
        while True:
            command = found.send(said(command))
    except StopIteration as end:
        return bool(end.value)


@pytest.mark.parametrize(("says", "dark"), [row[1:] for row in DESKTOPS], ids=[row[0] for row in DESKTOPS])
def test_the_desktop_says_it_in_one_of_four_ways(says: Mapping[Sequence[str], str], dark: bool) -> None:
    assert is_dark(looking("linux", BUS), lambda command: says.get(tuple(command), "")) is dark


@pytest.mark.parametrize(
    ("theme", "dark"), [("Adwaita:dark", True), ("Breeze-Dark", True), ("Breeze", False)]
)
def test_a_theme_set_for_the_session_goes_before_the_desktop(theme: str, dark: bool) -> None:
    found = looking("linux", {"GTK_THEME": theme})
    with pytest.raises(StopIteration) as end:
        next(found)  # nobody is asked
    assert end.value.value is dark


def test_without_a_session_bus_nobody_is_made_to_start_one(tmp_path: Path) -> None:
    asked: list[Sequence[str]] = []

    def said(command: Sequence[str]) -> str:
        asked.append(tuple(command))
        return ""

    assert not is_dark(looking("linux", {"XDG_RUNTIME_DIR": str(tmp_path)}), said)
    assert asked == [SCHEME_COMMAND, THEME_COMMAND]
    (tmp_path / "bus").touch()
    assert is_dark(looking("linux", {"XDG_RUNTIME_DIR": str(tmp_path)}), {GDBUS: "uint32 1"}.__getitem__)


@pytest.mark.parametrize(("said", "dark"), [("Dark\n", True), ("", False)])
def test_a_mac_says_it_only_where_it_is_dark(said: str, dark: bool) -> None:
    assert is_dark(looking("darwin"), {MAC_COMMAND: said}.__getitem__) is dark


@pytest.mark.skipif(sys.platform == "win32", reason="there it is asked for real")
def test_on_windows_no_program_is_asked() -> None:
    with pytest.raises(StopIteration):
        next(looking("win32"))


# -- without waiting --------------------------------------------------------------------------------


class Desk:
    """Programs that are there, and answer when they are told to."""

    def __init__(self, *there: str) -> None:
        self.there, self.now = there, 0.0
        self.asked: list[str] = []
        self.answers: list[Late] = []
        self.looks = SystemAppearance(lambda: looking("linux", BUS), self._ask, lambda: self.now)

    def _ask(self, command: Sequence[str]) -> Answer:
        if command[0] not in self.there:
            raise FileNotFoundError(command[0])
        self.asked.append(command[0])
        self.answers.append(Late())
        return self.answers[-1]


class Late:
    """An answer that comes when `said` is set."""

    def __init__(self) -> None:
        self.said: str | None = None
        self.has_ended = False

    def poll(self) -> str | None:
        return self.said

    def end(self) -> None:
        self.has_ended = True


def test_asking_waits_for_nothing_and_the_answer_is_taken_later() -> None:
    desk = Desk("gdbus")
    desk.looks.ask()
    desk.looks.ask()
    assert desk.asked == ["gdbus"], "asked once"
    assert desk.looks.poll() is False
    desk.answers[0].said = "(<<uint32 1>>,)"
    assert desk.looks.poll() is True
    desk.looks.ask()
    assert desk.looks.poll() is True, "as it was, until there is a newer answer"
    desk.answers[1].said = "(<<uint32 2>>,)"
    assert desk.looks.poll() is False


def test_programs_that_are_not_there_are_passed_over() -> None:
    desk = Desk("gsettings")
    desk.looks.ask()
    desk.answers[0].said = "'prefer-dark'"
    assert desk.looks.poll() is True


def test_where_there_is_no_program_at_all_it_is_light_at_once() -> None:
    desk = Desk()
    desk.looks.ask()
    assert desk.looks.wait(60) is False


def test_a_program_that_hangs_is_ended_and_the_next_one_asked() -> None:
    desk = Desk("gdbus", "dbus-send")
    desk.looks.ask()
    desk.now = ANSWER_S
    desk.looks.poll()
    assert desk.answers[0].has_ended
    assert desk.asked == ["gdbus", "dbus-send"]
    desk.looks.close()
    assert desk.answers[1].has_ended


def test_real_programs_say_something_fail_or_are_not_there() -> None:
    def answer(code: str) -> str:
        asked = ask([sys.executable, "-c", code])
        while (said := asked.poll()) is None:
            pass
        return said

    assert answer("print('Dark')").strip() == "Dark"
    assert answer("print('Dark'); raise SystemExit(3)") == ""
    with pytest.raises(OSError, match="no-such-program-here"):
        ask(["no-such-program-here"])
    hangs = ask(
        [sys.executable, "-c", "input()" if sys.platform == "win32" else "import time; time.sleep(60)"]
    )
    hangs.end()


@pytest.mark.timeout(30)
def test_what_a_program_leaves_running_is_not_waited_for() -> None:
    """As a bus that is started by the way: it keeps what it was given to speak into."""
    stays = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1]))).recv(1)"
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        port = str(server.getsockname()[1])
        starts = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {stays!r}, {port!r}])"
        asked = ask([sys.executable, "-c", f"{starts}; print('dark', flush=True)"])
        other, _ = server.accept()
        with other:
            while (said := asked.poll()) is None:
                pass
            assert said.strip() == "dark"
            other.setblocking(False)
            with pytest.raises(BlockingIOError):  # it is still there
                other.recv(1)
