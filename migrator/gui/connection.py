"""What trying the two ends came to, and what Generate Config File has to say about it."""

from __future__ import annotations

from collections.abc import Mapping

from migrator import config_words, words
from migrator.gui import checks, form_words, labels
from migrator.gui.form import NAMES, Form
from migrator.gui.screen import CardState, SetupScreen
from migrator.gui.screen_parts import FieldState
from migrator.gui.status import TABLE, Status, Tone
from migrator.model.drafts import ConfigWritten
from migrator.model.events import EndChecked

#: What makes an earlier test of an end worthless when it is changed.
DEPENDS_ON = {"access_key_id", "secret_access_key", "session_token", "region", "endpoint"}
#: The same where the bucket itself was the trouble.
MISSING = {"NoSuchBucket", "will-create"}


class Connection:
    """Results of the newest test of each end; a changed field takes its end's result away."""

    def __init__(self) -> None:
        self.is_checking = self.is_stopping = False
        self.said: tuple[str, Tone] = (labels.GENERATE_HINT, Tone.QUIET)
        self.path = ""
        self._ends: dict[str, EndChecked] = {}
        self._buckets: dict[str, tuple[str, ...]] = {}
        self._stale: dict[str, tuple[str, Tone]] = {}  #: ends without a result any more, and why

    def begin(self) -> None:
        self.is_checking, self.is_stopping = True, False
        self._ends.clear()
        self._stale.clear()
        self.say(labels.CHECKING_BOTH, Tone.BUSY)

    def say(self, text: str, tone: Tone) -> None:
        """The line beside the button."""
        self.said, self.path = (text, tone), ""

    def edited(self, field: str) -> None:
        """A field of the form was changed."""
        end, _, part = field.rpartition(".")
        known = self._ends.get(end)
        is_missing = part == "bucket" and known is not None and known.code in MISSING
        if is_missing or (part in DEPENDS_ON and (known is not None or end in self._stale)):
            self._ends.pop(end, None)
            self._stale[end] = (labels.CHANGED, Tone.QUIET)

    def keys_refused(self, name: str) -> None:
        """What an earlier test said of this end holds no more."""
        self._ends.pop(name, None)
        self._stale[name] = (labels.NOT_ACCEPTED, Tone.WARN)

    def checked(self, name: str, event: EndChecked) -> None:
        self._ends[name] = event
        if event.buckets is not None:
            self._buckets[name] = event.buckets

    def written(self, event: ConfigWritten) -> None:
        self.is_checking = self.is_stopping = False
        kept = config_words.kept_where(event)
        if self.is_complete:
            self.say(f"{labels.GENERATED} {kept}".rstrip(), Tone.OK)
        else:
            self.say(form_words.written_in_part(kept), Tone.WARN)
        self.path = event.path

    def stop(self) -> None:
        """Somebody does not want to wait for it."""
        self.is_stopping = True
        self.say(labels.CHECK_STOPPING, Tone.BUSY)

    def failed(self, text: str) -> None:
        """The service could not do it, or was stopped, and says why."""
        tone = Tone.QUIET if self.is_stopping else Tone.PROBLEM
        self.is_checking = self.is_stopping = False
        self.say(text, tone)

    def gave_up(self) -> None:
        """The service ended without its last word."""
        self.is_checking = self.is_stopping = False
        if self.said[1] is Tone.BUSY:
            self.say(form_words.NOT_WRITTEN, Tone.PROBLEM)

    @property
    def is_complete(self) -> bool:
        return all(name in self._ends and self._ends[name].ok for name in NAMES)

    @property
    def status(self) -> Status:
        """What the window would be about if there were no run."""
        if self.is_checking:
            return Status.CONNECTING
        if self.is_complete:
            return Status.CONNECTED
        return Status.HALF_CONNECTED if self._ends or self._stale else Status.EMPTY

    def screen(self, form: Form, problems: dict[str, str], status: Status, revision: int) -> SetupScreen:
        """The Set up page of this moment."""
        row = TABLE[status]
        return SetupScreen(
            form=form,
            revision=revision,
            fields={
                name: FieldState(checks.hint(form, name), problems.get(name, "")) for name in labels.FIELDS
            },
            cards={name: self._card(name, form, problems) for name in NAMES},
            is_open=row.form_is_open,
            generate_is_primary=row.generate_is_primary,
            can_generate=row.form_is_open,
            generated=self.said[0],
            generated_tone=self.said[1],
            path=self.path,
        )

    def _card(self, name: str, form: Form, problems: Mapping[str, str]) -> CardState:
        end = self._ends.get(name)
        result, tone, advice = labels.NOT_CONNECTED, Tone.QUIET, ""
        if end is not None and end.ok:
            result, tone = words.connected(end), Tone.OK
        elif end is not None:
            result, tone, advice = end.message or form_words.UNABLE_TO_CONNECT, Tone.PROBLEM, end.advice
            if result in {text for field, text in problems.items() if field.startswith(f"{name}.")}:
                result = form_words.NOT_READY  # the field says it
        elif self.is_checking:
            result, tone = labels.CONNECTING, Tone.BUSY
        elif name in self._stale:
            result, tone = self._stale[name]
        return CardState(
            is_source=form.direction.source == name,
            result=result,
            tone=tone,
            advice=advice,
            buckets=self._buckets.get(name, ()),
            shows_token=form.end(name).needs_token,
            is_missing=end is not None and end.code == "NoSuchBucket",
        )
