"""What a destination was *seen* to honour, as far as undo depends on it. Its answers alone prove nothing."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields


@dataclass(frozen=True, slots=True)
class Capabilities:
    """One end, one bucket. True: seen. False: seen not to. None: not tried, so not relied on.

    `put_if_absent`, `put_if_match`: a PUT whose condition does not hold is refused and changes nothing, one
    whose condition holds is carried out. `delete_if_match`: likewise for a delete. `delete_version`: exactly
    the named version goes. `copies`: a copy within the bucket keeps bytes, headers, metadata and tags.
    `keeps_token`: user metadata comes back as sent. `checks_md5`: a body that is not what its Content-MD5
    says is refused, so that an accepted request is one whose bytes arrived. `checks_crc32`: likewise for a
    part and its CRC32, and an object can be made of such parts.
    """

    put_if_absent: bool | None = None
    put_if_match: bool | None = None
    delete_if_match: bool | None = None
    delete_version: bool | None = None
    copies: bool | None = None
    keeps_token: bool | None = None
    checks_md5: bool | None = None
    checks_crc32: bool | None = None

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Capabilities:
        """What `to_json` wrote, also by an older or newer release; nothing at all where `text` is empty."""
        found = json.loads(text) if text else {}
        known = {each.name for each in fields(cls)}
        return cls(**{name: value for name, value in found.items() if name in known})


#: Nothing was tried: every write and delete is preceded and followed by a look.
UNKNOWN = Capabilities()
