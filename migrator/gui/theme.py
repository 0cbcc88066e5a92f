"""Looks: colours by meaning, fonts, spacing, style names. The only module that knows ttkbootstrap.

Views use plain ttk classes and name roles ("Primary.TButton", "Hint.TLabel"), never colours. Edges of
fields keep 3:1 contrast, texts 4.5:1; state is never told by colour alone.
"""

from __future__ import annotations

import sys
import tkinter as tk
from collections.abc import Callable, Mapping
from datetime import date, datetime
from tkinter import font as tkfont
from tkinter import ttk
from typing import Any

import ttkbootstrap
from ttkbootstrap.dialogs import Querybox
from ttkbootstrap.style import Colors, ThemeDefinition

from migrator.gui import styles, window_icon

Palette = Mapping[str, str]

LIGHT: Palette = {
    "page": "#ffffff",
    "rail": "#f4f6f9",
    "line": "#d3d9e1",
    "field_edge": "#8792a1",
    "text": "#1b2430",
    "muted": "#5c6675",
    "accent": "#1e4fa1",
    "accent_hover": "#183f82",
    "accent_text": "#1e4fa1",
    "on_accent": "#ffffff",
    "select": "#dbe8fc",
    "hover": "#eef2f7",
    "off": "#e6eaef",
    "off_text": "#6d7785",
    "track": "#e3e7ed",
    "counted": "#76828f",
    "left_out": "#b9c3cf",
    "ok": "#0b6b63",
    "ok_tint": "#e6f4f2",
    "warn": "#8a5b00",
    "warn_tint": "#fdf4e3",
    "problem": "#9b1c2e",
    "problem_tint": "#fdebee",
    "busy": "#1e4fa1",
    "busy_tint": "#eaf1fc",
    "quiet": "#5c6675",
    "quiet_tint": "#eceff3",
}
DARK: Palette = {
    "page": "#1b1f27",
    "rail": "#13161c",
    "line": "#39414d",
    "field_edge": "#6b7584",
    "text": "#e4e8ee",
    "muted": "#9aa4b2",
    "accent": "#4173c0",
    "accent_hover": "#5284d4",
    "accent_text": "#8fb6f5",
    "on_accent": "#ffffff",
    "select": "#203459",
    "hover": "#262c36",
    "off": "#2a303a",
    "off_text": "#8b95a3",
    "track": "#2d343f",
    "counted": "#7f8b98",
    "left_out": "#4c5664",
    "ok": "#4cc2b0",
    "ok_tint": "#14302d",
    "warn": "#f0b04c",
    "warn_tint": "#33290f",
    "problem": "#ff8f80",
    "problem_tint": "#3b1f22",
    "busy": "#8fb6f5",
    "busy_tint": "#1d2c48",
    "quiet": "#9aa4b2",
    "quiet_tint": "#2a303a",
}

#: Tone -> icon: each has a shape of its own.
TONE_ICONS: Mapping[str, str] = {
    "quiet": "circle",
    "busy": "arrow-repeat",
    "ok": "check-circle-fill",
    "warn": "exclamation-triangle-fill",
    "problem": "x-octagon-fill",
}

#: Families tried where the system's own interface font is poor (X11), and by how many points they are cut.
_FAMILIES = {"Roboto": 0, "Inter": 0, "Noto Sans": 0, "Cantarell": 0, "Ubuntu": 0, "DejaVu Sans": -1}
_FIXED = ("Roboto Mono", "Noto Sans Mono", "DejaVu Sans Mono", "Ubuntu Mono")
_SIZES = {
    "AppText": (10, "normal"),
    "AppStrong": (10, "bold"),
    "AppHint": (9, "normal"),
    "AppCard": (11, "bold"),
    "AppTitle": (15, "bold"),
    "AppFigure": (15, "bold"),
    "AppTerm": (12, "bold"),
}

_palette: dict[str, str] = {}
_fonts: list[tkfont.Font] = []
_scale = 1.0


def build_root(title: str, *, dark: bool = False) -> tk.Tk:
    """The root window with theme, fonts and styles."""
    # Desktops group windows by their class, and find their icon by it.
    root: tk.Tk = ttkbootstrap.App(title=title, high_dpi=True, iconphoto=None, className="lyve-s3-migrator")
    if not root.event_info("<<Invoke>>"):
        root.event_add("<<Invoke>>", "<Key-space>")  # some builds of Tk forget it
    window_icon.put_on(root)
    global _scale
    # In quarters: a screen that claims 100 dpi needs no odd sizes.
    raw = root.winfo_fpixels("1i") / 96
    _scale = max(1.0, round(raw * 4) / 4) if sys.platform != "darwin" else 1.0
    _make_fonts(root)
    dress(root, dark=dark)
    return root


def dress(root: tk.Tk, *, dark: bool = False) -> None:
    """Colours and styles for every widget made from now on."""
    _palette.clear()
    _palette.update(DARK if dark else LIGHT)
    _use_theme(is_dark=dark)
    styles.apply(root, _palette, px)
    root.configure(background=_palette["page"])


def wanted_dark(appearance: str, *, system: bool) -> bool:
    """`light`, `dark`, or anything else for what the system has."""
    return {"light": False, "dark": True}.get(appearance, system)


def color(role: str) -> str:
    """A colour by its role."""
    return _palette[role]


def px(pixels: int) -> int:
    """Pixels of a 96 dpi screen on this one."""
    return round(pixels * _scale)


def icon(name: str, role: str = "muted", size: int = 16) -> str:
    """The name of a picture, usable as `image=`; kept alive by the style engine."""
    return str(ttkbootstrap.Icon(name, size=size, color=_palette[role]))


def button_icon(name: str, size: int = 16) -> Any:
    """The pictures of a button, usable as `image=`: a faint one where it is off, not a stippled one."""
    return icon(name, "muted", size), "disabled", icon(name, "left_out", size)


def tone_icon(tone: str, size: int = 16) -> str:
    """The picture for a tone."""
    return icon(TONE_ICONS[tone], tone, size)


def switch(
    parent: tk.Misc, text: str, variable: tk.BooleanVar, command: Callable[[], None]
) -> ttk.Checkbutton:
    """A check box that looks like a switch."""
    made: ttk.Checkbutton = ttkbootstrap.Checkbutton(
        parent, text=text, variable=variable, command=command, bootstyle="primary-round-toggle"
    )
    ttk.Style(parent).map(str(made.cget("style")), foreground=[("disabled", _palette["off_text"])])
    return made


def pick_date(parent: tk.Misc, text: str) -> str | None:
    """Ask for a day with a small calendar; None where none was picked."""
    try:
        start = date.fromisoformat(text.strip())
    except ValueError:
        start = date.today()  # noqa: DTZ011  (the day this person has in mind)
    picked: datetime | date | None = Querybox.get_date(parent=parent, start_date=start, first_weekday=0)
    return None if picked is None else picked.strftime("%Y-%m-%d")


def _make_fonts(root: tk.Tk) -> None:
    """Named fonts, so that every widget follows when their size changes."""
    base = tkfont.nametofont("TkDefaultFont", root=root).actual()
    family, cut = str(base["family"]), 0
    if root.tk.call("tk", "windowingsystem") == "x11":
        there = set(tkfont.families(root))
        family = next((each for each in _FAMILIES if each in there), family)
        cut = _FAMILIES.get(family, 0)
    grow = 3 if sys.platform == "darwin" else 0  # macOS counts 72 points to the inch
    _fonts.clear()
    for name, (size, weight) in _SIZES.items():
        made = tkfont.Font(
            root,
            name=name,
            family=family,
            size=size + cut + grow,
            weight="bold" if weight == "bold" else "normal",
        )
        _fonts.append(made)
    fixed = str(tkfont.nametofont("TkFixedFont", root=root).actual()["family"])
    if root.tk.call("tk", "windowingsystem") == "x11":
        there = set(tkfont.families(root))
        fixed = next((each for each in _FIXED if each in there), fixed)
    _fonts.append(tkfont.Font(root, name="AppFixed", family=fixed, size=9 + grow))
    for name in ("TkDefaultFont", "TkTextFont", "TkMenuFont", "TkHeadingFont"):
        tkfont.nametofont(name, root=root).configure(family=family, size=10 + cut + grow)


def _use_theme(*, is_dark: bool) -> None:
    c = _palette
    mode = "dark" if is_dark else "light"
    colors = Colors(
        primary=c["accent"],
        secondary=c["muted"],
        success=c["ok"],
        info=c["accent_text"],
        warning=c["warn"],
        danger=c["problem"],
        light=c["rail"],
        dark=c["text"],
        bg=c["page"],
        fg=c["text"],
        selectbg=c["accent"],
        selectfg=c["on_accent"],
        border=c["field_edge"],
        inputfg=c["text"],
        inputbg=c["page"],
        active=c["hover"],
    )
    style = ttkbootstrap.Style.get_instance()
    name = f"migrator-{mode}"
    if name not in style.theme_names():
        style.register_theme(ThemeDefinition(name, colors, mode))
    style.theme_use(name)
