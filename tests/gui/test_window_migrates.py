"""The window over the real engine and two real local services: what a user does, button by button."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from migrator.demo.clouds import LYVE_BUCKET, Cloud, two_clouds
from migrator.demo.show import demo_form
from migrator.engine.remote import EngineProcess
from migrator.gui import labels
from migrator.gui import plan_page_words as page_words
from migrator.gui.form import Form
from migrator.gui.run_actions import Act
from migrator.gui.status import Status, Tone
from tests.gui.conftest import Driver
from tests.store.keepers import client_of

pytestmark = [pytest.mark.window, pytest.mark.timeout(300)]

COUNT = 400


class RealDriver(Driver):
    """The same window, with the engine behind it instead of a fake."""

    def __init__(self, root: Any, service: EngineProcess, aws: Cloud, lyve: Cloud) -> None:
        # Not called "demo": an unfinished run of that name is not offered, its services are gone.
        self._form = replace(demo_form(aws, lyve), rest={})
        self.lyve = client_of(lyve.url, lyve.keys.access_key_id, lyve.keys.secret_access_key)
        super().__init__(root, service, self._form)

    def arrived(self) -> int:
        pages = self.lyve.get_paginator("list_objects_v2").paginate(Bucket=LYVE_BUCKET)
        return sum(page["KeyCount"] for page in pages)

    def reopen(self, service: EngineProcess) -> None:
        """The window of another process: nothing is remembered but what is on disk."""
        super().__init__(self.root, service, self._form)
        self.presenter.open()

    def until(self, *statuses: Status) -> None:
        self.pump(lambda: self.screen.status in statuses)


@pytest.fixture
def real(root: Any, tmp_path: Path) -> Iterator[RealDriver]:
    service = EngineProcess(tmp_path, is_demo=True)
    with two_clouds(COUNT) as (aws, lyve):
        driver = RealDriver(root, service, aws, lyve)
        yield driver
        assert driver.service.close(60), "a thread of the engine was left behind"
        assert driver.window.errors == [], "a Tk callback raised"
        driver.lyve.close()


def test_a_bucket_is_migrated_and_rolled_back_with_the_buttons(real: RealDriver) -> None:
    real.window.setup.generate.invoke()
    real.until(Status.CONNECTED)
    assert real.window.setup.fields["lyve.bucket"].control.cget("values") == (LYVE_BUCKET,)
    real.window.setup.fields["max_size"].variable.set("50 KB")
    real.press("migrate")
    real.until(Status.FINISHED)
    copied = real.arrived()
    assert 0 < copied < COUNT
    assert real.window.run.banner.headline.cget("text") == f"Transfer successful! {copied}/{copied}"
    line = next(each for each in reversed(real.screen.log.lines) if each.key)
    real.presenter.log_page.open_line(line.seq)
    real.pump(lambda: real.screen.plan.keys.note == page_words.FOUND)
    assert [row.key for row in real.screen.plan.keys.rows] == [line.key]
    real.press("roll_back")
    real.pump(lambda: "yes" in real.window.bar.buttons)
    real.press("yes")
    real.until(Status.ROLLED_BACK, Status.ROLLED_BACK_LEFTOVERS)
    assert real.screen.status is Status.ROLLED_BACK
    assert real.arrived() == 0


def test_from_the_first_start_to_undo_by_what_the_window_says(
    real: RealDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every step is the button that stands out, or the one that its page names."""
    window = real.window

    def text(name: str) -> str:
        return str(window.bar.buttons[name].cget("text"))

    assert real.screen.bar.help == labels.FILLED
    window.setup.generate.invoke()
    real.until(Status.CONNECTED)
    real.press("preview_plan")
    real.until(Status.PLANNED)
    assert f"Ready: {COUNT - 1} objects" in real.screen.bar.sentence  # one that only the run can try
    assert window.plan.outcomes.rows[0].count.cget("text") == str(COUNT - 1)
    real.press("migrate")
    speeds: set[str] = set()

    def is_over() -> bool:
        speeds.update(row.speed for row in real.screen.run.transfers)
        return real.screen.status is Status.FINISHED

    real.pump(is_over)
    assert speeds  # transfers were on screen, each with what is known of its speed
    assert real.arrived() == COUNT
    assert real.screen.run.ledger.balances

    # The whole log, though the pane shows only some of the lines.
    copy = tmp_path / "out.log"
    monkeypatch.setattr(window, "ask_for_file", lambda *_: str(copy))
    window.run.log.export.invoke()
    real.pump(lambda: real.screen.log.said_tone is Tone.OK)
    exported = copy.read_text(encoding="utf-8")
    assert exported.count('"event": "object-copied"') == COUNT
    assert sum(line.part == "copy" for line in real.screen.log.lines) < COUNT

    # The keys: there, accepted, and nowhere else than in memory.
    window.rail.buttons["settings"].invoke()
    real.pump(lambda: len(real.screen.keys.rows) == 2)
    window.settings.key_sets.rows["lyve"].test.invoke()
    real.pump(lambda: real.screen.keys.rows[1].said_tone is Tone.OK)
    assert "accepts the keys lyve" in window.settings.key_sets.rows["lyve"].said.cget("text")

    # Undo, from the history; first it says what that would do.
    window.rail.buttons["history"].invoke()
    detail = window.history.detail
    real.pump(lambda: not detail.buttons[Act.ROLL_BACK].instate(["disabled"]))
    detail.buttons[Act.ROLL_BACK].invoke()
    real.pump(lambda: "yes" in window.bar.buttons)
    assert text("yes") == f"Roll Back {COUNT} Objects"
    assert real.arrived() == COUNT  # nothing yet
    real.press("yes")
    real.until(Status.ROLLED_BACK)
    assert real.arrived() == 0

    # And the keys are forgotten: nothing starts any more, and no field has them.
    window.rail.buttons["settings"].invoke()
    real.pump(lambda: not window.settings.key_sets.forget_all.instate(["disabled"]))
    window.settings.key_sets.forget_all.invoke()
    real.pump(lambda: "yes" in window.bar.buttons)
    real.press("yes")
    real.pump(lambda: real.screen.keys.said_tone is Tone.OK and not real.screen.keys.rows)
    window.rail.buttons["setup"].invoke()
    real.pump()
    for name, field in window.setup.fields.items():
        if name.endswith(("access_key_id", "secret_access_key")):
            assert field.get() == ""


def test_a_bucket_is_migrated_and_rolled_back_with_the_keyboard_alone(real: RealDriver) -> None:
    """From the first field on: Return, Ctrl+M, and the underlined letters of the bar."""

    def mnemonic(name: str) -> str:
        button = real.window.bar.buttons[name]
        letter = str(button.cget("text"))[int(button.cget("underline"))]
        return f"<Alt-{letter.casefold()}>"

    real.window.setup.focus_first()
    real.key("<Return>", real.root.focus_get())
    real.until(Status.CONNECTED)
    real.key("<Control-m>")
    real.until(Status.FINISHED)
    assert real.arrived() == COUNT
    real.key(mnemonic("roll_back"))
    real.pump(lambda: "yes" in real.window.bar.buttons)
    assert real.root.focus_get() == real.window.bar.buttons["no"]  # the safe answer comes first
    real.key(mnemonic("yes"))
    real.until(Status.ROLLED_BACK)
    assert real.arrived() == 0


def test_what_went_to_lyve_comes_back_to_aws(real: RealDriver) -> None:
    real.window.setup.fields["max_size"].variable.set("2 KB")
    real.window.setup.generate.invoke()
    real.until(Status.CONNECTED)
    real.press("migrate")
    real.until(Status.FINISHED)
    there = real.arrived()
    real.press("new_migration")
    real.window.setup.directions["lyve-to-aws"].invoke()
    real.window.setup.fields["aws.prefix"].variable.set("back/")
    real.window.setup.generate.invoke()
    real.until(Status.CONNECTED)
    real.press("migrate")
    real.until(Status.FINISHED)
    headline = f"Transfer successful! {there}/{there}"
    assert real.window.run.banner.headline.cget("text") == headline


def test_pause_stops_the_run_and_roll_back_undoes_it(real: RealDriver) -> None:
    real.window.setup.generate.invoke()
    real.until(Status.CONNECTED)
    real.window.setup.fields["threads"].variable.set("1")
    real.press("migrate")
    real.pump(lambda: real.arrived() > 5)
    real.press("pause")
    real.until(Status.STOPPED)
    assert 5 < real.arrived() < COUNT
    real.press("roll_back")
    real.pump(lambda: "yes" in real.window.bar.buttons)
    real.press("yes")
    real.until(Status.ROLLED_BACK)
    assert real.arrived() == 0


def test_a_stopped_run_is_resumed_to_its_end(real: RealDriver) -> None:
    real.window.setup.generate.invoke()
    real.until(Status.CONNECTED)
    real.window.setup.fields["threads"].variable.set("1")  # it must not be done before it is paused
    real.press("migrate")
    real.pump(lambda: real.arrived() > 5)
    real.press("pause")
    real.until(Status.STOPPED)
    before = real.arrived()
    real.press("resume")
    real.until(Status.FINISHED)
    assert real.arrived() > before


def test_a_wrong_secret_is_a_problem_beside_its_field(real: RealDriver) -> None:
    field = real.window.setup.fields["lyve.secret_access_key"]
    field.variable.set("mistyped")
    real.window.setup.generate.invoke()
    real.until(Status.HALF_CONNECTED)
    assert "does not accept this secret key" in str(field.below.cget("text"))


def crash_while_copying(real: RealDriver) -> None:
    """The engine's process is killed in the middle of a run."""
    real.window.setup.generate.invoke()
    real.until(Status.CONNECTED)
    real.press("migrate")
    real.pump(lambda: real.arrived() > 5)
    real.service._process.kill()
    assert real.service.close(10)


def test_a_crashed_run_is_offered_by_the_next_window_and_resumed_once_its_keys_are_there(
    real: RealDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")  # no key store but this session's
    crash_while_copying(real)
    real.reopen(EngineProcess(tmp_path, is_demo=True))
    real.until(Status.FOUND)
    assert f"of {COUNT} objects copied" in real.screen.bar.sentence
    real.press("look")
    assert real.screen.run.ledger.balances
    real.press("resume")
    real.until(Status.REFUSED)
    assert "No keys are stored" in real.screen.bar.help
    assert "Generate Config File" in real.screen.bar.help
    real.window.setup.generate.invoke()
    real.pump(lambda: real.screen.setup.generated_tone is Tone.OK)
    real.press("try_again")
    real.until(Status.FINISHED)
    assert real.arrived() == COUNT


def test_the_next_window_is_filled_in_and_asks_for_no_key_that_is_there(real: RealDriver) -> None:
    real.window.setup.generate.invoke()
    real.until(Status.CONNECTED)
    Driver.__init__(real, real.root, real.service, Form())
    real.presenter.open()
    real.pump(lambda: real.screen.setup.form != Form())
    assert real.window.setup.fields["lyve.bucket"].get() == LYVE_BUCKET
    assert real.window.setup.fields["lyve.secret_access_key"].get() == ""
    assert "kept in memory" in real.window.setup.fields["lyve.access_key_id"].below.cget("text")
    real.window.setup.generate.invoke()
    real.until(Status.CONNECTED)
    real.press("migrate")
    real.until(Status.FINISHED)
    assert real.arrived() == COUNT


def test_a_resume_without_keys_leaves_the_run_to_be_offered_again(
    real: RealDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    crash_while_copying(real)
    for _ in range(2):
        real.reopen(EngineProcess(tmp_path, is_demo=True))
        real.until(Status.FOUND)
        real.press("resume")
        real.until(Status.REFUSED)
        assert real.service.close(60)


def test_a_crashed_run_is_rolled_back_from_the_offer(real: RealDriver, tmp_path: Path) -> None:
    crash_while_copying(real)
    real.reopen(EngineProcess(tmp_path, is_demo=True))
    real.until(Status.FOUND)
    real.window.setup.generate.invoke()
    real.pump(lambda: real.screen.setup.generated_tone is Tone.OK)
    there = real.arrived()
    real.press("roll_back")
    real.pump(lambda: "yes" in real.window.bar.buttons)
    assert real.window.bar.buttons["yes"].cget("text") == f"Roll Back {there} Objects"
    assert real.arrived() == there
    real.press("yes")
    real.until(Status.ROLLED_BACK)
    assert real.arrived() == 0


def test_what_is_left_out_is_a_success_of_the_next_run_that_names_it(real: RealDriver) -> None:
    """One object is already there with other content, and shall stay as it is."""
    key = "documents/2024/report-00001.pdf"
    real.lyve.put_object(Bucket=LYVE_BUCKET, Key=key, Body=b"somebody else's")
    real.window.setup.generate.invoke()
    real.until(Status.CONNECTED)
    real.press("migrate")
    real.until(Status.PLAN_OPEN)
    real.presenter.plan.decide("conflicts", "leave")
    real.pump()
    real.press("migrate")
    real.until(Status.FINISHED_WITH_FAILURES)
    table = real.window.run.problems
    table.copy.invoke()
    real.pump(lambda: "copied to the clipboard" in real.screen.log.lines[-1].text)
    assert real.root.clipboard_get() == key
    table.leave_out.invoke()
    real.pump()
    real.press("yes")
    real.pump(lambda: real.screen.page == "setup")
    assert real.window.setup.fields["exclude"].get() == f"/{key}"
    real.lyve.delete_object(Bucket=LYVE_BUCKET, Key="documents/2024/report-00006.pdf")  # something to do
    real.press("migrate")
    real.until(Status.FINISHED)
    terms = {term.caption: term.value for term in real.screen.run.ledger.terms}
    assert terms["left out by filters"] == "1"
    assert (terms["copied and verified"], terms["already identical"]) == ("1", str(COUNT - 2))
    assert real.screen.run.ledger.balances
    assert "Not keys like" in real.screen.run.ledger.note
    there = real.lyve.get_object(Bucket=LYVE_BUCKET, Key=key)["Body"].read()
    assert there == b"somebody else's"
