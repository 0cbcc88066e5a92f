"""History: every run there is a journal of, as the engine lists them."""

from __future__ import annotations

from migrator import history_words
from migrator.gui import labels
from migrator.gui.pages.shell import Shell
from migrator.gui.screen import Head, HistoryScreen, RunRow
from migrator.gui.status import Tone
from migrator.model.past_runs import RunsListed


class HistoryPage:
    """The runs, newest first. They are asked for anew when the page comes into sight and when a run ends."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._listed: RunsListed | None = None
        self._screen = HistoryScreen(Head(labels.HISTORY_CONTEXT), empty=labels.LOOKING_FOR_RUNS)

    def ask(self) -> None:
        """Have the runs listed, in the background; `RunsListed` follows."""
        self._shell.service.list_runs()

    def take(self, event: RunsListed) -> None:
        self._listed = event
        context = labels.HISTORY_CONTEXT
        if event.total > len(event.runs):
            context = f"The newest {len(event.runs):,} of {event.total:,} runs."
        rows = tuple(
            RunRow(
                run=each.run,
                started=history_words.started(each),
                places=history_words.places(each),
                result=history_words.result(each),
                tone=Tone(history_words.tone(each)),
                objects=history_words.objects(each),
                size=history_words.size(each),
                took=history_words.took(each),
                undo=history_words.undo(each),
            )
            for each in event.runs
        )
        self._screen = HistoryScreen(Head(context), rows, labels.NO_RUNS)
        self._shell.changed()

    @property
    def total(self) -> int | None:
        """How many runs there are; None while nobody has looked."""
        return None if self._listed is None else self._listed.total

    @property
    def can_be_resumed(self) -> int:
        """Runs that wait for a person."""
        return sum(each.waits for each in self._listed.runs) if self._listed else 0

    def screen(self) -> HistoryScreen:
        """The page of this moment; the same value as long as nothing changed."""
        return self._screen
