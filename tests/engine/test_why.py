"""`why`: every kind of outcome gives its reason, and a key is found however it is written."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.engine.home import RunLock
from migrator.engine.why import _unescaped, why
from migrator.model.objects import RESERVED_PREFIX, visible
from migrator.model.why import Answer
from migrator.store.base import Versioning
from migrator.why_words import why_text
from tests.support.faulty import Faulty, fails, meanwhile
from tests.support.world import FROM, TO, World

NFC, NFD = "in/caf\u00e9", "in/cafe\u0301"


@pytest.fixture
def done(world: World) -> World:
    """A run with every outcome, from `in/` to `out/`."""
    world.set("source", prefix="in/").set("destination", prefix="out/")
    world.set("filters", exclude=["*.bak", "*.tmp"], max_size="1 KB")
    world.set("transfer", threads=1)
    for name in ("copied", "same", "conflict", "x.tmp", "fails", "raced", "bell\x07", "caf\u00e9"):
        world.seed(f"in/{name}")
    world.seed("in/large", b"x" * 1001)
    world.seed("elsewhere")
    world.source_cloud.seed("from-bucket", "in/archived", b"x", storage_class="GLACIER")
    world.put_there("out/same", b"body")
    world.put_there("out/conflict", b"different")
    world.destination = Faulty(
        world.destination,
        fails("PutObject", key="out/fails", times=None),
        meanwhile("PutObject", lambda: world.put_there("out/raced"), key="out/raced"),
    )
    world.run()
    world.seed("in/late")
    return world


def ask(world: World, key: str, run: str = "latest") -> Answer:
    return why(world.directory, key, world.clock)


#: Key -> outcome, reason, setting, and a piece of the sentence.
ROWS = {
    "in/copied": ("copied", "", "", "content digest equal"),
    "in/same": ("same", "", "", "same content"),
    "in/conflict": ("conflict", "different-content", "", "different content under this name"),
    "in/raced": ("conflict", "changed-meanwhile", "", "Somebody wrote this object"),
    "in/x.tmp": ("filtered", "exclude", 'exclude = "*.tmp"', 'Not keys like (exclude = "*.tmp")'),
    "in/large": ("filtered", "max_size", 'max_size = "1 KB"', 'larger than Max Size (max_size = "1 KB")'),
    "in/archived": ("unsupported", "archived", "", "has to be restored before"),
    "in/fails": ("failed", "InternalError", "", "Please try again. (InternalError)"),
    "elsewhere": ("not-listed", "outside-prefix", "in/", "does not begin with the job's source prefix"),
    "in/late": ("not-listed", "not-in-listing", "", "or was added later"),
}


@pytest.mark.parametrize("key", ROWS)
def test_each_outcome_has_its_reason(done: World, key: str) -> None:
    answer = ask(done, key)
    outcome, reason, setting, sentence = ROWS[key]
    assert (answer.outcome, answer.reason, answer.setting) == (outcome, reason, setting)
    assert sentence in why_text(answer)


def test_a_copy_says_when_how_sure_and_what_undoing_would_do(done: World) -> None:
    answer = ask(done, "in/copied")
    entry = done.entries()["in/copied"]
    assert (answer.assurance, answer.digest, answer.digest_algorithm) == ("digest", entry.digest, "md5")
    assert answer.destination_key == "out/copied"
    assert [state for _, state in answer.history] == ["write-intent", "committed"]
    assert answer.at == answer.history[-1][0] > "2026-01-02T"
    text = why_text(answer)
    assert entry.digest in text
    assert "Rolling back would remove the copy" in text
    json.dumps([answer.history, answer.key])


def test_what_a_roll_back_did_is_told_and_an_accepted_run_has_none(done: World) -> None:
    done.put_there("out/copied", b"by somebody else")
    done.rollback()
    assert "Changed by someone else since" in why_text(ask(done, "in/copied"))
    assert "the copy was removed" in why_text(ask(done, NFC))
    assert "Nothing was written for this key" in why_text(ask(done, "in/same"))


def test_after_accepting_nothing_would_be_undone(done: World) -> None:
    done.accept()
    assert "its undo has ended" in why_text(ask(done, "in/copied"))


@given(st.text(st.characters(exclude_characters="{"), max_size=12))
def test_what_is_shown_leads_back_to_the_key(key: str) -> None:
    assert _unescaped(visible(key)) == key


def test_a_key_may_be_given_as_a_terminal_shows_it(done: World) -> None:
    key = "in/bell\x07"
    answer = ask(done, visible(key))
    assert (answer.key, answer.found, answer.outcome) == (key, "visible", "copied")
    assert ask(done, key).found == "exact"
    assert visible(key) in why_text(answer)
    assert key not in why_text(answer)


def test_the_name_at_the_destination_will_do(done: World) -> None:
    answer = ask(done, "out/copied")
    assert (answer.key, answer.found) == ("in/copied", "destination")
    assert "its name at the destination" in why_text(answer)


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        (NFD, NFC),
        ("/in/copied", "in/copied"),
        ("copied", "in/copied"),
        ("/copied", "in/copied"),
        ("in/copied/", "in/copied"),
    ],
)
def test_near_misses_are_suggested(done: World, asked: str, near: str) -> None:
    answer = ask(done, asked)
    assert answer.outcome == "not-listed"
    assert near in answer.near
    assert "look alike" in why_text(answer)


def test_a_long_key_is_found_by_its_shortened_form(world: World) -> None:
    key = "folder/" + "x" * 300 + "/end"
    world.seed(key)
    world.run()
    assert ask(world, visible(key, 160)).near == (key,)


def test_a_saved_copy_of_ours_is_hidden_and_says_whose_it_is(world: World) -> None:
    world.seed("a", b"new")
    world.put_there("a", b"old")
    world.set("transfer", existing="overwrite")
    world.run()
    (saved,) = [key for key in world.destination_cloud.contents(TO) if key.startswith(RESERVED_PREFIX)]
    first = world.directory
    world.run()
    for directory in (first, world.directory):
        answer = why(directory, saved, world.clock)
        assert (answer.outcome, answer.reason, answer.message) == ("hidden", "saved", "a")
    text = why_text(answer)
    assert "hidden from listings" in text
    assert "old content of an object" in text
    replaced = why(first, "a", world.clock)
    assert (replaced.saved_as, replaced.would) == (saved, "saved")
    assert "bring back what was there before" in why_text(replaced)


def test_a_foreign_key_under_the_reserved_prefix_is_a_key_like_any_other(world: World) -> None:
    key = f"{RESERVED_PREFIX}20260102T030405000Z-abcdef/saved/1"
    world.seed(key)
    world.run()
    assert ask(world, key).outcome == "copied"
    assert ask(world, f"{key}0").outcome == "not-listed"


def test_an_unfinished_run_says_what_is_left(world: World, new_world: Callable[..., World]) -> None:
    for number in range(40):
        world.seed(f"{number:02}")
    world.set("transfer", threads=1)
    world.on_event = lambda event: world.ports.stop.ask(2) if type(event).__name__ == "ObjectCopied" else None
    world.run()
    with RunLock(world.directory):  # a process works on it
        answer = ask(world, "39")
    assert answer.outcome == "left"
    assert "not copied yet" in why_text(answer)


def test_of_a_history_the_newest_version_is_told_with_those_below_it(new_world: Callable[..., World]) -> None:
    world = new_world(versioning=Versioning.ENABLED).set("carry", versions="all")
    world.source_cloud.set_versioning(FROM, Versioning.ENABLED)
    world.seed("a", b"one")
    world.seed("a", b"two")
    world.source_cloud.delete(FROM, "a")
    world.run()
    answer = ask(world, "a")
    assert (answer.outcome, answer.kind) == ("copied", "marker")
    assert [outcome for _, outcome in answer.older] == ["copied", "copied"]
    text = why_text(answer)
    assert "about the newest delete marker" in text
    assert all(version in text for version, _ in answer.older)
