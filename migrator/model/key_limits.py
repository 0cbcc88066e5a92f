"""Keys that some end cannot hold although S3 can: found in a listing, before anything is written.

Both generations of Lyve Cloud document limits of their own (their sources are named at `SUSPECTS`). What is
suspected is tried where that is possible (`engine/key_limits.py`); the documents decide where it is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum

from migrator.model.objects import key_bytes

#: Of UTF-8, between two slashes. The document says characters; the file system below counts bytes
#: (NAME_MAX), and a name of fewer bytes fits by either count.
SEGMENT_LIMIT_BYTES = 255


class Shape(StrEnum):
    """What a key, or a pair of keys, looks like; the value is the reason of an `Unsupported`."""

    LONG_SEGMENT = "key-segment-too-long"
    EMPTY_SEGMENT = "key-empty-segment"
    FOLDER_BODY = "key-folder-body"
    BESIDE = "key-beside"


_FIRST_GENERATION = re.compile(r"^https?://[^/]+\.lyvecloud\.seagate\.com(?:[:/]|$)", re.I)
_FIRST_LYVE_CLOUD: Mapping[Shape, bool] = {
    Shape.LONG_SEGMENT: True,
    Shape.EMPTY_SEGMENT: True,
    Shape.FOLDER_BODY: False,
    Shape.BESIDE: True,
}
_LYVE_CLOUD: Mapping[Shape, bool] = {
    Shape.FOLDER_BODY: True,
    Shape.EMPTY_SEGMENT: False,
    Shape.BESIDE: False,
}


def suspects(provider: str, endpoint_url: str) -> Mapping[Shape, bool]:
    """Shapes that an end may not hold; True where its documents say that it does not.

    *.lyvecloud.seagate.com (S3 API limitations; S3 API compatibility guide): no segment between slashes above
    255, no empty segment, no object with the name of a prefix at the same level. *.lyve.seagate.com (Lyve
    Cloud Object Storage API guide, 2025-06-04, p. 95): a key that ends in a slash has no body; it deletes
    like a file system (p. 101), so that the rest is suspected.
    """
    if provider != "lyve":
        return {}
    is_first = _FIRST_GENERATION.search(endpoint_url) is not None
    return _FIRST_LYVE_CLOUD if is_first else _LYVE_CLOUD


def is_usual(key: str) -> bool:
    """True for most keys: `shapes_of` has nothing to say about them. Cheap, as it is asked for every key."""
    is_short = 4 * len(key) <= SEGMENT_LIMIT_BYTES  # a character is at most four bytes
    return is_short and key[:1] not in {"", "/"} and key[-1] != "/" and "//" not in key


def shapes_of(key: str, size_bytes: int) -> Iterator[Shape]:
    """What is unusual about one key, in the order of `Shape`."""
    segments = key.split("/")
    if max(len(key_bytes(segment)) for segment in segments) > SEGMENT_LIMIT_BYTES:
        yield Shape.LONG_SEGMENT
    if "" in segments[:-1] or key == "":
        yield Shape.EMPTY_SEGMENT
    if key.endswith("/") and size_bytes:
        yield Shape.FOLDER_BODY


def parents(key: str) -> Iterator[str]:
    """Keys that would be folders of this one: `a/b/c` has `a` and `a/b`."""
    at = key.find("/")
    while at >= 0:
        if at:
            yield key[:at]
        at = key.find("/", at + 1)


class OpenPrefixes:
    """Notices `a` beside `a/b` in a listing in key order, in memory that does not grow with it.

    Between the two there can be any number of keys (`a!`, `a-x/y`), all of which begin with `a`. So what is
    open is a chain of keys, each the beginning of the next: at most as many as a key has characters.
    """

    def __init__(self) -> None:
        self._open: list[tuple[str, bool]] = []

    def add(self, key: str, *, is_ours: bool) -> bool:
        """The next key; `is_ours`: to be written, not there already. True where it stands below another key,
        and at least one of the two is ours: an end that holds both already can hold both."""
        while self._open and not _may_be_above(self._open[-1][0], key):
            self._open.pop()
        is_beside = bool(self._open) and any(
            (is_ours or other_is_ours) and key.startswith(f"{other}/") for other, other_is_ours in self._open
        )
        self._open.append((key, is_ours))
        return is_beside

    def __len__(self) -> int:
        return len(self._open)


def _may_be_above(other: str, key: str) -> bool:
    """Whether keys from `key` on can still begin with `other` and a slash."""
    return key.startswith(other) and key[len(other) : len(other) + 1] <= "/"
