"""What `check` finds out about the source: only by reading, on the first object that the job would copy."""

from __future__ import annotations

from migrator.config import Job
from migrator.engine.findings import ANSWERS, Findings
from migrator.errors import AccessDenied
from migrator.model.findings import Found
from migrator.model.objects import ObjectHead, ObjectVersion, Page
from migrator.model.plan import ARCHIVED
from migrator.model.rights import source_rights
from migrator.store.base import BucketLock, ObjectStore, Versioning

LOCKS = ("s3:GetObjectRetention", "s3:GetObjectLegalHold")


class SourceCheck:
    """`page` is the beginning of the listing, None where it was denied."""

    def __init__(self, job: Job, store: ObjectStore, findings: Findings, page: Page | None) -> None:
        self._job = job
        self._needs = job.needs
        self._store = store
        self._bucket = job.source.bucket
        self._findings = findings
        self._page = page
        #: Those that turn out not to matter here are taken out.
        self._rights = [right.action for right in source_rights(self._needs)]

    def run(self) -> None:
        self._versioning()
        lock = self._lock()
        found = self._first_object()
        if found is not None:
            self._read(found, lock)
        code = "right-no-object" if self._page is not None else "right-after-others"
        self._findings.settle(self._rights, Found.NOT_TRIED, code)
        self._archived()

    # -- settings -------------------------------------------------------------------------------

    def _versioning(self) -> None:
        action, findings = "s3:GetBucketVersioning", self._findings
        versioning = Versioning.UNKNOWN
        try:
            versioning = self._store.versioning(self._bucket)
            findings.proven(action)
        except AccessDenied:
            if self._needs.all_versions:
                findings.denied(action)
            else:
                findings.unknown(action, "versions-not-told")
        except ANSWERS:
            self._leave_out(action)
        is_kept = versioning in (Versioning.ENABLED, Versioning.SUSPENDED)
        if is_kept and not self._needs.all_versions:
            is_accepted = "old-versions" in self._job.carry.accept
            verdict = Found.OK if is_accepted else Found.WARNING
            findings.tell("setting", versioning.value, verdict, "versions-stay")
        if self._needs.all_versions and self._page is not None:
            findings.prove("s3:ListBucketVersions", self._list_versions)

    def _list_versions(self) -> None:
        self._store.list_versions_page(self._bucket, self._job.source.prefix, limit=1)

    def _lock(self) -> BucketLock:
        """Whether objects here can be locked: only then it matters who may ask for their locks."""
        action = "s3:GetBucketObjectLockConfiguration"
        if not self._needs.reads_locks:
            return BucketLock.NONE
        lock = self._store.lock_of(self._bucket)
        if lock is not BucketLock.UNKNOWN:
            self._findings.proven(action)
        elif self._needs.writes_locks:
            self._findings.denied(action)
        else:
            self._findings.unknown(action, "locks-not-told")
        if lock in (BucketLock.NONE, BucketLock.UNKNOWN):
            self._leave_out(*LOCKS)
        return lock

    # -- one object -----------------------------------------------------------------------------

    def _first_object(self) -> ObjectVersion | None:
        """The first one of the first page that would be copied, and can be read."""
        rules, prefix = self._job.filters, self._job.source.prefix
        for listed in self._page.objects if self._page else ():
            if listed.storage_class not in ARCHIVED and rules.rule_against(listed, prefix) is None:
                return listed
        return None

    def _read(self, listed: ObjectVersion, lock: BucketLock) -> None:
        key, store, findings = listed.key, self._store, self._findings
        heads: list[ObjectHead] = []

        def read() -> None:
            heads.append(store.head(self._bucket, key))
            into = bytearray(1 if listed.size_bytes else 0)
            store.read(self._bucket, key, into, offset=0 if into else None)

        if not findings.needs("s3:GetObject", read):
            findings.settle(self._rights, Found.NOT_TRIED, "right-after-others")
            return
        version_id = heads[0].version_id
        if self._needs.all_versions and version_id is not None:
            findings.needs(
                "s3:GetObjectVersion", lambda: store.head(self._bucket, key, version_id=version_id)
            )
        elif self._needs.all_versions:
            self._leave_out("s3:GetObjectVersion")
        if self._needs.tags:
            plain, versioned = "s3:GetObjectTagging", "s3:GetObjectVersionTagging"
            action, other = (plain, versioned) if version_id is None else (versioned, plain)
            self._leave_out(other)
            findings.needs(action, lambda: store.tags(self._bucket, key, version_id=version_id))
        if lock in (BucketLock.ENABLED, BucketLock.DEFAULT):
            self._read_lock(key, version_id)
        self._read_grants(key)

    def _read_lock(self, key: str, version_id: str | None) -> None:
        try:
            self._store.lock_on(self._bucket, key, version_id=version_id)
        except AccessDenied as cause:
            action = f"s3:{cause.operation}"
            if self._needs.writes_locks:
                self._findings.denied(action)
            else:
                self._findings.unknown(action, "locks-not-told")
            self._findings.settle(LOCKS, Found.NOT_TRIED, "right-after-others")
        except ANSWERS:
            self._leave_out(*LOCKS)
        else:
            self._findings.proven(*LOCKS)

    def _read_grants(self, key: str) -> None:
        action = "s3:GetObjectAcl"
        if action not in self._rights:
            return
        try:
            self._store.has_grants(self._bucket, key)
            self._findings.proven(action)
        except AccessDenied:
            self._findings.unknown(action, "grants-not-told")
        except ANSWERS:
            self._leave_out(action)

    def _leave_out(self, *actions: str) -> None:
        self._rights = [action for action in self._rights if action not in actions]

    def _archived(self) -> None:
        objects = self._page.objects if self._page else ()
        count = sum(1 for listed in objects if listed.storage_class in ARCHIVED)
        if count:
            self._findings.tell("objects", f"{count:,}", Found.WARNING, "archived")
