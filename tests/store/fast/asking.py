"""Requests of a store that the tests send, and the answer that suits all of them."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import md5

from migrator.model.objects import Properties, UploadedPart
from migrator.store.base import ObjectStore
from migrator.store.fast.store import FastStore
from migrator.store.s3 import Connection
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


def get(store: ObjectStore) -> bytes:
    into = bytearray(len(BODY))
    store.read("bucket", "key", into)
    return bytes(into)


def put(store: ObjectStore) -> str:
    return store.put("bucket", "key", BODY, PLAIN, md5=md5(BODY).digest()).etag


def part(store: ObjectStore) -> str:
    return store.upload_part("bucket", "key", "id", 1, BODY, md5=md5(BODY).digest()).etag


def head(store: ObjectStore) -> str:
    return store.head("bucket", "key").etag


def listed(store: ObjectStore) -> int:
    return len(store.list_page("bucket", "").objects)


#: What answers every question with a small document.
SUITS_ALL = (
    b"<Answer><Status>Enabled</Status><ObjectLockEnabled>Enabled</ObjectLockEnabled>"
    b"<TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet>"
    b"<Owner><ID>o</ID></Owner><AccessControlList/><UploadId>id</UploadId><ETag>&quot;e&quot;</ETag>"
    b"<Upload><Key>key</Key><UploadId>id</UploadId><Initiated>2024-02-29T12:00:00.000Z</Initiated></Upload>"
    b"<Part><PartNumber>1</PartNumber><ETag>&quot;e&quot;</ETag><Size>5</Size></Part></Answer>"
)
MARKER = {"x_amz_delete_marker": "true", "x_amz_version_id": "v"}

#: What is answered with a small document, or with none. `GetObjectLockConfiguration` stands beside them: it
#: makes something of most refusals.
QUESTIONS: dict[str, Callable[[ObjectStore], object]] = {
    "GetBucketVersioning": lambda store: store.versioning("bucket"),
    "GetObjectTagging": lambda store: store.tags("bucket", "key", version_id="v"),
    "GetObjectAcl": lambda store: store.has_grants("bucket", "key"),
    "CreateMultipartUpload": lambda store: store.create_upload("bucket", "key", PLAIN),
    "CompleteMultipartUpload": lambda store: store.complete_upload("bucket", "key", "id", PARTS),
    "AbortMultipartUpload": lambda store: store.abort_upload("bucket", "key", "id"),
    "ListParts": lambda store: store.list_parts("bucket", "key", "id"),
    "ListMultipartUploads": lambda store: store.list_uploads("bucket", "k"),
    "DeleteObject": lambda store: store.delete("bucket", "key", version_id="v"),
    "DeleteObject, a marker": lambda store: store.lay_marker("bucket", "key"),
}
PARTS = [UploadedPart(1, "e", 5), UploadedPart(2, "f&g", 5)]


def locks(store: ObjectStore) -> object:
    return store.lock_of("bucket")
