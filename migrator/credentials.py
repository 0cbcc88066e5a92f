"""Secrets: what a reference in a job file leads to, and the operating system's vault behind `keyring:NAME`.

Nothing in here prints, logs or stores a secret anywhere but in the vault, and `redacting` learns each.
Where the system has no vault, keys are kept in memory for as long as the program runs.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from migrator.errors import CredentialsError
from migrator.redacting import learn

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

#: The vault's name for our entries; one entry for each NAME.
SERVICE = "AWS S3 <> Lyve Cloud Data Migration"
#: Which names there are: vaults cannot all be asked for that. An entry of its own, without any key.
INDEX, INDEX_NAME = f"{SERVICE} (names)", "names"
#: Names that the window uses; known even where the entry above was lost.
USUAL_NAMES = ("aws", "lyve")
#: A vault may hold several entries of one name (Secret Service allows it); one that holds more is broken.
MOST_ENTRIES = 8

_NAME = re.compile(r"[^\s:][^:]{0,199}")
#: What may stand in an HTTP header as it is, which is where an access key ID and a session token go.
_KEY = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class Keys:
    """A key pair, with the session token of temporary keys. The secret halves never show in `repr`.

    `expires_at` (with a zone) where whoever gave us the keys said so; the keys themselves do not say.
    """

    access_key_id: str
    secret_access_key: str
    session_token: str = ""
    expires_at: datetime | None = None

    def __post_init__(self) -> None:
        learn(*self.secrets)

    def __repr__(self) -> str:
        return f"Keys({self.masked}, ***)"

    @property
    def masked(self) -> str:
        """The access key id as far as it may be shown: `AKIA…N5A`."""
        key = self.access_key_id
        return f"{key[:4]}…{key[-3:]}" if len(key) > 10 else f"{key[:2]}…"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Values that must never reach a file, a log or a screen."""
        return tuple(value for value in (self.secret_access_key, self.session_token) if value)


@dataclass(frozen=True, slots=True)
class AwsChain:
    """Leave it to AWS's own chain: a named profile, or (empty) SSO, instance role, environment …"""

    profile: str = ""


Credentials = Keys | AwsChain


def resolve(reference: str, side: str, environment: Mapping[str, str] | None = None) -> Credentials:
    """What `credentials = "…"` of the job's `side` (source, destination) leads to.

    Raises:
        CredentialsError: nothing is there; the message says where it was looked for.
    """
    if reference.startswith("keyring:"):
        return _from_vault(reference.removeprefix("keyring:"), side)
    if reference.startswith("profile:"):
        return AwsChain(reference.removeprefix("profile:"))
    if reference == "env":
        return _from_environment(side, os.environ if environment is None else environment)
    return AwsChain()


def _from_environment(side: str, environment: Mapping[str, str]) -> Keys:
    names = [f"MIGRATOR_{side.upper()}_{name}" for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY")]
    missing = [name for name in names if not environment.get(name)]
    if missing:
        raise CredentialsError(
            f'The {side} uses credentials = "env", but {" and ".join(missing)} '
            f"{'is' if len(missing) == 1 else 'are'} not set.",
            side=side,
            advice="Set them in the environment of this command.",
        )
    token = environment.get(f"MIGRATOR_{side.upper()}_SESSION_TOKEN", "")
    name = f"MIGRATOR_{side.upper()}_CREDENTIAL_EXPIRATION"
    try:
        expires_at = moment(environment.get(name, ""))
    except ValueError:
        raise CredentialsError(
            f"{name} is not a moment.", side=side, advice="Write e.g. 2026-11-28T20:00:00Z, or leave it out."
        ) from None
    return Keys(environment[names[0]], environment[names[1]], token, expires_at)


def moment(text: str) -> datetime | None:
    """A moment as AWS writes it (`2026-11-28T20:00:00Z`; without a zone it is UTC), None where empty.

    Raises:
        ValueError: it is none.
    """
    if not text:
        return None
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _from_vault(name: str, side: str) -> Keys:
    keys = load(name)
    if keys is None:
        raise CredentialsError(
            f'No keys are stored under the name "{name}" ({side}).',
            side=side,
            advice=f"Store them with: migrator keys set {name}. Or enter them in the window and press "
            'Generate Config File, or use credentials = "env" and environment variables.',
        )
    return keys


# -- the vault ------------------------------------------------------------------------------------

#: What was entered in this process; also the only place where the system has no vault.
_session: dict[str, Keys] = {}


def keep_for_session(name: str, keys: Keys) -> None:
    """Remember keys until the program ends, and nowhere else."""
    learn(*keys.secrets)  # they may come from another process, ready made
    _session[name] = keys


def is_key_name(name: str) -> bool:
    """Whether keys may be stored under this name: `keyring:NAME` of a job file can say it."""
    return _NAME.fullmatch(name) is not None and name.isprintable()


def problem_of(keys: Keys) -> str:
    """What is wrong with keys that were typed, in a sentence that repeats none of them; empty if nothing."""
    halves = ("access key ID", keys.access_key_id), ("secret access key", keys.secret_access_key)
    for what, value in halves:
        if not value:
            return f"The {what} is empty."
    for what, value in (halves[0], ("session token", keys.session_token)):
        if value and not _KEY.fullmatch(value):
            return f"The {what} contains a space, a control character, or a letter that no key has."
    if not keys.secret_access_key.isprintable():
        return "The secret access key contains a control character."
    return ""


def save(name: str, keys: Keys) -> bool:
    """Store keys in the system's vault; False where there is none (or it refuses), and memory has to do.

    Raises:
        CredentialsError: it took them and gives back something else, which could not be removed again.
    """
    keep_for_session(name, keys)
    vault = _vault()
    if vault is None:
        return False
    fields = {"id": keys.access_key_id, "secret": keys.secret_access_key, "token": keys.session_token}
    if keys.expires_at is not None:
        fields["expires"] = keys.expires_at.isoformat()
    text = json.dumps(fields)
    try:
        vault.set_password(SERVICE, name, text)
    except Exception:  # every backend has errors of its own; a locked vault must not lose the session's keys
        return False
    try:
        is_kept = vault.get_password(SERVICE, name) == text
    except Exception:  # likewise
        is_kept = False
    if is_kept:
        _list_as(vault, name, there=True)
        return True
    try:
        _remove(vault, name)  # whoever hears that nothing was stored relies on it
    except CredentialsError as error:
        message = f"{vault_name()} does not give keys back as it took them. {error.message}"
        raise CredentialsError(message, advice=error.advice) from error
    return False


def load(name: str) -> Keys | None:
    """Keys stored under `name`, or None."""
    if name in _session:
        return _session[name]
    vault = _vault()
    if vault is None:
        return None
    try:
        text = vault.get_password(SERVICE, name)
    except Exception:  # a locked or broken vault holds no usable keys; `resolve` says what to do
        return None
    if not text:
        return None
    try:
        fields: Any = json.loads(text)
        texts = fields["id"], fields["secret"], fields.get("token", ""), fields.get("expires", "")
        if not all(isinstance(each, str) for each in texts):
            return None
        keys = Keys(*texts[:3], moment(texts[3]))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return None if problem_of(keys) else keys


def forget(name: str) -> bool:
    """Remove keys from memory and from the vault, all entries of that name; False where there were none.

    Raises:
        CredentialsError: the vault refuses, or still holds them: they are not forgotten.
    """
    was_here = _session.pop(name, None) is not None
    vault = _vault()
    if vault is None:
        return was_here
    return _remove(vault, name) or was_here


def _remove(vault: KeyringBackend, name: str) -> bool:
    """Remove all entries of that name; False where there were none.

    Raises:
        CredentialsError: see `forget`.
    """
    was_here = False
    try:
        for _ in range(MOST_ENTRIES):
            # What is there counts, not whether it can be read as keys.
            if vault.get_password(SERVICE, name) is None:
                break
            vault.delete_password(SERVICE, name)
            was_here = True
        is_left = vault.get_password(SERVICE, name) is not None
    except Exception as cause:  # every backend has errors of its own, and their texts are not ours to repeat
        why = type(cause).__name__
    else:
        if not is_left:
            _list_as(vault, name, there=False)
            return was_here
        why = "they are still there"
    raise CredentialsError(
        f'The keys "{name}" could not be removed from {vault_name()} ({why}).',
        advice=f"Unlock it and try again, or remove the entry {SERVICE!r} there by hand.",
    )


def session_names() -> tuple[str, ...]:
    """Names of the keys that were entered in this process."""
    return tuple(sorted(_session))


def forget_in_session(name: str) -> None:
    """Remove keys from memory only."""
    _session.pop(name, None)


def names() -> tuple[str, ...]:
    """Names under which there may be keys, in memory or in the vault."""
    vault = _vault()
    stored = () if vault is None else (*USUAL_NAMES, *_listed(vault))
    return tuple(sorted({*_session, *stored}))


def is_stored(name: str) -> bool:
    """Whether the vault has an entry of this name."""
    vault = _vault()
    try:
        return vault is not None and vault.get_password(SERVICE, name) is not None
    except Exception:  # a locked vault: nobody can tell, and nobody can use it
        return False


def _listed(vault: KeyringBackend) -> list[str]:
    try:
        return _names_in(vault.get_password(INDEX, INDEX_NAME))
    except Exception:  # locked: the usual names are known all the same
        return []


def _names_in(text: str | None) -> list[str]:
    try:
        found: Any = json.loads(text or "[]")
    except ValueError:  # damaged: likewise
        return []
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []


def _list_as(vault: KeyringBackend, name: str, *, there: bool) -> None:
    """Keep the list of names; keys count without it, so nothing ends because it cannot be kept."""
    try:
        before = set(_names_in(vault.get_password(INDEX, INDEX_NAME)))  # unread, it is not written over
        after = before | {name} if there else before - {name}
        if after == before:
            return
        if after:
            vault.set_password(INDEX, INDEX_NAME, json.dumps(sorted(after)))
        else:
            vault.delete_password(INDEX, INDEX_NAME)
    except Exception:  # noqa: S110  (see above)
        pass


def vault_name() -> str:
    """What the system calls its vault, empty where there is none."""
    vault = _vault()
    return "" if vault is None else _VAULT_NAMES.get(type(vault).__module__.rpartition(".")[2], "key store")


_VAULT_NAMES = {
    "Windows": "Windows Credential Manager",
    "macOS": "macOS Keychain",
    "SecretService": "Secret Service",
    "kwallet": "KWallet",
}


@cache
def _vault() -> KeyringBackend | None:
    """The system's vault. Named classes only: discovery could pick a plain-text file (keyring issue 370)."""
    for backend in _candidates():
        try:
            if backend.priority > 0:
                vault = backend()
                if hasattr(vault, "persist"):
                    vault.persist = "local machine"  # Windows: keys must not roam to other computers
                return vault
        except Exception:  # noqa: S112  (no D-Bus, no session, no library: the next candidate)
            continue
    return None


def _candidates() -> list[type[KeyringBackend]]:
    if sys.platform == "win32":
        from keyring.backends.Windows import WinVaultKeyring

        return [WinVaultKeyring]
    if sys.platform == "darwin":
        from keyring.backends.macOS import Keyring as Keychain

        return [Keychain]
    from keyring.backends.kwallet import DBusKeyring
    from keyring.backends.SecretService import Keyring as SecretService

    return [SecretService, DBusKeyring]
