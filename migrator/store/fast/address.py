"""Where requests for a bucket go: host, port, path and whether they are encrypted."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from urllib.parse import urlsplit

from migrator.store.connection import Connection
from migrator.store.s3_wire import is_loopback_url

#: Buckets whose name may stand in a host name under the service's certificate (AWS, bucket naming rules).
_IN_HOST = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
#: Regions of the one partition whose hosts end in amazonaws.com and nothing else.
_REGION = re.compile(r"(?!cn-|us-gov-|us-iso)[a-z]{2}(?:-[a-z]+)+-[0-9]")
#: Names of hosts that go over the wire as they are, and addresses.
_HOST = re.compile(r"(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}|[0-9a-f:.]*:[0-9a-f:.]*")
_ODD = ("AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT")


@dataclass(frozen=True, slots=True)
class Address:
    """`host` as it is connected to, `name` as the `Host` header has it, `path` before the key."""

    host: str
    port: int
    is_encrypted: bool
    name: str
    path: str


def can_address(connection: Connection) -> bool:
    """True where requests can be sent without the SDK: keys that are given, no proxy, a plain endpoint."""
    if connection.keys is None or not (connection.region or connection.endpoint_url):
        return False
    if not connection.endpoint_url:
        is_usual = connection.is_aws and _REGION.fullmatch(connection.region) is not None
        return is_usual and not any(map(os.environ.get, _ODD)) and not _has_proxies()
    if not _is_plain(connection.endpoint_url):
        return False
    return is_loopback_url(connection.endpoint_url) or not _has_proxies()


def _has_proxies() -> bool:
    if sys.platform in {"win32", "darwin"}:  # where the system has settings of its own
        from urllib.request import getproxies

        return bool(getproxies())
    return any(name.lower().endswith("_proxy") and os.environ[name] for name in os.environ)


def service_of(connection: Connection, region: str) -> str:
    """The end's name in messages: its host, with the port where the job names one."""
    return urlsplit(connection.endpoint_url).netloc or f"s3.{region}.amazonaws.com"


def _is_plain(endpoint_url: str) -> bool:
    try:
        url = urlsplit(endpoint_url)
        is_host = _HOST.fullmatch(url.hostname or "") is not None and url.port != 0
    except ValueError:
        return False  # what it is instead, the SDK says
    more = url.path.strip("/") or url.query or url.fragment or url.username is not None
    return url.scheme in {"http", "https"} and is_host and not more


def address_of(connection: Connection, bucket: str) -> Address:
    """As the SDK would have it: path-style but for AWS itself, where the bucket is in the host's name."""
    if not connection.endpoint_url:
        host = f"s3.{connection.region}.amazonaws.com"
        if _IN_HOST.fullmatch(bucket):
            return Address(f"{bucket}.{host}", 443, True, f"{bucket}.{host}", "/")
        return Address(host, 443, True, host, f"/{bucket}/")
    url = urlsplit(connection.endpoint_url)
    is_encrypted = url.scheme == "https"
    host, usual = url.hostname or "", 443 if is_encrypted else 80
    port = url.port or usual
    shown = f"[{host}]" if ":" in host else host
    return Address(host, port, is_encrypted, shown if port == usual else f"{shown}:{port}", f"/{bucket}/")
