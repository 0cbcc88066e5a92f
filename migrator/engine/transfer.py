"""The copying phase: which object or part goes next, and what the end of each means.

All decisions are made here, in the control thread; workers only carry out what `copying` describes. Bounds:
at most two tasks a thread are handed out, or two groups of small ones; as many uploads are open as there are
threads; parts in flight hold no more memory than threads times the usual part size (or one part, where that
is larger). Where the number of threads adjusts itself, everything in flight fits into a fixed room instead.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any

from migrator.config import Job
from migrator.engine.bracketing import Bracketing
from migrator.engine.copying import Copier, Opened
from migrator.engine.failures import record_failure
from migrator.engine.histories import EARLIER_FAILED, EARLIER_WORDS, HistoryIntents
from migrator.engine.intents import Intents
from migrator.engine.journal import Journal
from migrator.engine.meter import Meter
from migrator.engine.moving import Moving, Tag
from migrator.engine.orders import Copied, SentPart
from migrator.engine.outcomes import ChangedMeanwhile, is_left_for_later, reason_to_pause
from migrator.engine.pacing import Pacer
from migrator.engine.ports import MOST_TOGETHER, Done, Executor, Ports
from migrator.engine.reserved import saved_key
from migrator.engine.saving import Prepared
from migrator.engine.schema import Entry
from migrator.errors import (
    Cancelled,
    JournalFull,
    MigratorError,
    Rejected,
)
from migrator.model.events import (
    Event,
    ObjectCopied,
    ObjectFailed,
    ObjectUnsupported,
    TransferProgress,
)
from migrator.model.objects import key_bytes
from migrator.model.parts import is_single_put, part_size_for, parts_of
from migrator.model.undo import Prior, State

TICK_S = 0.1
COMMIT_EVERY_S = 0.25
SHOWN = 64
#: Objects that are small: the requests take longer than the bytes.
SMALL_BYTES = 64 * 1024
#: Uploads left open by an earlier process: at most as many as it had threads.
MOST_OPEN = 512


class Transfer:
    """Copies every planned object of a journal. Call `run` once, from the control thread."""

    def __init__(
        self,
        job: Job,
        run: str,
        journal: Journal,
        copier: Copier,
        meter: Meter,
        pacer: Pacer,
        executor: Executor,
        ports: Ports,
        emit: Callable[[Event], None],
        on_tick: Callable[[], None] = lambda: None,
    ) -> None:
        self._job = job
        self._run = run
        self._journal = journal
        self._copier = copier
        self._meter = meter
        self._executor = executor
        self._ports = ports
        self._emit = emit
        self._on_tick = on_tick
        self._pacer = pacer
        self._held = 0  # bytes of buffers handed out
        self._is_full = False  # a part waits for room among them
        self._moving: dict[int, Moving] = {}
        self._uploads: dict[int, Moving] = {}  # of them, those that go in parts
        self._open = deque(journal.in_states([State.MPU_OPEN], limit=MOST_OPEN))  # as recovery left them
        kind = HistoryIntents if journal.has_history else Intents
        self._intents = kind(job, run, journal, copier, self._commit, lambda: pacer.threads)
        for entry in self._open:
            self._intents.hold(entry)
        self._bracketing = Bracketing(copier, journal, executor, job.destination.label, emit)
        self._tasks = 0
        self._load = 0  # of them, counted in small ones
        self._must_commit = False
        self._then: list[tuple[Tag, Callable[[], Any]]] = []  # to start once the journal is durable
        self._pause: MigratorError | None = None
        self._last_commit = self._last_told = ports.now()

    def run(self) -> None:
        """Copy until nothing is planned.

        Raises:
            Cancelled, Paused: stopped before the end; every object is either settled or looked at again
                by recovery.
            JournalFull: likewise; nothing that is not journalled was sent.
        """
        try:
            while self._admit() or self._tasks:
                ended = self._executor.finished(TICK_S)
                # All of them, before any is settled: settling can break off on a full disk.
                self._tasks -= len(ended)
                self._load -= sum(each.tag.weight for each in ended)
                for done in ended:
                    self._settle(done)
                self._commit_if_due()
                self._tell_if_due()
            self._intents.give_back()
            self._journal.commit()
            if not self._is_stopping:
                self._bracketing.run()
        except JournalFull:
            self._drain()
            raise
        self._tell()
        if self._pause:
            raise self._pause
        if self._ports.wait(0):
            raise Cancelled

    # -- handing out ----------------------------------------------------------------------------

    @property
    def _is_stopping(self) -> bool:
        return self._pause is not None or self._ports.wait(0)

    def _admit(self) -> bool:
        """Hand out as much as fits; True while there was something to hand out."""
        admitted = False
        while not self._is_stopping and self._load < 2 * self._pacer.threads * MOST_TOGETHER:
            task = self._next_part() or self._next_object()
            if task is None:
                if self._tasks < self._pacer.threads and not self._pacer.was_full:
                    self._pacer.was_short = True
                break
            self._start(*task)
            admitted = True
        return admitted

    def _start(self, tag: Tag, task: Callable[[], Any]) -> None:
        self._tasks += 1
        self._load += tag.weight
        # What a worker waits for is what its object waits for.
        self._executor.start(tag, partial(self._meter.waits.during, tag.seq, task), is_small=tag.is_small)

    def _next_part(self) -> tuple[Tag, Callable[[], Any]] | None:
        self._is_full = False
        for moving in self._uploads.values():
            if not moving.waiting or moving.failure or moving.opened is None:
                continue
            part = moving.waiting[0]
            if self._held and self._held + part.length > self._pacer.memory_bytes:
                self._is_full = self._pacer.was_full = True
                return None
            moving.waiting.popleft()
            moving.parts_in_flight += 1
            self._held += part.length
            task = partial(self._copier.copy_part, moving.order, moving.opened, part)
            return Tag("part", moving.entry.seq, part), task
        return None

    def _next_object(self) -> tuple[Tag, Callable[[], Any]] | None:
        if len(self._uploads) >= self._pacer.threads:
            return None
        # What waits for room is not overtaken by what needs less of it.
        if self._pacer.counts_bodies and (self._is_full or self._held >= self._pacer.memory_bytes):
            self._pacer.was_full = True
            return None
        if self._open:
            return self._reopened(self._open.popleft())
        entry = self._intents.next()
        self._fail_with_it(self._intents.blocked())
        if entry is None:
            return None
        moving = Moving(entry, self._intents.order(entry, entry.attempt + 1))
        self._moving[entry.seq] = moving
        if not is_single_put(entry.size_bytes):
            part_size = part_size_for(entry.size_bytes, like=entry.etag)
            moving.ranges = parts_of(entry.size_bytes, part_size)
            self._uploads[entry.seq] = moving
        if self._intents.must_prepare(entry):
            return Tag("prepare", entry.seq), partial(self._copier.prepare, moving.order)
        return self._copying(moving)

    def _copying(self, moving: Moving) -> tuple[Tag, Callable[[], Any]]:
        """The first request that writes under the object's own key; its intent is durable."""
        if moving.ranges:
            return Tag("open", moving.entry.seq), partial(self._copier.open_upload, moving.order)
        is_small = moving.entry.size_bytes <= SMALL_BYTES
        if self._pacer.counts_bodies and not is_small:
            moving.held = moving.entry.size_bytes
            self._held += moving.held
        tag = Tag("whole", moving.entry.seq, is_small=is_small)
        return tag, partial(self._copier.copy_whole, moving.order)

    def _reopened(self, entry: Entry) -> tuple[Tag, Callable[[], Any]]:
        """An upload that recovery found open: the same attempt, with the parts it has."""
        moving = Moving(entry, self._intents.order(entry, entry.attempt))
        self._moving[entry.seq] = self._uploads[entry.seq] = moving
        moving.ranges = parts_of(entry.size_bytes, entry.part_size or part_size_for(entry.size_bytes))
        moving.sent = {part.number: SentPart(part, md5) for part, md5 in self._journal.parts(entry.seq)}
        reopen = partial(self._copier.reopen_upload, moving.order, entry.upload_id or "", entry.digest_kind)
        return Tag("open", entry.seq), reopen

    # -- what the end of a task means -----------------------------------------------------------

    def _settle(self, done: Done) -> None:
        tag: Tag = done.tag
        moving = self._moving[tag.seq]
        if tag.part is not None:
            moving.parts_in_flight -= 1
            self._held -= tag.part.length
        elif moving.held:
            self._held -= moving.held
            moving.held = 0
        if tag.step == "abort":
            if done.error is None:
                self._journal.close_upload(tag.seq)
            elif is_left_for_later(done.error):
                # It keeps its open state: recovery aborts the upload, or the run goes on with it.
                self._pause = self._pause or reason_to_pause(done.error)
                self._forget(moving)
                return
            self._fail(moving, moving.failure or done.error)
        elif done.error is not None:
            self._settle_error(tag, moving, done.error)
        elif isinstance(done.result, Prepared):
            self._settle_prepared(moving, done.result)
        elif isinstance(done.result, Copied):
            self._settle_copied(moving, done.result)
        elif isinstance(done.result, Opened):
            self._settle_opened(moving, done.result)
        elif isinstance(done.result, SentPart):
            self._settle_part(moving, done.result)

    def _settle_prepared(self, moving: Moving, found: Prepared) -> None:
        """What the write will replace is known, and kept aside if need be: now it may be written."""
        entry, key = moving.entry, saved_key(self._run, moving.entry.seq)
        if found.prior is Prior.SAVED:
            self._journal.keep(key, found.etag, found.size_bytes)
        elif found.prior is not Prior.LOST:
            self._journal.release(key)
        self._journal.move(
            entry,
            State.BACKED_UP,
            prior_kind=found.prior.value,
            prior_version=found.version_id,
            saved_as=key_bytes(key) if found.prior is Prior.SAVED else None,
        )
        self._journal.move(entry, State.WRITE_INTENT, attempt=entry.attempt + 1)
        self._then.append(self._copying(moving))

    def _settle_opened(self, moving: Moving, opened: Opened) -> None:
        self._journal.move(
            moving.entry,
            State.MPU_OPEN,
            upload_id=opened.upload_id,
            part_size=moving.ranges[0].length,
            digest_kind=opened.digest_kind,
        )
        # Parts are handed out from the next turn on; the upload's id must be durable by then.
        self._must_commit = True
        moving.opened = opened
        moving.waiting.extend(part for part in moving.ranges if part.number not in moving.sent)
        self._finish_when_all_is_there(moving)

    def _settle_part(self, moving: Moving, sent: SentPart) -> None:
        self._journal.add_part(moving.entry.seq, sent.part, sent.md5)
        self._pacer.done(sent.part.size_bytes)
        moving.sent[sent.part.number] = sent
        if moving.failure is not None:
            self._give_up_upload(moving)
        else:
            self._finish_when_all_is_there(moving)

    def _finish_when_all_is_there(self, moving: Moving) -> None:
        if len(moving.sent) == len(moving.ranges) and moving.opened is not None:
            self._journal.move(moving.entry, State.COMPLETE_INTENT)
            in_order = [moving.sent[part.number] for part in moving.ranges]
            finish = partial(self._copier.finish_upload, moving.order, moving.opened, in_order, moving.ranges)
            self._then.append((Tag("finish", moving.entry.seq), finish))

    def _settle_copied(self, moving: Moving, copied: Copied) -> None:
        entry = moving.entry
        self._journal.commit_copy(entry, copied)
        if moving.ranges:
            self._journal.drop_parts(entry.seq)
        else:
            self._pacer.done(entry.size_bytes)
        self._forget(moving)
        self._intents.settled(entry)
        self._emit(ObjectCopied(entry.key, entry.size_bytes, copied.assurance.value))

    def _settle_error(self, tag: Tag, moving: Moving, error: BaseException) -> None:
        pause = reason_to_pause(error)
        if pause is not None:
            self._pause = self._pause or pause
        moving.failure = moving.failure or error
        if tag.step == "part":
            self._give_up_upload(moving)
        elif tag.step == "finish" and _made_nothing(error) and moving.opened is not None:
            # Refused by its condition, or because a part is not what it was: they are of no use any more.
            self._start(
                Tag("abort", tag.seq), partial(self._copier.abort, moving.order, moving.opened.upload_id)
            )
        else:
            # After a failed Complete the upload may be done, or open: recovery and rollback find out.
            self._fail(moving, error)

    def _give_up_upload(self, moving: Moving) -> None:
        """After the last part under way: abort the upload, unless the run goes on later."""
        moving.waiting.clear()
        if moving.parts_in_flight:
            return
        if is_left_for_later(moving.failure) or moving.opened is None:
            self._forget(moving)
            return
        abort = partial(self._copier.abort, moving.order, moving.opened.upload_id)
        self._start(Tag("abort", moving.entry.seq), abort)

    def _fail(self, moving: Moving, error: BaseException | None) -> None:
        """Settle an object that was not copied. What is left for later keeps its open state."""
        entry = moving.entry
        self._forget(moving)
        told = record_failure(self._journal, entry, error)
        if told is None:
            return
        self._emit(told)
        if isinstance(told, ObjectUnsupported):
            self._intents.settled(entry)
        else:
            self._fail_with_it(self._intents.failed(entry))

    def _fail_with_it(self, entries: Iterator[Entry]) -> None:
        """Versions after one that was not copied are not copied out of their order."""
        for entry in entries:
            self._emit(ObjectFailed(entry.key, entry.size_bytes, EARLIER_FAILED, EARLIER_WORDS, ""))

    def _forget(self, moving: Moving) -> None:
        self._moving.pop(moving.entry.seq, None)
        self._uploads.pop(moving.entry.seq, None)
        self._meter.forget(moving.entry.seq)

    # -- keeping time ---------------------------------------------------------------------------

    def _commit(self) -> None:
        self._journal.commit()
        self._must_commit = False
        self._last_commit = self._ports.now()
        following, self._then = self._then, []
        for tag, task in following:
            self._start(tag, task)

    def _commit_if_due(self) -> None:
        if self._must_commit or self._then or self._ports.now() - self._last_commit >= COMMIT_EVERY_S:
            self._commit()

    def _tell_if_due(self) -> None:
        if self._ports.now() - self._last_told >= TICK_S:
            self._pacer.tick()
            self._tell()

    def _tell(self) -> None:
        self._last_told = self._ports.now()
        total, by_object = self._meter.snapshot()
        # The oldest: what was handed out beyond the number of threads still waits for one.
        oldest = islice(self._moving.items(), min(SHOWN, self._pacer.threads))
        waits = self._meter.waits.of_objects()
        rows = [moving.shown(by_object.get(seq, 0), waits.get(seq)) for seq, moving in oldest]
        self._emit(TransferProgress(total, tuple(rows)))
        self._on_tick()

    def _drain(self) -> None:
        """Wait for what is under way; its outcomes cannot be recorded and are looked up by recovery."""
        while self._tasks:
            self._tasks -= len(self._executor.finished(TICK_S))


def _made_nothing(error: BaseException) -> bool:
    """Whether an upload was refused when an object was to be made of it. (What is done to the object after
    that may be refused as well.)"""
    is_refusal = isinstance(error, Rejected) and error.operation == "CompleteMultipartUpload"
    return is_refusal or isinstance(error, ChangedMeanwhile)
