"""Config files and the form: the last one at the start, any other one by hand, and a copy of this one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from migrator.errors import JobFileError, Problem
from migrator.gui import form_words, labels
from migrator.gui.form import Form, to_table
from migrator.gui.run_actions import Act
from migrator.gui.status import Intent, Status, Tone
from migrator.model.drafts import ConfigRead, ConfigSaved
from migrator.model.events import Warned
from migrator.model.key_sets import KeysForgotten
from migrator.model.ledger import Outcome
from tests.gui import canned
from tests.gui.conftest import Driver
from tests.gui.test_presenter import Desk

KNOWN = {"source": "AKIA…N5A, kept in Secret Service", "destination": "STX1…TUV, kept in Secret Service"}
PATH = "/home/ann/job.toml"


def read(**changes: Any) -> ConfigRead:
    return replace(ConfigRead(PATH, to_table(canned.FORM), KNOWN, is_last=True), **changes)


def asked(desk: Desk) -> list[tuple[Any, ...]]:
    return [each for each in desk.service.asked if "config" in each[0]]


# -- at the start ---------------------------------------------------------------------------------


def test_the_window_opens_as_it_was_closed() -> None:
    desk = Desk(Form())
    desk.presenter.open()
    assert asked(desk) == [("open_config", "", "")]
    setup = desk.hear(read()).setup
    assert setup.form.aws.bucket == "acme-media-prod"
    assert setup.form.include == "*.mp4, *.mov, *.json"
    assert "last config file" in setup.generated
    assert labels.GENERATE_NEXT in setup.generated


def test_its_keys_need_not_be_typed_again() -> None:
    desk = Desk(Form())
    setup = desk.hear(read()).setup
    assert setup.form.aws.access_key_id == ""
    assert "AKIA…N5A" in setup.fields["aws.access_key_id"].hint
    desk.presenter.generate()
    name, table, keys = desk.service.asked[-1]
    assert (name, keys) == ("generate", {})
    assert table["source"]["credentials"] == "keyring:aws"


def test_keys_that_are_gone_are_asked_for_as_ever() -> None:
    desk = Desk(Form())
    assert labels.TYPE_KEYS in desk.hear(read(keys={})).setup.generated
    desk.presenter.generate()
    fields = desk.see().setup.fields
    assert fields["aws.access_key_id"].problem == labels.FILL_THIS
    assert fields["lyve.secret_access_key"].problem == labels.FILL_THIS
    assert desk.service.asked == []


def test_whose_keys_are_missing_is_said() -> None:
    desk = Desk(Form())
    generated = desk.hear(read(keys={"source": "AKIA…N5A, kept in Secret Service"})).setup.generated
    assert "Type the keys of Lyve Cloud" in generated


def test_what_was_typed_meanwhile_stays() -> None:
    desk = Desk(Form())
    desk.presenter.set_up.edit("aws.bucket", "mine")
    form = desk.hear(read()).setup.form
    assert (form.aws.bucket, form.lyve.bucket) == ("mine", "")


def test_a_demo_is_about_its_own_services() -> None:
    desk = Desk(canned.FORM, demo=True)
    desk.presenter.open()
    desk.presenter.config.open()
    assert asked(desk) == []
    assert not desk.see().can_open


def test_a_last_file_that_cannot_be_used_is_told_of_and_the_form_is_empty() -> None:
    desk = Desk(Form())
    setup = desk.hear(Warned("config", "Your last config file could not be used: not TOML")).setup
    assert (setup.generated_tone, setup.form) == (Tone.PROBLEM, Form())
    assert "not TOML" in setup.generated


# -- keys that are kept ---------------------------------------------------------------------------


def test_typing_a_key_means_a_new_pair() -> None:
    desk = Desk(Form())
    desk.hear(read())
    desk.presenter.set_up.edit("aws.access_key_id", "AKIAIOSFODNN7EXAMPLE")
    assert desk.see().setup.fields["aws.access_key_id"].hint == ""
    desk.presenter.generate()
    assert desk.see().setup.fields["aws.secret_access_key"].problem == labels.FILL_THIS
    desk.presenter.set_up.edit("aws.access_key_id", "")
    assert "AKIA…N5A" in desk.see().setup.fields["aws.access_key_id"].hint


def test_keys_that_are_forgotten_on_settings_are_not_used_any_more() -> None:
    desk = Desk(Form())
    desk.hear(read())
    setup = desk.hear(KeysForgotten(("aws",))).setup
    assert not setup.form.aws.uses_known_keys
    assert setup.form.lyve.uses_known_keys


def test_kept_keys_that_expired_under_a_run_are_not_used_again_for_nothing() -> None:
    desk = Desk(Form())
    desk.hear(read())
    message = "Lyve Cloud: the session token expired."
    desk.run(canned.summary(Outcome.PAUSED, cause="credentials", message=message, ledger={"copied": 9}))
    desk.presenter.do(Intent.ENTER_KEYS)
    desk.presenter.generate()
    fields = desk.see().setup.fields
    assert fields["lyve.access_key_id"].problem == labels.FILL_THIS
    assert not fields["aws.access_key_id"].problem


def test_environment_variables_belong_to_a_side_and_not_to_a_card() -> None:
    table = to_table(canned.FORM)
    table["source"]["credentials"] = "env"
    desk = Desk(Form())
    desk.hear(read(table=table))
    desk.presenter.set_up.choose_direction("lyve-to-aws")
    form = desk.see().setup.form
    assert not form.aws.uses_known_keys
    assert form.lyve.uses_known_keys


# -- open -----------------------------------------------------------------------------------------


def test_a_file_that_somebody_chose_fills_the_form_whatever_was_typed() -> None:
    desk = Desk(Form().put("aws.bucket", "mine"))
    desk.view.file = PATH
    desk.presenter.config.open()
    assert asked(desk) == [("open_config", PATH, "")]
    screen = desk.hear(read(is_last=False))
    assert screen.setup.form.aws.bucket == "acme-media-prod"
    assert (screen.page, screen.setup.generated_tone) == ("setup", Tone.OK)
    assert PATH in screen.setup.generated


def test_no_file_chosen_is_no_question_asked() -> None:
    desk = Desk(Form())
    desk.presenter.config.open()
    assert asked(desk) == []


def test_a_file_about_other_services_changes_nothing() -> None:
    table = to_table(canned.FORM)
    table["source"] = {**table["source"], "provider": "s3", "endpoint_url": "https://s3.example.com"}
    desk = Desk(Form())
    setup = desk.hear(read(table=table, is_last=False)).setup
    assert setup.form == Form()
    assert form_words.ONLY_AWS_AND_LYVE in setup.generated


def test_nothing_is_opened_while_something_is_under_way() -> None:
    desk = Desk(canned.FORM)
    desk.presenter.generate()
    assert not desk.see().can_open
    before = desk.see().setup.form
    assert desk.hear(read(is_last=False)).setup.form == before
    assert any(labels.NOT_NOW_OPENED in line.text for line in desk.presenter.log.lines)


def test_another_file_means_that_nothing_is_known_of_its_ends_yet() -> None:
    desk = Desk(canned.FORM)
    desk.presenter.generate()
    assert desk.hear(*canned.connected()).status is Status.CONNECTED
    desk.service.is_busy = False
    assert desk.hear(read(is_last=False)).status is Status.EMPTY


# -- an earlier run -------------------------------------------------------------------------------


def test_the_settings_of_an_earlier_run_are_a_click_away() -> None:
    desk = Desk(Form())
    desk.hear(canned.history())
    run = next(each for each in desk.see().history.rows if each.run).run
    desk.presenter.history.choose(run)
    desk.presenter.history.do(Act.RUN_AGAIN)
    assert asked(desk) == [("open_config", "", run)]
    screen = desk.hear(read(run=run, is_last=False))
    assert screen.page == "setup"
    assert run in screen.setup.generated


# -- save -----------------------------------------------------------------------------------------


def test_a_copy_is_written_where_somebody_wants_it() -> None:
    desk = Desk(canned.FORM)
    desk.view.file = PATH
    desk.presenter.config.save()
    assert asked(desk) == [("save_config", PATH, to_table(canned.FORM))]
    setup = desk.hear(ConfigSaved(PATH)).setup
    assert (PATH in setup.generated, setup.generated_tone) == (True, Tone.OK)


def test_a_form_that_is_no_job_is_not_written() -> None:
    desk = Desk(canned.FORM.put("max_size", "much"))
    desk.view.file = PATH
    desk.presenter.config.save()
    assert asked(desk) == []
    setup = desk.see().setup
    assert setup.fields["max_size"].problem
    assert setup.generated == labels.PUT_RIGHT


def test_what_the_service_refuses_is_told_beside_the_field() -> None:
    desk = Desk(canned.FORM)
    desk.view.file = PATH
    desk.service.refuse = JobFileError([Problem("filters.max_size", "is too large.")])
    desk.presenter.config.save()
    assert desk.see().setup.fields["max_size"].problem


# -- widgets --------------------------------------------------------------------------------------


@pytest.mark.window
def test_the_menu_opens_and_saves_while_the_form_is_open(driver: Driver) -> None:
    menu = driver.window.menu.file
    names = [menu.entrycget(n, "label") for n in range(menu.index("end") + 1) if menu.type(n) != "separator"]
    assert labels.OPEN_CONFIG in names
    assert labels.SAVE_CONFIG in names
    at = next(n for n in range(menu.index("end") + 1) if menu.entrycget(n, "label") == labels.OPEN_CONFIG)
    assert menu.entrycget(at, "state") == "normal"
    driver.connect()
    driver.migrate()
    assert menu.entrycget(at, "state") == "disabled"


@pytest.mark.window
def test_the_fields_show_what_a_file_says(driver: Driver) -> None:
    table = to_table(canned.FORM.put("aws.bucket", "other-bucket"))
    driver.service.say(read(table=table, is_last=False))
    driver.pump()
    fields = driver.window.setup.fields
    assert fields["aws.bucket"].get() == "other-bucket"
    assert fields["aws.secret_access_key"].get() == ""
    assert "AKIA…N5A" in fields["aws.access_key_id"].below.cget("text")
