"""The states that the preview shows, each brought about by made-up events: a function for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from migrator.gui.app import Window
from migrator.gui.form import EndForm, Form, to_table
from migrator.gui.run_actions import Act
from migrator.gui.status import Intent
from migrator.model.drafts import ConfigRead
from migrator.model.events import Event, Phase, PhaseChanged, RollbackProgress, RunStarted
from migrator.model.findings import PropertyFound
from migrator.model.key_sets import KeysTested
from migrator.model.ledger import Outcome
from migrator.model.past_runs import RunsListed
from tests.gui import canned

#: Where runs are kept, as far as the window knows.
FOLDER = "/home/me/.local/share/migrations/runs"
State = Callable[[Window, canned.FakeService], None]


def drain(window: Window) -> None:
    for _ in range(100):
        if not window.step() and window.pump.is_idle:
            break
    window.step()
    window.root.update()


def fill(window: Window, form: Form) -> None:
    window.presenter.set_up.form = form
    window.presenter.set_up.revision += 1
    window.presenter.changed()


def empty(window: Window, service: canned.FakeService) -> None:
    fill(window, Form())


def next_start(window: Window, service: canned.FakeService) -> None:
    """As it was when the window was closed; keys of one side are kept, those of the other are not."""
    empty(window, service)
    keys = {"source": "AKIA…N5A, kept in Secret Service"}
    path = "~/.local/share/lyve-s3-migrator/job.toml"
    service.say(ConfigRead(path, to_table(canned.FORM), keys, is_last=True))


def problems(window: Window, service: canned.FakeService) -> None:
    window.presenter.set_up.form = replace(
        canned.FORM,
        aws=replace(canned.FORM.aws, access_key_id="ASIA4XMPLE7QKZ2LMN5A"),
        lyve=EndForm(access_key_id="lyve-key with space", endpoint="s3.acme.lyve.seagate.com"),
        min_date="2025-13-01",
        max_size="five",
    )
    window.presenter.generate()


def connecting(window: Window, service: canned.FakeService) -> None:
    window.presenter.generate()


def connected(window: Window, service: canned.FakeService) -> None:
    window.presenter.generate()
    service.say(*canned.connected())


def half(window: Window, service: canned.FakeService) -> None:
    lyve = replace(canned.FORM.lyve, endpoint="https://s3.us-wset-1.acme.lyve.seagate.com")
    fill(window, replace(canned.FORM, lyve=lyve))
    window.presenter.generate()
    service.say(*canned.half_connected())


def missing_bucket(window: Window, service: canned.FakeService) -> None:
    window.presenter.generate()
    service.say(*canned.missing_bucket())


def steps(window: Window, service: canned.FakeService) -> None:
    empty(window, service)
    window.setup.cards["aws"].where.invoke()
    window.setup.cards["lyve"].where.invoke()
    window.presenter.set_up.copy_policy("lyve")


def swapped(window: Window, service: canned.FakeService) -> None:
    connected(window, service)
    drain(window)
    window.presenter.set_up.choose_direction("lyve-to-aws")


def running_while_listing(window: Window, service: canned.FakeService) -> None:
    connected(window, service)
    drain(window)
    window.presenter.do(Intent.MIGRATE)
    service.say(*canned.planned())
    drain(window)
    service.say(*canned.started(), canned.listing(), PhaseChanged(Phase.COPYING), canned.transfers())
    service.say(*canned.copied(36), canned.throttled(), *canned.copied(20, 36))


def planning(window: Window, service: canned.FakeService) -> None:
    connected(window, service)
    drain(window)
    window.presenter.do(Intent.PREVIEW_PLAN)
    service.say(*canned.planned()[:2], canned.listing())


def plan(window: Window, service: canned.FakeService, *events: Event) -> None:
    connected(window, service)
    drain(window)
    window.presenter.do(Intent.PREVIEW_PLAN)
    service.say(*events, canned.rows(of=events))


def planned(window: Window, service: canned.FakeService) -> None:
    plan(window, service, *canned.planned())


def plan_open(window: Window, service: canned.FakeService) -> None:
    unknown = PropertyFound("locks", "unknown", 4, is_exact=False, example="video/a.mp4")
    plan(window, service, *canned.planned(*canned.OPEN, found=(canned.lost(), unknown), usd=704.0))
    drain(window)
    window.presenter.plan.decide("loss:storage-class", "accept")


def plan_found(window: Window, service: canned.FakeService) -> None:
    planned(window, service)
    drain(window)
    window.presenter.plan.find(text="cam02")
    service.say(canned.rows("cam02", of=canned.planned()))


def plan_stale(window: Window, service: canned.FakeService) -> None:
    planned(window, service)
    drain(window)
    window.presenter.set_up.edit("max_size", "1 GB")


def no_plan(window: Window, service: canned.FakeService) -> None:
    connected(window, service)
    window.presenter.show("plan")


def plan_refused(window: Window, service: canned.FakeService) -> None:
    connected(window, service)
    drain(window)
    window.presenter.do(Intent.PREVIEW_PLAN)
    service.say(
        canned.summary(Outcome.REFUSED, message="There is no bucket acme-archive.", ledger={"copied": 0})
    )


def history(window: Window, service: canned.FakeService) -> None:
    service.say(canned.history())
    window.presenter.show("history")


def nothing_to_do(window: Window, service: canned.FakeService) -> None:
    plan(window, service, *canned.planned_nothing())


def no_run(window: Window, service: canned.FakeService) -> None:
    connected(window, service)
    window.presenter.show("run")


def chosen(window: Window, service: canned.FakeService, number: int) -> None:
    history(window, service)
    drain(window)
    window.presenter.history.choose(canned.past_run(number).run)


def history_failed(window: Window, service: canned.FakeService) -> None:
    chosen(window, service, 1)


def accept_question(window: Window, service: canned.FakeService) -> None:
    chosen(window, service, 2)
    window.presenter.history.do(Act.ACCEPT)


def comparing(window: Window, service: canned.FakeService) -> None:
    chosen(window, service, 2)
    window.presenter.history.do(Act.VERIFY)


def no_history(window: Window, service: canned.FakeService) -> None:
    service.say(RunsListed((), 0))
    window.presenter.show("history")


def settings(window: Window, service: canned.FakeService) -> None:
    connected(window, service)
    window.presenter.show("settings")


def settings_problem(window: Window, service: canned.FakeService) -> None:
    settings(window, service)
    window.presenter.settings.edit("most_usd", "ten")
    window.presenter.settings.leave("most_usd")


def listing(window: Window, service: canned.FakeService) -> None:
    connected(window, service)
    drain(window)
    window.presenter.do(Intent.MIGRATE)
    service.say(*canned.planned())
    drain(window)
    service.say(*canned.started(), canned.listing())


def running(window: Window, service: canned.FakeService) -> None:
    connected(window, service)
    drain(window)
    window.presenter.do(Intent.MIGRATE)
    service.say(*canned.planned())
    drain(window)
    service.say(*canned.started(), canned.listing(1284, final=True), PhaseChanged(Phase.COPYING))
    service.say(*canned.copied(30), canned.throttled(), *canned.failures()[:12])
    service.say(*canned.copied(377, 30))
    service.say(canned.transfers())
    drain(window)
    canned.measure(window.presenter)


def held_up(window: Window, service: canned.FakeService) -> None:
    running(window, service)
    window.presenter.take([canned.held_up()])


def cancelling(window: Window, service: canned.FakeService) -> None:
    running(window, service)
    drain(window)
    window.presenter.do(Intent.PAUSE)


def stopped(window: Window, service: canned.FakeService) -> None:
    running(window, service)
    ledger = {"listed": 1284, "planned": 1194, "same": 64, "filtered": 26, "copied": 443, "verified": 443}
    ledger |= {"failed": 12, "left": 739}
    service.say(canned.summary(Outcome.STOPPED, ledger=ledger, filtered_by={"max_date": 20, "max_size": 6}))


def finished(window: Window, service: canned.FakeService) -> None:
    connected(window, service)
    drain(window)
    window.presenter.do(Intent.MIGRATE)
    service.say(*canned.planned())
    drain(window)
    service.say(*canned.started(), canned.listing(218, final=True), *canned.copied(40))
    service.say(
        canned.summary(ledger={"listed": 224, "filtered": 6}, filtered_by={"max_date": 4, "max_size": 2})
    )


def weakly(window: Window, service: canned.FakeService) -> None:
    connected(window, service)
    drain(window)
    window.presenter.do(Intent.MIGRATE)
    service.say(*canned.planned())
    drain(window)
    service.say(*canned.started(), canned.summary(ledger={"assurance": {"digest": 206, "size": 12}}))


def failed(window: Window, service: canned.FakeService) -> None:
    connected(window, service)
    drain(window)
    window.presenter.do(Intent.MIGRATE)
    service.say(*canned.planned())
    drain(window)
    service.say(*canned.started(), *canned.copied(40), *canned.failures(), canned.failed_summary())


def paused(window: Window, service: canned.FakeService) -> None:
    aws = replace(canned.FORM.aws, access_key_id="ASIA4XMPLE7QKZ2LMN5A", session_token=canned.SECRET)
    fill(window, replace(canned.FORM, aws=aws))
    connected(window, service)
    drain(window)
    window.presenter.do(Intent.MIGRATE)
    service.say(*canned.planned())
    drain(window)
    books = {"listed": 1284, "planned": 1284, "copied": 443, "verified": 443, "left": 841}
    message = "The AWS session token expired at 14:31. Nothing failed and nothing is lost."
    advice = "Enter new keys on Set up, then press Resume."
    service.say(*canned.started(), *canned.copied(9))
    service.say(
        canned.summary(Outcome.PAUSED, ledger=books, cause="credentials", message=message, advice=advice)
    )


def paused_by_itself(window: Window, service: canned.FakeService) -> None:
    """Where no new keys help: the disk is full."""
    running(window, service)
    books = {"listed": 1284, "planned": 1194, "same": 64, "filtered": 26, "copied": 443, "verified": 443}
    books |= {"failed": 12, "left": 739}
    message = "Only 40 MB are left where runs are kept. The run has paused, so that its records stay correct."
    advice = "Make room there, then press Resume."
    service.say(canned.summary(Outcome.PAUSED, ledger=books, cause="disk", message=message, advice=advice))


def entering_keys(window: Window, service: canned.FakeService) -> None:
    """After Enter New Keys: the cursor in the field that is to be changed."""
    paused(window, service)
    drain(window)
    window.presenter.do(Intent.ENTER_KEYS)


def quitting(window: Window, service: canned.FakeService) -> None:
    running(window, service)
    drain(window)
    window.presenter.quit()


def unfinished_run(window: Window, service: canned.FakeService) -> None:
    connected(window, service)
    drain(window)
    window.presenter.do(Intent.MIGRATE)
    service.say(*canned.planned())
    drain(window)
    message = "An unfinished run of this job is there: 1,204 of 2,000 objects copied."
    # The end names the run that is in the way, and has its books.
    other = canned.found("20261121T105002000Z-7f3a00")
    refused = canned.summary(
        Outcome.REFUSED, ledger=dict(other.ledger), cause="unfinished-run", message=message
    )
    service.say(*canned.started()[:1], replace(refused, run=other.run))


def refused(window: Window, service: canned.FakeService) -> None:
    connected(window, service)
    drain(window)
    window.presenter.do(Intent.MIGRATE)
    service.say(*canned.planned())
    drain(window)
    message = "This key may not write to acme-archive: s3:PutObject is missing."
    none = {"listed": 0, "planned": 0, "copied": 0}
    advice = "Ask the owner of the bucket for it, then try again."
    service.say(
        *canned.started(), canned.summary(Outcome.REFUSED, ledger=none, message=message, advice=advice)
    )


def losses(window: Window, service: canned.FakeService) -> None:
    connected(window, service)
    drain(window)
    window.presenter.do(Intent.MIGRATE)
    service.say(*canned.planned())
    drain(window)
    service.say(*canned.started(), *canned.lossy())


def question(window: Window, service: canned.FakeService) -> None:
    finished(window, service)
    drain(window)
    window.presenter.do(Intent.ROLL_BACK)
    service.say(*canned.looked_ahead(5, relying=1))


def found(window: Window, service: canned.FakeService) -> None:
    service.say(canned.found(), canned.found("20261121T105002000Z-7f3a00", state="stopped"))


def found_looked_at(window: Window, service: canned.FakeService) -> None:
    found(window, service)
    drain(window)
    window.presenter.do(Intent.LOOK)


def found_in_undo(window: Window, service: canned.FakeService) -> None:
    service.say(canned.found(state="completed", undo="started"))


def looking_ahead(window: Window, service: canned.FakeService) -> None:
    finished(window, service)
    drain(window)
    window.presenter.do(Intent.ROLL_BACK)
    service.say(*canned.looked_ahead(5)[:3])


def rolling_back(window: Window, service: canned.FakeService) -> None:
    question(window, service)
    drain(window)
    window.presenter.answer(yes=True)
    service.say(
        RunStarted(canned.RUN, "rollback", canned.SOURCE, canned.DESTINATION, 16),
        PhaseChanged(Phase.ROLLING_BACK),
        RollbackProgress(91, 218, 88, 0, 3),
    )


def rolled_back(window: Window, service: canned.FakeService) -> None:
    rolling_back(window, service)
    service.say(*canned.rolled_back()[2:])


def leftovers(window: Window, service: canned.FakeService) -> None:
    rolling_back(window, service)
    service.say(*canned.rolled_back(5)[2:])


def first_run(window: Window, service: canned.FakeService) -> None:
    empty(window, service)
    service.say(RunsListed((), 0))


def keys(window: Window, service: canned.FakeService) -> None:
    window.presenter.show("settings")
    service.say(
        canned.keys(), KeysTested("lyve", ok=True, message="https://s3.acme.lyve.seagate.com accepts them.")
    )


def help_page(window: Window, service: canned.FakeService) -> None:
    window.presenter.help._folder = FOLDER
    window.presenter.help.open("guide")


STATES: dict[str, State] = {
    each.__name__: each
    for each in (
        empty,
        next_start,
        problems,
        connecting,
        half,
        missing_bucket,
        steps,
        connected,
        swapped,
        planning,
        planned,
        plan_open,
        plan_found,
        plan_stale,
        nothing_to_do,
        no_plan,
        plan_refused,
        history,
        history_failed,
        accept_question,
        comparing,
        no_history,
        settings,
        keys,
        first_run,
        help_page,
        settings_problem,
        no_run,
        listing,
        running_while_listing,
        running,
        held_up,
        cancelling,
        stopped,
        finished,
        weakly,
        failed,
        paused,
        paused_by_itself,
        entering_keys,
        quitting,
        refused,
        unfinished_run,
        losses,
        found,
        found_looked_at,
        found_in_undo,
        looking_ahead,
        question,
        rolling_back,
        rolled_back,
        leftovers,
    )
}
