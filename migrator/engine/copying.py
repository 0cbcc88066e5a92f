"""Moving one object: what the worker threads do, and nothing of when or whether.

The functions here take an `Order`, talk to both stores, and return what they found or raise. They change
nothing but the destination, and only after the control thread made the intent durable.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from migrator.engine.carrying import Carrier, Parcel, metadata_blamed, refusal_named
from migrator.engine.checking import Checker
from migrator.engine.digests import SourceDigests
from migrator.engine.markers import lay_marker
from migrator.engine.meter import Meter
from migrator.engine.orders import Copied, Order, SentPart
from migrator.engine.outcomes import BadCopy, CannotCarry, ChangedMeanwhile, SourceChanged
from migrator.engine.saving import Prepared, Saver
from migrator.engine.trust import Trust, Unlooked
from migrator.engine.uploads import abort_twins, abort_until_gone
from migrator.errors import DigestMismatch, NotFound, NotSupported, PreconditionFailed, Rejected
from migrator.model.capabilities import UNKNOWN, Capabilities
from migrator.model.checksums import CRC32_PARTS, MD5_PARTS, crc32_of
from migrator.model.objects import (
    ObjectHead,
    Written,
    is_plain_md5,
)
from migrator.model.parts import Part
from migrator.model.undo import Prior
from migrator.store.base import ALWAYS, IF_ABSENT, Condition, ObjectStore, Versioning

#: Carries out a write under a condition.
_Write = Callable[[Condition], Written]

#: How often a body is read that does not agree with its ETag.
READS = 2
#: Buffers of parts that are kept while nobody uses them.
MOST_FREE = 8

_CHANGED = "The object changed at the source after it was listed."


@dataclass(frozen=True, slots=True)
class Opened:
    """An open upload and what goes with its bytes. `digest_kind`: of the parts' digests."""

    upload_id: str
    parcel: Parcel
    digest_kind: str = MD5_PARTS


class Buffers:
    """Buffers of parts, used again: asking the system for the same pages again and again is not free.

    Shared by all threads, which can be many more than parts that fit into memory.
    """

    def __init__(self) -> None:
        self._free: list[bytearray] = []  # its end is atomic: no lock

    def take(self, length: int) -> bytearray:
        """A buffer of exactly so many bytes, with anything in it."""
        while True:
            try:
                kept = self._free.pop()
            except IndexError:
                return bytearray(length)
            if len(kept) == length:
                return kept
            del kept  # of another size: the next ones will be of this one

    def give_back(self, buffer: bytearray) -> None:
        if len(self._free) < MOST_FREE:
            self._free.append(buffer)


class Copier:
    """The two ends of a run, and how objects go from one to the other. Used by all workers at once."""

    def __init__(
        self,
        source: ObjectStore,
        source_bucket: str,
        destination: ObjectStore,
        destination_bucket: str,
        meter: Meter,
        carrier: Carrier,
        *,
        verify: str = "auto",
        versioning: Versioning = Versioning.UNKNOWN,
        seen: Capabilities = UNKNOWN,
        saver: Saver | None = None,
        digests: SourceDigests | None = None,
    ) -> None:
        self._source = source
        self._digests = digests or SourceDigests(source_bucket, is_aws=False)
        self._source_bucket = source_bucket
        self._destination = destination
        self._bucket = destination_bucket
        self._meter = meter
        self.trust = Trust(versioning, is_allowed=verify in {"auto", "size"})
        self._checker = Checker(
            destination, destination_bucket, verify, checks_md5=bool(seen.checks_md5), trust=self.trust
        )
        self._carrier = carrier
        self._keeps_versions = versioning is Versioning.ENABLED
        self._seen = seen
        # Both prove what arrived; an MD5 costs eight times as much. Who asks for more than `auto` gets it.
        is_enough = bool(seen.checks_crc32) and verify in {"auto", "size"}
        self._digest_kind = CRC32_PARTS if is_enough else MD5_PARTS
        self._saver = saver
        self._buffers = Buffers()

    # -- before anything is replaced ------------------------------------------------------------

    def must_prepare(self, *, overwrites: bool) -> bool:
        """Whether `prepare` comes before this write."""
        return self._saver is not None and self._saver.is_needed(overwrites=overwrites)

    def prepare(self, order: Order) -> Prepared:
        """See what the write will replace, and keep that aside if it would be destroyed."""
        if self._saver is None:
            return Prepared(Prior.LOST if order.prior_etag is not None else Prior.ABSENT)
        return self._saver.prepare(order.destination_key, order.prior_etag, order.save_as)

    # -- small objects --------------------------------------------------------------------------

    def copy_whole(self, order: Order) -> Copied:
        """Bring a small object over in one PUT and check it; a delete marker without."""
        if order.listed.is_marker:
            return lay_marker(self._destination, self._bucket, order)
        body = bytearray(order.listed.size_bytes)
        # What the source says of itself is enough where the destination was seen to refuse other bytes.
        head, md5, is_ours = self._read_whole(order, body, must_hash=not self._seen.checks_md5)
        parcel = self._parcel(order, head)

        def put(condition: Condition) -> Written:
            return self._destination.put(
                self._bucket,
                order.destination_key,
                body,
                parcel.properties,
                md5=bytes.fromhex(md5),
                condition=condition,
            )

        honoured = self._seen.put_if_absent if order.prior_etag is None else self._seen.put_if_match
        while True:
            try:
                written = self._write_if_unchanged(order, put, honoured=honoured)
                break
            except Rejected as cause:
                if reason := metadata_blamed(cause):
                    raise CannotCarry(reason) from cause
                raise
            except NotSupported as cause:
                parcel = self._carrier.after_refusal(parcel, cause)
            except DigestMismatch:
                if is_ours:
                    raise
                head, md5, is_ours = self._read_whole(order, body, must_hash=True)
                parcel = self._parcel(order, head)
        return self._checker.whole(order, written, parcel, md5)

    # -- large objects --------------------------------------------------------------------------

    def open_upload(self, order: Order) -> Opened:
        """Look at the source again and open a multipart upload with its properties."""
        head = self._head(order)
        parcel = self._parcel(order, head)
        key = order.destination_key
        while True:
            try:
                upload_id = self._destination.create_upload(
                    self._bucket, key, parcel.properties, has_crc32=self._digest_kind == CRC32_PARTS
                )
                break
            except Rejected as cause:
                if reason := metadata_blamed(cause):
                    raise CannotCarry(reason) from cause
                raise
            except NotSupported as cause:
                parcel = self._carrier.after_refusal(parcel, cause)
        abort_twins(self._destination, self._bucket, key, upload_id)
        return Opened(upload_id, parcel, self._digest_kind)

    def reopen_upload(self, order: Order, upload_id: str, digest_kind: str) -> Opened:
        """Look at the source again and go on with an upload that an earlier process opened."""
        head = self._head(order)
        return Opened(upload_id, self._parcel(order, head), digest_kind or MD5_PARTS)

    def copy_part(self, order: Order, opened: Opened, part: Part) -> SentPart:
        """Bring one range of the source over as one part."""
        body = self._buffers.take(part.length)
        try:
            return self._copied_part(order, opened, part, body)
        finally:
            self._buffers.give_back(body)

    def _copied_part(self, order: Order, opened: Opened, part: Part, body: bytearray) -> SentPart:
        self._read(order, body, part.offset)
        send = partial(
            self._destination.upload_part,
            self._bucket,
            order.destination_key,
            opened.upload_id,
            part.number,
            body,
        )
        if opened.digest_kind == CRC32_PARTS:
            crc32 = crc32_of(body)
            # What is named when the object is made is what we read, whatever an answer says.
            return SentPart(replace(send(crc32=crc32), crc32=crc32), "")
        md5 = hashlib.md5(body, usedforsecurity=False)
        return SentPart(send(md5=md5.digest()), md5.hexdigest())

    def finish_upload(
        self, order: Order, opened: Opened, sent: Sequence[SentPart], ranges: Sequence[Part]
    ) -> Copied:
        """Make the object of its parts and check it. `sent` and `ranges` in order of their numbers."""

        def complete(condition: Condition) -> Written:
            return self._destination.complete_upload(
                self._bucket,
                order.destination_key,
                opened.upload_id,
                [each.part for each in sent],
                condition=condition,
            )

        try:
            # A Complete was not probed: one look more for each large object costs nothing.
            written = self._write_if_unchanged(order, complete, honoured=None)
        except NotFound:
            # The answer to an earlier Complete was lost: the token tells whether it was carried out.
            there = self._there(order)
            if there is None or not _is_this_attempt(order, there):
                raise
            written = Written(there.etag, there.version_id)
        return self._checker.in_parts(order, written, opened.parcel, sent, ranges)

    def adopt_upload(self, order: Order, there: ObjectHead, sent: Sequence[SentPart]) -> Copied:
        """Check a large object whose Complete was carried out, though nobody heard of it.

        `there` carries this attempt's token, so it was made of the parts in `sent`, all of them.
        """
        head = self._head(order)
        ranges, offset = [], 0
        for each in sent:
            ranges.append(Part(each.part.number, offset, each.part.size_bytes))
            offset += each.part.size_bytes
        written = Written(there.etag, there.version_id)
        return self._checker.in_parts(order, written, self._parcel(order, head), sent, ranges)

    def adopt_whole(self, order: Order, there: ObjectHead) -> Copied:
        """Check a small object that landed, though nobody heard of it: its ETag is the source's MD5.

        Raises:
            SourceChanged, BadCopy: it is no copy of what the source holds now.
        """
        head = self._head(order)
        if not is_plain_md5(head.etag) or there.etag != head.etag:
            raise BadCopy("What landed cannot be proven to be the source's object.", cause="unproven")
        written = Written(there.etag, there.version_id)
        return self._checker.whole(order, written, self._parcel(order, head), head.etag)

    def abort(self, order: Order, upload_id: str) -> None:
        """Abort an upload until it is gone: parts under way can survive the first abort."""
        abort_until_gone(self._destination, self._bucket, order.destination_key, upload_id)

    def differs(self, copy: Unlooked) -> str:
        """What is wrong with a copy that nobody looked at when it was made: see `Checker.differs`."""
        return self._checker.differs(copy)

    # -- reading --------------------------------------------------------------------------------

    def _head(self, order: Order) -> ObjectHead:
        """The source object, which has to be the one that was listed."""
        version_id = order.listed.version_id or None
        head = self._source.head(self._source_bucket, order.listed.key, version_id=version_id)
        _must_be_as_listed(order, head)
        return head

    def _read_whole(self, order: Order, into: bytearray, *, must_hash: bool) -> tuple[ObjectHead, str, bool]:
        """The object's head, the MD5 of its bytes (hexadecimal), and whether that is one of our own making.

        Bytes that are not what the source's ETag says are read once more, and then refused.
        """
        for _ in range(READS):
            head = self._read(order, into, None)
            named = "" if must_hash else self._digests.named_by(head)
            if named:
                return head, named, False
            md5 = hashlib.md5(into, usedforsecurity=False).hexdigest()
            if self._digests.agree(head, md5):
                return head, md5, True
        raise DigestMismatch(
            f"{self._source.end} delivered other bytes than the object's ETag says, {READS} times.",
            code="WrongBytes",
            operation="GetObject",
            end=self._source.end,
            bucket=self._source_bucket,
            key=order.listed.key,
            advice="Something between changes them, or the source is damaged: try another network.",
        )

    def _read(self, order: Order, into: bytearray, offset: int | None) -> ObjectHead:
        try:
            with self._meter.flow(order.seq, len(into)) as flow:
                head = self._source.read(
                    self._source_bucket,
                    order.listed.key,
                    into,
                    offset=offset,
                    if_match=order.listed.etag,
                    version_id=order.listed.version_id or None,
                    on_bytes=flow,
                )
        except Rejected as cause:
            if reason := refusal_named(cause):
                raise CannotCarry(reason) from cause
            raise
        except PreconditionFailed as cause:
            raise SourceChanged(_CHANGED) from cause
        # Ends exist that ignore If-Match.
        _must_be_as_listed(order, head)
        return head

    def _parcel(self, order: Order, head: ObjectHead) -> Parcel:
        return self._carrier.parcel(order.listed, head, order.token)

    # -- writing --------------------------------------------------------------------------------

    def _write_if_unchanged(self, order: Order, write: _Write, *, honoured: bool | None) -> Written:
        """Write only where the destination still holds what the plan saw.

        The condition goes with the request; what an answer to it means is settled by looking, because ends
        exist that ignore conditions, refuse them, or refuse them although they hold. For the first kind the
        key is looked at right before, too, which leaves them a window of one request. The look is saved where
        this run saw the condition honoured, and where versions are kept, so that nothing can be destroyed.
        A condition that was seen not to be honoured stays out: an end that refuses it although it holds would
        get everything twice.
        """
        prior = order.prior_etag
        is_useless = honoured is False and (prior is not None or not self._keeps_versions)
        if is_useless or not (honoured or self._keeps_versions):
            there = self._there(order)
            if (there.etag if there else None) != prior:
                raise ChangedMeanwhile("The destination changed after the plan was made.")
        condition = IF_ABSENT if prior is None else Condition(etag=prior) if prior else ALWAYS
        try:
            return write(ALWAYS if is_useless else condition)
        except NotSupported:
            there = self._there(order)
        except NotFound as cause:
            if cause.code != "NoSuchKey":
                raise
            there = self._there(order)
        except PreconditionFailed:
            there = self._there(order)
            if there is not None and _is_this_attempt(order, there):
                return Written(there.etag, there.version_id)
        if (there.etag if there else None) != prior:
            raise ChangedMeanwhile("The destination changed after the plan was made.")
        return write(ALWAYS)

    def _there(self, order: Order) -> ObjectHead | None:
        try:
            return self._destination.head(self._bucket, order.destination_key)
        except NotFound as cause:
            if cause.code == "NoSuchBucket":
                raise
            return None


def _is_this_attempt(order: Order, there: ObjectHead) -> bool:
    """True where the very write we are about to send is there already: its answer was lost.

    An earlier attempt's object is not good enough: it may hold what the source held then.
    """
    return bool(order.token) and there.token == order.token


def _must_be_as_listed(order: Order, head: ObjectHead) -> None:
    if head.etag != order.listed.etag or head.size_bytes != order.listed.size_bytes:
        raise SourceChanged(_CHANGED)
