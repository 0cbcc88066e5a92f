"""Listings as services write them, made up: the bytes, and what they say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

from hypothesis import strategies as st

from migrator.model.objects import ObjectVersion
from migrator.store.fast.documents import Listing
from tests.store.contract_help import HOSTILE_KEYS, PLAIN_XML

XMLNS = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
PROLOG = '<?xml version="1.0" encoding="UTF-8"?>'


@dataclass(frozen=True)
class Style:
    """How a service writes: what it leaves out, where it puts spaces, how it escapes."""

    prolog: str
    xmlns: str
    between: str
    owner: str
    after_etag: str
    after_class: str
    storage_class: str
    date: str
    escape: int
    is_encoded: bool
    plus: bool
    extra: str


STYLES = st.builds(
    Style,
    prolog=st.sampled_from(
        ["", PROLOG, PROLOG + "\n", '<?xml version="1.0" encoding="utf-8"?>', '<?xml version="1.0"?>']
    ),
    xmlns=st.sampled_from(["", XMLNS]),
    between=st.sampled_from(["", "", "\n  "]),
    owner=st.sampled_from(
        ["", "<Owner><ID>a</ID><DisplayName>A B</DisplayName></Owner>", "<Owner> <ID>a</ID> </Owner>"]
    ),
    after_etag=st.sampled_from(
        [
            "",
            "<ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType>",
            "<ChecksumAlgorithm>CRC32</ChecksumAlgorithm><ChecksumAlgorithm>SHA1</ChecksumAlgorithm>",
        ]
    ),
    after_class=st.sampled_from(["", "<Type>Normal</Type>"]),
    storage_class=st.sampled_from(["", "STANDARD", "GLACIER"]),
    date=st.sampled_from(["%Y-%m-%dT%H:%M:%S.000Z", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.000000Z"]),
    escape=st.integers(0, 3),
    is_encoded=st.booleans(),
    plus=st.booleans(),
    extra=st.sampled_from(
        [
            "",
            "<Delimiter/>",
            "<Marker></Marker><StartAfter>a&lt;b</StartAfter>",
            "<Delimiter>/</Delimiter><ContinuationToken>x</ContinuationToken>",
        ]
    ),
)

_ANY = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
_XML = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), min_size=1, max_size=12
)
_ENCODED_KEYS = st.one_of(st.sampled_from(list(HOSTILE_KEYS.values())), _ANY)
_RAW_KEYS = st.one_of(st.sampled_from(list(PLAIN_XML.values())), _XML)
_MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)
_ETAGS = st.sampled_from(["d41d8cd98f00b204e9800998ecf8427e", "d41d8cd98f00b204e9800998ecf8427e-12", ""])


@st.composite
def listings(draw: st.DrawFn) -> tuple[bytes, Listing]:
    style = draw(STYLES)
    keys = draw(st.lists(_ENCODED_KEYS if style.is_encoded else _RAW_KEYS, max_size=3))
    objects = tuple(
        ObjectVersion(
            key,
            draw(st.integers(0, 1 << 45)),
            draw(_ETAGS),
            draw(_MOMENTS),
            style.storage_class or "STANDARD",
        )
        for key in keys
    )
    prefix = draw(st.one_of(st.just(""), _RAW_KEYS))
    token = draw(st.sampled_from(["", "1/a b+c==", "<&>"]))
    listing = Listing("bucket", prefix, objects, bool(token), token)
    return write(listing, style), listing


def write(listing: Listing, style: Style) -> bytes:
    escaped = _ESCAPES[style.escape]

    def key_of(key: str) -> str:
        if not style.is_encoded:
            return escaped(key)
        return escaped(quote_plus(key, safe="/") if style.plus else quote(key, safe="/"))

    def field(name: str, value: str) -> str:
        return (
            f"{style.between}<{name}>{value}</{name}>"
            if value or style.escape
            else f"{style.between}<{name}/>"
        )

    parts = [f"{style.prolog}<ListBucketResult{style.xmlns}>"]
    parts += [field("Name", listing.name), field("Prefix", key_of(listing.prefix)), style.extra]
    parts.append(field("IsTruncated", str(listing.is_truncated).lower()))
    for each in listing.objects:
        quote_ = "&quot;" if style.escape else '"'
        parts += [
            f"{style.between}<Contents>{style.between}<Key>{key_of(each.key)}</Key>",
            f"{style.between}<LastModified>{each.last_modified.strftime(style.date)}</LastModified>",
            f"{style.between}<ETag>{quote_}{each.etag}{quote_}</ETag>{style.after_etag}",
            f"{style.between}<Size>{each.size_bytes}</Size>",
            f"<StorageClass>{style.storage_class}</StorageClass>" if style.storage_class else "",
            f"{style.between}{style.owner}{style.after_class}{style.between}</Contents>",
        ]
    if listing.next_token:
        parts.append(field("NextContinuationToken", escaped(listing.next_token)))
    if style.is_encoded:
        parts.append("<EncodingType>url</EncodingType>")
    parts.append(
        f"<KeyCount>{len(listing.objects)}</KeyCount><MaxKeys>1000</MaxKeys>{style.between}</ListBucketResult>"
    )
    return "".join(parts).encode()


_ESCAPES: tuple[Callable[[str], str], ...] = (
    lambda text: escape(text),
    lambda text: escape(text, {'"': "&quot;", "'": "&apos;"}),
    lambda text: "".join(f"&#{ord(char)};" if char in "<>&\"'+ " else char for char in text),
    lambda text: "".join(f"&#x{ord(char):x};" if char in "<>&é😀" else char for char in text),
)
