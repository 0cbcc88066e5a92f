"""Plan: what will happen to each object, what is left to decide, what it costs, and any key found."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from migrator import plan_words
from migrator.gui import labels
from migrator.gui.status import Intent, Status
from migrator.model.events import Event, RunStarted
from migrator.model.findings import PropertyFound
from migrator.model.ledger import Outcome
from migrator.model.planned import Fate
from migrator.phrases import together
from migrator.preferences import Preferences, PreferencesFile
from tests.gui import canned
from tests.gui.conftest import Driver
from tests.gui.test_presenter import Desk, reach


class LimitsFile(PreferencesFile):
    """Limits that are not those of the beginning."""

    def __init__(self, usd: float, hours: float) -> None:
        super().__init__()
        self._limits = Preferences(most_usd=usd, most_hours=hours)

    def load(self) -> Preferences:
        return self._limits


def plan(*events: Event, desk: Desk | None = None) -> Desk:
    made = desk or Desk()
    made.connect()
    made.presenter.do(Intent.PREVIEW_PLAN)
    made.hear(*events)
    return made


def asked(desk: Desk) -> list[str]:
    return [what for what, *_ in desk.service.asked]


# -- what will happen -----------------------------------------------------------------------------


def test_outcomes_add_up_to_what_was_listed_and_are_named_by_their_reasons() -> None:
    shares = plan(*canned.planned(*canned.OPEN)).see().plan.shares
    amounts = {share.outcome: int(share.count.replace(",", "")) for share in shares}
    assert sum(amounts.values()) == 1_284_310
    assert sum(share.fraction for share in shares) == pytest.approx(1)
    notes = {share.outcome: share.note for share in shares}
    assert notes["filtered"] == f"{together('Max Date 19,870')} · {together('Max Size 243')}"
    assert notes["unsupported"] == "Archived, needs a restore"


def test_what_is_replaced_is_told_apart_from_what_is_new() -> None:
    shares = plan(*canned.planned(Fate("copy", "replace", 3, 900))).see().plan.shares
    (replaced,) = [share for share in shares if share.outcome == "replace"]
    assert (replaced.count, replaced.size) == ("3", "900 B")
    assert "Roll Back" in replaced.note


def test_while_planning_numbers_say_that_they_still_grow() -> None:
    desk = plan(*canned.planned()[:2], canned.listing())
    assert desk.see().status is Status.PLANNING
    assert desk.see().plan.total.startswith("at least ")
    assert desk.see().plan.keys is None


def test_nothing_to_copy_offers_to_change_the_filters() -> None:
    desk = plan(*canned.planned_nothing())
    assert desk.see().status is Status.NOTHING_TO_DO
    assert desk.see().bar.help == "61,208 already there, 20,113 left out by filters."
    desk.presenter.do(Intent.CHANGE_FILTERS)
    assert desk.see().page == "setup"


def test_sizes_of_what_is_to_be_copied_are_a_plot_with_its_numbers() -> None:
    sizes = plan(*canned.planned()).see().plan.sizes
    assert [each.count for each in sizes] == list(canned.SIZES)
    assert [each.shown for each in sizes][-2:] == ["30k", "2k"]


def test_the_estimate_says_what_passes_through_this_computer_and_by_which_prices() -> None:
    costs = plan(*canned.planned()).see().plan.costs
    assert costs is not None
    amounts = f"{together('7.9 TB in')}, {together('7.9 TB out')}."
    assert costs.note.startswith(f"All data passes through this computer: {amounts}")
    assert "2026-10-01" in costs.note
    assert [row.money for row in costs.rows if not row.is_sum] == ["$0.49", "$3.71", "$0.00"]
    assert [row.money for row in costs.rows if row.is_sum] == ["about $4.20", "about 2 h"]


def test_a_speed_that_nobody_knows_is_called_assumed() -> None:
    event = canned.estimated()
    unknown = type(event)(
        **{
            **{name: getattr(event, name) for name in event.__slots__},
            "speed_bytes_s": None,
            "speed_from": "",
            "seconds": None,
        }
    )
    assert plan_words.at_speed(unknown) == "at 12.5 MB/s, assumed"
    assert plan_words.seconds_of(unknown) == pytest.approx(7_910_000_000_000 / 12_500_000)


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Outcome.COMPLETED, "Carried out"),
        (Outcome.FAILED, "Carried out"),
        (Outcome.STOPPED, "Carried out in part"),
        (Outcome.PAUSED, "Carried out in part"),
        (Outcome.REFUSED, "1,201,442 to copy"),
    ],
)
def test_how_far_a_plan_is_carried_out_is_what_its_run_came_to(outcome: Outcome, said: str) -> None:
    desk = reach(Status.PLANNED)
    desk.presenter.do(Intent.MIGRATE)
    assert desk.hear(*canned.started()).plan.head.pills[0].text == "Being carried out"
    screen = desk.hear(canned.summary(outcome))
    assert screen.rail[1].state == said
    made = screen.plan.head.context.rpartition(", ")[2]
    assert made == (said.lower() if outcome is not Outcome.REFUSED else "good until something changes")


def test_a_plan_is_as_good_as_before_where_an_earlier_run_is_in_the_way() -> None:
    desk = reach(Status.PLANNED)
    desk.presenter.do(Intent.MIGRATE)
    refused = canned.summary(Outcome.REFUSED, cause="unfinished-run")
    screen = desk.hear(*canned.started(), replace(refused, run="20261101T105002Z-0000"))
    assert (screen.status, screen.rail[1].state) == (Status.UNFINISHED_RUN, "1,201,442 to copy")


def test_going_on_with_a_run_goes_on_with_its_plan_and_another_run_does_not() -> None:
    desk = reach(Status.PLANNED)
    desk.presenter.do(Intent.MIGRATE)
    desk.hear(*canned.started(), canned.summary(Outcome.STOPPED))
    desk.presenter.do(Intent.RESUME)
    assert desk.hear(*canned.started("resume")).rail[1].state == "Being carried out"
    # Refused, but what was copied before is there still.
    assert desk.hear(canned.summary(Outcome.REFUSED)).rail[1].state == "Carried out in part"
    desk.hear(*canned.started("resume"), canned.summary())
    assert desk.hear(*canned.rolled_back()).rail[1].state == "Carried out"
    other = RunStarted("20261101T105002Z-0000", "resume", canned.SOURCE, canned.DESTINATION, 16)
    assert desk.hear(other).rail[1].state == "Carried out"


# -- what is left to decide -----------------------------------------------------------------------


def test_what_becomes_of_conflicts_is_said_once_it_is_decided() -> None:
    desk = plan(*canned.planned(canned.OPEN[0]))
    for answer, what, note in (
        ("", "Waits for your decision", "needs your decision"),
        ("leave", "Left alone, reported", "left alone, reported"),
    ):
        desk.presenter.plan.decide("conflicts", answer)
        desk.presenter.plan.find("", "")
        screen = desk.hear(canned.rows()).plan
        assert screen.keys is not None
        (row,) = [row for row in screen.keys.rows if "cam02/0001" in row.key]
        assert row.what == what
        assert row.why == "The destination has different content under this name."
        assert {share.note for share in screen.shares if share.outcome == "conflict"} == {note}


def test_migrate_data_starts_at_once_where_nothing_is_open() -> None:
    desk = Desk()
    desk.connect()
    desk.presenter.do(Intent.MIGRATE)
    assert asked(desk) == ["generate", "plan"]
    screen = desk.hear(*canned.planned())
    assert asked(desk) == ["generate", "plan", "start"]
    assert screen.page == "run"
    assert screen.rail[1].state == "1,201,442 to copy"
    assert desk.hear(*canned.started()).rail[1].state == "Being carried out"


@pytest.mark.parametrize(
    ("events", "about"),
    [
        (canned.planned(canned.OPEN[0]), "already there"),
        (canned.planned(canned.OPEN[1]), "cannot be carried over"),
        (canned.planned(found=(canned.lost(),)), "storage class"),
        (canned.planned(usd=10.01), "above your limit"),
        (canned.planned(hours=12.1), "above your limit"),
    ],
)
def test_migrate_data_stops_at_the_plan_where_something_is_open(events: list[Event], about: str) -> None:
    desk = Desk()
    desk.connect()
    desk.presenter.do(Intent.MIGRATE)
    screen = desk.hear(*events)
    assert "start" not in asked(desk)
    assert (screen.status, screen.page) == (Status.PLAN_OPEN, "plan")
    assert screen.bar.sentence == "1 decision left"
    assert [each for each in screen.plan.decisions if about in each.title]
    desk.presenter.do(Intent.MIGRATE)
    assert "start" not in asked(desk)


def test_keys_that_only_documents_speak_against_stop_nothing() -> None:
    """A plan writes no probe, and the run tries them out."""
    desk = plan(*canned.planned(Fate("unsupported", "key-folder-body", 1, 882)))
    assert desk.see().status is Status.PLANNED
    (told,) = desk.see().plan.decisions
    assert not told.is_open
    assert told.text.startswith("Folder name with content. ")


def test_limits_are_those_of_settings() -> None:
    desk = plan(*canned.planned(usd=700, hours=90), desk=Desk(preferences=LimitsFile(701, 91)))
    assert desk.see().status is Status.PLANNED
    desk = plan(*canned.planned(usd=4.2), desk=Desk(preferences=LimitsFile(1, 91)))
    assert "$4.20" in desk.see().plan.decisions[0].text


def test_every_decision_can_be_made_and_taken_back() -> None:
    found = (canned.lost(), PropertyFound("locks", "unknown", 4, is_exact=False, example="a"))
    desk = plan(*canned.planned(*canned.OPEN, found=found, usd=704))
    decisions = desk.see().plan.decisions
    assert [each.is_open for each in decisions] == [True, True, False, True, True]
    for each in decisions:
        if each.is_open:
            desk.presenter.plan.decide(each.name, next(iter(each.choices)))
    assert desk.see().status is Status.PLANNED
    assert all(each.answered for each in desk.see().plan.decisions if each.choices)
    for each in decisions:
        if each.choices:
            desk.presenter.plan.decide(each.name, "")
    assert desk.see().status is Status.PLAN_OPEN
    assert desk.see().bar.sentence == "4 decisions left"


def test_accepted_losses_are_in_the_job_that_is_started() -> None:
    desk = plan(*canned.planned(found=(canned.lost(), canned.lost("acl"))))
    desk.presenter.plan.decide("loss:storage-class", "accept")
    desk.presenter.plan.decide("loss:acl", "accept")
    assert desk.see().plan.banner is None
    desk.presenter.do(Intent.MIGRATE)
    what, table, _ = desk.service.asked[-1]
    assert what == "start"
    assert table["carry"]["accept"] == ["acl", "storage-class"]


@pytest.mark.parametrize("choice", ["overwrite", "skip"])
def test_another_way_with_what_exists_is_a_new_plan_with_it(choice: str) -> None:
    desk = plan(*canned.planned(*canned.OPEN))
    before = desk.see().setup.revision
    desk.presenter.plan.decide("conflicts", choice)
    what, table, _ = desk.service.asked[-1]
    assert (what, table["transfer"]["existing"]) == ("plan", choice)
    assert desk.see().setup.revision > before


def test_leaving_what_exists_needs_no_new_plan() -> None:
    desk = plan(*canned.planned(canned.OPEN[0]))
    desk.presenter.plan.decide("conflicts", "leave")
    assert desk.see().status is Status.PLANNED
    assert asked(desk).count("plan") == 1


def test_a_new_plan_forgets_what_was_decided_about_the_old_one() -> None:
    desk = plan(*canned.planned(*canned.OPEN))
    desk.presenter.plan.decide("unsupported", "go-on")
    desk.presenter.do(Intent.PREVIEW_PLAN)
    desk.hear(*canned.planned(*canned.OPEN))
    assert desk.presenter.plan.open == 2


def test_a_plan_is_good_for_a_day() -> None:
    desk = reach(Status.PLANNED)
    desk.now += 24 * 3600 + 1
    assert desk.see().status is Status.CONNECTED
    assert desk.see().rail[1].state == "Out of date"
    assert stale(desk) == "This plan is more than a day old."


def test_a_plan_that_is_out_of_date_says_why() -> None:
    desk = reach(Status.PLANNED)
    made = desk.see().plan.head.context.partition("made ")[2][:5]
    desk.presenter.set_up.edit("max_size", "1 GB")
    assert stale(desk) == f"Set up has changed since this plan was made at {made}."
    bar = desk.see().bar
    assert (bar.sentence, bar.help.partition(":")[0]) == ("Ready to plan again", "The plan is out of date")


def stale(desk: Desk) -> str:
    banner = desk.see().plan.banner
    assert banner is not None
    return banner.headline


# -- finding a key --------------------------------------------------------------------------------


def test_any_key_is_found_with_what_happens_to_it_and_why() -> None:
    desk = plan(*canned.planned(*canned.OPEN))
    assert desk.service.sought == [("", "")]
    desk.presenter.plan.find(text="cam02")
    desk.presenter.plan.find(outcome="filtered")
    assert desk.service.sought[-1] == ("cam02", "filtered")
    keys = desk.hear(canned.rows("cam02", "filtered")).plan.keys
    assert keys is not None
    assert [(row.what, row.why) for row in keys.rows] == [("Left out", "Newer than Max Date.")]


def test_answers_to_what_nobody_asks_any_more_are_left_aside() -> None:
    desk = plan(*canned.planned())
    desk.presenter.plan.find(text="cam02")
    keys = desk.hear(canned.rows()).plan.keys
    assert keys is not None
    assert keys.rows == ()


def test_a_key_that_was_not_listed_is_said_to_be_none() -> None:
    desk = plan(*canned.planned())
    desk.presenter.plan.find(text="nowhere")
    keys = desk.hear(canned.rows("nowhere")).plan.keys
    assert keys is not None
    assert keys.empty == labels.NO_SUCH_KEY


@pytest.mark.parametrize("outcome", ["copy", "same", "filtered", "conflict", "unsupported"])
def test_every_outcome_of_a_key_has_words(outcome: str) -> None:
    (row,) = [row for row in canned.rows().rows if row.outcome == outcome]
    assert plan_words.what(row)
    assert plan_words.why(row).endswith(".")


# -- permissions ----------------------------------------------------------------------------------


def test_policies_are_copied_for_exactly_this_job() -> None:
    desk = plan(*canned.planned())
    desk.presenter.plan.copy_policy("aws")
    assert "acme-media-prod" in json.dumps(json.loads(desk.view.copied))
    desk.presenter.plan.copy_policy("lyve")
    assert "acme-archive" in desk.view.copied
    assert "actions on AWS" in desk.see().plan.permissions


# -- with real widgets ----------------------------------------------------------------------------


def test_nothing_is_decided_anew_while_the_plan_is_carried_out() -> None:
    """Another plan would begin beside the run, and take the run's events for its own."""
    desk = plan(*canned.planned(canned.OPEN[0]))
    assert [each.name for each in desk.see().plan.decisions if each.choices] == ["conflicts"]
    desk.presenter.plan.decide("conflicts", "leave")
    desk.presenter.do(Intent.MIGRATE)
    screen = desk.hear(*canned.started())
    (told,) = screen.plan.decisions
    assert (bool(told.answered), dict(told.choices)) == (True, {})
    desk.presenter.plan.decide("conflicts", "")
    desk.presenter.plan.decide("conflicts", "overwrite")
    assert desk.service.asked[-1][0] == "start"
    screen = desk.hear(*canned.copied(3), canned.summary())
    assert (screen.status, screen.setup.form) == (Status.FINISHED, canned.FORM)
    desk.presenter.plan.decide("conflicts", "overwrite")
    assert desk.service.asked[-1][0] == "plan"


@pytest.mark.window
def test_every_control_of_the_page_does_what_it_says(driver: Driver) -> None:
    driver.connect()
    driver.press("preview_plan")
    driver.service.say(*canned.planned(*canned.OPEN, found=(canned.lost(),), usd=704), canned.rows())
    driver.pump()
    view = driver.window.plan
    assert len(view.finder.tree.get_children()) == 5
    for name in ("loss:storage-class", "unsupported", "limit"):
        view.decisions.rows[name].control.invoke()
        driver.pump()
        assert view.decisions.rows[name].decision.answered
    box = view.decisions.rows["conflicts"].control
    box.set(labels.CONFLICT_CHOICES["leave"])
    box.event_generate("<<ComboboxSelected>>")
    driver.pump()
    assert driver.screen.status is Status.PLANNED
    view.decisions.rows["limit"].control.invoke()
    driver.pump()
    assert driver.screen.status is Status.PLAN_OPEN
    view.outcomes.rows[2].button.invoke()
    driver.pump()
    assert driver.service.sought[-1] == ("", "filtered")
    assert view.finder.outcome.get() == "Left out by a filter"
    view.permissions.buttons["lyve"].invoke()
    driver.pump()
    assert "acme-archive" in driver.root.clipboard_get()


@pytest.mark.window
def test_a_key_is_typed_found_and_explained_with_the_keyboard_alone(driver: Driver) -> None:
    driver.connect()
    driver.press("preview_plan")
    driver.service.say(*canned.planned(*canned.OPEN), canned.rows())
    driver.pump()
    driver.key("<Control-f>")
    finder = driver.window.plan.finder
    assert driver.root.focus_get() == finder.entry
    finder.entry.insert(0, "tape")
    driver.key("<Return>", finder.entry)
    assert driver.service.sought[-1] == ("tape", "")
    driver.service.say(canned.rows("tape"))
    driver.pump()
    assert finder.why.cget("text").startswith("Left out, reported. The object is archived")


@pytest.mark.window
@pytest.mark.parametrize("width", [1280, 1024])
def test_no_number_of_the_plan_is_cut_off(driver: Driver, width: int) -> None:
    driver.root.geometry(f"{width}x674")
    driver.connect()
    driver.press("preview_plan")
    driver.service.say(*canned.planned(*canned.OPEN, found=(canned.lost(),), usd=704))
    driver.pump(until=lambda: driver.root.winfo_width() == width)
    view = driver.window.plan
    for row in view.outcomes.rows:
        for label in (row.text, row.count, row.size):
            assert label.winfo_width() >= label.winfo_reqwidth()
    for label in view.costs._table.winfo_children():
        assert label.winfo_width() >= label.winfo_reqwidth()
    for row in view.decisions.rows.values():
        assert row.control.winfo_width() >= row.control.winfo_reqwidth()


@pytest.mark.window
def test_copied_is_said_only_of_what_was_copied(driver: Driver) -> None:
    driver.connect()
    driver.press("preview_plan")
    driver.service.say(*canned.planned())
    driver.pump()
    card = driver.window.plan.permissions
    driver.presenter.set_up.edit("lyve.endpoint", "no address at all")
    driver.root.clipboard_clear()
    driver.root.clipboard_append("mine")
    card.buttons["lyve"].invoke()
    assert driver.root.clipboard_get() == "mine"
    assert str(card.said.cget("text")) == ""
    driver.pump()
    assert driver.screen.page == "setup"  # where it is said what is wrong
    assert driver.screen.setup.fields["lyve.endpoint"].problem
    driver.presenter.set_up.edit("lyve.endpoint", canned.FORM.lyve.endpoint)
    card.buttons["lyve"].invoke()
    assert str(card.said.cget("text")) == labels.COPIED
