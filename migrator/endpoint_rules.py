"""What may stand for an endpoint in a job: https, a plain host, and not where a computer's metadata is."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from migrator.model.addresses import is_metadata_address, is_odd_address

_IN_A_URL = re.compile(r"[!-~]+")
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9._-]{0,251}[a-z0-9_.])?|[0-9a-f:.]*:[0-9a-f:.]*(?:%[a-z0-9_.-]+)?")
#: `s3.us-west-1.acme.lyve.seagate.com`: the region is the label after `s3`.
_LYVE_HOST = re.compile(r"s3\.(?P<region>[a-z0-9-]+)\.(?P<rest>.+)")
_OLD_LYVE = ".lyvecloud.seagate.com"

OLD_LYVE_WARNING = (
    "{host} is an address of Lyve Cloud's first generation: its certificate expired on 2026-07-19. "
    "Paste the endpoint URL that the Lyve Cloud console shows now."
)


def url_problem(value: str) -> str:
    """Why this cannot be an endpoint's URL at all; empty where it can. No password in it is repeated."""
    if not _IN_A_URL.fullmatch(value):
        return (
            "contains a space, a control character or a letter that no address has. Write names of other "
            "alphabets in their ASCII form (xn--…)."
        )
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme not in {"http", "https"} or not host:
        shown = re.sub(r"(?<=//)[^/]*@", "***@", value)
        return f'"{shown}" is not a URL. It must start with https://'
    if parts.username or parts.password:
        return "must not contain a user name or password."
    if not _HOST.fullmatch(host):
        return f'has "{host}" for a host, which is no name and no address.'
    if is_metadata_address(host):
        return (
            f"is the link-local address {host}, where a computer's own metadata service answers. "
            "Write the address of the S3 service."
        )
    if is_odd_address(host):
        return f"has {host} for a host: write an address as four numbers, e.g. https://192.0.2.10"
    return ""


def has_more_than_a_host(url: str) -> bool:
    """Whether something follows the host and the port."""
    parts = urlsplit(url)
    return parts.path not in {"", "/"} or bool(parts.query or parts.fragment)


def needs_a_waiver(url: str) -> bool:
    """Whether data would leave this computer unencrypted."""
    parts = urlsplit(url)
    return parts.scheme == "http" and not is_loopback(parts.hostname or "")


def is_loopback(host: str) -> bool:
    """True for this machine's own loopback addresses."""
    return host in {"localhost", "::1"} or re.fullmatch(r"127(\.\d{1,3}){3}", host) is not None


def old_lyve_warning(url: str) -> str:
    """What to tell about an address of Lyve Cloud's first generation; empty for others."""
    host = urlsplit(url).hostname or ""
    return OLD_LYVE_WARNING.format(host=host) if host.endswith(_OLD_LYVE) else ""


def lyve_region(endpoint_url: str) -> str:
    """The region in a Lyve Cloud endpoint's host, empty where it has none.

    >>> lyve_region("https://s3.us-west-1.example.lyve.seagate.com")
    'us-west-1'
    """
    host = urlsplit(endpoint_url).hostname or ""
    match = _LYVE_HOST.fullmatch(host)
    return match["region"] if match and "seagate.com" in match["rest"] else ""
