"""Do the canaries die? `python -m tests.canary_mutations` takes away one redaction at a time, and sees.

In a copy of the tree; a few seconds to a minute for each. Words limit it to the sinks with these words in
their name. The exit code is 1 where a leak goes unnoticed, or where the canaries fail without one. The list
is complete: `tests/test_canary_complete.py` fails where a place that masks or learns a secret is in none.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("migrator", "tests", "tools", "docs", "README.md", "pyproject.toml", "engine.spec")
SCRATCH = "/dev/shm" if Path("/dev/shm").is_dir() else None
#: The quickest first: the first one that fails ends it.
CANARIES = (
    "tests/engine/test_canary_sinks.py",
    "tests/test_redacting.py",
    "tests/system/test_system.py",
    "tests/test_credentials.py",
    "tests/gui/test_canary_window.py",
    "tests/e2e/test_canary.py",
)
_FAILED = re.compile(r"^(?:FAILED|ERROR) [^\s\[]*/([^\s\[]+)", re.M)


@dataclass(frozen=True)
class Mutation:
    """`before` stands once in `file`; with `after` in its place the sink leaks."""

    sink: str
    file: str
    before: str
    after: str

    def apply(self, tree: Path) -> None:
        path = tree / self.file
        path.write_text(self.mutated(path.read_text(encoding="utf-8")), encoding="utf-8")

    def mutated(self, text: str) -> str:
        if text.count(self.before) != 1:
            raise ValueError(f"{self.sink}: not once in {self.file}: {self.before}")
        return text.replace(self.before, self.after)


REDACTING, CREDENTIALS = "migrator/redacting.py", "migrator/credentials.py"
MUTATIONS = (
    # -- where text leaves the program
    Mutation(
        "standard output and standard error, --json",
        REDACTING,
        "super().write(redacted(text))",
        "super().write(text)",
    ),
    Mutation(
        "tracebacks",
        REDACTING,
        'redacted("".join(traceback.format_exception(kind, error, trace)))',
        '"".join(traceback.format_exception(kind, error, trace))',
    ),
    Mutation(
        "the whole guard of a command",
        "migrator/__main__.py",
        "    guard_process(os.environ)\n",
        "",
    ),
    Mutation(
        "the whole guard of the window's engine",
        "migrator/engine/remote.py",
        "    guard_process(os.environ)\n",
        "",
    ),
    Mutation("--log-file", "migrator/console.py", "redacted(json_line(event))", "json_line(event)"),
    Mutation(
        "run.log",
        "migrator/engine/log.py",
        "redacted(json_line(event, self._clock))",
        "json_line(event, self._clock)",
    ),
    Mutation(
        "a log that is saved elsewhere",
        "migrator/engine/log.py",
        "file.write(redacted(line))",
        "file.write(line)",
    ),
    Mutation("reports: html, json, csv", "migrator/engine/report.py", "        text = redacted(text)\n", ""),
    Mutation(
        "messages in the journal",
        "migrator/engine/outcomes.py",
        "return without_secrets(_described(error))",
        "return _described(error)",
    ),
    Mutation(
        "the job file", "migrator/job_file.py", "elif redacted(str(value)) != str(value):", "elif False:"
    ),
    Mutation(
        "what services say",
        "migrator/store/answers.py",
        "visible(redacted(text), limit)",
        "visible(text, limit)",
    ),
    Mutation(
        "the SDK's own log",
        "migrator/store/s3_client.py",
        "setLevel(logging.WARNING)",
        "setLevel(logging.DEBUG)",
    ),
    # -- the window
    Mutation(
        "events to the window",
        "migrator/engine/service.py",
        "self.events.put(without_secrets(event))",
        "self.events.put(event)",
    ),
    Mutation(
        "names of objects to the window",
        "migrator/engine/service.py",
        "key = redacted(event.key)",
        "key = event.key",
    ),
    Mutation(
        "the window's log pane",
        "migrator/gui/presenter.py",
        'Line("error", "window", without_secrets(text, self.form))',
        'Line("error", "window", text)',
    ),
    Mutation(
        "the window's log pane: other spellings",
        "migrator/gui/form.py",
        "return redacted(text)",
        "return text",
    ),
    Mutation(
        "the clipboard", "migrator/gui/app.py", "clipboard_append(redacted(text))", "clipboard_append(text)"
    ),
    Mutation(
        "rows of tables, on the clipboard",
        "migrator/gui/widgets/rows.py",
        r'redacted("\n".join(chosen))',
        r'"\n".join(chosen)',
    ),
    Mutation(
        "a crash in the window",
        "migrator/gui/app.py",
        'redacted(f"{text}: {error}")',
        'f"{text}: {error}"',
    ),
    Mutation(
        "a crash in the window, on standard error",
        "migrator/gui/app.py",
        "print(text, file=sys.stderr)",
        'print(f"{text}: {error}", file=sys.stderr)',
    ),
    Mutation("a secret's field", "migrator/gui/widgets/field.py", 'show="•", **common', "**common"),
    # -- other processes
    Mutation(
        "environment of the demo's services",
        "migrator/demo/clouds.py",
        "env=for_others(os.environ)",
        "env=os.environ",
    ),
    Mutation(
        "environment of the system's programs",
        "migrator/system/processes.py",
        "environment = for_others(os.environ)",
        "environment = dict(os.environ)",
    ),
    Mutation(
        "arguments of the demo's services",
        "migrator/demo/clouds.py",
        'else [sys.executable, "-m", "migrator"]',
        'else [sys.executable, "-X", f"a={os.environ.get(\'AWS_SECRET_ACCESS_KEY\')}", "-m", "migrator"]',
    ),
    # -- where secrets become known
    Mutation(
        "secrets of the environment",
        REDACTING,
        "    learn_environment(environment)\n    for name",
        "    for name",
    ),
    Mutation("passwords of proxies", REDACTING, "            learn(*_passwords(value))", "            pass"),
    Mutation("variables, by their names", REDACTING, "            learn(value)\n", "            pass\n"),
    Mutation("keys when they come to be", CREDENTIALS, "        learn(*self.secrets)\n", "        pass\n"),
    Mutation(
        "keys out of another process",
        CREDENTIALS,
        "    learn(*keys.secrets)  #",
        "    pass  #",
    ),
    Mutation(
        "keys that the SDK finds",
        "migrator/store/s3_client.py",
        '            learn(frozen.secret_key or "", frozen.token or "")',
        "            pass",
    ),
    Mutation(
        "keys, shown", CREDENTIALS, 'f"Keys({self.masked}, ***)"', 'f"Keys({self.masked}, {self.secrets})"'
    ),
    # -- how a secret may be written
    Mutation("percent", REDACTING, '    ways.append("".join(f"%(', '    [].append("".join(f"%('),
    Mutation(
        "JSON", REDACTING, r'ways = [re.escape(char), rf"\\+{re.escape(char)}", ', "ways = [re.escape(char), "
    ),
    Mutation("HTML", REDACTING, '    ways += [rf"&#0*{code};", ', '    ways + [rf"&#0*{code};", '),
    Mutation("base64", REDACTING, "[*_base64_of(raw), raw.hex()", "[raw.hex()"),
    Mutation("hexadecimal", REDACTING, "raw.hex(), raw.hex().upper()])", "])"),
)


def main(words: Sequence[str]) -> int:
    """Returns 1 where a leak went unnoticed."""
    chosen = [each for each in MUTATIONS if all(word in each.sink for word in words)]
    if not chosen:
        print("There is no such sink. All: " + "; ".join(each.sink for each in MUTATIONS), file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="canary-", dir=SCRATCH) as folder:
        kept, tree = Path(folder) / "kept", Path(folder) / "tree"
        kept.mkdir()
        for part in PARTS:
            copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy2
            copy(ROOT / part, kept / part)
        code, first, took_s = _canaries(kept, tree, None)
        if code:
            print(f"The canaries fail as it is: {first} ({code})", file=sys.stderr)
            return 1
        print(f"As it is, the canaries live ({took_s:.0f} s).\n")
        print("| taken away | noticed by | s |\n| --- | --- | --- |")
        missed = 0
        for each in chosen:
            code, first, took_s = _canaries(kept, tree, each)
            missed += code != 1
            by = first if code == 1 else f"**nobody** ({code})"
            print(f"| {each.sink} | {by} | {took_s:.0f} |", flush=True)
    print(f"\n{len(chosen) - missed} of {len(chosen)} noticed")
    return int(bool(missed))


def _canaries(kept: Path, tree: Path, mutation: Mutation | None) -> tuple[int, str, float]:
    """pytest's exit code, the first test that failed, and the time it took."""
    began = time.monotonic()
    shutil.rmtree(tree, ignore_errors=True)
    shutil.copytree(kept, tree)
    if mutation is not None:
        mutation.apply(tree)
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-rfE", "--tb=no", "-p", "no:cacheprovider"]
    ended = subprocess.run(
        [*command, "-m", "long or not long", *CANARIES],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": "", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    first = _FAILED.search(ended.stdout)
    return ended.returncode, first[1] if first else "", time.monotonic() - began


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
