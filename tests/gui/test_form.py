"""The form and the job file's dictionary say the same thing."""

from __future__ import annotations

from datetime import date

import pytest

from migrator.config import job_from, parse_job
from migrator.gui import labels
from migrator.gui.checks import hint
from migrator.gui.form import Direction, Form, form_field, from_table, keys_of, split_patterns, to_table
from migrator.job_file import job_text
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
    form = from_table(to_table(canned.FORM), keys_of(canned.FORM))
    assert to_table(form) == to_table(canned.FORM)
    assert form.aws == canned.FORM.aws
    assert form.lyve == canned.FORM.lyve


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
