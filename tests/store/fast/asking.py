"""Requests of a store that the tests send, and the answer that suits all of them."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import md5

from migrator.model.objects import Properties
from migrator.store.fast.store import FastStore
from migrator.store.s3 import Connection, S3Store
from tests.store.keepers import ACCESS_KEY, SECRET
from tests.support.scripted import Reply, Request, Scripted, reply

BODY = b"hello"
OBJECT = {"etag": '"e"', "last_modified": "Thu, 29 Feb 2024 12:00:00 GMT"}
PLAIN = Properties()
LISTING = b"<ListBucketResult><Name>bucket</Name><Prefix/><IsTruncated>false</IsTruncated></ListBucketResult>"
Serve = Callable[[Callable[[Request], Reply]], Scripted]
Open = Callable[..., FastStore]


def connection_to(url: str, **more: str) -> Connection:
    keys = (ACCESS_KEY, SECRET, "")
    return Connection("AWS", is_aws=False, endpoint_url=url, keys=keys, **more)  # type: ignore[arg-type]


def ok(request: Request) -> Reply:
    return reply(request, 200, BODY if request.method != "PUT" else b"", **OBJECT)


def get(store: S3Store) -> bytes:
    into = bytearray(len(BODY))
    store.read("bucket", "key", into)
    return bytes(into)


def put(store: S3Store) -> str:
    return store.put("bucket", "key", BODY, PLAIN, md5=md5(BODY).digest()).etag


def part(store: S3Store) -> str:
    return store.upload_part("bucket", "key", "id", 1, BODY, md5=md5(BODY).digest()).etag


def head(store: S3Store) -> str:
    return store.head("bucket", "key").etag


def listed(store: S3Store) -> int:
    return len(store.list_page("bucket", "").objects)
