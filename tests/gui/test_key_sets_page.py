"""Named sets of keys on Settings: shown without secrets, tried, and forgotten for good."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from migrator.gui import labels
from migrator.gui.status import Status, Tone
from migrator.model.key_sets import KeySet, KeysForgotten, KeysListed, KeysTested
from tests.gui import canned
from tests.gui.conftest import Driver
from tests.gui.test_presenter import Desk


def settings(desk: Desk) -> Any:
    desk.presenter.show("settings")
    return desk.hear(canned.keys()).keys


def test_they_are_looked_at_when_settings_comes_into_sight() -> None:
    desk = Desk()
    assert desk.see().keys.empty == labels.LOOKING_FOR_KEYS
    desk.presenter.show("settings")
    assert desk.service.keys_listed == 1


def test_each_set_says_what_it_is_and_where_it_is_kept() -> None:
    keys = settings(Desk())
    assert [(row.name, row.what.split(" · ")[0]) for row in keys.rows] == [
        ("archive", "STX1…TUV"),
        ("aws", "ASIA…N5A"),
        ("lyve", "STX1…TUV"),
    ]
    assert [row.where for row in keys.rows] == [
        "in Secret Service",
        labels.KEYS_NOT_KEPT,
        "in Secret Service",
    ]
    assert "temporary · until 22 Nov 2026" in keys.rows[1].what
    assert "Secret Service" in keys.where


@pytest.mark.parametrize(("vault", "says"), [("", labels.KEYS_IN_MEMORY), ("macOS Keychain", "Keychain")])
def test_where_keys_are_kept_is_said_also_without_any(vault: str, says: str) -> None:
    desk = Desk()
    keys = desk.hear(KeysListed((), vault)).keys
    assert says in keys.where
    assert keys.empty == labels.NO_KEYS
    assert not keys.can_forget


def test_a_demo_says_that_keys_of_ones_own_are_not_touched() -> None:
    desk = Desk(demo=True)
    assert desk.hear(KeysListed((), "")).keys.where == labels.KEYS_OF_DEMO


def test_testing_says_beside_the_set_how_it_went() -> None:
    desk = Desk()
    settings(desk)
    desk.presenter.keys.test("lyve")
    assert desk.service.asked[-1] == ("test_keys", "lyve")
    row = desk.see().keys.rows[2]
    assert (row.said, row.can_test) == (labels.KEYS_TESTING, False)
    desk.presenter.keys.test("lyve")  # once is enough
    assert [each[0] for each in desk.service.asked].count("test_keys") == 1
    row = desk.hear(KeysTested("lyve", ok=False, message="Lyve Cloud does not know the key.")).keys.rows[2]
    assert (row.said, row.said_tone, row.can_test) == (
        "Lyve Cloud does not know the key.",
        Tone.PROBLEM,
        True,
    )


def test_forgetting_is_asked_for_and_empties_set_up_too() -> None:
    desk = Desk()
    settings(desk)
    desk.connect()
    desk.presenter.keys.forget("lyve")
    question = desk.see().bar.question
    assert question is not None
    assert question.headline == "Forget the keys lyve?"
    desk.presenter.answer(yes=False)
    assert not [each for each in desk.service.asked if each[0] == "forget_keys"]
    desk.presenter.keys.forget("lyve")
    desk.presenter.answer(yes=True)
    assert desk.service.asked[-1] == ("forget_keys", "lyve")
    before = desk.see().setup.revision
    screen = desk.hear(KeysForgotten(("lyve",)), KeysListed(canned.keys().sets[:2], "Secret Service"))
    form = screen.setup.form
    assert (form.lyve.access_key_id, form.lyve.secret_access_key, form.lyve.session_token) == ("", "", "")
    assert form.aws == canned.FORM.aws
    assert screen.setup.revision > before  # the widgets are emptied too
    assert screen.status is Status.HALF_CONNECTED  # nothing starts with keys that are gone
    assert "lyve are forgotten" in screen.keys.said


def test_forgetting_all_leaves_no_secret_in_the_window_s_memory() -> None:
    """Not in the form, not in the plan that was made with it."""
    desk = Desk()
    desk.plan(*canned.planned())
    settings(desk)
    desk.presenter.keys.forget_all()
    assert "all 3 sets" in str(desk.see().bar.question)
    desk.presenter.answer(yes=True)
    assert desk.service.asked[-1] == ("forget_keys", "archive", "aws", "lyve")
    desk.hear(KeysForgotten(("archive", "aws", "lyve")), KeysListed((), "Secret Service"))
    forms = (desk.presenter.form, desk.presenter.plan._form)
    for form in forms:
        assert form is not None
        assert not form.aws.keys.secrets + form.lyve.keys.secrets


def test_what_could_not_be_forgotten_is_a_problem_in_words() -> None:
    desk = Desk()
    settings(desk)
    told = KeysForgotten((), 'The keys "aws" could not be removed from Secret Service (locked).')
    screen = desk.hear(told, canned.keys())
    assert screen.keys.said_tone is Tone.PROBLEM
    assert "could not be removed" in screen.keys.said
    assert screen.setup.form == canned.FORM


def test_nothing_is_forgotten_while_something_may_need_it() -> None:
    desk = Desk()
    settings(desk)
    desk.run()
    keys = desk.see().keys
    assert not keys.can_forget
    assert keys.why_not == labels.KEYS_IN_USE
    desk.presenter.keys.forget_all()
    assert desk.see().bar.question is None


def test_what_was_said_of_other_keys_is_not_said_of_those_that_took_their_place() -> None:
    desk = Desk()
    settings(desk)
    desk.hear(
        KeysTested("archive", ok=True, message="Accepted."), KeysTested("lyve", ok=True, message="Accepted.")
    )
    archive, aws, lyve = canned.keys().sets
    rows = desk.hear(KeysListed((archive, aws, replace(lyve, masked="STX2…XYZ")), "Secret Service")).keys.rows
    assert [row.said for row in rows] == ["Accepted.", "", ""]


def test_what_forgetting_came_to_is_said_until_one_comes_back() -> None:
    desk = Desk()
    settings(desk)
    assert desk.hear(KeysForgotten(("lyve",)), KeysListed((), "Vault")).keys.said
    desk.presenter.show("setup")
    desk.presenter.show("settings")
    assert desk.see().keys.said == ""


# -- the widgets ----------------------------------------------------------------------------------


@pytest.mark.window
def test_test_and_forget_are_buttons_and_no_widget_has_a_secret(driver: Driver) -> None:
    driver.presenter.show("settings")
    driver.service.say(canned.keys())
    driver.pump()
    view = driver.window.settings.key_sets
    view.rows["archive"].test.invoke()
    assert driver.service.asked[-1] == ("test_keys", "archive")
    view.rows["lyve"].drop.invoke()
    driver.pump()
    driver.press("yes")
    assert driver.service.asked[-1] == ("forget_keys", "lyve")
    driver.service.say(KeysForgotten(("lyve",)), KeysListed(canned.keys().sets[:2], "Secret Service"))
    driver.pump()
    assert set(view.rows) == {"archive", "aws"}
    # Also while Set up is not in sight.
    assert driver.window.setup.fields["lyve.secret_access_key"].get() == ""
    assert driver.window.setup.fields["lyve.access_key_id"].get() == ""


@pytest.mark.window
def test_a_name_that_would_deceive_is_shown_as_what_it_is(driver: Driver) -> None:
    driver.presenter.show("settings")
    driver.service.say(KeysListed((KeySet("a\u202eb" + "x" * 300, "AK…", is_stored=True),), "Vault"))
    driver.pump()
    (row,) = driver.window.settings.key_sets.rows.values()
    texts = [str(each.cget("text")) for each in row.winfo_children() if "text" in each.keys()]  # noqa: SIM118
    assert any("\\u{202e}" in text for text in texts)
    assert not any("\u202e" in text for text in texts)
