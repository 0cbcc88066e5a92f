"""The presenter with a fake view and a fake service: what it decides in every state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from migrator.errors import JobFileError, Problem
from migrator.gui import labels, state_words
from migrator.gui.form import Form
from migrator.gui.presenter import QUIT_S, Presenter
from migrator.gui.run_actions import Act
from migrator.gui.screen import Screen
from migrator.gui.screen_parts import Button
from migrator.gui.status import TABLE, Intent, Status, Tone
from migrator.model.events import Event, ListingProgress, ObjectCopied, Phase, PhaseChanged
from migrator.model.ledger import Outcome
from migrator.preferences import PreferencesFile
from tests.gui import canned


class FakeView:
    def __init__(self) -> None:
        self.screens: list[Screen] = []
        self.closed = False
        self.copied = self.asked_for = self.file = self.focused = ""
        self.is_in_front = True

    def render(self, screen: Screen) -> None:
        self.screens.append(screen)

    def close(self) -> None:
        self.closed = True

    def copy(self, text: str) -> None:
        self.copied = text

    def ask_for_file(self, name: str, kinds: Mapping[str, str], title: str) -> str:
        assert title
        self.asked_for = name
        return self.file

    def ask_to_open(self, kinds: Mapping[str, str], title: str) -> str:
        assert title
        return self.file

    def focus_on(self, field: str) -> None:
        self.focused = field

    def has_focus(self) -> bool:
        return self.is_in_front


class FakeSystem:
    """Remembers what was asked of it."""

    def __init__(self) -> None:
        self.is_awake = False
        self.told: list[tuple[str, str]] = []
        self.opened: list[str] = []
        self.refusal, self.demos, self.demo_is = "", 0, "none"

    def keep_awake(self, *, awake: bool) -> None:
        self.is_awake = awake

    def notify(self, title: str, text: str) -> None:
        self.told.append((title, text))

    def open_folder(self, path: str) -> str:
        self.opened.append(path)
        return self.refusal

    def start_demo(self) -> str:
        self.demos += 1
        self.demo_is = "failed" if self.refusal else "open"
        return self.refusal

    def demo(self) -> str:
        return self.demo_is

    def close(self) -> None:
        pass


class Desk:
    """A presenter and what surrounds it, with a clock that tests move."""

    def __init__(
        self,
        form: Form | None = canned.FORM,
        *,
        preferences: PreferencesFile | None = None,
        demo: bool = False,
        folder: str = "",
    ) -> None:
        self.now = 1000.0
        self.service, self.view, self.system = canned.FakeService(), FakeView(), FakeSystem()
        moment = datetime(2026, 11, 22, 14, 31, 2, tzinfo=UTC)
        self.presenter = Presenter(
            self.service,
            self.view,
            form=form,
            preferences=preferences,
            clock=lambda: self.now,
            wall=lambda: moment,
            system=self.system,
            demo=demo,
            folder=folder,
        )

    def hear(self, *events: Event) -> Screen:
        self.service.say(*events)
        batch = []
        while not self.service.events.empty():
            batch.append(self.service.events.get())
        self.presenter.take(batch)
        return self.see()

    def see(self) -> Screen:
        return self.presenter.screen()

    def connect(self) -> Screen:
        self.presenter.generate()
        return self.hear(*canned.connected())

    def plan(self, *events: Event) -> Screen:
        self.connect()
        self.presenter.do(Intent.PREVIEW_PLAN)
        return self.hear(*events)

    def migrate(self) -> Screen:
        """Migrate Data, and the plan that comes first."""
        self.presenter.do(Intent.MIGRATE)
        return self.hear(*canned.planned())

    def run(self, *events: Event) -> Screen:
        self.connect()
        self.migrate()
        return self.hear(*canned.started(), *events)


def reach(status: Status) -> Desk:
    """A desk in the given state, reached as a person would."""
    desk = Desk()
    match status:
        case Status.EMPTY:
            pass
        case Status.CONNECTING:
            desk.presenter.generate()
        case Status.HALF_CONNECTED:
            desk.presenter.generate()
            desk.hear(*canned.half_connected())
        case Status.CONNECTED:
            desk.connect()
        case Status.PLANNING:
            desk.plan(*canned.planned()[:2])
        case Status.PLANNED:
            desk.plan(*canned.planned())
        case Status.PLAN_OPEN:
            desk.plan(*canned.planned(*canned.OPEN))
        case Status.NOTHING_TO_DO:
            desk.plan(*canned.planned_nothing())
        case Status.PLAN_REFUSED:
            desk.plan(canned.summary(Outcome.REFUSED, message="No such bucket.", ledger={"copied": 0}))
        case Status.LISTING:
            desk.run(canned.listing())
        case Status.RUNNING:
            desk.run(canned.listing(), PhaseChanged(Phase.COPYING))
        case Status.CANCELLING:
            desk.run(PhaseChanged(Phase.COPYING))
            desk.presenter.do(Intent.PAUSE)
        case Status.STOPPED:
            desk.run(canned.summary(Outcome.STOPPED, ledger={"copied": 9, "left": 209}))
        case Status.FINISHED:
            desk.run(canned.summary())
        case Status.FINISHED_WEAKLY:
            desk.run(canned.summary(ledger={"assurance": {"size": 12}}))
        case Status.FINISHED_WITH_FAILURES:
            desk.run(canned.failed_summary())
        case Status.PAUSED:
            desk.run(canned.summary(Outcome.PAUSED, ledger={"copied": 9, "left": 209}))
        case Status.REFUSED:
            desk.run(canned.summary(Outcome.REFUSED, ledger={"copied": 0, "listed": 0}))
        case Status.UNFINISHED_RUN:
            desk.run(canned.summary(Outcome.REFUSED, cause="unfinished-run", ledger={"copied": 9}))
        case Status.COMPARING | Status.ACCEPTING:
            desk.hear(canned.history())
            desk.presenter.show("history")
            desk.presenter.history.choose(canned.past_run(2).run)
            if status is Status.COMPARING:
                desk.presenter.history.do(Act.VERIFY)
            else:
                desk.presenter.history.do(Act.ACCEPT)
                desk.presenter.answer(yes=True)
        case Status.FOUND:
            desk.hear(canned.found())
        case Status.FOUND_IN_UNDO:
            desk.hear(canned.found(state="completed", undo="started"))
        case Status.PREVIEWING:
            desk.run(canned.summary())
            desk.presenter.do(Intent.ROLL_BACK)
        case Status.ROLLING_BACK:
            desk.run(canned.summary())
            desk.presenter.do(Intent.ROLL_BACK)
            desk.hear(*canned.looked_ahead())
            desk.presenter.answer(yes=True)
        case Status.ROLLED_BACK:
            desk.run(canned.summary())
            desk.hear(*canned.rolled_back())
        case Status.ROLLED_BACK_LEFTOVERS:
            desk.run(canned.summary())
            desk.hear(*canned.rolled_back(3))
    return desk


def named(button: Button) -> str:
    """As `TABLE` writes it."""
    return ("" if button.is_enabled else "-") + button.intent.value


@pytest.mark.parametrize("status", Status)
def test_buttons_of_every_status_come_from_its_row(status: Status) -> None:
    screen, row = reach(status).see(), TABLE[status]
    assert screen.status is status
    banner = {"plan": screen.plan.banner, "run": screen.run.banner}.get(screen.page)
    primary, secondary = row.primary, row.secondary
    if banner and banner.buttons:  # the remedy is in there: only one button stands out
        primary, secondary = "", (*row.secondary, row.primary)
    assert [screen.bar.primary and named(screen.bar.primary)] == [primary or None]
    assert [named(each) for each in screen.bar.secondary] == list(secondary)
    assert screen.setup.is_open == row.form_is_open
    assert screen.setup.generate_is_primary == row.generate_is_primary
    assert screen.bar.tone == row.tone
    assert screen.bar.sentence
    assert screen.bar.help


@pytest.mark.parametrize("status", Status)
def test_intents_that_are_not_offered_do_nothing(status: Status) -> None:
    for intent in Intent:
        desk = reach(status)
        if intent in desk.see().allowed:
            continue
        before = list(desk.service.asked)
        desk.presenter.do(intent)
        assert desk.service.asked == before
        assert desk.see().bar.question is None


# -- Set up ---------------------------------------------------------------------------------------


def test_blank_keys_are_marked_and_nothing_is_asked_of_the_service() -> None:
    desk = Desk(Form())
    desk.presenter.generate()
    fields = desk.see().setup.fields
    assert fields["aws.access_key_id"].problem == "Please fill out this field."
    assert fields["lyve.secret_access_key"].problem == "Please fill out this field."
    assert "console" in fields["lyve.endpoint"].problem
    assert desk.see().setup.generated == "Please fill out all the fields."
    assert desk.service.asked == []


def test_generate_needs_no_bucket_but_migrate_does() -> None:
    form = canned.FORM.put("aws.bucket", "").put("lyve.bucket", "")
    desk = Desk(form)
    screen = desk.connect()
    assert desk.service.asked[0][0] == "generate"
    assert screen.status is Status.CONNECTED
    desk.presenter.do(Intent.MIGRATE)
    assert len(desk.service.asked) == 1
    assert desk.see().setup.fields["aws.bucket"].problem == "Choose a bucket, or type its name."


def test_success_says_where_the_keys_are() -> None:
    setup = Desk().connect().setup
    assert setup.generated.startswith("Config generated successfully!")
    assert "Secret Service" in setup.generated
    assert setup.path.endswith(".toml")
    assert setup.cards["aws"].result == "Connected · 5 buckets · 21 ms"
    assert "acme-logs" in setup.cards["aws"].buckets


def test_failed_end_is_told_beside_the_field_and_its_card_says_what_to_do() -> None:
    screen = reach(Status.HALF_CONNECTED).see()
    card = screen.setup.cards["lyve"]
    assert (card.result, card.tone) == ("Not ready yet", Tone.PROBLEM)
    assert card.advice.startswith("Check the address")
    assert screen.setup.fields["lyve.endpoint"].problem.startswith("There is no server")
    assert "until you quit" in screen.setup.generated


def test_changing_a_key_takes_the_connection_away() -> None:
    desk = reach(Status.CONNECTED)
    desk.presenter.set_up.edit("lyve.bucket", "other")
    assert desk.see().status is Status.CONNECTED
    desk.presenter.set_up.edit("lyve.secret_access_key", "another")
    assert desk.see().status is Status.HALF_CONNECTED
    assert desk.see().setup.cards["lyve"].result == labels.CHANGED


def test_problem_appears_when_the_field_is_left_not_while_typing() -> None:
    desk = Desk()
    desk.presenter.set_up.edit("max_size", "five")
    assert desk.see().setup.fields["max_size"].problem == ""
    desk.presenter.set_up.left("max_size")
    assert desk.see().setup.fields["max_size"].problem == "Not a size. Try 5 GB."
    desk.presenter.set_up.edit("max_size", "5 GB")
    assert desk.see().setup.fields["max_size"].problem == ""
    assert desk.see().setup.fields["max_size"].hint == "= 5 GB"


def test_leaving_an_empty_field_scolds_nobody() -> None:
    desk = Desk(Form())
    for name in labels.FIELDS:
        desk.presenter.set_up.left(name)
    assert all(not state.problem for state in desk.see().setup.fields.values())


def test_problems_of_the_service_go_to_the_fields_of_the_right_end() -> None:
    desk = Desk(canned.FORM.put("direction", "lyve-to-aws"))
    desk.connect()
    desk.service.refuse = JobFileError([Problem("source.bucket", "is not there"), Problem("name", "is bad")])
    desk.presenter.do(Intent.MIGRATE)
    screen = desk.see()
    assert screen.setup.fields["lyve.bucket"].problem == "Is not there"
    assert screen.setup.generated == "Is bad"
    assert screen.page == "setup"


def test_migration_type_swaps_the_cards() -> None:
    desk = Desk()
    assert desk.see().setup.cards["aws"].is_source
    desk.presenter.set_up.choose_direction("lyve-to-aws")
    cards = desk.see().setup.cards
    assert cards["lyve"].is_source
    assert not cards["aws"].is_source


def test_session_token_is_asked_for_with_temporary_keys_only() -> None:
    desk = Desk()
    assert not desk.see().setup.cards["aws"].shows_token
    desk.presenter.set_up.edit("aws.access_key_id", "ASIAEXAMPLE")
    assert desk.see().setup.cards["aws"].shows_token
    desk.presenter.generate()
    assert "session token" in desk.see().setup.fields["aws.session_token"].problem


def test_service_that_ends_without_a_word_leaves_nobody_waiting() -> None:
    desk = reach(Status.CONNECTING)
    desk.service.is_busy = False
    for _ in range(3):
        desk.presenter.tick(idle=True)
    assert desk.see().status is Status.EMPTY
    assert "not written" in desk.see().setup.generated


# -- the run --------------------------------------------------------------------------------------


def test_no_percentage_before_totals_are_final() -> None:
    desk = reach(Status.RUNNING)
    listing, copying = desk.see().run.bars
    assert listing.fraction is None
    assert copying.fraction is None
    assert "at least" in copying.below
    assert "%" not in desk.see().rail[2].state
    desk.hear(ListingProgress(4, 400, 4, 400, 0, 0, 0, 0, {}, final=True), ObjectCopied("a", 100, "digest"))
    assert desk.see().run.bars[1].right == "25 %"


def test_one_hundred_percent_only_when_every_fate_is_decided() -> None:
    desk = reach(Status.RUNNING)
    desk.hear(ListingProgress(2, 100, 2, 100, 0, 0, 0, 0, {}, final=True), ObjectCopied("a", 100, "digest"))
    assert desk.see().run.bars[1].right == "99 %"
    desk.hear(ObjectCopied("b", 0, "digest"))
    assert desk.see().run.bars[1].right == "100 %"


def test_success_is_claimed_only_when_completed() -> None:
    assert reach(Status.FINISHED).see().bar.sentence == "Transfer successful! 218/218"
    for status in set(Status) - {Status.FINISHED}:
        screen = reach(status).see()
        assert "successful" not in screen.bar.sentence
        assert screen.run.banner is None or "successful" not in screen.run.banner.headline


def test_ledger_adds_up_or_says_that_it_does_not() -> None:
    ledger = reach(Status.FINISHED_WITH_FAILURES).see().run.ledger
    assert ledger is not None
    assert ledger.title == "Every object is accounted for"
    assert sum(int(term.value.replace(",", "")) for term in ledger.terms) == 1284
    desk = Desk()
    screen = desk.run(canned.summary(Outcome.FAILED, ledger={"copied": 217}))
    assert screen.run.ledger is not None
    assert not screen.run.ledger.balances


def test_failures_are_grouped_by_cause_with_conflicts_and_unsupported() -> None:
    screen = Desk().run(*canned.failures(), canned.failed_summary())
    counts = {group.cause: group.count for group in screen.run.groups}
    assert counts["Access denied by a KMS key"] == 21
    assert counts["Different object already there"] == 4
    assert screen.run.groups_count == 37
    assert all(len(group.samples) <= 20 for group in screen.run.groups)
    assert screen.bar.primary is not None
    assert screen.bar.primary.text == "Retry 30 Failed"


def test_keys_that_would_act_on_the_screen_are_made_visible() -> None:
    screen = Desk().run(ObjectCopied("a\x1b[2J\u202eb", 1, "digest"))
    assert screen.log.lines[-1].text.startswith("a\\u{1b}[2J\\u{202e}b")


def test_roll_back_asks_once_and_names_the_number() -> None:
    desk = reach(Status.FINISHED)
    desk.presenter.do(Intent.ROLL_BACK)
    assert desk.see().bar.question is None
    question = desk.hear(*canned.looked_ahead()).bar.question
    assert question is not None
    assert question.yes == "Roll Back 218 Objects"
    assert question.is_destructive
    desk.presenter.answer(yes=False)
    assert desk.see().bar.question is None
    assert ("rollback", canned.RUN) not in desk.service.asked
    desk.presenter.do(Intent.ROLL_BACK)
    desk.hear(*canned.looked_ahead())
    desk.presenter.answer(yes=True)
    assert desk.service.asked[-1] == ("rollback", canned.RUN)


def test_leftovers_of_a_roll_back_are_listed_with_reasons() -> None:
    run = reach(Status.ROLLED_BACK_LEFTOVERS).see().run
    assert run.groups_title == "Left in place"
    assert {group.cause for group in run.groups} == {"Changed by someone else since", "Only here now: kept"}


def test_resume_and_retry_name_the_run() -> None:
    for status, intent in (
        (Status.STOPPED, Intent.RESUME),
        (Status.PAUSED, Intent.RESUME),
        (Status.UNFINISHED_RUN, Intent.RESUME),
        (Status.FINISHED_WITH_FAILURES, Intent.RETRY),
    ):
        desk = reach(status)
        desk.presenter.do(intent)
        assert desk.service.asked[-1] == ("resume", canned.RUN)


def test_refused_run_can_be_tried_again_and_refused_roll_back_too() -> None:
    desk = reach(Status.REFUSED)
    desk.connect()
    desk.hear(*canned.started(), canned.summary(Outcome.REFUSED, ledger={"copied": 0}))
    desk.presenter.do(Intent.TRY_AGAIN)
    assert desk.service.asked[-1][0] == "start"
    desk = reach(Status.FINISHED)
    desk.hear(
        *canned.started("rollback"), canned.summary(Outcome.REFUSED, removed=0, restored=0, left_in_place=218)
    )
    desk.presenter.do(Intent.TRY_AGAIN)
    assert desk.service.asked[-1] == ("preview_rollback", canned.RUN)


def test_new_migration_keeps_roll_back_within_reach() -> None:
    desk = reach(Status.FINISHED)
    desk.presenter.do(Intent.NEW_MIGRATION)
    screen = desk.see()
    assert screen.status is Status.CONNECTED
    assert screen.page == "setup"
    assert Intent.ROLL_BACK in screen.allowed


def test_new_keys_for_a_paused_run_leave_its_resume_in_place() -> None:
    desk = reach(Status.PAUSED)
    desk.presenter.set_up.edit("aws.secret_access_key", "fresh")
    assert desk.connect().status is Status.PAUSED
    assert desk.service.asked[-1][2]["aws"].secret_access_key == "fresh"
    desk.presenter.do(Intent.RESUME)
    assert desk.service.asked[-1] == ("resume", canned.RUN)


def test_generate_that_fails_says_why_and_leaves_the_run_alone() -> None:
    desk = reach(Status.STOPPED)
    desk.presenter.generate()
    desk.hear(canned.summary(Outcome.FAILED, message="The disk is full.", ledger={"copied": 0}))
    screen = desk.see()
    assert screen.setup.generated == "The disk is full."
    assert screen.status is Status.STOPPED


def test_command_that_never_begins_gives_the_ended_run_back() -> None:
    desk = reach(Status.STOPPED)
    desk.presenter.do(Intent.RESUME)
    desk.service.is_busy = False
    for _ in range(3):
        desk.presenter.tick(idle=True)
    assert desk.see().status is Status.STOPPED


def test_stopping_can_be_asked_for_twice() -> None:
    desk = reach(Status.CANCELLING)
    button = desk.see().bar.secondary[0]
    assert button.text == "Stop Now"
    desk.presenter.do(button.intent)
    assert desk.service.asked[-2:] == [("cancel",), ("cancel",)]


def test_only_a_run_that_copies_is_paused_everything_else_is_stopped() -> None:
    """In the bar, the pill and the rail; also where an earlier run of this window was one that copies."""
    desk = Desk()
    desk.run(canned.summary())
    desk.presenter.do(Intent.NEW_MIGRATION)
    desk.presenter.do(Intent.PREVIEW_PLAN)
    desk.presenter.do(Intent.CANCEL)
    screen = desk.see()
    assert (screen.status, screen.bar.sentence) == (Status.CANCELLING, state_words.STOPPING)
    assert "parts" not in screen.bar.help
    desk = reach(Status.ROLLING_BACK)
    desk.hear(*canned.started("rollback"))
    desk.presenter.do(Intent.CANCEL)
    screen = desk.see()
    said = {screen.bar.sentence, screen.run.head.pills[-1].text, screen.rail[2].state}
    assert said == {state_words.STOPPING}
    desk = reach(Status.RUNNING)
    desk.presenter.do(Intent.PAUSE)
    screen = desk.see()
    said = {screen.bar.sentence, screen.run.head.pills[-1].text, screen.rail[2].state}
    assert said == {state_words.PAUSING}


def test_who_changed_a_field_after_the_check_is_not_sent_to_a_field_that_is_marked() -> None:
    desk = Desk()
    desk.connect()
    desk.presenter.set_up.edit("aws.region", "eu-west-1")
    screen = desk.see()
    assert screen.status is Status.HALF_CONNECTED
    assert not any(field.problem for field in screen.setup.fields.values())
    assert screen.bar.help == labels.TRY_BOTH
    assert "marked field" in reach(Status.HALF_CONNECTED).see().bar.help


# -- quitting, secrets, drawing -------------------------------------------------------------------


def test_quitting_while_idle_closes_at_once() -> None:
    desk = Desk()
    desk.presenter.quit()
    assert desk.view.closed


def test_quitting_while_running_asks_stops_and_waits_with_a_limit() -> None:
    desk = reach(Status.RUNNING)
    desk.presenter.quit()
    assert not desk.view.closed
    desk.presenter.answer(yes=True)
    assert desk.service.asked[-1] == ("cancel",)
    assert desk.see().bar.sentence == "Pausing…"
    desk.presenter.tick(idle=True)
    assert not desk.view.closed
    desk.now += QUIT_S + 1
    desk.presenter.tick(idle=True)
    assert desk.view.closed


def test_quitting_closes_as_soon_as_the_run_has_stopped() -> None:
    desk = reach(Status.RUNNING)
    desk.presenter.quit()
    desk.presenter.answer(yes=True)
    desk.hear(canned.summary(Outcome.STOPPED))
    desk.presenter.tick(idle=True)
    assert desk.view.closed


def test_secrets_are_in_no_repr_and_no_report() -> None:
    desk = reach(Status.CONNECTED)
    assert canned.SECRET not in repr(desk.see())
    assert canned.SECRET not in repr(desk.presenter.form)
    desk.presenter.report(f"boom {canned.SECRET}")
    assert canned.SECRET not in repr(desk.see())
    desk.presenter.log_page.copy_log()
    assert canned.SECRET not in desk.view.copied
    assert "boom ***" in desk.view.copied


def test_nothing_is_drawn_while_nothing_changes() -> None:
    desk = reach(Status.CONNECTED)
    desk.presenter.tick()
    drawn = len(desk.view.screens)
    for _ in range(20):
        desk.now += 0.05
        desk.presenter.tick()
    assert len(desk.view.screens) == drawn


def test_log_filter_rebuilds_from_what_was_hidden() -> None:
    desk = Desk()
    desk.run(*canned.copied(10), canned.throttled())
    everything = len(desk.see().log.lines)
    desk.presenter.log_page.filter_log(level="warn")
    assert [line.level for line in desk.see().log.lines] == ["warn"]
    desk.presenter.log_page.filter_log(level="info", search="cam07/0003")
    assert len(desk.see().log.lines) == 1
    desk.presenter.log_page.filter_log(search="")
    assert len(desk.see().log.lines) == everything


def test_form_survives_being_replaced_as_a_value() -> None:
    assert replace(canned.FORM).aws.keys.secret_access_key == canned.SECRET


def test_a_form_that_is_filled_in_is_not_asked_to_be_filled_in() -> None:
    """As it is when the demo opens."""
    assert Desk().see().bar.help == labels.FILLED
    assert "Fill in both sides" in Desk(Form()).see().bar.help


def test_buttons_come_back_when_the_service_gets_free_after_its_last_word() -> None:
    desk = Desk()
    desk.run()
    desk.presenter.show("settings")
    desk.hear(canned.keys(), canned.summary())
    desk.service.is_busy = True  # its last word is out, and it closes its files
    desk.presenter.tick()
    assert not desk.view.screens[-1].keys.can_forget
    desk.service.is_busy = False
    desk.presenter.tick()
    assert desk.view.screens[-1].keys.can_forget
