"""Judging a window by its real widgets: what is cut off, what lies over what, what is faint, where Tab goes.

Everything is measured, nothing is remembered: a new page is judged without a line in here.
"""

from __future__ import annotations

import re
import tkinter as tk
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import combinations
from tkinter import font as tkfont
from tkinter import ttk
from typing import Any

#: WCAG AA: text, and what one must see to use a control. What is switched off needs only to be readable.
TEXT, CONTROL = 4.5, 3.0
#: What Tk and the style keep free beside a cell's text, on both sides together.
AROUND_CELL = 12
_TEXTS = ("TLabel", "TButton", "TCheckbutton", "TRadiobutton", "Toolbutton", "Label")
_WORD = re.compile(r"[^\W\d_]{4,}")
_ACCENTS = str.maketrans("aceinouyAEIOU", "àçéîñöüýÀÉÎÖÜ")


# -- a language a third longer ----------------------------------------------------------------------


def pseudo(text: object) -> object:
    """A text as a longer language might have it; numbers, sizes, moments and paths stay."""
    if not isinstance(text, str) or not _has_words(text.strip()):
        return text
    return f"{text.translate(_ACCENTS)} {'~' * max(1, len(text.strip()) // 3)}"


def _has_words(text: str) -> bool:
    """`3 decisions left` has some; `7.9 TB`, `12 min 34 s` and `/home/me/runs` have none."""
    return text[:1].isalpha() or (text[:1] not in {"/", "~"} and bool(_WORD.search(text)))


@contextmanager
def translated() -> Iterator[None]:
    """While this holds, every text that a widget is given is a third longer."""
    options, of_ttk = tk.Misc._options, ttk._format_optdict  # type: ignore[attr-defined]

    def longer(given: Any) -> Any:
        return {key: pseudo(value) if key in {"text", "label"} else value for key, value in given.items()}

    def _options(self: Any, cnf: Any, kw: Any = None) -> Any:
        return options(self, longer(cnf) if isinstance(cnf, dict) else cnf, longer(kw) if kw else kw)

    def _format(given: Any, *rest: Any, **named: Any) -> Any:
        more = longer(given)
        if isinstance(more.get("values"), tuple | list):
            more["values"] = tuple(pseudo(each) for each in more["values"])
        return of_ttk(more, *rest, **named)

    tk.Misc._options, ttk._format_optdict = _options, _format  # type: ignore[attr-defined]
    try:
        yield
    finally:
        tk.Misc._options, ttk._format_optdict = options, of_ttk  # type: ignore[attr-defined]


# -- room -----------------------------------------------------------------------------------------


def in_sight(widget: tk.Misc) -> Iterator[Any]:
    """Every widget below this one that is on the screen, or would be if the page were scrolled."""
    for child in widget.winfo_children():
        if child.winfo_viewable() and not isinstance(child, tk.Toplevel | tk.Menu):
            yield child
            yield from in_sight(child)


def name_of(widget: Any) -> str:
    """A widget as a person would point at it."""
    try:
        text = str(widget.cget("text"))[:50]
    except tk.TclError:
        text = ""
    places = [part for part in str(widget).split(".") if part]
    return f"{widget.winfo_class()} {text!r} in {'.'.join(places[-4:])}"


def clipped(root: tk.Misc) -> list[str]:
    """Texts that have less room than they need."""
    found = []
    for widget in in_sight(root):
        kind = widget.winfo_class()
        if kind in _TEXTS and str(widget.cget("text")):
            found += _cut(widget)
        elif kind == "TCombobox":
            found += _cut_choice(widget)
        elif kind == "Treeview":
            found += _cut_cells(widget)
        elif kind == "TNotebook":
            found += _cut_tabs(widget)
    return found


def _cut(widget: Any) -> Iterator[str]:
    width, height = widget.winfo_width(), widget.winfo_height()
    wraps = int(str(widget.cget("wraplength") or 0)) if widget.winfo_class() in {"TLabel", "Label"} else 0
    if not wraps and width < widget.winfo_reqwidth():
        yield f"{name_of(widget)}: {width} wide, needs {widget.winfo_reqwidth()}"
    if height < widget.winfo_reqheight():
        yield f"{name_of(widget)}: {height} high, needs {widget.winfo_reqheight()}"
    parent = widget.master
    if widget.winfo_x() < 0 or widget.winfo_x() + width > parent.winfo_width():
        yield f"{name_of(widget)} sticks out: {widget.winfo_x()}+{width} of {parent.winfo_width()}"
    # What a page is scrolled in is as high as it likes.
    if not isinstance(parent, tk.Canvas) and widget.winfo_y() + height > parent.winfo_height():
        yield f"{name_of(widget)} sticks out below: {widget.winfo_y()}+{height} of {parent.winfo_height()}"


def _cut_choice(box: Any) -> Iterator[str]:
    if "readonly" in box.state():
        needs = tkfont.nametofont("AppText", root=box).measure(box.get()) + 24
        if box.winfo_width() < needs:
            yield f"{name_of(box)} shows {box.get()!r}: {box.winfo_width()} wide, needs {needs}"


def _cut_cells(tree: Any) -> Iterator[str]:
    """Headings, and cells of columns that do not take what room is left (those are shortened on purpose)."""
    text, hint = (tkfont.nametofont(name, root=tree) for name in ("AppText", "AppHint"))
    columns = tree["displaycolumns"]
    shown = tree["columns"] if columns in (("#all",), "#all") else columns
    rows = [row for row in _all_rows(tree) if tree.bbox(row)]
    for name in ("#0", *shown):
        width = int(tree.column(name, "width"))
        heading = str(tree.heading(name, "text"))
        if hint.measure(heading.strip()) + 8 > width:
            yield f"heading {heading!r} of {tree}: {width} wide, needs {hint.measure(heading.strip()) + 8}"
        if int(tree.column(name, "stretch")):
            continue
        cells = [str(tree.item(row, "text")) if name == "#0" else str(tree.set(row, name)) for row in rows]
        for cell in sorted(set(cells), key=len)[-4:]:
            needs = text.measure(cell) + (0 if name == "#0" else AROUND_CELL)
            if needs > width:
                yield f"cell {cell!r} of {tree}: {width} wide, needs {needs}"


def _all_rows(tree: Any, parent: str = "") -> Iterator[str]:
    for row in tree.get_children(parent):
        yield row
        yield from _all_rows(tree, row)


def _cut_tabs(tabs: Any) -> Iterator[str]:
    text = tkfont.nametofont("AppText", root=tabs)
    titles = [str(tabs.tab(each, "text")) for each in tabs.tabs() if tabs.tab(each, "state") != "hidden"]
    needs = sum(text.measure(title) + 28 for title in titles)
    if needs > tabs.winfo_width():
        yield f"tabs {titles}: {tabs.winfo_width()} wide, need {needs}"


def overlapping(root: tk.Misc) -> list[str]:
    """Widgets of one parent that lie over each other. One that is placed over a table on purpose (what it
    says while it is empty) counts only with others of its kind."""
    found = []
    for parent in (root, *in_sight(root)):
        children = [
            child
            for child in parent.winfo_children()
            if child.winfo_viewable() and child.winfo_manager() in {"grid", "pack", "place"}
        ]
        for one, other in combinations(children, 2):
            if (one.winfo_manager() == "place") == (other.winfo_manager() == "place") and _meet(one, other):
                found.append(f"{name_of(one)} and {name_of(other)}")
    return found


def _meet(one: Any, other: Any) -> bool:
    wide = min(one.winfo_x() + one.winfo_width(), other.winfo_x() + other.winfo_width())
    high = min(one.winfo_y() + one.winfo_height(), other.winfo_y() + other.winfo_height())
    return wide - max(one.winfo_x(), other.winfo_x()) > 1 and high - max(one.winfo_y(), other.winfo_y()) > 1


# -- colours --------------------------------------------------------------------------------------


def contrast(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    """WCAG's ratio of two colours of 16 bits a channel, 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(rgb: tuple[int, int, int]) -> float:
    linear = [
        c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in (each / 65535 for each in rgb)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def faint(root: Any) -> list[str]:
    """Texts whose colour is too near to what is behind them."""
    style, found = ttk.Style(root), []
    for widget in in_sight(root):
        for what, ink, paper, needs in _inks(widget, style):
            ratio = contrast(root.winfo_rgb(ink), root.winfo_rgb(paper))
            if ratio < needs:
                found.append(f"{name_of(widget)} {what}: {ink} on {paper} is {ratio:.1f}, needs {needs}")
    return found


def _inks(widget: Any, style: ttk.Style) -> Iterator[tuple[str, str, str, float]]:
    kind = widget.winfo_class()
    if isinstance(widget, tk.Text):
        paper = str(widget.cget("background"))
        yield "text", str(widget.cget("foreground")), paper, TEXT
        for tag in widget.tag_names():
            ink, own = str(widget.tag_cget(tag, "foreground")), str(widget.tag_cget(tag, "background"))
            if ink:
                yield f"tag {tag}", ink, own or paper, TEXT
        return
    if isinstance(widget, tk.Label):
        if str(widget.cget("text")):
            yield "text", str(widget.cget("foreground")), str(widget.cget("background")), TEXT
        return
    if not isinstance(widget, ttk.Widget):
        return
    name, state = str(widget.cget("style")) or kind, list(widget.state())
    if kind in _TEXTS and not str(widget.cget("text")):
        return
    if kind == "Treeview":
        for flags in ([], ["selected"], ["selected", "focus"]):
            yield str(flags), *_pair(style, name, flags), TEXT
        heading = f"{name}.Heading".removeprefix("Flat.")
        yield "heading", *_pair(style, heading, []), TEXT
        return
    is_field = kind in {"TEntry", "TCombobox", "TSpinbox"}
    if kind in _TEXTS or is_field:
        needs = CONTROL if "disabled" in state else TEXT
        ink, paper = _pair(style, name, state)
        yield "text", ink, str(style.lookup(name, "fieldbackground", state)) if is_field else paper, needs
    if is_field and "disabled" not in state:
        edge = str(style.lookup(name, "bordercolor", state))
        yield "edge", edge, str(style.lookup(name, "fieldbackground", state)), CONTROL


def _pair(style: ttk.Style, name: str, state: list[str]) -> tuple[str, str]:
    return str(style.lookup(name, "foreground", state)), str(style.lookup(name, "background", state))


# -- the keyboard ---------------------------------------------------------------------------------


def can_have_focus(root: Any) -> list[Any]:
    """Every widget that Tab should come to."""
    return [each for each in in_sight(root) if _takes_focus(each)]


def _takes_focus(widget: Any) -> bool:
    return bool(root_of(widget).tk.getboolean(root_of(widget).tk.call("tk::FocusOK", str(widget))))


def root_of(widget: Any) -> Any:
    return widget.winfo_toplevel()


def tab_walk(root: Any, start: Any, press: Callable[[Any], None], most: int = 200) -> list[Any]:
    """Where Tab goes from `start` until it comes back there, by pressing it."""
    start.focus_force()
    root.update()
    seen: list[Any] = []
    while len(seen) < most:
        widget = root.focus_get()
        if widget is None or widget in seen:
            break
        seen.append(widget)
        press(widget)
    return seen
