"""A coloured strip across a page: one claim, one explanation, and the buttons that help."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

from migrator.gui import theme
from migrator.gui.screen import Banner
from migrator.gui.widgets.basics import WrapLabel, set_text


class BannerView(ttk.Frame):
    """Renders `Banner`. `buttons` is a frame for those that a page adds."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent)
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
        self.icon.configure(image=theme.tone_icon(tone, 22), style=f"{tone}.Banner.TLabel")
        self.headline.configure(style=f"{tone}.BannerStrong.TLabel")
        self.detail.configure(style=f"{tone}.Banner.TLabel")
        set_text(self.headline, banner.headline)
        set_text(self.detail, banner.detail)
