"""Whether the system asks for dark windows.

Linux: the desktop's portal, which every larger one has, then the settings of GNOME and its kin, then the name
of the GTK theme. macOS and Windows say it in one place each. A program that is asked may take its time:
nobody waits for it but a window that opens, and that only for a moment.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence

from migrator.system.processes import Answer, Asker, ask

#: How long one program may take to answer, how long a window that opens waits for all, and between looks.
ANSWER_S, OPENING_S, LOOK_S = 2.0, 0.4, 0.01

#: Programs to be asked one after another, each given what the last one said; at the end, whether it is dark.
Looking = Generator[Sequence[str], str, bool]

_PORTAL = ("org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop")
_READ, _WHAT = "org.freedesktop.portal.Settings.Read", ("org.freedesktop.appearance", "color-scheme")
_GDBUS = ("gdbus", "call", "--session", "--dest", _PORTAL[0], "--object-path", _PORTAL[1])
_DBUS_SEND = ("dbus-send", "--session", "--print-reply=literal", f"--dest={_PORTAL[0]}", _PORTAL[1])
#: What asks the portal. It answers 1 for dark, 2 for light, 0 where nothing was chosen.
PORTAL_COMMANDS: tuple[Sequence[str], ...] = (
    (*_GDBUS, "--method", _READ, *_WHAT),
    (*_DBUS_SEND, _READ, *(f"string:{each}" for each in _WHAT)),
)
SCHEME_COMMAND = ("gsettings", "get", "org.gnome.desktop.interface", "color-scheme")
THEME_COMMAND = ("gsettings", "get", "org.gnome.desktop.interface", "gtk-theme")
MAC_COMMAND = ("defaults", "read", "-g", "AppleInterfaceStyle")
_CHOSEN = re.compile(r"uint32 ([012])\b")


def looking(platform: str = sys.platform, environment: Mapping[str, str] = os.environ) -> Looking:
    """Find out whether the system asks for dark windows; it does not where it does not say."""
    if platform == "win32":
        return _windows_is_dark()
    if platform == "darwin":
        said = yield MAC_COMMAND
        return said.strip().casefold() == "dark"  # it fails where it is light
    return (yield from _desktop(environment))


def _desktop(environment: Mapping[str, str]) -> Looking:
    if theme := environment.get("GTK_THEME", ""):
        return _is_dark_theme(theme)  # what somebody set for this session goes before what a desktop says
    for command in PORTAL_COMMANDS if _has_bus(environment) else ():
        if chosen := _CHOSEN.search((yield command)):
            if chosen[1] != "0":
                return chosen[1] == "1"
            break  # there is a portal, and nothing was chosen
    scheme = yield SCHEME_COMMAND
    if "prefer-" in scheme:
        return "prefer-dark" in scheme
    return _is_dark_theme((yield THEME_COMMAND))


def _has_bus(environment: Mapping[str, str]) -> bool:
    """Whether this session has a bus: where it has none, asking would start one, and leave it behind."""
    at = environment.get("XDG_RUNTIME_DIR", "")
    return bool(environment.get("DBUS_SESSION_BUS_ADDRESS")) or (bool(at) and os.path.exists(f"{at}/bus"))


def _is_dark_theme(name: str) -> bool:
    """`Adwaita-dark`, `Adwaita:dark`, `Yaru-blue-dark`."""
    return re.search(r"[-:_ ]dark\b", name.strip("'\" \n").casefold()) is not None


def _windows_is_dark() -> bool:
    if sys.platform != "win32":
        return False
    import winreg

    path = r"Software\Microsoft\Windows\CurrentVersion\Themes\Personalize"
    try:
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, path) as key:
            return bool(winreg.QueryValueEx(key, "AppsUseLightTheme")[0] == 0)
    except OSError:
        return False


class SystemAppearance:
    """The newest answer. `ask` begins to look, `poll` goes on with it; neither waits."""

    def __init__(
        self,
        look: Callable[[], Looking] = looking,
        asker: Asker = ask,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.is_dark = False  #: what the system said last; False until it has said something
        self._look, self._asker, self._now = look, asker, now
        self._looking: Looking | None = None
        self._answer: Answer | None = None
        self._until = 0.0

    @classmethod
    def light(cls) -> SystemAppearance:
        """One that asks nobody: for tests and previews."""
        return cls(lambda: looking("linux", {}), _nobody)

    def ask(self) -> None:
        """Look again, unless that is under way."""
        if self._looking is None:
            self._looking = self._look()
            self._go_on(None)

    def poll(self) -> bool:
        """Take what was answered meanwhile; whether it is dark, as far as is known."""
        while self._answer is not None and (said := self._said(self._answer)) is not None:
            self._answer = None
            self._go_on(said)
        return self.is_dark

    def wait(self, seconds: float = OPENING_S) -> bool:
        """Give the answer a moment to come."""
        until = self._now() + seconds
        while self._answer is not None and self._now() < until:
            self.poll()
            time.sleep(LOOK_S)
        return self.is_dark

    def close(self) -> None:
        """Whatever is still being asked need not answer."""
        if self._answer is not None:
            self._answer.end()
        self._answer = self._looking = None

    def _said(self, answer: Answer) -> str | None:
        said = answer.poll()
        if said is None and self._now() >= self._until:
            answer.end()
            return ""
        return said

    def _go_on(self, said: str | None) -> None:
        """Ask the next program; one that is not there says nothing."""
        assert self._looking is not None  # noqa: S101  (callers look first)
        while self._answer is None:
            try:
                command = next(self._looking) if said is None else self._looking.send(said)
            except StopIteration as end:
                self.is_dark, self._looking = bool(end.value), None
                return
            try:
                self._answer, self._until = self._asker(command), self._now() + ANSWER_S
            except OSError:
                said = ""


def _nobody(command: Sequence[str]) -> Answer:
    raise FileNotFoundError(command[0])
