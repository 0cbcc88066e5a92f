"""Secrets are masked by their value, however they are written, and nothing else is."""

from __future__ import annotations

import base64
import html
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator import redacting
from migrator.credentials import Keys, keep_for_session
from migrator.errors import JobFileError
from migrator.job_file import job_text
from migrator.model.events import ObjectFailed, Summary
from migrator.model.ledger import Ledger, Outcome
from migrator.redacting import (
    LEAST_CHARS,
    MOST_SECRETS,
    for_others,
    learn,
    learn_environment,
    redacted,
    without_secrets,
)

SECRET = 'wJalr/XUtn+FEMI=K7"MD<EN&G'


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redacting, "_known", {})
    monkeypatch.setattr(redacting, "_forms", ())


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


WRITTEN: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "percent": lambda s: quote(s, safe=""),
    "percent, slashes kept": quote,
    "percent in small letters": lambda s: re.sub("%..", lambda each: each[0].lower(), quote(s, safe="")),
    "of a form": quote_plus,
    "percent twice": lambda s: quote(quote(s, safe=""), safe=""),
    "JSON": json.dumps,
    "JSON with slashes escaped": lambda s: json.dumps(s).replace("/", "\\/"),
    "JSON within JSON": lambda s: json.dumps(json.dumps(s)),
    "JSON, everything escaped": lambda s: "".join(c if c.isalnum() else f"\\u{ord(c):04x}" for c in s),
    "HTML": html.escape,
    "HTML by numbers": lambda s: "".join(c if c.isalnum() else f"&#{ord(c)};" for c in s),
    "HTML by hexadecimal numbers": lambda s: "".join(c if c.isalnum() else f"&#x{ord(c):X};" for c in s),
    "Python": repr,
    "Python, of bytes": lambda s: repr(s.encode()),
    "base64": b64,
    "base64 after a user": lambda s: b64(f"user:{s}"),
    "base64 after another user": lambda s: b64(f"AKIA12:{s}"),
    "base64 before more": lambda s: b64(f"{s}, and more"),
    "base64 in the middle": lambda s: b64(f"abcd{s}xyz"),
    "base64 for addresses": lambda s: base64.urlsafe_b64encode(f"u:{s}".encode()).decode(),
    "hexadecimal": lambda s: s.encode().hex(),
    "HEXADECIMAL": lambda s: s.encode().hex().upper(),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_a_secret_is_masked_however_it_is_written(name: str) -> None:
    written = WRITTEN[name](SECRET)
    learn(SECRET)
    text = redacted(f"before {written} after")
    assert text.startswith("before ")
    assert text.endswith(" after")
    assert "***" in text
    assert not [part for part in pieces(written) if part in text]


def pieces(written: str, length: int = 12) -> Iterator[str]:
    """Every stretch of that many characters, save at both ends of base64, which hold its neighbours too."""
    return (written[at : at + length] for at in range(4, len(written) - length - 4))


@settings(deadline=None)  # the machine may be busy
@given(st.text(min_size=LEAST_CHARS, max_size=60), st.text(max_size=20), st.text(max_size=20))
def test_any_secret_in_any_text_is_masked(secret: str, before: str, after: str) -> None:
    redacting._known, redacting._forms = {}, ()
    learn(secret)
    assert secret not in redacted(before + secret + after) or secret in before + "***" + after


@settings(deadline=None)
@given(st.text(max_size=60))
def test_other_text_stays_as_it_is(text: str) -> None:
    redacting._known, redacting._forms = {}, ()
    learn("wJalrXUtnFEMI/K7MDENG", "FwoGZXIvYXdzEBYaDG==")
    assert redacted(text) == text


def test_several_secrets_also_one_within_another() -> None:
    learn("abcdefgh", "xxabcdefghxx", "12345678")
    assert redacted("xxabcdefghxx abcdefgh 12345678") == "*** *** ***"


def test_short_values_are_no_secrets() -> None:
    learn("", "short", "1234567")
    assert redacted("short 1234567") == "short 1234567"


def test_what_is_remembered_has_a_bound() -> None:
    for number in range(MOST_SECRETS + 5):
        learn(f"secret-number-{number}-of-many")
    assert len(redacting._known) == MOST_SECRETS
    assert redacted(f"secret-number-{MOST_SECRETS + 4}-of-many") == "***"


def test_keys_are_learned_when_they_come_to_be() -> None:
    Keys("AKIA", "secret-of-a-new-pair", "token-of-a-new-pair")
    assert redacted("secret-of-a-new-pair, token-of-a-new-pair") == "***, ***"


def test_keys_of_another_process_are_learned() -> None:
    """Values that come through a pipe are not made, but filled in."""
    pair = Keys("AKIA", "secret-from-a-pipe")
    redacting._known, redacting._forms = {}, ()
    keep_for_session("of the pipe", pair)
    assert redacted("secret-from-a-pipe") == "***"


@pytest.mark.parametrize(
    ("name", "value", "masked"),
    [
        ("MIGRATOR_SOURCE_SECRET_ACCESS_KEY", "value-0123456789", "value-0123456789"),
        ("MIGRATOR_DESTINATION_SESSION_TOKEN", "value-0123456789", "value-0123456789"),
        ("AWS_SECRET_ACCESS_KEY", "value-0123456789", "value-0123456789"),
        ("AWS_SESSION_TOKEN", "value-0123456789", "value-0123456789"),
        ("AWS_SECURITY_TOKEN", "value-0123456789", "value-0123456789"),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "value-0123456789", "value-0123456789"),
        ("HTTPS_PROXY", "http://me:pass-word-12@proxy:8080", "pass-word-12"),
        ("https_proxy", "me:pass%2Fword-12@proxy:8080", "pass/word-12"),
    ],
)
def test_the_environment_is_learned(name: str, value: str, masked: str) -> None:
    learn_environment({name: value, "PATH": "/usr/bin:/usr/local/bin", "NO_PROXY": "http://[broken"})
    assert redacted(f"<{masked}>") == "<***>"
    assert redacted("/usr/bin:/usr/local/bin") == "/usr/bin:/usr/local/bin"


@dataclass(frozen=True)
class Nested:
    inner: tuple[ObjectFailed, ...]


def test_events_are_masked_wherever_the_text_is() -> None:
    learn(SECRET)
    failed = ObjectFailed("key", 1, "cause", f"said {SECRET}")
    assert without_secrets(failed) == ObjectFailed("key", 1, "cause", "said ***")
    assert without_secrets(Nested((failed,))).inner[0].message == "said ***"
    books = Ledger().as_dict()
    end = Summary("", Outcome.FAILED, 0.0, {**books, "note": SECRET}, message=SECRET)
    assert without_secrets(end) == Summary("", Outcome.FAILED, 0.0, {**books, "note": "***"}, message="***")
    assert without_secrets(end).outcome is Outcome.FAILED


def test_an_event_without_a_secret_is_the_same_one() -> None:
    learn(SECRET)
    event = ObjectFailed("key", 1, "cause", "message")
    assert without_secrets(event) is event


def test_a_job_with_a_secret_in_a_value_is_not_written() -> None:
    learn(SECRET)
    with pytest.raises(JobFileError, match=r"source\.region: contains a secret") as caught:
        job_text({"version": 1, "source": {"provider": "aws", "region": SECRET}})
    assert SECRET not in str(caught.value)


CRASHES = {
    "nobody caught it": "raise ValueError({secret!r})",
    "nobody caught it, and what led to it": (
        "try:\n  raise KeyError({secret!r})\nexcept KeyError as cause:\n  raise ValueError('x') from cause"
    ),
    "in a thread": (
        "import threading\ndef f(): raise ValueError({secret!r})\nt = threading.Thread(target=f)\n"
        "t.start(); t.join(); raise SystemExit(1)"
    ),
    "printed": "print({secret!r}); print({secret!r}, file=sys.stderr); raise SystemExit(1)",
    "printed to a stream that is not ours": (
        "import io, traceback\nfile = sys.stderr = io.StringIO()\ntry:\n  raise ValueError({secret!r})\n"
        "except ValueError: sys.excepthook(*sys.exc_info())\nprint(file.getvalue())\n"
        "raise SystemExit(7 if {secret!r} in file.getvalue() else 1)"
    ),
    "logged": "import logging; logging.error({secret!r}); raise SystemExit(1)",
    "warned": "import warnings; warnings.warn({secret!r}); raise SystemExit(1)",
    "nobody could catch it": (
        "class Bad:\n  def __del__(self): raise ValueError({secret!r})\nBad(); raise SystemExit(1)"
    ),
}


@pytest.mark.parametrize("name", CRASHES)
def test_what_the_process_prints_on_its_way_out_holds_no_secret(name: str) -> None:
    program = (
        "import os, sys\nfrom migrator.redacting import guard_process\nguard_process(os.environ)\n"
        "secret = os.environ['AWS_SECRET_ACCESS_KEY']\n" + CRASHES[name].replace("{secret!r}", "secret")
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env={"AWS_SECRET_ACCESS_KEY": SECRET, "PATH": ""},
        cwd=redacting.__file__.rpartition("migrator")[0],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 1
    assert "***" in ended.stdout + ended.stderr
    assert SECRET not in ended.stdout + ended.stderr


def test_programs_of_others_get_no_secret_out_of_the_environment() -> None:
    mine = {"PATH": "/bin", "AWS_SECRET_ACCESS_KEY": "a", "MIGRATOR_SOURCE_SESSION_TOKEN": "b", "HOME": "/"}
    assert for_others(mine) == {"PATH": "/bin", "HOME": "/"}
