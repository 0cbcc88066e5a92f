"""A run's report: one file that says what became of every key. JSON is exact; CSV and HTML are for people."""

from __future__ import annotations

import csv
import html
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from migrator.engine.home import RunDir
from migrator.engine.journal import Journal
from migrator.engine.ports import SystemClock
from migrator.engine.runs import RunInfo, run_info
from migrator.engine.schema import Entry
from migrator.errors import UsageError
from migrator.model.objects import key_bytes, visible
from migrator.model.sizes import show_duration, show_size
from migrator.model.undo import State

COLUMNS = (
    "key",
    "outcome",
    "reason",
    "size_bytes",
    "source_etag",
    "source_last_modified",
    "source_version_id",
    "kind",
    "destination_etag",
    "destination_version_id",
    "digest",
    "digest_algorithm",
    "assurance",
    "undo",
)

#: A spreadsheet runs a cell that begins with one of these (OWASP, CSV injection).
_RUNS_IN_A_SPREADSHEET = ("=", "+", "-", "@", "\t", "\r", "\x00")
#: Rows of the HTML report; the complete list is in CSV and JSON.
MOST_ROWS = 1000


def outcome_word(entry: Entry) -> str:
    """The ledger's word for one key."""
    if entry.action in {"same", "filtered", "unsupported"}:
        return entry.action
    match entry.state:
        case State.COMMITTED:
            return "copied"
        case State.FAILED:
            return "failed"
        case State.CONFLICT:
            return "conflict"
        case _:
            return "left"


def row_of(entry: Entry) -> dict[str, Any]:
    """One key as the report has it, by `COLUMNS`."""
    values = (
        entry.key,
        outcome_word(entry),
        entry.message or entry.cause or entry.reason,
        entry.size_bytes,
        entry.etag,
        entry.last_modified.isoformat(),
        entry.source_version,
        entry.kind,
        entry.after_etag,
        entry.after_version or "",
        entry.digest,
        entry.digest_kind,
        entry.assurance,
        entry.undo.value,
    )
    return dict(zip(COLUMNS, values, strict=True))


def save_report(directory: RunDir, kind: str, output: Path | None) -> None:
    """Write a run's report as `html`, `json` or `csv`, to a file (whole or not at all) or to stdout.

    Raises:
        UsageError: the file cannot be written.
    """
    clock = SystemClock()
    info = run_info(directory, clock)
    journal = Journal.read_only(directory, clock)
    try:
        if output is None:
            _write(kind, info, journal, sys.stdout)
        else:
            _write_file(kind, info, journal, output)
    finally:
        journal.close()


def _write_file(kind: str, info: RunInfo, journal: Journal, output: Path) -> None:
    try:
        partial = output.with_name(f".{output.name}.part")
        with open(
            os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8", newline=""
        ) as file:
            _write(kind, info, journal, file)
        os.replace(partial, output)
    except OSError as cause:
        raise UsageError(f"The report cannot be written to {output}: {cause.strerror}.") from cause


def _write(kind: str, info: RunInfo, journal: Journal, file: IO[str]) -> None:
    match kind:
        case "html":
            write_html(info, journal, file)
        case "json":
            write_json(info, journal, file)
        case _:
            write_csv(journal, file)


def write_csv(journal: Journal, file: IO[str]) -> None:
    """One row for each key. Cells that a spreadsheet would run begin with an apostrophe."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for entry in journal.iterate():
        writer.writerow([_defused(str(value)) for value in row_of(entry).values()])


def write_json(info: RunInfo, journal: Journal, file: IO[str]) -> None:
    """The run and one object for each key, a line each. A key that is not UTF-8 comes as `key_hex` too."""
    head = {"run": info.run, "outcome": info.state, **_facts(info)}
    file.write(json.dumps(head)[:-1] + ', "keys": [')
    for number, entry in enumerate(journal.iterate()):
        row = row_of(entry)
        if not _is_clean(entry.key):
            row["key_hex"] = key_bytes(entry.key).hex()
        file.write(("," if number else "") + "\n" + json.dumps(row))
    file.write("\n]}\n")


def write_html(info: RunInfo, journal: Journal, file: IO[str]) -> None:
    """A page to read and to file: what happened, and the first thousand keys that were not simply copied."""
    books = info.ledger
    file.write(f"<!doctype html><html lang=en><meta charset=utf-8><title>Run {info.run}</title>{_STYLE}")
    file.write(f"<h1>{_text(info.name or 'Migration')}</h1>")
    file.write(f"<p>{_text(info.source)} → {_text(info.destination)}</p>")
    file.write(f"<p class={'good' if info.state == 'completed' else 'bad'}>Run {info.run}: {info.state}")
    file.write(f"{f', undo {info.undo}' if info.undo else ''}. Began {_text(info.created)}, took ")
    file.write(f"{show_duration(info.seconds)}.</p><h2>Every object is accounted for</h2><table>")
    for name in ("listed", "copied", "same", "filtered", "unsupported", "failed", "conflicts", "left"):
        file.write(f"<tr><th>{name}<td>{getattr(books, name):,}")
    file.write(f"<tr><th>bytes copied<td>{books.bytes_copied:,} ({show_size(books.bytes_copied)})")
    for level, number in books.assurance.items():
        file.write(f"<tr><th>checked by {level}<td>{number:,}")
    verdict = "The sums agree." if books.balances else "The sums do not agree: this is a defect."
    file.write(f"</table><p>{verdict}</p><h2>Objects that were not copied</h2><table>")
    file.write("<tr><th>Key<th>Outcome<th>Why<th>Size")
    for number, entry in enumerate(_not_copied(journal)):
        if number == MOST_ROWS:
            file.write("<tr><td colspan=4>… the complete list is in the CSV and JSON reports.")
            break
        why = _text(entry.message or entry.cause or entry.reason)
        file.write(f"<tr><td><code>{_text(entry.key)}</code><td>{outcome_word(entry)}<td>{why}")
        file.write(f"<td>{show_size(entry.size_bytes)}")
    file.write("</table></html>\n")


_STYLE = (
    "<style>body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;"
    "color:#1b2430}table{border-collapse:collapse}th,td{border-bottom:1px solid #dde2ea;"
    "padding:.3rem .8rem;text-align:left}code{word-break:break-all}.good{color:#0b6b63}"
    ".bad{color:#9b1c2e}</style>"
)


def _not_copied(journal: Journal) -> Iterator[Entry]:
    return (entry for entry in journal.iterate() if outcome_word(entry) not in {"copied", "same"})


def _facts(info: RunInfo) -> dict[str, Any]:
    return {
        "undo": info.undo,
        "name": info.name,
        "source": info.source,
        "destination": info.destination,
        "created": info.created,
        "seconds": info.seconds,
        "ledger": {**asdict(info.ledger), "assurance": dict(info.ledger.assurance)},
    }


def _defused(cell: str) -> str:
    shown = visible(cell)
    return f"'{shown}" if cell.startswith(_RUNS_IN_A_SPREADSHEET) else shown


def _text(value: str) -> str:
    return html.escape(visible(value))


def _is_clean(key: str) -> bool:
    try:
        key.encode()
    except UnicodeEncodeError:
        return False
    return True
