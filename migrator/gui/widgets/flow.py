"""Things in a row that go on in the next one where the room ends: buttons, figures."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import Any

from migrator.gui import theme


class Flow(ttk.Frame):
    """Lays out its children from left to right, line by line; a hidden one takes no room.

    It asks for no width of its own: its column must grow. Call `arrange` after children came or went; the
    event `<<Arranged>>` says that all are in their places, and their height is known.
    """

    def __init__(self, parent: tk.Misc, *, gap: int = 8) -> None:
        super().__init__(parent, width=1)
        self._gap = theme.px(gap)
        self._hidden: set[tk.Misc] = set()
        self._laid: tuple[object, ...] = ()
        self._watched: set[tk.Misc] = set()
        self._idle: str | None = None
        self.bind("<Configure>", lambda _event: self.arrange())

    def show(self, child: Any, *, visible: bool) -> None:
        """Let a child be there, or not."""
        if visible:
            self._hidden.discard(child)
        else:
            self._hidden.add(child)
            child.place_forget()

    def arrange(self) -> None:
        """Put everything in its place, once sizes have settled."""
        for child in self.winfo_children():
            if child not in self._watched:
                self._watched.add(child)
                child.bind("<Configure>", lambda _event: self.arrange(), "+")
        if self._idle is None:
            self._idle = self.after_idle(self._arrange)

    def _arrange(self) -> None:
        self._idle = None
        shown: list[Any] = [each for each in self.winfo_children() if each not in self._hidden]
        sizes = [(each.winfo_reqwidth(), each.winfo_reqheight()) for each in shown]
        laid = (self.winfo_width(), tuple(shown), tuple(sizes))
        if laid == self._laid:
            return
        self._laid = laid
        x = y = line = 0
        for child, (width, height) in zip(shown, sizes, strict=True):
            if x and x + width > self.winfo_width():
                x, y, line = 0, y + line + self._gap, 0
            child.place(x=x, y=y)
            x += width + self._gap
            line = max(line, height)
        self.configure(height=max(1, y + line))
        self.event_generate("<<Arranged>>")
