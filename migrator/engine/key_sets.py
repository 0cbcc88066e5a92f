"""Named sets of keys, for a window: what there is, whether it is accepted, and forgetting it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from migrator import credentials, words
from migrator.config import End, ends_of, read_job
from migrator.credentials import Keys
from migrator.engine.ends import StoreFactory, check_end, environment_of
from migrator.engine.home import all_runs
from migrator.engine.ports import Ports
from migrator.errors import CredentialsError, JobFileError, MigratorError
from migrator.model.key_sets import KeySet, KeysForgotten, KeysListed, KeysTested

#: Runs whose jobs are looked at for the place that keys belong to.
MOST_RUNS = 50


def list_keys(*, only_session: bool) -> KeysListed:
    """Every set by name. `only_session`: what was entered in this process (a demo has nothing else)."""
    names = credentials.session_names() if only_session else credentials.names()
    vault = "" if only_session else credentials.vault_name()
    found = []
    for name in names:
        keys = credentials.load(name)
        if keys is not None:
            is_stored = not only_session and credentials.is_stored(name)
            found.append(_shown(name, keys, is_stored=is_stored))
    return KeysListed(tuple(found), vault)


def _shown(name: str, keys: Keys, *, is_stored: bool) -> KeySet:
    expires = keys.expires_at.isoformat() if keys.expires_at else ""
    return KeySet(name, keys.masked, is_stored, bool(keys.session_token), expires)


def forget_keys(names: Iterable[str], *, only_session: bool) -> KeysForgotten:
    """Remove them from memory and from the key store, every entry of that name."""
    gone, problems = [], []
    for name in names:
        try:
            if only_session:
                credentials.forget_in_session(name)
            else:
                credentials.forget(name)
            gone.append(name)
        except CredentialsError as error:
            problems.append(f"{error.message} {error.advice}".strip())
    return KeysForgotten(tuple(gone), " ".join(problems))


def try_keys(
    name: str, table: Mapping[str, Any], root: Path, ports: Ports, factory: StoreFactory
) -> KeysTested:
    """Try keys where the job in `table` uses them, else where the newest run did. Nothing is written."""
    keys = credentials.load(name)
    if keys is None:
        return KeysTested(name, False, f"There are no keys {name} any more.")
    found = next(_places(name, table, root), None)
    if found is None:
        return KeysTested(
            name,
            False,
            "Nothing here says which service they belong to: fill in Set up, or use "
            f"migrator keys test {name} --endpoint-url URL.",
        )
    side, end, accept = found
    where = end.endpoint_url or f"AWS ({end.region})"
    try:
        environment_of((end,), accept)
        result = check_end(end, side, keys, ports, factory)
    except MigratorError as error:
        return KeysTested(name, False, f"{error.message} {error.advice}".strip())
    if result.ok or result.code == "NoSuchBucket":  # whoever is told so has been let in
        return KeysTested(name, True, words.keys_accepted(name, where, result.buckets))
    return KeysTested(name, False, f"{result.message} {result.advice}".strip())


def _places(name: str, table: Mapping[str, Any], root: Path) -> Iterator[tuple[str, End, Iterable[str]]]:
    """Side, end, and what of the environment was accepted, of every job that uses these keys."""
    wanted = f"keyring:{name}"
    try:
        for side, end in zip(("source", "destination"), ends_of(table), strict=True):
            if end.credentials == wanted:
                yield side, end, table.get("environment", {}).get("accept", ())
    except JobFileError:
        pass  # what is typed is no job yet
    for directory in all_runs(root)[:MOST_RUNS]:
        try:
            job = read_job(directory.job)
        except MigratorError:
            continue  # of a release that wrote other jobs, or half removed
        for side, end in (("source", job.source), ("destination", job.destination)):
            if end.credentials == wanted:
                yield side, end, sorted(job.environment)
