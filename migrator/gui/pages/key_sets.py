"""Named sets of keys on Settings: what there is, whether a service takes it, and forgetting it for good."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from migrator import words
from migrator.gui import labels
from migrator.gui.form import to_table
from migrator.gui.key_values import KeySetRow, KeySetsScreen
from migrator.gui.pages.setup import SetupPage
from migrator.gui.pages.shell import Shell
from migrator.gui.screen import Question
from migrator.gui.status import Tone
from migrator.model.key_sets import KeySet, KeysForgotten, KeysListed, KeysTested
from migrator.model.objects import visible

KEY_NAME_CHARS = 60


class KeySetsPage:
    """The sets as the service listed them last, and what was done about them since."""

    def __init__(self, shell: Shell, set_up: SetupPage, *, is_demo: bool = False) -> None:
        """`is_demo`: only the demo's own keys are known here; nothing is stored of them."""
        self._shell, self._set_up, self._is_demo = shell, set_up, is_demo
        self._listed: KeysListed | None = None
        self._said: dict[str, tuple[str, Tone]] = {}  #: by name, what testing came to
        self._testing: set[str] = set()
        self._forgotten: tuple[str, Tone] = ("", Tone.QUIET)

    # -- what can be pressed -----------------------------------------------------------------------

    def ask(self) -> None:
        """Have them listed, in the background; `KeysListed` follows. What forgetting came to was read."""
        self._forgotten = ("", Tone.QUIET)
        self._shell.service.list_keys()

    def test(self, name: str) -> None:
        """Try a set at the service it belongs to; nothing is written there."""
        if name in self._testing or name not in self._names:
            return
        self._testing.add(name)
        self._said[name] = (labels.KEYS_TESTING, Tone.BUSY)
        self._shell.service.test_keys(name, to_table(self._set_up.form))
        self._shell.changed()

    def forget(self, name: str) -> None:
        """Forget one set, once that was answered."""
        if name in self._names:
            self._ask_about([name], labels.FORGET_KEYS_HEADLINE.format(name=visible(name, KEY_NAME_CHARS)))

    def forget_all(self) -> None:
        """Forget every set, once that was answered."""
        if names := self._names:
            self._ask_about(names, labels.FORGET_ALL_HEADLINE.format(count=len(names)))

    # -- events ------------------------------------------------------------------------------------

    def listed(self, event: KeysListed) -> None:
        """What there is. What was said of keys that are others by now is said no more."""
        before = self._listed.sets if self._listed else ()
        same = {each.name for each in event.sets if each in before}
        self._listed = event
        self._said = {name: said for name, said in self._said.items() if name in same}
        self._shell.changed()

    def tested(self, event: KeysTested) -> None:
        """How trying went."""
        self._testing.discard(event.name)
        if event.name in self._names:
            self._said[event.name] = (event.message, Tone.OK if event.ok else Tone.PROBLEM)
        self._shell.changed()

    def forgotten(self, event: KeysForgotten) -> None:
        """They are gone: what is typed of them on Set up goes too, or the next run would bring them back."""
        self._set_up.forget_keys(event.names)
        tone = Tone.PROBLEM if event.problem else Tone.OK
        self._forgotten = (words.keys_forgotten(event), tone)
        self._shell.changed()

    # -- the screen --------------------------------------------------------------------------------

    def screen(self) -> KeySetsScreen:
        """The card of this moment."""
        listed = self._listed
        if listed is None:
            return KeySetsScreen(empty=labels.LOOKING_FOR_KEYS)
        is_busy = self._shell.service.is_busy
        said, tone = self._forgotten
        return KeySetsScreen(
            tuple(self._row(each, listed.vault) for each in listed.sets),
            self._where(listed.vault),
            "" if listed.sets else labels.NO_KEYS,
            can_forget=bool(listed.sets) and not is_busy,
            why_not=labels.KEYS_IN_USE if listed.sets and is_busy else "",
            said=said,
            said_tone=tone,
        )

    def _where(self, vault: str) -> str:
        if self._is_demo:
            return labels.KEYS_OF_DEMO
        return labels.KEYS_IN_VAULT.format(vault=vault) if vault else labels.KEYS_IN_MEMORY

    def _row(self, keys: KeySet, vault: str) -> KeySetRow:
        said, tone = self._said.get(keys.name, ("", Tone.QUIET))
        what = keys.masked
        if keys.is_temporary:
            what += f" · {labels.KEYS_TEMPORARY}"
        if keys.expires:
            what += f" · {labels.KEYS_UNTIL.format(moment=words.moment(keys.expires))}"
        return KeySetRow(
            keys.name,
            what,
            labels.KEYS_KEPT.format(vault=vault) if keys.is_stored else labels.KEYS_NOT_KEPT,
            said,
            tone,
            can_test=keys.name not in self._testing,
        )

    @property
    def _names(self) -> list[str]:
        return [each.name for each in self._listed.sets] if self._listed else []

    def _ask_about(self, names: Sequence[str], headline: str) -> None:
        if self._shell.service.is_busy:
            return
        question = Question(headline, labels.FORGET_KEYS_TEXT, labels.FORGET_KEYS_YES, labels.FORGET_KEYS_NO)
        self._shell.ask(question, self._forgetting(names))

    def _forgetting(self, names: Sequence[str]) -> Callable[[], None]:
        return lambda: self._shell.service.forget_keys(names)
