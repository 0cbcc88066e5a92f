"""What the control thread gives to workers, and what they bring back."""

from __future__ import annotations

from dataclasses import dataclass

from migrator.model.ledger import Assurance
from migrator.model.objects import ObjectVersion, UploadedPart, Written


@dataclass(frozen=True, slots=True)
class Order:
    """One object to bring over.

    `token` is empty where the job writes none; `prior_etag` is None where the destination held nothing.
    `save_as` is where the content to be replaced is kept aside. `below`, of a version of a whole history:
    the version id that it will lie on, None where there is none.
    """

    seq: int
    listed: ObjectVersion
    destination_key: str
    token: str
    prior_etag: str | None
    save_as: str = ""
    below: str | None = None


@dataclass(frozen=True, slots=True)
class Copied:
    """A copy that was checked. `digest_kind`: see `model.checksums`."""

    written: Written
    digest: str
    digest_kind: str
    assurance: Assurance
    has_token: bool
    note: str = ""  #: in what the copy is not like its object: see `Parcel.note`


@dataclass(frozen=True, slots=True)
class SentPart:
    """A part at the destination and the MD5 of what we sent; empty where it went with its CRC32."""

    part: UploadedPart
    md5: str
