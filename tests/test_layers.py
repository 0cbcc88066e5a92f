"""The architecture, enforced: who may import whom, and where foreign libraries may live.

    gui, cli, console, overview, desktop, demo  ->  engine  ->  store  ->  model

`errors` is for everybody; `config`, `job_rules`, `job_file`, `credentials`, `preferences` and `words` are
helpers beside the layers. Reasons: `docs/DESIGN.md` and `docs/decisions/0001-layers.md`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "migrator"
MODULES = sorted(PACKAGE.rglob("*.py"))


@dataclass(frozen=True)
class Import:
    """One import statement: `name` is the module, dotted; `of` the name taken from it."""

    path: str
    line: int
    name: str
    of: str = ""

    @property
    def where(self) -> str:
        return f"migrator/{self.path}:{self.line}"

    @property
    def top(self) -> str:
        return self.name.partition(".")[0]

    @property
    def layer(self) -> str:
        """What of ours is imported: `engine`, `errors` ...; empty for foreign modules."""
        parts = self.name.split(".")
        if parts[0] != "migrator":
            return ""
        return parts[1] if len(parts) > 1 else self.of


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imports_of(path: Path) -> Iterator[Import]:
    """Every import of a module, wherever in it: late imports are imports too."""
    relative = path.relative_to(PACKAGE).as_posix()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(relative, node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"migrator/{relative}:{node.lineno}: write imports in full"
            for alias in node.names:
                yield Import(relative, node.lineno, node.module or "", alias.name)


def layer_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else parts[0].removesuffix(".py")


EVERYWHERE = {"errors", "model", "redacting"}
HELPERS = {
    "config",
    "job_rules",
    "job_file",
    "credentials",
    "phrases",
    "reasons",
    "config_words",
    "rights_words",
    "ending_words",
    "words",
}
HELPERS |= {"environment", "why_words", "estimate_words", "history_words", "pace_words", "plan_words"}
HELPERS |= {"preferences", "endpoint_rules", "system", "about"}
FACES = {"cli", "cli_commands", "cli_check", "cli_policy", "console", "overview", "desktop", "demo"}
FACES |= {"__main__", "cli_keys", "cli_licences"}
#: Layer -> what of ours it may import, besides itself.
MAY_IMPORT: dict[str, set[str]] = {
    "__init__": set(),
    "errors": set(),
    "redacting": set(),
    "model": {"errors"},
    "store": EVERYWHERE,
    **dict.fromkeys(HELPERS, EVERYWHERE | HELPERS),
    "about": {"__version__"},
    "engine": EVERYWHERE | HELPERS | {"store"},
    "gui": EVERYWHERE | HELPERS,
    "demo": EVERYWHERE | HELPERS | {"store", "engine", "gui", "desktop", "console"},
    **{face: EVERYWHERE | HELPERS | FACES | {"engine", "gui", "__version__"} for face in FACES - {"demo"}},
}


def test_every_module_has_its_place() -> None:
    unknown = {layer_of(path) for path in MODULES} - set(MAY_IMPORT)
    assert not unknown, (
        f"say in MAY_IMPORT what {sorted(unknown)} may import, and in docs/DESIGN.md why it exists"
    )


@pytest.mark.parametrize("layer", sorted(MAY_IMPORT))
def test_imports_run_one_way(layer: str) -> None:
    allowed = MAY_IMPORT[layer] | {layer}
    wrong = [
        f"{each.where} imports {each.name}: {layer} may import only {', '.join(sorted(allowed))}. "
        "Move the code down a layer, or hand it in as an argument."
        for path in MODULES
        if layer_of(path) == layer
        for each in imports_of(path)
        if each.layer and each.layer not in allowed
    ]
    assert not wrong, "\n".join(wrong)


#: Foreign module -> the only modules that may import it (patterns under migrator/).
HOMES: dict[str, tuple[str, ...]] = {
    "boto3": ("store/s3*.py",),
    "botocore": ("store/s3*.py",),
    "urllib3": ("store/s3*.py",),
    "sqlite3": ("engine/*.py",),
    "tkinter": ("gui/*.py", "desktop.py"),
    "ttkbootstrap": ("gui/theme.py", "gui/styles.py"),
    "keyring": ("credentials.py",),
    "tomlkit": ("job_file.py",),
    "tomllib": ("config.py", "engine/prices.py"),
    "platformdirs": ("engine/home.py",),
    "argparse": ("cli*.py", "demo/*.py"),
}
#: Parts of the window that decide and must run, and be tested, without a display.
WITHOUT_TKINTER = (
    *(
        "gui/presenter.py",
        "gui/intake.py",
        "gui/screen.py",
        "gui/screen_parts.py",
        "gui/plan_values.py",
        "gui/pump.py",
        "gui/form.py",
    ),
    *sorted(f"gui/pages/{path.name}" for path in (PACKAGE / "gui" / "pages").glob("*.py")),
)


@pytest.mark.parametrize("name", sorted(HOMES))
def test_foreign_modules_stay_at_home(name: str) -> None:
    wrong = [
        f"{each.where} imports {each.name}: only {' and '.join(HOMES[name])} may. "
        "Put what you need behind a function there."
        for path in MODULES
        for each in imports_of(path)
        if each.top == name and not any(fnmatch(each.path, home) for home in HOMES[name])
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", WITHOUT_TKINTER)
def test_what_the_window_decides_needs_no_display(path: str) -> None:
    wrong = [each.where for each in imports_of(PACKAGE / path) if each.top in {"tkinter", "ttkbootstrap"}]
    assert not wrong, f"{wrong}: views have widgets, {path} has none"


#: The model is values and pure functions: these would make it something else.
IMPURE = {
    "asyncio", "concurrent", "io", "logging", "multiprocessing", "os", "pathlib", "queue", "random",
    "secrets", "shutil", "signal", "socket", "subprocess", "sys", "tempfile", "threading", "time", "urllib",
}  # fmt: skip


def test_the_model_is_pure() -> None:
    wrong = [
        f"{each.where} imports {each.name}: the model has no files, threads, clock, chance or network. "
        "Take the value as an argument."
        for path in MODULES
        if layer_of(path) == "model"
        for each in imports_of(path)
        if each.top in IMPURE
    ]
    wrong += [
        f"migrator/{path.relative_to(PACKAGE)}:{node.lineno} asks for the time: take it as an argument"
        for path in MODULES
        if layer_of(path) == "model"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and node.attr in {"now", "utcnow", "today"}
    ]
    assert not wrong, "\n".join(wrong)


STARTS_THREADS = {"Thread", "Timer", "ThreadPoolExecutor", "ProcessPoolExecutor", "start_new_thread"}
MAY_START_THREADS = {"engine", "demo"}


def test_only_the_engine_and_the_demos_servers_start_threads() -> None:
    wrong = [
        f"migrator/{path.relative_to(PACKAGE)}:{node.lineno} starts {name}: threads belong to "
        f"{' and '.join(sorted(MAY_START_THREADS))}, each with an owner that waits for it"
        for path in MODULES
        if layer_of(path) not in MAY_START_THREADS
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        for name in [getattr(node.func, "attr", getattr(node.func, "id", ""))]
        if name in STARTS_THREADS
    ]
    assert not wrong, "\n".join(wrong)


def test_every_thread_has_a_name() -> None:
    wrong = [
        f"migrator/{path.relative_to(PACKAGE)}:{node.lineno}: give the thread a name"
        for path in MODULES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", "")) in {"Thread", "ThreadPoolExecutor"}
        and not {"name", "thread_name_prefix"} & {keyword.arg for keyword in node.keywords}
    ]
    assert not wrong, "\n".join(wrong)


def test_only_faces_print() -> None:
    """The engine reports by events; whoever shows them decides where to."""
    wrong = [
        f"migrator/{path.relative_to(PACKAGE)}:{node.lineno} prints: emit an event instead"
        for path in MODULES
        if layer_of(path) not in FACES | {"gui"}
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"print", "input"}
    ]
    assert not wrong, "\n".join(wrong)


def test_every_module_says_what_it_is_for() -> None:
    silent = [str(path.relative_to(PACKAGE)) for path in MODULES if not ast.get_docstring(tree(path))]
    assert not [path for path in silent if not path.endswith("__init__.py")], "begin with a docstring"
