"""The window as a whole: pages, rail, menu and keys, light and dark."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from migrator.gui import theme
from migrator.gui.pages.shell import PAGES
from migrator.gui.status import Intent, Status
from migrator.model.past_runs import RunsListed
from migrator.preferences import Preferences, PreferencesFile
from tests.gui import canned
from tests.gui.conftest import Driver
from tests.gui.test_presenter import Desk, reach

# -- pages ----------------------------------------------------------------------------------------


def test_the_rail_says_where_every_page_stands() -> None:
    states = {item.page: item.state for item in reach(Status.PLANNED).see().rail}
    assert states["setup"] == "Connected"
    assert states["plan"] == "1,201,442 to copy"
    assert states["run"] == "Nothing running"
    assert list(states) == [page.name for page in PAGES]


def test_a_plan_is_out_of_date_once_the_form_says_something_else() -> None:
    desk = reach(Status.PLANNED)
    desk.presenter.set_up.edit("threads", "8")
    assert desk.see().status is Status.PLANNED
    desk.presenter.set_up.edit("max_size", "1 GB")
    screen = desk.see()
    assert screen.status is Status.CONNECTED
    assert screen.rail[1].state == "Out of date"
    assert screen.plan.banner is not None
    assert screen.bar.secondary[0].text == "Plan Again"


def test_preview_plan_asks_for_a_plan_and_starts_nothing() -> None:
    desk = reach(Status.PLANNED)
    assert [what for what, *_ in desk.service.asked] == ["generate", "plan"]
    assert desk.see().page == "plan"
    assert desk.see().run.empty.startswith("Migrate Data makes a plan")


def test_a_stopped_plan_leaves_the_one_before() -> None:
    desk = reach(Status.PLANNED)
    desk.presenter.do(Intent.PREVIEW_PLAN)
    desk.hear(*canned.planned()[:2])
    desk.presenter.do(Intent.CANCEL)
    assert desk.see().status is Status.CANCELLING
    assert desk.hear(canned.summary(canned.Outcome.STOPPED)).status is Status.PLANNED


def test_a_plan_that_ends_without_a_word_leaves_nobody_waiting() -> None:
    desk = reach(Status.PLANNING)
    desk.service.is_busy = False
    for _ in range(3):
        desk.presenter.tick(idle=True)
    assert desk.see().status is Status.CONNECTED


def test_a_plan_that_cannot_be_made_says_why() -> None:
    screen = reach(Status.PLAN_REFUSED).see()
    assert screen.plan.banner is not None
    assert "No such bucket." in screen.plan.banner.detail
    assert screen.bar.sentence == screen.plan.banner.headline
    assert screen.rail[1].state == "Could not be made"


def test_an_ended_run_stays_in_the_rail_after_new_migration() -> None:
    desk = reach(Status.FINISHED)
    desk.presenter.do(Intent.NEW_MIGRATION)
    assert desk.see().rail[2].state == "Finished"


# -- history --------------------------------------------------------------------------------------


def test_history_lists_every_run_with_its_result_and_undo() -> None:
    rows = Desk().hear(canned.history()).history.rows
    assert [row.result for row in rows] == [
        "Broke off, can be resumed",
        "Finished, 37 not copied",
        "Finished and verified",
        "Rolled back in part",
        "Rolled back",
        "Finished and verified",
        "Its journal cannot be read",
    ]
    assert [row.undo for row in rows][:6] == [
        "possible",
        "possible",
        "possible",
        "some left",
        "done",
        "accepted",
    ]


def test_history_says_that_there_are_no_runs_only_once_it_has_looked() -> None:
    desk = Desk()
    assert desk.see().history.empty == "Looking at the runs…"
    assert desk.hear(RunsListed((), 0)).history.empty == "No runs yet"
    assert desk.see().rail[3].state == "No runs yet"
    assert desk.hear(canned.history()).rail[3].state == "1 can be resumed"


def test_history_is_looked_at_anew_when_it_comes_into_sight_and_when_a_run_ends() -> None:
    desk = Desk()
    desk.presenter.show("history")
    assert desk.service.listed == 1
    desk.run(canned.summary())
    assert desk.service.listed == 2


# -- what is kept ---------------------------------------------------------------------------------


def test_settings_are_kept_and_read_again(tmp_path: Path) -> None:
    file = PreferencesFile(tmp_path / "home" / "window.json")
    assert file.load() == Preferences()
    assert file.save(Preferences(appearance="dark", most_usd=3.5)) == ""
    assert file.load() == Preferences(appearance="dark", most_usd=3.5)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", "[" * 100_000, '{"appearance": "pink", "most_usd": -1, "most_hours": true, "notify": 1}'],
)
def test_a_damaged_settings_file_is_as_good_as_none_and_says_so(tmp_path: Path, text: str) -> None:
    path = tmp_path / "window.json"
    path.write_text(text)
    file = PreferencesFile(path)
    assert file.load() == Preferences()
    assert str(path) in file.problem
    screen = Desk(preferences=file).see()
    assert str(path) in screen.settings.note
    assert any(str(path) in line.text for line in screen.log.lines)


def test_what_is_right_in_a_settings_file_holds(tmp_path: Path) -> None:
    path = tmp_path / "window.json"
    path.write_text('{"appearance": "dark", "most_usd": "many", "new": 1}')
    file = PreferencesFile(path)
    assert file.load() == Preferences(appearance="dark")
    assert "most_usd" in file.problem


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_the_settings_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "window.json"
    path.write_text("{}")
    path.chmod(0o644)
    assert PreferencesFile(path).save(Preferences()) == ""
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["window.json"]


def test_settings_that_cannot_be_kept_say_so_in_the_log(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    desk = Desk(preferences=PreferencesFile(tmp_path / "file" / "window.json"))
    desk.presenter.settings.choose_appearance("dark")
    assert desk.see().appearance == "dark"
    assert "could not be kept" in desk.see().log.lines[-1].text


def test_a_limit_holds_as_soon_as_it_is_a_number_and_says_what_is_wrong_when_it_is_left(
    tmp_path: Path,
) -> None:
    file = PreferencesFile(tmp_path / "window.json")
    desk = Desk(preferences=file)
    settings = desk.presenter.settings
    settings.edit("most_usd", "2.5")
    assert file.load().most_usd == 2.5
    settings.edit("most_usd", "2.5 $")
    assert desk.see().settings.fields["most_usd"].problem == ""
    settings.leave("most_usd")
    assert desk.see().settings.fields["most_usd"].problem.startswith("Not a number.")
    assert desk.see().settings.values["most_usd"] == "2.5 $"
    for wrong in ("-1", "nan", "inf", "1e12", ""):
        settings.edit("most_usd", wrong)
    assert file.load().most_usd == 2.5
    settings.edit("most_usd", "0")
    assert (file.load().most_usd, desk.see().settings.fields["most_usd"].problem) == (0, "")


# -- with real widgets ----------------------------------------------------------------------------


@pytest.mark.window
@pytest.mark.parametrize("page", [page.name for page in PAGES])
def test_every_page_is_reached_by_rail_and_by_key(driver: Driver, page: str) -> None:
    key = next(each.key for each in PAGES if each.name == page)
    driver.window.rail.buttons[page].invoke()
    driver.pump()
    assert driver.screen.page == page
    driver.presenter.show("setup" if page != "setup" else "run")
    driver.pump()
    driver.key(f"<Control-Key-{key}>")
    assert driver.screen.page == page
    assert [name for name, view in driver.window.pages.items() if view.winfo_ismapped()] == [page]


@pytest.mark.window
def test_tab_stays_in_the_page_that_is_in_sight(driver: Driver) -> None:
    driver.service.say(canned.history())
    driver.presenter.show("history")
    driver.pump()
    seen, widget = set(), driver.window.history.tree
    for _ in range(40):
        widget = widget.tk_focusNext()
        seen.add(str(widget))
    assert not [each for each in seen if each.startswith(str(driver.window.setup))]
    assert {str(each) for each in driver.window.rail.buttons.values()} <= seen


@pytest.mark.window
def test_alt_and_the_underlined_letter_press_a_button(driver: Driver) -> None:
    driver.connect()
    button = driver.window.bar.buttons["preview_plan"]
    letter = str(button.cget("text"))[int(button.cget("underline"))].casefold()
    driver.key(f"<Alt-{letter}>")
    assert driver.service.asked[-1][0] == "plan"


@pytest.mark.window
def test_every_entry_of_the_menu_that_is_on_does_something(driver: Driver) -> None:
    driver.connect()
    bar = driver.window.menu.bar
    accelerators: list[str] = []
    for n in range(int(bar.index("end")) + 1):
        menu = driver.root.nametowidget(bar.entrycget(n, "menu"))
        commands = [k for k in range(int(menu.index("end")) + 1) if menu.type(k) == "command"]
        accelerators += [menu.entrycget(k, "accelerator") for k in commands]
    shown = [each for each in accelerators if each]
    assert len(shown) == len(set(shown)), "one key, two meanings"
    driver.window.menu.run.invoke(1)
    driver.pump()
    assert driver.service.asked[-1][0] == "plan"


@pytest.mark.window
def test_dark_and_light_repaint_everything_and_lose_nothing(driver: Driver) -> None:
    driver.connect()
    field = driver.window.setup.fields["max_size"]
    field.variable.set("7 GB")
    driver.presenter.show("settings")
    driver.pump()
    driver.window.settings.appearances["dark"].invoke()
    driver.pump()
    try:
        assert theme.color("page") == theme.DARK["page"]
        assert str(driver.root.cget("background")) == theme.DARK["page"]
        assert driver.window.setup.fields["max_size"] is not field
        driver.presenter.show("setup")
        driver.pump()
        assert driver.window.setup.fields["max_size"].get() == "7 GB"
        assert driver.screen.status is Status.CONNECTED
    finally:
        driver.presenter.settings.choose_appearance("light")
        driver.pump()
    assert theme.color("page") == theme.LIGHT["page"]


@pytest.mark.window
def test_every_control_of_settings_is_used(driver: Driver) -> None:
    driver.presenter.show("settings")
    driver.pump()
    view, kept = driver.window.settings, driver.presenter.settings
    for name, switch in view.switches.items():
        switch.invoke()
        driver.pump()
        assert not getattr(kept.preferences, name)
    for name, field in view.fields.items():
        field.variable.set("7")
        driver.pump()
        assert getattr(kept.preferences, name) == 7
    assert view.open.instate(["disabled"])  # this window keeps no runs


@pytest.mark.window
def test_a_narrow_window_has_a_narrow_rail_that_says_its_words_in_tooltips(driver: Driver) -> None:
    button = driver.window.rail.buttons["plan"]
    assert button.words.winfo_manager()
    driver.root.geometry("1040x700")
    driver.pump(until=lambda: driver.root.winfo_width() == 1040)
    assert not button.words.winfo_manager()
    assert button._tip.text == "Plan: Not made yet"


def test_the_settings_file_holds_plain_values_only(tmp_path: Path) -> None:
    path = tmp_path / "window.json"
    PreferencesFile(path).save(Preferences())
    read: dict[str, Any] = json.loads(path.read_text())
    assert read == {
        "appearance": "system",
        "most_usd": 10.0,
        "most_hours": 12.0,
        "notify": True,
        "keep_awake": True,
    }
