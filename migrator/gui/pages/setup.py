"""Set up, as far as it can be decided without a service: the form, and what is wrong with it where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from migrator.config import job_from
from migrator.errors import JobFileError
from migrator.gui import checks, form_words, labels, losses
from migrator.gui.connection import Connection
from migrator.gui.form import AUTO, NAMES, Form, form_field, keys_of, split_patterns, to_table
from migrator.gui.pages.shell import Shell
from migrator.gui.screen import SetupScreen
from migrator.gui.status import Status, Tone
from migrator.model.events import EndChecked, Summary
from migrator.model.globs import BadPattern, exact
from migrator.model.policy import policies
from migrator.phrases import count
from migrator.redacting import MASK


class SetupPage:
    """What is typed, the problems beside the fields, and what trying both ends came to."""

    def __init__(self, shell: Shell, form: Form) -> None:
        self._shell = shell
        self.form = form
        self.connection = Connection()
        self.revision = 0  #: a higher one makes the views write `form` into their widgets
        self._problems: dict[str, str] = {}
        self._threads_before = Form().threads if form.threads == AUTO else form.threads

    @property
    def has_problems(self) -> bool:
        return bool(self._problems)

    def edit(self, name: str, value: str) -> None:
        """Text was typed or chosen. A problem stays until the field is left, a wrong test result does not."""
        if self.form.get(name) == value:
            return
        self.form = self.form.put(name, value)
        if name.endswith(".bucket"):
            self._forget_creating(name.removesuffix(".bucket"))
        self.connection.edited(name)
        self._shell.changed()
        if self._problems.get(name) and not checks.problem_of(self.form, name) and value.strip():
            del self._problems[name]

    def fill(self, form: Form) -> None:
        """Another form instead of this one; nothing is known of its two ends yet."""
        self.form, self._problems, self.connection = form, {}, Connection()
        if form.threads != AUTO:
            self._threads_before = form.threads
        self.revision += 1
        self._shell.changed()

    def left(self, name: str) -> None:
        """A field lost the focus: now it may be told what is wrong with it."""
        self._shell.changed()
        problem = checks.problem_of(self.form, name)
        kept = self._problems.get(name, "") if not self.form.get(name).strip() else ""
        if problem or kept:
            self._problems[name] = problem or kept
        else:
            self._problems.pop(name, None)

    def choose_direction(self, direction: str) -> None:
        """The Migration Type: the cards swap."""
        self._shell.changed()
        self.form = self.form.put("direction", direction)
        for name in NAMES:
            if self.form.end(name).reference == "env":  # other variables for the other side
                self._forget_reference(name)
        if self.connection.path:
            self.connection.say(labels.DIRECTION_CHANGED, Tone.QUIET)
        self._problems = {name: text for name, text in self._problems.items() if "." not in name}

    def choose(self, name: str, value: str) -> None:
        """Something was decided on another page that the form says: the widgets follow."""
        self.edit(name, value)
        self.revision += 1

    def adjust_threads(self, *, itself: bool) -> None:
        """The tick beside Number of Threads: `auto`, or the number that was there before."""
        if itself and self.form.threads != AUTO:
            self._threads_before = self.form.threads
        self.choose("threads", AUTO if itself else self._threads_before)
        self.left("threads")

    def accept(self, names: Iterable[str]) -> None:
        """The job accepts these losses from now on."""
        self.form = losses.accepting(self.form, names)
        self._shell.changed()

    def take_back(self, name: str) -> None:
        """The job does not accept this loss any more."""
        self.form = losses.not_accepting(self.form, name)
        self._shell.changed()

    def keys_refused(self, summary: Summary | None) -> str:
        """Keys that a run's end speaks of are to be typed anew: the field to begin with. Those of the source
        where it does not say."""
        source, destination = self.form.direction.ends
        text = summary.message if summary else ""
        name = destination if labels.CARD_NAMES[destination].split(" ")[0] in text else source
        self.connection.keys_refused(name)
        self._forget_reference(name)
        return f"{name}.access_key_id"

    def policy(self, provider: str) -> str:
        """The least that this job needs at one end, ready to paste; placeholders for what is not typed."""
        # Filters and pace change nothing about it, so what is wrong there is not in the way.
        form = Form(self.form.direction, self.form.aws, self.form.lyve, rest=self.form.rest)
        for name, value in form_words.PLACEHOLDERS.items():
            if not form.get(name).strip():
                form = form.put(name, value)
        try:
            found = policies(job_from(to_table(form)).needs)
        except JobFileError as cause:
            self.refused(cause)
            self._shell.changed()
            return ""
        return next(each.text for each in found if each.provider == provider)

    def forget_keys(self, names: Iterable[str]) -> None:
        """Keys of these names are forgotten: their fields are empty from now on."""
        gone = set(names)
        for name in NAMES:
            if self.form.end(name).reference in {f"keyring:{each}" for each in gone}:
                self._forget_reference(name)
        for name in (each for each in NAMES if each in gone):
            for part in ("access_key_id", "secret_access_key", "session_token"):
                self.choose(f"{name}.{part}", "")

    def leave_out(self, keys: Sequence[str]) -> None:
        """Not keys like names these too, one by one; what cannot be named is told, and stays."""
        prefix = self.form.end(self.form.direction.source).prefix
        patterns, unsaid = split_patterns(self.form.exclude), 0
        added = 0
        for key in keys:
            try:
                pattern = exact(key.removeprefix(prefix))
            except BadPattern:
                pattern = ""
            if not pattern or MASK in key:  # a masked key is told, never guessed at
                unsaid += 1
                continue
            added += 1
            if pattern not in patterns:
                patterns.append(pattern)
        if added:
            self.choose("exclude", ", ".join(patterns))
        said = labels.LEFT_OUT.format(objects=count(added, "object")) if added else ""
        if unsaid:
            said += f" {labels.NOT_LEFT_OUT.format(objects=count(unsaid, 'object'))}"
        self.connection.say(said.strip(), Tone.WARN if unsaid else Tone.OK)
        self._shell.changed()

    def copy_policy(self, name: str) -> None:
        """Copy Policy of a card, also before anything was connected."""
        text = self.policy(name)
        if text:
            self._shell.copy(text)
            placeholder = form_words.PLACEHOLDERS[f"{name}.bucket"]
            said = labels.POLICY_COPIED
            if placeholder in text:
                said += f" {labels.POLICY_PLACEHOLDER.format(name=placeholder)}"
            self.connection.say(said, Tone.OK)
            self._shell.changed()

    def create_bucket(self, name: str) -> None:
        """Create It: the job makes the missing bucket, and both ends are tried again."""
        if not self._shell.form_is_open:
            return
        rest = {**self.form.rest.get(name, {}), "create_bucket": True}
        self.form = replace(self.form, rest={**self.form.rest, name: rest})
        self._shell.generate()

    def choose_another(self, name: str) -> None:
        """Choose Another: the cursor goes to the bucket."""
        self._shell.focus_on(f"{name}.bucket")

    def generate(self) -> None:
        """Generate Config File: checks the form, then both ends. Only while the form takes input."""
        self._shell.changed()
        form, service = self.form, self._shell.service
        if self._may_generate() and self._shell.ask_service(
            lambda: service.generate(to_table(form), keys_of(form))
        ):
            self.connection.begin()

    def cancel(self) -> None:
        """Stop trying both ends. The answer is a summary."""
        self.connection.stop()
        self._shell.changed()
        self._shell.service.cancel()

    def _may_generate(self) -> bool:
        """Whether nothing stands against Generate Config File; what does is told."""
        if self.is_free_of(checks.blocking_generate(self.form)):
            return True
        is_blank = labels.FILL_THIS in self._problems.values()
        self.connection.say(labels.FILL_ALL if is_blank else labels.PUT_RIGHT, Tone.PROBLEM)
        return False

    def may_migrate(self) -> bool:
        """Whether nothing stands against Migrate Data; what does is told beside the fields."""
        return self.is_free_of(checks.blocking_migrate(self.form))

    def refused(self, cause: JobFileError) -> None:
        """The service does not take the form's job."""
        self._problems = checks.in_words(cause.problems, self.form.direction)
        self.connection.say(self._problems.pop("", "") or labels.PUT_RIGHT, Tone.PROBLEM)

    def end_checked(self, event: EndChecked) -> None:
        """One end was tried: its card says how that went, and the field at fault what is wrong."""
        self.connection.checked(self.form.direction.name_of(event.side), event)
        on_form = form_field(event.field, self.form.direction) if event.field else ""
        if not event.ok and on_form:
            self._problems[on_form] = event.message

    def screen(self, status: Status) -> SetupScreen:
        return self.connection.screen(self.form, self._problems, status, self.revision)

    def _forget_reference(self, name: str) -> None:
        self.form = self.form.put(f"{name}.reference", "").put(f"{name}.known_as", "")

    def _forget_creating(self, name: str) -> None:
        """Another bucket is meant: that one is not to be made without a word."""
        rest = {key: value for key, value in self.form.rest.get(name, {}).items() if key != "create_bucket"}
        self.form = replace(self.form, rest={**self.form.rest, name: rest})

    def is_free_of(self, problems: Mapping[str, str]) -> bool:
        """Whether there are none; they are told beside the fields, instead of those that were told before."""
        self._shell.changed()
        self._problems = dict(problems)
        return not self._problems
