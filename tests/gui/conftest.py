"""One hidden window for the whole session, on a display that is started where there is none."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from migrator.gui.garbage import OwnGarbage
from tests.gui import canned

DEADLINE_S = 120


def _cannot(reason: str) -> None:
    """Skip with a plain reason; on CI a window that cannot be tested is a failure."""
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module", autouse=True)
def _garbage() -> Iterator[OwnGarbage]:
    """Tk variables die in the main thread: never in a thread of this or of a later module's tests."""
    made = OwnGarbage()
    yield made
    gc.collect()
    made.close()


@pytest.fixture(autouse=True)
def _collecting(_garbage: OwnGarbage) -> Iterator[None]:
    yield
    _garbage.tick()


@pytest.fixture(scope="session")
def display() -> Iterator[None]:
    """A display: the one there is, or an Xvfb of our own."""
    try:
        import tkinter  # noqa: F401
    except ImportError:
        _cannot("this Python has no tkinter")
    is_x11 = os.name == "posix" and os.uname().sysname != "Darwin"
    if not is_x11 or os.environ.get("DISPLAY"):
        yield
        return
    if shutil.which("Xvfb") is None:
        _cannot("no DISPLAY and no Xvfb")
    reader, writer = os.pipe()
    command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1280x800x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=(writer,), stderr=subprocess.DEVNULL)
    os.close(writer)
    with os.fdopen(reader) as answer:
        number = answer.readline().strip()
    if not number:
        server.wait(10)
        _cannot("Xvfb did not start")
    os.environ["DISPLAY"] = f":{number}"
    try:
        yield
    finally:
        del os.environ["DISPLAY"]
        server.terminate()
        server.wait(10)


@pytest.fixture(scope="session")
def root(display: None) -> Iterator[Any]:
    import tkinter as tk

    from migrator.gui import labels, theme

    try:
        made = theme.build_root(labels.TITLE, dark=False)
    except tk.TclError as cause:
        _cannot(f"no window could be opened: {cause}")
    yield made
    made.destroy()


class Driver:
    """A window over a fake service, driven by hand: no timer, no sleeping."""

    def __init__(self, root: Any, service: Any = None, prefill: Any = canned.FORM) -> None:
        from migrator.gui.app import Window

        for child in root.winfo_children():
            child.destroy()
        self.root = root
        self.service = service or canned.FakeService()
        self.window = Window(root, self.service, prefill=prefill)
        self.presenter = self.window.presenter
        root.geometry("1280x774+0+0")
        self.presenter.draw()
        root.deiconify()
        root.update()

    @property
    def screen(self) -> Any:
        assert self.window.screen is not None
        return self.window.screen

    def pump(self, until: Callable[[], bool] | None = None) -> None:
        """Drain the queue and draw, until `until` holds (or all is drained)."""
        end = time.monotonic() + DEADLINE_S
        while True:
            self.window.step()
            self.root.update()
            if self.window.pump.is_idle and (until is None or until()):
                break
            assert time.monotonic() < end, f"the window did not get there in time: {self.screen.bar.sentence}"
        self.window.step()
        self.root.update()

    def press(self, name: str) -> None:
        """Press a button of the action bar."""
        self.window.bar.buttons[name].invoke()
        self.pump()

    def migrate(self) -> None:
        """Migrate Data, and the plan that comes first."""
        self.press("migrate")
        self.service.say(*canned.planned())
        self.pump()

    def key(self, sequence: str, widget: Any = None) -> None:
        target = widget if widget is not None else self.root
        target.focus_force()
        self.root.update()
        target.event_generate(sequence)
        self.pump()

    def connect(self) -> None:
        self.window.setup.generate.invoke()
        self.service.say(*canned.connected())
        self.pump()


@pytest.fixture
def driver(root: Any) -> Iterator[Driver]:
    made = Driver(root)
    yield made
    assert made.window.errors == [], "a Tk callback raised"
