"""What a bucket holds and what a journal says, by plain means: the product's own reading is not trusted."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.e2e.compare import described, listed

RESERVED = ".migrator/"
#: Between an intent and its outcome.
OPEN = ("backup-intent", "write-intent", "mpu-open", "complete-intent")
UNDOING = ("rb-delete-intent", "rb-restore-intent")
#: As many connections as a plain client keeps.
THREADS = 10


def descriptions(client: Any, bucket: str, keys: Iterable[str]) -> dict[str, Any]:
    """What is behind each key."""
    keys = list(keys)
    with ThreadPoolExecutor(THREADS) as pool:
        return dict(zip(keys, pool.map(lambda key: described(client, bucket, key), keys), strict=True))


def snapshot(client: Any, bucket: str) -> dict[str, Any]:
    """Listing, versions, bytes, headers, metadata, tags and open uploads."""
    versions: list[Any] = []
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
        versions += (
            (each["Key"], each["VersionId"], each["IsLatest"], each["ETag"], each["Size"])
            for each in page.get("Versions", [])
        )
        versions += (
            (each["Key"], each["VersionId"], each["IsLatest"], "marker", 0)
            for each in page.get("DeleteMarkers", [])
        )
    keys = listed(client, bucket)
    uploads = client.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
    return {
        "keys": keys,
        "versions": sorted(versions),
        "objects": descriptions(client, bucket, keys),
        "uploads": [each["Key"] for each in uploads],
    }


def differences(one: dict[str, Any], other: dict[str, Any]) -> str:
    """In words that name keys, for the message of a failed test."""
    found = []
    for name in ("keys", "versions", "uploads"):
        if one[name] != other[name]:
            gone = [each for each in one[name] if each not in other[name]]
            came = [each for each in other[name] if each not in one[name]]
            found.append(f"{name}: gone {gone}, came {came}")
    both = one["objects"].keys() & other["objects"].keys()
    found += (
        f"{key}: {one['objects'][key]} became {other['objects'][key]}"
        for key in both
        if one["objects"][key] != other["objects"][key]
    )
    return "; ".join(found)


def states(journal: Path) -> dict[str, int]:
    """How many objects are in which state, and being undone, as another process sees it; empty where
    there is no journal yet."""
    if not journal.exists():
        return {}
    database = sqlite3.connect(f"{journal.as_uri()}?mode=ro", uri=True, timeout=5)
    try:
        found = dict(database.execute("SELECT state, COUNT(*) FROM objects GROUP BY state").fetchall())
        undone = database.execute("SELECT undo, COUNT(*) FROM objects WHERE undo != '' GROUP BY undo")
        return found | dict(undone.fetchall())
    except sqlite3.OperationalError:
        return {}
    finally:
        database.close()


def count(found: dict[str, int], names: tuple[str, ...]) -> int:
    return sum(found.get(name, 0) for name in names)
