"""Run: phases, figures and throughput while it lasts; a banner, what now, and the books when it has ended."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk
from typing import Protocol

from migrator.gui import labels, theme
from migrator.gui.screen import RunScreen, Screen
from migrator.gui.status import Intent
from migrator.gui.views.log_pane import LogActions, LogPane
from migrator.gui.views.pace import PaceActions, PaceView
from migrator.gui.views.page import GAP, PageView
from migrator.gui.views.run_parts import EndView, LedgerView, PhasesView, ThroughputCard
from migrator.gui.views.tables import PlainTable, ProblemsTable, TransfersTable
from migrator.gui.widgets.banner import BannerView
from migrator.gui.widgets.basics import show
from migrator.gui.widgets.empty import EmptyState

LOW_TABS, HIGH_TABS = 110, 252


class WindowActions(Protocol):
    """What this page reports to the window as a whole."""

    @property
    def log_page(self) -> LogActions: ...

    def do(self, intent: Intent) -> None: ...


class UncopiedActions(Protocol):
    """What it reports about objects that were not copied."""

    def copy_keys(self, cause: str, samples: Sequence[str]) -> None: ...
    def leave_out(self, cause: str, objects: int) -> None: ...


class RunActions(Protocol):
    """What it reports about runs."""

    @property
    def pace(self) -> PaceActions: ...

    @property
    def uncopied(self) -> UncopiedActions: ...

    def retry_only(self, cause: str) -> None: ...


class RunView(PageView):
    """Renders `RunScreen` and the log."""

    def __init__(self, parent: tk.Misc, window: WindowActions, actions: RunActions) -> None:
        super().__init__(parent, labels.RUN_TITLE, labels.NO_RUN_CONTEXT)
        self._drawn: RunScreen | None = None
        page, gap = self.inside, theme.px(GAP)
        below = (0, theme.px(12))
        self.banner = BannerView(page, window.do)
        self.banner.grid(row=1, column=0, sticky="we", padx=gap, pady=below)
        self.top = ttk.Frame(page)
        self.top.grid(row=2, column=0, sticky="we", padx=gap, pady=below)
        self.top.columnconfigure(0, weight=63, uniform="run")
        self.top.columnconfigure(1, weight=37, uniform="run")
        self.phases = PhasesView(self.top)
        self.phases.grid(row=0, column=0, sticky="nswe")
        self.throughput = ThroughputCard(self.top)
        self.throughput.grid(row=0, column=1, sticky="nswe", padx=(theme.px(12), 0))
        self.pace = PaceView(self.top, actions.pace, self.wheel)
        self.pace.grid(row=1, column=0, columnspan=2, sticky="we", pady=(theme.px(12), 0))
        self.pace.grid_remove()
        self.end = EndView(page)
        self.end.grid(row=3, column=0, sticky="we", padx=gap, pady=below)
        self.ledger = LedgerView(page)
        self.ledger.grid(row=4, column=0, sticky="we", padx=gap, pady=below)
        self.tabs = ttk.Notebook(page, style="Tabs.TNotebook", height=theme.px(LOW_TABS))
        self.tabs.grid(row=5, column=0, sticky="nswe", padx=gap, pady=below)
        self.transfers = TransfersTable(self.tabs)
        self.problems = ProblemsTable(
            self.tabs, actions.retry_only, actions.uncopied.copy_keys, actions.uncopied.leave_out
        )
        self.waiting = PlainTable(self.tabs, _WAITING, labels.NO_WAITING)
        self.done = PlainTable(self.tabs, _DONE, labels.NO_DONE, follows=True)
        self._named: tuple[tuple[ttk.Frame, Callable[[RunScreen], str]], ...] = (
            (self.transfers, lambda screen: _counted(labels.TRANSFERS, len(screen.transfers))),
            (self.problems, lambda screen: _counted(screen.groups_title, screen.groups_count)),
            (self.waiting, lambda screen: _counted(labels.WAITING, screen.waiting_count)),
            (self.done, lambda screen: _counted(labels.DONE, screen.done_count)),
        )
        for tab, _ in self._named:
            self.tabs.add(tab, text=" ")
        page.rowconfigure(5, weight=3, minsize=theme.px(150))
        self.empty = EmptyState(page, "play-circle", labels.NO_RUN, labels.NO_RUN_YET)
        self.empty.grid(row=4, column=0, pady=theme.px(60))
        self.log = LogPane(page, window.log_page)
        self.log.grid(row=6, column=0, sticky="nswe", padx=gap, pady=(0, theme.px(16)))
        page.rowconfigure(6, weight=2, minsize=theme.px(130))
        for part in (self.banner, self.top, self.end, self.ledger):
            part.grid_remove()
        self.finish()
        for inner in (self.phases, self.throughput, self.end.body):
            inner.bind("<Configure>", self._fit_soon, "+")
        self.problems.on_height = self._heard
        self._told = 0  #: how high the words of the table of causes are
        self._turn = 0  #: the newest one in which something was pointed at
        self._titles: dict[int, str] = {}
        self._tabs_shown: tuple[bool, ...] | None = None

    def find(self) -> bool:
        self.log.search.focus_set()
        return True

    def render(self, screen: Screen) -> None:
        self.log.render(screen.log)
        if screen.run != self._drawn:
            self._drawn = screen.run
            self._draw(screen.run)

    def _draw(self, screen: RunScreen) -> None:
        self.header.render(screen.head)
        show(self.banner, screen.banner is not None)
        show(self.top, bool(screen.bars))
        show(self.end, bool(screen.end))
        show(self.ledger, screen.ledger is not None)
        show(self.empty, bool(screen.empty))
        if screen.banner is not None:
            self.banner.render(screen.banner)
        if screen.bars:
            self.phases.render(screen.bars, screen.figures)
            show(self.throughput, screen.shows_transfers)
            self.phases.grid(columnspan=1 if screen.shows_transfers else 2)
            self.throughput.render(screen.throughput)
            show(self.pace, screen.pace is not None)
            self.pace.render(screen.pace)
        self.end.render(screen.end)
        if screen.ledger is not None:
            self.ledger.render(screen.ledger)
        self._retitle(screen)
        self._choose_tabs(screen)
        self._fill(screen)
        self._point(screen)

    def _point(self, screen: RunScreen) -> None:
        """Show what somebody asked to see, once."""
        at = screen.pointed
        if at is None or at.turn == self._turn:
            return
        self._turn = at.turn
        if at.sample is not None:
            self._select(self.problems)
            self.problems.choose(at.row, at.sample)
        else:
            self._select(self.done)
            self.done.render(screen.done)
            self.done.choose(at.row)

    def _fill(self, screen: RunScreen) -> None:
        """Tables that are not in sight are filled when they come into sight: the next figures are near."""
        self.problems.render(screen.groups, can_retry=screen.can_retry)
        shown = str(self.tabs.select()) if any(self._tabs_shown or ()) else ""  # type: ignore[no-untyped-call]
        if shown == str(self.transfers) or not screen.transfers:
            self.transfers.render(screen.transfers)
        if shown == str(self.waiting):
            self.waiting.render(screen.waiting)
        if shown == str(self.done):
            self.done.render(screen.done)

    def _retitle(self, screen: RunScreen) -> None:
        for n, (tab, title) in enumerate(self._named):
            text = title(screen)
            if self._titles.get(n) != text:
                self._titles[n] = text
                self.tabs.tab(tab, text=text)  # type: ignore[no-untyped-call]

    def _choose_tabs(self, screen: RunScreen) -> None:
        """Show the tables that have something to say; without any, the log takes their room."""
        runs, has_problems = screen.shows_transfers, bool(screen.groups)
        wanted = (runs, runs or has_problems, runs, runs)
        if wanted == self._tabs_shown:
            return
        before, self._tabs_shown = self._tabs_shown, wanted
        there = any(wanted)
        show(self.tabs, there)
        self._give_room()
        for (tab, _), visible in zip(self._named, wanted, strict=True):
            state = "normal" if visible else "hidden"
            self.tabs.tab(tab, state=state)  # type: ignore[no-untyped-call]
        if runs and not (before and before[0]):
            self._select(self.transfers)
        elif not runs and has_problems:
            self._select(self.problems)

    def _heard(self, height: int) -> None:
        self._told = height
        self._give_room()

    def _give_room(self) -> None:
        """To the tables: what is to be read needs more than what passes by, and all of its height."""
        shown = self._tabs_shown or (False,)
        there, is_read = any(shown), any(shown) and not shown[0]
        height = max(theme.px(HIGH_TABS), self._told) if is_read else theme.px(LOW_TABS)
        self.inside.rowconfigure(5, weight=3 if there else 0, minsize=height + theme.px(22) if there else 0)
        if int(self.tabs.cget("height")) != height:
            self.tabs.configure(height=height)

    def _select(self, tab: ttk.Frame) -> None:
        self.tabs.select(tab)  # type: ignore[no-untyped-call]


def _counted(title: str, n: int) -> str:
    return f"{title} ({n:,})" if n else title


#: Widths of columns; 0 takes what is left.
_WAITING = tuple(zip(labels.WAITING_COLUMNS, (150, 110, 90, 80, 0), strict=True))
_DONE = tuple(zip(labels.DONE_COLUMNS, (0, 100, 260), strict=True))
