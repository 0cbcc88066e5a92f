"""The SDK's connections to S3, with the look at whom they reached (see `store.peers`)."""

from __future__ import annotations

import socket
from typing import Any

from botocore.awsrequest import (
    AWSHTTPConnection,
    AWSHTTPConnectionPool,
    AWSHTTPSConnection,
    AWSHTTPSConnectionPool,
)

from migrator.store.peers import must_be_elsewhere


class _Looks:
    """A connection that looks at its peer before anything is sent. A proxy is whom the environment names."""

    def _new_conn(self) -> socket.socket:
        sock: socket.socket = super()._new_conn()  # type: ignore[misc]
        must_be_elsewhere(sock)
        return sock


class _Plain(_Looks, AWSHTTPConnection):  # type: ignore[misc]
    pass


class _Encrypted(_Looks, AWSHTTPSConnection):  # type: ignore[misc]
    pass


class _PlainPool(AWSHTTPConnectionPool):  # type: ignore[misc]
    ConnectionCls = _Plain


class _EncryptedPool(AWSHTTPSConnectionPool):  # type: ignore[misc]
    ConnectionCls = _Encrypted


def look_at_peers(client: Any) -> None:
    """From now on the client's own requests do; those that fetch an instance's keys are not its own."""
    session = client._endpoint.http_session
    session._pool_classes_by_scheme = {"http": _PlainPool, "https": _EncryptedPool}
    session._manager.pool_classes_by_scheme = session._pool_classes_by_scheme
