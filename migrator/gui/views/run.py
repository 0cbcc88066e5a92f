"""Run: phases and figures while it lasts, a banner and the books when it has ended, tables, and the log."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

from migrator.gui import labels, theme
from migrator.gui.screen import Bar, Figure, LedgerScreen, RunScreen, Screen
from migrator.gui.views.log_pane import LogActions, LogPane
from migrator.gui.views.page import GAP, PageView
from migrator.gui.views.tables import ProblemsTable, TransfersTable
from migrator.gui.widgets.banner import BannerView
from migrator.gui.widgets.basics import Card, WrapLabel, set_text, show
from migrator.gui.widgets.meter_bar import MeterBar

LOW_TABS, HIGH_TABS = 140, 190
MAX_BARS, MAX_FIGURES, MAX_TERMS = 2, 5, 7


class RunView(PageView):
    """Renders `RunScreen` and the log."""

    def __init__(self, parent: tk.Misc, actions: LogActions) -> None:
        super().__init__(parent, labels.RUN_TITLE, labels.NO_RUN_CONTEXT)
        self._drawn: RunScreen | None = None
        page, gap = self.inside, theme.px(GAP)
        self.banner = BannerView(page)
        self.banner.grid(row=1, column=0, sticky="we", padx=gap, pady=(0, theme.px(12)))
        self.phases = PhasesView(page)
        self.phases.grid(row=2, column=0, sticky="we", padx=gap, pady=(0, theme.px(12)))
        self.ledger = LedgerView(page)
        self.ledger.grid(row=3, column=0, sticky="we", padx=gap, pady=(0, theme.px(12)))
        self.tabs = ttk.Notebook(page, style="Tabs.TNotebook", height=theme.px(LOW_TABS))
        self.tabs.grid(row=4, column=0, sticky="nswe", padx=gap)
        self.transfers = TransfersTable(self.tabs)
        self.problems = ProblemsTable(self.tabs)
        self.tabs.add(self.transfers, text=labels.TRANSFERS)
        self.tabs.add(self.problems, text=labels.NOT_COPIED)
        page.rowconfigure(4, weight=3, minsize=theme.px(150))
        self.log = LogPane(page, actions)
        self.log.grid(row=5, column=0, sticky="nswe", padx=gap, pady=(theme.px(12), theme.px(16)))
        page.rowconfigure(5, weight=2, minsize=theme.px(170))
        for part in (self.banner, self.phases, self.ledger):
            part.grid_remove()
        self.finish()
        self._titles = ("", "")
        self._tabs_shown = (True, True)

    def render(self, screen: Screen) -> None:
        self.log.render(screen.log)
        if screen.run != self._drawn:
            self._drawn = screen.run
            self._draw(screen.run)

    def _draw(self, screen: RunScreen) -> None:
        self.header.render(screen.head)
        show(self.banner, screen.banner is not None)
        show(self.phases, bool(screen.bars))
        show(self.ledger, screen.ledger is not None)
        if screen.banner is not None:
            self.banner.render(screen.banner)
        if screen.bars:
            self.phases.render(screen.bars, screen.figures)
        if screen.ledger is not None:
            self.ledger.render(screen.ledger)
        self.transfers.render(screen.transfers)
        self.problems.render(screen.groups)
        self._retitle(screen)
        self._choose_tabs(screen)

    def _retitle(self, screen: RunScreen) -> None:
        shown = len(screen.transfers)
        first = f"{labels.TRANSFERS} ({shown})" if shown else labels.TRANSFERS
        second = screen.groups_title or labels.NOT_COPIED
        if screen.groups_count:
            second = f"{second} ({screen.groups_count:,})"
        if (first, second) != self._titles:
            self._titles = (first, second)
            self.tabs.add(self.transfers, text=first)
            self.tabs.add(self.problems, text=second)

    def _choose_tabs(self, screen: RunScreen) -> None:
        """Show the tables that have something to say; without any, the log takes their room."""
        has_problems = bool(screen.groups)
        wanted = (screen.shows_transfers, screen.shows_transfers or has_problems)
        if wanted == self._tabs_shown:
            return
        self._tabs_shown = wanted
        show(self.tabs, any(wanted))
        self.inside.rowconfigure(
            4, weight=3 if any(wanted) else 0, minsize=theme.px(150) if any(wanted) else 0
        )
        # What is to be read needs more room than what passes by.
        self.tabs.configure(height=theme.px(LOW_TABS if screen.shows_transfers else HIGH_TABS))
        if screen.shows_transfers:
            self.tabs.add(self.transfers)
            self._select(self.transfers)
        elif has_problems:
            self._select(self.problems)
            self.tabs.hide(self.transfers)

    def _select(self, tab: ttk.Frame) -> None:
        self.tabs.select(tab)  # type: ignore[no-untyped-call]


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
            cell.grid(row=0, column=n, sticky="nw", padx=(0, theme.px(16)))
            row.columnconfigure(n, weight=1)
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


class LedgerView(Card):
    """Every object is accounted for: the addends and their sum."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent, " ", "clipboard-check")
        self.note = ttk.Label(self.head, style="Hint.TLabel")
        self.note.pack(side="right")
        self.terms = []
        for n in range(MAX_TERMS):
            plus = ttk.Label(self.body, text="+", style="Hint.TLabel")
            cell = ttk.Frame(self.body)
            value = ttk.Label(cell, style="Term.TLabel")
            caption = ttk.Label(cell, style="Hint.TLabel")
            value.pack(anchor="w")
            caption.pack(anchor="w")
            plus.grid(row=0, column=2 * n, padx=theme.px(10))
            cell.grid(row=0, column=2 * n + 1, sticky="w")
            self.terms.append((plus, cell, value, caption))
        self.total = ttk.Label(self.body, style="Term.TLabel")
        self.total.grid(row=0, column=2 * MAX_TERMS, padx=(theme.px(12), 0))

    def render(self, ledger: LedgerScreen) -> None:
        self.rename(f" {ledger.title}")
        set_text(self.note, ledger.note)
        for n, (plus, cell, value, caption) in enumerate(self.terms):
            show(plus, 0 < n < len(ledger.terms))
            show(cell, n < len(ledger.terms))
            if n < len(ledger.terms):
                term = ledger.terms[n]
                value.configure(
                    text=term.value, foreground=theme.color("text" if term.tone == "quiet" else term.tone)
                )
                set_text(caption, term.caption)
        equals = "=" if ledger.balances else "≠"
        set_text(self.total, f"{equals} {ledger.total}" if ledger.total else "")
