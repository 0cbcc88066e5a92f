"""Opens the window: root, theme, views, presenter and the timer that drains the queue."""

from __future__ import annotations

import sys
import tkinter as tk
import traceback
from collections.abc import Mapping
from tkinter import ttk
from types import TracebackType
from typing import Any

from migrator.gui import labels, theme
from migrator.gui.form import Form
from migrator.gui.garbage import Garbage, LeftAlone, OwnGarbage
from migrator.gui.menu import Menu
from migrator.gui.presenter import Presenter
from migrator.gui.pump import Pump
from migrator.gui.screen import Screen
from migrator.gui.service import Service
from migrator.gui.status import OFFERS, Intent
from migrator.gui.views.action_bar import ActionBarView
from migrator.gui.views.attract import attract
from migrator.gui.views.files import FileDialogs
from migrator.gui.views.help import HelpView
from migrator.gui.views.history import HistoryView
from migrator.gui.views.page import PageView
from migrator.gui.views.plan import PlanView
from migrator.gui.views.rail import Rail
from migrator.gui.views.run import RunView
from migrator.gui.views.settings import SettingsView
from migrator.gui.views.setup import SetupView
from migrator.gui.widgets.basics import focus_path
from migrator.preferences import PreferencesFile
from migrator.redacting import redacted
from migrator.system.appearance import SystemAppearance
from migrator.system.computer import Computer, System

#: Without the menu bar, which Tk does not count.
FIRST_SIZE, LEAST_SIZE = (1280, 774), (1000, 600)
#: Below this width the rail shows icons only.
NARROW_BELOW = 1100
CLOSE_S = 10.0


def open_window(
    service: Service,
    *,
    prefill: Form | None = None,
    demo: bool = False,
    preferences: PreferencesFile | None = None,
    folder: str = "",
) -> int:
    """Show the window until it is closed. `folder`: where runs are kept.

    Returns the exit code: 0, or 1 if work had to be left running.
    """
    garbage = OwnGarbage()
    looks = SystemAppearance()
    looks.ask()
    file = preferences or PreferencesFile()
    dark = theme.wanted_dark(file.load().appearance, system=looks.wait())
    root = theme.build_root(labels.TITLE + (" (demo)" if demo else ""), dark=dark)
    system = Computer(lambda: attract(root))
    window = Window(
        root,
        service,
        prefill=prefill,
        demo=demo,
        preferences=file,
        system=system,
        looks=looks,
        garbage=garbage,
        folder=folder,
    )
    try:
        window.start()
        root.mainloop()
        return 0 if service.close(CLOSE_S) else 1
    finally:
        system.close()
        looks.close()
        garbage.close()


class Window:
    """The view as a whole: hands each part of the screen to the view it concerns."""

    def __init__(
        self,
        root: tk.Tk,
        service: Service,
        *,
        prefill: Form | None = None,
        demo: bool = False,
        preferences: PreferencesFile | None = None,
        system: System | None = None,
        looks: SystemAppearance | None = None,
        garbage: Garbage | None = None,
        folder: str = "",
    ) -> None:
        self.root = root
        self._garbage = garbage or LeftAlone()
        self._looks = looks or SystemAppearance.light()
        self.presenter = Presenter(
            service, self, form=prefill, demo=demo, preferences=preferences, system=system, folder=folder
        )
        self.pump = Pump(service.events, self.presenter.take)
        self.screen: Screen | None = None
        self.is_closed = False
        self.errors: list[str] = []
        self._timer: str | None = None
        self._files = FileDialogs(root)
        self._appearance = self.presenter.settings.preferences.appearance
        self._is_dark = self._wants_dark()
        self._is_narrow = False
        root.report_callback_exception = self._callback_failed
        root.protocol("WM_DELETE_WINDOW", self.presenter.quit)
        width = min(theme.px(FIRST_SIZE[0]), root.winfo_screenwidth())
        height = min(theme.px(FIRST_SIZE[1]), root.winfo_screenheight() - theme.px(26))
        root.geometry(f"{width}x{height}")
        root.minsize(theme.px(LEAST_SIZE[0]), theme.px(LEAST_SIZE[1]))
        self._build()
        root.bind("<Escape>", self._escape)
        root.bind("<Return>", self._return)
        root.bind("<Configure>", self._resized)
        root.bind("<FocusIn>", self._focused)
        if sys.platform != "darwin":  # there Alt types letters
            root.bind("<Alt-Key>", self._mnemonic)

    def _build(self) -> None:
        """Every widget, in the colours of the moment."""
        root, presenter = self.root, self.presenter
        root.columnconfigure(2, weight=1)
        root.rowconfigure(0, weight=1)
        line = theme.color("line")
        self.body = ttk.Frame(root)
        self.setup = SetupView(self.body, presenter.set_up, presenter.generate, presenter.do)
        self.plan = PlanView(self.body, presenter.plan, presenter.do)
        self.run = RunView(self.body, presenter, presenter.run)
        self.history = HistoryView(self.body, presenter.history)
        self.settings = SettingsView(self.body, presenter.settings, presenter.keys)
        self.help = HelpView(self.body, presenter.help, presenter.do)
        self.pages: dict[str, PageView] = {
            "setup": self.setup,
            "plan": self.plan,
            "run": self.run,
            "history": self.history,
            "settings": self.settings,
            "help": self.help,
        }
        # Created after the pages: the tab order is content, action bar, rail.
        self.bar = ActionBarView(root, presenter.do, lambda yes: presenter.answer(yes=yes))
        self.rail = Rail(root, presenter.show)
        self.rail.grid(row=0, column=0, sticky="ns")
        tk.Frame(root, width=1, background=line).grid(row=0, column=1, sticky="ns")
        self.body.grid(row=0, column=2, sticky="nswe")
        self.bar.grid(row=1, column=0, columnspan=3, sticky="we")
        for page in self.pages.values():
            page.place(relwidth=1, relheight=1)
        self.menu = Menu(root, presenter, show_log=self.show_log, find=self.find)
        self.rail.fold(narrow=self._is_narrow)

    # -- the presenter's view ----------------------------------------------------------------------

    def render(self, screen: Screen) -> None:
        before = self.screen
        self._appearance = screen.appearance
        if self._must_dress:
            self._dress()
            before = None
        self.screen = screen
        self.rail.render(screen.rail, demo=screen.demo)
        self.bar.render(screen.bar)
        self.menu.render(screen)
        # Pages that are not in sight are drawn when they come into sight. The form's fields follow at once:
        # keys that are forgotten on Settings must not stay in them.
        if before is not None and before.setup.revision != screen.setup.revision:
            self.setup.render(screen)
        page = self.pages[screen.page]
        page.render(screen)
        if before is None or before.page != screen.page:
            self._turn_to(page, screen.page)

    def _turn_to(self, page: PageView, name: str) -> None:
        """Bring a page into sight; Tab walks through it only."""
        page.lift()
        for other, view in self.pages.items():
            view.reach(is_in_sight=other == name)

    def close(self) -> None:
        self.is_closed = True
        if self._timer is not None:
            self.root.after_cancel(self._timer)
            self._timer = None
        self.root.destroy()

    def copy(self, text: str) -> None:
        self.root.clipboard_clear()
        self.root.clipboard_append(redacted(text))

    def ask_for_file(self, name: str, kinds: Mapping[str, str], title: str) -> str:
        return self._files.save(name, kinds, title)

    def ask_to_open(self, kinds: Mapping[str, str], title: str) -> str:
        return self._files.open(kinds, title)

    def focus_on(self, field: str) -> None:
        self.setup.fields[field].control.focus_set()

    def has_focus(self) -> bool:
        return bool(focus_path(self.root))

    def _wants_dark(self) -> bool:
        return theme.wanted_dark(self._appearance, system=self._looks.is_dark)

    @property
    def _must_dress(self) -> bool:
        """Whether the looks are the wrong ones. What has a grab (a dialog, an open list) ends first: it would
        be taken away from under whoever uses it."""
        return self._wants_dark() != self._is_dark and not self.root.tk.call("grab", "current")

    def _follow_system(self) -> None:
        """The system's answer may come late, or be another one by now."""
        self._looks.poll()
        if self.screen is not None and self._must_dress:
            self.render(self.screen)

    def _dress(self) -> None:
        """Light or dark from now on: colours are in the widgets, so all of them are made anew."""
        self._is_dark = self._wants_dark()
        theme.dress(self.root, dark=self._is_dark)
        for child in self.root.winfo_children():
            child.destroy()
        self._build()
        self._garbage.settle()
        self.presenter.set_up.revision += 1

    # -- the timer ---------------------------------------------------------------------------------

    def start(self) -> None:
        """Draw for the first time and keep the timer going."""
        self.presenter.draw()
        self.setup.focus_first()
        self.presenter.open()
        self._garbage.settle()
        self._timer = self.root.after(self.pump.next_ms, self._tick)

    def step(self) -> int:
        """One batch of events and a redraw; what the timer does, without the timer."""
        taken = self.pump.tick()
        self._follow_system()
        self.presenter.tick(idle=self.pump.is_idle)
        self._garbage.tick()
        return taken

    def _tick(self) -> None:
        self._timer = None
        try:
            self.step()
        finally:
            # Whatever went wrong is reported; a window without its timer would look frozen.
            if not self.is_closed:
                self._timer = self.root.after(self.pump.next_ms, self._tick)

    # -- gestures ----------------------------------------------------------------------------------

    def show_log(self) -> None:
        """Ctrl+L: the log, ready to be searched."""
        self.presenter.show("run")
        self.presenter.draw()
        self.run.log.search.focus_set()

    def find(self) -> None:
        """Ctrl+F: the search of the page in sight; where it has none, that of the log."""
        page = self.pages[self.presenter.page]
        if not page.find():
            self.show_log()

    def _escape(self, _event: object) -> None:
        if self.screen is not None and self.screen.bar.question is not None:
            self.presenter.answer(yes=False)

    def _return(self, event: tk.Event[Any]) -> None:
        """Return in an entry field presses what the page is about, unless that would destroy something."""
        screen = self.screen
        if screen is None or screen.bar.question is not None or screen.page != "setup":
            return
        if not isinstance(event.widget, ttk.Entry) or isinstance(event.widget, ttk.Combobox):
            return
        primary = screen.bar.primary
        if screen.setup.generate_is_primary or screen.status in OFFERS:  # an offer is not in the form's way
            self.presenter.generate()
        elif primary is not None and primary.is_enabled and primary.intent is Intent.MIGRATE:
            self.presenter.do(Intent.MIGRATE)

    def _mnemonic(self, event: tk.Event[Any]) -> str | None:
        return "break" if self.bar.press(event.keysym) else None

    def _focused(self, event: tk.Event[Any]) -> None:
        """Whoever has the focus is in sight. Who comes back may have changed the system's colours."""
        if event.widget is self.root:
            self._looks.ask()
        page = self.pages[self.presenter.page]
        if str(event.widget).startswith(str(page.inside)):
            page.reveal(event.widget)

    def _resized(self, event: tk.Event[Any]) -> None:
        is_narrow = event.width < theme.px(NARROW_BELOW)
        if event.widget is self.root and is_narrow != self._is_narrow:
            self._is_narrow = is_narrow
            self.rail.fold(narrow=is_narrow)

    def _callback_failed(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        """A bug in a callback: into the log and to stderr. Only types and places: a value might be secret."""
        places = traceback.extract_tb(trace)[-3:]
        where = " < ".join(f"{place.name}:{place.lineno}" for place in reversed(places))
        text = f"{labels.WENT_WRONG} {kind.__name__} at {where}"
        self.errors.append(redacted(f"{text}: {error}"))
        print(text, file=sys.stderr)  # noqa: T201  (the last resort, and the only one here)
        if not self.is_closed:
            self.presenter.report(text)
