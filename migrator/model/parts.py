"""How an object is cut into parts."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB
TIB = 1024 * GIB

#: S3 and Lyve Cloud: at most 10,000 parts, each 5 MiB (but the last) to 5 GiB; Lyve Cloud 1 says 4 GiB.
MAX_PARTS = 10_000
MIN_PART_BYTES = 5 * MIB
MAX_PART_BYTES = 4 * GIB
#: The largest object either end is documented to take (Lyve Cloud limits; AWS said 5 TiB until 2025-12).
MAX_OBJECT_BYTES = 5 * TIB
#: Small enough that threads x part stays modest, large enough that a part is not all latency.
DEFAULT_PART_BYTES = 8 * MIB


#: Part sizes of common tools: the AWS command line and SDKs (8 and 5), rclone (5), MinIO (16), Cyberduck
#: (10), s5cmd (50), and round ones. The first that fits is taken. Larger ones would fill memory.
USUAL_PART_BYTES = tuple(mib * MIB for mib in (8, 5, 16, 10, 15, 20, 25, 32, 50, 64))

_OF_PARTS = re.compile(r"[0-9a-f]{32}-([1-9][0-9]{0,4})")


@dataclass(frozen=True, slots=True)
class Part:
    """A range of the source object: `number` from 1, `offset` and `length` in bytes."""

    number: int
    offset: int
    length: int


def part_size_for(size_bytes: int, preferred: int = DEFAULT_PART_BYTES, *, like: str = "") -> int:
    """The part size for an object: `preferred`, or the next MiB that keeps within 10,000 parts.

    `like` is the ETag of the source's object. Where it was made of parts, one of the sizes that tools use is
    taken if that gives as many: then the copy's ETag is the same, and proves what it holds.

    >>> part_size_for(100 * MIB) // MIB
    8
    >>> part_size_for(100 * MIB, like="9b2cf535f27731c974343645a3985328-2") // MIB
    50
    >>> part_size_for(5 * TIB) // MIB
    525

    Raises:
        ValueError: the object is larger than 10,000 parts of 4 GiB can hold.
    """
    count = count_of_parts(like)
    for usual in USUAL_PART_BYTES if 0 < count <= MAX_PARTS else ():
        if -(-size_bytes // usual) == count:
            return usual
    needed = -(-size_bytes // MAX_PARTS)
    size = max(preferred, MIN_PART_BYTES, -(-needed // MIB) * MIB)
    if size > MAX_PART_BYTES:
        raise ValueError(f"an object of {size_bytes} bytes does not fit into {MAX_PARTS} parts")
    return size


def count_of_parts(etag: str) -> int:
    """How many parts an object was made of, by an ETag in AWS's form: the MD5 of the parts' MD5s, and their
    number. Two that are equal name equal bytes. 0 where the ETag has another form."""
    found = _OF_PARTS.fullmatch(etag)
    return int(found[1]) if found else 0


def parts_of(size_bytes: int, part_size: int) -> list[Part]:
    """Every part of an object of `size_bytes` > 0, in order, without gap or overlap."""
    return [
        Part(number, offset, min(part_size, size_bytes - offset))
        for number, offset in enumerate(range(0, size_bytes, part_size), start=1)
    ]


def is_single_put(size_bytes: int, preferred: int = DEFAULT_PART_BYTES) -> bool:
    """Small objects go in one PUT: one request, and an ETag that is the MD5 of the bytes."""
    return size_bytes <= preferred


def digest_of_parts(md5s: Sequence[bytes]) -> str:
    """What AWS names an object of parts by, as its ETag: the MD5 of the parts' MD5s, and their number."""
    whole = hashlib.md5(b"".join(md5s), usedforsecurity=False).hexdigest()
    return f"{whole}-{len(md5s)}"
