"""Plan: what will happen to each object, what has to be decided, what it costs, and any key found."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import Protocol

from migrator.gui import labels, theme
from migrator.gui.plan_values import PlanScreen
from migrator.gui.screen import Screen
from migrator.gui.status import Intent
from migrator.gui.views.keys import KeysActions, KeysCard
from migrator.gui.views.page import GAP, PageView
from migrator.gui.views.plan_parts import CostCard, DecisionsCard, OutcomesCard, PermissionsCard, SizesCard
from migrator.gui.widgets.banner import BannerView
from migrator.gui.widgets.basics import Card, WrapLabel, show
from migrator.gui.widgets.empty import EmptyState

#: How much room the plot may take besides what it asks for.
MOST_GROWTH = 160


class PlanActions(KeysActions, Protocol):
    """What this page reports."""

    def decide(self, name: str, answer: str) -> None: ...
    def copy_policy(self, provider: str) -> bool: ...


class PlanView(PageView):
    """Renders `PlanScreen`: outcomes, decisions, keys on the left; cost, sizes, permissions on the right."""

    def __init__(self, parent: tk.Misc, actions: PlanActions, on_intent: Callable[[Intent], None]) -> None:
        super().__init__(parent, labels.PLAN_TITLE, labels.NO_PLAN_CONTEXT)
        self._drawn: PlanScreen | None = None
        page, gap = self.inside, theme.px(GAP)
        page.rowconfigure(3, weight=1)
        self.banner = BannerView(page, on_intent)
        self.banner.grid(row=1, column=0, sticky="we", padx=gap, pady=(0, theme.px(12)))
        self.empty = EmptyState(page, "card-checklist", labels.NO_PLAN, labels.NO_PLAN_YET)
        self.empty.grid(row=2, column=0, pady=theme.px(130))
        columns = ttk.Frame(page)
        columns.grid(row=3, column=0, sticky="nswe", padx=gap, pady=(0, theme.px(4)))
        columns.columnconfigure(0, weight=63, uniform="plan")
        columns.columnconfigure(1, weight=37, uniform="plan")
        columns.rowconfigure(0, weight=1)
        self.columns = columns
        left, right = self.left, self.right = ttk.Frame(columns), ttk.Frame(columns)
        left.grid(row=0, column=0, sticky="nswe", padx=(0, theme.px(12)))
        right.grid(row=0, column=1, sticky="nswe")
        self.outcomes = OutcomesCard(left, lambda outcome: actions.find(outcome=outcome))
        self.later = WrapLabel(left, text=labels.PLAN_GROWS, style="Hint.TLabel")
        self.later.grid(row=1, column=0, sticky="we")
        self.decisions = DecisionsCard(left, actions.decide)
        self.finder = KeysCard(left, actions)
        self.costs = CostCard(right)
        self.sizes = SizesCard(right)
        self.permissions = PermissionsCard(right, actions.copy_policy)
        for side, stretches, cards in (
            (left, 2, (self.outcomes, self.decisions, self.finder)),
            (right, 1, (self.costs, self.sizes, self.permissions)),
        ):
            side.columnconfigure(0, weight=1)
            side.rowconfigure(stretches, weight=1)
            self._stack(cards)
        right.bind("<Configure>", self._share_room, "+")
        self.finish()
        for side in (left, right, columns):
            side.bind("<Configure>", self._fit_soon, "+")

    def _share_room(self, _event: object = None) -> None:
        """Beside many decisions the plot need not grow with them: what is too much stays below. So does all
        of it where there is no plot: the cards begin at the top."""
        has_plot = bool(self.sizes.winfo_manager())
        spare = self.right.winfo_height() - self.right.winfo_reqheight()
        self.right.rowconfigure(1, weight=int(has_plot))
        self.right.rowconfigure(3, weight=3 if spare > theme.px(MOST_GROWTH) or not has_plot else 0)

    @staticmethod
    def _stack(cards: tuple[Card, ...]) -> None:
        for n, card in enumerate(cards):
            card.grid(row=n, column=0, sticky="nswe", pady=(0, theme.px(12)))

    def find(self) -> bool:
        if self._drawn is None or self._drawn.keys is None:
            return False
        self.finder.entry.focus_set()
        return True

    def render(self, screen: Screen) -> None:
        plan = screen.plan
        if plan == self._drawn:
            return
        self._drawn = plan
        self.header.render(plan.head)
        show(self.banner, plan.banner is not None)
        if plan.banner is not None:
            self.banner.render(plan.banner)
        show(self.empty, bool(plan.empty))
        show(self.columns, bool(plan.shares))
        if not plan.shares:
            return
        is_made = plan.keys is not None
        self.outcomes.render(plan.shares, plan.total, has_keys=is_made)
        show(self.right, is_made)
        show(self.later, not is_made)
        self.left.grid(columnspan=1 if is_made else 2, padx=(0, theme.px(12) if is_made else 0))
        for card in (self.decisions, self.finder, self.costs, self.sizes, self.permissions):
            show(card, is_made)
        show(self.sizes, bool(plan.sizes))
        self._share_room()
        show(self.permissions, bool(plan.permissions))
        show(self.costs, plan.costs is not None)
        if plan.keys is not None:
            self.decisions.render(plan.decisions)
            self.finder.render(plan.keys)
        if plan.costs is not None:
            self.costs.render(plan.costs)
        self.sizes.render(plan.sizes)
        self.permissions.render(plan.permissions)
