"""From an empty window to a finished migration and back, by the keyboard alone, between real services."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from migrator.demo.clouds import two_clouds
from migrator.engine.remote import EngineProcess
from migrator.gui.form import Form
from migrator.gui.run_actions import Act
from migrator.gui.status import Status
from tests.gui import looks
from tests.gui.test_window_migrates import RealDriver

pytestmark = [pytest.mark.long, pytest.mark.window, pytest.mark.timeout(300)]

COUNT = 60


class Hands(RealDriver):
    """Presses keys where the focus is; never touches a widget otherwise."""

    def empty(self) -> None:
        """What the demo would fill in is typed by the test."""
        self.wanted = self._form
        self._form = Form()
        self.reopen(self.service)
        self.window.setup.focus_first()
        self.root.update()

    @property
    def focus(self) -> Any:
        return self.root.focus_get()

    def tap(self, key: str) -> None:
        self.focus.event_generate(key)
        self.pump()

    def tab_to(self, widget: Any) -> None:
        """Tab until the focus is there."""
        for _ in range(120):
            if self.focus is widget:
                return
            self.focus.event_generate("<Tab>")
            self.root.update()
        raise AssertionError(f"Tab does not come to {looks.name_of(widget)}")

    def type_into(self, field: str, text: str) -> None:
        control = self.window.setup.fields[field].control
        self.tab_to(control)
        control.event_generate("<<SelectAll>>")
        for char in text:
            control.event_generate("<Key>", keysym=_KEYSYMS.get(char, char))
        self.pump()
        assert self.presenter.form.get(field) == text

    def press_by_key(self, name: str) -> None:
        """A button of the bar: Tab comes to it, space presses it."""
        self.pump(lambda: name in self.window.bar.buttons)
        self.tab_to(self.window.bar.buttons[name])
        self.tap("<space>")


_KEYSYMS = {
    ":": "colon",
    "/": "slash",
    ".": "period",
    "-": "minus",
    "_": "underscore",
    "+": "plus",
    "=": "equal",
}


@pytest.fixture
def hands(root: Any, tmp_path: Path) -> Iterator[Hands]:
    service = EngineProcess(tmp_path, is_demo=True)
    with two_clouds(COUNT) as (aws, lyve):
        driver = Hands(root, service, aws, lyve)
        driver.empty()
        yield driver
        assert driver.service.close(60), "a thread of the engine was left behind"
        assert driver.window.errors == [], "a Tk callback raised"
        driver.lyve.close()


def test_a_bucket_is_migrated_and_rolled_back_from_history_by_the_keyboard_alone(hands: Hands) -> None:
    for field in (
        *("aws.access_key_id", "aws.secret_access_key", "aws.region", "aws.endpoint", "aws.bucket"),
        *("lyve.access_key_id", "lyve.secret_access_key", "lyve.region", "lyve.endpoint", "lyve.bucket"),
    ):
        hands.type_into(field, hands.wanted.get(field))
    hands.tab_to(hands.window.setup.generate)
    hands.tap("<space>")
    hands.until(Status.CONNECTED)
    hands.press_by_key("migrate")
    hands.until(Status.FINISHED)
    assert hands.arrived() == COUNT
    hands.tap("<Control-Key-4>")
    hands.pump(lambda: hands.screen.history.detail is not None)
    assert hands.screen.page == "history"
    detail = hands.window.history.detail
    hands.pump(lambda: not detail.buttons[Act.ROLL_BACK].instate(["disabled"]))
    hands.tab_to(detail.buttons[Act.ROLL_BACK])
    hands.tap("<space>")
    hands.press_by_key("yes")
    hands.until(Status.ROLLED_BACK)
    assert hands.arrived() == 0
