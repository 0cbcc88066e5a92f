"""Reading objects to digest them: a copy, for comparing it with what was sent, or anything else."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from migrator.engine.schema import Entry
from migrator.model import checksums
from migrator.model.checksums import Crc32, crc32_of_parts, crc32_text
from migrator.model.objects import ObjectHead
from migrator.model.parts import DEFAULT_PART_BYTES, digest_of_parts, parts_of
from migrator.store.base import ObjectStore

#: What is held of one object at a time, however large its parts are.
CHUNK_BYTES = DEFAULT_PART_BYTES


def digest_of_copy(
    store: ObjectStore,
    bucket: str,
    key: str,
    entry: Entry,
    on_body: Callable[[bytearray], object] = lambda _: None,
) -> str:
    """Worker: read every byte of a copy, in order, and digest it as it was when it was sent (`digest_kind`).

    `on_body` gets each piece, too.

    Raises:
        NotFound, PreconditionFailed: the copy is gone, or another object.
    """
    version_id = entry.after_version if entry.source_version else None
    digests = []
    for part in parts_of(entry.size_bytes, entry.part_size or DEFAULT_PART_BYTES):
        digest = Crc32() if entry.digest_kind == checksums.CRC32_PARTS else hashlib.md5(usedforsecurity=False)
        for at in range(part.offset, part.offset + part.length, CHUNK_BYTES):
            body = bytearray(min(CHUNK_BYTES, part.offset + part.length - at))
            is_whole = len(body) == entry.size_bytes
            store.read(
                bucket,
                key,
                body,
                offset=None if is_whole else at,
                if_match=entry.after_etag,
                version_id=version_id,
            )
            digest.update(body)
            on_body(body)
        digests.append(digest.digest())
    match entry.digest_kind:
        case checksums.CRC32_PARTS:
            return crc32_of_parts([crc32_text(each) for each in digests])
        case checksums.MD5_PARTS:
            return digest_of_parts(digests)
    return (digests[0] if digests else hashlib.md5(b"", usedforsecurity=False).digest()).hex()


def md5_of(store: ObjectStore, bucket: str, key: str, there: ObjectHead) -> str:
    """Worker: read every byte of an object as it is in `there`, in order; its MD5 (hexadecimal).

    Raises:
        NotFound, PreconditionFailed: it is gone, or another object.
    """
    md5 = hashlib.md5(usedforsecurity=False)
    for at in range(0, there.size_bytes, CHUNK_BYTES):
        body = bytearray(min(CHUNK_BYTES, there.size_bytes - at))
        is_whole = len(body) == there.size_bytes
        store.read(bucket, key, body, offset=None if is_whole else at, if_match=there.etag)
        md5.update(body)
    return md5.hexdigest()
