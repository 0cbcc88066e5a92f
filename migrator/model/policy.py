"""The least-privilege policies of a job: AWS's IAM documents, and the form that Lyve Cloud understands.

Made from the job alone. Two families:

* AWS and other S3 services: rights on the bucket, rights on the objects below the job's prefix (at the
  destination also below `.migrator/`), and, marked by its Sid, what only `check` uses. On AWS a listing of
  the source is limited to the prefix by a condition. At the destination it is not: a condition on the prefix
  would make a HEAD of a missing object a 403, and what is missing there decides what may be written.
* Lyve Cloud 2: a `Condition` denies everything, and each action has to be granted on the bucket and on its
  objects. So there is one statement with both resources (Lyve Cloud API guide, 2025-06-04; probes by
  FairForge/vaultaire, 2026-08).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from migrator.model.objects import RESERVED_PREFIX
from migrator.model.rights import Needs, Place, Right, Scope, destination_rights, source_rights

#: AWS: "the size of each managed policy cannot exceed 6,144 characters"; white space is not counted.
MOST_CHARS = 6144
#: A longer prefix (written out) is cut: more is granted then, and the document stays below AWS's limit.
MOST_PREFIX_CHARS = 1500

#: Lyve Cloud has no events, and its replication and encryption are not the bucket's to configure.
_NOT_AT_LYVE = frozenset(
    {"s3:GetReplicationConfiguration", "s3:GetBucketNotification", "s3:GetEncryptionConfiguration"}
)


@dataclass(frozen=True, slots=True)
class Policy:
    """One end's document. `notes` are codes of what a person has to know; the words have the sentences."""

    side: str
    provider: str
    bucket: str
    document: dict[str, Any]
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Ready to paste."""
        return json.dumps(self.document, indent=2)

    @property
    def chars(self) -> int:
        """As AWS counts them."""
        return len(json.dumps(self.document, separators=(",", ":")))


def policies(needs: Needs) -> tuple[Policy, Policy]:
    """What the source's keys may do, and the destination's."""
    return (
        _policy("source", needs.source, source_rights(needs), needs),
        _policy("destination", needs.destination, destination_rights(needs), needs),
    )


def _policy(side: str, place: Place, rights: Sequence[Right], needs: Needs) -> Policy:
    statements = (
        _for_lyve(place, rights) if place.provider == "lyve" else _for_aws(side, place, rights, needs)
    )
    document = {"Version": "2012-10-17", "Statement": statements}
    return Policy(side, place.provider, place.bucket, document, _notes(side, place, needs))


def _notes(side: str, place: Place, needs: Needs) -> tuple[str, ...]:
    is_source, is_aws = side == "source", place.provider == "aws"
    found = [f"paste-{place.provider}"]
    found += ["lyve-versions"] * (place.provider == "lyve")
    found += ["prefix-denies"] * (is_source and is_aws and bool(place.prefix))
    found += ["prefix-wider"] * (place.provider != "lyve" and _is_wider(place.prefix))
    found += ["requester-pays"] * place.requester_pays
    found += ["kms-source"] * (is_source and is_aws)
    found += ["kms-default"] * (not is_source and is_aws and not needs.kms_key)
    return tuple(found)


# -- AWS ------------------------------------------------------------------------------------------


def _for_aws(side: str, place: Place, rights: Sequence[Right], needs: Needs) -> list[dict[str, Any]]:
    partition = _partition(place)
    bucket = f"arn:{partition}:s3:::{place.bucket}"
    below = [as_pattern(place.prefix)]
    if side == "destination" and place.prefix:
        below.append(f"{RESERVED_PREFIX}*")
    limited = {"s3:ListBucket", "s3:ListBucketVersions"} if side == "source" else set()
    is_limited = place.provider == "aws" and bool(place.prefix)
    of_bucket = [right for right in rights if right.scope is Scope.BUCKET and not right.only_check]
    listing = [right.action for right in of_bucket if is_limited and right.action in limited]
    others = [right.action for right in of_bucket if right.action not in listing]
    end = side.capitalize()
    statements = []
    if listing:
        condition = {"StringLike": {"s3:prefix": as_pattern(place.prefix)}}
        statements.append({**_allow(f"{end}Listing", listing, bucket), "Condition": condition})
    if others:
        statements.append(_allow(f"{end}Bucket", others, bucket))
    objects = [right.action for right in rights if right.scope is Scope.OBJECTS]
    resources = [f"{bucket}/{pattern}" for pattern in below]
    statements.append(_allow(f"{end}Objects", objects, resources[0] if len(resources) == 1 else resources))
    checked = [right.action for right in rights if right.only_check]
    if checked:
        statements.append(_allow(f"{end}OnlyForCheck", checked, bucket))
    of_key = [right.action for right in rights if right.scope is Scope.KEY]
    if of_key:
        statements.append(_allow(f"{end}Key", of_key, **_of_key(needs.kms_key)))
    return statements


def _allow(sid: str, actions: list[str], resource: Any, **more: Any) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource, **more}


def _of_key(arn: str) -> dict[str, Any]:
    """The resource of a key. An alias is no resource: any key, as long as it has that alias."""
    account, is_alias, alias = arn.partition(":alias/")
    if not is_alias:
        return {"resource": arn}
    condition = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": f"alias/{alias}"}}
    return {"resource": f"{account}:key/*", "Condition": condition}


def _partition(place: Place) -> str:
    if place.provider != "aws":
        return "aws"
    if place.region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if place.region.startswith("us-gov-") else "aws"


def as_pattern(prefix: str) -> str:
    """What matches every key that begins with `prefix`, in a policy's language.

    A literal `*`, `?` or `$` is written `${*}` and so on. Policies hold no characters beyond Latin-1 and
    nobody says how they would be compared: a run of anything but printable ASCII becomes a `*`.

    >>> as_pattern("photos/50%?/")
    'photos/50%${?}/*'
    """
    pieces = _pieces(prefix)
    if pieces and pieces[-1] == "*":
        pieces.pop()
    return "".join(pieces) + "*"


def _is_wider(prefix: str) -> bool:
    """Whether the pattern of a prefix matches keys that do not begin with it."""
    pieces = _pieces(prefix)
    return "*" in pieces or len(pieces) < len(prefix)


def _pieces(prefix: str) -> list[str]:
    pieces: list[str] = []
    length = 0
    for piece in re.findall(r"[^\x20-\x7e]+|.", prefix):
        written = f"${{{piece}}}" if piece in "*?$" else piece
        if not " " <= piece[0] <= "~":
            written = "*"
        length += len(json.dumps(written)) - 2  # a quote is two characters there
        if length > MOST_PREFIX_CHARS:
            break
        pieces.append(written)
    return pieces


# -- Lyve Cloud -----------------------------------------------------------------------------------


def _for_lyve(place: Place, rights: Sequence[Right]) -> list[dict[str, Any]]:
    bucket = f"arn:aws:s3:::{place.bucket}"
    actions = [
        right.action
        for right in rights
        if right.scope is not Scope.KEY and not (right.only_check and right.action in _NOT_AT_LYVE)
    ]
    return [{"Effect": "Allow", "Action": actions, "Resource": [bucket, f"{bucket}/*"]}]
