"""A proxy in the environment is asked about in the window before keys and data go through it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from migrator.gui.form import EndForm, from_table, to_table
from migrator.gui.status import Status
from tests.gui import canned
from tests.gui.test_presenter import Desk


@pytest.fixture(autouse=True)
def proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://me:pass@proxy.example:3128")


def test_nothing_is_tried_before_the_answer() -> None:
    desk = Desk()
    desk.presenter.generate()
    question = desk.see().bar.question
    assert question is not None
    assert "HTTPS_PROXY = http://***@proxy.example:3128" in question.text
    assert "pass" not in question.text
    assert desk.service.asked == []
    desk.presenter.answer(yes=False)
    assert desk.service.asked == []
    assert desk.see().status is Status.EMPTY


def test_the_job_names_what_was_accepted_and_nobody_is_asked_again() -> None:
    desk = Desk()
    desk.presenter.generate()
    desk.presenter.answer(yes=True)
    what, table, _ = desk.service.asked[-1]
    assert what == "generate"
    assert table["environment"] == {"accept": ["HTTPS_PROXY"]}
    desk.hear(*canned.connected())
    desk.presenter.generate()
    assert desk.see().bar.question is None
    assert len(desk.service.asked) == 2


def test_a_job_file_that_names_it_needs_no_answer() -> None:
    form = replace(canned.FORM, rest={"environment": {"accept": ["https_proxy"]}})
    known = {"source": "AKIA…N5A", "destination": "STX1…TUV"}
    desk = Desk(from_table(to_table(form), known))
    desk.presenter.generate()
    assert desk.see().bar.question is None
    assert desk.service.asked[-1][1]["environment"] == {"accept": ["https_proxy"]}


def test_what_stays_on_this_computer_is_not_asked_about() -> None:
    here = EndForm("AKIA", "secret-of-it", "", "us-east-1", "http://127.0.0.1:9000", "bucket")
    desk = Desk(replace(canned.FORM, aws=here, lyve=here))
    desk.presenter.generate()
    assert desk.see().bar.question is None
    assert desk.service.asked[-1][0] == "generate"
