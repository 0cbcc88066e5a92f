"""Which objects a job wants: each rule by a table, all together by a property."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.model.filters import RULES, Filter, as_utc
from migrator.model.objects import ObjectVersion


def listed(key: str = "a", size: int = 10, when: str = "2024-06-15T12:00:00Z") -> ObjectVersion:
    return ObjectVersion(key, size, "e", datetime.fromisoformat(when))


DAY = date(2024, 3, 31)  # clocks change in Europe on this day: days of S3 do not care
TOKYO = timezone(timedelta(hours=9))
NOON = datetime.fromisoformat("2024-06-15T12:00:00")  # without an offset, as a user may write it


@pytest.mark.parametrize(
    ("when", "rule"),
    [
        ("2024-03-30T23:59:59.999999+00:00", "min_date"),
        ("2024-03-31T00:00:00+00:00", None),
        ("2024-03-31T23:59:59+00:00", None),
    ],
)
def test_min_date_begins_at_midnight_utc(when: str, rule: str | None) -> None:
    assert Filter(min_date=DAY).rule_against(listed(when=when)) == rule


@pytest.mark.parametrize(
    ("when", "rule"),
    [
        ("2024-03-31T00:00:00+00:00", None),
        ("2024-03-31T01:30:00+00:00", None),
        ("2024-03-31T23:59:59+00:00", None),
        ("2024-03-31T23:59:59.999000+00:00", None),
        ("2024-03-31T23:59:59.999999+00:00", None),
        ("2024-04-01T00:00:00+00:00", "max_date"),
        ("2024-04-01T00:30:00+01:00", None),
        ("2024-03-31T23:30:00-01:00", "max_date"),
    ],
)
def test_max_date_includes_its_whole_day(when: str, rule: str | None) -> None:
    assert Filter(max_date=DAY).rule_against(listed(when=when)) == rule


@pytest.mark.parametrize(
    ("limit", "is_before"),
    [
        (NOON, False),
        (datetime(2024, 6, 15, 12, tzinfo=UTC), False),
        (datetime(2024, 6, 15, 21, tzinfo=TOKYO), False),
        (NOON + timedelta(seconds=1), True),
        (datetime(2024, 6, 15, 21, 0, 1, tzinfo=TOKYO), True),
        (datetime(2024, 6, 15, 12, tzinfo=TOKYO), False),
    ],
)
def test_a_date_time_is_in_utc_unless_it_says_otherwise(limit: datetime, is_before: bool) -> None:
    assert Filter(min_date=limit).rule_against(listed()) == ("min_date" if is_before else None)
    is_after = as_utc(limit) < listed().last_modified
    assert Filter(max_date=limit).rule_against(listed()) == ("max_date" if is_after else None)


@pytest.mark.parametrize(
    ("rules", "size", "rule"),
    [
        ({"min_size": 10}, 9, "min_size"),
        ({"min_size": 10}, 10, None),
        ({"max_size": 10}, 10, None),
        ({"max_size": 10}, 11, "max_size"),
        ({"min_size": 0}, 0, None),
        ({"max_size": 0}, 0, None),
        ({"max_size": 0}, 1, "max_size"),
        ({"min_size": 10, "max_size": 10}, 10, None),
    ],
)
def test_sizes_are_inclusive(rules: dict[str, int], size: int, rule: str | None) -> None:
    assert Filter(**rules).rule_against(listed(size=size)) == rule


@pytest.mark.parametrize(
    ("include", "exclude", "key", "rule"),
    [
        ((), (), "a/b.txt", None),
        (("*.jpg",), (), "a/b.jpg", None),
        (("*.jpg",), (), "a/b.txt", "include"),
        (("*.jpg", "*.txt"), (), "a/b.txt", None),
        ((), ("*.tmp",), "a.tmp", "exclude"),
        ((), ("*.tmp",), "a.txt", None),
        (("*.jpg",), ("/old/**",), "old/b.jpg", "exclude"),
        (("*.jpg",), ("/old/**",), "new/b.jpg", None),
    ],
)
def test_exclude_wins_over_include(
    include: tuple[str, ...], exclude: tuple[str, ...], key: str, rule: str | None
) -> None:
    assert Filter(include=include, exclude=exclude).rule_against(listed(key)) == rule


def test_patterns_match_below_the_jobs_prefix() -> None:
    rooted = Filter(include=("/photo.jpg",))
    assert rooted.rule_against(listed("2024/photo.jpg")) == "include"
    assert rooted.rule_against(listed("2024/photo.jpg"), "2024/") is None
    assert rooted.rule_against(listed("2024/x/photo.jpg"), "2024/") == "include"


def test_an_absent_rule_filters_nothing() -> None:
    assert Filter().is_empty
    assert not Filter(min_size=0).is_empty
    assert Filter().rule_against(listed("", 0, "1970-01-01T00:00:00Z")) is None


dates = st.dates(date(2023, 12, 1), date(2024, 2, 1))
moments = st.datetimes(
    datetime.fromisoformat("2023-12-01"), datetime.fromisoformat("2024-02-01"), timezones=st.just(UTC)
)
patterns = st.lists(st.sampled_from(["*.jpg", "a/**", "/b", "*", "?", "{a,b}/*"]), max_size=2).map(tuple)
filters = st.builds(
    Filter,
    min_date=st.none() | dates | moments,
    max_date=st.none() | dates | moments,
    min_size=st.none() | st.integers(0, 20),
    max_size=st.none() | st.integers(0, 20),
    include=patterns,
    exclude=patterns,
)
objects = st.builds(
    ObjectVersion,
    key=st.sampled_from(["a", "b", "a/x.jpg", "b/y.jpg", "a/b/c", "photo.jpg"]),
    size_bytes=st.integers(0, 20),
    etag=st.just("e"),
    last_modified=moments,
)


@given(filters, objects)
def test_all_rules_together_keep_what_every_single_rule_keeps(whole: Filter, each: ObjectVersion) -> None:
    singles = {name.name: Filter(**{name.name: getattr(whole, name.name)}) for name in fields(Filter)}
    against = {name for name, single in singles.items() if single.rule_against(each) is not None}
    found = whole.rule_against(each)
    assert (found is None) == (not against)
    assert found is None or (found in against and found in RULES)


@given(dates, moments)
def test_a_date_means_the_same_as_its_first_and_last_moment(day: date, moment: datetime) -> None:
    each = ObjectVersion("a", 1, "e", moment)
    begins = datetime(day.year, day.month, day.day, tzinfo=UTC)
    ends = begins + timedelta(days=1) - timedelta(microseconds=1)
    assert Filter(min_date=day).rule_against(each) == Filter(min_date=begins).rule_against(each)
    assert Filter(max_date=day).rule_against(each) == Filter(max_date=ends).rule_against(each)
