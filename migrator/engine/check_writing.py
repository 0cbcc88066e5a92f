"""The part of `check` that writes: a probe of every kind of request that a run sends."""

from __future__ import annotations

import hashlib
from dataclasses import fields

from migrator.config import Job
from migrator.engine.findings import ANSWERS, Findings, ProbeBook
from migrator.engine.ports import Executor
from migrator.engine.probing import Probing
from migrator.engine.reserved import probe_key
from migrator.errors import NotFound
from migrator.model.findings import Found
from migrator.model.objects import TOKEN_KEY, ObjectHead, Properties, UploadedPart
from migrator.store.base import BucketLock, ObjectStore, Versioning

#: Bytes of every value, and long enough for a framing of chunks to show (boto3 issue 4435).
BODY = bytes(range(256)) * 64
TAGS = {"probe": "kept as sent"}


class WritingCheck:
    """Probes in one bucket that locks nothing by itself."""

    def __init__(
        self,
        job: Job,
        store: ObjectStore,
        findings: Findings,
        book: ProbeBook,
        run: str,
        versioning: Versioning,
        lock: BucketLock,
        executor: Executor,
    ) -> None:
        self._job = job
        self._store = store
        self._bucket = job.destination.bucket
        self._findings = findings
        self._book = book
        self._run = run
        self._keeps_versions = versioning is not Versioning.OFF
        self._lock = lock
        self._executor = executor

    def run(self) -> None:
        """Stops at the first right that is missing after all."""
        for step in (self._object, self._parts, self._as_asked, self._delete):
            step()
            if self._findings.missing:
                return
        self._honours()

    # -- steps ----------------------------------------------------------------------------------

    def _object(self) -> None:
        store, bucket, findings = self._store, self._bucket, self._findings
        key = self._announce("object")
        if not findings.needs("s3:PutObject", lambda: self._put(key)):
            return
        heads: list[ObjectHead] = []
        into = bytearray(len(BODY))

        def read() -> None:
            heads.append(store.head(bucket, key))
            if heads[0].size_bytes == len(BODY):
                store.read(bucket, key, into)

        if not findings.needs("s3:GetObject", read):
            return
        findings.ability("keeps-bytes", bytes(into) == BODY, otherwise=Found.MISSING)
        version_id = heads[0].version_id
        if version_id is not None:
            findings.needs("s3:GetObjectVersion", lambda: store.head(bucket, key, version_id=version_id))
        self._tags(key, version_id)
        if self._lock is BucketLock.ENABLED:
            try:
                store.lock_on(bucket, key, version_id=version_id)
                findings.proven("s3:GetObjectRetention", "s3:GetObjectLegalHold")
            except ANSWERS as cause:
                findings.unknown(f"s3:{cause.operation}", "locks-not-told")

    def _tags(self, key: str, version_id: str | None) -> None:
        if not (self._job.needs.tags or self._job.needs.replaces):
            return
        store, bucket, findings = self._store, self._bucket, self._findings
        ways = [("", None)] if version_id is None else [("", None), ("Version", version_id)]
        for version, by_id in ways:
            found: dict[str, str] = {}

            def read(by_id: str | None = by_id, found: dict[str, str] = found) -> None:
                found.update(store.tags(bucket, key, version_id=by_id))

            def write(by_id: str | None = by_id) -> None:
                store.put_tags(bucket, key, TAGS, version_id=by_id)

            is_put = findings.needs(f"s3:PutObject{version}Tagging", write)
            is_read = findings.needs(f"s3:GetObject{version}Tagging", read)
        if not findings.missing:
            findings.ability("keeps-tags", is_put and is_read and found == TAGS)

    def _parts(self) -> None:
        store, bucket, findings = self._store, self._bucket, self._findings
        key = self._announce("parts")
        uploads: list[str] = []
        parts: list[UploadedPart] = []

        def send() -> None:
            uploads.append(store.create_upload(bucket, key, Properties(metadata={TOKEN_KEY: "probe"})))
            parts.append(store.upload_part(bucket, key, uploads[0], 1, BODY, md5=_md5(BODY)))
            uploads.append(store.create_upload(bucket, key, Properties()))

        if not findings.needs("s3:PutObject", send):
            return
        upload, second = uploads
        findings.needs("s3:ListMultipartUploadParts", lambda: store.list_parts(bucket, key, upload))
        found: list[str] = []

        def list_uploads() -> None:
            found.extend(each.key for each in store.list_uploads(bucket, probe_key(self._run, "")))

        if findings.needs("s3:ListBucketMultipartUploads", list_uploads):
            findings.ability("lists-uploads", key in found)
        into = bytearray(len(BODY))
        try:
            store.complete_upload(bucket, key, upload, parts)
            store.read(bucket, key, into)
        except ANSWERS:
            findings.ability("keeps-parts", False, otherwise=Found.MISSING)
        else:
            findings.ability("keeps-parts", bytes(into) == BODY, otherwise=Found.MISSING)

        def abort() -> None:
            try:
                store.abort_upload(bucket, key, second)
            except NotFound:
                return

        findings.needs("s3:AbortMultipartUpload", abort)

    def _as_asked(self) -> None:
        """Storage class and encryption, where the job names them."""
        asked = Properties(storage_class=self._job.carry.storage_class, encryption=self._job.carry.encryption)
        if asked == Properties():
            return
        store, bucket, findings = self._store, self._bucket, self._findings
        key = self._announce("as-asked")
        heads: list[ObjectHead] = []

        def write() -> None:
            store.put(bucket, key, BODY, asked, md5=_md5(BODY))
            heads.append(store.head(bucket, key))

        def read() -> None:
            store.read(bucket, key, bytearray(len(BODY)))

        if self._job.needs.kms_key:
            is_written = findings.needs("kms:GenerateDataKey", write) and findings.needs("kms:Decrypt", read)
        else:
            is_written = findings.needs("s3:PutObject", write)
        if not findings.missing or is_written:
            is_kept = is_written and not heads[0].lacks(asked)
            findings.ability("keeps-as-asked", is_kept, otherwise=Found.MISSING)

    def _delete(self) -> None:
        """By version where there is one; then the key itself, which lays a marker where versions are kept."""
        store, bucket, findings = self._store, self._bucket, self._findings
        key = probe_key(self._run, "object")
        if self._keeps_versions:

            def delete_version() -> None:
                there = store.head(bucket, key)
                store.delete(bucket, key, version_id=there.version_id or "null")

            findings.needs("s3:DeleteObjectVersion", delete_version)
        findings.needs("s3:DeleteObject", lambda: store.delete(bucket, key))

    def _honours(self) -> None:
        """What a run finds out too, and relies on."""
        probing = Probing(self._store, self._bucket, self._run, self._book, self._executor)
        seen = probing.run(copies=True, parts=True)
        for field in fields(seen):
            name, is_so = field.name.replace("_", "-"), getattr(seen, field.name)
            matters = {
                "delete_if_match": not self._keeps_versions,
                "delete_version": self._keeps_versions,
                "checks_md5": False,  # told by the question for s3:PutObject
            }
            if matters.get(field.name, True):
                self._findings.ability(name, is_so)

    # -- helpers --------------------------------------------------------------------------------

    def _announce(self, name: str) -> str:
        key = probe_key(self._run, name)
        self._book.reserve(key, "probe")
        return key

    def _put(self, key: str) -> None:
        self._store.put(self._bucket, key, BODY, Properties(metadata={TOKEN_KEY: "probe"}), md5=_md5(BODY))


def _md5(body: bytes) -> bytes:
    return hashlib.md5(body, usedforsecurity=False).digest()
