"""The cards of the Run page: phases and figures, throughput, what now, and the books."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

from migrator.gui import labels, theme
from migrator.gui.screen import Bar, EndPoint, Figure, LedgerScreen, Throughput
from migrator.gui.widgets.basics import Card, WrapLabel, set_text, show
from migrator.gui.widgets.flow import Flow
from migrator.gui.widgets.meter_bar import MeterBar
from migrator.gui.widgets.plots import LinePlot

MAX_BARS, MAX_FIGURES, MAX_TERMS = 2, 4, 7


class PhasesView(Card):
    """Two bars in fixed places, and the figures below them."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent)
        body = self.body
        body.columnconfigure(1, weight=1)
        self.bars = []
        for n in range(MAX_BARS):
            top = theme.px(8) if n else 0
            label = ttk.Label(body, style="Strong.TLabel")
            meter = MeterBar(body)
            right = ttk.Label(body, style="Strong.TLabel", anchor="e")
            below = WrapLabel(body, style="Hint.TLabel")
            label.grid(row=2 * n, column=0, sticky="w", padx=(0, theme.px(14)), pady=(top, 0))
            meter.grid(row=2 * n, column=1, sticky="we", pady=(top, 0))
            right.grid(row=2 * n, column=2, sticky="e", padx=(theme.px(14), 0), pady=(top, 0))
            below.grid(row=2 * n + 1, column=1, columnspan=2, sticky="we", pady=(theme.px(2), 0))
            self.bars.append((label, meter, right, below))
        body.columnconfigure(2, minsize=theme.px(96))
        row = ttk.Frame(body)
        row.grid(row=2 * MAX_BARS, column=0, columnspan=3, sticky="we", pady=(theme.px(12), 0))
        self.figures = []
        for n in range(MAX_FIGURES):
            cell = ttk.Frame(row)
            cell.grid(row=0, column=n, sticky="nw", padx=(0, theme.px(26)))
            value = ttk.Label(cell, style="Figure.TLabel", compound="left")
            caption = ttk.Label(cell, style="Hint.TLabel")
            value.pack(anchor="w")
            caption.pack(anchor="w")
            self.figures.append((value, caption))

    def render(self, bars: tuple[Bar, ...], figures: tuple[Figure, ...]) -> None:
        for n, (label, meter, right, below) in enumerate(self.bars):
            widgets = (label, meter, right, below)
            for widget in widgets:
                show(widget, n < len(bars))
            if n < len(bars):
                bar = bars[n]
                set_text(label, bar.label)
                meter.show(bar.fraction, is_done=bar.is_done)
                set_text(right, bar.right)
                set_text(below, bar.below)
        for n, (value, caption) in enumerate(self.figures):
            figure = figures[n] if n < len(figures) else Figure("", "")
            set_text(value, figure.value if figure.tone == "quiet" else f" {figure.value}")
            set_text(caption, figure.caption)
            ink = "text" if figure.tone == "quiet" else figure.tone
            picture = "" if figure.tone == "quiet" else theme.tone_icon(figure.tone, 16)
            if str(value.cget("image")) != picture:
                value.configure(foreground=theme.color(ink), image=picture)


class ThroughputCard(Card):
    """The plot, and until there is one, why not."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent, labels.THROUGHPUT, "graph-up")
        ttk.Label(self.head, text=labels.LAST_MINUTES, style="Hint.TLabel").pack(side="right")
        self.body.columnconfigure(0, weight=1)
        self.body.rowconfigure(0, weight=1)
        self.plot = LinePlot(self.body)
        self.plot.grid(row=0, column=0, sticky="nswe")
        self.empty = WrapLabel(
            self.body, text=labels.NO_THROUGHPUT, style="Hint.TLabel", anchor="center", justify="center"
        )

    def render(self, throughput: Throughput | None) -> None:
        self.plot.show(throughput)
        if throughput is None:
            self.empty.place(relx=0.5, rely=0.5, relwidth=0.9, anchor="center")
        else:
            self.empty.place_forget()


class EndView(Card):
    """What now? Four answers, two in a row."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent, labels.END_TITLE, "compass")
        self.body.columnconfigure((0, 1), weight=1, uniform="end")
        self._drawn: tuple[EndPoint, ...] = ()

    def render(self, points: tuple[EndPoint, ...]) -> None:
        if points == self._drawn:
            return
        self._drawn = points
        for old in self.body.winfo_children():
            old.destroy()
        for n, point in enumerate(points):
            cell = ttk.Frame(self.body)
            gap = theme.px(14)
            cell.grid(
                row=n // 2,
                column=n % 2,
                sticky="nwe",
                padx=(gap if n % 2 else 0, 0),
                pady=(gap if n > 1 else 0, 0),
            )
            cell.columnconfigure(1, weight=1)
            ttk.Label(cell, image=theme.icon(point.icon, "accent_text", 18)).grid(
                row=0, column=0, rowspan=2, sticky="n", padx=(0, theme.px(10))
            )
            WrapLabel(cell, text=point.title, style="Strong.TLabel").grid(row=0, column=1, sticky="we")
            WrapLabel(cell, text=point.text, style="Hint.TLabel").grid(
                row=1, column=1, sticky="we", pady=(theme.px(2), 0)
            )


class LedgerView(Card):
    """Every object is accounted for: the addends and their sum."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent, " ", "clipboard-check")
        self.note = ttk.Label(self.head, style="Hint.TLabel")
        self.note.pack(side="right")
        self.terms = []
        self.body.columnconfigure(0, weight=1)
        self._sum = Flow(self.body, gap=10)
        self._sum.grid(row=0, column=0, sticky="we")
        for n in range(MAX_TERMS):
            group = ttk.Frame(self._sum)
            cell = ttk.Frame(group)
            if n:
                ttk.Label(group, text="+", style="Hint.TLabel").pack(side="left", padx=(0, theme.px(10)))
            cell.pack(side="left")
            value = ttk.Label(cell, style="Term.TLabel")
            caption = ttk.Label(cell, style="Hint.TLabel")
            value.pack(anchor="w")
            caption.pack(anchor="w")
            self.terms.append((group, value, caption))
        self.total = ttk.Label(self._sum, style="Term.TLabel", padding=(0, theme.px(8)))

    def render(self, ledger: LedgerScreen) -> None:
        self.rename(ledger.title)
        set_text(self.note, ledger.note)
        for n, (group, value, caption) in enumerate(self.terms):
            self._sum.show(group, visible=n < len(ledger.terms))
            if n < len(ledger.terms):
                term = ledger.terms[n]
                value.configure(
                    text=term.value, foreground=theme.color("text" if term.tone == "quiet" else term.tone)
                )
                set_text(caption, term.caption)
        equals = "=" if ledger.balances else "≠"
        set_text(self.total, f"{equals} {ledger.total}" if ledger.total else "")
        self._sum.arrange()
