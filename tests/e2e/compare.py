"""Comparing two buckets with a plain SDK client: nothing of the product's own reading is trusted here."""

from __future__ import annotations

import hashlib
from typing import Any

HEADERS = (
    "ContentType",
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ExpiresString",
)
OURS = {"migrator-op", "mtime"}


def described(client: Any, bucket: str, key: str) -> dict[str, Any]:
    """Everything about one object that must survive a migration."""
    answer = client.get_object(Bucket=bucket, Key=key)
    body = hashlib.sha256()
    for chunk in answer["Body"].iter_chunks(1024 * 1024):
        body.update(chunk)
    tags = client.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]
    return {
        "size": answer["ContentLength"],
        "sha256": body.hexdigest(),
        "headers": {name: answer.get(name) for name in HEADERS},
        "metadata": {name: value for name, value in answer["Metadata"].items() if name not in OURS},
        "tags": sorted((tag["Key"], tag["Value"]) for tag in tags),
    }


def listed(client: Any, bucket: str) -> list[str]:
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return [entry["Key"] for page in pages for entry in page.get("Contents", [])]


def assert_equal_buckets(source: Any, source_bucket: str, destination: Any, destination_bucket: str) -> None:
    """Same keys, and behind each the same bytes, headers, metadata and tags."""
    keys = listed(source, source_bucket)
    assert listed(destination, destination_bucket) == keys
    for key in keys:
        expected = described(source, source_bucket, key)
        assert described(destination, destination_bucket, key) == expected, key
