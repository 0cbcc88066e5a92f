"""Every page in every state: nothing cut off, nothing over another, nothing too faint; Tab finds everything.

In light, dark, small (1024x700) and in a language a third longer; `python -m tests.gui.preview --all DIR`
makes pictures of the same.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from migrator.gui import theme
from migrator.gui.app import Window
from migrator.gui.pages.shell import PAGES
from tests.gui import canned, looks, preview

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


@pytest.mark.parametrize("way", SIZES)
@pytest.mark.parametrize("state", preview.STATES)
def test_nothing_is_cut_off_and_nothing_lies_over_another(root: Any, state: str, way: str) -> None:
    with looks.translated() if way == "translated" else nullcontext():
        window = show(root, state, SIZES[way])
        found = looks.clipped(root) + looks.overlapping(root)
    assert window.errors == []
    assert not found, "\n".join(found)


@pytest.mark.usefixtures("light_again")
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_text_and_every_field_is_dark_enough_to_read(root: Any, dark: bool) -> None:
    theme.dress(root, dark=dark)
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

PACKAGE = Path(theme.__file__).parent
#: Modules that put what has happened into the window's words: sentences with their numbers.
WORD_MODULES = {
    *("labels.py", "story.py", "frame.py", "checks.py", "connection.py", "decisions.py", "end_screen.py"),
    *("figures.py", "log.py", "losses.py", "plan_screen.py", "preview.py", "run_screen.py"),
    *("surroundings.py", "throughput.py", "lately.py", "pace_screen.py", "help_words.py"),
}
#: These name styles, fonts and keys of the keyboard.
NO_WORDS = {"styles.py", "theme.py", "menu.py"}
_PROSE = re.compile(r"[A-Za-z]{2,}[,.…]? [A-Za-z]{2,}|^[A-Z][a-z]+( [A-Z(][a-z)]*)*[.…:]?$")


def test_the_windows_words_are_in_words_modules() -> None:
    scattered = [
        f"migrator/gui/{path.relative_to(PACKAGE)}:{node.lineno}: {node.value!r}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.name not in WORD_MODULES | NO_WORDS
        for node in prose_in(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert not scattered, "put these into labels.py (or a words module):\n" + "\n".join(scattered)


def prose_in(tree: ast.Module) -> Iterator[ast.Constant]:
    """String literals that a person might read."""
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr):
                skipped.add(id(first.value))
        elif isinstance(node, ast.Raise | ast.Assert):
            skipped.update(id(each) for each in ast.walk(node))
        elif isinstance(node, ast.Subscript):
            skipped.update(id(each) for each in ast.walk(node.slice))
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped
        if is_text and _PROSE.search(node.value.strip()):
            yield node
