"""Secrets that are easy to find again, and the search for them: in texts, files, processes and widgets."""

from __future__ import annotations

import base64
import html
import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import psutil

#: Every stretch of so many characters counts: half a secret is a leak too.
STRETCH = 12

SOURCE_SECRET = "CanarySrc/Qm7+zK4=vT9wXbR2nL8p"
SOURCE_TOKEN = "CanaryTok/src+5hY=gJ3dF6sA1cVuE0iO"
DESTINATION_SECRET = "CanaryDst/Nw5+hP8=kR3mZsX6qC1tB"
DESTINATION_TOKEN = "CanaryTok/dst+9jU=fG7bK2xM4lWyS8aD"
SECRETS = (SOURCE_SECRET, SOURCE_TOKEN, DESTINATION_SECRET, DESTINATION_TOKEN)


def written(secret: str) -> dict[str, str]:
    """A secret as programs, proxies and services write it."""
    return {
        "as it is": secret,
        "percent": quote(secret, safe=""),
        "JSON": json.dumps(secret).replace("/", "\\/")[1:-1],
        "HTML": html.escape(secret).replace("+", "&#43;"),
        "base64": base64.b64encode(f"user:{secret}".encode()).decode(),
        "hexadecimal": secret.encode().hex(),
    }


def _needles() -> dict[str, str]:
    """Stretches of all secrets in all spellings, and what each is a part of."""
    found = {}
    for secret in SECRETS:
        for name, text in written(secret).items():
            # Both ends of base64 hold bits of their neighbours, and the name of the user.
            inner = text[12:-4] if name == "base64" else text
            for at in range(len(inner) - STRETCH + 1):
                found[inner[at : at + STRETCH]] = f"{secret[:13]}, {name}"
    return found


_NEEDLES = _needles()


def leaks(text: str) -> set[str]:
    """What of the secrets is in a text."""
    return {
        _NEEDLES[text[at : at + STRETCH]]
        for at in range(len(text) - STRETCH + 1)
        if text[at : at + STRETCH] in _NEEDLES
    }


def must_be_clean(what: str, text: str | bytes) -> None:
    """Fail where a secret, or a part of one, is in a text. Bytes are searched as they are."""
    found = leaks(text.decode("latin-1") if isinstance(text, bytes) else text)
    assert not found, f"{what} holds {sorted(found)}"


def must_be_clean_below(folder: Path) -> int:
    """Every file below a folder, by its name and its bytes (SQLite's free pages too); how many there were."""
    count = 0
    for path in folder.rglob("*"):
        must_be_clean("a file's name", str(path.relative_to(folder)))
        if path.is_file():
            count += 1
            must_be_clean(str(path.relative_to(folder)), path.read_bytes())
    return count


class Children:
    """Arguments and environments of all processes that a process started, looked at while it runs."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.arguments: dict[int, list[str]] = {}
        self.environments: dict[int, Mapping[str, str]] = {}

    def watch(self) -> None:
        """Look until the process ends."""
        while self._process.poll() is None:
            self.look()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(0.05)

    def look(self) -> None:
        with suppress(psutil.Error):
            for child in psutil.Process(self._process.pid).children(recursive=True):
                with suppress(psutil.Error):
                    arguments, environment = child.cmdline(), child.environ()
                    if arguments:  # one that is ending has none any more
                        self.arguments[child.pid] = arguments
                        self.environments[child.pid] = environment

    def must_be_clean(self) -> None:
        for arguments in self.arguments.values():
            must_be_clean("an argument of a process", " ".join(arguments))
        for environment in self.environments.values():
            for name, value in environment.items():
                must_be_clean(f"the variable {name} of a child", value)


def spellings() -> Iterator[str]:
    """All secrets in all spellings: what a hostile answer says."""
    for secret in SECRETS:
        yield from written(secret).values()
