"""Settings of a bucket that work against what is copied there, or that copies set off."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LifecycleRule:
    """One enabled rule, as far as it can take something away.

    `prefix` is empty where it holds for the whole bucket; `is_narrowed` where tags or sizes limit it,
    so that it may not concern us. `expires`: objects go by themselves. `expires_old`: so do versions that are
    not current, which undo brings back. `aborts`: so do uploads that stay open. `archives`: objects move to a
    class that cannot be read at once.
    """

    name: str
    prefix: str = ""
    is_narrowed: bool = False
    expires: bool = False
    expires_old: bool = False
    aborts: bool = False
    archives: bool = False

    def concerns(self, prefix: str) -> bool:
        """Whether keys that begin with `prefix` can fall under it."""
        return prefix.startswith(self.prefix) or self.prefix.startswith(prefix)


@dataclass(frozen=True, slots=True)
class ReplicationRule:
    """One enabled rule: what is written below `prefix` is copied to another bucket."""

    name: str
    prefix: str = ""

    def concerns(self, prefix: str) -> bool:
        """Whether keys that begin with `prefix` can fall under it."""
        return prefix.startswith(self.prefix) or self.prefix.startswith(prefix)
