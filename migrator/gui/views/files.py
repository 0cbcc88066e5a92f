"""The system's dialogs for choosing a file: where they begin, and what Tk's own one shows."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tkinter import filedialog
from typing import Any


class FileDialogs:
    """Begin in the home directory, later where the last file was chosen."""

    def __init__(self, root: tk.Tk) -> None:
        self._root = root
        self._folder = str(Path.home())
        self._is_ready = root.tk.call("tk", "windowingsystem") != "x11"  # there dialogs are Tk's own

    def save(self, name: str, kinds: Mapping[str, str], title: str) -> str:
        """Where to write a file of that name, as one of these kinds (ending -> words); empty: nowhere."""
        common = self._common(kinds, title)
        return self._chosen(
            filedialog.asksaveasfilename(initialfile=name, defaultextension=next(iter(kinds)), **common)
        )

    def open(self, kinds: Mapping[str, str], title: str) -> str:
        """Which file to read; empty: none."""
        return self._chosen(filedialog.askopenfilename(**self._common(kinds, title)))

    def _common(self, kinds: Mapping[str, str], title: str) -> dict[str, Any]:
        if not self._is_ready:
            _hide_hidden(self._root)
            self._is_ready = True
        return {
            "parent": self._root,
            "title": title.rstrip("…"),
            "initialdir": self._folder,
            "filetypes": [(words, f"*{ending}") for ending, words in kinds.items()],
        }

    def _chosen(self, path: str) -> str:
        path = str(path or "")  # Tk answers with an empty tuple, too
        if path:
            self._folder = str(Path(path).parent)
        return path


def _hide_hidden(root: tk.Tk) -> None:
    """A button for them instead, as in every other dialog. Tk reads this once its dialog's code is loaded,
    which a wrong call does."""
    with suppress(tk.TclError):
        root.tk.call("tk_getOpenFile", "-loaded")
    with suppress(tk.TclError):
        root.tk.call("set", "::tk::dialog::file::showHiddenBtn", "1")
        root.tk.call("set", "::tk::dialog::file::showHiddenVar", "0")
