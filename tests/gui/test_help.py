"""Help: the demo from the window, the keys of the keyboard as they are, where files are, what this is."""

from __future__ import annotations

from typing import Any

import pytest

from migrator import __version__
from migrator.gui import help_words, labels
from migrator.gui.form import Form
from migrator.gui.pages.help import LOOK_S, STARTED_S
from migrator.gui.status import Intent, Status, Tone
from migrator.model.past_runs import RunsListed
from tests.gui import canned
from tests.gui.conftest import Driver
from tests.gui.test_presenter import Desk


def new_desk() -> Desk:
    """As somebody sees it who has just installed it."""
    desk = Desk(Form())
    desk.hear(RunsListed((), 0))
    return desk


# -- the demo -------------------------------------------------------------------------------------


def test_who_has_done_nothing_yet_is_offered_the_demo() -> None:
    offer = new_desk().see().help.offer
    assert offer is not None
    assert [button.intent for button in offer.buttons] == [Intent.START_DEMO]


def test_the_offer_is_not_in_the_way_of_whoever_has_begun() -> None:
    desk = new_desk()
    desk.presenter.set_up.edit("aws.access_key_id", "AKIA")
    assert desk.see().help.offer is None
    desk = new_desk()
    assert desk.hear(canned.history()).help.offer is None
    assert Desk(Form()).see().help.offer is None  # nobody has looked at the runs yet
    assert Desk(demo=True).hear(RunsListed((), 0)).help.offer is None


def test_the_demo_is_started_once_and_again_when_its_window_is_closed() -> None:
    desk = new_desk()
    desk.presenter.do(Intent.START_DEMO)
    desk.presenter.do(Intent.START_DEMO)
    assert desk.system.demos == 1
    screen = desk.see()
    assert Intent.START_DEMO not in screen.allowed
    assert (screen.help.demo, screen.help.can_start) == (help_words.DEMO_OPEN, False)
    assert screen.help.offer is not None
    assert not screen.help.offer.buttons[0].is_enabled
    desk.system.demo_is = "none"
    desk.now += LOOK_S
    desk.presenter.tick()
    assert desk.view.screens[-1].help.can_start
    desk.presenter.do(Intent.START_DEMO)
    assert desk.system.demos == 2


def test_a_demo_that_cannot_be_started_says_why() -> None:
    desk = new_desk()
    desk.system.refusal = "permission denied"
    desk.presenter.do(Intent.START_DEMO)
    screen = desk.see()
    assert "permission denied" in screen.help.demo
    assert screen.help.demo_tone is Tone.PROBLEM
    assert screen.log.lines[-1].level == "error"
    assert Intent.START_DEMO in screen.allowed


def test_a_demo_that_ends_at_once_is_not_said_to_be_open() -> None:
    desk = new_desk()
    desk.presenter.do(Intent.START_DEMO)
    desk.system.demo_is = "failed"
    desk.now += LOOK_S
    desk.presenter.tick()
    screen = desk.view.screens[-1]
    assert help_words.DEMO_BROKE_OFF in screen.help.demo
    assert "did not start" in screen.log.lines[-1].text


def test_a_demo_that_ends_with_an_error_later_has_started() -> None:
    desk = new_desk()
    desk.presenter.do(Intent.START_DEMO)
    desk.system.demo_is = "failed"
    desk.now += STARTED_S
    desk.presenter.tick()
    screen = desk.view.screens[-1]
    assert screen.help.demo == help_words.DEMO_ENDED
    assert screen.log.lines[-1].text == help_words.DEMO_ENDED
    desk.system.refusal = "permission denied"
    desk.presenter.do(Intent.START_DEMO)
    assert "did not start: permission denied" in desk.see().help.demo


def test_there_is_no_demo_in_a_demo() -> None:
    desk = Desk(demo=True)
    desk.presenter.help.start_demo()
    screen = desk.see()
    assert desk.system.demos == 0
    assert Intent.START_DEMO not in screen.allowed
    assert screen.help.demo == help_words.THIS_IS_THE_DEMO


def test_the_demo_can_be_started_while_a_run_goes_on() -> None:
    desk = Desk()
    desk.run()
    desk.presenter.do(Intent.START_DEMO)
    assert desk.system.demos == 1
    assert desk.see().status is Status.LISTING


# -- files and the program ------------------------------------------------------------------------


def test_the_folder_of_runs_is_shown_and_opened() -> None:
    desk = Desk(folder="/home/me/runs")
    assert desk.see().help.folder == "/home/me/runs"
    desk.presenter.help.open_folder()
    assert desk.system.opened == ["/home/me/runs"]
    assert desk.see().help.folder_note == ""
    desk.system.refusal = "it is not there"
    desk.presenter.help.open_folder()
    assert "it is not there" in desk.see().help.folder_note
    desk.system.refusal = ""
    desk.presenter.help.open_folder()
    assert desk.see().help.folder_note == ""


def test_what_this_is_and_its_licences_are_said_when_asked_for() -> None:
    desk = Desk()
    assert __version__ in desk.see().help.version
    assert desk.see().help.licences == ""
    desk.presenter.help.show_licences()
    assert "Apache License 2.0" in desk.see().help.licences
    assert "boto3" in desk.see().help.licences
    desk.presenter.help.copy_about()
    assert desk.view.copied == f"{labels.TITLE} {__version__}"


def test_licences_that_cannot_be_read_end_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> str:
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr("migrator.about.licences", gone)
    desk = Desk()
    desk.presenter.help.show_licences()
    assert "No such file" in desk.see().help.licences


# -- the widgets ----------------------------------------------------------------------------------


def entries(driver: Driver, name: str) -> dict[str, tuple[Any, int]]:
    bar = driver.window.menu.bar
    at = next(n for n in range(int(bar.index("end")) + 1) if bar.entrycget(n, "label") == labels.MENUS[name])
    menu = driver.root.nametowidget(bar.entrycget(at, "menu"))
    return {
        str(menu.entrycget(n, "label")): (menu, n)
        for n in range(int(menu.index("end")) + 1)
        if menu.type(n) == "command"
    }


@pytest.mark.window
@pytest.mark.parametrize("section", [each for each in help_words.SECTIONS if each != "demo"])
def test_every_entry_of_the_help_menu_brings_its_part_into_sight(driver: Driver, section: str) -> None:
    driver.root.geometry("1024x674")
    menu, at = entries(driver, "help")[help_words.SECTIONS[section]]
    menu.invoke(at)
    view = driver.window.help
    card = view.cards[section]

    def in_sight() -> bool:
        top, page = card.winfo_rooty(), view.winfo_rooty()
        return driver.screen.page == "help" and page <= top < page + view.winfo_height() - 60

    driver.pump(until=in_sight)
    assert card.winfo_viewable()


@pytest.mark.window
def test_f1_opens_the_guide_wherever_one_is(driver: Driver) -> None:
    driver.presenter.show("history")
    driver.pump()
    driver.key("<F1>")
    assert (driver.screen.page, driver.screen.help.section) == ("help", "guide")


@pytest.mark.window
def test_every_key_of_the_menus_is_in_the_list_of_shortcuts(driver: Driver) -> None:
    told = " ".join(keys for keys, _ in help_words.SHORTCUTS)
    told = told.replace("Ctrl+X, C, V, A", "Ctrl+X Ctrl+C Ctrl+V Ctrl+A")
    told = told.replace("Ctrl+1 … Ctrl+6", " ".join(f"Ctrl+{n}" for n in range(1, 7)))
    keys = [
        str(menu.entrycget(at, "accelerator")).replace("Cmd", "Ctrl")
        for name in labels.MENUS
        for menu, at in entries(driver, name).values()
    ]
    assert sorted(key for key in keys if key) == sorted(
        key for key in told.replace(",", " ").split() if key.startswith(("Ctrl+", "F1"))
    )


@pytest.mark.window
def test_the_demo_starts_from_the_menu_from_set_up_and_from_help(driver: Driver) -> None:
    from migrator.gui.form import Form as Blank

    driver.presenter.set_up.form = Blank()
    driver.presenter.set_up.revision += 1
    driver.service.say(RunsListed((), 0))
    driver.pump()
    offer = driver.window.setup.offer
    assert offer.winfo_viewable()
    offer.pressable["start_demo"].invoke()
    driver.pump()
    assert driver.screen.help.demo == help_words.DEMO_OPEN
    menu, at = entries(driver, "help")[labels.BUTTONS["start_demo"]]
    assert menu.entrycget(at, "state") == "disabled"
    driver.presenter.show("help")
    driver.pump()
    assert driver.window.help.start.instate(["disabled"])


@pytest.mark.window
def test_licences_are_read_in_the_page(driver: Driver) -> None:
    driver.presenter.show("help")
    driver.pump()
    view = driver.window.help
    assert not view.text.winfo_viewable()
    view.show_licences.invoke()
    driver.pump()
    assert "Apache License 2.0" in view.text.get("1.0", "end")
    assert view.text.winfo_ismapped()
