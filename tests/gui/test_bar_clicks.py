"""Buttons of the bar change under the pointer: a second click must not press what has just come."""

from __future__ import annotations

import pytest

from migrator.gui.status import Status
from migrator.gui.views import action_bar
from tests.gui import canned
from tests.gui.conftest import Driver

pytestmark = pytest.mark.window


def click(driver: Driver, name: str) -> None:
    button = driver.window.bar.buttons[name]
    button.event_generate("<Enter>", x=5, y=5)
    button.event_generate("<Button-1>", x=5, y=5)
    button.event_generate("<ButtonRelease-1>", x=5, y=5)
    driver.pump()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The moment that the bar goes by."""
    now = [100.0]
    monkeypatch.setattr(action_bar, "_now", lambda: now[0])
    return now


def test_a_double_click_on_migrate_data_does_not_cancel_the_plan(driver: Driver, clock: list[float]) -> None:
    driver.connect()
    clock[0] += 10
    click(driver, "migrate")
    assert driver.screen.status is Status.PLANNING
    clock[0] += 0.2
    click(driver, "cancel")  # the second click: what is under the pointer now
    assert driver.screen.status is Status.PLANNING
    clock[0] += 1
    click(driver, "cancel")
    assert driver.screen.status is Status.CANCELLING


def test_a_double_click_never_answers_a_question_that_has_just_come_up(
    driver: Driver, clock: list[float]
) -> None:
    driver.connect()
    driver.migrate()
    driver.service.say(*canned.started(), canned.summary())
    driver.pump()
    clock[0] += 10
    driver.press("roll_back")
    driver.service.say(*canned.looked_ahead())
    driver.pump()
    clock[0] += 0.2
    click(driver, "yes")
    assert ("rollback", canned.RUN) not in driver.service.asked
    clock[0] += 1
    click(driver, "yes")
    assert ("rollback", canned.RUN) in driver.service.asked


def test_keys_press_at_once(driver: Driver, clock: list[float]) -> None:
    driver.connect()
    driver.key("<space>", driver.window.bar.buttons["migrate"])
    assert driver.screen.status is Status.PLANNING
