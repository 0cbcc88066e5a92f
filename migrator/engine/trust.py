"""Which copies need no look of their own, because others like them are looked at before and after.

The answer to a PUT names the ETag of what is stored. Where that is the MD5 of what was sent, the bytes are
proven; whether headers and metadata were kept is not. So of each kind of copy the first ones are looked at,
then one of many, and the last. Copies between two looks that found everything kept are *bracketed*: what an
end keeps before and after, it keeps in between. Where a look finds a difference, all that is not bracketed
is looked at. Reasons: docs/decisions/0022-trust.md.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from functools import lru_cache

from migrator.engine.orders import Order
from migrator.model.objects import SYSTEM_HEADERS, UNLOCKED, Properties, Written, metadata_bytes
from migrator.model.undo import is_real
from migrator.store.base import Versioning

#: Copies of a kind that are looked at before one is not, and from then on one of so many.
FIRST = 8
ONE_OF = 64
#: More kinds than this are not kept in mind: what is of none of these is looked at.
MOST_KINDS = 64
#: User metadata that every service treats alike: what is longer, or spelled otherwise, is looked at.
PLAIN_BYTES = 1024
MOST_NAMES = 8
_NAME = re.compile(r"[a-z0-9-]+")

Kind = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unlooked:
    """A copy that was not looked at, and what it ought to be."""

    order: Order
    written: Written
    sent: Properties


class Look:
    """A copy is about to be looked at: what it found is told to `Trust`. `bracket`: copies of its kind that
    were made since the last look, and that this one stands for as well."""

    def __init__(self, kind: Kind | None, bracket: list[Unlooked]) -> None:
        self.kind = kind
        self.bracket = bracket


class Trust:
    """What one run has seen of its destination. Used by all workers at once."""

    def __init__(self, versioning: Versioning, *, is_allowed: bool) -> None:
        self._keeps_versions = versioning is Versioning.ENABLED
        self._is_allowed = is_allowed and versioning in {Versioning.OFF, Versioning.ENABLED}
        self._lock = threading.Lock()  # guards what is below
        self._looked: dict[Kind, int] = {}
        self._pending: dict[Kind, list[Unlooked]] = {}
        self._suspects: list[Unlooked] = []

    def look(self, order: Order, written: Written, sent: Properties, md5: str) -> Look | None:
        """What has to be looked at after a PUT was answered; None where that can be left out.

        `md5` is that of the bytes, hexadecimal. Every look that is returned ends in `kept`, `lost` or
        `broke_off`.
        """
        if not self._is_allowed or written.etag != md5 or is_real(written.version_id) != self._keeps_versions:
            return Look(None, [])
        kind = _kind_of(sent)
        if kind is None:
            return Look(None, [])
        with self._lock:
            looked = self._looked.get(kind)
            if looked is None and len(self._looked) >= MOST_KINDS:
                return Look(None, [])
            if looked is None or looked < FIRST:
                self._looked.setdefault(kind, 0)
                return Look(kind, [])
            pending = self._pending.setdefault(kind, [])
            if len(pending) + 1 >= ONE_OF:
                self._pending[kind] = []
                return Look(kind, pending)
            pending.append(Unlooked(order, written, sent))
            return None

    def kept(self, look: Look) -> None:
        """It was exactly as it was sent."""
        if look.kind is not None:
            with self._lock:
                self._looked[look.kind] += 1

    def lost(self, look: Look) -> None:
        """It was not: from now on every copy is looked at, and so are those that nothing stands for."""
        with self._lock:
            self._is_allowed = False
            self._suspects += look.bracket
            for pending in self._pending.values():
                self._suspects += pending
            self._pending.clear()

    def broke_off(self, look: Look) -> None:
        """Nobody knows: the next look stands for these."""
        if look.kind is not None:
            with self._lock:
                self._pending.setdefault(look.kind, []).extend(look.bracket)

    def last_ones(self) -> list[tuple[Unlooked, Look]]:
        """The last copy of each kind that was not looked at, with the look that stands for the others. None
        stands for any other once a difference was found: then all of them are suspects."""
        with self._lock:
            if not self._is_allowed:
                for pending in self._pending.values():
                    self._suspects += pending
                self._pending.clear()
            found = [
                (pending[-1], Look(kind, pending[:-1])) for kind, pending in self._pending.items() if pending
            ]
            self._pending.clear()
            return found

    def suspects(self) -> list[Unlooked]:
        """Copies that have to be looked at after all; each is handed out once."""
        with self._lock:
            found, self._suspects = self._suspects, []
            return found


def _kind_of(sent: Properties) -> Kind | None:
    """The names of what travels along; None for what is always looked at."""
    if sent.tags or sent.storage_class or sent.encryption or sent.website_redirect or sent.lock != UNLOCKED:
        return None
    metadata = sent.metadata
    if len(metadata) > MOST_NAMES or metadata_bytes(metadata) > PLAIN_BYTES:
        return None
    names = _plain_names(tuple(metadata))
    if names is None or not all(map(_is_plain, metadata.values())):
        return None
    return (*names, *[name for name in SYSTEM_HEADERS if getattr(sent, name)])


@lru_cache(maxsize=1024)
def _plain_names(names: tuple[str, ...]) -> tuple[str, ...] | None:
    """Sorted; None where one is spelled in a way that not every service keeps."""
    return tuple(sorted(names)) if all(map(_NAME.fullmatch, names)) else None


def _is_plain(value: str) -> bool:
    """Visible ASCII and single spaces within."""
    return value.isascii() and value.isprintable() and "  " not in value and value == value.strip() != ""
