"""The window's mind as a whole: the page in sight, questions, the log, closing. Pages decide the rest.

No tkinter: views report intents, `view.render` draws. All methods run on one thread, the window's. Nothing in
here waits: slow things are asked of the service, and their answers arrive as events through `take`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from migrator.environment import Variable
from migrator.errors import JobFileError, MigratorError
from migrator.gui import frame, surroundings
from migrator.gui.attention import Attention
from migrator.gui.form import Form, without_secrets
from migrator.gui.intake import Intake, Pages
from migrator.gui.pages.config_file import ConfigFilePage
from migrator.gui.pages.help import HelpPage
from migrator.gui.pages.history import HistoryPage
from migrator.gui.pages.key_sets import KeySetsPage
from migrator.gui.pages.log import LogPage
from migrator.gui.pages.plan import PlanPage
from migrator.gui.pages.run import RunPage
from migrator.gui.pages.settings import SettingsPage
from migrator.gui.pages.setup import SetupPage
from migrator.gui.pages.shell import nothing
from migrator.gui.screen import Question, Screen, View
from migrator.gui.service import Service
from migrator.gui.status import TABLE, Intent, Status, Tone
from migrator.history_words import zone
from migrator.model.events import Event
from migrator.preferences import Preferences, PreferencesFile
from migrator.system.computer import Nothing, System
from migrator.words import Line

#: Numbers on the page change at most this often; words and rows follow at once.
FIGURES_S = 0.25
#: How long a closing window waits for the run to stop.
QUIT_S = 30.0


class Presenter:
    """One window's mind."""

    def __init__(
        self,
        service: Service,
        view: View,
        *,
        form: Form | None = None,
        demo: bool = False,
        preferences: PreferencesFile | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], datetime] = lambda: datetime.now().astimezone(),
        system: System | None = None,
        folder: str = "",
    ) -> None:
        self.service, self.view = service, view
        self._demo = demo
        self._clock, self._wall = clock, wall
        self._stamp = wall().strftime("%H:%M:%S")
        self.system: System = system or Nothing()
        self.log_page = LogPage(self, lambda: self.run.logged, lambda line: self._pages.bring(line))
        self.log = self.log_page.log
        self._page = "setup"
        self._quit_by: float | None = None
        self._question: Question | None = None
        self._on_yes: Callable[[], None] = nothing
        self._on_no: Callable[[], None] = nothing
        self._dirty, self._drawn_at = True, 0.0
        self._was_busy = False
        self.set_up = SetupPage(self, form or Form())
        self.plan = PlanPage(self, self.set_up)
        self.config = ConfigFilePage(self, self.set_up, is_demo=demo)
        self.run = RunPage(self, self.set_up)
        self.history = HistoryPage(self, self.run, self.config)
        self.settings = SettingsPage(self, preferences or PreferencesFile(), folder)
        self.keys = KeySetsPage(self, self.set_up, is_demo=demo)
        self.help = HelpPage(self, self.system, folder, is_demo=demo)
        self._pages = Pages(
            self.set_up,
            self.config,
            self.plan,
            self.run,
            self.history,
            self.log_page,
            self.keys,
            self.help,
        )
        self._intake = Intake(self._pages, self)
        self._attention = Attention(self.system, lambda: self.settings.preferences)
        self._intents: Mapping[Intent, Callable[[], None]] = {
            Intent.PREVIEW_PLAN: self._preview_plan,
            Intent.CHANGE_FILTERS: lambda: self.show("setup"),
            Intent.MIGRATE: self._migrate,
            Intent.CANCEL: self._cancel,
            Intent.PAUSE: self._cancel,
            Intent.RESUME: self.run.resume,
            Intent.RETRY: self.run.resume,
            Intent.ROLL_BACK: self.run.roll_back,
            Intent.TRY_AGAIN: self.run.try_again,
            Intent.NEW_MIGRATION: self.run.new_migration,
            Intent.LOOK: lambda: self.show("run"),
            Intent.NOT_NOW: self.run.not_now,
            Intent.SAVE_REPORT: self.run.save_report,
            Intent.ENTER_KEYS: self._enter_keys,
            Intent.START_DEMO: self.help.start_demo,
        }

    # -- what can be pressed -----------------------------------------------------------------------

    def do(self, intent: Intent) -> None:
        """A button of the action bar, or its entry in the menu; nothing where it is not offered now."""
        if intent in frame.allowed(self._facts):
            self._intents[intent]()

    def generate(self) -> None:
        """Generate Config File."""
        self._dirty = True
        if self.is_asking or not self.form_is_open:
            return
        if found := surroundings.open_variables(self.form, os.environ):
            self.ask(surroundings.question(found), lambda: self._generate_through(found))
            return
        self.set_up.generate()
        if self.set_up.connection.is_checking:
            self.run.dismiss()

    def _generate_through(self, found: Sequence[Variable]) -> None:
        """Generate, by the ways that the environment names: from now on the job names them too."""
        self.set_up.form = surroundings.accepting(self.form, found)
        self.generate()

    def answer(self, *, yes: bool) -> None:
        """The question on screen was answered."""
        asked, self._question = self._question, None
        self._dirty = True
        if asked is not None and yes:
            self._on_yes()
        elif asked is not None:
            self._on_no()

    def show(self, page: str) -> None:
        """Bring a page into sight."""
        self._page, self._dirty = page, True
        if page == "history":
            self.history.ask()
        elif page == "settings":
            self.keys.ask()

    def quit(self) -> None:
        """The window is asked to close."""
        if self._quit_by is not None:
            return
        if not self.service.is_busy:
            self.view.close()
            return
        self.ask(frame.quit_question(self._facts), self._stop_and_quit)

    def open(self) -> None:
        """The window opens: have the last config file and earlier runs looked at, in the background."""
        self.config.open_last()
        self.service.find_unfinished()
        self.history.ask()

    # -- what pages ask for (see `pages.shell`) ----------------------------------------------------

    @property
    def form_is_open(self) -> bool:
        return TABLE[self.status].form_is_open

    @property
    def page(self) -> str:
        return self._page

    @property
    def is_asking(self) -> bool:
        return self._question is not None

    @property
    def is_quitting(self) -> bool:
        return self._quit_by is not None

    @property
    def preferences(self) -> Preferences:
        return self.settings.preferences

    def copy(self, text: str) -> None:
        self.view.copy(text)

    def focus_on(self, field: str) -> None:
        self.show("setup")
        self.draw()
        self.view.focus_on(field)

    def open_folder(self, path: str) -> str:
        return self.system.open_folder(path)

    @property
    def zone(self) -> str:
        return zone(self._wall())

    def ask_for_file(self, name: str, kinds: Mapping[str, str], title: str) -> str:
        return self.view.ask_for_file(name, kinds, title)

    def ask_to_open(self, kinds: Mapping[str, str], title: str) -> str:
        return self.view.ask_to_open(kinds, title)

    def changed(self) -> None:
        self._dirty = True

    def now(self) -> float:
        return self._clock()

    def stamp(self) -> str:
        return self._stamp

    def write(self, line: Line) -> None:
        self._dirty = True
        self.log.add(self._stamp, line)

    def fold(self) -> bool:
        return self.log.fold(self._stamp)

    def report(self, text: str) -> None:
        """Something went wrong inside the window: into the log, without secrets."""
        self.write(Line("error", "window", without_secrets(text, self.form)))

    def ask(
        self, question: Question, on_yes: Callable[[], None], on_no: Callable[[], None] = nothing
    ) -> None:
        self._take_for_no()
        self._question, self._on_yes, self._on_no, self._dirty = question, on_yes, on_no, True

    def ask_service(self, call: Callable[[], None]) -> bool:
        self._dirty = True
        self._intake.asked()
        if not self.service.is_busy:  # what goes on may be changed while somebody is asked whether to quit
            self._take_for_no()
        try:
            call()
        except JobFileError as cause:
            self.set_up.refused(cause)
            self.show("setup")
            return False
        except MigratorError as cause:
            self.report(str(cause))
            self.set_up.connection.say(str(cause), Tone.PROBLEM)
            return False
        return True

    # -- events and time ---------------------------------------------------------------------------

    def take(self, events: Iterable[Event]) -> None:
        """Fold events into the state. Cheap: nothing is drawn here."""
        for event in events:
            self._intake.take(event)
        self._dirty = True

    def tick(self, *, idle: bool = True) -> None:
        """Called after every batch; `idle` where the queue was empty. Draws if anything changed."""
        now = self._clock()
        self.run.measure()
        self.history.tick()
        self.help.tick()
        self._intake.watch(idle=idle)
        if self.service.is_busy != self._was_busy:
            # Buttons that need it to be free: it gets free after its last word, without another one.
            self._was_busy, self._dirty = self.service.is_busy, True
        if self._quit_by is not None and (not self.service.is_busy or now > self._quit_by):
            self._quit_by = None
            self.view.close()
            return
        # Once a tick, not once an event: making text of the time costs more than folding an event.
        self._stamp = self._wall().strftime("%H:%M:%S")
        self._dirty = self.log.flush_before(self._stamp) or self._dirty
        is_moving = self.run.state.is_running or self.plan.is_making
        if self._dirty or (is_moving and now - self._drawn_at >= FIGURES_S):
            self.draw()

    def draw(self) -> None:
        """Render the screen of this moment."""
        self._dirty = False
        self._drawn_at = self._clock()
        screen = self.screen()
        self.view.render(screen)
        self._attention.look(screen, in_front=self.view.has_focus)

    # -- the screen --------------------------------------------------------------------------------

    @property
    def form(self) -> Form:
        """What is typed."""
        return self.set_up.form

    @property
    def status(self) -> Status:
        """The one word everything else follows from."""
        return self._pages.status

    def screen(self) -> Screen:
        """The frozen state of this moment."""
        facts = self._facts
        return Screen(
            status=facts.status,
            page=self._page,
            rail=frame.rail(facts),
            setup=self.set_up.screen(facts.status),
            plan=self.plan.screen(),
            run=self.run.screen(facts.status),
            history=self.history.screen(),
            settings=self.settings.screen(),
            keys=self.keys.screen(),
            help=self.help.screen(is_new=self._pages.is_new),
            log=self.log_page.screen(),
            bar=frame.action_bar(facts),
            appearance=self.settings.preferences.appearance,
            demo=self._demo,
            can_open=self.config.can_open,
            allowed=frame.allowed(facts),
        )

    @property
    def _facts(self) -> frame.Facts:
        return self._pages.facts(self._page, self._question, is_quitting=self.is_quitting)

    # -- inside ------------------------------------------------------------------------------------

    def _preview_plan(self) -> None:
        if self.set_up.may_migrate():
            self.plan.make()
        else:
            self.show("setup")

    def _migrate(self) -> None:
        """At once where a plan stands, else after one has shown that nothing is left to decide."""
        if not self.set_up.may_migrate():
            self.show("setup")
        elif self.plan.status is Status.PLANNED:
            self.run.start()
        else:
            self.plan.make(then_migrate=True)

    def _enter_keys(self) -> None:
        """The keys of the end that does not take them any more."""
        self.focus_on(self.set_up.keys_refused(self.run.state.summary))

    def _cancel(self) -> None:
        if self.set_up.connection.is_checking:
            self.set_up.cancel()
        elif self.plan.is_making:
            self.plan.cancel()
        elif self.history.is_working:
            self.history.cancel()
        else:
            self.run.cancel()

    def _take_for_no(self) -> None:
        """Another question, or work that begins, is no answer to the question on screen: the safe one is."""
        if self._question is not None:
            self.answer(yes=False)

    def _stop_and_quit(self) -> None:
        self._quit_by = self._clock() + QUIT_S
        self._cancel()
