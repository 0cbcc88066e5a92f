"""Whom a connection reached: nothing is sent to where a computer's own metadata service answers.

A name can lead anywhere, and differently each time it is asked. So it is not the name that is looked at, nor
an answer of a name server, but the connection that was made, before its first byte.
"""

from __future__ import annotations

import socket

from migrator.model.addresses import is_metadata_address


class RefusedPeer(OSError):
    """The connection leads to `address`, and is closed."""

    def __init__(self, address: str) -> None:
        super().__init__(f"link-local address {address}")
        self.address = address


def must_be_elsewhere(sock: socket.socket) -> None:
    """Close a connection to such an address.

    Raises:
        RefusedPeer: it was one.
    """
    address = str(sock.getpeername()[0])
    if is_metadata_address(address):
        sock.close()
        raise RefusedPeer(address)
