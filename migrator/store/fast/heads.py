"""What the headers of an answer say about an object, and the headers that say it to a service."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from migrator.model.objects import UNLOCKED, Lock, ObjectHead, Properties, bare_etag
from migrator.store.base import Condition
from migrator.store.fast.documents import date_of, http_date

_META = "x-amz-meta-"
_SYSTEM = {
    "content-type": "content_type",
    "cache-control": "cache_control",
    "content-disposition": "content_disposition",
    "content-encoding": "content_encoding",
    "content-language": "content_language",
    "expires": "expires",
    "x-amz-website-redirect-location": "website_redirect",
}
#: Header values that mean the same to every server and proxy: visible ASCII, single spaces within.
_PLAIN = re.compile(r"[\x21-\x7e]+(?: [\x21-\x7e]+)*")
#: In lower case, as they are signed.
_NAME = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")


def head_of(headers: Mapping[str, str], size_bytes: int) -> ObjectHead:
    """
    Raises:
        KeyError, ValueError: these are not the headers of an object.
    """
    if not headers["etag"]:
        raise ValueError("there is no ETag")
    count = headers.get("x-amz-tagging-count")
    return ObjectHead(
        size_bytes,
        bare_etag(headers["etag"]),
        http_date(headers["last-modified"]),
        headers.get("x-amz-version-id"),
        Properties(
            headers.get("content-type", ""),
            headers.get("cache-control", ""),
            headers.get("content-disposition", ""),
            headers.get("content-encoding", ""),
            headers.get("content-language", ""),
            headers.get("expires", ""),
            headers.get("x-amz-website-redirect-location", ""),
            {name[len(_META) :]: headers[name] for name in headers if name.startswith(_META)},
        ),
        None if count is None else int(count),
        int(headers.get("x-amz-missing-meta", 0)),
        headers.get("x-amz-storage-class", "STANDARD"),
        _encryption(headers),
        _lock(headers) if "x-amz-object-lock-mode" in headers or _HOLD in headers else UNLOCKED,
    )


_HOLD = "x-amz-object-lock-legal-hold"


def _encryption(headers: Mapping[str, str]) -> str:
    kind = headers.get("x-amz-server-side-encryption", "")
    key_id = headers.get("x-amz-server-side-encryption-aws-kms-key-id", "")
    return f"{kind}:{key_id}" if kind and key_id else kind


def _lock(headers: Mapping[str, str]) -> Lock:
    until = headers.get("x-amz-object-lock-retain-until-date")
    return Lock(
        headers.get("x-amz-object-lock-mode", ""),
        date_of(until) if until else None,
        headers.get(_HOLD) == "ON",
    )


def headers_of(properties: Properties) -> dict[str, str] | None:
    """The headers that give an object its properties; None where the reference store has to do it: a value
    that not everybody would read alike, or a lock."""
    if properties.lock != UNLOCKED:
        return None
    found = {theirs: value for theirs, mine in _SYSTEM.items() if (value := getattr(properties, mine))}
    for name, value in properties.metadata.items():
        if not value or _NAME.fullmatch(name) is None:
            return None
        found[_META + name] = value
    if properties.tags:
        found["x-amz-tagging"] = "&".join(
            f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in properties.tags.items()
        )
    if properties.storage_class:
        found["x-amz-storage-class"] = properties.storage_class
    if properties.encryption:
        kind, _, key_id = properties.encryption.partition(":arn:")
        found["x-amz-server-side-encryption"] = kind
        if key_id:
            found["x-amz-server-side-encryption-aws-kms-key-id"] = f"arn:{key_id}"
    if not all(map(is_plain, found.values())):
        return None
    return found


def is_plain(value: str) -> bool:
    """True where a header can carry the value, and everybody reads it alike."""
    return _PLAIN.fullmatch(value) is not None


def condition_of(condition: Condition) -> dict[str, str]:
    if condition.absent:
        return {"if-none-match": "*"}
    return {"if-match": f'"{condition.etag}"'} if condition.etag else {}
