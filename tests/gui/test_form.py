"""The form and the job file's dictionary say the same thing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.config import job_from, parse_job
from migrator.errors import JobFileError
from migrator.gui import labels
from migrator.gui.checks import blanks, hint
from migrator.gui.form import Direction, Form, form_field, from_table, keys_of, split_patterns, to_table
from migrator.job_file import job_text
from migrator.model.objects import ObjectVersion
from tests.gui import canned


def test_table_is_a_job_and_holds_no_secret() -> None:
    table = to_table(canned.FORM)
    job = job_from(table)
    assert job.source.bucket == "acme-media-prod"
    assert job.destination.endpoint_url == "https://s3.us-west-1.acme.lyve.seagate.com"
    assert job.filters.max_size == 5_000_000_000
    assert job.filters.max_date == date(2025, 3, 31)
    assert job.filters.include == ("*.mp4", "*.mov", "*.json")
    text = job_text(table)
    assert canned.SECRET not in text
    assert parse_job(text) == job


def test_round_trip_through_the_table() -> None:
    form = from_table(to_table(canned.FORM))
    assert to_table(form) == to_table(canned.FORM)
    assert keys_of(form)["aws"].access_key_id == "", "keys are not in the table"
    without_keys = {"access_key_id": "", "secret_access_key": "", "session_token": ""}
    assert form.aws == replace(canned.FORM.aws, **without_keys)
    assert form.lyve == replace(canned.FORM.lyve, **without_keys)


def test_keys_that_are_known_are_used_until_others_are_typed() -> None:
    table = to_table(canned.FORM)
    table["source"]["credentials"] = "keyring:archive"
    form = from_table(table, {"source": "AKIA…N5A, kept in Secret Service"})
    assert form.aws.uses_known_keys
    assert set(keys_of(form)) == {"lyve"}
    assert to_table(form)["source"]["credentials"] == "keyring:archive"
    assert "AKIA…N5A" in hint(form, "aws.access_key_id")
    assert set(blanks(form)) == {"lyve.access_key_id", "lyve.secret_access_key"}
    form = form.put("aws.access_key_id", "AKIAIOSFODNN7EXAMPLE")
    assert set(keys_of(form)) == {"aws", "lyve"}
    assert to_table(form)["source"]["credentials"] == "keyring:aws"
    assert hint(form, "aws.access_key_id") == ""
    assert "aws.secret_access_key" in blanks(form)


PATTERN = st.text("ab,{}*?[]\\ -:", max_size=8).map(lambda text: text.strip()) | st.sampled_from(
    ["re:^a{1,2},b$", "{a,b}/**", r"a\,b", "a, b", "re:a,b", "[,]", "{a", "a}", "a\\"]
)


@given(
    include=st.lists(PATTERN, max_size=3),
    exclude=st.lists(PATTERN, max_size=3),
    date_text=st.sampled_from(["2025-03-31", "2025-03-31T10:00:00Z", ""]),
    size=st.sampled_from([0, 500, "5 GB", "1.5 GiB", None]),
    threads=st.sampled_from([1, 512, "auto", None]),
)
def test_a_job_is_shown_as_it_is_or_not_at_all(
    include: list[str], exclude: list[str], date_text: str, size: int | str | None, threads: int | str | None
) -> None:
    """What the form would write again means what the file meant."""
    table = to_table(canned.FORM)
    filters = {"include": include, "exclude": exclude, "max_size": size, "min_date": date_text}
    table["filters"] = {name: value for name, value in filters.items() if value not in ("", [], None)}
    table["transfer"] = {} if threads is None else {"threads": threads}
    try:
        job = job_from(table)
    except JobFileError:
        return
    try:
        again = job_from(to_table(from_table(table)))
    except ValueError:
        return  # said instead of shown
    assert again.transfer == job.transfer
    assert replace(again.filters, include=(), exclude=()) == replace(job.filters, include=(), exclude=())
    keys = ["a", "b", "a,b", "a, b", "ab", "{a", "a}", ",", "a/x", "aa,b", "-", "\\"]
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    for key in keys:
        listed = ObjectVersion(key, 400, "e", moment)
        assert again.filters.rule_against(listed) == job.filters.rule_against(listed), key


def test_what_the_form_does_not_show_is_kept() -> None:
    table = to_table(canned.FORM)
    table["name"] = "video"
    table["source"]["requester_pays"] = True
    table["transfer"]["wait"] = "2h"
    table["carry"] = {"tags": False}
    again = to_table(from_table(table))
    assert again["name"] == "video"
    assert again["source"]["requester_pays"] is True
    assert again["transfer"]["wait"] == "2h"
    assert again["carry"] == {"tags": False}


def test_swapping_moves_the_ends() -> None:
    table = to_table(canned.FORM.put("direction", "lyve-to-aws"))
    assert table["source"]["provider"] == "lyve"
    assert table["destination"]["bucket"] == "acme-media-prod"


def test_other_services_are_not_for_this_window() -> None:
    table = to_table(canned.FORM)
    table["source"]["provider"] = "s3"
    with pytest.raises(ValueError, match="AWS and Lyve"):
        from_table(table)


@pytest.mark.parametrize(
    ("job_field", "direction", "name"),
    [
        ("source.endpoint_url", Direction.AWS_TO_LYVE, "aws.endpoint"),
        ("source.endpoint_url", Direction.LYVE_TO_AWS, "lyve.endpoint"),
        ("destination.prefix", Direction.AWS_TO_LYVE, "lyve.prefix"),
        ("destination", Direction.AWS_TO_LYVE, "lyve.bucket"),
        ("filters.max_size", Direction.AWS_TO_LYVE, "max_size"),
        ("transfer.bandwidth_limit", Direction.AWS_TO_LYVE, "speed_limit"),
        ("carry.tags", Direction.AWS_TO_LYVE, ""),
    ],
)
def test_job_fields_have_a_place_on_the_form(job_field: str, direction: Direction, name: str) -> None:
    assert form_field(job_field, direction) == name


@pytest.mark.parametrize(
    ("text", "patterns"),
    [
        ("", []),
        ("*.jpg", ["*.jpg"]),
        (" *.jpg ,, b ", ["*.jpg", "b"]),
        ("{a,b}/**, c", ["{a,b}/**", "c"]),
        (r"a\,b, c", [r"a\,b", "c"]),
    ],
)
def test_commas_inside_braces_belong_to_the_pattern(text: str, patterns: list[str]) -> None:
    assert split_patterns(text) == patterns


def test_empty_dates_are_no_limit() -> None:
    filters = job_from(to_table(canned.FORM.put("min_date", "").put("max_date", ""))).filters
    assert filters.min_date is None
    assert filters.max_date is None


def test_every_field_has_a_label_and_a_hint_that_does_not_fail() -> None:
    for name in labels.FIELDS:
        Form().get(name)
        assert isinstance(hint(Form(), name), str)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("min_size", "", "no limit"),
        ("min_size", "5 GB", "= 5 GB"),
        ("min_size", "500", "= 500 B"),
        ("speed_limit", "50 MB/s", "= 50 MB/s"),
        ("max_date", "2025-03-31", "whole day included"),
        ("min_date", "2025-03-31", "from 00:00 UTC"),
    ],
)
def test_hints(name: str, text: str, said: str) -> None:
    assert hint(Form().put(name, text), name) == said
