"""Job files for a window's form: reading one, with what is known of its keys, and writing one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from migrator import config_words, credentials
from migrator.config import End, ends_of, read_draft
from migrator.credentials import AwsChain
from migrator.engine.home import find_run
from migrator.engine.records import or_warned
from migrator.errors import CredentialsError, JobFileError
from migrator.job_file import job_text, refuse_secrets, write_private
from migrator.model.drafts import ConfigRead, ConfigSaved
from migrator.model.events import Event, Warned

#: Of what is wrong with a file.
MOST_TOLD = 3


def config_read(root: Path, path: str, run: str, *, last: Path) -> Event | None:
    """The job in `path`, else that of `run`, else the `last` one written here, and None where there is none:
    a `ConfigRead`, or a `Warned` of `config`."""
    is_last = not path and not run
    if is_last and _is_missing(last):
        return None

    def work() -> Event:
        file = Path(path) if path else find_run(root, run).job if run else last
        try:
            table = read_draft(file)
        except JobFileError as error:  # beside a form there is room for a few
            first = [str(each) for each in error.problems[:MOST_TOLD]]
            more = len(error.problems) - len(first)
            return Warned("config", config_words.wrong(str(file), first, more, is_last=is_last))
        refuse_secrets(table)  # it would be masked on its way, and the job be another one
        sides = zip(("source", "destination"), ends_of(table), strict=True)
        keys = {side: known for side, end in sides if (known := _known_keys(side, end))}
        return ConfigRead(str(file), _plain(table), keys, run, is_last)

    return or_warned("config", config_words.unread(is_last=is_last), work)


def config_saved(path: str, table: Mapping[str, Any]) -> Event:
    """Write a job: a `ConfigSaved`, or a `Warned` of `config`."""

    def work() -> Event:
        write_private(Path(path), job_text(table))
        return ConfigSaved(path)

    return or_warned("config", config_words.UNSAVED, work)


def _is_missing(path: Path) -> bool:
    """What there is and cannot be looked at is not missing: reading it says why."""
    try:
        path.stat()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return False


def _plain(value: Any) -> Any:
    """The same job without TOML's dates: every event can be said in JSON."""
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return value.isoformat() if isinstance(value, date) else value


def _known_keys(side: str, end: End) -> str:
    """What an end's keys are taken from, in words; nothing where there are none now."""
    reference = end.credentials
    try:
        found = credentials.resolve(reference, side, os.environ)
    except CredentialsError:
        return ""
    if isinstance(found, AwsChain):
        return config_words.keys_of_aws(found.profile)
    if reference == "env":
        return config_words.keys_of_environment(found.masked)
    name = reference.removeprefix("keyring:")
    vault = credentials.vault_name() if credentials.is_stored(name) else ""
    return config_words.keys_kept(found.masked, vault)
