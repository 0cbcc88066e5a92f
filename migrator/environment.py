"""Variables of the environment that change where traffic goes or who can read it: found, shown, accepted.

A job says where data goes. What the environment adds to that is told at the start of every command, and what
redirects traffic has to be named in the job (`[environment] accept`), or nothing is started.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from migrator.endpoint_rules import is_loopback
from migrator.errors import EnvironmentNotAccepted
from migrator.model.objects import visible

#: Characters of a value that are shown.
_SHOWN = 120
_MUST_BE_NAMED: Mapping[str, str] = {
    r"(HTTPS?|ALL)_PROXY": "sends requests through this proxy",
    r"AWS_ENDPOINT_URL(_[A-Z0-9_]+)?": "moves services of AWS (but not S3: the job file says where that is)",
    r"AWS_EC2_METADATA_SERVICE_ENDPOINT": "moves the service that hands out an instance's keys",
    r"SSLKEYLOGFILE": "writes what decrypts all connections to a file",
}
_ONLY_SHOWN: Mapping[str, str] = {
    r"AWS_CA_BUNDLE|REQUESTS_CA_BUNDLE": "says which certificate authorities are trusted",
    r"OPENSSL_CONF": "says which TLS is good enough, and may load code into it",
    r"SSL_CERT_FILE|SSL_CERT_DIR": "has no effect here: ca_file, AWS_CA_BUNDLE and REQUESTS_CA_BUNDLE do",
}


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable that is set: `value` as it may be shown, `what` it does."""

    name: str
    value: str
    what: str
    must_be_named: bool

    def __str__(self) -> str:
        return f"{self.name} = {self.value}: {self.what}"


@dataclass(frozen=True, slots=True)
class Place:
    """What of one end matters here."""

    endpoint_url: str
    credentials: str

    @property
    def is_out_of_reach(self) -> bool:
        """True where nothing in the environment can lead traffic elsewhere: on this computer, own keys."""
        host = urlsplit(self.endpoint_url).hostname or ""
        return is_loopback(host) and not self.credentials.startswith(("default", "profile:"))


def is_redirecting(name: str) -> bool:
    """Whether a variable of this name would have to be named in a job."""
    return any(re.fullmatch(pattern, name.upper()) for pattern in _MUST_BE_NAMED)


def variables(environment: Mapping[str, str]) -> list[Variable]:
    """What is set and matters, by name. An empty value is as good as none."""
    found = []
    for name, value in sorted(environment.items()):
        if not value.strip():
            continue
        for table in (_MUST_BE_NAMED, _ONLY_SHOWN):
            for pattern, what in table.items():
                if re.fullmatch(pattern, name.upper()):
                    found.append(Variable(name, _shown(value), what, table is _MUST_BE_NAMED))
    return found


def not_accepted(
    places: Iterable[Place], accept: Iterable[str], environment: Mapping[str, str]
) -> list[Variable]:
    """What redirects traffic of these ends and is not named."""
    if all(each.is_out_of_reach for each in places):
        return []
    named = {name.upper() for name in accept}
    return [each for each in variables(environment) if each.must_be_named and each.name.upper() not in named]


def must_be_accepted(
    places: Iterable[Place], accept: Iterable[str], environment: Mapping[str, str]
) -> list[str]:
    """What is to be told of the environment, a sentence each; nothing where it cannot matter.

    Raises:
        EnvironmentNotAccepted: something redirects traffic and is not named.
    """
    ends, accepted = list(places), list(accept)
    found = not_accepted(ends, accepted, environment)
    if found:
        names = [each.name for each in found]
        whole = ", ".join(f'"{name}"' for name in [*accepted, *names])
        raise EnvironmentNotAccepted(
            f"The environment redirects traffic, and the job does not say so: {'; '.join(map(str, found))}.",
            tuple(names),
            advice=f"Unset {'it' if len(names) == 1 else 'them'}, or write in the job file: [environment] "
            f"accept = [{whole}]",
        )
    if all(each.is_out_of_reach for each in ends):
        return []
    return [f"Set in the environment: {each}." for each in variables(environment)]


def _shown(value: str) -> str:
    """A value without the user and password that a proxy's URL may have."""
    rest = re.sub(r"^((?:(?:[a-z][a-z0-9+.-]*:)?//)?)[^/?#]*@", r"\1***@", value.strip(), flags=re.I)
    return visible(rest, _SHOWN)
