"""Delete markers at the destination: laying one, and finding out whether one that was sent was laid.

A marker carries nothing, so it cannot carry our token. Whose it is follows from what is known besides: the
version that was on top right before, and when. See docs/decisions/0019-versions.md.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from migrator.engine.orders import Copied, Order
from migrator.engine.outcomes import BadCopy, CannotCarry, ChangedMeanwhile
from migrator.errors import MigratorError, NotFound, NotS3
from migrator.model.ledger import Assurance
from migrator.model.objects import ObjectVersion, Written
from migrator.store.base import ObjectStore

#: Why a marker is not carried over.
MARKER = "marker"
#: Lines looked at to find out what lies above a version: ours, and one that is not expected.
FEW = 3
#: What clocks may differ by and still be served (S3: 15 minutes).
ABOUT = timedelta(minutes=15)


class Doubtful(MigratorError):
    """There is a marker, and nobody can tell whether we laid it."""


def history_of(store: ObjectStore, bucket: str, key: str, limit: int = 1000) -> Iterator[ObjectVersion]:
    """Versions and markers of exactly this key, newest first, page by page."""
    following: tuple[str, str] | None = ("", "")
    while following is not None:
        page = store.list_versions_page(
            bucket, key, key_marker=following[0], version_marker=following[1], limit=limit
        )
        for each in page.objects:
            # Keys that only begin with this one come after it.
            if each.key != key:
                return
            yield each
        following = page.following


def top_of(store: ObjectStore, bucket: str, key: str) -> ObjectVersion | None:
    """The newest version or marker of a key."""
    return next(history_of(store, bucket, key, 1), None)


def found_marker(
    store: ObjectStore, bucket: str, key: str, below: Collection[str | None], sent: datetime
) -> str | None:
    """The id of a marker that we sent and never heard of; None where it was not laid.

    It is ours where it alone lies directly above what was on top when it was `sent`, and its date is that.
    `below`: what was on top then, and what lies under that; None for nothing.

    Raises:
        Doubtful: something else lies there.
    """
    above: list[ObjectVersion] = []
    for each in history_of(store, bucket, key, FEW):
        if each.version_id in below:
            break
        above.append(each)
        if len(above) == FEW:
            break
    else:
        if None not in below:
            raise Doubtful("What was below the delete marker is gone.")
    if not above:
        return None
    if len(above) == 1 and above[0].is_marker and abs(above[0].last_modified - sent) <= ABOUT:
        return above[0].version_id
    raise Doubtful("Nobody can tell whether a delete marker there is ours: it cannot carry a mark.")


def lay_marker(store: ObjectStore, bucket: str, order: Order) -> Copied:
    """Worker: hide the key as the source does, and see that nothing came in between.

    Raises:
        ChangedMeanwhile: the key is not as we left it.
        CannotCarry: this end lays no marker there.
        BadCopy: the end answered success, and no marker is there.
        Transient: no answer; recovery looks whether it was laid.
    """
    top = top_of(store, bucket, order.destination_key)
    if (top.version_id if top else None) != order.below:
        raise ChangedMeanwhile("The destination changed after the plan was made.")
    try:
        version_id = store.lay_marker(bucket, order.destination_key)
    except (NotS3, NotFound) as cause:
        # Ceph lays no marker on top of another one, Swift none where there is nothing: the answer names none.
        if cause.code == "NoSuchBucket" or top_of(store, bucket, order.destination_key) != top:
            raise
        raise CannotCarry(MARKER) from cause
    there = top_of(store, bucket, order.destination_key)
    if there is None or not there.is_marker:
        raise BadCopy(f"{store.end} answered success, but there is no delete marker.", cause="not-there")
    return copied_marker(version_id)


def copied_marker(version_id: str) -> Copied:
    """A marker that was seen: there are no bytes that could differ."""
    return Copied(Written("", version_id), "", "", Assurance.DIGEST, has_token=False)
