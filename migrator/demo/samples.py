"""The demo's objects: made up, the same every time, varied enough to show what a migration meets."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from migrator.model.objects import Properties
from migrator.store.memory import MemoryCloud

KIB, MIB = 1024, 1024 * 1024
_FIRST_DAY = datetime(2024, 1, 1, 9, 30, tzinfo=UTC)
_DAYS = 1000

#: Keys that other tools skip, rename or trip over.
HOSTILE_KEYS = (
    "/begins with a slash",
    "two//slashes/inside.txt",
    "dots/../and/./more.txt",
    "ends with a slash/",
    "plus+and%20percent%2F?#&.txt",
    " spaces at both ends ",
    "caf\u00e9 (one character).txt",
    "cafe\u0301 (two characters).txt",
    "emoji \U0001f4f8.jpg",
    "back\\slash.txt",
)

_KINDS = (
    ("photos/{year}/{month:02}/IMG_{n:05}.jpg", "image/jpeg", 20 * KIB, 400 * KIB),
    ("documents/{year}/report-{n:05}.pdf", "application/pdf", 4 * KIB, 120 * KIB),
    ("logs/{year}/{month:02}/app-{n:05}.log.gz", "text/plain", 0, 30 * KIB),
    ("web/assets/{n:05}.css", "text/css", 200, 9 * KIB),
    ("exports/table-{n:05}.json", "application/json", 500, 60 * KIB),
)


@dataclass(frozen=True, slots=True)
class Sample:
    """One made-up object."""

    key: str
    body: bytes
    properties: Properties
    last_modified: datetime


def samples(count: int) -> Iterator[Sample]:
    """`count` objects; the same for the same count."""
    chance = random.Random(20240101)
    for number in range(count):
        moment = _FIRST_DAY + timedelta(days=number * _DAYS / count, seconds=chance.randrange(3600))
        yield _sample(number, moment, chance)


def _sample(number: int, moment: datetime, chance: random.Random) -> Sample:
    if number % 10 == 3 and number // 10 < len(HOSTILE_KEYS):
        key = HOSTILE_KEYS[number // 10]
        return Sample(key, chance.randbytes(chance.randrange(2 * KIB)), _PLAIN, moment)
    if number % 167 == 5:
        # Large enough to travel in parts.
        key, size = f"video/{moment:%Y}/clip-{number:05}.mp4", chance.randrange(9 * MIB, 20 * MIB)
        return Sample(key, chance.randbytes(size), Properties(content_type="video/mp4"), moment)
    pattern, kind, least, most = _KINDS[number % len(_KINDS)]
    key = pattern.format(year=moment.year, month=moment.month, n=number)
    # Most objects of a bucket are small: the square leans that way.
    size = least + int((most - least) * chance.random() ** 2)
    return Sample(key, chance.randbytes(size), _properties(number, kind), moment)


_PLAIN = Properties(content_type="text/plain; charset=utf-8")


def _properties(number: int, kind: str) -> Properties:
    return Properties(
        content_type=kind,
        cache_control="max-age=86400" if kind == "text/css" else "",
        content_encoding="gzip" if kind == "text/plain" else "",
        content_disposition=f'attachment; filename="report-{number:05}.pdf"' if number % 10 == 1 else "",
        content_language="en" if number % 10 == 1 else "",
        expires="Thu, 31 Dec 2037 23:55:55 GMT" if kind == "text/css" else "",
        metadata={"camera": f"cam-{number % 7}", "owner": "demo"} if kind == "image/jpeg" else {},
        tags={"project": "apollo", "stage": "raw & unsorted"} if number % 25 == 0 else {},
    )


def fill(cloud: MemoryCloud, bucket: str, count: int) -> None:
    """Put the samples into a bucket, dated over the last years."""
    for each in samples(count):
        cloud.seed(bucket, each.key, each.body, each.properties, last_modified=each.last_modified)
