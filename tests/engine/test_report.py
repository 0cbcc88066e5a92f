"""Reports: one row for each key, well-formed and harmless whatever the keys are."""

from __future__ import annotations

import csv
import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from migrator.engine.report import COLUMNS, save_report
from migrator.errors import UsageError
from tests.support.faulty import Faulty, fails
from tests.support.world import PART, World

HOSTILE = [
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\tTAB=1",
    "\rCR=1",
    'quote "and", comma',
    "line\nbreak",
    "<script>alert(1)</script>",
    "x\u202egpj.exe",
    "\x1b[31mred",
    "caf\u00e9",
    "cafe\u0301",
    "plain.jpg",
]


@pytest.fixture
def reported(world: World, small_parts: None) -> World:
    """A run with every outcome."""
    for key in HOSTILE:
        world.seed(key)
    world.seed("large", b"x" * 3 * PART)
    world.seed("same")
    world.seed("conflict")
    world.seed("filtered.tmp")
    world.seed("fails")
    world.source_cloud.seed("from-bucket", "archived", b"x", storage_class="GLACIER")
    world.put_there("same", b"body")
    world.put_there("conflict", b"different")
    world.set("filters", exclude=["*.tmp"])
    world.destination = Faulty(world.destination, fails("PutObject", key="fails", times=None))
    world.run()
    return world


def report(world: World, kind: str, tmp_path: Path) -> str:
    path = tmp_path / f"report.{kind}"
    save_report(world.directory, kind, path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []
    return path.read_bytes().decode("utf-8")


OUTCOMES = {
    "same": "same",
    "conflict": "conflict",
    "filtered.tmp": "filtered",
    "fails": "failed",
    "archived": "unsupported",
    "large": "copied",
    "plain.jpg": "copied",
}


def test_csv_has_one_row_for_each_key(reported: World, tmp_path: Path) -> None:
    rows = list(csv.DictReader(report(reported, "csv", tmp_path).splitlines(keepends=True)))
    assert len(rows) == len(reported.here)
    assert all(set(row) == set(COLUMNS) for row in rows)
    by_key = {row["key"]: row for row in rows}
    assert {key: by_key[key]["outcome"] for key in OUTCOMES} == OUTCOMES
    assert by_key["filtered.tmp"]["reason"] == "exclude"
    assert by_key["conflict"]["reason"] == "different-content"
    assert by_key["large"]["digest_algorithm"] == "md5-parts"
    assert by_key["plain.jpg"]["digest"] == by_key["plain.jpg"]["destination_etag"]


def test_csv_runs_nothing_in_a_spreadsheet(reported: World, tmp_path: Path) -> None:
    rows = list(csv.reader(report(reported, "csv", tmp_path).splitlines(keepends=True)))
    for row in rows:
        for cell in row:
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\x00")), cell
            assert cell.isprintable(), cell
    keys = {row[0] for row in rows}
    assert {"'=cmd|' /C calc'!A0", "'+1+1", "'-2+3", "'@SUM(A1)"} <= keys


def test_json_is_exact(reported: World, tmp_path: Path) -> None:
    data = json.loads(report(reported, "json", tmp_path))
    assert {row["key"] for row in data["keys"]} == set(reported.here)
    assert len(data["keys"]) == len(reported.here)
    assert data["outcome"] == "failed"
    assert data["ledger"]["listed"] == len(reported.here)
    assert data["run"] == reported.directory.run


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_html_shows_what_was_not_copied_and_runs_nothing(reported: World, tmp_path: Path) -> None:
    text = report(reported, "html", tmp_path)
    page = Page()
    page.feed(text)
    page.close()
    assert not page.tags & {"script", "img", "iframe", "link"}
    assert "\x1b" not in text
    assert "\u202e" not in text
    for key in ("conflict", "fails", "archived", "filtered.tmp"):
        assert key in page.text
    assert "The sums agree." in page.text


def test_hostile_keys_are_text_in_html(world: World, tmp_path: Path) -> None:
    world.seed("<script>alert(1)</script>")
    world.set("filters", exclude=["**"])
    world.set("destination", prefix="<b>&")
    world.table["name"] = "<img src=x>"
    world.run()
    page = Page()
    page.feed(report(world, "html", tmp_path))
    assert not page.tags & {"script", "img", "b"}
    assert "<script>alert(1)</script>" in page.text
    assert "<img src=x>" in page.text


@pytest.mark.parametrize("kind", ["csv", "json", "html"])
def test_a_run_without_objects_has_a_report(world: World, tmp_path: Path, kind: str) -> None:
    world.run()
    text = report(world, kind, tmp_path)
    if kind == "json":
        assert json.loads(text)["keys"] == []
    else:
        assert text


def test_a_report_goes_to_stdout_without_a_file(reported: World, capsys: pytest.CaptureFixture[str]) -> None:
    save_report(reported.directory, "csv", None)
    assert capsys.readouterr().out.startswith("key,outcome,")


def test_a_report_that_cannot_be_written_is_said_to_be(reported: World, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        save_report(reported.directory, "csv", tmp_path / "no" / "such" / "folder.csv")


def test_a_report_can_be_made_while_the_run_goes_on(world: World, tmp_path: Path) -> None:
    from migrator.model.events import Phase, PhaseChanged

    made: list[int] = []
    for number in range(3):
        world.seed(f"{number}")

    def on_event(event: object) -> None:
        if isinstance(event, PhaseChanged) and event.phase is Phase.COPYING:
            made.append(len(json.loads(report(world, "json", tmp_path))["keys"]))

    world.on_event = on_event
    world.run()
    assert made == [3]
