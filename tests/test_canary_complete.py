"""The canary misses nothing: commands, options, exit codes; and `tests.canary_mutations` has every guard.

That it goes through every page of the window, it says itself (`tests/gui/test_canary_window.py`).
"""

from __future__ import annotations

import argparse
import ast
from itertools import takewhile

import pytest

from migrator.cli import build_parser
from tests.canary_mutations import MUTATIONS, ROOT, Mutation

GUARDS = {"redacted", "without_secrets", "learn", "learn_environment", "for_others", "guard_process"}
#: They are what the guards are made of: (file, function they are called in).
OF_THE_GUARDS = {("migrator/redacting.py", "_walked"), ("migrator/redacting.py", "redacted")}


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda each: each.sink)
def test_a_mutation_still_fits_and_is_python(mutation: Mutation) -> None:
    text = (ROOT / mutation.file).read_text(encoding="utf-8")
    changed = mutation.mutated(text)
    assert changed != text
    ast.parse(changed)


def test_every_call_of_a_guard_is_taken_away_by_a_mutation() -> None:
    missing = []
    for path in sorted((ROOT / "migrator").rglob("*.py")):
        file = path.relative_to(ROOT).as_posix()
        text = path.read_text(encoding="utf-8")
        touched = _touched(file, text)
        for function, line in _calls(text):
            if (file, function) not in OF_THE_GUARDS and line not in touched:
                missing.append(f"{file}:{line}, in {function}")
    assert not missing


def _touched(file: str, text: str) -> set[int]:
    """Numbers of the lines that mutations of a file change."""
    lines: set[int] = set()
    for each in MUTATIONS:
        if each.file == file:
            first = text[: text.index(each.before)].count("\n") + 1
            lines.update(range(first, first + each.before.rstrip("\n").count("\n") + 1))
    return lines


def _calls(text: str) -> list[tuple[str, int]]:
    """Where guards are called: function and line."""
    return [
        (function.name, node.lineno)
        for function in ast.walk(ast.parse(text))
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in GUARDS
    ]


def test_a_call_that_is_in_no_mutation_is_found() -> None:
    """Else the test above could not fail."""
    text = "def a(text):\n    return redacted(text)\n"
    assert _calls(text) == [("a", 2)]
    assert _touched("migrator/nowhere.py", text) == set()


# -- what the canary goes through -----------------------------------------------------------------


def _said_to(cli: str) -> tuple[set[tuple[str, ...]], set[str]]:
    """Of a test module: the words its commands begin with, and every text in it."""
    tree = ast.parse((ROOT / "tests" / "e2e" / cli).read_text(encoding="utf-8"))
    begun, texts = set(), set()
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="cli") | ast.Attribute(value=ast.Name(id="cli")), args=given):
                begun.add(_words(given))
            case ast.Tuple(elts=given):
                begun.add(_words(given))
            case ast.Constant(value=str() as text):
                texts.add(text)
    return begun, texts


def _words(given: list[ast.expr]) -> tuple[str, ...]:
    values = (each.value if isinstance(each, ast.Constant) else None for each in given)
    return tuple(str(value) for value in takewhile(lambda value: isinstance(value, str), values))


def _commands(parser: argparse.ArgumentParser, name: tuple[str, ...] = ()) -> dict[tuple[str, ...], set[str]]:
    """Every command, and its options by their long names."""
    options = {string for action in parser._actions for string in action.option_strings if string[:2] == "--"}
    found = {name: options - {"--help"}}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for word, command in action.choices.items():
                found |= _commands(command, (*name, word))
    return found


#: Prints a constant: there is nothing in it.
CONSTANT = {"--version"}


def test_the_canary_goes_through_every_command_and_option() -> None:
    begun, texts = _said_to("test_canary.py")
    commands = _commands(build_parser())
    assert len(commands) > 15
    tried = {words[:length] for words in begun for length in (1, 2)}
    assert not {name for name in commands if name not in {(), ("keys",)}} - tried
    options = set().union(*commands.values()) - CONSTANT
    # In one place for all: the output of a report has a short name.
    assert not options - texts - ({"--output"} if "-o" in texts else set())


def test_the_canary_ends_in_every_way() -> None:
    """The contract's exit codes, each as the only one a command may end with."""
    tree = ast.parse((ROOT / "tests" / "e2e" / "test_canary.py").read_text(encoding="utf-8"))
    alone = set()
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="clean"), args=[_, ast.Constant(value=int() as code)]):
                alone.add(code)
            case ast.Tuple(elts=[*_, ast.Constant(value=int() as code)]):
                alone.add(code)
    assert {0, 2, 3, 4, 5} | {1, 130, 143} <= alone


def test_the_canary_tries_every_form_of_a_report() -> None:
    _, texts = _said_to("test_canary.py")
    report = next(
        action.choices["report"]
        for action in build_parser()._actions
        if isinstance(action, argparse._SubParsersAction)
    )
    kinds = next(action.choices for action in report._actions if "--format" in action.option_strings)
    assert kinds
    assert set(kinds) <= texts
