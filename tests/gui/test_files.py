"""The dialogs for choosing a file: where they begin, and what they are asked for."""

from __future__ import annotations

from pathlib import Path
from tkinter import filedialog
from typing import Any

import pytest

from migrator.gui.views.files import FileDialogs

KINDS = {".toml": "Config file"}
pytestmark = pytest.mark.window


class Dialog:
    """Answers in the person's place."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answer: Any = ""
        self.asked: list[dict[str, Any]] = []
        for name in ("askopenfilename", "asksaveasfilename"):
            monkeypatch.setattr(filedialog, name, self)

    def __call__(self, **options: Any) -> Any:
        self.asked.append(options)
        return self.answer


def test_they_begin_at_home_and_then_where_the_last_one_was(
    root: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    dialog, files = Dialog(monkeypatch), FileDialogs(root)
    assert files.open(KINDS, "Open…") == ""
    dialog.answer = str(tmp_path / "job.toml")
    assert files.open(KINDS, "Open…") == dialog.answer
    dialog.answer = ()  # of Tk, where somebody cancels
    assert files.save("job", KINDS, "Save As…") == ""
    assert [each["initialdir"] for each in dialog.asked] == [str(Path.home())] * 2 + [str(tmp_path)]
    assert [each["title"] for each in dialog.asked] == ["Open", "Open", "Save As"]
    assert dialog.asked[2]["defaultextension"] == ".toml"
    assert dialog.asked[0]["filetypes"] == [("Config file", "*.toml")]


def test_hidden_files_are_shown_when_somebody_asks_for_them(
    root: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    if root.tk.call("tk", "windowingsystem") != "x11":
        pytest.skip("the system's own dialog")
    Dialog(monkeypatch)
    FileDialogs(root).open(KINDS, "Open…")
    assert str(root.tk.call("set", "::tk::dialog::file::showHiddenVar")) == "0"
    assert str(root.tk.call("set", "::tk::dialog::file::showHiddenBtn")) == "1"
