"""Everything that breaks migrators, between two servers that have nothing in common, each way, and back.

Every object arrives under its very key with every property, or is set aside with the reason that its server
makes necessary. A plain SDK client looks, never our own store.
"""

from __future__ import annotations

import itertools
import json
import unicodedata
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from migrator.model.parts import MIB
from tests.e2e.compare import described, listed
from tests.real.conftest import Cloud, Clouds, new_migration

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

THREADS = 10
PART = 8 * MIB
RUNS_WITHIN_S = 300

#: Keys, made unique by a number. Keys are opaque: nothing here means a path.
KEYS: dict[str, Callable[[int], str]] = {
    "leading slash": lambda n: f"/lead/{n}",
    "leading slashes": lambda n: f"//lead/{n}",
    "doubled slash": lambda n: f"doubled//{n}",
    "dot": lambda n: f"./{n}",
    "two dots": lambda n: f"../{n}",
    "dot segments": lambda n: f"a/./b/../{n}",
    "last dots": lambda n: f"{n}/..",
    "trailing slash": lambda n: f"folder{n}/",
    "spaces": lambda n: f" outer {n} ",
    "plus": lambda n: f"a+{n}+b",
    "percent": lambda n: f"100%{n}%",
    "percent-encoded": lambda n: f"a%2F{n}%20b%00",
    "query": lambda n: f"a?versionId={n}&b=c",
    "fragment": lambda n: f"a#{n}",
    "markup": lambda n: f"<a>&\"'{n}",
    "backslash": lambda n: f"a\\{n}\\..\\b",
    "caret and tilde": lambda n: f"^~:*|{n}",
    "composed": lambda n: unicodedata.normalize("NFC", f"é/ñ{n // 2 * 2}"),
    "decomposed": lambda n: unicodedata.normalize("NFD", f"é/ñ{n // 2 * 2 + 1}"),
    "twin, composed": lambda n: unicodedata.normalize("NFC", f"twin é {n}"),
    "twin, decomposed": lambda n: unicodedata.normalize("NFD", f"twin é {n - 1}"),
    "emoji": lambda n: f"😀/👩\u200d👧/{n}",
    "bidirectional": lambda n: f"\u202egpj.{n}",
    "newline": lambda n: f"line\n{n}",
    "tab": lambda n: f"tab\t{n}",
    "carriage return": lambda n: f"return\r{n}",
    "not XML": lambda n: f"bell\x07{n}\x01",
    "1,024 bytes": lambda n: f"{n:04}" + "é" * 510,
    "object and folder": lambda n: f"both/{n}",
    "below an object": lambda n: f"both/{n - 1}/below",
}
#: Swift answers 500 to multipart uploads under these.
NOT_IN_PARTS = {"not XML"}

SMALL: dict[str, bytes] = {"empty": b"", "one byte": b"\x00", "small": bytes(range(256)) * 3}
LARGE: dict[str, int] = {
    "8 MiB - 1": PART - 1,
    "8 MiB": PART,
    "8 MiB + 1": PART + 1,
    "two parts": 2 * PART,
    "two parts and a bit": 2 * PART + 12_345,
}

#: What goes with the bytes, as parameters of the SDK, which takes only dates as `Expires`: see `put`.
PROPERTIES: dict[str, dict[str, Any]] = {
    "nothing": {},
    "type": {"ContentType": "text/html; charset=utf-8"},
    "cache": {"CacheControl": "no-cache, max-age=0"},
    "disposition": {"ContentDisposition": "attachment; filename=\"a b.txt\"; filename*=UTF-8''%C3%A9"},
    "encoding": {"ContentEncoding": "gzip"},
    "language": {"ContentLanguage": "de, en"},
    "expires": {"RawExpires": "Wed, 21 Oct 2065 07:28:00 GMT"},
    "expires never": {"RawExpires": "0"},
    "all headers": {
        "ContentType": "a/b",
        "CacheControl": "private",
        "ContentDisposition": "inline",
        "ContentEncoding": "br",
        "ContentLanguage": "fr",
        "RawExpires": "-1",
    },
    "metadata": {"Metadata": {"one": "1", "two-words": "a  b=c;d,%20+"}},
    "empty value": {"Metadata": {"empty": ""}},
    "encoded words": {"Metadata": {"name": "=?UTF-8?B?Y2Fmw6k=?="}},
    "nearly 2 KB": {"Metadata": {f"n{number}": "x" * 200 for number in range(9)}},
    "2 KB": {"Metadata": {f"n{number}": "x" * 200 for number in range(10)}},
    "a long value": {"Metadata": {"long": "x" * 2000}},
    "_ and .": {"Metadata": {"under_score.dot": "kept"}},
    "one tag": {"Tags": {"only": "one"}},
    "tags": {"Tags": {"a b+c": "x=y&z", "ümlaut": "größe", "empty": "", "path/like": "@-_."}},
    "ten tags": {"Tags": {f"tag {number}": f"+{number}=" for number in range(10)}},
    "redirect": {"WebsiteRedirectLocation": "/elsewhere"},
}

#: What OpenStack Swift cannot hold: as a source it refuses, as a destination it makes this reason necessary.
SWIFT_REFUSES = {
    "a long value": "metadata-unsupported",
    "one tag": "tags-unsupported",
    "tags": "tags-unsupported",
    "ten tags": "tags-unsupported",
    "redirect": "website-redirect-unsupported",
}
#: Ceph respells names of metadata that have `_`.
CEPH_RESPELLS = {"_ and .": "metadata-unsupported"}

#: Swift keeps a key and its metadata in extended attributes, and file systems end those at 4 KB: 503.
TOO_MUCH = {("1,024 bytes", name) for name in ("nearly 2 KB", "2 KB", "a long value")}


@dataclass(frozen=True)
class Sample:
    key: str
    kind: str
    body: bytes
    properties: str


@dataclass
class Seeded:
    """What a source holds: a plain client's view by key, and the name of the properties it was given."""

    bucket: str
    kinds: dict[str, Sample] = field(default_factory=dict)
    objects: dict[str, Any] = field(default_factory=dict)


def samples() -> Iterator[Sample]:
    """Every key class with every property class, bodies in turn; every large body with both in turn."""
    number = itertools.count(2)
    small = itertools.cycle(SMALL.values())
    for properties in PROPERTIES:
        for kind, name in KEYS.items():
            if (kind, properties) in TOO_MUCH:
                continue
            yield Sample(name(next(number)), kind, next(small), properties)
    kinds = itertools.cycle([kind for kind in KEYS if kind not in NOT_IN_PARTS])
    for size in LARGE.values():
        for properties in ("nothing", "all headers", "nearly 2 KB", "tags", "_ and ."):
            kind = next(kinds)
            if (kind, properties) in TOO_MUCH:
                kind = next(kinds)
            yield Sample(KEYS[kind](next(number)), kind, _bytes(size), properties)


def _bytes(count: int) -> bytes:
    block = bytes(range(251))  # prime: no two parts are equal
    return (block * (count // len(block) + 1))[:count]


def is_swift(cloud: Cloud) -> bool:
    return ":" in cloud.keys[0]


def seed(cloud: Cloud) -> Seeded:
    seeded = Seeded(cloud.new_bucket())
    wanted = {sample.key: sample for sample in samples()}

    def put(sample: Sample) -> Sample | None:
        client, given = cloud.client, dict(PROPERTIES[sample.properties])
        expires, tags = given.pop("RawExpires", ""), given.pop("Tags", {})

        def add(params: dict[str, Any], **_: Any) -> None:
            if expires:
                params["headers"]["Expires"] = expires

        client.meta.events.register("before-call.s3.PutObject", add)
        try:
            client.put_object(Bucket=seeded.bucket, Key=sample.key, Body=sample.body, **given)
            if tags:
                tag_set = [{"Key": name, "Value": value} for name, value in tags.items()]
                client.put_object_tagging(Bucket=seeded.bucket, Key=sample.key, Tagging={"TagSet": tag_set})
        except ClientError:
            assert is_swift(cloud), sample
            assert sample.properties in SWIFT_REFUSES, sample
            if tags:
                return sample  # the object is there, without
            return None
        return sample

    with ThreadPoolExecutor(THREADS) as pool:
        seeded.kinds = {sample.key: sample for sample in pool.map(put, wanted.values()) if sample}
    assert listed(cloud.client, seeded.bucket) == sorted(seeded.kinds, key=str.encode)
    seeded.objects = seen(cloud, seeded.bucket, seeded.kinds)
    return seeded


def seen(cloud: Cloud, bucket: str, keys: Any) -> dict[str, Any]:
    client = cloud.client

    def look(key: str) -> Any:
        found = described(client, bucket, key)
        head = client.head_object(Bucket=bucket, Key=key)
        return {**found, "redirect": head.get("WebsiteRedirectLocation")}

    keys = list(keys)
    with ThreadPoolExecutor(THREADS) as pool:
        return dict(zip(keys, pool.map(look, keys), strict=True))


def set_aside(destination: Cloud, source: Cloud, seeded: Seeded) -> dict[str, str]:
    """What the destination makes necessary, by key."""
    refused = SWIFT_REFUSES if is_swift(destination) else CEPH_RESPELLS
    found = {}
    for key, sample in seeded.kinds.items():
        reason = refused.get(sample.properties)
        held = seeded.objects[key]
        if reason == "metadata-unsupported" and sample.properties == "_ and .":
            reason = reason if any("_" in name for name in held["metadata"]) else None
        if reason == "tags-unsupported" and not held["tags"]:
            reason = None
        if reason:
            found[key] = reason
    return found


def test_everything_arrives_or_is_set_aside_by_name_and_goes_back(families: Clouds, tmp_path: Path) -> None:
    source, destination = families.aws, families.lyve
    seeded = seed(source)
    assert len(seeded.objects) >= 400
    home = destination.new_bucket()
    migration = new_migration(families, tmp_path, seeded.bucket, home)

    result = migration.cli("run", migration.job(), "--json", timeout_s=RUNS_WITHIN_S)

    said = [each for each in result.events if each["event"] in {"object-failed", "warned"}]
    aside = {each["key"]: each["reason"] for each in result.named("object-unsupported")}
    expected = set_aside(destination, source, seeded)
    assert aside == expected, json.dumps(said, indent=1)
    books = result.summary
    assert (books["failed"], books["conflicts"], books["left"]) == (0, 0, 0), said
    assert books["listed"] == len(seeded.objects)
    assert books["copied"] == books["verified"] == len(seeded.objects) - len(expected)
    assert result.code == (1 if expected else 0)
    kept = {key: what for key, what in seeded.objects.items() if key not in expected}
    assert listed(destination.client, home) == sorted(kept, key=str.encode)
    there = seen(destination, home, kept)
    wrong = {key: (kept[key], there[key]) for key in kept if there[key] != kept[key]}
    assert wrong == {}

    result = migration.cli("rollback", "latest", "--yes", "--json", timeout_s=RUNS_WITHIN_S)

    # Without room for our mark nobody can tell a copy from the same bytes by somebody else: a person decides.
    unmarked = {key for key in kept if seeded.kinds[key].properties == "2 KB"}
    left = {each["key"]: each["reason"] for each in result.named("object-undone") if each["action"] == "left"}
    assert (result.code, left) == (4, dict.fromkeys(unmarked, "human")), result.err
    assert listed(destination.client, home) == sorted(unmarked, key=str.encode)
    assert destination.client.list_multipart_uploads(Bucket=home).get("Uploads", []) == []
