"""History: a table of every run, newest first."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

from migrator.gui import labels, theme
from migrator.gui.screen import RunRow, Screen
from migrator.gui.views.page import GAP, PageView
from migrator.gui.widgets.basics import Card, bind_wheel, scrollbar, set_text

#: Column, its heading, width, whether it takes what is left, how it is aligned.
_COLUMNS = (
    ("places", "From → to", 300, True, "w"),
    ("result", "Result", 210, False, "w"),
    ("objects", "Objects", 110, False, "e"),
    ("size", "Data", 80, False, "e"),
    ("took", "Took", 100, False, "e"),
    ("undo", "Undo", 110, False, "w"),
)


class HistoryView(PageView):
    """Renders `HistoryScreen`. Rows are by run, so the chosen one stays chosen."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent, labels.HISTORY_TITLE, labels.HISTORY_CONTEXT)
        page = self.inside
        page.rowconfigure(1, weight=1, minsize=theme.px(240))
        card = Card(page)
        card.grid(row=1, column=0, sticky="nswe", padx=theme.px(GAP), pady=(0, theme.px(16)))
        card.body.grid_configure(padx=theme.px(4), pady=theme.px(2))
        card.body.rowconfigure(0, weight=1)
        card.body.columnconfigure(0, weight=1)
        self.tree = tree = ttk.Treeview(
            card.body,
            style="Flat.Table.Treeview",
            columns=tuple(name for name, *_ in _COLUMNS),
            height=6,
            selectmode="browse",
        )
        tree.column("#0", width=theme.px(170), minwidth=theme.px(150), stretch=False)
        tree.heading("#0", text="Started", anchor="w")
        for name, heading, width, grows, anchor in _COLUMNS:
            left = anchor == "w"
            tree.column(
                name,
                width=theme.px(width),
                minwidth=theme.px(width if not grows else 160),
                stretch=grows,
                anchor="w" if left else "e",
            )
            tree.heading(name, text=f"   {heading}" if left else heading, anchor="w" if left else "e")
        bar = scrollbar(card.body, tree.yview)
        tree.configure(yscrollcommand=bar.set)
        tree.grid(row=0, column=0, sticky="nswe")
        bar.grid(row=0, column=1, sticky="ns")
        self.empty = ttk.Label(card.body, style="Hint.TLabel")
        self._rows: dict[str, RunRow] = {}
        self.finish()
        bind_wheel(tree, lambda units: tree.yview_scroll(units, "units"))

    def focus_first(self) -> None:
        self.tree.focus_set()
        rows = self.tree.get_children()
        if rows and not self.tree.selection():
            self.tree.selection_set(rows[0])
            self.tree.focus(rows[0])

    def render(self, screen: Screen) -> None:
        history = screen.history
        self.header.render(history.head)
        self._draw(history.rows)
        set_text(self.empty, history.empty)
        if history.rows:
            self.empty.place_forget()
        else:
            self.empty.place(relx=0.5, rely=0.5, anchor="center")

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
            values = (
                f"   {row.places}",
                f"   {row.result}",
                row.objects,
                row.size,
                row.took,
                f"   {row.undo}",
            )
            picture = theme.tone_icon(row.tone, 14)
            if row.run in self._rows:
                tree.item(row.run, text=f"  {row.started}", image=picture, values=values)
            else:
                tree.insert("", index, iid=row.run, text=f"  {row.started}", image=picture, values=values)
        self._rows = wanted
