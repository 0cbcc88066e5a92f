"""Cards, wrapping labels, tooltips and a scrolling page."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import Any

from migrator.gui import theme

TOOLTIP_MS = 600


class Card(tk.Frame):
    """A hairline frame with a title line (`head`) and room below it (`body`)."""

    def __init__(self, parent: tk.Misc, title: str = "", icon: str = "", *, padding: int = 16) -> None:
        line = theme.color("line")
        super().__init__(
            parent,
            background=theme.color("page"),
            highlightthickness=1,
            highlightbackground=line,
            highlightcolor=line,  # otherwise the frame turns black when a child has the focus
        )
        self.columnconfigure(0, weight=1)
        pad = theme.px(padding)
        self.head = ttk.Frame(self)
        self.body = ttk.Frame(self)
        if title:
            self.head.grid(row=0, column=0, sticky="we", padx=pad, pady=(theme.px(12), 0))
            picture = theme.icon(icon, "text", 18) if icon else ""
            self.title = WrapLabel(self.head, text=title, style="Card.TLabel", image=picture, compound="left")
            self.title.pack(side="left", fill="x", expand=True)
        top = theme.px(8) if title else theme.px(12)
        self.body.grid(row=1, column=0, sticky="nswe", padx=pad, pady=(top, theme.px(12)))
        self.rowconfigure(1, weight=1)

    def rename(self, title: str) -> None:
        self.title.configure(text=title)


class WrapLabel(ttk.Label):
    """A label whose lines end where its own width does.

    It asks for no width of its own (its column must grow): if its text had a say in the width that decides
    where the text wraps, the two could chase each other for ever.
    """

    def __init__(self, parent: tk.Misc, **options: Any) -> None:
        super().__init__(parent, **options)
        self.configure(wraplength=theme.px(300), width=1)
        self._width = 0
        picture = str(options.get("image", ""))
        #: What a picture takes of the width.
        self._beside = int(self.tk.call("image", "width", picture)) + theme.px(10) if picture else 0
        self.bind("<Configure>", self._fit)

    def _fit(self, event: tk.Event[Any]) -> None:
        if event.width != self._width:
            self._width = event.width
            self.fit()

    def fit(self) -> None:
        """Wrap where the label ends."""
        self.configure(wraplength=max(theme.px(60), self._width - self._beside))


def set_text(label: ttk.Label, text: str) -> None:
    """Write only what changed: a label that is written lays out its page again."""
    if label.cget("text") != text:
        label.configure(text=text)


def show(widget: tk.Misc, visible: bool) -> None:
    """Let a widget that is managed by `grid` be there, or not."""
    assert isinstance(widget, tk.Grid)  # noqa: S101  (tells the type checker)
    if visible != bool(widget.winfo_manager()):
        if visible:
            widget.grid()
        else:
            widget.grid_remove()


def focus_path(widget: tk.Misc) -> str:
    """The path of what has the focus, empty where another program has it.

    What is Tk's own (an open list, a dialog) has a path but is no widget of tkinter, which raises when asked.
    """
    path = str(widget.tk.call("focus", "-displayof", widget))
    return "" if path == "none" else path


class Delay:
    """A call after a moment; beginning again begins the moment again. None once the widget is gone: the
    window may be dressed anew meanwhile."""

    def __init__(self, widget: tk.Misc, ms: int, call: Callable[[], None]) -> None:
        self._widget, self._ms, self._call = widget, ms, call
        self._after: str | None = None
        widget.bind("<Destroy>", lambda _event: self.cancel(), "+")

    @property
    def is_waiting(self) -> bool:
        return self._after is not None

    def begin(self) -> None:
        self.cancel()
        self._after = self._widget.after(self._ms, self._due)

    def cancel(self) -> None:
        if self._after is not None:
            self._widget.after_cancel(self._after)
            self._after = None

    def _due(self) -> None:
        self._after = None
        self._call()


class AutoScrollbar(ttk.Scrollbar):
    """A scrollbar that is there only when there is something to scroll. Managed by `grid`."""

    def set(self, first: float | str, last: float | str) -> None:
        if float(first) <= 0.0 and float(last) >= 1.0:
            self.grid_remove()
        else:
            self.grid()
        super().set(first, last)


def scrollbar(parent: tk.Misc, command: Callable[..., Any]) -> AutoScrollbar:
    return AutoScrollbar(parent, orient="vertical", command=command, style="Quiet.Vertical.TScrollbar")


def text_to_read(parent: tk.Misc, lines: int, edge: str) -> tk.Text:
    """Lines that can be selected and not changed; `edge` is the colour around them without the focus."""
    return tk.Text(
        parent,
        height=lines,
        width=20,
        wrap="word",
        font="AppFixed",
        state="disabled",
        borderwidth=0,
        highlightthickness=theme.px(1),
        highlightbackground=theme.color(edge),
        highlightcolor=theme.color("accent_text"),
        background=theme.color("page"),
        foreground=theme.color("text"),
        selectbackground=theme.color("select"),
        selectforeground=theme.color("text"),
    )


class Tooltip:
    """A sentence beside the pointer, after a moment; Escape, a click or leaving hides it."""

    def __init__(self, widget: tk.Misc, text: str) -> None:
        self.widget, self.text = widget, text
        self._after: str | None = None
        self._window: tk.Toplevel | None = None
        if isinstance(widget, ttk.Label):
            widget.configure(takefocus=0)  # bindings would make Tab stop here
        widget.bind("<Enter>", self._wait, "+")
        for gesture in ("<Leave>", "<ButtonPress>", "<Escape>", "<FocusOut>", "<Destroy>"):
            widget.bind(gesture, self._hide, "+")

    def _wait(self, _event: object) -> None:
        self._hide()
        if not self.text:
            return
        self._after = self.widget.after(TOOLTIP_MS, self.show)

    def show(self) -> None:
        self._after = None
        self._window = window = tk.Toplevel(self.widget, background=theme.color("field_edge"))
        window.withdraw()
        window.overrideredirect(True)
        label = tk.Label(
            window,
            text=self.text,
            font="AppHint",
            justify="left",
            wraplength=theme.px(320),
            background=theme.color("page"),
            foreground=theme.color("text"),
            padx=theme.px(8),
            pady=theme.px(5),
        )
        label.pack(padx=1, pady=1)
        window.update_idletasks()
        x, y = self._corner()
        x = max(0, min(x, window.winfo_screenwidth() - window.winfo_reqwidth() - 4))
        window.geometry(f"+{x}+{y}")
        window.deiconify()

    def _corner(self) -> tuple[int, int]:
        """Where it begins, on the screen."""
        widget = self.widget
        return widget.winfo_rootx() + theme.px(8), widget.winfo_rooty() + widget.winfo_height() + theme.px(4)

    def _hide(self, _event: object = None) -> None:
        if self._after is not None:
            self.widget.after_cancel(self._after)
            self._after = None
        if self._window is not None:
            self._window.destroy()
            self._window = None


class ScrollPage(ttk.Frame):
    """A page that scrolls when the window is too low and fills the window when it is not."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent)
        self._canvas = tk.Canvas(
            self, background=theme.color("page"), highlightthickness=0, yscrollincrement=theme.px(16)
        )
        self._bar = ttk.Scrollbar(
            self, orient="vertical", command=self._scrolled, style="Quiet.Vertical.TScrollbar"
        )
        self._canvas.configure(yscrollcommand=self._bar.set)
        self.inside = ttk.Frame(self._canvas)
        self._item = self._canvas.create_window(0, 0, anchor="nw", window=self.inside)
        self.rowconfigure(0, weight=1)
        self.columnconfigure(0, weight=1)
        # The bar's room is always kept: were the page wider without it, text that wraps only beside the
        # bar would make it come and go for ever.
        self.columnconfigure(1, minsize=self._bar.winfo_reqwidth())
        self._canvas.grid(row=0, column=0, sticky="nswe")
        self._canvas.bind("<Configure>", self._fit_soon)
        self.inside.bind("<Configure>", self._fit_soon)
        self._idle: str | None = None
        self._needs_bar = False
        self._led_to: tk.Misc | None = None

    def watch(self) -> None:
        """Notice when the content wants more room. Call once the page is built: Tk tells of sizes only, and
        the page's own is given by the canvas."""
        for child in self.inside.winfo_children():
            for gesture in ("<Configure>", "<Map>", "<Unmap>"):
                child.bind(gesture, self._fit_soon, "+")

    def wheel(self, units: int) -> None:
        """Scroll, if there is anything to scroll to."""
        self._led_to = None
        if self._needs_bar:
            self._canvas.yview_scroll(units, "units")

    def reveal(self, widget: tk.Misc) -> None:
        """Scroll so that a widget that got the focus is in sight."""
        self._led_to = None
        if not self._needs_bar:
            return
        top = widget.winfo_rooty() - self.inside.winfo_rooty()
        bottom = top + widget.winfo_height()
        first = self._canvas.canvasy(0)
        height, whole = self._canvas.winfo_height(), max(1, self.inside.winfo_height())
        if top < first + theme.px(30):
            self._canvas.yview_moveto(max(0, top - theme.px(60)) / whole)
        elif bottom > first + height - theme.px(30):
            self._canvas.yview_moveto((bottom - height + theme.px(60)) / whole)

    def lead_to(self, widget: tk.Misc) -> None:
        """Scroll so that a part of the page is at its top, as far as there is something below it.

        A page that has just come into sight has not got its height yet: it stays so until somebody scrolls.
        """
        self._led_to = widget
        self._fit_soon(None)

    def _lead(self) -> None:
        if self._led_to is not None and self._needs_bar:
            top = self._led_to.winfo_rooty() - self.inside.winfo_rooty() - theme.px(8)
            self._canvas.yview_moveto(max(0, top) / max(1, self.inside.winfo_height()))

    def _scrolled(self, *args: Any) -> None:
        self._led_to = None
        self._canvas.yview(*args)

    def _fit_soon(self, _event: object) -> None:
        """Once everything has settled: while it does, the sizes asked for are not the last word."""
        if self._idle is None:
            self._idle = self.after_idle(self._fit)

    def _fit(self) -> None:
        self._idle = None
        width, height = self._canvas.winfo_width(), self._canvas.winfo_height()
        wanted = self.inside.winfo_reqheight()
        if height <= 1:
            return
        self._canvas.itemconfigure(self._item, width=width, height=max(height, wanted))
        self._canvas.configure(scrollregion=(0, 0, width, max(height, wanted)))
        needs = wanted > height + 1
        if needs and not self._needs_bar:
            self._bar.grid(row=0, column=1, sticky="ns")
        elif not needs and self._needs_bar:
            self._bar.grid_remove()
            self._canvas.yview_moveto(0)
        self._needs_bar = needs
        if self._led_to is not None:
            self.after_idle(self._lead)


def bind_wheel(widget: tk.Misc, scroll: Callable[[int], None]) -> None:
    """Let the wheel over `widget` call `scroll(units)` and nothing else, on every platform."""

    def turned(event: tk.Event[Any]) -> str:
        scroll(-3 if event.num == 4 or event.delta > 0 else 3)
        return "break"

    for gesture in ("<MouseWheel>", "<Button-4>", "<Button-5>"):
        widget.bind(gesture, turned)
