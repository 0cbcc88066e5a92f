"""Leave Out: objects of one cause are named in the filter of the next run; nothing is skipped silently."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.config import job_from
from migrator.gui import labels
from migrator.gui.form import Direction, split_patterns, to_table
from migrator.gui.groups import MOST_LEFT_OUT
from migrator.gui.screen import Group
from migrator.gui.status import Intent, Status, Tone
from migrator.model.events import ObjectFailed, Warned
from migrator.model.globs import BadPattern, compile_glob, exact
from migrator.model.not_copied import NotCopied
from tests.gui import canned
from tests.gui.conftest import Driver
from tests.gui.test_presenter import Desk

KMS = "Access denied by a KMS key"
KEYS = ("video/2025/01/raw/k17.mov", "video/2025/01/raw/k18.mov")


def failed() -> Desk:
    desk = Desk()
    desk.run(*canned.failures(), canned.failed_summary())
    return desk


def group(desk: Desk, cause: str) -> Group:
    return next(each for each in desk.see().run.groups if each.cause.startswith(cause))


def left_out(desk: Desk) -> None:
    desk.presenter.run.uncopied.leave_out(KMS, 21)
    desk.presenter.answer(yes=True)


def test_it_is_asked_for_and_says_what_it_will_do_and_what_not() -> None:
    desk = failed()
    desk.presenter.run.uncopied.leave_out(KMS, 21)
    question = desk.see().bar.question
    assert question is not None
    assert question.headline == "Leave 21 objects out from the next run?"
    assert "goes on to name it as not copied" in question.text
    desk.presenter.answer(yes=False)
    assert desk.service.asked[-1][0] != "find_not_copied"
    assert desk.see().setup.form == canned.FORM


def test_the_next_run_s_filter_names_each_of_them_and_the_ended_run_stays_what_it_is() -> None:
    desk = failed()
    left_out(desk)
    assert desk.service.asked[-1] == ("find_not_copied", canned.RUN, KMS, MOST_LEFT_OUT)
    screen = desk.hear(NotCopied(canned.RUN, KMS, KEYS))
    assert screen.page == "setup"
    patterns = split_patterns(screen.setup.form.exclude)
    assert patterns == ["tmp/**", "/2025/01/raw/k17.mov", "/2025/01/raw/k18.mov"]  # without the folder
    assert screen.setup.generated == labels.LEFT_OUT.format(objects="2 objects")
    assert screen.status is Status.CONNECTED  # ready for the next run
    assert screen.run.ledger is not None  # and that one still says what it said
    assert {term.caption for term in screen.run.ledger.terms} >= {"failed", "in conflict, kept"}
    table = to_table(screen.setup.form)
    filters = job_from(table).filters
    assert [compile_glob(each).search("2025/01/raw/k17.mov") is not None for each in filters.exclude] == [
        False,
        True,
        False,
    ]


def test_twice_is_once() -> None:
    desk = failed()
    for _ in range(2):
        left_out(desk)
        desk.hear(NotCopied(canned.RUN, KMS, KEYS))
        desk.presenter.show("run")
    assert len(split_patterns(desk.see().setup.form.exclude)) == 3


def test_it_is_offered_for_failures_conflicts_and_what_cannot_be_carried_over() -> None:
    desk = failed()
    by = {each.cause: each.left_out_by for each in desk.see().run.groups}
    assert by["Archived, needs a restore"] == "archived"
    assert by["Different object already there"] == "different-content"
    assert group(desk, KMS).left_out_by == KMS


def test_many_objects_are_not_left_out_one_by_one_and_it_says_what_to_do() -> None:
    desk = Desk()
    many = [ObjectFailed(f"k{n}", 1, "Timeout", "It took too long.") for n in range(MOST_LEFT_OUT + 1)]
    desk.run(*many, canned.failed_summary())
    found = group(desk, "Timeout")
    assert (found.left_out_by, "Not keys like" in found.why_not) == ("", True)


def test_more_than_could_be_named_by_now_changes_nothing() -> None:
    desk = failed()
    left_out(desk)
    screen = desk.hear(NotCopied(canned.RUN, KMS, KEYS, more=True))
    assert screen.setup.form == canned.FORM
    assert screen.setup.generated_tone is Tone.WARN
    assert screen.status is Status.FINISHED_WITH_FAILURES


@pytest.mark.parametrize("what", ["another bucket", "the other direction", "a run that was found"])
def test_it_is_not_offered_where_set_up_is_about_something_else(what: str) -> None:
    desk = failed()
    match what:
        case "another bucket":
            desk.presenter.set_up.edit("aws.bucket", "other")
        case "the other direction":
            desk.presenter.set_up.choose_direction(Direction.LYVE_TO_AWS.value)
        case _:
            desk.presenter.do(Intent.NEW_MIGRATION)
            desk.hear(canned.found("20261101T105002Z-7f3a"))
    assert not any(each.left_out_by for each in desk.see().run.groups)
    desk.presenter.run.uncopied.leave_out(KMS, 21)
    assert desk.see().bar.question is None


def test_what_stays_after_a_roll_back_is_no_part_of_a_next_run() -> None:
    desk = failed()
    desk.presenter.do(Intent.ROLL_BACK)
    desk.hear(*canned.looked_ahead(3))
    desk.presenter.answer(yes=True)
    desk.hear(*canned.rolled_back(3))
    assert desk.see().run.groups
    assert not any(each.left_out_by for each in desk.see().run.groups)


def test_an_answer_that_nobody_waits_for_any_more_changes_nothing() -> None:
    desk = failed()
    screen = desk.hear(NotCopied(canned.RUN, KMS, KEYS))
    assert screen.setup.form == canned.FORM


def test_where_they_could_not_be_named_no_later_answer_leaves_anything_out() -> None:
    """Copy Keys of the same cause, pressed twice, has two answers: the second is no answer to Leave Out."""
    desk = failed()
    left_out(desk)
    assert (
        "could not be read"
        in desk.hear(Warned("not-copied", "The journal could not be read.")).log.lines[-1].text
    )
    for _ in range(2):
        desk.presenter.run.uncopied.copy_keys(KMS, ())
    screen = desk.hear(NotCopied(canned.RUN, KMS, KEYS), NotCopied(canned.RUN, KMS, KEYS))
    assert desk.view.copied.splitlines() == list(KEYS)
    assert screen.setup.form == canned.FORM
    assert screen.page == "run"


def test_where_set_up_is_about_something_else_by_now_nothing_is_left_out_later_either() -> None:
    desk = failed()
    left_out(desk)
    desk.presenter.set_up.edit("aws.bucket", "other")
    assert desk.hear(NotCopied(canned.RUN, KMS, KEYS)).log.lines[-1].text == labels.NOTHING_LEFT_OUT
    desk.presenter.set_up.edit("aws.bucket", canned.FORM.aws.bucket)
    assert desk.hear(NotCopied(canned.RUN, KMS, KEYS)).setup.form.exclude == canned.FORM.exclude


def test_a_name_that_no_pattern_can_say_is_told_and_not_left_out() -> None:
    desk = failed()
    left_out(desk)
    screen = desk.hear(NotCopied(canned.RUN, KMS, (*KEYS, "video/\udcff", "video/***/masked")))
    assert len(split_patterns(screen.setup.form.exclude)) == 3
    assert "2 objects could not be added" in screen.setup.generated
    assert screen.setup.generated_tone is Tone.WARN


def test_the_form_is_good_for_a_run_again_after_it() -> None:
    """Migrate Data plans with the new filter."""
    desk = failed()
    left_out(desk)
    desk.hear(NotCopied(canned.RUN, KMS, KEYS))
    desk.presenter.do(Intent.MIGRATE)
    name, table, _ = desk.service.asked[-1]
    assert (name, table["filters"]["exclude"][1:]) == (
        "plan",
        ["/2025/01/raw/k17.mov", "/2025/01/raw/k18.mov"],
    )


def test_copy_keys_copies_every_key_whole_and_not_what_the_table_shows() -> None:
    """The table has 20 samples of 21, and shortens long ones."""
    desk = failed()
    found = group(desk, KMS)
    assert len(found.samples) < found.count
    desk.presenter.run.uncopied.copy_keys(found.named_by, found.samples)
    assert desk.service.asked[-1][:3] == ("find_not_copied", canned.RUN, KMS)
    keys = (*(f"video/{n}.mov" for n in range(20)), "video/" + "long/" * 60, "two\nlines")
    screen = desk.hear(NotCopied(canned.RUN, KMS, keys))
    assert desk.view.copied.splitlines() == [*keys[:-1], "two\\u{a}lines"]
    assert screen.log.lines[-1].text == "22 keys copied to the clipboard, one a line."
    assert screen.status is Status.FINISHED_WITH_FAILURES  # nothing else has changed
    assert screen.setup.form == canned.FORM


def test_copy_keys_of_what_had_to_stay_copies_what_is_known() -> None:
    desk = failed()
    desk.presenter.do(Intent.ROLL_BACK)
    desk.hear(*canned.looked_ahead(3))
    desk.presenter.answer(yes=True)
    found = desk.hear(*canned.rolled_back(3)).run.groups[0]
    desk.presenter.run.uncopied.copy_keys(found.named_by, found.samples)
    assert desk.view.copied.splitlines() == list(found.samples)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
TRICKY = st.text("ab*?[]{}\\,/ !^-'\".é", min_size=1, max_size=8)


@given(st.lists(TRICKY | TEXT, min_size=1, max_size=4), TRICKY)
def test_a_pattern_of_a_key_matches_it_and_nothing_else_even_after_the_form(
    keys: list[str], other: str
) -> None:
    patterns = []
    for key in keys:
        try:
            patterns.append(exact(key))
        except BadPattern:
            assert not key.isprintable()
    said = split_patterns(", ".join(patterns))
    assert said == patterns
    sayable = [key for key in keys if key.isprintable()]
    for pattern, key in zip(said, sayable, strict=True):
        assert compile_glob(pattern).search(key)
        assert (compile_glob(pattern).search(other) is not None) == (other == key)
        assert not compile_glob(pattern).search(f"deeper/{key}")
        assert not compile_glob(pattern).search(f"{key}/below")


@pytest.mark.window
def test_leave_out_is_a_button_beside_retry(driver: Driver) -> None:
    driver.connect()
    driver.migrate()
    driver.service.say(*canned.started(), *canned.failures(), canned.failed_summary())
    driver.pump()
    table = driver.window.run.problems
    assert table.leave_out.winfo_viewable()
    table.leave_out.invoke()
    driver.pump()
    driver.press("yes")
    assert driver.service.asked[-1][0] == "find_not_copied"
    driver.service.say(NotCopied(canned.RUN, KMS, KEYS))
    driver.pump()
    assert driver.screen.page == "setup"
    assert "/2025/01/raw/k17.mov" in driver.window.setup.fields["exclude"].get()


def test_the_place_of_a_run_is_no_place_for_keys() -> None:
    desk = failed()
    place = desk.presenter.run.uncopied._begun_place
    assert place is not None
    assert not place.aws.keys.secrets + place.lyve.keys.secrets
