"""What copies would lack is asked about in the window: go on without it, or copy nothing."""

from __future__ import annotations

from dataclasses import replace

from migrator.gui.form import to_table
from migrator.gui.status import Status
from tests.gui import canned
from tests.gui.test_presenter import Desk


def test_losses_are_named_and_asked_about() -> None:
    question = Desk().run(*canned.lossy()).bar.question
    assert question is not None
    assert question.yes == "Accept and Migrate"
    assert "storage class of 1,204 objects" in question.text
    assert "access granted to others (ACL) of at least 3 objects" in question.text
    assert "locks" not in question.text  # unknown is told in the log, and needs no answer
    assert not question.is_destructive


def test_accepting_starts_a_run_whose_job_accepts_exactly_these() -> None:
    desk = Desk()
    desk.run(*canned.lossy())
    desk.presenter.answer(yes=True)
    what, table, _ = desk.service.asked[-1]
    assert what == "start"
    assert table["carry"]["accept"] == ["acl", "storage-class"]
    assert desk.see().bar.question is None


def test_what_was_accepted_before_stays_accepted() -> None:
    rest = {"carry": {"accept": ["tags"], "locks": "report"}}
    form = replace(canned.FORM, rest=rest)
    desk = Desk(form)
    desk.run(*canned.lossy())
    desk.presenter.answer(yes=True)
    _, table, _ = desk.service.asked[-1]
    assert table["carry"] == {"accept": ["acl", "storage-class", "tags"], "locks": "report"}


def test_declining_starts_nothing_and_leaves_the_reason_on_screen() -> None:
    desk = Desk()
    desk.run(*canned.lossy())
    asked = list(desk.service.asked)
    desk.presenter.answer(yes=False)
    assert desk.service.asked == asked
    screen = desk.see()
    assert screen.bar.question is None
    assert desk.presenter.status is Status.REFUSED
    assert "acl" not in to_table(desk.presenter.form).get("carry", {}).get("accept", [])


def test_another_refusal_is_not_asked_about() -> None:
    refused = canned.lossy()[1]
    assert Desk().run(refused).bar.question is None


def test_many_losses_do_not_push_the_buttons_away() -> None:
    from migrator.gui.losses import question
    from migrator.model.findings import PropertyFound

    many = [
        PropertyFound(name, "lost", 1, is_exact=True, example="k" * 900)
        for name in ("acl", "encryption", "locks", "metadata", "storage-class")
    ]
    asked = question(many)
    assert asked.text.count("Lost:") == 3
    assert asked.text.endswith("2 more: see the log.")
    assert len(asked.text) < 900
