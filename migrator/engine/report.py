"""A run's report: one file that says what became of every key. JSON is exact; CSV and HTML are for people."""

from __future__ import annotations

import csv
import hashlib
import html
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any

from migrator.engine.home import RunDir
from migrator.engine.journal import Journal
from migrator.engine.ports import SystemClock
from migrator.engine.runs import RunInfo, run_info
from migrator.engine.schema import Entry
from migrator.errors import UsageError
from migrator.model.ledger import Drift
from migrator.model.objects import key_bytes, visible
from migrator.model.sizes import show_duration, show_size
from migrator.model.undo import State
from migrator.redacting import redacted

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

#: A spreadsheet runs a cell that begins with one of these (OWASP, CSV injection); the last four are wide.
_RUNS_IN_A_SPREADSHEET = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "\x00",
    "\uff1d",
    "\uff0b",
    "\uff0d",
    "\uff20",
)
#: Entries whose copies are read at once, for their digests.
BATCH = 256
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


#: SHA-256 of copied objects by their numbers, for a batch of entries. See `engine.signing`.
Digests = Callable[[Sequence[Entry]], Mapping[int, str]]


@dataclass(frozen=True, slots=True)
class Report:
    """A report that was written: its own SHA-256, and how the source changed while the run went on."""

    sha256: str
    drift: Drift | None


def save_report(directory: RunDir, kind: str, output: Path | None, digests: Digests | None = None) -> Report:
    """Write a run's report as `html`, `json` or `csv`, to a file (whole or not at all) or to stdout.

    With `digests` a CSV has one column more, `sha256`.

    Raises:
        UsageError: the file cannot be written.
    """
    clock = SystemClock()
    info = run_info(directory, clock)
    journal = Journal.read_only(directory, clock)
    try:
        if output is None:
            hashed = _Hashed(sys.stdout)
            _write(kind, info, journal, hashed, digests)
        else:
            hashed = _write_file(kind, info, journal, output, digests)
        return Report(hashed.sha256, info.drift)
    finally:
        journal.close()


class _Hashed:
    """A text file that knows the SHA-256 of what was written, as UTF-8."""

    def __init__(self, file: IO[str] | None = None) -> None:
        self._file = file
        self._digest = hashlib.sha256()

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def write(self, text: str) -> int:
        text = redacted(text)
        self._digest.update(text.encode("utf-8", "surrogateescape"))
        return self._file.write(text) if self._file is not None else len(text)


def _write_file(kind: str, info: RunInfo, journal: Journal, output: Path, digests: Digests | None) -> _Hashed:
    partial: Path | None = None
    try:
        # mkstemp creates with mode 0600, under a name that nobody could have put a link at.
        handle, name = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}.", suffix=".part")
        partial = Path(name)
        with open(handle, "w", encoding="utf-8", newline="") as file:
            hashed = _Hashed(file)
            _write(kind, info, journal, hashed, digests)
        os.replace(partial, output)
        return hashed
    except OSError as cause:
        raise UsageError(f"The report cannot be written to {output}: {cause.strerror}.") from cause
    finally:
        if partial is not None:
            with suppress(OSError):
                partial.unlink(missing_ok=True)


def _write(kind: str, info: RunInfo, journal: Journal, file: _Hashed, digests: Digests | None = None) -> None:
    match kind:
        case "html":
            write_html(info, journal, file)
        case "json":
            write_json(info, journal, file)
        case _:
            write_csv(journal, file, digests)


def write_csv(journal: Journal, file: _Hashed, digests: Digests | None = None) -> None:
    """One row for each key. Cells that a spreadsheet would run begin with an apostrophe."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow((*COLUMNS, "sha256") if digests else COLUMNS)
    entries = journal.iterate()
    while batch := list(islice(entries, BATCH)):
        found = digests(batch) if digests else {}
        for entry in batch:
            cells = [_defused(str(value)) for value in row_of(entry).values()]
            writer.writerow([*cells, found.get(entry.seq, "")] if digests else cells)


def csv_sha256(journal: Journal) -> str:
    """The SHA-256 of the file that `report --format csv` writes: it lets one report vouch for the other."""
    hashed = _Hashed()
    write_csv(journal, hashed)
    return hashed.sha256


def write_json(info: RunInfo, journal: Journal, file: _Hashed) -> None:
    """The run and one object for each key, a line each. A key that is not UTF-8 comes as `key_hex` too."""
    head = {"run": info.run, "outcome": info.state, **_facts(info), "csv_sha256": csv_sha256(journal)}
    file.write(json.dumps(head)[:-1] + ', "keys": [')
    for number, entry in enumerate(journal.iterate()):
        row = row_of(entry)
        if not _is_clean(entry.key):
            row["key_hex"] = key_bytes(entry.key).hex()
        file.write(("," if number else "") + "\n" + json.dumps(row))
    file.write("\n]}\n")


def write_html(info: RunInfo, journal: Journal, file: _Hashed) -> None:
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
    for name, number in asdict(info.drift).items() if info.drift else ():
        file.write(f"<tr><th>{name} at the source meanwhile<td>{number:,}")
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
    file.write("</table><p>SHA-256 of the complete list (<code>report --format csv</code>): ")
    file.write(f"<code>{csv_sha256(journal)}</code></p></html>\n")


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
        "drift": asdict(info.drift) if info.drift else None,
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
