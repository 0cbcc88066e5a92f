"""Looking at what arrived: is it what was sent, and how sure can we be of that."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import NoReturn

from migrator.engine.carrying import Parcel
from migrator.engine.orders import Copied, Order, SentPart
from migrator.engine.outcomes import BadCopy, CannotCarry, ChangedMeanwhile
from migrator.engine.trust import Trust, Unlooked
from migrator.errors import NotFound
from migrator.model.checksums import CRC32_PARTS, MD5, MD5_PARTS, crc32_of, crc32_of_parts
from migrator.model.ledger import Assurance
from migrator.model.objects import (
    KMS,
    TOKEN_KEY,
    ObjectHead,
    Properties,
    Written,
    is_respelled,
)
from migrator.model.parts import Part, count_of_parts, digest_of_parts
from migrator.model.undo import same_operation
from migrator.store.base import ObjectStore, Versioning


class Checker:
    """Looks at copies in one bucket; removes bad ones that are provably ours. Used by all workers at once."""

    def __init__(
        self,
        destination: ObjectStore,
        bucket: str,
        verify: str,
        *,
        checks_md5: bool = False,
        trust: Trust | None = None,
    ) -> None:
        self._destination = destination
        self._bucket = bucket
        self._verify = verify
        self._checks_md5 = checks_md5
        self._trust = trust or Trust(Versioning.UNKNOWN, is_allowed=False)

    def whole(self, order: Order, written: Written, parcel: Parcel, md5: str) -> Copied:
        """Check a copy that went in one PUT. `md5`: hexadecimal, of its bytes.

        Raises:
            BadCopy: it is not what was sent.
        """
        sent = parcel.properties
        look = self._trust.look(order, written, sent, md5)
        if look is None:
            return Copied(written, md5, MD5, Assurance.DIGEST, TOKEN_KEY in sent.metadata, parcel.note)
        try:
            there = self._confirm(order, written, sent)
        except (BadCopy, CannotCarry):
            self._trust.lost(look)
            raise
        except BaseException:
            self._trust.broke_off(look)
            raise
        self._trust.kept(look)
        assurance = Assurance.DIGEST if there.etag == md5 else self._without_digest(there)
        if self._must_read_back(assurance):
            whole = Part(1, 0, order.listed.size_bytes)
            assurance = self._read_back(order, there, [(whole, md5)], _md5_of)
        return _copied(there, written, md5, MD5, assurance, parcel)

    def in_parts(
        self,
        order: Order,
        written: Written,
        parcel: Parcel,
        sent: Sequence[SentPart],
        ranges: Sequence[Part],
    ) -> Copied:
        """Check a copy that was made of parts. `sent` and `ranges` in order of their numbers.

        Raises:
            BadCopy: it is not what was sent.
        """
        there = self._confirm(order, written, parcel.properties)
        if all(each.part.crc32 for each in sent):
            kind = CRC32_PARTS
            digests = [each.part.crc32 for each in sent]
            name = crc32_of_parts(digests)
            # The end was seen to refuse parts that are not what their CRC32 says. The source's own name for
            # an object of the same parts says more: nobody told the destination that one.
            is_same = count_of_parts(there.etag) > 0 and there.etag == order.listed.etag
            assurance = Assurance.ETAG if is_same else Assurance.ACCEPTED
        else:
            kind = MD5_PARTS
            digests = [each.md5 for each in sent]
            name = digest_of_parts([bytes.fromhex(md5) for md5 in digests])
            assurance = self._without_digest(there)
            if there.etag == name:
                assurance = Assurance.ETAG
            elif all(each.part.etag == each.md5 for each in sent):
                assurance = Assurance.ACCEPTED
        if self._must_read_back(assurance):
            expected = list(zip(ranges, digests, strict=True))
            digest_of = crc32_of if kind == CRC32_PARTS else _md5_of
            assurance = self._read_back(order, there, expected, digest_of)
        return _copied(there, written, name, kind, assurance, parcel)

    def differs(self, copy: Unlooked) -> str:
        """Look at a copy that nobody looked at when it was made; changes nothing. Returns what is wrong with
        it, in words; empty where it is as it was sent.

        Raises:
            ChangedMeanwhile: somebody wrote there since.
        """
        order, sent = copy.order, copy.sent
        try:
            there = self._destination.head(
                self._bucket, order.destination_key, version_id=copy.written.version_id
            )
        except NotFound:
            return "answered success, but the object is not there"
        if there.etag != copy.written.etag or there.token != order.token:
            if TOKEN_KEY in sent.metadata and not there.token and there.etag == copy.written.etag:
                return "lost the object's metadata"
            raise ChangedMeanwhile("Somebody wrote this key since.")
        return _other_values(there.lacks(sent))

    def _confirm(self, order: Order, written: Written, sent: Properties) -> ObjectHead:
        """Look at what arrived; remove it again where it is not what was sent."""
        try:
            there = self._destination.head(self._bucket, order.destination_key, version_id=written.version_id)
        except NotFound as cause:
            raise BadCopy(
                f"{self._destination.end} answered success, but the object is not there.", cause="not-there"
            ) from cause
        if TOKEN_KEY in sent.metadata and not same_operation(order.token, there.token):
            if written.etag and there.etag != written.etag:
                raise ChangedMeanwhile("Somebody else wrote this key at the same time.")
            self._refuse(order, there, "metadata", "lost the object's metadata")
        if there.size_bytes != order.listed.size_bytes:
            self._refuse(order, there, "size", f"holds {there.size_bytes} bytes instead of the object's")
        wrong = there.lacks(sent)
        if wrong:
            if wrong == ("metadata",) and is_respelled(sent.metadata, there.properties.metadata):
                self._set_aside(order, there, "metadata-unsupported")
            self._refuse(order, there, "properties", _other_values(wrong))
        self._confirm_tags(order, there, sent)
        return there

    def _confirm_tags(self, order: Order, there: ObjectHead, sent: Properties) -> None:
        """Tags given to CreateMultipartUpload are dropped by some ends: set them once more, then insist."""
        if not sent.tags:
            return
        key, version = order.destination_key, there.version_id
        if self._destination.tags(self._bucket, key, version_id=version) == dict(sent.tags):
            return
        self._destination.put_tags(self._bucket, key, sent.tags, version_id=version)
        if self._destination.tags(self._bucket, key, version_id=version) != dict(sent.tags):
            self._refuse(order, there, "tags", "does not keep the object's tags")

    def _without_digest(self, there: ObjectHead) -> Assurance:
        """Where no ETag is the digest it should be. Under a key of KMS none is: then what counts is that the
        end was seen to refuse damaged bodies. Anywhere else it is a reason to look closer."""
        is_expected = there.encryption.startswith(KMS)
        return Assurance.ACCEPTED if is_expected and self._checks_md5 else Assurance.SIZE

    def _must_read_back(self, reached: Assurance) -> bool:
        match self._verify:
            case "read-back":
                return True
            case "size":
                return False
            case _:
                return reached is Assurance.SIZE

    def _read_back(
        self,
        order: Order,
        there: ObjectHead,
        expected: Sequence[tuple[Part, str]],
        digest_of: Callable[[bytearray], str],
    ) -> Assurance:
        """Read every byte of the copy and compare it with what was sent, part by part."""
        for part, digest in expected:
            body = bytearray(part.length)
            if body:
                is_whole = len(expected) == 1
                self._destination.read(
                    self._bucket,
                    order.destination_key,
                    body,
                    offset=None if is_whole else part.offset,
                    if_match=there.etag,
                    version_id=there.version_id,
                )
            if digest_of(body) != digest:
                self._refuse(order, there, "bytes", "holds different bytes")
        return Assurance.READ_BACK

    def _set_aside(self, order: Order, there: ObjectHead, reason: str) -> None:
        """Where the end cannot keep such an object at all: as if it had said so.

        Raises:
            CannotCarry: the copy is gone again. Where it has to stay, it is a bad one: see `_refuse`.
        """
        if self._remove(order, there):
            raise CannotCarry(reason, was_removed=True)

    def _remove(self, order: Order, there: ObjectHead) -> bool:
        """Remove a copy if it is provably ours and replaced nothing."""
        if order.prior_etag is not None or not same_operation(order.token, there.token):
            return False
        self._destination.delete(self._bucket, order.destination_key, version_id=there.version_id)
        return True

    def _refuse(self, order: Order, there: ObjectHead, cause: str, what: str) -> NoReturn:
        """Remove a bad copy that is provably ours and replaced nothing, then say what was wrong with it.

        Raises:
            BadCopy: always.
        """
        left = None if self._remove(order, there) else Written(there.etag, there.version_id)
        fate = "It was left there: roll back to be rid of it." if left else "The copy was removed."
        raise BadCopy(
            f"{self._destination.end} {what}. {fate}",
            cause=f"arrived-wrong-{cause}",
            left=left,
            is_marked=same_operation(order.token, there.token),
            advice="Try again; twice in a row points to the service, the network or this computer's memory.",
        )


def _md5_of(body: bytes | bytearray) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


def _other_values(names: Sequence[str]) -> str:
    return f"holds other values of: {', '.join(names).replace('_', '-')}" if names else ""


def _copied(
    there: ObjectHead, written: Written, digest: str, kind: str, assurance: Assurance, parcel: Parcel
) -> Copied:
    has_token = TOKEN_KEY in parcel.properties.metadata
    return Copied(_as_written(there, written), digest, kind, assurance, has_token, parcel.note)


def _as_written(there: ObjectHead, written: Written) -> Written:
    return Written(there.etag, there.version_id or written.version_id)
