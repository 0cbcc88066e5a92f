"""What is known about one key of a run: the answer to `why`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known about one key.

    `outcome` is the ledger's word, or `not-listed`, or `hidden` (ours, under the reserved prefix). `found`
    says how the key that was `asked` about leads to `key`: `exact`, `visible` (as reports show it) or
    `destination` (its name there); empty where nothing was found. `reason` is the code of a rule, conflict
    or cause; `setting` the job's value behind it. `at` (ISO, UTC) is the last change, or when the run began
    where only its plan decided. `undo` is what a roll back did, `would` what it would do, `undo_reason` why.
    Where whole histories are copied the answer is about the newest version, `source_version_id`; `kind` is
    `marker` for a delete marker; `older` are the versions below it, each with its outcome.
    `history` are the changes of its state with their times. `near` are keys on record that look alike.
    """

    run: str
    asked: str
    key: str
    outcome: str
    found: str = ""
    reason: str = ""
    setting: str = ""
    message: str = ""
    at: str = ""
    size_bytes: int | None = None
    source_etag: str = ""
    source_last_modified: str = ""
    storage_class: str = ""
    destination_key: str = ""
    destination_etag: str = ""
    destination_version_id: str = ""
    replaced_etag: str = ""
    saved_as: str = ""
    attempts: int = 0
    digest: str = ""
    digest_algorithm: str = ""
    assurance: str = ""
    undo: str = ""
    would: str = ""
    undo_reason: str = ""
    kind: str = ""
    source_version_id: str = ""
    older: tuple[tuple[str, str], ...] = ()
    history: tuple[tuple[str, str], ...] = ()
    near: tuple[str, ...] = ()
