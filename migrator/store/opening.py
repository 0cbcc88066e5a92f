"""The store for a connection: with the data plane of our own where it is known to do, else the SDK alone."""

from __future__ import annotations

from migrator.store.base import ObjectStore
from migrator.store.connection import Connection
from migrator.store.fast.address import can_address
from migrator.store.fast.store import FastStore

__all__ = ["Connection", "open_store"]


def open_store(connection: Connection, *, only_sdk: bool = False) -> ObjectStore:
    """Nothing is sent yet. `only_sdk`: the reference store, whatever the connection."""
    if can_address(connection) and not only_sdk:
        return FastStore(connection)
    from migrator.store.s3 import S3Store  # a fifth of a second, which most runs do not need

    return S3Store(connection)
