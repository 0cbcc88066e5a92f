"""Marked secrets are typed into the window; no page, log, clipboard, file or process of it may show them.

The services behind it are hostile, as in `tests/e2e/test_canary.py`.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator
from pathlib import Path
from tkinter import ttk
from typing import Any

import psutil
import pytest

from migrator.demo.s3server import S3Server
from migrator.engine.remote import EngineProcess
from migrator.gui.form import EndForm, Form
from migrator.gui.pages.shell import PAGES
from migrator.gui.status import Status
from migrator.gui.widgets.rows import copyable
from migrator.redacting import learn
from migrator.store.memory import AWS, LYVE, MemoryCloud
from tests.e2e.test_canary import gossip_about
from tests.gui.conftest import Driver
from tests.support.canary import (
    DESTINATION_SECRET,
    DESTINATION_TOKEN,
    SECRETS,
    SOURCE_SECRET,
    SOURCE_TOKEN,
    leaks,
    must_be_clean,
    must_be_clean_below,
    spellings,
)
from tests.support.rewriter import Rewriter

pytestmark = [pytest.mark.window, pytest.mark.timeout(300)]

ACCESS, OTHER_ACCESS = "ASIACANARYSOURCE", "ASIACANARYTHERE"


class Canary(Driver):
    """A window over the real engine, and a search through everything in it."""

    def __init__(self, root: Any, home: Path, source: str, destination: str) -> None:
        self.home = home
        form = Form(
            aws=EndForm(ACCESS, SOURCE_SECRET, SOURCE_TOKEN, "us-east-1", source, "photos"),
            lyve=EndForm(
                OTHER_ACCESS, DESTINATION_SECRET, DESTINATION_TOKEN, "us-west-1", destination, "archive"
            ),
        )
        super().__init__(root, EngineProcess(home, is_demo=True), form)

    def until(self, *statuses: Status) -> None:
        self.pump(lambda: self.screen.status in statuses)

    def must_be_clean(self) -> None:
        """Every page, the clipboard after Copy, all files, and the processes."""
        self.pages_must_be_clean()
        must_be_clean_below(self.home)
        for child in psutil.Process(self.service._process.pid).children(recursive=True):
            must_be_clean("an argument", " ".join(child.cmdline()))
        engine = psutil.Process(self.service._process.pid)
        must_be_clean("an argument", " ".join(engine.cmdline()))
        must_be_clean("a variable", " ".join(f"{n}={v}" for n, v in engine.environ().items()))
        for text in self.window.errors:
            must_be_clean("an error of the window", text)

    def pages_must_be_clean(self) -> str:
        """Every page, and the clipboard after Copy; what they said."""
        assert set(self.window.pages) == {page.name for page in PAGES}
        said = []
        for page in self.window.pages:
            self.presenter.show(page)
            self.pump()
            for widget in _all(self.root):
                for text in _texts(widget):
                    must_be_clean(f"{page}, {widget}", text)
                    said.append(text)
        self.presenter.log_page.copy_log()
        must_be_clean("the clipboard", self.root.clipboard_get())
        return "\n".join([*said, self.root.clipboard_get()])


def _all(widget: Any) -> Iterator[Any]:
    yield widget
    for child in widget.winfo_children():
        yield from _all(child)


def _texts(widget: Any) -> Iterator[str]:
    """What a person could read in a widget, and what its options hold."""
    for option in widget.keys():  # noqa: SIM118 (a widget is no mapping)
        yield str(widget.cget(option))
    match widget:
        case tk.Text():
            yield widget.get("1.0", "end")
        case ttk.Treeview():
            rows = list(widget.get_children())
            while rows:
                row = rows.pop()
                rows += widget.get_children(row)
                yield f"{widget.item(row, 'text')} {widget.item(row, 'values')}"
        case tk.Menu():
            last = widget.index("end")
            for at in range(0 if last is None else last + 1):
                if widget.type(at) not in {"separator", "tearoff"}:
                    yield str(widget.entrycget(at, "label"))
        case ttk.Entry() | tk.Entry():
            if not str(widget.cget("show")):
                yield widget.get()


@pytest.fixture
def clouds() -> Iterator[tuple[MemoryCloud, S3Server, S3Server]]:
    here, there = MemoryCloud(quirks=AWS), MemoryCloud(quirks=LYVE)
    here.create_bucket("photos")
    there.create_bucket("archive")
    for number in range(6):
        here.seed("photos", f"k/{number}", f"body {number} ".encode() * 50)
    with (
        S3Server(here, {ACCESS: SOURCE_SECRET}) as source,
        S3Server(there, {OTHER_ACCESS: DESTINATION_SECRET}) as destination,
    ):
        yield there, source, destination


def test_the_search_finds_what_is_typed_once_it_shows(root: Any, tmp_path: Path, clouds: Any) -> None:
    """Else the other tests here could not fail."""
    _, source, destination = clouds
    window = Canary(root, tmp_path, source.url, destination.url)
    try:
        field = window.window.setup.fields["aws.secret_access_key"].control
        window.must_be_clean()
        field.configure(show="")
        assert any(leaks(text) for text in _texts(field))
    finally:
        assert window.service.close(60)


def test_a_migration_and_its_roll_back(root: Any, tmp_path: Path, clouds: Any) -> None:
    there, source, destination = clouds
    window = Canary(root, tmp_path, source.url, destination.url)
    try:
        window.window.setup.generate.invoke()
        window.until(Status.CONNECTED)
        window.must_be_clean()
        window.press("migrate")
        window.until(Status.FINISHED)
        window.must_be_clean()
        window.press("roll_back")
        window.pump(lambda: "yes" in window.window.bar.buttons)
        window.must_be_clean()
        window.press("yes")
        window.until(Status.ROLLED_BACK)
        window.must_be_clean()
        assert there.contents("archive") == {}
    finally:
        assert window.service.close(60)


def test_a_secret_that_is_hidden_is_not_copied_out_of_its_field(
    root: Any, tmp_path: Path, clouds: Any
) -> None:
    _, source, destination = clouds
    window = Canary(root, tmp_path, source.url, destination.url)
    try:
        for name in ("aws.secret_access_key", "aws.session_token", "lyve.secret_access_key"):
            entry = window.window.setup.fields[name].control
            root.clipboard_clear()
            root.clipboard_append("nothing")
            entry.selection_range(0, "end")
            entry.event_generate("<<Copy>>")
            root.update()
            must_be_clean("the clipboard", root.clipboard_get())
    finally:
        assert window.service.close(60)


@pytest.mark.parametrize(
    ("what", "where", "status"),
    [
        ("secret", "source", Status.HALF_CONNECTED),
        ("odd", "destination", Status.HALF_CONNECTED),
        ("read", "source", Status.FINISHED_WITH_FAILURES),
        ("write", "destination", Status.FINISHED_WITH_FAILURES),
    ],
)
def test_refusals_that_repeat_secrets(
    root: Any, tmp_path: Path, clouds: Any, what: str, where: str, status: Status
) -> None:
    _, source, destination = clouds
    server = source if where == "source" else destination
    with Rewriter(server.url, gossip_about(what)) as hostile:
        urls = (hostile.url, destination.url) if where == "source" else (source.url, hostile.url)
        window = Canary(root, tmp_path, *urls)
        try:
            window.window.setup.generate.invoke()
            window.until(Status.CONNECTED, Status.HALF_CONNECTED)
            window.must_be_clean()
            if window.screen.status is Status.CONNECTED:
                window.press("migrate")
                window.pump(lambda: not window.service.is_busy and window.screen.status not in _UNDER_WAY)
                window.must_be_clean()
            assert hostile.struck
            assert window.screen.status is status
        finally:
            assert window.service.close(60)


_UNDER_WAY = {Status.CONNECTED, Status.LISTING, Status.RUNNING}


def test_a_defect_in_a_callback(
    root: Any, tmp_path: Path, clouds: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    _, source, destination = clouds
    window = Canary(root, tmp_path, source.url, destination.url)
    try:
        window.window.setup.generate.invoke()
        window.until(Status.CONNECTED)

        def broken() -> None:
            raise RuntimeError(" ".join(spellings()))

        root.after(0, broken)
        window.pump(lambda: bool(window.window.errors))
        window.must_be_clean()
        must_be_clean("standard error", capsys.readouterr().err)
        assert "Something went wrong" in window.window.errors[0]
    finally:
        assert window.service.close(60)


def test_what_is_copied_to_the_clipboard(root: Any, tmp_path: Path, clouds: Any) -> None:
    _, source, destination = clouds
    window = Canary(root, tmp_path, source.url, destination.url)
    try:
        window.window.setup.generate.invoke()
        window.until(Status.CONNECTED)
        window.window.copy(" ".join(spellings()))
        must_be_clean("the clipboard", root.clipboard_get())
    finally:
        assert window.service.close(60)


def test_rows_of_a_table_that_are_copied(root: Any) -> None:
    learn(*SECRETS)
    table = ttk.Treeview(root)
    try:
        copyable(table, lambda row: str(table.item(row, "text")))
        table.selection_set([table.insert("", "end", text=text) for text in spellings()])
        table.event_generate("<<Copy>>")
        root.update()
        must_be_clean("the clipboard", root.clipboard_get())
        assert "***" in root.clipboard_get()
    finally:
        table.destroy()


def test_what_goes_wrong_within_the_window(root: Any, tmp_path: Path, clouds: Any) -> None:
    _, source, destination = clouds
    window = Canary(root, tmp_path, source.url, destination.url)
    try:
        window.presenter.report(" ".join(spellings()))
        window.pump()
        assert "***" in window.pages_must_be_clean(), "nothing was told at all"
    finally:
        assert window.service.close(60)


def test_objects_that_are_named_like_a_secret(root: Any, tmp_path: Path, clouds: Any) -> None:
    """Copied as they are called; and the journal has them exactly. Who looks on does not read it."""
    there, source, destination = clouds
    source.cloud.seed("photos", f"{SOURCE_SECRET}/1", b"body")
    window = Canary(root, tmp_path, source.url, destination.url)
    try:
        window.window.setup.generate.invoke()
        window.until(Status.CONNECTED)
        window.press("preview_plan")
        window.until(Status.PLANNED)
        assert "***/1" in window.pages_must_be_clean()
        window.press("migrate")
        window.until(Status.FINISHED)
        window.pages_must_be_clean()
        assert f"{SOURCE_SECRET}/1" in there.contents("archive")
    finally:
        assert window.service.close(60)
