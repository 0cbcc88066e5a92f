"""Writing the job file: what "Generate Config File" and `demo` put on disk."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from migrator.config import LARGEST_JOB_BYTES
from migrator.errors import JobFileError, Problem
from migrator.redacting import redacted

_COMMENTS = {
    "source": "where objects come from; it is only read",
    "destination": "where they go",
    "filters": "all optional; an absent one filters nothing",
    "transfer": "how",
    "environment": "variables that may redirect traffic",
    "carry": "what travels besides bytes, system headers and user metadata",
}


def job_text(table: Mapping[str, Any]) -> str:
    """TOML of the job file's shape. Empty values are left out: absent means the default.

    Raises:
        JobFileError: a secret that we know stands in one of the values; or it is larger than what is read, so
            that a run with it could be neither resumed nor undone.
    """
    import tomlkit

    refuse_secrets(table)
    document = tomlkit.document()
    document.add(tomlkit.comment("AWS S3 <> Lyve Cloud Data Migration: a job. There are no secrets in here."))
    for name, value in table.items():
        if isinstance(value, Mapping):
            section = tomlkit.table()
            if name in _COMMENTS:
                section.comment(_COMMENTS[name])
            for field, entry in value.items():
                if entry not in ("", None, [], ()):
                    section.add(field, list(entry) if isinstance(entry, tuple) else entry)
            if len(section):
                document.add(name, section)
        elif value not in ("", None):
            document.add(name, value)
    text = tomlkit.dumps(document)
    if len(text.encode(errors="surrogatepass")) > LARGEST_JOB_BYTES:
        raise JobFileError([Problem("file", f"would be larger than {LARGEST_JOB_BYTES:,} bytes")])
    return text


def refuse_secrets(table: Mapping[str, Any], section: str = "") -> None:
    """A job with a secret in it is neither written nor shown.

    Raises:
        JobFileError: a secret that we know stands in one of the values.
    """
    for name, value in table.items():
        if isinstance(value, Mapping):
            refuse_secrets(value, f"{section}{name}.")
        elif redacted(str(value)) != str(value):
            raise JobFileError(
                [
                    Problem(
                        f"{section}{name}",
                        "contains a secret key or session token. Take it out: it goes no further.",
                    )
                ]
            )


def write_private(path: Path, text: str) -> None:
    """Write a file atomically, readable by its owner only from its first byte on.

    Raises:
        OSError: it could not be written; an older file is untouched.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # mkstemp creates with mode 0600.
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
