"""A labelled field: label above, control, and one line below for a hint or for what is wrong."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping, Sequence
from tkinter import ttk
from typing import Any, Literal

from migrator.gui import form_words, labels, theme
from migrator.gui.screen_parts import FieldState
from migrator.gui.widgets.basics import Tooltip, WrapLabel, bind_wheel, set_text

Kind = Literal["text", "secret", "list", "choice", "number", "date"]


class Field(ttk.Frame):
    """One field of a form. `on_edit` hears every change by a person, never one made by `put`.

    The label stands above, or `is_beside` where a row of few short ones saves room.
    """

    def __init__(
        self,
        parent: tk.Misc,
        name: str,
        kind: Kind = "text",
        *,
        on_edit: Callable[[str, str], None],
        on_left: Callable[[str], None],
        on_wheel: Callable[[int], None],
        choices: Mapping[str, str] | None = None,
        values: Sequence[str] = (),
        width: int = 8,
        stretches: bool = True,
        is_beside: bool = False,
    ) -> None:
        super().__init__(parent)
        self.name, self.kind = name, kind
        self._on_edit, self._on_left, self._on_wheel = on_edit, on_left, on_wheel
        self._choices = dict(choices or {})
        self._state = FieldState()
        self._quiet = False
        self.variable = tk.StringVar(self)
        self.columnconfigure(0, weight=0 if is_beside else 1)
        words = labels.FIELDS.get(name) or labels.LIMITS[name]
        self.label: ttk.Label
        if is_beside:
            self.label = ttk.Label(self, text=words)
            self.label.grid(row=1, column=0, padx=(0, theme.px(8)))
        else:
            self.label = WrapLabel(self, text=words)
            self.label.grid(row=0, column=0, columnspan=2, sticky="we", pady=(0, theme.px(3)))
        self.button: ttk.Button | None = None
        self.control = self._control(width, values)
        self.control.grid(row=1, column=1 if is_beside else 0, sticky="we" if stretches else "w")
        self._line = ttk.Frame(self)
        self._line.columnconfigure(1, weight=1)
        self._sign = ttk.Label(self._line, image=theme.icon("exclamation-triangle-fill", "problem", 12))
        self._sign.grid(row=0, column=0, sticky="n", padx=(0, theme.px(5)), pady=(theme.px(1), 0))
        self.below = WrapLabel(self._line, style="Hint.TLabel", justify="left")
        self.below.grid(row=0, column=1, sticky="we")
        self.variable.trace_add("write", self._edited)
        self.control.bind("<FocusOut>", lambda _event: self._on_left(self.name), "+")
        tip = form_words.TOOLTIPS.get(name) or form_words.TOOLTIPS.get(name.rpartition(".")[2])
        if tip:
            for widget in (self.label, self.control):
                Tooltip(widget, tip)

    # -- what views call ---------------------------------------------------------------------------

    def get(self) -> str:
        """The field's value: the text, or the key of the chosen words."""
        text = self.variable.get()
        if not self._choices:
            return text
        return next((key for key, words in self._choices.items() if words == text), "")

    def put(self, value: str) -> None:
        """Show a value without telling anyone."""
        text = self._choices.get(value, value)
        if self.variable.get() != text:
            self._quiet = True
            self.variable.set(text)
            self._quiet = False

    def render(self, state: FieldState) -> None:
        """Show hint or problem, touching only what changed."""
        if state == self._state:
            return
        self._state = state
        self.control.state(["invalid" if state.problem else "!invalid"])
        text = state.problem or state.hint
        set_text(self.below, text)
        if not text:
            self._line.grid_remove()
            return
        self.below.configure(style="Problem.TLabel" if state.problem else "Hint.TLabel")
        if state.problem:
            self._sign.grid()
        else:
            self._sign.grid_remove()
        self._line.grid(row=2, column=0, columnspan=2, sticky="we", pady=(theme.px(3), 0))

    def enable(self, enabled: bool) -> None:
        if self.kind == "choice":
            self.control.state(["!disabled", "readonly"] if enabled else ["disabled"])
        else:
            self.control.state(["!disabled"] if enabled else ["disabled"])
        if self.button is not None:
            self.button.state(["!disabled"] if enabled else ["disabled"])

    def offer(self, values: Sequence[str]) -> None:
        """Fill a drop-down; what is typed stays."""
        if tuple(self.control.cget("values")) != tuple(values):
            self.control.configure(values=tuple(values))

    # -- building ----------------------------------------------------------------------------------

    def _control(self, width: int, values: Sequence[str]) -> Any:
        common: dict[str, Any] = {"textvariable": self.variable, "width": width, "font": "AppText"}
        if self.kind in {"list", "choice"}:
            box = ttk.Combobox(self, values=tuple(self._choices.values()) or tuple(values), **common)
            if self.kind == "choice":
                box.state(["readonly"])
            # The wheel over a closed list must not change what was chosen.
            bind_wheel(box, self._on_wheel)
            return box
        if self.kind == "number":
            spin = ttk.Spinbox(self, from_=1, to=512, increment=1, **common)
            bind_wheel(spin, self._on_wheel)
            return spin
        if self.kind == "secret":
            self._add_button("eye", self._toggle, labels.SHOW_SECRET)
            return ttk.Entry(self, show="•", **common)
        if self.kind == "date":
            self._add_button("calendar3", self._pick, labels.PICK_DATE)
        return ttk.Entry(self, **common)

    def _add_button(self, icon: str, command: Callable[[], None], tip: str) -> None:
        self.button = ttk.Button(self, image=theme.button_icon(icon), style="Icon.TButton", command=command)
        self.button.grid(row=1, column=1, padx=(theme.px(2), 0))
        self.button_tip = Tooltip(self.button, tip)

    def _toggle(self) -> None:
        hidden = bool(self.control.cget("show"))
        self.control.configure(show="" if hidden else "•")
        if self.button is not None:
            self.button.configure(image=theme.button_icon("eye-slash" if hidden else "eye"))
            self.button_tip.text = labels.HIDE_SECRET if hidden else labels.SHOW_SECRET

    def _pick(self) -> None:
        picked = theme.pick_date(self.control, self.variable.get())
        if picked is not None:
            self.variable.set(picked)
            self._on_left(self.name)

    def _edited(self, *_args: object) -> None:
        if not self._quiet:
            self._on_edit(self.name, self.get())
