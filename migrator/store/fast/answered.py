"""The small documents that the data plane reads: settings, tags, grants, uploads and their parts.

What is not there is empty, whatever the document calls itself: so the reference store has it, and services
exist that answer a question they do not know with another document.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree import ElementTree

from migrator.model.objects import OpenUpload, UploadedPart, bare_etag
from migrator.store import s3_wire
from migrator.store.base import BucketLock, Versioning
from migrator.store.fast.documents import NotOne, date_of, number_of

#: An upload that does not say when it was opened is older than anything of ours.
_UNKNOWN = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Document:
    """An answer's document, or an element in it. Names without their namespace."""

    element: ElementTree.Element | None = None

    @property
    def name(self) -> str:
        return "" if self.element is None else _bare(self.element.tag)

    @property
    def children(self) -> list[ElementTree.Element]:
        return [] if self.element is None else list(self.element)

    def every(self, name: str) -> list[Document]:
        return [Document(each) for each in self.children if _bare(each.tag) == name]

    def one(self, *path: str) -> Document:
        """The element down there; an empty one where there is none."""
        found = self
        for name in path:
            found = next(iter(found.every(name)), Document())
        return found

    def text(self, *path: str) -> str:
        element = self.one(*path).element
        return "" if element is None else element.text or ""

    def must(self, name: str) -> str:
        """
        Raises:
            NotOne: it is not there.
        """
        if not self.has(name):
            raise NotOne(f"there is no {name}")
        return self.text(name)

    def has(self, *path: str) -> bool:
        return self.one(*path).element is not None


def read_document(body: bytes) -> Document:
    """
    Raises:
        NotOne: it cannot be read.
    """
    if not body:
        return Document()
    try:
        return Document(ElementTree.fromstring(s3_wire.readable(body).lstrip()))  # noqa: S314 - as in `documents`
    except (ElementTree.ParseError, LookupError, ValueError) as cause:
        raise NotOne(str(cause)) from None


def versioning_in(answer: Document) -> Versioning:
    return s3_wire.versioning_of(answer.text("Status"))


def lock_in(answer: Document) -> BucketLock:
    has_default = bool(answer.one("Rule", "DefaultRetention").children)
    return s3_wire.bucket_lock_of(answer.text("ObjectLockEnabled"), has_default=has_default)


def tags_in(answer: Document) -> dict[str, str]:
    """
    Raises:
        NotOne: there is a document, and it is about something else.
    """
    if answer.element is not None and not answer.has("TagSet"):
        raise NotOne(answer.name)
    return {tag.must("Key"): tag.must("Value") for tag in answer.one("TagSet").every("Tag")}


def has_grants_in(answer: Document) -> bool:
    """
    Raises:
        NotOne: it does not say.
    """
    if not answer.has("Owner", "ID") or not answer.has("AccessControlList"):
        raise NotOne(answer.name)
    owner = answer.text("Owner", "ID")
    grants = answer.one("AccessControlList").every("Grant")
    return any(not each.has("Grantee", "ID") or each.text("Grantee", "ID") != owner for each in grants)


def uploads_in(answer: Document, prefix: str) -> tuple[list[OpenUpload], dict[str, str]]:
    """A page of open uploads, and the parameters that ask for the next one; none at the end.

    Raises:
        NotOne, ValueError: a value is missing, or is none.
    """
    encoding = {"EncodingType": answer.text("EncodingType")}

    def upload(line: Document) -> OpenUpload:
        key = s3_wire.upload_key(encoding, line.must("Key"), prefix)
        when = date_of(line.text("Initiated")) if line.has("Initiated") else _UNKNOWN
        return OpenUpload(key, line.must("UploadId"), when)

    found = [upload(line) for line in answer.every("Upload")]
    if answer.text("IsTruncated") != "true":
        return found, {}
    following = {
        "key-marker": s3_wire.upload_key(encoding, answer.text("NextKeyMarker"), prefix),
        "upload-id-marker": answer.text("NextUploadIdMarker"),
    }
    return found, {name: value for name, value in following.items() if value}


def parts_in(answer: Document) -> tuple[list[UploadedPart], int]:
    """A page of parts, and the number after which the next one begins; 0 at the end.

    Raises:
        NotOne, ValueError: a value is missing, or is none.
    """

    def part(line: Document) -> UploadedPart:
        number, size = number_of(line.must("PartNumber")), number_of(line.must("Size"))
        return UploadedPart(number, bare_etag(line.must("ETag")), size, line.text("ChecksumCRC32"))

    found = [part(line) for line in answer.every("Part")]
    if answer.text("IsTruncated") != "true":
        return found, 0
    return found, number_of(answer.text("NextPartNumberMarker") or "0")


def _bare(tag: str) -> str:
    return tag.rpartition("}")[2]
