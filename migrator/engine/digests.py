"""Whether the bytes that a source delivers are those that its ETag names."""

from __future__ import annotations

from migrator.model.objects import ObjectHead, is_plain_md5


class SourceDigests:
    """Knows for which objects of a source an ETag that looks like an MD5 is one. Used by all workers at once.

    AWS says so for objects that went in one PUT and are not under a key of KMS or of their owner (S3 API,
    Object: ETag), apart from directory buckets. Of other services it is known once one object agreed: until
    then their ETags may be anything. Kinds of encryption are told apart.
    """

    def __init__(self, bucket: str, *, is_aws: bool) -> None:
        is_documented = is_aws and not bucket.endswith("--x-s3")
        # Only ever grows: threads may race to add, to no harm.
        self._known = {"", "AES256"} if is_documented else set[str]()

    def named_by(self, head: ObjectHead) -> str:
        """The MD5 of an object (hexadecimal) where its ETag is known to be that; else empty."""
        return head.etag if head.encryption in self._known and is_plain_md5(head.etag) else ""

    def agree(self, head: ObjectHead, md5: str) -> bool:
        """False where a whole body of this MD5 (hexadecimal) cannot be the object."""
        if not is_plain_md5(head.etag):
            return True
        if head.etag == md5:
            self._known.add(head.encryption)
            return True
        return head.encryption not in self._known
