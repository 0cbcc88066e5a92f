"""Finds words on the screen that no words module has: sentences that somebody wrote into a view.

What is shown is compared with every literal of the words modules, pieces of f-strings included. Names of
objects and messages of the engine come from the made-up events, which count as known too.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from tkinter import ttk
from typing import Any

import migrator
from tests.gui import looks

PACKAGE = Path(migrator.__file__).parent
#: Where texts that people read belong, besides every `*_words.py`.
HOMES = {"words.py", "labels.py", "phrases.py", "reasons.py"}
#: Modules that name styles, colours, fonts and keys of the keyboard.
NAMES_ONLY = {"styles.py", "theme.py", "menu.py"}
_TESTS = Path(__file__).parent
_PROSE = re.compile(r"[A-Za-z]{2,}[,.…]? [A-Za-z]{2,}|^[A-Z][a-z]+( [A-Z(][a-z)]*)*[.…:]?$")
_WORD = re.compile(r"[A-Za-z]{3,}")
#: Keys, hosts and moments.
_DATA = re.compile(r"\S*\w[-./_]\S*|\b(?:min|UTC|Nov)\b")


def is_home(path: Path) -> bool:
    return path.name in HOMES or path.name.endswith("_words.py")


# -- in the source ----------------------------------------------------------------------------------


def prose_outside() -> list[str]:
    """String literals of the window that a person might read, and that are in no words module."""
    return [
        f"migrator/{path.relative_to(PACKAGE)}:{node.lineno}: {node.value!r}"
        for path in sorted((PACKAGE / "gui").rglob("*.py"))
        if not is_home(path) and path.name not in NAMES_ONLY
        for node in prose_in(ast.parse(path.read_text(encoding="utf-8")))
    ]


def prose_in(tree: ast.Module) -> Iterator[ast.Constant]:
    """String literals that a person might read."""
    skipped = set(map(id, _docstrings(tree)))
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise | ast.Assert):
            skipped.update(id(each) for each in ast.walk(node))
        elif isinstance(node, ast.Subscript):
            skipped.update(id(each) for each in ast.walk(node.slice))
        elif isinstance(node, ast.keyword) and node.arg in {"show", "style", "sticky"}:
            skipped.update(id(each) for each in ast.walk(node.value))
    for node in _literals(tree):
        if id(node) not in skipped and _PROSE.search(node.value.strip()):
            yield node


def _docstrings(tree: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr):
                yield first.value


def _literals(tree: ast.Module) -> Iterator[Any]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node


# -- on the screen ----------------------------------------------------------------------------------


@cache
def known() -> re.Pattern[str]:
    """Everything that may be shown, the longest first: a sentence goes before the words in it."""
    sources = [path for path in PACKAGE.rglob("*.py") if is_home(path)]
    sources += [_TESTS / "canned.py", *_TESTS.glob("preview*.py")]
    found: set[str] = set()
    for path in sources:
        for node in _literals(ast.parse(path.read_text(encoding="utf-8"))):
            # A placeholder is filled in by whoever asks, and a message may be shown a sentence at a time.
            pieces = re.split(r"\{\w+\}|(?<=\.) ", node.value)
            found.update(piece.strip(" .:;,") for piece in pieces if _WORD.search(piece))
    longest_first = sorted(found, key=len, reverse=True)
    either = "|".join(map(re.escape, longest_first))
    return re.compile(rf"(?<![A-Za-z])(?:{either})(?:s|es)?(?![A-Za-z])", re.IGNORECASE)


def unknown_in(text: str) -> str:
    """What is left of a text without everything known; empty where nothing is."""
    rest = _DATA.sub(" ", known().sub(" ", text.replace("\N{NO-BREAK SPACE}", " ")))
    return " ".join(rest.split()) if _WORD.search(rest) else ""


def on_screen(root: Any) -> list[str]:
    """Widgets in sight that show words of no words module."""
    return [
        f"{looks.name_of(widget)} shows {text!r}: where does {rest!r} come from?"
        for widget in looks.in_sight(root)
        for text in _texts(widget)
        if (rest := unknown_in(text))
    ]


def _texts(widget: Any) -> Iterator[str]:
    if isinstance(widget, ttk.Treeview):
        yield from _cells(widget)
    elif isinstance(widget, ttk.Combobox):
        yield from _values(widget.cget("values"))
    elif isinstance(widget, ttk.Notebook):
        yield from (str(widget.tab(each, "text")) for each in widget.tabs())  # type: ignore[no-untyped-call]
    elif not isinstance(widget, ttk.Entry) and "text" in widget.keys():  # noqa: SIM118  (a widget is no dict)
        yield str(widget.cget("text"))


def _cells(tree: ttk.Treeview) -> Iterator[str]:
    for column in ("#0", *tree["columns"]):
        yield str(tree.heading(column, "text"))
    for row in tree.get_children():
        yield str(tree.item(row, "text"))
        yield from _values(tree.item(row, "values"))


def _values(values: Iterable[object] | str) -> Iterator[str]:
    yield from map(str, values if not isinstance(values, str) else values.split())
