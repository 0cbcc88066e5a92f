"""The books of a run: every listed key is accounted for once, or the run has not ended well."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum


class Assurance(StrEnum):
    """How sure we are that a copy holds the source's bytes, strongest first.

    READ_BACK  every byte was read back from the destination and compared
    DIGEST     the destination's own digest of the stored object equals ours
    ETAG       the destination's multipart ETag is the one our parts make
    ACCEPTED   the destination confirmed the digest of every request
    SIZE       only the size agrees
    """

    READ_BACK = "read-back"
    DIGEST = "digest"
    ETAG = "etag"
    ACCEPTED = "accepted"
    SIZE = "size"

    @property
    def rank(self) -> int:
        """0 is the strongest."""
        return list(Assurance).index(self)

    def is_at_least(self, other: Assurance) -> bool:
        return self.rank <= other.rank


@dataclass(frozen=True, slots=True)
class Drift:
    """How the source changed while the run went on."""

    added: int = 0
    changed: int = 0
    removed: int = 0


@dataclass(slots=True)
class Seen:
    """Keys of the source as its pages bring them, counted before anything is done about them.

    `repeated` are keys that the pages brought more than once, `hidden` our own under the reserved prefix.
    """

    keys: int = 0
    repeated: int = 0
    hidden: int = 0

    def restart(self) -> None:
        """The listing begins anew."""
        self.keys = self.repeated = self.hidden = 0

    @property
    def listed(self) -> int:
        """Keys that have to be accounted for."""
        return self.keys - self.repeated - self.hidden


@dataclass(frozen=True, slots=True)
class Ledger:
    """Objects by what became of them, and bytes. Counts of objects unless the name says bytes.

    `listed` is counted where the source's pages come in, everything else where decisions and outcomes are
    recorded: a key that is lost on the way shows. `repeated` and `hidden`: see `Seen`; not in `listed`.
    """

    listed: int = 0
    planned: int = 0
    copied: int = 0
    verified: int = 0
    same: int = 0
    filtered: int = 0
    unsupported: int = 0
    failed: int = 0
    conflicts: int = 0
    left: int = 0
    bytes_planned: int = 0
    bytes_copied: int = 0
    assurance: dict[str, int] = field(default_factory=dict)
    repeated: int = 0
    hidden: int = 0

    @property
    def accounted_for(self) -> int:
        """Listed keys of which something is on record."""
        return self.planned + self.same + self.filtered + self.unsupported

    @property
    def balances(self) -> bool:
        """Both sums of the contract hold:

        listed = planned + same + filtered + unsupported
        planned = copied + failed + conflicts + left
        """
        return (
            self.listed == self.accounted_for
            and self.planned == self.copied + self.failed + self.conflicts + self.left
            and self.verified <= self.copied
        )

    def as_dict(self) -> dict[str, object]:
        """JSON-able, with every assurance level named."""
        fields = asdict(self)
        fields["assurance"] = {level.value: self.assurance.get(level.value, 0) for level in Assurance}
        return fields


class Outcome(StrEnum):
    """How a command on a run ended."""

    COMPLETED = "completed"
    PLANNED = "planned"
    VERIFIED = "verified"
    CHECKED = "checked"
    FAILED = "failed"
    STOPPED = "stopped"
    PAUSED = "paused"
    REFUSED = "refused"
    ROLLED_BACK = "rolled-back"
    ROLLBACK_INCOMPLETE = "rollback-incomplete"


def outcome_of(ledger: Ledger) -> Outcome:
    """COMPLETED only where the books balance, nothing is left and nothing went wrong."""
    bad = ledger.failed + ledger.conflicts + ledger.unsupported + ledger.left
    return Outcome.COMPLETED if ledger.balances and not bad else Outcome.FAILED
