"""What the command line prints: for people, and for scripts."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from migrator.console import BAR_EVERY_S, LINE_EVERY_S, MOST_LINES, Foreseen, JsonLines, LogFile, Text
from migrator.model import events
from migrator.model.events import Event, Phase, PhaseChanged, RunStarted, Summary
from migrator.model.ledger import Assurance, Ledger, Outcome

STARTED = RunStarted("20260102T030405Z-abcdef", "run", "AWS photos/", "Lyve Cloud copy/", 16)
BOOKS = Ledger(listed=4, planned=4, copied=4, verified=4, bytes_planned=4000, bytes_copied=4000)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


def end(outcome: Outcome = Outcome.COMPLETED, books: Ledger = BOOKS, exit_code: int = 0) -> Summary:
    return Summary(STARTED.run, outcome, 12.0, books.as_dict(), exit_code=exit_code)


def listing(final: bool = True, planned: int = 4) -> Event:
    return events.ListingProgress(planned, 1000 * planned, planned, 1000 * planned, 0, 0, 0, 0, {}, final)


def shown(
    *happened: Event, err: io.StringIO | None = None, step_s: float = 1.0, **how: bool
) -> tuple[str, str]:
    """stdout and stderr after these events, `step_s` apart."""
    out, err, clock = io.StringIO(), err or io.StringIO(), Clock()
    face = Text(out, err, now=clock, **how)
    for event in happened:
        face.show(event)
        clock.time += step_s
    return out.getvalue(), err.getvalue()


WHOLE = (
    STARTED,
    PhaseChanged(Phase.LISTING),
    listing(final=False),
    listing(),
    PhaseChanged(Phase.COPYING),
    *(events.TransferProgress(1000 * n, ()) for n in range(4)),
    *(events.ObjectCopied(f"key {n}", 1000, Assurance.DIGEST.value) for n in range(4)),
)


def test_without_a_terminal_there_is_no_bar() -> None:
    out, err = shown(*WHOLE, end(), step_s=LINE_EVERY_S + 1)
    assert "\x1b" not in out + err
    assert "\r" not in out + err
    assert "4/4" in err


def test_without_a_terminal_progress_comes_every_ten_seconds() -> None:
    ticks = [events.TransferProgress(n, ()) for n in range(1000)]
    _, err = shown(STARTED, listing(), PhaseChanged(Phase.COPYING), *ticks, step_s=0.1)
    assert 8 <= sum("0/4" in line for line in err.splitlines()) <= 11


def test_on_a_terminal_there_is_a_bar_that_goes_away() -> None:
    err = Terminal()
    out, _ = shown(*WHOLE, end(), err=err, step_s=BAR_EVERY_S * 2)
    text = err.getvalue()
    assert "█" in text
    assert text.endswith("\r\x1b[2K")
    assert "\x1b" not in out


def test_the_result_stands_on_stdout_and_nothing_else() -> None:
    out, _ = shown(*WHOLE, end())
    assert out.splitlines()[0] == "✔ Transfer successful! 4/4"


@pytest.mark.parametrize(
    ("outcome", "books", "exit_code", "headline", "hint"),
    [
        (Outcome.COMPLETED, BOOKS, 0, "✔ Transfer successful! 4/4", False),
        (Outcome.COMPLETED, Ledger(listed=2, same=2), 0, "✔ Nothing to copy.", False),
        (
            Outcome.COMPLETED,
            Ledger(listed=2, planned=2, copied=2, verified=2, assurance={"size": 1, "digest": 1}),
            0,
            "✔ Copied 2/2; 1 could be checked by size only.",
            False,
        ),
        (
            Outcome.FAILED,
            Ledger(listed=4, planned=4, copied=3, verified=3, failed=1),
            1,
            "✖ 1 of 4 objects not copied.",
            True,
        ),
        (
            Outcome.STOPPED,
            Ledger(listed=4, planned=4, copied=1, verified=1, left=3),
            130,
            "✔ Stopped. 1 object was copied and is still there.",
            True,
        ),
        (Outcome.PAUSED, Ledger(listed=4, planned=4, left=4), 5, "✖ Paused. Nothing is lost.", True),
        (Outcome.REFUSED, Ledger(), 3, "✖ Not started. Nothing was written.", False),
    ],
)
def test_the_headline_says_how_it_ended_and_what_can_be_done(
    outcome: Outcome, books: Ledger, exit_code: int, headline: str, hint: bool
) -> None:
    out, _ = shown(STARTED, end(outcome, books, exit_code))
    assert out.splitlines()[0] == headline
    assert (f"migrator resume {STARTED.run}" in out) is hint
    assert (f"migrator rollback {STARTED.run}" in out) is hint


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.COMPLETED])
def test_success_is_claimed_of_nothing_but_success(outcome: Outcome) -> None:
    out, err = shown(STARTED, end(outcome))
    assert "successful" not in (out + err).lower()


def test_failures_are_grouped_at_the_end() -> None:
    failed = [events.ObjectFailed(f"{n}", 1, "AccessDenied", "Access denied.", "Ask.") for n in range(500)]
    out, err = shown(STARTED, listing(), *failed, end(Outcome.FAILED, exit_code=1))
    assert "500 × Access denied. Ask." in out
    assert err.count("Access denied.") == MOST_LINES
    assert "more of these are in the report" in err


def test_quiet_leaves_errors_and_the_result() -> None:
    failed = events.ObjectFailed("key", 1, "AccessDenied", "Access denied.")
    out, err = shown(*WHOLE, failed, end(Outcome.FAILED, exit_code=1), quiet=True, step_s=60)
    assert err.splitlines() == ["✖ key  Access denied."]
    assert out


def test_verbose_tells_every_object() -> None:
    copied = [events.ObjectCopied(f"key {n}", 1, "digest") for n in range(50)]
    assert shown(STARTED, *copied, verbose=True)[1].count("content digest equal") == 50
    assert "key 3" not in shown(STARTED, *copied)[1]


def test_hostile_keys_do_nothing_to_the_terminal() -> None:
    key = "\x1b]0;title\x07\u202eevil\r\n"
    happened: list[Event] = [
        events.ObjectFailed(key, 1, "c", f"message {key}"),
        events.ObjectConflict(key, "exists"),
        events.ObjectUndone(key, "left", "not-ours"),
        events.ObjectChecked(key, f"reason {key}"),
        events.Warned("code", key),
    ]
    _, err = shown(STARTED, *happened, end(Outcome.FAILED, exit_code=1), verbose=True)
    for hidden in ("\x1b", "\x07", "\u202e", "\r"):
        assert hidden not in err
    assert len(err.splitlines()) == 1 + len(happened)


def test_json_is_one_object_a_line_with_event_and_time() -> None:
    out = io.StringIO()
    face = JsonLines(out)
    happened = [*WHOLE, events.ObjectFailed("\udc80\n\u2028", 1, "c", "m"), end()]
    for event in happened:
        face.show(event)
    lines = out.getvalue().split("\n")
    assert lines.pop() == ""
    assert len(lines) == len(happened)
    found = [json.loads(line) for line in lines]
    assert all({"event", "time"} <= set(each) for each in found)
    assert found[-1]["event"] == "summary"
    assert found[-1]["copied"] == 4
    assert out.getvalue().isascii()


def test_a_log_file_is_appended_to(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    for _ in range(2):
        face = LogFile(path)
        face.show(STARTED)
        face._file.close()
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["run-started", "run-started"]


def test_the_question_before_a_roll_back_names_the_later_runs_that_rely_on_it() -> None:
    foreseen = Foreseen(io.StringIO(), [])
    foreseen.show(STARTED)
    foreseen.show(events.RunRelies("20260103T030405Z-abcdef", 12))
    foreseen.show(Summary(STARTED.run, Outcome.ROLLED_BACK, 1.0, {}, cause="dry-run", removed=4))
    assert "4 removed, 0 restored, 0 left in place" in foreseen.text
    assert "Run 20260103T030405Z-abcdef relies on 12 objects of this run" in foreseen.text


def test_every_reason_that_rollback_gives_has_words() -> None:
    """A code on a screen helps nobody."""
    import re
    from pathlib import Path

    from migrator.reasons import TITLES, UNDO_REASONS

    engine = Path("migrator/engine")
    text = "".join((engine / name).read_text() for name in ("undoing.py", "rollback.py"))
    given = set(re.findall(r'Undone\("left", Undo\.\w+, (?:judged\.reason or )?"([a-z-]+)"\)', text))
    given |= set(re.findall(r'_leave\([^,]+, "([a-z-]+)"\)', text)) | {"later-run"}
    assert len(given) > 6
    assert given <= set(UNDO_REASONS)
    assert given <= set(TITLES)
