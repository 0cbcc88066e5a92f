"""Starting one of the system's own programs, quietly. Tests put another starter in its place."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from typing import IO, Protocol

from migrator.redacting import for_others

#: How long a program that was asked to end may take before it is ended.
END_S = 2.0
#: Of what a program says, so much is read.
MOST_SAID_BYTES = 64 * 1024


class Child(Protocol):
    """A program that was started."""

    def poll(self) -> int | None:
        """Its exit code, None while it runs."""

    def end(self) -> None:
        """Let it end, and wait for it."""


Starter = Callable[[Sequence[str]], Child]


class Process:
    """A real one. Its standard input stays open as long as we live: who reads it ends with us, whatever
    becomes of us."""

    def __init__(self, command: Sequence[str]) -> None:
        self._process = _popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)

    def poll(self) -> int | None:
        code: int | None = self._process.poll()
        return code

    def end(self) -> None:
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            _kill(self._process)


def _popen(command: Sequence[str], *, stdin: int, stdout: int | IO[bytes]) -> subprocess.Popen[bytes]:
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NO_WINDOW
    return subprocess.Popen(  # noqa: S603  (commands of ours, without a shell)
        list(command),
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.DEVNULL,
        env=_environment(),
        creationflags=flags,
    )


def _kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):  # the system keeps it: then nobody waits for it
        process.wait(END_S)


def _environment() -> dict[str, str]:
    """Ours without secrets; and of the executable's, without the way to the libraries that it brings along: a
    program of the system's would be started with them, and fail."""
    environment = for_others(os.environ)
    if getattr(sys, "frozen", False):
        environment.pop("LD_LIBRARY_PATH", None)
        if (before := environment.pop("LD_LIBRARY_PATH_ORIG", None)) is not None:
            environment["LD_LIBRARY_PATH"] = before
        # Our own program (the demo) unpacks itself anew: what we have unpacked goes away with us.
        environment["PYINSTALLER_RESET_ENVIRONMENT"] = "1"
    return environment


def start(command: Sequence[str]) -> Process:
    """Start a program.

    Raises:
        OSError: there is none of that name, or it cannot be started.
    """
    return Process(command)


class Answer(Protocol):
    """What a program says, once it has said it."""

    def poll(self) -> str | None:
        """Its words, empty where it failed; None while it runs."""

    def end(self) -> None:
        """It takes too long: nobody waits for it any more."""


Asker = Callable[[Sequence[str]], Answer]


class Asked:
    """A real one. It speaks into a file: a pipe would stay open for as long as a program that it started in
    turn has it, and whoever reads it would wait."""

    def __init__(self, command: Sequence[str]) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  (closed with the last word)
        try:
            self._process = _popen(command, stdin=subprocess.DEVNULL, stdout=self._file)
        except OSError:
            self._file.close()
            raise

    def poll(self) -> str | None:
        code = self._process.poll()
        if code is None:
            return None
        with self._file as file:
            file.seek(0)
            said = file.read(MOST_SAID_BYTES)
        return said.decode("utf-8", "replace") if code == 0 else ""

    def end(self) -> None:
        _kill(self._process)
        self._file.close()


def ask(command: Sequence[str]) -> Asked:
    """Start a program for what it says.

    Raises:
        OSError: there is none of that name, or it cannot be started.
    """
    return Asked(command)
