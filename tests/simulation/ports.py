"""What a simulated run touches: numbered calls that can be the last ones, and a scheduler with a seed."""

from __future__ import annotations

import hashlib
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, TypeVar
from unittest import mock

from migrator.engine import journal as journals
from migrator.engine.journal import Journal
from migrator.engine.ports import Done
from migrator.errors import StoreError
from tests.support.faulty import OPERATIONS, WRITES, Crash
from tests.support.world import PART

T = TypeVar("T")

#: Where the process dies: before the call, after it took effect and its answer is lost, or after the answer,
#: when the journal is about to record it.
MODES = ("before", "lost", "unrecorded")
_WITH_TARGET = {"CopyObject": 2, "UploadPartCopy": 2}
_WITHOUT_KEY = frozenset(
    {
        "ListBuckets",
        "HeadBucket",
        "GetBucketVersioning",
        "GetObjectLockConfiguration",
        "ListObjectsV2",
        "CreateBucket",
        "DeleteBucket",
        "DeleteObjects",
        "ListVersionsPage",
        "PutBucketVersioning",
    }
)


@dataclass(frozen=True)
class Call:
    """One call through a port. `keys` are those that it may change, for writes; `versions` go with them.

    Version ids are chance, so they are left out of what traces are compared by.
    """

    port: str
    operation: str
    keys: tuple[str, ...] = ()
    versions: tuple[str | None, ...] = field(default=(), repr=False)


@dataclass
class Trace:
    """Numbers every call of one command, kills the process at one of them, and shows each to `watch`.

    `watch` sees requests that change something right before they are sent; what it returns is called once
    they are carried out. `meanwhile` is called before every call of a store, with its number: somebody else
    may act then, or the call may fail.
    """

    last: int = 0  #: the number of the last call, 0: none is the last
    mode: str = "before"
    watch: Callable[[Call], Callable[[], None]] = lambda _: lambda: None
    meanwhile: Callable[[int, Call], None] = lambda _, __: None
    count: int = 0
    is_dying: bool = False

    def __post_init__(self) -> None:
        self._digest = hashlib.sha256()

    @property
    def fingerprint(self) -> str:
        """Of every call so far, in order."""
        return self._digest.hexdigest()

    def carry_out(self, call: Call, work: Callable[[], T]) -> T:
        self.count += 1
        self._digest.update(repr(call).encode())
        is_last = self.count == self.last
        if is_last and self.mode == "before":
            raise Crash
        self.meanwhile(self.count, call)
        is_carried_out = self.watch(call) if call.operation in WRITES else None
        try:
            result = work()
        except StoreError:
            if is_last:
                self._die()
            raise
        if is_carried_out is not None:
            is_carried_out()
        if is_last:
            self._die()
        return result

    def _die(self) -> None:
        if self.mode == "lost":
            raise Crash
        self.is_dying = True  # at the next commit

    def commit(self, journal: Journal, commit: Callable[[Journal], None]) -> None:
        if not journal.has_uncommitted:
            return
        if self.is_dying:
            raise Crash
        self.count += 1
        self._digest.update(b"commit")
        is_last = self.count == self.last
        if is_last and self.mode == "before":
            raise Crash
        commit(journal)
        if is_last:
            raise Crash


class Traced:
    """A store whose calls go through a trace."""

    def __init__(self, port: str, inner: Any, trace: Trace) -> None:
        self._port, self.inner, self._trace = port, inner, trace

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        operation = OPERATIONS.get(name)
        if operation is None:
            return found

        def call(*args: Any, **kwargs: Any) -> Any:
            named = _named(self._port, operation, args, kwargs)
            return self._trace.carry_out(named, lambda: found(*args, **kwargs))

        return call


def _named(port: str, operation: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call:
    if operation == "DeleteObjects":
        return Call(port, operation, *zip(*args[1], strict=True))
    if operation in _WITHOUT_KEY:
        return Call(port, operation)
    at = _WITH_TARGET.get(operation, 1)
    keys = (args[at],) if len(args) > at else ()
    is_of_version = operation in {"DeleteObject", "PutObjectTagging"}
    return Call(port, operation, keys, (kwargs.get("version_id"),) if is_of_version else ())


class Shuffled:
    """An executor without threads: which task runs next, and when its end is heard of, is up to the seed."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._waiting: list[tuple[Any, Callable[[], Any]]] = []
        self._ended: list[Done] = []

    def start(self, tag: Any, task: Callable[[], Any], *, is_small: bool = False) -> None:
        self._waiting.append((tag, task))

    def finished(self, timeout_s: float) -> list[Done]:
        for _ in range(self._chance.randint(1, 3)):
            if not self._waiting:
                break
            tag, task = self._waiting.pop(self._chance.randrange(len(self._waiting)))
            try:
                self._ended.append(Done(tag, result=task()))
            except Exception as error:  # a Crash is none
                self._ended.append(Done(tag, error=error))
        self._chance.shuffle(self._ended)
        heard = len(self._ended) if not self._waiting else self._chance.randint(0, len(self._ended))
        told, self._ended = self._ended[:heard], self._ended[heard:]
        return told

    def resize(self, count: int) -> None:
        """There are no threads."""

    def ahead(self, task: Callable[[], T]) -> Callable[[], T]:
        """At once, or when somebody asks for it."""
        if self._chance.random() < 0.5:
            return task
        try:
            result = task()
        except Exception as error:  # a Crash is none
            return partial(_raise, error)
        return lambda: result

    def close(self) -> None:
        self._waiting.clear()
        self._ended.clear()


def _raise(error: Exception) -> NoReturn:
    raise error


def _connect(path: Path) -> sqlite3.Connection:
    """Commits are atomic and nothing is synced: a process dies here, never the power."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode = MEMORY")
    database.execute("PRAGMA synchronous = OFF")
    return database


@contextmanager
def small_parts() -> Iterator[None]:
    """Multipart from 1 KiB on."""
    with ExitStack() as stack:
        stack.enter_context(mock.patch("migrator.engine.transfer.part_size_for", return_value=PART))
        stack.enter_context(mock.patch("migrator.engine.journal_reader.DEFAULT_PART_BYTES", PART))
        for module in ("transfer", "schema", "recovery"):
            name = f"migrator.engine.{module}.is_single_put"
            stack.enter_context(mock.patch(name, lambda size: size <= PART))
        yield


@contextmanager
def light_and_small() -> Iterator[None]:
    """Journals that cost little, and small parts."""
    with (
        small_parts(),
        mock.patch("migrator.engine.journal._connect", _connect),
        mock.patch("migrator.engine.journal.RESERVE_BYTES", 0),
    ):
        yield


@contextmanager
def traced_commits(trace: Trace) -> Iterator[None]:
    commit = Journal.commit
    with mock.patch.object(journals.Journal, "commit", lambda journal: trace.commit(journal, commit)):
        yield
