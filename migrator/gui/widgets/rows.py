"""What every table can do: Ctrl+C copies the chosen row, and a text that is cut off is shown whole."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import font as tkfont
from tkinter import ttk
from typing import Any

from migrator.gui import theme
from migrator.gui.widgets.basics import Tooltip
from migrator.redacting import redacted

#: Around a cell's text.
PAD = 10


def copyable(tree: ttk.Treeview, text_of: Callable[[str], str]) -> None:
    """Copy (Ctrl+C, or the menu) puts `text_of` the chosen row onto the clipboard."""

    def copy(_event: tk.Event[Any]) -> str:
        chosen = [text for row in tree.selection() if (text := text_of(row))]
        if chosen:
            tree.clipboard_clear()
            tree.clipboard_append(redacted("\n".join(chosen)))
        return "break"

    tree.bind("<<Copy>>", copy)


class RowTip(Tooltip):
    """The whole text of a cell of `column` that has no room for it, below the pointer's row."""

    def __init__(self, tree: ttk.Treeview, column: str, text_of: Callable[[str], str]) -> None:
        super().__init__(tree, "")
        self._tree, self._column, self._text_of = tree, column, text_of
        self._row = ""
        tree.bind("<Motion>", self._moved, "+")

    def _moved(self, event: tk.Event[Any]) -> None:
        row = str(self._tree.identify_row(event.y))
        if row == self._row:
            return
        self._row = row
        self.text = self._text_of(row) if row else ""
        if self.text and not self._is_cut(self.text):
            self.text = ""
        self._wait(event)

    def _is_cut(self, text: str) -> bool:
        font = tkfont.nametofont("AppText", root=self._tree)
        return font.measure(text) + theme.px(PAD) > int(self._tree.column(self._column, "width"))

    def _corner(self) -> tuple[int, int]:
        box = self._tree.bbox(self._row, self._column) if self._row else ""
        if not box:
            return super()._corner()
        x, y, _, height = box
        return self._tree.winfo_rootx() + x, self._tree.winfo_rooty() + y + height + theme.px(2)
