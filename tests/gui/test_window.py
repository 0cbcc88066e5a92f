"""The real window on a real display: real buttons and keys, no timer, no sleeping."""

from __future__ import annotations

from typing import Any

import pytest

from migrator.gui import labels
from migrator.gui.status import Status
from migrator.model.events import ObjectCopied, Phase, PhaseChanged
from migrator.model.ledger import Outcome
from tests.gui import canned
from tests.gui.conftest import Driver

pytestmark = pytest.mark.window


def test_every_field_shows_what_the_form_says(driver: Driver) -> None:
    for name, field in driver.window.setup.fields.items():
        assert field.get() == canned.FORM.get(name)
    for name in ("aws", "lyve"):
        assert driver.window.setup.fields[f"{name}.secret_access_key"].control.cget("show") == "•"


def test_the_eye_says_what_it_would_do_next(driver: Driver) -> None:
    field = driver.window.setup.fields["aws.secret_access_key"]
    assert field.button is not None
    said = []
    for _ in range(2):
        said.append(field.button_tip.text)
        field.button.invoke()
    assert said == [labels.SHOW_SECRET, labels.HIDE_SECRET]
    assert field.control.cget("show") == "•"


def test_from_generate_to_success_and_back_again(driver: Driver) -> None:
    driver.connect()
    assert driver.screen.status is Status.CONNECTED
    assert "acme-logs" in driver.window.setup.fields["aws.bucket"].control.cget("values")
    driver.migrate()
    assert driver.service.asked[-1][0] == "start"
    driver.service.say(*canned.started(), canned.listing(218, final=True), PhaseChanged(Phase.COPYING))
    driver.service.say(canned.transfers(), *canned.copied(20))
    driver.pump()
    assert driver.screen.status is Status.RUNNING
    assert len(driver.window.run.transfers.tree.get_children()) == 16
    driver.service.say(canned.summary())
    driver.pump()
    assert driver.window.bar.sentence.cget("text") == "Transfer successful! 218/218"
    assert driver.window.run.banner.headline.cget("text") == "Transfer successful! 218/218"
    driver.press("roll_back")
    driver.service.say(*canned.looked_ahead(3))
    driver.pump()
    assert driver.window.bar.buttons["yes"].cget("text") == "Roll Back 215 Objects"
    driver.press("yes")
    assert driver.service.asked[-1] == ("rollback", canned.RUN)
    driver.service.say(*canned.rolled_back(3))
    driver.pump()
    assert driver.screen.status is Status.ROLLED_BACK_LEFTOVERS
    assert driver.window.run.problems.tree.item("g0", "text").strip() == "Changed by someone else since"


def test_problem_appears_below_its_field_when_the_field_is_left(driver: Driver) -> None:
    field = driver.window.setup.fields["max_size"]
    field.control.focus_force()
    driver.root.update()
    field.control.delete(0, "end")
    field.control.insert(0, "five")
    driver.pump()
    assert field.below.cget("text").strip() == ""
    driver.window.setup.fields["include"].control.focus_force()
    driver.pump()
    assert field.below.cget("text").strip() == "Not a size. Try 5 GB."
    assert field.control.instate(["invalid"])


def test_cards_swap_with_the_migration_type(driver: Driver) -> None:
    cards = driver.window.setup.cards
    assert cards["aws"].grid_info()["column"] == 0
    driver.window.setup.directions["lyve-to-aws"].invoke()
    driver.pump()
    assert cards["lyve"].grid_info()["column"] == 0
    assert cards["lyve"].title.cget("text").strip() == "From: Lyve Cloud"
    assert cards["aws"].badge.cget("text").strip() == "Will be written"


def test_session_token_appears_with_temporary_keys(driver: Driver) -> None:
    token = driver.window.setup.fields["aws.session_token"]
    assert not token.winfo_manager()
    driver.window.setup.fields["aws.access_key_id"].variable.set("ASIAEXAMPLE")
    driver.pump()
    assert token.winfo_manager() == "grid"


def test_fields_are_locked_while_something_runs(driver: Driver) -> None:
    driver.connect()
    driver.migrate()
    driver.service.say(*canned.started())
    driver.presenter.show("setup")
    driver.pump()
    assert all(field.control.instate(["disabled"]) for field in driver.window.setup.fields.values())
    driver.service.say(canned.summary(Outcome.STOPPED))
    driver.pump()
    assert not any(field.control.instate(["disabled"]) for field in driver.window.setup.fields.values())


def test_keys_do_what_buttons_do(driver: Driver) -> None:
    driver.key("<Control-g>")
    assert driver.service.asked[-1][0] == "generate"
    driver.service.say(*canned.connected())
    driver.pump()
    driver.key("<Control-Key-3>")
    assert driver.screen.page == "run"
    driver.key("<Control-Key-1>")
    assert driver.screen.page == "setup"
    driver.key("<Control-m>")
    driver.service.say(*canned.planned())
    driver.pump()
    assert driver.service.asked[-1][0] == "start"
    driver.key("<Control-l>")
    assert driver.root.focus_get() == driver.window.run.log.search


def test_return_presses_the_primary_from_entry_fields_only(driver: Driver) -> None:
    driver.key("<Return>", driver.window.setup.fields["aws.region"].control)
    assert driver.service.asked == []
    driver.key("<Return>", driver.window.setup.fields["aws.access_key_id"].control)
    assert driver.service.asked[-1][0] == "generate"


def test_return_never_rolls_back_and_escape_closes_the_question(driver: Driver) -> None:
    driver.connect()
    driver.migrate()
    driver.service.say(*canned.started(), canned.summary())
    driver.pump()
    driver.press("roll_back")
    driver.service.say(*canned.looked_ahead())
    driver.pump()
    assert driver.root.focus_get() == driver.window.bar.buttons["no"]
    driver.key("<Return>", driver.window.bar.buttons["yes"])
    assert driver.screen.bar.question is not None
    driver.key("<Escape>")
    assert driver.screen.bar.question is None
    assert ("rollback", canned.RUN) not in driver.service.asked


def test_wheel_over_a_closed_list_changes_nothing(driver: Driver) -> None:
    for name in ("existing", "aws.region", "threads"):
        field = driver.window.setup.fields[name]
        before = field.get()
        for sequence in ("<Button-4>", "<Button-5>"):
            field.control.event_generate(sequence)
        driver.pump()
        assert field.get() == before


def test_tab_walks_in_reading_order(driver: Driver) -> None:
    for direction, first, then in (("aws-to-lyve", "aws", "lyve"), ("lyve-to-aws", "lyve", "aws")):
        driver.window.setup.directions[direction].invoke()
        driver.pump()
        order, widget = [], driver.window.setup.directions["aws-to-lyve"]
        names = {str(field.control): name for name, field in driver.window.setup.fields.items()}
        for _ in range(60):
            widget = widget.tk_focusNext()
            if str(widget) in names:
                order.append(names[str(widget)])
            if widget == driver.window.setup.directions["aws-to-lyve"]:
                break
        parts = ("access_key_id", "secret_access_key", "region", "endpoint", "bucket", "prefix")
        assert order[:12] == [f"{end}.{part}" for end in (first, then) for part in parts]
        assert order[12:18] == ["min_date", "max_date", "min_size", "max_size", "include", "exclude"]
        assert order[18:] == ["threads", "existing", "speed_limit", "verify"]


def test_transfer_rows_are_reused_in_place(driver: Driver) -> None:
    driver.presenter.show("run")
    driver.service.say(*canned.started(), canned.transfers(0))
    driver.pump()
    tree = driver.window.run.transfers.tree
    before = tree.get_children()
    driver.service.say(canned.transfers(5))
    driver.pump()
    assert tree.get_children() == before


def test_log_pane_filters_searches_and_follows(driver: Driver) -> None:
    driver.presenter.show("run")
    driver.service.say(*canned.started(), *canned.copied(10), canned.throttled())
    driver.pump()
    pane = driver.window.run.log
    assert "cam07/0003" in pane.text.get("1.0", "end")
    pane.search_text.set("SlowDown")
    pane.apply_search()
    driver.pump()
    lines = pane.text.get("1.0", "end-1c").strip().splitlines()
    assert len(lines) == 1
    assert "SlowDown" in lines[0]
    pane.copy.invoke()
    assert "SlowDown" in driver.root.clipboard_get()
    pane.follow.invoke()
    driver.pump()
    assert driver.screen.log.follow is False


def test_content_scrolls_and_the_action_bar_stays(driver: Driver) -> None:
    driver.root.geometry("1024x674")
    driver.pump(until=lambda: driver.root.winfo_width() == 1024)
    bar = driver.window.bar
    assert bar.winfo_rooty() + bar.winfo_height() <= driver.root.winfo_rooty() + driver.root.winfo_height()
    assert bar.winfo_height() >= bar.winfo_reqheight()
    button = bar.buttons["migrate"]
    assert button.winfo_width() >= button.winfo_reqwidth()
    assert driver.window.setup._needs_bar


def test_closing_during_a_run_asks_and_keeps_painting(driver: Driver) -> None:
    driver.connect()
    driver.migrate()
    driver.service.say(*canned.started())
    driver.pump()
    driver.presenter.quit()
    driver.pump()
    assert driver.window.bar.buttons["no"].cget("text") == "Keep Running"
    driver.press("no")
    assert not driver.window.is_closed


def test_errors_in_callbacks_are_logged_without_their_values(driver: Driver, capsys: Any) -> None:
    def fail() -> None:
        raise RuntimeError(canned.SECRET)

    driver.root.after(1, fail)
    driver.pump(until=lambda: bool(driver.window.errors))
    assert len(driver.window.errors) == 1
    driver.window.errors.clear()
    text = repr(driver.screen) + capsys.readouterr().err
    assert "RuntimeError" in text
    assert canned.SECRET not in text


def test_a_hundred_thousand_events_lose_nothing_and_keep_the_bounds(driver: Driver) -> None:
    driver.presenter.show("run")
    total = 100_000
    driver.service.say(*canned.started())
    for n in range(total):
        driver.service.say(ObjectCopied(f"k/{n:06}", 10, "digest"))
        if n % 1000 == 0:
            driver.service.say(canned.transfers(n // 1000))
    driver.pump()
    pump, run = driver.window.pump, driver.presenter.run.state
    assert run.copied == total
    assert run.bytes_copied == total * 10
    assert pump.longest_batch <= 200
    shown = int(driver.window.run.log.text.index("end-1c").split(".")[0])
    assert shown <= 5000
    print(f"\nlongest gap between ticks: {pump.longest_gap_s * 1000:.0f} ms")
    print(f"longest batch: {pump.longest_batch} events, {pump.longest_batch_s * 1000:.1f} ms")


def test_an_open_list_does_not_keep_the_bar_from_going_on(driver: Driver) -> None:
    """Tk's own widgets have the focus then, which tkinter does not know."""
    driver.connect()
    driver.migrate()
    driver.service.say(*canned.started())
    driver.pump()
    level = driver.window.run.log.level
    driver.root.focus_force()
    driver.root.tk.call("ttk::combobox::Post", level)
    driver.root.update()
    assert "popdown" in str(driver.root.tk.call("focus", "-displayof", driver.root))
    driver.service.say(canned.summary())
    driver.pump()
    assert "save_report" in driver.window.bar.buttons
    assert driver.window.has_focus()
    driver.root.tk.call("ttk::combobox::Unpost", level)
