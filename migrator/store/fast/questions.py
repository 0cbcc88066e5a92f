"""What a run asks beside the objects: how a bucket keeps versions and locks, tags, grants."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from migrator.errors import NotS3, StoreError
from migrator.store import s3_wire
from migrator.store.answers import Where, not_s3
from migrator.store.base import Body, BucketLock, Versioning
from migrator.store.connection import Connection, region_of
from migrator.store.fast import answered
from migrator.store.fast.address import service_of
from migrator.store.fast.answered import Document, read_document
from migrator.store.fast.documents import PAGE_LIMIT_BYTES, NotOne, error_in
from migrator.store.fast.http1 import Head, Wire
from migrator.store.fast.lane import AFTER_ALL, Elsewhere, Lane
from migrator.store.fast.rest import Rest

T = TypeVar("T")


class Questions(Rest):
    """The way to one end, and questions with small answers. `Uploads` adds the next."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.region = region_of(connection) or self.reference.region
        self._host = service_of(connection, self.region)
        self._lane = Lane(connection, self.region, self._where)

    def versioning(self, bucket: str) -> Versioning:
        try:
            return answered.versioning_in(self._ask("GetBucketVersioning", bucket, None, {"versioning": ""}))
        except Elsewhere:
            return self.reference.versioning(bucket)

    def lock_of(self, bucket: str) -> BucketLock:
        try:
            return answered.lock_in(
                self._ask("GetObjectLockConfiguration", bucket, None, {"object-lock": ""})
            )
        except Elsewhere:
            return self.reference.lock_of(bucket)
        except StoreError as cause:
            return s3_wire.bucket_lock_of_refusal(cause)

    def tags(self, bucket: str, key: str, *, version_id: str | None = None) -> dict[str, str]:
        query = {"tagging": "", **version_query(version_id)}
        try:
            answer = self._ask("GetObjectTagging", bucket, key, query)
        except Elsewhere:
            return self.reference.tags(bucket, key, version_id=version_id)
        return self._read(answered.tags_in, answer, "GetObjectTagging", bucket, key)

    def has_grants(self, bucket: str, key: str) -> bool:
        try:
            answer = self._ask("GetObjectAcl", bucket, key, {"acl": ""})
        except Elsewhere:
            return self.reference.has_grants(bucket, key)
        return self._read(answered.has_grants_in, answer, "GetObjectAcl", bucket, key)

    # -- helpers --------------------------------------------------------------------------------

    def _ask(self, operation: str, bucket: str, key: str | None, query: dict[str, str]) -> Document:
        return self._told(operation, "GET", bucket, key, query)[1]

    def _told(
        self,
        operation: str,
        method: str,
        bucket: str,
        key: str | None,
        query: dict[str, str],
        headers: dict[str, str] | None = None,
        body: Body = b"",
    ) -> tuple[Head, Document]:
        """The head and the document of a successful answer.

        Raises:
            Elsewhere: the reference store has to ask.
            StoreError: what else was answered, also an error that came as a success.
        """

        def read(wire: Wire, head: Head) -> tuple[Head, bytes]:
            return head, b"" if wire.is_at_end else wire.read_all(PAGE_LIMIT_BYTES)

        head, raw = self._lane.send(operation, method, bucket, key, read, headers or {}, query, body)
        failed = Head(AFTER_ALL, head.headers)
        try:
            document = read_document(raw)
        except NotOne:
            raise self._lane.error(operation, bucket, key, failed, None) from None
        if document.name == "Error" and document.element is not None:
            raise self._lane.error(operation, bucket, key, failed, error_in(document.element))
        return head, document

    def _read(
        self, read: Callable[[Document], T], answer: Document, operation: str, bucket: str, key: str | None
    ) -> T:
        """What `read` finds in a document.

        Raises:
            NotS3: it is another document.
        """
        try:
            return read(answer)
        except (NotOne, ValueError):
            raise self._not_s3(operation, bucket, key) from None

    def _where(self, operation: str, bucket: str = "", key: str | None = None) -> Where:
        return Where(operation, self.end, self._host, bucket, key)

    def _not_s3(self, operation: str, bucket: str = "", key: str | None = None) -> NotS3:
        return not_s3(self._where(operation, bucket, key))


def version_query(version_id: str | None) -> dict[str, str]:
    """The parameter for one version, where one is meant."""
    return {} if version_id is None else {"versionId": version_id}
