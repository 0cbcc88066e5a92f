"""The engine behind a window: every command on a thread of its own, every answer on one queue."""

from __future__ import annotations

import queue
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from migrator import credentials
from migrator.config import End, ends_of, job_from
from migrator.credentials import Keys
from migrator.engine.commands import Engine
from migrator.engine.drafts import config_read, config_saved
from migrator.engine.endings import EXIT_FAILED, EXIT_USAGE
from migrator.engine.ends import StoreFactory, open_s3
from migrator.engine.errands import Errands
from migrator.engine.home import all_runs
from migrator.engine.key_sets import forget_keys, list_keys, try_keys
from migrator.engine.plan_book import PlanBook
from migrator.engine.ports import Ports, Stop, SystemClock
from migrator.engine.records import forgotten, found_not_copied, log_saved, report_saved
from migrator.engine.runs import past_run, waiting_runs
from migrator.engine.trying import try_end
from migrator.engine.wishes import Wishes, possible_wish
from migrator.errors import Cancelled, CredentialsError, MigratorError
from migrator.job_file import job_text, write_private
from migrator.model.drafts import ConfigWritten
from migrator.model.events import Event, ObjectCopied, Summary, UnfinishedFound, Warned
from migrator.model.key_sets import KeysForgotten, KeysTested
from migrator.model.ledger import Ledger, Outcome
from migrator.model.past_runs import RunsListed
from migrator.redacting import redacted, without_secrets

#: Unfinished runs offered at a start; older ones are in `migrator runs`.
MOST_FOUND = 5
#: Runs listed for the history; older ones likewise.
MOST_LISTED = 500


class EngineService:
    """One command at a time, in the background. Methods return at once: the Tk thread may call them."""

    def __init__(self, root: Path, factory: StoreFactory = open_s3, *, is_demo: bool = False) -> None:
        self._is_demo = is_demo  # made-up keys must not replace real ones in the vault, nor the job file
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._root = root
        self._factory = factory
        self._stop = Stop()
        self._wishes = Wishes()
        self._thread: threading.Thread | None = None
        self._said_its_last_word = False
        self._finder: threading.Thread | None = None
        self._lister: threading.Thread | None = None
        self._book: PlanBook | None = None
        self._book_lock = threading.Lock()  # held while the book is read or exchanged
        self._searcher: threading.Thread | None = None
        self._records, self._keys = Errands(), Errands()  # with what is on disk, and with keys
        self._there: set[str] = set()  # endpoints of this demo
        self._asking = threading.Lock()  # of those below
        self._asked: tuple[str, str] | None = None
        self._is_searching = False
        self._must_list = self._is_listing = False

    @property
    def job_file(self) -> Path:
        """Where "Generate Config File" writes."""
        return self._root / ("demo.toml" if self._is_demo else "job.toml")

    @property
    def is_busy(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def generate(self, table: Mapping[str, Any], keys: Mapping[str, Keys]) -> None:
        """Try both ends, store the keys, write the job file: `EndChecked` twice and `ConfigWritten`.

        Raises:
            JobFileError: the table is wrong (buckets may be missing).
        """
        ends, accept = ends_of(table), table.get("environment", {}).get("accept", ())
        self._begin("connect", lambda _: self._generate(table, keys, ends, accept))

    def start(self, table: Mapping[str, Any], keys: Mapping[str, Keys]) -> None:
        """Plan and migrate. Writes the job file once more, as it runs.

        Raises:
            JobFileError: the table is wrong.
        """
        job = job_from(table)
        self._there.update((job.source.endpoint_url, job.destination.endpoint_url))
        for name, pair in keys.items():
            credentials.keep_for_session(name, pair)

        def work(engine: Engine) -> None:
            write_private(self.job_file, job_text(table))
            engine.run(job, table)

        self._begin("run", work)

    def plan(self, table: Mapping[str, Any], keys: Mapping[str, Keys]) -> None:
        """List and decide, and say what it would cost; nothing is written.

        Raises:
            JobFileError: the table is wrong.
        """
        job = job_from(table)
        for name, pair in keys.items():
            credentials.keep_for_session(name, pair)

        def work(engine: Engine) -> None:
            with self._book_lock:
                if self._book is not None:
                    self._book.close()
                self._book = PlanBook()
            engine.plan(job, book=self._book)

        self._begin("plan", work)

    def find_in_plan(self, text: str, outcome: str) -> None:
        """Keys of the newest plan: a `PlanRows`. Beside whatever else is asked for; a newer question replaces
        one that nobody has begun with."""
        with self._asking:
            self._asked = (text, outcome)
            if self._is_searching:
                return
            self._is_searching = True
        self._searcher = threading.Thread(target=self._search, name="plan-search", daemon=True)
        self._searcher.start()

    def resume(self, run: str, only: str = "") -> None:
        """Go on with a run; `only`: of what failed, only what did so for this cause is tried again."""
        self._begin("resume", lambda engine: engine.resume(run, only=only))

    def preview_rollback(self, run: str) -> None:
        """What `rollback` would do; nothing is changed."""
        self._begin("preview", lambda engine: engine.rollback(run, dry_run=True))

    def rollback(self, run: str) -> None:
        self._begin("rollback", lambda engine: engine.rollback(run))

    def accept(self, run: str) -> None:
        """End undo for good: see `Engine.accept`."""
        self._begin("accept", lambda engine: engine.accept(run))

    def verify(self, run: str) -> None:
        """Compare both ends again: see `Engine.verify`."""
        self._begin("verify", lambda engine: engine.verify(run))

    def forget(self, run: str) -> None:
        """Remove a run's directory: `RunForgotten`, or a `Warned` of `forget`. Beside whatever else is asked
        for."""
        self._records.do("forget", lambda: self._put(forgotten(self._root, run)))

    def find_unfinished(self) -> None:
        """Look for runs that wait for a person: an `UnfinishedFound` for each, newest first.

        Beside whatever else is asked for: it only reads journals, and the service is not busy meanwhile.
        """
        if self._finder is None or not self._finder.is_alive():
            self._finder = threading.Thread(target=self._find_unfinished, name="unfinished-runs", daemon=True)
            self._finder.start()

    def change(
        self, threads: int | Literal["auto"] | None = None, bandwidth_bytes_s: int | None = None
    ) -> None:
        """Change a run that is going on; None: as it is. What is planned only begins with it.

        Raises:
            UsageError: such a number is not possible.
        """
        self._wishes.put(possible_wish(threads, bandwidth_bytes_s))

    def save_report(self, run: str, kind: str, path: str) -> None:
        """Write a run's report (`html`, `json` or `csv`) to a file: `Reported`, or a `Warned` with `report`.
        Beside whatever else is asked for."""
        self._records.do("report", lambda: self._put(report_saved(self._root, run, kind, Path(path))))

    def save_log(self, run: str, path: str) -> None:
        """Write a run's complete log to a file: `LogSaved`, or a `Warned` with `log`. Beside whatever else is
        asked for."""
        self._records.do("log", lambda: self._put(log_saved(self._root, run, Path(path))))

    def open_config(self, path: str = "", run: str = "") -> None:
        """Read a job file for the form, else the job of a run, else the last one that was written here: a
        `ConfigRead`, or a `Warned` of `config`; nothing where there is no last one. Beside whatever else is
        asked for."""

        def work() -> None:
            event = config_read(self._root, path, run, last=self.job_file)
            if event is not None:
                self._put(event)

        self._records.do("config", work)

    def save_config(self, path: str, table: Mapping[str, Any]) -> None:
        """Write a job file somewhere else: a `ConfigSaved`, or a `Warned` of `config`. Beside whatever else
        is asked for."""
        self._records.do("config", lambda: self._put(config_saved(path, table)))

    def find_not_copied(self, run: str, cause: str, most: int) -> None:
        """Objects that a run did not copy for one cause: a `NotCopied`. Beside whatever else is asked for."""
        self._records.do("not-copied", lambda: self._put(found_not_copied(self._root, run, cause, most)))

    def list_keys(self) -> None:
        """Which sets of keys there are: a `KeysListed`. Beside whatever else is asked for."""
        self._keys.do("keys", lambda: self._put(list_keys(only_session=self._is_demo)))

    def test_keys(self, name: str, table: Mapping[str, Any]) -> None:
        """Try keys where the job in `table` uses them, else where the newest run did: a `KeysTested`."""
        self._keys.do("keys", lambda: self._test_keys(name, table))

    def forget_keys(self, names: Sequence[str]) -> None:
        """Remove keys from memory and from the key store: `KeysForgotten`, then `KeysListed`."""
        self._keys.do("keys", lambda: self._forget_keys(names))

    def list_runs(self) -> None:
        """Every run there is a journal of: a `RunsListed`. Beside whatever else is asked for, likewise."""
        with self._asking:
            self._must_list = True
            if self._is_listing:
                return  # it looks once more: what it has read by now may have changed since
            self._is_listing = True
        self._lister = threading.Thread(target=self._list_runs, name="list-of-runs", daemon=True)
        self._lister.start()

    def cancel(self) -> None:
        """Ask what is running to stop; asked again, it breaks off. A `Summary` follows either way."""
        self._stop.ask()

    def close(self, timeout_s: float) -> bool:
        """Stop and wait; True where everything has ended."""
        if not self._stop.is_asked:
            self._stop.ask()
        by = time.monotonic() + timeout_s
        beside = (self._finder, self._lister, self._searcher)
        threads = [each for each in (self._thread, *beside) if each is not None]
        for each in threads:
            each.join(max(0.0, by - time.monotonic()))
        errands = [each.join(max(0.0, by - time.monotonic())) for each in (self._records, self._keys)]
        is_over = all(errands) and not any(each.is_alive() for each in threads)
        if is_over and self._book is not None:
            self._book.close()
            self._book = None
        return is_over

    # -- in the background ----------------------------------------------------------------------

    def _begin(self, name: str, work: Callable[[Engine], object]) -> None:
        before = self._thread
        if self.is_busy and not self._said_its_last_word:
            self._put(Warned("busy", "Something is still under way: wait for its end, or cancel it."))
            return
        self._stop, self._said_its_last_word = Stop(), False
        self._wishes = Wishes()
        ports = Ports(stop=self._stop, wishes=self._wishes)
        engine = Engine(self._root, self._tell, ports, self._factory)
        self._thread = threading.Thread(
            target=self._guarded, args=(name, work, engine, before), name=f"control-{name}", daemon=True
        )
        self._thread.start()

    def _tell(self, event: Event) -> None:
        if isinstance(event, Summary | ConfigWritten):
            # Set before anybody can answer: whoever hears the end may ask for the next thing at once. By what
            # ends a command alone: others tell things too, at the same time.
            self._said_its_last_word = True
        self._put(event)

    def _put(self, event: Event) -> None:
        """The one door to the window; no secret passes it, not even as the name of an object."""
        if type(event) is ObjectCopied:
            # The one event that comes with every object.
            key = redacted(event.key)
            self.events.put(event if key == event.key else replace(event, key=key))
        else:
            self.events.put(without_secrets(event))

    def _guarded(
        self, name: str, work: Callable[[Engine], object], engine: Engine, before: threading.Thread | None
    ) -> None:
        """Whatever happens, the window hears how it ended."""
        if before is not None:
            before.join()  # its last word is out, but it may not have closed its files yet
        try:
            work(engine)
        except MigratorError as error:
            self._tell_end(EXIT_USAGE, Outcome.REFUSED, error.message, error.advice)
        except OSError as error:
            self._tell_end(EXIT_FAILED, Outcome.FAILED, f"{name} failed: {error.strerror or error}", "")
        except Exception as error:  # a defect of ours: say so instead of leaving the window waiting
            self._tell(Warned("internal", traceback.format_exc()))
            self._tell_end(EXIT_FAILED, Outcome.FAILED, f"{name} failed: {error!r}", "Please report this.")

    def _find_unfinished(self) -> None:
        try:
            for info in islice(waiting_runs(self._root, SystemClock()), MOST_FOUND):
                self._put(
                    UnfinishedFound(
                        run=info.run,
                        state=info.state,
                        undo=info.undo,
                        name=info.name,
                        source=info.source,
                        destination=info.destination,
                        created=info.created,
                        seconds=info.seconds,
                        ledger=info.ledger.as_dict(),
                    )
                )
        except (MigratorError, OSError) as error:
            self._tell(Warned("runs", f"Earlier runs could not be looked at: {error}"))

    def _list_runs(self) -> None:
        while True:
            with self._asking:
                if not self._must_list:
                    self._is_listing = False
                    return
                self._must_list = False
            self._list_runs_once()

    def _list_runs_once(self) -> None:
        try:
            runs = all_runs(self._root)
            listed = [past_run(each, SystemClock(), self._there) for each in runs[:MOST_LISTED]]
            self._put(RunsListed(tuple(listed), len(runs)))
        except (MigratorError, OSError) as error:
            self._tell(Warned("runs", f"Earlier runs could not be looked at: {error}"))

    def _test_keys(self, name: str, table: Mapping[str, Any]) -> None:
        try:
            self._tell(try_keys(name, table, self._root, Ports(), self._factory))
        except Exception as error:  # a defect of ours: say so instead of leaving the window waiting
            self._tell(KeysTested(name, False, f"They could not be tried: {error!r}"))

    def _forget_keys(self, names: Sequence[str]) -> None:
        if self.is_busy:
            self._tell(KeysForgotten((), "Something is under way that may need them: wait for its end."))
        else:
            self._tell(forget_keys(names, only_session=self._is_demo))
        self._put(list_keys(only_session=self._is_demo))

    def _search(self) -> None:
        while True:
            with self._asking:
                asked, self._asked = self._asked, None
                if asked is None:
                    self._is_searching = False
                    return
            try:
                with self._book_lock:
                    if self._book is not None:
                        self._put(self._book.find(*asked))
            except (MigratorError, OSError) as error:
                self._tell(Warned("plan-search", f"The plan could not be searched: {error}"))

    def _tell_end(self, exit_code: int, outcome: Outcome, message: str, advice: str) -> None:
        books = Ledger().as_dict()
        self._tell(Summary("", outcome, 0.0, books, message=message, advice=advice, exit_code=exit_code))

    def _generate(
        self,
        table: Mapping[str, Any],
        keys: Mapping[str, Keys],
        ends: tuple[End, End],
        accept: Sequence[str],
    ) -> None:
        for name, pair in keys.items():
            credentials.keep_for_session(name, pair)
        for side, end in zip(("source", "destination"), ends, strict=True):
            found = try_end(side, end, accept, Ports(stop=self._stop), self._factory, self._tell)
            if self._stop.is_asked:
                raise Cancelled("Stopped. The config file was not written.")
            self._tell(found)
        text = job_text(table)
        in_vault = [self._store_keys(name, pair) for name, pair in keys.items()]
        write_private(self.job_file, text)
        vault = credentials.vault_name() if all(in_vault) else ""
        self._tell(ConfigWritten(str(self.job_file), vault, has_keys=bool(keys)))

    def _store_keys(self, name: str, pair: Keys) -> bool:
        if self._is_demo:
            return False
        try:
            return credentials.save(name, pair)
        except CredentialsError as error:  # memory has to do, as where there is no vault
            self._tell(Warned("keys", f"{error.message} {error.advice}"))
            return False
