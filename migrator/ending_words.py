"""The end of a run in words: one claim, what stands behind it, and how sure it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, assert_never

from migrator.model.events import Summary
from migrator.model.ledger import Drift, Outcome
from migrator.model.objects import visible
from migrator.model.sizes import show_size
from migrator.phrases import count, in_books, number, objects_in
from migrator.reasons import ASSURANCES, PROPERTIES


class Ending(NamedTuple):
    """How a run ended: one claim, and what stands behind it."""

    headline: str
    detail: str


def ending(summary: Summary) -> Ending:
    """The end of a run in words. "Transfer successful!" is said only of a completed one."""
    ledger = summary.ledger
    if summary.cause == "dry-run":
        return Ending("Dry run: nothing was changed.", f"Rolling back would do this: {_undo_counts(summary)}")
    if summary.cause == "signed":
        read = count(in_books(ledger, "copied"), "copy", "copies")
        detail = f"{read} read. {drift(summary.drift)}".strip()
        return Ending("Every copy was read back and has its SHA-256.", detail)
    if summary.cause in {"found", "check"}:
        return Ending(summary.message, summary.advice)
    match summary.outcome:
        case Outcome.COMPLETED:
            end = _completed(ledger)
        case Outcome.FAILED:
            end = _failed(ledger)
        case Outcome.STOPPED:
            end = _stopped(summary)
        case Outcome.PAUSED:
            end = Ending(
                "Paused. Nothing is lost.",
                f"{objects_in(ledger, 'copied')} copied, {objects_in(ledger, 'left')} left.",
            )
        case Outcome.REFUSED:
            end = Ending("Not started. Nothing was written.", "")
        case Outcome.ROLLED_BACK:
            end = Ending("Rolled back. Everything this run wrote is gone again.", _undo_counts(summary))
        case Outcome.ROLLBACK_INCOMPLETE:
            left = summary.left_in_place or 0
            end = Ending(f"Rolled back, but {count(left, 'object')} had to stay.", _undo_counts(summary))
        case Outcome.PLANNED:
            end = Ending(
                f"{count(in_books(ledger, 'planned') - in_books(ledger, 'conflicts'), 'object')} to copy.",
                "Nothing was written.",
            )
        case Outcome.VERIFIED:
            end = Ending("Both sides agree.", f"{count(in_books(ledger, 'verified'), 'object')} compared.")
        case Outcome.CHECKED:
            end = Ending("Everything that the job needs is there.", "")
        case _:
            assert_never(summary.outcome)
    said = (
        end.detail,
        _not_as_they_were(summary),
        visible(summary.message),
        visible(summary.advice),
        drift(summary.drift),
    )
    return Ending(end.headline, " ".join(text for text in said if text))


def _not_as_they_were(summary: Summary) -> str:
    """Copies that lack what the job accepted to lose, and copies that were mended."""
    lost = [
        f"{number(n)} without their {PROPERTIES.get(name, name)}" for name, n in (summary.lost or {}).items()
    ]
    if summary.repaired:
        lost.append(f"{number(summary.repaired)} with a mended Content-Encoding (aws-chunked taken out)")
    return f"{'; '.join(lost)}." if lost else ""


def drift(change: Drift | None) -> str:
    """How the source changed meanwhile; empty where it did not, or where nobody looked."""
    if change is None:
        return ""
    pairs = ((change.added, "added"), (change.changed, "changed"), (change.removed, "removed"))
    parts = [f"{number(n)} {what}" for n, what in pairs if n]
    return f"The source changed meanwhile: {', '.join(parts)}." if parts else ""


def weakly_checked(ledger: Mapping[str, Any]) -> int:
    """Copies of which only the size is known to agree."""
    return int(ledger.get("assurance", {}).get("size", 0))


def not_copied(ledger: Mapping[str, Any]) -> int:
    """Objects that should have been copied and were not."""
    return sum(in_books(ledger, name) for name in ("failed", "conflicts", "unsupported"))


def _completed(ledger: Mapping[str, Any]) -> Ending:
    copied, planned, weak = in_books(ledger, "copied"), in_books(ledger, "planned"), weakly_checked(ledger)
    same, filtered = in_books(ledger, "same"), in_books(ledger, "filtered")
    besides = [f"{number(same)} already there"] * bool(same)
    besides += [f"{number(filtered)} left out by filters"] * bool(filtered)
    if not planned:
        return Ending("Nothing to copy.", f"{', '.join(besides)}." if besides else "Nothing was found.")
    tail = f" {', '.join(besides)}." if besides else ""
    if weak:
        return Ending(
            f"Copied {number(copied)}/{number(planned)}; {number(weak)} could be checked by size only.",
            f"Size alone cannot notice changed bytes.{tail}",
        )
    return Ending(
        f"Transfer successful! {number(copied)}/{number(planned)}",
        f"{count(in_books(ledger, 'verified'), 'object')} copied and verified, "
        f"{show_size(in_books(ledger, 'bytes_copied'))}.{tail}",
    )


def _failed(ledger: Mapping[str, Any]) -> Ending:
    wrong, verified = not_copied(ledger), in_books(ledger, "verified")
    if not wrong:
        return Ending("The run ended, but not everything is accounted for.", f"{verified:,} are verified.")
    total = in_books(ledger, "planned") + in_books(ledger, "unsupported")
    parts = [
        f"{number(in_books(ledger, name))} {what}"
        for name, what in (
            ("failed", "failed"),
            ("conflicts", "in conflict with what is there"),
            ("unsupported", "cannot be carried over whole"),
        )
        if in_books(ledger, name)
    ]
    other = f" {number(verified)} are copied and verified." if verified else " Nothing was copied."
    return Ending(f"{number(wrong)} of {count(total, 'object')} not copied.", ", ".join(parts) + "." + other)


def _stopped(summary: Summary) -> Ending:
    if summary.removed is not None or summary.restored is not None:
        return Ending("Roll back stopped before its end.", _undo_counts(summary))
    copied, left = in_books(summary.ledger, "copied"), in_books(summary.ledger, "left")
    if not copied:
        return Ending("Stopped. Nothing was copied.", "")
    are = "was copied and is" if copied == 1 else "were copied and are"
    return Ending(f"Stopped. {count(copied, 'object')} {are} still there.", f"{number(left)} left to copy.")


def _undo_counts(summary: Summary) -> str:
    pairs = (
        (summary.removed, "removed"),
        (summary.restored, "restored"),
        (summary.left_in_place, "left in place"),
    )
    return ", ".join(f"{number(n)} {what}" for n, what in pairs if n is not None) + "."


def how_sure(ledger: Mapping[str, Any]) -> str:
    """`480 content digest equal · 20 multipart ETag equal`, the strongest first."""
    levels = ledger.get("assurance", {})
    return " · ".join(
        f"{number(levels[level])} {ASSURANCES[level]}" for level in ASSURANCES if levels.get(level)
    )
