"""The fidelity report before a run: which properties of the planned objects their copies would not have.

Storage classes are in the listing, so they are counted exactly. The rest takes a HEAD for each object: a
sample of them is asked, or all (`plan --deep`). What the keys may not ask about is *unknown*, never *none*.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

from migrator.config import Job
from migrator.engine.batches import carried_out
from migrator.engine.ports import Executor, Ports
from migrator.errors import AccessDenied, Cancelled, LossNotAccepted, NotFound, NotSupported, Rejected
from migrator.model.fidelity import ACL, LOCKS, STORAGE_CLASS, TAGS, Carrying, loses_class, losses
from migrator.model.findings import FidelityChecked, PropertyFound
from migrator.model.objects import UNLOCKED, ObjectHead, ObjectVersion
from migrator.reasons import PROPERTIES
from migrator.store.base import BucketLock, ObjectStore

#: Objects whose properties are asked for before a run: enough to meet what a twentieth of them have.
SAMPLE = 64
#: Of these also grants, locks and tags are asked for, by a request each.
CLOSELY = 4
#: Handed to the workers at once by `--deep`.
BATCH = 256


@dataclass
class Planned:
    """What is to be copied, in bounded memory: objects by storage class, and some of them.

    `by_class`: number of objects and the first of them.
    """

    by_class: dict[str, tuple[int, str]] = field(default_factory=dict)
    sample: list[ObjectVersion] = field(default_factory=list)
    total: int = 0
    _chance: random.Random = field(default_factory=lambda: random.Random(0))

    def add(self, listed: ObjectVersion) -> None:
        """Every object has the same chance of being in the sample (reservoir sampling). A delete marker has
        nothing to lose."""
        if listed.is_marker:
            return
        count, first = self.by_class.get(listed.storage_class, (0, listed.key))
        self.by_class[listed.storage_class] = (count + 1, first)
        self.total += 1
        if len(self.sample) < SAMPLE:
            self.sample.append(listed)
        elif (place := int(self._chance.random() * self.total)) < SAMPLE:
            self.sample[place] = listed


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one object was seen to have: losses, and what could not be asked."""

    lost: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


class Survey:
    """Asks the source about planned objects and counts what copies would lack."""

    def __init__(
        self, job: Job, source: ObjectStore, carrying: Carrying, executor: Executor, ports: Ports
    ) -> None:
        self._job = job
        self._source = source
        self._carrying = carrying
        self._executor = executor
        self._ports = ports
        self._lock = BucketLock.NONE
        self._lost: Counter[str] = Counter()
        self._unknown: Counter[str] = Counter()
        self._first: dict[str, str] = {}

    def run(self, planned: Planned, every: Iterable[ObjectVersion] | None = None) -> FidelityChecked:
        """The report. `every` is all that is planned, for an exact one; None asks the sample.

        Raises:
            Cancelled: somebody asked to stop. MigratorError: the source fell silent, or the keys expired.
        """
        asked = iter(planned.sample if every is None else every)
        looked_at = 0
        if planned.total:
            self._lock = self._source.lock_of(self._job.source.bucket)
        while batch := list(islice(asked, BATCH)):
            for number, (listed, seen) in enumerate(self._looked_at(batch, closely=looked_at == 0)):
                self._count(listed, seen)
                looked_at += 1
                if number % SAMPLE == 0 and self._ports.wait(0):
                    raise Cancelled
        self._count_classes(planned.by_class)
        is_exact = looked_at >= planned.total
        return FidelityChecked(looked_at, planned.total, is_exact, self._found(is_exact=is_exact))

    def _looked_at(
        self, batch: Sequence[ObjectVersion], *, closely: bool
    ) -> Iterator[tuple[ObjectVersion, _Seen]]:
        close = set(batch[:CLOSELY]) if closely else set()
        failure: BaseException | None = None
        for ended in carried_out(
            self._executor, batch, lambda each: self._look(each, is_close=each in close)
        ):
            if ended is None:
                continue
            listed, done = ended
            failure = failure or done.error
            if done.error is None:
                yield listed, done.result
        if failure is not None:
            raise failure

    def _look(self, listed: ObjectVersion, *, is_close: bool) -> _Seen:
        """Worker: one object. What cannot be read at all is for the copy to tell of."""
        bucket, key = self._job.source.bucket, listed.key
        try:
            head = self._source.head(bucket, key, version_id=listed.version_id or None)
        except (AccessDenied, NotFound, Rejected):
            return _Seen()
        lost = list(losses(head, self._carrying, self._ports.clock.wall()))
        unknown = []
        if is_close:
            for name, question in self._questions(key, head).items():
                try:
                    if question():
                        lost.append(name)
                except (AccessDenied, Rejected):
                    unknown.append(name)
                except (NotFound, NotSupported):
                    continue  # it is gone, or this end has nothing of the kind
        return _Seen(tuple(lost), tuple(unknown))

    def _questions(self, key: str, head: ObjectHead) -> Mapping[str, Callable[[], bool]]:
        """What a HEAD does not tell, or leaves out without a right: true where it would be lost."""
        bucket = self._job.source.bucket
        asked: dict[str, Callable[[], bool]] = {}
        # Lyve Cloud has no ACLs (its API guide lists no such call).
        if self._job.source.provider != "lyve":
            asked[ACL] = partial(self._source.has_grants, bucket, key)
        if self._lock is not BucketLock.NONE and head.lock == UNLOCKED:
            asked[LOCKS] = partial(self._is_locked_after_all, key, head)
        if self._job.carry.tags and head.tag_count is None:
            asked[TAGS] = partial(self._tags_are_lost, key, head)
        return asked

    def _is_locked_after_all(self, key: str, head: ObjectHead) -> bool:
        lock = self._source.lock_on(self._job.source.bucket, key, version_id=head.version_id)
        return lock.holds(self._ports.clock.wall()) and self._carrying.locks == "report"

    def _tags_are_lost(self, key: str, head: ObjectHead) -> bool:
        """Never by asking: what counts is whether these keys may ask."""
        self._source.tags(self._job.source.bucket, key, version_id=head.version_id)
        return False

    # -- counting -------------------------------------------------------------------------------

    def _count(self, listed: ObjectVersion, seen: _Seen) -> None:
        for name in seen.lost:
            if name != STORAGE_CLASS:  # counted from the listing
                self._lost[name] += 1
                self._first.setdefault(name, listed.key)
        for name in seen.unknown:
            self._unknown[name] += 1
            self._first.setdefault(name, listed.key)

    def _count_classes(self, by_class: Mapping[str, tuple[int, str]]) -> None:
        for storage_class, (count, key) in sorted(by_class.items()):
            if loses_class(storage_class, self._carrying):
                self._lost[STORAGE_CLASS] += count
                self._first.setdefault(STORAGE_CLASS, key)

    def _found(self, *, is_exact: bool) -> tuple[PropertyFound, ...]:
        accept = self._carrying.accept
        lost = [
            PropertyFound(
                name,
                "lost",
                count,
                is_exact=is_exact or name == STORAGE_CLASS,
                example=self._first[name],
                accepted=name in accept,
            )
            for name, count in sorted(self._lost.items())
        ]
        unknown = [
            PropertyFound(name, "unknown", count, is_exact=False, example=self._first[name])
            for name, count in sorted(self._unknown.items())
            if name not in self._lost
        ]
        return (*lost, *unknown)


def refuse_losses(found: FidelityChecked) -> None:
    """See that all losses are accepted.

    Raises:
        LossNotAccepted: some are not.
    """
    names = tuple(each.name for each in found.open)
    if names:
        listed = ", ".join(f'"{name}"' for name in sorted({*names, *_accepted(found)}))
        raise LossNotAccepted(
            f"Copies would lack: {', '.join(PROPERTIES.get(name, name) for name in names)}.",
            names,
            advice=f"To go on without, write accept = [{listed}] under [carry] in the job file.",
        )


def _accepted(found: FidelityChecked) -> tuple[str, ...]:
    return tuple(each.name for each in found.found if each.accepted)


def refuse_without_locks(job: Job, carrying: Carrying) -> None:
    """See that a job that carries locks has a destination that can lock.

    Raises:
        LossNotAccepted: it has not, and the job does not accept that.
    """
    if job.carry.locks != carrying.locks and LOCKS not in carrying.accept:
        raise LossNotAccepted(
            f"The bucket {job.destination.bucket} does not lock objects, so no lock can be carried.",
            (LOCKS,),
            advice='Create it with Object Lock, or write accept = ["locks"] under [carry] in the job file.',
        )
