"""S3's documents: written as text, read through the standard library's parser."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import quote_plus
from xml.etree import ElementTree

from migrator.demo.wire import Answer
from migrator.errors import OBJECT_LOCKED, Rejected, StoreError, WrongRegion
from migrator.model.objects import key_bytes
from migrator.store.memory_rules import IsMarker

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
XML_TYPE = {"Content-Type": "application/xml"}

#: What may not stand in a document as it is. Controls become references as on S3, although XML 1.0 does not
#: allow most of them: a reader that wants such keys has to ask for `encoding-type=url`.
_SPECIAL = re.compile('[&<>"\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]')
_NAMES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
#: The SDKs send neither; refusing them keeps documents from growing while they are read.
_DECLARATIONS = (b"<!DOCTYPE", b"<!ENTITY")


def text(value: str) -> str:
    """Character data."""
    return _SPECIAL.sub(lambda found: _NAMES.get(found[0], f"&#{ord(found[0])};"), value)


def element(name: str, value: object) -> str:
    """One element with text in it; booleans as S3 writes them."""
    shown = str(value).lower() if isinstance(value, bool) else str(value)
    return f"<{name}>{text(shown)}</{name}>"


def group(name: str, parts: Iterable[str]) -> str:
    """One element with elements in it."""
    return f"<{name}>{''.join(parts)}</{name}>"


def key_element(name: str, key: str, encoding: str) -> str:
    """A key; under `encoding-type=url` as S3 encodes it: a space becomes `+`, slashes stay."""
    return element(name, quote_plus(key_bytes(key), safe="/") if encoding == "url" else key)


def quoted(etag: str) -> str:
    return f'"{etag}"'


def listing_time(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def document(root: str, parts: Iterable[str] = (), *, content: str = "") -> bytes:
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f'{head}<{root} xmlns="{NAMESPACE}">{content}{"".join(parts)}</{root}>'.encode()


def xml_answer(root: str, parts: Iterable[str] = (), *, content: str = "", status: int = 200) -> Answer:
    return Answer(status, XML_TYPE, document(root, parts, content=content))


def error_answer(error: StoreError, request_id: str) -> Answer:
    """An error as S3 writes it. The key stays out: it could break the document."""
    status = error.status or 400
    headers = dict(XML_TYPE)
    # S3 has no code for it: only the message tells a lock from a missing right.
    code = "AccessDenied" if error.code == OBJECT_LOCKED else error.code
    parts = [element("Code", code), element("Message", error.message)]
    if isinstance(error, WrongRegion) and error.region:
        headers["x-amz-bucket-region"] = error.region
        parts.append(element("Region", error.region))
    if isinstance(error, IsMarker):
        headers |= {"x-amz-delete-marker": "true", "x-amz-version-id": error.version_id}
    if error.code == "MethodNotAllowed":
        headers["Allow"] = "DELETE"
    parts += (element("RequestId", request_id), element("HostId", "loopback"))
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return Answer(status, headers, f"{head}<Error>{''.join(parts)}</Error>".encode())


def malformed() -> Rejected:
    message = "The XML you provided was not well-formed or did not validate against our published schema"
    return Rejected(message, code="MalformedXML", status=400)


def parsed(body: bytes, root: str) -> ElementTree.Element:
    """A request's document without its namespaces."""
    if any(declaration in body for declaration in _DECLARATIONS):
        raise malformed()
    try:
        tree = ElementTree.fromstring(body)  # noqa: S314 - declarations were refused above
    except ElementTree.ParseError:
        raise malformed() from None
    for each in tree.iter():
        each.tag = each.tag.rpartition("}")[2]
    if tree.tag != root:
        raise malformed()
    return tree


def child_text(parent: ElementTree.Element, name: str) -> str:
    """The text of a child that must be there."""
    found = parent.findtext(name)
    if found is None:
        raise malformed()
    return found
