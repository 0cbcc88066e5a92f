"""History: every run there is a journal of, and what can be done about the chosen one.

Going on with a run and rolling it back belong to the Run page, as if it had ended in this window. Comparing
and accepting are done from here, and say here how they ended.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from migrator import history_words
from migrator.ending_words import ending
from migrator.gui import labels
from migrator.gui.pages.config_file import ConfigFilePage
from migrator.gui.pages.reports import save_report
from migrator.gui.pages.run import RunPage
from migrator.gui.pages.shell import Shell
from migrator.gui.run_actions import WORK, Act, acts
from migrator.gui.screen import ActButton, Figure, HistoryScreen, Question, RunDetail, RunRow
from migrator.gui.screen_parts import Head, Pill
from migrator.gui.status import Status, Tone
from migrator.model.events import Event, Reported, RunForgotten, Summary, Warned
from migrator.model.ledger import Outcome
from migrator.model.past_runs import PastRun, RunsListed
from migrator.model.run_state import RunState
from migrator.phrases import in_books, number
from migrator.words import Line

#: While a run goes on and the page is in sight, its row is this fresh.
FRESH_S = 5.0

_STATUS = {"verify": Status.COMPARING, "accept": Status.ACCEPTING}


class HistoryPage:
    """The runs, newest first. They are asked for anew when the page comes into sight and when a run ends."""

    def __init__(self, shell: Shell, run: RunPage, config: ConfigFilePage) -> None:
        self._shell, self._run, self._config = shell, run, config
        self._listed: RunsListed | None = None
        self._rows: tuple[RunRow, ...] = ()
        self._chosen = ""
        self._asked_at = 0.0
        self._work = ""  #: verify | accept: asked of the service, not ended
        self._about = ""  #: the run that this is about
        self._forgetting = ""  #: the run that is being deleted, which may be beside that work
        self._cancelling = False
        self.state = RunState()  #: of that work
        self._said: tuple[str, str, Tone] = ("", "", Tone.QUIET)  #: of which run, what, how
        self._saving = ("", "")  #: of which run a report is being written, and where
        self._drawn: tuple[object, ...] = ()
        self._screen = HistoryScreen(Head(labels.HISTORY_CONTEXT), empty=labels.LOOKING_FOR_RUNS)

    # -- what can be pressed -----------------------------------------------------------------------

    def choose(self, run: str) -> None:
        """A row was chosen."""
        if run != self._chosen:
            self._chosen = run
            self._shell.changed()

    def do(self, act: Act) -> None:
        """A button; nothing where it is not possible now."""
        run = self.chosen
        if run is not None and act in self._possible(run):
            self._acts[act](run)

    @property
    def _acts(self) -> Mapping[Act, Callable[[PastRun], None]]:
        return {
            Act.RESUME: lambda run: self._run.resume_of(run.run, _undoable(run)),
            Act.RETRY: lambda run: self._run.resume_of(run.run, _undoable(run)),
            Act.ROLL_BACK: lambda run: self._run.roll_back_of(run.run, _undoable(run)),
            Act.ACCEPT: self._ask_to_accept,
            Act.VERIFY: lambda run: self._begin("verify", run.run),
            Act.SAVE_REPORT: self._save_report,
            Act.OPEN_FOLDER: self._open_folder,
            Act.RUN_AGAIN: lambda run: self._config.open_run(run.run),
            Act.FORGET: self._ask_to_forget,
        }

    def cancel(self) -> None:
        """Stop comparing or accepting. The answer is a summary."""
        self._cancelling = True
        self._shell.changed()
        self._shell.service.cancel()

    # -- what it is about --------------------------------------------------------------------------

    @property
    def chosen(self) -> PastRun | None:
        """The chosen run; at first the newest."""
        runs = self._listed.runs if self._listed else ()
        return next((each for each in runs if each.run == self._chosen), runs[0] if runs else None)

    @property
    def total(self) -> int | None:
        """How many runs there are; None while nobody has looked."""
        return None if self._listed is None else self._listed.total

    @property
    def can_be_resumed(self) -> int:
        """Runs that wait for a person."""
        return sum(each.waits and not each.is_demo for each in self._listed.runs) if self._listed else 0

    @property
    def is_working(self) -> bool:
        """Whether a run is being compared or accepted."""
        return bool(self._work)

    @property
    def status(self) -> Status:
        """While `is_working`."""
        return Status.CANCELLING if self._cancelling else _STATUS[self._work]

    # -- events and time ---------------------------------------------------------------------------

    def ask(self) -> None:
        """Have the runs listed, in the background; `RunsListed` follows."""
        self._asked_at = self._shell.now()
        self._shell.service.list_runs()

    def tick(self) -> None:
        """A run that goes on is looked at now and then, while the page is in sight."""
        is_old = self._shell.now() - self._asked_at >= FRESH_S
        if is_old and self._shell.page == "history" and self._shell.service.is_busy:
            self.ask()

    def take(self, event: RunsListed) -> None:
        self._listed = event
        self._rows = tuple(_row(each) for each in event.runs)
        self._shell.changed()

    def take_work(self, event: Event) -> bool:
        """Fold an event of `verify` or `accept` in; whether it belongs into the log too."""
        self.state = self.state.apply(event)
        if not isinstance(event, Summary):
            return True
        work, self._work, self._cancelling = self._work, "", False
        if work == "accept" and event.exit_code == 0:
            self._say(labels.ACCEPTED, Tone.OK)
            self._run.settled(self._about)
        else:
            is_good = event.outcome is Outcome.VERIFIED
            end = ending(event)
            self._say(f"{end.headline} {end.detail}".strip(), Tone.OK if is_good else Tone.PROBLEM)
        self.ask()
        return work != "accept" or event.exit_code != 0

    def forgotten(self, event: RunForgotten) -> None:
        """A run is gone: the one below it is chosen next."""
        if self._listed is not None:
            runs = self._listed.runs
            at = next((n for n, each in enumerate(runs) if each.run == event.run), len(runs))
            left = runs[:at] + runs[at + 1 :]
            if event.run == self._chosen:
                self._chosen = left[min(at, len(left) - 1)].run if left else ""
            self.take(RunsListed(left, self._listed.total - (len(runs) - len(left))))
        self._run.settled(event.run)
        self.ask()

    def reported(self, event: Reported) -> bool:
        """A report was written; whether it was asked for here."""
        run, path = self._saving
        if not run or event.path != path:
            return False
        self._saving = ("", "")
        self._said = (run, labels.REPORT_SAVED.format(path=event.path), Tone.OK)
        self._shell.changed()
        return True

    def warned(self, event: Warned) -> None:
        """What went wrong with a report or with deleting is said beside the run too."""
        if event.code == "report":
            run, self._saving = self._saving[0], ("", "")
        else:
            run, self._forgetting = self._forgetting, ""
        if run:
            self._said = (run, event.message, Tone.PROBLEM)
            self._shell.changed()

    def gave_up(self) -> None:
        """The service ended without its last word."""
        self._work, self._cancelling = "", False

    # -- the screen --------------------------------------------------------------------------------

    def screen(self) -> HistoryScreen:
        """The page of this moment; the same value as long as nothing changed."""
        is_free = not self._shell.service.is_busy
        seen = (self._rows, self._listed, self._chosen, self._said, is_free)
        if self._listed is not None and seen != self._drawn:
            self._drawn = seen
            run = self.chosen
            self._screen = HistoryScreen(
                self._head(self._listed),
                self._rows,
                labels.NO_RUNS,
                labels.NO_RUNS_YET,
                run.run if run else "",
                self._detail(run, is_free=is_free) if run else None,
            )
        return self._screen

    def _head(self, listed: RunsListed) -> Head:
        context = labels.HISTORY_CONTEXT
        if listed.total > len(listed.runs):
            context = labels.NEWEST_RUNS.format(shown=number(len(listed.runs)), total=number(listed.total))
        return Head(f"{context} {labels.TIMES_ARE.format(zone=self._shell.zone)}")

    def _detail(self, run: PastRun, *, is_free: bool) -> RunDetail:
        about, said, tone = self._said
        told = history_words.undo_told(run)
        return RunDetail(
            title=history_words.title(run),
            places=history_words.summed_up(run),
            pill=Pill(history_words.result(run), Tone(history_words.tone(run))),
            figures=tuple(
                Figure(shown, words, Tone.PROBLEM if is_bad else Tone.QUIET)
                for shown, words, is_bad in history_words.counts(run)
            ),
            undo=told if is_free or run.is_busy else f"{told} {labels.BUSY_NOW}",
            why=run.why,
            said=said if about == run.run else "",
            said_tone=tone,
            buttons=self._buttons(run),
        )

    def _possible(self, run: PastRun) -> frozenset[Act]:
        found = acts(run)
        return found if not self._shell.service.is_busy else found - WORK

    def _buttons(self, run: PastRun) -> tuple[ActButton, ...]:
        """All of them in their places; the first is to go on or to try again, whichever there is."""
        possible = self._possible(run)
        first = Act.RETRY if Act.RETRY in acts(run) else Act.RESUME
        shown = [each for each in Act if each not in {Act.RETRY, Act.RESUME} or each is first]
        texts = {each: labels.ACTS[each.value] for each in shown}
        if first is Act.RETRY:
            texts[first] = texts[first].format(count=number(in_books(run.ledger, "failed")))
        return tuple(ActButton(each, texts[each], each in possible) for each in shown)

    # -- inside ------------------------------------------------------------------------------------

    def _begin(self, work: str, run: str) -> None:
        service = self._shell.service
        call = {"verify": service.verify, "accept": service.accept}[work]
        if self._shell.ask_service(partial(call, run)):
            self._work, self._about, self._cancelling = work, run, False
            self.state = RunState(command=work)

    def _ask_to_accept(self, run: PastRun) -> None:
        text = f"{labels.ACCEPT_TEXT} {history_words.removed_by_accepting(run)}".strip()
        question = Question(labels.ACCEPT_HEADLINE, text, labels.ACCEPT_YES, labels.ACCEPT_NO)
        self._shell.ask(question, lambda: self._begin("accept", run.run))

    def _ask_to_forget(self, run: PastRun) -> None:
        question = Question(labels.FORGET_HEADLINE, labels.FORGET_TEXT, labels.FORGET_YES, labels.FORGET_NO)
        self._shell.ask(question, lambda: self._forget(run.run))

    def _forget(self, run: str) -> None:
        self._forgetting = run
        self._shell.service.forget(run)

    def _save_report(self, run: PastRun) -> None:
        path = save_report(self._shell, run.run)
        if path:
            self._saving = (run.run, path)

    def _open_folder(self, run: PastRun) -> None:
        problem = self._shell.open_folder(run.directory)
        if problem:
            text = labels.NOT_OPENED.format(path=run.directory, reason=problem)
            self._said = (run.run, text, Tone.WARN)
            self._shell.write(Line("warn", "window", text))

    def _say(self, text: str, tone: Tone) -> None:
        self._said = (self._about, text, tone)
        self._shell.changed()


def _undoable(run: PastRun) -> int:
    """At least one: a write may have been under way, which only a roll back's look at it can tell."""
    return max(1, in_books(run.ledger, "copied"))


def _row(run: PastRun) -> RunRow:
    return RunRow(
        run=run.run,
        started=history_words.started(run),
        places=history_words.places(run),
        short_places=history_words.short_places(run),
        result=history_words.result(run),
        tone=Tone(history_words.tone(run)),
        objects=history_words.objects(run),
        size=history_words.size(run),
        took=history_words.took(run),
        kept=history_words.kept(run),
        undo=history_words.undo(run),
    )
