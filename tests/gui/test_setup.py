"""Set up: where keys come from, policies before anything is connected, and a bucket that is not there."""

from __future__ import annotations

import json

import pytest

from migrator.gui import form_words, labels
from migrator.gui.form import Form, to_table
from migrator.gui.status import Status, Tone
from migrator.model.events import EndChecked
from tests.gui import canned
from tests.gui.conftest import Driver
from tests.gui.test_presenter import Desk

# -- policies -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["aws", "lyve"])
def test_a_policy_is_copied_before_anything_is_typed(name: str) -> None:
    desk = Desk(Form())
    desk.presenter.set_up.copy_policy(name)
    assert form_words.PLACEHOLDERS[f"{name}.bucket"] in json.dumps(json.loads(desk.view.copied))
    said = desk.see().setup.generated
    assert said.startswith("The policy is on the clipboard.")
    assert form_words.PLACEHOLDERS[f"{name}.bucket"] in said
    assert desk.service.asked == []


def test_a_policy_names_the_bucket_that_is_typed() -> None:
    desk = Desk()
    desk.presenter.set_up.copy_policy("lyve")
    assert "acme-archive" in desk.view.copied
    assert desk.see().setup.generated == "The policy is on the clipboard."


def test_what_is_wrong_with_filters_is_not_in_the_way_of_a_policy() -> None:
    desk = Desk(canned.FORM.put("max_size", "five"))
    desk.presenter.set_up.copy_policy("aws")
    assert "acme-media-prod" in desk.view.copied


def test_a_bad_address_is_told_beside_its_field_instead() -> None:
    desk = Desk(canned.FORM.put("lyve.endpoint", "no address"))
    desk.presenter.set_up.copy_policy("lyve")
    assert desk.view.copied == ""
    assert desk.see().setup.fields["lyve.endpoint"].problem


# -- a bucket that is not there -------------------------------------------------------------------


def missing() -> Desk:
    desk = Desk()
    desk.presenter.generate()
    desk.hear(*canned.missing_bucket())
    return desk


def test_a_missing_bucket_offers_to_be_made() -> None:
    desk = missing()
    setup = desk.see().setup
    assert setup.cards["lyve"].is_missing
    assert not setup.cards["aws"].is_missing
    assert setup.cards["lyve"].buckets == ("acme-cold", "acme-dr")
    desk.presenter.set_up.create_bucket("lyve")
    what, table, _ = desk.service.asked[-1]
    assert (what, table["destination"]["create_bucket"]) == ("generate", True)
    desk.hear(
        canned.connected()[0],
        EndChecked("destination", ok=True, buckets=(), code="will-create"),
        canned.connected()[2],
    )
    screen = desk.see()
    assert screen.status is Status.CONNECTED
    assert "will be created, private" in screen.setup.cards["lyve"].result


def test_another_bucket_is_never_made_without_a_word() -> None:
    desk = missing()
    desk.presenter.set_up.create_bucket("lyve")
    desk.hear(*canned.connected())
    desk.presenter.set_up.edit("lyve.bucket", "acme-archvie")
    assert "create_bucket" not in to_table(desk.presenter.form)["destination"]


def test_a_source_is_never_made() -> None:
    desk = missing()
    desk.presenter.set_up.create_bucket("lyve")
    desk.presenter.set_up.choose_direction("lyve-to-aws")
    assert "create_bucket" not in to_table(desk.presenter.form)["source"]


def test_choosing_another_takes_the_trouble_away() -> None:
    desk = missing()
    desk.presenter.set_up.choose_another("lyve")
    assert desk.view.focused == "lyve.bucket"
    desk.presenter.set_up.edit("lyve.bucket", "acme-cold")
    card = desk.see().setup.cards["lyve"]
    assert (card.is_missing, card.result) == (False, labels.CHANGED)


# -- with real widgets ----------------------------------------------------------------------------


@pytest.mark.window
def test_steps_open_and_close_beside_each_key(driver: Driver) -> None:
    for name, card in driver.window.setup.cards.items():
        assert not card.steps.winfo_manager()
        card.where.invoke()
        driver.pump()
        assert card.steps.winfo_manager() == "grid"
        card.copy_policy.invoke()
        driver.pump()
        assert canned.FORM.get(f"{name}.bucket") in driver.root.clipboard_get()
        card.where.invoke()
        driver.pump()
        assert not card.steps.winfo_manager()


@pytest.mark.window
def test_both_ways_out_of_a_missing_bucket_are_buttons(driver: Driver) -> None:
    driver.window.setup.generate.invoke()
    driver.service.say(*canned.missing_bucket())
    driver.pump()
    card = driver.window.setup.cards["lyve"]
    assert card.remedies.winfo_ismapped()
    assert card.create.winfo_width() >= card.create.winfo_reqwidth()
    card.another.invoke()
    driver.pump()
    assert driver.root.focus_get() == driver.window.setup.fields["lyve.bucket"].control
    card.create.invoke()
    driver.pump()
    assert driver.service.asked[-1][1]["destination"]["create_bucket"] is True


@pytest.mark.window
def test_a_source_that_is_not_there_can_only_be_another(driver: Driver) -> None:
    driver.window.setup.directions["lyve-to-aws"].invoke()
    driver.window.setup.generate.invoke()
    there = EndChecked("destination", ok=True, buckets=(), millis=3)
    gone = EndChecked("source", ok=False, field="source.bucket", message="Gone.", code="NoSuchBucket")
    driver.service.say(gone, there, canned.connected()[2])
    driver.pump()
    card = driver.window.setup.cards["lyve"]
    assert card.another.winfo_ismapped()
    assert not card.create.winfo_manager()


def test_a_file_of_the_other_direction_is_not_called_good() -> None:
    desk = Desk()
    desk.connect()
    desk.presenter.set_up.choose_direction("lyve-to-aws")
    setup = desk.see().setup
    assert (setup.generated, setup.path) == (labels.DIRECTION_CHANGED, "")
    assert setup.cards["aws"].tone is Tone.OK


def test_what_overwriting_needs_is_said() -> None:
    desk = Desk()
    desk.presenter.set_up.edit("existing", "overwrite")
    assert "versioning" in desk.see().setup.fields["existing"].hint
