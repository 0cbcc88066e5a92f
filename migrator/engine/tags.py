"""Whether an object has tags, asked as seldom as honesty allows."""

from __future__ import annotations

from migrator.engine.outcomes import CannotCarry
from migrator.errors import NotSupported
from migrator.model.objects import ObjectHead
from migrator.store.base import ObjectStore


class TagReader:
    """Reads tags of source objects.

    AWS names their number in `x-amz-tagging-count`, but only where there are some and the keys may read
    them; other ends never do. So a missing count means *none* only after this end has shown that it
    counts, or, on AWS, after one question was answered; else every object is asked.
    """

    def __init__(self, source: ObjectStore, bucket: str, *, is_aws: bool) -> None:
        self._source = source
        self._bucket = bucket
        self._is_aws = is_aws
        # Two flags that only ever go from False to True: threads may race to set them, to no harm.
        self._trusts_absence = False
        self._has_none = False

    def tags_of(self, key: str, head: ObjectHead) -> dict[str, str]:
        """The object's tags; asked for only where there may be some."""
        if self._has_none or head.tag_count == 0 or (head.tag_count is None and self._trusts_absence):
            return {}
        try:
            tags = self._source.tags(self._bucket, key, version_id=head.version_id)
        except NotSupported:
            self._has_none = True  # an end without tags
            return {}
        if head.tag_count is not None and head.tag_count != len(tags):
            raise CannotCarry("tags")
        self._trusts_absence = self._trusts_absence or self._is_aws or bool(head.tag_count)
        return tags
