"""The bar at the bottom, which never moves: state and help on the left, buttons on the right.

Questions are asked in here too, so that nothing covers what they are about.
"""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import Any

from migrator.gui import labels, theme
from migrator.gui.screen import ActionBar, Question
from migrator.gui.screen_parts import Button
from migrator.gui.status import Intent
from migrator.gui.widgets.basics import WrapLabel, focus_path, set_text

#: Letters that open a menu.
TAKEN = frozenset(text[0].casefold() for text in labels.MENUS.values())


#: Buttons that have just come take no click for so long: a double click is at most half a second.
SETTLE_S = 0.5
_now = time.monotonic


class ActionBarView(ttk.Frame):
    """Renders `ActionBar`; reports intents and answers."""

    def __init__(
        self, parent: tk.Misc, on_intent: Callable[[Intent], None], on_answer: Callable[[bool], None]
    ) -> None:
        super().__init__(parent, style="Rail.TFrame")
        self._on_intent, self._on_answer = on_intent, on_answer
        self._drawn: ActionBar | None = None
        self.buttons: dict[str, ttk.Button] = {}
        self._letters: dict[str, ttk.Button] = {}
        self._built_at = float("-inf")
        self.columnconfigure(1, weight=1)
        tk.Frame(self, height=1, background=theme.color("line")).grid(
            row=0, column=0, columnspan=3, sticky="we"
        )
        self.rowconfigure(1, minsize=theme.px(60), weight=1)
        self.icon = ttk.Label(self, style="BarIcon.TLabel")
        self.icon.grid(row=1, column=0, padx=(theme.px(20), theme.px(12)))
        texts = ttk.Frame(self, style="Rail.TFrame")
        texts.grid(row=1, column=1, sticky="we", pady=theme.px(6))
        texts.columnconfigure(0, weight=1)
        self.sentence = WrapLabel(texts, style="BarStrong.TLabel")
        self.sentence.grid(row=0, column=0, sticky="we")
        self.help = WrapLabel(texts, style="BarHint.TLabel")
        self.help.grid(row=1, column=0, sticky="we")
        self.right = ttk.Frame(self, style="Rail.TFrame")
        self.right.grid(row=1, column=2, sticky="e", padx=(theme.px(16), theme.px(20)))

    def render(self, bar: ActionBar) -> None:
        before, self._drawn = self._drawn, bar
        if bar == before:
            return
        question = bar.question
        tone = "warn" if question else str(bar.tone)
        self.icon.configure(image=theme.tone_icon(tone, 20))
        set_text(self.sentence, question.headline if question else bar.sentence)
        set_text(self.help, question.text if question else bar.help)
        same = before is not None and (before.primary, before.secondary, before.question) == (
            bar.primary,
            bar.secondary,
            bar.question,
        )
        if same:
            return
        had_focus = focus_path(self).startswith(str(self.right))
        for old in self.right.winfo_children():
            old.destroy()
        self.buttons = {}
        self._letters.clear()
        self._built_at = _now()
        if question:
            self._ask(question)
            return
        for each in bar.secondary:
            self._add(each, "Secondary.TButton")
        if bar.primary is not None:
            self._add(bar.primary, "Primary.TButton")
        if had_focus or (before is not None and before.question):
            usable = [b for b in self.buttons.values() if not b.instate(["disabled"])]
            if usable:
                usable[-1].focus_set()

    def _too_soon(self, _event: tk.Event[Any]) -> str | None:
        """The second click of a double click was meant for the button that was here before."""
        return "break" if _now() - self._built_at < SETTLE_S else None

    def _underline(self, button: ttk.Button, text: str) -> None:
        """Alt and the underlined letter press the button: its first one that is still free."""
        button.bind("<Button-1>", self._too_soon)
        for index, char in enumerate(text.casefold()):
            if char.isascii() and char.isalpha() and char not in self._letters and char not in TAKEN:
                self._letters[char] = button
                button.configure(underline=index)
                return

    def press(self, letter: str) -> bool:
        """Alt+letter; whether a button has it."""
        button = self._letters.get(letter.casefold())
        if button is None:
            return False
        button.focus_set()
        button.invoke()
        return True

    def _add(self, each: Button, style: str) -> None:
        button = ttk.Button(
            self.right, text=each.text, style=style, command=lambda: self._on_intent(each.intent)
        )
        self._underline(button, each.text)
        button.state(["!disabled" if each.is_enabled else "disabled"])
        button.pack(side="left", padx=(theme.px(8), 0))
        self.buttons[each.intent.value] = button

    def _ask(self, question: Question) -> None:
        yes = ttk.Button(
            self.right,
            text=question.yes,
            style="Danger.TButton" if question.is_destructive else "Primary.TButton",
            command=lambda: self._on_answer(True),
        )
        no = ttk.Button(
            self.right, text=question.no, style="Secondary.TButton", command=lambda: self._on_answer(False)
        )
        self.buttons = {"yes": yes, "no": no}
        # What is wanted stands where the primary button always is; what destroys something never does.
        for button in (yes, no) if question.is_destructive else (no, yes):
            self._underline(button, str(button.cget("text")))
            button.pack(side="left", padx=(theme.px(8), 0))
        if question.is_destructive:
            for key in ("<Return>", "<KP_Enter>"):
                yes.bind(key, _swallow)
        no.focus_set()


def _swallow(_event: tk.Event[Any]) -> str:
    return "break"
