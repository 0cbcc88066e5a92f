"""Find a key of the plan: what happens to it, and why."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import Protocol

from migrator.gui import labels, theme
from migrator.gui.plan_values import KeyRow, KeysScreen
from migrator.gui.widgets.basics import Card, Delay, WrapLabel, bind_wheel, scrollbar, set_text, show
from migrator.gui.widgets.rows import RowTip, copyable

FIND_MS = 200
#: The table has room for so many rows at least.
LEAST_ROWS = 4


class KeysActions(Protocol):
    """What this card reports."""

    def find(self, text: str | None = None, outcome: str | None = None) -> None: ...


class KeysCard(Card):
    """A list of outcomes, a search, and at most 200 rows."""

    def __init__(self, parent: tk.Misc, actions: KeysActions) -> None:
        super().__init__(parent)
        self._actions = actions
        self._outcomes: dict[str, str] = {}
        self._rows: tuple[KeyRow, ...] = ()
        self._turn = 0
        self._typing = Delay(self, FIND_MS, self.apply)
        self.head.grid(row=0, column=0, sticky="we", padx=theme.px(16), pady=(theme.px(10), theme.px(4)))
        self.body.grid_configure(padx=theme.px(4), pady=(0, theme.px(2)))
        self.head.columnconfigure(2, weight=1)
        ttk.Label(self.head, text=labels.KEYS_TITLE, style="Card.TLabel").grid(row=0, column=0)
        self.outcome = ttk.Combobox(self.head, width=25, font="AppText")
        self.outcome.state(["readonly"])
        self.outcome.grid(row=0, column=1, padx=theme.px(12))
        self.outcome.bind("<<ComboboxSelected>>", self._outcome_chosen)
        bind_wheel(self.outcome, lambda _units: None)
        self.text = tk.StringVar(self)
        self.entry = ttk.Entry(self.head, textvariable=self.text, width=20, font="AppText")
        self.entry.grid(row=0, column=2, sticky="we")
        self.entry.bind("<Return>", lambda _event: self.apply())
        self.hint = ttk.Label(self.entry, text=labels.FIND_KEY, style="Hint.TLabel", cursor="xterm")
        self.hint.bind("<Button-1>", lambda _event: self.entry.focus_set())
        self.hint.place(x=theme.px(7), rely=0.5, anchor="w")
        self.text.trace_add("write", self._typed)
        self.note = ttk.Label(self.head, style="Hint.TLabel")
        self.note.grid(row=0, column=3, padx=(theme.px(12), 0))
        self._build_table()

    def _build_table(self) -> None:
        self.body.rowconfigure(0, weight=1)
        self.body.columnconfigure(0, weight=1)
        self.tree = tree = ttk.Treeview(
            self.body,
            style="Flat.Table.Treeview",
            columns=("size", "what"),
            height=LEAST_ROWS,
            selectmode="browse",
        )
        tree.column("#0", width=theme.px(330), minwidth=theme.px(160), stretch=True)
        tree.column("size", width=theme.px(80), minwidth=theme.px(70), stretch=False, anchor="e")
        tree.column("what", width=theme.px(210), minwidth=theme.px(150), stretch=False)
        tree.heading("#0", text=labels.KEY_COLUMNS[0], anchor="w")
        tree.heading("size", text=labels.KEY_COLUMNS[1], anchor="e")
        tree.heading("what", text=f"   {labels.KEY_COLUMNS[2]}", anchor="w")
        tree.bind("<<TreeviewSelect>>", lambda _event: self._explain())
        bar = scrollbar(self.body, tree.yview)
        tree.configure(yscrollcommand=bar.set)
        tree.grid(row=0, column=0, sticky="nswe")
        bar.grid(row=0, column=1, sticky="ns")
        bind_wheel(tree, lambda units: tree.yview_scroll(units, "units"))
        copyable(tree, lambda row: str(tree.item(row, "text")))
        RowTip(tree, "#0", lambda row: str(tree.item(row, "text")))
        self.why = WrapLabel(self.body, style="Hint.TLabel")
        self.why.grid(row=1, column=0, sticky="we", padx=theme.px(12), pady=(theme.px(4), theme.px(8)))
        self.empty = WrapLabel(self.body, style="Hint.TLabel", anchor="center", justify="center")

    def render(self, screen: KeysScreen) -> None:
        if dict(screen.outcomes) != self._outcomes:
            self._outcomes = dict(screen.outcomes)
            self.outcome.configure(values=tuple(self._outcomes.values()))
        chosen = self._outcomes.get(screen.outcome, labels.ANY_OUTCOME)
        if self.outcome.get() != chosen:
            self.outcome.set(chosen)
        if self.text.get() != screen.text and not self._typing.is_waiting:
            self.text.set(screen.text)
            self._typing.cancel()
        set_text(self.note, screen.note)
        show(self.note, bool(screen.note))
        if screen.rows != self._rows:
            self._rows = screen.rows
            self.tree.delete(*self.tree.get_children())
            for n, row in enumerate(screen.rows):
                self.tree.insert("", "end", iid=f"k{n}", text=row.key, values=(row.size, f"   {row.what}"))
            self._give_room(len(screen.rows))
            if screen.rows:
                self.tree.selection_set("k0")
                self.tree.focus("k0")
            else:
                set_text(self.why, "")
        set_text(self.empty, screen.empty)
        if screen.empty and not screen.rows:
            self.empty.place(relx=0.5, rely=0.5, relwidth=0.8, anchor="center")
        else:
            self.empty.place_forget()

        if screen.turn != self._turn:
            self._turn = screen.turn
            self.tree.focus_set()

    def _give_room(self, rows: int) -> None:
        """Few rows take no more room than they need: what is said of the chosen one stays near them."""
        are_few = 0 < rows <= LEAST_ROWS
        self.tree.configure(height=rows if are_few else LEAST_ROWS)
        self.body.rowconfigure(0, weight=0 if are_few else 1)
        self.body.rowconfigure(2, weight=1 if are_few else 0)

    def _explain(self) -> None:
        """Why it is so, of the chosen row."""
        chosen = self.tree.selection()
        if chosen:
            row = self._rows[int(chosen[0][1:])]
            set_text(self.why, f"{row.what}. {row.why}")

    def _typed(self, *_args: object) -> None:
        if self.text.get():
            self.hint.place_forget()
        else:
            self.hint.place(x=theme.px(7), rely=0.5, anchor="w")
        self._typing.begin()

    def apply(self) -> None:
        """Search now; typing waits a moment first."""
        self._typing.cancel()
        self._actions.find(text=self.text.get())

    def _outcome_chosen(self, _event: object) -> None:
        words = self.outcome.get()
        self.outcome.selection_clear()
        self._actions.find(outcome=next(key for key, text in self._outcomes.items() if text == words))
