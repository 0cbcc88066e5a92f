"""Listings as streams: page by page, one page ahead, in bounded memory, and never believed blindly."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from functools import partial

from migrator.engine.ports import Executor
from migrator.errors import NotS3
from migrator.model.ledger import Seen
from migrator.model.objects import ObjectVersion, Page
from migrator.store.base import ObjectStore

#: Ranges that are listed at a time: as many pages are held in memory.
AT_ONCE = 8


class OutOfOrder(Exception):
    """This end does not list in the order of the keys' bytes, so listings cannot be compared in step."""


def objects(
    executor: Executor,
    store: ObjectStore,
    bucket: str,
    prefix: str,
    *,
    start_after: str = "",
    until: str | None = None,
    first: Callable[[], Page] | None = None,
    must_be_sorted: bool = False,
    seen: Seen | None = None,
) -> Iterator[ObjectVersion]:
    """Every object under a prefix, once each (a key repeated at once is dropped).

    `start_after` and `until` are keys: the last one before, and the last one wanted. `first` brings the first
    page, where it was asked for already. `seen` counts them as they come: at any moment up to the last one
    that was handed on.

    Raises:
        NotS3: the end repeats a continuation token: the listing would never end.
        OutOfOrder: only with `must_be_sorted`.
    """
    last: str | None = start_after or None
    seen = seen or Seen()
    for page in _pages(executor, store, bucket, prefix, start_after, until, first):
        for each in page.objects:
            if until is not None and each.key > until:
                return
            seen.keys += 1
            if last is not None and each.key <= last:
                if each.key == last:
                    seen.repeated += 1
                    continue
                if must_be_sorted:
                    raise OutOfOrder(each.key)
            last = each.key
            yield each


def objects_in_ranges(
    executor: Executor,
    store: ObjectStore,
    bucket: str,
    prefix: str,
    marks: Iterator[str],
    *,
    seen: Seen | None = None,
) -> Iterator[ObjectVersion]:
    """Every object under a prefix, in order, listed in several ranges at a time.

    `marks` are keys in order, about a page apart: what was listed before says where its pages ended. Without
    any, page follows page. `seen` as in `objects`.

    Raises:
        OutOfOrder: this end does not list in order, or does not begin where it is told to.
        NotS3: as `objects`.
    """
    waiting: deque[tuple[Callable[[], Page], str, str | None]] = deque()
    after: str | None = ""
    while waiting or after is not None:
        while after is not None and len(waiting) < AT_ONCE:
            until = next(marks, None)
            fetch = executor.ahead(partial(store.list_page, bucket, prefix, start_after=after))
            waiting.append((fetch, after, until))
            after = until
        first, begins_after, until = waiting.popleft()
        yield from objects(
            executor,
            store,
            bucket,
            prefix,
            start_after=begins_after,
            until=until,
            first=first,
            must_be_sorted=True,
            seen=seen,
        )


def _pages(
    executor: Executor,
    store: ObjectStore,
    bucket: str,
    prefix: str,
    start_after: str,
    until: str | None,
    first: Callable[[], Page] | None,
) -> Iterator[Page]:
    fetch = first or executor.ahead(partial(store.list_page, bucket, prefix, start_after=start_after))
    seen: set[int] = set()  # one number a page of a thousand keys
    while True:
        page = fetch()
        is_enough = until is not None and bool(page.objects) and page.objects[-1].key >= until
        if page.next_token is None or is_enough:
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
