"""History: a table of every run, newest first, and the chosen one below it."""

from __future__ import annotations

import tkinter as tk
from tkinter import font as tkfont
from tkinter import ttk
from typing import Any, Literal

from migrator.gui import labels, theme
from migrator.gui.run_actions import Act
from migrator.gui.screen import RunRow, Screen
from migrator.gui.views.page import GAP, PageView
from migrator.gui.views.run_detail import HistoryActions, RunDetailCard
from migrator.gui.widgets.basics import Card, bind_wheel, scrollbar, show
from migrator.gui.widgets.empty import EmptyState
from migrator.gui.widgets.rows import RowTip, copyable

#: Columns besides the first, and how they are aligned. `places` takes the room that is left.
_COLUMNS: tuple[tuple[str, Literal["w", "e"]], ...] = (
    ("places", "w"),
    ("result", "w"),
    ("objects", "e"),
    ("size", "e"),
    ("took", "e"),
    ("kept", "e"),
    ("undo", "w"),
)
#: Given up in this order where there is no room: the chosen run says them too.
_SPARE = ("took", "kept", "size", "undo")
#: Those of them that are given up already where places would have to be shortened.
_EARLY = ("took", "kept")
#: Room around a cell's text, beside the picture, and that `places` should have at least.
_AROUND, _PICTURE, _LEAST_PLACES, _MOST_PLACES = 26, 16, 220, 420


class HistoryView(PageView):
    """Renders `HistoryScreen`. Rows are by run, so the chosen one stays chosen."""

    def __init__(self, parent: tk.Misc, actions: HistoryActions) -> None:
        super().__init__(parent, labels.HISTORY_TITLE, labels.HISTORY_CONTEXT)
        self._actions = actions
        page = self.inside
        page.rowconfigure(1, weight=1, minsize=theme.px(190))
        card = Card(page)
        card.grid(row=1, column=0, sticky="nswe", padx=theme.px(GAP), pady=(0, theme.px(12)))
        card.body.grid_configure(padx=theme.px(4), pady=theme.px(2))
        card.body.rowconfigure(0, weight=1)
        card.body.columnconfigure(0, weight=1)
        self.tree = tree = ttk.Treeview(
            card.body,
            style="Flat.Table.Treeview",
            columns=tuple(name for name, _ in _COLUMNS),
            height=5,
            selectmode="browse",
        )
        tree.heading("#0", text=labels.RUN_COLUMNS["started"], anchor="w")
        for name, anchor in _COLUMNS:
            tree.heading(name, text=_cell(labels.RUN_COLUMNS[name], anchor), anchor=anchor)
            tree.column(name, anchor=anchor, stretch=name == "places")
        bar = scrollbar(card.body, tree.yview)
        tree.configure(yscrollcommand=bar.set)
        tree.grid(row=0, column=0, sticky="nswe")
        bar.grid(row=0, column=1, sticky="ns")
        self.empty = EmptyState(card.body, "clock-history")
        self.detail = RunDetailCard(page, actions)
        self.detail.grid(row=2, column=0, sticky="we", padx=theme.px(GAP), pady=(0, theme.px(16)))
        self.detail.grid_remove()
        self._rows: dict[str, RunRow] = {}
        self._widths: dict[str, int] = {}
        self._chosen = ""
        self._fitted = 0  #: the width that the places on screen are shortened for
        self._wanted = theme.px(_LEAST_PLACES)  #: what `places` would like to have
        self._widths = self._measure()
        self.finish()
        bind_wheel(tree, lambda units: tree.yview_scroll(units, "units"))
        copyable(tree, self._as_text)
        RowTip(tree, "places", lambda row: self._rows[row].places if row in self._rows else "")
        tree.bind("<<TreeviewSelect>>", self._selected)
        tree.bind("<Return>", self._opened)
        tree.bind("<Delete>", lambda _event: actions.do(Act.FORGET))
        tree.bind("<Configure>", lambda _event: self._fit_columns())

    def focus_first(self) -> None:
        self.tree.focus_set()

    def _as_text(self, run: str) -> str:
        """A row to paste: the run's id, and what every column says."""
        row = self._rows[run]
        return "  ".join((run, row.started, *(getattr(row, name) for name, _ in _COLUMNS)))

    def render(self, screen: Screen) -> None:
        history = screen.history
        self.header.render(history.head)
        self._draw(history.rows)
        self.empty.say(history.empty, history.advice)
        # Headings of nothing would be in the way of what is said instead.
        self.tree.configure(show="tree headings" if history.rows else "tree")
        if history.rows:
            self.empty.place_forget()
        else:
            self.empty.place(relx=0.5, rely=0.5, anchor="center")
        # Only where the page chose: what somebody just clicked on may not have been reported yet.
        if history.chosen and history.chosen != self._chosen:
            self._chosen = history.chosen
            self.tree.selection_set(history.chosen)
            self.tree.focus(history.chosen)
            self.tree.see(history.chosen)
        show(self.detail, history.detail is not None)
        if history.detail is not None:
            self.detail.render(history.detail)

    def _selected(self, _event: object) -> None:
        if chosen := self.tree.selection():
            self._chosen = chosen[0]
            self._actions.choose(chosen[0])

    def _opened(self, _event: tk.Event[Any]) -> str:
        """Return goes to what can be done about the run; it does nothing by itself."""
        self.detail.focus_first()
        return "break"

    def _draw(self, rows: tuple[RunRow, ...]) -> None:
        wanted = {row.run: row for row in rows}
        if wanted == self._rows:
            return
        tree = self.tree
        gone = [run for run in self._rows if run not in wanted]
        if gone:
            tree.delete(*gone)
        for index, row in enumerate(rows):
            if self._rows.get(row.run) == row:
                continue
            values = tuple(_cell(getattr(row, name), anchor) for name, anchor in _COLUMNS)
            picture = theme.tone_icon(row.tone, 14)
            if row.run in self._rows:
                tree.item(row.run, text=f"  {row.started}", image=picture, values=values)
            else:
                tree.insert("", index, iid=row.run, text=f"  {row.started}", image=picture, values=values)
        self._rows, self._fitted = wanted, 0
        self._widths = self._measure()
        self._fit_columns()

    def _measure(self) -> dict[str, int]:
        """How wide each column has to be for what is in it."""
        text = tkfont.nametofont("AppText", root=self.tree)
        hint = tkfont.nametofont("AppHint", root=self.tree)
        widths = {}
        rows = self.tree.get_children()
        for name in ("started", *(name for name, _ in _COLUMNS)):
            column = "#0" if name == "started" else name
            told = {
                str(self.tree.item(row, "text") if column == "#0" else self.tree.set(row, name))
                for row in rows
            }
            cells = max((text.measure(each.strip()) for each in sorted(told, key=len)[-4:]), default=0)
            heading = hint.measure(str(self.tree.heading(column, "text")).strip())
            widths[name] = max(cells, heading) + theme.px(_AROUND)
        widths["started"] += theme.px(_PICTURE)
        widest = max((text.measure(row.short_places) for row in self._rows.values()), default=0)
        self._wanted = min(max(widest + theme.px(_AROUND), theme.px(_LEAST_PLACES)), theme.px(_MOST_PLACES))
        return widths

    def _fit_columns(self) -> None:
        """Every column as wide as its text; where there is no room for all, some are left out."""
        if not self._widths:
            return
        tree, room = self.tree, self.tree.winfo_width()
        shown = [name for name, _ in _COLUMNS]
        for name in _SPARE:
            fixed = sum(self._widths[each] for each in ("started", *shown) if each != "places")
            least = self._wanted if name in _EARLY else theme.px(_LEAST_PLACES)
            if fixed + least <= room or room <= 1:
                break
            shown.remove(name)
        # What was given up for a wider one may fit all the same.
        for name in (each for each in _EARLY if each not in shown):
            fixed = sum(self._widths[each] for each in ("started", name, *shown) if each != "places")
            if fixed + self._wanted <= room:
                shown = [each for each, _ in _COLUMNS if each in {*shown, name}]
        if tuple(tree["displaycolumns"]) != tuple(shown):
            tree.configure(displaycolumns=shown)
        fixed = 0
        for name in ("started", *shown):
            if name != "places":
                width = self._widths[name]
                fixed += width
                tree.column("#0" if name == "started" else name, width=width, minwidth=width, stretch=False)
        left = max(theme.px(120), room - fixed)
        tree.column("places", width=left, minwidth=theme.px(120), stretch=True)
        if left != self._fitted:
            self._fitted = left
            text = tkfont.nametofont("AppText", root=tree)
            for run, row in self._rows.items():
                space = left - theme.px(_AROUND)
                fits = text.measure(row.places) <= space
                places = row.places if fits else _shortened(row.short_places, space, text)
                tree.set(run, "places", _cell(places, "w"))


def _shortened(text: str, room: int, font: tkfont.Font) -> str:
    """Both places as far as there is room: where to is as important as where from."""
    if font.measure(text) <= room:
        return text
    source, arrow, destination = text.partition(" → ")
    half = (room - font.measure(arrow)) // 2 if arrow else room
    spare = max(0, half - font.measure(source)), max(0, half - font.measure(destination))
    return _ended(source, half + spare[1], font) + arrow + _ended(destination, half + spare[0], font)


def _ended(text: str, room: int, font: tkfont.Font) -> str:
    if font.measure(text) <= room:
        return text
    while text and font.measure(f"{text}…") > room:
        text = text[:-1]
    return f"{text}…"


def _cell(text: str, anchor: str) -> str:
    """Text beside the column before it: numbers end where words begin."""
    return f"   {text}" if anchor == "w" else text
