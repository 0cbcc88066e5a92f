"""The cards of the Plan page, each of which draws its part of `PlanScreen`."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from migrator.gui import labels, theme
from migrator.gui.plan_values import Bin, CostScreen, Decision, Share
from migrator.gui.widgets.basics import Card, Delay, WrapLabel, bind_wheel, focus_path, set_text, show
from migrator.gui.widgets.flow import Flow
from migrator.gui.widgets.plots import Histogram, ShareBar

#: Below this a decision's list goes under its words.
NARROW_ROW = 580
#: How long it is said that something was copied.
COPIED_MS = 2000


class OutcomesCard(Card):
    """One bar, and a row for each outcome. A row is pressed to see its keys."""

    def __init__(self, parent: tk.Misc, on_outcome: Callable[[str], None]) -> None:
        super().__init__(parent, labels.OUTCOMES_TITLE, "list-check")
        self._on_outcome = on_outcome
        self.total = ttk.Label(self.head, style="Hint.TLabel")
        self.total.pack(side="right")
        self.body.columnconfigure(0, weight=1)
        self.bar = ShareBar(self.body)
        self.bar.grid(row=0, column=0, sticky="we", pady=(theme.px(2), theme.px(8)))
        self._table = ttk.Frame(self.body)
        self._table.grid(row=1, column=0, sticky="we")
        self._table.columnconfigure(4, weight=1)
        self._table.columnconfigure(2, minsize=theme.px(74))
        self.rows: list[OutcomeRow] = []

    def render(self, shares: tuple[Share, ...], total: str, *, has_keys: bool) -> None:
        set_text(self.total, total)
        self.bar.show([(share.fraction, share.role) for share in shares])
        # While it is being made nobody has counted bytes.
        self._table.columnconfigure(3, minsize=theme.px(72 if any(each.size for each in shares) else 0))
        while len(self.rows) < len(shares):
            self.rows.append(OutcomeRow(self._table, len(self.rows), self._on_outcome))
        for n, row in enumerate(self.rows):
            row.render(shares[n] if n < len(shares) else None, has_keys=has_keys)


class OutcomeRow:
    """Swatch, words, objects, bytes, what is said about them, and a button to see the keys."""

    def __init__(self, table: ttk.Frame, row: int, on_outcome: Callable[[str], None]) -> None:
        self._outcome = ""
        pad, side = theme.px(2), theme.px(11)
        self.swatch = tk.Frame(table, width=side, height=side)
        self.text = ttk.Label(table)
        self.count = ttk.Label(table, anchor="e")
        self.size = ttk.Label(table, anchor="e")
        self.note = WrapLabel(table, style="Hint.TLabel")
        self.button = ttk.Button(
            table,
            image=theme.button_icon("chevron-right", 12),
            style="Icon.TButton",
            command=lambda: on_outcome(self._outcome),
        )
        self.swatch.grid(row=row, column=0, padx=(0, theme.px(10)))
        self.text.grid(row=row, column=1, sticky="w", padx=(0, theme.px(12)), pady=pad)
        self.count.grid(row=row, column=2, sticky="e")
        self.size.grid(row=row, column=3, sticky="e")
        self.note.grid(row=row, column=4, sticky="we", padx=(theme.px(14), theme.px(4)))
        self.button.grid(row=row, column=5, sticky="e")

    @property
    def parts(self) -> tuple[tk.Misc, ...]:
        return (self.swatch, self.text, self.count, self.size, self.note, self.button)

    def render(self, share: Share | None, *, has_keys: bool) -> None:
        for part in self.parts:
            show(part, share is not None)
        if share is None:
            return
        show(self.button, has_keys)
        self._outcome = "copy" if share.outcome == "replace" else share.outcome
        self.swatch.configure(background=theme.color(share.role))
        style = "Strong.TLabel" if share.outcome == "copy" else "TLabel"
        for label, words in ((self.text, share.text), (self.count, share.count)):
            label.configure(style=style)
            set_text(label, words)
        set_text(self.size, share.size)
        set_text(self.note, share.note)
        self.note.configure(style="warn.NoteHint.TLabel" if share.note_tone == "warn" else "Hint.TLabel")


class DecisionsCard(Card):
    """A row for each thing to decide, with its control in it."""

    def __init__(self, parent: tk.Misc, on_decide: Callable[[str, str], None]) -> None:
        super().__init__(parent, labels.DECISIONS_TITLE, "signpost-2")
        self._on_decide = on_decide
        self.body.columnconfigure(0, weight=1)
        self.nothing = ttk.Label(self.body, text=labels.NOTHING_OPEN, style="Hint.TLabel")
        self.nothing.grid(row=0, column=0, sticky="w")
        self.rows: dict[str, DecisionRow] = {}
        self._drawn: tuple[Decision, ...] = ()

    def render(self, decisions: tuple[Decision, ...]) -> None:
        if decisions == self._drawn:
            return
        self._drawn = decisions
        show(self.nothing, not decisions)
        focused = focus_path(self)
        for name in [each for each in self.rows if each not in {one.name for one in decisions}]:
            self.rows.pop(name).destroy()
        for n, each in enumerate(decisions):
            row = self.rows.get(each.name)
            if row is None or row.decision != each:
                had_focus = row is not None and focused.startswith(str(row))
                if row is not None:
                    row.destroy()
                row = self.rows[each.name] = DecisionRow(self.body, each, self._on_decide, is_first=n == 0)
                if had_focus and row.control is not None:
                    row.control.focus_set()
            row.grid(row=n + 1, column=0, sticky="we")


class DecisionRow(ttk.Frame):
    """Sign, title, consequence, and a list, a button, or the way back."""

    def __init__(
        self, parent: tk.Misc, decision: Decision, on_decide: Callable[[str, str], None], *, is_first: bool
    ) -> None:
        super().__init__(parent)
        self.decision, self._on_decide = decision, on_decide
        self.columnconfigure(1, weight=1)
        if not is_first:
            line = tk.Frame(self, height=1, background=theme.color("line"))
            line.grid(row=0, column=0, columnspan=3, sticky="we", pady=(theme.px(7), theme.px(7)))
        tone = "ok" if decision.answered else str(decision.tone)
        ttk.Label(self, image=theme.tone_icon(tone, 18)).grid(
            row=1, column=0, rowspan=2, sticky="n", padx=(0, theme.px(10)), pady=(theme.px(1), 0)
        )
        title = f"{decision.title}. {decision.answered}" if decision.answered else decision.title
        WrapLabel(self, text=title, style="Strong.TLabel").grid(row=1, column=1, sticky="we")
        WrapLabel(self, text=decision.text, style="Hint.TLabel").grid(
            row=2, column=1, sticky="we", pady=(theme.px(1), 0)
        )
        self.control = self._control()
        self._is_narrow: bool | None = None
        self._place(is_narrow=False)
        self.bind("<Configure>", lambda event: self._place(is_narrow=event.width < theme.px(NARROW_ROW)))

    def _place(self, *, is_narrow: bool) -> None:
        """A list beside the words, or below them where there is little room; buttons stay beside."""
        if self.control is None or is_narrow == self._is_narrow:
            return
        self._is_narrow = is_narrow
        if is_narrow and isinstance(self.control, ttk.Combobox):
            self.control.grid(row=3, column=1, rowspan=1, sticky="w", padx=0, pady=(theme.px(5), 0))
        else:
            self.control.grid(row=1, column=2, rowspan=2, sticky="e", padx=(theme.px(14), 0), pady=0)

    def _control(self) -> ttk.Widget | None:
        name, choices = self.decision.name, self.decision.choices
        if not choices:
            return None
        if self.decision.answered:
            return ttk.Button(
                self, text=labels.CHANGE, style="Small.TButton", command=lambda: self._on_decide(name, "")
            )
        if len(choices) == 1:
            answer, text = next(iter(choices.items()))
            return ttk.Button(
                self, text=text, style="Outline.TButton", command=lambda: self._on_decide(name, answer)
            )
        self._chosen = tk.StringVar(self, labels.CHOOSE)
        box = ttk.Combobox(
            self, values=tuple(choices.values()), textvariable=self._chosen, width=28, font="AppText"
        )
        box.state(["readonly"])
        box.bind("<<ComboboxSelected>>", lambda _event: self._list_chosen())
        bind_wheel(box, lambda _units: None)
        return box

    def _list_chosen(self) -> None:
        words = self._chosen.get()
        answer = next(key for key, text in self.decision.choices.items() if text == words)
        self._on_decide(self.decision.name, answer)


class CostCard(Card):
    """The estimate as a small table; what it rests on below."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent, labels.COSTS_TITLE, "cash-coin")
        ttk.Label(self.head, text=labels.ESTIMATE, style="Hint.TLabel").pack(side="right")
        self.body.columnconfigure(0, weight=1)
        self._drawn: CostScreen | None = None
        self._table = ttk.Frame(self.body)
        self._table.grid(row=0, column=0, sticky="we")
        self._table.columnconfigure(0, weight=1)
        self.note = WrapLabel(self.body, style="Hint.TLabel")
        self.note.grid(row=1, column=0, sticky="we", pady=(theme.px(8), 0))

    def render(self, costs: CostScreen) -> None:
        if costs == self._drawn:
            return
        self._drawn = costs
        for old in self._table.winfo_children():
            old.destroy()
        had_sum = False
        for n, row in enumerate(costs.rows):
            if row.is_sum and not had_sum:
                had_sum = True
                line = tk.Frame(self._table, height=1, background=theme.color("line"))
                line.grid(row=3 * n, column=0, columnspan=3, sticky="we", pady=theme.px(6))
            style, at = "Strong.TLabel" if row.is_sum else "TLabel", 3 * n + 1
            WrapLabel(self._table, text=row.text, style=style).grid(row=at, column=0, sticky="we")
            wide = 2 if row.is_sum else 1
            ttk.Label(self._table, text=row.money, style=style).grid(
                row=at, column=3 - wide, columnspan=wide, sticky="e", pady=theme.px(3)
            )
            if not row.amount:
                continue
            amount = ttk.Label(self._table, text=row.amount, style="Hint.TLabel")
            if row.is_sum:  # a remark rather than a number: it gets a line of its own
                amount.grid(row=at + 1, column=0, columnspan=3, sticky="e")
            else:
                amount.grid(row=at, column=1, sticky="e", padx=theme.px(12))
        set_text(self.note, costs.note)


class SizesCard(Card):
    """The histogram of what is to be copied."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent, labels.SIZES_TITLE, "bar-chart")
        ttk.Label(self.head, text=labels.SIZES_NOTE, style="Hint.TLabel").pack(side="right")
        self.body.columnconfigure(0, weight=1)
        self.body.rowconfigure(0, weight=1)
        self.plot = Histogram(self.body)
        self.plot.grid(row=0, column=0, sticky="nswe")

    def render(self, sizes: tuple[Bin, ...]) -> None:
        self.plot.show(sizes)


class PermissionsCard(Card):
    """What keys need for exactly this job, ready to paste."""

    def __init__(self, parent: tk.Misc, on_copy: Callable[[str], bool]) -> None:
        super().__init__(parent, labels.PERMISSIONS_TITLE, "shield-lock")
        self._on_copy = on_copy
        self.body.columnconfigure(0, weight=1)
        self.text = WrapLabel(self.body)
        self.text.grid(row=0, column=0, sticky="we", pady=(0, theme.px(8)))
        row = Flow(self.body)
        row.grid(row=1, column=0, sticky="we")
        self.buttons = {}
        for provider, words in labels.COPY_POLICY.items():
            button = ttk.Button(row, text=words, style="Secondary.TButton")
            button.configure(command=lambda name=provider: self._copy(name))  # type: ignore[misc]
            self.buttons[provider] = button
        row.arrange()
        self.said = ttk.Label(self.body, style="ok.NoteHint.TLabel")
        self.said.grid(row=2, column=0, sticky="w", pady=(theme.px(4), 0))
        self._silence = Delay(self, COPIED_MS, lambda: set_text(self.said, ""))

    def render(self, text: str) -> None:
        set_text(self.text, text)

    def _copy(self, provider: str) -> None:
        if not self._on_copy(provider):
            return
        set_text(self.said, labels.COPIED)
        self._silence.begin()
