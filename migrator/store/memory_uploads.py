"""An open multipart upload in memory, and what completing one demands."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from migrator.model.objects import Properties
from migrator.model.parts import digest_of_parts
from migrator.store.memory_rules import checked_crc32, refused


@dataclass(frozen=True, slots=True)
class StoredPart:
    body: bytes
    md5: bytes
    last_modified: datetime
    crc32: str = ""

    @property
    def etag(self) -> str:
        return self.md5.hex()


@dataclass(frozen=True, slots=True)
class Chosen:
    """A part as its writer names it; `etag` bare."""

    number: int
    etag: str
    crc32: str = ""


@dataclass(frozen=True, slots=True)
class Upload:
    """Neither complete nor aborted; `parts` by number. `has_crc32`: each part comes with one."""

    upload_id: str
    key: str
    properties: Properties
    initiated: datetime
    has_crc32: bool = False
    parts: dict[int, StoredPart] = field(default_factory=dict)


def check_crc32(body: bytes, claimed: str, *, is_expected: bool) -> None:
    """Refuse a part that is not what its CRC32 says, or comes without one, or with one nobody asked for."""
    if bool(claimed) != is_expected:
        raise refused("InvalidRequest", "Checksum Type mismatch occurred")
    if claimed:
        checked_crc32(body, claimed)


def chosen_parts(upload: Upload, chosen: Sequence[Chosen], min_part_bytes: int) -> list[StoredPart]:
    """The parts the writer named, or a refusal."""
    if not chosen:
        raise refused("MalformedXML", "You must specify at least one part.")
    if any(later.number <= earlier.number for earlier, later in pairwise(chosen)):
        raise refused("InvalidPartOrder", "The list of parts was not in ascending order.")
    stored = [upload.parts.get(each.number) for each in chosen]
    parts = [
        part for part, each in zip(stored, chosen, strict=True) if part is not None and part.etag == each.etag
    ]
    if len(parts) < len(chosen):
        raise refused("InvalidPart", "One or more of the specified parts could not be found.")
    if upload.has_crc32 and not all(each.crc32 for each in chosen):
        raise refused("InvalidRequest", "The complete request must include the checksum for each part.")
    if any(part.crc32 != each.crc32 for part, each in zip(parts, chosen, strict=True)):
        raise refused("InvalidPart", "One or more of the specified parts could not be found.")
    if any(len(part.body) < min_part_bytes for part in parts[:-1]):
        raise refused("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
    return parts


def opaque_etag(etag: str) -> str:
    """Of an object under a key of KMS: it looks like an MD5, and is none of the object's bytes."""
    _, dash, parts = etag.partition("-")
    return hashlib.md5(b"kms" + etag.encode(), usedforsecurity=False).hexdigest() + dash + parts


def multipart_etag(parts: Iterable[StoredPart], *, is_foreign: bool) -> str:
    """AWS: the MD5 of the parts' MD5s and their number. A foreign one looks like an MD5 of the bytes."""
    digests = [part.md5 for part in parts]
    if is_foreign:
        return hashlib.md5(b"foreign" + b"".join(digests), usedforsecurity=False).hexdigest()
    return digest_of_parts(digests)
