"""Finding out what a destination really honours, on objects of our own under the reserved prefix.

Services exist that answer success to a condition they ignore, for writes (a Ceph RGW with versions), deletes
(Ceph, MinIO) or both. So a condition is relied on only after this run saw it refused where it does not hold,
and carried out where it does. Each probe is announced in the journal first, and removed at the end.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Protocol

from migrator.engine.outcomes import StaysThere
from migrator.engine.ports import Executor, together
from migrator.engine.reserved import look, probe_key, remove_reserved
from migrator.engine.saving import copy_exactly
from migrator.errors import (
    AccessDenied,
    DigestMismatch,
    NotFound,
    NotSupported,
    PreconditionFailed,
    Rejected,
    StoreError,
)
from migrator.model.capabilities import Capabilities
from migrator.model.checksums import crc32_of
from migrator.model.objects import TOKEN_KEY, ObjectHead, Properties
from migrator.store.base import ALWAYS, IF_ABSENT, PLAIN, Condition, ObjectStore
from migrator.store.retrying import without_patience

#: Refusals that answer the question; anything else (silence, expired keys) is for the run to decide about.
_ANSWERS = (AccessDenied, NotFound, NotSupported, PreconditionFailed, Rejected)
_ETAG_OF_NOTHING = "0" * 32
_SAMPLE = Properties(
    content_type="text/x-probe",
    cache_control="max-age=7",
    metadata={"probe": "kept as sent", TOKEN_KEY: "probe"},
    tags={"probe": "kept"},
)

#: Names of abilities (`Capabilities`), and whether the bucket was seen to have them.
_Answer = dict[str, bool]
_Question = Callable[[], _Answer]


class Named(Protocol):
    @property
    def key(self) -> str: ...


class Register(Protocol):
    """Where probes are announced before they are written: a run's journal, or the memory of `check`."""

    def reserve(self, key: str, kind: str, /) -> None: ...
    def reserved(self, kind: str, /) -> Sequence[Named]: ...
    def release(self, key: str, /) -> None: ...
    def commit(self) -> None: ...
    def began(self) -> datetime: ...


class Probing:
    """Probes one bucket, for the control thread. Each question has objects of its own and takes several
    requests, one after the other; so all questions are asked at once."""

    def __init__(
        self, store: ObjectStore, bucket: str, run: str, journal: Register, executor: Executor
    ) -> None:
        self._store = store
        self._bucket = bucket
        self._run = run
        self._journal = journal
        self._executor = executor

    def run(self, *, copies: bool, parts: bool) -> Capabilities:
        """What the bucket honours; `copies`, `parts`: whether copying within it, and uploads in parts,
        matter for this run.

        Raises:
            MigratorError: the end fell silent, or the keys expired.
        """
        questions: list[_Question] = [self._creates, self._replaces, self._deletes]
        names = ["create", "replace", "delete"]
        if copies:
            questions.append(self._copies)
            names += ["original", "copy"]
        if parts:
            questions.append(self._checks_crc32)
            names.append("checksums")
        for name in names:
            self._journal.reserve(self._key(name), "probe")
        self._journal.commit()
        found = Capabilities()
        for answer in together(self._executor, [partial(self._answer, each) for each in questions]):
            found = replace(found, **answer)
        return found

    def clear(self) -> list[str]:
        """Remove every probe of the run, also those a crash left; returns what had to stay.

        Raises:
            MigratorError: the end fell silent, or the keys expired.
        """
        since = self._journal.began()
        keys = [probe.key for probe in self._journal.reserved("probe")]
        removed = together(self._executor, [partial(self._is_removed, key, since) for key in keys])
        left = []
        for key, is_removed in zip(keys, removed, strict=True):
            if is_removed:
                self._journal.release(key)
            else:
                left.append(key)
        self._journal.commit()
        return left

    def _is_removed(self, key: str, since: datetime) -> bool:
        try:
            remove_reserved(self._store, self._bucket, key, since)
        except (*_ANSWERS, StaysThere):
            return False
        return True

    # -- questions ------------------------------------------------------------------------------

    def _answer(self, question: _Question) -> _Answer:
        try:
            return question()
        except _ANSWERS:
            return {}  # a right is missing: what was not seen stays unknown, and is looked after by looking

    def _creates(self) -> _Answer:
        """Whether what is there keeps another from being created, and what is kept of what was sent."""
        key = self._key("create")
        creates = self._is_carried_out(lambda: self._put(key, b"first", IF_ABSENT))
        if not creates:
            self._put(key, b"first", ALWAYS)
        there = self._look(key)
        if there is None:
            return {"put_if_absent": False}
        checks_md5 = self._checks_md5(key, there)
        refuses = self._is_refused(key, there, lambda: self._put(key, b"second", IF_ABSENT))
        return {
            "put_if_absent": creates and refuses,
            "keeps_token": there.token == "probe",
            "checks_md5": checks_md5,
        }

    def _checks_md5(self, key: str, there: ObjectHead) -> bool:
        """Whether bytes that are not those of the digest are refused, and changed nothing."""
        # Asked once: patience would take the refusal for damage on the way, and try again.
        impatient = without_patience(self._store)
        wrong = hashlib.md5(b"other bytes", usedforsecurity=False).digest()
        sent = Properties(metadata={TOKEN_KEY: "probe"})
        try:
            impatient.put(self._bucket, key, b"damaged", sent, md5=wrong, condition=ALWAYS)
        except DigestMismatch:
            return self._is_still(key, there)
        except StoreError:
            return False  # no answer to this question: not relied on
        return False

    def _replaces(self) -> _Answer:
        """Whether only what is expected to be there is replaced."""
        key = self._key("replace")
        self._put(key, b"first", ALWAYS)
        there = self._look(key)
        wrong, right = Condition(etag=_ETAG_OF_NOTHING), Condition(etag=there.etag if there else "")
        return {
            "put_if_match": there is not None
            and self._is_refused(key, there, lambda: self._put(key, b"second", wrong))
            and self._is_carried_out(lambda: self._put(key, b"third", right))
            and self._holds(key, b"third")
        }

    def _deletes(self) -> _Answer:
        """Whether only what is expected to be there is deleted; of versions exactly the named one."""
        key = self._key("delete")
        self._put(key, b"first", ALWAYS)
        there = self._look(key)
        if there is None:
            return {}
        if there.version_id is None:
            return {"delete_if_match": self._deletes_if_match(key, there)}
        return {"delete_version": self._deletes_version(key, there.version_id)}

    def _deletes_if_match(self, key: str, there: ObjectHead) -> bool:
        def delete(etag: str) -> Callable[[], object]:
            return lambda: self._store.delete(self._bucket, key, if_match=etag)

        if not self._is_refused(key, there, delete(_ETAG_OF_NOTHING)):
            return False
        return self._is_carried_out(delete(there.etag)) and self._look(key) is None

    def _deletes_version(self, key: str, version_id: str) -> bool:
        gone = self._is_carried_out(lambda: self._store.delete(self._bucket, key, version_id=version_id))
        return gone and look(self._store, self._bucket, key, version_id) is None

    def _copies(self) -> _Answer:
        return {"copies": self._copies_exactly(self._key("original"), self._key("copy"))}

    def _copies_exactly(self, original: str, copy: str) -> bool:
        body = b"of a copy"
        properties = _SAMPLE
        try:
            self._put(original, body, ALWAYS, properties)
        except NotSupported:
            properties = replace(_SAMPLE, tags={})  # an end without tags
            self._put(original, body, ALWAYS, properties)
        there = self._look(original)
        if there is None:
            return False
        try:
            copied = copy_exactly(self._store, self._bucket, original, there, copy)
        except _ANSWERS:
            return False
        into = bytearray(copied.size_bytes)
        self._store.read(self._bucket, copy, into)
        return bytes(into) == body and not properties.differences(copied.properties)

    def _checks_crc32(self) -> _Answer:
        """Whether a part that is not what its CRC32 says is refused, when it comes and when an object is
        made of it, and an object can be made of others."""
        key = self._key("checksums")
        upload_id = self._store.create_upload(self._bucket, key, PLAIN, has_crc32=True)
        try:
            if self._makes_of_right_parts(key, upload_id):
                return {"checks_crc32": True}
        except (*_ANSWERS, DigestMismatch):
            pass
        with suppress(*_ANSWERS):  # what is left of it goes with the other probes
            self._store.abort_upload(self._bucket, key, upload_id)
        return {"checks_crc32": False}

    def _makes_of_right_parts(self, key: str, upload_id: str) -> bool:
        body, wrong = b"of a part", crc32_of(b"other bytes")
        target = (self._bucket, key, upload_id)
        impatient = without_patience(self._store)
        try:
            impatient.upload_part(*target, 1, b"damaged", crc32=wrong)
        except DigestMismatch:
            pass
        except StoreError:
            return False  # no answer to this question: not relied on
        else:
            return False
        part = self._store.upload_part(*target, 1, body, crc32=crc32_of(body))
        with suppress(StoreError):
            impatient.complete_upload(*target, [replace(part, crc32=wrong)])
        if self._look(key) is not None:
            return False  # a part that is damaged after it came would become part of an object
        self._store.complete_upload(*target, [part])
        return self._holds(key, body)

    # -- one request and what became of it ------------------------------------------------------

    def _key(self, name: str) -> str:
        return probe_key(self._run, name)

    def _put(self, key: str, body: bytes, condition: Condition, properties: Properties | None = None) -> None:
        md5 = hashlib.md5(body, usedforsecurity=False).digest()
        sent = properties or Properties(metadata={TOKEN_KEY: "probe"})
        self._store.put(self._bucket, key, body, sent, md5=md5, condition=condition)

    def _look(self, key: str) -> ObjectHead | None:
        return look(self._store, self._bucket, key)

    def _is_still(self, key: str, there: ObjectHead) -> bool:
        now = self._look(key)
        return now is not None and (now.etag, now.version_id) == (there.etag, there.version_id)

    def _holds(self, key: str, body: bytes) -> bool:
        into = bytearray(len(body))
        there = self._look(key)
        if there is None or there.size_bytes != len(body):
            return False
        self._store.read(self._bucket, key, into)
        return bytes(into) == body

    @staticmethod
    def _is_carried_out(request: Callable[[], object]) -> bool:
        try:
            request()
        except _ANSWERS:
            return False
        return True

    def _is_refused(self, key: str, there: ObjectHead, request: Callable[[], object]) -> bool:
        """Whether a request whose condition does not hold is refused, and changed nothing."""
        try:
            request()
        except PreconditionFailed:
            return self._is_still(key, there)
        except _ANSWERS:
            return False
        return False
