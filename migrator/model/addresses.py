"""Which network addresses no bucket can be at: those where a computer's own metadata service answers."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

#: Link-local, and the one address outside of it where AWS answers instances about themselves.
_REFUSED = tuple(map(ip_network, ("169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128")))
#: IPv6 addresses that carry an IPv4 address in their last 32 bits (RFC 6052).
_NAT64 = ip_network("64:ff9b::/96")
#: A host that ends like this is an address to every resolver, however it is written (WHATWG URL, 3.5).
_ENDS_IN_A_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?", re.I)


def is_metadata_address(text: str) -> bool:
    """Whether an address, as a connected socket tells it or as it stands in a URL, is one of those.

    False for names: what they lead to is looked at when a connection is made.
    """
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return any(each in network for each in _meant(address) for network in _REFUSED if _fits(each, network))


def _meant(address: IPv4Address | IPv6Address) -> list[IPv4Address | IPv6Address]:
    """The address, and those that are hidden in it."""
    if isinstance(address, IPv4Address):
        return [address]
    hidden = [address.ipv4_mapped, address.sixtofour]
    if address in _NAT64:
        hidden.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return [address, *(each for each in hidden if each is not None)]


def _fits(address: IPv4Address | IPv6Address, network: object) -> bool:
    return address.version == getattr(network, "version", 0)


def is_odd_address(host: str) -> bool:
    """Whether a host is an IPv4 address in a spelling that hides it: `2852039166`, `0xa9fea9fe`, `127.1`."""
    if _ENDS_IN_A_NUMBER.fullmatch(host) is None:
        return False
    try:
        return str(IPv4Address(host)) != host
    except ValueError:
        return True
