"""Looking at runs without working on them: what `runs`, `status`, `report` and the faces' first look need.

Nothing here waits for the process that works on a run, and nothing changes a journal.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from migrator.config import Job, read_job
from migrator.endpoint_rules import is_loopback
from migrator.engine.home import RunDir, all_runs, is_busy
from migrator.engine.journal import Journal
from migrator.engine.ports import Clock
from migrator.errors import JobFileError, JournalError
from migrator.model.events import Phase
from migrator.model.ledger import Drift, Ledger
from migrator.model.not_copied import NotCopied
from migrator.model.past_runs import PastRun

#: The name of the demo's jobs.
DEMO = "demo"

#: What reading on in a damaged journal ends in: pages that are none, rows that hold what no row does.
_DAMAGED = (JournalError, ValueError, TypeError, OverflowError)


@dataclass(frozen=True, slots=True)
class RunInfo:
    """One run, as a list shows it.

    `state` is an outcome, or `running`, `crashed`, `unreadable`; or `incomplete`: it was completed, and then
    an earlier run that it relies on was undone. `kept`, `bytes_kept`: copies of replaced content, for undo.
    `undo` is empty, `started`, `rolled-back`, `incomplete` or `accepted`. `is_busy`: a process works on it;
    `phase`: what that one does, as far as a journal can tell. `changed`: when the journal was (ISO, UTC).
    """

    run: str
    state: str
    undo: str
    name: str
    source: str
    destination: str
    created: str
    seconds: float
    ledger: Ledger
    open_uploads: int
    kept: int
    bytes_kept: int
    migration: str
    is_busy: bool = False
    phase: str = ""
    changed: str = ""
    drift: Drift | None = None  #: None where the source was not listed a second time
    why: str = ""  #: what the end of the run said besides its outcome

    @property
    def is_unfinished(self) -> bool:
        """It could be resumed, and a new run would work beside it."""
        return self.state in {"running", "crashed", "stopped", "paused"} and not self.undo

    @property
    def is_undo_broken_off(self) -> bool:
        """Its roll back began, has not ended, and nobody works on it."""
        return self.undo == "started" and not self.is_busy

    @property
    def is_broken_off(self) -> bool:
        """It died, or its roll back did: nobody has said what is to become of it."""
        return (self.state == "crashed" and not self.undo) or self.is_undo_broken_off

    @property
    def waits_for_a_person(self) -> bool:
        """It could go on (be resumed, or be undone to the end), and nobody works on it."""
        return (self.is_unfinished or self.is_undo_broken_off) and not self.is_busy


def run_info(directory: RunDir, clock: Clock) -> RunInfo:
    """What the journal says about a run, also while another process works on it."""
    try:
        journal = Journal.read_only(directory, clock)
    except JournalError:
        return RunInfo(directory.run, "unreadable", "", "", "", "", "", 0.0, Ledger(), 0, 0, 0, "")
    try:
        # The lock before the state: a run that ends in between is then called running, never crashed.
        is_held = is_busy(directory)
        state = journal.meta("outcome", "running")
        undo = journal.meta("undo")
        if state == "running" and not is_held:
            state = "crashed"
        ledger = journal.ledger()
        if state == "completed" and journal.meta("incomplete_by"):
            state = "incomplete"
        kept, bytes_kept = journal.kept()
        return RunInfo(
            run=directory.run,
            state=state,
            undo=undo,
            name=journal.meta("name"),
            source=journal.meta("source"),
            destination=journal.meta("destination"),
            created=journal.meta("created"),
            seconds=float(journal.meta("seconds", "0")),
            ledger=ledger,
            open_uploads=len(journal.open_uploads()),
            kept=kept,
            bytes_kept=bytes_kept,
            migration=journal.meta("migration"),
            is_busy=is_held,
            phase=_phase(journal, state, undo, ledger) if is_held else "",
            changed=journal.changed(),
            drift=_drift(journal),
            why=journal.meta("why"),
        )
    except _DAMAGED:
        return _what_can_be_read(directory, journal)
    finally:
        journal.close()


def _drift(journal: Journal) -> Drift | None:
    kept = json.loads(journal.meta("drift", "null"))
    return Drift(*kept) if kept else None


def _what_can_be_read(directory: RunDir, journal: Journal) -> RunInfo:
    def meta(name: str) -> str:
        with suppress(JournalError):
            return journal.meta(name)
        return ""

    ledger = Ledger()
    with suppress(*_DAMAGED):
        ledger = journal.ledger()
    return RunInfo(
        run=directory.run,
        state="unreadable",
        undo=meta("undo"),
        name=meta("name"),
        source=meta("source"),
        destination=meta("destination"),
        created=meta("created"),
        seconds=0.0,
        ledger=ledger,
        open_uploads=0,
        kept=0,
        bytes_kept=0,
        migration=meta("migration"),
    )


def _phase(journal: Journal, state: str, undo: str, ledger: Ledger) -> str:
    """What the process that works on the run does, told from the journal; empty where that cannot tell."""
    if undo == "started":
        return Phase.ROLLING_BACK
    if state != "running":
        return ""
    if not journal.is_listed():
        return Phase.LISTING
    return Phase.COPYING if ledger.left else Phase.CHECKING


def not_copied(directory: RunDir, clock: Clock, cause: str, most: int) -> NotCopied:
    """Which keys a run did not copy for one cause, up to `most`."""
    journal = Journal.read_only(directory, clock)
    try:
        found = journal.not_copied(cause, most + 1)
    finally:
        journal.close()
    keys = dict.fromkeys(
        entry.key for entry in found[:most]
    )  # of a history, one key may fail in many versions
    return NotCopied(directory.run, cause, tuple(keys), more=len(found) > most)


def past_run(directory: RunDir, clock: Clock, there: Collection[str] = ()) -> PastRun:
    """The same for a face: values only. `there`: endpoints of demos that go on just now."""
    info = run_info(directory, clock)
    return PastRun(
        run=info.run,
        state=info.state,
        undo=info.undo,
        name=info.name,
        source=info.source,
        destination=info.destination,
        created=info.created,
        changed=info.changed,
        seconds=info.seconds,
        ledger=info.ledger.as_dict(),
        open_uploads=info.open_uploads,
        kept=info.kept,
        bytes_kept=info.bytes_kept,
        directory=str(directory.path),
        waits=info.waits_for_a_person,
        is_busy=info.is_busy,
        is_demo=_was_of_a_demo(directory, there),
        why=info.why,
    )


def list_runs(root: Path, clock: Clock) -> list[RunInfo]:
    """Every run, newest first."""
    return [run_info(directory, clock) for directory in all_runs(root)]


def waiting_runs(root: Path, clock: Clock) -> list[RunInfo]:
    """Runs that wait for a person to resume them or to undo them, newest first.

    Only their books are counted: the many runs that ended well cost a look at a few rows each.
    """
    found = []
    for directory in all_runs(root):
        if _may_wait(directory, clock):
            info = run_info(directory, clock)
            if info.waits_for_a_person:
                found.append(info)
    return found


def _may_wait(directory: RunDir, clock: Clock) -> bool:
    return _says_it_waits(directory, clock) and not _was_of_a_demo(directory)


def _was_of_a_demo(directory: RunDir, there: Collection[str] = ()) -> bool:
    """A demo's services end with it: nothing can be resumed or undone there any more."""
    try:
        job = read_job(directory.job)
    except JobFileError:
        return False
    urls = {job.source.endpoint_url, job.destination.endpoint_url}
    is_local = all(is_loopback(urlsplit(url).hostname or "") for url in urls)
    return job.name == DEMO and is_local and not urls <= set(there)


def _says_it_waits(directory: RunDir, clock: Clock) -> bool:
    try:
        journal = Journal.read_only(directory, clock)
    except JournalError:
        return False  # nothing can be done about it here; `runs` shows it as unreadable
    try:
        undo = journal.meta("undo")
        ended = journal.meta("outcome", "running")
        return undo == "started" or (not undo and ended in {"running", "stopped", "paused"})
    finally:
        journal.close()


def unfinished_run(root: Path, job: Job, clock: Clock) -> str:
    """The newest unfinished run of the job's migration; empty where there is none."""
    for directory in all_runs(root):
        info = run_info(directory, clock)
        if info.migration == job.migration and info.is_unfinished:
            return info.run
    return ""
