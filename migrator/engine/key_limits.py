"""Whether the destination holds keys of an unusual shape: tried on keys of our own, once one is listed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

from migrator.config import Job
from migrator.engine.journal import Journal
from migrator.engine.reserved import look, probe_key
from migrator.errors import AccessDenied, NotFound, NotSupported, PreconditionFailed, Rejected
from migrator.model.key_limits import SEGMENT_LIMIT_BYTES, Shape, is_usual, shapes_of, suspects
from migrator.model.objects import Properties
from migrator.store.base import ObjectStore

#: What a probe writes for each shape: names and bodies.
_PROBES: dict[Shape, tuple[tuple[str, bytes], ...]] = {
    Shape.LONG_SEGMENT: (("s" * (SEGMENT_LIMIT_BYTES + 1), b"long"),),
    Shape.EMPTY_SEGMENT: (("/empty", b"empty"),),
    Shape.FOLDER_BODY: (("folder/", b"body"),),
    Shape.BESIDE: (("beside", b"above"), ("beside/b", b"below")),
}


class KeyLimits:
    """What one destination holds. `probe` tries a shape (None: not to be known); without one nothing is
    written and the documents are believed. `tried` is what earlier probes of the run found."""

    def __init__(
        self,
        job: Job,
        probe: Callable[[Shape], bool | None] | None = None,
        tried: dict[Shape, bool | None] | None = None,
    ) -> None:
        self._suspects = suspects(job.destination.provider, job.destination.endpoint_url)
        self._probe = probe
        self._tried = tried if tried is not None else {}
        self.believed: set[Shape] = set()  #: shapes that only a document says are not held

    def suspects(self, shape: Shape) -> bool:
        return shape in self._suspects

    def holds(self, shape: Shape) -> bool:
        """Tried at the first question, where that is possible.

        Raises:
            MigratorError: the end fell silent, or the keys expired.
        """
        if shape not in self._suspects:
            return True
        if self._probe is not None and shape not in self._tried:
            self._tried[shape] = self._probe(shape)
        seen = self._tried.get(shape)
        if seen is not None:
            return seen
        if self._suspects[shape]:
            self.believed.add(shape)
        return not self._suspects[shape]

    def against(self, key: str, size_bytes: int) -> Shape | None:
        """Why the destination cannot hold this key by itself."""
        if not self._suspects or is_usual(key):
            return None
        return next((shape for shape in shapes_of(key, size_bytes) if not self.holds(shape)), None)


def key_probe(store: ObjectStore, bucket: str, run: str, journal: Journal) -> Callable[[Shape], bool | None]:
    """Tries a shape on keys under the reserved prefix, each in the journal before it is written. They stay
    until probes are cleared. What was found is in the journal, too."""

    def probe(shape: Shape) -> bool | None:
        keys = {probe_key(run, name): body for name, body in _PROBES[shape]}
        for key in keys:
            journal.reserve(key, "probe")
        journal.commit()
        try:
            for key, body in keys.items():
                md5 = hashlib.md5(body, usedforsecurity=False).digest()
                store.put(bucket, key, body, Properties(), md5=md5)
            found: bool | None = all(_is_there(store, bucket, key, len(keys[key])) for key in keys)
        except AccessDenied:
            found = None  # a right is missing, which says nothing about keys
        except (NotFound, NotSupported, PreconditionFailed, Rejected):
            found = False
        journal.set_meta(
            key_limits=json.dumps({**json.loads(journal.meta("key_limits", "{}")), shape: found})
        )
        journal.commit()
        return found

    return probe


def tried_before(journal: Journal) -> dict[Shape, bool | None]:
    return {Shape(name): found for name, found in json.loads(journal.meta("key_limits", "{}")).items()}


def _is_there(store: ObjectStore, bucket: str, key: str, size_bytes: int) -> bool:
    """Under exactly its own name, for a HEAD and in a listing."""
    there = look(store, bucket, key)
    listed = any(each.key == key for each in store.list_page(bucket, key).objects)
    return listed and there is not None and there.size_bytes == size_bytes


BELIEVED = (
    "{end} says in its documents that it does not hold some of these keys, and this was not tried: they may "
    "be held after all. A run tries it with probes, unless new objects are locked there."
)
