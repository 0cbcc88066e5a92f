"""Every page in every state: nothing cut off, nothing over another, nothing too faint; Tab finds everything.

In light, dark, small (1024x700) and in a language a third longer; `python -m tests.gui.preview --all DIR`
makes pictures of the same.
"""

from __future__ import annotations

import ast
import tkinter as tk
from collections.abc import Iterator
from contextlib import nullcontext
from tkinter import font as tkfont
from tkinter import ttk
from typing import Any

import pytest

from migrator.gui import labels, theme
from migrator.gui.app import Window
from migrator.gui.pages.shell import PAGES
from migrator.gui.styles import BESIDE_PICTURE
from migrator.gui.widgets.basics import Card
from migrator.system.appearance import SystemAppearance, looking
from tests.gui import canned, looks, preview, scattered

pytestmark = [pytest.mark.window, pytest.mark.timeout(120)]

SIZES = {"light": (1280, 774), "small": (1024, 674), "translated": (1280, 774)}


def show(root: Any, state: str, size: tuple[int, int]) -> Window:
    """The window in one of the preview's states."""
    for child in root.winfo_children():
        child.destroy()
    service = canned.FakeService()
    window = Window(root, service, prefill=canned.FORM, folder="/home/me/.local/share/migrations/runs")
    root.geometry(f"{size[0]}x{size[1]}+0+0")
    root.deiconify()
    window.presenter.draw()
    root.update()
    preview.STATES[state](window, service)
    window.presenter.set_up.revision += 1
    preview.drain(window)
    root.update()
    return window


@pytest.fixture
def light_again(root: Any) -> Iterator[None]:
    yield
    theme.dress(root, dark=False)


# What has room in the small window nearly always has it in the usual one, also in a longer language.
@pytest.mark.parametrize(
    "way", ["small", *(pytest.param(way, marks=pytest.mark.long) for way in ("light", "translated"))]
)
@pytest.mark.parametrize("state", preview.STATES)
def test_nothing_is_cut_off_too_faint_or_under_another(root: Any, state: str, way: str) -> None:
    with looks.translated() if way == "translated" else nullcontext():
        window = show(root, state, SIZES[way])
        found = looks.clipped(root) + looks.overlapping(root)
        if way != "translated":
            found += looks.faint(root)
    assert window.errors == []
    assert not found, "\n".join(found)


def test_a_small_window_in_a_longer_language_has_room_for_what_a_run_says(root: Any) -> None:
    with looks.translated():
        show(root, "running_while_listing", SIZES["small"])
        assert looks.clipped(root) == []


def test_why_a_key_is_left_alone_is_in_sight_where_it_was_found(root: Any) -> None:
    """A small window, and few keys: the reason stands below them, not below the page's end."""
    window = show(root, "plan_found", SIZES["small"])
    why = window.plan.finder.why
    assert str(why.cget("text"))
    assert why.winfo_rooty() + why.winfo_height() <= window.body.winfo_rooty() + window.body.winfo_height()


def test_without_a_plot_the_cards_beside_the_plan_begin_at_the_top(root: Any) -> None:
    window = show(root, "nothing_to_do", SIZES["light"])
    assert window.plan.permissions.winfo_y() == 0


@pytest.mark.parametrize("state", ["planned", "plan_open", "plan_found", "nothing_to_do"])
def test_made_up_keys_are_of_outcomes_that_the_plan_has(root: Any, state: str) -> None:
    plan = show(root, state, SIZES["light"]).presenter.plan
    outcomes = {share.outcome for share in plan.screen().shares if share.count != "0"}
    assert {row.outcome for row in (plan._rows.rows if plan._rows else ())} <= outcomes


@pytest.mark.parametrize(
    ("text", "is_longer"),
    [
        ("3 decisions left", True),
        ("37 of 1,204 objects not copied.", True),
        ("Set up", True),
        ("7.9 TB", False),
        ("12 min 34 s", False),
        ("22 Nov 2026 10:50", False),
        ("/home/me/runs", False),
        ("~/jobs/media.toml", False),
        ("=", False),
    ],
)
def test_what_has_words_is_longer_in_another_language(text: str, is_longer: bool) -> None:
    assert (looks.pseudo(text) != text) is is_longer


def test_a_title_beside_a_picture_wraps_before_it_is_cut(root: Any) -> None:
    show(root, "settings", SIZES["light"])
    for width in range(120, 260, 7):
        card = Card(root, "Where all of it is kept here", "folder2-open")
        card.place(x=0, y=0, width=width)
        root.update()
        font = tkfont.nametofont("AppCard", root=root)
        words = font.measure("Where all of it is kept here")
        picture = root.tk.call("image", "width", str(card.title.cget("image")[0]))
        has_room = card.title.winfo_width() >= words + picture + theme.px(BESIDE_PICTURE)
        assert has_room or card.title.winfo_reqheight() > 1.5 * font.metrics("linespace"), width
        card.destroy()


@pytest.mark.parametrize("way", ["small", "translated"])
def test_every_outcome_fits_into_the_list_that_keys_are_chosen_by(root: Any, way: str) -> None:
    window = show(root, "plan_open", SIZES[way])
    box = window.plan.finder.outcome
    for words in box["values"]:
        box.set(words)
        root.update()
        assert looks.clipped(root) == []


@pytest.mark.long
@pytest.mark.usefixtures("light_again")
def test_every_text_and_every_field_is_bright_enough_to_read_in_the_dark(root: Any) -> None:
    theme.dress(root, dark=True)
    found = []
    for state in preview.STATES:
        show(root, state, SIZES["light"])
        found += [f"{state}: {each}" for each in looks.faint(root)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("palette", [theme.LIGHT, theme.DARK], ids=["light", "dark"])
@pytest.mark.parametrize("tone", theme.TONE_ICONS)
def test_every_tone_can_be_told_from_what_is_behind_it(root: Any, palette: Any, tone: str) -> None:
    for paper in ("page", "rail", f"{tone}_tint", "select"):
        ratio = looks.contrast(root.winfo_rgb(palette[tone]), root.winfo_rgb(palette[paper]))
        assert ratio >= looks.CONTROL, f"{tone} on {paper}: {ratio:.1f}"


PAGE_STATES = {"setup": "connected", "plan": "plan_open", "run": "failed", "help": "help_page"} | {
    page: page for page in ("history", "settings")
}


@pytest.mark.parametrize("page", [each.name for each in PAGES])
def test_tab_comes_to_every_control_once_and_back_again(root: Any, page: str) -> None:
    window = show(root, PAGE_STATES[page], SIZES["light"])

    def press(widget: Any) -> None:
        widget.event_generate("<Tab>")
        root.update()

    wanted = looks.can_have_focus(root)
    walked = looks.tab_walk(root, wanted[0], press)
    missing = [looks.name_of(each) for each in wanted if each not in walked]
    assert not missing, f"Tab does not come to {missing}"
    # The page first, then the bar, then the rail.
    groups = [
        next(n for n, part in enumerate(parts(window)) if str(each).startswith(part)) for each in walked
    ]
    assert sorted(groups) == groups or rotated(groups), groups


def parts(window: Window) -> tuple[str, str, str]:
    return str(window.body), str(window.bar), str(window.rail)


def rotated(groups: list[int]) -> bool:
    """Sorted, but begun somewhere in the middle."""
    turn = next((n for n in range(1, len(groups)) if groups[n] < groups[n - 1]), 0)
    again = groups[turn:] + groups[:turn]
    return sorted(again) == again


@pytest.mark.parametrize("size", ["light", "small"])
@pytest.mark.parametrize("page", [each.name for each in PAGES])
def test_whoever_has_the_focus_is_in_sight_and_shows_it(root: Any, page: str, size: str) -> None:
    window = show(root, PAGE_STATES[page], SIZES[size])
    found = []
    elsewhere = next(iter(looks.can_have_focus(root)))
    for widget in looks.can_have_focus(root):
        (elsewhere if widget is not elsewhere else looks.can_have_focus(root)[1]).focus_force()
        root.update()
        widget.focus_force()
        root.update()
        area = preview.area_of(widget)
        left, top = root.winfo_rootx(), root.winfo_rooty()
        # Of one that is taller than the page its upper end is enough.
        lower = min(area[3], area[1] + 60)
        end = window.body if str(widget).startswith(str(window.body)) else root
        if area[1] < top or lower > top + end.winfo_height() or area[0] < left:
            found.append(f"out of sight: {looks.name_of(widget)}")
            continue
        with_focus = preview.grab(area)
        (elsewhere if widget is not elsewhere else looks.can_have_focus(root)[1]).focus_force()
        root.update()
        if preview.area_of(widget) == area and preview.grab(area) == with_focus:
            found.append(f"shows no focus: {looks.name_of(widget)}")
    assert not found, "\n".join(found)


# -- scattered text -------------------------------------------------------------------------------


def test_the_windows_words_are_in_words_modules() -> None:
    found = scattered.prose_outside()
    assert not found, "put these into labels.py or a *_words.py:\n" + "\n".join(found)


@pytest.mark.long
@pytest.mark.parametrize("state", preview.STATES)
def test_every_word_on_the_screen_comes_from_a_words_module(root: Any, state: str) -> None:
    show(root, state, SIZES["light"])
    found = scattered.on_screen(root)
    assert not found, "\n".join(found)


def test_a_sentence_written_into_a_view_is_found(root: Any) -> None:
    window = show(root, "connected", SIZES["light"])
    ttk.Label(window.bar, text="Everything seems splendid today").grid(row=0, column=0)
    root.update()
    assert ["splendid" in each for each in scattered.on_screen(root)] == [True]
    source = 'ttk.Label(bar, text="Everything seems splendid today", style="Hint.TLabel")'
    assert [node.value for node in scattered.prose_in(ast.parse(source))] == [
        "Everything seems splendid today"
    ]


# -- light and dark -------------------------------------------------------------------------------


@pytest.mark.usefixtures("light_again")
def test_the_window_follows_the_system_while_it_is_open(root: Any) -> None:
    themes = {"GTK_THEME": "Adwaita"}
    system = SystemAppearance(lambda: looking("linux", themes))
    for child in root.winfo_children():
        child.destroy()
    window = Window(root, canned.FakeService(), prefill=canned.FORM, looks=system)
    window.presenter.draw()
    assert theme.color("page") == theme.LIGHT["page"]
    themes["GTK_THEME"] = "Adwaita:dark"
    root.event_generate("<FocusIn>")  # somebody comes back from the system's settings
    window.step()
    assert theme.color("page") == theme.DARK["page"]
    assert window.setup.fields["aws.bucket"].get() == "acme-media-prod", "made anew, with what was typed"
    window.presenter.settings.choose_appearance("light")
    window.step()
    assert theme.color("page") == theme.LIGHT["page"], "a choice on Settings goes before the system"
    assert window.errors == []


@pytest.mark.usefixtures("light_again")
def test_what_is_open_is_not_taken_away_by_other_looks(root: Any) -> None:
    window = show(root, "connected", SIZES["light"])
    dialog = tk.Toplevel(root)
    dialog.grab_set()
    window.presenter.settings.choose_appearance("dark")
    window.step()
    assert dialog.winfo_exists()
    dialog.destroy()
    window.step()
    assert theme.color("page") == theme.DARK["page"]
    assert window.errors == []


@pytest.mark.usefixtures("light_again")
def test_a_log_that_is_filtered_says_so_in_other_looks_too(root: Any) -> None:
    window = show(root, "failed", SIZES["light"])
    window.presenter.log_page.filter_log(level="warn", search="k17")
    window.step()
    window.presenter.settings.choose_appearance("dark")
    window.step()
    pane = window.run.log
    assert (pane.level.get(), pane.search_text.get()) == (labels.LOG_LEVELS["warn"], "k17")
    assert not pane.search_hint.winfo_manager()


@pytest.mark.usefixtures("light_again")
def test_what_widgets_wait_for_ends_with_them(root: Any) -> None:
    window = show(root, "plan_open", SIZES["light"])
    window.plan.permissions.buttons["aws"].invoke()
    window.plan.finder.text.set("cam")
    window.run.log.search_text.set("cam")
    before = set(root.tk.splitlist(root.tk.call("after", "info")))
    assert len(before) >= 3
    window.presenter.settings.choose_appearance("dark")
    window.step()
    waiting = [
        root.tk.call("after", "info", each) for each in root.tk.splitlist(root.tk.call("after", "info"))
    ]
    commands = [str(each[0]).split()[0] for each in waiting]
    assert [each for each in commands if not root.tk.call("info", "commands", each)] == []
    assert window.errors == []
