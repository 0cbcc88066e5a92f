"""What the suites of the contract share: sample data, hostile keys, and small helpers."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from hashlib import md5
from typing import TypeVar

from migrator.model.objects import ObjectVersion, Properties, UploadedPart, Written
from migrator.store.base import ObjectStore

Test = TypeVar("Test", bound=Callable[..., object])

PLAIN = Properties()
RICH = Properties(
    content_type="text/plain; charset=utf-8",
    cache_control="max-age=60, private",
    content_disposition='attachment; filename="a b.txt"',
    content_encoding="gzip",
    content_language="de, en",
    expires="Wed, 21 Oct 2065 07:28:00 GMT",
    metadata={"migrator-op": "run.1.1", "mtime": "1700000000.5", "with-dash_and.dot": "a  b=c;d,%20+"},
    tags={"project": "a b+c", "path/like": "x=y:z@-_.", "empty": "", "ümlaut": "größe"},
)
BODY = bytes(range(256)) * 40

CONTROL = "a\x01b"
CARRIAGE_RETURN = "a\rb"
HOSTILE_KEYS = {
    "leading slash": "/a",
    "only slashes": "//",
    "doubled slash": "a//b",
    "dot": ".",
    "two dots": "..",
    "dot segments": "a/./b/../c",
    "trailing slash with a body": "dir/",
    "outer spaces": " a ",
    "plus": "a+b",
    "percent": "100%",
    "percent-encoded slash": "a%2Fb",
    "percent-encoded space": "a%20b",
    "question mark": "a?b=c&versionId=1",
    "fragment": "a#b",
    "ampersand and brackets": "<a>&\"'",
    "backslash": "a\\b",
    "tilde and colon": "~a:b*c",
    "composed": unicodedata.normalize("NFC", "é/ñ"),
    "decomposed": unicodedata.normalize("NFD", "é/ñ"),
    "emoji": "😀/👩‍👩‍👧",
    "bidirectional override": "a\u202egpj.exe",
    "control character": CONTROL,
    "newline": "a\nb",
    "tab": "a\tb",
    "carriage return": CARRIAGE_RETURN,
    "delete character": "a\x7fb",
    "1,024 bytes": "é" * 512,
}
#: Lost in XML, and some services ignore `encoding-type` when they list uploads.
NOT_XML = {"control character": CONTROL, "carriage return": CARRIAGE_RETURN}
PLAIN_XML = {name: key for name, key in HOSTILE_KEYS.items() if name not in NOT_XML}


def needs(*capabilities: str) -> Callable[[Test], Test]:
    """The test holds only where the keeper has these; elsewhere it must fail."""

    def mark(test: Test) -> Test:
        test.needs = frozenset(capabilities)  # type: ignore[attr-defined]
        return test

    return mark


def read_all(store: ObjectStore, bucket: str, key: str, **how: str) -> bytes:
    into = bytearray(store.head(bucket, key, **how).size_bytes)
    store.read(bucket, key, into, **how)
    return bytes(into)


def list_all(store: ObjectStore, bucket: str, prefix: str = "") -> list[ObjectVersion]:
    found: list[ObjectVersion] = []
    token: str | None = None
    for _ in range(100):
        page = store.list_page(bucket, prefix, token=token)
        found += page.objects
        token = page.next_token
        if token is None:
            return found
    raise AssertionError("the listing does not end")


def keys_of(store: ObjectStore, bucket: str, prefix: str = "") -> list[str]:
    return [line.key for line in list_all(store, bucket, prefix)]


def send_part(
    store: ObjectStore, bucket: str, key: str, upload_id: str, number: int, body: bytes
) -> UploadedPart:
    return store.upload_part(bucket, key, upload_id, number, body, md5=md5(body).digest())


def upload(
    store: ObjectStore, bucket: str, key: str, parts: list[bytes], properties: Properties = PLAIN
) -> Written:
    upload_id = store.create_upload(bucket, key, properties)
    sent = [send_part(store, bucket, key, upload_id, n, part) for n, part in enumerate(parts, start=1)]
    return store.complete_upload(bucket, key, upload_id, sent)
