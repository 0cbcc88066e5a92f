"""What the data plane leaves to the reference store, which is built when it is first asked.

Importing the SDK and making a client of it takes a fifth of a second. Most runs need neither.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from migrator.errors import StoreError
from migrator.model.objects import KeptVersion, Lock, Properties, UploadedPart, VersionPage, Written
from migrator.model.settings import LifecycleRule, ReplicationRule
from migrator.store.base import PLAIN
from migrator.store.connection import Connection

if TYPE_CHECKING:
    from migrator.store.s3 import S3Store


class Rest:
    """Operations that few runs need, or that few objects take. `FastStore` adds the others."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()  # guards what is below
        self._made: S3Store | None = None

    @property
    def end(self) -> str:
        return self._connection.end

    @property
    def reference(self) -> S3Store:
        """The store that can do everything.

        Raises:
            CredentialsError, Rejected: the SDK's own settings are not as it wants them.
        """
        with self._lock:
            if self._made is None:
                from migrator.store.s3 import S3Store

                self._made = S3Store(self._connection)
            return self._made

    def close(self) -> None:
        with self._lock:
            if self._made is not None:
                self._made.close()

    # -- buckets --------------------------------------------------------------------------------

    def list_buckets(self) -> list[str]:
        return self.reference.list_buckets()

    def check_bucket(self, bucket: str) -> str:
        return self.reference.check_bucket(bucket)

    def create_bucket(self, bucket: str, region: str) -> None:
        self.reference.create_bucket(bucket, region)

    def enable_versioning(self, bucket: str) -> None:
        self.reference.enable_versioning(bucket)

    def delete_bucket(self, bucket: str) -> None:
        self.reference.delete_bucket(bucket)

    def lifecycle(self, bucket: str) -> tuple[LifecycleRule, ...]:
        return self.reference.lifecycle(bucket)

    def replication(self, bucket: str) -> tuple[ReplicationRule, ...]:
        return self.reference.replication(bucket)

    def notifications(self, bucket: str) -> tuple[str, ...]:
        return self.reference.notifications(bucket)

    def default_encryption(self, bucket: str) -> str:
        return self.reference.default_encryption(bucket)

    def server_time(self, bucket: str) -> datetime | None:
        return self.reference.server_time(bucket)

    # -- versions -------------------------------------------------------------------------------

    def list_versions_page(
        self,
        bucket: str,
        prefix: str,
        *,
        key_marker: str = "",
        version_marker: str = "",
        limit: int = 1000,
    ) -> VersionPage:
        return self.reference.list_versions_page(
            bucket, prefix, key_marker=key_marker, version_marker=version_marker, limit=limit
        )

    def versions(self, bucket: str, key: str) -> list[KeptVersion]:
        return self.reference.versions(bucket, key)

    def delete_versions(
        self, bucket: str, versions: Sequence[tuple[str, str]]
    ) -> dict[tuple[str, str], StoreError]:
        return self.reference.delete_versions(bucket, versions)

    # -- objects --------------------------------------------------------------------------------

    def copy(
        self,
        bucket: str,
        key: str,
        to_key: str,
        *,
        if_match: str = "",
        version_id: str | None = None,
        keeping: Properties = PLAIN,
    ) -> Written:
        return self.reference.copy(
            bucket, key, to_key, if_match=if_match, version_id=version_id, keeping=keeping
        )

    def copy_part(
        self,
        bucket: str,
        key: str,
        to_key: str,
        upload_id: str,
        number: int,
        offset: int,
        length: int,
        *,
        if_match: str = "",
        version_id: str | None = None,
    ) -> UploadedPart:
        return self.reference.copy_part(
            bucket, key, to_key, upload_id, number, offset, length, if_match=if_match, version_id=version_id
        )

    def put_tags(
        self, bucket: str, key: str, tags: Mapping[str, str], *, version_id: str | None = None
    ) -> None:
        self.reference.put_tags(bucket, key, tags, version_id=version_id)

    def lock_on(self, bucket: str, key: str, *, version_id: str | None = None) -> Lock:
        return self.reference.lock_on(bucket, key, version_id=version_id)

    def set_lock(self, bucket: str, key: str, lock: Lock, *, version_id: str | None = None) -> None:
        self.reference.set_lock(bucket, key, lock, version_id=version_id)
