"""Set up: the Migration Type, the two ends, Generate Config File, filters and transfer settings."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import Protocol

from migrator.gui import form_words, labels, theme
from migrator.gui.form import AUTO, NAMES
from migrator.gui.screen import Screen, SetupScreen
from migrator.gui.status import Intent
from migrator.gui.views.end_card import CardActions, EndCard
from migrator.gui.views.page import GAP, PageView
from migrator.gui.widgets.banner import BannerView
from migrator.gui.widgets.basics import Card, Tooltip, WrapLabel, set_text, show
from migrator.gui.widgets.field import Field, Kind


class SetupActions(CardActions, Protocol):
    """What this page reports."""

    def edit(self, name: str, value: str) -> None: ...
    def adjust_threads(self, *, itself: bool) -> None: ...
    def left(self, name: str) -> None: ...
    def choose_direction(self, direction: str) -> None: ...


_FILTER_FIELDS: tuple[tuple[tuple[str, Kind], ...], ...] = (
    (("min_date", "date"), ("max_date", "date"), ("min_size", "text"), ("max_size", "text")),
    (("include", "text"), ("exclude", "text")),
)
_TRANSFER_FIELDS: tuple[tuple[tuple[str, Kind], ...], ...] = (
    (("threads", "number"), ("existing", "choice")),
    (("speed_limit", "text"), ("verify", "choice")),
)


class SetupView(PageView):
    """Renders `SetupScreen`."""

    def __init__(
        self,
        parent: tk.Misc,
        actions: SetupActions,
        generate: Callable[[], None],
        on_intent: Callable[[Intent], None],
    ) -> None:
        super().__init__(parent, labels.SETUP_TITLE, labels.SETUP_CONTEXT)
        self._actions, self._generate = actions, generate
        self._drawn: SetupScreen | None = None
        self.fields: dict[str, Field] = {}
        page, gap = self.inside, theme.px(GAP)
        self._switch(self.header.right).pack(side="right")
        self.offer = BannerView(page, on_intent, button="Outline.TButton")
        self.offer.grid(row=1, column=0, sticky="we", padx=gap, pady=(0, theme.px(12)))
        self.offer.grid_remove()
        self._ends(page).grid(row=2, column=0, sticky="we", padx=gap)
        self._generate_row(page).grid(row=3, column=0, sticky="we", padx=gap, pady=theme.px(12))
        self._lower(page).grid(row=4, column=0, sticky="we", padx=gap, pady=(0, theme.px(16)))
        self.finish()
        for card in self.cards.values():
            card.body.bind("<Configure>", self._fit_soon, "+")
        for field in self.fields.values():
            field.control.bind("<FocusIn>", lambda event: self.reveal(event.widget), "+")

    def focus_first(self) -> None:
        """Put the cursor into the first field of the From card."""
        name = "aws" if self._drawn is None else self._drawn.form.direction.source
        self.fields[f"{name}.access_key_id"].control.focus_set()

    def render(self, screen: Screen) -> None:
        offer = screen.help.offer
        show(self.offer, offer is not None)
        if offer is not None:
            self.offer.render(offer)
        before, self._drawn = self._drawn, screen.setup
        if screen.setup != before:
            self._draw(screen.setup, before)

    def _draw(self, screen: SetupScreen, before: SetupScreen | None) -> None:
        if before is None or before.revision != screen.revision:
            for name, field in self.fields.items():
                field.put(screen.form.get(name))
        if before is None or before.form.direction != screen.form.direction:
            self._direct(screen)
        if before is None or before.is_open != screen.is_open:
            self._open(screen.is_open)
        itself = screen.form.threads == AUTO
        self.adjusts.set(itself)
        self.adjust.state(["!disabled" if screen.is_open else "disabled"])
        self.fields["threads"].enable(screen.is_open and not itself)
        for name, state in screen.fields.items():
            self.fields[name].render(state)
        for name, card in self.cards.items():
            card.render(screen.cards[name])
        self.generate.configure(style="Primary.TButton" if screen.generate_is_primary else "Outline.TButton")
        self.generate.state(["!disabled" if screen.can_generate else "disabled"])
        tone = screen.generated_tone
        set_text(self.generated, screen.generated)
        picture = theme.tone_icon(tone) if tone != "quiet" else ""
        self.generated_icon.configure(image=picture)
        set_text(self.path, screen.path)
        if screen.path:
            self.path.grid()
        else:
            self.path.grid_remove()

    # -- building ----------------------------------------------------------------------------------

    def _switch(self, parent: tk.Misc) -> ttk.Frame:
        """The Migration Type, at the right of the page's head."""
        row = ttk.Frame(parent)
        ttk.Label(row, text=labels.MIGRATION_TYPE).pack(anchor="w", pady=(0, theme.px(3)))
        switch = ttk.Frame(row)
        switch.pack(anchor="w")
        self.direction = tk.StringVar(self, "aws-to-lyve")
        self.directions = {}
        for value, text in labels.DIRECTIONS.items():
            button = ttk.Radiobutton(
                switch,
                text=text,
                value=value,
                variable=self.direction,
                style="Segment.Toolbutton",
                command=lambda: self._actions.choose_direction(self.direction.get()),
            )
            button.pack(side="left")
            Tooltip(button, form_words.TOOLTIPS["direction"])
            self.directions[value] = button
        return row

    def _ends(self, parent: tk.Misc) -> ttk.Frame:
        row = ttk.Frame(parent)
        row.columnconfigure((0, 2), weight=1, uniform="end")
        row.rowconfigure(0, weight=1)
        self.cards = {name: EndCard(row, name, self._make_field, self._actions) for name in NAMES}
        self.arrow = ttk.Label(row, image=theme.icon("arrow-right", "accent_text", 22))
        self.arrow.grid(row=0, column=1, padx=theme.px(6))
        return row

    def _generate_row(self, parent: tk.Misc) -> ttk.Frame:
        row = ttk.Frame(parent)
        row.columnconfigure(2, weight=1)
        self.generate = ttk.Button(row, text=labels.GENERATE, style="Primary.TButton", command=self._generate)
        self.generate.grid(row=0, column=0, padx=(0, theme.px(12)))
        Tooltip(self.generate, form_words.TOOLTIPS["generate"])
        said = ttk.Frame(row)
        said.grid(row=0, column=2, sticky="we")
        said.columnconfigure(1, weight=1)
        self.generated_icon = ttk.Label(said)
        self.generated_icon.grid(row=0, column=0, padx=(0, theme.px(6)))
        self.generated = WrapLabel(said)
        self.generated.grid(row=0, column=1, sticky="we")
        self.path = WrapLabel(said, style="Hint.TLabel")
        self.path.grid(row=1, column=1, sticky="we")
        self.path.grid_remove()
        return row

    def _lower(self, parent: tk.Misc) -> ttk.Frame:
        row = ttk.Frame(parent)
        row.columnconfigure(0, weight=56, uniform="lower")
        row.columnconfigure(1, weight=44, uniform="lower")
        self.filters = Card(row, labels.FILTERS, "funnel")
        self.filters.grid(row=0, column=0, sticky="nswe", padx=(0, theme.px(12)))
        ttk.Label(self.filters.head, text=labels.FILTERS_NOTE, style="Hint.TLabel").pack(side="right")
        self._rows(self.filters.body, _FILTER_FIELDS, columns=4, weights=(33, 33, 24, 24))
        self.transfer = Card(row, labels.TRANSFER, "speedometer2")
        self.transfer.grid(row=0, column=1, sticky="nswe")
        self._rows(self.transfer.body, _TRANSFER_FIELDS, columns=2, weights=(5, 7))
        self.adjusts = tk.BooleanVar(self)
        self.adjust = theme.switch(
            self.fields["threads"],
            labels.ADJUSTS,
            self.adjusts,
            lambda: self._actions.adjust_threads(itself=self.adjusts.get()),
        )
        self.adjust.grid(row=3, column=0, columnspan=2, sticky="w", pady=(theme.px(5), 0))
        Tooltip(self.adjust, form_words.TOOLTIPS["adjusts"])
        return row

    def _rows(
        self,
        body: ttk.Frame,
        rows: tuple[tuple[tuple[str, Kind], ...], ...],
        *,
        columns: int,
        weights: tuple[int, ...],
    ) -> None:
        for column in range(columns):
            weight = weights[column]
            body.columnconfigure(column, weight=weight, uniform="field")
        for r, fields in enumerate(rows):
            span = columns // len(fields)
            for n, (name, kind) in enumerate(fields):
                field = self._make_field(body, name, kind)
                left = theme.px(12) if n else 0
                field.grid(
                    row=r,
                    column=n * span,
                    columnspan=span,
                    sticky="nwe",
                    padx=(left, 0),
                    pady=(theme.px(10) if r else 0, 0),
                )

    def _make_field(self, parent: tk.Misc, name: str, kind: Kind) -> Field:
        field = Field(
            parent,
            name,
            kind,
            on_edit=self._actions.edit,
            on_left=self._actions.left,
            on_wheel=self.wheel,
            choices=labels.CHOICES.get(name),
            values=form_words.REGIONS[name.split(".")[0]] if name.endswith(".region") else (),
        )
        self.fields[name] = field
        return field

    # -- rendering ---------------------------------------------------------------------------------

    def _direct(self, screen: SetupScreen) -> None:
        """Put the From card on the left, in the tab order too."""
        direction = screen.form.direction
        self.direction.set(direction.value)
        source, destination = self.cards[direction.source], self.cards[direction.destination]
        source.grid(row=0, column=0, sticky="nswe")
        destination.grid(row=0, column=2, sticky="nswe")
        destination.lift(source)

    def _open(self, is_open: bool) -> None:
        for field in self.fields.values():
            field.enable(is_open)
        for button in self.directions.values():
            button.state(["!disabled" if is_open else "disabled"])
