"""Two buckets with something in them, and what must be there afterwards. The clouds are looked into directly:
nothing of the product's own reading is trusted."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from migrator.demo.samples import HOSTILE_KEYS
from migrator.model.objects import RESERVED_PREFIX, Properties, users_metadata
from migrator.store.base import Versioning
from migrator.store.memory import MemoryCloud
from tests.soak.weather import Services

KIB, MIB = 1024, 1024 * 1024
SOURCE, DESTINATION = "photos", "archive"
THEIRS = "theirs/"  #: in front of keys of somebody else's
_LARGE = "large/"
_WHEN = datetime(2024, 3, 1, 12, tzinfo=UTC)
_KEPT = 64 * MIB
#: From how many bytes to how many, and how many objects of a hundred.
SIZES = ((0, 0, 4), (1, 4 * KIB, 70), (4 * KIB, 128 * KIB, 20), (128 * KIB, 2 * MIB, 6))
LEAST_OTHER_BYTES = 16
LARGE = (8 * MIB - 1, 64 * MIB)


@dataclass(frozen=True, slots=True)
class Size:
    """How much a soak moves at a time."""

    most_objects: int
    most_large: int  #: of a size that goes in parts, at most 64 MiB each


class Bytes:
    """Made up once, then cut from: making them up anew would cost more than moving them."""

    def __init__(self, seed: int) -> None:
        self._pool = random.Random(seed).randbytes(_KEPT)

    def cut(self, chance: random.Random, size_bytes: int) -> bytes:
        start = chance.randrange(_KEPT - size_bytes + 1)
        return self._pool[start : start + size_bytes]


def seed(
    services: Services, chance: random.Random, data: Bytes, size: Size, *, overwrites: bool, versioned: bool
) -> None:
    """Fill a source, and a destination with things of others and, where the run overwrites, with objects
    under the same keys."""
    aws, lyve = services.aws.cloud, services.lyve.cloud
    aws.create_bucket(SOURCE)
    lyve.create_bucket(DESTINATION, versioning=Versioning.ENABLED if versioned else Versioning.OFF)
    for number in range(3):
        lyve.seed(DESTINATION, f"{THEIRS}{number}", b"was here before", _properties(chance))
    keys = [f"{number % 7}/folder/{number:05}.dat" for number in range(chance.randint(40, size.most_objects))]
    keys += HOSTILE_KEYS
    large = [f"{_LARGE}{number}.mp4" for number in range(chance.randint(0, size.most_large))]
    for key in keys + large:
        size_bytes = chance.randint(*LARGE) if key in large else _size(chance)
        body = data.cut(chance, size_bytes)
        when = _WHEN + timedelta(minutes=chance.randrange(500_000))
        aws.seed(SOURCE, key, body, _properties(chance), last_modified=when)
        if overwrites and chance.random() < 0.3:
            old_bytes = chance.randint(9 * MIB, 12 * MIB) if key in large else _size(chance)
            # Never the same bytes by accident: such an object would be left as it is.
            old = data.cut(chance, max(LEAST_OTHER_BYTES, old_bytes))
            lyve.seed(DESTINATION, key, old, _properties(chance), last_modified=when - timedelta(days=9))


def change(services: Services, chance: random.Random, data: Bytes, *, large_too: bool) -> None:
    """Somebody goes on working at the source: other content, and new keys."""
    keys = [key for key in services.aws.cloud.contents(SOURCE) if large_too or not key.startswith(_LARGE)]
    changed = chance.sample(keys, min(len(keys), 15)) + [f"new/{number}" for number in range(5)]
    for key in changed:
        services.aws.cloud.put(
            SOURCE, key, data.cut(chance, max(LEAST_OTHER_BYTES, _size(chance))), _properties(chance)
        )


def _size(chance: random.Random) -> int:
    least, most, _ = chance.choices(SIZES, [each[2] for each in SIZES])[0]
    return chance.randint(least, most)


def _properties(chance: random.Random) -> Properties:
    match chance.randrange(5):
        case 0:
            return Properties(content_type="image/jpeg", metadata={"camera": f"cam-{chance.randrange(9)}"})
        case 1:
            return Properties(
                content_type="text/plain",
                content_encoding="gzip",
                cache_control="no-cache",
                content_language="en",
                expires="Thu, 31 Dec 2037 23:55:55 GMT",
            )
        case 2:
            return Properties(content_disposition='attachment; filename="a b"', tags={"stage": "raw & new"})
        case _:
            return Properties(content_type="application/octet-stream")


# -- what must be so -------------------------------------------------------------------------------


def snapshot(cloud: MemoryCloud, bucket: str) -> dict[str, Any]:
    """Every version with its bytes and properties, and what is left open."""
    return {
        "uploads": [each.key for each in cloud.list_uploads(bucket)],
        **{
            f"{each.version.key} {each.version.version_id}": (
                each.is_latest,
                each.version.is_marker,
                each.version.body,
                each.version.properties,
            )
            for each in cloud.list_versions(bucket)
        },
    }


def must_be_as_before(before: dict[str, Any], services: Services) -> None:
    after = snapshot(services.lyve.cloud, DESTINATION)
    wrong = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    assert not wrong, (
        f"after the rollback {len(wrong)} differ, first {[_told(n, before, after) for n in wrong[:5]]}"
    )


def _told(name: str, before: dict[str, Any], after: dict[str, Any]) -> str:
    if name not in after or name not in before:
        return f"{name!r} {'is gone' if name not in after else 'came'}"
    return f"{name!r} is another one"


def must_be_equal(services: Services, *, keeps_saved: bool) -> None:
    """Every object of the source is at the destination, byte for byte, with headers, metadata and tags; and
    nothing else is, but what others have there and, where `keeps_saved`, what is kept aside for undo."""
    here = _current(services.aws.cloud, SOURCE)
    there = _current(services.lyve.cloud, DESTINATION)
    missing = sorted(here.keys() - there.keys())
    assert not missing, f"{len(missing)} objects are missing, first {missing[:5]}"
    wrong = sorted(key for key in here if here[key] != there[key])
    assert not wrong, f"{len(wrong)} copies differ, first {[(k, here[k][1], there[k][1]) for k in wrong[:5]]}"
    more = [key for key in there.keys() - here.keys() if not key.startswith(THEIRS)]
    ours = [key for key in more if key.startswith(RESERVED_PREFIX)]
    assert len(more) == len(ours), f"came from nowhere: {sorted(set(more) - set(ours))[:5]}"
    assert keeps_saved or not ours, f"left behind: {ours[:5]}"
    uploads = services.lyve.cloud.list_uploads(DESTINATION)
    assert not uploads, f"uploads left open: {[each.key for each in uploads]}"


def _current(cloud: MemoryCloud, bucket: str) -> dict[str, tuple[bytes, Properties]]:
    return {
        each.version.key: (
            each.version.body,
            replace(
                each.version.properties,
                metadata=users_metadata(each.version.properties.metadata),
                tags=dict(each.version.properties.tags),
                storage_class="",
            ),
        )
        for each in cloud.list_versions(bucket)
        if each.is_latest and not each.version.is_marker
    }
