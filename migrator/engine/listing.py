"""Listings as streams: page by page, one page ahead, in bounded memory, and never believed blindly."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from migrator.engine.ports import Executor
from migrator.errors import NotS3
from migrator.model.ledger import Seen
from migrator.model.objects import ObjectVersion, Page
from migrator.store.base import ObjectStore


class OutOfOrder(Exception):
    """This end does not list in the order of the keys' bytes, so listings cannot be compared in step."""


def objects(
    executor: Executor,
    store: ObjectStore,
    bucket: str,
    prefix: str,
    *,
    start_after: str = "",
    must_be_sorted: bool = False,
    seen: Seen | None = None,
) -> Iterator[ObjectVersion]:
    """Every object under a prefix, once each (a key repeated at once is dropped).

    `seen` counts them as they come: at any moment up to the last one that was handed on.

    Raises:
        NotS3: the end repeats a continuation token: the listing would never end.
        OutOfOrder: only with `must_be_sorted`.
    """
    last: str | None = start_after or None
    seen = seen or Seen()
    for page in _pages(executor, store, bucket, prefix, start_after):
        for each in page.objects:
            seen.keys += 1
            if last is not None and each.key <= last:
                if each.key == last:
                    seen.repeated += 1
                    continue
                if must_be_sorted:
                    raise OutOfOrder(each.key)
            last = each.key
            yield each


def _pages(
    executor: Executor, store: ObjectStore, bucket: str, prefix: str, start_after: str
) -> Iterator[Page]:
    fetch = executor.ahead(partial(store.list_page, bucket, prefix, start_after=start_after))
    seen: set[int] = set()  # one number a page of a thousand keys
    while True:
        page = fetch()
        if page.next_token is None:
            yield page
            return
        if hash(page.next_token) in seen:
            raise NotS3(
                f"{store.end} repeats itself while listing {bucket}.",
                code="RepeatedToken",
                operation="ListObjectsV2",
                end=store.end,
                bucket=bucket,
                advice="Report this to the service: its listing never ends.",
            )
        seen.add(hash(page.next_token))
        fetch = executor.ahead(partial(store.list_page, bucket, prefix, token=page.next_token))
        yield page


def in_step(
    left: Iterator[tuple[str, ObjectVersion]], right: Iterator[ObjectVersion]
) -> Iterator[tuple[ObjectVersion | None, ObjectVersion | None]]:
    """Pair two sorted streams by key: (left, right), with None where one side has nothing.

    `left` comes with the key it has on the right side. Memory: one object of each.
    """
    one = next(left, None)
    other = next(right, None)
    while one is not None or other is not None:
        if one is None:
            yield None, other
            other = next(right, None)
        elif other is None or one[0] < other.key:
            yield one[1], None
            one = next(left, None)
        elif other.key < one[0]:
            yield None, other
            other = next(right, None)
        else:
            yield one[1], other
            one, other = next(left, None), next(right, None)
