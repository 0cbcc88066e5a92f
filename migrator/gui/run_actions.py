"""What can be done about a run of the history, by how it stands. The engine has the last word on each."""

from __future__ import annotations

from enum import StrEnum

from migrator.model.past_runs import PastRun
from migrator.phrases import in_books


class Act(StrEnum):
    """A button of the history."""

    RESUME = "resume"
    RETRY = "retry"
    ROLL_BACK = "roll_back"
    ACCEPT = "accept"
    VERIFY = "verify"
    SAVE_REPORT = "save_report"
    RUN_AGAIN = "run_again"
    OPEN_FOLDER = "open_folder"
    FORGET = "forget"


#: These need the engine, or the form, for themselves: one at a time.
WORK = frozenset({Act.RESUME, Act.RETRY, Act.ROLL_BACK, Act.ACCEPT, Act.VERIFY, Act.RUN_AGAIN})


def acts(run: PastRun) -> frozenset[Act]:
    """What is possible.

    | run                                  | besides Open Folder and Run Again                        |
    | ------------------------------------ | -------------------------------------------------------- |
    | its journal cannot be read           | nothing                                                  |
    | somebody works on it                 | report                                                   |
    | rolled back                          | report, delete (unless saved copies or uploads are left) |
    | accepted                             | report, verify, delete                                   |
    | rolled back in part, or broke off so | report, roll back again, accept                          |
    | crashed, stopped, paused             | report, resume, roll back, accept                        |
    | failed                               | report, retry (what failed), roll back, accept, verify   |
    | completed                            | report, roll back, accept, verify                        |

    Where nothing was copied there is nothing to roll back or to verify.
    Of a demo that has ended both sides are gone: what needs them is impossible.
    """
    found = _by_state(run)
    if run.is_demo:
        found -= {Act.RESUME, Act.RETRY, Act.ROLL_BACK, Act.VERIFY, Act.RUN_AGAIN}
        if _holds_something(run):
            found -= {Act.ACCEPT}
    return frozenset(found | {Act.OPEN_FOLDER})


def _by_state(run: PastRun) -> set[Act]:
    if run.state == "unreadable":
        return set()
    return _of_its_books(run) | {Act.RUN_AGAIN}


def _of_its_books(run: PastRun) -> set[Act]:
    if run.is_busy:
        return {Act.SAVE_REPORT}
    match run.undo:
        case "rolled-back":
            return {Act.SAVE_REPORT} | (
                {Act.ROLL_BACK, Act.ACCEPT} if _holds_something(run) else {Act.FORGET}
            )
        case "accepted":
            return {Act.SAVE_REPORT, Act.VERIFY, Act.FORGET}
        case "incomplete" | "started":
            return {Act.SAVE_REPORT, Act.ROLL_BACK, Act.ACCEPT}
    found = {Act.SAVE_REPORT, Act.ACCEPT}
    if run.waits:  # even one that copied nothing may have been about to
        return found | {Act.RESUME, Act.ROLL_BACK}
    if in_books(run.ledger, "failed"):
        found.add(Act.RETRY)
    if in_books(run.ledger, "copied"):
        found |= {Act.ROLL_BACK, Act.VERIFY}
    return found | ({Act.ROLL_BACK} if _holds_something(run) else set())


def _holds_something(run: PastRun) -> bool:
    """There are saved copies or unfinished uploads of it at the destination."""
    return bool(run.kept or run.open_uploads)
