"""How one end is reached: what the job says, and what its absence means. Imports no SDK."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

CONNECT_TIMEOUT_S = 10
READ_TIMEOUT_S = 60
#: What services see in their logs.
AGENT = "aws-s3-lyve-cloud-data-migration"
#: A region is needed to sign; Lyve Cloud takes any (API guide p. 123).
ANY_REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach one end. `keys` is (access key id, secret, session token), or None for AWS's own chain."""

    end: str
    is_aws: bool
    region: str = ""
    endpoint_url: str = ""
    keys: tuple[str, str, str] | None = None
    profile: str = ""
    ca_file: str = ""
    requester_pays: bool = False
    threads: int = 16

    def __repr__(self) -> str:
        return f"Connection({self.end}, {self.endpoint_url or self.region})"


def region_of(connection: Connection) -> str | None:
    """The region that requests are signed for; None where AWS's settings files decide: the SDK reads them."""
    if connection.region:
        return connection.region
    named = os.environ.get("AWS_DEFAULT_REGION")
    if named is None and any(map(os.path.exists, _settings_files())):
        return None
    return named or ANY_REGION


def _settings_files() -> list[str]:
    named = {"AWS_CONFIG_FILE": "~/.aws/config", "AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials"}
    return [os.path.expanduser(os.environ.get(name, usual)) for name, usual in named.items()]


def ca_bundle(connection: Connection) -> str:
    """The file of certificates that is trusted: the job's, else the environment's, else the SDK's.

    Raises:
        OSError: the SDK's is not there.
    """
    return connection.ca_file or usual_ca_bundle()


def usual_ca_bundle() -> str:
    """The same where no job says anything. An empty variable is none.

    Raises:
        OSError: the SDK's file is not there.
    """
    named = os.environ.get("AWS_CA_BUNDLE") or os.environ.get("REQUESTS_CA_BUNDLE")
    return named or _usual_bundle()


def _usual_bundle() -> str:
    """As the SDK has it (botocore, httpsession), found without importing that."""
    for package in ("certifi", "botocore"):
        found = find_spec(package)
        if found is not None and found.origin:
            return str(Path(found.origin).with_name("cacert.pem"))
    raise FileNotFoundError("botocore's file of certificates is missing")
