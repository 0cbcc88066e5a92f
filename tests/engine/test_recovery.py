"""What a resume finds, what it undoes, and what it leaves in the journal. Rules: `engine/recovery.py`."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partialmethod
from pathlib import Path
from typing import Any

import pytest

from migrator.config import job_from
from migrator.engine.carrying import carrier_of
from migrator.engine.copying import Copier
from migrator.engine.home import create_run
from migrator.engine.journal import Journal
from migrator.engine.meter import Meter
from migrator.engine.recovery import Recovery
from migrator.engine.reserved import saved_key
from migrator.engine.saving import Saver
from migrator.engine.schema import Entry
from migrator.errors import AccessDenied, BadCredentials, Cancelled, ClockSkew, Paused
from migrator.model.events import Event, ObjectFailed
from migrator.model.ledger import Assurance
from migrator.model.objects import MTIME_KEY, TOKEN_KEY, ObjectVersion, Properties, UploadedPart
from migrator.model.plan import Copy
from migrator.model.undo import State, token_for
from migrator.store.base import BucketLock, Versioning
from migrator.store.memory import MemoryCloud, MemoryStore
from migrator.store.memory_uploads import Chosen
from tests.support.faulty import WRITES, Faulty, fails, loses_the_answer, meanwhile
from tests.support.world import FROM, JOB, PART, TO, WHEN, Inline, StillClock, StillPorts

RUN = "20260102T030405Z-abcdef"
LARGE = b"x" * (2 * PART + 100)
GONE = "The object was deleted at the source after it was listed."


def md5_of(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


class Bench:
    """A journal between two clouds, brought to the state in which a process died."""

    def __init__(self, root: Path, *, token: bool = True, versioning: Versioning = Versioning.OFF) -> None:
        self.clock = StillClock()
        self.ports = StillPorts(clock=self.clock, random=random.Random(1))
        clouds: dict[str, Any] = {"now": self.clock.wall, "min_part_bytes": PART}
        self.here, self.there = MemoryCloud(**clouds), MemoryCloud(**clouds)
        self.here.create_bucket(FROM)
        self.there.create_bucket(TO, versioning=versioning)
        self.source: Any = MemoryStore(self.here, "AWS")
        self.store = MemoryStore(self.there, "Lyve Cloud")
        self.destination: Any = self.store
        self.saver: Saver | None = None
        self.job = job_from({**JOB, "transfer": {"token": token}})
        created = self.clock.wall().isoformat()
        self.journal = Journal.create(
            create_run(root, RUN), self.clock, {"run": RUN, "created": created, "migration": "m"}
        )
        self.began = self.journal.began()
        self.events: list[Event] = []

    def listed(self, key: str, body: bytes = b"body", *, prior: bytes | None = None) -> Entry:
        """A planned object; what it replaces lies at the destination already."""
        self.here.seed(FROM, key, body, last_modified=WHEN)
        replaced = None
        if prior is not None:
            written = self.there.put(TO, key, prior, Properties())
            replaced = ObjectVersion(key, len(prior), written.etag, WHEN)
        listed = ObjectVersion(key, len(body), md5_of(body), WHEN)
        self.journal.add_listed([(listed, Copy(replaced))])
        return self.now(key)

    def now(self, key: str) -> Entry:
        entry = self.journal.by_key(key)
        assert entry is not None
        return entry

    def moved(self, entry: Entry, *states: State, **columns: Any) -> Entry:
        for state in states:
            self.journal.move(entry, state, **columns)
        self.journal.commit()
        return self.now(entry.key)

    def writing(self, key: str, body: bytes = b"body", **how: Any) -> Entry:
        return self.moved(self.listed(key, body, **how), State.WRITE_INTENT, attempt=1)

    def land(self, entry: Entry, body: bytes = b"body", attempt: int = 1) -> str | None:
        """Our write arrives."""
        return self.there.put(TO, entry.key, body, self.mark(entry, attempt)).version_id

    def mark(self, entry: Entry, attempt: int = 1) -> Properties:
        mtime = str(int(WHEN.timestamp()))
        return Properties(metadata={TOKEN_KEY: token_for(RUN, entry.seq, attempt), MTIME_KEY: mtime})

    def uploading(self, key: str, body: bytes = LARGE, *, parts: int = 2, **how: Any) -> Entry:
        """An open upload with the first `parts` of three parts, all of them in the journal."""
        entry = self.writing(key, body, **how)
        upload_id = self.there.create_upload(TO, key, self.mark(entry))
        entry = self.moved(entry, State.MPU_OPEN, upload_id=upload_id, part_size=PART)
        for number in range(1, parts + 1):
            self.send(entry, number, body)
        self.journal.commit()
        return entry

    def send(self, entry: Entry, number: int, body: bytes = LARGE) -> UploadedPart:
        piece = body[(number - 1) * PART : number * PART]
        part = self.there.upload_part(TO, entry.key, entry.upload_id or "", number, piece)
        self.journal.add_part(entry.seq, part, md5_of(piece))
        return part

    def complete(self, entry: Entry) -> None:
        parts = self.there.list_parts(TO, entry.key, entry.upload_id or "")
        chosen = [Chosen(part.number, part.etag) for part in parts]
        self.there.complete_upload(TO, entry.key, entry.upload_id or "", chosen)

    def recover(self) -> None:
        carrier = carrier_of(self.job, self.source, BucketLock.NONE, self.clock)
        meter = Meter(self.ports)
        copier = Copier(self.source, FROM, self.destination, TO, meter, carrier, saver=self.saver)
        Recovery(
            self.job,
            RUN,
            self.journal,
            self.source,
            self.destination,
            copier,
            Inline(1),
            self.ports,
            self.events.append,
        ).run()
        assert not self.journal.has_uncommitted
        assert self.clock.skipped_s == 0, "a resume waits for nothing"

    def stack(self, key: str) -> list[bytes | None]:
        lines = [line.version for line in self.there.list_versions(TO) if line.version.key == key]
        return [None if each.is_marker else each.body for each in lines]

    @property
    def writes(self) -> list[str]:
        return [operation for operation, _, _ in self.store.calls if operation in WRITES]


@pytest.fixture
def new_bench(tmp_path: Path, small_parts: None) -> Iterator[Callable[..., Bench]]:
    made: list[Bench] = []

    def make(**how: Any) -> Bench:
        made.append(Bench(tmp_path / str(len(made)), **how))
        return made[-1]

    yield make
    for each in made:
        each.journal.close()


@pytest.fixture
def bench(new_bench: Callable[..., Bench]) -> Bench:
    return new_bench()


def planned(entry: Entry, **others: Any) -> Entry:
    return replace(entry, state=State.PLANNED, **others)


def failed(entry: Entry, cause: str, message: str, **others: Any) -> Entry:
    return replace(entry, state=State.FAILED, cause=cause, message=message, **others)


# -- before anything was written ------------------------------------------------------------------


def test_a_copy_of_what_is_there_that_was_being_made_is_made_again(bench: Bench) -> None:
    entry = bench.moved(bench.listed("a", prior=b"old"), State.BACKUP_INTENT)
    other = bench.moved(bench.listed("b", prior=b"old"), State.BACKUP_INTENT)
    for each in (entry, other):
        bench.there.create_upload(TO, saved_key(RUN, each.seq), Properties())
    bench.there.create_upload(TO, "a", Properties())
    bench.recover()
    assert (bench.now("a"), bench.now("b")) == (planned(entry), planned(other))
    assert [each.key for each in bench.there.list_uploads(TO)] == ["a"]
    assert bench.stack("a") == [b"old"]


def test_an_upload_from_before_the_run_is_somebodys(bench: Bench) -> None:
    entry = bench.moved(bench.listed("a", prior=b"old"), State.BACKUP_INTENT)
    bench.there.create_upload(TO, saved_key(RUN, entry.seq), Properties())
    bench.journal.set_meta(created=(bench.began + timedelta(hours=2)).isoformat())
    bench.recover()
    assert len(bench.there.list_uploads(TO)) == 1


def test_what_was_kept_aside_is_taken_over_without_a_request(bench: Bench) -> None:
    entry = bench.moved(bench.listed("a", prior=b"old"), State.BACKUP_INTENT)
    entry = bench.moved(entry, State.BACKED_UP, prior_kind="saved", saved_as=b"x", prior_version="null")
    bench.recover()
    assert bench.now("a") == planned(entry)
    assert bench.store.calls == []


# -- planned again --------------------------------------------------------------------------------


def test_an_object_that_did_not_arrive_is_planned_as_the_source_is_now(bench: Bench) -> None:
    entry = bench.writing("a")
    newer = WHEN + timedelta(days=1)
    bench.here.seed(FROM, "a", b"changed", last_modified=newer)
    bench.recover()
    expected = planned(entry, size_bytes=7, etag=md5_of(b"changed"), last_modified=newer)
    assert bench.now("a") == expected
    assert bench.events == []


def test_a_failure_is_forgotten_when_the_object_is_planned_again(bench: Bench) -> None:
    entry = bench.moved(bench.writing("a"), State.FAILED, cause="SlowDown", message="Slow down.")
    bench.recover()
    assert bench.now("a") == planned(entry, cause="", message="")


def test_somebody_elses_object_is_left_to_the_next_look(bench: Bench) -> None:
    entry = bench.writing("a")
    bench.there.put(TO, "a", b"by someone", Properties())
    bench.recover()
    assert bench.now("a") == planned(entry)
    assert bench.stack("a") == [b"by someone"]
    assert bench.writes == []


# -- nothing can be done --------------------------------------------------------------------------


def test_an_object_that_is_gone_at_the_source_fails_and_its_upload_is_closed(bench: Bench) -> None:
    entry, other = bench.uploading("a"), bench.uploading("b")
    bench.here.delete(FROM, "a")
    bench.recover()
    assert bench.now("a") == failed(entry, "source-gone", GONE, upload_id=None)
    assert (bench.journal.parts(entry.seq), len(bench.journal.parts(other.seq))) == ([], 2)
    assert bench.events == [ObjectFailed("a", len(LARGE), "source-gone", GONE, "")]
    assert [each.key for each in bench.there.list_uploads(TO)] == ["b"]


DOUBT = "Nobody can tell whether this copy is ours: the run writes no token."


@pytest.mark.parametrize("there", [b"body", None])
def test_without_tokens_nobody_knows_whose_a_change_is(
    new_bench: Callable[..., Bench], there: bytes | None
) -> None:
    bench = new_bench(token=False)
    changed = bench.writing("a", prior=b"old")
    unchanged = bench.writing("b", prior=b"old")
    new = bench.writing("c")
    bench.there.delete(TO, "a")
    if there is not None:
        bench.there.put(TO, "a", there, Properties())
    bench.recover()
    assert bench.now("a") == failed(changed, "doubtful", DOUBT)
    assert bench.events == [ObjectFailed("a", 4, "doubtful", DOUBT, "")]
    assert (bench.now("b"), bench.now("c")) == (planned(unchanged), planned(new))


# -- taken over -----------------------------------------------------------------------------------


def test_a_copy_that_arrived_whole_is_taken_over(bench: Bench) -> None:
    entry = bench.moved(bench.writing("a"), State.FAILED, cause="x", message="y")
    bench.land(entry)
    bench.recover()
    assert bench.now("a") == replace(
        entry,
        state=State.COMMITTED,
        after_etag=md5_of(b"body"),
        digest=md5_of(b"body"),
        digest_kind="md5",
        assurance=Assurance.DIGEST.value,
        cause="",
        message="",
    )
    assert bench.writes == []


def test_a_large_copy_that_was_completed_is_taken_over(bench: Bench) -> None:
    entry = bench.uploading("a", parts=3)
    other = bench.uploading("b")
    bench.complete(entry)
    entry = bench.moved(entry, State.COMPLETE_INTENT)
    bench.recover()
    found = bench.now("a")
    assert (found.state, found.upload_id, found.digest_kind) == (State.COMMITTED, None, "md5-parts")
    assert found.after_etag == bench.there.head(TO, "a").etag
    assert (bench.journal.parts(entry.seq), len(bench.journal.parts(other.seq))) == ([], 2)
    assert bench.stack("a") == [LARGE]


@pytest.mark.parametrize("difference", ["a part unknown", "another attempt", "the source changed"])
def test_a_large_copy_of_other_parts_is_removed_and_made_again(bench: Bench, difference: str) -> None:
    entry = bench.uploading("a", parts=3)
    bench.complete(entry)
    entry = bench.moved(entry, State.COMPLETE_INTENT)
    if difference == "a part unknown":
        bench.journal.keep_parts(entry.seq, [part for part, _ in bench.journal.parts(entry.seq)][:2])
    elif difference == "another attempt":
        entry = bench.moved(entry, State.COMPLETE_INTENT, attempt=2)
    else:
        bench.here.seed(FROM, "a", b"y" * len(LARGE), last_modified=WHEN)
    bench.recover()
    etag = md5_of(b"y" * len(LARGE)) if difference == "the source changed" else entry.etag
    assert bench.now("a") == planned(entry, upload_id=None, etag=etag)
    assert bench.journal.parts(entry.seq) == []
    assert bench.stack("a") == []


def test_a_large_copy_whose_parts_are_forgotten_is_made_again(bench: Bench) -> None:
    """The upload was given up as failed, and its Complete landed after all."""
    entry = bench.uploading("a", parts=3)
    bench.complete(entry)
    bench.journal.close_upload(entry.seq)
    entry = bench.moved(entry, State.FAILED, cause="x", message="y")
    bench.recover()
    assert bench.now("a") == planned(entry, cause="", message="")
    assert bench.stack("a") == []


# -- ours, and not whole --------------------------------------------------------------------------


def changed_at_the_source(bench: Bench, key: str = "a") -> dict[str, Any]:
    bench.here.seed(FROM, key, b"changed", last_modified=WHEN)
    return {"size_bytes": 7, "etag": md5_of(b"changed")}


def test_what_replaced_nothing_is_removed(bench: Bench) -> None:
    entry = bench.writing("a")
    bench.land(entry)
    expected = planned(entry, **changed_at_the_source(bench))
    bench.recover()
    assert bench.now("a") == expected
    assert bench.stack("a") == []


def test_what_replaced_something_stays_until_it_is_replaced(bench: Bench) -> None:
    """Removing it would leave nothing, neither the old nor the new object."""
    entry = bench.writing("a", prior=b"old")
    bench.land(entry)
    expected = planned(entry, **changed_at_the_source(bench), prior_etag=md5_of(b"body"))
    other = bench.listed("b", prior=b"old")
    bench.recover()
    assert (bench.now("a"), bench.now("b")) == (expected, other)
    assert bench.stack("a") == [b"body"]


def test_with_versions_exactly_ours_is_removed(new_bench: Callable[..., Bench]) -> None:
    bench = new_bench(versioning=Versioning.ENABLED)
    entry = bench.writing("a", prior=b"old")
    bench.land(entry)
    expected = planned(entry, **changed_at_the_source(bench))
    bench.recover()
    assert bench.now("a") == expected
    assert bench.stack("a") == [b"old"]


def test_over_a_version_ours_without_an_id_stays_until_it_is_replaced(
    new_bench: Callable[..., Bench],
) -> None:
    bench = new_bench(versioning=Versioning.ENABLED)
    entry = bench.listed("a", prior=b"old")
    bench.there.set_versioning(TO, Versioning.SUSPENDED)
    entry = bench.moved(entry, State.BACKUP_INTENT)
    entry = bench.moved(entry, State.BACKED_UP, prior_kind="version")
    entry = bench.moved(entry, State.WRITE_INTENT, attempt=1)
    bench.land(entry)
    expected = planned(entry, **changed_at_the_source(bench), prior_etag=md5_of(b"body"))
    bench.recover()
    assert bench.now("a") == expected
    assert bench.stack("a") == [b"body", b"old"]


def test_what_goes_while_it_is_looked_at_is_planned_again(bench: Bench) -> None:
    entry = bench.writing("a")
    bench.land(entry)
    expected = planned(entry, **changed_at_the_source(bench))
    goes = meanwhile("HeadObject", lambda: bench.there.delete(TO, "a"), key="a", nth=2)
    bench.destination = Faulty(bench.store, goes)
    bench.recover()
    assert goes.struck == 1
    assert bench.now("a") == expected
    assert bench.writes == []


# -- open uploads ---------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [State.MPU_OPEN, State.COMPLETE_INTENT])
def test_an_open_upload_goes_on_with_the_parts_that_are_there(bench: Bench, state: State) -> None:
    entry = bench.uploading("a")
    bench.journal.add_part(entry.seq, UploadedPart(3, "never arrived", 100), "md5")
    if state is not entry.state:
        entry = bench.moved(entry, state)
    bench.recover()
    assert bench.now("a") == replace(entry, state=State.MPU_OPEN)
    assert [part.number for part, _ in bench.journal.parts(entry.seq)] == [1, 2]
    assert len(bench.there.list_uploads(TO)) == 1
    assert bench.writes == []


def source_changed(bench: Bench, entry: Entry) -> None:
    bench.here.seed(FROM, "a", b"y" * entry.size_bytes, last_modified=WHEN)


def source_grew(bench: Bench, entry: Entry) -> None:
    class Grew(Faulty):
        def head(self, *args: Any, **how: Any) -> Any:
            found = self.inner.head(*args, **how)
            return replace(found, size_bytes=found.size_bytes + 1)

    bench.source = Grew(bench.source)


def somebody_wrote(bench: Bench, entry: Entry) -> None:
    bench.there.put(TO, "a", b"by someone", Properties())


def it_failed(bench: Bench, entry: Entry) -> None:
    bench.moved(entry, State.FAILED)


@pytest.mark.parametrize("why", [source_changed, source_grew, somebody_wrote, it_failed])
def test_an_upload_that_cannot_go_on_is_aborted_and_begun_again(
    bench: Bench, why: Callable[[Bench, Entry], None]
) -> None:
    entry, other = bench.uploading("a"), bench.uploading("b")
    why(bench, entry)
    if why is source_grew:
        bench.moved(other, State.FAILED)
    bench.recover()
    found = bench.now("a")
    assert (found.state, found.upload_id, bench.journal.parts(entry.seq)) == (State.PLANNED, None, [])
    assert "a" not in [each.key for each in bench.there.list_uploads(TO)]


def test_an_upload_begun_before_what_it_replaces_was_kept_aside_begins_again(bench: Bench) -> None:
    bench.saver = Saver(bench.store, TO, Versioning.OFF, can_copy=True, must_undo=True)
    entry, new = bench.uploading("a", prior=b"old"), bench.uploading("b")
    bench.recover()
    assert bench.now("a") == planned(entry, upload_id=None)
    assert bench.now("b") == new
    assert [each.key for each in bench.there.list_uploads(TO)] == ["b"]


def test_an_upload_whose_id_was_never_recorded_is_aborted(bench: Bench) -> None:
    entry = bench.writing("a", LARGE)
    bench.writing("small")
    for key in ("a", "small"):
        bench.there.create_upload(TO, key, Properties())
    bench.recover()
    assert bench.now("a") == planned(entry)
    assert [each.key for each in bench.there.list_uploads(TO)] == ["small"]


def test_an_upload_that_the_destination_forgot_is_begun_again(bench: Bench) -> None:
    entry = bench.uploading("a")
    bench.there.abort_upload(TO, "a", entry.upload_id or "")
    bench.recover()
    assert bench.now("a") == planned(entry, upload_id=None)


# -- failures and pauses --------------------------------------------------------------------------


def test_an_object_that_may_not_be_looked_at_fails_by_itself(bench: Bench) -> None:
    entry, again, fine = bench.writing("a"), bench.writing("b"), bench.writing("c")
    again = bench.moved(again, State.FAILED, cause="earlier", message="as before")
    denied = AccessDenied("You may not.", code="AccessDenied", advice="Ask for it.")
    bench.destination = Faulty(
        bench.store, *(fails("HeadObject", denied, key=key, times=None) for key in ("a", "b"))
    )
    bench.recover()
    assert bench.now("a") == failed(entry, "AccessDenied", "You may not.")
    assert bench.now("b") == again
    assert bench.now("c") == planned(fine)
    assert bench.events == [
        ObjectFailed(key, 4, "AccessDenied", "You may not.", "Ask for it.") for key in ("a", "b")
    ]


@pytest.mark.parametrize(
    ("errors", "raised", "cause"),
    [
        ([BadCredentials("no such key")], Paused, "credentials"),
        ([ClockSkew("too far"), BadCredentials("no")], Paused, "clock-skew"),
        ([Cancelled(), BadCredentials("no")], Cancelled, ""),
        ([RuntimeError("a defect")], RuntimeError, ""),
    ],
    ids=["keys", "the first one counts", "stopped", "a defect"],
)
def test_what_says_nothing_about_an_object_stops_the_resume_after_its_batch(
    bench: Bench, errors: list[Any], raised: type[Exception], cause: str
) -> None:
    entries = [bench.writing(f"{number}") for number in range(len(errors))]
    fine = bench.writing("z")
    bench.destination = Faulty(
        bench.store,
        *(fails("HeadObject", error, key=f"{number}") for number, error in enumerate(errors)),
    )
    with pytest.raises(raised) as caught:
        bench.recover()
    assert getattr(caught.value, "cause", "") == cause
    assert [bench.now(entry.key) for entry in entries] == entries
    assert bench.now("z") == planned(fine)
    assert not bench.journal.has_uncommitted
    assert bench.events == []


def test_every_batch_is_looked_at(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Journal, "in_states", partialmethod(Journal.in_states, limit=2))
    entries = [bench.writing(f"{number}") for number in range(5)]
    last = bench.uploading("z", parts=3)
    bench.complete(last)
    bench.moved(last, State.COMPLETE_INTENT)
    bench.recover()
    assert [bench.now(entry.key) for entry in entries] == [planned(entry) for entry in entries]
    assert bench.now("z").state is State.COMMITTED


def test_a_stop_is_heard_between_batches(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Journal, "in_states", partialmethod(Journal.in_states, limit=2))
    entries = [bench.writing(f"{number}") for number in range(5)]
    bench.destination = Faulty(bench.store, meanwhile("HeadObject", lambda: bench.ports.stop.ask()))
    with pytest.raises(Cancelled):
        bench.recover()
    assert [bench.now(entry.key).state for entry in entries] == [State.PLANNED] * 2 + [State.WRITE_INTENT] * 3


def test_an_abort_whose_answer_is_lost_fails_the_object_only(bench: Bench) -> None:
    entry, fine = bench.uploading("a"), bench.writing("b")
    source_changed(bench, entry)
    bench.destination = Faulty(bench.store, loses_the_answer("AbortMultipartUpload"))
    bench.recover()
    assert (bench.now("a").state, bench.now("a").cause) == (State.FAILED, "ConnectionClosed")
    assert bench.now("b") == planned(fine)
    bench.destination = bench.store
    bench.recover()
    assert bench.now("a").state is State.PLANNED
