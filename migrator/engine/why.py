"""`why`: what a run did about one key, from its journal alone: no network, and also beside its process."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from migrator.config import Job, read_job, read_table
from migrator.engine.home import RunDir, is_run_id
from migrator.engine.journal import Journal
from migrator.engine.ports import Clock
from migrator.engine.report import outcome_word
from migrator.engine.schema import Entry, Reserved
from migrator.errors import JobFileError, JournalError
from migrator.model.filters import Filter
from migrator.model.globs import compile_glob
from migrator.model.objects import RESERVED_PREFIX
from migrator.model.undo import State, Undo
from migrator.model.why import Answer

#: Steps told, the newest; an object that was retried for days has more.
MOST_STEPS = 50

_SHOWN = re.compile(r"\\u\{([0-9a-f]{1,6})\}")


def why(directory: RunDir, asked: str, clock: Clock) -> Answer:
    """What became of a key in a run, and why.

    Raises:
        JournalError: the journal cannot be read.
        JobFileError: the run's job file cannot be read.
    """
    job = read_job(directory.job)
    journal = Journal.read_only(directory, clock)
    try:
        for found, key in _ways_to_say(job, asked):
            entry = journal.by_key(key)
            if entry is not None:
                return _about(directory, journal, job, asked, found, entry)
        ours = _reserved(directory, journal, asked, clock) or _reserved(
            directory, journal, _unescaped(asked), clock
        )
        if ours is not None:
            return _about_ours(directory, journal, asked, *ours)
        return _not_listed(directory, journal, job, asked)
    finally:
        journal.close()


# -- finding it -----------------------------------------------------------------------------------


def _unescaped(text: str) -> str:
    """A key as `visible` shows it, back to the key."""

    def char(match: re.Match[str]) -> str:
        value = int(match[1], 16)
        return chr(value) if value <= 0x10FFFF else match[0]

    return _SHOWN.sub(char, text)


def _ways_to_say(job: Job, asked: str) -> Iterator[tuple[str, str]]:
    """What the key may be, the likeliest first: how it was said, and the source key."""
    yield "exact", asked
    shown = _unescaped(asked)
    if shown != asked:
        yield "visible", shown
    for text in dict.fromkeys((asked, shown)):
        if text.startswith(job.destination.prefix):
            yield "destination", job.source.prefix + text.removeprefix(job.destination.prefix)


def _near(journal: Journal, job: Job, asked: str, *, apart_from: str = "") -> tuple[str, ...]:
    """Keys on record that differ from the one asked about in what people do not see or often get wrong."""
    shown = _unescaped(asked)
    spelled = [shown, shown.strip(), shown.lstrip("/"), f"/{shown}", shown.rstrip("/"), f"{shown}/"]
    spelled += [job.source.prefix + text for text in (shown, shown.lstrip("/"))]
    with suppress(UnicodeError):
        spelled.append(shown.encode("latin-1").decode("utf-8"))  # a terminal that took UTF-8 for Latin-1
    forms = [unicodedata.normalize(form, text) for text in spelled for form in ("NFC", "NFD", "NFKC", "NFKD")]
    found = [
        key
        for key in dict.fromkeys([*spelled, *forms])
        if key not in {asked, apart_from} and journal.by_key(key) is not None
    ]
    head, cut, tail = shown.partition("…")
    if cut and not found:  # as a sentence shows a long key: without its middle
        found = journal.keys_between(head, tail)
    return tuple(found)


# -- a key on record ------------------------------------------------------------------------------


def _about(directory: RunDir, journal: Journal, job: Job, asked: str, found: str, entry: Entry) -> Answer:
    outcome = outcome_word(entry)
    reason = entry.cause if outcome == "failed" else entry.reason
    history = tuple(journal.history(entry.seq, MOST_STEPS))
    undone, would, undo_reason = _undo(journal, entry)
    return Answer(
        run=directory.run,
        asked=asked,
        key=entry.key,
        outcome=outcome,
        found=found,
        reason=reason if outcome not in {"copied", "same"} else "",
        setting=_setting(directory, job, entry) if outcome == "filtered" else "",
        message=entry.message if outcome == "failed" and entry.undo is Undo.NONE else "",
        at=history[-1][0] if history else journal.meta("created"),
        size_bytes=entry.size_bytes,
        source_etag=entry.etag,
        source_last_modified=entry.last_modified.isoformat(),
        storage_class=entry.storage_class,
        destination_key=job.destination_key(entry.key),
        destination_etag=entry.after_etag,
        destination_version_id=entry.after_version or "",
        replaced_etag=entry.prior_etag or "",
        saved_as=entry.saved_as or "",
        attempts=entry.attempt,
        digest=entry.digest,
        digest_algorithm=entry.digest_kind,
        assurance=entry.assurance,
        undo=undone,
        would=would,
        undo_reason=undo_reason,
        kind=entry.kind if entry.source_version else "",
        source_version_id=entry.source_version,
        older=_older(journal, entry),
        history=history,
        near=_near(journal, job, entry.key, apart_from=asked),
    )


def _older(journal: Journal, entry: Entry) -> tuple[tuple[str, str], ...]:
    if not entry.source_version:
        return ()
    older = journal.versions_below(entry.key, entry.seq, MOST_STEPS)
    return tuple((each.source_version, outcome_word(each)) for each in older)


def _setting(directory: RunDir, job: Job, entry: Entry) -> str:
    """The job's own value of the rule that left a key out, as its file has it; of `exclude`, the pattern."""
    if entry.reason == "exists":
        return f'existing = "{job.transfer.existing}"'
    value: Any = None
    with suppress(JobFileError):
        value = read_table(directory.job).get("filters", {}).get(entry.reason)
    if entry.reason == "exclude":
        value = _first_match(job.filters, entry.key.removeprefix(job.source.prefix)) or value
    return "" if value is None else f"{entry.reason} = {_as_written(value)}"


def _as_written(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_as_written(each) for each in value)}]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _first_match(filters: Filter, relative: str) -> str:
    return next((glob for glob in filters.exclude if compile_glob(glob).search(relative)), "")


def _undo(journal: Journal, entry: Entry) -> tuple[str, str, str]:
    """What a roll back did about a key, what one would do, and why.

    What it would do is what the journal says; it looks at both ends before it does anything.
    """
    if entry.undo is not Undo.NONE:
        return entry.undo.value.removeprefix("rb-"), "", entry.message if entry.attempt else ""
    if journal.meta("undo") == "accepted":
        return "", "nothing", "accepted"
    if not entry.attempt:
        return "", "nothing", "never-written"
    if entry.state is not State.COMMITTED and not entry.after_etag:
        return "", "look", "not-finished"
    return "", entry.prior(None).value, ""


# -- a key that is not on record ------------------------------------------------------------------


def _reserved(directory: RunDir, journal: Journal, key: str, clock: Clock) -> tuple[Reserved, str] | None:
    """What the run's journal, or that of the run in the key, knows about a key of ours; and its object."""
    if not key.startswith(RESERVED_PREFIX):
        return None
    run = key.removeprefix(RESERVED_PREFIX).partition("/")[0]
    if not is_run_id(run):
        return None
    if run == directory.run:
        return _known(journal, key)
    other = RunDir(directory.path.with_name(run))
    if not other.journal.exists():
        return None
    try:
        theirs = Journal.read_only(other, clock)
    except JournalError:
        return None  # as in a listing: what no journal tells of is a key like any other
    try:
        return _known(theirs, key)
    finally:
        theirs.close()


def _known(journal: Journal, key: str) -> tuple[Reserved, str] | None:
    found = journal.reserved_at(key)
    if found is None:
        return None
    about = journal.by_seq(found.seq) if found.seq is not None else None
    return found, about.key if about else ""


def _about_ours(directory: RunDir, journal: Journal, asked: str, ours: Reserved, about: str) -> Answer:
    return Answer(
        run=directory.run,
        asked=asked,
        key=ours.key,
        outcome="hidden",
        found="exact" if asked == ours.key else "visible",
        reason=ours.kind,
        setting=ours.state,
        message=about,
        at=journal.meta("created"),
        size_bytes=ours.size_bytes if ours.kind == "saved" and ours.etag else None,
        destination_etag=ours.etag,
    )


def _not_listed(directory: RunDir, journal: Journal, job: Job, asked: str) -> Answer:
    key = _unescaped(asked)
    reason, setting, at = "not-in-listing", "", journal.meta("created")
    if not key.startswith(job.source.prefix):
        reason, setting = "outside-prefix", job.source.prefix
    elif not journal.is_listed() and key > journal.listed_to():
        reason, setting = "not-yet", journal.listed_to()
    return Answer(
        run=directory.run,
        asked=asked,
        key=asked,
        outcome="not-listed",
        reason=reason,
        setting=setting,
        at=at,
        near=_near(journal, job, asked),
    )
