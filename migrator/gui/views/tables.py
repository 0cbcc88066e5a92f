"""The two tables of the Run page: transfers under way, and what was not copied, grouped by cause."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from dataclasses import replace
from tkinter import ttk

from migrator.gui import labels, theme
from migrator.gui.screen import Group, Row, TransferRow
from migrator.gui.widgets.basics import WrapLabel, scrollbar, set_text, show
from migrator.gui.widgets.flow import Flow
from migrator.gui.widgets.meter_bar import BarPictures
from migrator.gui.widgets.rows import RowTip, copyable
from migrator.phrases import count, together

#: Rows that the table of causes shows without being scrolled.
ROWS_IN_SIGHT = 8


class TransfersTable(ttk.Frame):
    """At most 64 rows, reused in place and written only where their text changed."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent)
        self.rowconfigure(0, weight=1)
        self.columnconfigure(0, weight=1)
        self.tree = tree = ttk.Treeview(
            self,
            style="Flat.Table.Treeview",
            columns=("key", "size", "speed", "state"),
            height=3,
            selectmode="browse",
        )
        self._pictures = BarPictures(self)
        self._rows: list[TransferRow] = []
        tree.column("#0", width=theme.px(170), minwidth=theme.px(150), stretch=False)
        tree.column("key", width=theme.px(420), minwidth=theme.px(160), stretch=True)
        tree.column("size", width=theme.px(90), minwidth=theme.px(70), stretch=False, anchor="e")
        tree.column("speed", width=theme.px(96), minwidth=theme.px(84), stretch=False, anchor="e")
        tree.column("state", width=theme.px(308), minwidth=theme.px(120), stretch=False)
        tree.heading("#0", text=labels.TRANSFER_COLUMNS[0], anchor="w")
        tree.heading("key", text=labels.TRANSFER_COLUMNS[1], anchor="w")
        tree.heading("size", text=labels.TRANSFER_COLUMNS[2], anchor="e")
        tree.heading("speed", text=labels.TRANSFER_COLUMNS[3], anchor="e")
        tree.heading("state", text=f"   {labels.TRANSFER_COLUMNS[4]}", anchor="w")
        copyable(tree, self._whole)
        self.tip = RowTip(tree, "key", self._whole)
        bar = scrollbar(self, tree.yview)
        tree.configure(yscrollcommand=bar.set)
        tree.grid(row=0, column=0, sticky="nswe", padx=(theme.px(4), 0), pady=theme.px(2))
        bar.grid(row=0, column=1, sticky="ns")
        self.empty = ttk.Label(self, text=labels.NO_TRANSFERS, style="Hint.TLabel")
        self.empty.place(relx=0.5, rely=0.5, anchor="center")

    def render(self, rows: tuple[TransferRow, ...]) -> None:
        tree = self.tree
        for n, row in enumerate(rows):
            old = self._rows[n] if n < len(self._rows) else None
            if row == old:
                continue
            values = (row.key, row.size, row.speed, f"   {row.state}")
            picture, text = self._pictures.of(row.percent), f"  {row.percent} %"
            if old is None:
                tree.insert("", "end", iid=f"t{n}", image=picture, text=text, values=values)
                self._rows.append(row)
                continue
            if old.percent != row.percent:
                tree.item(f"t{n}", image=picture, text=text)
            if replace(old, percent=row.percent) != row:
                tree.item(f"t{n}", values=values)
            self._rows[n] = row
        if len(self._rows) > len(rows):
            tree.delete(*(f"t{n}" for n in range(len(rows), len(self._rows))))
            del self._rows[len(rows) :]
        if rows:
            self.empty.place_forget()
        elif not self.empty.winfo_manager():
            self.empty.place(relx=0.5, rely=0.5, anchor="center")

    def _whole(self, row: str) -> str:
        """The key of a row, not shortened."""
        n = int(row.removeprefix("t"))
        return self._rows[n].whole if n < len(self._rows) else ""


class PlainTable(ttk.Frame):
    """Rows of words, rewritten in place. Columns are (heading, width); that without one takes the rest.

    `follows`: rows move, and the chosen one goes on to be chosen where it moves to.
    """

    def __init__(
        self, parent: tk.Misc, columns: Sequence[tuple[str, int]], empty: str, *, follows: bool = False
    ) -> None:
        super().__init__(parent)
        self._follows = follows
        self.rowconfigure(0, weight=1)
        self.columnconfigure(0, weight=1)
        names = tuple(f"c{n}" for n in range(1, len(columns)))
        self.tree = tree = ttk.Treeview(
            self, style="Flat.Table.Treeview", columns=names, height=3, selectmode="browse"
        )
        for name, (heading, width) in zip(("#0", *names), columns, strict=True):
            tree.column(
                name,
                width=theme.px(width or 200),
                minwidth=theme.px(min(width or 120, 80)),
                stretch=not width,
            )
            tree.heading(name, text=heading, anchor="w")
        bar = scrollbar(self, tree.yview)
        tree.configure(yscrollcommand=bar.set)
        tree.grid(row=0, column=0, sticky="nswe", padx=(theme.px(4), 0), pady=theme.px(2))
        bar.grid(row=0, column=1, sticky="ns")
        self.empty = ttk.Label(self, text=empty, style="Hint.TLabel")
        copyable(
            tree, lambda row: "  ".join((str(tree.item(row, "text")), *map(str, tree.item(row, "values"))))
        )
        self._rows: list[Row] = []
        self._note(has_rows=False)

    def render(self, rows: tuple[Row, ...]) -> None:
        tree = self.tree
        chosen = self._chosen if self._follows else None
        for n, row in enumerate(rows):
            if n == len(self._rows):
                tree.insert("", "end", iid=f"r{n}", text=row.cells[0], values=row.cells[1:])
                self._rows.append(row)
            elif row != self._rows[n]:
                tree.item(f"r{n}", text=row.cells[0], values=row.cells[1:])
                self._rows[n] = row
        if len(self._rows) > len(rows):
            tree.delete(*(f"r{n}" for n in range(len(rows), len(self._rows))))
            del self._rows[len(rows) :]
        if chosen is not None and chosen != self._chosen:
            tree.selection_set([f"r{rows.index(chosen)}"] if chosen in rows else [])
        self._note(has_rows=bool(rows))

    def choose(self, row: int) -> None:
        """Bring a row into sight, with the focus."""
        _choose(self.tree, f"r{row}")

    @property
    def _chosen(self) -> Row | None:
        chosen = self.tree.selection()
        return self._rows[int(chosen[0][1:])] if chosen else None

    def _note(self, *, has_rows: bool) -> None:
        if has_rows:
            self.empty.place_forget()
        elif not self.empty.winfo_manager():
            self.empty.place(relx=0.5, rely=0.5, anchor="center")


class ProblemsTable(ttk.Frame):
    """Causes with their sample keys on the left, what they mean on the right. Rows never change places."""

    def __init__(
        self,
        parent: tk.Misc,
        on_retry: Callable[[str], None],
        on_copy: Callable[[str, Sequence[str]], None],
        on_leave_out: Callable[[str, int], None],
    ) -> None:
        super().__init__(parent)
        self._on_retry, self._on_copy, self._on_leave_out = on_retry, on_copy, on_leave_out
        self._can_retry = False
        self.on_height: Callable[[int], None] = lambda _height: None  #: hears how high the words are
        self.rowconfigure(0, weight=1)
        self.columnconfigure(0, weight=3, uniform="half")
        self.columnconfigure(2, weight=2, uniform="half")
        self.tree = tree = ttk.Treeview(
            self, style="Table.Treeview", columns=("count",), height=3, selectmode="browse"
        )
        tree.column("#0", width=theme.px(300), minwidth=theme.px(160), stretch=True)
        tree.column("count", width=theme.px(80), minwidth=theme.px(60), stretch=False, anchor="e")
        tree.heading("#0", text=labels.CAUSE_COLUMNS[0], anchor="w")
        tree.heading("count", text=labels.CAUSE_COLUMNS[1], anchor="e")
        bar = scrollbar(self, tree.yview)
        tree.configure(yscrollcommand=bar.set)
        tree.grid(row=0, column=0, sticky="nswe", padx=(theme.px(4), 0), pady=theme.px(2))
        bar.grid(row=0, column=1, sticky="ns")
        tree.bind("<<TreeviewSelect>>", lambda _event: self._explain())
        copyable(tree, lambda row: str(tree.item(row, "text")).strip())
        self._groups: tuple[Group, ...] = ()
        self._group_of: dict[str, int] = {}
        self.detail = detail = ttk.Frame(self)
        detail.grid(row=0, column=2, sticky="nswe", padx=theme.px(16), pady=theme.px(6))
        detail.columnconfigure(0, weight=1)
        self.cause = WrapLabel(detail, style="Card.TLabel")
        self.happened = ttk.Label(detail, text=labels.WHAT_HAPPENED, style="Strong.TLabel")
        self.message = WrapLabel(detail)
        self.advised = ttk.Label(detail, text=labels.WHAT_TO_DO, style="Strong.TLabel")
        self.advice = WrapLabel(detail)
        for n, part in enumerate((self.cause, self.happened, self.message, self.advised, self.advice)):
            part.grid(row=n, column=0, sticky="we", pady=(theme.px(10 if n in {1, 3} else 2), 0))
        self._buttons = row = Flow(detail)
        row.grid(row=5, column=0, sticky="swe", pady=(theme.px(8), 0))
        detail.rowconfigure(5, weight=1)
        for part in (self.cause, self.message, self.advice):
            part.bind("<Configure>", lambda _event: self._measure(), "+")
        row.bind("<<Arranged>>", lambda _event: self._measure(), "+")
        self.retry = ttk.Button(row, style="Outline.TButton", command=self._retry_pressed)
        self.copy = ttk.Button(
            row, text=labels.COPY_KEYS, style="Secondary.TButton", command=self._copy_pressed
        )
        self.leave_out = ttk.Button(
            row, text=labels.LEAVE_OUT, style="Secondary.TButton", command=self._leave_out_pressed
        )
        self.why_not = WrapLabel(detail, style="Hint.TLabel")
        self.why_not.grid(row=6, column=0, sticky="we", pady=(theme.px(6), 0))
        self.empty = ttk.Label(self, text=labels.NO_PROBLEMS, style="Hint.TLabel")
        self.empty.place(relx=0.5, rely=0.5, anchor="center")
        detail.grid_remove()

    def render(self, groups: tuple[Group, ...], *, can_retry: bool = False) -> None:
        if groups == self._groups and can_retry == self._can_retry:
            return
        self._can_retry = can_retry
        tree, before = self.tree, self._groups
        if len(groups) < len(before) or not all(map(_goes_on, before, groups)):
            tree.delete(*tree.get_children())
            self._group_of.clear()
            before = ()
        self._groups = groups
        for n, group in enumerate(groups):
            old = before[n] if n < len(before) else None
            if group == old:
                continue
            iid = f"g{n}"
            if old is None:
                tree.insert(
                    "", "end", iid=iid, text=f"  {group.cause}", image=theme.tone_icon(group.tone, 14)
                )
                self._group_of[iid] = n
            tree.item(iid, values=(f"{group.count:,}",))
            self._samples(iid, n, old, group)
        if groups:
            self.empty.place_forget()
            self.detail.grid()
            if not tree.selection():
                tree.selection_set("g0")
                # Every cause is in sight at a glance: keys only where there is room for all of them.
                rows = len(groups) + len(groups[0].samples) + (groups[0].count > len(groups[0].samples))
                tree.item("g0", open=len(groups) == 1 or rows <= ROWS_IN_SIGHT)
            self._explain()
        else:
            self.detail.grid_remove()
            self.empty.place(relx=0.5, rely=0.5, anchor="center")

    def choose(self, group: int, sample: int) -> None:
        """Bring a key into sight, with the focus and with what is said of its cause."""
        _choose(self.tree, f"g{group}s{sample}")

    def _measure(self) -> None:
        self.on_height(self.detail.winfo_reqheight() + 2 * theme.px(6))

    def _samples(self, iid: str, n: int, old: Group | None, group: Group) -> None:
        had = len(old.samples) if old else 0
        for k, key in enumerate(group.samples[had:], start=had):
            child = f"{iid}s{k}"
            self.tree.insert(iid, "end", iid=child, text=key)
            self._group_of[child] = n
        more, rest = f"{iid}more", group.count - len(group.samples)
        if rest > 0:
            if not self.tree.exists(more):
                self.tree.insert(iid, "end", iid=more)
                self._group_of[more] = n
            self.tree.item(more, text=f"{rest:,} more…")

    @property
    def _chosen(self) -> Group | None:
        chosen = self.tree.selection()
        return self._groups[self._group_of[chosen[0]]] if chosen else None

    def _retry_pressed(self) -> None:
        if self._chosen is not None:
            self._on_retry(self._chosen.code)

    def _copy_pressed(self) -> None:
        if self._chosen is not None:
            self._on_copy(self._chosen.named_by, self._chosen.samples)

    def _leave_out_pressed(self) -> None:
        if self._chosen is not None:
            self._on_leave_out(self._chosen.left_out_by, self._chosen.count)

    def _explain(self) -> None:
        group = self._chosen
        if group is None:
            return
        set_text(self.cause, f"{group.cause} · {together(count(group.count, 'object'))}")
        set_text(self.message, group.message)
        set_text(self.advice, group.advice)
        for part in (self.advised, self.advice):
            show(part, bool(group.advice))
        self.retry.configure(text=labels.RETRY_THESE.format(count=f"{group.count:,}"))
        self._buttons.show(self.retry, visible=self._can_retry and bool(group.code))
        self._buttons.show(self.leave_out, visible=bool(group.left_out_by))
        self._buttons.arrange()
        set_text(self.why_not, group.why_not)
        show(self.why_not, bool(group.why_not))


def _choose(tree: ttk.Treeview, row: str) -> None:
    if tree.exists(row):
        tree.see(row)  # opens what it is in, too
        tree.selection_set(row)
        tree.focus(row)
        tree.focus_set()


def _goes_on(before: Group, group: Group) -> bool:
    """Whether what is drawn of a group only has to be added to."""
    return before.cause == group.cause and group.samples[: len(before.samples)] == before.samples
