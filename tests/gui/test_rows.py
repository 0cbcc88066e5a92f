"""What every table can do: a row is copied, and a key that has no room is shown whole."""

from __future__ import annotations

from dataclasses import replace

import pytest

from migrator.gui.screen import Group
from migrator.gui.views.run import HIGH_TABS
from migrator.model.active import ActiveTransfer
from migrator.model.events import ObjectFailed, TransferProgress
from migrator.model.ledger import Outcome
from tests.gui import canned
from tests.gui.conftest import Driver

pytestmark = pytest.mark.window

LONG = "video/" + "a-folder-with-a-long-name/" * 12 + "the-end.mp4"


def running(driver: Driver) -> None:
    driver.presenter.show("run")
    driver.service.say(*canned.started(), TransferProgress(1, (ActiveTransfer(LONG, 10**9, 10**6),)))
    driver.pump()


def test_copy_takes_the_whole_key_of_the_chosen_transfer(driver: Driver) -> None:
    running(driver)
    tree = driver.window.run.transfers.tree
    assert LONG not in str(tree.item("t0", "values"))  # shortened in the middle
    tree.selection_set("t0")
    driver.key("<Control-c>", tree)
    assert driver.root.clipboard_get() == LONG


def test_copy_without_a_chosen_row_leaves_the_clipboard(driver: Driver) -> None:
    running(driver)
    driver.root.clipboard_clear()
    driver.root.clipboard_append("mine")
    driver.key("<Control-c>", driver.window.run.transfers.tree)
    assert driver.root.clipboard_get() == "mine"


def test_copy_takes_a_run_of_the_history_with_its_id(driver: Driver) -> None:
    driver.presenter.show("history")
    driver.service.say(canned.history())
    driver.pump()
    tree = driver.window.history.tree
    run = tree.get_children()[0]
    tree.selection_set(run)
    driver.key("<Control-c>", tree)
    assert driver.root.clipboard_get().startswith(run)


def test_a_key_that_is_cut_off_is_shown_whole_below_its_row(driver: Driver) -> None:
    running(driver)
    tree = driver.window.run.transfers.tree
    x, y, _, height = tree.bbox("t0", "key")
    # The real pointer comes along: were it elsewhere, what is shown might come to lie below it.
    tree.event_generate("<Motion>", x=x + 5, y=y + height // 2, warp=True)
    tips = []

    def found() -> bool:
        tips[:] = [each for each in tree.winfo_children() if each.winfo_class() == "Toplevel"]
        return bool(tips)

    driver.pump(until=found)
    (label,) = tips[0].winfo_children()
    assert label.cget("text") == LONG
    assert tips[0].winfo_rooty() >= tree.winfo_rooty() + y + height
    tree.event_generate("<Leave>")
    driver.pump(until=lambda: not found())


def test_a_key_that_has_room_needs_no_second_showing(driver: Driver) -> None:
    driver.presenter.show("run")
    driver.service.say(*canned.started(), TransferProgress(1, (ActiveTransfer("a.mp4", 10**9, 10**6),)))
    driver.pump()
    tree = driver.window.run.transfers.tree
    x, y, _, height = tree.bbox("t0", "key")
    tree.event_generate("<Motion>", x=x + 5, y=y + height // 2)
    driver.pump()
    assert driver.window.run.transfers.tip.text == ""


def test_other_keys_of_the_same_cause_take_the_place_of_those_before(driver: Driver) -> None:
    """A later run may fail for the same causes, and nobody was on this page meanwhile."""
    table = driver.window.run.problems
    one = Group("Timeout", 3, "It took too long.", "", ("a", "b", "c"))
    table.render((one,))
    table.render((replace(one, samples=("a", "b", "c", "d"), count=4),))
    assert [table.tree.item(row, "text") for row in table.tree.get_children("g0")] == ["a", "b", "c", "d"]
    table.render((replace(one, samples=("x",), count=1),))
    assert [table.tree.item(row, "text") for row in table.tree.get_children("g0")] == ["x"]


def test_the_words_of_a_cause_have_their_room_when_the_run_has_ended(driver: Driver) -> None:
    """They may have been told while it went on, when the table was low."""
    long = "The destination says of these objects what takes many words to say. " * 8
    driver.presenter.show("run")
    driver.service.say(*canned.started(), ObjectFailed("a", 1, "Odd", long, long))
    driver.pump()
    driver.window.run.tabs.select(driver.window.run.problems)
    driver.pump()
    driver.service.say(canned.summary(Outcome.STOPPED))
    driver.pump()
    table = driver.window.run.problems
    assert table.detail.winfo_reqheight() > HIGH_TABS
    assert table.winfo_height() >= table.detail.winfo_reqheight()
