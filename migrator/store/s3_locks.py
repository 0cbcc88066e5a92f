"""What the S3 store asks about one version besides bytes and properties: locks, and who else may use it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from migrator.errors import NotFound, Rejected
from migrator.model.objects import UNLOCKED, Lock
from migrator.store import s3_wire
from migrator.store.s3_settings import S3Settings


class S3Locks(S3Settings):
    """Locks and grants of single versions. `S3Store` adds the objects themselves."""

    def lock_on(self, bucket: str, key: str, *, version_id: str | None = None) -> Lock:
        where: dict[str, Any] = {"Bucket": bucket, "Key": key, **s3_wire.version(version_id), **self._payer}
        kept, held = UNLOCKED, UNLOCKED
        with _unless_unlocked(), self._call("GetObjectRetention", bucket, key):
            kept = s3_wire.lock_of_retention(self._client.get_object_retention(**where))
        with _unless_unlocked(), self._call("GetObjectLegalHold", bucket, key):
            held = s3_wire.lock_of_hold(self._client.get_object_legal_hold(**where))
        return replace(kept, hold=held.hold)

    def set_lock(self, bucket: str, key: str, lock: Lock, *, version_id: str | None = None) -> None:
        where: dict[str, Any] = {"Bucket": bucket, "Key": key, **s3_wire.version(version_id), **self._payer}
        if lock.until is not None:
            retention: Any = {"Mode": lock.mode, "RetainUntilDate": lock.until}
            with self._call("PutObjectRetention", bucket, key):
                self._client.put_object_retention(Retention=retention, **where)
        if lock.hold:
            with self._call("PutObjectLegalHold", bucket, key):
                self._client.put_object_legal_hold(LegalHold={"Status": "ON"}, **where)

    def has_grants(self, bucket: str, key: str) -> bool:
        with self._call("GetObjectAcl", bucket, key):
            answer = self._client.get_object_acl(Bucket=bucket, Key=key, **self._payer)
            owner = answer.get("Owner", {}).get("ID")
            if owner is None or "Grants" not in answer:
                raise self._not_s3("GetObjectAcl", bucket, key)
            return any(grant.get("Grantee", {}).get("ID") != owner for grant in answer["Grants"])


_UNLOCKED = {"NoSuchObjectLockConfiguration", "ObjectLockConfigurationNotFoundError", "InvalidRequest"}


@contextmanager
def _unless_unlocked() -> Iterator[None]:
    """An object without a lock is told by an error (S3 API, GetObjectRetention); Ceph's differs."""
    try:
        yield
    except (NotFound, Rejected) as cause:
        if cause.code not in _UNLOCKED:
            raise
