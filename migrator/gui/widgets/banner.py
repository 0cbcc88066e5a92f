"""A coloured strip across a page: one claim, one explanation, and the buttons that help."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from migrator.gui import theme
from migrator.gui.screen_parts import Banner, Button
from migrator.gui.status import Intent
from migrator.gui.widgets.basics import WrapLabel, set_text


class BannerView(ttk.Frame):
    """Renders `Banner`."""

    def __init__(
        self,
        parent: tk.Misc,
        on_intent: Callable[[Intent], None] = lambda _: None,
        *,
        button: str = "Primary.TButton",
    ) -> None:
        """`button`: the style of its buttons."""
        super().__init__(parent)
        self._on_intent, self._button = on_intent, button
        self._drawn: tuple[Button, ...] = ()
        self.pressable: dict[str, ttk.Button] = {}
        self.columnconfigure(2, weight=1)
        self.edge = ttk.Frame(self, width=theme.px(4))
        self.edge.grid(row=0, column=0, rowspan=2, sticky="ns")
        self.icon = ttk.Label(self)
        self.icon.grid(row=0, column=1, rowspan=2, padx=theme.px(14))
        self.headline = WrapLabel(self)
        self.headline.grid(row=0, column=2, sticky="swe", pady=(theme.px(10), 0), padx=(0, theme.px(12)))
        self.detail = WrapLabel(self)
        self.detail.grid(
            row=1, column=2, sticky="nwe", pady=(theme.px(2), theme.px(10)), padx=(0, theme.px(12))
        )
        self.buttons = ttk.Frame(self)
        self.buttons.grid(row=0, column=3, rowspan=2, sticky="e", padx=(0, theme.px(12)))

    def render(self, banner: Banner) -> None:
        tone = banner.tone
        self.configure(style=f"{tone}.Banner.TFrame")
        self.buttons.configure(style=f"{tone}.Banner.TFrame")
        self.edge.configure(style=f"{tone}.Edge.TFrame")
        picture = theme.icon("info-circle", tone, 22) if banner.is_offer else theme.tone_icon(tone, 22)
        self.icon.configure(image=picture, style=f"{tone}.Banner.TLabel")
        self.headline.configure(style=f"{tone}.BannerStrong.TLabel")
        self.detail.configure(style=f"{tone}.Banner.TLabel")
        set_text(self.headline, banner.headline)
        set_text(self.detail, banner.detail)
        if banner.buttons != self._drawn:
            self._drawn = banner.buttons
            self._rebuild(banner.buttons)

    def _rebuild(self, buttons: tuple[Button, ...]) -> None:
        for old in self.pressable.values():
            old.destroy()
        self.pressable = {}
        for each in buttons:
            button = ttk.Button(
                self.buttons,
                text=each.text,
                style=self._button,
                command=lambda intent=each.intent: self._on_intent(intent),  # type: ignore[misc]
            )
            button.state(["!disabled" if each.is_enabled else "disabled"])
            button.pack(side="left", padx=(theme.px(8), 0))
            self.pressable[each.intent.value] = button
