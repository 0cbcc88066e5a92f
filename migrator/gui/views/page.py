"""What every page's view is: a scrolling page with a head, which draws its part of the screen."""

from __future__ import annotations

import tkinter as tk

from migrator.gui import theme
from migrator.gui.screen import Screen
from migrator.gui.widgets.basics import ScrollPage, bind_wheel
from migrator.gui.widgets.header import PageHeader

GAP = 20


class PageView(ScrollPage):
    """A page. Its parts go into `inside` from row 1 on; then `finish` is called."""

    def __init__(self, parent: tk.Misc, title: str, context: str = "") -> None:
        super().__init__(parent)
        self.inside.columnconfigure(0, weight=1)
        self.header = PageHeader(self.inside, title, context)
        self.header.grid(row=0, column=0, sticky="we", padx=theme.px(GAP), pady=(theme.px(14), theme.px(12)))

    def finish(self) -> None:
        """Everything is built: notice when it wants more room, and scroll with the wheel."""
        self.watch()
        for widget in (self, self._canvas, self.inside):
            bind_wheel(widget, self.wheel)

    def render(self, screen: Screen) -> None:
        """Draw what has changed. Called only while the page is in sight."""
        raise NotImplementedError

    def find(self) -> bool:
        """Ctrl+F: put the cursor into the page's own search; False where it has none."""
        return False

    def reach(self, *, is_in_sight: bool) -> None:
        """Whether Tab comes through here: Tk takes what lies below another page for visible too."""
        if is_in_sight:
            self.place(relwidth=1, relheight=1)
        else:
            self.place_forget()

    def focus_first(self) -> None:
        """The page came into sight by the keyboard: put the focus where work begins."""
