"""CRC32 as S3 spells it: the checksum that goes with parts where a destination was seen to check it.

It costs an eighth of an MD5, the standard library has it, and AWS and Lyve Cloud both keep and check it
(S3 API, UploadPart: x-amz-checksum-crc32; Lyve Cloud's S3 API lists it).
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence

#: What a journal calls the digest of a copy: of its bytes, or of the digests of its parts.
MD5 = "md5"
MD5_PARTS = "md5-parts"
CRC32_PARTS = "crc32-parts"


class Crc32:
    """A CRC32 piece by piece, used as those of `hashlib` are."""

    def __init__(self) -> None:
        self._value = 0

    def update(self, piece: bytes | bytearray) -> None:
        self._value = zlib.crc32(piece, self._value)

    def digest(self) -> bytes:
        """Four bytes, big-endian."""
        return self._value.to_bytes(4, "big")


def crc32_text(digest: bytes) -> str:
    """Four bytes as S3 spells them: in base64."""
    return base64.b64encode(digest).decode()


def crc32_of(body: bytes | bytearray) -> str:
    """The CRC32 of some bytes.

    >>> crc32_of(b"123456789")
    'y/Q5Jg=='
    """
    return crc32_text(zlib.crc32(body).to_bytes(4, "big"))


def crc32_of_parts(parts: Sequence[str]) -> str:
    """What S3 names an object of parts by: the CRC32 of the parts' CRC32s, and their number (S3 User Guide,
    checking object integrity: composite checksums).

    >>> crc32_of_parts([crc32_of(b"first"), crc32_of(b"second")])
    'rDHRtA==-2'
    """
    together = b"".join(base64.b64decode(part) for part in parts)
    return f"{crc32_of(together)}-{len(parts)}"
