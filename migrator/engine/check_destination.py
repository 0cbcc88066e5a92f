"""What `check` finds out about the destination: rights, settings, and what the bucket really honours.

In this order: settings are read, above all whether what is written would be locked; then each right is
exercised by requests that find nothing to change (an object that is not there, a digest that is wrong); and
only where nothing is missing by then, probes are written and removed.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta

from migrator.config import Job
from migrator.engine.check_settings import RulesCheck
from migrator.engine.check_writing import WritingCheck
from migrator.engine.findings import ANSWERS, Findings, ProbeBook
from migrator.engine.ports import Executor, Ports
from migrator.engine.probes import ProbeCleaner
from migrator.engine.reserved import probe_key
from migrator.errors import AccessDenied, Cancelled, DigestMismatch, MigratorError
from migrator.model.fidelity import LOCKS, OLD_VERSIONS
from migrator.model.findings import Found
from migrator.model.objects import Lock, Properties
from migrator.model.rights import destination_rights
from migrator.store.base import BucketLock, ObjectStore, Versioning
from migrator.store.retrying import without_patience

#: Rights that no request uses on a bucket that has never kept versions.
OF_VERSIONS = (
    "s3:ListBucketVersions",
    "s3:GetObjectVersion",
    "s3:DeleteObjectVersion",
    "s3:GetObjectVersionTagging",
    "s3:PutObjectVersionTagging",
)
OF_LOCKS = (
    "s3:GetObjectRetention",
    "s3:GetObjectLegalHold",
    "s3:PutObjectRetention",
    "s3:PutObjectLegalHold",
)
OF_THE_BUCKET_ITSELF = ("s3:CreateBucket", "s3:DeleteBucket", "s3:PutBucketVersioning")
#: An upload that nobody opened.
NO_UPLOAD = "2~AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
WRONG_MD5 = hashlib.md5(b"other bytes", usedforsecurity=False).digest()


class DestinationCheck:
    """One bucket. `is_there` is False where the run will make it."""

    def __init__(
        self,
        job: Job,
        store: ObjectStore,
        findings: Findings,
        ports: Ports,
        executor: Executor,
        *,
        is_there: bool,
    ) -> None:
        self._needs = job.needs
        self._job = job
        self._store = store
        self._bucket = job.destination.bucket
        self._findings = findings
        self._executor = executor
        self._is_there = is_there
        self._id = ports.new_run_id()
        self._book = ProbeBook(ports.clock.wall() - timedelta(minutes=15))
        self._rights = [right.action for right in destination_rights(self._needs) if not right.only_check]

    def run(self, *, may_write: bool) -> None:
        """`may_write`: nothing is known to be missing at the other end."""
        findings = self._findings
        if not self._is_there:
            findings.tell("setting", self._bucket, Found.OK, "bucket-absent")
            findings.settle(self._rights, Found.NOT_TRIED, "right-no-bucket")
            return
        self._leave_out(*OF_THE_BUCKET_ITSELF)
        versioning, lock = self._versioning(), self._lock()
        if versioning is Versioning.OFF:
            self._leave_out(*OF_VERSIONS)
        if lock is BucketLock.NONE:
            self._leave_out(*OF_LOCKS)
        RulesCheck(self._store, self._bucket, self._job.destination.prefix, findings).run(versioning)
        self._listings()
        if lock in (BucketLock.DEFAULT, BucketLock.UNKNOWN):
            findings.settle(self._rights, Found.UNKNOWN, "right-locked")
            return
        if findings.is_missing("s3:ListBucket"):
            # What is not there is denied then, too: nothing could be told apart.
            findings.settle(self._rights, Found.NOT_TRIED, "right-after-others")
            return
        try:
            self._without_writing(versioning, lock)
            if may_write and not findings.missing:
                writing = WritingCheck(
                    self._job,
                    self._store,
                    findings,
                    self._book,
                    self._id,
                    versioning,
                    lock,
                    self._executor,
                )
                writing.run()
        finally:
            self._clean(versioning)
        findings.settle(self._rights, Found.NOT_TRIED, "right-after-others")

    # -- settings -------------------------------------------------------------------------------

    def _versioning(self) -> Versioning:
        found = Versioning.UNKNOWN
        try:
            found = self._store.versioning(self._bucket)
            self._findings.proven("s3:GetBucketVersioning")
        except AccessDenied:
            self._findings.denied("s3:GetBucketVersioning")
        except ANSWERS:
            self._leave_out("s3:GetBucketVersioning")
        verdict = {Versioning.UNKNOWN: Found.UNKNOWN, Versioning.SUSPENDED: Found.WARNING}
        code = f"versioning-{found.value}"
        self._findings.tell("setting", found.value, verdict.get(found, Found.OK), code)
        must_keep = self._needs.all_versions and OLD_VERSIONS not in self._job.carry.accept
        if must_keep and found in (Versioning.OFF, Versioning.SUSPENDED):
            self._findings.tell("ability", "old-versions", Found.MISSING, "versions-cannot")
        return found

    def _lock(self) -> BucketLock:
        action = "s3:GetBucketObjectLockConfiguration"
        lock = self._store.lock_of(self._bucket)
        if lock is BucketLock.UNKNOWN:
            self._findings.denied(action)
        else:
            self._findings.proven(action)
        verdict = {BucketLock.UNKNOWN: Found.UNKNOWN, BucketLock.DEFAULT: Found.WARNING}
        self._findings.tell("setting", lock.value, verdict.get(lock, Found.OK), f"lock-{lock.value}")
        must_lock = self._needs.writes_locks and LOCKS not in self._job.carry.accept
        if must_lock and lock is BucketLock.NONE:
            self._findings.tell("ability", "locks", Found.MISSING, "lock-cannot")
        return lock

    # -- rights, nothing written ----------------------------------------------------------------

    def _listings(self) -> None:
        store, bucket, findings = self._store, self._bucket, self._findings
        key = probe_key(self._id, "rights")
        findings.prove("s3:ListBucketMultipartUploads", lambda: store.list_uploads(bucket, key))
        if "s3:ListBucketVersions" in self._rights:
            findings.prove("s3:ListBucketVersions", lambda: store.versions(bucket, key))

    def _without_writing(self, versioning: Versioning, lock: BucketLock) -> None:
        """Requests about an object that is not there. A service looks at rights before it looks for it."""
        store, bucket, findings = self._store, self._bucket, self._findings
        key = probe_key(self._id, "rights")
        # Some services make an object of a request that they do not know.
        self._book.reserve(key, "probe")
        findings.prove("s3:GetObject", lambda: store.head(bucket, key))
        findings.prove("s3:AbortMultipartUpload", lambda: store.abort_upload(bucket, key, NO_UPLOAD))
        findings.prove("s3:ListMultipartUploadParts", lambda: store.list_parts(bucket, key, NO_UPLOAD))
        has_tags = "s3:PutObjectTagging" in self._rights
        if has_tags:
            findings.prove("s3:GetObjectTagging", lambda: store.tags(bucket, key))
        if versioning is Versioning.OFF:
            findings.prove("s3:DeleteObject", lambda: store.delete(bucket, key))
        else:
            null = "null"
            findings.prove("s3:GetObjectVersion", lambda: store.head(bucket, key, version_id=null))
            findings.prove("s3:DeleteObjectVersion", lambda: store.delete(bucket, key, version_id=null))
            if has_tags:
                findings.prove("s3:GetObjectVersionTagging", lambda: store.tags(bucket, key, version_id=null))
        if any(each.action.startswith("s3:Delete") for each in findings.missing):
            return  # what is made by mistake could not be removed
        if has_tags:
            findings.prove("s3:PutObjectTagging", lambda: store.put_tags(bucket, key, {"probe": "kept"}))
            if versioning is not Versioning.OFF:
                findings.prove(
                    "s3:PutObjectVersionTagging",
                    lambda: store.put_tags(bucket, key, {"probe": "kept"}, version_id="null"),
                )
        if lock is BucketLock.ENABLED and self._needs.writes_locks:
            hold = Lock(hold=True)
            until = Lock(mode="GOVERNANCE", until=self._book.began() + timedelta(days=1))
            findings.prove("s3:PutObjectLegalHold", lambda: store.set_lock(bucket, key, hold))
            findings.prove("s3:PutObjectRetention", lambda: store.set_lock(bucket, key, until))
        self._put_with_a_wrong_digest(key)

    def _put_with_a_wrong_digest(self, key: str) -> None:
        # Asked once: a digest that is wrong stays wrong, and patience would try again.
        store = without_patience(self._store)
        is_refused: list[bool] = []

        def put() -> None:
            try:
                store.put(self._bucket, key, b"probe", Properties(), md5=WRONG_MD5)
            except DigestMismatch:
                is_refused.append(True)
                raise

        if self._findings.prove("s3:PutObject", put):
            self._findings.ability("refuses-wrong-md5", bool(is_refused))

    # -- the end --------------------------------------------------------------------------------

    def _clean(self, versioning: Versioning) -> None:
        """Also after somebody asked to stop: then each request is sent once, as nobody waits any more."""
        for store in (self._store, without_patience(self._store)):
            try:
                left = ProbeCleaner(store, self._bucket, self._book, versioning).clear()
                break
            except Cancelled:
                continue
            except MigratorError:
                left = self._book.keys
                break
        else:
            left = self._book.keys
        for key in left:
            self._findings.tell("objects", key, Found.WARNING, "probe-left")

    def _leave_out(self, *actions: str) -> None:
        self._rights = [action for action in self._rights if action not in actions]
