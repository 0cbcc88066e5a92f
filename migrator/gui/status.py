"""One status word says what the window is about; which buttons it has follows from a table of data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """What is going on. The presenter decides on one."""

    EMPTY = "empty"
    CONNECTING = "connecting"
    HALF_CONNECTED = "half-connected"
    CONNECTED = "connected"
    PLANNING = "planning"
    PLANNED = "planned"  #: a plan was made, nothing is open, and nothing has changed since
    PLAN_OPEN = "plan-open"  #: likewise, with something left to decide
    NOTHING_TO_DO = "nothing-to-do"
    PLAN_REFUSED = "plan-refused"  #: no plan could be made
    LISTING = "listing"
    RUNNING = "running"
    CANCELLING = "cancelling"
    STOPPED = "stopped"
    FINISHED = "finished"
    FINISHED_WEAKLY = "finished-weakly"
    FINISHED_WITH_FAILURES = "finished-with-failures"
    PAUSED = "paused"
    REFUSED = "refused"
    UNFINISHED_RUN = "unfinished-run"
    FOUND = "found"  #: at the start: a run that broke off, was stopped or paused
    FOUND_IN_UNDO = "found-in-undo"  #: likewise one whose roll back broke off
    PREVIEWING = "previewing"  #: what a roll back would do
    ROLLING_BACK = "rolling-back"
    ROLLED_BACK = "rolled-back"
    ROLLED_BACK_LEFTOVERS = "rolled-back-leftovers"
    COMPARING = "comparing"  #: a run of the history with both ends
    ACCEPTING = "accepting"


class Tone(StrEnum):
    """How a state is coloured; each tone has an icon of its own shape too."""

    QUIET = "quiet"
    BUSY = "busy"
    OK = "ok"
    WARN = "warn"
    PROBLEM = "problem"


class Intent(StrEnum):
    """What a button asks for."""

    PREVIEW_PLAN = "preview_plan"
    CHANGE_FILTERS = "change_filters"
    MIGRATE = "migrate"
    CANCEL = "cancel"
    PAUSE = "pause"
    RESUME = "resume"
    RETRY = "retry"
    ROLL_BACK = "roll_back"
    NEW_MIGRATION = "new_migration"
    TRY_AGAIN = "try_again"
    LOOK = "look"
    NOT_NOW = "not_now"
    SAVE_REPORT = "save_report"
    ENTER_KEYS = "enter_keys"
    START_DEMO = "start_demo"


@dataclass(frozen=True, slots=True)
class Row:
    """What one status means: the bar's buttons, whether the form takes input, how it is coloured.

    A leading "-" switches a button off: it stays where it is, and the helping line says why.
    """

    primary: str
    secondary: tuple[str, ...]
    form_is_open: bool
    generate_is_primary: bool
    tone: Tone


#: Something found at the start is offered; nothing has been done in this window yet.
OFFERS = frozenset({Status.FOUND, Status.FOUND_IN_UNDO})
#: The plan decides what is said.
PLAN_STATUSES = frozenset(
    {Status.PLANNING, Status.PLANNED, Status.PLAN_OPEN, Status.NOTHING_TO_DO, Status.PLAN_REFUSED}
)
#: An ended run that still wants something: entering new keys must not make its Resume vanish.
UNFINISHED = OFFERS | {
    Status.STOPPED,
    Status.PAUSED,
    Status.UNFINISHED_RUN,
    Status.ROLLED_BACK_LEFTOVERS,
}

_S = Status
_T = Tone
#: Status -> primary, secondaries, form open, Generate Config File stands out, tone.
TABLE: Mapping[Status, Row] = {
    _S.EMPTY: Row("-migrate", ("-preview_plan",), True, True, _T.QUIET),
    _S.CONNECTING: Row("", ("cancel",), False, False, _T.BUSY),
    _S.HALF_CONNECTED: Row("-migrate", ("-preview_plan",), True, True, _T.WARN),
    _S.CONNECTED: Row("migrate", ("preview_plan",), True, False, _T.OK),
    _S.PLANNING: Row("", ("cancel",), False, False, _T.BUSY),
    _S.PLANNED: Row("migrate", ("preview_plan",), True, False, _T.OK),
    _S.PLAN_OPEN: Row("-migrate", ("preview_plan",), True, False, _T.WARN),
    _S.NOTHING_TO_DO: Row("change_filters", ("preview_plan",), True, False, _T.OK),
    _S.PLAN_REFUSED: Row("preview_plan", (), True, False, _T.PROBLEM),
    _S.LISTING: Row("pause", (), False, False, _T.BUSY),
    _S.RUNNING: Row("pause", (), False, False, _T.BUSY),
    _S.CANCELLING: Row("", ("cancel",), False, False, _T.BUSY),
    _S.STOPPED: Row("resume", ("roll_back", "new_migration"), True, False, _T.WARN),
    _S.FINISHED: Row("save_report", ("roll_back", "new_migration"), True, False, _T.OK),
    _S.FINISHED_WEAKLY: Row("save_report", ("roll_back", "new_migration"), True, False, _T.WARN),
    _S.FINISHED_WITH_FAILURES: Row(
        "retry", ("roll_back", "save_report", "new_migration"), True, False, _T.PROBLEM
    ),
    _S.PAUSED: Row("resume", ("roll_back", "new_migration"), True, False, _T.WARN),
    _S.REFUSED: Row("try_again", ("new_migration",), True, False, _T.PROBLEM),
    _S.UNFINISHED_RUN: Row("resume", ("roll_back", "new_migration"), True, False, _T.WARN),
    _S.FOUND: Row("resume", ("roll_back", "look", "not_now"), True, False, _T.WARN),
    _S.FOUND_IN_UNDO: Row("", ("roll_back", "look", "not_now"), True, False, _T.WARN),
    _S.PREVIEWING: Row("", ("cancel",), False, False, _T.BUSY),
    _S.ROLLING_BACK: Row("", ("cancel",), False, False, _T.BUSY),
    _S.COMPARING: Row("", ("cancel",), False, False, _T.BUSY),
    _S.ACCEPTING: Row("", ("cancel",), False, False, _T.BUSY),
    _S.ROLLED_BACK: Row("new_migration", ("save_report",), True, False, _T.OK),
    _S.ROLLED_BACK_LEFTOVERS: Row("try_again", ("save_report", "new_migration"), True, False, _T.WARN),
}
