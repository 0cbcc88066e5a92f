"""What ought to happen to one key: every row of the table in `plan.decide`."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.model.objects import ObjectVersion
from migrator.model.parts import MAX_OBJECT_BYTES
from migrator.model.plan import (
    Action,
    Conflict,
    Copy,
    Filtered,
    Proof,
    Rules,
    Same,
    Unsupported,
    decide,
    is_same_content,
)

WHEN = datetime(2024, 1, 1, tzinfo=UTC)
HERE = ObjectVersion("k", 10, "etag", WHEN)
EQUAL = ObjectVersion("k", 10, "etag", WHEN)
OTHER = ObjectVersion("k", 10, "another", WHEN)
COPY, SAME, REPLACE = Copy(), Same(), Copy(replaces=OTHER)
EXISTS, REFUSED, DIFFERENT = Filtered("exists"), Conflict("exists"), Conflict("different-content")


@pytest.mark.parametrize(
    ("there", "proof", "skip", "refuse", "skip_same", "overwrite"),
    [
        (None, Proof.NOTHING, COPY, COPY, COPY, COPY),
        (EQUAL, Proof.NOTHING, EXISTS, REFUSED, SAME, SAME),
        (OTHER, Proof.SAME, EXISTS, REFUSED, SAME, SAME),
        (OTHER, Proof.OURS, EXISTS, REFUSED, REPLACE, REPLACE),
        (OTHER, Proof.NOTHING, EXISTS, REFUSED, DIFFERENT, REPLACE),
    ],
    ids=["nothing", "same", "same-by-journal", "ours-outdated", "something-else"],
)
def test_every_row_of_the_table(
    there: ObjectVersion | None,
    proof: Proof,
    skip: Action,
    refuse: Action,
    skip_same: Action,
    overwrite: Action,
) -> None:
    def decided(existing: str) -> Action:
        return decide(HERE, "k", there, Rules(existing, False), proof)

    assert decided("skip") == skip
    assert decided("refuse") == refuse
    assert decided("skip-same") == skip_same
    assert decided("overwrite") == overwrite


@pytest.mark.parametrize(
    ("listed", "key", "reason"),
    [
        (ObjectVersion("k", 1, "e", WHEN, "GLACIER"), "k", "archived"),
        (ObjectVersion("k", 1, "e", WHEN, "DEEP_ARCHIVE"), "k", "archived"),
        (ObjectVersion("k", MAX_OBJECT_BYTES + 1, "e", WHEN), "k", "too-large"),
        (HERE, "k" * 1025, "key-too-long"),
        (HERE, "é" * 513, "key-too-long"),
    ],
)
def test_what_cannot_be_carried_over_is_set_aside_whatever_is_there(
    listed: ObjectVersion, key: str, reason: str
) -> None:
    for there in (None, EQUAL, OTHER):
        for existing in ("skip", "refuse", "skip-same", "overwrite"):
            assert decide(listed, key, there, Rules(existing, False)) == Unsupported(reason)


@pytest.mark.parametrize("storage_class", ["STANDARD", "GLACIER_IR", "INTELLIGENT_TIERING", "SOME_NEW_ONE"])
def test_what_can_be_read_at_once_is_copied(storage_class: str) -> None:
    listed = ObjectVersion("k" * 1024, MAX_OBJECT_BYTES, "e", WHEN, storage_class)
    assert decide(listed, "é" * 512, None, Rules("skip-same", False)) == COPY


@pytest.mark.parametrize(
    ("there", "size_only", "same"),
    [
        (EQUAL, False, True),
        (OTHER, False, False),
        (OTHER, True, True),
        (ObjectVersion("k", 11, "etag", WHEN), False, False),
        (ObjectVersion("k", 11, "etag", WHEN), True, False),
    ],
)
def test_equal_etags_prove_and_different_ones_do_not(
    there: ObjectVersion, size_only: bool, same: bool
) -> None:
    assert is_same_content(HERE, there, compare_size_only=size_only) is same


def test_two_missing_etags_prove_nothing() -> None:
    empty = ObjectVersion("k", 10, "", WHEN)
    assert not is_same_content(empty, empty)


@given(
    there=st.none() | st.sampled_from([EQUAL, OTHER]),
    existing=st.sampled_from(["skip", "refuse", "skip-same", "overwrite"]),
    proof=st.sampled_from(Proof),
)
def test_nothing_of_others_is_replaced_unless_the_job_says_so(
    there: ObjectVersion | None, existing: str, proof: Proof
) -> None:
    action = decide(HERE, "k", there, Rules(existing, False), proof)
    if isinstance(action, Copy) and there is not None:
        assert existing == "overwrite" or (existing == "skip-same" and proof is Proof.OURS)
        assert action.replaces == there
