"""Keys that look like numbers, lists or commands of Tcl are shown as they are, and run nothing."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from migrator.gui.log import LogLine
from migrator.gui.plan_values import KeyRow, KeysScreen
from migrator.gui.screen import Group, LogScreen, Tone, TransferRow
from migrator.gui.views.keys import KeysCard
from migrator.gui.views.log_pane import LogPane
from migrator.gui.views.tables import ProblemsTable, TransfersTable

pytestmark = pytest.mark.hostile

GUI = Path(__file__).parent.parent.parent / "migrator" / "gui"

KEYS = [
    "007",
    "0x1f",
    "1e3",
    "  7  ",
    "-1",
    "true",
    "{",
    "}",
    "{a b}",
    "a b  c",
    "a\\",
    "\\n",
    '"',
    "$env(HOME)",
    "[exit]",
    "[error broken]",
    "; exit",
    "-image",
    "#0",
    "%W %d",
    "é\u0301",
    "日本",
    "\U0001f600",
]


class Nobody:
    """Hears what cards report, and does nothing."""

    def __getattr__(self, name: str) -> Any:
        return lambda *given, **named: None


def shown(widget: Any, *command: str) -> str:
    """What Tcl holds, not what tkinter makes of it on the way back (it makes 7 of 007)."""
    widget.tk.eval(f"set shown_by_a_test [{' '.join([str(widget), *command])}]")
    return str(widget.tk.eval('string cat "<" $shown_by_a_test ">"'))[1:-1]


@pytest.mark.window
@pytest.mark.parametrize("key", KEYS)
def test_a_key_is_text_in_every_table(root: Any, key: str) -> None:
    transfers = TransfersTable(root)
    transfers.render((TransferRow(3, key, "1 KB", "copying"),))
    assert shown(transfers.tree, "set", "t0", "key") == key
    transfers.render((TransferRow(4, key, "1 KB", key),))
    assert shown(transfers.tree, "set", "t0", "state").strip() == key.strip()

    problems = ProblemsTable(root, Nobody().retry, Nobody().copy, Nobody().leave_out)
    problems.render((Group(key, 1, key, key, (key,)),))
    assert shown(problems.tree, "item", "g0s0", "-text") == key
    assert str(problems.message.cget("text")) == key

    found = KeysCard(root, Nobody())
    found.render(KeysScreen(key, "all", {"all": key}, (KeyRow(key, "1 KB", key, key, Tone.QUIET),), key, ""))
    assert shown(found.tree, "item", "k0", "-text") == key
    assert shown(found.tree, "set", "k0", "what").strip() == key.strip()

    log = LogPane(root, Nobody())
    line = LogLine(1, "12:00:00", "info", "copy", key)
    log.render(LogScreen(1, (line,), "", "info", "", follow=True))
    assert log.text.get("1.0", "end-1c").endswith(f"\t{key}")
    for each in (transfers, problems, found, log):
        each.destroy()


def calls(tree: ast.Module) -> list[tuple[str, ast.Call]]:
    return [
        (node.func.attr, node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]


MODULES = sorted(GUI.rglob("*.py"))
RUNS_TCL = {"eval", "evalfile", "adderrorinfo", "record", "globaleval", "splitlist", "exprstring"}
TAKES_A_SCRIPT = {"bind", "bind_all", "bind_class", "tag_bind", "after", "after_idle", "protocol"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(GUI)))
def test_no_text_is_ever_made_into_tcl(path: Path) -> None:
    """Values go to Tcl as arguments, which it does not read as commands."""
    wrong = []
    for name, call in calls(ast.parse(path.read_text(encoding="utf-8"))):
        if name in RUNS_TCL:
            wrong.append(f"{path.name}:{call.lineno} {name}()")
        made = [each for each in call.args if isinstance(each, ast.JoinedStr | ast.BinOp)]
        if name == "call" and made:
            wrong.append(f"{path.name}:{call.lineno} puts a command together")
        if name in TAKES_A_SCRIPT and any(each in made for each in call.args[1:]):
            wrong.append(f"{path.name}:{call.lineno} puts a script together for {name}()")
    assert not wrong
