"""Number of Threads and Speed limit: on Set up, and live while a run goes on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from migrator.gui import labels
from migrator.gui.form import from_table, to_table
from migrator.gui.screen import PaceScreen
from migrator.gui.status import Intent
from migrator.model.events import LimitChanged, PaceChanged, Phase, PhaseChanged
from tests.gui import canned
from tests.gui.conftest import Driver
from tests.gui.test_presenter import Desk


def running(desk: Desk) -> PaceScreen:
    screen = desk.run(canned.listing(218, final=True), PhaseChanged(Phase.COPYING)).run
    assert screen.pace is not None
    return screen.pace


def pace_of(desk: Desk) -> PaceScreen:
    pace = desk.see().run.pace
    assert pace is not None
    return pace


def changes(desk: Desk) -> list[tuple[object, ...]]:
    return [each[1:] for each in desk.service.asked if each[0] == "change"]


# -- Set up ----------------------------------------------------------------------------------------


def test_the_tick_writes_auto_and_gives_the_number_back() -> None:
    desk = Desk(replace(canned.FORM, threads="24"))
    before = desk.see().setup.revision
    desk.presenter.set_up.adjust_threads(itself=True)
    assert to_table(desk.presenter.form)["transfer"]["threads"] == "auto"
    assert desk.see().setup.revision > before, "the field shows it"
    assert not desk.see().setup.fields["threads"].problem
    desk.presenter.set_up.adjust_threads(itself=True)
    desk.presenter.set_up.adjust_threads(itself=False)
    assert to_table(desk.presenter.form)["transfer"]["threads"] == 24


def test_a_job_that_adjusts_itself_is_shown_so_and_saved_so() -> None:
    table = to_table(replace(canned.FORM, threads="auto"))
    form = from_table(table)
    assert form.threads == "auto"
    assert to_table(form)["transfer"] == table["transfer"]
    desk = Desk(form)
    desk.presenter.set_up.adjust_threads(itself=False)
    assert desk.presenter.form.threads == "16"


# -- while a run goes on ---------------------------------------------------------------------------


def test_the_fields_show_what_the_run_has_and_follow_it() -> None:
    desk = Desk()
    pace = running(desk)
    assert (pace.threads, pace.adjusts, pace.speed_limit) == ("16", False, "")
    desk.hear(PaceChanged(16, 32, "trying", adjusts=True), LimitChanged(0, 50_000_000))
    after = pace_of(desk)
    assert (after.threads, after.adjusts, after.speed_limit) == ("32", True, "50.0 MB/s")
    assert after.revision > pace.revision
    assert changes(desk) == []


def test_there_are_none_where_nothing_copies() -> None:
    desk = Desk()
    assert desk.see().run.pace is None
    running(desk)
    assert desk.hear(canned.summary()).run.pace is None
    desk.presenter.do(Intent.ROLL_BACK)
    assert desk.hear(*canned.started("rollback")).run.pace is None


def test_what_is_typed_is_sent_when_typing_has_ended() -> None:
    desk = Desk()
    running(desk)
    for text in ("1", "12", "128"):
        desk.presenter.run.pace.edit("threads", text)
        desk.now += 0.2
        desk.presenter.tick()
    assert changes(desk) == []
    desk.now += 0.6
    desk.presenter.tick()
    desk.now += 5
    desk.presenter.tick()
    assert changes(desk) == [(128, None)]
    desk.hear(PaceChanged(16, 128, "hand"))
    assert pace_of(desk).threads == "128"


def test_return_and_leaving_send_at_once_and_only_once() -> None:
    desk = Desk()
    running(desk)
    desk.presenter.run.pace.edit("speed_limit", "5 MB/s")
    desk.presenter.run.pace.left("speed_limit")
    desk.presenter.run.pace.left("speed_limit")
    desk.now += 1
    desk.presenter.tick()
    assert changes(desk) == [(None, 5_000_000)]
    desk.presenter.run.pace.edit("speed_limit", "")
    desk.presenter.run.pace.left("speed_limit")
    assert changes(desk)[-1] == (None, 0)


@pytest.mark.parametrize(
    ("name", "text"),
    [("threads", "0"), ("threads", "513"), ("threads", "many"), ("threads", ""), ("speed_limit", "fast"),
     ("speed_limit", "0")],
)  # fmt: skip
def test_what_is_not_possible_is_said_beside_the_field_and_not_sent(name: str, text: str) -> None:
    desk = Desk()
    running(desk)
    desk.presenter.run.pace.edit(name, text)
    assert not pace_of(desk).problems
    desk.presenter.run.pace.left(name)
    assert pace_of(desk).problems[name]
    assert changes(desk) == []
    desk.presenter.run.pace.edit(name, "5")
    assert not pace_of(desk).problems


def test_what_happens_does_not_overwrite_what_is_being_typed() -> None:
    desk = Desk()
    running(desk)
    desk.presenter.run.pace.edit("threads", "40")
    desk.hear(PaceChanged(16, 8, "throttled", "AWS", adjusts=True), LimitChanged(0, 1_000))
    assert pace_of(desk).threads == "40"
    desk.presenter.run.pace.left("threads")
    assert changes(desk) == [(40, None)]


def test_the_tick_switches_it_on_and_off_while_running() -> None:
    desk = Desk()
    running(desk)
    desk.presenter.run.pace.adjust(itself=True)
    desk.hear(PaceChanged(16, 16, "hand", adjusts=True), PaceChanged(16, 64, "trying", adjusts=True))
    assert pace_of(desk).adjusts
    desk.presenter.run.pace.adjust(itself=False)
    assert changes(desk) == [("auto", None), (64, None)]
    assert not pace_of(desk).adjusts


def test_a_change_is_marked_in_the_plot_of_the_throughput() -> None:
    desk = Desk()
    running(desk)
    canned.measure(desk.presenter, 60)
    desk.hear(PaceChanged(16, 32, "trying", adjusts=True), PaceChanged(32, 32, "hand"))
    throughput = desk.see().run.throughput
    assert throughput is not None
    assert [text for _, text in throughput.marks if "→" in text][-1] == "16 → 32 threads"


def test_a_speed_is_shown_exactly() -> None:
    desk = Desk()
    running(desk)
    desk.hear(LimitChanged(0, 1_234_567))
    assert pace_of(desk).speed_limit == "1234567 B/s"
    desk.presenter.run.pace.edit("speed_limit", "1234567 B/s")
    desk.presenter.run.pace.left("speed_limit")
    assert changes(desk) == [(None, 1_234_567)]


# -- with real widgets -----------------------------------------------------------------------------


@pytest.mark.window
def test_the_tick_on_set_up_locks_the_number(driver: Driver) -> None:
    setup = driver.window.setup
    setup.adjust.invoke()
    driver.pump()
    assert setup.fields["threads"].get() == "auto"
    assert setup.fields["threads"].control.instate(["disabled"])
    setup.adjust.invoke()
    driver.pump()
    assert setup.fields["threads"].get() == canned.FORM.threads
    assert setup.fields["threads"].control.instate(["!disabled"])


@pytest.mark.window
def test_a_number_typed_while_running_reaches_the_engine(driver: Driver) -> None:
    driver.connect()
    driver.migrate()
    pace = driver.window.run.pace
    assert not pace.winfo_ismapped()
    driver.service.say(*canned.started(), canned.listing(218, final=True), PhaseChanged(Phase.COPYING))
    driver.pump()
    assert pace.winfo_ismapped()
    control = pace.fields["threads"].control
    control.delete(0, "end")
    control.insert(0, "40")
    driver.key("<Return>", control)
    pace.adjust.invoke()
    driver.pump()
    assert driver.service.asked[-2:] == [("change", 40, None), ("change", "auto", None)]
    driver.service.say(PaceChanged(40, 80, "trying", adjusts=True))
    driver.pump()
    assert pace.fields["threads"].get() == "80"
    assert pace.adjusts.get()
    assert pace.adjust.cget("text") == labels.ADJUSTS
