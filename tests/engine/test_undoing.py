"""Undoing one object: what is judged, which requests follow, and what is told. See `engine/undoing.py`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from migrator.config import job_from
from migrator.engine.outcomes import StaysThere
from migrator.engine.reserved import saved_key
from migrator.engine.restoring import _is_usual, is_back
from migrator.engine.schema import Entry
from migrator.engine.undoing import DELETES, Judgement, Undoing
from migrator.errors import AccessDenied, NotFound, NotSupported, PreconditionFailed, Rejected
from migrator.model.capabilities import UNKNOWN, Capabilities
from migrator.model.objects import KMS, TOKEN_KEY, ObjectHead, Properties
from migrator.model.undo import State, Undo, Undone, Verdict, token_for
from migrator.store.base import Condition, Versioning
from migrator.store.memory import MemoryCloud, MemoryStore
from tests.support.faulty import WRITES, Call, Fault, Faulty, fails, meanwhile
from tests.support.world import FROM, JOB, TO

RUN = "20260102T030405Z-abcdef"
BEGAN = datetime(2026, 1, 2, 3, tzinfo=UTC)
NOW = BEGAN + timedelta(hours=5)
BODY, OTHER = b"ours", b"by someone"
ETAG = hashlib.md5(BODY, usedforsecurity=False).hexdigest()
OLD_ETAG = hashlib.md5(b"old", usedforsecurity=False).hexdigest()
SEQ = 3
SAVED = saved_key(RUN, SEQ)
OLD = Properties(content_type="text/old", metadata={"owner": "x"}, tags={"kind": "old"})
SEES_ALL = Capabilities(True, True, True, True, True, True)


def entry(**others: Any) -> Entry:
    """What the journal knows of `a`: committed, its answer recorded, nothing replaced."""
    known: dict[str, Any] = {
        "seq": SEQ,
        "key": "a",
        "size_bytes": len(BODY),
        "etag": ETAG,
        "last_modified": BEGAN - timedelta(days=1),
        "storage_class": "STANDARD",
        "action": "copy",
        "reason": "",
        "state": State.COMMITTED,
        "attempt": 1,
        "prior_etag": None,
        "upload_id": None,
        "part_size": None,
        "after_etag": ETAG,
        "after_version": None,
        "digest": "",
        "digest_kind": "",
        "assurance": "digest",
        "cause": "",
        "message": "",
        "undo": Undo.NONE,
        "has_token": True,
        "prior_kind": "",
        "prior_version": None,
        "saved_as": None,
    }
    return Entry(**{**known, **others})


DOUBTFUL: dict[str, Any] = {"state": State.WRITE_INTENT, "after_etag": "", "assurance": ""}
REPLACED: dict[str, Any] = {"prior_etag": OLD_ETAG, "prior_kind": "saved", "saved_as": SAVED}


@dataclass
class Bench:
    """One key at both ends, and an `Undoing` between them."""

    versioning: Versioning = Versioning.OFF
    faults: list[Fault] = field(default_factory=list)
    token: bool = True

    def __post_init__(self) -> None:
        self.source = MemoryCloud(now=lambda: BEGAN)
        self.cloud = MemoryCloud(now=lambda: BEGAN)
        self.source.create_bucket(FROM)
        first = Versioning.OFF if self.versioning is Versioning.SUSPENDED else self.versioning
        self.cloud.create_bucket(TO, versioning=first)
        if self.versioning is Versioning.SUSPENDED:
            self.switch(Versioning.SUSPENDED)
        self.source.seed(FROM, "a", BODY)
        self.store = MemoryStore(self.cloud, "Lyve Cloud")

    def switch(self, versioning: Versioning) -> None:
        self.cloud.set_versioning(TO, versioning)

    def ours(self, attempt: int = 1) -> str | None:
        mark = {TOKEN_KEY: token_for(RUN, SEQ, attempt)}
        return self.cloud.put(TO, "a", BODY, Properties(metadata=mark)).version_id

    def theirs(self, body: bytes = OTHER, properties: Properties = Properties()) -> str | None:  # noqa: B008
        return self.cloud.put(TO, "a", body, properties).version_id

    def saved(self, body: bytes = b"old", properties: Properties = OLD, **how: Any) -> None:
        self.cloud.seed(TO, SAVED, body, properties, **how)

    def undoing(self, *, seen: Capabilities = SEES_ALL, **others: Any) -> Undoing:
        table = {**JOB, "transfer": {"token": self.token}}
        how: dict[str, Any] = {
            "began": BEGAN,
            "now": NOW,
            "versioning": self.versioning,
            "seen": seen,
            "dry_run": False,
            "even_last_copy": False,
        }
        store = Faulty(self.store, *self.faults)
        source = MemoryStore(self.source)
        return Undoing(job_from(table), RUN, source, store, **{**how, **others})

    def undo(self, known: Entry, **how: Any) -> Undone:
        """Judge and act, as a rollback does."""
        undoing = self.undoing(**how)
        return undoing.act(known, undoing.judge(known))

    @property
    def stack(self) -> list[bytes | None]:
        """Bodies of the key's versions, the current one first; None: a marker."""
        lines = [line.version for line in self.cloud.list_versions(TO) if line.version.key == "a"]
        return [None if each.is_marker else each.body for each in lines]

    def count(self, operation: str) -> int:
        return sum(each == operation for each, _, _ in self.store.calls)


def recorded(operation: str, calls: list[dict[str, Any]]) -> Fault:
    return Fault(
        operation,
        times=None,
        reserved=True,
        before=lambda call: calls.append({**call.kwargs, "at": call.key}),
    )


def is_ignored(operation: str, **when: Any) -> Fault:
    """The end answers success and does nothing: the request goes to a key that is not there."""

    def elsewhere(call: Call) -> None:
        call.args[1] = "nowhere"
        call.kwargs.pop("condition", None)

    return Fault(operation, times=None, before=elsewhere, **when)


# -- judging --------------------------------------------------------------------------------------


def judged(bench: Bench, known: Entry, **how: Any) -> Judgement:
    return bench.undoing(**how).judge(known)


def test_ours_goes_where_the_source_holds_it() -> None:
    bench = Bench()
    bench.ours()
    assert judged(bench, entry()) == Judgement(Verdict.DELETE)
    assert judged(bench, entry(size_bytes=5)) == Judgement(Verdict.LEAVE_LAST_COPY)
    assert judged(bench, entry(etag="other")) == Judgement(Verdict.LEAVE_LAST_COPY)
    assert judged(bench, entry(etag="other"), even_last_copy=True) == Judgement(Verdict.DELETE)
    bench.source.delete(FROM, "a")
    assert judged(bench, entry()) == Judgement(Verdict.LEAVE_LAST_COPY)


def test_nothing_there_needs_no_look_at_the_source() -> None:
    bench = Bench()
    bench.source.delete(FROM, "a")
    assert judged(bench, entry()) == Judgement(Verdict.NOTHING_THERE)


def test_what_is_not_ours_is_not_ours_whatever_lock_it_has() -> None:
    bench = Bench(Versioning.ENABLED)
    bench.cloud.set_lock(TO, mode="COMPLIANCE", days=30)
    version = bench.theirs()
    assert judged(bench, entry(after_version="gone")) == Judgement(Verdict.LEAVE_FOREIGN, version)
    bench.cloud = bench.store.cloud = Bench(Versioning.ENABLED).cloud
    bench.cloud.set_lock(TO, mode="COMPLIANCE", days=30)
    assert judged(bench, entry(after_version=bench.ours())) == Judgement(Verdict.LEAVE_LOCKED)


def test_an_object_of_another_run_is_said_to_be() -> None:
    bench = Bench()
    bench.theirs(properties=Properties(metadata={TOKEN_KEY: "20270101T000000Z-aaaaaa.1.1"}))
    assert judged(bench, entry()) == Judgement(Verdict.LEAVE_FOREIGN, None, "later-run")
    assert bench.undo(entry()) == Undone("left", Undo.NOT_OURS, "later-run")


@pytest.mark.parametrize("dry_run", [False, True])
def test_uploads_are_aborted_only_where_one_of_ours_may_be_open(dry_run: bool) -> None:
    bench = Bench()
    bench.cloud.create_upload(TO, "a", Properties())
    undoing = bench.undoing(dry_run=dry_run)
    undoing.judge(entry())
    undoing.judge(entry(**DOUBTFUL))
    assert len(bench.cloud.list_uploads(TO)) == 1
    undoing.judge(entry(**DOUBTFUL, size_bytes=2**30))
    assert len(bench.cloud.list_uploads(TO)) == dry_run


@pytest.mark.parametrize(
    "known",
    [entry(**DOUBTFUL), entry(state=State.COMMITTED, after_etag=""), entry(state=State.MPU_OPEN)],
    ids=["no answer", "committed", "answer"],
)
def test_a_write_that_left_no_trace_is_told_from_one_that_was_replaced(known: Entry) -> None:
    bench = Bench()
    bench.theirs()
    is_trace = bool(known.after_etag) or known.state is State.COMMITTED
    expected = Verdict.LEAVE_FOREIGN if is_trace else Verdict.NEVER_WRITTEN
    assert judged(bench, known) == Judgement(expected)


def test_without_tokens_what_is_there_is_nobodys() -> None:
    bench = Bench(token=False)
    bench.theirs()
    assert judged(bench, entry(**DOUBTFUL)) == Judgement(Verdict.LEAVE_FOREIGN)
    bench.theirs(BODY)
    assert judged(bench, entry(has_token=False)) == Judgement(Verdict.ASK)


BACK_ALREADY = {
    "our version is gone": ({"after_version": "gone", "undo": Undo.DELETE_INTENT}, True),
    "the version below": ({"prior_version": "{there}", "undo": Undo.DELETE_INTENT}, True),
    "another version": ({"prior_version": "other", "undo": Undo.DELETE_INTENT}, False),
    "no version known": ({"undo": Undo.DELETE_INTENT}, False),
    "a failure": ({"after_version": "gone", "prior_etag": OLD_ETAG, "undo": Undo.HUMAN}, True),
    "a failure, other content": ({"after_version": "gone", "prior_etag": "x", "undo": Undo.HUMAN}, False),
    "a failure, no id": ({"prior_etag": OLD_ETAG, "undo": Undo.HUMAN}, False),
    "restored": ({**REPLACED, "undo": Undo.RESTORE_INTENT}, True),
    "restored, told of a failure": ({**REPLACED, "undo": Undo.HUMAN}, True),
    "nothing was begun": ({**REPLACED}, False),
    "not restored": ({**REPLACED, "undo": Undo.RESTORE_INTENT, "saved_as": "other"}, False),
    "saved copy gone": ({**REPLACED, "undo": Undo.RESTORE_INTENT, "saved_as": "none"}, False),
}


@pytest.mark.parametrize("case", BACK_ALREADY)
def test_what_is_back_already_is_known_by_what_is_there(case: str) -> None:
    known, is_back = BACK_ALREADY[case]
    bench = Bench(Versioning.ENABLED)
    there = bench.theirs(b"old", OLD)
    bench.saved()
    bench.cloud.put(TO, "other", b"another thing", Properties())
    if known.get("prior_version") == "{there}":
        known = {**known, "prior_version": there}
    found = judged(bench, entry(**known)).verdict
    assert found is (Verdict.ALREADY_BACK if is_back else Verdict.LEAVE_FOREIGN)


def test_our_version_below_somebody_elses_is_found_by_its_token() -> None:
    bench = Bench(Versioning.ENABLED)
    ours = bench.ours(attempt=2)
    bench.cloud.delete(TO, "a")
    top = bench.theirs()
    assert judged(bench, entry(**DOUBTFUL)) == Judgement(Verdict.REMOVE_HIDDEN, ours)
    assert judged(bench, entry(after_version=ours)) == Judgement(Verdict.REMOVE_HIDDEN, ours)
    bench.source.delete(FROM, "a")
    assert judged(bench, entry(**DOUBTFUL)) == Judgement(Verdict.LEAVE_LAST_COPY)
    assert judged(bench, entry(**DOUBTFUL), even_last_copy=True) == Judgement(Verdict.REMOVE_HIDDEN, ours)
    bench.faults = [fails("ListObjectVersions", NotSupported("no"))]
    assert judged(bench, entry(**DOUBTFUL)) == Judgement(Verdict.NEVER_WRITTEN)
    assert bench.stack == [OTHER, None, BODY]
    assert top


def test_the_stack_is_looked_through_only_where_ours_may_lie_in_it() -> None:
    """Versions from before the run cannot be ours, and each look is a request."""
    bench = Bench(Versioning.ENABLED)
    for number in range(3):
        bench.cloud.seed(TO, "a", b"%d" % number, last_modified=BEGAN - timedelta(seconds=1))
    bench.theirs()
    looks = bench.undoing()
    looks.judge(entry())
    assert bench.count("ListObjectVersions") == 0, "its answer is known"
    looks.judge(entry(**DOUBTFUL, has_token=False))
    assert bench.count("ListObjectVersions") == 0, "no token to look for"
    before = bench.count("HeadObject")
    looks.judge(entry(**DOUBTFUL))
    assert bench.count("ListObjectVersions") == 1
    assert bench.count("HeadObject") == before + 2, "the key, and the one version of today"
    plain = Bench()
    plain.theirs()
    judged(plain, entry(**DOUBTFUL))
    assert plain.count("ListObjectVersions") == 0, "no versions here"


# -- acting: what is told, and a dry run ----------------------------------------------------------

TOLD = {
    Verdict.NEVER_WRITTEN: Undone("never-ours", Undo.DONE),
    Verdict.NOTHING_THERE: Undone("gone", Undo.DONE, "gone"),
    Verdict.ALREADY_BACK: Undone("restored", Undo.RESTORED),
    Verdict.LEAVE_FOREIGN: Undone("left", Undo.NOT_OURS, "not-ours"),
    Verdict.LEAVE_LAST_COPY: Undone("left", Undo.KEPT_LAST_COPY, "kept-last-copy"),
    Verdict.LEAVE_LOST: Undone("left", Undo.LOST, "lost"),
    Verdict.LEAVE_LOCKED: Undone("left", Undo.LOCKED, "locked"),
    Verdict.ASK: Undone("left", Undo.HUMAN, "human"),
    Verdict.REMOVE_HIDDEN: Undone("left", Undo.NOT_OURS, "hidden-removed"),
    Verdict.DELETE_VERSION: Undone("removed", Undo.DELETED),
    Verdict.DELETE: Undone("removed", Undo.DELETED),
    Verdict.MARK_DELETED: Undone("removed", Undo.DELETED),
    Verdict.RESTORE: Undone("restored", Undo.RESTORED),
}


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_dry_run_tells_what_each_verdict_means_and_asks_nobody(verdict: Verdict) -> None:
    bench = Bench()
    bench.ours()
    undoing = bench.undoing(dry_run=True)
    assert undoing.act(entry(), Judgement(verdict, "v")) == TOLD[verdict]
    assert bench.store.calls == []


def test_words_depend_on_what_is_known() -> None:
    undoing = Bench().undoing(dry_run=True)
    gone = undoing.act(entry(**DOUBTFUL), Judgement(Verdict.NOTHING_THERE))
    assert gone == Undone("never-ours", Undo.DONE, "gone")
    foreign = undoing.act(entry(), Judgement(Verdict.LEAVE_FOREIGN, reason="later-run"))
    assert foreign == Undone("left", Undo.NOT_OURS, "later-run")
    replaced = entry(**DOUBTFUL, prior_etag=OLD_ETAG)
    back = undoing.act(replaced, Judgement(Verdict.DELETE_VERSION, "v"))
    assert back == Undone("restored", Undo.DELETED), "the id seen now tells that the old one is below"


# -- deleting -------------------------------------------------------------------------------------


@pytest.mark.parametrize("honoured", [True, False, None])
def test_a_delete_goes_under_a_condition_where_that_was_seen_to_be_honoured(honoured: bool | None) -> None:
    calls: list[dict[str, Any]] = []
    bench = Bench(faults=[recorded("DeleteObject", calls)])
    bench.ours()
    seen = replace(SEES_ALL, delete_if_match=honoured)
    assert bench.undo(entry(), seen=seen) == Undone("removed", Undo.DELETED)
    assert calls == [{"at": "a", "if_match": ETAG if honoured else ""}]
    assert bench.stack == []


def test_somebody_who_writes_right_before_the_delete_keeps_his_work() -> None:
    bench = Bench()
    bench.ours()
    bench.faults = [meanwhile("DeleteObject", bench.theirs)]
    assert bench.undo(entry()) == Undone("left", Undo.NOT_OURS, "not-ours")
    assert bench.stack == [OTHER]


def test_somebody_who_deletes_right_before_the_delete_is_no_trouble() -> None:
    bench = Bench()
    bench.ours()
    bench.faults = [meanwhile("DeleteObject", lambda: bench.cloud.delete(TO, "a"))]
    assert bench.undo(entry()) == Undone("gone", Undo.DONE, "gone")


def test_what_somebody_writes_after_the_delete_is_his() -> None:
    bench = Bench()
    bench.ours()
    bench.faults = [Fault("DeleteObject", after=lambda _, answer: (bench.theirs(), answer)[1])]
    assert bench.undo(entry()) == Undone("removed", Undo.DELETED)
    assert bench.stack == [OTHER]


@pytest.mark.parametrize("seen", [SEES_ALL, UNKNOWN])
def test_an_end_that_refuses_the_condition_is_asked_without(seen: Capabilities) -> None:
    def refuse(call: Call) -> None:
        if call.kwargs["if_match"]:
            raise PreconditionFailed("412", code="PreconditionFailed")

    bench = Bench(faults=[Fault("DeleteObject", times=None, before=refuse)])
    bench.ours()
    assert bench.undo(entry(), seen=seen) == Undone("removed", Undo.DELETED)
    assert bench.stack == []


@pytest.mark.parametrize("versioning", [Versioning.OFF, Versioning.ENABLED, Versioning.SUSPENDED])
def test_an_end_that_keeps_what_it_deletes_is_asked_so_often(versioning: Versioning) -> None:
    ignores = is_ignored("DeleteObject")
    bench = Bench(versioning, [ignores])
    version = bench.ours()
    known = entry(after_version=version if versioning is Versioning.ENABLED else None)
    with pytest.raises(StaysThere, match="Lyve Cloud answered success, but the object is still there"):
        bench.undo(known, seen=UNKNOWN)
    assert ignores.struck == DELETES == 5
    assert bench.stack == [BODY]


def test_each_version_of_a_write_is_asked_for_so_often() -> None:
    bench = Bench(Versioning.ENABLED)
    bench.ours()
    known = entry(after_version=bench.ours())
    ignores = is_ignored("DeleteObject", nth=2)
    bench.faults = [ignores]
    with pytest.raises(StaysThere):
        bench.undo(known)
    assert ignores.struck == DELETES
    assert bench.stack == [BODY]


@pytest.mark.parametrize("is_replaced", [False, True])
def test_a_version_that_a_batch_took_is_not_deleted_again(is_replaced: bool) -> None:
    bench = Bench(Versioning.ENABLED)
    if is_replaced:
        bench.theirs(b"old")
    twin, version = bench.ours(), bench.ours()
    known = entry(after_version=version, prior_etag=OLD_ETAG if is_replaced else None)
    undoing = bench.undoing()
    found = undoing.judge(known)
    bench.cloud.delete(TO, "a", version_id=version)
    calls: list[dict[str, Any]] = []
    bench.faults = [recorded("DeleteObject", calls)]
    undone = bench.undoing().act(known, found, is_deleted=True)
    assert undone == Undone("restored" if is_replaced else "removed", Undo.DELETED)
    assert calls == [{"at": "a", "version_id": twin}]
    assert bench.stack == ([b"old"] if is_replaced else [])


def test_an_end_that_lays_a_marker_instead_of_deleting_a_version_is_found_out() -> None:
    def forget_version(call: Call) -> None:
        call.kwargs["version_id"] = None

    bench = Bench(Versioning.ENABLED, [Fault("DeleteObject", times=None, before=forget_version)])
    known = entry(after_version=bench.ours())
    with pytest.raises(StaysThere):
        bench.undo(known, seen=replace(SEES_ALL, delete_version=None))
    assert bench.stack == [None, BODY]


def test_an_end_that_was_seen_to_delete_versions_is_asked_once_less() -> None:
    bench = Bench(Versioning.ENABLED)
    bench.undo(entry(after_version=bench.ours()))
    seen_to = bench.count("HeadObject")
    bench.undo(entry(after_version=bench.ours()), seen=replace(SEES_ALL, delete_version=None))
    assert bench.count("HeadObject") == 2 * seen_to + 1
    assert bench.stack == []


def test_somebody_who_replaces_our_null_version_before_the_delete_keeps_his_work() -> None:
    bench = Bench(Versioning.SUSPENDED)
    bench.ours()
    undoing = bench.undoing()
    found = undoing.judge(entry())
    assert found == Judgement(Verdict.DELETE_VERSION, "null")
    bench.theirs()
    assert undoing.act(entry(), found) == Undone("left", Undo.NOT_OURS, "not-ours")
    bench.cloud.delete(TO, "a", version_id="null")
    assert undoing.act(entry(), found) == Undone("gone", Undo.DONE, "gone")
    assert bench.count("DeleteObject") == 0


def test_our_null_version_goes_without_a_marker() -> None:
    bench = Bench(Versioning.SUSPENDED)
    bench.ours()
    assert bench.undo(entry()) == Undone("removed", Undo.DELETED)
    assert bench.stack == []


@pytest.mark.parametrize("before", ["null", "an id"])
def test_versions_switched_on_after_the_judgement_leave_no_marker(before: str) -> None:
    bench = Bench()
    bench.ours()
    undoing = bench.undoing()
    found = undoing.judge(entry())
    assert found == Judgement(Verdict.DELETE)
    bench.switch(Versioning.ENABLED)
    if before == "an id":
        bench.cloud.delete(TO, "a", version_id="null")
        bench.ours()
    assert undoing.act(entry(), found) == Undone("removed", Undo.DELETED)
    assert bench.stack == []


def test_there_too_somebody_can_be_faster() -> None:
    bench = Bench()
    bench.ours()
    bench.switch(Versioning.ENABLED)
    looks = meanwhile("HeadObject", lambda: bench.cloud.delete(TO, "a", version_id="null"), nth=2)
    bench.faults = [looks]
    gone = bench.undoing().act(entry(), Judgement(Verdict.DELETE))
    assert (gone, looks.struck) == (Undone("gone", Undo.DONE, "gone"), 1)


# -- from below somebody's work -------------------------------------------------------------------


def test_all_of_ours_goes_from_below_and_nothing_else() -> None:
    bench = Bench(Versioning.ENABLED)
    bench.theirs(b"before")
    bench.ours()
    known = entry(after_version=bench.ours(), prior_etag=OLD_ETAG)
    bench.ours()
    bench.cloud.delete(TO, "a")
    bench.theirs()
    assert bench.undo(known) == Undone("left", Undo.NOT_OURS, "hidden-removed")
    assert bench.stack == [OTHER, None, b"before"]


def test_hidden_versions_that_stay_are_told() -> None:
    bench = Bench(Versioning.ENABLED, [is_ignored("DeleteObject")])
    known = entry(after_version=bench.ours())
    bench.theirs()
    with pytest.raises(StaysThere):
        bench.undo(known)
    assert bench.stack == [OTHER, BODY]


def test_a_hidden_version_that_a_batch_took_is_not_deleted_again() -> None:
    bench = Bench(Versioning.ENABLED)
    twin = bench.ours()
    version = bench.ours()
    bench.theirs()
    bench.cloud.delete(TO, "a", version_id=version)
    calls: list[dict[str, Any]] = []
    bench.faults = [recorded("DeleteObject", calls)]
    found = Judgement(Verdict.REMOVE_HIDDEN, version)
    undone = bench.undoing().act(entry(after_version=version), found, is_deleted=True)
    assert undone == Undone("left", Undo.NOT_OURS, "hidden-removed")
    assert calls == [{"at": "a", "version_id": twin}]
    assert bench.stack == [OTHER]


# -- where a marker was ---------------------------------------------------------------------------

MARKER = {"prior_kind": "marker"}


def test_the_marker_comes_back_where_versions_are_suspended() -> None:
    bench = Bench(Versioning.SUSPENDED)
    bench.ours()
    assert judged(bench, entry(**MARKER)) == Judgement(Verdict.MARK_DELETED, "null")
    assert bench.undo(entry(**MARKER)) == Undone("removed", Undo.DELETED)
    assert bench.stack == [None]


@pytest.mark.parametrize("below", [None, "version", "marker", "denied"])
def test_with_versions_on_again_a_marker_is_laid_only_over_a_version(below: str | None) -> None:
    bench = Bench(Versioning.ENABLED)
    if below:
        bench.theirs(b"below")
    if below == "marker":
        bench.cloud.delete(TO, "a")
    bench.switch(Versioning.SUSPENDED)
    bench.ours()
    bench.switch(Versioning.ENABLED)
    if below == "denied":
        bench.faults = [fails("ListObjectVersions", AccessDenied("no"))]
    has_marker = below in {"version", "denied"}
    undoing = bench.undoing()
    found = undoing.judge(entry(**MARKER))
    verdict = Verdict.MARK_DELETED if has_marker else Verdict.DELETE_VERSION
    assert found == Judgement(verdict, "null")
    assert undoing.act(entry(**MARKER), found) == Undone("removed", Undo.DELETED)
    expected = {None: [], "version": [None, b"below"], "marker": [None, b"below"], "denied": [None, b"below"]}
    assert bench.stack == expected[below], "ours is gone from below the marker"


def test_a_marker_is_not_laid_over_somebodys_work() -> None:
    bench = Bench(Versioning.SUSPENDED)
    bench.ours()
    bench.faults = [meanwhile("HeadObject", bench.theirs, nth=2)]
    assert bench.undo(entry(**MARKER)) == Undone("left", Undo.NOT_OURS, "not-ours")
    assert bench.stack == [OTHER]


def test_what_lies_below_the_new_marker_stays_where_it_is_not_ours() -> None:
    bench = Bench(Versioning.SUSPENDED)
    bench.ours()
    bench.switch(Versioning.ENABLED)
    undoing = bench.undoing()

    def replace_below() -> None:
        bench.switch(Versioning.SUSPENDED)
        bench.theirs()
        bench.switch(Versioning.ENABLED)

    bench.faults = [meanwhile("DeleteObject", replace_below)]
    undoing = bench.undoing()
    assert undoing.act(entry(**MARKER), Judgement(Verdict.MARK_DELETED, "null")).action == "removed"
    assert bench.stack == [None, OTHER]


def test_a_marker_that_does_not_come_is_told() -> None:
    bench = Bench(Versioning.SUSPENDED, [is_ignored("DeleteObject")])
    bench.ours()
    with pytest.raises(StaysThere):
        bench.undo(entry(**MARKER))


# -- bringing old content back --------------------------------------------------------------------


def must_be_back(bench: Bench) -> None:
    head = bench.cloud.head(TO, "a")
    assert (bench.stack, head.etag, head.token) == ([b"old"], OLD_ETAG, "")
    assert (head.properties.content_type, head.properties.metadata) == ("text/old", {"owner": "x"})
    assert bench.cloud.tags(TO, "a") == {"kind": "old"}


@pytest.mark.parametrize("is_named", [True, False], ids=["named", "by its number"])
def test_small_content_goes_back_under_the_condition_that_ours_is_there(is_named: bool) -> None:
    reads: list[dict[str, Any]] = []
    puts: list[dict[str, Any]] = []
    bench = Bench(faults=[recorded("GetObject", reads), recorded("PutObject", puts)])
    bench.ours()
    bench.saved()
    known = entry(**{**REPLACED, "saved_as": SAVED if is_named else None})
    assert bench.undo(known) == Undone("restored", Undo.RESTORED)
    assert reads == [{"at": SAVED, "if_match": OLD_ETAG}]
    assert puts == [{"at": "a", "md5": bytes.fromhex(OLD_ETAG), "condition": Condition(etag=ETAG)}]
    assert bench.count("CopyObject") == 0
    must_be_back(bench)


@pytest.mark.parametrize(
    ("seen", "limit", "copies"),
    [(SEES_ALL, 3, 0), (SEES_ALL, 2, 1), (replace(SEES_ALL, put_if_match=False), 3, 1), (UNKNOWN, 3, 1)],
    ids=["small", "large", "seen not to", "unknown"],
)
def test_content_is_copied_where_a_condition_would_not_help(
    monkeypatch: pytest.MonkeyPatch, seen: Capabilities, limit: int, copies: int
) -> None:
    monkeypatch.setattr("migrator.engine.restoring.DEFAULT_PART_BYTES", limit)
    bench = Bench()
    bench.ours()
    bench.saved()
    assert bench.undo(entry(**REPLACED), seen=seen) == Undone("restored", Undo.RESTORED)
    assert (bench.count("CopyObject"), bench.count("PutObject")) == (copies, 1 - copies)
    must_be_back(bench)


def test_content_without_tags_costs_no_question_about_tags() -> None:
    bench = Bench()
    bench.ours()
    bench.saved(properties=replace(OLD, tags={}))
    assert bench.undo(entry(**REPLACED)).action == "restored"
    assert bench.count("GetObjectTagging") == 0
    bench.faults = [fails("GetObjectTagging", NotSupported("no"), reserved=True, times=None)]
    bench.ours()
    bench.saved()
    assert bench.undo(entry(**REPLACED)).action == "restored", "an end without tags"


def test_empty_content_comes_back() -> None:
    nothing = hashlib.md5(b"", usedforsecurity=False).hexdigest()
    bench = Bench()
    bench.ours()
    bench.saved(b"")
    assert bench.undo(entry(**{**REPLACED, "prior_etag": nothing})).action == "restored"
    assert bench.stack == [b""]


def test_what_is_back_is_not_brought_back_again() -> None:
    bench = Bench()
    bench.theirs(b"old", OLD)
    bench.saved()
    undoing = bench.undoing()
    assert undoing.act(entry(**REPLACED), Judgement(Verdict.RESTORE)) == Undone("restored", Undo.RESTORED)
    assert not [operation for operation, _, _ in bench.store.calls if operation in WRITES]


@pytest.mark.parametrize("seen", [SEES_ALL, UNKNOWN], ids=["put", "copy"])
@pytest.mark.parametrize(
    ("who", "undone"),
    [
        ("writes", Undone("left", Undo.NOT_OURS, "not-ours")),
        ("deletes", Undone("gone", Undo.DONE, "gone")),
        ("removes what was saved", Undone("left", Undo.LOST, "lost")),
    ],
)
def test_somebody_faster_than_a_restore_is_told_from_content_that_is_lost(
    seen: Capabilities, who: str, undone: Undone
) -> None:
    bench = Bench()
    bench.ours()
    bench.saved()

    def act() -> None:
        if who == "writes":
            bench.theirs()
        elif who == "deletes":
            bench.cloud.delete(TO, "a")
        bench.cloud.delete(TO, SAVED)

    def lost(_: Call) -> None:
        act()
        raise NotFound("gone", code="NoSuchKey") if seen is UNKNOWN else PreconditionFailed("412")

    bench.faults = [Fault(frozenset({"PutObject", "CopyObject"}), before=lost)]
    assert bench.undo(entry(**REPLACED), seen=seen) == undone
    assert bench.stack == {"writes": [OTHER], "deletes": []}.get(who, [BODY])


@pytest.mark.parametrize("seen", [SEES_ALL, UNKNOWN], ids=["put", "copy"])
def test_what_came_back_with_a_lost_answer_is_back_when_sending_it_again_is_refused(
    seen: Capabilities,
) -> None:
    bench = Bench()
    bench.ours()
    bench.saved()

    def refused(_: Call, __: Any) -> None:
        raise PreconditionFailed("412") if seen is SEES_ALL else NotFound("gone", code="NoSuchKey")

    bench.faults = [Fault(frozenset({"PutObject", "CopyObject"}), after=refused)]
    assert bench.undo(entry(**REPLACED), seen=seen) == Undone("restored", Undo.RESTORED)
    assert bench.faults[0].struck


def test_saved_content_that_is_gone_is_lost_and_ours_stays() -> None:
    bench = Bench()
    bench.ours()
    assert bench.undo(entry(**REPLACED)) == Undone("left", Undo.LOST, "lost")
    assert bench.stack == [BODY]


@pytest.mark.parametrize("happens", ["nothing", "something else", "it vanishes"])
def test_an_end_that_does_not_bring_the_old_content_back_is_told(happens: str) -> None:
    def after(_: Call, answer: Any) -> Any:
        if happens == "something else":
            bench.theirs()
        elif happens == "it vanishes":
            bench.cloud.delete(TO, "a")
        return answer

    bench = Bench()
    bench.ours()
    bench.saved()
    ignores = is_ignored("PutObject")
    bench.faults = [ignores, Fault("PutObject", after=after, times=None)]
    with pytest.raises(Rejected, match="Lyve Cloud did not bring the old content back") as caught:
        bench.undo(entry(**REPLACED))
    assert caught.value.code == "NotRestored"
    assert ignores.struck == 1


def test_with_versions_on_meanwhile_ours_goes_from_below_what_came_back() -> None:
    bench = Bench()
    bench.ours()
    bench.saved()
    bench.switch(Versioning.ENABLED)
    undoing = bench.undoing()
    assert undoing.act(entry(**REPLACED), Judgement(Verdict.RESTORE)).action == "restored"
    must_be_back(bench)


HEAD = ObjectHead(3, OLD_ETAG, BEGAN, properties=Properties(content_type="text/old", metadata={"owner": "x"}))


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (HEAD, True),
        (replace(HEAD, etag="as saved"), True),
        (replace(HEAD, etag="another"), False),
        (replace(HEAD, size_bytes=4), False),
        (replace(HEAD, properties=Properties("text/new", metadata={"owner": "x"})), False),
        (replace(HEAD, properties=Properties("text/old", metadata={"owner": "x", TOKEN_KEY: "t"})), False),
    ],
    ids=["same", "as saved", "bytes", "size", "headers", "token"],
)
def test_old_content_is_back_only_where_everything_agrees(there: ObjectHead, expected: bool) -> None:
    saved = replace(HEAD, etag="as saved")
    assert is_back(entry(**REPLACED), there, saved) is expected


@pytest.mark.parametrize(
    ("saved", "is_usual"),
    [
        (HEAD, True),
        (replace(HEAD, encryption="AES256"), True),
        (replace(HEAD, etag=f"{OLD_ETAG}-2"), False),
        (replace(HEAD, storage_class="STANDARD_IA"), False),
        (replace(HEAD, encryption=f"{KMS}:key/1"), False),
    ],
    ids=["usual", "AES256", "parts", "class", "KMS"],
)
def test_a_plain_put_makes_the_same_object_only_of_a_usual_one(saved: ObjectHead, is_usual: bool) -> None:
    assert _is_usual(saved) is is_usual
