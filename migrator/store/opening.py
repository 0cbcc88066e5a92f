"""The store for a connection: with the data plane of our own where it is known to do, else the SDK alone."""

from __future__ import annotations

from migrator.store.base import ObjectStore
from migrator.store.fast.address import can_address
from migrator.store.fast.store import FastStore
from migrator.store.s3 import S3Store
from migrator.store.s3_client import Connection

__all__ = ["Connection", "open_store"]


def open_store(connection: Connection, *, only_sdk: bool = False) -> ObjectStore:
    """Nothing is sent yet. `only_sdk`: the reference store, whatever the connection."""
    return S3Store(connection) if only_sdk or not can_address(connection) else FastStore(connection)
