"""The two documents that the data plane reads: a page of a listing, and an error.

Listings are read by a pattern where they look as services write them, in less than half the time that a
parser takes; anything else about them goes to the parser, which decides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import unquote_to_bytes
from xml.etree import ElementTree

from migrator.model.objects import ObjectVersion, bare_etag, key_bytes, key_text
from migrator.store.answers import believable

#: A page of a thousand keys of 1,024 bytes, each of them escaped, is less than half of this.
PAGE_LIMIT_BYTES = 16 * 1024 * 1024
ERROR_LIMIT_BYTES = 256 * 1024

_MONTH = "JanFebMarAprMayJunJulAugSepOctNovDec"
_ENTITIES = re.compile(r"&(?:#([0-9]{1,7})|#x([0-9a-fA-F]{1,6})|(amp|lt|gt|quot|apos));")
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6})\d*)?Z")


_DIGITS = re.compile(r"\s*[0-9]+\s*")


class NotOne(Exception):
    """The document is not what was asked for."""


class BreaksOff(NotOne):
    """It begins as what was asked for, and cannot be read to its end."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of ListObjectsV2 as it was answered; keys decoded."""

    name: str
    prefix: str
    objects: tuple[ObjectVersion, ...]
    is_truncated: bool
    next_token: str


@dataclass(frozen=True, slots=True)
class ErrorDocument:
    """What an error says of itself; empty where it does not."""

    code: str = ""
    said: str = ""
    region: str = ""
    request_id: str = ""


def read_error(body: bytes) -> ErrorDocument | None:
    """None where the document is not an error of S3's."""
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - expat resolves nothing from outside
    except (ElementTree.ParseError, LookupError, ValueError):  # the latter two: an encoding that nobody knows
        return None
    return error_in(root) if _bare(root.tag) == "Error" else None


def error_in(root: ElementTree.Element) -> ErrorDocument:
    found = {_bare(each.tag): each.text or "" for each in root}
    return ErrorDocument(
        found.get("Code", ""), found.get("Message", ""), found.get("Region", ""), found.get("RequestId", "")
    )


def read_listing(body: bytes) -> Listing:
    """
    Raises:
        NotOne: it is no listing, or a value in it is none.  BreaksOff: a part of one.
    """
    try:
        return _by_pattern(body) or _by_parser(body)
    except ElementTree.ParseError as cause:
        raise (BreaksOff if b"<ListBucketResult" in body[:512] else NotOne)(str(cause)) from None
    except (ValueError, LookupError) as cause:
        raise NotOne(str(cause)) from None


@lru_cache(maxsize=4096)
def http_date(text: str) -> datetime:
    """A date out of a header (RFC 9110, IMF-fixdate or older).

    Raises:
        ValueError: it is none.
    """
    if len(text) == 29 and text.endswith(" GMT") and text[19] == text[22] == ":":
        month, rest = divmod(_MONTH.find(text[8:11]), 3)
        if not rest and month >= 0:
            time = int(text[17:19]), int(text[20:22]), int(text[23:25])
            return datetime(int(text[12:16]), month + 1, int(text[5:7]), *time, tzinfo=UTC)
    from email.utils import parsedate_to_datetime  # takes longer to import than a whole listing to read

    return _utc(parsedate_to_datetime(text))


@lru_cache(maxsize=4096)
def xml_date(text: str) -> datetime:
    """A date out of a listing (ISO 8601, UTC).

    Raises:
        ValueError: it is none.
    """
    found = _DATE.fullmatch(text)
    if found is None:
        return _utc(datetime.fromisoformat(text))
    year, month, day, hour, minute, second = map(int, found.groups()[:6])
    return datetime(year, month, day, hour, minute, second, int((found[7] or "0").ljust(6, "0")), tzinfo=UTC)


def date_of(text: str) -> datetime:
    """A date out of a document or a header that may be either.

    Raises:
        ValueError: it is none.
    """
    try:
        return xml_date(text)
    except ValueError:
        return http_date(text)


def _utc(moment: datetime) -> datetime:
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as cause:
        raise ValueError(str(cause)) from None


# -- by pattern -------------------------------------------------------------------------------------

_ENTRY = re.compile(
    r"(\s*<Contents>\s*<Key>([^<]*)</Key>\s*<LastModified>([^<]*)</LastModified>\s*<ETag>([^<]*)</ETag>"
    r"(?:\s*<Checksum(?:Algorithm>[^<&]*</ChecksumAlgorithm>|Type>[^<&]*</ChecksumType>))*"
    r"\s*<Size>([0-9]+)</Size>(?:\s*<StorageClass>([^<]*)</StorageClass>)?"
    r"(?:\s*<Owner>(?:\s*<(?:ID>[^<&]*</ID>|DisplayName>[^<&]*</DisplayName>))*\s*</Owner>)?"
    r"(?:\s*<Type>[^<&]*</Type>)?\s*</Contents>)",
    re.ASCII,
)
_BEGINS = re.compile(
    r"(?:<\?xml version=[\"']1\.0[\"'](?: encoding=[\"'](?i:utf-8)[\"'])?\s*\?>\s*)?"
    r"<ListBucketResult(?: xmlns=[\"'][^\"'<&]*[\"'])?>",
    re.ASCII,
)
_FIELD = re.compile(r"\s*<([A-Za-z]+)(?:\s*/>|>([^<]*)</\1>)", re.ASCII)
_NO_FIELDS = {"Contents", "CommonPrefixes"}
_ENDS = "</ListBucketResult>"
_SPACE = " \t\r\n"


def _by_pattern(body: bytes) -> Listing | None:
    """None where the document does not look as most do."""
    text = key_text(body).rstrip(_SPACE)
    begins = _BEGINS.match(text)
    if begins is None or not text.endswith(_ENDS):
        return None
    first, last = text.find("<Contents>"), text.rfind("</Contents>") + len("</Contents>")
    end = len(text) - len(_ENDS)
    around = ((begins.end(), end),) if first < 0 else ((begins.end(), first), (last, end))
    fields: dict[str, str] = {}
    if not all(_are_fields(text, *each, fields) for each in around):
        return None
    is_encoded = fields.get("EncodingType") == "url"
    if not is_encoded and "\r" in text:
        return None  # which a parser turns into line feeds
    lines = _ENTRY.findall(text, first, last) if first >= 0 else []
    # What is between the lines found is nothing, or it is no line.
    if first >= 0 and sum([len(line[0]) for line in lines]) != last - first:
        return None
    found = []
    for _, key, modified, etag, size, storage_class in lines:
        if "&" in key:
            key = _unescaped(key)
        found.append(
            ObjectVersion(
                _decoded(key) if is_encoded and ("%" in key or "+" in key) else key,
                int(size),
                etag[6:-6] if etag.count("&") == 2 and etag[:6] == "&quot;" == etag[-6:] else _etag(etag),
                xml_date(modified),
                _unescaped(storage_class) if storage_class else "STANDARD",
            )
        )
    return _listing(fields, found)


def _are_fields(text: str, at: int, end: int, into: dict[str, str]) -> bool:
    """Take in what stands beside the lines; False where anything there is not as usual: the mark that more
    follows must not be overlooked."""
    while at < end:
        found = _FIELD.match(text, at, end)
        if found is None:
            return not text[at:end].strip(_SPACE)
        name, value = found[1], _unescaped(found[2] or "")
        if name in _NO_FIELDS or into.setdefault(name, value) != value:
            return False
        at = found.end()
    return True


def _etag(escaped: str) -> str:
    return bare_etag(_unescaped(escaped))


def _decoded(encoded: str) -> str:
    """A key as `encoding-type=url` writes it; a space comes as `+`."""
    return key_text(unquote_to_bytes(key_bytes(encoded.replace("+", " "))))


def _unescaped(text: str) -> str:
    if "&" not in text:
        return text
    if len(_ENTITIES.findall(text)) != text.count("&"):
        raise ValueError("an ampersand stands alone")
    return _ENTITIES.sub(_character, text)


def _character(found: re.Match[str]) -> str:
    if found[3]:
        return _NAMED[found[3]]
    code = int(found[1]) if found[1] else int(found[2], 16)
    if 0xD800 <= code < 0xE000:
        raise ValueError("half of a character")
    return chr(code)


# -- by a parser ------------------------------------------------------------------------------------


def _by_parser(body: bytes) -> Listing:
    root = ElementTree.fromstring(body)  # noqa: S314 - expat resolves nothing from outside
    if _bare(root.tag) != "ListBucketResult":
        raise NotOne(_bare(root.tag))
    fields = {_bare(each.tag): each.text or "" for each in root}
    is_encoded = fields.get("EncodingType") == "url"
    found = []
    for each in root:
        if _bare(each.tag) == "Contents":
            line = {_bare(part.tag): part.text or "" for part in each}
            found.append(
                ObjectVersion(
                    _decoded(line["Key"]) if is_encoded else line["Key"],
                    number_of(line["Size"]),
                    bare_etag(line.get("ETag", "")),
                    xml_date(line["LastModified"]),
                    line.get("StorageClass") or "STANDARD",
                )
            )
    return _listing(fields, found)


def number_of(text: str) -> int:
    """A number out of a document.

    Raises:
        ValueError: it is none.
    """
    if _DIGITS.fullmatch(text) is None:
        raise ValueError("a number is not one")
    return int(text)


def _listing(fields: dict[str, str], found: list[ObjectVersion]) -> Listing:
    prefix = fields.get("Prefix", "")
    if fields.get("EncodingType") == "url":
        prefix = _decoded(prefix)
    if not believable(found):
        raise ValueError("an object has no name, or a size that is none")
    return Listing(
        fields.get("Name", ""),
        prefix,
        tuple(found),
        fields.get("IsTruncated", "false") == "true",
        fields.get("NextContinuationToken", ""),
    )


def _bare(tag: str) -> str:
    return tag.rpartition("}")[2]
