"""Reports: one row for each key, well-formed and harmless whatever the keys are."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from migrator.engine.report import COLUMNS, save_report
from migrator.errors import UsageError
from migrator.model.events import ObjectChecked, Phase, PhaseChanged, Reported, Summary
from migrator.model.findings import Estimated
from migrator.model.ledger import Drift, Outcome
from tests.support.faulty import Call, Fault, Faulty, fails
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
    assert by_key["large"]["digest_algorithm"] == "crc32-parts"
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


# -- what one signs -------------------------------------------------------------------------------


def test_a_report_says_what_its_own_sha256_is(reported: World, tmp_path: Path) -> None:
    path = tmp_path / "run.csv"
    written = save_report(reported.directory, "csv", path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert written.sha256 == digest
    assert json.loads(report(reported, "json", tmp_path))["csv_sha256"] == digest
    assert digest in report(reported, "html", tmp_path)


def test_drift_is_in_the_reports(world: World, tmp_path: Path) -> None:
    for key in "abc":
        world.seed(key)

    def meanwhile(event: object) -> None:
        if isinstance(event, PhaseChanged) and event.phase is Phase.CHECKING:
            world.seed("new")
            world.seed("a", b"changed")
            world.source_cloud.delete("from-bucket", "b")

    world.on_event = meanwhile
    world.run()
    found = Drift(added=1, changed=1, removed=1)
    assert world.info().drift == found
    assert save_report(world.directory, "csv", tmp_path / "run.csv").drift == found
    assert json.loads(report(world, "json", tmp_path))["drift"] == {"added": 1, "changed": 1, "removed": 1}
    assert "removed at the source meanwhile" in report(world, "html", tmp_path)


@pytest.fixture
def large(world: World, small_parts: None) -> World:
    world.seed("empty", b"")
    world.seed("small", b"small")
    world.seed("large", bytes(range(256)) * 12)
    world.seed("left-out.tmp")
    world.set("filters", exclude=["*.tmp"])
    world.run()
    return world


def signed(world: World, tmp_path: Path) -> tuple[Summary, dict[str, dict[str, str]]]:
    path = tmp_path / "signed.csv"
    end = world.engine().sign("latest", path)
    rows = list(csv.DictReader(path.read_text().splitlines()))
    return end, {row["key"]: row for row in rows}


def test_every_copy_gets_the_sha256_of_what_the_destination_holds(large: World, tmp_path: Path) -> None:
    large.forget_events()
    before = large.there
    end, rows = signed(large, tmp_path)
    assert (end.outcome, end.exit_code) == (Outcome.VERIFIED, 0)
    assert {key: row["sha256"] for key, row in rows.items()} == {
        **{key: hashlib.sha256(body).hexdigest() for key, body in large.there.items()},
        "left-out.tmp": "",
    }
    assert large.there == before
    (told,) = large.of(Reported)
    assert told.sha256 == hashlib.sha256((tmp_path / "signed.csv").read_bytes()).hexdigest()
    (cost,) = large.of(Estimated)
    assert (cost.command, cost.reads_back, cost.bytes_in) == ("report", True, 3077)
    assert large.events.index(cost) < large.events.index(told)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda world, key: world.destination_cloud.delete("to-bucket", key), "copy-gone"),
        (lambda world, key: world.put_there(key, b"of somebody else"), "copy-changed"),
    ],
)
@pytest.mark.parametrize("key", ["empty", "small", "large"])
def test_what_is_not_our_copy_any_more_gets_no_sha256(
    large: World, tmp_path: Path, key: str, spoil: Callable[[World, str], None], reason: str
) -> None:
    spoil(large, key)
    large.forget_events()
    end, rows = signed(large, tmp_path)
    assert (end.outcome, end.exit_code) == (Outcome.FAILED, 1)
    assert rows[key]["sha256"] == ""
    assert [(each.key, each.reason) for each in large.of(ObjectChecked)] == [(key, reason)]
    assert sum(bool(row["sha256"]) for row in rows.values()) == 2


@pytest.mark.parametrize("key", ["small", "large"])
def test_other_bytes_than_were_sent_get_no_sha256(large: World, tmp_path: Path, key: str) -> None:
    """A service whose disk rots under an unchanged ETag."""

    def rot(call: Call, answer: object) -> object:
        call.args[2][0] ^= 1
        return answer

    large.destination = Faulty(large.destination, Fault("GetObject", after=rot, key=key, times=None))
    large.forget_events()
    end, rows = signed(large, tmp_path)
    assert end.exit_code == 1
    assert rows[key]["sha256"] == ""
    assert [(each.key, each.reason) for each in large.of(ObjectChecked)] == [(key, "bytes-differ")]


def test_a_run_that_was_rolled_back_has_nothing_to_read(large: World, tmp_path: Path) -> None:
    large.rollback()
    end = large.engine().sign("latest", tmp_path / "signed.csv")
    assert end.exit_code == 2
    assert not (tmp_path / "signed.csv").exists()
