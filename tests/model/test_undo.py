"""The states of one object, and what rollback does about it: every row of `undo.verdict`."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.model.objects import TOKEN_KEY, ObjectHead, Properties
from migrator.model.undo import (
    ACTS,
    NEXT,
    OPEN,
    UNSETTLED,
    Prior,
    SourceNow,
    State,
    Trace,
    Verdict,
    is_ours,
    is_real,
    run_of,
    same_operation,
    seq_of,
    token_for,
    verdict,
)

OURS = token_for("20260102T030405Z-abcdef", 7, 1)
OURS_AGAIN = token_for("20260102T030405Z-abcdef", 7, 2)
ANOTHER_OBJECT = token_for("20260102T030405Z-abcdef", 77, 1)
ANOTHER_RUN = token_for("20260102T030405Z-fedcba", 7, 1)


def head(token: str = "", etag: str = "e", version: str | None = None) -> ObjectHead:
    metadata = {TOKEN_KEY: token} if token else {}
    return ObjectHead(1, etag, datetime(2024, 1, 1, tzinfo=UTC), version, Properties(metadata=metadata))


def trace(
    token: str = OURS, etag: str = "e", version: str | None = None, prior: Prior = Prior.ABSENT
) -> Trace:
    return Trace(token, etag, version, prior)


V = Verdict
SAVED, VERSION, MARKER, LOST = Prior.SAVED, Prior.VERSION, Prior.MARKER, Prior.LOST


@pytest.mark.parametrize(
    ("wrote", "there", "source_holds_it", "expected"),
    [
        # nothing there
        (trace(), None, True, V.NOTHING_THERE),
        (trace(prior=SAVED), None, False, V.NOTHING_THERE),
        # ours, nothing was there before
        (trace(), head(OURS), True, V.DELETE),
        (trace(), head(OURS_AGAIN), True, V.DELETE),
        (trace(version="null"), head(OURS, version="null"), True, V.DELETE_VERSION),
        (trace(version="v1"), head(OURS, version="v1"), True, V.DELETE_VERSION),
        (trace(), head(OURS), False, V.LEAVE_LAST_COPY),
        (trace(version="v1"), head(OURS, version="v1"), False, V.LEAVE_LAST_COPY),
        # ours, and it replaced something
        (trace(version="v1", prior=VERSION), head(OURS, version="v1"), True, V.DELETE_VERSION),
        (trace(version="null", prior=VERSION), head(OURS, version="null"), True, V.DELETE_VERSION),
        (trace(version="v1", prior=VERSION), head(OURS, version="v1"), False, V.LEAVE_LAST_COPY),
        (trace(prior=SAVED), head(OURS), True, V.RESTORE),
        (trace(version="null", prior=SAVED), head(OURS, version="null"), True, V.RESTORE),
        (trace(prior=SAVED), head(OURS), False, V.LEAVE_LAST_COPY),
        (trace(version="null", prior=MARKER), head(OURS, version="null"), True, V.MARK_DELETED),
        (trace(version="null", prior=MARKER), head(OURS, version="null"), False, V.LEAVE_LAST_COPY),
        (trace(prior=LOST), head(OURS), True, V.LEAVE_LOST),
        (trace(prior=LOST), head(OURS), False, V.LEAVE_LOST),
        # not ours
        (trace(), head("", "other"), True, V.LEAVE_FOREIGN),
        (trace(), head(""), True, V.LEAVE_FOREIGN),
        (trace(), head(ANOTHER_RUN), True, V.LEAVE_FOREIGN),
        (trace(), head(ANOTHER_OBJECT), True, V.LEAVE_FOREIGN),
        (trace(), head(OURS, "other"), True, V.LEAVE_FOREIGN),
        (trace(version="v1"), head("", "e", "v2"), True, V.LEAVE_FOREIGN),
        (trace(prior=SAVED), head("", "other"), True, V.LEAVE_FOREIGN),
        # no token was written
        (trace(token=""), head(""), True, V.ASK),
        (trace(token=""), head("", "other"), True, V.LEAVE_FOREIGN),
        (trace(token="", version="v1"), head("", version="v1"), True, V.DELETE_VERSION),
        # the answer to the write was lost
        (trace(etag=""), head(OURS, "whatever"), True, V.DELETE),
        (trace(etag=""), head("", "whatever"), True, V.LEAVE_FOREIGN),
        (trace(token="", etag=""), head("", ""), True, V.LEAVE_FOREIGN),
    ],
)
def test_every_row_of_the_table(
    wrote: Trace, there: ObjectHead | None, source_holds_it: bool, expected: Verdict
) -> None:
    assert verdict(wrote, there, SourceNow(source_holds_it), even_last_copy=False) is expected
    if expected is V.LEAVE_LAST_COPY:
        waived = verdict(wrote, there, SourceNow(source_holds_it), even_last_copy=True)
        assert waived is verdict(wrote, there, SourceNow(holds_it=True), even_last_copy=False)
        assert waived in ACTS
    else:
        assert verdict(wrote, there, SourceNow(source_holds_it), even_last_copy=True) is expected


tokens = st.sampled_from(["", OURS, OURS_AGAIN, ANOTHER_OBJECT, ANOTHER_RUN, "junk", "."])
etags = st.sampled_from(["", "e", "other"])
versions = st.sampled_from([None, "null", "v1", "v2"])
traces = st.builds(Trace, st.sampled_from(["", OURS]), etags, versions, st.sampled_from(Prior))
heads = st.builds(head, tokens, etags, versions)


@given(traces, heads, st.booleans(), st.booleans())
def test_nothing_is_removed_but_what_is_provably_ours(
    wrote: Trace, there: ObjectHead, holds_it: bool, even_last_copy: bool
) -> None:
    found = verdict(wrote, there, SourceNow(holds_it), even_last_copy=even_last_copy)
    if found in ACTS:
        assert is_ours(wrote, there)
        assert holds_it or even_last_copy
        assert wrote.prior is not Prior.LOST


@pytest.mark.parametrize(("version_id", "real"), [(None, False), ("", False), ("null", False), ("v1", True)])
def test_the_null_version_has_no_id_of_its_own(version_id: str | None, real: bool) -> None:
    assert is_real(version_id) is real


@pytest.mark.parametrize(
    ("token", "run"), [(OURS, "20260102T030405Z-abcdef"), ("", ""), ("junk", ""), ("a.b", "")]
)
def test_a_token_tells_its_run(token: str, run: str) -> None:
    assert run_of(token) == run


# -- tokens ---------------------------------------------------------------------------------------


def test_a_token_names_run_object_and_attempt_in_48_bytes() -> None:
    longest = token_for("20260102T030405Z-abcdef", 10**12, 10**6)
    assert len(longest.encode()) <= 48
    assert longest.isascii()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (OURS, OURS, True),
        (OURS, OURS_AGAIN, True),
        (OURS, ANOTHER_OBJECT, False),
        (OURS, ANOTHER_RUN, False),
        (OURS, "", False),
        ("", "", False),
        ("", OURS, False),
        (token_for("r", 1, 11), token_for("r", 11, 1), False),
    ],
)
def test_tokens_of_one_operation_differ_in_the_attempt_only(one: str, other: str, same: bool) -> None:
    assert same_operation(one, other) is same


# -- states ---------------------------------------------------------------------------------------


def reachable(start: State) -> set[State]:
    seen, ways = {start}, [start]
    for state in ways:
        new = NEXT[state] - seen
        seen |= new
        ways += sorted(new)
    return seen


def test_every_state_has_a_row_and_can_be_reached() -> None:
    assert set(NEXT) == set(State)
    assert reachable(State.PLANNED) == set(State)


def test_only_what_was_set_aside_is_final() -> None:
    """A copy can be found wrong by a later look."""
    assert {state for state in State if not NEXT[state]} == {State.SKIPPED}


@pytest.mark.parametrize("state", [state for state in State if state is not State.SKIPPED])
def test_from_anywhere_the_object_can_still_be_copied(state: State) -> None:
    assert State.COMMITTED in reachable(state)


def test_nothing_is_written_before_its_intent() -> None:
    """Every state that may have touched the destination comes after an intent."""
    before_intents = {State.PLANNED}
    ways = [State.PLANNED]
    for state in ways:
        new = NEXT[state] - before_intents - {State.WRITE_INTENT, State.BACKUP_INTENT}
        before_intents |= new
        ways += sorted(new)
    assert not before_intents & {State.MPU_OPEN, State.COMPLETE_INTENT, State.COMMITTED}


@pytest.mark.parametrize("state", sorted(UNSETTLED))
def test_recovery_can_settle_every_open_state(state: State) -> None:
    assert State.PLANNED in NEXT[state]
    assert OPEN < UNSETTLED


@pytest.mark.parametrize(
    ("token", "seq"),
    [
        (token_for("20260102T030405006Z-0a1b2c", 17, 2), 17),
        (token_for("run", 0, 1), 0),
        ("", None),
        ("run", None),
        ("run.17", None),
        ("run.17.2.1", None),
        ("run.x.2", None),
        ("run.-1.2", None),
        ("run.17.", 17),
        ("run.\u0661.2", None),  # a digit, but not one of ours
        ("other words with 1.2", None),
    ],
)
def test_a_token_names_its_object(token: str, seq: int | None) -> None:
    assert seq_of(token) == seq
