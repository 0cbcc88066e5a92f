"""Each filter, alone and together, selects exactly what its definition says, from the listing alone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.conftest import CommandLine, Side

DAY = datetime(2024, 6, 15, tzinfo=UTC)
#: key -> (size, last modified)
OBJECTS = {
    "a/small-early.jpg": (10, DAY - timedelta(days=30)),
    "a/large-early.jpg": (5000, DAY - timedelta(days=30)),
    "b/first-second-of-the-day.jpg": (100, DAY),
    "b/last-second-of-the-day.txt": (1000, DAY + timedelta(hours=23, minutes=59, seconds=59)),
    "b/next-midnight.jpg": (1001, DAY + timedelta(days=1)),
    "c/late.tmp": (999, DAY + timedelta(days=90)),
    "empty": (0, DAY),
}


def wanted(rule: Any) -> set[str]:
    return {key for key, (size, modified) in OBJECTS.items() if rule(key, size, modified)}


CASES: dict[str, tuple[dict[str, Any], Any]] = {
    "min date": ({"min_date": date(2024, 6, 15)}, lambda k, s, m: m >= DAY),
    "max date includes the whole day": (
        {"max_date": date(2024, 6, 15)},
        lambda k, s, m: m < DAY + timedelta(days=1),
    ),
    "max date as a moment": ({"max_date": DAY}, lambda k, s, m: m <= DAY),
    "one day": (
        {"min_date": date(2024, 6, 15), "max_date": date(2024, 6, 15)},
        lambda k, s, m: DAY <= m < DAY + timedelta(days=1),
    ),
    "min size": ({"min_size": "1 KB"}, lambda k, s, m: s >= 1000),
    "max size is inclusive": ({"max_size": 1000}, lambda k, s, m: s <= 1000),
    "include": ({"include": ["*.jpg"]}, lambda k, s, m: k.endswith(".jpg")),
    "exclude wins": (
        {"include": ["*.jpg", "*.tmp"], "exclude": ["/a/**"]},
        lambda k, s, m: k.endswith((".jpg", ".tmp")) and not k.startswith("a/"),
    ),
    "all together": (
        {
            "min_date": date(2024, 6, 1),
            "max_date": date(2024, 6, 16),
            "min_size": "100",
            "max_size": "1001",
            "include": ["b/*"],
            "exclude": ["*.txt"],
        },
        lambda k, s, m: k in {"b/first-second-of-the-day.jpg", "b/next-midnight.jpg"},
    ),
    "nothing matches": ({"min_size": "1 TB"}, lambda k, s, m: False),
}


@pytest.mark.parametrize("name", CASES)
def test_a_filter_selects_exactly_what_it_says_without_asking_for_the_rest(
    cli: CommandLine, aws: Side, lyve: Side, name: str
) -> None:
    filters, rule = CASES[name]
    for key, (size, modified) in OBJECTS.items():
        aws.cloud.seed(aws.bucket, key, b"x" * size, last_modified=modified)
    result = cli("run", cli.job(aws, lyve, filters=filters), "--json")
    assert result.code == 0
    assert set(lyve.keys_listed()) == wanted(rule)
    assert result.summary["filtered"] == len(OBJECTS) - len(wanted(rule))
    assert sum(result.summary["filtered_by"].values()) == result.summary["filtered"]
    asked = {request.key for request in aws.server.requests if request.operation != "ListObjectsV2"}
    assert asked - {""} == wanted(rule), "a filtered object was asked for"
