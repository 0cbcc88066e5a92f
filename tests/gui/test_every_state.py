"""Every state of the window as a person would look at it: nothing cut off, all in reach and legible."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator
from itertools import product
from tkinter import ttk
from typing import Any

import pytest

from migrator.gui import labels, state_words, theme
from migrator.gui.widgets.basics import WrapLabel
from tests.gui import preview
from tests.gui.conftest import Driver

pytestmark = pytest.mark.long
SIZES = ("1280x774", "1024x674")
#: Labels inside entries: they lie on top of a field that is wide enough or scrolls.
_INSIDE_FIELDS = (ttk.Entry, ttk.Combobox, ttk.Treeview, tk.Text)


def below(widget: Any) -> Iterator[Any]:
    """Everything that is on screen."""
    for child in widget.winfo_children():
        if child.winfo_ismapped():
            yield child
            yield from below(child)


def in_state(driver: Driver, name: str, size: str) -> None:
    driver.root.geometry(size)
    preview.STATES[name](driver.window, driver.service)
    driver.window.presenter.set_up.revision += 1
    driver.window.presenter.changed()
    width = int(size.partition("x")[0])
    driver.pump(until=lambda: driver.root.winfo_width() == width)


def is_cut_off(widget: Any) -> str:
    """Which words do not fit; empty where all do."""
    if isinstance(widget, WrapLabel):
        return str(widget.cget("text")) if widget.winfo_height() < widget.winfo_reqheight() - 1 else ""
    if isinstance(widget, tk.Label | ttk.Label | ttk.Button | ttk.Radiobutton):
        if isinstance(widget.master, _INSIDE_FIELDS):
            return ""
        narrow = widget.winfo_width() < widget.winfo_reqwidth()
        low = widget.winfo_height() < widget.winfo_reqheight()
        return str(widget.cget("text") or "a picture") if narrow or low else ""
    return ""


@pytest.mark.window
@pytest.mark.parametrize(("name", "size"), list(product(preview.STATES, SIZES)))
def test_no_text_is_cut_off(driver: Driver, name: str, size: str) -> None:
    in_state(driver, name, size)
    cut = [text for widget in below(driver.root) if (text := is_cut_off(widget))]
    assert not cut


@pytest.mark.window
@pytest.mark.parametrize("name", preview.STATES)
def test_tab_reaches_everything_that_can_be_pressed_or_typed_into(driver: Driver, name: str) -> None:
    in_state(driver, name, SIZES[0])
    wanted = {
        str(widget)
        for widget in below(driver.root)
        if isinstance(widget, ttk.Button | ttk.Entry | ttk.Treeview | ttk.Radiobutton)
        and not widget.instate(["disabled"])
    }
    seen: set[str] = set()
    widget = driver.window.rail.buttons["setup"]
    while str(widget) not in seen:
        seen.add(str(widget))
        widget = widget.tk_focusNext()
    assert wanted <= seen, f"out of reach: {sorted(wanted - seen)}"


@pytest.mark.window
@pytest.mark.parametrize("name", preview.STATES)
def test_there_is_one_way_on_at_most_and_the_bar_keeps_its_place(driver: Driver, name: str) -> None:
    in_state(driver, name, SIZES[1])
    bar = driver.window.bar
    primary = [each for each in bar.buttons.values() if str(each.cget("style")) == "Primary.TButton"]
    assert len(primary) <= 1
    assert bar.winfo_rooty() + bar.winfo_height() <= driver.root.winfo_rooty() + driver.root.winfo_height()


# -- colours --------------------------------------------------------------------------------------


def luminance(color: str) -> float:
    parts = [int(color[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (
        each / 12.92 if each <= 0.03928 else ((each + 0.055) / 1.055) ** 2.4 for each in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


TEXTS = [
    ("text", "page"),
    ("text", "rail"),
    ("text", "select"),
    ("text", "off"),
    ("muted", "page"),
    ("muted", "rail"),
    ("accent_text", "page"),
    ("accent_text", "select"),
    ("on_accent", "accent"),
    *((tone, "page") for tone in ("ok", "warn", "problem", "busy")),
    *((tone, "rail") for tone in ("ok", "warn", "problem", "busy", "quiet")),
    *((tone, f"{tone}_tint") for tone in ("ok", "warn", "problem", "busy", "quiet")),
    *(("text", f"{tone}_tint") for tone in ("ok", "warn", "problem", "busy", "quiet")),
]
EDGES = [
    ("field_edge", "page"),
    ("accent", "page"),
    ("counted", "page"),
    ("warn", "page"),
    ("problem", "page"),
]


@pytest.mark.parametrize("palette", [theme.LIGHT, theme.DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXTS)
def test_texts_have_the_contrast_that_wcag_asks_for(palette: theme.Palette, ink: str, ground: str) -> None:
    assert contrast(palette[ink], palette[ground]) >= 4.5


@pytest.mark.parametrize("palette", [theme.LIGHT, theme.DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), EDGES)
def test_edges_of_fields_and_parts_of_plots_can_be_seen(
    palette: theme.Palette, ink: str, ground: str
) -> None:
    assert contrast(palette[ink], palette[ground]) >= 3


# -- longer words ---------------------------------------------------------------------------------


def longer(text: str) -> str:
    """As a translation may be: a third longer. What is formatted keeps its braces."""
    return f"{text} {'ö' * max(1, len(text) // 3)}" if text.strip() else text


@pytest.fixture
def translated(root: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Driver]:
    """The window with every label, hint and button a third longer."""
    for name, value in vars(labels).items():
        if not name.isupper() or name in {"AWS_REGIONS", "LYVE_REGIONS", "REGIONS", "PLACEHOLDERS"}:
            continue
        if isinstance(value, str):
            monkeypatch.setattr(labels, name, longer(value))
        elif isinstance(value, dict):
            long = {key: longer(text) if isinstance(text, str) else text for key, text in value.items()}
            monkeypatch.setattr(labels, name, long)
    sentences = state_words.sentences
    monkeypatch.setattr(
        state_words,
        "sentences",
        lambda *args, **more: tuple(longer(text) for text in sentences(*args, **more)),
    )
    driver = Driver(root)
    yield driver
    assert driver.window.errors == []


@pytest.mark.window
@pytest.mark.parametrize(("name", "size"), list(product(preview.STATES, SIZES)))
def test_a_translation_a_third_longer_is_not_cut_off_either(translated: Driver, name: str, size: str) -> None:
    in_state(translated, name, size)
    cut = [text for widget in below(translated.root) if (text := is_cut_off(widget))]
    assert not cut
