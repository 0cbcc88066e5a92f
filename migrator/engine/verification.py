"""`verify`: comparing both ends again, from the journal; nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from migrator.config import Job
from migrator.engine.batches import carried_out
from migrator.engine.carrying import Carrier
from migrator.engine.journal import Journal
from migrator.engine.markers import history_of
from migrator.engine.ports import Done, Executor, Ports
from migrator.engine.reading_back import digest_of_copy
from migrator.engine.schema import Entry
from migrator.errors import Cancelled, MigratorError, NotFound
from migrator.model.events import Event, ObjectChecked
from migrator.model.fidelity import REDIRECT, without
from migrator.model.objects import UNLOCKED, ObjectHead, Properties
from migrator.model.undo import State
from migrator.store.base import ObjectStore


class Verification:
    """Looks at every copied object of a run again. `wrong` counts those that are not as they should be."""

    def __init__(
        self,
        job: Job,
        journal: Journal,
        source: ObjectStore,
        destination: ObjectStore,
        executor: Executor,
        ports: Ports,
        emit: Callable[[Event], None],
        carrier: Carrier,
        *,
        read_back: bool,
    ) -> None:
        self._job = job
        self._journal = journal
        self._source = source
        self._destination = destination
        self._executor = executor
        self._ports = ports
        self._emit = emit
        self._read_back = read_back
        self._carrier = carrier
        self.checked = 0
        self.wrong = 0

    def run(self) -> None:
        """Raises:
        Cancelled: somebody asked to stop.
        """
        after = 0
        while batch := self._journal.in_states([State.COMMITTED], after_seq=after):
            after = batch[-1].seq
            for ended in carried_out(self._executor, batch, self._check):
                if ended is not None:
                    self._settle(*ended)
            if self._ports.wait(0):
                raise Cancelled

    def _settle(self, entry: Entry, done: Done) -> None:
        reason = done.result if done.error is None else _words(done.error)
        self.checked += 1
        if reason:
            self.wrong += 1
            self._emit(ObjectChecked(entry.key, reason))

    def _check(self, entry: Entry) -> str:
        """Worker: what is wrong with a copy, empty where nothing is."""
        key, bucket = self._job.destination_key(entry.key), self._job.destination.bucket
        if entry.is_marker:
            return self._check_marker(entry, key)
        version_id = entry.after_version if entry.source_version else None
        try:
            there = self._destination.head(bucket, key, version_id=version_id)
        except NotFound:
            return "copy-gone"
        if there.size_bytes != entry.size_bytes or there.etag != entry.after_etag:
            return "copy-changed"
        try:
            source = self._source.head(
                self._job.source.bucket, entry.key, version_id=entry.source_version or None
            )
        except NotFound:
            return "source-gone"
        if source.etag != entry.etag or source.size_bytes != entry.size_bytes:
            return "source-changed"
        if there.lacks(self._as_carried(entry, source)):
            return "properties-differ"
        if self._read_back and digest_of_copy(self._destination, bucket, key, entry) != entry.digest:
            return "bytes-differ"
        return ""

    def _as_carried(self, entry: Entry, source: ObjectHead) -> Properties:
        """What the copy was given. A lock may have been set, or have ended, since: it is not compared."""
        properties = replace(self._carrier.expected(source), lock=UNLOCKED)
        return without(properties, REDIRECT) if REDIRECT in entry.lost else properties

    def _check_marker(self, entry: Entry, key: str) -> str:
        ends = (
            (self._destination, self._job.destination.bucket, key, entry.after_version, "copy-gone"),
            (self._source, self._job.source.bucket, entry.key, entry.source_version, "source-gone"),
        )
        for store, bucket, name, version_id, reason in ends:
            if not any(each.version_id == version_id for each in history_of(store, bucket, name)):
                return reason
        return ""


def _words(error: BaseException) -> str:
    if isinstance(error, Cancelled) or not isinstance(error, MigratorError):
        raise error
    return error.message
