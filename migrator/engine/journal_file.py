"""What a journal's file can do to us, in our own words; and the chain that shows tampering."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterator

from migrator.errors import JournalCorrupt, JournalError, JournalFull

#: The chain before the first record.
GENESIS = b"\x00" * 32


def link(chain: bytes, at_us: int, seq: int, state: str) -> bytes:
    """The chain's next value: a digest over the one before and the record."""
    return hashlib.sha256(b"%b|%d|%d|%b" % (chain, at_us, seq, state.encode())).digest()


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Turn what SQLite and the file system raise inside into a `JournalError`."""
    try:
        yield
    except FILE_ERRORS as cause:
        raise in_our_words(cause) from cause


#: What SQLite and the file system raise.
FILE_ERRORS = (sqlite3.DatabaseError, OSError)


def in_our_words(cause: sqlite3.DatabaseError | OSError) -> JournalError:
    """The error of ours for one of theirs."""
    if isinstance(cause, OSError):
        return JournalFull(
            f"The run's records cannot be written: {cause.strerror}.",
            advice="Free some space, or move MIGRATOR_HOME to another disk.",
        )
    if _is_full(cause):
        return JournalFull(
            "The disk that holds the run's records is full.",
            advice="Free some space, then resume the run. Nothing is lost.",
        )
    if getattr(cause, "sqlite_errorname", "") in {"SQLITE_CORRUPT", "SQLITE_NOTADB"}:
        return JournalCorrupt(f"The journal is damaged: {cause}")
    return JournalError(f"The journal cannot be used: {cause}")


def _is_full(cause: sqlite3.Error) -> bool:
    return getattr(cause, "sqlite_errorname", "").startswith(("SQLITE_FULL", "SQLITE_IOERR"))
