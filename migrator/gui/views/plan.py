"""Plan: what will happen to each object, what it costs, what copies would lack."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

from migrator.gui import labels, theme
from migrator.gui.screen import Screen
from migrator.gui.views.page import GAP, PageView
from migrator.gui.views.run import BannerView
from migrator.gui.widgets.basics import Card, WrapLabel, set_text, show


class PlanView(PageView):
    """Renders `PlanScreen`."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent, labels.PLAN_TITLE, labels.NO_PLAN_CONTEXT)
        page, gap = self.inside, theme.px(GAP)
        self.banner = BannerView(page)
        self.banner.grid(row=1, column=0, sticky="we", padx=gap, pady=(0, theme.px(12)))
        self.outcomes = Card(page, " What will happen to each object", "list-check")
        self.outcomes.grid(row=2, column=0, sticky="we", padx=gap, pady=(0, theme.px(12)))
        self.total = ttk.Label(self.outcomes.head, style="Hint.TLabel")
        self.total.pack(side="right")
        self.outcomes.body.columnconfigure(3, weight=1)
        self.rows: list[tuple[ttk.Label, ...]] = []
        self.costs = Card(page, " Cost and time", "cash-coin")
        self.costs.grid(row=3, column=0, sticky="we", padx=gap, pady=(0, theme.px(12)))
        self.costs.body.columnconfigure(0, weight=1)
        self.estimate = WrapLabel(self.costs.body, justify="left")
        self.estimate.grid(row=0, column=0, sticky="we")
        self.losses = WrapLabel(self.costs.body, style="Hint.TLabel", justify="left")
        self.losses.grid(row=1, column=0, sticky="we")
        self.finish()

    def render(self, screen: Screen) -> None:
        plan = screen.plan
        self.header.render(plan.head)
        show(self.banner, plan.banner is not None)
        if plan.banner is not None:
            self.banner.render(plan.banner)
        show(self.outcomes, bool(plan.shares))
        show(self.costs, bool(plan.estimate))
        set_text(self.total, plan.total)
        for n, share in enumerate(plan.shares):
            if n == len(self.rows):
                row = tuple(
                    ttk.Label(self.outcomes.body, anchor="e" if k in {1, 2} else "w") for k in range(4)
                )
                for k, label in enumerate(row):
                    label.grid(row=n, column=k, sticky="we", padx=(0, theme.px(16)), pady=theme.px(2))
                self.rows.append(row)
            for label, text in zip(
                self.rows[n], (share.text, share.count, share.size, share.note), strict=True
            ):
                set_text(label, text)
                show(label, True)
        for row in self.rows[len(plan.shares) :]:
            for label in row:
                show(label, False)
        set_text(self.estimate, "\n".join(plan.estimate))
        set_text(self.losses, "\n".join(plan.losses))
