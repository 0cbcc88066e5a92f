"""Named sets of keys as a list of them shows each: never a secret."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KeySet:
    """Keys under one name.

    `masked` is the access key ID as far as it may be shown. `is_stored`: in the system's key store, else only
    in memory. `expires` is ISO, empty where nobody said.
    """

    name: str
    masked: str
    is_stored: bool
    is_temporary: bool = False
    expires: str = ""


@dataclass(frozen=True, slots=True)
class KeysListed:
    """Every set of keys that is known, by name. `vault` names the system's key store; empty: none."""

    sets: tuple[KeySet, ...]
    vault: str


@dataclass(frozen=True, slots=True)
class KeysTested:
    """A set of keys was tried at the service it belongs to; `message` says where, and how that went."""

    name: str
    ok: bool
    message: str


@dataclass(frozen=True, slots=True)
class KeysForgotten:
    """These are gone from memory and from the key store; `problem` says which are not, and why."""

    names: tuple[str, ...]
    problem: str = ""
