"""`keys set|test|forget NAME`: key pairs in the system's vault. No secret is ever taken from an argument."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from migrator import credentials, words
from migrator.credentials import Keys
from migrator.environment import variables
from migrator.errors import JobFileError, Problem, UsageError
from migrator.model.objects import visible

if TYPE_CHECKING:
    from migrator.config import End

#: Longer lines are no keys: somebody fed us a file.
_LINE_LIMIT = 16_384
_HOW = "Expected on standard input: access key ID, secret access key and, if there is one, session token"


def set_keys(options: argparse.Namespace) -> int:
    """Ask for keys (or read them from standard input) and store them.

    Raises:
        UsageError: they are not keys, or the system has no vault that takes them.
        CredentialsError: its vault spoils what it takes, and keeps that.
    """
    name = _name(options)
    pair = replace(_typed() if sys.stdin.isatty() else _read(), expires_at=options.expires)
    if problem := credentials.problem_of(pair):
        raise UsageError(problem, advice="Nothing was stored.")
    if not credentials.save(name, pair):
        vault = credentials.vault_name()
        reason = (
            f"{vault} did not take the keys" if vault else "This system has no key store that is known here"
        )
        raise UsageError(
            f"{reason}, so nothing was stored: what this command holds in memory ends with it.",
            advice='Use credentials = "env" with environment variables, or an AWS profile; the window keeps '
            "keys until it is closed.",
        )
    _tell(
        options,
        {"command": "set", "access_key_id": pair.masked, "stored_in": credentials.vault_name()},
        f"The keys {pair.masked} are in {credentials.vault_name()}, under the name {name}.\n"
        f'A job file refers to them with: credentials = "keyring:{name}"',
    )
    return 0


def test_keys(options: argparse.Namespace) -> int:
    """Try keys at the service they belong to; nothing is written there. 0: accepted, 2: not.

    Raises:
        UsageError: there are no such keys, or nowhere to try them.
    """
    from migrator.engine.ends import check_end, environment_of
    from migrator.engine.ports import Ports

    name = _name(options)
    pair = credentials.resolve(f"keyring:{name}", "keys test")
    is_accepted = True
    for side, end, accept in _ends(name, options):
        for message in environment_of((end,), accept):
            print(message, file=sys.stderr)
        found = check_end(end, side, pair, Ports())
        is_accepted = is_accepted and found.ok
        where = end.endpoint_url or f"AWS ({end.region})"
        if found.ok:
            data = {"command": "test", "ok": True, "end": where, "buckets": found.buckets}
            _tell(options, data, f"✔ {words.keys_accepted(name, where, found.buckets)}")
        else:
            said = f"{found.message} {found.advice}".strip()
            told = {"command": "test", "ok": False, "end": where, "message": found.message}
            _tell(options, {**told, "advice": found.advice}, f"✖ {visible(said)}", is_bad=True)
    return 0 if is_accepted else 2


def forget_keys(options: argparse.Namespace) -> int:
    """Remove keys from the vault, every entry of that name. Forgetting what is not there is no failure.

    Raises:
        CredentialsError: they are still there.
    """
    name = _name(options)
    were_there = credentials.forget(name)
    vault = credentials.vault_name()
    if were_there:
        said = f"The keys {name} are forgotten: they are no longer in {vault}."
    elif vault:
        said = f"There were no keys {name} in {vault}."
    else:
        said = "This system has no key store that is known here: nothing is stored anywhere."
    _tell(options, {"command": "forget", "were_there": were_there, "stored_in": vault}, said)
    return 0


# -- reading keys ---------------------------------------------------------------------------------


def _name(options: argparse.Namespace) -> str:
    name: str = options.key_name
    if not credentials.is_key_name(name):
        raise UsageError(
            f'"{visible(name, 40)}" is not a name for keys.',
            advice="Allowed: up to 200 printable characters without a colon, e.g. aws, lyve-archive.",
        )
    return name


def _typed() -> Keys:
    """Keys from a terminal; only the access key ID shows while it is typed."""
    print("Access key ID: ", end="", file=sys.stderr, flush=True)
    access = sys.stdin.readline(_LINE_LIMIT).strip()
    with warnings.catch_warnings():
        # Where the terminal cannot be kept from showing what is typed, that is no place to type a secret.
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            secret = getpass.getpass("Secret access key (does not show): ").strip()
            token = getpass.getpass("Session token (Enter if there is none): ").strip()
        except getpass.GetPassWarning:
            raise UsageError(
                "This terminal would show the secret.", advice=f"{_HOW}, each on a line of its own."
            ) from None
        except EOFError:
            raise UsageError("The input ended before the keys did.") from None
    return Keys(access, secret, token)


def _read() -> Keys:
    """Keys from standard input, a line each."""
    lines = [sys.stdin.readline(_LINE_LIMIT).strip() for _ in range(4)]
    access, secret, token, more = lines
    if not (access and secret) or more or any(len(line) >= _LINE_LIMIT - 1 for line in lines):
        raise UsageError(f"{_HOW}, each on a line of its own.", advice="Nothing was stored.")
    return Keys(access, secret, token)


# -- where to try them ----------------------------------------------------------------------------


def _ends(name: str, options: argparse.Namespace) -> Iterator[tuple[str, End, Sequence[str]]]:
    """Side, end, and the variables of the environment that may redirect traffic to it."""
    from migrator.config import End, read_job
    from migrator.job_rules import Checker

    if options.job is not None:
        if options.endpoint_url or options.region:
            raise UsageError("--job says where the keys belong: leave out --endpoint-url and --region.")
        job = read_job(options.job)
        ends = [(side, getattr(job, side)) for side in ("source", "destination")]
        found = [(side, end) for side, end in ends if end.credentials == f"keyring:{name}"]
        if not found:
            raise UsageError(f'Neither end of {options.job} says credentials = "keyring:{name}".')
        for side, end in found:
            yield side, end, sorted(job.environment)
        return
    table = {"endpoint_url": options.endpoint_url or "", "region": options.region or ""}
    check = Checker({"keys": table})
    url = check.endpoint("keys", "s3") if table["endpoint_url"] else ""
    region = check.region("keys", "s3", url)
    if check.problems:
        options_of = {"keys.endpoint_url": "--endpoint-url", "keys.region": "--region"}
        raise JobFileError([Problem(options_of[each.field], each.message) for each in check.problems])
    provider: Any = "s3" if url else "aws"
    region = region or ("" if url else "us-east-1")
    # No job says what may redirect traffic, and somebody looks on: it is told, and done.
    all_of_them = [each.name for each in variables(os.environ)]
    yield "test", End(provider=provider, bucket="", region=region, endpoint_url=url), all_of_them


def _tell(options: argparse.Namespace, data: dict[str, Any], text: str, *, is_bad: bool = False) -> None:
    if options.json:
        stamp = datetime.now(UTC).isoformat(timespec="milliseconds")
        print(json.dumps({"event": "keys", "time": stamp, "name": options.key_name, **data}))
    elif is_bad or not options.quiet:
        print(text)
