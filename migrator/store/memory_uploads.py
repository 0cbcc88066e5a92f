"""An open multipart upload in memory, and what completing one demands."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from migrator.model.objects import Properties
from migrator.model.parts import digest_of_parts
from migrator.store.memory_rules import refused


@dataclass(frozen=True, slots=True)
class StoredPart:
    body: bytes
    md5: bytes
    last_modified: datetime

    @property
    def etag(self) -> str:
        return self.md5.hex()


@dataclass(frozen=True, slots=True)
class Upload:
    """Neither complete nor aborted; `parts` by number."""

    upload_id: str
    key: str
    properties: Properties
    initiated: datetime
    parts: dict[int, StoredPart] = field(default_factory=dict)


def chosen_parts(upload: Upload, chosen: Sequence[tuple[int, str]], min_part_bytes: int) -> list[StoredPart]:
    """The parts the writer named by number and bare ETag, or a refusal."""
    if not chosen:
        raise refused("MalformedXML", "You must specify at least one part.")
    if any(later <= earlier for (earlier, _), (later, _) in pairwise(chosen)):
        raise refused("InvalidPartOrder", "The list of parts was not in ascending order.")
    if any(number not in upload.parts or upload.parts[number].etag != etag for number, etag in chosen):
        raise refused("InvalidPart", "One or more of the specified parts could not be found.")
    parts = [upload.parts[number] for number, _ in chosen]
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
