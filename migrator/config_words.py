"""Sentences about the config file (the job file, as the window calls it) and the keys that it refers to."""

from __future__ import annotations

from collections.abc import Sequence

from migrator.model.drafts import ConfigRead, ConfigSaved, ConfigWritten
from migrator.model.objects import visible
from migrator.phrases import number

#: Before the reason.
UNSAVED = "The config file was not saved"


def unread(*, is_last: bool) -> str:
    """Before the reason."""
    return "Your last config file could not be used" if is_last else "The config file could not be opened"


def wrong(path: str, problems: Sequence[str], more: int, *, is_last: bool) -> str:
    """A file with mistakes: the first of them, and how many there are besides."""
    text = " ".join(visible(each) for each in problems)
    rest = f" And {number(more)} more." if more else ""
    return f"{unread(is_last=is_last)}, {visible(path)}: {text}{rest}"


def kept_where(event: ConfigWritten) -> str:
    """Where the secret keys are that were given with a config; nothing where none were."""
    if not event.has_keys:
        return ""
    if event.vault:
        return f"Keys are in {event.vault}, not in the file."
    return "Keys are kept in memory until you quit, not in the file."


def keys_kept(masked: str, vault: str) -> str:
    """Keys that were entered some other time."""
    return f"{masked}, kept in {vault}" if vault else f"{masked}, kept in memory until you quit"


def keys_of_environment(masked: str) -> str:
    """Keys of `credentials = "env"`."""
    return f"{masked}, from environment variables"


def keys_of_aws(profile: str) -> str:
    """Keys of `profile:NAME` and of `default`."""
    return f"AWS profile {visible(profile)}" if profile else "AWS’s own sign-in (SSO, role, …)"


def opened(event: ConfigRead) -> str:
    """Beside the form that it fills."""
    path = visible(event.path)
    if event.run:
        return f"Filled in as for run {event.run}."
    return f"Filled in from your last config file, {path}." if event.is_last else f"Opened {path}."


def saved(event: ConfigSaved) -> str:
    """Beside the form that it was made from."""
    return f"Saved {visible(event.path)}. The keys are not in it."
