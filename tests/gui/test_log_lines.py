"""A line of the log that is about one object brings that object into sight, where anything has it."""

from __future__ import annotations

from typing import Any

import pytest

from migrator import words
from migrator.gui import labels
from migrator.gui.intake import SILENT_TICKS
from migrator.gui.lately import MOST_DONE
from migrator.gui.log import MAX_CHARS, Log, LogLine
from migrator.gui.status import Intent
from migrator.model.events import (
    Event,
    ObjectChecked,
    ObjectConflict,
    ObjectCopied,
    ObjectFailed,
    ObjectUndone,
    ObjectUnsupported,
    PhaseChanged,
    RunStarted,
    Warned,
)
from migrator.model.events import Phase as Phases
from migrator.model.ledger import Outcome
from migrator.model.objects import visible
from migrator.model.planned import PlanRow, PlanRows
from migrator.model.run_state import MAX_SAMPLES
from migrator.phrases import KEY_CHARS
from migrator.words import Line
from tests.gui import canned
from tests.gui.conftest import Driver
from tests.gui.test_presenter import Desk

AT = "2025-01-14T10:50:02+00:00"
ABOUT_ONE = [
    ObjectCopied("a/b.mp4", 10, "digest"),
    ObjectFailed("a/b.mp4", 10, "AccessDenied", "No."),
    ObjectConflict("a/b.mp4", "different-content"),
    ObjectUnsupported("a/b.mp4", "archived"),
    ObjectUndone("a/b.mp4", "removed"),
    ObjectUndone("a/b.mp4", "gone"),
    ObjectUndone("a/b.mp4", "left", "not-ours"),
    ObjectChecked("a/b.mp4", "missing"),
]
#: What would be shown in another way than it is: too long, invisible, of bytes that are no text.
ODD = ["k" * (KEY_CHARS + 1), "a\u202eb", "line\nbreak", "\ud83dx", "tab\tx"]


def lines_of(desk: Desk, key: str) -> list[LogLine]:
    return [line for line in desk.presenter.log.lines if line.key == key]


def open_line(desk: Desk, key: str) -> bool:
    """The newest line about that key."""
    return desk.presenter.log_page.open_line(lines_of(desk, key)[-1].seq)


def migrating(*events: Event) -> Desk:
    """A plan, and the run that came of it."""
    desk = Desk()
    desk.connect()
    desk.presenter.do(Intent.MIGRATE)
    desk.hear(*canned.planned())
    desk.hear(*canned.started(), PhaseChanged(Phases.COPYING), *events)
    return desk


def failed(number: int, cause: str = "AccessDenied") -> ObjectFailed:
    return ObjectFailed(f"raw/{number:04}.mov", 10, cause, "No.")


# -- what a line is about -------------------------------------------------------------------------


@pytest.mark.parametrize("event", ABOUT_ONE, ids=lambda event: type(event).__name__)
def test_a_sentence_about_one_object_names_it(event: Event) -> None:
    line = words.sentence(event)
    assert line is not None
    assert line.key == "a/b.mp4"
    assert line.text.startswith("a/b.mp4  ")


@pytest.mark.parametrize("event", [canned.throttled(), Warned("a", "b"), PhaseChanged(Phases.LISTING)])
def test_a_sentence_about_no_object_names_none(event: Event) -> None:
    line = words.sentence(event)
    assert line is not None
    assert line.key == ""


@pytest.mark.parametrize("key", ["a/b.mp4", " a", "é", "k" * KEY_CHARS, *ODD])
def test_the_log_knows_a_key_as_it_is_and_shows_it_so_that_nothing_hides(key: str) -> None:
    log = Log()
    line = words.sentence(ObjectFailed(key, 1, "x", "m" * MAX_CHARS))
    assert line is not None
    log.add("14:00:00", line)
    assert log.lines[0].key == key
    assert log.lines[0].text.startswith(visible(key, KEY_CHARS))
    assert len(log.lines[0].text) <= MAX_CHARS


def test_a_key_that_stands_in_its_line_is_not_kept_once_more() -> None:
    log = Log()
    log.add("14:00:00", Line("warn", "copy", "a/b.mp4  there", "a/b.mp4"))
    assert (log.lines[0].key_chars, log.lines[0].odd_key) == (7, "")


def test_what_is_folded_into_one_line_is_about_no_object() -> None:
    desk = migrating(*canned.copied(200))
    assert desk.presenter.log.flush()
    assert desk.presenter.log.lines[-1].key == ""
    assert not desk.presenter.log_page.open_line(desk.presenter.log.lines[-1].seq)


def test_a_line_about_no_object_and_one_that_is_gone_do_nothing() -> None:
    desk = migrating(failed(1))
    before = desk.see()
    for line in before.log.lines:
        if not line.key:
            assert not desk.presenter.log_page.open_line(line.seq)
    for seq in (0, -1, 10**6):
        assert not desk.presenter.log_page.open_line(seq)
    assert desk.see() == before


# -- where it leads -------------------------------------------------------------------------------


def test_a_failure_is_shown_among_the_failures_of_its_cause() -> None:
    desk = migrating(failed(1), failed(2, "SlowDown"), failed(3), ObjectConflict("c", "different-content"))
    desk.presenter.show("history")
    for key, row, sample in (("raw/0003.mov", 0, 1), ("raw/0002.mov", 1, 0), ("c", 2, 0)):
        assert open_line(desk, key)
        screen = desk.see()
        assert screen.page == "run"
        assert screen.run.pointed is not None
        assert (screen.run.pointed.row, screen.run.pointed.sample) == (row, sample)
        assert screen.run.groups[row].samples[sample] == key


def test_a_row_is_pointed_at_where_it_stands_by_now() -> None:
    """Failures of a new cause come before what is in conflict."""
    desk = migrating(ObjectConflict("c", "different-content"))
    open_line(desk, "c")
    screen = desk.hear(failed(1))
    assert screen.run.pointed is not None
    assert screen.run.groups[screen.run.pointed.row].samples == ("c",)


def test_a_copy_is_shown_in_done_while_the_run_goes_on() -> None:
    desk = migrating(*canned.copied(5))
    key = lines_of(desk, canned.copied(5)[2].key)[0].key  # type: ignore[union-attr]
    assert open_line(desk, key)
    pointed = desk.see().run.pointed
    assert pointed is not None
    assert pointed.sample is None
    assert desk.see().run.done[pointed.row].cells[0] == key
    moved = desk.hear(*canned.copied(3, 5)).run
    assert moved.pointed is not None
    assert moved.pointed.turn == pointed.turn  # nobody is sent there again
    assert moved.done[moved.pointed.row].cells[0] == key


def test_of_two_tables_that_have_it_the_line_says_which() -> None:
    """It failed, was tried again, and was copied."""
    desk = migrating(ObjectFailed("a", 1, "SlowDown", "No."), ObjectCopied("a", 1, "digest"))
    failure, copy = lines_of(desk, "a")
    desk.presenter.log_page.open_line(copy.seq)
    pointed = desk.see().run.pointed
    assert pointed is not None
    assert pointed.sample is None
    desk.presenter.log_page.open_line(failure.seq)
    again = desk.see().run.pointed
    assert again is not None
    assert again.sample == 0
    assert again.turn > pointed.turn


def test_what_no_table_has_any_more_is_looked_up_in_the_plan_that_the_run_came_of() -> None:
    desk = migrating(*(failed(n) for n in range(MAX_SAMPLES + 1)), *canned.copied(1))
    late, early = f"raw/{MAX_SAMPLES:04}.mov", canned.copied(1)[0].key  # type: ignore[union-attr]
    desk.hear(*canned.copied(MOST_DONE, 1))
    for key in (late, early):
        assert open_line(desk, key)
        assert desk.service.sought[-1] == (key, "")
        screen = desk.hear(PlanRows(key, "", (PlanRow(key, "copy", "new", 1, AT, ""),), exact=True))
        assert screen.page == "plan"
        assert screen.run.pointed is None
        assert screen.plan.keys is not None
        assert [row.key for row in screen.plan.keys.rows] == [key]
        assert screen.log.said == ""


def test_after_the_end_copies_are_looked_up_in_the_plan() -> None:
    """Done is not there any more."""
    desk = migrating(*canned.copied(3), canned.summary())
    open_line(desk, canned.copied(3)[0].key)  # type: ignore[union-attr]
    assert desk.see().page == "plan"


def test_a_conflict_that_the_plan_told_of_is_found_there_whatever_was_sought_before() -> None:
    desk = Desk()
    desk.connect()
    desk.presenter.do(Intent.PREVIEW_PLAN)
    started, *rest = canned.planned()
    desk.hear(started, ObjectConflict("c", "different-content", while_listing=True), *rest)
    desk.presenter.plan.find("other", "copy")
    open_line(desk, "c")
    assert desk.service.sought[-1] == ("c", "")
    assert desk.see().page == "plan"


@pytest.mark.parametrize("key", ODD)
def test_a_key_is_sought_as_it_is_and_shown_so_that_nothing_hides(key: str) -> None:
    desk = migrating(ObjectConflict("x", "different-content"), ObjectCopied(key, 1, "digest"))
    desk.hear(canned.summary())
    open_line(desk, key)
    screen = desk.see()
    assert screen.plan.keys is not None
    shown = screen.plan.keys.text
    assert shown == visible(key)
    assert desk.service.sought[-1] == (key, "")
    # Return in the field, and another outcome, still mean that key and not what is shown of it.
    desk.presenter.plan.find(text=shown)
    desk.presenter.plan.find(outcome="copy")
    assert desk.service.sought[-2:] == [(key, ""), (key, "copy")]
    desk.presenter.plan.find(text=f"{shown}.")
    assert desk.service.sought[-1] == (f"{shown}.", "copy")


def test_the_plan_of_something_else_is_not_asked() -> None:
    """A run that was gone on with, of which this window made no plan; and a plan that was made after it."""
    desk = Desk()
    desk.plan(*canned.planned())
    desk.presenter.run.resume_of("20261101T000000000Z-aaaaaa", 3)
    desk.hear(RunStarted("20261101T000000000Z-aaaaaa", "resume", "s3://x", "s3://y", 4), *canned.copied(1))
    desk.hear(canned.summary(Outcome.STOPPED))
    sought = list(desk.service.sought)
    assert open_line(desk, canned.copied(1)[0].key)  # type: ignore[union-attr]
    screen = desk.see()
    assert desk.service.sought == sought
    assert screen.page != "plan"
    assert screen.log.said == labels.LOG_NOT_HERE


def test_an_earlier_run_in_this_window_is_not_looked_up_in_the_tables_of_the_newest() -> None:
    desk = migrating(failed(1), canned.failed_summary())
    old = lines_of(desk, failed(1).key)[0]
    desk.presenter.run.new_migration()
    desk.presenter.do(Intent.MIGRATE)
    desk.hear(*canned.planned())
    desk.hear(RunStarted("20991231T000000000Z-bbbbbb", "run", "s3://x", "s3://y", 4), failed(1))
    sought = list(desk.service.sought)
    assert desk.presenter.log_page.open_line(old.seq)
    assert desk.see().run.pointed is None
    assert desk.service.sought == sought
    assert desk.see().log.said == labels.LOG_NOT_HERE


def test_what_a_roll_back_left_is_shown_and_what_it_removed_is_in_no_plan() -> None:
    desk = migrating(*canned.copied(2), canned.summary())
    desk.presenter.run.last_run = canned.RUN
    events = canned.rolled_back(2)
    desk.hear(events[0], ObjectUndone("gone.mp4", "removed"), *events[1:])
    left = next(each.key for each in events if isinstance(each, ObjectUndone))
    open_line(desk, left)
    pointed = desk.see().run.pointed
    assert pointed is not None
    assert pointed.sample is not None
    assert desk.see().run.groups[pointed.row].samples[pointed.sample] == left
    sought = list(desk.service.sought)
    assert open_line(desk, "gone.mp4")
    assert desk.service.sought == sought
    assert desk.see().log.said == labels.LOG_NOT_HERE


def test_what_is_not_there_now_does_not_jump_into_sight_later() -> None:
    desk = migrating(ObjectConflict("x", "different-content"))
    line = Line("warn", "undo", "late  left", "late")
    desk.presenter.write(line)
    assert open_line(desk, "late")
    assert desk.hear(ObjectFailed("late", 1, "x", "m")).run.pointed is None


def test_while_another_plan_is_made_the_old_one_is_not_asked() -> None:
    desk = migrating(*canned.copied(1), canned.summary())
    desk.presenter.run.new_migration()
    desk.presenter.do(Intent.PREVIEW_PLAN)
    for _ in range(SILENT_TICKS - 1):
        desk.presenter.tick()
    sought = list(desk.service.sought)
    open_line(desk, canned.copied(1)[0].key)  # type: ignore[union-attr]
    assert desk.service.sought == sought


# -- the widgets ----------------------------------------------------------------------------------


def show_run(driver: Driver, *events: Event) -> Any:
    driver.connect()
    driver.migrate()
    driver.service.say(*canned.started(), canned.listing(), PhaseChanged(Phases.COPYING), *events)
    driver.pump()
    return driver.window.run.log


def row_of(pane: Any, key: str) -> int:
    """The row of the text that has the newest line about it."""
    where = pane.text.search(key, "end", backwards=True)
    assert where
    return int(where.split(".")[0])


def double_click(driver: Driver, pane: Any, row: int) -> None:
    pane.text.see(f"{row}.0")
    driver.root.update()
    x, y, _, height = pane.text.bbox(f"{row}.30")
    click_twice(driver, pane, x, y + height // 2)


def click_twice(driver: Driver, pane: Any, x: int, y: int) -> None:
    for _ in range(2):
        for gesture in ("<Button-1>", "<ButtonRelease-1>"):
            pane.text.event_generate(gesture, x=x, y=y)
    driver.pump()


@pytest.mark.window
def test_a_double_click_opens_the_failure_and_chooses_its_key(driver: Driver) -> None:
    pane = show_run(driver, *canned.failures(), *canned.copied(3))
    double_click(driver, pane, row_of(pane, "video/live/7.ts"))
    problems = driver.window.run.problems
    assert str(driver.window.run.tabs.select()) == str(problems)
    (chosen,) = problems.tree.selection()
    assert problems.tree.item(chosen, "text") == "video/live/7.ts"
    assert problems.tree.bbox(chosen)  # in sight
    assert problems.winfo_viewable()
    assert driver.root.focus_get() is problems.tree
    # Somebody else's choice is not taken back by what comes after.
    problems.tree.selection_set("g0")
    driver.service.say(*canned.copied(3, 3))
    driver.pump()
    assert problems.tree.selection() == ("g0",)


@pytest.mark.window
def test_return_opens_the_line_that_the_keyboard_is_on(driver: Driver) -> None:
    pane = show_run(driver, *canned.copied(6))
    pane.text.focus_force()
    pane.text.mark_set("insert", "end-1c")
    for _ in range(2):
        driver.key("<Up>", pane.text)
    row = int(pane.text.index("insert").split(".")[0])
    first, last = (str(each) for each in pane.text.tag_ranges("here"))
    assert first == f"{row}.0"
    assert last == f"{row + 1}.0"
    driver.key("<Return>", pane.text)
    done = driver.window.run.done
    assert str(driver.window.run.tabs.select()) == str(done)
    (chosen,) = done.tree.selection()
    assert done.tree.item(chosen, "text") == "video/2025/01/cam07/0003.mp4"
    assert driver.root.focus_get() is done.tree
    assert not pane.text.tag_ranges("here")  # the keyboard is elsewhere now


@pytest.mark.window
def test_the_chosen_copy_stays_chosen_while_others_come_before_it(driver: Driver) -> None:
    pane = show_run(driver, *canned.copied(6))
    double_click(driver, pane, row_of(pane, "cam07/0004.mp4"))
    done = driver.window.run.done
    for start in (6, 9):
        driver.service.say(*canned.copied(3, start))
        driver.pump()
        (chosen,) = done.tree.selection()
        assert done.tree.item(chosen, "text") == "video/2025/01/cam07/0004.mp4"
    driver.service.say(*canned.copied(MOST_DONE, 12))
    driver.pump()
    assert done.tree.selection() == ()


@pytest.mark.window
def test_a_double_click_leads_to_the_plan_and_the_focus_goes_along(driver: Driver) -> None:
    pane = show_run(driver, *canned.copied(3), canned.summary())
    double_click(driver, pane, row_of(pane, "cam07/0001.mp4"))
    key = "video/2025/01/cam07/0001.mp4"
    driver.service.say(PlanRows(key, "", (PlanRow(key, "copy", "new", 1, AT, ""),), exact=True))
    finder = driver.window.plan.finder
    driver.pump(lambda: driver.root.focus_get() is finder.tree)
    assert driver.screen.page == "plan"
    assert finder.text.get() == key
    assert finder.tree.selection() == ("k0",)


@pytest.mark.window
def test_lines_are_found_below_one_with_line_breaks_and_behind_a_filter(driver: Driver) -> None:
    driver.presenter.show("run")
    pane = driver.window.run.log
    driver.presenter.write(Line("error", "window", "one\ntwo\nthree"))
    show_run(driver, *canned.failures(), *canned.copied(3))
    driver.presenter.log_page.filter_log(level="error")
    driver.pump()
    rows = int(pane.text.index("end-1c").split(".")[0])
    for row in range(1, rows + 1):
        line = driver.presenter.log.line(pane._line_at(row))
        assert line is not None
        assert (line.text if row > 3 else line.text.split("\n")[row - 1]) in pane.text.get(
            f"{row}.0", f"{row}.end"
        )


@pytest.mark.window
def test_a_double_click_on_other_lines_and_beside_them_does_nothing_but_choose_a_word(driver: Driver) -> None:
    pane = show_run(driver)
    before = str(driver.window.run.tabs.select())
    double_click(driver, pane, 1)
    assert pane.text.tag_ranges("sel")
    driver.presenter.log_page.filter_log(search="no such line")
    driver.pump()
    click_twice(driver, pane, 20, 10)
    driver.presenter.log_page.filter_log(search="")
    driver.service.say(*canned.failures()[:1])
    driver.presenter.log_page.filter_log(level="error")
    driver.pump()
    click_twice(driver, pane, 200, pane.text.winfo_height() - 3)
    assert str(driver.window.run.tabs.select()) == before
    assert driver.screen.page == "run"
