"""The question before both ends are tried, where the environment would lead traffic elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from migrator.environment import Place, Variable, not_accepted
from migrator.gui import form_words
from migrator.gui.form import NAMES, Form
from migrator.gui.screen import Question


def open_variables(form: Form, environment: Mapping[str, str]) -> list[Variable]:
    """What redirects traffic of the form's ends, and nobody accepted."""
    places = [Place(form.end(name).endpoint.strip(), f"keyring:{name}") for name in NAMES]
    return not_accepted(places, form.rest.get("environment", {}).get("accept", ()), environment)


def question(found: Sequence[Variable]) -> Question:
    return Question(
        headline=form_words.SEND_THAT_WAY,
        text=form_words.set_here("; ".join(map(str, found))),
        yes=form_words.ACCEPT_AND_GO_ON,
        no=form_words.DO_NOT_CONNECT,
        is_destructive=False,
    )


def accepting(form: Form, found: Iterable[Variable]) -> Form:
    """The form whose job names these variables, besides those that it named before."""
    before: Mapping[str, Any] = form.rest.get("environment", {})
    accept = sorted({*before.get("accept", ()), *(each.name for each in found)})
    return replace(form, rest={**form.rest, "environment": {"accept": accept}})
