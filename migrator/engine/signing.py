"""`report --sha256`: reads every copied object back and gives each a SHA-256 of its own.

Nothing is written at either end. While a copy is read its MD5 is compared with the one that was sent: only
the bytes that the run brought over are given a digest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence

from migrator.config import Job
from migrator.engine.batches import carried_out
from migrator.engine.ports import Executor, Ports
from migrator.engine.reading_back import digest_of_copy
from migrator.engine.schema import Entry
from migrator.errors import Cancelled, NotFound, PreconditionFailed
from migrator.model.events import Event, ObjectChecked
from migrator.model.undo import State
from migrator.store.base import ObjectStore


class Signing:
    """Digests of copied objects by reading them. `read` were looked at, `wrong` of them have none."""

    def __init__(
        self,
        job: Job,
        destination: ObjectStore,
        executor: Executor,
        ports: Ports,
        emit: Callable[[Event], None],
    ) -> None:
        self._job = job
        self._destination = destination
        self._executor = executor
        self._ports = ports
        self._emit = emit
        self.read = 0
        self.wrong = 0

    def digests(self, batch: Sequence[Entry]) -> Mapping[int, str]:
        """SHA-256 (hexadecimal) by the entry's number, of those that were copied and are as they were sent.

        Raises:
            Cancelled: somebody asked to stop. MigratorError: the end fell silent, or the keys expired.
        """
        copied = [each for each in batch if each.state is State.COMMITTED and not each.is_marker]
        found: dict[int, str] = {}
        failure: BaseException | None = None
        for ended in carried_out(self._executor, copied, self._sha256):
            if ended is None:
                continue
            entry, done = ended
            self.read += 1
            match done.error:
                case None:
                    found[entry.seq] = done.result
                    if not done.result:
                        self._refuse(entry, "bytes-differ")
                case NotFound():
                    self._refuse(entry, "copy-gone")
                case PreconditionFailed():
                    self._refuse(entry, "copy-changed")
                case _:
                    failure = failure or done.error
        if failure is not None:
            raise failure
        if self._ports.wait(0):
            raise Cancelled
        return found

    def _refuse(self, entry: Entry, reason: str) -> None:
        self.wrong += 1
        self._emit(ObjectChecked(entry.key, reason))

    def _sha256(self, entry: Entry) -> str:
        """Worker: the digest; empty where the bytes are not the ones that were sent.

        Raises:
            NotFound, PreconditionFailed: the copy is gone, or another object.
        """
        key, bucket = self._job.destination_key(entry.key), self._job.destination.bucket
        version_id = entry.after_version if entry.source_version else None
        if not entry.size_bytes:
            there = self._destination.head(bucket, key, version_id=version_id)
            if there.size_bytes or there.etag != entry.after_etag:
                raise PreconditionFailed("The copy is another object now.")
        whole = hashlib.sha256()
        is_as_sent = digest_of_copy(self._destination, bucket, key, entry, whole.update) == entry.digest
        return whole.hexdigest() if is_as_sent else ""
