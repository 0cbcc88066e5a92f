"""What every table can do: a row is copied, and a key that has no room is shown whole."""

from __future__ import annotations

import pytest

from migrator.model.events import ActiveTransfer, TransferProgress
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
