"""The S3 store with a data plane of its own for what every run asks: objects, and pages of listings."""

from __future__ import annotations

from migrator.errors import DigestMismatch
from migrator.model.objects import ObjectHead, Page, Properties, Written, bare_etag
from migrator.store import s3_wire
from migrator.store.answers import endless, wrong_length, wrong_range
from migrator.store.base import ALWAYS, Body, Condition, OnBytes
from migrator.store.fast.documents import PAGE_LIMIT_BYTES, BreaksOff, NotOne, read_error, read_listing
from migrator.store.fast.heads import condition_of, head_of, headers_of, is_plain
from migrator.store.fast.http1 import Head, Wire
from migrator.store.fast.lane import AFTER_ALL, SAID_LIMIT_BYTES, Elsewhere
from migrator.store.fast.questions import version_query
from migrator.store.fast.uploads import Uploads


class FastStore(Uploads):
    """An S3 service behind the `ObjectStore` contract; only for connections that `can_address` allows.

    Where an end sends us to another region, the reference store takes over for good.
    """

    def close(self) -> None:
        self._lane.close()
        super().close()

    def watch(self) -> None:
        """From now on somebody calls `break_off_late` all the time: waits need no limit of their own."""
        self._lane.watch()

    def break_off_late(self) -> None:
        """Break off requests of which nothing was heard for too long; they fail as lost connections."""
        self._lane.break_off_late()

    def interrupt(self) -> None:
        """Break off what is under way; it fails at once, as a lost connection."""
        self._lane.interrupt()

    def head(self, bucket: str, key: str, *, version_id: str | None = None) -> ObjectHead:
        def read(_: Wire, head: Head) -> ObjectHead:
            return self._object("HeadObject", bucket, key, head, head.headers.get("content-length", ""))

        try:
            return self._lane.send("HeadObject", "HEAD", bucket, key, read, {}, version_query(version_id))
        except Elsewhere:
            return self.reference.head(bucket, key, version_id=version_id)

    def read(
        self,
        bucket: str,
        key: str,
        into: bytearray,
        *,
        offset: int | None = None,
        if_match: str = "",
        version_id: str | None = None,
        on_bytes: OnBytes | None = None,
    ) -> ObjectHead:
        headers = {"if-match": f'"{if_match}"'} if if_match else {}
        if offset is not None:
            headers["range"] = f"bytes={offset}-{offset + len(into) - 1}"

        def fill(wire: Wire, head: Head) -> ObjectHead:
            wanted = len(into)
            if head.length is not None and head.length != wanted:
                raise wrong_length(head.length, wanted, self._where("GetObject", bucket, key))
            if not s3_wire.is_answer_to(head.status, head.headers.get("content-range", ""), offset, wanted):
                raise wrong_range(self._where("GetObject", bucket, key))
            with memoryview(into) as view:
                got = wire.read_into(view, on_bytes)
            if not wire.is_at_end:
                got += len(wire.read_all(SAID_LIMIT_BYTES))
            if got != wanted:
                raise wrong_length(got, wanted, self._where("GetObject", bucket, key))
            size = wanted
            if offset is not None:
                size = s3_wire.total_size(head.headers.get("content-range", ""), wanted)
            return self._object("GetObject", bucket, key, head, size)

        try:
            if if_match and not is_plain(if_match):
                raise Elsewhere
            return self._lane.send("GetObject", "GET", bucket, key, fill, headers, version_query(version_id))
        except Elsewhere:
            return self.reference.read(
                bucket,
                key,
                into,
                offset=offset,
                if_match=if_match,
                version_id=version_id,
                on_bytes=on_bytes,
            )

    def put(
        self,
        bucket: str,
        key: str,
        body: Body,
        properties: Properties,
        *,
        md5: bytes,
        condition: Condition = ALWAYS,
    ) -> Written:
        try:
            headers = headers_of(properties)
            if headers is None or (condition.etag and not is_plain(condition.etag)):
                raise Elsewhere
            headers.update(condition_of(condition))
            headers["content-md5"] = s3_wire.base64_text(md5)
            return self._lane.send("PutObject", "PUT", bucket, key, _written, headers, None, body)
        except Elsewhere:
            return self.reference.put(bucket, key, body, properties, md5=md5, condition=condition)

    def delete(self, bucket: str, key: str, *, version_id: str | None = None, if_match: str = "") -> None:
        try:
            if if_match and not is_plain(if_match):
                raise Elsewhere
            self._delete(bucket, key, version_query(version_id), condition_of(Condition(etag=if_match)))
        except Elsewhere:
            self.reference.delete(bucket, key, version_id=version_id, if_match=if_match)

    def lay_marker(self, bucket: str, key: str) -> str:
        try:
            head = self._delete(bucket, key, {}, {})
        except Elsewhere:
            return self.reference.lay_marker(bucket, key)
        marker = head.headers.get("x-amz-version-id")
        if head.headers.get("x-amz-delete-marker") != "true" or not marker:
            raise self._not_s3("DeleteObject", bucket, key)
        return marker

    def _delete(self, bucket: str, key: str, query: dict[str, str], headers: dict[str, str]) -> Head:
        return self._told("DeleteObject", "DELETE", bucket, key, query, headers)[0]

    def list_page(self, bucket: str, prefix: str, *, start_after: str = "", token: str | None = None) -> Page:
        query = {"list-type": "2", "encoding-type": "url", "prefix": prefix}
        if token is not None:
            query["continuation-token"] = token
        elif start_after:
            query["start-after"] = start_after
        try:
            return self._listed(bucket, prefix, query)
        except Elsewhere:
            return self.reference.list_page(bucket, prefix, start_after=start_after, token=token)

    def _listed(self, bucket: str, prefix: str, query: dict[str, str]) -> Page:
        def read(wire: Wire, _: Head) -> bytes:
            return wire.read_all(PAGE_LIMIT_BYTES)

        body = self._lane.send("ListObjectsV2", "GET", bucket, None, read, {}, query)
        try:
            page = read_listing(body)
        except BreaksOff as cause:
            raise DigestMismatch(
                f"{self.end} answered ListObjectsV2 with a listing that breaks off.",
                code="BrokenListing",
                advice="Something between changes what is sent: try another network.",
                **self._where("ListObjectsV2", bucket).fields(),
            ) from cause
        except NotOne:
            error = read_error(body)
            if error is not None:
                raise self._lane.error("ListObjectsV2", bucket, None, Head(AFTER_ALL), error) from None
            raise self._not_s3("ListObjectsV2", bucket) from None
        # A captive portal's web page can parse as an empty answer: a listing names its bucket and prefix.
        if page.name != bucket or not s3_wire.is_echo(page.prefix, prefix):
            raise self._not_s3("ListObjectsV2", bucket)
        if page.is_truncated and not page.next_token:
            raise endless(self._where("ListObjectsV2", bucket))
        return Page(page.objects, page.next_token if page.is_truncated else None)

    def _object(self, operation: str, bucket: str, key: str, head: Head, size: int | str) -> ObjectHead:
        try:
            return head_of(head.headers, int(size))
        except (KeyError, ValueError):
            raise self._not_s3(operation, bucket, key) from None


def _written(_: Wire, head: Head) -> Written:
    return Written(bare_etag(head.headers.get("etag", "")), head.headers.get("x-amz-version-id"))
