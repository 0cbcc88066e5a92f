"""The documentation is tested too: every command and setting is in it, and what it points to exists."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

import pytest

from migrator.cli import build_parser
from migrator.config import job_from
from migrator.job_rules import KNOWN
from migrator.model.policy import policies

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PAGES = [README, ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md"))]


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def everything() -> str:
    return "\n".join(text_of(page) for page in PAGES)


def commands() -> dict[str, argparse.ArgumentParser]:
    for action in build_parser()._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    raise AssertionError("the command line has no commands")


SETTINGS = [f"{section}.{name}" if section else name for section in KNOWN for name in sorted(KNOWN[section])]


def test_there_is_a_readme_with_a_picture_and_a_command_to_start_with() -> None:
    text = text_of(README)
    assert re.search(r"!\[[^\]]*\]\(|<img ", text), "show the window"
    assert "```" in text, "show one command to start"


@pytest.mark.parametrize("command", sorted(commands()))
def test_every_command_is_documented(command: str) -> None:
    assert re.search(rf"\b(migrator|-m migrator) {command}\b|`{command}\b", everything()), (
        f"`migrator {command}` is nowhere in README.md or docs/"
    )


def test_the_policy_shown_is_the_one_that_is_printed() -> None:
    table = {
        "version": 1,
        "source": {"provider": "aws", "bucket": "photos", "prefix": "2024/", "region": "us-east-1"},
        "destination": {
            "provider": "lyve",
            "bucket": "photos-copy",
            "endpoint_url": "https://s3.us-west-1.example.lyve.seagate.com",
        },
        "carry": {"accept": ["locks", "acl"]},
    }
    source, _ = policies(job_from(table).needs)
    shown = re.search(r"```json\n(.*?)```", text_of(README), re.DOTALL)
    assert shown is not None
    assert json.loads(shown[1]) == source.document


def test_every_claim_beside_others_links_to_a_test() -> None:
    section = text_of(README).partition("## Beside others")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")][1:]
    claims = [re.match(r"\| \[([^]]+)\]\((tests/[^)]+)\) \|", row) for row in rows if "---" not in row]
    assert len(claims) >= 10
    for row, claim in zip((row for row in rows if "---" not in row), claims, strict=True):
        assert claim, f"no test is named for: {row}"
        assert "def test_" in text_of(ROOT / claim[2]), claim[0]


#: Known gaps, to be closed: nothing may be added here.
NOT_YET: dict[str, list[str]] = {}


@pytest.mark.parametrize("command", sorted(commands()))
def test_every_option_is_documented(command: str) -> None:
    text = everything()
    options = [action.option_strings for action in commands()[command]._actions if action.option_strings]
    missing = [
        names for names in options if not any(re.search(rf"(?<![\w-]){name}\b", text) for name in names)
    ]
    missing = [names for names in missing if "--help" not in names and names != NOT_YET.get(command)]
    assert not missing, f"options of `migrator {command}` that are nowhere in README.md or docs/: {missing}"


@pytest.mark.parametrize("setting", SETTINGS)
def test_every_setting_is_documented(setting: str) -> None:
    section, _, name = setting.rpartition(".")
    text = everything()
    assert re.search(rf"\b{re.escape(name)}\b", text), f"the job file's {setting} is nowhere in the docs"
    if section:
        assert f"[{section}]" in text, f"the job file's [{section}] is nowhere in the docs"


def test_every_test_that_vouches_for_security_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", text_of(ROOT / "SECURITY.md"))
    assert len(named) >= 30
    missing = [f"{file}::{name}" for file, name in named if f"def {name}(" not in text_of(ROOT / file)]
    assert not missing


_LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)|(?:src|href)=[\"']([^\"']+)[\"']")


def links(page: Path) -> list[str]:
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", text_of(page), flags=re.DOTALL)
    return [one or other for one, other in _LINK.findall(prose)]


def anchors(page: Path) -> set[str]:
    """Headings as GitHub links to them."""
    headings = re.findall(r"^#+\s+(.*)$", text_of(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for link in links(page):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            broken.append(link)
    assert not broken, f"{page.relative_to(ROOT)} points to what is not there: {broken}"


#: Paths that exist on one machine only.
_MACHINE = re.compile(r"(?<![\w.$~])/(?:home|Users|root|work|tmp/pytest|var/folders)/|[A-Z]:\\Users\\")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_path_of_anybodys_machine(page: Path) -> None:
    lines = [line for line in text_of(page).splitlines() if _MACHINE.search(line)]
    assert not lines


def test_code_named_in_the_docs_exists() -> None:
    """`engine/journal.py` in a text is a promise."""
    missing = [
        f"{page.relative_to(ROOT)}: {name}"
        for page in PAGES
        for name in re.findall(
            r"`((?:migrator|tests|benchmarks|docs|engine|store|model|gui|demo)/[\w./-]+\.\w+)`", text_of(page)
        )
        if not (ROOT / name).exists() and not (ROOT / "migrator" / name).exists()
    ]
    assert not missing, "\n".join(missing)


def test_every_decision_has_a_number_of_its_own() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [page.name[:4] for page in pages] == [f"{n:04}" for n in range(1, len(pages) + 1)]
    for page in pages:
        assert text_of(page).startswith(f"# {int(page.name[:4])}. "), page.name


def test_a_decision_that_is_linked_to_is_the_one_that_is_named() -> None:
    links = re.findall(r"\[decision (\d+)\]\([^)]*?decisions/(\d{4})-", everything())
    assert len(links) > 5
    assert [(number, file) for number, file in links if int(number) != int(file)] == []
