"""The answer to `why` in sentences: what happened to one key, why, how sure, and what undoing would do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from migrator.model.objects import visible
from migrator.model.sizes import show_size
from migrator.model.why import Answer
from migrator.phrases import count, reason
from migrator.reasons import ADVICE, ASSURANCES, CONFLICTS, FILTERS, UNDO_REASONS, UNSUPPORTED

_OUTCOMES: Mapping[str, str] = {
    "copied": "Copied and verified.",
    "same": "Already at the destination with the same content, so it was not copied again.",
    "filtered": "Left out by a rule of the job:",
    "unsupported": "Not copied, because a copy would not be whole.",
    "conflict": "Not copied: in conflict with what the destination has.",
    "failed": "Not copied: it failed.",
    "left": "Planned, and not copied yet: the run has not come to its end.",
    "hidden": "An object of ours, hidden from listings and from every count.",
    "not-listed": "No such key is on record in this run.",
}

_FOUND: Mapping[str, str] = {
    "visible": "The key was given as reports show it.",
    "destination": "That is its name at the destination; the source calls it as above.",
}

_NOT_LISTED: Mapping[str, str] = {
    "outside-prefix": "It does not begin with the job's source prefix, so it was never asked for:",
    "not-yet": "The run's listing has not come that far; resuming the run goes on with it. Listed up to:",
    "not-in-listing": "The source did not list it when the run looked: it was not there, or was added later. "
    "A new run lists everything anew.",
}

_KINDS: Mapping[str, str] = {
    "saved": "It is the old content of an object that the run replaced, kept so that it can be brought back.",
    "probe": "It tried what the destination honours, before anything was copied.",
}
_THERE: Mapping[str, str] = {
    "intent": "It was announced, and never seen at its place.",
    "there": "It is kept until the run is accepted or rolled back.",
    "gone": "It was removed again.",
}

#: What a roll back did.
_UNDONE: Mapping[str, str] = {
    "deleted": "Rolled back: the copy was removed.",
    "restored": "Rolled back: what was there before is back.",
    "done": "Rolled back: there was nothing left to do.",
    "delete-intent": "A roll back broke off while removing the copy; roll back again.",
    "restore-intent": "A roll back broke off while bringing back what was there; roll back again.",
}
#: What one would do; before that it looks whether the copy is still ours and the source still holds it.
_WOULD: Mapping[str, str] = {
    "nothing": "Rolling back would do nothing here.",
    "look": "Rolling back would look at what is there, and remove what is provably ours.",
    "absent": "Rolling back would remove the copy, if it is still ours and the source still has the object.",
    "version": "Rolling back would remove our version; the one it replaced is below it.",
    "saved": "Rolling back would bring back what was there before, from the copy kept aside.",
    "marker": "Rolling back would remove the copy and mark the key as deleted, as it was.",
    "lost": "Rolling back would leave the copy: what it replaced cannot be brought back.",
}
_NOTHING: Mapping[str, str] = {
    "accepted": "The run was accepted: its undo has ended.",
    "never-written": "Nothing was written for this key.",
}


def why_text(answer: Answer) -> str:
    """The answer for people, on a few lines. Keys whole: nothing is cut."""
    return "\n".join([visible(answer.key), *(f"  {line}" for line in _lines(answer))])


def _lines(answer: Answer) -> Iterator[str]:
    what = _OUTCOMES.get(answer.outcome, answer.outcome)
    because = _because(answer)
    yield f"{what} {because}".strip() if answer.outcome in {"filtered"} else what
    if answer.found in _FOUND:
        yield _FOUND[answer.found]
    if because and answer.outcome != "filtered":
        yield because
    if answer.outcome in {"conflict", "unsupported"} and answer.reason in ADVICE:
        yield ADVICE[answer.reason]
    if answer.source_etag or answer.size_bytes is not None:
        yield _source(answer)
    if answer.source_version_id:
        what = "delete marker" if answer.kind == "marker" else "version"
        yield f"about the newest {what} of the key, {visible(answer.source_version_id)}"
    if answer.outcome == "copied":
        yield from _copy(answer)
    if answer.older:
        yield "older versions of the key:"
        yield from (f"  {visible(version)}  {outcome}" for version, outcome in answer.older)
    if answer.outcome not in {"not-listed"}:
        yield f"when: {answer.at}" + (f", {count(answer.attempts, 'attempt')}" if answer.attempts else "")
    if answer.outcome not in {"not-listed", "hidden"}:
        yield _undo(answer)
    if answer.near:
        yield "Keys on record that look alike:"
        yield from (f"  {visible(key)}  ({_spelled(key)})" for key in answer.near)


def _because(answer: Answer) -> str:
    setting = visible(answer.setting)
    match answer.outcome:
        case "filtered":
            return f"{reason(FILTERS, answer.reason)}{f' ({setting})' if setting else ''}."
        case "unsupported":
            return reason(UNSUPPORTED, answer.reason)
        case "conflict":
            return reason(CONFLICTS, answer.reason)
        case "failed":
            return f"{visible(answer.message)} ({visible(answer.reason)})".strip()
        case "hidden":
            about = f" Its object: {visible(answer.message)}." if answer.message else ""
            return f"{_KINDS.get(answer.reason, answer.reason)} {_THERE.get(answer.setting, '')}{about}"
        case "not-listed":
            rest = f" {setting}" if answer.reason in {"outside-prefix", "not-yet"} else ""
            return f"{_NOT_LISTED.get(answer.reason, answer.reason)}{rest}"
        case _:
            return ""


def _source(answer: Answer) -> str:
    size = show_size(answer.size_bytes or 0)
    exact = f" ({answer.size_bytes:,} bytes)" if (answer.size_bytes or 0) >= 1000 else ""
    if not answer.source_etag:
        return f"size: {size}{exact}"
    return f"source: {size}{exact}, ETag {visible(answer.source_etag)}, of {answer.source_last_modified}"


def _copy(answer: Answer) -> Iterator[str]:
    version = f", version {visible(answer.destination_version_id)}" if answer.destination_version_id else ""
    if answer.kind == "marker":
        yield f"copy: {visible(answer.destination_key)}, a delete marker{version}"
        return
    yield f"copy: {visible(answer.destination_key)}, ETag {visible(answer.destination_etag)}{version}"
    sure = ASSURANCES.get(answer.assurance, answer.assurance)
    yield f"how sure: {sure}; {answer.digest_algorithm} {answer.digest}"
    if answer.replaced_etag:
        kept = f", kept as {visible(answer.saved_as)}" if answer.saved_as else ""
        yield f"it replaced an object with ETag {visible(answer.replaced_etag)}{kept}"


def _undo(answer: Answer) -> str:
    if answer.undo:
        because = UNDO_REASONS.get(answer.undo_reason) or reason(UNDO_REASONS, answer.undo)
        return _UNDONE.get(answer.undo) or f"Rolled back: {because}"
    because = _NOTHING.get(answer.undo_reason, "")
    return f"{_WOULD.get(answer.would, answer.would)} {because}".strip()


def _spelled(key: str) -> str:
    """What tells look-alikes apart: every character that is not ASCII, by its code."""
    return "".join(char if char.isascii() and char.isprintable() else f"\\u{{{ord(char):x}}}" for char in key)
