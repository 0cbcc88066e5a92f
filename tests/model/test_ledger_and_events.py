"""The books, the events, and the fold that turns events into what is shown."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.model import events, findings
from migrator.model.active import ActiveTransfer
from migrator.model.events import Event, Phase, Summary, as_json, event_name
from migrator.model.key_sets import KeySet
from migrator.model.ledger import Assurance, Drift, Ledger, Outcome, outcome_of
from migrator.model.past_runs import PastRun
from migrator.model.planned import Fate, PlanRow
from migrator.model.run_state import MAX_ACTIVE, MAX_GROUPS, MAX_SAMPLES, RunState

GOOD = Ledger(listed=10, planned=5, copied=5, verified=5, same=2, filtered=3)


# -- the ledger -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("books", "balances", "outcome"),
    [
        (Ledger(), True, Outcome.COMPLETED),
        (GOOD, True, Outcome.COMPLETED),
        (replace(GOOD, listed=11), False, Outcome.FAILED),
        (replace(GOOD, copied=4), False, Outcome.FAILED),
        (replace(GOOD, copied=4, verified=4, failed=1), True, Outcome.FAILED),
        (replace(GOOD, copied=4, verified=4, conflicts=1), True, Outcome.FAILED),
        (replace(GOOD, copied=4, verified=4, left=1), True, Outcome.FAILED),
        (replace(GOOD, filtered=2, unsupported=1), True, Outcome.FAILED),
        (replace(GOOD, verified=6), False, Outcome.FAILED),
        (replace(GOOD, planned=6), False, Outcome.FAILED),
    ],
)
def test_only_balanced_books_without_losses_are_a_success(
    books: Ledger, balances: bool, outcome: Outcome
) -> None:
    assert books.balances is balances
    assert outcome_of(books) is outcome


@given(st.lists(st.integers(0, 9), min_size=7, max_size=7))
def test_both_sums_are_the_contracts(numbers: list[int]) -> None:
    same, filtered, unsupported, copied, failed, conflicts, left = numbers
    planned = copied + failed + conflicts + left
    books = Ledger(
        listed=planned + same + filtered + unsupported,
        planned=planned,
        copied=copied,
        same=same,
        filtered=filtered,
        unsupported=unsupported,
        failed=failed,
        conflicts=conflicts,
        left=left,
    )
    assert books.balances
    assert not replace(books, listed=books.listed + 1).balances
    assert not replace(books, left=left + 1).balances
    assert (outcome_of(books) is Outcome.COMPLETED) == (not failed + conflicts + unsupported + left)


def test_assurances_are_ranked_as_the_contract_lists_them() -> None:
    assert [level.value for level in Assurance] == ["read-back", "digest", "etag", "accepted", "size"]
    assert Assurance.READ_BACK.is_at_least(Assurance.SIZE)
    assert Assurance.DIGEST.is_at_least(Assurance.DIGEST)
    assert not Assurance.ACCEPTED.is_at_least(Assurance.ETAG)


# -- events ---------------------------------------------------------------------------------------

_VALUES: dict[str, Any] = {
    "str": "text \udc80",
    "int": 3,
    "float": 1.5,
    "bool": True,
    "tuple[str, ...] | None": ("one", "two"),
    "Phase": Phase.COPYING,
    "Found": findings.Found.MISSING,
    "Mapping[str, int]": {"exists": 2},
    "Mapping[str, int] | None": {"exists": 2},
    "tuple[ActiveTransfer, ...]": (ActiveTransfer("key", 10, 5),),
    "Outcome": Outcome.COMPLETED,
    "Mapping[str, str]": {"source": "AKIA…N5A"},
    "Mapping[str, Any]": GOOD.as_dict(),
    "Drift | None": Drift(1, 2, 3),
    "int | None": 7,
    "float | None": 2.5,
    "tuple[str, ...]": ("one", "two"),
    "Mapping[str, Mapping[str, int]]": {"source": {"list": 2}},
    "Mapping[str, Mapping[str, float]]": {"source": {"data_out": 2.5}},
    "tuple[PropertyFound, ...]": (findings.PropertyFound("tags", "lost", 2, is_exact=True, example="key"),),
}
_VALUES["tuple[PastRun, ...]"] = (
    PastRun(**{name: _VALUES[each.type] for name, each in PastRun.__dataclass_fields__.items()}),
)
_VALUES["tuple[KeySet, ...]"] = (KeySet("lyve", "AKIA…N5A", is_stored=True),)
_VALUES["tuple[Fate, ...]"] = (Fate("copy", "new", 3, 4),)
_VALUES["tuple[int, ...]"] = (1, 2)
_VALUES["tuple[PlanRow, ...]"] = (PlanRow("key", "copy", "new", 3, "2026-01-02T03:04:05+00:00", "STANDARD"),)
KINDS: tuple[type, ...] = get_args(Event)


def example(kind: type) -> Any:
    """An event with a value in every field."""
    return kind(**{name: _VALUES[each.type] for name, each in kind.__dataclass_fields__.items()})


@pytest.mark.parametrize("kind", KINDS)
def test_every_event_is_json_able_with_all_its_fields(kind: type) -> None:
    data = json.loads(json.dumps(as_json(example(kind))))
    assert data.pop("event") == event_name(example(kind))
    fields = set(kind.__dataclass_fields__)
    assert set(data) == fields if kind is not Summary else set(data) > fields - {"ledger"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_event_has_a_place_in_the_fold_and_in_words(kind: type) -> None:
    from migrator import words

    assert isinstance(RunState().apply(example(kind)), RunState)
    line = words.sentence(example(kind))
    assert line is None or line.text


def test_event_names_are_stable() -> None:
    assert {event_name(example(kind)) for kind in KINDS} >= {
        "run-started",
        "listing-progress",
        "object-copied",
        "object-failed",
        "summary",
    }


CONTRACT = {
    "event", "run", "outcome", "listed", "planned", "copied", "verified", "same", "filtered", "unsupported",
    "failed", "conflicts", "left", "bytes_planned", "bytes_copied", "seconds", "assurance", "drift",
}  # fmt: skip


def test_the_summary_is_flat_and_has_the_contracts_fields() -> None:
    end = Summary("r", Outcome.COMPLETED, 1.0, GOOD.as_dict(), drift=Drift())
    data = json.loads(json.dumps(as_json(end)))
    assert set(data) >= CONTRACT
    assert data["assurance"] == {"read-back": 0, "digest": 0, "etag": 0, "accepted": 0, "size": 0}
    assert data["drift"] == {"added": 0, "changed": 0, "removed": 0}
    assert data["outcome"] == "completed"


def test_a_rollbacks_summary_adds_its_three_numbers() -> None:
    end = Summary("r", Outcome.ROLLED_BACK, 1.0, GOOD.as_dict(), removed=3, restored=0, left_in_place=0)
    data = as_json(end)
    assert (data["removed"], data["restored"], data["left_in_place"]) == (3, 0, 0)
    assert data["copied"] == GOOD.copied


# -- the fold -------------------------------------------------------------------------------------

STARTED = events.RunStarted("r", "run", "AWS a/", "Lyve Cloud b/", 4)


def folded(*happened: Event) -> RunState:
    state = RunState()
    for event in (STARTED, *happened):
        state = state.apply(event)
    return state


keys = st.text("abc", max_size=3)
causes = st.sampled_from(["a", "b", "c"])
happenings = st.lists(
    st.builds(events.ObjectCopied, keys, st.integers(0, 99), st.just("digest"))
    | st.builds(events.ObjectFailed, keys, st.integers(0, 99), causes, st.just("message"))
    | st.builds(events.ObjectConflict, keys, st.just("changed-meanwhile"), st.booleans())
    | st.builds(events.Retrying, st.just("AWS"), st.just("PutObject"), st.just(1), st.just(0.1), causes),
    max_size=60,
)


@given(happenings)
def test_counts_are_the_numbers_of_events(happened: list[Event]) -> None:
    state = folded(*happened)
    copied = [each for each in happened if isinstance(each, events.ObjectCopied)]
    failed = [each for each in happened if isinstance(each, events.ObjectFailed)]
    conflicts = [e for e in happened if isinstance(e, events.ObjectConflict) and not e.while_listing]
    assert state.copied == len(copied)
    assert state.bytes_copied == sum(each.size_bytes for each in copied)
    assert state.failed == len(failed) == sum(group.count for group in state.failures)
    assert state.conflicts == len(conflicts)
    assert state.settled == len(copied) + len(failed) + len(conflicts)
    assert state.retries == len([each for each in happened if isinstance(each, events.Retrying)])
    for group in state.failures:
        assert len(group.samples) == min(group.count, MAX_SAMPLES)


def test_a_million_failures_are_a_bounded_state() -> None:
    state = folded(
        *(events.ObjectFailed(f"{n}", 1, f"cause {n % 200}", "message") for n in range(5000)),
        *(events.Warned("code", f"{n}") for n in range(500)),
        events.TransferProgress(1, tuple(ActiveTransfer(f"{n}", 1, 0) for n in range(500))),
    )
    assert state.failed == 5000
    assert len(state.failures) == MAX_GROUPS
    assert max(len(group.samples) for group in state.failures) == MAX_SAMPLES
    assert len(state.active) == MAX_ACTIVE
    assert len(state.warnings) <= MAX_SAMPLES


def test_a_new_command_begins_with_a_clean_slate() -> None:
    before = folded(events.ObjectCopied("a", 1, "digest"), events.ObjectFailed("b", 1, "c", "m"))
    assert before.apply(STARTED) == folded()


def test_a_run_is_running_until_its_summary() -> None:
    state = folded()
    assert state.is_running
    ended = state.apply(Summary("r", Outcome.COMPLETED, 1.0, GOOD.as_dict()))
    assert not ended.is_running
    assert ended.phase is Phase.ENDED
    assert ended.active == ()


def test_an_object_found_unsupported_while_copying_is_not_planned_any_more() -> None:
    listing = events.ListingProgress(3, 30, 3, 30, 0, 0, 0, 0, {}, final=True)
    state = folded(listing, events.ObjectUnsupported("a", "missing-meta"))
    assert (state.planned, state.unsupported) == (2, 1)
    state = folded(listing, events.ObjectUnsupported("a", "archived", while_listing=True))
    assert (state.planned, state.unsupported) == (3, 0)
