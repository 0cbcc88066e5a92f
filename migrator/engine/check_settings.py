"""What `check` finds out about the rules of the destination's bucket: those that take copies away again,
and those that copies set off. What may not be asked for is unknown, never none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from migrator.engine.findings import Findings
from migrator.errors import AccessDenied, NotFound, NotS3, NotSupported, Rejected
from migrator.model.findings import Found
from migrator.model.objects import KMS, RESERVED_PREFIX
from migrator.model.settings import LifecycleRule
from migrator.store.base import ObjectStore, Versioning

T = TypeVar("T")

#: What a rule takes away -> the code of what is told.
_TAKES = (
    ("expires_old", "lifecycle-expires-old"),
    ("aborts", "lifecycle-aborts"),
    ("archives", "lifecycle-archives"),
)


class RulesCheck:
    """Rules of one bucket, for copies below `prefix`."""

    def __init__(self, store: ObjectStore, bucket: str, prefix: str, findings: Findings) -> None:
        self._store = store
        self._bucket = bucket
        self._prefix = prefix
        self._findings = findings

    def run(self, versioning: Versioning) -> None:
        self._lifecycle(versioning)
        self._replication()
        self._notifications()
        self._encryption()

    def _lifecycle(self, versioning: Versioning) -> None:
        rules = self._ask("lifecycle", "s3:GetLifecycleConfiguration", self._store.lifecycle)
        if rules is None:
            return
        told = [pair for rule in rules for pair in self._taken_by(rule, versioning)]
        for name, code in told:
            # Open uploads that are ended cost a resume some time, nothing else.
            verdict = Found.OK if code == "lifecycle-aborts" else Found.WARNING
            self._findings.tell("setting", name, verdict, code)
        if not told:
            self._findings.tell("setting", "none", Found.OK, "lifecycle-none")

    def _taken_by(self, rule: LifecycleRule, versioning: Versioning) -> Sequence[tuple[str, str]]:
        name = rule.name or "(unnamed)"
        is_ours, is_saved = rule.concerns(self._prefix), rule.concerns(RESERVED_PREFIX)
        found = []
        if rule.expires and is_ours:
            found.append((name, "lifecycle-expires"))
        elif rule.expires and is_saved:
            found.append((name, "lifecycle-expires-saved"))
        if is_ours:
            found += [(name, code) for field, code in _TAKES if getattr(rule, field)]
        if versioning is Versioning.OFF:
            found = [pair for pair in found if pair[1] != "lifecycle-expires-old"]
        return found

    def _replication(self) -> None:
        rules = self._ask("replication", "s3:GetReplicationConfiguration", self._store.replication)
        if rules is None:
            return
        ours = [rule for rule in rules if rule.concerns(self._prefix)]
        for rule in ours:
            self._findings.tell("setting", rule.name or "(unnamed)", Found.WARNING, "replication-on")
        if not ours:
            self._findings.tell("setting", "none", Found.OK, "replication-none")

    def _notifications(self) -> None:
        kinds = self._ask("notifications", "s3:GetBucketNotification", self._store.notifications)
        if kinds:
            self._findings.tell("setting", ", ".join(kinds), Found.WARNING, "notifications-on")
        elif kinds is not None:
            self._findings.tell("setting", "none", Found.OK, "notifications-none")

    def _encryption(self) -> None:
        default = self._ask("encryption", "s3:GetEncryptionConfiguration", self._store.default_encryption)
        if default is None:
            return
        if default.startswith(KMS):
            self._findings.tell("setting", default, Found.WARNING, "encryption-kms")
        else:
            self._findings.tell("setting", default or "none", Found.OK, "encryption-plain")

    def _ask(self, topic: str, action: str, question: Callable[[str], T]) -> T | None:
        """The answer; None where there is none, which has been told."""
        try:
            return question(self._bucket)
        except AccessDenied:
            self._findings.tell("setting", action, Found.UNKNOWN, f"{topic}-unknown", action=action)
        except (NotFound, NotS3, NotSupported, Rejected):
            self._findings.tell("setting", "unknown", Found.UNKNOWN, f"{topic}-not-known")
        return None
