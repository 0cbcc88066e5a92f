"""The question after a run was refused because copies would lack something: go on without it, or not?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from migrator.gui import form_words
from migrator.gui.form import Form
from migrator.gui.screen import Question
from migrator.model.events import Summary
from migrator.model.findings import PropertyFound
from migrator.model.run_state import RunState
from migrator.words import property_found

#: Losses named in the question; the log has them all.
MOST_NAMED = 3


def open_losses(run: RunState, summary: Summary) -> tuple[PropertyFound, ...]:
    """What the run just refused would lose, and nobody accepted; empty where that was not the reason."""
    is_about_losses = run.command == "run" and summary.cause == "losses"
    return run.fidelity.open if is_about_losses and run.fidelity else ()


def question(losses: Sequence[PropertyFound]) -> Question:
    named = [property_found(each) for each in losses[:MOST_NAMED]]
    more = len(losses) - len(named)
    named += [form_words.more_losses(more)] * bool(more)
    return Question(
        headline=form_words.COPY_WITHOUT,
        text=" ".join(named),
        yes=form_words.ACCEPT_AND_MIGRATE,
        no=form_words.DO_NOT_COPY,
        is_destructive=False,
    )


def accepting(form: Form, names: Iterable[str]) -> Form:
    """The form whose job accepts these losses, besides those that it accepted before."""
    return _with(form, {*_accepted(form), *names})


def not_accepting(form: Form, name: str) -> Form:
    """The form whose job does not accept a loss any more."""
    return _with(form, _accepted(form) - {name})


def _accepted(form: Form) -> set[str]:
    carry: Mapping[str, Any] = form.rest.get("carry", {})
    return set(carry.get("accept", ()))


def _with(form: Form, names: set[str]) -> Form:
    return replace(form, rest={**form.rest, "carry": {**form.rest.get("carry", {}), "accept": sorted(names)}})
